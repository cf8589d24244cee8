"""A whole node for tests: configuration in a scratch folder, `coloa serve` on free loopback ports, what a person asks of it,
and senders of its protocols that know what was acknowledged."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

from tap import PROGRAM, coloa

RULES = """
title: Evil tool
id: 11111111-2222-4333-8444-555555555501
status: test
description: A tool that the test says is evil.
author: tests
date: 2026-11-23
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\\\evil.exe'
  condition: selection
level: high
"""


def ports(n: int) -> list[int]:
    """Free ports of TCP and UDP below the range that outgoing connections take, so that a node can have them again."""
    out = []
    while len(out) < n:
        port = random.randrange(10000, 32000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind(("127.0.0.1", port))
        except OSError:
            continue
        if port not in out:
            out.append(port)
    return out


def environment() -> dict:
    keep = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "COLOA_HIJACK")
    return {"LANG": "C.UTF-8", **{k: os.environ[k] for k in keep if k in os.environ}}


class Node:
    """One node. `more` goes into each listener ({"tcp": "unknown: quarantine"}), `sources` replaces who may send."""
    PROTOCOLS = {"udp": "syslog-udp", "tcp": "syslog-tcp", "relp": "relp", "bulk": "bulk", "otlp": "otlp"}

    def __init__(self, folder: pathlib.Path, rules=None, more=None, sources=None, head="", listeners=None, landlock=None,
                 program=PROGRAM, wrap=(), console="none"):
        self.folder, self.program, self.landlock, self.wrap = folder, program, landlock, list(wrap)
        self.console = console  # or a map: "{listen: '127.0.0.1:8600'}"
        self.listeners = listeners or dict(self.PROTOCOLS)
        self.port = dict(zip(self.listeners, ports(len(self.listeners))))
        self.directory, self.config, self.log = folder / "data", folder / "coloa.yaml", folder / "node.log"
        self.more, self.head, self.process = more or {}, head, None
        self.sources = sources or ["{name: here, from: ['127.0.0.0/8']}"]
        if rules is None:
            rules = folder / "rules"
            rules.mkdir(exist_ok=True)
            (rules / "evil.yml").write_text(RULES, encoding="utf-8")
        self.rules = rules
        self.log.touch()
        self.write_config()

    def write_config(self) -> None:
        lines = [f"directory: {self.directory}", f"control: {self.folder}/control", "metrics: none", f"console: {self.console}", f"rules: ['{self.rules}']"]
        lines += [self.head] if self.head else []
        lines.append("listen:")
        for name, protocol in self.listeners.items():
            extra = ", " + self.more[name] if name in self.more else ""
            lines.append(f"  - {{name: {name}, protocol: {protocol}, address: '127.0.0.1:{self.port[name]}'{extra}}}")
        lines.append("sources:")
        lines += ["  - " + s for s in self.sources]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self, wait=True):
        self.seen = len(self.log.read_bytes())
        extra = ["--landlock", str(self.landlock)] if self.landlock is not None else []
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.wrap, self.program, "serve", "-c", self.config, *extra], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, env=environment())
        if wait:
            self.wait_for(lambda: "the node is up" in self.said(), 60)
        return self

    def said(self) -> str:
        """What it logged since the last start."""
        return self.log.read_bytes()[self.seen:].decode(errors="replace")

    def wait_for(self, condition, seconds=30, what=""):
        seconds = max(seconds, 180)  # a busy machine
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            assert self.process.poll() is None, f"the node ended with {self.process.returncode}:\n{self.said()[-3000:]}"
            time.sleep(0.02)
        raise AssertionError(f"waited {seconds} s in vain {what}:\n{self.said()[-3000:]}\n{self.status()}")

    def ask(self, verb, *args):
        return coloa(verb, "-c", self.config, *args, timeout=60)

    def status(self) -> dict:
        r = self.ask("status", "--json")
        return json.loads(r.stdout) if r.returncode == 0 and r.stdout else {}

    def pids(self) -> dict:
        return {p["name"]: p["pid"] for p in self.status().get("processes", ())}

    def search(self, query, *args) -> list[dict]:
        place = ("-c", self.config, "--incident", "T-1") if re.search(r"user[\w.-]*:[^*]", query) else ("--directory", self.directory)
        r = coloa("search", *place, "--json", *args, query, timeout=300)
        assert r.returncode in (0, 1), (query, r.returncode, r.stderr.decode())
        return [json.loads(line) for line in r.stdout.splitlines()]

    def alerts(self, *args) -> list[dict]:
        r = coloa("alerts", "--state", self.directory / "state", "-o", "jsonl", *args, timeout=60)
        assert r.returncode == 0, r.stderr.decode()
        return [json.loads(line) for line in r.stdout.splitlines()]

    def verify(self) -> bool:
        """Whether the chain is good; says so when the program has no such verb yet."""
        r = coloa("verify", self.directory, timeout=300)
        if r.returncode == 2 and b"no verb" in r.stderr:
            print("# coloa verify is not there")
            return False
        assert r.returncode == 0, (r.returncode, r.stdout.decode()[-2000:], r.stderr.decode()[-2000:])
        return True

    def stop(self, code=0):
        self.process.terminate()
        try:
            status = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("it did not stop:\n" + self.said()[-3000:]) from None
        assert code is None or status == code, f"it ended with {status}:\n{self.said()[-3000:]}"

    def kill(self):
        """Main alone: its processes must end by themselves."""
        pids = self.pids()
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + 10
        while any(alive(p, self.program) for p in pids.values()) and time.monotonic() < end:
            time.sleep(0.01)
        left = [n for n, p in pids.items() if alive(p, self.program)]
        assert not left, f"{left} outlived main"

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process.poll() is not None:
            assert kind or self.process.returncode == 0, self.said()[-3000:]
        elif kind:
            self.process.kill()
            self.process.wait()
            print("#", self.said()[-2500:].replace("\n", "\n# "))
        else:
            self.stop()


def alive(pid: int, program) -> bool:
    """Whether a process of the node has this number: numbers are used again."""
    try:
        return pid > 0 and os.readlink(f"/proc/{pid}/exe") == os.path.realpath(program)
    except OSError:
        return False


def kill(pid: int, program, sig=signal.SIGKILL) -> bool:
    if not alive(pid, program):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sig)
        return True
    return False


# ---- senders ----

def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


class Relp:
    """A client of RELP: `send` gives a record a transaction, `acknowledged` are those the node called durable."""
    OFFER = b"relp_version=0\nrelp_software=test\ncommands=syslog"

    def __init__(self, port: int):
        self.sock, self.rest, self.number, self.open, self.answers = connect(port), b"", 1, {}, []
        self.sock.sendall(b"1 open %d %s\n" % (len(self.OFFER), self.OFFER))
        self.take(1)
        assert self.answers and self.answers[0][1].startswith(b"200"), self.answers

    def send(self, records) -> None:
        out = []
        for key, data in records:
            self.number += 1
            self.open[self.number] = key
            out.append(b"%d syslog %d %s\n" % (self.number, len(data), data))
        self.sock.sendall(b"".join(out))

    def parse(self):
        while True:
            parts = self.rest.split(b" ", 3)
            if len(parts) < 3:
                return
            if b"\n" in parts[2]:  # no data: "0 serverclose 0\n"
                line, _, self.rest = self.rest.partition(b"\n")
                self.answers.append((int(parts[0]), line))
                continue
            size = int(parts[2])
            if len(parts) < 4 or len(parts[3]) < size + 1:
                return
            self.answers.append((int(parts[0]), parts[3][:size]))
            self.rest = parts[3][size + 1:]

    def take(self, at_least: int, seconds=30) -> list:
        """Keys that were acknowledged; waits until so many answers are there, or the connection ends."""
        begin, got, end = len(self.answers), [], time.monotonic() + seconds
        while len(self.answers) - begin < at_least and time.monotonic() < end:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self.rest += more
            self.parse()
        for number, data in self.answers[begin:]:
            if number in self.open and data.startswith(b"200"):
                got.append(self.open.pop(number))
        return got

    def close(self):
        self.sock.close()


def post(port: int, path: str, body, headers=None, timeout=30):
    """Status and answer of one request."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        c.request("POST", path, body=body, headers={"Content-Type": "application/json", **(headers or {})})
        r = c.getresponse()
        data = r.read()
    finally:
        c.close()
    return r.status, json.loads(data) if data[:1] == b"{" else data


def bulk(port: int, records, timeout=30) -> list:
    """Sends (key, id, document) in one request; the keys that were answered 201."""
    body = b"".join(b'{"create":{%s}}\n%s\n' % (b'"_id":"%s"' % i if i else b"", d) for _, i, d in records)
    status, answer = post(port, "/_bulk", body, timeout=timeout)
    assert status == 200, (status, answer)
    return [r[0] for r, a in zip(records, answer["items"]) if a["create"]["status"] == 201]


def otlp(port: int, bodies) -> tuple:
    records = [{"timeUnixNano": str(time.time_ns()), "severityNumber": 9, "severityText": "INFO", "body": {"stringValue": b}}
               for b in bodies]
    return post(port, "/v1/logs", json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode())


def attack(n=0) -> bytes:
    """What the rule of the tests finds."""
    return json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": f"ws{n}",
                       "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()), "Image": "C:\\evil.exe",
                       "CommandLine": "evil --all"}).encode()
