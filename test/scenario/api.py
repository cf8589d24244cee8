"""The API and the pages of a real node over HTTP: what it answers, what it refuses and in which words, what who sends badly, slowly or
too much may do to others; desk and console are killed meanwhile."""
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time

from node_world import Node, kill, ports
from tap import run


class Web(Node):
    def __init__(self, folder, tls=False, **more):
        self.web, = ports(1)
        self.tls = tls
        extra = f", certificate: {folder}/cert, key: {folder}/key" if tls else ""
        if tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key",
                            "-out", folder / "cert", "-subj", "/CN=localhost", "-days", "2"], check=True, capture_output=True)
        super().__init__(folder, console=f"{{listen: '127.0.0.1:{self.web}'{extra}}}", **more)

    def connection(self, timeout=30):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.web, timeout=timeout)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.web, timeout=timeout, context=context)

    def http(self, method, path, body=None, headers=None, connection=None):
        """(status, body as JSON or text, headers)."""
        c = connection or self.connection()
        head = {"X-Coloa": "1", **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            head.setdefault("Content-Type", "application/json")
        try:
            c.request(method, path, body=body, headers={k: v for k, v in head.items() if v is not None})
            r = c.getresponse()
            data = r.read()
            kind = r.getheader("Content-Type", "")
            return r.status, json.loads(data) if "json" in kind and "ndjson" not in kind and data else data.decode(errors="replace"), dict(r.getheaders())
        finally:
            if not connection:
                c.close()

    def ready(self):
        self.wait_for(lambda: self.answers(), 30, "for the desk behind the console")
        return self

    def answers(self):
        try:
            return self.http("GET", "/api/v1/health")[0] == 200
        except OSError:
            return False


def check_security(headers, tls=False):
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';"), headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY", headers
    assert headers["Referrer-Policy"] == "no-referrer", headers
    assert ("Strict-Transport-Security" in headers) == tls


def health_and_pages(folder):
    with Web(folder) as node:
        node.ready()
        status, answer, headers = node.http("GET", "/api/v1/health")
        assert status == 200 and answer["ok"] is True and answer["now"].endswith("Z"), answer
        assert headers["Content-Type"] == "application/json" and headers["Cache-Control"] == "no-store"
        check_security(headers)
        status, page, headers = node.http("GET", "/")
        assert status == 200 and "<" in page and headers["Content-Type"].startswith("text/html"), page
        check_security(headers)
        tag = headers["ETag"]
        assert node.http("GET", "/", headers={"If-None-Match": tag})[:2] == (304, "")
        assert node.http("GET", "/alerts/7")[0] == 200, "an address of the page"
        assert node.http("GET", "/nothing.js")[0] == 404
        assert node.http("HEAD", "/")[:2] == (200, "")
        assert node.http("POST", "/", "x")[0] == 405


def refusals_are_problems(folder):
    with Web(folder) as node:
        node.ready()
        stranger = {"Cookie": "coloa_session=" + "7" * 64}  # shapes are told to who has a token, be it anybody's
        for method, path, status, code in (("GET", "/api/v1/nothing", 404, "missing"), ("GET", "/api/", 404, "missing"),
                                           ("POST", "/api/v1/health", 405, "method"), ("BREW", "/api/v1/health", 405, "method"),
                                           ("GET", "/api/v1/audit", 401, "sign_in"), ("GET", "/api/v1/events", 401, "sign_in"),
                                           ("GET", "/api/v1/audit?limit=many", 422, "fields"),
                                           ("GET", "/api/v1/audit?limit=1&limit=2", 422, "fields"),
                                           ("GET", "/api/v1/audit?limit=%ff", 422, "fields"),
                                           ("GET", "/api/v1/audit?nothing=1", 422, "fields")):
            got, answer, headers = node.http(method, path, headers=stranger if status == 422 else {})
            assert got == status and answer["code"] == code and answer["status"] == status, (method, path, got, answer)
            assert headers["Content-Type"] == "application/problem+json" and answer["title"] and answer["detail"]
            check_security(headers)
        english = node.http("GET", "/api/v1/audit?limit=0", headers={"Accept-Language": "en", **stranger})[1]
        viet = node.http("GET", "/api/v1/audit?limit=0", headers={"Accept-Language": "fr, vi;q=0.9, en;q=0.5", **stranger})[1]
        assert english["fields"][0]["field"] == viet["fields"][0]["field"] == "limit"
        assert english["fields"][0]["fault"] == "is too small" and viet["fields"][0]["fault"] == "quá nhỏ", viet
        assert node.http("GET", "/api/v1/audit", headers={"Accept-Language": "vi"})[1]["title"] == "Hãy đăng nhập trước"
        for token in ("0" * 64, "f" * 64, "x", "0" * 63):
            assert node.http("GET", "/api/v1/audit", headers={"Authorization": "Bearer " + token})[0] == 401
            assert node.http("GET", "/api/v1/audit", headers={"Cookie": "coloa_session=" + token})[0] == 401
        assert "POST" not in node.http("POST", "/api/v1/health")[2]["Allow"]


def raw(node, data, seconds=30):
    with socket.create_connection(("127.0.0.1", node.web), timeout=seconds) as s:
        s.sendall(data)
        got = b""
        try:
            while part := s.recv(65536):
                got += part
        except (TimeoutError, ConnectionResetError):
            pass
        return got


def hostile_requests(folder):
    with Web(folder) as node:
        node.ready()
        end = b"Host: a\r\nConnection: close\r\n\r\n"
        for data in (b"\r\n" * 3, b"GET\r\n\r\n", b"\x16\x03\x01\x00\xff" + b"\0" * 100, b"GET /api/v1/health HTTP/9.9\r\n" + end,
                     b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n" + end, b"GET / HTTP/1.1\r\nX: " + b"y" * 100000 + b"\r\n" + end,
                     b"GET /api/v1/audit?" + b"&".join(b"a%d=1" % i for i in range(2000)) + b" HTTP/1.1\r\n" + end,
                     b"GET /%00/../../etc/passwd HTTP/1.1\r\n" + end, b"GET /../../etc/passwd HTTP/1.1\r\n" + end,
                     b"POST /api/v1/health HTTP/1.1\r\nContent-Length: -5\r\n" + end,
                     b"POST /api/v1/health HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + end + b"zz\r\n",
                     b"GET /api/v1/health HTTP/1.1\r\nCookie: " + b"coloa_session=" * 300 + b"\r\n" + end):
            got = raw(node, data)
            assert not got or got.startswith(b"HTTP/1.1 "), got[:200]
            assert not got or got.startswith(b"HTTP/1.1 505 ") or not got.startswith(b"HTTP/1.1 5"), (data[:60], got[:200])
            assert b"root:" not in got
        assert node.answers() and node.status()["processes"], "it lives"
        assert all(p["restarts"] == 0 for p in node.status()["processes"]), node.status()["processes"]


def tls_and_cookies(folder):
    with Web(folder, tls=True) as node:
        node.ready()
        status, _, headers = node.http("GET", "/api/v1/health")
        assert status == 200
        check_security(headers, tls=True)
        assert raw(node, b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\n\r\n", 5)[:5] != b"HTTP/"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-SHA")
        try:
            with socket.create_connection(("127.0.0.1", node.web)) as s, context.wrap_socket(s):
                raise AssertionError("an old cipher was taken")
        except (ssl.SSLError, ConnectionResetError):
            pass
        # a certificate that was renewed: at the next reload
        before = ssl.get_server_certificate(("127.0.0.1", node.web))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key",
                        "-out", folder / "cert", "-subj", "/CN=other", "-days", "2"], check=True, capture_output=True)
        assert node.ask("reload").returncode == 0
        node.wait_for(lambda: node.answers() and ssl.get_server_certificate(("127.0.0.1", node.web)) != before)


