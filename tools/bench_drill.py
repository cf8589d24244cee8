#!/usr/bin/env python3
"""One drill of 300 units with 5,000 people signed in and playing, each with an open page over TLS: how late an inject is on each page and
whether one never came, what requests take, whether an acknowledged answer is ever lost or written twice while processes of the node are
killed, and the memory and processor time of each process. Load and node share the machine's processors. Ends with 1 when a bar is missed.

Usage: tools/bench_drill.py COLOA MAKE_AGENCY DRILL_LOAD [--people 5000] [--units 300] [--minutes 30] [--speed 2] [--pause 30] [--kills 50]
       [--scenario CODE] [--json FILE] [--crowd]      (--crowd: no drill, only the people)
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARGS = argparse.ArgumentParser()
ARGS.add_argument("program")
ARGS.add_argument("maker")
ARGS.add_argument("load")
ARGS.add_argument("--people", type=int, default=5000)
ARGS.add_argument("--units", type=int, default=300)
ARGS.add_argument("--minutes", type=float, default=30)
ARGS.add_argument("--speed", type=int, default=0, help="of the drill; 0: what makes the scenario as long as the measurement")
ARGS.add_argument("--pause", type=float, default=30, help="mean seconds that a person looks at an answer")
ARGS.add_argument("--kills", type=int, default=50)
ARGS.add_argument("--alerts", type=int, default=20000)
ARGS.add_argument("--incidents", type=int, default=500)
ARGS.add_argument("--scenario", default="ransomware-province")
ARGS.add_argument("--crowd", action="store_true")
ARGS.add_argument("--json")
ARGS.add_argument("--log", help="keep the node's log here")
OPTIONS = ARGS.parse_args()
sys.argv[1:] = [OPTIONS.program]
sys.path.insert(0, str(ROOT / "test" / "scenario"))
from api import Web  # noqa: E402

KILLED = ["console", "desk", "ingest", "judge", "store", "vault", "seal"]


def memory(pid) -> float:
    """PSS in MB."""
    try:
        for line in open(f"/proc/{pid}/smaps_rollup", encoding="ascii"):
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


class Drill:
    def __init__(self, node, token):
        self.node, self.token, self.id = node, token, None

    def ask(self, method, path, body=None):
        head = {"Cookie": f"__Host-coloa_session={self.token}"}
        for _ in range(60):
            try:
                status, answer, _ = self.node.http(method, "/api/v1" + path, body, head)
                if status < 500:
                    assert status in (200, 201, 204), (method, path, status, answer)
                    return answer
            except OSError:
                pass
            time.sleep(0.5)
        raise AssertionError(f"{method} {path}: no answer for 30 s")

    def prepare(self):
        found = [s for s in self.ask("GET", "/scenarios?limit=100")["items"] if s["code"] == OPTIONS.scenario]
        assert found, f"no scenario {OPTIONS.scenario}"
        scenario = found[0]
        most = self.ask("GET", f"/scenarios/{scenario['id']}")["plan"]["speed_max"] * 1000
        speed = min(OPTIONS.speed * 1000 or max(1000, int(scenario["minutes"] / OPTIONS.minutes * 1000)), most)
        made = self.ask("POST", "/exercises", {"unit": 1, "scenario": scenario["id"], "title": "Load", "speed": speed, "simulated": True,
                                               "units": list(range(100, 100 + OPTIONS.units))})
        self.id = made["id"]
        for play in made["plays"]:
            self.ask("POST", f"/exercises/{self.id}/units/{play['unit']}/suggest")
        self.ask("POST", f"/exercises/{self.id}/invite", {})
        for item in self.ask("GET", f"/exercises/{self.id}")["checklist"]:
            if not item["done"] and not item["auto"]:
                self.ask("POST", f"/exercises/{self.id}/check", {"item": item["id"], "done": True, "why": "a measurement"})
        left = [i for i in self.ask("GET", f"/exercises/{self.id}")["checklist"] if not i["done"]]
        assert not left, left
        self.ask("POST", f"/exercises/{self.id}/go", {})
        return self

    def start(self):
        self.ask("POST", f"/exercises/{self.id}/start", {})


def processor(pid) -> float:
    """Seconds, of user and system."""
    try:
        part = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        return (int(part[11]) + int(part[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


class Watch:
    """Memory at most and processor time of each process by name, over its lives."""

    def __init__(self, node):
        self.node, self.peak, self.used, self.killed = node, {}, {}, []

    def look(self):
        for name, pid in self.node.pids().items():
            self.peak[name] = max(self.peak.get(name, 0.0), memory(pid))
            self.used[name, pid] = max(self.used.get((name, pid), 0.0), processor(pid))

    def seconds(self) -> dict:
        return {name: round(sum(v for (n, _), v in self.used.items() if n == name), 1) for name in self.peak}

    def kill(self, until):
        """Evenly over the time, the first the console; each a process by its number, never by its name alone."""
        for n in range(OPTIONS.kills):
            time.sleep(max(0.1, (until - time.monotonic()) / (OPTIONS.kills - n + 1)))
            wanted = KILLED[n % len(KILLED)]
            while not (found := [(name, pid) for name, pid in self.node.pids().items() if name.split("-")[0] == wanted and pid]):
                time.sleep(0.2)
            name, pid = random.choice(found)
            self.used[name, pid] = max(self.used.get((name, pid), 0.0), processor(pid))
            os.kill(pid, signal.SIGKILL)
            self.killed.append(name.split("-")[0])


def look_after(state, answers, result):
    """What the desk kept, read when the node has stopped: of each acknowledged answer the very row, by the very person."""
    db = sqlite3.connect(f"file:{state / 'state.db'}?mode=ro", uri=True)
    acknowledged = {tuple(line.split()) for line in open(answers, encoding="ascii")}
    kept = {(str(d), bytes(h).hex()) for d, h in db.execute(
        "SELECT v.id, s.hash FROM exercise_delivery v JOIN session s ON s.person=v.answered_by WHERE v.answered IS NOT NULL")}
    lost = [a for a in acknowledged if (a[0], hashlib.blake2b(bytes.fromhex(a[1]), digest_size=32).hexdigest()) not in kept]
    audited = db.execute("SELECT count(*), count(DISTINCT json_extract(detail,'$.delivery')) FROM audit WHERE what='drill.answer'").fetchone()
    result.update(acknowledged=len(acknowledged), kept=len(kept), lost=len(lost), doubled=audited[0] - audited[1],
                  deliveries=db.execute("SELECT count(*) FROM exercise_delivery").fetchone()[0])
    db.close()


def play(node, folder, tokens, playing, result):
    seconds = OPTIONS.minutes * 60
    drill = None if OPTIONS.crowd else Drill(node, tokens[0].split()[0]).prepare()
    load = subprocess.Popen([OPTIONS.load, str(node.web), folder / "tokens", str(len(playing)), str(seconds), str(OPTIONS.pause), folder / "answers"],
                            stdout=subprocess.PIPE, text=True)
    until, watch = time.monotonic() + seconds, Watch(node)
    time.sleep(len(playing) / 400 + 5)
    if drill:
        drill.start()
    if OPTIONS.kills:
        threading.Thread(target=watch.kill, args=(until - 10,), daemon=True).start()
    while load.poll() is None:
        watch.look()
        time.sleep(5)
    result.update(json.loads(load.stdout.read().splitlines()[-1]))
    result.update(people=len(playing), units=OPTIONS.units, minutes=OPTIONS.minutes, kills=len(watch.killed), memory_mb=watch.peak,
                  processor_s=watch.seconds(), killed={n: watch.killed.count(n) for n in sorted(set(watch.killed))})


def bars(result) -> dict:
    """name: (measured, bar)."""
    p99 = lambda name: result[name]["p99_ms"] if result[name] else 0  # noqa: E731
    return {"an inject is on the page, p99, ms": (p99("inject"), 2000), "the same within 30 s after a kill of console": (p99("inject_after_kill"), 30000),
            "injects that never came": (result["injects_missed"], 0), "API p99, ms": (p99("api"), 300),
            "acknowledged answers that were lost": (result.get("lost", 0), 0), "answers written twice": (result.get("doubled", 0), 0)}


def say(result):
    for name in ("inject", "inject_after_kill", "api", "api_after_kill", "api_all", "stream", "look", "drill", "answer"):
        s = result[name]
        print(f"{name:20}", f"n={s['n']:7} p50={s['p50_ms']:8.1f} ms p99={s['p99_ms']:8.1f} ms max={s['max_ms']:8.1f} ms" if s else "none")
    print({k: v for k, v in result.items() if not isinstance(v, dict)}, result["status"])
    for name, unit in (("memory_mb", "MB, PSS, most"), ("processor_s", "s of processor"), ("killed", "times killed")):
        print(f"{unit}:", {k: round(v, 1) for k, v in sorted(result[name].items()) if v >= 1}, f"together {sum(result[name].values()):.0f}")


def main() -> int:
    result = {}
    with tempfile.TemporaryDirectory(prefix="coloa-") as folder:
        folder = pathlib.Path(folder)
        node = Web(folder, tls=True)
        state = pathlib.Path(node.directory) / "state"
        state.mkdir(parents=True, mode=0o700)
        made = subprocess.run([OPTIONS.maker, state, str(OPTIONS.alerts), str(OPTIONS.incidents), str(OPTIONS.people + 200)],
                              stdout=subprocess.PIPE, check=True, text=True)
        tokens = [line for line in made.stdout.splitlines() if len(line.split()) == 3]
        playing = tokens[200:]  # the first work for whole departments, or only look on
        (folder / "tokens").write_text("\n".join(playing) + "\n", encoding="ascii")
        with node:
            node.ready()
            play(node, folder, tokens, playing, result)
            if OPTIONS.log:
                pathlib.Path(OPTIONS.log).write_text(node.log.read_text(errors="replace"), encoding="utf-8")
        if not OPTIONS.crowd:
            look_after(state, folder / "answers", result)
    result["bars"] = bars(result)
    result["missed"] = [f"{k}: {v:g} > {bar}" for k, (v, bar) in result["bars"].items() if v > bar]
    say(result)
    if OPTIONS.json:
        pathlib.Path(OPTIONS.json).write_text(json.dumps(result, indent=1), encoding="utf-8")
    print("bars:", f"missed: {result['missed']}" if result["missed"] else "all held", result["bars"])
    return 1 if result["missed"] else 0


random.seed(1)
sys.exit(main())
