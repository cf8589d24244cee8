"""The processes seal, store and vault themselves, with this script in main's place: batches in, durable out; killed at any
moment and begun again; what was said to be durable is there once, and `coloa verify` agrees.

Usage: store.py PROGRAM"""
import mmap
import os
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import tap

PROGRAM = sys.argv[1]
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src" / "wire"
SLOT, SLOTS, HALF, HALVES = 512 << 10, 32, 1 << 20, 2
BASE = 1795420800_000000000


def enumerators(path, name):
    """Numbers of an enum, as the compiler counts them."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    body = re.search(r"enum %s \{(.*?)\};" % name, text, re.S).group(1)
    out, value = {}, -1
    for item in body.split(","):
        item = item.strip()
        if not item:
            continue
        key, _, number = (x.strip() for x in item.partition("="))
        value = int(number) if number else value + 1
        out[key] = value
    return out


M = {**enumerators(SOURCE / "message.h", "message_type"), **enumerators(SOURCE / "node.h", "node_message")}
SEAL_MSG, SLOT_MSG, SEQ_MSG, READY_MSG = "<IIIIIiQII", "<IIIIQ", "<IIQ", "<IiQ160s"
READ_MSG, FRAMES_MSG, STATE_MSG = "<IIQQQqqII16I", "<IIIiQQQ", "<IIi160s"


def batch(first, lines, positions=()):
    """A batch of records as ingest makes it (wire/records.h)."""
    payload, records = bytearray(), bytearray()
    for line in lines:
        records += struct.pack("<IIIIq", len(payload), len(line), len(line), 0, BASE + first)
        payload += line + b"\n"
    head = struct.pack("<IHHQqqIIIIII", 0x43455243, 2, 1, first, BASE + first, BASE + first, len(payload), 1 if lines else 0,
                       len(lines), 1 if lines else 0, len(positions), 0)
    out = bytearray(head + payload)
    out += bytes(-len(out) % 8)
    if lines:
        out += struct.pack("<IIIHHIIIHH16s", 0, len(lines), 0, 2, 0, 0, 0, len(payload), 0, 0, bytes(16))
        out += records
        out += struct.pack("<I60s", 1, b"test")
    for key, value in positions:
        out += struct.pack("<II256s256s", len(key), len(value), key, value)
    return bytes(out) + bytes(256)


def ok(truth, what):
    assert truth, what


class Child:
    def __init__(self, name, fds=(), args=()):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        passed = [theirs.fileno(), *fds]
        # First out of the way, so that no target number is still a source.
        high = [os.dup2(fd, 100 + i, inheritable=True) for i, fd in enumerate(passed)]

        def place():
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i, inheritable=True)

        self.process = subprocess.Popen([f"coloa: {name}", *args], executable=PROGRAM, preexec_fn=place,
                                        close_fds=True, pass_fds=list(range(3, 3 + len(high))) + high,
                                        env={k: v for k, v in os.environ.items() if k == "ASAN_OPTIONS"})
        for fd in high:
            os.close(fd)
        theirs.close()
        self.sock = ours
        ours.settimeout(60)

    def send(self, data, *fds):
        socket.send_fds(self.sock, [data], list(fds))

    def receive(self):
        data, fds, _, _ = socket.recv_fds(self.sock, 4096, 4)
        return data, fds

    def end(self, sig=None):
        if sig:
            self.process.send_signal(sig)
        self.sock.close()
        return self.process.wait(30)


class Node:
    """Main's part, in the order that data flows."""

    def __init__(self, directory, seals=1):
        self.directory, self.seals = directory, seals
        self.ring = os.memfd_create("ring")
        os.ftruncate(self.ring, SLOT * SLOTS)
        self.memory = mmap.mmap(self.ring, SLOT * SLOTS)
        self.outputs = [os.memfd_create(f"out{i}") for i in range(seals)]
        for fd in self.outputs:
            os.ftruncate(fd, HALF * HALVES)
        self.key = os.open(directory / "key", os.O_RDWR | os.O_CREAT, 0o600)
        self.seal = [Child("seal", [self.ring, self.outputs[i]]) for i in range(seals)]
        for s in self.seal:
            assert struct.unpack("<II", s.receive()[0])[0] == M["PROCESS_READY"]
        self.start_store()

    def start_store(self):
        os.lseek(self.key, 0, os.SEEK_SET)
        (self.directory / "events").mkdir(exist_ok=True)
        self.vault = Child("vault", [self.key])
        assert struct.unpack("<II", self.vault.receive()[0])[0] == M["PROCESS_READY"]
        self.store = Child("store", [], [f"directory={self.directory / 'events'}", "retention=0:0"])
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        plain = struct.pack("<II", M["NODE_PEER"], 0)
        self.vault.send(plain, a.fileno())
        self.store.send(plain, b.fileno())
        a.close()
        b.close()
        data, _ = self.store.receive()
        kind, error, self.durable, what = struct.unpack(READY_MSG, data[:struct.calcsize(READY_MSG)])
        assert kind == M["STORE_READY"] and error == 0, (error, what)
        for i, fd in enumerate(self.outputs):
            self.store.send(struct.pack(SLOT_MSG, M["STORE_OUTPUT"], i, 0, 0, 0), fd)

    def fill(self, slot, data):
        self.memory[slot * SLOT:slot * SLOT + len(data)] = data

    def pack(self, slot, half, first, n, seal=0):
        """Seals a slot; the message for the store."""
        s = self.seal[seal]
        s.send(struct.pack(SEAL_MSG, M["NODE_SEAL"], slot, seal, half, 0, 0, first, n, 0))
        m = list(struct.unpack(SEAL_MSG, s.receive()[0]))
        assert m[0] == M["NODE_SEALED"] and m[5] == 0, m
        m[0] = M["STORE_COMMIT"]
        return struct.pack(SEAL_MSG, *m)

    def put(self, first, lines, positions=(), slot=0, half=0):
        self.fill(slot, batch(first, lines, positions))
        self.store.send(self.pack(slot, half, first, len(lines)))

    def until(self, kind):
        """Messages up to the first of this kind; DURABLE is noted."""
        while True:
            data, fds = self.store.receive()
            if not data:
                raise EOFError
            k = struct.unpack("<I", data[:4])[0]
            if k == M["STORE_DURABLE"]:
                self.durable = struct.unpack(SEQ_MSG, data)[2]
            if k == M[kind]:
                return data, fds

    def wait_durable(self, seq):
        while self.durable < seq:
            self.until("STORE_DURABLE")

    def stop(self):
        return [self.store.end(), self.vault.end(), *[s.end() for s in self.seal]]


