"""Followed files, with a whole node: lines are numbered, so one that is lost or doubled shows, whatever happens to the file
(renamed, copied and truncated, packed) and to the node (killed) meanwhile."""
import collections
import gzip
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

from node_world import Node, environment, kill
from play_main import FILE_JOURNAL, Main
from tap import PROGRAM, Skip, run

NUMBER = re.compile(r"number=(\d+)\b")


def node_for(folder, *patterns, fmt="auto", source="app", **kw):
    listed = ", ".join(f"'{p}'" for p in patterns)
    return Node(folder, listeners={"bulk": "bulk"}, sources=[f"{{name: {source}, files: [{listed}], format: {fmt}}}"], **kw)


def received(node, name="app") -> int:
    return sum(s["received"] for s in node.status().get("sources", ()) if s["name"] == name)


def settle(node, at_least, name="app", seconds=30):
    """Until so many came, and no more do."""
    node.wait_for(lambda: received(node, name) >= at_least, seconds, f"for {at_least} records, {received(node, name)} came")
    time.sleep(1.5)


def kept(node, query="number") -> collections.Counter:
    rows = node.search(query)
    return collections.Counter(int(NUMBER.search(r["event.original"])[1]) for r in rows if NUMBER.search(r["event.original"]))


def is_whole(node, n, marked=False):
    """Every number is there, once; with `marked`, more than once only where it says so."""
    got = kept(node)
    lost = [i for i in range(n) if i not in got]
    assert not lost, f"{len(lost)} lost: {lost[:20]}"
    more = {i: c for i, c in got.items() if c > 1}
    if marked and more:
        flagged = kept(node, "flag:duplicate")
        more = {i: c for i, c in more.items() if flagged[i] < c - 1}
    assert not more, f"{len(more)} doubled: {list(more.items())[:20]}"
    assert max(got) == n - 1 and len(got) == n, (max(got), n)


def line(i) -> bytes:
    return b"2026-11-23T05:00:%02d.%06dZ app[%d]: number=%d %s\n" % (i % 60, i, 100 + i % 7, i, b"x" * (i % 90))


def lines_of_a_file_are_records(folder):
    logs = folder / "logs"
    logs.mkdir()
    log = logs / "app.log"
    log.write_bytes(b"".join(line(i) for i in range(100)))
    node = node_for(folder, f"{logs}/*.log")
    with node:
        settle(node, 100)
        with open(log, "ab") as f:
            f.write(b"\n\n" + line(100)[:30])
            f.flush()
            time.sleep(1)
            assert received(node) == 100  # half a line is no record
            f.write(line(100)[30:] + b"\0" * 5000 + line(101))
            f.flush()
            settle(node, 102)
            f.write(b"long number=102 " + b"y" * 700000 + b"\n" + line(103))
            f.flush()
            settle(node, 104)
        (logs / "other.log").write_bytes(line(104))  # a file that comes later
        settle(node, 105)
        is_whole(node, 105)
        long = node.search("yyyyyyyy OR number=102")
        assert len(long) == 1 and long[0]["event.original"].startswith("long number=102 yyy"), len(long)
        assert len(node.search("flag:truncated")) == 1 and not node.search("flag:malformed")
        os.unlink(log)  # its last line has no end: after a while it is taken as it is
    with node:
        time.sleep(1)
        assert received(node) == 0 or received(node) == 105
        with open(logs / "third.log", "wb") as f:
            f.write(line(105) + line(106)[:-1])
            f.flush()
            settle(node, 106 - 105)
            os.unlink(logs / "third.log")
            node.wait_for(lambda: len(kept(node)) == 107, 20)
        # As for one whose name another file has; and what was written over in place, as long as before, is read.
        (logs / "fourth.log").write_bytes(line(107) + line(108)[:-1])
        settle(node, 3)
        os.rename(logs / "fourth.log", folder / "fourth.old")
        (logs / "fourth.log").write_bytes(line(109))
        node.wait_for(lambda: len(kept(node)) == 110, 20)
        with open(logs / "fourth.log", "r+b") as f:
            f.write(line(109).replace(b"number=109", b"number=110"))
        node.wait_for(lambda: len(kept(node)) == 111, 20)
        # Holes, at the beginning of a line and within one, cost nothing.
        with open(logs / "sparse.log", "wb") as f:
            f.write(line(111))
            f.seek(1 << 40)
            f.write(line(112) + b"number=113 ")
            f.seek(2 << 40)
            f.write(b"its end\n" + line(114))
        node.wait_for(lambda: len(kept(node)) == 115, 20)
    is_whole(node, 115)
    node.verify()


