"""Whoever takes what a node sends: a mail server (aiosmtpd) and webhooks with TLS, which can be told to be slow, to refuse, to lie; an
authority for both; and a name server that says what it is told to."""
import asyncio
import contextlib
import email
import email.policy
import http.server
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's python3-aiosmtpd, for another Python too
# pylint: disable=wrong-import-position
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


def authority(folder, names=("localhost", "hook.test", "mail.test")) -> dict:
    """A CA and one certificate of it for these names and 127.0.0.1: {"ca", "certificate", "key"} as paths."""
    run = lambda *a: subprocess.run(["openssl", *map(str, a)], check=True, capture_output=True)
    out = {"ca": folder / "ca.pem", "certificate": folder / "server.pem", "key": folder / "server.key"}
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 30, "-subj", "/CN=Test CA", "-keyout", folder / "ca.key",
        "-out", out["ca"])
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1,IP:::1," + ",".join("DNS:" + n for n in names) + "\n")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=server", "-keyout", out["key"], "-out", folder / "server.csr")
    run("x509", "-req", "-in", folder / "server.csr", "-CA", out["ca"], "-CAkey", folder / "ca.key", "-days", 30, "-extfile", folder / "ext", "-out",
        out["certificate"])
    return out


def server_context(made) -> ssl.SSLContext:
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(made["certificate"], made["key"])
    return c


class MailServer:
    """Keeps every mail it took, as (from, to, message). `answers`: one per mail to come, None: 250; `users`: {name: password}."""
    def __init__(self, port, made=None, users=None):
        self.mails, self.answers, self.seen, self.port, self.made, self.users, self.delay = [], [], 0, port, made, users, 0
        self.rcpt = {}  # address: answer
        self.controller = None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.seen += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            return answer
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 taken"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        ok = self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=ok, handled=False)

    def start(self):
        office = self

        class Own(Controller):
            def factory(self):
                more = {"tls_context": server_context(office.made), "require_starttls": True} if office.made else {}
                if office.users is not None:
                    more.update(authenticator=office.authenticate, auth_required=True)
                return SMTP(office, data_size_limit=64 << 20, **more)

        self.controller = Own(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()
        return self

    def stop(self):
        if self.controller:
            self.controller.stop()
            self.controller = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Hook:
    """An HTTPS server that keeps what it got as (path, headers, body); `answer`: (status, headers, body), or a function of the request."""
    def __init__(self, port, made, host="127.0.0.1"):
        self.got, self.answer, self.port, self.made, self.host, self.server = [], (204, {}, b""), port, made, host, None

    def start(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                hook.got.append((self.path, dict(self.headers), body))
                status, headers, said = hook.answer(self) if callable(hook.answer) else hook.answer
                if status is None:
                    return
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((self.host, self.port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.server.socket = server_context(self.made).wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class NameServer:
    """Answers A with addresses[name] (a list, or a list of lists: one after the other), AAAA with none."""
    def __init__(self, port, addresses):
        self.addresses, self.asked, self.end = addresses, [], False
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.sock.settimeout(0.2)

    def serve(self):
        while not self.end:
            try:
                query, peer = self.sock.recvfrom(512)
            except OSError:
                continue
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, (kind,) = ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])
            found = self.addresses.get(name)
            if found and isinstance(found[0], list):
                found = found.pop(0) if len(found) > 1 and kind == 1 else found[0]
            self.asked.append((name, kind))
            records = [socket.inet_aton(a) for a in found or ()] if kind == 1 else []
            head = query[:2] + struct.pack(">HHHHH", 0x8180 if found is not None else 0x8183, 1, len(records), 0, 0)
            self.sock.sendto(head + query[12:at + 5] + b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + r for r in records), peer)

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end = True
        self.thread.join()
        self.sock.close()


def wait_for(condition, seconds=30, what=""):
    end = time.monotonic() + max(seconds, 60)
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")
