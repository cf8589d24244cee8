#!/usr/bin/env python3
"""People at work on a large agency's node: 300 units, 5,000 people, 200,000 alerts, 5,000 incidents, 10,000 reports, what years
leave beside (test/bench/agency_rows.c); 200 of them read lists and details, search, follow events, write notes and take alerts, each
at most one request at a time and of what their role and unit let them see. Says p50 and p99 by kind of request as the browser would
see them, and the memory of desk and console. Exit 1: a bar is missed, or more than 1 of 100 answers is none of what was asked for.

Usage: tools/bench_desk.py COLOA MAKE_AGENCY [--people 200] [--seconds 60] [--pause 2.0] [--alerts N] [--incidents N] [--json FILE]
The load runs on the same processors as the node: its own share is in the figures.
"""
import argparse
import asyncio
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARGS = argparse.ArgumentParser()
ARGS.add_argument("program")
ARGS.add_argument("maker")
ARGS.add_argument("--people", type=int, default=200)
ARGS.add_argument("--seconds", type=float, default=60)
ARGS.add_argument("--pause", type=float, default=2.0, help="mean seconds that a person looks at an answer")
ARGS.add_argument("--alerts", type=int, default=200000)
ARGS.add_argument("--incidents", type=int, default=5000)
ARGS.add_argument("--each", type=int, metavar="N", help="instead: every request N times, one after the other, and which are slow")
ARGS.add_argument("--state", help="what the maker made before, and its tokens: DIR/state, DIR/tokens")
ARGS.add_argument("--json")
ARGS.add_argument("--log", help="keep the node's log here")
OPTIONS = ARGS.parse_args()
sys.argv[1:] = [OPTIONS.program]
sys.path.insert(0, str(ROOT / "test" / "scenario"))
from api import Web  # noqa: E402

BARS = {"list": 100, "detail": 100, "tonight": 100, "search": 300}
MEMORY_MB, STRAY = 300, 0.01
# (kind, weight, path, roles that have it on their pages; all). %a an alert, %i an incident, … (SCOPED); %p, %n a number.
READS = [
    ("list", 8, "/api/v1/alerts?status=new&limit=50", None), ("list", 3, "/api/v1/alerts?limit=50", None),
    ("list", 2, "/api/v1/alerts?sort=-raised&limit=100", None), ("list", 2, "/api/v1/alerts?host=host%n.example", None),
    ("list", 4, "/api/v1/incidents?limit=50", None), ("list", 2, "/api/v1/incidents?state=open", None), ("list", 3, "/api/v1/clocks?limit=20", None),
    ("list", 2, "/api/v1/tasks?limit=50", None), ("list", 1, "/api/v1/systems?limit=50", None), ("list", 1, "/api/v1/units?limit=100", None),
    ("list", 1, "/api/v1/people?limit=50", None), ("list", 2, "/api/v1/incidents/%i/timeline", None), ("list", 1, "/api/v1/alerts?unit=%u&limit=50", None),
    ("list", 2, "/api/v1/reports?limit=50", None), ("list", 1, "/api/v1/reports?open=true&limit=50", None), ("list", 1, "/api/v1/reports?state=signing", None),
    ("list", 2, "/api/v1/actions?limit=50", None), ("list", 1, "/api/v1/actions?state=proposed", None), ("list", 1, "/api/v1/actions?incident=%i", None),
    ("list", 1, "/api/v1/evidence?limit=50", "handler lead approver inspector"), ("list", 2, "/api/v1/evidence?incident=%i", "handler lead approver inspector"),
    ("list", 1, "/api/v1/evidence/exports", "lead approver inspector"), ("list", 2, "/api/v1/directives?limit=50", None),
    ("list", 1, "/api/v1/directives?state=issued&sort=due", None), ("list", 1, "/api/v1/exceptions?limit=50", "lead"),
    ("list", 1, "/api/v1/exceptions?state=active", "lead"), ("list", 4, "/api/v1/audit?limit=50", "inspector"),
    ("list", 2, "/api/v1/audit?who=user%p", "inspector"), ("list", 2, "/api/v1/audit?what=alerts.dismiss", "inspector"),
    ("list", 2, "/api/v1/audit?about=alert%20%n", "inspector"), ("list", 1, "/api/v1/outgoing?limit=50", None),
    ("detail", 6, "/api/v1/alerts/%a", None), ("detail", 5, "/api/v1/incidents/%i", None), ("detail", 1, "/api/v1/systems/%s", None),
    ("detail", 1, "/api/v1/units/%u", None), ("detail", 1, "/api/v1/session", None), ("detail", 2, "/api/v1/reports/%r", None),
    ("detail", 1, "/api/v1/reports/kinds?incident=%i", "handler lead"), ("detail", 2, "/api/v1/actions/%c", None),
    ("detail", 2, "/api/v1/evidence/%e", "handler lead approver inspector"), ("detail", 2, "/api/v1/directives/%d", None),
    ("detail", 1, "/api/v1/exceptions/%x", "lead"), ("tonight", 3, "/api/v1/tonight", None),
    ("search", 1, "/api/v1/alerts?q=number%20%n", None), ("search", 1, "/api/v1/alerts?q=user%p", None), ("search", 1, "/api/v1/incidents?q=so%20%n", None),
    ("search", 1, "/api/v1/people?q=nguyen%20van%20%p", None), ("search", 1, "/api/v1/alerts?q=dang%20ngo", None),
    ("search", 1, "/api/v1/reports?q=so%20%n", None), ("search", 1, "/api/v1/actions?q=203.0.113.%n", None), ("search", 1, "/api/v1/directives?q=so%20%n", None),
    ("search", 1, "/api/v1/evidence?q=disk-%n", "handler lead approver inspector"), ("search", 2, "/api/v1/audit?q=user%p", "inspector"),
]
# What is asked for by its number: (number, unit) of each, as the state has it.
SCOPED = {"%a": "SELECT alert, unit FROM triage", "%i": "SELECT incident, unit FROM incident_unit", "%s": "SELECT id, unit FROM system",
          "%u": "SELECT id, id FROM unit", "%r": "SELECT t.id, x.unit FROM report t JOIN incident_unit x ON x.incident=t.incident",
          "%c": "SELECT id, unit FROM action", "%e": "SELECT e.id, x.unit FROM evidence e JOIN incident_unit x ON x.incident=e.incident",
          "%d": "SELECT directive, unit FROM directive_unit", "%x": "SELECT id, unit FROM exemption"}
