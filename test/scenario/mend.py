"""Restore drills on real restic and borg repositories: good ones, damaged, old, slow, too large, with the wrong password and with hostile
names; a schedule; kills on the way. A drill writes nothing into a repository and leaves nothing in the scratch folder."""
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time

from node_world import Node, alive, coloa, kill
from tap import PROGRAM, Skip, run

SECRET = "mật khẩu kho"


def fingerprint(folder: pathlib.Path) -> str:
    h = hashlib.sha256()
    for p in sorted(folder.rglob("*")):
        h.update(str(p.relative_to(folder)).encode() + (p.read_bytes() if p.is_file() else b""))
    return h.hexdigest()


def tool(folder, *command, **more):
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "RESTIC_PASSWORD": SECRET, "BORG_PASSPHRASE": SECRET, "HOME": str(folder),
           "RESTIC_CACHE_DIR": str(folder / "cache"), "BORG_BASE_DIR": str(folder / "borg-base"), "TZ": "UTC"}
    subprocess.run(command, check=True, capture_output=True, env={**env, **more.pop("env", {})}, **more)


class World:
    """Repositories of one folder of files, and a node that knows them."""
    def __init__(self, folder: pathlib.Path):
        for program in ("restic", "borg"):
            if not shutil.which(program):
                raise Skip(f"no {program}")
        self.folder, self.files, self.scratch = folder, folder / "files", folder / "scratch"
        self.repositories = {}
        (self.files / "in").mkdir(parents=True)
        for n in range(12):
            (self.files / "in" / f"tệp {n}.bin").write_bytes(os.urandom(3000 * (n + 1)))
        (self.files / "canary*[1].txt").write_text("chim hoàng yến\n")
        (self.files / "link").symlink_to("/etc/passwd")
        os.mkfifo(self.files / "fifo")
        (folder / "password").write_text(SECRET + "\n")
        (folder / "wrong").write_text("khác\n")

    def restic(self, name, snapshot_time=None, files=None):
        path = self.folder / f"restic-{name}"
        if not path.exists():
            tool(self.folder, "restic", "-q", "-r", path, "init")
        when = ["--time", snapshot_time] if snapshot_time else []
        tool(self.folder, "restic", "-q", "-r", path, "backup", *when, files or self.files)
        self.repositories[name] = {"kind": "restic", "path": path}
        return path

    def borg(self, name, files=None, when=None):
        path = self.folder / f"borg-{name}"
        if not path.exists():
            tool(self.folder, "borg", "init", "-e", "repokey-blake2", path)
        more = ["--timestamp", when] if when else []
        tool(self.folder, "borg", "create", *more, f"{path}::{name}-1", files or self.files)
        self.repositories[name] = {"kind": "borg", "path": path}
        return path

    def start(self, head="", landlock=None):
        lines = [f"recovery:\n  scratch: {self.scratch}\n{head}  repositories:"]
        for name, r in self.repositories.items():
            r = {"name": name, "password-file": self.folder / "password", **r}
            lines.append("    - {" + ", ".join(f"{k}: {v if isinstance(v, (int, list, bool)) else repr(str(v))}" for k, v in r.items()) + "}")
        text = "\n".join(lines).replace("True", "true").replace("False", "false")
        self.node = Node(self.folder, head=text, listeners={"tcp": "syslog-tcp"}, landlock=landlock)
        return self.node

    def api(self, operation, *fields, code=0):
        for _ in range(40):  # a desk that was killed is there again in a moment
            r = coloa("api", "-c", self.node.config, operation, *fields, timeout=60)
            if r.returncode != 3:
                break
            time.sleep(0.25)
        assert r.returncode == code, (operation, fields, r.returncode, r.stdout.decode()[-1000:], r.stderr.decode()[-1000:])
        return json.loads(r.stdout) if r.stdout.strip().startswith(b"{") else r.stdout.decode()

    def drill(self, repository, *fields, seconds=60):
        drill = self.api("drills.run", f"repository={repository}", *fields)
        return self.wait(drill["id"], seconds)

    def wait(self, number, seconds=60):
        end = time.monotonic() + max(seconds, 120)
        while time.monotonic() < end:
            d = self.api("drills.get", f"id={number}")
            if d["state"] in ("done", "failed"):
                return d
            time.sleep(0.1)
        raise AssertionError(f"it goes on: {d}\n{self.node.said()[-2000:]}")

    def empty(self):
        assert not list(self.scratch.iterdir()), list(self.scratch.rglob("*"))


def codes(drill) -> list[str]:
    return [f["code"] for f in drill["faults"]]


