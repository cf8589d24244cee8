"""Rules that change while a node receives: each record is judged by exactly one set of rules, what is wrong changes nothing,
and what correlations have seen is not forgotten."""
import contextlib
import http.client
import json
import signal
import sqlite3
import threading
import time

from node_world import Node, alive, connect, kill
from tap import ROOT, coloa, run

RULE = """title: {title}
id: 11111111-2222-4333-8444-5555555555{n:02d}
status: test
description: One of two wordings of a rule.
author: tests
date: 2026-11-23
logsource: {{product: windows, category: process_creation}}
detection:
  selection:
    Image|endswith: '{image}'
  condition: selection
level: high
"""
COUNT = """title: Often
id: 11111111-2222-4333-8444-555555555599
status: test
description: Three of them within ten minutes.
author: tests
date: 2026-11-23
correlation:
  type: event_count
  rules: [11111111-2222-4333-8444-555555555501]
  group-by: [User]
  timespan: 10m
  condition: {gte: 3}
level: high
"""
SETS = ({"one": ("First wording", 1, "\\evil.exe"), "two": ("First of two", 2, "evil.exe")},
        {"one": ("Second wording", 1, "evil.exe"), "two": ("Second of two", 2, "\\evil.exe")})


def write_set(folder, which: int, more: str = "") -> None:
    folder.mkdir(exist_ok=True)
    for name, (title, n, image) in SETS[which].items():
        (folder / f"{name}.yml").write_text(RULE.format(title=title, n=n, image=image) + more, encoding="utf-8")


def event(i: int, user="an", image="C:\\evil.exe", host="ws") -> bytes:
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": host, "User": user,
                       "@timestamp": now, "Image": image, "number": i}).encode() + b"\n"


class Sender(threading.Thread):
    """Events at a steady rate over TCP until it is told to stop; not beyond `most`."""

    def __init__(self, port: int, rate: int):
        super().__init__(daemon=True)
        self.port, self.rate, self.sent, self.over, self.error = port, rate, 0, False, None
        self.most = 1 << 30

    def run(self):
        try:
            with connect(self.port) as s:
                begin = time.monotonic()
                while not self.over:
                    due = min(int((time.monotonic() - begin) * self.rate), self.most)
                    if due > self.sent:
                        s.sendall(b"".join(event(i) for i in range(self.sent, due)))
                        self.sent = due
                    time.sleep(0.005)
        except OSError as e:
            self.error = e


def state(node):
    return contextlib.closing(sqlite3.connect(f"file:{node.directory}/state/state.db?mode=ro", uri=True))


def judged_all(node, n):
    node.wait_for(lambda: node.status().get("durable") == n + 1 and node.status().get("judged") == n + 1, 120,
                  f"for {n} records to be judged")


def each_record_is_judged_by_one_set(folder):
    """Each of the two rules finds every record, in either wording: two verdicts a record, of one set."""
    rules = folder / "rules"
    write_set(rules, 0)
    node = Node(folder, rules=rules, listeners={"tcp": "syslog-tcp"})
    with node:
        sender = Sender(node.port["tcp"], 400)
        sender.most = 0
        sender.start()
        generations = 0
        for turn in range(10):
            sender.most = sender.sent + 400  # where a turn takes long, no heap that is then judged in one second: beyond the limit
            time.sleep(0.4)
            write_set(rules, (turn + 1) % 2)
            if turn % 3 == 2:
                before = node.said().count("read anew")
                node.process.send_signal(signal.SIGHUP)
                node.wait_for(lambda before=before: node.said().count("read anew") > before, 60)
            else:
                r = node.ask("reload")
                assert r.returncode == 0 and r.stdout.startswith(b"2 rules"), r
            # One of them at work dies: what it had is judged anew. (Where it was being replaced, none was started for it.)
            if turn == 5:
                kill(node.pids()["judge-1"], node.program)
            generations += 1
        time.sleep(1)
        sender.over = True
        sender.join()
        assert sender.error is None and sender.sent > 1000, (sender.error, sender.sent)
        judged_all(node, sender.sent)
        time.sleep(0.5)  # the commit
        with state(node) as db:
            ask = lambda sql: db.execute(sql).fetchall()  # noqa: E731
            limited = ask("SELECT sum(n) FROM counted")[0][0]
            assert not limited, f"{limited} verdicts beyond the limit"
            for rule in (1, 2):
                which = f"FROM verdict v JOIN rule r ON r.ref=v.rule WHERE r.id LIKE '%{rule:02d}'"
                assert ask(f"SELECT v.seq {which} GROUP BY v.seq HAVING count(*)<>1") == []
                seen = ask(f"SELECT min(v.seq), max(v.seq), count(*) {which}")
                assert seen == [(1, sender.sent, sender.sent)], (seen, sender.sent)
            # Not one rule of this set and another of that.
            mixed = ask("SELECT v.seq FROM verdict v JOIN rule r ON r.ref=v.rule GROUP BY v.seq"
                        " HAVING count(DISTINCT substr(r.title, 1, 5))<>1")
            assert mixed == [], mixed[:10]
            used = dict(ask("SELECT r.title, count(*) FROM verdict v JOIN rule r ON r.ref=v.rule GROUP BY 1"))
            assert len(used) == 4 and min(used.values()) > sender.sent // 20, used
        restarts = {p["name"]: p["restarts"] for p in node.status()["processes"]}
        assert restarts["desk"] == restarts["ingest"] == restarts["store"] == 0 and sum(restarts.values()) <= 1, restarts
        print(f"# {sender.sent} records, {generations} reloads: {used}")