FREE = {"%n": (1, 600), "%p": (1, 5000)}


class Scope:
    """Which numbers a person of a unit may ask for."""

    def __init__(self, state):
        db = sqlite3.connect(state)
        self.paths = dict(db.execute("SELECT id, path FROM unit"))
        self.of = {mark: {} for mark in SCOPED}
        for mark, sql in SCOPED.items():
            for number, unit in db.execute(sql):
                self.of[mark].setdefault(unit, []).append(number)
        db.close()
        self.known = {}

    def pick(self, mark, unit, chance):
        if (mark, unit) not in self.known:
            self.known[mark, unit] = [n for n in sorted(self.of[mark]) if self.paths[n].startswith(self.paths[unit])]
        units = self.known[mark, unit]
        return chance.choice(self.of[mark][chance.choice(units)]) if units else 1


class Person:
    def __init__(self, port, token, role, unit, scope, seed):
        self.port, self.role, self.unit, self.scope = port, role, unit, scope
        self.reads = [r for r in READS if not r[3] or role in r[3].split()]
        self.head = f"Host: 127.0.0.1:{port}\r\nCookie: coloa_session={token}\r\nX-Coloa: 1\r\n"
        self.random = random.Random(seed)
        self.reader = self.writer = None

    def fill(self, path):
        for mark in SCOPED:
            if mark in path:
                path = path.replace(mark, str(self.scope.pick(mark, self.unit, self.random)))
        for mark, (low, high) in FREE.items():
            path = path.replace(mark, str(self.random.randint(low, high)))
        return path

    async def ask(self, method, path, body=None):
        """As a browser does: over a connection that stays, and once more over a new one when that one had been ended meanwhile."""
        kept = self.writer is not None
        try:
            return await self.ask_once(method, path, body)
        except (OSError, asyncio.IncompleteReadError):
            self.writer = None
            if not kept:
                raise
            return await self.ask_once(method, path, body)

    async def ask_once(self, method, path, body):
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        data = b"" if body is None else json.dumps(body).encode()
        kind = "" if body is None else "Content-Type: application/json\r\n"
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{self.head}{kind}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(x.split(":")[1]) for x in head.split("\r\n") if x.lower().startswith("content-length:")), 0)
        answer = await self.reader.readexactly(length) if length else b""
        if "connection: close" in head.lower():
            self.writer.close()
            self.writer = None
        return int(head.split(" ")[1]), answer

    async def write_something(self):
        """(kind, status): a note in an incident, or an alert taken and given back."""
        if self.random.random() < 0.5:
            status, _ = await self.ask("POST", self.fill("/api/v1/incidents/%i/timeline"), {"text": "Đã gọi người quản trị."})
            return status
        status, answer = await self.ask("GET", "/api/v1/alerts?status=new&limit=20")
        rows = json.loads(answer)["items"] if status == 200 else []
        if not rows:
            return status
        row = self.random.choice(rows)
        status, _ = await self.ask("POST", f"/api/v1/alerts/{row['id']}/accept", {"version": row["version"]})
        return status

    async def work(self, until, took, seen):
        weights = [r[1] for r in self.reads]
        while time.monotonic() < until:
            await asyncio.sleep(self.random.expovariate(1 / OPTIONS.pause))
            write = self.role in ("officer", "handler", "lead") and self.random.random() < 0.1
            kind, _, path, _ = ("write", 0, "", None) if write else self.random.choices(self.reads, weights)[0]
            begun = time.monotonic()
            try:
                status = await self.write_something() if write else (await self.ask("GET", self.fill(path)))[0]
            except (OSError, asyncio.IncompleteReadError) as error:
                status, self.writer = type(error).__name__, None
            seen.setdefault((kind, status), [0, ""])[0] += 1
            seen[kind, status][1] = path
            for name in (kind, f"{kind} of {path.split('/')[3].split('?')[0]}") if path else (kind,):
                took.setdefault(name, []).append(time.monotonic() - begun)

    async def follow(self, until, count):
        """The events that every open page holds."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET /api/v1/events HTTP/1.1\r\n{self.head}Accept: text/event-stream\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            count["refused"] = count.get("refused", 0) + 1
            return
        while time.monotonic() < until:
            try:
                got = await asyncio.wait_for(reader.read(65536), max(0.1, until - time.monotonic()))
            except asyncio.TimeoutError:
                break
            if not got:
                count["cut"] = count.get("cut", 0) + 1
                break
            count["events"] = count.get("events", 0) + got.count(b"data:")
        writer.close()


LAGS = []


def memory(pid) -> float:
    """PSS in MB."""
    for line in open(f"/proc/{pid}/smaps_rollup", encoding="ascii"):
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def processor(pid) -> float:
    """Seconds that it has had."""
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def lag(until, list_of):
    """How late this program's own loop is, every 10 ms: what the load itself holds up is in every figure."""
    while time.monotonic() < until:
        begun = time.monotonic()
        await asyncio.sleep(0.01)
        list_of.append(time.monotonic() - begun - 0.01)