def good_ones(folder):
    w = World(folder)
    restic, borg = w.restic("rest"), w.borg("bo")
    before = fingerprint(restic), fingerprint(borg)
    canary = hashlib.sha256("chim hoàng yến\n".encode()).hexdigest()
    for r in w.repositories.values():
        r["sample"] = 5
        r["expect"] = [f"{w.files}/canary*[1].txt {canary}"]
    with w.start() as node:
        for name in ("rest", "bo"):
            d = w.drill(name)
            assert d["good"] is True and d["state"] == "done" and not d["faults"], (d, node.said()[-2000:])
            assert 5 <= d["files_checked"] <= 6 and d["expected"] == 1 and d["files"] == d["files_checked"], d
            assert d["all_files"] == 13 and d["all_bytes"] == sum(3000 * (n + 1) for n in range(12)) + len("chim hoàng yến\n".encode()), d
            assert 0 < d["seconds"] < 100 and d["age_s"] < 300 and len(d["proof"]) == 64, d
            w.empty()
            d = w.drill(name, "whole=true")  # and what was found then is held against this
            assert d["good"] is True and d["files"] == 13 and d["bytes"] == d["all_bytes"], (d, node.said()[-2000:])
            assert d["expected"] >= 1, d
            w.empty()
        listed = w.api("recovery.repositories")["items"]
        assert {i["name"] for i in listed} == {"rest", "bo"} and all(i["last"]["good"] for i in listed), listed
        assert (fingerprint(restic), fingerprint(borg)) == before, "a drill wrote into a repository"
        state = sqlite3.connect(f"file:{node.directory}/state/state.db?mode=ro", uri=True)
        pieces = state.execute("SELECT group_concat(bytes,'') FROM blob_piece WHERE blob=(SELECT proof FROM drill WHERE id=1)").fetchone()[0]
        proof = json.loads(pieces)
        assert proof["result"]["tried"] and proof["drill"] == 1 and len(proof["result"]["tried"][0]["sha256"]) == 64, proof
        assert state.execute("SELECT count(*) FROM audit WHERE what='drill.ended'").fetchone()[0] == 4
        state.close()
        assert SECRET not in node.log.read_text(errors="replace")


