"""Two thousand senders at once: 500 of them slow, 100 hostile (lines without an end, what is no TLS or stays silent in it, octet
counts that are wrong, gzip that unpacks to gigabytes). Every record of the others is there once and nobody waits long; what the
hostile ones get and what the operator reads of them; memory stays bounded and is shown."""
import asyncio
import contextlib
import gzip
import os
import pathlib
import re
import resource
import ssl
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
# pylint: disable=wrong-import-position
from node_world import Node
from senders import certificates
from tap import PROGRAM, Skip, run

GOOD, SLOW, HOSTILE, EACH = 1400, 500, 100, 20
NUMBER = re.compile(r"sender=(\w+) number=(\d+)\b")
SECONDS = 120


def enough_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 6000:
        raise Skip(f"only {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 6000), hard))


class Memory(threading.Thread):
    """Looks at what the node's processes take, PSS, as long as it runs."""
    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.pids, self.most, self.held, self.connections, self.end = node, node.pids(), 0, 0, 0, False
        self.first = self.now()

    def now(self):
        total = 0
        for pid in [self.node.process.pid, *self.pids.values()]:
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])
        return total >> 10

    def run(self):
        while not self.end:
            self.most = max(self.most, self.now())
            counters = self.node.status().get("counters", {})
            self.held = max(self.held, counters.get("memory_bytes", 0))
            self.connections = max(self.connections, counters.get("connections", 0))
            time.sleep(0.3)


