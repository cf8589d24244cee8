"""Drills at the node's ingest by itself: a test plays main and the desk. What comes over the desk's line has its label, once,
whoever dies; nothing else ever has one; real senders go first."""
import http.client
import json
import os
import socket
import struct
import threading
import time

from play_main import BULK, NODE, OTLP, TCP, Main
from tap import PROGRAM, run

MAGIC, RECORDS, POSITIONS, BEGUN = 0x52504c59, 1, 2, 3
JSON, SYSLOG = 2, 3
RECORDS_S = 8000


def label(play, step=0):
    return play << 8 | step


class Desk:
    """The other end of the line, as desk/replay.c is."""
    def __init__(self, main):
        self.main, self.at, self.begun = main, {}, False
        self.sock, theirs = socket.socketpair()
        main.say(struct.pack("=2I", NODE["NODE_PEER"], 0), theirs.fileno())
        theirs.close()
        self.lock, self.rest = threading.Lock(), b""
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                got = self.sock.recv(65536)
            except OSError:
                return
            if not got:
                return
            self.rest += got
            while len(self.rest) >= 16:
                magic, kind, size, _ = struct.unpack_from("=4I", self.rest)
                assert magic == MAGIC and kind in (POSITIONS, BEGUN), (magic, kind)
                if len(self.rest) < 16 + size:
                    break
                body, self.rest = self.rest[16:16 + size], self.rest[16 + size:]
                for i in range(0, size, 16):
                    play, _, position = struct.unpack_from("=2IQ", body, i)
                    assert position >= self.at.get(play, 0), "back"
                    self.at[play] = position
                self.begun |= kind == BEGUN

    def known(self):
        self.main.wait_for(lambda: self.begun)
        return self

    def frame(self, records, kind=RECORDS):
        body = b"".join(struct.pack("=I2H2IQ", lab, fmt, len(source), len(data), 0, position) + source + data
                        for lab, source, fmt, position, data in records)
        return struct.pack("=4I", MAGIC, kind, len(body), 0) + body

    def give(self, records):
        self.sock.sendall(self.frame(records))

    def close(self):
        self.sock.close()


def local(main, **more):
    main.source(1, "here", ["127.0.0.0/8"], **more)
    return main


def labels_and_positions(_folder):
    main = local(Main(PROGRAM))
    port = main.listen(1, TCP)
    with main:
        desk = Desk(main).known()
        assert desk.at == {}
        desk.give([(label(7, 0), b"sysmon@A", JSON, 1, b'{"a":1}'), (label(7, 3), b"sysmon@A", JSON, 2, b'{"a":2}'),
                   (label(9, 1), b"sshd@B", SYSLOG, 5, b"<34>Nov 23 05:00:00 b sshd[1]: x")])
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(b"<1>real\n")
            got = main.wait(4)
        real = [r for r in got if r.label == 0]
        drill = [r for r in got if r.label]
        assert [(r.label, r.source, r.format, r.data) for r in drill] == [
            (label(7, 0), "sysmon@A", "json", b'{"a":1}'), (label(7, 3), "sysmon@A", "json", b'{"a":2}'),
            (label(9, 1), "sshd@B", "syslog", b"<34>Nov 23 05:00:00 b sshd[1]: x")], drill
        assert len(real) == 1 and real[0].source == "here"
        main.wait_for(lambda: desk.at == {7: 2, 9: 5})
        assert {k: v.split()[:2] for k, v in main.positions.items()} == {b"play:7": [b"1", b"2"], b"play:9": [b"1", b"5"]}
        c = main.counters()
        assert c["drill_records"] == 3 and c["records"] == 1, c
        # Given again: passed over, whatever it holds.
        desk.give([(label(7, 0), b"sysmon@A", JSON, 2, b'{"a":2}'), (label(7, 0), b"sysmon@A", JSON, 3, b'{"a":3}')])
        got = main.wait(5)
        assert got[4].data == b'{"a":3}'
        main.wait_for(lambda: desk.at[7] == 3 and main.counters()["drill_known"] == 1)
        assert main.source_counters("sysmon@A") is None


