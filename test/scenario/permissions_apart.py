"""One of everything in one unit: alerts, incident, actions, evidence, report, exception, exercise, directive, restore drill and more. What
people of another unit get of it over HTTP, each with the role that would do at home: by number, in lists, tables and counts, and named in
requests about things of their own. And what a guest of a partner gets: of one incident, until a date; then nothing."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

from api import Web
from node_world import attack, bulk
from people import PASSWORD, Browser
from permissions import LETTERS, SKIPPED, Things, ask, local, operations, request, signed_in, table
from tap import run

MARK = "zqxw"  # in all that belongs to the unit: nobody else may be told a text with it
GUESTS_MAY = {"incidents.list", "incidents.get", "incidents.timeline", "incidents.observables", "clocks.list"}
NUMBERED = {"incident", "ids", "alerts", "alert", "system", "repository", "unit", "units", "play", "parent", "owner", "lead", "person"}
# Of the machine or of the node, or of what the asker did: it changes by itself.
MOVING = {"now", "left_s", "seconds", "age_s", "until_s", "behind_ms", "oldest_s", "last_seen", "rate", "received", "expires", "second_at",
          "next_decision", "t", "drill_ms", "viewed", "custody", "custody_head", "to", "from", "next_until", "text_en", "text_vi",
          "used", "last_used"}  # of the node's library of playbooks and scenarios, and of its room: whose they were is not told
COUNTED_ANYWAY = {"audit.list", "audit.head", "sessions.list", "session.get", "session.ways", "system.health"}


def soon(seconds) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def still(v):
    """Without what changes by itself."""
    if isinstance(v, dict):
        return {k: still(x) for k, x in v.items() if k not in MOVING}
    return [still(x) for x in v] if isinstance(v, list) else v


def text_of(answer) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def queries(o) -> set:
    return {p["name"] for p in o.get("parameters", []) if p["in"] == "query"}


def fields(o) -> dict:
    return o.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("properties", {})


def is_list(o) -> bool:
    return "cursor" in queries(o)


class Home:
    """What there is in a unit; `of` gives the number that a request means."""
    def __init__(self, who, unit, person):
        self.who, self.unit, self.person, self.place, self.inner = who, unit, person, {}, {}

    def make(self, method, path, place, **body):
        for _ in range(60):
            status, answer = ask(self.who, method, path, body or None)
            if status not in (503, 409):
                break
            time.sleep(0.25)
        assert status in (200, 201), (method, path, status, answer)
        if place:
            self.place[place] = answer["id"]
        return answer

    def of(self, op, name):
        if name in self.inner:
            return self.inner[name]
        return {"unit": self.unit, "units": self.unit, "parent": self.unit, "person": self.person, "owner": self.person, "lead": self.person,
                "incident": self.place.get("/incidents/"), "system": self.place.get("/systems/"), "alert": self.place.get("/alerts/"),
                "alerts": self.place.get("/alerts/"), "ids": self.place.get("/alerts/"), "play": self.inner.get("play", 1)}.get(name)

    def named(self, path) -> str | None:
        """The kind of thing that an address begins with, when there is one here."""
        head = path.removeprefix("/api/v1").split("{")[0]
        return head if "{" in path and head in self.place else None


def one_of_everything(node, home, mark):
    """Made by the unit's own people, over HTTP, as they would."""
    make, unit = home.make, home.unit
    home.place.update({"/units/": unit, "/people/": home.person})
    system = make("POST", "/systems", "/systems/", code=f"{mark}-sys", name=f"{mark} system", unit=unit, level=2, hosts=[f"{mark}1", f"{mark}2"])["id"]
    keys = [f"{mark}{n}".encode() for n in (1, 2)]
    events = [attack(0).replace(b'"ws0"', b'"%s"' % k) for k in keys]
    assert len(bulk(node.port["bulk"], list(zip(keys, keys, events)))) == 2

    def found():
        return sorted(a["id"] for a in ask(home.who, "GET", "/alerts?limit=50", None)[1]["items"])
    node.wait_for(lambda: len(found()) == 2, 60, "for the alerts")
    home.place["/alerts/"], second = found()
    make("POST", f"/alerts/{second}/dismiss", None, reason="known_risk", text=f"{mark} known", exception={"until": soon(86400), "owner": home.person})
    home.place["/exceptions/"] = ask(home.who, "GET", "/exceptions?state=active", None)[1]["items"][0]["id"]
    incident = make("POST", "/incidents", "/incidents/", title=f"{mark} incident", unit=unit, alerts=[])["id"]
    home.second_incident = make("POST", "/incidents", None, title=f"{mark} another", unit=unit)["id"]
    for tlp in ("green", "red"):
        o = make("POST", f"/incidents/{incident}/observables", None, type="domain", value=f"{tlp}.{mark}.example", tlp=tlp)
    home.inner["observable"] = o["id"]
    home.inner["task"] = make("POST", f"/incidents/{incident}/tasks", None, title=f"{mark} inner work")["id"]
    make("POST", f"/incidents/{incident}/timeline", None, text=f"{mark} among ourselves")
    make("POST", f"/incidents/{incident}/systems", None, system=system)
    make("POST", f"/incidents/{incident}/improvements", "/improvements/", kind="task", title=f"{mark} better", due=soon(86400))
    make("POST", f"/incidents/{incident}/evidence/ranges", "/evidence/", name=f"{mark} records", note=f"{mark} where it began", first_seq=1, last_seq=2)
    make("POST", "/evidence/exports", "/evidence/exports/", incident=incident, reason=f"{mark} for the court")
    make("POST", "/reports", "/reports/", kind="immediate", incident=incident)
    make("POST", "/unmaskings", "/unmaskings/", incident=incident, reason=f"{mark} whose it is", **{"from": soon(-86400), "to": soon(0)})
    make("POST", "/searches/saved", "/searches/saved/", name=f"{mark} search", q="evil", shared=True, unit=unit)
    make("POST", "/handovers", "/handovers/", unit=unit, text=f"{mark} handed over")
    make("POST", "/duty", "/duty/", unit=unit, person=home.person, since=soon(-60), until=soon(3600))
    make("POST", "/opening-rules", "/opening-rules/", name=f"{mark} rule", unit=unit, match="any", severity="critical", per_hour=1)
    make("POST", f"/systems/{system}/copies", "/recovery/copies/", name=f"{mark} copy", medium="tape")
    make("PUT", f"/systems/{system}/recovery/plan", None, version=0, steps=[{"name": "one", "title": f"{mark} first"}])
    directive = make("POST", "/directives", "/directives/", unit=unit, kind="order", severity="high", title=f"{mark} directive", text=f"{mark} do it",
                     due=soon(86400), units=[unit])
    make("POST", f"/directives/{directive['id']}/issue", None, version=directive["version"])
    scenario = ask(home.who, "GET", "/scenarios", None)[1]["items"]
    assert scenario, "shipped ones"
    exercise = make("POST", "/exercises", "/exercises/", title=f"{mark} exercise", scenario=scenario[0]["id"], unit=unit, units=[unit])
    home.inner.update({"play": p["play"] for p in exercise["plays"] if p.get("play")})
    books = ask(home.who, "GET", "/playbooks", None)[1]["items"]
    make("POST", f"/incidents/{incident}/playbooks", "/playbook_runs/", playbook=books[0]["id"])


