"""`coloa rules` as a user meets it: check, list, test, import; and the shipped pack against its own events."""
import json
import pathlib
import zipfile

from hunt_rule import RULE
from tap import ROOT, coloa, data, run


def write(folder: pathlib.Path, name: str, text: str) -> pathlib.Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def pack_is_clean_and_complete(folder):
    r = coloa("rules", "check", "--json", ROOT / "content" / "rules")
    assert r.returncode == 0, r.stderr
    worse = [d for d in json.loads(r.stdout) if d["severity"] == "error"]
    assert not worse, worse
    rules = json.loads(coloa("rules", "list", "--json", ROOT / "content" / "rules").stdout)
    alone = [x for x in rules if x["kind"] == "rule"]
    assert len(alone) >= 80, len(alone)
    assert len(rules) - len(alone) >= 12, len(rules) - len(alone)


def pack_matches_its_events_and_no_others(folder):
    r = coloa("rules", "test", ROOT / "content" / "rules")
    assert r.returncode == 0, r.stdout[-3000:]
    assert b"0 failed" in r.stdout


def a_wrong_expectation_fails(folder):
    """The test above can fail."""
    write(folder, "r.yml", RULE)
    write(folder, "tests/a/info.yml", "rule_metadata: [{id: 8b6bb2e6-5b0f-4c40-9a5c-0d3c1f2a7e11}]\n"
          "regression_tests_info: [{type: json, path: tests/a/e.json, match_count: 2}]\n")
    write(folder, "tests/a/e.json", json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1,
          "Image": "C:\\powershell.exe", "CommandLine": "x -enc y"}) + "\n")
    r = coloa("rules", "test", folder)
    assert r.returncode == 1 and b"FAIL" in r.stdout, r


def sigma_regression_all_match(folder):
    rules = data("sigma-rules-8eaafff1")
    args = [x for name in ("rules", "rules-emerging-threats", "rules-threat-hunting") for x in ("-r", rules / name)]
    r = coloa("rules", "test", *args, data("dev-set", "evtx", "sigma-regression"))
    assert r.returncode == 0, r.stdout[-3000:]
    assert b"94 tests" in r.stdout and b"0 failed" in r.stdout, r.stdout[-500:]


def check_names_the_place(folder):
    path = write(folder, "bad.yml", RULE.replace("contains:", "containz:"))
    r = coloa("rules", "check", path)
    assert r.returncode == 1, r
    assert f"{path}:8:".encode() in r.stdout, r.stdout


def import_is_all_or_nothing(folder):
    src = folder / "src"
    write(src, "a.yml", RULE)
    to = folder / "rules"
    r = coloa("rules", "import", "--to", to, src)
    assert r.returncode == 0 and b"1 added" in r.stdout, r
    assert (to / "a.yml").read_text() == RULE
    write(src, "b.yml", "title: broken\n")
    write(src, "a.yml", RULE.replace("level: high", "level: low"))
    r = coloa("rules", "import", "--to", to, src)
    assert r.returncode == 1 and (to / "a.yml").read_text() == RULE and not (to / "b.yml").exists(), r
    r = coloa("rules", "import", "--skip-refused", "--to", to, src)
    assert r.returncode == 0 and b"1 changed" in r.stdout and b"1 left out" in r.stdout, r
    assert "level: low" in (to / "a.yml").read_text()
    assert (folder / "rules.previous" / "a.yml").read_text() == RULE
    assert not (folder / "rules.new").exists()


def import_takes_away_only_what_an_import_made(folder):
    src, to = folder / "src", folder / "rules"
    write(src, "a.yml", RULE)
    assert coloa("rules", "import", "--to", to, src).returncode == 0
    write(src, "a.yml", RULE.replace("level: high", "level: low"))
    assert coloa("rules", "import", "--to", to, src).returncode == 0
    assert coloa("rules", "import", "--to", to, src).returncode == 0  # the same again keeps the set before
    assert (folder / "rules.previous" / "a.yml").read_text() == RULE and not (folder / "rules.new").exists()
    for place in ("rules", "rules.new", "rules.previous"):
        write(folder / place, "precious.txt", "mine")
        write(src, "a.yml", RULE.replace("level: high", "level: medium"))
        r = coloa("rules", "import", "--to", to, src)
        assert r.returncode == 3 and b"precious.txt" in r.stderr and (folder / place / "precious.txt").exists(), r
        (folder / place / "precious.txt").unlink()


def import_takes_zips_and_refuses_climbing_names(folder):
    with zipfile.ZipFile(folder / "ok.zip", "w") as z:
        z.writestr("sigma/rules/a.yml", RULE)
    with zipfile.ZipFile(folder / "evil.zip", "w") as z:
        z.writestr("../../evil.yml", RULE)
    r = coloa("rules", "import", "--to", folder / "rules", folder / "ok.zip")
    assert r.returncode == 0, r
    assert (folder / "rules" / "sigma" / "rules" / "a.yml").read_text() == RULE
    r = coloa("rules", "import", "--to", folder / "rules2", folder / "evil.zip")
    assert r.returncode == 3 and not (folder / "rules2").exists() and not (folder.parent / "evil.yml").exists(), r


def list_filters_and_layers(folder):
    write(folder, "a.yml", RULE)
    assert b"Encoded PowerShell" in coloa("rules", "list", "--tag", "attack.t1059", folder / "a.yml").stdout
    assert b"Encoded PowerShell" not in coloa("rules", "list", "--tag", "attack.t1003", folder / "a.yml").stdout
    layer = json.loads(coloa("rules", "list", "--navigator", folder / "a.yml").stdout)
    assert layer["techniques"][0]["techniqueID"] == "T1059.001"
    assert b"T1059.001" in coloa("rules", "list", "--coverage", folder / "a.yml").stdout


def placeholders_are_named_without_a_file(folder):
    path = write(folder, "p.yml", RULE.replace("contains: ' -enc '", "expand: '%tools%'"))
    r = coloa("rules", "check", path)
    assert r.returncode == 1 and b"placeholder-undefined" in r.stdout and b"tools" in r.stdout, r
    values = write(folder, "v.yml", "tools: ['-enc']\n")
    assert coloa("rules", "check", "--placeholders", values, path).returncode == 0


def a_rule_that_can_match_nothing_is_told(folder):
    path = write(folder, "no_log_source.yml", "".join(x for x in RULE.splitlines(True) if "logsource" not in x))
    r = coloa("rules", "check", path)
    assert b"[logsource-missing]" in r.stdout and b"never matches" in r.stdout, r
    log = write(folder, "x.json", '{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Image":"\\\\powershell.exe",'
                '"CommandLine":"powershell -enc AAA"}\n')
    r = coloa("hunt", "-r", path, log)
    assert r.returncode == 0 and b"1 rule has a log source that nothing maps" in r.stdout + r.stderr, r
    (folder / "maps").mkdir()
    for args, status in ((("hunt", log), 2), (("rules", "check", path), 3)):
        r = coloa(*args, "--log-sources", folder / "maps")
        assert r.returncode == status and b"holds no log-source map" in r.stderr, r


run(pack_is_clean_and_complete, pack_matches_its_events_and_no_others, a_wrong_expectation_fails, sigma_regression_all_match,
    check_names_the_place, import_is_all_or_nothing, import_takes_away_only_what_an_import_made,
    import_takes_zips_and_refuses_climbing_names, list_filters_and_layers,
    placeholders_are_named_without_a_file, a_rule_that_can_match_nothing_is_told)
