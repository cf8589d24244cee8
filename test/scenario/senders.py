"""Programs that send, as they are used: rsyslog, syslog-ng, logger, curl and, from npm, the Elasticsearch client and the
OpenTelemetry exporter. Each runs in a scratch folder and is ended by its process id. COLOA_SENDERS is where ./dev unpacked
those that cannot be installed beside each other; COLOA_NPM where it put what comes from npm; COLOA_EVENTS how many numbered
messages each sends."""
import os
import pathlib
import platform
import shutil
import ssl
import subprocess

from tap import Skip

N = int(os.environ.get("COLOA_EVENTS", "20000"))
SENDERS = pathlib.Path(os.environ.get("COLOA_SENDERS") or "/")
NPM = pathlib.Path(os.environ.get("COLOA_NPM") or "/nonexistent")
HERE = pathlib.Path(__file__).resolve().parent
ARCHITECTURE = f"{platform.machine()}-linux-gnu"
LIBRARIES = [SENDERS / d for d in ("usr/lib/syslog-ng", f"usr/lib/{ARCHITECTURE}", f"lib/{ARCHITECTURE}",
                                   f"usr/lib/{ARCHITECTURE}/systemd")]


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
    def __init__(self, folder, *args, **more):
        self.log = open(folder / "sender.log", "ab")
        self.process = subprocess.Popen(list(map(str, args)), stdout=self.log, stderr=self.log, cwd=folder,
                                        env={**environment(), **{k: str(v) for k, v in more.items()}})
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


def messages(folder, word, n=N):
    """A file of numbered lines that `word` finds."""
    path = folder / "messages"
    with open(path, "w", encoding="utf-8") as f:
        for i in range(n):
            f.write(f"number={i} word={word} user=u{i % 97} action=login result={'failure' if i % 7 == 0 else 'success'} {'x' * (i % 400)}\n")
    return path


def rsyslog(folder, actions, modules="", head="", n=N, word="rsyslog"):
    """Follows a file and sends it as `actions` say."""
    program = tool("rsyslogd")
    found = [p for p in (d / "rsyslog" for d in LIBRARIES + [pathlib.Path(f"/usr/lib/{ARCHITECTURE}")])
             if p.exists()]
    path = messages(folder, word, n)
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


QUEUE = 'queue.type="linkedList" queue.size="1000000" queue.timeoutEnqueue="60000" action.resumeRetryCount="-1"'


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


def revoke(folder, *names):
    """A list of the authority with those of certificates()."""
    (folder / "crl.cfg").write_text("crl_number = 1\ncrl_next_update = 2\n")
    (folder / "revoked.pem").write_bytes(b"".join((folder / f"{name}.pem").read_bytes() for name in names))
    subprocess.run([tool("certtool"), "--generate-crl", "--load-ca-privkey", "ca.key", "--load-ca-certificate", "ca.pem",
                    "--load-certificate", "revoked.pem", "--template", "crl.cfg", "--outfile", "crl.pem"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (folder / "crl.pem").read_bytes()


def tls_context(folder, name=None):
    c = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if name:
        c.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return c


def syslog_ng(folder, destination, word):
    program = tool("syslog-ng")
    path = messages(folder, word)
    modules = [p for p in (SENDERS / "usr/lib/syslog-ng/3.38", pathlib.Path("/usr/lib/syslog-ng/3.38")) if p.exists()][0]
    (folder / "syslog-ng.conf").write_text(f"""@version: 3.38
options {{ keep-hostname(yes); stats-freq(0); flush-lines(100); threaded(yes); log-msg-size(65536); }};
source s {{ file("{path}" follow-freq(1) flags(no-parse) log-iw-size(10000)); }};
destination d {{ {destination} }};
log {{ source(s); destination(d); flags(flow-control); }};
""")
    return Sender(folder, program, "-F", "-f", folder / "syslog-ng.conf", "--persist-file", folder / "persist", "--control",
                  folder / "control", "--pidfile", folder / "pid", "--module-path", modules, "--no-caps")
