"""What watches a node sees: /metrics is OpenMetrics and its counters move, /healthz says 200 or 503 and why, who asks for anything
else or never ends his request disturbs nobody."""
import gzip
import http.client
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

from node_world import Node, attack, bulk, connect, kill, ports
from tap import Skip, run

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{NAME}="(?:[^"\\\n]|\\[\\n"])*",?)*)\}})? (-?[0-9.eE+-]+)$')
SUFFIX = {"counter": ("_total",), "gauge": ("",), "stateset": ("",)}


def get(port, path, method="GET"):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        c.request(method, path)
        r = c.getresponse()
        return r.status, r.read().decode(), dict(r.getheaders())
    finally:
        c.close()


def parse(text) -> dict:
    """{sample with its labels: number}; asserts what OpenMetrics 1.0 demands of the text."""
    assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1, text[-200:]
    families, samples, now = {}, {}, None
    for line in text.splitlines()[:-1]:
        assert line and line == line.strip() and "\r" not in line, repr(line)
        if line.startswith("#"):
            _, word, name, rest = line.split(" ", 3)
            assert word in ("TYPE", "UNIT", "HELP"), line
            if word == "TYPE":
                assert name not in families and rest in SUFFIX, line
                assert re.fullmatch(NAME, name) and not name.endswith(("_total", "_created")), line
                families[name] = {"TYPE": rest, "n": 0}
                now = name
            assert name == now and (word == "TYPE" or word not in families[name]), f"{line}: not of the family at hand"
            families[name][word] = rest
            assert word != "UNIT" or name.endswith("_" + rest), line
            assert families[name]["n"] == 0, f"{line}: behind its samples"
            continue
        m = SAMPLE.match(line)
        assert m, line
        assert now and m[1] in [now + s for s in SUFFIX[families[now]["TYPE"]]], f"{line}: not of family {now}"
        labels = re.findall(rf'({NAME})="', m[2] or "")
        assert len(labels) == len(set(labels)), line
        key = m[1] + ("{" + m[2] + "}" if m[2] else "")
        assert key not in samples, f"{key} twice"
        samples[key] = float(m[3])
        assert families[now]["TYPE"] != "counter" or samples[key] >= 0, line
        families[now]["n"] += 1
    empty = [n for n, f in families.items() if not f["n"]]
    assert not empty, empty
    return samples


class Watched(Node):
    def __init__(self, folder, **more):
        self.watch, = ports(1)
        super().__init__(folder, **more)

    def write_config(self):
        super().write_config()
        text = self.config.read_text().replace("metrics: none", f"metrics: '127.0.0.1:{self.watch}'")
        self.config.write_text(text, encoding="utf-8")

    def metrics(self):
        status, text, headers = get(self.watch, "/metrics")
        assert status == 200 and headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), headers
        return parse(text)


def numbers_move(folder):
    with Watched(folder) as node:
        before = node.metrics()
        assert bulk(node.port["bulk"], [(i, b"", attack()) for i in range(5)]) == list(range(5))
        with connect(node.port["tcp"]) as s:
            s.sendall(b"<13>Nov 23 05:00:00 host app: one\n")
        node.wait_for(lambda: node.metrics()["coloa_received_records_total"] >= 6 and
                      node.metrics()["coloa_desk_verdicts_total"] >= 5, 20)
        after = node.metrics()
        for name, least in {"coloa_received_records_total": 6, "coloa_received_bytes_total": 500, "coloa_judge_events_total": 6,
                            "coloa_desk_verdicts_total": 5, "coloa_desk_alerts_total": 1,
                            'coloa_source_records_total{source="here",system=""}': 6}.items():
            assert after[name] - before[name] >= least, (name, before[name], after[name])
        falls = [n for n, v in before.items() if "_total" in n and after[n] < v]
        assert not falls, falls
        assert after["coloa_rules"] == 1 and after["coloa_durable_seq"] == 7, after
        assert after['coloa_store_condition{coloa_store_condition="fine"}'] == 1
        assert abs(after["coloa_start_time_seconds"] - time.time()) < 120
        up = {n for n, v in after.items() if n.startswith("coloa_process_up{") and v == 1}
        assert {f'coloa_process_up{{process="{p}"}}' for p in node.pids()} == up, up
        # A counter of the desk goes on over its death; the death is counted.
        kill(node.pids()["desk"], node.program)
        node.wait_for(lambda: node.metrics()['coloa_process_restarts_total{process="desk"}'] == 1, 20)
        bulk(node.port["bulk"], [(i, b"", attack(8)) for i in range(2)])
        node.wait_for(lambda: node.metrics()["coloa_desk_verdicts_total"] >= 7, 20)


