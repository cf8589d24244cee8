"""A node from end to end: what is sent over every protocol is kept once, found, judged; what is bad gets what it should and
nobody else notices; rules change while it runs; a stop and a start go on where it was."""
import contextlib
import json
import re
import signal
import socket
import sqlite3
import time

from node_world import Node, Relp, RULES, attack, bulk, connect, kill, otlp, post
from tap import coloa, run

N = 500
NUMBER = re.compile(r"number=(\d+)\b")


def numbers(rows) -> list[int]:
    return sorted(int(NUMBER.search(r["event.original"])[1]) for r in rows if NUMBER.search(r["event.original"]))


def line(word, i) -> bytes:
    return b"<13>Nov 23 05:00:00 host app: word=%s number=%d" % (word, i)


def document(word, i) -> bytes:
    return b'{"message":"word=%s number=%d","n":%d}' % (word, i, i)


def durable(node, n):
    node.wait_for(lambda: node.status().get("durable", 0) >= n + 1, what=f"for {n} records")


def sends_all(node) -> int:
    """N records over each protocol; how many in all."""
    with connect(node.port["tcp"]) as s:
        s.sendall(b"".join(line(b"viatcp", i) + b"\n" for i in range(N)))
    with connect(node.port["tcp"]) as s:
        s.sendall(b"".join(b"%d %s" % (len(line(b"viacount", i)), line(b"viacount", i)) for i in range(N)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(N):
            s.sendto(line(b"viaudp", i), ("127.0.0.1", node.port["udp"]))
            if i % 50 == 49:
                time.sleep(0.01)
    relp = Relp(node.port["relp"])
    relp.send((i, line(b"viarelp", i)) for i in range(N))
    assert sorted(relp.take(N)) == list(range(N))
    relp.close()
    assert bulk(node.port["bulk"], [(i, b"", document(b"viabulk", i)) for i in range(N)]) == list(range(N))
    status, answer = otlp(node.port["otlp"], [f"word=viaotlp number={i}" for i in range(N)])
    assert status == 200, answer
    return 6 * N


WORDS = ("viatcp", "viacount", "viaudp", "viarelp", "viabulk", "viaotlp")


def every_protocol_is_kept_once(folder):
    node = Node(folder)
    with node:
        durable(node, sends_all(node))
        for word in WORDS:
            rows = node.search(word)
            assert numbers(rows) == list(range(N)), (word, len(rows))
        every = node.search("*")
        assert sorted(r["event.sequence"] for r in every) == list(range(1, 6 * N + 1)), len(every)
        assert not node.search("flag:duplicate")
        counters = node.status()["sources"]
        assert [s["received"] for s in counters if s["name"] == "here"] == [6 * N], counters
    node.verify()
    # Again: numbers go on, what was kept is still there.
    with node:
        assert bulk(node.port["bulk"], [(0, b"", document(b"afterwards", 0))]) == [0]
        rows = node.search("afterwards")
        assert [r["event.sequence"] for r in rows] == [6 * N + 1], rows
        assert len(node.search("number")) == 6 * N + 1
    node.verify()


def without_landlock_it_is_the_same(folder):
    """The store then has its directory for a root."""
    for landlock in (0, 2):
        (folder / str(landlock)).mkdir()
        node = Node(folder / str(landlock), landlock=landlock)
        for _ in range(2):
            with node:
                before = node.status()["durable"]
                node.wait_for(lambda n=before + sends_all(node): node.status()["durable"] >= n)
                assert kill(node.pids()["store"], node.program)
                assert bulk(node.port["bulk"], [(0, b"", document(b"afterwards", 0))]) == [0]
        assert len(node.search("number")) == 12 * N + 2
        said = coloa("verify", "--landlock", landlock, node.directory / "events")
        assert said.returncode == 0, said


def alerts_come(folder):
    node = Node(folder)
    with node:
        begin = time.monotonic()
        assert bulk(node.port["bulk"], [(0, b"", attack())]) == [0]
        node.wait_for(lambda: node.alerts(), 10)
        took = time.monotonic() - begin
        alert = node.alerts()[0]
        assert alert["rule.name"] == "Evil tool" and alert["coloa.entity.name"] == "ws0" and alert["coloa.count"] == 1, alert
        assert took < 5, took
        for _ in range(4):  # grouped, not repeated
            bulk(node.port["bulk"], [(0, b"", attack())])
        node.wait_for(lambda: node.alerts()[0]["coloa.count"] == 5, 10)
        assert len(node.alerts()) == 1
    assert len(node.alerts()) == 1 and coloa("alerts", "--state", node.directory / "state", "audit").returncode == 0


def verify_looks_at_the_audit_log_too(folder):
    node = Node(folder)
    with node:
        for _ in range(3):
            assert node.ask("reload").returncode == 0
        r = coloa("api", "units.add", "-c", node.config, "parent=1", "code=x", "name=X", "kind=site")
        assert r.returncode == 0, r
    for landlock in ("-1", "2", "0"):
        r = coloa("verify", "--landlock", landlock, node.directory)
        assert r.returncode == 0 and b"audit log: whole, " in r.stdout and b"ALL IS WELL" in r.stdout, r
    assert b"audit log" not in coloa("verify", node.directory / "events").stdout
    with contextlib.closing(sqlite3.connect(node.directory / "state" / "state.db")) as db, db:
        db.execute("DROP TRIGGER audit_keeps")
        n, = db.execute("SELECT max(n) FROM audit").fetchone()
        db.execute("UPDATE audit SET who='nobody' WHERE n=?", (n,))
    r = coloa("verify", node.directory)
    assert r.returncode == 1 and f"audit log: changed at entry {n}".encode() in r.stdout and b"NOT WELL" in r.stdout, r
    assert "nhật ký kiểm toán: bị sửa".encode() in coloa("verify", "--lang", "vi", node.directory).stdout


def rules_change_while_it_runs(folder):
    node = Node(folder)
    with node:
        bulk(node.port["bulk"], [(0, b"", attack().replace(b"evil.exe", b"other.exe"))])
        node.wait_for(lambda: node.status().get("judged") == 2)  # acknowledged is not yet judged
        before = node.pids()
        (folder / "rules" / "more.yml").write_text(RULES.replace("evil.exe", "other.exe").replace("Evil tool", "Other tool")
                                                   .replace("555501", "555502"), encoding="utf-8")
        with connect(node.port["tcp"]) as s:  # a sender goes on through it
            s.sendall(line(b"before", 1) + b"\n" + line(b"half", 1)[:20])
            r = node.ask("reload")
            assert r.returncode == 0 and r.stdout.startswith(b"2 rules"), r
            s.sendall(line(b"half", 1)[20:] + b"\n")
            node.wait_for(lambda: node.status().get("received") == 3)
        assert len(node.search("half")) == 1

        def judged():
            bulk(node.port["bulk"], [(0, b"", attack(7).replace(b"evil.exe", b"other.exe"))])
            return any(a["rule.name"] == "Other tool" for a in node.alerts())
        node.wait_for(judged, 20)
        assert not any(a.get("coloa.entity.name") == "ws0" for a in node.alerts())  # what came before stays judged by what was
        assert node.pids()["ingest"] == before["ingest"] and node.pids()["desk"] == before["desk"]
        # A configuration with an error changes nothing.
        good = node.config.read_text()
        node.config.write_text(good + "unheard-of: 1\n")
        r = node.ask("reload")
        assert r.returncode == 3 and b"unknown key 'unheard-of'" in r.stderr, r
        node.process.send_signal(signal.SIGHUP)
        node.wait_for(lambda: node.said().count("unknown key 'unheard-of'") == 2)
        node.config.write_text("\n")  # as an editor leaves it for a moment
        node.process.send_signal(signal.SIGHUP)
        node.wait_for(lambda: "coloa.yaml:1:1 the file is empty" in node.said())
        node.config.write_text(good)
        assert bulk(node.port["bulk"], [(0, b"", document(b"still", 1))]) == [0]


def exceptions_begin_and_end(folder):
    quiet = folder / "exceptions.yaml"
    quiet.write_text("exceptions:\n- id: lab\n  rules: 11111111-2222-4333-8444-555555555501\n  owner: an\n  reason: a test\n"
                     "  expires: 2099-01-01\n", encoding="utf-8")
    node = Node(folder, head=f"exceptions: {quiet}")

    def status_of(n):
        bulk(node.port["bulk"], [(0, b"", attack(n))])
        node.wait_for(lambda: any(a["coloa.entity.name"] == f"ws{n}" for a in node.alerts()), 20)
        return next(a["coloa.alert.status"] for a in node.alerts() if a["coloa.entity.name"] == f"ws{n}")
    with node:
        assert status_of(1) == "suppressed"
        kill(node.pids()["desk"], node.program)
        assert status_of(2) == "suppressed"  # its successor has them too
        node.head = ""
        node.write_config()
        assert node.ask("reload").returncode == 0
        assert status_of(3) == "open"
        node.head = f"exceptions: {folder}/none.yaml"
        node.write_config()
        r = node.ask("reload")
        assert r.returncode == 3 and b"none.yaml: No such file" in r.stderr and b"nothing was changed" in r.stderr, r
        quiet.write_text("exceptions:\n- id: lab\n  owner: an\n", encoding="utf-8")
        node.head = f"exceptions: {quiet}"
        node.write_config()
        r = node.ask("reload")
        assert r.returncode == 3 and b"exceptions.yaml:2:" in r.stderr and b"nothing was changed" in r.stderr, r


def bad_input_hurts_nobody_else(folder):
    node = Node(folder, more={"bulk": "request-max: 1M", "otlp": "request-max: 1M"},
                sources=["{name: here, from: ['127.0.0.1']}", "{name: strict, from: ['127.0.0.3'], format: syslog}"])

    def from_strict(port):
        s = socket.socket()
        s.bind(("127.0.0.3", 0))
        s.settimeout(30)
        s.connect(("127.0.0.1", port))
        return s
    with node:
        good, relp = connect(node.port["tcp"]), Relp(node.port["relp"])
        sent = 0

        def the_others_go_on():
            nonlocal sent
            sent += 1
            good.sendall(line(b"good", sent) + b"\n")
            relp.send([(sent, line(b"goodrelp", sent))])
            assert relp.take(1) == [sent]
        the_others_go_on()
        with connect(node.port["tcp"]) as s:  # a broken octet count: closed, with the reason
            s.sendall(b"11 <13>one twoXX no number")
            assert s.recv(10) == b""
        the_others_go_on()
        with from_strict(node.port["tcp"]) as s:  # no syslog: kept, marked
            s.sendall(b"malformedone without a priority\n")
        with connect(node.port["relp"]) as s:
            s.sendall(b"1 open 14 relp_version=0\n2 dance 0\n")
            got = b""
            while more := s.recv(1000):
                got += more
            assert b" 500 " in got and b"serverclose" in got, got
        with connect(node.port["relp"]) as s:
            s.sendall(b"rubbish rubbish rubbish\n")
            while s.recv(1000):
                pass
        the_others_go_on()
        status, answer = post(node.port["bulk"], "/_bulk", b'{"create":{}}\nno json\n{"create":{}}\n' + document(b"stands", 1)
                              + b'\n{"create":{}}\n{"long":"' + b"x" * (300 << 10) + b'"}\n')
        assert status == 200 and [i["create"]["status"] for i in answer["items"]] == [400, 201, 413], answer
        assert post(node.port["bulk"], "/_bulk", b"rubbish\n")[0] == 400
        try:
            assert post(node.port["bulk"], "/_bulk", b"x" * (2 << 20))[0] == 413
        except OSError:
            pass  # closed while we still send
        assert post(node.port["otlp"], "/v1/logs", b"{]")[0] == 400
        with connect(node.port["bulk"]) as s:
            s.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            s.recv(1000)
        the_others_go_on()
        node.wait_for(lambda: len(node.search("good")) == sent)
        assert numbers(node.search("goodrelp")) == list(range(1, sent + 1))
        assert len(node.search("stands")) == 1 and len(node.search("flag:malformed AND malformedone")) == 1
        assert len(node.search('"one two"')) == 1  # the whole frame before the broken one
        counters = {s["name"]: s for s in node.status()["sources"]}
        assert counters["strict"]["malformed"] == 1 and counters["here"]["refused"] >= 2, counters
        said = node.said()
        assert "source=here" in said and "octet count" in said and "peer=127.0.0.1" in said, said
        assert all(p["restarts"] == 0 for p in node.status()["processes"])
        good.close()
        relp.close()


def what_each_listener_refuses(folder):
    """A status for the sender, a line with source, reason and count for the operator; others go on."""
    (folder / "tokens").write_text("good-token\n")
    node = Node(folder, listeners={"tcp": "syslog-tcp", "relp": "relp", "bulk": "bulk", "private": "bulk", "otlp": "otlp",
                                   "privateotlp": "otlp"},
                more={"private": "token: true", "privateotlp": "token: true", "otlp": "request-max: 1M"},
                sources=["{name: here, from: ['127.0.0.1'], rate: 10}", f"{{name: known, tokens: '{folder}/tokens'}}"])
    log = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"word=otlp"}}]}]}]}'
    token = {"Authorization": "Bearer good-token"}
    with node:
        for _ in range(3):
            assert post(node.port["private"], "/_bulk", b'{"create":{}}\n{"a":1}\n')[0] == 401
            assert post(node.port["privateotlp"], "/v1/logs", log, {"Authorization": "Bearer bad"})[0] == 401
        status, answer = post(node.port["bulk"], "/_bulk", b"".join(b'{"create":{}}\n{"a":%d}\n' % i for i in range(15)))
        assert status == 200 and [i["create"]["status"] for i in answer["items"]] == [201] * 10 + [429] * 5, answer
        many = log.replace(b"[{\"body", b"[" + b'{"body":{"stringValue":"word=otlp"}},' * 30 + b"{\"body")
        assert [post(node.port["otlp"], "/v1/logs", many)[0] for _ in range(3)][1:] == [429, 429]
        time.sleep(4)
        assert post(node.port["otlp"], "/v1/logs", b"{]")[0] == 400
        try:
            assert post(node.port["otlp"], "/v1/logs", b" " * (2 << 20))[0] == 413
        except OSError:
            pass  # closed while we still send
        with connect(node.port["relp"]) as s:
            s.sendall(b"1 open %d %s\n2 dance 0\n" % (len(Relp.OFFER), Relp.OFFER))
            got = b""
            while more := s.recv(1000):
                got += more
            assert b"2 rsp " in got and b" 500 " in got and b"serverclose" in got, got
        # Who has its token notices nothing of all that.
        assert post(node.port["private"], "/_bulk", b'{"create":{}}\n{"a":"knownbulk"}\n', token)[0] == 200
        assert post(node.port["privateotlp"], "/v1/logs", log.replace(b"word=otlp", b"knownotlp"), token)[0] == 200
        node.wait_for(lambda: len(node.search("knownbulk")) == len(node.search("knownotlp")) == 1)
        node.wait_for(lambda: "count=" in node.said(), 20)
        said = [line for line in node.said().splitlines() if "reason=" in line]
        for source, reason, listener in (("", "no source has this token", "private"), ("", "no source has this token", "privateotlp"),
                                         ("here", "sends more than it may", "bulk"), ("here", "sends more than it may", "otlp"),
                                         ("here", "not JSON", "otlp"), ("here", "too large", "otlp"),
                                         ("here", "command not supported", "relp")):
            assert any(reason in line and f"listener={listener} peer=127.0.0.1" in line and
                       (f"source={source} " in line if source else "source=" not in line) for line in said), (source, reason, said)
        assert not any("source=known" in line for line in said), said