def drill_and_action(node, home, mark):
    """What other processes have a part in."""
    home.make("POST", "/recovery/drills", "/recovery/drills/", repository=f"{mark}-repository")
    if not os.environ.get("COLOA_OWN_NET"):
        print("# skipped: actions, which need root and a network of one's own")
        return
    home.make("POST", "/actions", "/actions/", incident=home.place["/incidents/"], kind="block", targets=["203.0.113.64/28"], seconds=60,
              reason=f"{mark} it tries passwords")


class World:
    """Unit `c` has one of everything, unit `a` a person for each role and an incident, an alert, a system. Nobody is in both."""
    def __init__(self, folder):
        (folder / "password").write_text("x\n", encoding="utf-8")
        containment = "containment: {never: [198.51.100.0/24]}\n" if os.environ.get("COLOA_OWN_NET") else ""
        head = containment + f"recovery:\n  scratch: {folder}/scratch\n  repositories:\n" \
               f"    - {{name: {MARK}-repository, kind: restic, path: {folder}/none, password-file: {folder}/password, system: {MARK}-sys}}"
        self.node = Web(folder, head=head, listeners={"bulk": "bulk"})

    def begin(self):
        node = self.node.ready()
        self.a, self.c = (local(node, "units.add", parent=1, code=n, name=n, kind="site")["id"] for n in ("a", MARK))
        self.people = {role: signed_in(node, role, self.a) for role in LETTERS}
        self.home = self.everything(f"{MARK}-all", self.c)
        self.own = self.everything("own-all", self.a)
        self.own.make("POST", "/systems", "/systems/", code="own-sys", name="own", unit=self.a, level=2, hosts=["own1"])
        assert bulk(node.port["bulk"], [(0, b"own1", attack(0).replace(b'"ws0"', b'"own1"'))]) == [0]
        node.wait_for(lambda: ask(self.own.who, "GET", "/alerts", None)[1]["items"], 60, "for an alert of their own")
        self.own.place["/alerts/"] = ask(self.own.who, "GET", "/alerts", None)[1]["items"][0]["id"]
        self.own.place["/incidents/"] = incident = Things(node, self.a).incident
        node.wait_for(lambda: "Deadline near" in text_of(ask(self.own.who, "GET", f"/incidents/{incident}/timeline", None)[1]), 30, "for its warning")
        if os.environ.get("COLOA_OWN_NET"):
            node.wait_for(lambda: ask(self.own.who, "GET", "/actions/status", None)[1]["available"], 30, "for act")
        self.before = self.reads()
        one_of_everything(node, self.home, MARK)
        drill_and_action(node, self.home, MARK)
        return self

    def everything(self, login, unit) -> Home:
        """One person with all roles of a unit."""
        who = signed_in(self.node, login, unit, "lead")
        me = ask(who, "GET", "/session", None)[1]["person"]["id"]
        for role in LETTERS:
            if role != "lead":
                local(self.node, "roles.give", id=me, role=role, unit=unit)
        return Home(who, unit, me)

    def reads(self) -> dict:
        """All that can be read without naming anything, by who may: (role, operation, form) → answer."""
        letters, out = table(), {}
        for path, method, o in operations():
            permission = o.get("x-permission")
            if method != "GET" or "{" in path or o["operationId"] in SKIPPED or any(p.get("required") for p in o.get("parameters", [])):
                continue
            for role, browser in self.people.items():
                if permission and LETTERS[role] not in letters[permission]:
                    continue
                for form in ("", "?format=csv") if is_list(o) else ("",):
                    status, answer = ask(browser, "GET", path + form, None)
                    assert status == 200 or (status in (403, 404) and not is_list(o)), (o["operationId"], role, form, status, answer)
                    out[role, o["operationId"], form] = answer
        return out


