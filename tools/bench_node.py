"""Speed, latency, size and memory of a node (`./dev bench --only node`), one row per line of the node's table of bars.

A node runs as an agency would run it: all SigmaHQ rules, durable before it says so, its own processes on all processors; the
sender (test/bench/replay.c) runs on the same ones. The stream is json/otrf with each record's "@timestamp" made that of sending,
so that no record is the same twice. Ratios are to programs measured in the same run.
"""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

MARKER = """
title: A marker of the bench
id: 11111111-2222-4333-8444-555555555599
status: test
description: What the bench sends to see when it becomes an alert.
author: bench
date: 2026-11-23
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\\\coloa-bench-marker.exe'
  condition: selection
level: high
"""
MANY_KEYS = """
title: A failed logon
id: 11111111-2222-4333-8444-555555555601
name: bench_failed_logon
status: test
description: What the correlation counts.
author: bench
date: 2026-11-23
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625}
  condition: selection
level: low
---
title: Many failed logons of one account
id: 11111111-2222-4333-8444-555555555602
status: test
description: Grouped by what an attacker may invent without end.
author: bench
date: 2026-11-23
correlation:
  type: event_count
  rules: [bench_failed_logon]
  group-by: [TargetUserName]
  timespan: 1h
  condition: {gte: 3}
level: high
"""
NAMES = ["node_ingest", "node_http", "node_latency", "node_size", "node_search", "node_memory", "node_keys"]


def free_port() -> int:
    while True:
        port = random.randrange(10000, 32000)
        with contextlib.suppress(OSError), socket.socket() as s:
            s.bind(("127.0.0.1", port))
            return port


def pss_of(pid) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return next((int(line.split()[1]) for line in f if line.startswith("Pss:")), 0)
    return 0


