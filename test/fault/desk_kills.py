"""Any process of a node, main included, is killed at random moments while people work through alerts: take, declare, write, do tasks,
attach evidence, block with two people. An answer that came is there once, one that did not come happened once or not at all, and
no block is forgotten or left behind. COLOA_KILLS: how many kills (12); COLOA_SEED: the same moments and victims again."""
import http.client
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
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
# pylint: disable=wrong-import-position
from api import Web
from contain import World, tables
from node_world import bulk, kill
from people import PASSWORD, Browser, enrol, one_time
from tap import run

KILLS = int(os.environ.get("COLOA_KILLS", "12"))
SEED = int(os.environ.get("COLOA_SEED", "0")) or random.randrange(1, 1 << 31)
WORKERS = 3
BLOCK_S = 60


class Gone(Exception):
    """The answer did not come."""


class Worker(threading.Thread):
    """One who handles incidents, with an approver of their own, and looks before doing again what was not answered."""

    def __init__(self, world, index, approver):
        super().__init__(daemon=True)
        self.w, self.index, self.approver = world, index, approver
        self.stopping, self.error, self.rounds, self.unanswered, self.happened = False, None, 0, 0, 0
        self.notes, self.titles, self.tasks, self.files, self.blocks = [], [], [], [], []

    def ask(self, browser, method, path, body=None, raw=None):
        """Status and answer; Gone when nobody knows."""
        try:
            if raw is None:
                status, answer = browser.ask(method, path, body)
            else:
                status, answer, _ = self.w.node.http(method, "/api/v1" + path, raw, {"Cookie": browser.cookie, "Content-Type": "application/octet-stream"})
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Gone(str(error)) from error
        if status in (429, 500, 502, 503, 504):
            raise Gone(f"{status} {answer}")
        return status, answer

    def look(self, browser, path):
        """A question asked until it is answered."""
        end = time.monotonic() + 240
        while time.monotonic() < end:
            try:
                status, answer = self.ask(browser, "GET", path)
                assert status == 200, (path, status, answer)
                return answer
            except Gone:
                time.sleep(0.1)
        raise AssertionError(f"no answer to {path} for 240 s")

    def step(self, what, do, happened):
        """Does it once: `happened` says what was there of it, when the answer was lost."""
        for _ in range(200):
            try:
                status, answer = do()
            except Gone:
                self.unanswered += 1
                time.sleep(0.2)
                found = happened()
                if found:
                    self.happened += 1
                    return found
                continue
            assert status in (200, 201, 204), (what, status, answer)
            return answer or True
        raise AssertionError(f"{what}: never answered")

    def only(self, path, text, field="title"):
        rows = [r for r in self.look(self.w.hang, f"{path}{'&' if '?' in path else '?'}q={urllib.parse.quote(text)}")["items"] if text in str(r.get(field))]
        assert len(rows) <= 1, (path, text, rows)
        return rows[0] if rows else None

    def alert(self, tag):
        document = json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": tag, "Image": "C:\\evil.exe",
                               "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()), "CommandLine": "evil"}).encode()
        end = time.monotonic() + 240
        while time.monotonic() < end:
            try:
                if bulk(self.w.node.port["bulk"], [(0, tag.encode(), document)]) == [0]:
                    break
            except (OSError, ValueError, AssertionError, http.client.HTTPException):
                time.sleep(0.2)
        while time.monotonic() < end:
            row = self.only("/alerts", tag, "host")
            if row:
                return row
            time.sleep(0.2)
        raise AssertionError(f"no alert of {tag}")

    def work_on(self, tag):
        w, hang = self.w, self.w.hang
        row = self.alert(tag)
        self.step("accept", lambda: self.ask(hang, "POST", f"/alerts/{row['id']}/accept", {"version": row["version"]}),
                  lambda: self.look(hang, f"/alerts/{row['id']}")["status"] == "taken")
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
                  lambda: self.only(path + "/tasks", f"{tag} task")["state"] == "done")
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

    def run(self):
        try:
            while not self.stopping:
                self.rounds += 1
                self.work_on(f"w{self.index}r{self.rounds}x")
        except BaseException as error:  # pylint: disable=broad-except
            self.error = f"{type(error).__name__}: {error}"
            self.stopping = True


