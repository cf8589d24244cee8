"""The ransomware scenario on a real node, at sixty times its pace, played by three units of different skill through the API: what is
due comes to each, once, whoever of the node's processes is killed meanwhile; the organisers' table shows it."""
import json
import random
import subprocess
import time

from exercise_world import SHIPPED, Exercise, Team, stretched
from node_world import environment, kill
from tap import PROGRAM, coloa, run


def three_units_play(folder):
    with Exercise(folder, scenario=stretched(SHIPPED.read_text(encoding="utf-8"))) as x:
        x.plan()
        x.move("start")
        teams = [Team(x, "a"), Team(x, "b", delay_min=20), Team(x, "c", delay_min=5, careless=True)]

        def all_work():
            for t in teams:
                t.work()
        x.wait_t(75, all_work)
        b = x.board()
        print("#", json.dumps(b["counts"]), json.dumps(b["clock"]))
        for u in b["units"]:
            print("#", u["unit_name"], " ".join(f"{c['step']}:{c['state']}" for c in u["cells"]))
        assert len(b["units"]) == 3 and all(u["cells"] for u in b["units"])
        states = [{c["state"] for c in u["cells"]} for u in b["units"]]
        assert all(s & {"seen", "answered", "overdue"} for s in states), "every unit's rules saw something"
        sent = [i for i in b["injects"] if i["state"] == "sent"]
        assert len(sent) >= 2 and all(i["delivered"] == 3 for i in sent if i["plan_id"] == "clerk-calls"), b["injects"]
        assert all(i["took_ms"] <= 2000 for i in sent), sent
        answered = x.drill("a")["injects"]
        assert any(i["answered"] for i in answered), answered
        outsider = x.member("outsider", "officer", x.do(x.admin, "POST", "/units", parent=1, code="z", name="Unit z", kind="site")["id"])
        assert not x.get(outsider, "/alerts")["items"] and x.get(outsider, "/drill")["play"] is None
        assert x.get(outsider, "/exercises")["items"] == []
        x.move("end")
        e = x.move("publish")
        assert e["state"] == "provisional" and e["ended"], e


def kills_change_nothing(folder):
    """Desk, ingest, judge and main die in the middle: each step is played once, injects are delivered once, the clock goes on."""
    with Exercise(folder, units=("a",), scenario=stretched(SHIPPED.read_text(encoding="utf-8"))) as x:
        x.plan()
        x.move("start")
        dice = random.Random(5)
        for name in ("desk", "ingest", "judge 1", "desk", "store", "desk", "console", "ingest"):
            time.sleep(1 + dice.random() * 2)
            pids = x.node.pids()
            pid = pids.get(name) or next((p for n, p in pids.items() if n.startswith(name.split()[0])), 0)
            assert kill(pid, PROGRAM), (name, pids)
            x.node.wait_for(x.node.answers, 60, "for the desk again")
        before = x.t()
        x.node.kill()
        x.node.start()
        x.node.wait_for(x.node.answers, 60, "for the console")
        assert x.t() >= before
        x.wait_t(60)
        b = x.board()
        cells = b["units"][0]["cells"]
        print("#", " ".join(f"{c['step']}:{c['state']}" for c in cells))
        assert sum(c["state"] not in ("future", "skipped") for c in cells) >= 4, cells
        assert all(i["delivered"] <= 1 for i in b["injects"]), b["injects"]
        x.move("stop", reason="a test")
        assert x.get(x.organiser, f"/exercises/{x.id}")["state"] == "stopped"


def from_the_command_line(folder):
    """`coloa exercise play`: what is faulty or not ready is said and nothing runs; else it runs, and is followed line by line."""
    with Exercise(folder, units=("a", "bare")) as x:
        def play(*args, **more):
            return coloa("exercise", "play", *args, "-c", x.node.config, **more)
        bad = folder / "bad.yaml"
        bad.write_text(SHIPPED.read_text(encoding="utf-8").replace("length: 80m", "length: 8000m"), encoding="utf-8")
        r = play(bad)
        assert r.returncode == 2 and b"bad.yaml:" in r.stderr, (r.returncode, r.stderr.decode())
        r = play("nothing-of-the-kind")
        assert r.returncode == 2 and not r.stdout, r.stderr.decode()
        r = play("ransomware-province", "--unit", "zz")
        assert r.returncode == 2 and b"zz" in r.stderr, r.stderr.decode()
        x.do(x.admin, "POST", "/units", parent=1, code="empty", name="Nobody is there", kind="site")
        r = play("ransomware-province", "--unit", "empty")
        assert r.returncode == 1 and b"Nobody is there" in r.stderr, (r.returncode, r.stdout, r.stderr.decode())
        r = play("ransomware-province", "--unit", "a", "--speed", "60")
        assert r.returncode == 1, r.stderr.decode()
        r = play("ransomware-province", "--unit", "a", "--demo", "--quiet")
        assert r.returncode == 0 and r.stdout.startswith(b"DT-"), (r.returncode, r.stderr.decode())
        assert x.drill("a")["code"] == r.stdout.decode().strip()
        p = subprocess.Popen([PROGRAM, "exercise", "play", "ransomware-province", "--unit", "bare", "--solo", "--demo", "-c", x.node.config],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment())
        assert p.stdout.readline().startswith(b"DT-")
        assert b"step 1" in p.stdout.readline()
        p.terminate()
        p.wait()
        p.stdout.close()
        assert x.drill("bare")["solo"] is True, "it goes on"


run(three_units_play, kills_change_nothing, from_the_command_line)