class Writer(threading.Thread):
    """Appends numbered lines to a file as programs do: opened for appending, opened anew when its name is another file."""

    def __init__(self, path, pause=0.0005):
        super().__init__(daemon=True)
        self.path, self.pause, self.n, self.stopping, self.lock = path, pause, 0, False, threading.Lock()

    def run(self):
        f = open(self.path, "ab", buffering=0)
        while not self.stopping:
            with self.lock:
                try:
                    again = os.fstat(f.fileno()).st_ino != os.stat(self.path).st_ino
                except FileNotFoundError:
                    again = True
                if again:
                    f.close()
                    f = open(self.path, "ab", buffering=0)
                text = b"".join(line(self.n + k) for k in range(3))
                f.write(text)
                self.n += 3
            time.sleep(self.pause)
        f.close()

    def end(self):
        self.stopping = True
        self.join()
        return self.n


def pack(path, tool):
    """As gzip and zstd do: written beside, then the plain file goes."""
    if tool == "gzip":
        with open(path, "rb") as a, gzip.open(f"{path}.gz", "wb") as b:
            shutil.copyfileobj(a, b)
    else:
        subprocess.run(["zstd", "-q", "-f", path, "-o", f"{path}.zst"], check=True)
    os.unlink(path)


def rotate(folder, kind, k, writer):
    log, old = folder / "app.log", folder / f"app.log.{k}"
    if kind == "rename":
        os.rename(log, old)
    elif kind == "copytruncate":
        with writer.lock:  # what is written between copy and truncation is lost to everybody
            shutil.copyfile(log, old)
            os.truncate(log, 0)
    elif kind in ("gzip", "zstd"):
        os.rename(log, old)
        time.sleep(random.random() * 0.5)
        pack(old, kind)
    elif kind == "copygzip":
        with writer.lock:
            shutil.copyfile(log, old)
            os.truncate(log, 0)
        pack(old, "gzip")


def rotations_lose_and_double_nothing(folder):
    if not shutil.which("zstd"):
        print("# no zstd")
    kinds = ["rename", "copytruncate", "gzip", "copygzip"] + ["zstd"] * bool(shutil.which("zstd"))
    node = node_for(folder, f"{folder}/app.log*")
    with node:
        writer = Writer(folder / "app.log")
        writer.start()
        for k, kind in enumerate(kinds * 3):
            time.sleep(random.random() * 0.8)
            rotate(folder, kind, k, writer)
        n = writer.end()
        settle(node, n)
        assert received(node) == n, (received(node), n)
    is_whole(node, n)
    assert not node.search("flag:duplicate")
    # Nothing is read again after a start.
    with node:
        time.sleep(3)
        assert received(node) == 0, received(node)
    node.verify()


def kills_lose_and_double_nothing(folder):
    kinds = ["rename", "copytruncate", "gzip", "copygzip"]
    node = node_for(folder, f"{folder}/app.log*")
    node.start()
    writer = Writer(folder / "app.log", pause=0.001)
    writer.start()
    rng, kills = random.Random(7), 0
    for k in range(12):
        time.sleep(rng.random() * 0.7)
        rotate(folder, kinds[k % 4], k, writer)
        time.sleep(rng.random() * 0.5)
        if k % 3 == 2:
            node.kill()
            node.start()
        else:
            kill(node.pids().get("ingest", 0), node.program)
        kills += 1
    n = writer.end()

    def all_there():
        time.sleep(1)
        return len(kept(node)) == n
    try:
        node.wait_for(all_there, 60)
    except AssertionError:
        pass
    time.sleep(2)
    print(f"# {n} lines, {kills} kills")
    is_whole(node, n, marked=True)
    node.stop()
    is_whole(node, n, marked=True)
    node.verify()


CSV = b"when,user,number,note\n"