def nothing_in_lists_tables_counts(w):
    after, bad = w.reads(), []
    for key, now in after.items():
        was = w.before[key]
        if MARK in text_of(now):
            at = text_of(now).index(MARK)
            bad.append(f"{key} shows {text_of(now)[max(at - 150, 0):at + 80]}")
        elif key[1] in COUNTED_ANYWAY:
            continue
        elif key[2]:
            if was.count("\r\n") != now.count("\r\n"):
                bad.append(f"{key}: a table of {was.count(chr(10))} lines, then of {now.count(chr(10))}")
        elif still(was) != still(now):
            one, other = text_of(still(was)), text_of(still(now))
            at = max(len(os.path.commonprefix([one, other])) - 80, 0)
            bad.append(f"{key}: {one[at:at + 200]} | {other[at:at + 200]}")
    assert len(after) > 300 and not bad, "\n".join(bad[:30])
    return len(after)


def with_number(o, name, home, body, path):
    """The same request with one field of that unit; it is in the body or behind the address."""
    number = home.of(o["operationId"], name) if name != "repository" else f"{MARK}-repository"
    if name in fields(o):
        kind = fields(o)[name].get("type")
        return path, {**(body or {}), name: [number] if "array" in (kind if isinstance(kind, list) else [kind]) else number}
    path = re.sub(rf"([?&]){name}=[^&]*&?", r"\1", path).rstrip("?&")
    return path + ("&" if "?" in path else "?") + f"{name}={number}", body


def wrong_by_number(o, name, status, answer):
    """What is wrong with the answer to a request of somebody who has no part in that thing; "" when it says nothing."""
    said = text_of(answer)
    if MARK in said:
        return "shows " + said[:200]
    if status in (403, 404):
        return None
    if name is None:
        return f"{status} {said[:200]}"
    if status == 422:
        return None if any(f["field"].split(".")[0].split("[")[0] == name for f in answer.get("fields", [])) else ""
    if status == 200 and o["operationId"] == "alerts.bulk":
        return None if not answer["done"] else said[:200]
    if status == 200 and o["method"] == "GET":
        return None if not answer.get("total") and not answer.get("items") else said[:200]
    return f"{status} {said[:200]}" if status in (0, 200, 201, 204, 401, 500) else ""


