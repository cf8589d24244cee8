"""Senders that prove who they are, and one that sends again, against the node's ingest alone, with a test that plays main.
node_senders.py has all of them against a whole node."""
import contextlib
import hashlib
import http.client
import re
import socket
import ssl
import subprocess
import time

from play_main import (AUTHORITIES, BULK, CERTIFICATE, DUPLICATE, KEY, MUTUAL, RELP, REVOKED, TCP, TLS, Main)
from senders import N, QUEUE, certificates, revoke, rsyslog, tls_context, tool
from tap import PROGRAM, run

MARK = re.compile(rb"number=(\d+)\b")


def all_there(main, n=N, seconds=120, dups_ok=False):
    """Every number once; what is there twice must be marked."""
    end = time.monotonic() + seconds
    while main.count < n and time.monotonic() < end and main.alive():
        time.sleep(0.05)
    time.sleep(0.3)
    seen, extra, dups = set(), [], 0
    for r in main.records:
        m = MARK.search(r.data)
        if not m:
            extra.append(r)
        elif (i := int(m[1])) in seen:
            assert dups_ok and r.flags & DUPLICATE, f"unmarked twice: {r}"
            dups += 1
        else:
            seen.add(i)
    assert len(seen) == n, (len(seen), n, main.alive(), main.notes[-5:], main.counters(), extra[:3])
    assert all(not r.flags or r.flags == DUPLICATE for r in main.records), [r for r in main.records if r.flags][:3]
    return extra, dups


def here(protocol, flags=0, **more):
    main = Main(PROGRAM)
    main.source(1, "here", ["127.0.0.0/8"], **more)
    return main, main.listen(1, protocol, flags)


def rsyslog_relp_with_crashes(folder):
    """ingest is killed and started again: RELP sends again what was not acknowledged; nothing is lost, twice is marked."""
    main, port = here(RELP)
    n = max(N, 20000)
    with main, rsyslog(folder, f'action(type="omrelp" target="127.0.0.1" port="{port}" windowSize="500" '
                       f'action.resumeInterval="1" {QUEUE})', 'module(load="omrelp")', n=n):
        for k in range(3):
            main.wait(n * (k + 1) // 5, 60)
            main.crash()
            main.start()
        _, dups = all_there(main, n, dups_ok=True)
        print(f"# {dups} came twice and were marked")


def with_tls(folder, protocol, flags=TLS | MUTUAL, identity="dc01.example", nets=()):
    certificates(folder)
    main = Main(PROGRAM)
    main.source(1, "dc01", nets, identity=identity)
    port = main.listen(1, protocol, flags)
    main.secret(CERTIFICATE, 0, (folder / "node.pem").read_bytes())
    main.secret(KEY, 0, (folder / "node.key").read_bytes())
    main.secret(AUTHORITIES, 1, (folder / "ca.pem").read_bytes())
    return main, port


def tls_line(folder, port, name, data):
    """Sends; the bytes that came back, or the error."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            with tls_context(folder, name).wrap_socket(raw, server_hostname="localhost") as s:
                s.sendall(data)
                return s.unwrap() and b"" if data else s.recv(10)
    except OSError as e:
        return e


def tls_says_who_it_is(folder):
    main, port = with_tls(folder, TCP)
    der = ssl.PEM_cert_to_DER_cert((folder / "other.pem").read_text())
    main.source(2, "by fingerprint", identity="sha256:" + hashlib.sha256(der).hexdigest())
    with main:
        assert tls_line(folder, port, "sender", b"<1>number=0\n") == b"", "a farewell is not answered"
        tls_line(folder, port, "other", b"<1>number=1\n")  # signed by nobody, known by its fingerprint
        got = main.wait(2)
        assert [r.source for r in got] == ["dc01", "by fingerprint"], got
        tls_line(folder, port, None, b"<1>number=2\n")  # no certificate
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            raw.sendall(b"<1>not TLS at all\n")
            with contextlib.suppress(ConnectionResetError):
                while raw.recv(100):
                    pass
        main.wait_for(lambda: main.counters()["refused_tls"] >= 2)
        slow = socket.create_connection(("127.0.0.1", port), timeout=20)
        assert slow.recv(10) == b""  # no handshake within ten seconds
        tls_line(folder, port, "sender", b"<1>number=3\n" * 5000)
        assert len(main.wait(5002)) == 5002
        # A renewed certificate, told while it runs.
        certificates(folder)
        main.secret(CERTIFICATE, 0, (folder / "node.pem").read_bytes(), send=True)
        main.secret(KEY, 0, (folder / "node.key").read_bytes(), send=True)
        main.secret(AUTHORITIES, 0, (folder / "ca.pem").read_bytes(), send=True)
        time.sleep(0.3)
        tls_line(folder, port, "sender", b"<1>number=4\n")
        main.wait(5003)


def bulk_over_mutual_tls(folder):
    main, port = with_tls(folder, BULK)
    curl = tool("curl")
    (folder / "body").write_bytes(b"".join(b'{"create":{}}\n{"m":"number=%d"}\n' % i for i in range(N)))
    def send(*more):
        return subprocess.run([curl, "-sS", "--cacert", folder / "ca.pem", "-H", "Content-Type: application/x-ndjson", "-o",
                               folder / "answer", "-w", "%{http_code}", "--data-binary", f"@{folder / 'body'}", *more,
                               f"https://localhost:{port}/_bulk"], capture_output=True, check=False).stdout.decode()
    with main:
        assert send() == "401"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            raw.sendall(b"POST /_bulk HTTP/1.1\r\n\r\n")  # not TLS at all
        main.wait_for(lambda: main.counters()["refused_tls"] == 1 and any("no TLS handshake" in t for _, _, t in main.notes))
        assert send("--cert", folder / "sender.pem", "--key", folder / "sender.key") == "200"
        all_there(main)


def who_is_revoked_is_nobody(folder):
    """Over syslog and over HTTP; by its name and, signed as it is, by its fingerprint."""
    main, port = with_tls(folder, TCP)
    der = ssl.PEM_cert_to_DER_cert((folder / "sender.pem").read_text())
    main.source(2, "by fingerprint", identity="sha256:" + hashlib.sha256(der).hexdigest(), listen=2)
    bulk = main.listen(2, BULK, TLS | MUTUAL)
    main.secret(AUTHORITIES, 2, (folder / "ca.pem").read_bytes())
    main.secret(REVOKED, 1, revoke(folder, "node"))  # another: no harm
    main.secret(REVOKED, 2, revoke(folder, "sender"))
    context = tls_context(folder, "sender")

    def post(n):
        conn = http.client.HTTPSConnection("localhost", bulk, context=context, timeout=20)
        conn.request("POST", "/_bulk", b'{"create":{}}\n{"n":%d}\n' % n, {"Content-Type": "application/json"})
        status = conn.getresponse().status
        conn.close()
        return status
    with main:
        tls_line(folder, port, "sender", b"<1>number=1\n")
        main.wait(1)
        assert post(2) == 401
        main.secret(REVOKED, 1, revoke(folder, "sender"), send=True)
        main.wait_for(lambda: (tls_line(folder, port, "sender", b"<1>number=3\n"), main.counters()["refused_unknown"])[1] >= 2)
        assert [r.source for r in main.records] == ["dc01"], main.records


if __name__ == "__main__":
    run(rsyslog_relp_with_crashes, tls_says_who_it_is, who_is_revoked_is_nobody, bulk_over_mutual_tls)
