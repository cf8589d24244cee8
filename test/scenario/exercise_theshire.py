"""A recorded intrusion (the storyline of the development data) is played at thirty times its pace to three units of different skill on a
real node: each sees it on its own machines, and the scores come in the order of what they did, each point with its record. The quick unit
and the organisers work in a real browser on the console's pages (web/tools/shire.mjs), where there is one; the slow and the careless one by
the API. Pictures of each page and the reports: the build's folder shire/ (or COLOA_SHOTS)."""
import json
import os
import pathlib
import select
import shutil
import sqlite3
import subprocess
import time

from exercise_world import ROLES, Exercise
from node_world import environment
from people import PASSWORD, totp
from tap import PROGRAM, ROOT, coloa, data, run

FILES = {"vbs": "empire_launcher_vbs_2020-09-04160940.json", "task": "empire_schtasks_creation_standard_user_2020-09-21031526.json",
         "psexec": "empire_psexec_dcerpc_tcp_svcctl_2020-09-20121608.json", "sam": "empire_shell_reg_dump_sam_2020-09-22042823.json",
         "lsass": "rdp_interactive_taskmanager_lsass_dump_2020-09-22043748.json"}
NAMES = "WORKSTATION5=ws5,WORKSTATION6=ws6,MORDORDC=dc,pgustavo=pedro,sbeavers=sandra,theshire.local=domain"
STEPS = [("vbs", 2, "T1059.005", "execution", "ws5", "pedro"), ("task", 8, "T1053.005", "persistence", "ws5", "pedro"),
         ("psexec", 14, "T1021.002", "lateral-movement", "ws6", "sandra"), ("sam", 20, "T1003.002", "credential-access", "ws5", "pedro"),
         ("lsass", 26, "T1003.001", "credential-access", "ws6", "sandra")]
TITLES = {"vbs": ("A script starts a stager", "Kịch bản VBS chạy mã tải về"), "task": ("A scheduled task comes back", "Tác vụ theo lịch để trở lại"), "psexec": ("On to the second machine", "Sang máy thứ hai qua dịch vụ"),
          "sam": ("The machine’s passwords are copied", "Sao chép mật khẩu của máy (SAM)"), "lsass": ("Passwords are taken from memory", "Lấy mật khẩu trong bộ nhớ (LSASS)")}
WANTED = {"take-vbs": ("The script is looked at", "Nhận cảnh báo kịch bản"), "take-sam": ("The copying is looked at", "Nhận cảnh báo sao chép mật khẩu"), "declare": ("An incident is declared", "Công bố sự cố"),
          "kind": ("Its kind is right", "Phân loại đúng"), "scope": ("Who and what is affected", "Xác định phạm vi"), "contain": ("Both machines are cut off", "Cô lập cả hai máy"),
          "press": ("The press has an answer", "Trả lời báo chí"), "report": ("The first report is handed over", "Nộp báo cáo ban đầu")}
S = 30
MINUTES = 107  # of the drill: all have done by then what they will do
SHOTS = pathlib.Path(os.environ.get("COLOA_SHOTS") or pathlib.Path(PROGRAM).resolve().parent.parent.parent / "shire")
UNITS = {"a": "Sở Y tế tỉnh Mẫu Sơn", "b": "UBND huyện Suối Mẫu", "c": "Trung tâm Dữ liệu tỉnh"}
NAMES_OF = {"officer": "Nguyễn Thu Hà", "handler": "Trần Quốc Bảo", "lead": "Lê Minh Khôi", "approver": "Phạm Đức Anh", "owner": "Vũ Hoàng Yến", "liaison": "Phan Văn Tuấn", "org": "Đỗ Hồng Quân"}
HOSTS = {"ws5": ("WS05", "workstation", 1), "ws6": ("WS06", "workstation", 1), "dc": ("DC01", "dc", 3), "printer": ("PR01", "server", 2)}
ADDRESS = {n: f"10.20.0.{10 + i}" for i, n in enumerate(HOSTS)}


def both(en, vi):
    return f"{{en: '{en}', vi: '{vi}'}}"


def SEEN(name):
    en, vi = TITLES[name.removeprefix("see-")]
    return f"Seen: {en}", f"Phát hiện: {vi}"


