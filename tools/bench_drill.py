#!/usr/bin/env python3
"""One drill of 300 units with 5,000 people signed in, each with an open page over TLS: how late an inject is announced and read, what
requests take, whether an acknowledged answer is ever lost while processes of the node are killed, and the memory of each process.
Load and node share the machine's processors.

Usage: tools/bench_drill.py COLOA MAKE_AGENCY DRILL_LOAD [--people 5000] [--units 300] [--minutes 30] [--speed 2] [--pause 30] [--kills 50]
       [--scenario CODE] [--json FILE] [--crowd]      (--crowd: no drill, only the people)
"""
import argparse
import json
import os
import pathlib
import random
import signal
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
BARS = {"inject p99 s": 2.0, "inject p99 s after a kill of console": 30.0, "API p99 ms": 300}


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

    def begin(self):
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
        for move in ("invite", "go", "start"):
            if move == "go":
                for item in self.ask("GET", f"/exercises/{self.id}")["checklist"]:
                    if not item["done"] and not item["auto"]:
                        self.ask("POST", f"/exercises/{self.id}/check", {"item": item["id"], "done": True, "why": "a measurement"})
                left = [i for i in self.ask("GET", f"/exercises/{self.id}")["checklist"] if not i["done"]]
                assert not left, left
            self.ask("POST", f"/exercises/{self.id}/{move}", {})
        return self

    def answers(self):
        """Injects answered, as the node has them."""
        return sum(i["answered"] for i in self.ask("GET", f"/exercises/{self.id}/board")["injects"])


def kills(node, until, said):
    """Evenly over the time; each a process by its number, never by its name alone."""
    gap = (until - time.monotonic()) / (OPTIONS.kills + 1)
    for n in range(OPTIONS.kills):
        time.sleep(max(0.1, gap))
        name = KILLED[n % len(KILLED)] if n else "console"
        pid = node.pids().get(name)
        if pid:
            os.kill(pid, signal.SIGKILL)
            said.append((time.monotonic(), name))


def main():
    with tempfile.TemporaryDirectory(prefix="coloa-") as folder:
        folder = pathlib.Path(folder)
        node = Web(folder, tls=True)
        state = pathlib.Path(node.directory) / "state"
        state.mkdir(parents=True, mode=0o700)
        made = subprocess.run([OPTIONS.maker, state, str(OPTIONS.alerts), str(OPTIONS.incidents), "5000"], stdout=subprocess.PIPE, check=True, text=True)
        tokens = [line for line in made.stdout.splitlines() if len(line.split()) == 3]
        plays = ("officer", "handler", "lead", "approver", "owner")  # an inspector or a liaison looks on
        playing = [line for line in tokens[5:] if line.split()[1] in plays and 100 <= int(line.split()[2]) < 100 + OPTIONS.units][:OPTIONS.people]
        (folder / "tokens").write_text("\n".join(playing) + "\n", encoding="ascii")
        seconds = OPTIONS.minutes * 60
        with node:
            node.ready()
            drill = None if OPTIONS.crowd else Drill(node, tokens[0].split()[0])
            load = subprocess.Popen([OPTIONS.load, str(node.web), folder / "tokens", str(len(playing)), str(seconds), str(OPTIONS.pause), folder / "answers"],
                                    stdout=subprocess.PIPE, text=True)
            until, killed, peak = time.monotonic() + seconds, [], {}
            ramp = len(playing) / 400 + 5
            time.sleep(ramp)
            if drill:
                drill.begin()
            killer = threading.Thread(target=kills, args=(node, until - 10, killed), daemon=True)
            if OPTIONS.kills:
                killer.start()
            while load.poll() is None:
                for name, pid in node.pids().items():
                    peak[name] = max(peak.get(name, 0.0), memory(pid))
                time.sleep(2)
            result = json.loads(load.stdout.read().splitlines()[-1])
            if drill:
                acknowledged = len({tuple(line.split()) for line in open(folder / "answers", encoding="ascii")})
                result["acknowledged"], result["kept"] = acknowledged, drill.answers()
            if OPTIONS.log:
                pathlib.Path(OPTIONS.log).write_text(node.log.read_text(errors="replace"), encoding="utf-8")
    result.update(people=len(playing), units=OPTIONS.units, minutes=OPTIONS.minutes, kills=len(killed), memory_mb=peak)
    for name in ("stream", "look", "look_after_kill", "drill", "answer", "announced", "announced_after_kill", "read"):
        s = result[name]
        print(f"{name:20}", f"n={s['n']:7} p50={s['p50_ms']:8.1f} ms p99={s['p99_ms']:8.1f} ms max={s['max_ms']:8.1f} ms" if s else "none")
    print({k: result[k] for k in ("status", "cut", "refused", "resumed", "full_handshakes", "events", "streams_reopened", "streams_at_the_end", "answers", "own_cpu_s")})
    if not OPTIONS.crowd:
        print(f"answers acknowledged {result['acknowledged']}, kept {result['kept']}: {'none lost' if result['kept'] >= result['acknowledged'] else 'LOST'}")
    print("memory (PSS, peak, MB):", {k: round(v) for k, v in sorted(peak.items()) if v >= 1}, f"together {sum(peak.values()):.0f}")
    if OPTIONS.json:
        pathlib.Path(OPTIONS.json).write_text(json.dumps(result, indent=1), encoding="utf-8")


random.seed(1)
main()