def unknown_senders(folder):
    node = Node(folder, more={"bulk": "unknown: quarantine", "udp": "unknown: quarantine"},
                sources=["{name: elsewhere, from: ['10.9.8.0/24']}"])
    with node:
        with connect(node.port["tcp"]) as s:
            assert s.recv(10) == b""
        with connect(node.port["relp"]) as s:
            try:
                assert s.recv(10) == b""
            except ConnectionError:
                pass
        assert post(node.port["otlp"], "/v1/logs", b"{}")[0] in (401, 403)
        assert bulk(node.port["bulk"], [(1, b"", attack())]) == [1]
        durable(node, 1)
        row, = node.search("flag:quarantined")
        assert row["coloa.source"] == "unknown", row
        time.sleep(0.5)
        assert not [a for a in node.alerts() if a["rule.name"] == "Evil tool"], "what nobody vouches for was judged"
        assert "nobody knows" in node.said()
        node.sources.append("{name: now-known, from: ['127.0.0.0/8']}")
        node.write_config()
        assert node.ask("reload").returncode == 0
        with connect(node.port["tcp"]) as s:
            s.sendall(line(b"now", 1) + b"\n")
        node.wait_for(lambda: [r["coloa.source"] for r in node.search("word")] == ["now-known"])


def connections_follow_the_sources(folder):
    """A sender whose source is taken away is cut off, one whose address is another's now counts for that; the others notice nothing."""
    here = "{name: here, from: ['127.0.0.1']}"
    node = Node(folder, listeners={"tcp": "syslog-tcp", "relp": "relp"}, sources=[here, "{name: gone, from: ['127.0.0.2']}",
                                                                                  "{name: moves, from: ['127.0.0.3', '10.0.0.0/8']}"])

    def from_address(address):
        s = socket.socket()
        s.settimeout(60)
        s.bind((address, 0))
        s.connect(("127.0.0.1", node.port["tcp"]))
        return s
    with node:
        senders = [from_address(f"127.0.0.{i}") for i in (1, 2, 3)]
        for i, s in enumerate(senders):
            s.sendall(line(b"before", i) + b"\n")
        durable(node, 3)
        node.sources[1:] = ["{name: other, from: ['127.0.0.3']}"]
        node.write_config()
        assert node.ask("reload").returncode == 0
        assert senders[1].recv(10) == b""
        node.wait_for(lambda: "of no source any more" in node.said())
        for i in (0, 2):
            senders[i].sendall(line(b"after", i) + b"\n")
        durable(node, 5)
        assert [r["coloa.source"] for r in node.search("after*")] == ["here", "other"]
        assert {c["name"]: c["received"] for c in node.status()["sources"]} == {"unknown": 0, "here": 2, "gone": 1, "moves": 1, "other": 1}


