"""Rules over the past: marked alerts of what was received before a rule came, once; the present goes on; what is interrupted goes
on; a record that kills judges is named; without a node what is found is shown."""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time

from node_world import PROGRAM, Node, bulk, connect, environment, kill
from reload import COUNT, RULE, event, state
from tap import coloa, run

FAULTS = b"COLOA_FAULT" in open(PROGRAM, "rb").read()


def send(node, events) -> None:
    events = [e.rstrip(b"\n") for e in events]
    for i in range(0, len(events), 500):
        part = [(k, b"", e) for k, e in enumerate(events[i:i + 500])]
        assert len(bulk(node.port["bulk"], part)) == len(part)
    node.sent = getattr(node, "sent", 0) + len(events)
    node.wait_for(lambda: node.status().get("judged") == node.sent + 1, 60)


def retro(node, *args, code=0):
    r = coloa("retro", "-c", node.config, *args, timeout=300)
    assert r.returncode == code, r
    return r.stderr.decode()


def one_rule(folder, name="first", n=1, image="evil.exe", title="First"):
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / f"{name}.yml").write_text(RULE.format(title=title, n=n, image=image), encoding="utf-8")
    return rules


def new_rules_find_what_was_before(folder):
    node = Node(folder, rules=one_rule(folder), listeners={"bulk": "bulk", "tcp": "syslog-tcp"})
    with node:
        send(node, [event(i, image=("C:\\evil.exe", "C:\\other.exe", "C:\\good.exe")[i % 3], host=f"ws{i % 4}") for i in range(600)])
        assert "no rule" in retro(node).lower()  # what was there from the beginning needs no past
        before = node.alerts()
        assert len(before) == 4 and all("coloa.retro.run" not in a for a in before), before
        one_rule(folder, "second", 2, "other.exe", "Second")
        (node.rules / "count.yml").write_text(COUNT.replace("5501", "5502").replace("gte: 3}", "gte: 150}\n  generate: true"), encoding="utf-8")
        assert node.ask("reload").returncode == 0
        node.wait_for(lambda: node.status().get("received") == 600)
        judge_pids = lambda: {k: v for k, v in node.pids().items() if k in ("desk", "ingest", "store")}  # noqa: E731
        pids = judge_pids()
        said = retro(node)
        assert "1 rules, 1 correlations over 600 records" in said and "201 new verdicts, 5 new alerts" in said, said
        found = [a for a in node.alerts() if "coloa.retro.run" in a]
        got = sorted((a["rule.name"], a["coloa.entity.name"], a["coloa.count"]) for a in found)
        assert got == [("Often", "User=an", 1)] + [("Second", f"ws{i}", 50) for i in range(4)], got
        assert all(a["coloa.retro.run"] == 1 and a["coloa.retro.first"] == 1 and a["coloa.retro.past"] == 601 for a in found)
        assert sorted(a["coloa.count"] for a in node.alerts("--retro", "none")) == [50] * 4
        assert len(node.alerts("--retro", "any")) == len(node.alerts("--retro", "1")) == 5
        page = coloa("alerts", "--state", node.directory / "state", "show", found[0]["coloa.alert.id"]).stdout.decode()
        assert "[retro 1]" in page and "run 1 over records 1 to 600" in page, page
        assert "[hồi cứu 1]" in coloa("alerts", "--state", node.directory / "state", "--lang", "vi").stdout.decode()
        # Again, in every way: nothing new.
        assert "no rule" in retro(node).lower()
        for args in (("-r", node.rules), ("-r", node.rules, "--from", "2000-01-01T00:00:00Z"), ("-r", node.rules, "--source", "here")):
            said = retro(node, *args)
            assert "0 new verdicts, 0 new alerts" in said and "over 600 records" in said, said
        assert "0 new verdicts, 0 new alerts; 0 were" in retro(node, "-r", node.rules, "--source", "nobody")
        # What comes from now on is the live rules' own, apart from the marked alerts; and found by retro no more.
        send(node, [event(1, image="C:\\other.exe", host="ws0")])
        node.wait_for(lambda: [a["coloa.count"] for a in node.alerts("--retro", "none") if a["rule.name"] == "Second"] == [1])
        assert "0 new verdicts" in retro(node, "-r", node.rules)
        # Another wording says only what the one before did not.
        one_rule(folder, "second", 2, ".exe", "Wider")
        assert node.ask("reload").returncode == 0
        said = retro(node)
        assert "400 new verdicts" in said and "201 were said before" in said, said
        assert judge_pids() == pids, "somebody died of it"
        with state(node) as db:
            rows = db.execute("SELECT who, what, about, detail FROM audit WHERE what LIKE 'retro%' ORDER BY n").fetchall()
            assert [r[1] for r in rows] == ["retro.begun", "retro.ended"] * (len(rows) // 2) and len(rows) >= 10, rows
            assert rows[0][0] == f"uid {os.geteuid()}" and rows[0][2] == rows[1][2] == "run 1", rows
            assert "over records 1 to 600" in rows[0][3] and "verdicts" in rows[1][3] and "alerts" in rows[1][3], rows
            twice = db.execute("SELECT v.seq, r.id FROM verdict v JOIN rule r ON r.ref=v.rule WHERE r.kind=0"
                               " GROUP BY 1, 2 HAVING count(*)<>1").fetchall()
            assert twice == [], twice[:5]
            assert db.execute("SELECT count(*) FROM retro WHERE ended IS NULL").fetchone() == (0,)
    with node:  # all of it lasted
        assert len(node.alerts("--retro", "1")) == 5
        assert "no rule" in retro(node).lower()


def events_of_a_time_only(folder):
    node = Node(folder, rules=one_rule(folder, image="none.exe"), listeners={"bulk": "bulk"})
    days = [event(i, image="C:\\old.exe", host=f"d{i}").replace(time.strftime("%Y-%m-%d", time.gmtime()).encode(),
                                                                  b"2026-03-%02d" % (i + 1)) for i in range(5)]
    with node:
        send(node, days)
        new = folder / "new.yml"
        new.write_text(RULE.format(title="Old", n=3, image="old.exe"), encoding="utf-8")
        retro(node, "-r", new, "--from", "2026-03-02T00:00:00Z", "--to", "2026-03-04T00:00:00Z")
        got = sorted(a["coloa.entity.name"] for a in node.alerts())
        assert got == ["d1", "d2"], got
        assert node.alerts()[0]["coloa.retro.from"].startswith("2026-03-02")
        assert coloa("retro", "-c", node.config, "--from", "yesterday").returncode == 2
        assert coloa("retro", "-c", node.config, "-r", folder / "nothing.yml").returncode == 3


def without_a_node(folder):
    node = Node(folder, rules=one_rule(folder), listeners={"bulk": "bulk"})
    with node:
        send(node, [event(i, image="C:\\other.exe", host=f"ws{i % 4}") for i in range(60)])
    new = folder / "new.yml"
    new.write_text(RULE.format(title="Other", n=3, image="other.exe"), encoding="utf-8")
    r = coloa("retro", "-c", node.config, "-r", new, "--json")
    assert r.returncode == 0 and b"no alert is raised" in r.stderr, r
    found = [json.loads(line) for line in r.stdout.splitlines()]
    assert len([f for f in found if f.get("rule.name") == "Other"]) == 60, found[:2]
    assert b"Other" in coloa("retro", "-c", node.config, "-r", new).stdout
    assert not node.alerts()
    one_rule(folder, "second", 3, "other.exe", "Other")  # the node's, which does not know it yet
    r = coloa("retro", "-c", node.config, "--json")
    assert len(r.stdout.splitlines()) >= 60 and b"1 rules" in r.stderr, r


def goes_on_where_it_was(folder):
    node = Node(folder, rules=one_rule(folder), listeners={"bulk": "bulk"})
    n = 6000
    with node:
        pad = "x" * 4000
        send(node, [event(i, image="C:\\other.exe", host=f"ws{i % 4}", user=f"u{i}{pad}") for i in range(n)])
        one_rule(folder, "second", 2, "other.exe", "Second")
        assert node.ask("reload").returncode == 0
        slow = {**environment(), "COLOA_LAG": "3000"}  # after each thousand: time to interrupt it, on any machine

        def at():
            with state(node) as db:
                row = db.execute("SELECT max(at) FROM retro").fetchone()
            return row[0] or 0
        p = subprocess.Popen([PROGRAM, "retro", "-c", node.config, "--jobs", "1"], stderr=subprocess.PIPE, env=slow)
        node.wait_for(lambda: at() > 500 or p.poll() is not None, 60)
        p.send_signal(signal.SIGINT)
        said = p.communicate(timeout=60)[1].decode()
        first = at()
        print(f"# interrupted at {first} of {n}")
        assert p.returncode == 3 and "interrupted" in said and 1 < first <= n, (p.returncode, said, first)
        # One at a time; and the desk may die of something else meanwhile.
        p = subprocess.Popen([PROGRAM, "retro", "-c", node.config, "--jobs", "1"], stderr=subprocess.PIPE, env=slow)
        node.wait_for(lambda: at() > first or p.poll() is not None, 60)
        if p.poll() is None:
            assert "another run" in retro(node, code=3)
            kill(node.pids()["desk"], node.program)
        said = p.communicate(timeout=60)[1].decode()
        assert "goes on where run 1 was interrupted" in said, said
        assert p.returncode == 0 or "the same again goes on" in said, (p.returncode, said)
        node.wait_for(lambda: node.pids().get("desk", 0) > 0 and node.status().get("judged") == n + 1)
        time.sleep(0.5)
        retro(node)
        with state(node) as db:
            ask = lambda sql: db.execute(sql).fetchall()  # noqa: E731
            which = "FROM verdict v JOIN rule r ON r.ref=v.rule WHERE r.title='Second'"
            assert ask(f"SELECT count(*), count(DISTINCT seq) {which}") == [(n, n)]
            assert ask("SELECT count(*), min(ended IS NOT NULL) FROM retro") == [(1, 1)]
        counts = [a["coloa.count"] for a in node.alerts() if a["rule.name"] == "Second"]
        assert sum(counts) == n and len(counts) == 4, counts


def a_record_that_kills_judges(folder):
    node = Node(folder, rules=one_rule(folder), listeners={"bulk": "bulk"})
    if not FAULTS:
        print("# not a test build: nothing kills")
        return
    with node:
        events = [event(i, image="C:\\other.exe", host=f"ws{i % 4}") for i in range(400)]
        events[123] = b'{"message":"coloa-test-crash"}'
        send(node, events)
        one_rule(folder, "second", 2, "other.exe", "Second")
        assert node.ask("reload").returncode == 0
        said = retro(node, code=1)
        assert "record 124 was set aside" in said and "399 new verdicts" in said, said
        crashes = [a for a in node.alerts() if a["rule.id"] == "coloa-record-set-aside"]
        assert sum(a["coloa.count"] for a in crashes) == 2, crashes  # live, and now
        assert any(r["seq"] == 124 for r in crashes[0]["coloa.records"])
    r = coloa("retro", "-c", node.config, "-r", node.rules, "--lang", "vi")
    assert r.returncode == 1 and "bản ghi 124 bị để riêng" in r.stderr.decode(), r


def the_present_goes_on(folder):
    """While a run is on, what comes is judged at once."""
    node = Node(folder, rules=one_rule(folder), listeners={"bulk": "bulk", "tcp": "syslog-tcp"})
    with node:
        send(node, [event(i, image="C:\\other.exe", host=f"ws{i % 4}") for i in range(8000)])
        one_rule(folder, "second", 2, "other.exe", "Second")
        assert node.ask("reload").returncode == 0
        p = subprocess.Popen([PROGRAM, "retro", "-c", node.config, "-q"], env=environment())
        slowest, n = 0.0, 0
        while p.poll() is None:
            begin = time.monotonic()
            with connect(node.port["tcp"]) as s:
                s.sendall(event(n, host=f"live{n}"))
            node.wait_for(lambda: any(a["coloa.entity.name"] == f"live{n}" for a in node.alerts("--entity", f"live{n}")), 30)
            slowest = max(slowest, time.monotonic() - begin)
            n += 1
        assert p.returncode == 0 and n > 0, (p.returncode, n)
        print(f"# {n} alerts meanwhile, the slowest after {slowest:.2f} s")
        assert slowest < 10
        assert sum(a["coloa.count"] for a in node.alerts() if a["rule.name"] == "Second") == 8000


def an_older_state_is_brought_up(folder):
    """A state of version 1, as it was before there were runs over the past."""
    node = Node(folder, rules=one_rule(folder), listeners={"bulk": "bulk"})
    with node:
        send(node, [event(i, host=f"ws{i % 4}") for i in range(40)])
    path = node.directory / "state" / "state.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript("ALTER TABLE alert DROP COLUMN retro; DROP TABLE epoch; DROP TABLE known; DROP TABLE retro;"
                         " DELETE FROM number WHERE name='rules'; PRAGMA user_version=1;")
    r = coloa("alerts", "--state", path.parent)
    assert r.returncode == 3 and b"start the node once" in r.stderr, r
    with node:
        with state(node) as db:  # written down before it calls itself up
            assert db.execute("SELECT count(*) FROM known").fetchone() == (1,)
        assert sorted(a["coloa.count"] for a in node.alerts()) == [10] * 4
        assert "no rule" in retro(node).lower()  # nobody wrote down since when; they are taken to have judged it all
        assert "0 new verdicts" in retro(node, "-r", node.rules)
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


if __name__ == "__main__":
    run(new_rules_find_what_was_before, events_of_a_time_only, without_a_node, goes_on_where_it_was, a_record_that_kills_judges,
        the_present_goes_on, an_older_state_is_brought_up)
