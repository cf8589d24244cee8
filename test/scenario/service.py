"""A node as a service: what the service manager hears and when (sd_notify), and the unit that ships: it is understood whole, and
as closed as it was."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from node_world import Node
from tap import ROOT, Skip, run

UNIT = ROOT / "content/systemd/coloa.service"
EXPOSURE = 1.2  # systemd-analyze security, of 10


class Manager:
    """The socket that a service manager listens at."""
    def __init__(self, name):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(name)
        self.sock.settimeout(1)
        self.heard = []

    def hears(self, what: str, seconds=60) -> dict:
        """The next message that has this line, as a map; those before it are forgotten, but counted by their first line."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                text = self.sock.recv(4096).decode()
            except TimeoutError:
                continue
            self.heard.append(text.split("\n", maxsplit=1)[0])
            if what in text.split("\n"):
                return dict(line.split("=", 1) for line in text.split("\n"))
        raise AssertionError(f"{what} was not heard in {seconds} s, but {self.heard[-20:]}")


def node_under(folder, manager: str, watchdog_us=None) -> Node:
    wrap = ["env", f"NOTIFY_SOCKET={manager}"] + ([f"WATCHDOG_USEC={watchdog_us}"] if watchdog_us else [])
    return Node(folder, wrap=wrap)


def the_manager_hears_all(folder):
    manager = Manager(str(folder / "notify"))
    with node_under(folder, folder / "notify", watchdog_us=400000) as node:
        ready = manager.hears("READY=1")
        assert ready["STATUS"] == "1 rules, 1 sources, 5 listeners", ready
        for _ in range(3):
            manager.hears("WATCHDOG=1", seconds=20)
        node.process.send_signal(signal.SIGHUP)
        before = manager.hears("RELOADING=1")
        assert int(before["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        manager.hears("READY=1")
        node.config.write_text("lissen: []\n", encoding="utf-8")
        assert node.ask("reload").returncode == 3  # what ExecReload= runs sees it first
        node.process.send_signal(signal.SIGHUP)
        manager.hears("RELOADING=1")
        manager.hears("READY=1")  # as before
        node.process.terminate()
        manager.hears("STOPPING=1")
        assert node.process.wait(60) == 0


def an_abstract_name(folder):
    name = f"coloa-test-{os.getpid()}-{time.monotonic_ns()}"
    manager = Manager("\0" + name)
    with node_under(folder, "@" + name):
        manager.hears("READY=1")


def a_manager_that_is_not_there(folder):
    with node_under(folder, folder / "nobody", watchdog_us=200000) as node:
        time.sleep(1)
        assert node.status()["store"] == 0


def the_unit_is_understood_and_closed(_):
    if not shutil.which("systemd-analyze"):
        raise Skip("no systemd-analyze")
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", UNIT], capture_output=True, text=True, check=False).stderr
    ours = [line for line in said.splitlines() if "coloa.service" in line and "not executable" not in line]
    assert not ours, ours
    r = subprocess.run(["systemd-analyze", "security", "--offline=yes", UNIT], capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for coloa.service: ([0-9.]+)", r.stdout)
    if not found:
        raise Skip("this systemd-analyze judges no files")
    print("# exposure", found.group(1))
    assert float(found.group(1)) <= EXPOSURE, r.stdout


run(the_manager_hears_all, an_abstract_name, a_manager_that_is_not_there, the_unit_is_understood_and_closed)