class Busy(World):
    """With a listener for bulk, where alerts come from."""

    def __init__(self, folder):
        super().__init__(folder)
        self.node = Web(folder, head="containment: {never: [198.51.100.0/24]}", listeners={"bulk": "bulk"})


def more_approvers(w):
    """One for each worker: a code counts once, and there is one in half a minute."""
    names = [f"phe{i}" for i in range(WORKERS)]
    for login in names:
        _, person = w.admin.post("/people", login=login, name=login.title(), unit=1)
        status, answer = w.admin.post(f"/people/{person['id']}/roles", role="approver", unit=1)
        assert status in (200, 201), answer
        b = Browser(w.node)
        assert b.sign_in(login, one_time(w.node, login))[1]["step"] == "new_password"
        b.post("/session/password", new=PASSWORD)
        w.secrets[login] = enrol(b)[0]
        setattr(w, login, b)
    w.age(*names)
    return names


def kill_one(w, rng, killed):
    victims = {n: p for n, p in w.node.pids().items() if p > 0}
    # Those that hold people's work more often than seals and judges.
    name = rng.choice(["desk", "console", "vault", "act"] * 2 + sorted(victims) + ["main"])
    if name == "main":
        w.node.kill()
        w.node.start()
    elif name not in victims or not kill(victims[name], w.node.program):
        return False
    killed[name] = killed.get(name, 0) + 1
    return True


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


def check_blocks(w, workers):
    """Each that two people agreed on came into force, and all undo themselves."""
    ids = [i for k in workers for i in k.blocks]
    k = workers[0]

    def states():
        return {i: k.look(w.hang, f"/actions/{i}")["state"] for i in ids}
    w.node.wait_for(lambda: all(s in ("in_force", "undone") for s in states().values()), 60, "for blocks to be in force")
    end = time.monotonic() + BLOCK_S + 90
    while time.monotonic() < end and set(states().values()) != {"undone"}:
        in_force, there = {f"coloa_{i}" for i, s in states().items() if s == "in_force"}, set(tables())
        if not there <= in_force:  # one may just have ended
            time.sleep(2)
            in_force = {f"coloa_{i}" for i, s in states().items() if s == "in_force"}
            assert set(tables()) <= in_force, (tables(), in_force)
        time.sleep(1)
    assert not ids or set(states().values()) == {"undone"}, states()
    assert tables() == [], tables()
    for i in ids:
        text = [e["text"] for e in k.look(w.hang, f"/incidents/{k.look(w.hang, f'/actions/{i}')['incident']}/timeline?limit=200")["items"]]
        assert sum("in force" in t for t in text) == 1, (i, text)
    return len(ids)


def no_step_is_lost_or_done_twice(folder):
    rng, killed = random.Random(SEED), {}
    print(f"# COLOA_SEED={SEED} COLOA_KILLS={KILLS}")
    with Busy(folder) as w:
        workers = [Worker(w, i, name) for i, name in enumerate(more_approvers(w))]
        for k in workers:
            k.start()
        while sum(killed.values()) < KILLS and not any(k.error for k in workers):
            time.sleep(rng.uniform(0.2, 1.5))
            kill_one(w, rng, killed)
        for k in workers:
            k.stopping = True
        for k in workers:
            k.join(400)
            assert not k.is_alive() and not k.error, (k.index, k.error, w.node.said()[-3000:])
        w.node.wait_for(lambda: w.node.answers(), 60, "for the desk")
        check_steps(workers)
        blocks = check_blocks(w, workers)
        print(f"# {sum(killed.values())} kills {killed}; {sum(k.rounds for k in workers)} incidents worked, {blocks} blocks; "
              f"{sum(k.unanswered for k in workers)} requests unanswered, of which {sum(k.happened for k in workers)} had happened")
        assert sum(k.rounds for k in workers) >= WORKERS
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