async def measure(node, tokens, scope):
    people = [Person(node.web, token, role, int(unit), scope, i) for i, (token, role, unit) in enumerate(tokens[:OPTIONS.people])]
    took, seen, events, peak = {}, {}, {}, {}
    pids = node.pids()
    before = {name: processor(pid) for name, pid in pids.items()}
    until = time.monotonic() + OPTIONS.seconds

    async def watch():
        while time.monotonic() < until:
            for name in ("desk", "console"):
                peak[name] = max(peak.get(name, 0.0), memory(pids[name]))
            await asyncio.sleep(1)
    await asyncio.gather(watch(), lag(until, LAGS), *(p.work(until, took, seen) for p in people), *(p.follow(until, events) for p in people))
    busy = {name: processor(pid) - before[name] for name, pid in pids.items()}
    return took, seen, events, peak, busy


async def each(node, tokens, scope):
    """One at a time, for people of different scope."""
    for role, unit in (("officer", "1"), ("lead", "1"), ("inspector", "1"), ("handler", "dept"), ("lead", "dept"), ("handler", None), ("inspector", None)):
        token, of = next((t, int(u)) for t, r, u in tokens if r == role and (u == unit or (unit is None and int(u) >= 100) or (unit == "dept" and 1 < int(u) < 100)))
        person = Person(node.web, token, role, of, scope, 1)
        for _, _, path, _ in person.reads:
            took = []
            for _ in range(OPTIONS.each):
                begun = time.monotonic()
                status, answer = await person.ask("GET", person.fill(path))
                took.append((time.monotonic() - begun) * 1000)
            took.sort()
            print(f"{role:9} {path:45} {status} {len(answer):7} bytes  p50 {took[len(took) // 2]:7.1f}  max {took[-1]:7.1f} ms", flush=True)