def links_of_others_lead_to_their_own(folder):
    """A link in a directory that others write to must not bring what only the node may read."""
    if os.geteuid() != 0:
        raise Skip("only root can be two users")
    logs, other = folder / "logs", 65534
    logs.mkdir()
    for name, uid, target in (("ours", 0, 0), ("theirs", other, other), ("stolen", other, 0), ("given", 0, other)):
        (folder / name).write_text(f"Nov 23 05:00:00 h a: {name} number=1 and so on\n" * 9)
        os.chown(folder / name, target, target)
        (logs / f"{name}.log").symlink_to(folder / name)
        os.lchown(logs / f"{name}.log", uid, uid)
    (folder / "secret").mkdir()
    (folder / "secret" / "deep.log").write_text("Nov 23 05:00:00 h a: deep number=1 and so on\n" * 9)
    (logs / "sub").symlink_to("../secret")
    os.lchown(logs / "sub", other, other)
    (logs / "loop.log").symlink_to("loop.log")
    with node_for(folder, f"{logs}/*.log", f"{logs}/*/*.log") as node:
        settle(node, 27)
        assert {r["event.original"].split()[5] for r in node.search("number")} == {"ours", "theirs", "given"}
        assert "a link of somebody else to a file that is not theirs: not followed" in node.said()


def headers_stand_before_every_run(folder):
    """CSV and W3C: columns have their names in every batch, whatever stands between, and after a restart."""
    (folder / "a.csv").write_bytes(CSV + b"".join(b"2026-11-23T05:00:00Z,alice,number=%d,\"two\nlines\"\n" % i for i in range(5000)))
    (folder / "b.csv").write_bytes(b"id,client,number\n" + b"".join(b"%d,bob,number=%d\n" % (i, 5000 + i) for i in range(5000)))
    w3c = folder / "u_ex.log"
    w3c.write_bytes(b"#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-23 05:00:00\n"
                    b"#Fields: date time cs-method cs-uri-stem cs-username sc-status\n" +
                    b"".join(b"2026-11-23 05:00:01 GET /number=%d carol 200\n" % (10000 + i) for i in range(5000)))
    node = node_for(folder, f"{folder}/*.csv", f"{folder}/u_ex.log")
    with node:
        settle(node, 15000)
        assert len(node.search("user:alice")) == 5000
        assert len(node.search("client:bob")) == 5000
        assert len(node.search("cs-username:carol")) == 5000
        assert not node.search("user:bob") and not node.search("note:carol")
        assert node.search("number:\"number=4321\"")[0]["event.original"].startswith("2026-11-23T05:00:00Z,alice")
    with node:  # the header is known again
        with open(folder / "a.csv", "ab") as f:
            f.write(b"2026-11-23T06:00:00Z,dave,number=15000,x\n")
        with open(w3c, "ab") as f:
            f.write(b"2026-11-23 06:00:01 GET /number=15001 dave 200\n#Fields: date time cs-username cs-uri-stem\n"
                    b"2026-11-23 06:00:02 erin /number=15002\n")
        settle(node, 3)
        assert len(node.search("user:dave AND note:x")) == 1 and len(node.search("cs-username:dave")) == 1
        assert len(node.search("cs-username:erin")) == 1
    is_whole(node, 15003)
    node.verify()


def local_sockets_bring_lines(folder):
    """Suricata's EVE over a local socket, as a stream and as datagrams: of the source that names the listener."""
    stream, datagram = folder / "eve.sock", folder / "eve.dgram"
    node = Node(folder, listeners={"bulk": "bulk"}, sources=["{name: suricata, listen: eve}", "{name: sensor, listen: eved}"])
    text = node.config.read_text().replace("sources:", f"  - {{name: eve, protocol: unix, path: {stream}}}\n"
                                           f"  - {{name: eved, protocol: unix-datagram, path: {datagram}}}\nsources:")
    node.config.write_text(text)

    def eve(i):
        return b'{"timestamp":"2026-11-23T05:00:00.000000+0700","event_type":"alert","note":"number=%d"}' % i
    for again in range(2):  # the second time over what the first left behind
        with node:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
                s.connect(str(stream))
                s.sendall(b"".join(eve(i) + b"\n" for i in range(500 * again, 500 * again + 250)))
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.connect(str(datagram))
                for i in range(500 * again + 250, 500 * again + 500):
                    s.send(eve(i) + b"\n")
            settle(node, 250, "suricata")
            settle(node, 250, "sensor")
            rows = node.search("event_type:alert AND source:sensor") if again else []
            assert not again or len(rows) == 500, len(rows)
    is_whole(node, 1000)


