"""Containment in a drill, in a real firewall: on the targets that the exercise declared and nowhere else; simulated: written down
only; the emergency stop takes all of it back within ten seconds, whoever is killed meanwhile, and nothing that is real."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from contain import World, tables
from node_world import kill
from people import PASSWORD, Browser, enrol, one_time, totp
from tap import run

SECOND = 1_000_000_000
DRILL = 1_000_000_000  # numbers of a drill's begin behind this
MEASURES = 27


class Drill(World):
    """A node where everybody plays in exercise 1, whose unit mapped the scenario's hosts to 203.0.113.0/25; so many approvers
    beside, since a code of theirs counts once."""
    def __init__(self, folder, approvers=1, simulated=False):
        super().__init__(folder)
        self.approvers, self.simulated, self.free = approvers, simulated, []

    def begin(self):
        super().begin()
        logins = [f"duyet{i}" for i in range(self.approvers - 1)]
        for login in logins:
            status, person = self.admin.post("/people", login=login, name=login.title(), unit=1)
            assert status in (200, 201), person
            assert self.admin.post(f"/people/{person['id']}/roles", role="approver", unit=1)[0] in (200, 201)
            b = Browser(self.node)
            b.sign_in(login, one_time(self.node, login))
            b.post("/session/password", new=PASSWORD)
            self.secrets[login] = enrol(b)[0]
            setattr(self, login, b)
        status, person = self.admin.post("/people", login="tochuc", name="Ban tổ chức", unit=1)
        assert self.admin.post(f"/people/{person['id']}/roles", role="organiser", unit=1)[0] in (200, 201)
        self.tochuc = Browser(self.node)
        self.tochuc.sign_in("tochuc", one_time(self.node, "tochuc"))
        self.tochuc.post("/session/password", new=PASSWORD)
        enrol(self.tochuc)
        self.node.stop()
        now = time.time_ns()
        with sqlite3.connect(self.node.directory / "state" / "state.db") as db:
            for login in logins:
                db.execute("UPDATE person SET created=created-172800000000000, created_by=NULL, reset_by=NULL WHERE login=?", (login,))
            db.execute("INSERT INTO exercise(id,code,title,kind,state,unit,seed,speed,simulated,started,created) "
                       "VALUES(1,'DT-2026-01','Diễn tập','live','running',1,1,1000,?,?,?)", (int(self.simulated), now, now))
            db.execute("INSERT INTO exercise_clock(exercise,run,play,at_real,at_drill,speed) VALUES(1,1,0,?,0,1000)", (now // 1000000,))
            db.execute("INSERT INTO exercise_play(id,exercise,run,unit,state,live,casting) VALUES(1,1,1,1,'playing',1,?)",
                       (json.dumps({"hosts": [{"id": "web", "name": "web01", "address": "203.0.113.0/25"}], "accounts": []}),))
            db.execute("INSERT INTO exercise_roster(exercise,unit,person,role,since) SELECT 1,1,id,'lead',0 FROM person WHERE login<>'tochuc'")
        self.node.start()
        self.node.ready()
        self.node.wait_for(lambda: self.hang.ask("GET", "/actions/status")[1].get("available"), 30, "for act")
        self.free = ["duc", *logins]
        return self

    def drill_incident(self):
        status, answer = self.hang.post("/incidents", title="Diễn tập: dò mật khẩu", unit=1, drill=True)
        assert status == 200 and answer["drill"] and answer["play"] == 1 and answer["code"].startswith("DT-SC-"), answer
        assert answer["id"] > DRILL
        return answer["id"]

    def measure(self, incident, target, by, seconds=3600):
        status, a = self.propose(incident, [target], seconds)
        assert status == 200, a
        status, answer = getattr(self, by).post(f"/actions/{a['id']}/approve", code=self.code(by))
        assert status == 200, answer
        return a["id"]


def within_what_was_declared(folder):
    with Drill(folder) as w:
        real, drill = w.incident(), w.drill_incident()
        status, answer = w.propose(drill, ["192.0.2.77"])
        assert status == 409 and answer["code"] == "scope", answer
        status, answer = w.propose(drill, ["203.0.113.128"])
        assert status == 409 and answer["code"] == "scope", answer
        assert tables() == []
        assert w.hang.ask("GET", "/actions/status")[1]["drill_refused"] == 2
        inside = w.measure(drill, "203.0.113.70", "duc")
        w.wait(inside, "in_force")
        assert inside > DRILL and tables() == [f"coloa_{inside}"]
        status, a = w.hang.ask("GET", f"/actions/{inside}")
        assert a["code"] == "DT-NC-0001" and a["drill"] and a["play"] == 1 and not a["simulated"], a
        # A real one knows nothing of the drill: it counts by itself and may touch what it may.
        outside = w.block(real, ["192.0.2.77"])
        assert outside == 1 and w.hang.ask("GET", f"/actions/{outside}")[1]["code"] == "NC-0001"
        assert sorted(tables()) == sorted([f"coloa_{inside}", f"coloa_{outside}"])
        with sqlite3.connect(f"file:{w.node.directory}/state/state.db?mode=ro", uri=True) as db:
            n = db.execute("SELECT count(*) FROM audit WHERE what='drill.refused'").fetchone()[0]
        assert n == 2, n  # what act refuses by itself: test/unit/act.c


def the_emergency_stop_takes_all_of_it_back(folder):
    """27 measures of a drill and 3 real ones; desk and act are killed while it stops."""
    with Drill(folder, approvers=MEASURES + 3) as w:
        real, drill = w.incident(), w.drill_incident()
        kept = [w.measure(real, f"192.0.2.{i + 1}", w.free[MEASURES + i]) for i in range(3)]
        mine = [w.measure(drill, f"203.0.113.{i + 2}", w.free[i]) for i in range(MEASURES)]
        w.node.wait_for(lambda: len(tables()) == MEASURES + 3, 30, "for all of them")
        proposed = w.propose(drill, ["203.0.113.100"])[1]["id"]
        began = time.monotonic()
        status, answer = w.tochuc.post("/exercises/1/stop", reason="Có sự cố thật")
        assert status == 200, answer
        for process in ("act", "desk"):
            kill(w.node.pids()[process], w.node.program)
        want = sorted(f"coloa_{k}" for k in kept)
        while sorted(tables()) != want and time.monotonic() - began < 30:
            time.sleep(0.05)
        took = time.monotonic() - began
        assert sorted(tables()) == want, tables()
        assert took < 10, took
        w.node.wait_for(lambda: w.hang.ask("GET", "/actions/status")[0] == 200, 30)
        w.node.wait_for(lambda: not w.hang.ask("GET", "/actions?drill=true&state=in_force")[1].get("items", [1]), 30)
        assert all(w.hang.ask("GET", f"/actions/{k}")[1]["state"] == "in_force" for k in kept)
        assert w.hang.ask("GET", f"/actions/{proposed}")[1]["state"] == "lapsed"
        print(f"# {MEASURES} measures were taken back {took:.1f} s after the stop, act and desk killed meanwhile; {len(kept)} real ones stand")
        assert mine


def what_is_simulated_is_only_written_down(folder):
    with Drill(folder, simulated=True) as w:
        drill = w.drill_incident()
        a = w.measure(drill, "192.0.2.200", "duc", 3600)  # nothing is touched, so nothing is declared
        status, answer = w.hang.ask("GET", f"/actions/{a}")
        assert answer["state"] == "in_force" and answer["simulated"] and answer["until"], answer
        time.sleep(1)
        assert tables() == []
        for process in ("act", "desk"):
            kill(w.node.pids()[process], w.node.program)
        w.node.wait_for(lambda: w.hang.ask("GET", "/actions/status")[1].get("available"), 30)
        time.sleep(1)
        assert w.hang.ask("GET", f"/actions/{a}")[1]["state"] == "in_force" and tables() == []
        assert w.tochuc.post("/exercises/1/stop", reason="Xong")[0] == 200
        w.wait(a, "undone", 10)


if __name__ == "__main__":
    needed = [p for p in ("unshare", "nsenter", "ip", "nft") if not shutil.which(p)]
    if os.geteuid() != 0 or needed:
        print(f"1..0 # SKIP a drill and a real firewall: needs root and {', '.join(needed) or 'its tools'}")
        sys.exit(0)
    if not os.environ.get("COLOA_OWN_NET"):
        if subprocess.run(["unshare", "--net", "true"]).returncode != 0:
            print("1..0 # SKIP a drill and a real firewall: no network namespaces here")
            sys.exit(0)
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "COLOA_OWN_NET": "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run(within_what_was_declared, what_is_simulated_is_only_written_down, the_emergency_stop_takes_all_of_it_back)
