"""What a drill can't touch. The same real input goes to a node twice, once with a drill played beside it and once without: all that the
API says of real matter (every list and number that openapi has) is equal, to people who do not play, byte for byte but for
times of day and for numbers of rows that nobody sees. And on the node with the drill: what was said before it is said after it."""
import csv
import io
import json
import re
import time

from exercise_world import SHIPPED, Exercise, Team, stretched
from node_world import bulk
from tap import ROOT, run

# Of exercises themselves; of who is signed in from where; of the machine's own numbers.
LEFT_OUT = re.compile(r"^/(exercises|exercise_records|scenarios|drill$|drill/|live|session|health|events|system$|system/|openapi|sessions|audit)")
# What counts seconds until now, or numbers rows or records that have no name: the rest is compared as it is.
VOLATILE = {"left_s", "now", "seconds", "uptime_s", "age_s", "last_seen", "seen", "silent_s", "rate", "records_s", "checked_at", "until_s",
            "first_seq", "usual_every_s", "configuration", "last_seq", "seq", "version", "offset", "oldest_s", "key", "token", "message_id", "hash", "custody_head"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CLOCK = re.compile(r"\b(\d\d/\d\d \d\d:\d\d|\d\d:\d\d \d\d/\d\d/\d{4})\b")
PSEUDONYM = re.compile(r"\b(?:person|address)-[0-9A-Z]{6}\b")


def operations():
    """Every GET of one piece: lists and numbers."""
    api = json.loads((ROOT / "doc/openapi.json").read_text(encoding="utf-8"))
    base = "/api/v1"
    out = []
    for path, methods in api["paths"].items():
        path = path.removeprefix(base)
        if "get" in methods and "{" not in path and not LEFT_OUT.match(path):
            out.append(path)
    return sorted(out)


def details():
    """Every GET about one thing that real work has: its incident, its alerts, its system, its report, its evidence."""
    api = json.loads((ROOT / "doc/openapi.json").read_text(encoding="utf-8"))
    kinds = ("incidents", "alerts", "systems", "reports", "evidence", "units")
    out = []
    for path, methods in api["paths"].items():
        path = path.removeprefix("/api/v1")
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if path.split("/")[1] in kinds and re.findall(r"\{(\w+)\}", path) == ["id"] and "application/json" in content:
            out.append(path)
    return sorted(out)


def things(x):
    """Numbers of what is real, as its own people see it."""
    lead = x.people["root-lead"]
    real = {k: [o["id"] for o in x.get(lead, f"/{k}?limit=50")["items"]] for k in ("incidents", "alerts", "reports", "evidence", "systems", "units")}
    assert all(i < 1000000000 for k in ("incidents", "alerts") for i in real[k]), "without asking nobody sees a drill's"
    return real


def plain(v, ids=False):
    """Without what differs between two runs of the same."""
    if isinstance(v, dict):
        return {k: plain(x, ids) for k, x in sorted(v.items()) if k not in VOLATILE and not (ids and (k == "id" or k.endswith("_id") or (k == "clock" and isinstance(x, int))))}
    if isinstance(v, list):
        return [plain(x, ids) for x in v]
    if isinstance(v, str):
        return PSEUDONYM.sub("person-P", CLOCK.sub("T", TIME.sub("T", v)))  # a pseudonym is of its node's own key
    return v


def reads(x, who, ids=False):
    out = {}
    for path in operations():
        status, answer = who.ask("GET", path)
        out[path] = [status, plain(answer, ids) if status == 200 else status]
    real = things(x)
    for path in details():
        for i in sorted(real[path.split("/")[1]])[:3]:
            status, answer = who.ask("GET", path.replace("{id}", str(i)))
            out[path.replace("{id}", f"#{i}")] = [status, plain(answer, ids) if status == 200 else status]
    for what in ("incident", "alert", "report", "evidence"):  # what the log says of real matter
        status, answer = who.ask("GET", f"/audit?drill=false&limit=500&q={what}")
        rows = [r for r in answer["items"] if r["about"].startswith(what + " ") and not r["what"].startswith("session")] if status == 200 else []
        out[f"/audit {what}"] = [status, plain([{k: r[k] for k in ("who", "what", "about", "drill")} for r in rows], ids)]
    # What leaves as a file: the lists as tables, without the drill's rows.
    for path in ("/alerts", "/incidents", "/clocks", "/reports", "/evidence", "/actions"):
        status, answer = who.ask("GET", path + "?format=csv")
        out[path + ".csv"] = [status, csv_of(answer) if status == 200 else status]
    return out


def csv_of(answer):
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    assert "DIỄN TẬP" not in text, text[:400]
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    keep = ("code", "title", "kind", "state", "status", "severity", "rule", "drill", "incident_code", "name")
    return [{k: r[k] for k in keep if k in r} for r in rows]


def real_event(i):
    return json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Provider_Name": "Microsoft-Windows-Sysmon",
                       "UtcTime": "2026-11-23 05:00:%02d.000" % i, "Image": "C:\\Windows\\System32\\vssadmin.exe", "OriginalFileName": "VSSADMIN.EXE",
                       "CommandLine": "vssadmin.exe delete shadows /all /quiet", "ParentImage": "C:\\Windows\\System32\\cmd.exe",
                       "User": "REAL\\an.nguyen", "Computer": "REAL%02d" % i, "number": i}).encode()