def verify(directory, *options):
    return subprocess.run([PROGRAM, "verify", *options, directory], capture_output=True, text=True, check=False)


def lines(first, n, size=300):
    return [b"event %d " % (first + i) + b"x%08x " % (hash((first, i)) & 0xFFFFFFFF) * (size // 10) for i in range(n)]


def whole_life(directory):
    n = Node(directory)
    seq = 1
    for i in range(30):
        n.put(seq, lines(seq, 100), [(b"file:1:2", b"%d" % (seq + 100))], slot=i % SLOTS, half=i % 2)
        seq += 100
        n.until("STORE_TAKEN")
    n.wait_durable(seq)
    ok(n.durable == seq, "what was given becomes durable")
    n.store.send(struct.pack("<II", M["STORE_POSITIONS"], 0))
    data, fds = n.until("STORE_POSITIONS")
    count = struct.unpack(FRAMES_MSG, data)[2]
    text = os.pread(fds[0], 4096, 0)
    ok(count == 1 and b"file:1:2" in text and b"%d" % seq in text, "positions are those of the last batch")
    n.store.send(struct.pack(READ_MSG, M["STORE_READ"], 7, 150, 260, 1 << 20, 0, 0, 0, 0, *[0] * 16))
    data, fds = n.until("STORE_FRAMES")
    m = struct.unpack(FRAMES_MSG, data)
    ok(m[1] == 7 and m[3] == 0 and m[4] <= 150 and m[5] >= 260 and m[2] >= 1 and fds, f"frames are read while it runs {m}")
    ok(n.stop() == [0, 0, 0], "all processes end well")
    v = verify(directory / "events")
    ok(v.returncode == 0 and "3000" in v.stdout, f"verify agrees {v.stdout} {v.stderr}")
    seed = (directory / "key").read_bytes()
    ok(len(seed) == 32, "the vault made its key")


def kills(directory, rounds):
    rnd = random.Random(7)
    n = Node(directory)
    seq, acked, restarts = 1, 1, 0
    for _ in range(rounds):
        try:
            for i in range(rnd.randrange(40)):
                n.put(seq, lines(seq, 50, rnd.choice((100, 5000))), slot=i % SLOTS, half=i % 2)
                n.until("STORE_TAKEN")
                seq += 50
            if rnd.random() < 0.5:
                time.sleep(rnd.random() * 0.05)
        except (EOFError, OSError):
            pass
        n.store.process.kill()
        while True:  # what it said before it died counts
            try:
                data, _ = n.store.receive()
            except OSError:
                break
            if not data:
                break
            if struct.unpack("<I", data[:4])[0] == M["STORE_DURABLE"]:
                n.durable = struct.unpack(SEQ_MSG, data)[2]
        acked = max(acked, n.durable)
        n.store.end()
        n.vault.end()
        n.start_store()
        restarts += 1
        if n.durable < acked:
            break
        seq = n.durable
    ok(n.durable >= acked and restarts == rounds, f"{restarts} kills: all that was durable is there ({acked} of {n.durable})")
    n.stop()
    v = verify(directory / "events")
    ok(v.returncode == 0, f"the chain is valid after kills {v.stdout} {v.stderr}")


def second_node(directory):
    n = Node(directory)
    other = Child("store", [], [f"directory={directory / 'events'}"])
    data, _ = other.receive()
    _, error, _, what = struct.unpack(READY_MSG, data[:struct.calcsize(READY_MSG)])
    ok(error == -16 and b"another node" in what, "a second node is refused and told why")
    other.end()
    n.stop()


def verify_says_where(directory):
    n = Node(directory)
    seq = 1
    for i in range(40):
        n.put(seq, lines(seq, 100, 4000), slot=i % SLOTS, half=i % 2)
        seq += 100
        n.until("STORE_TAKEN")
    n.wait_durable(seq)
    n.stop()
    events = directory / "events"
    v = verify(events)
    key = re.search(r"signed by: ([0-9a-f]{64})", v.stdout).group(1)
    ok(v.returncode == 0 and "0 after it" in v.stdout, v.stdout)
    (directory / "pub").write_text(key + "\n")
    ok(verify(events, "--key", str(directory / "pub")).returncode == 0, "by the key in a file")
    ok(verify(events, "--day", "2026-11-23", "--lang", "vi").returncode == 0, "one day")
    wrong = verify(events, "--key", "ab" * 32)
    ok(wrong.returncode == 1 and "another key" in wrong.stdout, wrong.stdout)
    day = events / "events-2026-11-23.db"
    alone = directory / "alone" / day.name
    alone.parent.mkdir()
    alone.write_bytes(day.read_bytes())
    v = verify(alone, "--key", key)
    ok(v.returncode == 0 and "records: 4000" in v.stdout, v.stdout + v.stderr)
    good = day.read_bytes()
    at = good.rindex(b"\x28\xb5\x2f\xfd")  # inside the last frame in the file
    bad = bytearray(good)
    bad[at + 60] ^= 4
    day.write_bytes(bad)
    v = verify(events)
    ok(v.returncode == 1 and re.search(r"BROKEN events-2026-11-23.db block \d records \d+-\d+: its frames", v.stdout), v.stdout)
    day.write_bytes(good)
    subprocess.run([sys.executable, "-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('DELETE FROM blocks "
                          "WHERE number=2'); d.commit()", str(day)], check=True)
    v = verify(events)
    ok(v.returncode == 1 and "block 3" in v.stdout and "missing before" in v.stdout, v.stdout)
    day.write_bytes(good)
    subprocess.run([sys.executable, "-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('UPDATE filters SET "
                    "filter=zeroblob(64) WHERE number=1'); d.commit()", str(day)], check=True)
    v = verify(events)
    ok(v.returncode == 1 and "block 1" in v.stdout and "filter" in v.stdout, v.stdout)
    day.write_bytes(b"not a database" * 100)
    v = verify(events)
    ok(v.returncode == 1 and "cannot be read" in v.stdout, v.stdout)
    day.unlink()
    v = verify(events)
    ok(v.returncode == 1 and "missing at the end" in v.stdout, v.stdout)


def lying_seal(directory):
    n = Node(directory)
    n.fill(0, batch(1, lines(1, 10)))
    message = n.pack(0, 0, 1, 10)
    out = mmap.mmap(n.outputs[0], HALF * HALVES)
    out[0:4] = struct.pack("<I", 0xFFFF)
    n.store.send(message)
    ok(n.store.process.wait(30) != 0, "what does not fit is not taken")
    n.vault.end()
    n.start_store()
    ok(n.durable == 1, "and nothing of it is there")
    n.fill(0, b"\xff" * 4096)
    n.seal[0].send(struct.pack(SEAL_MSG, M["NODE_SEAL"], 0, 0, 0, 0, 0, 1, 10, 0))
    m = struct.unpack(SEAL_MSG, n.seal[0].receive()[0])
    ok(m[0] == M["NODE_SEALED"] and m[5] < 0, "a slot without a batch is refused by the seal")
    n.stop()


def all_kills(folder):
    kills(folder, int(os.environ.get("COLOA_KILLS", "25")))


tap.run(whole_life, verify_says_where, second_node, lying_seal, all_kills)