def health_says_why(folder):
    with Watched(folder) as node:
        assert get(node.watch, "/healthz")[:2] == (200, "ok\n")
        for _ in range(9):  # one that keeps dying young is started after ever longer pauses
            kill(node.pids().get("desk", 0), node.program)
            time.sleep(0.05)
        seen = []

        def down():
            kill(node.pids().get("desk", 0), node.program)
            seen.append(get(node.watch, "/healthz")[:2])
            return seen[-1][0] == 503
        node.wait_for(down, 30)
        assert seen[-1][1] == "process desk is not up\n", seen[-1]
        node.wait_for(lambda: get(node.watch, "/healthz")[0] == 200, 30)
        node.process.send_signal(signal.SIGSTOP)  # main hangs: the console says so by itself
        try:
            node.wait_for(lambda: get(node.watch, "/healthz")[:2] == (503, "main does not answer\n"), 20)
        finally:
            node.process.send_signal(signal.SIGCONT)
        node.wait_for(lambda: get(node.watch, "/healthz")[0] == 200, 20)


def requests_that_are_none(folder):
    with Watched(folder) as node:
        assert get(node.watch, "/")[0] == 404 and get(node.watch, "/metricsx")[0] == 404
        assert get(node.watch, "/metrics", "POST")[0] == 405 and get(node.watch, "/healthz", "HEAD")[:2] == (200, "")
        slow = [socket.create_connection(("127.0.0.1", node.watch), timeout=30) for _ in range(40)]  # more than there is room for
        for s in slow:
            s.send(b"GET /metr")
        assert get(node.watch, "/healthz")[0] == 200
        with connect(node.watch) as s:
            s.sendall(b"GET /" + b"x" * 9000)
            assert s.recv(100).startswith(b"HTTP/1.1 431 "), "a head without an end"
        with connect(node.watch) as s:
            s.sendall(b"\x16\x03\x01\x00\xff rubbish\r\n\r\n")
            assert s.recv(100).startswith(b"HTTP/1.1 400 ")
        assert slow[-1].recv(100) == b"", "who never ends is closed"
        for s in slow:
            s.close()
        assert all(p["restarts"] == 0 for p in node.status()["processes"])
        assert any(p["name"] == "console" for p in node.status()["processes"])


def the_address_changes_or_is_taken(folder):
    node = Watched(folder)
    with node:
        old, (node.watch,) = node.watch, ports(1)
        node.write_config()
        assert node.ask("reload").returncode == 0

        def there():
            try:
                return get(node.watch, "/healthz")[0] == 200
            except OSError:
                return False
        node.wait_for(there, 20)
        try:
            get(old, "/healthz")
            raise AssertionError("the old address still answers")
        except OSError:
            pass
    with socket.create_server(("127.0.0.1", node.watch)):  # somebody else's: the node runs without
        with node:
            assert "metrics port=" in node.said() and "cannot be bound" in node.said()
            assert "console" not in node.pids()
            assert bulk(node.port["bulk"], [(0, b"", attack())]) == [0]


