"""Telemetry of exercises as a hunter meets it: the same bytes for the same seed, shapes that the dev set has, processes with
parents, every activity seen by the rules it promises, and a background that nobody is alarmed by."""
import collections
import datetime
import glob
import json
import os
import re

from tap import ROOT, coloa, data, run

START = "2026-11-20T01:00:00Z"
HEAD = """scenario: coloa-scenario/1
id: try
version: 1
level: basic
length: LENGTH
title: {en: A try, vi: Thử}
summary: {en: For a test., vi: Để thử.}
objectives: [{en: See it, vi: Phát hiện}]
roles: [officer]
containment: simulated
noise: NOISE
network:
  hosts:
    - {id: pc, name: "{unit}-PC01", address: 10.9.1.21, os: windows, kind: workstation, criticality: 1, sources: [sysmon, security, system, powershell, defender, eve, web]}
    - {id: pc2, name: "{unit}-PC02", address: 10.9.1.22, os: windows, kind: workstation, criticality: 1, sources: [sysmon, security, system]}
    - {id: dc, name: "{unit}-DC01", address: 10.9.0.10, os: windows, kind: dc, criticality: 3, sources: [sysmon, security, system, powershell, defender, eve]}
    - {id: web, name: "{unit}-WEB01", address: 10.9.0.22, os: linux, kind: web, criticality: 3, sources: [web, sshd, auditd, eve]}
    - {id: lnx, name: "{unit}-DB01", address: 10.9.0.23, os: linux, kind: database, criticality: 3, sources: [sshd, auditd, eve]}
    - {id: mx, name: "{unit}-MX01", address: 10.9.0.24, os: linux, kind: mail, criticality: 2, sources: [mail, m365, sshd, auditd, eve]}
    - {id: files, name: "{unit}-FS01", address: 10.9.0.15, os: windows, kind: files, criticality: 2, sources: [sysmon, security, system]}
  accounts:
    - {id: lan, name: lan.nt, kind: user, person: {en: A clerk, vi: Văn thư}}
    - {id: qt, name: qt.minh, kind: admin, person: {en: An administrator, vi: Quản trị}}
  outside:
    - {id: c2, address: 203.0.113.45, domain: dongbo.example, attacker: true}
steps:
"""
TAIL = """expectations:
  - {id: e1, title: {en: Seen, vi: Thấy}, of: s0, fact: alert, part: machine, capability: detect, weight: 5, curve: {g: 1m, d: 2m, h: 5m}}
"""


def scenario(folder, steps: list[list[dict]], noise: int = 4):
    """Each step is a list of activities, one minute after the other."""
    text = HEAD.replace("NOISE", str(noise)).replace("LENGTH", f"{len(steps) + 20}m")
    for i, step in enumerate(steps):
        text += f"  - id: s{i}\n    at: {1 + i}m\n    title: {{en: Step {i}, vi: Bước {i}}}\n    activities:\n"
        text += "".join(f"      - {json.dumps(activity, ensure_ascii=False)}\n" for activity in step)
    path = folder / "try.yaml"
    path.write_text(text + TAIL)
    return path


def generate(folder, path, name: str, *options: str) -> dict[str, bytes]:
    out = folder / name
    r = coloa("exercise", "generate", "--out", out, "--start", START, "--domain", "dv.example", *options, path)
    assert r.returncode == 0, (r.stdout, r.stderr)
    return {f.name: f.read_bytes() for f in sorted(out.iterdir())}


def catalogue() -> list[dict]:
    r = coloa("exercise", "generate", "--list")
    assert r.returncode == 0
    return [json.loads(line) for line in r.stdout.splitlines()]


def played(a: dict, abroad: bool = False) -> dict:
    """The activity on a host that has all it asks for, with its fallbacks; from outside, when it can be."""
    if a["kinds"]:
        host = {"dc": "dc", "mail": "mx"}[a["kinds"][0]]
    elif "web" in a["sources"]:
        host = "web"
    elif "windows" in a["os"]:
        host = "pc"
    else:
        host = "lnx"
    got = {"activity": a["name"], "host": host, "offset": "1s"}
    if "account" in a["needs"]:
        got["account"] = "lan"
    if "outside" in a["needs"] or abroad:
        got["outside"] = "c2"
    with_ = {p["name"]: "whoami.exe /all" for p in a["params"] if p["required"]}
    if with_:
        got["with"] = with_
    if any(p["name"] == "from" for p in a["params"]) and "outside" not in got and host != "pc2":
        got.setdefault("with", {})["from"] = "pc2"
    return got