def attempts(w, o, path):
    """(field or None, path, body): everything is a's but one place, and that is c's."""
    op, out = o["operationId"], []
    if w.home.named(path):
        w.home.inner["id"] = w.home.inner["incident"] = w.home.inner["run"] = w.home.place[w.home.named(path)]
        out.append((None, *request(path, o, w.home)))
        for name in ("id", "incident", "run"):
            w.home.inner.pop(name)
    if "{" in path and not w.own.named(path):
        return out
    w.own.inner = {"id": w.own.place[w.own.named(path)]} if w.own.named(path) else {}
    mine, body = request(path, o, w.own)
    for name in sorted(NUMBERED & (set(fields(o)) | queries(o))):
        if op in ("people.change", "units.change", "systems.change") or (name == "unit" and "id" in w.own.inner):
            continue
        if name == "play" and "play" not in w.home.inner:
            continue
        where, asked = with_number(o, name, w.home, body, mine)
        if op == "reports.open" and name == "incident":
            asked = {"kind": "immediate", "incident": asked["incident"]}
        if op == "alerts.bulk" and name == "incident":
            asked["action"] = "merge"
        for date in ("due", "until") if isinstance(asked, dict) else ():
            if date in asked:
                asked[date] = soon(86400)  # a day that is past would be what is wrong with it
        out.append((name, where, asked))
    return out


def details(w) -> dict:
    """All of the unit's things as its own people read them."""
    out = {}
    for path, method, o in operations():
        if method == "GET" and w.home.named(path) and len(re.findall("{", path)) == 1 and o["operationId"] not in SKIPPED and \
                not re.search("content|/file|export$", path):
            w.home.inner["id"] = w.home.inner["incident"] = w.home.inner["run"] = w.home.place[w.home.named(path)]
            status, answer = ask(w.home.who, "GET", *request(path, o, w.home))
            out[o["operationId"]] = (status, still(answer))
    for name in ("id", "incident", "run"):
        w.home.inner.pop(name)
    return out


def nothing_by_number(w):
    letters, bad, silent, tried, there = table(), [], set(), 0, details(w)
    missing = sorted(op for op, (status, _) in there.items() if status != 200)
    print(f"# read by its own people: {len(there)} kinds, not {missing}")
    for path, method, o in operations():
        op, permission = o["operationId"], o.get("x-permission")
        if op in SKIPPED or not permission:
            continue
        o["method"] = method
        for name, where, body in attempts(w, o, path):
            for role, browser in w.people.items():
                if LETTERS[role] not in letters[permission]:
                    continue
                status, answer = ask(browser, method, where, body)
                tried += 1
                wrong = wrong_by_number(o, name, status, answer)
                if wrong == "":
                    silent.add(f"{op}.{name}")
                elif wrong:
                    bad.append(f"{op} as {role} of another unit, {name or 'by number'}: {wrong}")
    print(f"# {tried} requests about another unit's; decided by something else before: {sorted(silent)}")
    changed = [op for op, now in details(w).items() if now != there[op]]
    assert tried > 400 and not bad and not changed, "\n".join(bad[:60] + [f"{op} was changed by it" for op in changed])
    return tried


# ---- a guest ----

def invite(w, login, until) -> Browser:
    incident = w.home.place["/incidents/"]
    status, answer = ask(w.home.who, "POST", f"/incidents/{incident}/guests",
                         {"login": login, "name": "Khách", "organisation": "CERT bạn", "tlp": "amber", "until": until})
    assert status == 200 and answer["one_time"], (status, answer)
    b = Browser(w.node)
    assert b.sign_in(login, answer["one_time"])[0] == 200
    assert b.post("/session/password", new=PASSWORD)[0] == 200
    return b


def guests_requests(w):
    """Each operation about their incident and what belongs to it, or about whatever it names there."""
    for path, method, o in operations():
        if not o.get("x-permission") or o["operationId"] in SKIPPED:
            continue
        place = w.home.named(path)
        w.home.inner["id"] = w.home.inner["incident"] = w.home.inner["run"] = w.home.place[place or "/incidents/"]
        yield o["operationId"], o, method, *request(path, o, w.home)


