"""A shipped scenario on a real node, at sixty times its pace, with nobody at the desk: every step that an alert is expected of is seen
by the shipped rules, and the alert knows the step. COLOA_SCENARIOS=all plays them all; else the one with the most kinds of logs."""
import json
import os

from exercise_world import Exercise, stretched
from tap import ROOT, coloa, run

FOLDER = ROOT / "content/scenarios"


def play(folder, path):
    plan = json.loads(coloa("exercise", "check", "--json", path).stdout)["plan"]
    folder = folder / plan["id"]
    folder.mkdir()
    with Exercise(folder, units=("a",), scenario=stretched(path.read_text(encoding="utf-8"))) as x:
        x.plan()
        x.move("start")
        wanted = {e["of"] for e in plan["expectations"] if e["fact"] == "alert"}
        x.wait_t(plan["length"] // 60000 - 12)
        results = x.get(x.organiser, f"/exercises/{x.id}/results")
        lines = [line for line in results["units"][0]["lines"] if any(f["kind"] == "alert" for f in line["facts"]) or line["part"] == "machine"]
        alerts = {e["id"]: e["of"] for e in plan["expectations"] if e["fact"] == "alert"}
        late = {line["expectation"]: line["t_ms"] for line in lines if line["expectation"] in alerts}
        print(f"# {plan['id']}: ms from step to alert: {late}")
        missing = [e for e in alerts if late.get(e) is None]
        assert len(late) == len(wanted) and not missing, (missing, results["units"][0]["lines"])
        x.move("stop", reason="a test")


def shipped_scenarios_are_seen(folder):
    some = sorted(FOLDER.glob("*.yaml"))
    if os.environ.get("COLOA_SCENARIOS") != "all":
        some = [FOLDER / f"{os.environ.get('COLOA_SCENARIOS') or 'ddos-defacement'}.yaml"]
    for path in some:
        play(folder, path)


run(shipped_scenarios_are_seen)