def hunted(folder, logs, *more: str) -> list[dict]:
    r = coloa("hunt", "-o", "jsonl", *more, logs)
    assert r.returncode in (0, 1), (r.returncode, r.stderr[-2000:])
    return [json.loads(line) for line in r.stdout.splitlines()]


def shipped_ids() -> dict[str, set]:
    """Rules of the pack by the name of their file."""
    ids = {}
    root = str(ROOT / "content/rules")
    for path in glob.glob(root + "/*/*.yml"):
        text = open(path, encoding="utf-8").read()
        ids[os.path.basename(path)[:-4]] = set(re.findall(r"^id: '?([0-9a-f-]{36})'?", text, re.M))
    return ids


def same_seed_same_bytes(folder):
    path = scenario(folder, [[played(a)] for a in catalogue()[:12]])
    one, two = generate(folder, path, "a", "--noise"), generate(folder, path, "b", "--noise")
    assert one == two
    assert one != generate(folder, path, "c", "--noise", "--seed", "2")
    assert one != generate(folder, path, "d", "--noise", "--unit", "KHAC")
    assert len(one) > 8, list(one)


def a_step_alone_is_the_same(folder):
    path = scenario(folder, [[played(a)] for a in catalogue()[:6]])
    whole, alone = generate(folder, path, "a"), generate(folder, path, "b", "--step", "s3")
    for name, text in alone.items():
        if name != "MANIFEST.json":
            assert set(text.splitlines()) <= set(whole[name].splitlines()), name


def the_manifest_says_whose_lines(folder):
    path = scenario(folder, [[played(a)] for a in catalogue()[:6]])
    files = generate(folder, path, "a", "--noise")
    manifest = json.loads(files["MANIFEST.json"])
    assert manifest["drill"] is True and "exercise" in manifest["note"]
    assert [f["file"] for f in manifest["files"]] == [n for n in files if n != "MANIFEST.json"]
    for f in manifest["files"]:
        assert f["lines"] == len(files[f["file"]].splitlines()), f
        assert sum(last - first + 1 for _, first, last in f["steps"]) == f["lines"], f
    assert any(step == "s2" for f in manifest["files"] for step, _, _ in f["steps"])


def all_is_decoded(folder):
    path = scenario(folder, [[played(a)] for a in catalogue()])
    generate(folder, path, "a", "--noise")
    r = coloa("hunt", folder / "a")
    text = (r.stdout + r.stderr).decode()
    assert "nothing; everything could be read" in text, text[-1500:]
    for name, text in {f.name: f.read_bytes() for f in (folder / "a").iterdir()}.items():
        if name.endswith(".json") and name != "MANIFEST.json":
            for line in text.splitlines():
                json.loads(line)


def every_activity_is_seen_as_promised(folder):
    ids = shipped_ids()
    unseen = []
    for a in catalogue():
        path = scenario(folder, [[played(a)]])
        name = "x-" + a["name"]
        generate(folder, path, name)
        found = {f["rule.uuid"] if "rule.uuid" in f else f["rule.id"] for f in hunted(folder, folder / name)}
        for rule in a["rules"]:
            assert rule in ids, f"{a['name']}: no rule {rule}"
            if not ids[rule] & found:
                unseen.append((a["name"], rule))
        if a["innocent"] and not a["rules"]:
            assert not found, (a["name"], found)
    assert not unseen, unseen


def every_attack_is_seen_by_somebody(folder):
    rules = data("sigma-rules-8eaafff1")
    unseen, seen = [], {}
    for a in catalogue():
        if a["innocent"]:
            continue
        path = scenario(folder, [[played(a, abroad=any(p["name"] == "from" for p in a["params"]))]])
        generate(folder, path, a["name"])
        found = {f["rule.name"] for f in hunted(folder, folder / a["name"])}
        if not found:
            found = {f["rule.name"] for f in hunted(folder, folder / a["name"], "-r", rules)}
        if not found:
            unseen.append(a["name"])
        seen[a["name"]] = sorted(found)
    for name, by in seen.items():
        print(f"# {name}: {'; '.join(by[:4])}")
    assert not unseen, unseen


