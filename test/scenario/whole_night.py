"""The scripted night: a real browser on a real node, from the first alert to the review. Forty and more alerts of the development storyline
arrive by bulk and syslog; an officer triages, a lead declares, an approver allows a block with a code of their own, which the firewall of
this network carries out and takes back by itself; backups are restored for proof; the reports of 24 and 72 hours are signed by two and
handed over; the incident is closed and reviewed. web/tools/night.mjs plays the people; what it claims is looked at here from outside.
Pictures of each step: the build's folder night/ (or COLOA_SHOTS)."""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

from contain import Peer, tables
from night_world import BULK, SIGMA, STORY, SYSLOG, Agency, restic
from node_world import environment
from people import PASSWORD
from tap import DATA, PROGRAM, ROOT, coloa, run

SHOTS = pathlib.Path(os.environ.get("COLOA_SHOTS") or pathlib.Path(PROGRAM).resolve().parent.parent.parent / "night")
MOST = 1500  # seconds for the whole browser


def offers(path: str) -> bool:
    """Whether this program has that part at all."""
    return path in offers.known


offers.known = set()


class Browser:
    """night.mjs under way; `on` has a function per question that it asks of the world outside."""
    def __init__(self, folder, state, on, steps):
        file = folder / "night.json"
        file.write_text(json.dumps(state))
        self.on, self.said = on, {}
        self.process = subprocess.Popen(["node", ROOT / "web/tools/night.mjs", file, ",".join(steps)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        cwd=ROOT / "web", env={**environment(), "HOME": str(folder), **({"COLOA_CHROMIUM": os.environ["COLOA_CHROMIUM"]} if "COLOA_CHROMIUM" in os.environ else {})})

    def play(self) -> dict:
        end, rest = time.monotonic() + MOST, b""
        try:
            while True:
                assert time.monotonic() < end, f"the night did not end; the last was {list(self.said)[-1:]}"
                if not select.select([self.process.stdout], [], [], 5)[0]:
                    continue
                part = os.read(self.process.stdout.fileno(), 65536)
                if not part:
                    break
                rest += part
                while b"\n" in rest:
                    line, _, rest = rest.partition(b"\n")
                    self.take(json.loads(line))
        finally:
            if self.process.poll() is None:
                self.process.kill()
            status = self.process.wait()
        assert status == 0, (status, self.said)
        return self.said

    def take(self, line: dict) -> None:
        print("#", json.dumps(line, ensure_ascii=False), flush=True)
        self.said[line["step"]] = line
        if line.get("ask"):
            try:
                answer = self.on[line["step"]](line) or "ok"
            except AssertionError as e:
                answer = "no: " + str(e).replace("\n", " ")[:300]
            self.process.stdin.write(answer.encode() + b"\n")
            self.process.stdin.flush()
        assert line.get("good", True), line


def the_whole_night(folder):
    os.chmod(folder, 0o755)
    offers.known = {path.removeprefix("/api/v1") for path in json.loads(coloa("api", "openapi").stdout)["paths"]}
    head = ["containment: {never: [198.51.100.0/24]}"]
    if offers("/recovery/drills"):
        repository, secret = restic(folder)
        head += ["recovery:", f"  scratch: {folder / 'scratch'}", "  repositories:", f"    - {{name: his-restic, kind: restic, path: '{repository}', password-file: '{secret}', system: HIS}}"]
        (folder / "scratch").mkdir()
    shutil.rmtree(SHOTS, ignore_errors=True)
    peer = Peer()
    try:
        with Agency(folder, SIGMA / "rules", "\n".join(head), outside=True) as agency:
            play(folder, agency, peer)
    finally:
        peer.end()


def play(folder, agency, peer):
    port, seen = agency.node.port["tcp"], {}
    agency.node.wait_for(lambda: agency.people["bao"].ask("GET", "/actions/status")[1].get("available"), 30, "for act")
    sent = sum(agency.send(name, "bulk") for name in BULK) + sum(agency.send(name, "syslog") for name in SYSLOG)
    alerts = agency.settle()
    print(f"# {sent} events sent by bulk and syslog, {alerts} alerts", flush=True)
    assert alerts >= 40, alerts

    def before(_):
        assert peer.reaches(port) and tables() == [], "the attacker reaches us before"

    def proposed(_):
        assert peer.reaches(port) and tables() == [], "one person alone blocks nobody"

    def in_force(_):
        seen["blocked"] = time.monotonic()
        assert len(tables()) == 1 and not peer.reaches(port), f"blocked for real: {tables()}"

    def closed(line):
        status, incident = agency.people["khoi"].ask("GET", f"/incidents/{line['incident']}")
        assert status == 200 and incident["state"] == "reviewed" and incident["closed"], incident

    steps = ["triage", "declare", "contain"] + (["drill"] if offers("/recovery/drills") else []) + ["reports", "close", "handover"]
    state = {"url": f"http://127.0.0.1:{agency.node.web}", "password": PASSWORD, "secrets": agency.secrets, "shots": str(SHOTS)}
    said = Browser(folder, state, {"before the block": before, "proposed, not yet in force": proposed, "in force": in_force, "closed and reviewed": closed}, steps).play()
    for step in steps:
        assert said[step]["good"], said[step]

    # The block has ended by itself, in the firewall as in the log.
    agency.node.wait_for(lambda: not tables(), 120, "for the block to undo itself")
    assert peer.reaches(port) and time.monotonic() - seen["blocked"] >= 60
    incident = said["declare"]["incident"]
    agency.node.wait_for(lambda: agency.people["khoi"].ask("GET", f"/actions?incident={incident}")[1]["items"][0]["state"] == "undone", 30, "for its state")
    line = " ".join(e["text"] for e in agency.people["khoi"].ask("GET", f"/incidents/{incident}/timeline?limit=200")[1]["items"])
    for part in ("waits for a second person", "in force", "undid itself"):
        assert part in line, (part, line)
    check_reports(agency, incident, said["reports"]["reports"])
    pictures = sorted(p.name for p in SHOTS.glob("night-*.png"))
    assert len(pictures) >= 15, pictures
    print(f"# {len(pictures)} pictures in {SHOTS}", flush=True)


def check_reports(agency, incident, reports):
    clocks = agency.people["khoi"].ask("GET", f"/incidents/{incident}")[1]["clocks"]
    for report in reports:
        mine = [c for c in clocks if c.get("report") == report["kind"] and c["met_at"]]
        assert mine and mine[0]["state"] == "met" and "0147" in (mine[0]["proof"] or ""), (report, clocks)
        text = subprocess.run(["pdftotext", "-layout", report["file"], "-"], capture_output=True, check=True).stdout.decode() if shutil.which("pdftotext") else ""
        assert not text or ("SC-" in text and "Dự thảo" not in text), text[:800]
        assert pathlib.Path(report["file"] + ".sig").stat().st_size > 60


if __name__ == "__main__":
    needed = [p for p in ("unshare", "nsenter", "ip", "nft", "node") if not shutil.which(p)]
    chromium = os.environ.get("COLOA_CHROMIUM") or shutil.which("chromium")
    for good, why in ((os.geteuid() == 0 and not needed, f"needs root and {', '.join(needed) or 'its tools'}"), (chromium, "no chromium"), (DATA and STORY.is_dir(), "no ../shared/data"),
                      ((ROOT / "web/node_modules/playwright-core").is_dir(), "no web/node_modules"), ((ROOT / "web/dist/index.html").is_file(), "the console is not built")):
        if not good:
            print(f"1..0 # SKIP the scripted night: {why}")
            sys.exit(0)
    if not os.environ.get("COLOA_OWN_NET"):
        if subprocess.run(["unshare", "--net", "true"]).returncode != 0:
            print("1..0 # SKIP the scripted night: no network namespaces here")
            sys.exit(0)
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "COLOA_OWN_NET": "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    run(the_whole_night)
