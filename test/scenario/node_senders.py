"""Real senders against a whole node: rsyslog (TCP, TLS, RELP, RELP over TLS), syslog-ng (TCP, TLS), logger, curl, the
Elasticsearch client, the OpenTelemetry exporter, and journald's export. Every event is numbered; a search must find each once.
With RELP and HTTP, ingest and the whole node are killed in between: nothing is lost, what came twice is marked.
COLOA_EVENTS: how many each sends."""
import contextlib
import gzip
import pathlib
import re
import subprocess
import tempfile
import time

from node_world import Node, environment, kill
from senders import HERE, N, NPM, QUEUE, SENDERS, Sender, certificates, messages, rsyslog, syslog_ng, tool
from tap import PROGRAM, Skip, run

NUMBER, SEQUENCE = re.compile(rb"number=(\d+)\b"), re.compile(rb'"event.sequence":"?(\d+)')
LISTENERS = {"udp": "syslog-udp", "tcp": "syslog-tcp", "relp": "relp", "bulk": "bulk", "otlp": "otlp", "tls": "syslog-tcp",
             "relptls": "relp", "bulktls": "bulk"}
SECONDS = max(240, N // 2000)
SLOWLY = min(N, 40000) // 4  # so many a second, where something is killed in between


class World:
    """One node for all senders; a test that leaves it broken gets a new one."""
    node = folder = None

    @classmethod
    def get(cls):
        if cls.node and cls.node.process.poll() is None:
            return cls.node
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="coloa-senders-"))
        certificates(cls.folder)
        mutual = "tls: true, mutual: true"
        cls.node = Node(cls.folder, listeners=LISTENERS, more={"tls": mutual, "relptls": mutual, "bulktls": mutual},
                        sources=["{name: here, from: ['127.0.0.0/8']}", "{name: dc01, identity: dc01.example}"],
                        head=f"tls: {{certificate: '{cls.folder}/node.pem', key: '{cls.folder}/node.key', "
                             f"authorities: '{cls.folder}/ca.pem'}}").start()
        return cls.node

    @classmethod
    def end(cls):
        if cls.node and cls.node.process.poll() is None:
            cls.node.stop()
        subprocess.run(["rm", "-rf", str(cls.folder)], check=False)


def found(node, query):
    """Lines of JSON of what a search finds, as they come."""
    with subprocess.Popen([PROGRAM, "search", "--directory", node.directory, "--json", query], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment()) as p:
        yield from p.stdout
        said = p.stderr.read()
    assert p.returncode in (0, 1), (query, p.returncode, said[-1000:])


def look(node, word):
    """Numbers that were found unmarked, how often each; and how many are marked duplicates."""
    rows = []
    for row in found(node, word):
        if n := NUMBER.search(row):
            rows.append((int(n[1]), SEQUENCE.search(row)[1]))
    # The marks are read last: a duplicate that comes between the two searches would stand in `rows` without its own.
    marked = {SEQUENCE.search(row)[1] for row in found(node, f"{word} AND flag:duplicate")}
    count = bytearray(N)
    for n, sequence in rows:
        if sequence not in marked:
            count[n] += 1
    return count, len(marked)


def all_there(node, word, before, n=N, killed=False):
    """Each number once unmarked. `before`: through which record the node was durable when they began to send."""
    node.wait_for(lambda: durable(node) >= before + n, SECONDS, f"for {n} of {word}")
    end = time.monotonic() + SECONDS
    while True:
        count, marked = look(node, word)
        there = n - count[:n].count(0)
        if there == n or time.monotonic() > end:
            break
        time.sleep(1)
    assert there == n, f"{word}: {there} of {n}; first missing {count.find(0)}; {node.said()[-2000:]}"
    assert max(count) == 1, f"{word}: {sum(c > 1 for c in count)} twice without a mark"
    assert killed or marked == 0, f"{word}: {marked} marked duplicates"
    print(f"# {word}: {there} there" + (f", {marked} came twice and are marked" if killed else ""))


def durable(node):
    time.sleep(min(N / 1000000, 1))  # asking costs too
    return node.status().get("durable", 0)


def durable_grows(node, before, by):
    node.wait_for(lambda: durable(node) >= before + by, SECONDS, f"for {by} more")


@contextlib.contextmanager
def slowly(node):
    """So that a small number is still on its way when something is killed."""
    was = node.sources
    if N < 100000:
        node.sources = [was[0][:-1] + f", rate: {SLOWLY}}}", was[1]]
        node.write_config()
        assert node.ask("reload").returncode == 0
    try:
        yield
    finally:
        node.sources = was
        node.write_config()
    assert node.ask("reload").returncode == 0


