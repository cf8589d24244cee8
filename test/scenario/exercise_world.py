"""An exercise on a real node: units with their people, a scenario, organisers; the clock is the node's. Used by exercise_play.py
and by whoever tests what comes of one."""
import json
import re
import time

from api import Web
from people import PASSWORD, Browser, enrol, first_person, one_time
from tap import ROOT

ROLES = ("officer", "handler", "lead", "approver", "owner", "liaison")
SHIPPED = ROOT / "content/scenarios/ransomware-province.yaml"


def stretched(text: str, length="200m", speed=60) -> str:
    """The same story with curves that let people be played 60 times as fast: what they are given is an hour at least."""
    def curve(m):
        d, h = max(int(m[2]), speed), max(int(m[3]), speed + 30)
        return f"curve: {{g: {m[1]}m, d: {d}m, h: {h}m}}"
    head, lines = text.split("\nexpectations:", 1)
    machine = []
    for line in lines.split("\n"):
        machine.append(line if "fact: alert" in line else re.sub(r"curve: \{g: (\d+)m, d: (\d+)m, h: (\d+)m\}", curve, line))
    head = re.sub(r"^length: .*$", f"length: {length}", head, flags=re.M)
    head = re.sub(r"^id: .*$", "id: stretched", head, count=1, flags=re.M)
    return head + "\nexpectations:" + "\n".join(machine)


class Exercise:
    """A node, an organiser and units; each unit's people sign in as they are wanted: who("a", "lead")."""
    def __init__(self, folder, units=("a", "b", "c"), scenario=None, **more):
        self.node = Web(folder, rules=ROOT / "content/rules", **more)
        self.codes, self.people, self.unit, self.secrets = units, {}, {}, {}
        self.scenario_text = scenario

    def __enter__(self):
        self.node.__enter__()
        try:
            return self.begin()
        except BaseException:
            self.node.kill()
            raise

    def __exit__(self, *args):
        self.node.__exit__(*args)

    def begin(self):
        self.node.ready()
        self.admin = first_person(self.node)
        enrol(self.admin)
        self.organiser = self.member("org", "organiser", 1)
        for code in self.codes:
            self.unit[code] = self.do(self.admin, "POST", "/units", parent=1, code=code, name=self.called(code), kind="site")["id"]
            for role in ROLES:
                self.member(f"{role}-{code}", role, self.unit[code])
        if self.scenario_text is None:
            self.scenario = self.get(self.organiser, "/scenarios")["items"][0]["id"]
        else:
            status, said = self.organiser.ask("POST", "/scenarios", self.scenario_text.encode(), **{"Content-Type": "application/octet-stream"})
            assert status == 200 and said["done"], said
            self.scenario = said["id"]
        return self

    def called(self, code) -> str:
        return f"Unit {code}"

    def named(self, login) -> str:
        return login.title()

    def do(self, who, method, path, **body):
        status, answer = who.ask(method, path, body or None)
        for _ in range(100):
            if status not in (429, 503):
                break
            time.sleep(0.2)
            status, answer = who.ask(method, path, body or None)
        assert status in (200, 201, 204), (method, path, body, status, answer)
        return answer

    def get(self, who, path):
        return self.do(who, "GET", path)

    def member(self, login, role, unit):
        person = self.do(self.admin, "POST", "/people", login=login, name=self.named(login), unit=unit)
        self.do(self.admin, "POST", f"/people/{person['id']}/roles", role=role, unit=unit)
        b = Browser(self.node)
        self.do(b, "POST", "/session", login=login, password=one_time(self.node, login))
        self.do(b, "POST", "/session/password", new=PASSWORD)
        if role in ("lead", "approver", "organiser"):
            self.secrets[login] = enrol(b)[0]
        self.people[login] = b
        return b

    def who(self, code, role) -> Browser:
        return self.people[f"{role}-{code}"]

    def plan(self, speed=60000, title="A test", **more) -> int:
        e = self.do(self.organiser, "POST", "/exercises", title=title, scenario=self.scenario, unit=1, units=list(self.unit.values()), speed=speed,
                    seed=7, **more)
        self.id = e["id"]
        self.move("invite")
        for item in ("sources", "never_list", "containment", "clock"):
            self.do(self.organiser, "POST", f"/exercises/{self.id}/check", item=item, done=True, why="a test")
        self.detail = self.move("go")
        assert self.detail["state"] == "ready", self.detail["checklist"]
        self.play = {c: next(p["play"] for p in self.detail["plays"] if p["unit"] == u) for c, u in self.unit.items()}
        return self.id

    def move(self, name, **body):
        return self.do(self.organiser, "POST", f"/exercises/{self.id}/{name}", **body)

    def board(self):
        return self.get(self.organiser, f"/exercises/{self.id}/board")

    def t(self) -> int:
        return self.get(self.organiser, f"/exercises/{self.id}")["drill_ms"]

    def wait_t(self, minutes, each=None):
        """Until the drill's clock shows so many minutes; `each` is called meanwhile."""
        end = time.monotonic() + 600
        while self.t() < minutes * 60000:
            assert time.monotonic() < end, "the clock stands still"
            if each:
                each()
            time.sleep(0.3)

    def drill(self, code, role="lead"):
        return self.get(self.who(code, role), "/drill")


class Team:
    """A unit that plays by itself: `work()` does what is to be done now. Skill: how long it waits, what it overlooks."""
    def __init__(self, x: Exercise, code: str, delay_min=0.0, careless=False):
        self.x, self.code, self.delay, self.careless = x, code, delay_min * 60000, careless
        self.incident, self.done, self.taken = None, set(), set()

    def work(self):
        self.answer_injects()
        self.take_alerts()

    def answer_injects(self):
        for role in ("officer", "handler", "lead", "owner"):
            d = self.x.get(self.x.who(self.code, role), "/drill")
            if d["play"] is None:
                return
            for i in d["injects"]:
                if not i["answer"] or i["answered"] or i["id"] in self.done or d["clock"]["drill_ms"] - i["t"] < self.delay:
                    continue
                body = {"choice": i["choices"][-1 if self.careless else 0]["id"]} if i["choices"] else {"text": "We are looking into it."}
                status, answer = self.x.who(self.code, role).ask("POST", f"/drill/injects/{i['id']}/answer", body)
                assert status == 200 or answer["code"] == "answered", answer
                self.done.add(i["id"])

    def take_alerts(self):
        who = self.x.who(self.code, "lead")
        now = self.x.drill(self.code)["clock"]["drill_ms"]
        rows = self.x.get(who, "/alerts?status=new&limit=100")["items"]
        for a in rows:
            if not a["drill"] or a["id"] in self.taken:
                continue
            self.taken.add(a["id"])
        if now < self.delay or not rows:
            return
        ids = [a["id"] for a in rows if a["drill"]]
        if ids and self.incident is None:
            status, i = who.ask("POST", "/incidents", {"title": "What we see", "unit": self.x.unit[self.code], "alerts": ids[:50]})
            assert status in (200, 201), i
            self.incident = i["id"]
        elif ids:
            who.ask("POST", f"/incidents/{self.incident}/alerts", {"alerts": ids[:50]})
