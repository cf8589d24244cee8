"""A file system that really is read-only for a while: a tmpfs of the test's own, in a mount namespace of its own. The node says
so, acknowledges nothing that it cannot keep, loses nothing that it acknowledged, and goes on by itself once it may write.
The kernel refuses to make a file system read-only while a file is open for writing, so its processes die first."""
import contextlib
import ctypes
import errno
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
# pylint: disable=wrong-import-position
from node_world import Node, Relp, alive, attack, bulk
from tap import Skip, run

INSIDE = "COLOA_TEST_NAMESPACE"
MS_RDONLY, MS_REMOUNT = 1, 32


def mount(place, flags: int, options: bytes | None = None) -> int:
    """0 or errno. The kernel itself: mount(8) says owners again at a remount, by numbers of another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    return 0 if libc.mount(b"none", os.fsencode(place), b"tmpfs", ctypes.c_ulong(flags), options) == 0 else ctypes.get_errno()


def writable(places, may: bool) -> None:
    for place in places:
        for _ in range(100):  # a process that is dying still has its files
            error = mount(place, MS_REMOUNT | (0 if may else MS_RDONLY))
            if error != errno.EBUSY:
                break
            time.sleep(0.05)
        assert error == 0, os.strerror(error)


@contextlib.contextmanager
def world(folder, *names):
    if INSIDE not in os.environ:
        raise Skip("no mount namespace may be made here")
    node = Node(folder, listeners={"relp": "relp", "bulk": "bulk"})
    places = [node.directory / name for name in names]
    try:
        for place in places:
            place.mkdir(parents=True)
            error = mount(place, 0, b"size=256m,mode=700")
            if error:
                raise Skip("no tmpfs may be mounted here: " + os.strerror(error))
        yield node, places
    except BaseException:
        if node.process and node.process.poll() is None:
            node.process.send_signal(signal.SIGCONT)
            node.process.kill()
            node.process.wait()
        raise
    finally:
        for place in places:
            subprocess.run(["umount", "-l", place], capture_output=True, check=False)


def record(i: int) -> bytes:
    return b'<13>Nov 23 05:00:00 host app: number%d' % i


def numbers(node) -> list[int]:
    return sorted(int(r["event.original"].split("number")[1].split()[0]) for r in node.search("number*"))


def a_running_node(folder):
    with world(folder, "events") as (node, places):
        node.start()
        relp = Relp(node.port["relp"])
        relp.send((i, record(i)) for i in range(100))
        assert len(relp.take(100)) == 100
        store = node.pids()["store"]
        node.process.send_signal(signal.SIGSTOP)  # it would start another one before the file system is read-only
        os.kill(store, signal.SIGKILL)
        while alive(store, node.program):
            time.sleep(0.01)
        writable(places, False)
        node.process.send_signal(signal.SIGCONT)
        relp.send((i, record(i)) for i in range(100, 200))
        node.wait_for(lambda: node.status().get("store") == 2, 60, "for the status to say so")
        assert "the store cannot begin: the directory cannot be written" in node.said(), node.said()
        assert "the store cannot write: the file system is read-only" in node.said(), node.said()
        assert b"read-only file system" in node.ask("status").stdout
        relp.sock.settimeout(1)
        try:
            assert not relp.take(1, 1), "acknowledged, and it cannot be kept"
        except TimeoutError:
            pass
        assert numbers(node) == list(range(100)), "what was acknowledged can be read"
        writable(places, True)
        relp.sock.settimeout(60)
        assert sorted(relp.take(100, 60)) == list(range(100, 200))
        node.wait_for(lambda: node.status().get("store") == 0, 60, "for the status to be well")
        assert "the store writes again" in node.said()
        relp.close()
        node.stop()
        assert numbers(node) == list(range(200))
        node.verify()


def evil(numbers_):
    return [(i, b"", attack()[:-1] + b',"n":"number%d it"}' % i) for i in numbers_]


def a_node_that_begins(folder):
    """With alerts' database on it as well."""
    with world(folder, "events", "state") as (node, places):
        node.start()
        assert len(bulk(node.port["bulk"], evil(range(50)))) == 50
        node.kill()
        writable(places, False)
        node.start(wait=False)
        for line in ("the store cannot write: the file system is read-only",
                     "the state cannot be opened for writing: Read-only file system"):
            node.wait_for(lambda line=line: line in node.said(), 60, line)
        assert "the node is up" not in node.said()
        writable(places, True)
        node.wait_for(lambda: "the node is up" in node.said(), 60, "for it to go on")
        assert len(bulk(node.port["bulk"], evil(range(50, 60)))) == 10
        node.wait_for(lambda: node.status()["judged"] == node.status()["durable"], 60, "for judging")
        node.stop()
        assert numbers(node) == list(range(60))
        assert [a["coloa.count"] for a in node.alerts()] == [60], node.alerts()
        node.verify()


def nothing_can_be_written_at_all(folder):
    """No key can be opened: it ends and says why."""
    with world(folder, ".") as (node, places):
        writable(places, False)
        node.start(wait=False)
        assert node.process.wait(60) != 0
        assert "Read-only file system" in node.said() and "the node ends" in node.said(), node.said()
        writable(places, True)
        node.start()
        node.stop()


if __name__ == "__main__":
    if INSIDE not in os.environ:
        for how in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
            how += ["--propagation", "private"]
            if subprocess.run([*how, "true"], capture_output=True, check=False).returncode == 0:
                os.execvpe(how[0], [*how, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    run(a_running_node, a_node_that_begins, nothing_can_be_written_at_all)