def entry(i, text=b"a word", binary=b"") -> bytes:
    out = b"__CURSOR=s=abc;i=%x;b=def\n__REALTIME_TIMESTAMP=%d\n_HOSTNAME=host\nMESSAGE=number=%d %s\n" % (i, 10**15 + i, i, text)
    if binary:
        out += b"DATA\n" + struct.pack("<Q", len(binary)) + binary + b"\n"
    return out + b"\n"


def journal_entries_are_records(folder):
    """What journalctl writes: entries as they came, the cursor as the position; a new pipe does not double what it repeats."""
    m = Main(PROGRAM)
    m.source(7, "machine", flags=4)
    with m:
        r, w = os.pipe()
        m.follow(7, r, "journal:machine", FILE_JOURNAL)
        os.close(r)
        sent = [entry(i, binary=b"\n\nMESSAGE=no\n\n" if i % 3 == 0 else b"") for i in range(200)]
        for text in sent:
            os.write(w, text[:50])
            os.write(w, text[50:])
        m.wait(200)
        assert [x.data + b"\n" for x in m.records] == sent and {x.format for x in m.records} == {"journal"}
        assert m.positions == {b"journal:machine": b"s=abc;i=c7;b=def"}, m.positions
        # An entry that is too long: whole fields of it, marked; the next one is itself again.
        long = entry(200, binary=b"z\n" * 600000)
        threading.Thread(target=lambda: [os.write(w, long[i:i + 60000]) for i in range(0, len(long), 60000)] and
                         os.write(w, entry(201))).start()
        m.wait(202)
        assert m.records[200].data + b"\n" == entry(200) and m.records[200].flags == 1, m.records[200]
        assert m.records[201].data + b"\n" == entry(201)
        # journalctl dies and begins anew further back, as the store was behind.
        os.close(w)
        r, w = os.pipe()
        m.follow(7, r, "journal:machine", FILE_JOURNAL)
        os.close(r)
        os.write(w, b"".join(entry(i) for i in range(150, 210)))
        m.wait(210)
        time.sleep(0.3)
        assert m.count == 210 and [int(NUMBER.search(x.data.decode(errors="replace"))[1]) for x in m.records] == list(range(210))
        os.write(w, b"no=entry\n\n\n\n=\n\n" + entry(210))
        m.wait(213)
        assert m.records[-1].data + b"\n" == entry(210) and m.positions[b"journal:machine"] == b"s=abc;i=d2;b=def"
        os.write(w, b"NAME\n" + b"\xff" * 8 + entry(211))  # a length that cannot be: the pipe is closed
        m.wait_for(lambda: any("export format" in n[2] for n in m.notes), 5)
        os.close(w)


def the_journal_waits_for_a_slot(folder):
    m = Main(PROGRAM, slots=2, durable=False)
    m.source(7, "machine", flags=4)
    with m:
        r, w = os.pipe()
        m.follow(7, r, "journal:machine", FILE_JOURNAL)
        os.close(r)
        sent = [entry(i, text=b"x" * 200000) for i in range(5)]  # two fill a slot

        def write():
            for text in sent:
                for k in range(0, len(text), 50000):
                    os.write(w, text[k:k + 50000])
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(10)
        time.sleep(0.5)
        assert not writer.is_alive() and m.count < 5, m.count
        m.auto = True
        m.make_durable()
        m.wait(5, 5)  # the last one lay in ingest, and nothing came behind it
        assert [x.data + b"\n" for x in m.records] == sent
        os.close(w)