def slow_ones_hold_nobody_up(folder):
    with Web(folder) as node:
        node.ready()
        slow = [socket.create_connection(("127.0.0.1", node.web)) for _ in range(100)]
        for s in slow:
            s.sendall(b"GET /api/v1/health HTTP/1.1\r\nX: ")
        begin, gone = time.monotonic(), 0
        while time.monotonic() - begin < 40 and gone < len(slow):
            gone = 0
            for s in slow:
                try:
                    s.sendall(b"a")
                except OSError:
                    gone += 1
            t = time.monotonic()
            assert node.answers() and time.monotonic() - t < 3
            time.sleep(1)
        assert gone == len(slow), f"{len(slow) - gone} slow ones still hold a place"
        for s in slow:
            s.close()


def floods_are_limited(folder):
    with Web(folder) as node:
        node.ready()
        seen = {}

        def flood():
            c = node.connection()
            for _ in range(3000):
                status = node.http("GET", "/api/v1/health", connection=c)[0]
                seen[status] = seen.get(status, 0) + 1

        threads = [threading.Thread(target=flood) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert set(seen) <= {200, 429} and seen[200] > 1000, seen
        print(f"# {seen}")
        held = []
        for _ in range(700):  # more connections than there are places
            try:
                held.append(socket.create_connection(("127.0.0.1", node.web), timeout=5))
            except OSError:
                break
        for s in held:
            s.close()
        node.wait_for(node.answers, 20)


def from_the_command_line(folder):
    with Web(folder) as node:
        node.ready()
        r = node.ask("api", "system.health")
        assert r.returncode == 0 and json.loads(r.stdout)["ok"], r
        r = node.ask("api", "audit.list", "limit=x")
        assert r.returncode == 2 and b"limit: is not a whole number" in r.stderr, r.stderr
        r = node.ask("api", "alerts.accept", "id=1")
        assert r.returncode == 1 and b"there is none" in r.stderr, r.stderr
        r = node.ask("api", "audit.list", "--table", "what=desk_no_such")
        assert r.returncode == 0 and r.stdout.startswith(b"id "), r.stdout
        r = node.ask("api", "audit.list", "format=csv")
        assert r.returncode == 0 and r.stdout.startswith(b"\xef\xbb\xbfid,time,who"), r.stdout[:100]
        assert b",local,audit.list," in r.stdout, "the export is in the log that it exports"
        sources = json.loads(node.ask("api", "sources.list").stdout)["items"]
        assert [s["name"] for s in sources] == ["here"] and sources[0]["state"] == "never", sources
        assert node.ask("api", "no.such").returncode == 2 and node.ask("api").returncode == 2
        listed = node.ask("api", "list").stdout.decode()
        assert "alerts.list" in listed and "/api/v1/health" in listed
    assert node.ask("api", "system.health").returncode == 3


def whoever_dies(folder):
    with Web(folder) as node:
        node.ready()
        for name in ("desk", "console", "desk"):
            old = node.pids()[name]
            assert kill(old, node.program)
            saw = set()
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    status, answer, headers = node.http("GET", "/api/v1/health")
                except (OSError, http.client.HTTPException):
                    saw.add("closed")
                    time.sleep(0.05)
                    continue
                saw.add(status)
                if status == 503:
                    assert int(headers["Retry-After"]) >= 1 and answer["code"] == "desk_away", answer
                elif node.pids().get(name) not in (0, old):
                    break
                time.sleep(0.02)
            assert 200 in saw and saw <= ({200, 503} if name == "desk" else {200, 503, "closed"}), (name, saw)
        node.ready()


if __name__ == "__main__":
    run(health_and_pages, refusals_are_problems, hostile_requests, tls_and_cookies, slow_ones_hold_nobody_up, floods_are_limited, from_the_command_line, whoever_dies)
