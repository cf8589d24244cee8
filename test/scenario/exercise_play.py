"""The ransomware scenario on a real node, at sixty times its pace, played by three units of different skill through the API: what is
due comes to each, once, whoever of the node's processes is killed meanwhile; the organisers' table shows it."""
import json
import random
import time

from exercise_world import SHIPPED, Exercise, Team, stretched
from node_world import kill
from tap import PROGRAM, run


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


run(three_units_play, kills_change_nothing)
