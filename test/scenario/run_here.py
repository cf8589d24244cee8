"""`./dev run` after the build: a node that shows the sample's and this machine's alerts as they come, ends at Ctrl-C, goes on from
its state, and says what to do when something is in its way."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.request

from node_world import environment, ports
from tap import PROGRAM, ROOT, coloa, run

LINE = "Nov 23 10:00:{:02d} portal02 useradd[77]: new user: name=hotro{}, UID=0, GID=0, home=/root, shell=/bin/bash\n"


class Run:
    def __init__(self, folder, *args, lang="C.UTF-8"):
        self.directory, self.output = folder / "node", folder / f"output-{time.monotonic_ns()}"
        env = {**environment(), "LANG": lang, "COLOA_PROGRAM": PROGRAM, "COLOA_RUN_DIRECTORY": str(self.directory)}
        with open(self.output, "wb") as out:
            # Without the SIGINT that a shell of a test may have set aside.
            self.process = subprocess.Popen([ROOT / "tools/run_here.sh", *map(str, args)], stdout=out, stderr=out, env=env,
                                            stdin=subprocess.DEVNULL, start_new_session=True)

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_for(self, *wanted, seconds=90):
        end = time.monotonic() + seconds
        while not all(w in self.said() for w in wanted):
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.said()}"
            assert time.monotonic() < end, f"waited {seconds} s for {wanted}:\n{self.said()}"
            time.sleep(0.1)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.said()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def processes_of(directory) -> list[bytes]:
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes()
            if str(directory).encode() in line and PROGRAM.encode() in line:
                found.append(line)
    return found


def records(directory) -> int:
    r = coloa("search", "--directory", directory, "NOT source:files AND NOT source:journal | count")
    assert r.returncode == 0, r
    return int(r.stdout.split()[0])


def a_newcomer_sees_alerts_and_where_to_look(folder):
    with contextlib.closing(socket.socket()) as other:
        with contextlib.suppress(OSError):  # another node may have it: just as well
            other.bind(("127.0.0.1", 4318))
            other.listen()
        with Run(folder) as r:
            r.wait_for("Reverse shell", "Second account with root's number", "Shadow copies deleted",
                       "Where to look next", "dev run --hunt")
            said = r.said()
            assert "listener=otlp port=4318 is taken by another program" in said, said
            for line in said.splitlines():  # what is ready to paste works
                if line.startswith(f"   {PROGRAM} "):
                    done = subprocess.run(line, shell=True, capture_output=True, cwd=ROOT, env=environment(), timeout=120, check=False)
                    # The doctor finds fault with any machine; what it says has tests of its own.
                    assert done.returncode == 0 or (" doctor " in line and done.returncode == 1), (line, done)
                    assert done.stdout, (line, done)
            if "The console:" in said:  # unless another program has its port
                password = re.search(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", said)[0]
                body = json.dumps({"login": "admin", "password": password}).encode()
                ask = urllib.request.Request("http://127.0.0.1:8600/api/v1/session", body, {"Content-Type": "application/json", "X-Coloa": "1"})
                assert json.load(urllib.request.urlopen(ask, timeout=30))["step"] == "new_password"
                assert password not in (r.directory / "node.log").read_text(errors="replace")
            else:
                log = (r.directory / "node.log").read_text(errors="replace")
                assert "console port=8600 cannot be bound" in log and "under 'console: listen:'" in log and "No console:" in said, said
            r.wait_for("SSH login after many failures", "Many files rewritten by one program", seconds=240)  # a minute of lateness
            before = records(r.directory)
            assert before > 1000, before
            again = Run(folder)
            assert again.process.wait(60) == 1 and "runs in" in again.said(), again.said()
            r.interrupt()
            assert "goes on from what" in r.said(), r.said()
    with Run(folder) as r:  # what it has it does not take twice; what it raised it still knows
        r.wait_for("Shadow copies deleted", "Where to look next")
        assert "Sign in as admin" not in r.said()
        assert records(r.directory) == before
        r.interrupt()


def own_logs_as_they_grow_in_vietnamese(folder):
    log, port = folder / "auth.log", ports(1)[0]
    log.write_text(LINE.format(1, 1))
    config = folder / "my.yaml"
    config.write_text(f"directory: {folder}/node\ncontrol: {folder}/node/control\nmetrics: none\nconsole: none\n"
                      f"listen:\n  - {{name: tcp, protocol: syslog-tcp, address: '127.0.0.1:{port}'}}\n"
                      f"sources:\n  - {{name: here, system: s, files: ['{log}*']}}\n")
    with Run(folder, "-c", config, lang="vi_VN.UTF-8") as r:
        r.wait_for("Nút đã chạy", "portal02", "Tài khoản thứ hai có UID 0", "Xem tiếp gì")
        assert "metrics" not in r.said() and "logger" not in r.said(), r.said()
        with open(log, "a", encoding="utf-8") as f:
            f.write(LINE.format(2, 2).replace("portal02", "portal03"))
        r.wait_for("portal03", seconds=60)
        r.interrupt()


def a_node_does_not_outlive_it(folder):
    with Run(folder) as r:
        r.wait_for("Where to look next")
        r.process.kill()
        r.process.wait()
    end = time.monotonic() + 40
    while coloa("status", "--directory", r.directory).returncode == 0:
        assert time.monotonic() < end, "the node goes on alone"
        time.sleep(0.2)
    while left := processes_of(r.directory):
        assert time.monotonic() < end, left
        time.sleep(0.2)


def what_keeps_it_from_starting_is_said(folder):
    config = folder / "my.yaml"
    config.write_text(f"directory: {folder}/node\nlissen: []\n")
    with Run(folder, "-c", config) as r:
        assert r.process.wait(60) == 1 and "unknown key 'lissen'" in r.said(), r.said()
    with contextlib.closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config.write_text(f"directory: {folder}/node\ncontrol: {folder}/node/control\n"
                          f"listen:\n  - {{name: t, protocol: relp, address: '127.0.0.1:{port}'}}\n")
        with Run(folder, "-c", config) as r:
            assert r.process.wait(60) == 1 and "another program has it" in r.said() and "under 'listen:'" in r.said(), r.said()
    assert Run(folder, "--wrong").process.wait(60) == 2
    assert os.access(ROOT / "tools/hunt_here.sh", os.X_OK)


run(a_newcomer_sees_alerts_and_where_to_look, own_logs_as_they_grow_in_vietnamese, a_node_does_not_outlive_it,
    what_keeps_it_from_starting_is_said)
