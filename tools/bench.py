#!/usr/bin/env python3
"""Speed and memory of `coloa hunt` over the development data, as figures and ratios of one run.

./dev bench [--quick] [--realtime] [--only NAME[,NAME]] [--json FILE]
Everything is measured by the program's own --stats (judging: from the first batch to the last verdict, rules ready) and,
for whole processes, by the clock around them. Several rounds, interleaved; the median is shown with minimum and maximum.
Peers (rsigma, evtxexport …) are measured in the same run where they are on PATH (also in COLOA_PEERS), else left out.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bench_node

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLOA = pathlib.Path(os.environ.get("COLOA", ROOT / "build" / "coloa"))
PATH = os.environ.get("COLOA_PEERS", "") + os.pathsep + os.environ["PATH"]
ACTIVE = ("rules", "rules-emerging-threats", "rules-threat-hunting", "rules-placeholder", "rules-compliance")


class Bench:
    def __init__(self, options):
        self.o = options
        data = os.environ.get("COLOA_TEST_DATA")
        if not data:
            sys.exit("bench: needs ../shared/data (or COLOA_TEST_DATA)")
        self.data = pathlib.Path(data)
        self.rules_root = next(self.data.glob("sigma-rules-*"))
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="coloa-bench-"))
        self.rounds = 1 if options.quick else 5
        self.rows = []
        self.missed = []  # bars, of the benches that say so themselves
        self.prefix = ["chrt", "-r", "10"] if options.realtime else []
        self.placeholders = self.tmp / "placeholders.yml"
        names = set()
        for path in (self.rules_root / "rules-placeholder").rglob("*.yml"):
            names |= set(re.findall(r"%([A-Za-z0-9_]+)%", path.read_text(encoding="utf-8")))
        self.placeholders.write_text("".join(f"{n}: ['bench-{n}']\n" for n in sorted(names)))

    def row(self, what, value, bar="", note=""):
        self.rows.append({"what": what, "value": value, "bar": bar, "note": note})
        print(f"{what:<58} {value:>28}  {bar:<26} {note}", flush=True)

    def rules(self, root=None):
        args = ["--placeholders", self.placeholders]
        for name in ACTIVE:
            args += ["-r", (root or self.rules_root) / name]
        return args

    def hunt_begin(self, *before, args):
        # The smallest report: what is measured ends with the last verdict, not with writing about it.
        command = [*self.prefix, *before, str(COLOA), "hunt", "-q", "--stats", "-o", "navigator", *map(str, args)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    @staticmethod
    def hunt_end(process):
        """Its stats as numbers."""
        said = process.communicate()[1]
        stats = {k.decode(): float(v) for k, v in re.findall(rb"(\w+)=([0-9.]+)", b"\n".join(
            line for line in said.splitlines() if line.startswith(b"stats:")))}
        if "records_per_s" not in stats:
            sys.exit(f"bench: the hunt failed ({process.returncode}): {said[-2000:].decode(errors='replace')}")
        return stats

    def hunt(self, *args):
        """One run pinned to one CPU unless told otherwise; its stats as numbers, and the wall clock."""
        start = time.monotonic()
        stats = self.hunt_end(self.hunt_begin(args=args))
        stats["wall_s"] = time.monotonic() - start
        return stats

    def series(self, rounds=None, **commands):
        """Each command `rounds` times, interleaved, every other round backwards: name -> list of stats."""
        got = {name: [] for name in commands}
        for i in range(rounds or self.rounds):
            for name, args in reversed(commands.items()) if i % 2 else commands.items():
                got[name].append(self.hunt(*args))
        return got

    @staticmethod
    def mid(stats, key):
        return statistics.median(s[key] for s in stats)

    @staticmethod
    def spread(stats, key, scale=1.0, unit=""):
        values = sorted(s[key] * scale for s in stats)
        return f"{statistics.median(values):,.0f} ({values[0]:,.0f}–{values[-1]:,.0f}){unit}"

    # ---- data made from the development set, in the scratch folder ----

    def process_creations(self):
        """Distinct process creations (Sysmon 1, Security 4688) of the mix, cycled to about 400 MB."""
        out = self.tmp / "process_creation.json"
        seen = set()
        for path in sorted((self.data / "dev-set" / "json" / "otrf").rglob("*.json")):
            with open(path, "rb") as lines:
                for line in lines:
                    if (b'"EventID":1,' in line and b"Sysmon" in line) or b'"EventID":4688,' in line:
                        seen.add(line)
        block = b"".join(sorted(seen))
        with open(out, "wb") as to:
            for _ in range(max(1, 400_000_000 // max(len(block), 1))):
                to.write(block)
        return out, len(seen)

    def rules_times_8(self):
        """Every rule eight times, the copies with other literals and ids, so that nothing is shared."""
        out = self.tmp / "rules8"
        value = re.compile(r"^(\s+(?:- )?)(.*?)('|\")(.{4,})\3\s*$")
        for name in ACTIVE:
            for path in (self.rules_root / name).rglob("*.yml"):
                text = path.read_text(encoding="utf-8")
                for copy in range(8):
                    to = out / name / str(copy) / path.relative_to(self.rules_root / name)
                    to.parent.mkdir(parents=True, exist_ok=True)
                    if copy == 0:
                        to.write_text(text, encoding="utf-8")
                        continue
                    lines, inside = [], False
                    for line in text.splitlines():
                        inside = (inside or line.startswith("detection:")) and not re.match(r"^[a-z]+:", line) or line.startswith("detection:")
                        found = value.match(line) if inside and "condition" not in line and "|re" not in line and "%" not in line else None
                        if found and not found.group(4).isdigit():
                            body = found.group(4)
                            cut = len(body) // 2
                            while cut and body[cut - 1] in "\\*?'\"":
                                cut -= 1
                            if cut:
                                line = f"{found.group(1)}{found.group(2)}{found.group(3)}{body[:cut]}q{copy}{body[cut:]}{found.group(3)}"
                        elif line.startswith("id:"):
                            line = re.sub(r"[0-9a-f]{2}$", f"{copy:02x}", line)
                        lines.append(line)
                    to.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.drop_matching_copies(out)
        return out

    def drop_matching_copies(self, out):
        """A copy whose exclusions were altered may match all day long; what is measured is the cost of rules, not of
        findings. Copies that match anything are taken out (a few per cent)."""
        found = self.tmp / "copies.jsonl"
        path = getattr(self, "p_path", None) or self.process_creations()[0]
        subprocess.run([str(COLOA), "hunt", "-q", "-o", f"jsonl={found}", *map(str, self.rules(out)), *map(str, self.otrf()),
                        str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        ids = set(re.findall(r'"rule.id":"([0-9a-f-]+)"', found.read_text(encoding="utf-8", errors="replace")))
        found.unlink()
        dropped = 0
        for file in out.rglob("*.yml"):
            if file.relative_to(out).parts[1] == "0":
                continue
            if ids & set(re.findall(r"^id: ([0-9a-f-]+)", file.read_text(encoding="utf-8"), flags=re.M)):
                file.unlink()
                dropped += 1
        print(f"# rules × 8: {dropped} copies that matched were taken out", file=sys.stderr)

    def otrf(self):
        return sorted((self.data / "dev-set" / "json" / "otrf").rglob("*.json"))

    def evtx_files(self):
        return self.data / "dev-set" / "evtx"

    # ---- what is measured ----

    def mix(self):
        logs = self.otrf()
        s = self.series(memo=[*self.rules(), "--pin", *logs],
                        cold=[*self.rules(), "--pin", "--no-memo", *logs])
        one = s["memo"]
        self.row("mix: events/s, one core, all rules", self.spread(one, "records_per_s"), "≥ 650,000, aim 900,000",
                 f"{self.mid(one, 'records'):,.0f} events, {self.mid(one, 'bytes') / 1e6:,.0f} MB, {self.mid(one, 'rules'):,.0f} rules")
        self.row("mix: the same with --no-memo", self.spread(s["cold"], "records_per_s"))
        self.row("mix: events/s by total wall time", f"{self.mid(one, 'records') / self.mid(one, 'wall_s'):,.0f}")
        self.row("mix: MB/s", self.spread(one, "mb_per_s"))
        self.row("start, rules from YAML to ready, s", f"{self.mid(one, 'start_to_ready_s'):.3f}", "≤ 0.5",
                 f"read {self.mid(one, 'rules_read_s'):.3f} parse {self.mid(one, 'rules_parse_s'):.3f} "
                 f"compile {self.mid(one, 'rules_compile_s'):.3f}")
        self.row("memory, sum of PSS at peak, MB", f"{max(x['pss_peak_mb'] for x in one):.1f}", "≤ 120")
        self.base = self.mid(one, "records_per_s")

    def indicators(self, count):
        """As feeds have them: addresses, names, URLs, hashes in equal parts; none is in the data."""
        out = self.tmp / f"indicators-{count}.csv"
        r = random.Random(count)
        make = (lambda: f"ip,100.{r.randrange(64, 128)}.{r.randrange(256)}.{r.randrange(256)}",
                lambda: f"domain,*.{r.getrandbits(40):x}.example", lambda: f"domain,{r.getrandbits(40):x}.example",
                lambda: f"url,http://{r.getrandbits(32):x}.example/{r.getrandbits(40):x}",
                lambda: f"sha256,{r.getrandbits(256):064x}", lambda: f"md5,{r.getrandbits(128):032x}")
        with open(out, "w", encoding="ascii") as to:
            to.write("type,value,name\n")
            for i in range(count):
                to.write(f"{make[i % len(make)]()},family {i % 500}\n")
        return out

    def intel(self):
        # Four times over the logs: in the first half second a judge learns, and what read the indicators leaves its memory.
        args = [*self.rules(), "--pin", "--repeat", "4", *self.otrf()]
        counts = (1_000, 1_000_000)
        s = self.series(rounds=self.rounds if self.o.quick else 9, none=args,
                        **{f"n{n}": ["--intel", self.indicators(n), *args] for n in counts})
        self.row("mix: events/s without indicators", self.spread(s["none"], "records_per_s"))
        for n in counts:
            got = s[f"n{n}"]
            # Neighbours in time are compared: the machine's mood takes no part.
            cost = statistics.median(a["records_per_s"] / b["records_per_s"] - 1 for a, b in zip(s["none"], got))
            self.row(f"mix: events/s with {n:,} indicators", self.spread(got, "records_per_s"), "cost ≤ 3 %",
                     f"cost {100 * cost:.1f} %, read in {self.mid(got, 'intel_s'):.2f} s, "
                     f"PSS {max(x['pss_peak_mb'] for x in got):.0f} MB")

    def process_creation(self):
        path, distinct = self.process_creations()
        s = self.series(memo=[*self.rules(), "--pin", path], cold=[*self.rules(), "--pin", "--no-memo", path])
        self.row("process creation: events/s, memo", self.spread(s["memo"], "records_per_s"), "≥ 320,000, aim 450,000",
                 f"{distinct:,} distinct")
        self.row("process creation: events/s, --no-memo", self.spread(s["cold"], "records_per_s"), "≥ 200,000, aim 300,000")
        self.p_path, self.p_cold = path, self.mid(s["cold"], "records_per_s")
        self.p_memo = self.mid(s["memo"], "records_per_s")

    def times_8(self):
        eight = self.rules_times_8()
        logs = self.otrf()
        path = getattr(self, "p_path", None) or self.process_creations()[0]
        s = self.series(one=[*self.rules(), "--pin", *logs],
                        eight=[*self.rules(eight), "--pin", *logs],
                        p_one=[*self.rules(), "--pin", path], p_eight=[*self.rules(eight), "--pin", path])
        self.row("rules × 8: cost on the mix", f"{self.mid(s['one'], 'records_per_s') / self.mid(s['eight'], 'records_per_s'):.2f} ×",
                 "≤ 1.5 ×", f"{self.mid(s['eight'], 'rules'):,.0f} rules")
        self.row("rules × 8: cost on process creation",
                 f"{self.mid(s['p_one'], 'records_per_s') / self.mid(s['p_eight'], 'records_per_s'):.2f} ×", "≤ 3 ×")

    def evtx(self):
        once = self.hunt(*self.rules(), "--pin", "--format", "evtx", *self.evtx_list())
        repeat = max(1, int(2_000_000 / max(once["records"], 1)) + 1)
        s = self.series(memo=[*self.rules(), "--pin", "--repeat", repeat, *self.evtx_list()],
                        cold=[*self.rules(), "--pin", "--no-memo", "--repeat", repeat, *self.evtx_list()])
        self.row("EVTX: records/s, one core, all rules, memo", self.spread(s["memo"], "records_per_s"), "≥ 500,000, aim 1,000,000",
                 f"{self.mid(s['memo'], 'records'):,.0f} records")
        self.row("EVTX: records/s, --no-memo", self.spread(s["cold"], "records_per_s"), "≥ 500,000")
        peer = shutil.which("evtxexport", path=PATH)
        if peer:
            start, count = time.monotonic(), 0
            for path in self.evtx_list():
                if path.stat().st_size < 1_500_000:
                    r = subprocess.run(["taskset", "-c", "0", peer, str(path)], capture_output=True, check=False)
                    count += r.stdout.count(b"Event number")
            speed = count / (time.monotonic() - start)
            self.row("EVTX: ratio to evtxexport (which only prints)", f"{self.mid(s['memo'], 'records_per_s') / speed:,.0f} ×",
                     "", f"evtxexport {speed:,.0f} records/s")

    def evtx_list(self):
        return sorted(self.evtx_files().rglob("*.evtx"))

    def two_cores(self):
        """Two judges against one. What the hardware leaves for that is measured beside: two hunts that know nothing of each
        other, each on its own processor, at the same time."""
        cpus = sorted(os.sched_getaffinity(0))[:2]
        if len(cpus) < 2:
            return
        logs = [*self.rules(), "--repeat", 4, *self.otrf()]
        one, two, apart = [], [], []
        for _ in range(self.rounds):
            one.append(self.hunt("--pin", *logs))
            two.append(self.hunt("--jobs", 2, *logs))
            started = [self.hunt_begin("taskset", "-c", str(cpu), args=["--pin", *logs]) for cpu in cpus]
            apart.append(sum(self.hunt_end(r)["records_per_s"] for r in started))
        base = self.mid(one, "records_per_s")
        self.row("two cores: ratio to one", f"{self.mid(two, 'records_per_s') / base:.2f} ×", "≥ 1.8 ×",
                 f"{self.spread(two, 'records_per_s')} events/s")
        self.row("two cores: two hunts apart, one on each (the ceiling)", f"{statistics.median(apart) / base:.2f} ×")

    def rsigma_once(self, peer, rules, events, *options):
        """One run on CPU 0 without output of events: seconds, and the matches it counted."""
        start = time.monotonic()
        r = subprocess.run([*self.prefix, "taskset", "-c", "0", peer, "engine", "eval", "-r", str(rules), "-e", f"@{events}", "--input-format", "json",
                            "--output-format", "ndjson", *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        took = time.monotonic() - start
        done = re.search(rb"Processed (\d+) events, (\d+) matches", r.stderr)
        if r.returncode != 0 or not done:
            sys.exit(f"bench: rsigma failed ({r.returncode}): {r.stderr[-2000:].decode(errors='replace')}")
        return took, int(done.group(1)), int(done.group(2))

    def rsigma(self):
        """The same events (all of the mix, in one file in the page cache) and rules (those that need no placeholder, as
        rsigma has none and gives a folder up at the first it cannot use), each pinned to one CPU, interleaved. Both write
        their hits to /dev/null. Start is left out on both sides: rsigma's is a run over no event, ours the program's own
        figure. rsigma runs as it comes and with --logsource-routing told the right product, which prunes. The events are given once, not repeated: a second time our memo would know them."""
        peer = shutil.which("rsigma", path=PATH)
        if not peer:
            self.row("rsigma", "not installed", "≥ 10 ×")
            return
        rules, none, events = self.tmp / "rules-peer", self.tmp / "none.json", self.tmp / "peer.json"
        for name in ACTIVE:
            for path in (self.rules_root / name).rglob("*.yml"):
                if "|expand" not in path.read_text(encoding="utf-8"):
                    to = rules / path.relative_to(self.rules_root)
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, to)
        none.write_text("{}\n", encoding="utf-8")
        with open(events, "wb") as to:
            for path in self.otrf():
                with open(path, "rb") as source:
                    shutil.copyfileobj(source, to)
        told = ["--logsource-routing", "--event-logsource", "product=windows"]
        speeds = {"as it comes": [], "told the product": [], "ours": [], "ours, wall": []}
        for _ in range(self.rounds):
            for name, options in (("as it comes", []), ("told the product", told)):
                idle = self.rsigma_once(peer, rules, none, *options)[0]
                took, count, _ = self.rsigma_once(peer, rules, events, *options)
                speeds[name].append(count / (took - idle))
            for _ in range(3):  # it takes half a second each
                ours = self.hunt("-r", rules, "--pin", "--format", "json", events)
                if ours["records"] != count:
                    sys.exit(f"bench: {ours['records']:.0f} events for us, {count} for rsigma")
                speeds["ours"].append(ours["records_per_s"])
                speeds["ours, wall"].append(count / (ours["wall_s"] - ours["start_to_ready_s"]))
        middle = {k: statistics.median(v) for k, v in speeds.items()}

        def shown(name):
            return f"{middle[name]:,.0f} ({min(speeds[name]):,.0f}–{max(speeds[name]):,.0f})"

        self.row("rsigma: events/s, as it comes", shown("as it comes"), "", f"{count:,} events, {ours['rules']:,.0f} rules")
        self.row("rsigma: events/s, --logsource-routing, told windows", shown("told the product"))
        self.row("coloa: events/s on the same", shown("ours"), "", f"by the clock {middle['ours, wall']:,.0f}")
        best = max(middle["as it comes"], middle["told the product"])
        self.row("coloa: ratio to rsigma as it comes", f"{middle['ours'] / middle['as it comes']:.1f} ×", "≥ 10 ×")
        self.row("coloa: ratio to rsigma at its fastest", f"{middle['ours'] / best:.1f} ×", "≥ 10 ×",
                 f"by the clock {middle['ours, wall'] / best:.1f} ×")
        tool = [sys.executable, str(ROOT / "tools" / "compare_rsigma.py"), "--max", "20000", "--show", "0"]
        r = subprocess.run(tool, env={**os.environ, "COLOA": str(COLOA), "COLOA_TEST_DATA": str(self.data)}, capture_output=True, text=True, check=False)
        print("rsigma and coloa, hit by hit (tools/compare_rsigma.py):")
        for line in r.stdout.splitlines():
            print("  " + line)

    def memory(self):
        logs = self.otrf()
        s = self.hunt(*self.rules(), "--jobs", 2, "--repeat", 3, *logs)
        self.row("memory, two judges, three times the input, MB", f"{s['pss_peak_mb']:.1f}", "≤ 120")

    def part(self, name, *command):
        """A bench of its own, which writes what it measured and ends with 1 when it missed a bar."""
        out = self.tmp / f"{name}.json"
        done = subprocess.run([*self.prefix, sys.executable, ROOT / "tools" / f"bench_{name}.py", COLOA, *command, "--json", out], check=False)
        if not out.exists():
            sys.exit(f"bench: bench_{name}.py failed ({done.returncode})")
        got = json.loads(out.read_text(encoding="utf-8"))
        self.missed += [f"{name}: {what}" for what in got["missed"]]
        if done.returncode and not got["missed"]:
            self.missed.append(name)
        return got

    def desk(self):
        """200 people on a large agency's node (tools/bench_desk.py); then a flood of logins (tools/bench_login.py)."""
        subprocess.run(["ninja", "-C", ROOT / "build", "test/bench/make_agency"], check=True, stdout=subprocess.DEVNULL)
        got = self.part("desk", ROOT / "build/test/bench/make_agency")
        named = ("alerts", "incidents", "reports", "actions", "evidence", "directives", "exceptions", "audit")
        for kind, k in sorted(got["kinds"].items()):
            what, _, of = kind.partition(" of ")
            if of and (of not in named or what not in ("list", "detail", "search")):
                continue
            bar = got["bars"].get(what)
            self.row(f"desk: {kind}, p99, ms", f"{k['p99_ms']:.0f}", f"≤ {bar}" if bar else "", f"median {k['p50_ms']:.1f}, longest {k['max_ms']:.0f}; {k['n']:,} requests")
        memory = got["memory_mb"]
        self.row("desk: memory of desk and console, PSS at most, MB", f"{sum(memory.values()):.0f}", f"≤ {got['memory_bar_mb']}",
                 f"desk {memory['desk']:.0f}, console {memory['console']:.0f}; {got['requests_per_s']:.0f} requests/s, "
                 f"desk at {got['processor']['desk']:.0%} of a processor")
        got = self.part("login")
        flood, known = got["flood"], got["known"].get("200", {"n": 0, "p99_ms": 0})
        self.row("desk: others' requests in a flood of logins, p99, ms", f"{flood['p99_ms']:.0f}", f"≤ {got['bar_ms']}",
                 f"{got['asked_per_s']:,.0f} logins a second from 200 addresses; without it {got['quiet']['p99_ms']:.0f}; longest {flood['max_ms']:.0f}; who is known "
                 f"signed in {known['n']} times meanwhile, p99 {known['p99_ms']:.0f}")

    def drill(self):
        """300 units and 5,000 people in one drill, 50 kills in half an hour (tools/bench_drill.py); --minutes."""
        subprocess.run(["ninja", "-C", ROOT / "build", "test/bench/make_agency", "test/bench/drill_load"], check=True, stdout=subprocess.DEVNULL)
        minutes = self.o.minutes
        got = self.part("drill", ROOT / "build/test/bench/make_agency", ROOT / "build/test/bench/drill_load", "--minutes", str(minutes),
                        "--kills", str(round(minutes * 50 / 30)))
        killed = ", ".join(f"{name} {n}" for name, n in got["killed"].items())
        what = f"{got['people']:,} people of {got['units']} units, {minutes:g} minutes, {got['kills']} kills ({killed})"
        for name, label, bar in (("inject", "an inject is on the page", "≤ 2,000"), ("inject_after_kill", "the same within 30 s after a kill of console", "≤ 30,000"),
                                 ("api", "requests", "≤ 300"), ("api_after_kill", "requests within 30 s after a kill of console", ""), ("look", "lists, tonight", ""),
                                 ("drill", "one's drill", ""), ("answer", "an answer is acknowledged", ""), ("stream", "the stream of events opens", "")):
            k = got[name]
            if k:
                self.row(f"drill: {label}, p99, ms", f"{k['p99_ms']:.0f}", bar, f"median {k['p50_ms']:.0f}, longest {k['max_ms']:.0f}; {k['n']:,}; {what}")
        self.row("drill: injects that never came to a page", str(got["injects_missed"]), "0", f"{got['injects_pushed']:,} came with their event, {got['injects_fetched']:,} were fetched after a cut")
        self.row("drill: acknowledged answers that were lost", str(got["lost"]), "0", f"of {got['acknowledged']:,}")
        self.row("drill: answers written twice", str(got["doubled"]), "0", f"of {got['kept']:,}")
        used, memory = got["processor_s"], got["memory_mb"]
        self.row("drill: processor time of the node, of two processors, %", f"{sum(used.values()) / (minutes * 60) / 2 * 100:.0f}", "",
                 ", ".join(f"{n} {v:.0f} s" for n, v in sorted(used.items()) if v >= 5))
        self.row("drill: memory of all processes, PSS, MB", f"{sum(memory.values()):.0f}", "", ", ".join(f"{n} {v:.0f}" for n, v in sorted(memory.items()) if v >= 5))

    def report(self):
        model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                      if line.startswith("model name")), "?")
        flags = next((line for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("flags")), "")
        wide = "AVX-512" if "avx512bw" in flags else "AVX2" if "avx2" in flags else "SSE2"
        kinds = ("node", "desk", "drill")
        ours = {kind: [r for r in self.rows if r["what"].startswith(kind + ":")] for kind in kinds}
        ours["hunt"] = [r for r in self.rows if not r["what"].startswith(tuple(k + ":" for k in kinds))]
        path = ROOT / "doc" / "figures.md"
        kept = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.M) if path.exists() else []
        said = (f"By `./dev bench --report` on {time.strftime('%Y-%m-%d')}: {model}, {wide}, {os.cpu_count()} processors; load average "
                f"{os.getloadavg()[0]:.1f} at the end; median (minimum–maximum).\n")
        if self.prefix:
            said = said[:-2] + "; the measured programs at real-time priority, as others used the machine.\n"
        about = {"hunt": ("Hunt", f"{self.rounds} round(s). Judging speed runs from the first batch to the last verdict with rules ready, all "
                         "processes on one processor unless said, the smallest report written; `read()` from the page cache, validation and "
                         "reporting included."),
                 "node": ("Node", "All SigmaHQ rules, all processes and the sender on the same processors; every event is durable (synced) "
                          "before it counts."),
                 "desk": ("Desk", "300 units, 5,000 people, 200,000 alerts, 5,000 incidents, 10,000 reports, 10,000 pieces of evidence, 235,000 rows of audit; 200 "
                          "people at work over HTTP, each with a page that follows events; the load on the same processors. As the browser sees it."),
                 "drill": ("Drill", "One exercise of the ransomware scenario; everybody signed in and playing, with an open page over TLS that does as ours does; a "
                           "connection for each request, its session taken up again; the load on the same processors; processes of the node are "
                           "killed evenly over the time. Requests: all but those within 30 s after a kill of console, which have a row of their own.")}
        sections = []
        for which, (title, text) in about.items():
            old = next((k for k in kept if k.startswith(f"## {title}\n")), "")
            rows = ["| " + " | ".join(str(r[k]).replace("|", "\\|") for k in ("what", "value", "bar", "note")) + " |" for r in ours[which]]
            if rows:
                sections.append("\n".join([f"## {title}\n", said, text + "\n", "| what | measured | bar | |", "| --- | --- | --- | --- |", *rows]))
            elif old:
                sections.append(old.rstrip("\n"))
        path.write_text("# Measured\n\n" + "\n\n".join(sections) + "\n", encoding="utf-8")

    def run(self):
        names = ["mix", "process_creation", "times_8", "evtx", "two_cores", "memory", "intel", "rsigma"]
        wanted = self.o.only.split(",") if self.o.only else names
        node = bench_node.NodeBench(self, COLOA, ACTIVE)
        for name in [*wanted]:
            wanted += bench_node.NAMES if name == "node" else []
        try:
            for name in names:
                if name in wanted:
                    getattr(self, name)()
            if "desk" in wanted:
                self.desk()
            if "drill" in wanted:
                self.drill()
            for name in [*bench_node.NAMES, "node_soak"]:
                if name in wanted:
                    getattr(node, name)()
            if self.o.report:
                self.report()
            if self.o.json:
                pathlib.Path(self.o.json).write_text(json.dumps(self.rows, indent=1, ensure_ascii=False), encoding="utf-8")
        finally:
            shutil.rmtree(self.tmp)
        if self.missed:
            print("MISSED:", "; ".join(self.missed))
        return 1 if self.missed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--only", help="mix, process_creation, times_8, evtx, two_cores, memory, intel, rsigma; node (of it: "
                        + ", ".join(bench_node.NAMES) + "); desk; drill (half an hour, or --minutes); node_soak (two hours, or COLOA_SOAK seconds)")
    parser.add_argument("--minutes", type=float, default=30, help="how long the drill lasts")
    parser.add_argument("--report", action="store_true", help="also write doc/figures.md")
    parser.add_argument("--realtime", action="store_true", help="measured programs go first (chrt -r 10; root): for a machine in use")
    parser.add_argument("--json", help="also as JSON to this file")
    sys.exit(Bench(parser.parse_args()).run())


main()