def the_background_alarms_nobody(folder):
    path = scenario(folder, [[{"activity": "office_work", "host": "pc", "account": "lan"}]], noise=60)
    generate(folder, path, "a", "--noise")
    n = sum(len((folder / "a" / f).read_bytes().splitlines()) for f in os.listdir(folder / "a"))
    assert n > 5000, n
    found = hunted(folder, folder / "a")
    assert not found, collections.Counter(f["rule.name"] for f in found)


def processes_have_parents(folder):
    path = scenario(folder, [[played(a)] for a in catalogue()])
    files = generate(folder, path, "a", "--noise")
    known, standing = {}, re.compile(r"(explorer|services|svchost|OUTLOOK|msedge|WmiPrvSE|w3wp|winlogon|SearchIndexer)(\.exe|\.EXE)$")
    n = 0
    for name, text in files.items():
        if not name.startswith("sysmon"):
            continue
        events = [json.loads(line) for line in text.splitlines()]
        for e in events:
            if e["EventID"] == 1:
                assert e["ProcessGuid"] not in known or known[e["ProcessGuid"]][2] is None, e
                known[e["ProcessGuid"]] = (e["ProcessId"], e["Image"], e["UtcTime"])
        for e in events:
            if e["EventID"] != 1:
                continue
            n += 1
            parent = known.setdefault(e["ParentProcessGuid"], (e["ParentProcessId"], e["ParentImage"], None))
            assert parent[:2] == (e["ParentProcessId"], e["ParentImage"]), (e, parent)
            assert parent[2] is not None or standing.search(parent[1]), (e["Image"], parent)
            assert parent[2] is None or parent[2] <= e["UtcTime"], e
            born = int(e["ProcessGuid"][15:19] + e["ProcessGuid"][10:14], 16)
            assert abs(born - 1795136400) < 86400, (e["ProcessGuid"], born)
        for e in events:
            if e["EventID"] in (3, 5, 7, 11, 13, 22) and e["ProcessGuid"] in known:
                assert known[e["ProcessGuid"]][:2] == (e["ProcessId"], e["Image"]), e
    assert n > 60, n


def the_cast_plays(folder):
    path = scenario(folder, [[played(a)] for a in catalogue()])
    files = generate(folder, path, "a", "--noise", "--unit", "QUYNHON")
    text = b"".join(v for k, v in files.items() if k != "MANIFEST.json")
    assert b"QUYNHON-PC01.dv.example" in text
    assert b"{unit}" not in text and b"DONVI" not in text


ENVELOPE = ["SourceName", "ProviderGuid", "Level", "Keywords", "Channel", "Hostname", "TimeCreated", "@timestamp", "EventID", "Message", "Task"]
COLLECTOR = {"host", "port", "tags", "@version", "@timestamp", "Hostname", "EventTime", "EventReceivedTime", "SourceModuleName", "SourceModuleType", "Keywords",
             "SeverityValue", "Severity", "EventType", "EventID", "ProviderGuid", "SourceName", "Channel", "Opcode", "OpcodeValue", "Task", "Category", "Version",
             "RecordNumber", "ExecutionProcessID", "ThreadID", "Message", "ActivityID", "ERROR_EVT_UNRESOLVED", "UserID", "AccountName", "AccountType", "Domain"}


def recorded(root) -> tuple[dict, dict]:
    """Of the dev set: shapes (key order and types) of its newer recordings, and sets of fields of the older."""
    new, old = collections.defaultdict(set), collections.defaultdict(set)
    for path in glob.glob(f"{root}/json/otrf/bulk*/*.json"):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                e = json.loads(line)
                new[e["SourceName"], e["EventID"]].add(tuple((k, isinstance(v, int)) for k, v in e.items()))
    for path in glob.glob(f"{root}/json/otrf/storyline*/*.json"):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                e = json.loads(line)
                old[e["SourceName"], e["EventID"]].add(frozenset(set(e) - COLLECTOR))
    return new, old


