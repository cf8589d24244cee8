"""`coloa hunt` as a user meets it: exit status, findings, what it says of what it cannot read, crashes of a judge."""
import gzip
import json
import subprocess
import time

from hunt_rule import RULE
from tap import DATA, PROGRAM, Skip, coloa, data, run  # noqa: F401

CORRELATION = RULE + """---
title: Many encoded PowerShells
id: 0f8d5d8e-8b7a-4b39-9d35-0b8f6f9d2a10
status: test
level: critical
correlation:
  type: event_count
  rules: [8b6bb2e6-5b0f-4c40-9a5c-0d3c1f2a7e11]
  group-by: [Computer]
  timespan: 10m
  condition: {gte: 3}
"""


def event(n: int, command: str = "powershell -enc AAA", **more) -> dict:
    return {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": "ws1",
            "@timestamp": f"2026-11-23T05:{n // 60 % 60:02d}:{n % 60:02d}.000Z",
            "Image": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "CommandLine": command, **more}


def write(folder, name: str, lines, rule: str = RULE):
    (folder / "rule.yml").write_text(rule)
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    (folder / name).write_text(text)
    return folder / name


def findings(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def finds_and_exits_1(folder):
    log = write(folder, "a.json", [event(1), event(2, "powershell -c ls"), event(3)])
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
    got = findings(r)
    assert r.returncode == 1, r
    assert len(got) == 2, got
    assert got[0]["rule.name"] == "Encoded PowerShell"
    assert got[0]["host.name"] == "ws1"
    assert got[0]["@timestamp"].startswith("2026-11-23T05:00:01")
    assert got[0]["log.file.path"] == str(log)
    assert {g["log.offset"] for g in got} == {0, len(json.dumps(event(1))) + 1 + len(json.dumps(event(2, "powershell -c ls"))) + 1}


def nothing_found_exits_0(folder):
    log = write(folder, "a.json", [event(1, "ls")])
    r = coloa("hunt", "-r", folder / "rule.yml", log)
    assert r.returncode == 0, r


def usage_exits_2(folder):
    write(folder, "a.json", [])
    for args in ([], ["--no-such"], ["--format", "nope", "x"], ["--from", "yesterday", "x"], ["-o", "pdf", "x"]):
        r = coloa("hunt", *args)
        assert r.returncode == 2, (args, r)
        assert r.stderr.strip(), args


def unreadable_exits_3_and_says_where(folder):
    good = json.dumps(event(1)) + "\n"
    log = write(folder, "a.json", [good, "{broken\n", good])
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
    assert r.returncode == 3, r
    assert len(findings(r)) == 2
    assert str(log).encode() in r.stderr and str(len(good)).encode() in r.stderr.replace(b",", b""), r.stderr
    missing = coloa("hunt", "-r", folder / "rule.yml", folder / "none.json")
    assert missing.returncode == 3 and b"none.json" in missing.stderr


def gzip_stdin_and_directories(folder):
    log = write(folder, "a.json", [event(1)])
    (folder / "logs").mkdir()
    (folder / "logs" / "a.json.gz").write_bytes(gzip.compress(log.read_bytes()))
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", folder / "logs")
    assert r.returncode == 1 and len(findings(r)) == 1, r
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", "-", stdin=log.read_bytes())
    assert r.returncode == 1 and len(findings(r)) == 1, r


def from_to_and_level(folder):
    log = write(folder, "a.json", [event(n) for n in range(60)])
    rule = folder / "rule.yml"
    r = coloa("hunt", "-r", rule, "-o", "jsonl", "--from", "2026-11-23T05:00:10Z", "--to", "2026-11-23T05:00:20Z", log)
    assert len(findings(r)) == 10, r
    r = coloa("hunt", "-r", rule, "-o", "jsonl", "--min-level", "critical", log)
    assert r.returncode == 0 and not findings(r), r


def correlation_raises_one_alert(folder):
    log = write(folder, "a.json", [event(n * 60) for n in range(4)], CORRELATION)
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
    names = [f["rule.name"] for f in findings(r)]
    assert names.count("Many encoded PowerShells") == 1, names


def an_alert_obeys_level_and_tag(folder):
    low = CORRELATION.replace("level: critical", "level: low\ntags: [attack.t1110]")
    log = write(folder, "a.json", [event(n) for n in range(5)], low)

    def names(*args):
        return {f["rule.name"] for f in findings(coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", *args, log))}

    assert "Many encoded PowerShells" in names()
    assert "Many encoded PowerShells" not in names("--min-level", "medium")
    assert names("--tag", "attack.t1110") == {"Many encoded PowerShells"}
    assert "Many encoded PowerShells" not in names("--tag", "attack.t1059")


def result_does_not_depend_on_jobs_or_order(folder):
    (folder / "logs").mkdir()
    (folder / "rule.yml").write_text(CORRELATION)
    for k in range(5):
        write(folder / "logs", f"{4 - k}.json", [event(n, Computer=f"ws{n % 7}") for n in range(k, 600, 5)], CORRELATION)
    (folder / "logs" / "rule.yml").unlink()
    seen = set()
    for jobs in (1, 2, 4):
        r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", "--jobs", jobs, folder / "logs")
        seen.add("\n".join(sorted(r.stdout.decode().splitlines())))
    assert len(seen) == 1


def faults_are_built_in() -> bool:
    return b"coloa-test-crash" in open(PROGRAM, "rb").read()


def a_crashing_judge_names_the_record_and_the_rest_goes_on(folder):
    if not faults_are_built_in():
        raise Skip("not a test build")
    lines = [event(n) for n in range(40)]
    lines[7] = event(7, "powershell -enc coloa-test-crash")
    lines[8] = event(8, "powershell -enc coloa-test-open")
    log = write(folder, "a.json", lines)
    at = len("".join(json.dumps(x) + "\n" for x in lines[:7]))
    for jobs in (1, 2):
        r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", "--jobs", jobs, log)
        assert r.returncode == 3, r
        assert len(findings(r)) == 38, (len(findings(r)), r.stderr)
        text = r.stderr.decode().replace(",", "")
        assert str(log) in text and str(at) in text, text


def a_hanging_judge_is_ended(folder):
    if not faults_are_built_in():
        raise Skip("not a test build")
    log = write(folder, "a.json", [event(1), event(2, "powershell -enc coloa-test-hang"), event(3)])
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
    assert r.returncode == 3 and len(findings(r)) == 2, r


def padding_a_record_is_reported(folder):
    """What stands behind thousands of fields or 256 KiB is not judged, so the hunt must not say that all was read."""
    many = {"Channel": "x", **{f"f{n}": n for n in range(4200)}, "CommandLine": "powershell -enc AAA"}
    for padded in (many, {"Channel": "x", "pad": "A" * 300000, "CommandLine": "powershell -enc AAA"}):
        log = write(folder, "a.json", [event(1, "ls"), padded, event(2, "ls")])
        r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
        assert r.returncode == 3 and str(len(json.dumps(event(1, "ls"))) + 1).encode() in r.stderr, r
        assert b"too many fields" in r.stderr, r


def broken_characters_hide_nothing(folder):
    """Whoever names a file can put half of a surrogate pair, or bytes that are no UTF-8, into a record: it is judged all the same."""
    half = event(1, "powershell -enc \udc80")
    log = write(folder, "a.json", [half, event(2, "ls")])
    with open(log, "ab") as f:
        f.write(json.dumps(event(3, "powershell -enc @")).encode().replace(b"@", b"\xff") + b"\n")
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
    assert r.returncode == 3 and len(findings(r)) == 2, r
    assert b"half of a surrogate pair" in r.stderr and b"invalid UTF-8" in r.stderr, r


def long_lines_cost_no_more_than_their_length(folder):
    """A judge has ten seconds for a record; these took more, or nearly, when a search began anew at each word."""
    write(folder, "a.json", [])
    for line in ("Jun 21 16:47:48 h sshd[1]: pam_unix(sshd:auth): authentication failure; " + "rhost=" * 40000,
                 "type=AVC msg=audit(1170021493.977:293): x=" + ")" * 250000):
        log = folder / "long.log"
        log.write_text(line + "\n")
        r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
        assert r.returncode == 0, r


def a_hijacked_judge_stops_neither_main_nor_the_others(folder):
    if not faults_are_built_in():
        raise Skip("not a test build")
    # It closes its socket and lives on; talks without listening; dies without saying where.
    for word in ("mute", "flood", "lost"):
        log = write(folder, "a.json", [event(1), event(2, f"powershell -enc coloa-test-{word}")])
        write(folder, "b.json", [event(n) for n in range(5)])
        r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", "--jobs", 2, log, folder / "b.json", timeout=60)
        assert r.returncode == 3, (word, r)
        assert {f["log.file.path"] for f in findings(r)} >= {str(folder / "b.json")}, (word, r)
        assert len(findings(r)) >= 6, (word, r)
        assert str(log).encode() in r.stderr, (word, r)


def a_judge_has_no_terminal(folder):
    if not faults_are_built_in():
        raise Skip("not a test build")
    log = write(folder, "a.json", [event(1), event(2, "powershell -enc coloa-test-write"), event(3)])
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", log)
    assert r.returncode == 3 and b"owned" not in r.stdout and b"98" in r.stderr, r
    assert len(findings(r)) == 2, r


def a_slow_reader_costs_no_judge(folder):
    log = write(folder, "a.json", [event(n, "powershell -enc " + "A" * 2000) for n in range(2000)])
    with subprocess.Popen([PROGRAM, "hunt", "-r", folder / "rule.yml", "-o", "jsonl", "--jobs", "2", log],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        time.sleep(13)
        out, err = p.communicate()
    assert p.returncode == 1, (p.returncode, err)
    assert len(out.splitlines()) == 2000, err


def evidence_is_never_written_to(folder):
    log = write(folder, "a.json", [event(1)])
    (folder / "link.json").hardlink_to(log)
    before = log.read_bytes()
    for out in (log, folder / "link.json"):
        r = coloa("hunt", "-r", folder / "rule.yml", "-o", f"jsonl={out}", log)
        assert r.returncode == 2 and str(out).encode() in r.stderr, r
        assert log.read_bytes() == before
    (folder / "out.jsonl").write_text("x" * 100000)
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", f"jsonl={folder / 'out.jsonl'}", log)
    assert r.returncode == 1 and len((folder / "out.jsonl").read_text().splitlines()) == 1, r


def names_of_files_are_hostile_too(folder):
    log = write(folder, "a.json", [event(1)])
    (folder / "logs").mkdir()
    (folder / "logs" / "x*").symlink_to("nowhere")
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", "jsonl", folder / "logs" / "x*", log)
    assert r.returncode == 3 and len(findings(r)) == 1 and b"x*" in r.stderr, r
    assert b"everything could be read" not in r.stderr, r
    r = coloa("hunt", "-r", folder / "rule.yml", log, folder / "\x1b]0;owned\x07")
    assert r.returncode == 3 and b"owned" in r.stderr and b"\x1b" not in r.stdout + r.stderr, r


def html_is_one_file_that_names_the_finding(folder):
    log = write(folder, "a.json", [event(1, "powershell -enc </script><script>alert(1)</script>")])
    page = folder / "report.html"
    r = coloa("hunt", "-r", folder / "rule.yml", "-o", f"html={page}", log)
    text = page.read_text()
    assert r.returncode == 1 and "Encoded PowerShell" in text
    assert "<script>alert(1)" not in text
    assert b"Encoded PowerShell" in r.stdout  # and the terminal view is shown too


def speaks_vietnamese(folder):
    log = write(folder, "a.json", [event(1)])
    r = coloa("hunt", "-r", folder / "rule.yml", "--lang", "vi", log)
    assert "phát hiện" in r.stdout.decode().lower(), r.stdout
    assert "Cách dùng" in coloa("hunt", "--help", env={"LANG": "vi_VN.UTF-8"}).stdout.decode()


def nothing_reaches_the_terminal_unescaped(folder):
    log = write(folder, "a.json", [event(1, "powershell -enc \u001b]0;owned\u0007 \u202e")])
    r = coloa("hunt", "-r", folder / "rule.yml", log)
    assert b"\x1b" not in r.stdout and "\u202e" not in r.stdout.decode()


def broken_pipe_is_no_crash(folder):
    log = write(folder, "a.json", [event(n) for n in range(3000)])
    child = subprocess.Popen([PROGRAM, "hunt", "-r", str(folder / "rule.yml"), "-o", "jsonl", str(log)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.read(10)
    child.stdout.close()
    assert child.wait(60) == 3, child.returncode
    child.stderr.close()


run(finds_and_exits_1, nothing_found_exits_0, usage_exits_2, unreadable_exits_3_and_says_where, gzip_stdin_and_directories,
    from_to_and_level, correlation_raises_one_alert, an_alert_obeys_level_and_tag, result_does_not_depend_on_jobs_or_order,
    a_crashing_judge_names_the_record_and_the_rest_goes_on, a_hanging_judge_is_ended,
    padding_a_record_is_reported, broken_characters_hide_nothing, long_lines_cost_no_more_than_their_length,
    a_hijacked_judge_stops_neither_main_nor_the_others, a_judge_has_no_terminal, a_slow_reader_costs_no_judge,
    evidence_is_never_written_to, names_of_files_are_hostile_too,
    html_is_one_file_that_names_the_finding, speaks_vietnamese, nothing_reaches_the_terminal_unescaped,
    broken_pipe_is_no_crash)