def positions_outlive_a_crash(folder):
    """Without a store: what was durable is not read again, what was not is; a position never runs ahead."""
    log, n = folder / "a.log", 30000
    log.write_bytes(b"".join(line(i) for i in range(n)))
    m = Main(PROGRAM, slots=3, durable=False, landlock=-1)
    m.source(7, "app", flags=4)
    m.start()
    seen, fd = collections.Counter(), os.open(log, os.O_RDONLY)
    for k in range(30):
        m.follow(7, fd, log)
        m.wait_for(lambda: m.held or m.count >= n, 20)
        if k % 3:
            m.make_durable()
            time.sleep(0.02 * (k % 5))
        os.kill(m.pid, 9)
        m.wait_for(lambda: not m.alive())
        m.thread.join(5)
        m.sock.close()
        m.start()
    m.auto = True
    m.make_durable()
    m.follow(7, fd, log)
    m.wait_for(lambda: m.records and m.records[-1].data + b"\n" == line(n - 1), 30)
    for x in m.records:
        seen[int(NUMBER.search(x.data.decode())[1])] += 1
    assert set(seen) == set(range(n)) and max(seen.values()) == 1, (len(seen), seen.most_common(3))
    assert m.stop() == 0
    os.close(fd)


def imports_are_kept_once(folder):
    """Whatever a hunt reads, durable when it is answered; the same again brings nothing new, an interrupted one goes on."""
    files = {
        "lines.log": b"".join(line(i) for i in range(2000)),
        "array.json": b'{"Records":[' + b",\n".join(b'{"event":"put","who":{"n":"number=%d"}}' % i for i in range(2000, 3000)) + b"]}",
        "packed.log.gz": gzip.compress(b"".join(line(i) for i in range(3000, 4000))),
        "table.csv": b"when,user,number\n" + b"".join(b"2026-11-23,erin,number=%d\n" % i for i in range(4000, 9000)),
        "wide.txt": b"".join(line(i) for i in range(9000, 9100)).decode().encode("utf-16"),
        "export.journal": b"".join(entry(i) for i in range(9100, 9200)),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    paths = [folder / name for name in files]
    node = Node(folder, listeners={"bulk": "bulk"})
    with node:
        r = node.ask("import", "--source", "evidence", *paths)
        assert r.returncode == 0, r
        said = r.stdout.decode().splitlines()
        assert [int(s.split(": ")[1].split()[0]) for s in said] == [2000, 1000, 1000, 5000, 100, 100], said
        is_whole(node, 9200)
        assert len(node.search("user:erin AND source:evidence")) == 5000
        assert len(node.search("who.n:*number* AND event:put")) == 1000
        r = node.ask("import", "--source", "evidence", *paths)
        assert r.returncode == 0 and all(" 0 records" in s for s in r.stdout.decode().splitlines()), r
        # A copy that was changed in the middle is another content.
        (folder / "changed.log").write_bytes(files["lines.log"].replace(b"number=1000 ", b"number=X000 "))
        for expected in (b" 2000 records", b" 0 records"):
            assert expected in node.ask("import", "--source", "evidence", folder / "changed.log").stdout
        # Of another source it is another matter; what is none of ours is refused; a broken one says so.
        assert b"2000 records" in node.ask("import", folder / "lines.log").stdout
        (folder / "binary").write_bytes(bytes(range(256)) * 64)
        (folder / "torn.gz").write_bytes(files["packed.log.gz"][:3000])
        r = node.ask("import", folder / "binary", folder / "torn.gz", folder / "missing")
        assert r.returncode == 1 and b"missing" in r.stderr, r
        # Killed in the middle: main hands the file to the next ingest.
        big = folder / "big.log"
        big.write_bytes(b"".join(line(i) for i in range(9200, 209200)))
        p = subprocess.Popen([PROGRAM, "import", "-c", node.config, "--source", "big", big], stdout=subprocess.PIPE,
                             env=environment())
        for _ in range(3):
            time.sleep(0.3)
            kill(node.pids().get("ingest", 0), node.program)
        out = p.communicate(timeout=120)[0]
        print("#", out)
        assert p.returncode == 0, out
        got = collections.Counter(int(NUMBER.search(x["event.original"])[1]) for x in node.search("source:big"))
        assert set(got) == set(range(9200, 209200)) and max(got.values()) == 1, (len(got), got.most_common(3))
    node.verify()


if __name__ == "__main__":
    run(imports_are_kept_once, journal_entries_are_records, the_journal_waits_for_a_slot, positions_outlive_a_crash,
        local_sockets_bring_lines, lines_of_a_file_are_records, rotations_lose_and_double_nothing,
        links_of_others_lead_to_their_own, headers_stand_before_every_run, kills_lose_and_double_nothing)
