"""Plays main for the node's ingest: starts the real process, hands it sockets, sources, secrets and slots, takes what it
fills, and says 'durable' at once or when asked to. Layouts as in wire/records.h and wire/node_ingest.h."""
import array
import ipaddress
import mmap
import os
import pathlib
import re
import signal
import socket
import struct
import threading
import time

SLOT_BYTES, RING_SLOTS, DEDUP_BYTES = 512 << 10, 32, 64 << 20


def numbers(header: str) -> dict:
    """The enumerators of a header, so that this file follows the contract."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "src/wire" / header).read_text(encoding="utf-8")
    text, out = re.sub(r"/\*.*?\*/", "", text, flags=re.S), {}
    for body in re.findall(r"enum \w+ \{([^}]*)\}", text):
        value = -1
        for word in filter(None, (w.strip() for w in body.split(","))):
            name, _, given = word.partition("=")
            value = int(given, 0) if given.strip().isdigit() else value + 1
            out[name.strip()] = value
    return out


NODE, MESSAGE = numbers("node.h"), numbers("message.h")
NODE_SOURCE, NODE_LISTEN, NODE_SECRET, NODE_BEGIN = (NODE[f"NODE_{w}"] for w in ("SOURCE", "LISTEN", "SECRET", "BEGIN"))
NODE_FILE, STORE_POSITIONS = NODE["NODE_FILE"], NODE["STORE_POSITIONS"]
FILE_MATCHED, FILE_JOURNAL = 1, 4
NODE_SLOT, NODE_DURABLE, NODE_STOP = (NODE[f"NODE_{w}"] for w in ("SLOT", "DURABLE", "STOP"))
NODE_FILLED, NODE_NOTE, INCIDENT, READY = NODE["NODE_FILLED"], NODE["NODE_NOTE"], NODE["DESK_INCIDENT"], MESSAGE["PROCESS_READY"]
UDP, TCP, RELP, BULK, OTLP = range(1, 6)
TLS, MUTUAL, QUARANTINE, TOKEN = 1, 2, 4, 8
TRUNCATED, MALFORMED, DUPLICATE, QUARANTINED, CONVERTED, MULTILINE = (1 << i for i in range(6))
CERTIFICATE, KEY, AUTHORITIES, REVOKED, TOKENS = range(1, 6)
FORMATS = ("unknown evtx json syslog auditd web w3c zeek cef leef kv journal csv text").split()
COUNTERS = ("records bytes batches durable_seq slots_free stalls stall_ns connections accepted refused_full refused_unknown "
            "refused_tls closed_idle closed_framing udp_dropped http_requests http_refused waiting duplicate_window "
            "memory duplicates_forgotten duplicates_known duplicates_room drill_records drill_known drill_held drill_refused "
            "drill_claimed").split()


class Record:
    """One record as it lies in a slot."""
    def __init__(self, seq, data, flags, true_len, source, fmt, peer, received, label=0):
        self.seq, self.data, self.flags, self.true_len = seq, data, flags, true_len
        self.source, self.format, self.peer, self.received, self.label = source, fmt, peer, received, label

    def __repr__(self):
        return f"<{self.seq} {self.source} {self.format} flags={self.flags} {self.data[:80]!r}>"


class Main:
    """One ingest process and what it needs of main."""

    def __init__(self, program, slots=RING_SLOTS, durable=True, keep=True, first_seq=1, landlock=-1):
        self.program, self.n_slots, self.auto, self.keep, self.landlock = program, slots, durable, keep, landlock
        self.ring_fd = os.memfd_create("ring")
        os.ftruncate(self.ring_fd, SLOT_BYTES * RING_SLOTS)
        self.ring = mmap.mmap(self.ring_fd, SLOT_BYTES * RING_SLOTS)
        self.dedup_fd = os.memfd_create("duplicates")
        os.ftruncate(self.dedup_fd, DEDUP_BYTES)
        self.page_fd = os.memfd_create("counters")
        os.ftruncate(self.page_fd, 1 << 20)
        self.page = mmap.mmap(self.page_fd, 1 << 20)
        self.config, self.listeners = [], {}
        self.records, self.notes, self.alerts = [], [], []
        self.count = self.bytes = self.batches = 0
        self.next_seq = self.durable = first_seq
        self.held = []  # slots that wait for durability
        self.positions = {}  # of batches handed over: all are kept, as the store would
        self.pid, self.sock, self.status = 0, None, None
        self.lock = threading.Lock()
        self.thread = None

    # ---- configuration ----

    def source(self, ident, name, nets=(), system="", fmt="unknown", identity="", listen=0, record_max=0, records_s=0,
               silent_s=0, bytes_s=0, flags=0, send=False):
        packed = b""
        for net in nets:
            n = ipaddress.ip_network(net)
            v6 = n.network_address.packed if n.version == 6 else b"\0" * 10 + b"\xff\xff" + n.network_address.packed
            packed += struct.pack("16sB3x", v6, n.prefixlen + (96 if n.version == 4 else 0))
        m = struct.pack("=4I60s60s128s4IQq2I320s", NODE_SOURCE, ident, flags, FORMATS.index(fmt), name.encode(),
                        system.encode(), identity.encode(), listen, record_max, records_s, silent_s, bytes_s, 0,
                        len(nets), 0, packed)
        if send:
            self.say(m)
        else:
            self.config.append((m, None))

    def listen(self, ident, protocol, flags=0, framing=0, max_connections=0, per_peer=0, idle_s=0, request_max=0, name=None,
               host="127.0.0.1", rcvbuf=0):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if protocol == UDP else socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        s.bind((host, 0))
        if protocol != UDP:
            s.listen(4096)
        self.listeners[ident] = s
        m = struct.pack("=8IQ32s", NODE_LISTEN, ident, protocol, flags, framing, max_connections, per_peer, idle_s,
                        request_max, (name or f"listener-{ident}").encode())
        self.config.append((m, s.fileno()))
        return s.getsockname()[1]

    def secret(self, kind, owner, text, send=False):
        fd = os.memfd_create("secret")
        os.write(fd, text)
        m = struct.pack("=4I", NODE_SECRET, kind, owner, len(text))
        if send:
            self.say(m, fd)
        else:
            self.config.append((m, fd))

    # ---- life ----

    def start(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        fds = [theirs.fileno(), self.ring_fd, self.dedup_fd, self.page_fd]
        env = {k: os.environ[k] for k in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if k in os.environ}
        pid = os.fork()
        if pid == 0:
            moved = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
            for i, fd in enumerate(moved):
                os.dup2(fd, 3 + i, inheritable=True)
            os.closerange(7, 4096)
            os.execve(self.program, ["coloa: listen", f"landlock={self.landlock}"], env)
        theirs.close()
        self.pid, self.sock, self.status = pid, ours, None
        self.held.clear()
        for m, fd in self.config:
            self.say(m, fd)
        ready = self.sock.recv(1024)
        assert struct.unpack_from("=I", ready)[0] == READY, ready
        if self.positions:
            packed = b"".join(struct.pack("=2I256s256s", len(k), len(v), k, v) for k, v in self.positions.items())
            fd = os.memfd_create("positions")
            os.write(fd, packed)
            self.say(struct.pack("=3Ii3Q", STORE_POSITIONS, 0, len(self.positions), 0, 0, 0, len(packed)), fd)
            os.close(fd)
        self.say(struct.pack("=2IQ", NODE_BEGIN, 0, self.next_seq))
        for slot in range(self.n_slots):
            self.give_slot(slot)
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()
        return self

    def say(self, m, fd=None):
        anc = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.sock.sendmsg([m], anc)

    def follow(self, source, fd, path, flags=FILE_MATCHED):
        st = os.fstat(fd)
        self.say(struct.pack("=6I3Qq512s", NODE_FILE, source, flags, 0, 0, 0, st.st_dev, st.st_ino, st.st_size, st.st_mtime_ns,
                             str(path).encode()), fd)

    def give_slot(self, slot):
        self.say(struct.pack("=4IQ", NODE_SLOT, slot, 0, 0, 0))

    def make_durable(self):
        """All that was handed over, and its slots are free again."""
        with self.lock:
            self.durable_now()

    def durable_now(self):
        if self.durable != self.next_seq:
            self.durable = self.next_seq
            self.say(struct.pack("=2IQ", NODE_DURABLE, 0, self.durable))
        for slot in self.held:
            self.give_slot(slot)
        self.held.clear()

    def loop(self):
        while True:
            try:
                m = self.sock.recv(2048)
            except OSError:
                m = b""
            if not m:
                break
            with self.lock:
                self.take(m)

    def take(self, m):
        kind = struct.unpack_from("=I", m)[0]
        if kind == NODE_FILLED:
            _, slot, size, n, first = struct.unpack("=4IQ", m)
            assert first == self.next_seq, (first, self.next_seq)
            if self.keep:
                self.records += self.read(slot, size, n)
            self.next_seq += n
            self.count += n
            self.bytes += struct.unpack_from("=I", self.ring, slot * SLOT_BYTES + 32)[0]
            self.batches += 1
            self.held.append(slot)
            if self.auto:
                try:
                    self.durable_now()
                except OSError:
                    pass  # it has gone
        elif kind == NODE_NOTE:
            level, source, text = struct.unpack("=4xI60s160s", m)
            self.notes.append((level, source.split(b"\0")[0].decode(), text.split(b"\0")[0].decode()))
        elif kind == INCIDENT:
            what, _, _, source, text = struct.unpack_from("=4xIQq60s160s", m)
            self.alerts.append((what, source.split(b"\0")[0].decode(), text.split(b"\0")[0].decode()))
        else:
            raise AssertionError(f"unknown message {kind}")

    def read(self, slot, size, n):
        base = slot * SLOT_BYTES
        head = struct.unpack_from("=IHHQqq6I", self.ring, base)
        assert head[0] == 0x43455243 and head[1] == 2, head
        first, payload_len, n_runs, n_records, n_sources = head[3], head[6], head[7], head[8], head[9]
        assert n_records == n
        at = base + 56
        payload = self.ring[at:at + payload_len]
        t = base + ((56 + payload_len + 7) & ~7)
        runs = [struct.unpack_from("=3I2HI2I2H16s", self.ring, t + 48 * i) for i in range(n_runs)]
        t += 48 * n_runs
        table = [struct.unpack_from("=4Iq", self.ring, t + 24 * i) for i in range(n_records)]
        t += 24 * n_records
        names = [struct.unpack_from("=4x60s", self.ring, t + 64 * i)[0].split(b"\0")[0].decode() for i in range(n_sources)]
        t += 64 * n_sources
        for i in range(head[10]):
            klen, vlen, key, value = struct.unpack_from("=2I256s256s", self.ring, t + 520 * i)
            if vlen:
                self.positions[key[:klen]] = value[:vlen]
            else:
                self.positions.pop(key[:klen], None)
        out = []
        for run in runs:
            peer = ipaddress.ip_address(run[10]).ipv4_mapped or ipaddress.ip_address(run[10])
            for i in range(run[0], run[0] + run[1]):
                r = table[i]
                out.append(Record(first + i, payload[r[0]:r[0] + r[1]], r[3], r[2], names[run[2]], FORMATS[run[3]],
                                  f"{peer}:{run[8]}", r[4], run[5]))
        assert len(out) == n_records and size >= 56 + payload_len
        return out

    # ---- for tests ----

    def wait(self, n, seconds=20):
        """Until n records have come in all; returns them. A busy machine has more time than `seconds`."""
        end = time.monotonic() + max(seconds, 60)
        while self.count < n and time.monotonic() < end and self.alive():
            time.sleep(0.005)
        assert self.count >= n, f"{self.count} of {n} records came; alive={self.alive()}; {self.notes[-5:]}"
        return self.records

    def wait_for(self, condition, seconds=20):
        end = time.monotonic() + max(seconds, 60)
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)
        assert condition(), (self.notes[-8:], self.counters())

    def counters(self):
        return dict(zip(COUNTERS, struct.unpack_from(f"={len(COUNTERS)}Q", self.page, 32)))

    def source_counters(self, name):
        words = "received bytes refused limited malformed truncated duplicates quarantined paused_ns last_seen silent".split()
        for i in range(1025):
            at = 32 + 64 * 8 + i * 248
            if self.page[at + 8:at + 68].split(b"\0")[0].decode() == name:
                return dict(zip(words, struct.unpack_from("=11Q", self.page, at + 128)))
        return None

    def alive(self):
        if self.status is None and self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is None

    def stop(self, ask=True):
        """Ends it as main does; its wait status."""
        if not self.pid:
            return self.status
        try:
            if ask and self.alive():
                self.say(struct.pack("=I", NODE_STOP))
                time.sleep(0.05)
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        end = time.monotonic() + 10
        while self.alive() and time.monotonic() < end:
            time.sleep(0.01)
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = "hung"
        self.pid = 0
        if self.thread:
            self.thread.join(5)
        self.sock.close()
        return self.status

    def crash(self):
        os.kill(self.pid, signal.SIGKILL)
        self.wait_for(lambda: not self.alive())
        self.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.sock.close()
        self.pid = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        status = self.stop()
        if kind is None:
            assert status == 0, f"it ended with {status}; {self.notes[-5:]}"
