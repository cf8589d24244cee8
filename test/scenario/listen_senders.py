"""Real senders against the node's ingest, with a test that plays main: rsyslog (TCP, TLS, RELP), syslog-ng, logger, curl.
Every message is numbered; all must be there once. COLOA_SENDERS is where ./dev unpacked rsyslog and syslog-ng;
COLOA_EVENTS how many messages each sends."""
import contextlib
import gzip
import hashlib
import os
import pathlib
import platform
import re
import shutil
import socket
import ssl
import subprocess
import time

from play_main import (AUTHORITIES, BULK, CERTIFICATE, DUPLICATE, KEY, MUTUAL, RELP, TCP, TLS, UDP, Main)
from tap import PROGRAM, Skip, run

N = int(os.environ.get("COLOA_EVENTS", "20000"))
SENDERS = pathlib.Path(os.environ.get("COLOA_SENDERS") or "/")
LIBRARIES = [SENDERS / d for d in ("usr/lib/syslog-ng", f"usr/lib/{platform.machine()}-linux-gnu", "lib/x86_64-linux-gnu")]
MARK = re.compile(rb"number=(\d+)\b")


def tool(name):
    for folder in (SENDERS / "usr/sbin", SENDERS / "usr/bin"):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not found:
        raise Skip(f"no {name}")
    return found


def environment():
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8",
            **({"LD_LIBRARY_PATH": ":".join(map(str, LIBRARIES))} if str(SENDERS) != "/" else {})}


class Sender:
    """A program that runs in a scratch folder and is ended by its process id."""
    def __init__(self, folder, *args):
        self.log = open(folder / "sender.log", "ab")
        self.process = subprocess.Popen(list(map(str, args)), stdout=self.log, stderr=self.log, env=environment(), cwd=folder)
        self.folder = folder

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if kind:
            print("#", (self.folder / "sender.log").read_text(errors="replace")[-1500:].replace("\n", "\n# "))
        self.log.close()


def messages(folder, n=N):
    path = folder / "messages"
    with open(path, "w", encoding="utf-8") as f:
        for i in range(n):
            f.write(f"number={i} user=u{i % 97} action=login result={'failure' if i % 7 == 0 else 'success'} {'x' * (i % 400)}\n")
    return path


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


def rsyslog(folder, main, actions, modules="", head="", n=N):
    program = tool("rsyslogd")
    found = [p for p in (d / "rsyslog" for d in LIBRARIES + [pathlib.Path(f"/usr/lib/{platform.machine()}-linux-gnu")])
             if p.exists()]
    path = messages(folder, n)
    (folder / "work").mkdir()
    (folder / "rsyslog.conf").write_text(f"""
global(workDirectory="{folder}/work" {head})
module(load="imfile" mode="polling" pollingInterval="1")
{modules}
input(type="imfile" file="{path}" tag="app:" ruleset="out")
ruleset(name="out") {{
  {actions}
}}
""")
    return Sender(folder, program, "-n", "-f", folder / "rsyslog.conf", "-i", folder / "pid", "-M", found[0])


def here(protocol, flags=0, **more):
    main = Main(PROGRAM)
    main.source(1, "here", ["127.0.0.0/8"], **more)
    return main, main.listen(1, protocol, flags)


QUEUE = 'queue.type="linkedList" queue.size="1000000" queue.timeoutEnqueue="60000" action.resumeRetryCount="-1"'


def rsyslog_tcp(folder):
    for framing in ("traditional", "octet-counted"):
        main, port = here(TCP)
        sub = folder / framing
        sub.mkdir()
        with main, rsyslog(sub, main, f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" '
                           f'TCP_Framing="{framing}" {QUEUE})'):
            all_there(main)
            assert {r.format for r in main.records} == {"syslog"}


def rsyslog_relp(folder):
    main, port = here(RELP)
    with main, rsyslog(folder, main, f'action(type="omrelp" target="127.0.0.1" port="{port}" windowSize="500" {QUEUE})',
                       'module(load="omrelp")'):
        all_there(main)