def shapes_are_the_dev_sets(folder):
    new, old = recorded(data("dev-set"))
    path = scenario(folder, [[played(a)] for a in catalogue()])
    files = generate(folder, path, "a", "--noise")
    by_order, by_fields, neither = set(), set(), set()
    for name, text in files.items():
        if name.split("@")[0] not in ("sysmon", "security", "system", "powershell", "defender"):
            continue
        for line in text.splitlines():
            e = json.loads(line)
            key = e["SourceName"], e["EventID"]
            shape = tuple((k, isinstance(v, int)) for k, v in e.items())
            assert list(e)[:11] == ENVELOPE, list(e)
            if key in new:
                assert shape in new[key], (key, list(e), [[k for k, _ in s] for s in new[key]][:2])
                by_order.add(key)
            elif key in old:
                fields = frozenset(set(e) - COLLECTOR - {"TimeCreated", "Level"})
                assert any(fields - seen <= {"ProcessId"} and not seen - fields - {"ProcessId", "AccountName"} for seen in old[key]), (key, fields, list(old[key])[:2])
                by_fields.add(key)
            else:
                neither.add(key)
    print(f"# same keys in the same order: {len(by_order)} kinds of events; same fields: {len(by_fields)}; not in the dev set: {sorted(neither)}")
    assert len(by_order) >= 15, by_order


def eve_is_suricatas(folder):
    root = data("dev-set")
    kinds = collections.defaultdict(lambda: collections.defaultdict(set))
    for path in glob.glob(f"{root}/eve/**/eve.json", recursive=True):
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    e = json.loads(line)
                except ValueError:
                    continue
                walk(e, "", kinds[e.get("event_type")])
    path = scenario(folder, [[played(a)] for a in catalogue()])
    files = generate(folder, path, "a", "--noise")
    n = 0
    for name, text in files.items():
        if not name.startswith("eve@"):
            continue
        for line in text.splitlines():
            e = json.loads(line)
            mine = collections.defaultdict(set)
            walk(e, "", mine)
            for key, types in mine.items():
                assert key in kinds[e["event_type"]] and types <= kinds[e["event_type"]][key], (e["event_type"], key, types)
            n += 1
    assert n > 100, n


def walk(e, prefix: str, into) -> None:
    for k, v in e.items():
        into[prefix + k].add(type(v).__name__)
        if isinstance(v, dict):
            walk(v, prefix + k + ".", into)


def when(text: str) -> float:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def shipped_scenarios_raise_what_they_expect(folder):
    """Each expectation of an alert: its step's records alone, or with what was before, raise one with a record of it."""
    root = str(ROOT / "content/scenarios")
    paths = sorted(glob.glob(root + "/*.yaml"))
    assert paths
    missing = []
    for path in paths:
        r = coloa("exercise", "check", "--json", path)
        assert r.returncode == 0, r.stdout[-2000:]
        plan = json.loads(r.stdout)["plan"]
        wanted = {e["of"]: e["g"] for e in plan["expectations"] if e["fact"] == "alert"}
        for step, within in sorted(wanted.items()):
            out = folder / f"{plan['id']}-{step}"
            r = coloa("exercise", "generate", "--out", out, "--start", START, "--domain", "dv.example", "--step", step, path)
            assert r.returncode == 0, r.stderr
            begun = next(s["at_ms"] for s in json.loads((out / "MANIFEST.json").read_text())["steps"] if s["id"] == step)
            found = [when(f.get("event.end", f["@timestamp"])) - when(START) for f in hunted(folder, out)]
            if not found or min(found) * 1000 - begun > within:  # full points must be possible
                missing.append((plan["id"], step, begun, found))
        print(f"# {plan['id']}: {len(wanted)} steps that an alert is expected of")
    assert not missing, missing


def the_manual_has_every_activity(_):
    for doc in ("telemetry.md", "telemetry.vi.md"):
        rows = set(re.findall(r"^\| `([a-z0-9_]+)` \|", (ROOT / "doc" / doc).read_text(encoding="utf-8"), re.M))
        assert rows == {a["name"] for a in catalogue()}, (doc, rows)


run(same_seed_same_bytes, a_step_alone_is_the_same, the_manifest_says_whose_lines, all_is_decoded, every_activity_is_seen_as_promised,
    every_attack_is_seen_by_somebody, the_background_alarms_nobody, processes_have_parents, the_cast_plays, shapes_are_the_dev_sets, eve_is_suricatas,
    shipped_scenarios_raise_what_they_expect, the_manual_has_every_activity)
