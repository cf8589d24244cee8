"""`coloa alerts` as a user meets it: list with filters, one alert, exceptions, the audit chain, a file checked."""
import json
import sqlite3
import subprocess
import sys

from tap import coloa, run

MAKE = sys.argv[2]


def state(folder):
    subprocess.run([MAKE, folder], check=True)
    return folder


def rows(folder, *args):
    r = coloa("alerts", "--state", folder, "-o", "jsonl", *args)
    assert r.returncode == 0, r
    return [json.loads(line) for line in r.stdout.splitlines()]


def lists_the_latest_first(folder):
    got = [(a["rule.name"], a["coloa.entity.name"], a["coloa.count"]) for a in rows(state(folder))]
    assert got == [("Brute force", "User=an", 1), ("Failed login", "an", 1), ("Evil tool", "dc01", 30),
                   ("Evil tool", "bak1", 1), ("A source fell silent", "fw-1", 1)], got
    r = coloa("alerts", "--state", folder)
    assert r.returncode == 0 and len(r.stdout.splitlines()) == 5, r
    assert b"[suppressed by backup]" in r.stdout, r.stdout
    vi = coloa("alerts", "--state", folder, "--lang", "vi").stdout.decode()
    assert "Một nguồn nhật ký im lặng" in vi and "bỏ qua theo backup" in vi, vi


def filters(folder):
    state(folder)
    names = lambda *a: [x["rule.name"] for x in rows(folder, *a)]  # noqa: E731
    assert names("--min-level", "high") == ["Brute force", "Evil tool", "Evil tool"]
    assert names("--suppressed") == ["Evil tool"]
    assert names("--open", "--entity", "DC0") == ["Evil tool"]
    assert names("--drill", "4") == ["Evil tool"]
    assert len(names("--drill", "any")) == 6
    assert names("--tag", "attack.t1003") == ["Evil tool", "Evil tool"]
    assert names("--tag", "attack.t1004") == []
    assert names("--rule", "22222222") == ["Brute force"]
    assert names("-n", "1") == ["Brute force"]
    first = rows(folder, "--entity", "dc01")[0]
    assert names("--since", first["@timestamp"]) == ["Brute force", "Failed login", "Evil tool"]
    assert names("--until", first["@timestamp"]) == ["Evil tool", "A source fell silent"]


def shows_why_and_where(folder):
    state(folder)
    one = rows(folder, "--entity", "dc01")[0]
    number = one["coloa.alert.id"]
    got = rows(folder, "show", number)[0]
    assert [r["seq"] for r in got["coloa.records"]] == [*range(1, 11), *range(21, 31)], got
    assert got["coloa.first"]["seq"] == 1 and got["coloa.last"]["seq"] == 30, got
    fields = {f[0]: f for f in got["coloa.last"]["fields"]}
    assert fields["Image"][1] == "evil" and fields["Image"][3] == 1, got
    text = coloa("alerts", "--state", folder, "show", number)
    assert text.returncode == 0 and b"\x1b" not in text.stdout and b"\\x1b[31mred" in text.stdout, text.stdout
    assert b"  * Image  evil" in text.stdout, text.stdout
    assert coloa("alerts", "--state", folder, "show", 999).returncode == 1


def exceptions_and_audit(folder):
    state(folder)
    text = coloa("alerts", "--state", folder, "exceptions")
    assert b"an@agency.vn: the nightly backup" in text.stdout and b"1 \xc3\x97" in text.stdout, text.stdout
    one = rows(folder, "exceptions")[0]
    assert one["id"] == "backup" and one["count"] == 1 and "host: 'bak*'" in one["text"], one
    assert coloa("alerts", "--state", folder, "audit").returncode == 0
    db = sqlite3.connect(folder / "state.db")
    try:
        db.execute("UPDATE audit SET who='nobody'")
        raise AssertionError("the audit log could be changed")
    except sqlite3.IntegrityError:
        pass
    db.execute("DROP TRIGGER audit_keeps")
    db.execute("UPDATE audit SET detail='nothing' WHERE n=1")
    db.commit()
    db.close()
    broken = coloa("alerts", "--state", folder, "audit")
    assert broken.returncode == 1 and b"entry 1" in broken.stderr, broken


def a_file_is_checked(folder):
    path = folder / "x.yml"
    path.write_text("exceptions:\n- id: a\n  rules: x\n  ownr: an\n  reason: r\n  expires: 2027-02-30\n"
                    "- id: a\n  tags: [t]\n  when: {CommandLine|containz: x}\n  owner: b\n  reason: c\n  expires: 2020-01-01\n")
    r = coloa("alerts", "check", path)
    assert r.returncode == 1, r
    for want in (":4:3: error: unknown key \"ownr\": is owner meant?", ":2:3: error: owner is missing",
                 ":6:12: error: \"2027-02-30\" is no day", ":7:7: error: another exception has the id \"a\"",
                 ":9:10: error", ":12:12: warning: this exception has expired"):
        assert want.encode() in r.stdout, (want, r.stdout.decode())
    path.write_text("exceptions:\n- {id: a, rules: '*', owner: b, reason: c, expires: 2030-01-01}\n")
    r = coloa("alerts", "check", path, "--lang", "vi")
    assert r.returncode == 1 and "mọi quy tắc".encode() in r.stdout, r
    path.write_text("exceptions:\n- id: a\n  rules: '*'\n  detection:\n    s: {host: lab*}\n    f: {User: adm}\n"
                    "    condition: s and not f\n  owner: b\n  reason: c\n  expires: 2030-01-01\n")
    r = coloa("alerts", "check", path)
    assert r.returncode == 0 and b"1 exceptions" in r.stdout, r


def mistakes_are_told(folder):
    assert coloa("alerts", "--state", folder).returncode == 3
    assert coloa("alerts", "-c", folder / "none.yaml").returncode == 3
    (folder / "state.db").write_bytes(b"no database at all, but long enough to look like one" * 40)
    r = coloa("alerts", "--state", folder)
    assert r.returncode == 3 and b"no state of Coloa" in r.stderr, r
    for bad in (["--min-level", "x"], ["-o", "xml"], ["--since", "never"], ["show"], ["dance"], ["--wrong"], ["-n", "-1"]):
        assert coloa("alerts", *bad).returncode == 2, bad
    assert coloa("alerts", "--help").returncode == 0


run(lists_the_latest_first, filters, shows_why_and_where, exceptions_and_audit, a_file_is_checked, mistakes_are_told)