def rsyslog_relp_with_crashes(folder):
    """ingest is killed and started again: RELP sends again what was not acknowledged; nothing is lost, twice is marked."""
    main, port = here(RELP)
    n = max(N, 20000)
    with main, rsyslog(folder, main, f'action(type="omrelp" target="127.0.0.1" port="{port}" windowSize="500" '
                       f'action.resumeInterval="1" {QUEUE})', 'module(load="omrelp")', n=n):
        for k in range(3):
            main.wait(n * (k + 1) // 5, 60)
            main.crash()
            main.start()
        _, dups = all_there(main, n, dups_ok=True)
        print(f"# {dups} came twice and were marked")


def certificates(folder):
    """An authority, the node's certificate and a sender's, by GnuTLS's certtool."""
    certtool = tool("certtool")
    (folder / "ca.cfg").write_text('cn = "test authority"\nca\ncert_signing_key\nexpiration_days = 2\n')
    (folder / "node.cfg").write_text('cn = "localhost"\ndns_name = "localhost"\nip_address = "127.0.0.1"\ntls_www_server\n'
                                     'signing_key\nencryption_key\nexpiration_days = 2\n')
    (folder / "sender.cfg").write_text('cn = "dc01.example"\ndns_name = "dc01.example"\ntls_www_client\nsigning_key\n'
                                       'expiration_days = 2\n')
    quiet = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for name in ("ca", "node", "sender", "other"):
        subprocess.run([certtool, "--generate-privkey", "--key-type", "ecdsa", "--outfile", f"{name}.key"], **quiet)
    subprocess.run([certtool, "--generate-self-signed", "--load-privkey", "ca.key", "--template", "ca.cfg", "--outfile",
                    "ca.pem"], **quiet)
    for name in ("node", "sender"):
        subprocess.run([certtool, "--generate-certificate", "--load-privkey", f"{name}.key", "--load-ca-certificate", "ca.pem",
                        "--load-ca-privkey", "ca.key", "--template", f"{name}.cfg", "--outfile", f"{name}.pem"], **quiet)
    subprocess.run([certtool, "--generate-self-signed", "--load-privkey", "other.key", "--template", "sender.cfg", "--outfile",
                    "other.pem"], **quiet)
    return folder


def with_tls(folder, protocol, flags=TLS | MUTUAL, identity="dc01.example", nets=()):
    certificates(folder)
    main = Main(PROGRAM)
    main.source(1, "dc01", nets, identity=identity)
    port = main.listen(1, protocol, flags)
    main.secret(CERTIFICATE, 0, (folder / "node.pem").read_bytes())
    main.secret(KEY, 0, (folder / "node.key").read_bytes())
    main.secret(AUTHORITIES, 1, (folder / "ca.pem").read_bytes())
    return main, port


def rsyslog_tls(folder):
    main, port = with_tls(folder, TCP)
    with main, rsyslog(folder, main, f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" StreamDriver="gtls" '
                       f'StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost" {QUEUE})',
                       head=f'defaultNetstreamDriverCAFile="{folder}/ca.pem" defaultNetstreamDriverCertFile="{folder}/sender.pem"'
                       f' defaultNetstreamDriverKeyFile="{folder}/sender.key"'):
        all_there(main)
        assert {r.source for r in main.records} == {"dc01"}


def tls_context(folder, name=None):
    c = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if name:
        c.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return c


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
        tls_line(folder, port, "sender", b"<1>number=0\n")
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
        assert send("--cert", folder / "sender.pem", "--key", folder / "sender.key") == "200"
        all_there(main)


def syslog_ng(folder, destination):
    program = tool("syslog-ng")
    path = messages(folder)
    modules = [p for p in (SENDERS / "usr/lib/syslog-ng/3.38", pathlib.Path("/usr/lib/syslog-ng/3.38")) if p.exists()][0]
    (folder / "syslog-ng.conf").write_text(f"""@version: 3.38
options {{ keep-hostname(yes); stats-freq(0); flush-lines(100); threaded(yes); log-msg-size(65536); }};
source s {{ file("{path}" follow-freq(1) flags(no-parse) log-iw-size(10000)); }};
destination d {{ {destination} }};
log {{ source(s); destination(d); flags(flow-control); }};
""")
    return Sender(folder, program, "-F", "-f", folder / "syslog-ng.conf", "--persist-file", folder / "persist", "--control",
                  folder / "control", "--pidfile", folder / "pid", "--module-path", modules, "--no-caps")


def syslog_ng_tcp(folder):
    for name, destination in (("network", 'network("127.0.0.1" port(%d) transport("tcp"));'),
                              ("syslog", 'syslog("127.0.0.1" port(%d) transport("tcp"));')):
        main, port = here(TCP)
        sub = folder / name
        sub.mkdir()
        with main, syslog_ng(sub, destination % port):
            all_there(main)


def syslog_ng_tls(folder):
    main, port = with_tls(folder, TCP)
    with main, syslog_ng(folder, f'syslog("localhost" port({port}) transport("tls") tls(ca-file("{folder}/ca.pem") '
                         f'cert-file("{folder}/sender.pem") key-file("{folder}/sender.key") peer-verify(required-trusted)));'):
        all_there(main)


def logger(folder):
    program = tool("logger")
    for protocol, option in ((UDP, "--udp"), (TCP, "--tcp")):
        for style in ("--rfc3164", "--rfc5424", "--octet-count"):
            if protocol == UDP and style == "--octet-count":
                continue
            main, port = here(protocol)
            path = messages(folder, 100)
            with main:
                subprocess.run([program, "--server", "127.0.0.1", "--port", str(port), option, style, "-f", path, "-t", "app"],
                               check=True)
                all_there(main, 100)
                assert {r.format for r in main.records} == {"syslog"}


def curl_bulk(folder):
    curl = tool("curl")
    main, port = here(BULK)
    body = b"".join(b'{"create":{}}\n{"m":"number=%d"}\n' % i for i in range(N))
    (folder / "body").write_bytes(gzip.compress(body))
    with main:
        out = subprocess.run([curl, "-sS", "-H", "Content-Type: application/x-ndjson", "-H", "Content-Encoding: gzip",
                              "--data-binary", f"@{folder / 'body'}", f"http://127.0.0.1:{port}/logs/_bulk"],
                             capture_output=True, check=True).stdout
        assert out.count(b'"status":201') == N and b'"errors":false' in out
        all_there(main)


if __name__ == "__main__":
    run(logger, curl_bulk, rsyslog_tcp, rsyslog_relp, rsyslog_relp_with_crashes, rsyslog_tls, tls_says_who_it_is,
        bulk_over_mutual_tls, syslog_ng_tcp, syslog_ng_tls)
