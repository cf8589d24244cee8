"""Any process of a node, main included, is killed at random moments while people work through alerts: take, declare, write, do tasks,
attach evidence, block with two people; and while others bring incidents from the alert to the review (kill_steps.py). An answer that came
is there once, one that did not come happened once or not at all, and no block is forgotten or left behind. COLOA_KILLS: how many
kills (12); COLOA_SEED: the same moments and victims again."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
# pylint: disable=wrong-import-position
from api import Web
from contain import World, tables
from kill_steps import Case, Gone, Steps
from night_world import restic
from node_world import kill, ports
from people import PASSWORD, Browser, enrol, one_time
from post_office import MailServer
from tap import run

KILLS = int(os.environ.get("COLOA_KILLS", "12"))
SEED = int(os.environ.get("COLOA_SEED", "0")) or random.randrange(1, 1 << 31)
WORKERS, CASES = 3, 2
BLOCK_S = 60


class Worker(Steps):
    """One who handles incidents, with an approver of their own, and looks before doing again what was not answered."""

    def __init__(self, world, index, approver, seed, aim):
        super().__init__(world, index, seed, aim)
        self.approver = approver
        self.notes, self.titles, self.tasks, self.files, self.blocks = [], [], [], [], []

    def work_on(self, tag):
        w, hang = self.w, self.w.hang
        row = self.alert(tag)
        self.step("accept", lambda: self.ask(hang, "POST", f"/alerts/{row['id']}/accept", {"version": row["version"]}),
                  lambda: self.look(hang, f"/alerts/{row['id']}")["status"] == "taken", ("stale", "state"))
        incident = self.step("open", lambda: self.ask(hang, "POST", "/incidents", {"title": tag, "unit": 1, "alerts": [row["id"]]}),
                             lambda: self.only("/incidents", tag))["id"]
        self.titles.append(tag)
        path = f"/incidents/{incident}"
        for k in range(2):
            text = f"{tag} note {k}"
            self.step("note", lambda text=text: self.ask(hang, "POST", path + "/timeline", {"text": text}),
                      lambda text=text: self.only(path + "/timeline", text, "text"))
            self.notes.append((incident, text))
        task = self.step("task", lambda: self.ask(hang, "POST", path + "/tasks", {"title": f"{tag} task"}),
                         lambda: self.only(path + "/tasks", f"{tag} task"))
        task = self.only(path + "/tasks", f"{tag} task")
        self.step("task done", lambda: self.ask(hang, "PATCH", f"{path}/tasks/{task['id']}", {"state": "done", "version": task["version"]}),
                  lambda: self.only(path + "/tasks", f"{tag} task")["state"] == "done", ("stale",))
        self.tasks.append((incident, f"{tag} task"))
        name = f"{tag}.txt"
        self.step("evidence", lambda: self.ask(hang, "POST", f"{path}/evidence?name={name}&note=found", raw=tag.encode() * 100),
                  lambda: next((e for e in self.look(hang, f"/evidence?incident={incident}")["items"] if e["name"] == name), None))
        self.files.append((incident, name))
        if self.rounds % 3 == 0:
            self.block(tag, incident)

    def block(self, tag, incident):
        w, target = self.w, f"192.0.2.{self.rounds % 250 + 1}" if self.index == 0 else f"198.18.{self.index}.{self.rounds % 250 + 1}"
        body = {"incident": incident, "kind": "block", "targets": [target], "seconds": BLOCK_S, "reason": f"{tag} goes on and on"}

        def mine():
            return next((a for a in self.look(w.hang, f"/actions?incident={incident}")["items"]), None)
        action = self.step("propose", lambda: self.ask(w.hang, "POST", "/actions", body), mine)
        browser = getattr(w, self.approver)

        def state():
            return self.look(w.hang, f"/actions/{action['id']}")["state"]
        # A code counts once: that of an approval that was lost on its way may be used up.
        for _ in range(20):
            try:
                status, answer = self.ask(browser, "POST", f"/actions/{action['id']}/approve", {"code": w.code(self.approver)})
                if status == 200 or (status == 409 and state() != "proposed"):
                    break
                assert status == 403 and answer["code"] in ("wrong_code", "used_code"), (status, answer)
            except Gone:
                self.unanswered += 1
                if state() != "proposed":
                    self.happened += 1
                    break
        self.blocks.append(action["id"])


class Busy(World):
    """With a listener for bulk, where alerts come from, a mail server, one system, and a repository of backups where restic is."""

    def __init__(self, folder):
        super().__init__(folder)
        port, = ports(1)
        head = ["containment: {never: [198.51.100.0/24]}", f"courier:\n  mail: {{server: 127.0.0.1, port: {port}, tls: none, from: coloa@agency.example}}"]
        self.repository, self.mailed, self.post = None, (0, 0), MailServer(port)
        if shutil.which("restic"):
            self.repository, secret = restic(folder, 40)
            (folder / "scratch").mkdir()
            head.append(f"recovery:\n  scratch: {folder / 'scratch'}\n  repositories:\n    - {{name: kho, kind: restic, path: '{self.repository}', password-file: '{secret}'}}")
        self.node = Web(folder, head="\n".join(head), listeners={"bulk": "bulk"})

    def begin(self):
        self.post.start()
        super().begin()
        _, system = self.admin.post("/systems", code="his", name="HIS", unit=1, level=3, addresses=["10.1.0.0/24"], hosts=["his01"])
        self.system = system["id"]
        roles = {f"phe{i}": "approver" for i in range(WORKERS)}
        for i in range(CASES):
            roles.update({f"viet{i}": "handler", f"truong{i}": "lead", f"duyet{i}": "approver"})
        self.more({**roles, "lien": "liaison"})
        return self

    def more(self, roles):
        """For each worker people of their own: a code counts once, and there is one in half a minute."""
        for login, role in roles.items():
            _, person = self.admin.post("/people", login=login, name=login.title(), unit=1)
            status, answer = self.admin.post(f"/people/{person['id']}/roles", role=role, unit=1)
            assert status in (200, 201), answer
            b = Browser(self.node)
            assert b.sign_in(login, one_time(self.node, login))[1]["step"] == "new_password"
            b.post("/session/password", new=PASSWORD)
            self.secrets[login] = enrol(b)[0]
            self.people[login] = person["id"]
            setattr(self, login, b)
        self.age(*roles)

    def __exit__(self, *args):
        self.post.stop()
        super().__exit__(*args)


class Killer:
    """Ends a process a moment after one of those who work has sent something, or else at any moment."""

    def __init__(self, w, rng):
        self.w, self.rng, self.killed, self.sent = w, rng, {}, threading.Event()

    def aim(self):
        self.sent.set()

    def once(self):
        victims = {n: p for n, p in self.w.node.pids().items() if p > 0}
        # Those that hold people's work more often than seals and judges.
        name = self.rng.choice(["desk", "console", "vault", "act", "courier"] * 2 + sorted(victims) + ["main"])
        self.sent.clear()
        self.sent.wait(2)
        time.sleep(self.rng.uniform(0, 0.02))
        if name == "main":
            self.w.node.kill()
            self.w.node.start()
        elif name not in victims or not kill(victims[name], self.w.node.program):
            return
        self.killed[name] = self.killed.get(name, 0) + 1

    def total(self):
        return sum(self.killed.values())


def check_steps(workers):
    for k in workers:
        for tag in k.titles:
            assert k.only("/incidents", tag), f"{tag} is gone"
        for incident, text in k.notes:
            assert k.only(f"/incidents/{incident}/timeline", text, "text"), f"{text} is gone"
        for incident, title in k.tasks:
            assert k.only(f"/incidents/{incident}/tasks", title)["state"] == "done", f"{title} is open again"
        for incident, name in k.files:
            rows = [e for e in k.look(k.w.hang, f"/evidence?incident={incident}")["items"] if e["name"] == name]
            assert len(rows) == 1, (name, rows)


def firewall():
    """What each of our tables keeps out, in the firewall itself: {id of the measure: addresses}."""
    said = json.loads(subprocess.run(["nft", "-j", "list", "ruleset"], capture_output=True, check=True).stdout)
    out = {}
    for s in (o["set"] for o in said["nftables"] if "set" in o):
        if s["table"].startswith("coloa_"):
            out.setdefault(int(s["table"][6:]), set()).update(e["elem"]["val"] if "elem" in e else e for e in s.get("elem", ()))
    return out


def check_blocks(w, workers):
    """Each that two people agreed on came into force, and all undo themselves; meanwhile the firewall has what the desk says, no more, no less."""
    ids, k = [i for k in workers for i in k.blocks], workers[0]
    target = {i: k.look(w.hang, f"/actions/{i}")["targets"] for i in ids}

    def states():
        return {i: k.look(w.hang, f"/actions/{i}")["state"] for i in ids}
    try:
        w.node.wait_for(lambda: all(s in ("in_force", "undone") for s in states().values()), 60, "for blocks to be in force")
    except AssertionError as error:
        odd = [k.look(w.hang, f"/actions/{i}") for i, s in states().items() if s not in ("in_force", "undone")]
        raise AssertionError(f"neither in force nor undone: {odd}; firewall {firewall()}") from error

    def same():
        """Between two looks at the desk that say the same nothing changed."""
        before, there, after = states(), firewall(), states()
        if before != after:
            return None
        return there == {i: {target[i]} for i, s in before.items() if s == "in_force"} or (there, before)
    end, compared, wrong = time.monotonic() + BLOCK_S + 90, 0, 0
    while time.monotonic() < end and set(states().values()) != {"undone"}:
        found = same()
        compared += found is True
        wrong = wrong + 1 if found not in (True, None) else 0
        assert wrong < 5, (found, target)  # the desk hears a moment later that one has ended
        time.sleep(1)
    assert not ids or set(states().values()) == {"undone"}, states()
    assert tables() == [] and firewall() == {}, tables()
    for i in ids:
        text = [e["text"] for e in k.look(w.hang, f"/incidents/{k.look(w.hang, f'/actions/{i}')['incident']}/timeline?limit=200")["items"]]
        for part in ("in force", "undid itself", "waits for a second person"):
            assert sum(part in t for t in text) == 1, (i, part, text)
    return len(ids), compared


def no_step_is_lost_or_done_twice(folder):
    os.chmod(folder, 0o755)
    print(f"# COLOA_SEED={SEED} COLOA_KILLS={KILLS}", flush=True)
    with Busy(folder) as w:
        killer = Killer(w, random.Random(SEED))
        workers = [Worker(w, i, f"phe{i}", SEED, killer.aim) for i in range(WORKERS)]
        cases = [Case(w, i, SEED + 1, killer.aim) for i in range(CASES)]
        everybody, begun = [*workers, *cases], time.monotonic()
        for k in everybody:
            k.start()
        while killer.total() < KILLS and not any(k.error for k in everybody):
            time.sleep(killer.rng.uniform(0.2, 1.5))
            killer.once()
        seconds = time.monotonic() - begun
        for k in everybody:
            k.stopping = True
        for k in everybody:
            k.join(900)
            assert not k.is_alive() and not k.error, (type(k).__name__, k.index, k.error, w.node.said()[-3000:])
        w.node.wait_for(lambda: w.node.answers(), 60, "for the desk")
        check_steps(workers)
        blocks, compared = check_blocks(w, workers)
        said = sum(k.check(folder) for k in cases)
        print(f"# {killer.total()} kills in {seconds:.0f} s {killer.killed}; {sum(k.rounds for k in workers)} incidents worked, {blocks} blocks (firewall and desk compared {compared} times); "
              f"{sum(len(k.cases) for k in cases)} incidents from the alert to the review, {said} entries of their timelines each once, {w.mailed[1]} reports mailed in {w.mailed[0]} mails, "
              f"{sum(len(k.kept) for k in cases)} exceptions, {sum(len(k.shifts) for k in cases)} shifts, {sum(len(k.drills) for k in cases)} restore drills; "
              f"{sum(k.steps for k in everybody)} steps answered, {sum(k.unanswered for k in everybody)} requests unanswered, of which {sum(k.happened for k in everybody)} had happened; "
              f"{sum(k.again for k in everybody)} pressed again without a look")
        assert all(k.cases for k in cases) and sum(k.rounds for k in workers) >= WORKERS
    w.node.verify()


if __name__ == "__main__":
    needed = [p for p in ("unshare", "nsenter", "ip", "nft") if not shutil.which(p)]
    if os.geteuid() != 0 or needed or subprocess.run(["unshare", "--net", "true"]).returncode != 0:
        print(f"1..0 # SKIP people at work over kills: needs root, network namespaces and {', '.join(needed) or 'its tools'}")
        sys.exit(0)
    if not os.environ.get("COLOA_OWN_NET"):
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "COLOA_OWN_NET": "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run(no_step_is_lost_or_done_twice)
