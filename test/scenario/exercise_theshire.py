"""A recorded intrusion (the storyline of the development data) is played at thirty times its pace to three units of different skill on a
real node: each sees it on its own machines, and the scores come in the order of what they did, each point with its record."""
import json
import sqlite3
import time

from exercise_world import ROLES, Exercise
from people import totp
from tap import PROGRAM, coloa, data, run

FILES = {"vbs": "empire_launcher_vbs_2020-09-04160940.json", "task": "empire_schtasks_creation_standard_user_2020-09-21031526.json",
         "psexec": "empire_psexec_dcerpc_tcp_svcctl_2020-09-20121608.json", "sam": "empire_shell_reg_dump_sam_2020-09-22042823.json",
         "lsass": "rdp_interactive_taskmanager_lsass_dump_2020-09-22043748.json"}
NAMES = "WORKSTATION5=ws5,WORKSTATION6=ws6,MORDORDC=dc,pgustavo=pedro,sbeavers=sandra,theshire.local=domain"
STEPS = [("vbs", 2, "T1059.005", "execution", "ws5", "pedro"), ("task", 8, "T1053.005", "persistence", "ws5", "pedro"),
         ("psexec", 14, "T1021.002", "lateral-movement", "ws6", "sandra"), ("sam", 20, "T1003.002", "credential-access", "ws5", "pedro"),
         ("lsass", 26, "T1003.001", "credential-access", "ws6", "sandra")]
S = 30
HOSTS = {"ws5": ("WS05", "workstation", 1), "ws6": ("WS06", "workstation", 1), "dc": ("DC01", "dc", 3), "printer": ("PR01", "server", 2)}
ADDRESS = {n: f"10.20.0.{10 + i}" for i, n in enumerate(HOSTS)}


def both(text):
    return f"{{en: {text}, vi: {text}}}"


def scenario() -> str:
    """Five recordings, six minutes apart; what is expected of people has half an hour of the drill at least: a minute at 30 times."""
    out = ["scenario: coloa-scenario/1", "id: theshire", "version: 1", "level: intermediate", "length: 240m", "demo: {speed: 24}",
           f"title: {both('A storyline that was recorded')}", f"summary: {both('An operator with an office suite and patience')}",
           f"objectives: [{both('See it and stop it')}]", f"roles: [{', '.join(ROLES)}]", "containment: simulated", "noise: 4", "network:", "  hosts:"]
    for n, (name, kind, criticality) in HOSTS.items():
        out.append(f'    - {{id: {n}, name: "{{unit}}-{name}", address: {ADDRESS[n]}, os: windows, kind: {kind}, criticality: {criticality}, sources: [sysmon, security]}}')
    out.append("  accounts:")
    for n in ("pedro", "sandra"):
        out.append(f"    - {{id: {n}, name: {n}.x, kind: user, person: {both(n.title())}}}")
    out.append("  outside:\n    - {id: c2, address: 203.0.113.10, domain: c2.example, attacker: true}\nsteps:")
    for name, at, technique, tactic, host, account in STEPS:
        out += [f"  - id: {name}", f"    at: {at}m", f"    title: {both('Recorded ' + name)}", f"    technique: {technique}", f"    tactic: {tactic}",
                f"    activities: [{{activity: powershell_encoded, host: {host}, account: {account}}}]", f"    targets: [{host}, {account}]"]
    out.append("  - id: clerk\n    background: true\n    at: 4m\n" f"    title: {both('A clerk mistypes')}\n    activities: [{{activity: failed_logon_typo, host: ws6, account: sandra}}]")
    out.append("injects:")
    out += ["  - id: press", "    at: 40m", "    kind: press", f"    title: {both('A reporter calls')}", f"    text: {both('Is it true that you were broken into')}", f"    from: {both('A newspaper')}",
            "    roles: [lead]", "    answer: true", "    choices:", f"      - {{id: facts, text: {both('We say what is confirmed')}, worth: 1}}", f"      - {{id: deny, text: {both('We deny everything')}, worth: 0}}"]
    out.append("expectations:")

    def expect(name, of, fact, part, capability, weight, g, d, h, more=""):
        out.append(f"  - {{id: {name}, title: {both(name.replace('-', ' '))}, of: {of}, fact: {fact}, part: {part}, capability: {capability}, weight: {weight}, curve: {{g: {g}, d: {d}, h: {h}}}{more}}}")
    for name, *_ in STEPS:
        expect(f"see-{name}", name, "alert", "machine", "detect", 4, "2m", "5m", "15m")
    expect("take-vbs", "vbs", "acknowledged", "people", "triage", 10, "20m", "45m", "100m")
    expect("take-sam", "sam", "acknowledged", "people", "triage", 10, "20m", "45m", "100m")
    expect("declare", "sam", "declared", "people", "triage", 10, "25m", "50m", "110m")
    expect("kind", "sam", "classified", "people", "triage", 10, "30m", "60m", "120m", ", values: {access: 1, malware: 0.5}")
    expect("scope", "sam", "scope", "people", "investigate", 15, "30m", "60m", "120m", ", objects: [ws5, ws6, pedro, sandra]")
    expect("contain", "sam", "contained", "people", "contain", 20, "30m", "70m", "140m", ", objects: [ws5, ws6]")
    expect("press", "press", "answered", "people", "coordinate", 10, "15m", "40m", "80m")
    return "\n".join(out) + "\n"