def numbered(play, i):
    return (label(play, i % 5), b"host-%d@%d" % (i % 300, play), JSON, i, b'{"play":%d,"n":%d}' % (play, i))


def play_on(desk, upto, plays, error):
    """As the engine does: behind what is durable, until all is."""
    try:
        desk.known()
        nxt = {p: desk.at.get(p, 0) + 1 for p in plays}
        while any(n <= upto for n in nxt.values()):
            for p in plays:
                desk.give([numbered(p, i) for i in range(nxt[p], min(nxt[p] + 20, upto + 1))])
                nxt[p] += 20
    except OSError as e:
        error.append(e)


def once_whoever_dies(_folder):
    """ingest and the desk are killed again and again: each record of each play once, in order."""
    main, plays, upto = local(Main(PROGRAM, durable=False)), range(1, 101), 400
    with main:
        for k in range(14):
            desk, error = Desk(main), []
            t = threading.Thread(target=play_on, args=(desk, upto, plays, error), daemon=True)
            t.start()
            end = time.monotonic() + 0.25
            while time.monotonic() < end:
                time.sleep(0.02)
                main.make_durable()
            if k % 3 == 2:
                main.make_durable()  # a new one begins when all that was handed over is durable (flow.c)
                main.crash()
                desk.close()
                t.join(5)
                main.start()
            else:
                desk.close()
                t.join(5)
        main.auto = True
        main.make_durable()
        desk = Desk(main)
        play_on(desk, upto, plays, [])
        main.wait_for(lambda: len(desk.at) == 100 and min(desk.at.values()) == upto)
        seen = {p: [] for p in plays}
        for r in main.records:
            v = json.loads(r.data)
            assert r.label == label(v["play"], v["n"] % 5) and r.source == f"host-{v['n'] % 300}@{v['play']}", r
            seen[v["play"]].append(v["n"])
        for p in plays:
            assert seen[p] == list(range(1, upto + 1)), (p, len(seen[p]), sorted(set(range(1, upto + 1)) - set(seen[p]))[:5])
        print(f"# {main.counters()['drill_known']} were given again and passed over")


def nobody_else_sets_a_label(_folder):
    """By syslog, bulk, OTLP, a local socket, a followed file: fields called like ours are fields."""
    main = local(Main(PROGRAM))
    main.source(2, "files", flags=4)
    tcp, bulk, otlp = main.listen(1, TCP), main.listen(2, BULK), main.listen(3, OTLP)
    claims = b'{"coloa.drill":1793,"drill":1793,"coloa.label":1793,"label":1793,"play":7}'
    with main:
        with socket.create_connection(("127.0.0.1", tcp)) as s:
            s.sendall(b"<34>1 - - - - - [coloa.drill label=\"1793\"] drill=1793\n" + claims + b"\n")
            main.wait(2)
        h = http.client.HTTPConnection("127.0.0.1", bulk, timeout=30)
        h.request("POST", "/_bulk", b'{"create":{"_index":"x","drill":1793}}\n' + claims + b"\n", {"Content-Type": "application/x-ndjson"})
        assert h.getresponse().status == 200
        body = {"resourceLogs": [{"resource": {"attributes": [{"key": "coloa.drill", "value": {"intValue": 1793}}]}, "scopeLogs": [
            {"logRecords": [{"body": {"stringValue": "x"}, "attributes": [{"key": "coloa.drill", "value": {"stringValue": "7"}}]}]}]}]}
        h = http.client.HTTPConnection("127.0.0.1", otlp, timeout=30)
        h.request("POST", "/v1/logs", json.dumps(body), {"Content-Type": "application/json"})
        assert h.getresponse().status == 200
        path = _folder / "log.json"
        path.write_bytes(claims + b"\n" + b'{"padding":"%s"}\n' % (b"x" * 600))
        fd = os.open(path, os.O_RDONLY)
        main.follow(2, fd, path)
        got = main.wait(6)
        assert len(got) >= 6 and all(r.label == 0 for r in got), got
        c = main.counters()
        assert c["drill_claimed"] == 5 and c["drill_records"] == 0, c
        assert any("claims to be of a drill" in n[2] and n[1] == "here" for n in main.notes), main.notes


