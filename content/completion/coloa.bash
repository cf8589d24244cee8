# bash completion for coloa: source it, or put it into /usr/share/bash-completion/completions/coloa
_coloa() {
        local cur prev verb sub i
        COMPREPLY=()
        # "-o html=FILE" arrives as three words where '=' breaks words.
        if declare -F _get_comp_words_by_ref >/dev/null; then
                local words cword
                _get_comp_words_by_ref -n = cur prev words cword
        else
                cur=${COMP_WORDS[COMP_CWORD]}
                prev=${COMP_WORDS[COMP_CWORD - 1]}
        fi
        verb=${COMP_WORDS[1]}
        sub=${COMP_WORDS[2]}

        if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W "hunt rules serve status doctor reload import search retro alerts intel export hold backup restore person api exercise verify --help --version" -- "$cur"))
                return
        fi
        if [ "$verb" = rules ] && [ "$COMP_CWORD" -eq 2 ]; then
                COMPREPLY=($(compgen -W "check list test import --help" -- "$cur"))
                return
        fi
        if [ "$verb" = intel ] && [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
                COMPREPLY=($(compgen -W "check list --help" -- "$cur"))
                return
        fi
        if [ "$verb" = exercise ] && [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
                COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" exercise --help 2>/dev/null | grep -oE '^  [a-z]+')" -- "$cur"))
                return
        fi
        if [ "$verb" = hold ] && [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
                COMPREPLY=($(compgen -W "add release list" -- "$cur"))
                return
        fi
        if [ "$verb" = alerts ] && [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
                COMPREPLY=($(compgen -W "list show exceptions check audit" -- "$cur"))
                return
        fi
        case $verb:$prev in
        exercise:--format)
                COMPREPLY=($(compgen -W "cexf attack-flow msel navigator" -- "$cur"))
                return
                ;;
        alerts:-o)
                COMPREPLY=($(compgen -W "text jsonl" -- "$cur"))
                return
                ;;
        alerts:--drill)
                COMPREPLY=($(compgen -W "any" -- "$cur"))
                return
                ;;
        *:--directory | *:--state)
                compopt -o filenames 2>/dev/null
                COMPREPLY=($(compgen -d -- "$cur"))
                return
                ;;
        *:-c | *:--config | *:--key | *:--secret | *:--for | *:--new-recipient | export:-o | export:--output | *:-r | *:--rules)
                compopt -o filenames 2>/dev/null
                COMPREPLY=($(compgen -f -- "$cur"))
                return
                ;;
        *:--since | *:--until | *:--rule | *:--entity | *:--limit | alerts:-n | *:--source | *:--incident | *:--timeout | *:--day | search:--to | export:--to | retro:--to | *:--received-from | *:--received-to | *:--seq | *:--by | *:--approved-by)
                return
                ;;
        esac
        case $prev in
        -o | --output)
                if [[ $cur == *=* ]]; then
                        local format=${cur%%=*}
                        compopt -o filenames 2>/dev/null
                        COMPREPLY=($(compgen -f -P "$format=" -- "${cur#*=}"))
                else
                        COMPREPLY=($(compgen -W "terminal jsonl csv html navigator timesketch" -- "$cur"))
                        compopt -o nospace 2>/dev/null
                fi
                return
                ;;
        --min-level)
                COMPREPLY=($(compgen -W "informational low medium high critical" -- "$cur"))
                return
                ;;
        --format)
                COMPREPLY=($(compgen -W "evtx json syslog auditd web w3c zeek cef leef kv journal csv text" -- "$cur"))
                return
                ;;
        --status)
                COMPREPLY=($(compgen -W "stable test experimental deprecated unsupported" -- "$cur"))
                return
                ;;
        --color | --colour)
                COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
                return
                ;;
        --lang)
                COMPREPLY=($(compgen -W "en vi" -- "$cur"))
                return
                ;;
        --timezone)
                COMPREPLY=($(compgen -W "UTC +07:00" -- "$cur"))
                return
                ;;
        --log-sources | --to)
                # In `hunt`, --to is a time.
                if [ "$prev" = --log-sources ] || [ "$verb" = rules ]; then
                        compopt -o filenames 2>/dev/null
                        COMPREPLY=($(compgen -d -- "$cur"))
                fi
                return
                ;;
        --year | --intel-expiry | --intel-at | --intel-columns | --jobs | --threads | --from | --tag | --product | --category | --service | --text)
                return
                ;;
        esac
        if [[ $cur == -* ]]; then
                local options
                if [ "$verb" = hunt ]; then
                        options="-r --rules --placeholders --log-sources --min-level --tag --intel --warning-list --intel-expiry
                                --intel-at --intel-columns --intel-fields -o --output --from --to --format
                                --timezone --year --leftovers --jobs --threads --stats --no-memo --color -q --quiet --lang -h --help"
                elif [ "$verb" = exercise ]; then
                        options="-h $("${COMP_WORDS[0]}" exercise "$sub" --help 2>/dev/null | grep -oE -- '(^|[^a-z-])--?[a-z][a-z-]*' | grep -oE -- '-.*' | sort -u)"
                elif [ "$verb" != rules ]; then # what the verb says of itself
                        options="-h $("${COMP_WORDS[0]}" "$verb" --help 2>/dev/null | grep -oE -- '(^|[^a-z-])--?[a-z][a-z-]*' | grep -oE -- '-.*' | sort -u)"
                else
                        options="--placeholders --log-sources --lang -h --help"
                        case $sub in
                        check) options+=" --json" ;;
                        list)
                                options+=" --json --coverage --navigator --min-level --status --tag --product --category
                                        --service --text"
                                ;;
                        test) options+=" -r --rules" ;;
                        import) options+=" --to --skip-refused" ;;
                        esac
                fi
                COMPREPLY=($(compgen -W "$options" -- "$cur"))
                return
        fi
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _coloa coloa