class Unit:
    """Works by its own clock: what it does when, and how well."""
    def __init__(self, x, code, delay, kind="access", scope=("ws5", "ws6", "pedro", "sandra"), block=("ws5", "ws6"), answer="facts"):
        self.x, self.code, self.delay, self.kind, self.scope, self.block, self.answer = x, code, delay, kind, scope, block, answer
        self.incident, self.noted, self.blocked, self.answered = None, False, False, False
        self.names = {n: {"name": f"{code}-{name}", "address": ADDRESS[n]} for n, (name, _, _) in HOSTS.items()}
        self.names |= {n: {"name": f"{n}.x"} for n in ("pedro", "sandra")}

    def who(self, role):
        return self.x.who(self.code, role)

    def work(self, t):
        if t < (2 + self.delay) * 60000:
            return
        rows = [a for a in self.x.get(self.who("lead"), "/alerts?status=new&limit=100")["items"] if a["drill"]]
        if t < (20 + self.delay) * 60000:
            for a in rows:
                self.who("officer").ask("POST", f"/alerts/{a['id']}/accept", {"version": a["version"]})
            return
        taken = [a for a in self.x.get(self.who("lead"), "/alerts?status=taken&limit=100")["items"] if a["drill"]]
        ids = [a["id"] for a in rows + taken]
        if ids and not self.incident:
            i = self.x.do(self.who("lead"), "POST", "/incidents", title="What we see", unit=self.x.unit[self.code], alerts=ids[:50], kind=self.kind)
            self.incident = i["id"]
        elif ids:
            self.who("lead").ask("POST", f"/incidents/{self.incident}/alerts", {"alerts": ids[:50]})
        if self.incident and not self.noted:
            self.note()
        if self.incident and not self.blocked and t >= (22 + self.delay) * 60000:
            self.contain()
        if not self.answered and t >= (40 + self.delay / 2) * 60000:
            self.say()

    def note(self):
        for name in self.scope:
            entry = self.names[name]
            host = name in ("ws5", "ws6", "dc", "printer")
            self.x.do(self.who("lead"), "POST", f"/incidents/{self.incident}/observables", type="host" if host else "account", value=entry["name"], role="victim")
        i = self.x.get(self.who("lead"), f"/incidents/{self.incident}")
        self.x.do(self.who("lead"), "PATCH", f"/incidents/{self.incident}", version=i["version"], scope="As far as we know")
        self.noted = True

    def contain(self):
        targets = [self.names[n]["address"] for n in self.block]
        a = self.x.do(self.who("handler"), "POST", "/actions", incident=self.incident, kind="block", targets=targets, seconds=3600, reason="They were used")
        self.x.do(self.who("approver"), "POST", f"/actions/{a['id']}/approve", code=self.x.code(f"approver-{self.code}"))
        self.blocked = True

    def say(self):
        for i in self.x.drill(self.code)["injects"]:
            if i["answer"] and not i["answered"]:
                self.x.do(self.who("lead"), "POST", f"/drill/injects/{i['id']}/answer", choice=self.answer)
                self.answered = True


