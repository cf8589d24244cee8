# fish completion for coloa: put it into ~/.config/fish/completions/
function __coloa_outputs
    set -l cur (commandline -ct)
    if string match -q '*=*' -- $cur
        set -l format (string split -m1 = -- $cur)[1]
        for f in (__fish_complete_path (string split -m1 = -- $cur)[2])
            echo $format=$f
        end
    else
        printf '%s\n' terminal jsonl csv html navigator timesketch
        printf '%s=\n' jsonl csv html navigator timesketch
    end
end

complete -c coloa -n __fish_use_subcommand -f -a hunt -d 'say which attacks are in log files'
complete -c coloa -n __fish_use_subcommand -f -a rules -d 'check, list, test and import Sigma rules'
complete -c coloa -n __fish_use_subcommand -f -a intel -d 'check and list indicators'
complete -c coloa -n __fish_use_subcommand -f -l version

set -l hunt '__fish_seen_subcommand_from hunt'
complete -c coloa -n $hunt -s r -l rules -r -d 'Sigma rules: file, directory or zip'
complete -c coloa -n $hunt -s o -l output -x -a '(__coloa_outputs)' -d 'format, or format=file'
complete -c coloa -n $hunt -l from -x -d 'findings from this time on'
complete -c coloa -n $hunt -l to -x -d 'findings before this time'
complete -c coloa -n $hunt -l format -x -a 'evtx json syslog auditd web w3c zeek cef leef kv journal csv text' -d 'what the logs are'
complete -c coloa -n $hunt -l timezone -x -a 'UTC +07:00' -d 'of times without one'
complete -c coloa -n $hunt -l year -x -d 'of times without one'
complete -c coloa -n $hunt -l leftovers -d 'EVTX: also what older records left behind a chunk'
complete -c coloa -n $hunt -l jobs -x -d 'judges'
complete -c coloa -n $hunt -l threads -x -d 'judges'
complete -c coloa -n $hunt -l stats -f -d 'phases, speed and memory at the end'
complete -c coloa -n $hunt -l no-memo -f -d 'match every value anew'
complete -c coloa -n $hunt -l color -x -a 'auto always never' -d 'colours'
complete -c coloa -n $hunt -s q -l quiet -f -d 'no progress line'

set -l rules '__fish_seen_subcommand_from rules'
complete -c coloa -n "$rules; and not __fish_seen_subcommand_from check list test import" -f -a 'check list test import'
complete -c coloa -n "$rules; and __fish_seen_subcommand_from check list" -l json -f -d 'as JSON'
complete -c coloa -n "$rules; and __fish_seen_subcommand_from list" -l coverage -f -d 'techniques and rules'
complete -c coloa -n "$rules; and __fish_seen_subcommand_from list" -l navigator -f -d 'ATT&CK Navigator layer'
complete -c coloa -n "$rules; and __fish_seen_subcommand_from list" -l status -x -a 'stable test experimental deprecated unsupported'
for o in product category service text
    complete -c coloa -n "$rules; and __fish_seen_subcommand_from list" -l $o -x
end
complete -c coloa -n "$rules; and __fish_seen_subcommand_from test" -s r -l rules -r -d 'rules'
complete -c coloa -n "$rules; and __fish_seen_subcommand_from import" -l to -x -a '(__fish_complete_directories)' -d 'into'
complete -c coloa -n "$rules; and __fish_seen_subcommand_from import" -l skip-refused -f -d 'leave out what cannot be used'

set -l intel '__fish_seen_subcommand_from intel'
complete -c coloa -n "$intel; and not __fish_seen_subcommand_from check list" -f -a 'check list'
complete -c coloa -n "$intel" -l json -f -d 'as JSON'
complete -c coloa -n $hunt -l intel -r -d 'indicators: STIX, MISP, CSV'
complete -c coloa -n $hunt -l intel-fields -r -d 'fields to look in'
complete -c coloa -n "$hunt; or $intel" -l warning-list -r -d 'MISP warning list'
complete -c coloa -n "$hunt; or $intel" -l intel-expiry -x -d 'life of indicators without an end'
complete -c coloa -n "$hunt; or $intel" -l intel-at -x -d 'which were in force then'
complete -c coloa -n "$hunt; or $intel" -l intel-columns -x -d 'columns of CSV files'

set -l both '__fish_seen_subcommand_from hunt rules'
complete -c coloa -n $both -l placeholders -r -d 'values for |expand'
complete -c coloa -n $both -l log-sources -x -a '(__fish_complete_directories)' -d 'log-source maps'
complete -c coloa -n "$hunt; or __fish_seen_subcommand_from list" -l min-level -x -a 'informational low medium high critical' -d 'least level'
complete -c coloa -n "$hunt; or __fish_seen_subcommand_from list" -l tag -x -d 'only rules with this tag'
complete -c coloa -n $both -l lang -x -a 'en vi' -d 'language'
complete -c coloa -n $both -s h -l help -f -d 'help'