def scenario() -> str:
    """Five recordings, six minutes apart; what is expected of people has half an hour of the drill at least: a minute at 30 times."""
    out = ["scenario: coloa-scenario/1", "id: theshire", "version: 1", "level: intermediate", "length: 240m", "demo: {speed: 24}",
           f"title: {both('Stolen passwords on two workstations', 'Lấy cắp mật khẩu trên hai máy trạm')}",
           f"summary: {both('An operator with an office suite and patience, as it was recorded', 'Kẻ tấn công kiên nhẫn, phát lại từ bản ghi thật')}",
           f"objectives: [{both('See it and stop it', 'Phát hiện và ngăn chặn')}]", f"roles: [{', '.join(ROLES)}]", "containment: simulated", "noise: 4", "network:", "  hosts:"]
    for n, (name, kind, criticality) in HOSTS.items():
        out.append(f'    - {{id: {n}, name: "{{unit}}-{name}", address: {ADDRESS[n]}, os: windows, kind: {kind}, criticality: {criticality}, sources: [sysmon, security]}}')
    out.append("  accounts:")
    for n in ("pedro", "sandra"):
        out.append(f"    - {{id: {n}, name: {n}.x, kind: user, person: {both(n.title(), n.title())}}}")
    out.append("  outside:\n    - {id: c2, address: 203.0.113.10, domain: c2.example, attacker: true}\nsteps:")
    for name, at, technique, tactic, host, account in STEPS:
        out += [f"  - id: {name}", f"    at: {at}m", f"    title: {both(*TITLES[name])}", f"    technique: {technique}", f"    tactic: {tactic}",
                f"    activities: [{{activity: powershell_encoded, host: {host}, account: {account}}}]", f"    targets: [{host}, {account}]"]
    out.append("  - id: clerk\n    background: true\n    at: 4m\n" f"    title: {both('A clerk mistypes', 'Cán bộ gõ nhầm mật khẩu')}\n    activities: [{{activity: failed_logon_typo, host: ws6, account: sandra}}]")
    out.append("injects:")
    out += ["  - id: press", "    at: 40m", "    kind: press", f"    title: {both('A reporter calls', 'Phóng viên gọi điện')}",
            f"    text: {both('Is it true that you were broken into?', 'Có đúng là hệ thống của các anh chị vừa bị xâm nhập không?')}", f"    from: {both('A newspaper', 'Báo Mẫu Sơn')}",
            "    roles: [lead]", "    answer: true", "    choices:", f"      - {{id: facts, text: {both('We say what is confirmed', 'Nói những gì đã xác nhận')}, worth: 1}}", f"      - {{id: deny, text: {both('We deny everything', 'Phủ nhận tất cả')}, worth: 0}}"]
    out.append("expectations:")

    def expect(name, of, fact, part, capability, weight, g, d, h, more=""):
        out.append(f"  - {{id: {name}, title: {both(*WANTED.get(name) or SEEN(name))}, of: {of}, fact: {fact}, part: {part}, capability: {capability}, weight: {weight}, curve: {{g: {g}, d: {d}, h: {h}}}{more}}}")
    for name, *_ in STEPS:
        expect(f"see-{name}", name, "alert", "machine", "detect", 4, "2m", "5m", "15m")
    expect("take-vbs", "vbs", "acknowledged", "people", "triage", 10, "20m", "45m", "95m")
    expect("take-sam", "sam", "acknowledged", "people", "triage", 10, "20m", "45m", "85m")
    expect("declare", "sam", "declared", "people", "triage", 10, "25m", "50m", "80m")
    expect("kind", "sam", "classified", "people", "triage", 10, "30m", "60m", "80m", ", values: {access: 1, malware: 0.5}")
    expect("scope", "sam", "scope", "people", "investigate", 15, "30m", "60m", "80m", ", objects: [ws5, ws6, pedro, sandra]")
    expect("contain", "sam", "contained", "people", "contain", 20, "30m", "60m", "80m", ", objects: [ws5, ws6]")
    expect("press", "press", "answered", "people", "coordinate", 10, "15m", "40m", "60m")
    expect("report", "sam", "reported", "people", "report", 10, "50m", "70m", "85m", ", values: {initial: 1}")
    return "\n".join(out) + "\n"