def bad_rules_change_nothing(folder):
    rules = folder / "rules"
    write_set(rules, 0)
    (rules / "old.yml").write_text("title: was always wrong\n", encoding="utf-8")
    node = Node(folder, rules=rules, listeners={"tcp": "syslog-tcp"})
    sent = 0

    def says(title):
        nonlocal sent
        sent += 1
        with connect(node.port["tcp"]) as s:
            s.sendall(event(sent, host=f"ws{sent}"))
        node.wait_for(lambda: any(a["coloa.entity.name"] == f"ws{sent}" for a in node.alerts()), 20)
        got = {a["rule.name"] for a in node.alerts() if a["coloa.entity.name"] == f"ws{sent}"}
        assert got == {title, title.replace("wording", "of two")}, got
    with node:
        says("First wording")
        write_set(rules, 1)
        good = (rules / "one.yml").read_text(encoding="utf-8")
        for broken, where in ((good.replace("condition: selection", "condition: selectoin"), b"one.yml:"),
                              (good.replace("    Image", "\tImage"), b"one.yml:"),
                              (good.replace("Image|endswith", "Image|no_such_modifier"), b"no_such_modifier")):
            (rules / "one.yml").write_text(broken, encoding="utf-8")
            r = node.ask("reload")
            assert r.returncode == 3 and where in r.stderr and b"one.yml:" in r.stderr, r
            assert b"nothing was changed" in r.stderr and b"old.yml" not in r.stderr.split(b"nothing")[1], r
            says("First wording")
        assert "quy tắc có lỗi mới" in coloa("reload", "-c", node.config, "--lang", "vi").stderr.decode()
        before = node.said().count("those before stay")
        node.process.send_signal(signal.SIGHUP)
        node.wait_for(lambda: node.said().count("those before stay") > before)
        assert "one.yml:" in node.said().split("those before stay")[-2]
        says("First wording")
        (rules / "one.yml").write_text(good, encoding="utf-8")
        r = node.ask("reload")  # old.yml was wrong before: no reason to refuse
        assert r.returncode == 0, r
        node.wait_for(lambda: node.status().get("judged") == sent + 1)
        says("Second wording")
        (rules / "one.yml").unlink()
        (rules / "two.yml").unlink()
        (rules / "old.yml").unlink()
        rules.rmdir()
        r = node.ask("reload")
        assert r.returncode == 3 and b"nothing was changed" in r.stderr, r
        says("Second wording")
        assert alive(node.process.pid, node.program)