class Shire(Exercise):
    def begin(self):
        super().begin()
        self.node.stop()
        with sqlite3.connect(self.node.directory / "state" / "state.db") as db:  # an approver's account is older than a day, and of nobody here
            db.execute("UPDATE person SET created=created-172800000000000, created_by=NULL, reset_by=NULL")
        self.node.start()
        self.node.ready()
        return self

    def code(self, login):
        db = sqlite3.connect(f"file:{self.node.directory}/state/state.db?mode=ro", uri=True)
        used = db.execute("SELECT totp_step FROM person WHERE login=?", (login,)).fetchone()[0]
        db.close()
        while used > int(time.time()) // 30:
            time.sleep(0.5)
        return totp(self.secrets[login], max(used + 1, int(time.time()) // 30) * 30)

    def move(self, name, **body):
        if name == "invite":
            self.record()
        return super().move(name, **body)

    def record(self):
        """Onto which of the scenario's machines and people the recording's become."""
        for step, *_ in STEPS:
            body = data("dev-set", "json", "otrf", "storyline-theshire-2020-09", FILES[step]).read_bytes()
            status, said = self.organiser.ask("POST", f"/exercises/{self.id}/steps/{step}/recording?names={NAMES}&idle_s=2", body, **{"Content-Type": "application/octet-stream"})
            assert status == 200 and said["records"] > 500, said


def refused(x):
    path = f"/exercises/{x.id}/steps/vbs/recording?names={NAMES}"
    kind = {"Content-Type": "application/octet-stream"}
    status, said = x.organiser.ask("POST", path, b'{"a": 1}\n', **kind)
    assert status == 422 and "1" in said["detail"], said
    status, said = x.organiser.ask("POST", path.replace("ws5", "nobody"), b"{}\n", **kind)
    assert status == 422 and said["fields"][0]["field"] == "names", said
    assert x.organiser.ask("POST", path.replace("vbs", "none"), b"{}\n", **kind)[0] == 404
    assert x.who("a", "lead").ask("POST", path, b"{}\n", **kind)[0] in (403, 404)


def three_units_of_different_skill(folder):
    data("dev-set", "json")
    with Shire(folder, scenario=scenario()) as x:
        x.plan(speed=S * 1000)
        x.move("recall")
        refused(x)
        x.move("go")
        x.move("start")
        units = [Unit(x, "a", 4), Unit(x, "b", 45), Unit(x, "c", 6, kind="malware", scope=("ws5", "printer"), block=("ws5", "printer"), answer="deny")]

        def all_work():
            t = x.t()
            for u in units:
                u.work(t)
        x.wait_t(200, all_work)
        x.move("end")
        x.move("publish")
        result = x.get(x.organiser, f"/exercises/{x.id}/results")
        by = {c: next(u for u in result["units"] if u["play"] == x.play[c]) for c in "abc"}
        for c, u in by.items():
            print(f"# {c}: total {u['total']} machine {u['machine']} people {u['people']}",
                  " ".join(f"{line['expectation']}={line['points']}" for line in u["lines"]), "penalties", [p["kind"] for p in u["penalties"]])
        assert by["a"]["total"] > by["b"]["total"] > by["c"]["total"], "the order of their skill"
        assert by["a"]["machine"] == by["b"]["machine"] == by["c"]["machine"] > 60000, "the same was played to all of them, and seen"
        assert any(p["kind"] == "innocent" for p in by["c"]["penalties"])
        for u in by.values():
            for line in u["lines"]:
                assert line["points"] == 0 or line["facts"], line
                assert line["reason_en"] and line["reason_vi"], line
        status, export = x.organiser.ask("GET", f"/exercises/{x.id}/export")
        assert status == 200
        (folder / "export.jsonl").write_text(export if isinstance(export, str) else json.dumps(export), encoding="utf-8")
        again = coloa("exercise", "score", folder / "export.jsonl")
        assert again.returncode == 0, again.stderr
        twice = coloa("exercise", "score", folder / "export.jsonl")
        assert again.stdout == twice.stdout and again.stdout
        report(x)


def report(x):
    """The after-action report in both languages and as a page, to be looked at."""
    for lang in ("vi", "en"):
        for kind in ("html", "pdf", "docx"):
            status, body = x.organiser.ask("GET", f"/exercises/{x.id}/report?format={kind}&lang={lang}")
            assert status == 200 and len(body) > 2000, (kind, lang, status, str(body)[:300])


if __name__ == "__main__":
    assert PROGRAM
    run(three_units_of_different_skill)