def cpu_of(pid) -> float:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        part = f.read().rsplit(")", 1)[1].split()
        return (int(part[11]) + int(part[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


class Node:
    def __init__(self, program, folder, rules, placeholders=None, prefix=(), head="", search_prefix=()):
        self.program, self.folder, self.prefix, self.search_prefix = program, folder, list(prefix), list(search_prefix)
        self.tcp, self.bulk = free_port(), free_port()
        self.config, self.log, self.events = folder / "coloa.yaml", folder / "node.log", folder / "data" / "events"
        folder.mkdir()
        listed = ", ".join(f"'{r}'" for r in rules)
        self.config.write_text(
            f"directory: {folder}/data\ncontrol: {folder}/control\nmetrics: none\nconsole: none\nrules: [{listed}]\n"
            + (f"placeholders: ['{placeholders}']\n" if placeholders else "") + head + "listen:\n"
            f"  - {{name: tcp, protocol: syslog-tcp, address: '127.0.0.1:{self.tcp}'}}\n"
            f"  - {{name: bulk, protocol: bulk, address: '127.0.0.1:{self.bulk}'}}\n"
            "sources:\n  - {name: here, from: ['127.0.0.0/8']}\n", encoding="utf-8")

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*self.prefix, str(self.program), "serve", "-c", str(self.config)], stdout=log, stderr=log)
        end = time.monotonic() + 60
        while b"the node is up" not in self.log.read_bytes():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("bench: the node did not start:\n" + self.log.read_text(errors="replace")[-2000:])
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def status(self) -> dict:
        r = subprocess.run([str(self.program), "status", "-c", str(self.config), "--json"], capture_output=True, check=False)
        return json.loads(r.stdout) if r.stdout else {}

    def pids(self) -> list:
        return [p["pid"] for p in self.status().get("processes", ()) if p["pid"] > 0] + [self.process.pid]

    def wait(self, key, at_least, seconds=120) -> dict:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            s = self.status()
            if s.get(key, 0) >= at_least:
                return s
            time.sleep(0.01)
        sys.exit(f"bench: waited in vain for {key} {at_least}: {s}")

    def search(self, *args):
        """Seconds, and what --stats said."""
        start = time.monotonic()
        r = subprocess.run([*self.search_prefix, str(self.program), "search", "--directory", str(self.folder / "data"), "--stats", *args],
                           capture_output=True, check=False)
        if r.returncode not in (0, 1):
            sys.exit(f"bench: search failed: {r.stderr.decode(errors='replace')}")
        return time.monotonic() - start, r.stdout, r.stderr.decode(errors="replace")


class NodeBench:
    def __init__(self, bench, program, active):
        self.b, self.program, self.prefix = bench, pathlib.Path(program), bench.prefix
        self.rules = [bench.rules_root / name for name in active]
        default = self.program.resolve().parent.parent / "test" / "bench" / "replay"
        beside = self.program.resolve().parent / "test" / "bench" / "replay"
        self.replay = os.environ.get("COLOA_REPLAY") or str(beside if beside.exists() else default)
        self.quick = bench.o.quick
        self.rounds = 1 if self.quick else 3
        self.stream, self.n_nodes = bench.tmp / "otrf.json", 0

    def node(self, *more, only=None, head="", measured=True) -> Node:
        self.n_nodes += 1
        rules = only if only is not None else [*self.rules, *more]
        return Node(self.program, self.b.tmp / f"node-{self.n_nodes}", rules, self.b.placeholders,
                    self.prefix if measured else (), head, self.prefix)

    def make_stream(self) -> pathlib.Path:
        if not self.stream.exists():
            with open(self.stream, "wb") as to:
                for path in self.b.otrf():
                    data = path.read_bytes()
                    to.write(data if data.endswith(b"\n") else data + b"\n")
        return self.stream

    def send(self, protocol, port, *options, path=None, measured=True) -> dict:
        r = subprocess.run([*(self.prefix if measured else ()), self.replay, protocol, str(port), str(path or self.make_stream()), *map(str, options)],
                           capture_output=True, text=True, check=False)
        if r.returncode != 0:
            sys.exit(f"bench: the sender failed: {r.stderr}{r.stdout}")
        return {k: float(v) for k, v in re.findall(r"(\w+)=([0-9.]+)", r.stdout)}

    def shown(self, values, form="{:,.0f}") -> str:
        v = sorted(values)
        return f"{form.format(statistics.median(v))} ({form.format(v[0])}–{form.format(v[-1])})"

    # ---- ingest ----

    def ingest_once(self, protocol, *options) -> dict:
        """From the first byte sent until all is durable, and until all is judged."""
        with self.node() as n:
            before = {p: cpu_of(p) for p in n.pids()}
            ended = time.monotonic()
            sent = self.send(protocol, n.tcp if protocol == "tcp" else n.bulk, *options)
            ended = time.monotonic()
            n.wait("durable", sent["events"] + 1)
            durable = sent["seconds"] + time.monotonic() - ended
            s = n.wait("judged", sent["events"] + 1)
            judged = sent["seconds"] + time.monotonic() - ended
            used = sum(cpu_of(p) - t for p, t in before.items())
        shutil.rmtree(n.folder)
        return {"durable": sent["events"] / durable, "judged": sent["events"] / judged, "mb": sent["bytes"] / durable / 1e6,
                "cpu": used / sent["events"] * 1e6, "sender": sent["cpu"] / sent["events"] * 1e6, "later": s["later"]}

    def rsyslog_once(self, passes):
        """The same bytes over TCP to rsyslog, which writes them to a file and syncs it after each batch of its queue."""
        root = os.environ.get("COLOA_SENDERS")
        program = pathlib.Path(root or "/nowhere", "usr/sbin/rsyslogd")
        if not program.exists():
            return None
        at, port = self.b.tmp / "rsyslog", free_port()
        at.mkdir(exist_ok=True)
        out = at / "out.log"
        lib = pathlib.Path(root, "usr/lib/x86_64-linux-gnu")
        (at / "rsyslog.conf").write_text(
            f'global(workDirectory="{at}" maxMessageSize="256k" parser.escapeControlCharactersOnReceive="off")\n'
            'module(load="imtcp")\n'
            f'input(type="imtcp" port="{port}" address="127.0.0.1" framing.delimiter.additional="-1")\n'.replace(
                ' framing.delimiter.additional="-1"', "")
            + 'template(name="raw" type="string" string="%rawmsg%\\n")\n'
            'main_queue(queue.type="LinkedList" queue.size="100000" queue.dequeueBatchSize="1700")\n'
            f'action(type="omfile" file="{out}" template="raw" sync="on" flushOnTXEnd="on" ioBufferSize="4m")\n', encoding="utf-8")
        env = {**os.environ, "LD_LIBRARY_PATH": f"{lib}:{root}/lib/x86_64-linux-gnu"}
        with open(at / "log", "wb") as log:
            p = subprocess.Popen([*self.prefix, str(program), "-n", "-f", str(at / "rsyslog.conf"), "-i", str(at / "pid"),
                                  "-M", str(lib / "rsyslog")], env=env, stdout=log, stderr=log)
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            before, start = cpu_of(p.pid), time.monotonic()
            sent = self.send("tcp", port, f"passes={passes}", "fresh=1")
            load = time.monotonic() - start - sent["seconds"]
            end = time.monotonic() + 120
            while (not out.exists() or out.stat().st_size < sent["bytes"]) and time.monotonic() < end:
                time.sleep(0.01)
            took = time.monotonic() - start - load
            if out.stat().st_size < sent["bytes"]:
                sys.exit(f"bench: rsyslog wrote {out.stat().st_size} of {sent['bytes']:.0f} bytes\n" + (at / "log").read_text()[-1500:])
            return {"durable": sent["events"] / took, "cpu": (cpu_of(p.pid) - before) / sent["events"] * 1e6}
        finally:
            p.terminate()
            p.wait(30)
            shutil.rmtree(at)

    def node_ingest(self):
        passes = 2 if self.quick else 5
        ours, theirs = [], []
        for _ in range(self.rounds):
            ours.append(self.ingest_once("tcp", f"passes={passes}", "fresh=1"))
            theirs.append(self.rsyslog_once(2 if self.quick else 3))
        self.b.row("node: events/s durable over TCP, all rules judged", self.shown([x["durable"] for x in ours]), "≥ 150,000, aim 250,000",
                   f"{statistics.median(x['mb'] for x in ours):,.0f} MB/s; judged {self.shown([x['judged'] for x in ours])}; "
                   f"{statistics.median(x['cpu'] for x in ours):.1f} µs of processor an event, sender "
                   f"{statistics.median(x['sender'] for x in ours):.1f}; put off {max(x['later'] for x in ours):,.0f}")
        if None in theirs:
            self.b.row("node: ratio to rsyslog", "not installed")
            return
        self.b.row("node: ratio to rsyslog writing the same with sync", self.ratio(ours, theirs), "",
                   f"rsyslog {self.shown([x['durable'] for x in theirs])} events/s, "
                   f"{statistics.median(x['cpu'] for x in theirs):.1f} µs an event")

    @staticmethod
    def ratio(ours, theirs) -> str:
        return f"{statistics.median(x['durable'] for x in ours) / statistics.median(x['durable'] for x in theirs):.2f} ×"

    def node_http(self):
        """A few senders with large requests wait mostly for durability, more of them keep the node busy."""
        for connections, batch, bar in ((8, 1000, "≥ 60,000"), (32, 200, "")):
            got = [self.ingest_once("http", f"passes={1 if self.quick else 2}", "fresh=1", f"batch={batch}", f"connections={connections}")
                   for _ in range(self.rounds)]
            self.b.row(f"node: events/s durable over HTTP bulk, {connections} connections", self.shown([x["durable"] for x in got]), bar,
                       f"{batch:,} a request, each answered when durable; {statistics.median(x['cpu'] for x in got):.1f} µs an event")

    # ---- receive to alert ----

    def watch(self, state, seen, stop):
        """When each host's alert row could be read by another process: it was committed then."""
        db, last = None, 0
        while not stop.is_set():
            with contextlib.suppress(sqlite3.Error):
                db = db or sqlite3.connect(f"file:{state}?mode=ro", uri=True, timeout=1)
                for number, host in db.execute("SELECT id, host FROM alert WHERE id>? ORDER BY id", (last,)):
                    seen.setdefault(host, time.time_ns())
                    last = number
            time.sleep(0.003)

    def node_latency(self):
        rule = self.b.tmp / "marker.yml"
        rule.write_text(MARKER, encoding="utf-8")
        all_ms, seen, stop = [], {}, threading.Event()
        seconds = 5 if self.quick else 15
        with self.node(rule) as n:
            watcher = threading.Thread(target=self.watch, args=(n.folder / "data" / "state" / "state.db", seen, stop), daemon=True)
            watcher.start()
            for round_ in range(self.rounds):
                marks = self.b.tmp / f"marks-{round_}"
                self.send("tcp", n.tcp, "rate=50000", f"seconds={seconds}", "markers=100", f"marks={marks}", "fresh=1")
                time.sleep(2)
                sent = dict(line.split() for line in marks.read_text().splitlines())
                ms = sorted((seen[h] - int(t)) / 1e6 for h, t in sent.items() if h in seen)
                if len(ms) != len(sent):
                    sys.exit(f"bench: {len(sent) - len(ms)} of {len(sent)} markers made no alert")
                all_ms.append(ms)
            stop.set()
            watcher.join()
        shutil.rmtree(n.folder)
        p99 = [ms[min(len(ms) - 1, int(len(ms) * 0.99))] for ms in all_ms]
        self.b.row("node: from sending to the alert committed, p99, ms", self.shown(p99), "≤ 500",
                   f"at 50,000 events/s; median {statistics.median(x for ms in all_ms for x in ms):.0f}, "
                   f"longest {max(ms[-1] for ms in all_ms):.0f}, {sum(map(len, all_ms))} markers")

    # ---- size ----

    def sets(self) -> dict:
        dev = self.b.data / "dev-set"
        web = [p for p in (dev / "web").rglob("*") if p.is_file() and p.suffix not in (".md", ".yaml") and "LICENSE" not in p.name]
        logs = [p for p in (dev / "syslog").rglob("*") if p.is_file() and p.suffix not in (".md", ".csv", ".yaml") and "LICENSE" not in p.name]
        return {"json/otrf": self.b.otrf(), "web": web, "syslog": logs}

    def node_size(self):
        for name, paths in self.sets().items():
            joined = self.b.tmp / "set"
            with open(joined, "wb") as to:
                for path in paths:
                    to.writelines(line + b"\n" for line in path.read_bytes().split(b"\n") if line and not line.startswith(b"# failJSON"))
            with self.node() as n:
                # A small set again and again: what a new database takes is not what is asked. No frame holds one line twice.
                sent = self.send("tcp", n.tcp, f"passes={max(1, 200_000_000 // max(1, joined.stat().st_size))}", path=joined)
                n.wait("durable", sent["events"] + 1)
            size = sum(p.stat().st_size for p in n.events.rglob("*") if p.is_file())
            self.b.row(f"node: size on disk of {name}, of what was received", f"{100 * size / sent['bytes']:.2f} %",
                       "≤ 6 %" if name == "json/otrf" else "", f"{sent['bytes'] / 1e6:,.1f} MB received; indexes and filters included")
            shutil.rmtree(n.folder)

    # ---- search ----

    def grep_speed(self, packed, raw_bytes, word) -> float:
        start = time.monotonic()
        r = subprocess.run([*self.prefix, "taskset", "-c", "0", "sh", "-c", f"zstdcat -T1 {packed} | grep -c -F {word}"], capture_output=True, check=False)
        if r.returncode > 1:
            sys.exit("bench: zstdcat | grep failed")
        return raw_bytes / (time.monotonic() - start)

    def one_core(self, n, query, raw) -> list:
        speeds = []
        for _ in range(self.rounds + 2):
            start = time.monotonic()
            r = subprocess.run([*self.prefix, "taskset", "-c", "0", str(self.program), "search", "--directory", str(n.folder / "data"),
                                "--jobs", "1", "--json", query], capture_output=True, check=False)
            speeds.append(raw / (time.monotonic() - start))
            if r.returncode not in (0, 1):
                sys.exit(f"bench: search failed: {r.stderr.decode(errors='replace')}")
        return speeds

    def drop_caches(self) -> bool:
        subprocess.run(["sync"], check=False)
        with contextlib.suppress(OSError):
            pathlib.Path("/proc/sys/vm/drop_caches").write_text("1", encoding="ascii")
            return True
        return False

    def node_search(self):
        """Literal and field queries must read all (their words are in every block: a phrase of common words), the rare word
        must not."""
        events = 1_000_000 if self.quick else 20_000_000
        word = "zqxjkvbench"
        rare = self.b.tmp / "rare"
        rare.write_text(json.dumps({"Channel": "Application", "EventID": 1, "Message": f"a {word} b"}) + "\n", encoding="utf-8")
        with self.node(measured=False) as n:
            half, one, rest = (self.send("tcp", n.tcp, "fresh=1", f"passes={passes}", path=path, measured=False)
                               for path, passes in ((None, events // 319_276 // 2 + 1), (rare, 1), (None, events // 319_276 // 2 + 1)))
            total = sum(x["events"] for x in (half, one, rest))
            n.wait("durable", total + 1, 600)
        raw = sum(x["bytes"] for x in (half, one, rest))
        packed = self.b.tmp / "otrf.zst"
        subprocess.run(["zstd", "-q", "-f", "-1", str(self.make_stream()), "-o", str(packed)], check=True)
        self.rare_word(n, word, total)
        # The scans: over a store of one pass, so that they end.
        self.scans(packed)
        shutil.rmtree(n.folder)
        print(f"# the store held {raw / 1e9:.1f} GB", file=sys.stderr)

    def rare_word(self, n, word, total):
        warm, cold = [], []
        n.search("--json", word)
        for _ in range(self.rounds + 2):
            took, out, _ = n.search("--json", word)
            if len(out.splitlines()) != 1:
                sys.exit(f"bench: the rare word was found {len(out.splitlines())} times")
            warm.append(took)
        for _ in range(self.rounds):
            if self.drop_caches():
                cold.append(n.search("--json", word)[0])
        self.b.row(f"node: a rare word in {total / 1e6:.1f} million events, s", self.shown(warm, "{:.2f}"), "≤ 1, filters in the page cache",
                   f"cold {self.shown(cold, '{:.2f}')}" if cold else "")

    def scans(self, packed):
        with self.node(measured=False) as n:
            sent = self.send("tcp", n.tcp, "fresh=1", f"passes={1 if self.quick else 3}", measured=False)
            n.wait("durable", sent["events"] + 1)
        raw, one = sent["bytes"], self.make_stream().stat().st_size
        phrase = self.one_core(n, "*qqqzzzqqq*", raw)
        few = self.one_core(n, "GrantedAccess:0x1f3fff | count by Image", raw)
        field = self.one_core(n, "EventID:10 | count by Image", raw)
        grep = [self.grep_speed(packed, one, "qqqzzzqqq") for _ in range(self.rounds + 2)]
        # The peer at its best: on a machine in use its two processes get in each other's way.
        gb = [statistics.median(phrase) / 1e9, statistics.median(field) / 1e9, max(grep) / 1e9]
        self.b.row("node: search, a literal, GB/s of raw on one core", self.shown([x / 1e9 for x in phrase], "{:.2f}"), "≥ 2.5",
                   f"{gb[0] / gb[2]:.1f} × zstdcat | grep -F, which makes {gb[2]:.2f}")
        self.b.row("node: search, a field, GB/s of raw on one core", self.shown([x / 1e9 for x in field], "{:.2f}"), "≥ 1.2",
                   f"EventID:10 | count by Image, a third of all events; {gb[1] / gb[2]:.1f} × zstdcat | grep -F")
        self.b.row("node: the same, few events match", self.shown([x / 1e9 for x in few], "{:.2f}"), "", "GrantedAccess:0x1f3fff")
        shutil.rmtree(n.folder)

    # ---- memory ----

    def node_memory(self):
        """At full speed for five minutes: the greatest sum of PSS, the ring in it. Never at real-time priority: it is long."""
        seconds, peak, rows = 20 if self.quick else 300, 0, []
        with self.node(measured=False) as n:
            pids = n.pids()
            sender = threading.Thread(target=lambda: rows.append(self.send("tcp", n.tcp, "fresh=1", f"seconds={seconds}", measured=False)))
            sender.start()
            while sender.is_alive():
                peak = max(peak, sum(map(pss_of, pids)))
                time.sleep(1)
            n.wait("durable", rows[0]["events"] + 1)
        shutil.rmtree(n.folder)
        self.b.row(f"node: memory, sum of PSS at full speed for {seconds} s, MB", f"{peak / 1024:.0f}", "≤ 400",
                   f"{rows[0]['events'] / rows[0]['seconds']:,.0f} events/s")

    def sizes(self, n) -> tuple:
        """Bytes of the days' files and of meta.db, journals included."""
        days = meta = 0
        for p in n.events.iterdir():
            with contextlib.suppress(OSError):
                size = p.stat().st_size
                days += size if p.name.startswith("events-") else 0
                meta += size if p.name.startswith("meta.db") else 0
        return days, meta

    def node_soak(self):
        """Long and even, with retention by size: memory and sizes every minute; growth from the second quarter's median to the
        last's. What is left is verified."""
        seconds, kept = int(os.environ.get("COLOA_SOAK", "7200")), int(os.environ.get("COLOA_SOAK_KEPT", "2048"))
        sums, days, metas, rows = [], [], [], []
        with self.node(head=f"retention: {{size: {kept}M}}\n", measured=False) as n:
            pids, every = n.pids(), 60 if seconds >= 1200 else 5
            sender = threading.Thread(target=lambda: rows.append(self.send("tcp", n.tcp, "fresh=1", "rate=20000", f"seconds={seconds}", measured=False)))
            sender.start()
            while sender.is_alive():
                sender.join(every)
                each = {p: pss_of(p) for p in pids}
                sums.append(sum(each.values()))
                size, meta = self.sizes(n)
                days.append(size)
                metas.append(meta)
                print(f"# soak: {len(sums) * every} s, {sums[-1] / 1024:.1f} MB; days {size / 1e6:,.0f} MB, meta.db {meta / 1e6:.1f} MB; "
                      f"{' '.join(str(v) for v in each.values())}", file=sys.stderr, flush=True)
            if n.pids() != pids:
                sys.exit("bench: a process of the node was replaced")
            status = n.status()
        left = [p.name for p in n.events.iterdir() if p.name.endswith(("-wal", "-shm"))]
        verified = subprocess.run([str(self.program), "verify", str(n.folder / "data")], capture_output=True, text=True, check=False)
        print(verified.stdout, status, file=sys.stderr)
        if verified.returncode != 0:
            sys.exit("bench: the store is not whole")
        shutil.rmtree(n.folder)
        quarter = max(1, len(sums) // 4)
        first, last = statistics.median(sums[quarter:2 * quarter]), statistics.median(sums[-quarter:])
        self.b.row(f"node: growth of memory over {seconds / 60:.0f} min at 20,000/s", f"{100 * (last / first - 1):.1f} %", "≤ 2 %",
                   f"{first / 1024:.0f} → {last / 1024:.0f} MB (second quarter to last), at most {max(sums) / 1024:.0f}; "
                   f"{rows[0]['events'] / 1e6:,.1f} million events")
        self.b.row(f"node: the days' files meanwhile, retention of {kept} MiB, MiB", f"{max(days) / 2**20:,.0f}", f"≤ {kept}",
                   f"at most; meta.db {max(metas) / 2**20:.1f} MiB at most, {metas[-1] / 2**20:.1f} at the end; "
                   + re.sub(r"\s+", " ", next((x for x in verified.stdout.splitlines() if x.startswith("days")), ""))
                   + "; verified whole" + (f"; journals left: {' '.join(left)}" if left else ""))

    # ---- endless keys ----

    def node_keys(self):
        """100,000 keys against a correlation while markers of another rule go on: those must still become alerts in time."""
        rule, keys = self.b.tmp / "marker.yml", self.b.tmp / "keys.yml"
        rule.write_text(MARKER, encoding="utf-8")
        keys.write_text(MANY_KEYS, encoding="utf-8")
        seen, stop, number, grown = {}, threading.Event(), 100_000, []
        with self.node(only=[rule, keys]) as n:
            pids = n.pids()
            watcher = threading.Thread(target=self.watch, args=(n.folder / "data" / "state" / "state.db", seen, stop), daemon=True)
            watcher.start()
            before, marks, total = sum(map(pss_of, pids)), self.b.tmp / "marks-keys", 0
            for half in (1, 2):
                # As many a second as one rule may bring to the desk: all of them reach the correlation.
                sent = self.send("tcp", n.tcp, f"keys={number // 2}", f"from={(half - 1) * number}", "rate=2000", "markers=200", f"marks={marks}-{half}")
                total += sent["events"]
                n.wait("judged", total + 1)
                time.sleep(2)
                grown.append(sum(map(pss_of, pids)) - before)
            stop.set()
            watcher.join()
        want = dict(line.split() for half in (1, 2) for line in pathlib.Path(f"{marks}-{half}").read_text().splitlines())
        ms = sorted((seen[h] - int(t)) / 1e6 for h, t in want.items() if h in seen)
        shutil.rmtree(n.folder)
        self.b.row("node: 100,000 endless keys of a correlation, MB more", f"{grown[1] / 1024:.1f}", "bounded",
                   f"{grown[0] / 1024:.1f} after half of them; other rule: {len(ms)} of {len(want)} alerts, p99 {ms[int(len(ms) * 0.99)]:.0f} ms" if ms else "other rule: nothing")