def followed_files_are_listed(folder):
    logs = folder / "nhật ký"
    logs.mkdir()
    (logs / "a.log").write_text("".join(f"Nov 23 05:00:00 host app: number={i} and more\n" for i in range(100)))
    (logs / "b.log.gz").write_bytes(gzip.compress(b"".join(b"Nov 23 05:00:01 host app: old number=%d\n" % i for i in range(50))))
    (logs / "c.log").write_bytes(bytes(range(256)) * 20)
    (logs / "d.log").write_text("")
    with Watched(folder, sources=[f"{{name: app, files: ['{logs}/*']}}"]) as node:
        def listed():
            return {f["path"].rsplit("/", 1)[1]: f for f in node.status().get("files", ())}
        node.wait_for(lambda: len(listed()) == 4 and listed()["b.log.gz"]["state"] == "done" and
                      listed()["a.log"]["read"] and listed()["c.log"]["state"] == "refused", 20)
        got = listed()
        size = (logs / "a.log").stat().st_size
        assert got["a.log"] == {"source": "app", "path": f"{logs}/a.log", "state": "followed", "packed": False, "size": size,
                                "read": size}, got
        assert got["b.log.gz"]["packed"] and got["b.log.gz"]["read"] == got["b.log.gz"]["size"] > 0
        assert got["d.log"]["state"] == "undecided" and got["d.log"]["size"] == 0
        with open(logs / "a.log", "a") as f:  # half a line is not read yet: behind by so much
            f.write("half a line")
        node.wait_for(lambda: listed()["a.log"]["size"] == size + 11, 20)
        assert listed()["a.log"]["read"] == size and {s["name"]: s["unread"] for s in node.status()["sources"]}["app"] == 11
        assert node.metrics()['coloa_source_unread_bytes{source="app",system=""}'] == 11
        text = node.ask("status").stdout.decode()
        vi = node.ask("status", "--lang", "vi").stdout.decode()
        assert f"{logs}/a.log: being read, {size} of {size + 11} bytes" in text, text
        assert f"{logs}/a.log: đang đọc, {size} trong {size + 11} byte" in vi and "c.log: nhị phân" in vi, vi
        (logs / "d.log").unlink()
        node.wait_for(lambda: len(listed()) == 3, 20)


def a_renewed_certificate_is_shown(folder):
    """Under the same name, at a reload; who is connected stays so."""
    if not shutil.which("openssl"):
        raise Skip("no openssl")

    def renew():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key",
                        "-out", folder / "certificate", "-days", "9", "-subj", "/CN=node"], check=True, capture_output=True)
        return ssl.PEM_cert_to_DER_cert((folder / "certificate").read_text())

    def dial(port):
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        return context.wrap_socket(connect(port))

    def shown(port):
        try:
            with dial(port) as s:
                return s.getpeercert(binary_form=True)
        except OSError:
            return None
    head = f"tls: {{certificate: {folder}/certificate, key: {folder}/key}}"
    first = renew()
    with Node(folder, listeners={"tcp": "syslog-tcp"}, more={"tcp": "tls: true"}, head=head) as node:
        assert shown(node.port["tcp"]) == first
        before, old = node.pids()["ingest"], dial(node.port["tcp"])
        second = renew()
        assert node.ask("reload").returncode == 0
        node.wait_for(lambda: shown(node.port["tcp"]) == second, 20)
        assert node.pids()["ingest"] == before
        old.sendall(b"<13>Nov 23 05:00:00 host app: still connected\n")
        node.wait_for(lambda: node.status()["received"] == 1, 20)
        old.close()
        (folder / "key").write_text("rubbish")  # one that is no good changes nothing
        assert node.ask("reload").returncode == 0
        node.wait_for(lambda: "level=error process=ingest" in node.said() and "listener=tcp" in node.said(), 20)
        assert shown(node.port["tcp"]) == second
    first = renew()
    with Node(folder, listeners={"bulk": "bulk"}, more={"bulk": "tls: true"}, head=head) as node:
        assert shown(node.port["bulk"]) == first
        second = renew()
        assert node.ask("reload").returncode == 0
        node.wait_for(lambda: shown(node.port["bulk"]) == second, 20)


if __name__ == "__main__":
    run(followed_files_are_listed, numbers_move, health_says_why, requests_that_are_none, the_address_changes_or_is_taken,
        a_renewed_certificate_is_shown)