def a_silent_source_is_an_alert_of_its_own(folder):
    node = Node(folder, listeners={"tcp": "syslog-tcp"}, sources=["{name: firewall, from: ['127.0.0.0/8'], silent-after: 3s}"])

    def silent():
        return [a for a in node.alerts() if a["rule.id"] == "coloa-silent-source"]
    with node:
        with connect(node.port["tcp"]) as s:
            s.sendall(line(b"once", 1) + b"\n")
        durable(node, 1)
        assert not silent() and not any(x["silent"] for x in node.status()["sources"] if x["name"] == "firewall")
        node.wait_for(silent, 60, "for an alert about silence")
        one, = silent()
        assert one["coloa.entity.name"] == "firewall", one
        assert any(x["silent"] for x in node.status()["sources"] if x["name"] == "firewall")
        with connect(node.port["tcp"]) as s:
            s.sendall(line(b"again", 2) + b"\n")
        node.wait_for(lambda: not any(x["silent"] for x in node.status()["sources"] if x["name"] == "firewall"), 60)


def is_test_build(node) -> bool:
    there = b"coloa-test-garble" in open(node.program, "rb").read()
    if not there:
        print("# not a test build: no record does anything")
    return there


def a_record_of_which_nothing_can_be_read(folder):
    """No judge dies of it, and what they say is broken each time: found, set aside, and named."""
    node = Node(folder)
    with node:
        if not is_test_build(node):
            return
        records = [(i, b"", document(b"around", i)) for i in range(300)]
        records[150] = (150, b"", b'{"message":"coloa-test-garble"}')
        records[151] = (151, b"", attack(1))
        assert bulk(node.port["bulk"], records) == list(range(300))
        node.wait_for(lambda: node.status().get("judged") == 301, 60)
        assert node.status()["set_aside"] == 1, node.status()
        assert "seq=151 what judges say of this record cannot be read" in node.said(), node.said()
        assert node.said().count("it was set aside") == 1, node.said()
        found = {a["rule.name"]: a for a in node.alerts()}
        assert len(found) == 2 and found.pop("Evil tool")["coloa.count"] == 1, found
        shown = node.alerts("show", next(iter(found.values()))["coloa.alert.id"])[0]
        assert shown["coloa.first"]["seq"] == 151, shown
        assert bulk(node.port["bulk"], [(1, b"", attack(2))]) == [1]
        node.wait_for(lambda: any(a.get("coloa.entity.name") == "ws2" for a in node.alerts()), 20)