def send(x, first, n):
    bulk(x.node.port["bulk"], [(i, b"real-%d" % i, real_event(i)) for i in range(first, first + n)], timeout=60)
    want = first + n - 1
    x.node.wait_for(lambda: x.get(x.people["root-lead"], "/alerts?limit=100")["total"] == want, 60, "for the real alerts")
    x.node.wait_for(lambda: any(s["received"] == want for s in x.get(x.people["root-lead"], "/sources")["items"]), 60, "for the source's numbers")


def people(x):
    for login, role in (("root-lead", "lead"), ("root-audit", "inspector"), ("root-handler", "handler")):
        x.member(login, role, 1)
    z = x.do(x.admin, "POST", "/units", parent=1, code="z", name="Unit z", kind="site")["id"]
    x.member("lead-z", "lead", z)


READERS = ("root-lead", "root-audit", "root-handler", "lead-z", "org")


def real_work(x, title):
    """An incident of what waits, with a task and a note."""
    lead = x.people["root-lead"]
    ids = [a["id"] for a in x.get(lead, "/alerts?status=new&limit=100&sort=raised")["items"]][:2]
    i = x.do(lead, "POST", "/incidents", title=title, unit=1, alerts=ids)
    x.do(lead, "POST", f"/incidents/{i['id']}/tasks", title="Look at the host")
    x.node.wait_for(lambda: any("Deadline near" in e["text"] for e in x.get(lead, f"/incidents/{i['id']}/timeline")["items"]), 30, "for its warning")
    x.do(lead, "POST", "/reports", kind="immediate", incident=i["id"], lang="vi")
    x.do(lead, "POST", f"/incidents/{i['id']}/evidence/ranges", first_seq=1, last_seq=2, name="the first two", note="where it began")
    x.do(lead, "POST", f"/incidents/{i['id']}/eradication")
    x.do(lead, "POST", f"/incidents/{i['id']}/returns", system=x.system, until="2036-01-01T00:00:00Z", checks="whether it comes back")
    return i


def live(x, play):
    """The whole life of one node; what was read at each stage."""
    said = {}
    x.plan()
    x.system = x.do(x.admin, "POST", "/systems", code="REAL", name="Real system", unit=1, level=2, hosts=["REAL01"])["id"]
    people(x)  # after the rosters were made: none of them is a deputy of a unit that plays
    send(x, 1, 5)
    first = real_work(x, "Real one")
    assert first["code"].endswith("-0001") and first["id"] == 1, first
    said["before"] = {who: reads(x, x.people[who]) for who in READERS}
    if play:
        x.move("start")
        teams = [Team(x, "a"), Team(x, "b", delay_min=10, careless=True)]

        def work():
            for t in teams:
                t.work()
        x.wait_t(45, work)
        drills = x.get(x.who("a", "lead"), "/alerts?drill=true&limit=1")["total"]
        assert drills and teams[0].incident, "nothing was played"
        said["during"] = {who: reads(x, x.people[who]) for who in READERS}
        x.move("pause")
        time.sleep(2)
        print(f"# {drills} alerts of the drill in one unit; its incident {x.get(x.who('a', 'lead'), '/incidents/%d' % teams[0].incident)['code']}")
    send(x, 6, 5)
    second = real_work(x, "Real two")
    assert second["code"].endswith("-0002") and second["id"] == 2, second
    if play:
        x.move("resume")
        x.wait_t(50)
        x.move("stop", reason="a test")
    said["after"] = {who: reads(x, x.people[who], ids=True) for who in READERS}
    return said


def differences(a, b, where=""):
    if type(a) is not type(b) or not isinstance(a, (dict, list)):
        return [] if a == b else [f"{where}: {json.dumps(a)[:160]} | {json.dumps(b)[:160]}"]
    if isinstance(a, dict):
        return [d for k in sorted(set(a) | set(b)) for d in differences(a.get(k), b.get(k), f"{where}/{k}")]
    if len(a) != len(b):
        more, less = (a, b) if len(a) > len(b) else (b, a)
        return [f"{where}: {len(a)} | {len(b)} entries: {json.dumps([v for v in more if v not in less], ensure_ascii=False)[:300]}"]
    return [d for i, (p, q) in enumerate(zip(a, b)) for d in differences(p, q, f"{where}[{i}]")]


def compare(a, b, what):
    wrong, n = [], 0
    for who in READERS:
        for path in sorted(set(a[who]) | set(b[who])):
            n += 1
            wrong += [f"{who} {d}" for d in differences(a[who].get(path), b[who].get(path), path)]
    assert not wrong, what + ":\n" + "\n".join(wrong[:40])
    return n


def nothing_of_it_is_elsewhere(folder):
    text = stretched(SHIPPED.read_text(encoding="utf-8"))
    said = []
    for play in (True, False):
        here = folder / str(play)
        here.mkdir()
        with Exercise(here, units=("a", "b"), scenario=text) as x:
            said.append(live(x, play))
            counters = x.node.status()["counters"]
            assert counters["records"] == 10 and (counters["drill_records"] > 100) == play, counters
    n = compare(said[0]["before"], said[0]["during"], "before and during a drill")
    m = compare(said[0]["after"], said[1]["after"], "with and without a drill")
    print(f"# {n} answers are the same before and during it, {m} with and without it; {len(operations())} operations, {len(READERS)} readers")


run(nothing_of_it_is_elsewhere)
