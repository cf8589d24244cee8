#!/usr/bin/env python3
"""Fuzzing campaigns over build-fuzz/: each target with its stored corpus as seeds; findings, new inputs and how far each
target came are kept under .cache/fuzz, so that a campaign that was stopped goes on where it was.

./dev fuzz [--seconds N] [--runs N] [--quiet N] [--limit N] [--jobs N] [--again] [--report [--kept]] [TARGET...]
A target is done when all of these hold: at least N seconds (default 300), N executions (1,000,000) and N seconds without
a new edge (60), at most --limit seconds (4200) in all. It runs in rounds: one process each, all on one corpus. A program that has
changed starts anew, with the corpus it has (--again: this one too). At the end its corpus is replayed with the search for leaks.
--report writes doc/fuzzing.md from what is kept of all targets; with --kept nothing is run before.
"""
import argparse
import concurrent.futures
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz" / "test" / "fuzz"
CACHE = pathlib.Path(os.environ.get("COLOA_CACHE", ROOT / ".cache")) / "fuzz"
STATUS = re.compile(r"^#(\d+)\s+([A-Za-z]+)\s+cov: (\d+)")
INTERRUPTED = 72  # how libFuzzer ends on SIGINT
FINAL = re.compile(r"^stat::number_of_executed_units:\s+(\d+)")
# What a target is given at most, where it is not 1,024 bytes: enough for everything its parser can do.
MAX_LEN = {"correlate": 400, "evtx": 3300, "intel_table": 10240, "journal": 2048, "match": 96, "program": 512}
# Freed memory is kept back long enough for these small inputs; the search for leaks stops the program each time, so it comes at the end.
SANITIZE = {"ASAN_OPTIONS": "quarantine_size_mb=16:malloc_context_size=1", "UBSAN_OPTIONS": "print_stacktrace=1"}

stopping = threading.Event()


class Target:
    """One target's campaign, as kept in record.json."""

    def __init__(self, name: str):
        self.name = name
        self.program = BUILD / f"fuzz_{name}"
        self.home = CACHE / name
        self.max_len = MAX_LEN.get(name, 1024)
        self.got = {"program": "", "runs": 0, "seconds": 0.0, "edges": 0, "quiet": 0.0, "rounds": 0, "leaks": "", "date": ""}
        self.failed = ""
        (self.home / "corpus").mkdir(parents=True, exist_ok=True)
        (self.home / "findings").mkdir(exist_ok=True)
        try:
            self.got.update(json.loads((self.home / "record.json").read_text()))
        except (OSError, ValueError):
            pass

    def save(self) -> None:
        new = self.home / "record.json.new"
        new.write_text(json.dumps(self.got))
        new.replace(self.home / "record.json")

    def findings(self) -> int:
        return len(list((self.home / "findings").iterdir()))

    def command(self, *options: str) -> list:
        words = ROOT / "test" / "fuzz" / "dict" / self.name
        return [str(self.program), f"-artifact_prefix={self.home}/findings/", "-rss_limit_mb=2048", "-timeout=10",
                f"-max_len={self.max_len}", *([f"-dict={words}"] if words.exists() else []), *options]

    def dirs(self) -> list:
        seeds = ROOT / "test" / "fuzz" / "corpus" / self.name
        return [str(self.home / "corpus")] + ([str(seeds)] if seeds.is_dir() else [])

    def call(self, *options: str) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
                              text=True, errors="replace", env={**os.environ, **SANITIZE})

    def begin(self, again: bool) -> None:
        """Another program than the record's: from nothing, with a corpus trimmed to what this one needs."""
        key = hashlib.sha256(self.program.read_bytes() + str(self.max_len).encode()).hexdigest()
        if self.got["program"] == key and not again:
            return
        self.got = {"program": key, "runs": 0, "seconds": 0.0, "edges": 0, "quiet": 0.0, "rounds": 0, "leaks": "", "date": ""}
        small = self.home / "trimmed"
        shutil.rmtree(small, ignore_errors=True)
        small.mkdir()
        if self.call("-merge=1", str(small), *self.dirs()).returncode == 0 and any(small.iterdir()):
            shutil.rmtree(self.home / "corpus")
            small.rename(self.home / "corpus")
        shutil.rmtree(small, ignore_errors=True)

    def round(self, enough, limit: float) -> int:
        """One process, until enough() or `limit` seconds; what it prints is read as it comes."""
        base = dict(self.got)
        start = time.monotonic()
        seen = {"runs": 0, "at": start, "edges": 0, "edge": start, "inited": False, "tail": []}
        child = subprocess.Popen(self.command("-entropic=0", "-detect_leaks=0", "-reload=0", "-print_final_stats=1",
                                              f"-max_total_time={int(limit) + 1}", *self.dirs()),
                                 stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace",
                                 env={**os.environ, **SANITIZE})

        def read():
            for line in child.stderr:
                seen["tail"] = (seen["tail"] + [line])[-60:]
                if (final := FINAL.match(line)):
                    seen["runs"], seen["at"] = int(final.group(1)), time.monotonic()
                if not (found := STATUS.match(line)):
                    continue
                seen["runs"], seen["at"] = int(found.group(1)), time.monotonic()
                # The seeds' edges are no news in a later round, unless they are more than ever.
                more = int(found.group(3)) > (seen["edges"] if seen["inited"] else max(seen["edges"], base["edges"]))
                if more:
                    seen["edge"] = time.monotonic()
                    seen["more"] = True
                seen["edges"] = max(seen["edges"], int(found.group(3)))
                seen["inited"] = seen["inited"] or found.group(2) == "INITED"

        def tally(estimate: bool) -> None:
            now = time.monotonic()
            runs = seen["runs"]
            if estimate and seen["at"] > start + 5:  # it is silent while nothing is new: a little less than at its pace so far
                runs = int(runs * (1 + 0.9 * (now - seen["at"]) / (seen["at"] - start)))
            self.got.update(runs=base["runs"] + runs, seconds=base["seconds"] + now - start, rounds=base["rounds"] + 1,
                            edges=max(base["edges"], seen["edges"]), date=str(datetime.date.today()),
                            quiet=now - seen["edge"] if seen.get("more") else base["quiet"] + now - start)

        reader = threading.Thread(target=read)
        reader.start()
        ticks = 0
        while child.poll() is None:
            time.sleep(1)
            tally(True)
            ticks += 1
            if enough() or stopping.is_set():
                child.send_signal(signal.SIGINT)  # says its figures and ends
                break
            if ticks % 10 == 0:
                honest = dict(self.got)
                self.got["runs"] = base["runs"] + seen["runs"]
                self.save()
                self.got = honest
        child.wait()
        reader.join()
        tally(False)
        self.save()
        if child.returncode in (0, INTERRUPTED):
            return 0
        self.failed = "".join(seen["tail"])
        return child.returncode

    def campaign(self, options: argparse.Namespace) -> "Target":
        def enough() -> bool:
            g = self.got
            return g["runs"] >= options.runs and g["seconds"] >= options.seconds and g["quiet"] >= options.quiet

        if stopping.is_set() or options.kept:
            return self
        self.begin(options.again)
        while not enough() and self.got["seconds"] < options.limit and not stopping.is_set():
            if self.round(enough, options.limit - self.got["seconds"]) != 0:
                return self
        if not stopping.is_set():
            last = self.call("-runs=0", *self.dirs())
            self.got["leaks"] = "none" if last.returncode == 0 else "some"
            self.failed = last.stderr if last.returncode != 0 else ""
            self.save()
        return self

    def line(self) -> str:
        g = self.got
        return (f"| {self.name} | {g['runs']:,} | {g['seconds']:.0f} | {g['rounds']} | {self.max_len:,} | {g['edges']:,} | "
                f"{g['quiet']:.0f} | {g['leaks'] or 'not sought'} | {self.findings()} |")