def bad_configurations_change_nothing(folder):
    """What is wrong is told to who asked; what only a restart changes stays, even for processes that are started again."""
    tokens, exceptions = folder / "tokens", folder / "exceptions.yaml"
    tokens.write_text("first\n")
    exceptions.write_text("exceptions: []\n")
    node = Node(folder, listeners={"tcp": "syslog-tcp", "bulk": "bulk"}, head=f"exceptions: {exceptions}",
                sources=["{name: here, from: ['127.0.0.0/8'], listen: tcp}", f"{{name: there, tokens: {tokens}}}"])

    def posts(token):
        c = http.client.HTTPConnection("127.0.0.1", node.port["bulk"], timeout=60)
        c.request("POST", "/_bulk", b'{"create":{}}\n{"a":1}\n', {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        return c.getresponse().status
    with node:
        good = node.config.read_text()
        assert posts("first") == 200 and posts("second") == 401
        for bad, said in ((good.replace("name: here", "nam: here"), b"unknown key 'nam'"),
                          (good.replace("/tokens", "/none"), b"/none: No such file or directory"),
                          (good.replace("exceptions.yaml", "no.yaml"), b"/no.yaml: No such file or directory"),
                          (good.replace("protocol: bulk", "protocol: bulk, tls: {certificate: /no/cert, key: /no/key}"),
                           b"/no/cert: No such file or directory")):
            node.config.write_text(bad.replace("first", "x"))
            r = node.ask("reload")
            assert r.returncode == 3 and said in r.stderr and b"nothing was changed" in r.stderr and b"time=" not in r.stderr, r
            assert posts("first") == 200
        node.config.write_text(good.replace("directory: ", "retention: {days: 9}\nlateness: 9s\ndirectory: /no"))
        tokens.write_text("second\n")
        r = node.ask("reload")
        assert r.returncode == 0 and r.stdout.endswith(b"only at the next start: directory, lateness, retention\n"), r
        assert posts("second") == 200 and posts("first") == 401
        kill(node.pids()["store"], node.program)
        assert posts("second") == 200
        node.config.write_text(good)
        assert b"start" not in node.ask("reload").stdout


def a_law_of_ones_own(folder):
    """Another country is another folder; one that is wrong is told by line, and the law before stays."""
    laws = folder / "laws" / "xx-2030"
    laws.mkdir(parents=True)
    good = (ROOT / "content/regimes/vn-2026/regime.yml").read_text(encoding="utf-8").replace("id: vn-2026", "id: xx-2030")
    (laws / "regime.yml").write_text(good, encoding="utf-8")
    node = Node(folder, head=f"regimes: [{folder / 'laws'}]")
    with node:
        (laws / "regime.yml").write_text(good.replace("within: 24h", "within: soon"), encoding="utf-8")
        line = good[:good.index("within: 24h")].count("\n") + 1
        r = node.ask("reload")
        assert r.returncode == 3 and f"regime.yml:{line}:".encode() in r.stderr and b"nothing was changed" in r.stderr, r
        assert b"'within'" in r.stderr or b"within" in r.stderr, r
        r = coloa("doctor", "-c", node.config)
        assert f"regime.yml:{line}:".encode() in r.stdout + r.stderr, r
        (laws / "regime.yml").write_text(good, encoding="utf-8")
        assert node.ask("reload").returncode == 0
        assert "regimes were refused" not in node.said()
    (laws / "regime.yml").write_text(good.replace("before: 12-20", "before: 12-32"), encoding="utf-8")
    r = coloa("serve", "-c", node.config)
    assert r.returncode != 0 and b"regime.yml:" in r.stderr, r


def a_broken_configuration_changes_nothing(folder):
    """Who asks hears from the node what is wrong, where, and what to do, though neither can read the file as a whole."""
    rules = folder / "rules"
    write_set(rules, 0)
    node = Node(folder, rules=rules, listeners={"tcp": "syslog-tcp"})
    good, sent = node.config.read_text(encoding="utf-8"), 0
    lines = good.count("\n")
    with node:
        for broken, line, what in ((good + "no-such-key: 1\n", lines + 1, b"no-such-key"), (good + "\tretention: {\n", lines + 1, b""),
                                   (good.replace("syslog-tcp", "syslog-pigeon"), good[:good.index("syslog-tcp")].count("\n") + 1,
                                    b"syslog-pigeon")):
            node.config.write_text(broken, encoding="utf-8")
            before = node.said().count("level=error")
            r = node.ask("reload")
            assert r.returncode == 3 and r.stdout == b"", r
            assert b"%s:%d:" % (str(node.config).encode(), line) in r.stderr and what in r.stderr, (r.stderr, line)
            assert b"nothing was changed" in r.stderr and b"'coloa reload' again" in r.stderr, r
            told = r.stderr.splitlines()
            assert len(told) == len(set(told)), told  # by one of the two, not by both
            node.wait_for(lambda before=before: node.said().count("level=error") > before)  # the node said it
            vi = coloa("reload", "-c", node.config, "--lang", "vi").stderr.decode()
            assert "không thay đổi gì" in vi and "chạy lại 'coloa reload'" in vi, vi
            r = node.ask("status", "--json")  # it goes on, and can be asked
            assert r.returncode == 0 and json.loads(r.stdout)["processes"] and b"coloa.yaml:" in r.stderr, r
            sent += 1
            with connect(node.port["tcp"]) as s:
                s.sendall(event(sent))
            node.wait_for(lambda: json.loads(node.ask("status", "--json").stdout)["judged"] == sent + 1)
        node.config.write_text(good, encoding="utf-8")
        r = node.ask("reload")
        assert r.returncode == 0 and r.stdout.startswith(b"2 rules"), r
        node.config.write_text(good + "no-such-key: 1\n", encoding="utf-8")
    r = node.ask("reload")  # nobody there: the file's own fault is told all the same
    assert r.returncode == 3 and b"no node answers" in r.stderr and b"no-such-key" in r.stderr, r


def windows_survive(folder):
    """Two hits, other rules change, the third: the alert of all three."""
    rules = folder / "rules"
    write_set(rules, 0)
    (rules / "count.yml").write_text(COUNT, encoding="utf-8")
    node = Node(folder, rules=rules, listeners={"tcp": "syslog-tcp"}, head="lateness: 1s")
    n = 0

    def hit(user):
        nonlocal n
        n += 1
        with connect(node.port["tcp"]) as s:
            s.sendall(event(n, user=user))
        node.wait_for(lambda: node.status().get("judged") == n + 1)

    def often():
        return {a["coloa.entity.name"]: a["coloa.count"] for a in node.alerts() if a["rule.name"] == "Often"}
    with node:
        for user in ("an", "an", "binh", "chi", "chi"):
            hit(user)
        for turn, what in enumerate((RULE.format(title="Another", n=7, image="other.exe"), None,
                                     RULE.format(title="Yet another", n=8, image="third.exe"))):
            if what:  # an unchanged correlation among other rules
                (rules / "more.yml").write_text(what, encoding="utf-8")
            else:  # the rule it counts is worded anew: the same id
                write_set(rules, 1)
            assert node.ask("reload").returncode == 0
            if turn == 1:
                time.sleep(2.5)  # the watermark passes them
                hit("chi")
        node.wait_for(lambda: often() == {"User=chi": 1}, 30, "for what was begun two reloads ago")
        kill(node.pids()["desk"], node.program)
        node.wait_for(lambda: node.status().get("processes") and node.pids().get("desk", 0) > 0)
        hit("an")
        node.wait_for(lambda: often() == {"User=chi": 1, "User=an": 1}, 30)
        time.sleep(2.5)
        assert often() == {"User=chi": 1, "User=an": 1}, often()


def old_logs_are_correlated(folder):
    """Imported, in two files, with a desk that dies in between; the present has windows of its own."""
    rules = folder / "rules"
    write_set(rules, 0)
    (rules / "count.yml").write_text(COUNT, encoding="utf-8")
    node = Node(folder, rules=rules, listeners={"tcp": "syslog-tcp"}, head="lateness: 1s")
    today = time.strftime("%Y-%m-%d", time.gmtime()).encode()
    number = 0

    def import_days(name, *days):
        nonlocal number
        path = folder / name
        path.write_bytes(b"".join(event(number + i).replace(today, b"2025-03-%02d" % d) for i, d in enumerate(days)))
        number += len(days)
        r = node.ask("import", path)
        assert r.returncode == 0, r
        node.wait_for(lambda: node.status().get("judged") == number + 1)

    def often():
        return sorted((a["event.start"][:10], a["coloa.count"]) for a in node.alerts() if a["rule.name"] == "Often")
    with node:
        with connect(node.port["tcp"]) as s:
            s.sendall(event(0))
            number += 1
            node.wait_for(lambda: node.status().get("judged") == 2)
        import_days("a.jsonl", 1, 2, 2)
        time.sleep(0.5)
        kill(node.pids()["desk"], node.program)
        node.wait_for(lambda: node.pids().get("desk", 0) > 0)
        import_days("b.jsonl", 2, 3)
        node.wait_for(lambda: often() == [("2025-03-02", 1)], 30, "for the alert of three old events of one day")
        with connect(node.port["tcp"]) as s:
            s.sendall(event(1))
            s.sendall(event(2))
            number += 2
        node.wait_for(lambda: len(often()) == 2, 30, "for the present's own")
        import_days("older.jsonl", 1, 1, 1)
        node.wait_for(lambda: [d for d, _ in often()][:2] == ["2025-03-01", "2025-03-02"], 30, "for an older file's")


if __name__ == "__main__":
    run(each_record_is_judged_by_one_set, bad_rules_change_nothing, bad_configurations_change_nothing,
        a_broken_configuration_changes_nothing, a_law_of_ones_own, windows_survive, old_logs_are_correlated)