class World:
    def __init__(self, node, folder):
        self.node, self.folder, self.worst, self.got = node, folder, 0.0, {}
        self.tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        self.over = asyncio.Event()

    async def open(self, listener, network, i, **more):
        for attempt in range(5):
            try:
                return await asyncio.wait_for(asyncio.open_connection(
                    "127.0.0.1", self.node.port[listener], local_addr=(f"127.{network}.{i // 200}.{i % 200 + 1}", 0), **more), 60)
            except (TimeoutError, ConnectionRefusedError, asyncio.TimeoutError):
                if attempt == 4:
                    raise
        return None

    def saw(self, kind, what):
        self.got.setdefault(kind, {}).setdefault(what, 0)
        self.got[kind][what] += 1

    def took(self, begin):
        self.worst = max(self.worst, time.monotonic() - begin)

    # ---- good ones ----

    async def good_lines(self, i, network=1, pause=0.2, piece=None):
        _, writer = await self.open("tcp", network, i)
        word = f"{'good' if network == 1 else 'slow'}tcp{i}"
        for k in range(EACH if piece is None else 2):
            line = b"<13>app: sender=%s number=%d\n" % (word.encode(), k)
            if piece is None:
                writer.write(line)
            else:
                for at in range(0, len(line), piece):
                    writer.write(line[at:at + piece])
                    await asyncio.sleep(pause)
            await writer.drain()
            await asyncio.sleep(pause)
        writer.close()

    async def good_relp(self, i, network=1, pause=0.2, each=EACH):
        reader, writer = await self.open("relp", network, i)
        word = f"{'good' if network == 1 else 'slow'}relp{i}"
        writer.write(b"1 open 49 relp_version=0\nrelp_software=test\ncommands=syslog\n")
        await reader.readuntil(b"syslog\n")
        for k in range(each):
            record = b"<13>app: sender=%s number=%d" % (word.encode(), k)
            begin = time.monotonic()
            writer.write(b"%d syslog %d %s\n" % (k + 2, len(record), record))
            answer = await asyncio.wait_for(reader.readuntil(b"\n"), SECONDS)
            assert answer.startswith(b"%d rsp " % (k + 2)) and b" 200 " in answer, answer
            if network == 1:
                self.took(begin)
            await asyncio.sleep(pause)
        writer.close()

    async def good_bulk(self, i):
        reader, writer = await self.open("bulk", 1, i)
        for k in range(EACH):
            body = b'{"create":{}}\n{"message":"sender=goodbulk%d number=%d"}\n' % (i, k)
            begin = time.monotonic()
            writer.write(b"POST /_bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s"
                         % (len(body), body))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
            answer = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), SECONDS)  # in pieces
            assert head.startswith(b"HTTP/1.1 200") and b'"errors":false' in answer, (head, answer)
            self.took(begin)
            await asyncio.sleep(0.2)
        writer.close()

    # ---- slow ones ----

    async def slow_http(self, i):
        """A request, byte by byte."""
        reader, writer = await self.open("bulk", 2, i)
        body = b'{"create":{}}\n{"message":"sender=slowbulk%d number=0"}\n' % i
        for at in b"POST /_bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s" % (
                len(body), body):
            writer.write(bytes([at]))
            await asyncio.sleep(0.05)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), SECONDS)).startswith(b"HTTP/1.1 200")
        writer.close()

    async def slow_reader(self, i):
        """Sends RELP and never reads an answer."""
        _, writer = await self.open("relp", 2, i, limit=1)
        writer.transport.pause_reading()
        writer.write(b"1 open 49 relp_version=0\nrelp_software=test\ncommands=syslog\n")
        for k in range(EACH):
            record = b"<13>app: sender=slowreader%d number=%d" % (i, k)
            writer.write(b"%d syslog %d %s\n" % (k + 2, len(record), record))
            await asyncio.sleep(0.3)
        await self.over.wait()
        writer.transport.abort()

    # ---- hostile ones ----

    async def endless_line(self, i):
        _, writer = await self.open("tcp", 3, i)
        writer.write(b"<13>endless")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while not self.over.is_set():
                writer.write(b"x" * 65536)
                await writer.drain()
                sent += 65536
                await asyncio.sleep(0.02)
        self.saw("endless", "still there" if not writer.is_closing() else "closed")
        writer.transport.abort()

    async def broken_tls(self, i):
        reader, writer = await self.open("tls", 3, i)
        if i % 2:
            writer.write(os.urandom(3000))
        self.saw("tls", "closed" if await closed(reader) else "open")
        writer.close()

    async def tls_of_nobody(self, i):
        """A good handshake, without the certificate that is asked for."""
        what = "open"
        try:
            reader, writer = await self.open("tls", 3, i, ssl=self.tls, server_hostname="localhost")
            if await closed(reader):
                what = "closed"
            writer.close()
        except OSError:
            what = "closed"
        self.saw("nobody", what)

    async def bad_count(self, i):
        reader, writer = await self.open("tcp", 3, i)
        writer.write(b"21 <13>app: one whole on99999999999999999999 <13>")
        self.saw("count", "closed" if await closed(reader) else "open")
        writer.close()

    async def bad_relp(self, i):
        reader, writer = await self.open("relp", 3, i)
        writer.write(b"1 open 49 relp_version=0\nrelp_software=test\ncommands=syslog\n2 syslog 99999999999 ")
        got = b""
        with contextlib.suppress(ConnectionError):
            got = await asyncio.wait_for(reader.read(), SECONDS)
        self.saw("relp", "500" if b" 500 " in got else "closed")
        writer.close()

    async def bomb(self, i, body):
        reader, writer = await self.open("bulk", 3, i)
        writer.write(b"POST /_bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        status = "closed"
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            status = (await asyncio.wait_for(reader.readuntil(b"\r\n"), SECONDS)).split()[1].decode()
        self.saw("bomb", status)
        writer.close()


async def closed(reader):
    """Whether the other side ends it."""
    try:
        while await asyncio.wait_for(reader.read(4096), SECONDS):
            pass
    except ConnectionError:
        pass
    except (TimeoutError, asyncio.TimeoutError):
        return False
    return True


def bombs():
    """Gigabytes in a megabyte: one document without an end, and small documents without an end."""
    packer = gzip.compress(b"\0" * (256 << 20), 9)
    lines = gzip.compress(b'{"create":{}}\n{"message":"bomb"}\n' * 1000, 9)
    return [gzip.compress(b'{"create":{}}\n{"a":"', 1) + packer * 8, lines * 4000]


async def everybody(world):
    begin = time.monotonic()
    bodies = bombs()
    hostile = [getattr(world, name)(i * 8 + k) for k, name in enumerate(
        ("endless_line", "broken_tls", "tls_of_nobody", "bad_count", "bad_relp")) for i in range(HOSTILE // 6 + (k < 4))]
    hostile += [world.bomb(700 + i, bodies[i % 2]) for i in range(HOSTILE - len(hostile))]
    good = [world.good_lines(i) for i in range(1000)] + [world.good_relp(i) for i in range(200)]
    good += [world.good_bulk(i) for i in range(200)]
    slow = [world.good_lines(i, 2, 0.15, 1) for i in range(200)] + [world.good_relp(i, 2, 1.0, 5) for i in range(100)]
    slow += [world.slow_http(i) for i in range(150)]
    assert len(good) == GOOD and len(hostile) == HOSTILE, (len(good), len(hostile))
    readers = [asyncio.ensure_future(world.slow_reader(i)) for i in range(SLOW - len(slow))]
    attackers = [asyncio.ensure_future(h) for h in hostile]
    laggards = [asyncio.ensure_future(s) for s in slow]
    await asyncio.gather(*good)
    took = time.monotonic() - begin
    await asyncio.gather(*laggards)
    world.over.set()
    await asyncio.gather(*attackers, *readers)
    return took


def two_thousand_at_once(folder):
    enough_descriptors()
    certificates(folder)
    sanitized = b"__asan_" in open(PROGRAM, "rb").read()
    node = Node(folder, listeners={"tcp": "syslog-tcp", "relp": "relp", "bulk": "bulk", "tls": "syslog-tcp"},
                more={"tls": "tls: true, mutual: true", "bulk": f"request-max: {4 if sanitized else 20}M"},
                sources=["{name: good, from: ['127.1.0.0/16']}", "{name: slow, from: ['127.2.0.0/16']}",
                         "{name: hostile, from: ['127.3.0.0/16']}"],
                head=f"tls: {{certificate: '{folder}/node.pem', key: '{folder}/node.key', authorities: '{folder}/ca.pem'}}")
    with node:
        before = node.pids()
        memory = Memory(node)
        memory.start()
        world = World(node, folder)

        async def all_of_it():
            world.over = asyncio.Event()
            return await everybody(world)
        took = asyncio.run(all_of_it())
        wanted = GOOD * EACH + 200 * 2 + 100 * 5 + 150 + (SLOW - 450) * EACH
        rows = {}

        def look():
            rows.clear()
            for row in node.search("sender"):
                m = NUMBER.search(row["event.original"])
                rows.setdefault(m[1], []).append(int(m[2]))
            return sum(map(len, rows.values())) >= wanted
        node.wait_for(look, 60, f"for {wanted} records")
        memory.end = True
        memory.join()
        print(f"# {GOOD} good senders done in {took:.1f} s, the slowest answer {world.worst:.2f} s; at most {memory.connections} "
              "connections of streams")
        print(f"# PSS {memory.first} MB before, at most {memory.most} MB; held for connections at most {memory.held >> 10} KiB")
        print(f"# what hostile ones got: {world.got}")
        for name, numbers in rows.items():
            assert sorted(numbers) == list(range(len(numbers))), (name, numbers)
        assert sum(map(len, rows.values())) == wanted and len(rows) == GOOD + SLOW, (len(rows), wanted)
        assert world.worst < (60 if sanitized else 10), world.worst
        assert memory.held < 96 << 20
        assert memory.most - memory.first < (600 if sanitized else 120), (memory.first, memory.most)
        assert world.got["tls"] == {"closed": 17} and world.got["nobody"] == {"closed": 17}, world.got
        assert world.got["count"] == {"closed": 17}, world.got
        assert set(world.got["relp"]) <= {"500", "closed"} and "500" in world.got["relp"], world.got
        assert set(world.got["bomb"]) <= {"413", "429", "closed"} and "413" in world.got["bomb"], world.got
        assert node.pids() == before and all(p["restarts"] == 0 for p in node.status()["processes"])
        counters, sources = node.status()["counters"], {s["name"]: s for s in node.status()["sources"]}
        print("#", {k: counters[k] for k in ("accepted", "refused_tls", "closed_framing", "closed_idle", "http_refused")},
              {n: {k: v for k, v in s.items() if isinstance(v, int) and v and k != "last_seen_ns"} for n, s in sources.items()})
        assert counters["refused_tls"] >= 17 and counters["closed_framing"] >= 17 and counters["http_refused"] >= 10, counters
        assert sources["good"]["received"] == GOOD * EACH and sources["good"]["refused"] == 0, sources["good"]
        assert sources["hostile"]["truncated"] >= 17, sources["hostile"]
        node.wait_for(lambda: re.search(r"source=hostile .*count=\d", node.said()), 30)
    told = [line for line in node.said().splitlines() if "reason=" in line]
    print(f"# {len(told)} lines for the operator, such as:")
    for reason in ("octet count", "request is too large", "handshake", "peers=many count="):
        line = next((t for t in told if reason in t), None)
        print("#", line)
        assert line, reason
    assert len(told) < 200
    assert not any("source=good" in t for t in told), [t for t in told if "source=good" in t]
    node.verify()


if __name__ == "__main__":
    run(two_thousand_at_once)
