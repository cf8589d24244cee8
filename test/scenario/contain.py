"""Containment with two people, in the firewall of a network of its own: who may propose and approve, what is never touched, that a block
holds, undoes itself, is taken back early, and survives no kill the wrong way."""
import contextlib
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from api import Web
from node_world import kill
from people import PASSWORD, Browser, enrol, first_person, one_time, totp
from tap import PROGRAM, Skip, run

ATTACKER, OWN = "203.0.113.70", "203.0.113.1"


class Peer:
    """Another machine at the end of a wire: a namespace of its own, for as long as its process lives."""
    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        time.sleep(0.3)
        for command in (f"link add wire type veth peer name eth0 netns {self.process.pid}", f"addr add {OWN}/24 dev wire", "link set wire up"):
            subprocess.run(["ip", *command.split()], check=True)
        for command in (f"addr add {ATTACKER}/24 dev eth0", "link set eth0 up", "link set lo up"):
            self.run("ip", *command.split())

    def run(self, *command, check=True):
        return subprocess.run(["nsenter", "-t", str(self.process.pid), "-n", *command], check=check, capture_output=True)

    def reaches(self, port: int) -> bool:
        code = f"import socket; socket.create_connection(('{OWN}', {port}), timeout=1.5)"
        return self.run(sys.executable, "-c", code, check=False).returncode == 0

    def end(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(["ip", "link", "del", "wire"], capture_output=True)


def tables() -> list[str]:
    out = subprocess.run(["nft", "list", "tables", "inet"], capture_output=True, text=True, check=True).stdout
    return sorted(line.split()[-1] for line in out.splitlines() if "coloa_" in line)


class World:
    """A node with three people: a handler who proposes, an approver whose account is old enough, a young one. `MORE` approvers take turns:
    a second factor's code counts once in half a minute."""
    MORE: tuple[str, ...] = ()

    def __init__(self, folder: pathlib.Path):
        self.node = Web(folder, head="containment: {never: [198.51.100.0/24]}", listeners={"tcp": "syslog-tcp"})
        self.node.config.write_text(self.node.config.read_text().replace(f"127.0.0.1:{self.node.port['tcp']}", f"0.0.0.0:{self.node.port['tcp']}"))

    def __enter__(self):
        self.node.__enter__()
        try:
            return self.begin()
        except BaseException:
            self.node.kill()  # nobody else would end it
            raise

    def begin(self):
        self.node.ready()
        admin = first_person(self.node)
        enrol(admin)
        self.admin, self.people, self.secrets = admin, {}, {}
        more = [(login, "approver") for login in self.MORE]
        for login, role in (("hang", "handler"), ("duc", "approver"), ("moi", "approver"), ("lan", "lead"), *more):
            status, person = admin.post("/people", login=login, name=login.title(), unit=1)
            assert status in (200, 201), person
            status, answer = admin.post(f"/people/{person['id']}/roles", role=role, unit=1)
            assert status in (200, 201), answer
            self.people[login] = person["id"]
        for login in self.people:
            b = Browser(self.node)
            status, answer = b.sign_in(login, one_time(self.node, login))
            assert answer["step"] == "new_password", answer
            b.post("/session/password", new=PASSWORD)
            self.secrets[login] = enrol(b)[0]
            setattr(self, login, b)
        self.age("hang", "duc", "lan", *self.MORE)
        return self

    def __exit__(self, *args):
        self.node.__exit__(*args)

    def age(self, *logins):
        """Their accounts are two days old, and nobody here made them."""
        self.node.stop()
        with sqlite3.connect(self.node.directory / "state" / "state.db") as db:
            for login in logins:
                db.execute("UPDATE person SET created=created-172800000000000, created_by=NULL, reset_by=NULL WHERE login=?", (login,))
        self.node.start()
        self.node.ready()
        self.node.wait_for(lambda: self.hang.ask("GET", "/actions/status")[1].get("available"), 30, "for act")

    def used(self, login) -> int:
        with contextlib.closing(sqlite3.connect(f"file:{self.node.directory}/state/state.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT totp_step FROM person WHERE login=?", (login,)).fetchone()[0]

    def approver(self):
        """Whoever has rested longest, and a code of theirs."""
        login = min(("duc", *self.MORE), key=self.used)
        return getattr(self, login), self.code(login)

    def code(self, login) -> str:
        """A code counts once: the next half minute's, when this one is used up."""
        used = self.used(login)
        now = int(time.time()) // 30
        while used >= now + 1:
            time.sleep(1)
            now = int(time.time()) // 30
        return totp(self.secrets[login], max(used + 1, now) * 30)

    def incident(self) -> int:
        status, answer = self.hang.post("/incidents", title="Dò mật khẩu từ ngoài", unit=1)
        assert status == 200, answer
        return answer["id"]

    def propose(self, incident, targets, seconds=3600, **more):
        return self.hang.post("/actions", incident=incident, kind="block", targets=targets, seconds=seconds, reason="Dò mật khẩu liên tục", **more)

    def block(self, incident, targets, seconds=3600, **more) -> int:
        status, a = self.propose(incident, targets, seconds, **more)
        assert status == 200 and a["state"] == "proposed", a
        who, code = self.approver()
        status, answer = who.post(f"/actions/{a['id']}/approve", code=code)
        assert status == 200 and answer["state"] in ("approved", "in_force"), answer
        self.wait(a["id"], "in_force")
        return a["id"]

    def wait(self, action, state, seconds=20):
        def there():
            a = self.hang.ask("GET", f"/actions/{action}")[1]
            assert a.get("state") not in {"rejected", "failed"} - {state}, a  # it will never be
            return a.get("state") == state
        self.node.wait_for(there, seconds, f"for {state}")


def two_people_block_and_it_undoes_itself(folder):
    peer = Peer()
    try:
        with World(folder) as w:
            port, incident = w.node.port["tcp"], w.incident()
            assert peer.reaches(port)
            status, answer = w.hang.post("/actions/check", targets=["203.0.113.64/28"])
            assert status == 200 and answer["addresses"] == 16 and answer["targets"] == ["203.0.113.64/28"], answer
            status, a = w.propose(incident, ["203.0.113.64/28"], 60)
            assert status == 200 and a["state"] == "proposed" and a["mine"] and a["code"].startswith("NC-"), a
            assert tables() == [] and peer.reaches(port), "one person is not two"
            # Who may not be the second.
            assert w.hang.post(f"/actions/{a['id']}/approve", code=w.code("hang"))[0] == 403
            status, answer = w.moi.post(f"/actions/{a['id']}/approve", code=w.code("moi"))
            assert status == 403 and answer["code"] == "young_account", answer
            status, answer = w.duc.post(f"/actions/{a['id']}/approve", code="000000")
            assert status == 403 and answer["code"] == "wrong_code", answer
            assert tables() == [] and peer.reaches(port)
            before = time.monotonic()
            status, answer = w.duc.post(f"/actions/{a['id']}/approve", code=w.code("duc"))
            assert status == 200, answer
            w.wait(a["id"], "in_force")
            assert tables() == [f"coloa_{a['id']}"] and not peer.reaches(port)
            until = w.hang.ask("GET", f"/actions/{a['id']}")[1]["until"]
            assert until
            status, answer = w.duc.post(f"/actions/{a['id']}/approve", code=w.code("duc"))
            assert status == 409 and answer["code"] == "decided", answer
            w.wait(a["id"], "undone", 90)
            assert time.monotonic() - before >= 58
            assert tables() == [] and peer.reaches(port)
            text = " ".join(e["text"] for e in w.hang.ask("GET", f"/incidents/{incident}/timeline")[1]["items"])
            for part in ("waits for a second person", "approved", "in force", "undid itself"):
                assert part in text, (part, text)
    finally:
        peer.end()


def what_is_never_touched(folder):
    peer = Peer()
    try:
        with World(folder) as w:
            incident = w.incident()
            for targets in (["198.51.100.7"], [OWN], ["203.0.113.0/24"], ["127.0.0.1"], ["10.0.0.0/23"], ["10.0.0.1/24"], ["nowhere"],
                            ["10.0.0.1", "10.0.0.1"], ["2001:db8::/63"], ["ff02::1"], []):
                for status, answer in (w.propose(incident, targets), w.hang.post("/actions/check", targets=targets)):
                    assert status == 422 and answer["fields"][0]["field"].startswith("targets") and answer["fields"][0]["remedy"], (targets, answer)
            for seconds in (59, 86401):
                assert w.propose(incident, ["192.0.2.1"], seconds)[0] == 422
            # A new list counts at once, also for what was proposed before.
            status, a = w.propose(incident, ["192.0.2.9"])
            w.node.config.write_text(w.node.config.read_text().replace("198.51.100.0/24", "198.51.100.0/24, 192.0.2.0/24"))
            assert w.node.ask("reload").returncode == 0
            assert w.duc.post(f"/actions/{a['id']}/approve", code=w.code("duc"))[0] == 200
            w.wait(a["id"], "rejected")
            assert tables() == []
            assert "never touched" in w.hang.ask("GET", f"/actions/{a['id']}")[1]["note"]
    finally:
        peer.end()


def undone_early_prolonged_withdrawn(folder):
    peer = Peer()
    try:
        with World(folder) as w:
            incident, port = w.incident(), w.node.port["tcp"]
            first = w.block(incident, [ATTACKER])
            assert not peer.reaches(port)
            status, answer = w.propose(incident, ["203.0.113.71"], replaces=first)
            assert status == 422 and answer["fields"][0]["field"] == "replaces", answer
            second = w.block(incident, [ATTACKER], 7200, replaces=first)
            w.wait(first, "undone")
            assert tables() == [f"coloa_{second}"] and not peer.reaches(port)
            status, answer = w.hang.post(f"/actions/{second}/undo", reason="Nhầm máy")
            assert status == 200, answer
            w.wait(second, "undone")
            assert tables() == [] and peer.reaches(port)
            assert w.hang.post(f"/actions/{second}/undo", reason="Lần nữa")[0] == 409
            third = w.propose(incident, ["192.0.2.9"])[1]["id"]
            assert w.duc.post(f"/actions/{third}/withdraw", reason="Không phải của tôi")[0] == 403
            assert w.hang.post(f"/actions/{third}/withdraw", reason="Không cần nữa")[1]["state"] == "withdrawn"
            assert w.duc.post(f"/actions/{third}/approve", code=w.code("duc"))[0] == 409
            fourth = w.propose(incident, ["192.0.2.9"])[1]["id"]
            assert w.hang.post(f"/actions/{fourth}/refuse", reason="Tự từ chối")[0] == 403
            assert w.duc.post(f"/actions/{fourth}/refuse", reason="Đó là máy in")[1]["state"] == "refused"
            assert tables() == []
    finally:
        peer.end()


def no_kill_forgets_or_leaves_one(folder):
    peer = Peer()
    try:
        with World(folder) as w:
            incident, port = w.incident(), w.node.port["tcp"]
            a = w.block(incident, [ATTACKER], 3600)
            for process in ("act", "desk", "vault", "act"):
                kill(w.node.pids()[process], w.node.program)
                w.node.wait_for(lambda: w.hang.ask("GET", "/actions/status")[1].get("available"), 30, "for act again")
                assert not peer.reaches(port)
                w.wait(a, "in_force")
                assert tables() == [f"coloa_{a}"]
            # The firewall was emptied by somebody, act begins again: it is back. What is of nobody goes.
            subprocess.run(["nft", "flush", "ruleset"], check=True)
            subprocess.run(["nft", "add", "table", "inet", "coloa_9999"], check=True)
            kill(w.node.pids()["act"], w.node.program)
            w.node.wait_for(lambda: tables() == [f"coloa_{a}"], 30, "for the ledger's own")
            assert not peer.reaches(port)
            # The whole node dies and comes back.
            w.node.kill()
            w.node.start()
            w.node.ready()
            w.wait(a, "in_force")
            assert tables() == [f"coloa_{a}"] and not peer.reaches(port)
            # Undoing is asked for, and everything is killed at once.
            assert w.hang.post(f"/actions/{a}/undo", reason="Xong việc")[0] == 200
            for process in ("act", "desk"):
                pid = w.node.pids().get(process)
                if pid:
                    kill(pid, w.node.program)
            w.wait(a, "undone", 40)
            assert tables() == [] and peer.reaches(port)
    finally:
        peer.end()


def taken_over_it_can_do_nothing_else(folder):
    """`act`, hijacked behind its sandbox (test builds): no file, no connection, no program, no other process; with Landlock and without."""
    if b"COLOA_HIJACK" not in open(PROGRAM, "rb").read():
        raise Skip("built without -Dfaults=true")
    hijack = folder / "hijack"
    hijack.mkdir()
    os.environ["COLOA_HIJACK"] = str(hijack)
    try:
        # A few each: what dies young is started again after longer and longer pauses.
        for landlock, deeds in ((None, ("open:/etc/passwd", "create:/tmp/coloa-hijacked", "exec:/bin/true", "fork:", "ptrace:1")),
                                (2, ("openat2:/etc/passwd", "connect:{port}", "listen:0", f"kill:{os.getpid()}")),
                                (0, ("open:/etc/passwd", "local:{folder}/control", "connect:{port}", "exec-memory:"))):
            node = Web(folder, head="containment: {never: []}", listeners={"tcp": "syslog-tcp"}, landlock=landlock)
            with node:
                node.ready()
                for deed in deeds:
                    deed = deed.format(port=node.port["tcp"], folder=node.folder)
                    before = node.said().count("process=act it ")
                    (hijack / "act").write_text(deed, encoding="ascii")
                    kill(node.pids()["act"], node.program)
                    node.wait_for(lambda: node.said().count("process=act it ") >= before + 2, 60, f"for the end after {deed}")
                    (hijack / "act").unlink()
                    told = [line for line in node.said().splitlines() if "process=act it " in line][before + 1:]
                    assert told and not any("status 99" in line or "status 97" in line for line in told), (deed, told)
                    node.wait_for(lambda: node.pids().get("act") and node.status() and any(p["name"] == "act" and p["up"] for p in node.status()["processes"]), 60)
    finally:
        del os.environ["COLOA_HIJACK"]


def without_the_right_it_says_so(folder):
    """A node that may not change the firewall, and one that is not set up for it."""
    with Web(folder) as node:
        node.ready()
        b = first_person(node)
        enrol(b)
        status, answer = b.ask("GET", "/actions/status")
        assert status == 200 and not answer["available"] and "containment" in answer["why"], answer


if __name__ == "__main__":
    needed = [p for p in ("unshare", "nsenter", "ip", "nft") if not shutil.which(p)]
    if os.geteuid() != 0 or needed:
        print(f"1..0 # SKIP two people and a real firewall: needs root and {', '.join(needed) or 'its tools'}")
        sys.exit(0)
    if not os.environ.get("COLOA_OWN_NET"):
        if subprocess.run(["unshare", "--net", "true"]).returncode != 0:
            print("1..0 # SKIP two people and a real firewall: no network namespaces here")
            sys.exit(0)
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "COLOA_OWN_NET": "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run(two_people_block_and_it_undoes_itself, what_is_never_touched, undone_early_prolonged_withdrawn, no_kill_forgets_or_leaves_one,
        taken_over_it_can_do_nothing_else, without_the_right_it_says_so)