HEAD = ("| target | executions | seconds | rounds | bytes at most | edges | last new edge, seconds before the end | leaks | findings open |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |")


def report(names: list, options: argparse.Namespace) -> None:
    targets = [Target(n) for n in names]
    dates = sorted({t.got["date"] for t in targets if t.got["date"]})
    short = [t.name for t in targets
             if t.got["runs"] < options.runs or t.got["seconds"] < options.seconds or t.got["quiet"] < options.quiet]
    open_ = sum(t.findings() for t in targets)
    text = f"""# Fuzzing

Recorded {' to '.join(dict.fromkeys(dates[:1] + dates[-1:]))} by `./dev fuzz --report`: libFuzzer with ASan and UBSan. A target runs in rounds, one process
each, on one corpus that is kept, until it has {options.runs:,} executions, {options.seconds} seconds and {options.quiet} seconds without a
new edge, or {options.limit} seconds in all. Seconds are of the clock. Then its corpus is replayed with the search for leaks. The
kept corpora go back to earlier campaigns; that of `rule` has also been given the public rules. The
hand-made corpora under `test/fuzz/corpus`, with inputs of findings that were mended, are replayed in every test run.

{'All targets reached this' if not short else 'Stopped short of this: ' + ', '.join(short)}; {open_} findings open.

{HEAD}
"""
    (ROOT / "doc" / "fuzzing.md").write_text(text + "\n".join(t.line() for t in targets) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=300, help="to reach, at least")
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions to reach")
    parser.add_argument("--quiet", type=int, default=60, help="seconds without a new edge to reach")
    parser.add_argument("--limit", type=int, default=4200, help="seconds a target is given in all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--again", action="store_true", help="from nothing, whatever the record says")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--kept", action="store_true", help="run nothing, show what is kept")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    every = sorted(p.name[5:] for p in BUILD.glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))
    for s in (signal.SIGINT, signal.SIGTERM):
        signal.signal(s, lambda *_: stopping.set())
    print(HEAD, flush=True)
    bad = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(lambda n: Target(n).campaign(options), n) for n in options.targets or every]
        for job in concurrent.futures.as_completed(jobs):
            t = job.result()
            print(t.line(), flush=True)
            if t.failed or t.findings():
                bad = True
                print(t.failed, file=sys.stderr)
    if options.report:
        report(every, options)
    return 1 if bad or stopping.is_set() else 0


sys.exit(main())