def kills(node, before, n=N):
    """ingest twice, then main with all that it started."""
    for part in (1, 2):
        durable_grows(node, before, n * part // 5)
        assert kill(node.pids()["ingest"], node.program)
        node.wait_for(lambda: node.pids().get("ingest"), 20)
    durable_grows(node, before, n * 3 // 5)
    assert node.status()["durable"] < before + n, "all was sent before anything was killed"
    node.kill()
    node.start()


def send(word, start, n=N, ends=False):
    """Everything that the sender which `start` begins sends is there once; one that `ends` says that it went well."""
    node = World.get()
    before, begin = node.status()["durable"], time.monotonic()
    with start(node) as sender:
        all_there(node, word, before, n)
        if ends:
            assert sender.process.wait(60) == 0
    print(f"# {time.monotonic() - begin:.1f} s")


def send_with_kills(word, start, ends=False):
    node = World.get()
    before = node.status()["durable"]
    with slowly(node):
        with start(node) as sender:
            kills(node, before)
            all_there(node, word, before, killed=True)
            if ends:
                assert sender.process.wait(60) == 0


def below(folder, name):
    (folder / name).mkdir()
    return folder / name


# ---- rsyslog ----

def omfwd(folder, word, port, more, head=""):
    return rsyslog(folder, f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" {more} {QUEUE})', head=head,
                   word=word)


def omrelp(folder, word, port, more=""):
    return rsyslog(folder, f'action(type="omrelp" target="127.0.0.1" port="{port}" windowSize="500" action.resumeInterval="1" '
                   f'{more} {QUEUE})', 'module(load="omrelp")', word=word)


def rsyslog_tcp(folder):
    for framing, word in (("traditional", "rsysloglines"), ("octet-counted", "rsyslogcounted")):
        send(word, lambda node: omfwd(below(folder, word), word, node.port["tcp"], f'TCP_Framing="{framing}"'))


def rsyslog_tls(folder):
    def start(node):
        at = World.folder
        return omfwd(folder, "rsyslogtls", node.port["tls"], 'StreamDriver="gtls" StreamDriverMode="1" '
                     'StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost"',
                     f'defaultNetstreamDriverCAFile="{at}/ca.pem" defaultNetstreamDriverCertFile="{at}/sender.pem" '
                     f'defaultNetstreamDriverKeyFile="{at}/sender.key"')
    send("rsyslogtls", start)


def rsyslog_relp(folder):
    send("rsyslogrelp", lambda node: omrelp(folder, "rsyslogrelp", node.port["relp"]))


def rsyslog_relp_tls(folder):
    def start(node):
        at = World.folder
        return omrelp(folder, "rsyslogrelptls", node.port["relptls"], f'tls="on" tls.caCert="{at}/ca.pem" '
                      f'tls.myCert="{at}/sender.pem" tls.myPrivKey="{at}/sender.key" tls.authMode="name" '
                      'tls.permittedPeer=["localhost"]')
    send("rsyslogrelptls", start)


def rsyslog_relp_with_kills(folder):
    send_with_kills("relpkilled", lambda node: omrelp(folder, "relpkilled", node.port["relp"]))


# ---- syslog-ng ----

def syslog_ng_tcp(folder):
    for word, transport in (("ngnetwork", 'network("127.0.0.1" port(%d) transport("tcp"));'),
                            ("ngsyslog", 'syslog("127.0.0.1" port(%d) transport("tcp"));')):
        send(word, lambda node: syslog_ng(below(folder, word), transport % node.port["tcp"], word))


def syslog_ng_tls(folder):
    def start(node):
        at = World.folder
        return syslog_ng(folder, f'syslog("localhost" port({node.port["tls"]}) transport("tls") tls(ca-file("{at}/ca.pem") '
                         f'cert-file("{at}/sender.pem") key-file("{at}/sender.key") peer-verify(required-trusted)));', "ngtls")
    send("ngtls", start)


# ---- logger and curl ----

def logger(folder):
    program = tool("logger")
    for style in ("rfc3164", "rfc5424", "octet-count"):
        word = "loggertcp" + style.replace("-", "")
        send(word, lambda node: Sender(folder, program, "--server", "127.0.0.1", "--port", node.port["tcp"], "--tcp",
                                       "--" + style, "-f", messages(folder, word), "-t", "app"), ends=True)
    # Datagrams are not acknowledged: what the kernel dropped is counted, all else is there once.
    node = World.get()
    for style in ("rfc3164", "rfc5424"):
        word = "loggerudp" + style
        begin, dropped = node.status()["durable"], node.status()["counters"]["udp_dropped"]
        with Sender(folder, program, "--server", "127.0.0.1", "--port", node.port["udp"], "--udp", "--" + style, "-f",
                    messages(folder, word), "-t", "app") as sender:
            assert sender.process.wait(SECONDS) == 0

        def lost():
            return node.status()["counters"]["udp_dropped"] - dropped
        node.wait_for(lambda: durable(node) - begin + lost() >= N, SECONDS)
        count, marked = look(node, word)
        there = N - count.count(0)
        assert there + lost() == N and max(count) == 1 and marked == 0, (there, lost(), max(count), marked)
        print(f"# {word}: {there} there, {lost()} dropped by the kernel and counted")


def curl(folder):
    """Bulk requests of 20,000 documents, gzip; plain with a token of nobody, and over TLS with a certificate."""
    program, piece = tool("curl"), 20000

    def start(word, *more):
        lines = []
        for begin in range(0, N, piece):
            body = b"".join(b'{"create":{"_id":"%s-%d"}}\n{"message":"number=%d word=%s"}\n' % (word.encode(), i, i, word.encode())
                            for i in range(begin, min(begin + piece, N)))
            (folder / f"{word}-{begin}").write_bytes(gzip.compress(body, 1))
            lines.append(f"{program} -sSf {' '.join(map(str, more))} -H Content-Type:application/x-ndjson -H "
                         f"Content-Encoding:gzip --data-binary @{word}-{begin} -o answer")
            lines.append("""grep -q '"errors":false' answer""")
        (folder / f"{word}.sh").write_text("set -e\n" + "\n".join(lines) + "\n")
        return Sender(folder, "sh", f"{word}.sh")
    send("curlbulk", lambda node: start("curlbulk", f"http://127.0.0.1:{node.port['bulk']}/logs/_bulk"), ends=True)
    at = World.folder
    send("curltls", lambda node: start("curltls", "--cacert", at / "ca.pem", "--cert", at / "sender.pem", "--key",
                                       at / "sender.key", f"https://localhost:{node.port['bulktls']}/_bulk"), ends=True)


# ---- from npm ----

def script(folder, name, *args):
    if not (NPM / "node_modules").exists():
        raise Skip("nothing from npm")
    return Sender(folder, tool("node"), HERE / "npm" / name, *args, NODE_PATH=NPM / "node_modules")


def elastic(folder, word, node):
    return script(folder, "send_elastic.js", f"http://127.0.0.1:{node.port['bulk']}", word, N)


def otlp(folder, kind, word, node):
    return script(folder, "send_otlp.js", kind, f"http://127.0.0.1:{node.port['otlp']}/v1/logs", word, N)


def elasticsearch_client(folder):
    send("elastic", lambda node: elastic(folder, "elastic", node), ends=True)


def elasticsearch_client_with_kills(folder):
    send_with_kills("elastickilled", lambda node: elastic(folder, "elastickilled", node), ends=True)


def opentelemetry_json(folder):
    send("oteljson", lambda node: otlp(folder, "http", "oteljson", node), ends=True)


def opentelemetry_protobuf(folder):
    send("otelproto", lambda node: otlp(folder, "proto", "otelproto", node), ends=True)


def opentelemetry_with_kills(folder):
    send_with_kills("otelkilled", lambda node: otlp(folder, "proto", "otelkilled", node), ends=True)


# ---- journald ----

def journal_export(folder):
    """systemd-journal-remote makes a journal of numbered entries, journalctl exports it, the node imports that."""
    remote = next((p for p in (d / "systemd/systemd-journal-remote" for d in (SENDERS / "lib", SENDERS / "usr/lib"))
                   if p.exists()), None)
    journalctl, node, word = tool("journalctl"), World.get(), "journalremote"
    if not remote:
        raise Skip("no systemd-journal-remote")
    with open(folder / "in", "w", encoding="utf-8") as f:
        boot, now = "0123456789abcdef" * 2, time.time_ns() // 1000
        for i in range(N):
            f.write(f"__REALTIME_TIMESTAMP={now + i}\n__MONOTONIC_TIMESTAMP={1000000 + i}\n_BOOT_ID={boot}\n_MACHINE_ID={boot}\n"
                    f"_HOSTNAME=far\n_COMM=app\nPRIORITY=6\nMESSAGE=number={i} word={word}\n\n")
    with Sender(folder, remote, "-o", folder / "far.journal", folder / "in") as sender:
        assert sender.process.wait(SECONDS) == 0
    with open(folder / "far.export", "wb") as out:
        subprocess.run([journalctl, "--file", folder / "far*.journal", "-o", "export"], check=True, stdout=out)
    before = node.status()["durable"]
    said = node.ask("import", folder / "far.export")
    assert said.returncode == 0, said
    all_there(node, word, before)
    again = node.ask("import", folder / "far.export")
    assert again.returncode == 0, again
    all_there(node, word, before)  # nothing twice


# ---- the chain of all that ----

def the_chain_is_good(_folder):
    node = World.get()
    node.stop()
    node.verify()
    World.end()


if __name__ == "__main__":
    run(rsyslog_tcp, rsyslog_tls, rsyslog_relp, rsyslog_relp_tls, rsyslog_relp_with_kills, syslog_ng_tcp, syslog_ng_tls, logger,
        curl, elasticsearch_client, elasticsearch_client_with_kills, opentelemetry_json, opentelemetry_protobuf,
        opentelemetry_with_kills, journal_export, the_chain_is_good)
