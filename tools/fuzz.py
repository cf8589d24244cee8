#!/usr/bin/env python3
"""Fuzzing campaigns over build-fuzz/: each target with its stored corpus as seeds, findings and new inputs under .cache/fuzz.

./dev fuzz [--seconds N] [--runs N] [--jobs N] [--report] [TARGET...]
Runs each target for at least N seconds (default 300) and N executions (default 1,000,000), then prints one line each:
executions, seconds, edges covered, when the last new edge came, findings. --report writes doc/fuzzing.md.
"""
import argparse
import concurrent.futures
import datetime
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz" / "test" / "fuzz"
CACHE = pathlib.Path(os.environ.get("COLOA_CACHE", ROOT / ".cache")) / "fuzz"
STATUS = re.compile(r"^#(\d+)\s+(NEW|REDUCE|INITED|pulse|DONE|RELOAD)\s+cov: (\d+)")


def run_once(name: str, seconds: int, findings: pathlib.Path) -> dict:
    """One libFuzzer process; what it printed, read as it comes (the time of a new edge is when its line is seen)."""
    corpus = CACHE / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = ROOT / "test" / "fuzz" / "corpus" / name
    command = [str(BUILD / f"fuzz_{name}"), str(corpus)] + ([str(seeds)] if seeds.is_dir() else [])
    command += [f"-max_total_time={seconds}", f"-artifact_prefix={findings}/", "-rss_limit_mb=2048", "-timeout=10",
                "-max_len=4096", "-entropic=0", "-print_final_stats=1"]
    start = time.monotonic()
    got = {"runs": 0, "cov": 0, "last_edge": 0.0}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, errors="replace") as child:
        tail = []
        for line in child.stderr:
            tail = (tail + [line])[-60:]
            found = STATUS.match(line)
            if found:
                got["runs"] = int(found.group(1))
                if int(found.group(3)) > got["cov"]:
                    got["cov"] = int(found.group(3))
                    got["last_edge"] = time.monotonic() - start
            if line.startswith("stat::number_of_executed_units:"):
                got["runs"] = int(line.split(":")[-1])
    got["seconds"] = time.monotonic() - start
    got["status"] = child.returncode
    got["tail"] = "".join(tail)
    return got


def campaign(name: str, options: argparse.Namespace) -> dict:
    findings = CACHE / name / "findings"
    findings.mkdir(parents=True, exist_ok=True)
    total = {"name": name, "runs": 0, "seconds": 0.0, "cov": 0, "quiet": 0.0, "status": 0, "tail": ""}
    for _ in range(options.rounds):
        got = run_once(name, options.seconds, findings)
        # Edges of the seeds are no news in a later round: only what goes beyond the best so far is.
        new = got["cov"] > total["cov"]
        total["quiet"] = got["seconds"] - got["last_edge"] if new else total["quiet"] + got["seconds"]
        total["cov"] = max(total["cov"], got["cov"])
        total["runs"] += got["runs"]
        total["seconds"] += got["seconds"]
        total["status"] = got["status"]
        total["tail"] = got["tail"]
        if got["status"] != 0 or (total["runs"] >= options.runs and total["quiet"] >= options.quiet):
            break
    total["findings"] = len(list(findings.iterdir()))
    return total


def line(t: dict) -> str:
    return (f"| {t['name']} | {t['runs']:,} | {t['seconds']:.0f} | {t['cov']:,} | {t['quiet']:.0f} | {t['findings']} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=300, help="of one round")
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions to reach")
    parser.add_argument("--quiet", type=int, default=60, help="seconds without a new edge to reach")
    parser.add_argument("--rounds", type=int, default=6, help="at most this many rounds a target")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--report", action="store_true")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    names = options.targets or sorted(p.name[5:] for p in BUILD.glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))
    head = ("| target | executions | seconds | edges | seconds since the last new edge | findings open |\n"
            "| --- | --- | --- | --- | --- | --- |")
    print(head, flush=True)
    rows, bad = [], False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for t in pool.map(lambda n: campaign(n, options), names):
            rows.append(line(t))
            print(rows[-1], flush=True)
            if t["status"] != 0 or t["findings"]:
                bad = True
                print(t["tail"], file=sys.stderr)
    if options.report:
        text = (f"# Fuzzing\n\nRecorded {datetime.date.today()} by `./dev fuzz --report`: libFuzzer with ASan and UBSan, "
                "one process a target. Corpora under `test/fuzz/corpus` are replayed in every test run.\n\n"
                + head + "\n" + "\n".join(rows) + "\n")
        (ROOT / "doc" / "fuzzing.md").write_text(text, encoding="utf-8")
    return 1 if bad else 0


sys.exit(main())