def a_frame_that_is_none_closes_the_line(_folder):
    main = local(Main(PROGRAM))
    good = (label(1, 1), b"a@b", JSON, 1, b"{}")
    with main:
        bad = [struct.pack("=4I", MAGIC, RECORDS, 1 << 30, 0), b"nonsense" * 4, Desk.frame(None, [good], kind=POSITIONS),
               Desk.frame(None, [(label(0, 1), b"a@b", JSON, 1, b"{}")]), Desk.frame(None, [(label(1), b"", JSON, 1, b"{}")]),
               Desk.frame(None, [(label(1), b"a b", JSON, 1, b"{}")]), Desk.frame(None, [(label(1), b"x" * 60, JSON, 1, b"{}")]),
               Desk.frame(None, [(label(1), b"a", 1, 1, b"{}")]), Desk.frame(None, [(label(1), b"a", JSON, 0, b"{}")]),
               Desk.frame(None, [(label(1), b"a", JSON, 1, b"")]),
               struct.pack("=4I", MAGIC, RECORDS, 30, 0) + struct.pack("=I2H2IQ", label(1), JSON, 60000, 1, 0, 1) + b"aaaaaa"]
        for i, frame in enumerate(bad):
            desk = Desk(main).known()
            try:
                desk.sock.sendall(frame)
            except BrokenPipeError:
                pass
            main.wait_for(lambda n=i + 1: main.counters()["drill_refused"] == n)
            desk.close()
        assert main.count == 0 and main.alive()
        desk = Desk(main).known()
        desk.give([good])
        assert main.wait(1)[0].label == label(1, 1)


def real_senders_go_first(_folder):
    """At the limit: a flood of drills is held to so many a second, and takes nothing of the last slots."""
    main = local(Main(PROGRAM, keep=False))
    port = main.listen(1, TCP)
    with main:
        desk, stop = Desk(main).known(), []
        t0, c0 = time.monotonic(), main.count

        def flood():
            i = 1
            try:
                while not stop:
                    desk.give([numbered(1, i + k) for k in range(200)])
                    i += 200
            except OSError:
                pass
        t = threading.Thread(target=flood, daemon=True)
        t.start()
        time.sleep(3)
        took = time.monotonic() - t0
        rate = (main.count - c0) / took
        assert 0.3 * RECORDS_S < rate <= 1.15 * RECORDS_S, rate
        assert main.counters()["drill_held"] > 0
        # Slots are not given back: drills stop while real records still find some.
        main.auto = False
        main.wait_for(lambda: len(main.held) >= 19)
        time.sleep(0.5)
        held, before = len(main.held), main.counters()["drill_records"]
        line = b"<13>" + b"q" * 1000 + b"\n"
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(line * 3000)  # 3 MB: six slots
            main.wait_for(lambda: main.counters()["records"] >= 2800)
        assert main.counters()["drill_records"] - before < 200 and 19 <= held <= 22, (held, main.counters())
        main.auto = True
        main.make_durable()
        main.wait_for(lambda: main.counters()["drill_records"] > before + 1000)
        stop.append(1)
        desk.close()
        t.join(5)
        print(f"# {rate:.0f} a second; stopped with {held} of 32 slots in use")


if __name__ == "__main__":
    run(labels_and_positions, once_whoever_dies, nobody_else_sets_a_label, a_frame_that_is_none_closes_the_line, real_senders_go_first)