def main():
    with tempfile.TemporaryDirectory(prefix="coloa-") as folder:
        node = Web(pathlib.Path(folder))
        state = pathlib.Path(node.directory) / "state"
        if OPTIONS.state:
            made = shutil.copytree(pathlib.Path(OPTIONS.state) / "state", state) and (pathlib.Path(OPTIONS.state) / "tokens").read_text(encoding="utf-8")
            state.chmod(0o700)
        else:
            state.mkdir(parents=True, mode=0o700)
            made = subprocess.run([OPTIONS.maker, state, str(OPTIONS.alerts), str(OPTIONS.incidents)], stdout=subprocess.PIPE, check=True, text=True).stdout
        tokens = [line.split() for line in made.splitlines() if len(line.split()) == 3]
        scope = Scope(state / "state.db")
        with node:
            node.ready()
            if OPTIONS.each:
                asyncio.run(each(node, tokens, scope))
                return
            cpu = time.process_time()
            took, seen, events, peak, busy = asyncio.run(measure(node, tokens, scope))
            cpu = time.process_time() - cpu
            if OPTIONS.log:
                pathlib.Path(OPTIONS.log).write_text(node.log.read_text(errors="replace"), encoding="utf-8")
    sys.exit(report(took, seen, events, peak, busy, cpu))


def report(took, seen, events, peak, busy, cpu) -> int:
    """Prints and writes it all; 1: a bar is missed, or the load asked for what it should not."""
    total, n = sum(peak.values()), sum(c for c, _ in seen.values())
    missed = [] if total <= MEMORY_MB else ["memory"]
    result = {"bars": BARS, "memory_bar_mb": MEMORY_MB, "processor": {name: s / OPTIONS.seconds for name, s in busy.items()},
              "requests_per_s": n / OPTIONS.seconds, "events": events, "memory_mb": peak, "kinds": {}}
    for kind, times in sorted(took.items()):
        times.sort()
        p50, p99 = times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000
        result["kinds"][kind] = {"n": len(times), "p50_ms": p50, "p99_ms": p99, "max_ms": times[-1] * 1000}
        bar = BARS.get(kind.split(" ")[0])
        if bar and p99 > bar and (" " not in kind or len(times) >= 100):  # of fewer, it is the longest
            missed.append(kind)
        print(f"{kind:22} n={len(times):6} p50={p50:7.1f} ms p99={p99:7.1f} ms max={times[-1] * 1000:7.1f} ms" +
              (f"   bar {bar} ms: {'met' if p99 <= bar else 'NOT MET'}" if bar else ""))
    print("answers:", {f"{k} {s}": c for (k, s), (c, _) in sorted(seen.items(), key=str)})
    bad = {f"{k} {s}": path for (k, s), (_, path) in seen.items() if s not in (200, 201, 204, 403, 404, 409)}
    stray = {f"{k} {s}": path for (k, s), (_, path) in seen.items() if s in (403, 404)}
    strayed = sum(c for (_, s), (c, _) in seen.items() if s in (403, 404))
    result["stray"] = strayed / max(n, 1)
    print("unexpected:", bad or "none")
    print(f"answers that were none of what was asked for: {strayed} of {n}", stray or "")
    print("processor:", {name: f"{s / OPTIONS.seconds:.1%}" for name, s in sorted(busy.items()) if s / OPTIONS.seconds > 0.005})
    LAGS.sort()
    late = {"p50": LAGS[len(LAGS) // 2] * 1000, "p99": LAGS[len(LAGS) * 99 // 100] * 1000, "max": LAGS[-1] * 1000}
    result["load_late_ms"] = late
    print("the load's own loop is late by (ms):", {k: round(v, 1) for k, v in late.items()})
    print(f"{result['requests_per_s']:.0f} requests/s; events: {events}; the load itself took {cpu / OPTIONS.seconds:.0%} of a processor")
    print(f"memory (PSS, peak): desk {peak.get('desk', 0):.0f} MB, console {peak.get('console', 0):.0f} MB; bar {MEMORY_MB} MB: "
          f"{'met' if total <= MEMORY_MB else 'NOT MET'}")
    if bad:
        missed.append("unexpected answers")
    if strayed > STRAY * n:
        missed.append("answers of what was not asked for")
    result["missed"] = missed
    if OPTIONS.json:
        pathlib.Path(OPTIONS.json).write_text(json.dumps(result, indent=1), encoding="utf-8")
    if missed:
        print("MISSED:", ", ".join(missed))
    return 1 if missed else 0


main()