def a_guest_has_one_incident(w, guest):
    bad, incident, tried = [], w.home.place["/incidents/"], 0
    letters = table()
    assert all("G" in letters[o["x-permission"]] for _, _, o in operations() if o["operationId"] in GUESTS_MAY)
    for op, o, method, path, body in guests_requests(w):
        status, answer = ask(guest, method, path, body)
        tried += 1
        if op in GUESTS_MAY:
            if status != 200 or (is_list(o) and not answer["total"]) or re.search("inner work|among ourselves|records|red[.]", text_of(answer)):
                bad.append(f"{op}: {status} {text_of(answer)[:200]}")
        elif status not in (403, 404) and not (status == 200 and method == "GET" and isinstance(answer, dict) and not any(answer.values())):
            bad.append(f"{op}: {status} {text_of(answer)[:200]}")
    get = lambda path: ask(guest, "GET", path, None)  # noqa: E731
    assert [i["id"] for i in get("/incidents")[1]["items"]] == [incident]
    assert f"{MARK} another" not in get("/incidents?format=csv")[1] and get("/incidents?format=csv")[1].count("\r\n") == 2
    assert {c["incident"] for c in get("/clocks")[1]["items"]} == {incident}
    assert f"green.{MARK}" in text_of(get(f"/incidents/{incident}/observables")[1])
    for other in (w.home.second_incident, w.own.place["/incidents/"], 999):
        for part in ("", "/timeline", "/observables"):
            status, answer = get(f"/incidents/{other}{part}")
            if status != 404:
                bad.append(f"incident {other}{part}: {status} {text_of(answer)[:200]}")
    tonight = get("/tonight")
    assert tonight[0] == 200 and tonight[1]["alerts"] is None and tonight[1]["sources"] is None, tonight
    assert get("/unmaskings")[1]["total"] == 0 and get(f"/unmaskings/{w.home.place['/unmaskings/']}")[0] == 404
    status, answer = ask(guest, "POST", "/tokens", {"name": "mine", "permissions": "incidents.read", "until": soon(3600)})
    if status in (200, 201):
        script = {"Authorization": "Bearer " + answer["token"]}
        assert w.node.http("GET", f"/api/v1/incidents/{incident}", headers=script)[0] == 401, "a script would outlive them"
    assert tried > 200 and not bad, "\n".join(bad[:60])
    return tried


def nothing_after_the_date(w, guest, until):
    while soon(-1) <= until:
        time.sleep(0.2)
    again = Browser(w.node)
    again.sign_in("khach-short")
    for who in (guest, again):
        seen = {(op, ask(who, method, path, body)[0]) for op, _, method, path, body in guests_requests(w)}
        late = sorted(s for s in seen if s[1] != 401)
        assert len(seen) > 200 and not late, late[:40]


def of_others(folder):
    w = World(folder)
    with w.node:
        spent = [time.monotonic()]
        w.begin()
        spent.append(time.monotonic())
        for seconds in (6, 30, 90):  # once more with more time on a busy machine
            until = soon(seconds)
            short = invite(w, "khach-short", until)
            if ask(short, "GET", f"/incidents/{w.home.place['/incidents/']}", None)[0] == 200:
                break
        else:
            raise AssertionError("a guest with a date sees nothing before it")
        n = [nothing_in_lists_tables_counts(w), nothing_by_number(w)]
        spent.append(time.monotonic())
        n.append(a_guest_has_one_incident(w, invite(w, "khach", soon(86400))))
        nothing_after_the_date(w, short, until)
        spent.append(time.monotonic())
        print(f"# {n[0]} lists, tables and counts read, {n[1]} requests by number, {n[2]} as a guest; seconds: {[round(b - a) for a, b in zip(spent, spent[1:])]}")


if __name__ == "__main__":
    # Actions are proposed to a process that holds a firewall: that of a network of its own, as in contain.py.
    if not os.environ.get("COLOA_OWN_NET") and os.geteuid() == 0 and shutil.which("nft") and shutil.which("ip") and \
            subprocess.run(["unshare", "--net", "true"], check=False).returncode == 0:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "COLOA_OWN_NET": "1"})
    if os.environ.get("COLOA_OWN_NET"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    run(of_others)