class Pages:
    """The quick unit and the organisers, in a browser; ask() lets it work on, tick() is called meanwhile."""
    def __init__(self, folder, x, unit):
        names = {n: {"name": f"{unit}-{name}", "address": ADDRESS[n]} for n, (name, _, _) in HOSTS.items()}
        state = {"url": f"http://127.0.0.1:{x.node.web}", "password": PASSWORD, "secrets": x.secrets, "exercise": x.id, "play": x.play[unit], "unit": unit,
                 "hosts": names, "accounts": ["pedro.x", "sandra.x"], "minutes": MINUTES, "names": {r: x.named(f"{r}-{unit}") for r in ROLES}}
        self.begin(folder, "shire", state, SHOTS)

    def begin(self, folder, name, state, shots):
        file = folder / f"{name}.json"
        file.write_text(json.dumps(state | {"name": name, "shots": str(shots)}))
        shutil.rmtree(shots, ignore_errors=True)
        self.said, self.asked, self.rest = {}, None, b""
        self.process = subprocess.Popen(["node", ROOT / f"web/tools/{name}.mjs", file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT / "web",
                                        env={**environment(), "HOME": str(folder), **({"COLOA_CHROMIUM": os.environ["COLOA_CHROMIUM"]} if "COLOA_CHROMIUM" in os.environ else {})})

    def tick(self, t=0):
        if self.asked and t >= self.asked.get("until", 0) * 60000:
            self.asked = None
            self.process.stdin.write(b"ok\n")
            self.process.stdin.flush()
        while select.select([self.process.stdout], [], [], 0)[0]:
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                assert self.process.wait() == 0, self.said
                return False
            *lines, self.rest = (self.rest + part).split(b"\n")
            for line in map(json.loads, lines):
                print("#", json.dumps(line, ensure_ascii=False), flush=True)
                self.said[line["step"]] = line
                if line.get("ask"):
                    self.asked = line
                assert line.get("good", True), line
        return True

    def wait(self, step, each=lambda: 0):
        """Until it says so; it goes on at the next tick()."""
        end = time.monotonic() + 900
        while step not in self.said:
            assert time.monotonic() < end, f"the pages stand still after {list(self.said)[-1:]}"
            assert self.tick(each()) or step in self.said, self.said
            time.sleep(0.1)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def browser_missing():
    if not (os.environ.get("COLOA_CHROMIUM") or shutil.which("chromium")) or not shutil.which("node"):
        return "no chromium"
    return next((f"no {p}" for p in ("web/node_modules/playwright-core", "web/dist/index.html") if not (ROOT / p).exists()), None)


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
    def called(self, code):
        return UNITS[code]

    def named(self, login):
        role, _, unit = login.partition("-")
        return NAMES_OF[role] + {"": "", "a": "", "b": " (Suối Mẫu)", "c": " (TTDL)"}[unit]

    def begin(self):
        super().begin()
        self.node.stop()
        with sqlite3.connect(self.node.directory / "state" / "state.db") as db:  # an approver's account is older than a day, and of nobody here
            db.execute("UPDATE person SET created=created-172800000000000, created_by=NULL, reset_by=NULL, totp_step=0")
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
    why = browser_missing()
    with Shire(folder, scenario=scenario()) as x:
        x.plan(speed=S * 1000, title="Diễn tập ứng cứu sự cố tỉnh Mẫu Sơn 2026")
        x.move("recall")
        refused(x)
        x.move("go")
        units = [Unit(x, "b", 45), Unit(x, "c", 6, kind="malware", scope=("ws5", "printer"), block=("ws5", "printer"), answer="deny")]
        if why:
            print(f"# the quick unit plays by the API too: {why}")
            x.move("start")
            play(x, [Unit(x, "a", 4)] + units, lambda t: 0)
            x.move("end")
            x.move("publish")
        else:
            pages = Pages(folder, x, "a")
            try:
                pages.wait("the clock runs")
                play(x, units, pages.tick)
                pages.wait("published", x.t)
                pages.wait("points")
                report(x)
            finally:
                pages.end()
        judged(folder, x, not why)


def play(x, units, more):
    def all_work():
        t = x.t()
        more(t)
        for u in units:
            u.work(t)
    x.wait_t(MINUTES, all_work)


def judged(folder, x, reported):
    result = x.get(x.organiser, f"/exercises/{x.id}/results")
    by = {c: next(u for u in result["units"] if u["play"] == x.play[c]) for c in "abc"}
    for c, u in by.items():
        print(f"# {c}: total {u['total']} machine {u['machine']} people {u['people']}",
              " ".join(f"{line['expectation']}={line['points']}" for line in u["lines"]), "penalties", [p["kind"] for p in u["penalties"]])
    assert by["a"]["total"] > by["b"]["total"] > by["c"]["total"], "the order of their skill"
    assert by["a"]["machine"] == by["b"]["machine"] == by["c"]["machine"] > 60000, "the same was played to all of them, and seen"
    assert any(p["kind"] == "innocent" for p in by["c"]["penalties"])
    said = next(line for line in by["a"]["lines"] if line["expectation"] == "report")
    assert not reported or said["points"] > 0, said
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


def raw(who, path) -> bytes:
    connection = who.node.connection()
    try:
        connection.request("GET", "/api/v1" + path, headers={"X-Coloa": "1", "Cookie": who.cookie})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        return body
    finally:
        connection.close()


def report(x):
    """The after-action report, of all and of each unit, in both languages, as a page and as files: to be looked at."""
    SHOTS.mkdir(exist_ok=True, parents=True)
    for lang in ("vi", "en"):
        for kind in ("html", "pdf", "docx"):
            for c in ("", *x.play):
                one = f"&play={x.play[c]}" if c else ""
                c = c or "all"
                body = raw(x.organiser, f"/exercises/{x.id}/report?format={kind}&lang={lang}{one}")
                assert len(body) > 2000, (kind, lang, body[:300])
                (SHOTS / f"report-{c}-{lang}.{kind}").write_bytes(body)


if __name__ == "__main__":
    assert PROGRAM
    run(three_units_of_different_skill)