def damage(path: pathlib.Path):
    """A byte in the middle of each large piece of data."""
    hit = 0
    for p in sorted((path / "data").rglob("*")):
        if p.is_file() and p.stat().st_size > 1500:
            b = bytearray(p.read_bytes())
            b[len(b) // 2] ^= 0xFF
            p.chmod(0o600)
            p.write_bytes(b)
            hit += 1
    assert hit, path


def bad_ones(folder):
    w = World(folder)
    for name in ("hurt-r", "old-r", "slow-r", "wrong-r"):
        w.restic(name, *(["2020-01-02 03:04:05"] if name == "old-r" else []))
    for name in ("hurt-b", "old-b", "wrong-b"):
        w.borg(name, when="2020-01-02T03:04:05" if name == "old-b" else None)
    damage(w.repositories["hurt-r"]["path"])
    damage(w.repositories["hurt-b"]["path"])
    for name in ("old-r", "old-b"):
        w.repositories[name]["rpo"] = "1d"
    w.repositories["slow-r"]["rto"] = "1s"
    for name in ("wrong-r", "wrong-b"):
        w.repositories[name]["password-file"] = folder / "wrong"
    for name, r in w.repositories.items():
        r["whole"] = name.startswith("hurt")
    w.repositories["none-r"] = {"kind": "restic", "path": folder / "nowhere"}
    (folder / "nowhere").mkdir()
    w.restic("told", files=w.files)
    w.repositories["told"]["expect"] = [f"{w.files}/canary*[1].txt {'0' * 64}"]
    with w.start() as node:
        expected = {"hurt-r": {"damaged"}, "hurt-b": {"damaged"}, "old-r": {"too_old"}, "old-b": {"too_old"}, "wrong-r": {"password"},
                    "wrong-b": {"password"}, "none-r": {"repository"}, "told": {"expected"}}
        for name, fault in expected.items():
            d = w.drill(name)
            assert d["good"] is False and set(codes(d)) & fault, (name, d, node.said()[-1500:])
            assert all(f["en"] and f["vi"] for f in d["faults"]), d
            w.empty()
        alerts = [a for a in node.alerts() if "coloa-restore-drill" in json.dumps(a)]
        assert len(alerts) == len(expected), alerts
        # A restic that takes longer than its RTO: held up, as a large restore would be.
        d = w.drill("slow-r")
        assert ("too_slow" in codes(d)) == (d["seconds"] > 1), d
        assert w.api("drills.list", "good=false", "limit=50")["total"] >= len(expected)


def bounds(folder):
    """Quota and time limit; a repository that is not there; one of a name that nobody knows."""
    w = World(folder)
    w.files = folder / "large"
    w.files.mkdir()
    for n in range(8):
        (w.files / f"{n}").write_bytes(os.urandom(400_000))
    w.restic("big")
    w.borg("big-b")
    with w.start(head="  quota: 1M\n"):
        for name in ("big", "big-b"):
            d = w.drill(name, "whole=true")
            assert d["good"] is False and codes(d) == ["quota"], d
            w.empty()
            d = w.drill(name)  # a sample that fits
            assert d["good"] is True and 1 <= d["files_checked"] <= 2, d
        w.api("drills.run", "repository=unknown", code=1)


def hostile_names(folder):
    """An archive made by somebody who wants out: names with "..", absolute ones, links that lead elsewhere, devices."""
    w = World(folder)
    victim = folder / "victim"
    victim.mkdir()
    (victim / "kept").write_text("kept")
    bad = folder / "bad"
    (bad / "-rf").mkdir(parents=True)
    (bad / "-rf" / "--target").write_text("x")
    (bad / "\x1b[31mred\n").write_text("newline")
    (bad / "a").symlink_to(victim)
    (bad / "up").symlink_to("../../../../../../../../" + str(victim).lstrip("/"))
    deep = bad
    for n in range(60):
        deep = deep / ("d" * 20)
        deep.mkdir()
    (deep / "bottom").write_text("deep")
    (bad / "locked").mkdir()
    (bad / "locked" / "in").write_text("locked")
    (bad / "locked").chmod(0)
    w.restic("bad", files=bad)
    w.borg("bad-b", files=bad)
    if os.geteuid() == 0:
        devices = folder / "devices"
        devices.mkdir()
        (devices / "file").write_text("beside it")
        os.mknod(devices / "null", 0o600 | 0o020000, os.makedev(1, 3))
        w.restic("dev", files=devices)
        w.borg("dev-b", files=devices)
    (bad / "locked").chmod(0o700)
    # A borg archive is made of whatever its client says: one that says "../".
    code = ("import sys; from borg.archiver import Archiver, main; import borg.archive as a; import borg.archiver as r\n"
            "f = lambda p: '../../../' + p if p.endswith('kept') else p\n"
            "r.make_path_safe = a.make_path_safe = f\n"
            "import borg.helpers.fs as h; h.make_path_safe = f\n"
            "sys.argv[0] = 'borg'; main()")
    path = folder / "borg-evil"
    tool(folder, "borg", "init", "-e", "repokey-blake2", path)
    try:
        tool(folder, "/usr/bin/python3", "-c", code, "create", f"{path}::evil", str(victim), cwd=folder)
        w.repositories["evil"] = {"kind": "borg", "path": path}
    except subprocess.CalledProcessError as e:
        print("# no borg archive with .. could be made:", e.stderr.decode()[-200:].replace("\n", " "))
    outside = fingerprint(victim)
    with w.start() as node:
        for name in w.repositories:
            for whole in ("false", "true"):
                d = w.drill(name, f"whole={whole}")
                print(f"# {name} whole={whole}: {d['state']} good={d['good']} {codes(d)}")
                assert name == "evil" or d["state"] == "done", (d, node.said()[-1500:])
                assert not name.startswith("dev") or d["good"], d
                assert fingerprint(victim) == outside
                w.empty()
        assert "\x1b" not in node.log.read_text(errors="replace")


def by_itself(folder):
    w = World(folder)
    w.restic("often")
    w.repositories["often"]["every"] = "3s"
    with w.start() as node:
        end = time.monotonic() + 180
        while time.monotonic() < end:
            items = w.api("drills.list", "limit=50")["items"]
            if [d["state"] for d in items].count("done") >= 2:
                break
            time.sleep(0.5)
        assert len(items) >= 2 and all(d["good"] is not False for d in items), (items, node.said()[-1500:])
        assert all(d["asked_by_name"] is None for d in items)


def mender_of(node) -> int:
    main = node.process.pid
    for task in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"PPid:\t{main}\n" in (task / "status").read_text() and b"mender" in (task / "cmdline").read_bytes():
                return int(task.name)
        except OSError:
            pass
    return 0


def kills(folder):
    """The mender, the desk, the whole node, in the middle of a drill: each drill ends once, and nothing is left."""
    w = World(folder)
    for n in range(300):
        (w.files / f"more-{n}").write_bytes(os.urandom(20000))
    w.restic("killed")
    with w.start() as node:
        for victim in ("mender", "desk", "node", "desk"):
            number = w.api("drills.run", "repository=killed", "whole=true")["id"]
            node.wait_for(lambda: mender_of(node) and (w.scratch / "coloa-drill").exists(), 60, "for the mender")
            mender = mender_of(node)
            if victim == "mender":
                kill(mender, PROGRAM)
            elif victim == "desk":
                kill(node.pids()["desk"], PROGRAM)
            else:
                node.kill()
                assert not alive(mender, PROGRAM) or time.sleep(1) or not alive(mender, PROGRAM)
                node.start()
            d = w.wait(number)
            if victim == "mender":
                assert d["state"] == "failed" and d["good"] is False and codes(d) == ["died"], d
            else:
                assert d["good"] is True and d["attempt"] == 2, (victim, d)
            node.wait_for(lambda: not list(w.scratch.iterdir()), 30, "for an empty scratch folder")
        state = sqlite3.connect(f"file:{node.directory}/state/state.db?mode=ro", uri=True)
        ended = [row[0] for row in state.execute("SELECT about FROM audit WHERE what='drill.ended' ORDER BY n")]
        assert len(ended) == len(set(ended)) == 4, ended
        state.close()


def without_landlock(folder):
    w = World(folder)
    w.restic("rest")
    with w.start(landlock=0):
        d = w.drill("rest")
        assert d["good"] is False and codes(d) == ["wall"], d


if __name__ == "__main__":
    run(*([globals()[n] for n in sys.argv[2:]] or [good_ones, bad_ones, bounds, hostile_names, by_itself, kills, without_landlock]))