def a_record_that_kills_judges(folder):
    node = Node(folder)
    with node:
        if not is_test_build(node):
            return
        records = [(i, b"", document(b"around", i)) for i in range(300)]
        records[150] = (150, b"", b'{"message":"coloa-test-crash"}')
        records[200] = (200, b"", attack(1))
        assert bulk(node.port["bulk"], records) == list(range(300))
        node.wait_for(lambda: node.status().get("set_aside") == 1, 30)
        node.wait_for(lambda: len(node.alerts()) == 2, 30)
        names = {a["rule.name"]: a for a in node.alerts()}
        assert names["Evil tool"]["coloa.count"] == 1, names
        crash, = (a for n, a in names.items() if n != "Evil tool")
        shown = node.alerts("show", crash["coloa.alert.id"])[0]
        assert shown["coloa.first"]["seq"] == 151, shown
        kept = [r["event.sequence"] for r in node.search("around")]
        assert sorted(kept) == [s for s in range(1, 301) if s not in (151, 201)], kept
        # It kills those who search too: named, and the rest of its block is looked through, once.
        seeker = coloa("search", "--directory", node.directory, "--json", "around OR message:*test-crash*", timeout=60)
        assert seeker.returncode == 3 and b"records 151 to 151 could not" in seeker.stderr, seeker
        assert sorted(json.loads(x)["event.sequence"] for x in seeker.stdout.splitlines()) == sorted(kept), seeker
        node.wait_for(lambda: node.status().get("judged") == 301, 30)
        assert bulk(node.port["bulk"], [(1, b"", attack(2))]) == [1]
        node.wait_for(lambda: any(a.get("coloa.entity.name") == "ws2" for a in node.alerts()), 10)


def main_that_is_killed_leaves_nobody(folder):
    node = Node(folder)
    node.start()
    sends_all(node)
    durable(node, 6 * N)
    node.kill()
    # One of its processes may take a moment longer to end, and has the sockets.
    late = None
    while not late:
        with contextlib.suppress(OSError):
            late = socket.create_server(("127.0.0.1", node.port["relp"]))
    node.start(wait=False)
    time.sleep(1)
    late.close()
    node.wait_for(lambda: "the node is up" in node.said())
    assert len(node.search("number")) == 6 * N
    rest = coloa("serve", "-c", node.config)
    assert rest.returncode == 3, "two nodes on one directory"
    node.stop()
    node.verify()


if __name__ == "__main__":
    run(every_protocol_is_kept_once, without_landlock_it_is_the_same, alerts_come, a_silent_source_is_an_alert_of_its_own, verify_looks_at_the_audit_log_too, rules_change_while_it_runs, exceptions_begin_and_end,
        bad_input_hurts_nobody_else, what_each_listener_refuses, unknown_senders, connections_follow_the_sources,
        a_record_that_kills_judges, a_record_of_which_nothing_can_be_read, main_that_is_killed_leaves_nobody)
