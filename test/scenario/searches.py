"""Searches from the console on a real node: what comes as it is found, in which shape, for whom; names that are masked and every way
around it; incidents that show them, for a day, with an approver beyond a week; processes that die; one alert's records with marks."""
import datetime
import json
import os
import signal
import time

from api import Web
from node_world import bulk, ports
from people import PASSWORD, Browser, enrol, first_person, one_time
from tap import PROGRAM, Skip, data, run

RULES = """
title: Evil tool
id: 11111111-2222-4333-8444-555555555501
status: test
description: A tool that the test says is evil.
author: tests
date: 2026-11-23
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\\\evil.exe'
    CommandLine|contains: '--all'
  condition: selection
level: high
"""
USERS = ("CORP\\\\nguyen.binh", "tran.hoa", "le.minh", "pham.lan", "SYSTEM")
PLAIN = ("nguyen.binh", "tran.hoa", "le.minh", "pham.lan")
N = 240


def when(i=0, days=0) -> str:
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days, seconds=N - i)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def record(i) -> bytes:
    user = USERS[i % len(USERS)].replace("\\\\", "\\")
    own = user.split("\\")[-1]
    return json.dumps({"@timestamp": when(i), "host": {"name": f"ws{i % 7}"}, "user": {"name": user}, "n": i, "src_ip": f"10.9.{i % 3}.{i % 50}",
                       "message": f"{'failed' if i % 3 else 'accepted'} password for {own} from C:\\Users\\{own}\\x{i}",
                       "url": {"path": f"/home/{own}/{i}"}}).encode()


def evil(user="nguyen.binh") -> bytes:
    return json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": "ws9", "@timestamp": when(N), "User": "CORP\\" + user,
                       "Image": "C:\\Users\\" + user + "\\evil.exe", "CommandLine": "\"C:\\Users\\" + user + "\\evil.exe\" --all <fast>"}).encode()


class World(Web):
    def __init__(self, folder, **more):
        rules = folder / "rules"
        rules.mkdir()
        (rules / "evil.yml").write_text(RULES, encoding="utf-8")
        super().__init__(folder, rules=rules, **more)

    def fill(self):
        for at in range(0, N, 60):
            assert len(bulk(self.port["bulk"], [(i, b"", record(i)) for i in range(at, at + 60)])) == 60
        self.wait_for(lambda: self.status()["durable"] >= N)
        return self


def stream(b, q, **more):
    """(status, lines or the problem)."""
    status, answer = b.ask("POST", "/searches", {"q": q, **more})
    if status != 200:
        return status, answer
    return status, [json.loads(line) for line in answer.splitlines()] if isinstance(answer, str) else [answer]


def rows(b, q, **more):
    status, lines = stream(b, q, **more)
    assert status == 200 and lines[0]["kind"] == "begin" and lines[-1]["kind"] == "end", (q, status, lines)
    assert lines[-1]["state"] in ("done", "limit"), lines[-1]
    return [x for x in lines if x["kind"] not in ("begin", "end", "progress")], lines


def what_a_search_gives(folder):
    with World(folder) as node:
        node.ready()
        node.fill()
        b = first_person(node)
        enrol(b)
        events, lines = rows(b, "failed", limit=1000)
        assert len(events) == N * 2 // 3 and lines[-1]["found"] == len(events) and lines[-1]["lost"] == 0, lines[-1]
        assert lines[0]["masked"] is True and lines[0]["pipes"] == "events"
        e = events[0]
        assert e["kind"] == "event" and e["source"] == "here" and e["host"].startswith("ws") and e["time"].endswith("Z") and e["seq"] >= 0, e
        assert "failed password" in e["text"] and e["fields"]["n"], e
        numbers = [int(x["fields"]["n"]) for x in events]
        events, lines = rows(b, "failed", limit=5)
        assert len(events) == 5 and lines[-1]["state"] == "limit", lines[-1]
        counts, lines = rows(b, "* | count by host")
        assert lines[0]["columns"] == ["host"] and sum(r["count"] for r in counts) == N and len(counts) == 7, counts
        assert rows(b, "* | count")[0] == [{"kind": "row", "values": [], "count": N}]
        buckets = rows(b, "* | timeline 1m")[0]
        assert sum(x["count"] for x in buckets) == N and all(x["kind"] == "bucket" for x in buckets)
        some, lines = rows(b, "n:[10 TO 12] | fields n, host | sort -n")
        assert [x["fields"] for x in some] == [{"n": str(i), "host": f"ws{i % 7}"} for i in (12, 11, 10)], some
        assert rows(b, "nothinglikethis")[0] == []
        assert sorted(numbers) == [i for i in range(N) if i % 3]
        status, answer = stream(b, "(failed")
        assert status == 422 and answer["fields"][0]["field"] == "q" and answer["fields"][0]["fault"], answer
        status, answer = stream(b, "message:/(/")
        assert status == 422 and answer["fields"][0]["field"] == "q", answer
        status, answer = stream(b, "rule:/etc/passwd")
        assert status == 422 and "file" in answer["fields"][0]["fault"], answer
        old = stream(b, "failed", to=when(0, 2))[1]
        assert old[-1]["found"] == 0, old



def text_of(lines) -> str:
    return json.dumps([x for x in lines], ensure_ascii=False)


def names_in(text) -> list:
    return [u for u in PLAIN if u in text or u.upper() in text]


def names_are_masked(folder):
    """Whatever is asked, no name, address or path of a person is in what comes."""
    with World(folder) as node:
        node.ready()
        node.fill()
        b = first_person(node)
        enrol(b)
        secret = list(PLAIN) + ["10.9.", "/home/"]
        for q in ("failed", "*", "* | count by user", "* | count by user, host", "* | top 5 src_ip", "* | count by message", "* | top 9 url.path",
                  "* | fields user, message, event.original", "* | fields user.name | limit 9", "user:* | count by user.name", "NOT user:*$",
                  "* | count by event.original | limit 20", "Users | limit 9", "message:*password* | fields message", "* | sort n | fields n, user"):
            status, lines = stream(b, q, limit=300)
            assert status == 200 and lines[-1]["state"] in ("done", "limit"), (q, status, lines)
            text = text_of(lines)
            assert not [x for x in secret if x in text], (q, [x for x in secret if x in text], text[:2000])
            assert len(lines) > 2, (q, lines)
        events, _ = rows(b, "user:* n:<5")
        people = {e["user"] for e in events}
        assert "SYSTEM" in people and all(p == "SYSTEM" or p.startswith("person-") for p in people) and len(people) == 5, people
        for e in events:
            assert e["user"] in e["text"], e
        counts = {r["values"][0]: r["count"] for r in rows(b, "* | count by user")[0]}
        assert people == set(counts) and set(counts.values()) == {N // 5}, counts
        vi = b.ask("POST", "/searches", {"q": "* | count by user"}, **{"Accept-Language": "vi"})[1]
        assert "người-" in vi and "person-" not in vi, vi
        status, table = b.ask("POST", "/searches", {"q": "n:<20 | fields n, user, message", "format": "csv"})
        assert status == 200 and table.count("\r\n") == 21 and not names_in(table) and "person-" in table, table
        status, table = b.ask("POST", "/searches", {"q": "* | count by user", "format": "csv"})
        assert status == 200 and not names_in(table) and table.startswith('"user","count"'), table
        # Keyed on one account, in whatever words: refused, or what it found by the name is left out.
        for q in ("user:tran.hoa", "user:tran*", "NOT user:tran.hoa", "user.name:/tran/", "tran.hoa", "message:*tran.hoa*  NOT tran.hoa",
                  "* | sort user", "* | sort -src_ip", "* | sort url.path"):
            status, answer = stream(b, q)
            assert status == 403 and answer["code"] == "incident_needed", (q, status, answer)
        for q in ("hoa", "message:*tran.ho*", "*ran.h*", "message:/tran.*from/", "url.path:\\/home\\/tran*", '"for tran"', "event.original:*tran.ho*",
                  "(hoa OR nothing) | count", "message:*Users*tran*x1*"):
            status, lines = stream(b, q)
            assert status == 200, (q, lines)
            assert [x for x in lines if x["kind"] in ("event", "bucket")] == [], (q, lines)
            assert all(x["count"] == 0 for x in lines if x["kind"] == "row"), (q, lines)
            assert lines[-1]["left_out"] > 0 or q.startswith(("url", "event.original")), (q, lines[-1])


def a_difference_tells_nothing(folder):
    """What NOT leaves out is left out by what is shown: two searches beside one another do not say who is who."""
    with World(folder) as node:
        node.ready()
        node.fill()
        b = first_person(node)
        enrol(b)
        whole = rows(b, "failed | count by user")[0]
        for q in ('failed NOT "for tran"', "failed NOT message:*tran*", "failed NOT message:/for tran/", "failed NOT *ran.h*", "failed -hoa",
                  "failed NOT (hoa OR nothing)", "failed NOT (password hoa)"):
            assert rows(b, q + " | count by user")[0] == whole, q
        for name in PLAIN + ("nobody.here",):
            q = f"message:/failed password for (.|{name}) from/ | count by user"
            assert sum(r["count"] for r in rows(b, q)[0]) == len([i for i in range(N) if i % 3 and i % 5 != 4]), (q, "an expression that is there for everybody, or for one")
        assert rows(b, "message:/^accepted .*x12[0-9]$/ | count")[0][0]["count"] == 4
        assert rows(b, "* NOT failed | count")[0][0]["count"] == N // 3
        assert rows(b, "* NOT message:*failed* | count")[0][0]["count"] == N // 3
        # A directory of somebody whom no field names.
        assert len(bulk(node.port["bulk"], [(0, b"", json.dumps({"@timestamp": when(), "user": {"name": "SYSTEM"}, "kind": "homely",
                                                                "file": "D:\\Users\\do.thi\\a.docx", "note": "do.thi was here"}).encode())])) == 1
        node.wait_for(lambda: node.status()["durable"] >= N + 1)
        event, = rows(b, "homely")[0]
        assert "do.thi" not in json.dumps(event) and event["fields"]["note"].startswith("person-"), event
        status, answer = stream(b, "homely NOT do.thi")
        assert status == 403 and answer["code"] == "incident_needed", "it is known now"


def an_incident_shows_them(folder):
    with World(folder) as node:
        node.ready()
        node.fill()
        b = first_person(node)
        secret = enrol(b)[0]
        assert bulk(node.port["bulk"], [(0, b"", evil())]) == [0]
        node.wait_for(lambda: b.ask("GET", "/alerts")[1]["total"] == 1)
        alert = b.ask("GET", "/alerts")[1]["items"][0]
        assert alert["user"].startswith("person-"), alert
        one = b.ask("GET", f"/alerts/{alert['id']}")[1]
        assert one["masked"] and not names_in(json.dumps(one)), one
        status, masked = b.ask("GET", f"/alerts/{alert['id']}/events")
        assert status == 200 and masked["masked"] and not names_in(json.dumps(masked)), masked
        check_marks(masked)
        status, incident = b.post("/incidents", title="Evil", alerts=[alert["id"]], unit=1)
        assert status == 200, incident
        shown = b.ask("GET", f"/alerts/{alert['id']}")[1]
        assert shown["user"] == "CORP\\nguyen.binh" and not shown["masked"], shown
        status, open_ = b.ask("GET", f"/alerts/{alert['id']}/events")
        assert status == 200 and not open_["masked"] and "nguyen.binh" in open_["events"][0]["raw"], open_
        assert json.loads(open_["events"][0]["raw"])["User"] == "CORP\\nguyen.binh"
        check_marks(open_)
        day = {"from": when(0, 1), "incident": incident["id"]}
        events, lines = rows(b, "user:tran.hoa", **day)
        assert len(events) == N // 5 and all(e["user"] == "tran.hoa" and "tran.hoa" in e["text"] for e in events), events[:2]
        assert lines[0]["masked"] is False
        assert {r["values"][0] for r in rows(b, "* | count by user", **day)[0]} >= set(PLAIN[1:])
        status, answer = stream(b, "user:tran.hoa", incident=incident["id"])
        assert status == 409 and answer["code"] == "approval_needed", answer
        status, answer = stream(b, "user:tran.hoa", incident=incident["id"] + 7, **{"from": when()})
        assert status == 404, answer
        status, listed = b.ask("GET", "/unmaskings")
        assert listed["total"] == 1 and listed["items"][0]["uses"] == 2 and listed["items"][0]["state"] == "active", listed
        status, audit = b.ask("GET", "/audit?what=searches.run")
        assert status in (200, 403), audit
        status, long = b.post("/unmaskings", incident=incident["id"], reason="weeks of it", **{"from": when(0, 20), "to": when(0)})
        assert status == 200 and long["state"] == "waiting", long
        assert b.post(f"/unmaskings/{long['id']}/approve")[0] == 403, "who asked does not approve"
        assert secret


def check_marks(answer):
    """Conditions in words, and each mark is the condition's value."""
    why = {w["n"]: w for w in answer["why"]}
    said = [w["text_en"] for w in answer["why"]]
    assert any("Image ends with" in x and "evil.exe" in x for x in said) and any('CommandLine contains "--all"' in x for x in said), said
    assert any("kết thúc bằng" in w["text_vi"] for w in answer["why"]), answer["why"]
    event = answer["events"][0]
    raw = event["raw"].encode()
    marked = {m["n"]: raw[m["from"]:m["to"]].decode() for m in event["marks"]}
    assert len(marked) == len(why), (why, marked, event["raw"])
    for n, text in marked.items():
        assert text.lower().replace("\\\\", "\\").endswith(why[n]["value"].lower().lstrip("\\")), (why[n], text)


def it_is_cut_or_left(folder):
    """Its process is killed, its reader goes, its desk dies: each is seen, and the node goes on."""
    with World(folder) as node:
        node.ready()
        node.fill()
        b = first_person(node)
        enrol(b)

        def begin(q):
            c = node.connection(timeout=120)
            c.request("POST", "/api/v1/searches", body=json.dumps({"q": q}), headers={"Cookie": b.cookie, "X-Coloa": "1", "Content-Type": "application/json"})
            return c, c.getresponse()

        def of_searches():
            out = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    line = open(f"/proc/{pid}/cmdline", "rb").read()
                    parent = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
                except OSError:
                    continue
                if line.startswith(b"coloa: search") and parent == node.process.pid:
                    out.append(int(pid))
            return out
        # Many bytes: more than all that stands between it and a reader who does not read.
        big = json.dumps({"@timestamp": when(), "message": "slow " + "word " * 6000}).encode()
        for at in range(0, 600, 60):
            assert len(bulk(node.port["bulk"], [(i, b"", big) for i in range(at, at + 60)])) == 60
        node.wait_for(lambda: node.status()["durable"] >= N + 600)
        c, r = begin("slow | limit 600")
        assert r.status == 200
        node.wait_for(of_searches)
        time.sleep(1)
        pid, = of_searches()
        os.kill(pid, signal.SIGKILL)
        lines = r.read().splitlines()
        assert json.loads(lines[-1]) == {"kind": "end", "state": "cut"}, lines[-1][:200]
        assert any(json.loads(x)["kind"] == "event" for x in lines[:-1])
        c.close()
        assert rows(b, "failed | count")[0], "the next one"
        c, r = begin("slow | limit 600")
        r.read(1000)
        node.wait_for(of_searches)
        c.sock.close() if c.sock else None
        r.close()
        c.close()
        node.wait_for(lambda: not of_searches(), 30, "for it to end when its reader left")
        first, second = begin("slow | limit 600"), begin("slow | limit 600")
        status, answer = stream(b, "failed")
        assert status == 429 and answer["code"] == "searching", answer
        kind = b.node.http("POST", "/api/v1/searches", {"q": "x"}, {"Cookie": b.cookie})
        assert int(kind[2]["Retry-After"]) > 0
        assert b.ask("GET", "/session")[0] == 200, "others are answered meanwhile"
        os.kill(node.pids()["desk"], signal.SIGKILL)
        try:
            assert b'"end"' not in first[1].read()
        except OSError:
            pass
        except Exception as e:  # pylint: disable=broad-except
            assert "Incomplete" in type(e).__name__, e
        node.wait_for(lambda: not of_searches(), 30, "for them to end with their desk")
        second[0].close()
        node.wait_for(lambda: node.answers() and node.pids().get("desk"))
        node.wait_for(lambda: stream(b, "failed | count")[0] == 200, 60, "for the next desk")
        assert rows(b, "failed | count")[0] == [{"kind": "row", "values": [], "count": N * 2 // 3}]



CONSENT = """
title: Consent
id: 11111111-2222-4333-8444-555555555502
status: test
description: A program that asks for more rights.
author: tests
date: 2026-11-23
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|contains: '\\System32\\'
  filter:
    CommandLine|contains: 'never-there'
  condition: selection and not filter
level: medium
"""


def a_binary_record_is_shown_as_json(folder):
    """EVTX: what was decoded, with the marks in it; each alert's own event of a chunk that holds many."""
    file = data("dev-set", "evtx", "sbousseaden").rglob("*ysmon*.evtx")
    file = sorted(file, key=lambda f: f.stat().st_size)[0] if file else None
    if not file:
        raise Skip("no EVTX of Sysmon")
    with World(folder) as node:
        (node.rules / "consent.yml").write_text(CONSENT, encoding="utf-8")
        node.stop()
        node.start()
        node.ready()
        b = first_person(node)
        enrol(b)
        assert node.ask("import", "--source", "here", file).returncode == 0
        node.wait_for(lambda: b.ask("GET", "/alerts")[1]["total"] > 0, 60, f"for an alert of {file}")
        for alert in b.ask("GET", "/alerts")[1]["items"][:3]:
            status, got = b.ask("GET", f"/alerts/{alert['id']}/events")
            assert status == 200 and got["events"] and not got["missing"], got
            for event in got["events"]:
                assert event["raw_as"] == "json", event["raw"][:200]
                shown = json.loads(event["raw"])
                assert shown == event["fields"], "the text is the fields"
                assert "System32" in shown["Image"] or "system32" in shown["Image"].lower(), shown
                raw = event["raw"].encode()
                marked = [raw[m["from"]:m["to"]].decode() for m in event["marks"]]
                assert marked and "system32" in marked[0].lower(), (marked, event["marks"])
            assert [w["op"] for w in got["why"] if w["field"] == "Image"] == ["contains"], got["why"]
            assert not any("never-there" in w["value"] for w in got["why"]), "what a NOT looked at did not take part"
            user = [v for k, v in got["events"][0]["fields"].items() if k == "User"]
            assert not user or user[0].startswith(("person-", "NT AUTHORITY")), user
        print(f"# {file.name}: {len(b.ask('GET', '/alerts')[1]['items'])} alerts")
        found, lines = rows(b, "EventID:1 | limit 5")
        assert found and all(json.loads(e["text"]) for e in found), found[:1]



def another(node, admin, login, role, unit) -> Browser:
    status, person = admin.post("/people", login=login, name=login.title(), unit=unit)
    assert status == 200, person
    status, answer = admin.post(f"/people/{person['id']}/roles", role=role, unit=unit)
    assert status == 200, answer
    b = Browser(node)
    assert b.sign_in(login, one_time(node, login))[1]["step"] == "new_password"
    b.post("/session/password", new=PASSWORD)
    enrol(b)
    return b


def each_sees_their_own(folder):
    """Sources of other units are nowhere: no event, no count, no alert's record; and a role that may not search does not."""
    with World(folder, sources=["{name: here, from: ['127.0.0.0/8']}", "{name: hospital, from: ['192.0.2.0/24']}"]) as node:
        node.ready()
        node.fill()
        admin = first_person(node)
        enrol(admin)
        other = admin.post("/units", parent=1, code="bv", name="Hospital", kind="site")[1]["id"]
        assert admin.post("/systems", code="his", name="HIS", unit=other, level=3, sources=["hospital"])[0] == 200
        lines = folder / "hospital.log"
        lines.write_text("".join(f"Nov 23 10:00:{i:02d} his01 sshd[7]: failed password for khoa.{i} from 192.0.2.{i}\n" for i in range(20)), encoding="utf-8")
        assert node.ask("import", "--source", "hospital", lines).returncode == 0
        node.wait_for(lambda: node.status()["durable"] >= N + 20)
        assert bulk(node.port["bulk"], [(0, b"", evil())]) == [0]
        node.wait_for(lambda: admin.ask("GET", "/alerts")[1]["total"] == 1)
        theirs = another(node, admin, "hospital", "lead", other)
        assert {e["source"] for e in rows(theirs, "failed", limit=1000)[0]} == {"hospital"}
        assert rows(theirs, "failed | count")[0][0]["count"] == 20
        assert {r["values"][0] for r in rows(theirs, "* | count by source")[0]} == {"hospital"}
        assert {r["values"][0] for r in rows(admin, "* | count by source")[0]} == {"hospital", "here"}
        assert rows(theirs, "source:here | count")[0][0]["count"] == 0
        assert rows(theirs, "mimikatz OR evil | count")[0][0]["count"] == 0
        alert = admin.ask("GET", "/alerts")[1]["items"][0]["id"]
        assert theirs.ask("GET", f"/alerts/{alert}/events")[0] == 404
        mine = admin.post("/incidents", title="Evil", unit=1)[1]["id"]
        assert stream(theirs, "user:khoa.1", incident=mine, **{"from": when()})[0] == 404
        approver = another(node, admin, "duyet", "approver", 1)
        assert stream(approver, "failed")[0] == 403
        assert approver.ask("GET", f"/alerts/{alert}/events")[0] == 403
        assert approver.ask("GET", f"/alerts/{alert}")[0] == 200
        assert Browser(node).ask("POST", "/searches", {"q": "x"})[0] == 401



def taken_over_it_gets_nowhere(folder, landlock=None):
    """A search's process that obeys whoever wrote a record: it can read the events, and nothing else of anything."""
    if b"COLOA_HIJACK" not in open(PROGRAM, "rb").read():
        raise Skip("built without -Dfaults=true")
    hijack = folder / "hijack"
    hijack.mkdir()
    os.environ["COLOA_HIJACK"] = str(hijack)
    try:
        with World(folder, landlock=landlock) as node:
            node.ready()
            node.fill()
            b = first_person(node)
            enrol(b)
            state, events = node.directory / "state" / "state.db", node.directory / "events"
            for what in (f"open:{state}", "open:/etc/passwd", f"open-old:{state}", f"openat2:{state}", f"create:{events}/new", f"unlink:{events}/meta.db",
                         f"rename:{events}/meta.db", f"chmod:{events}/meta.db", f"connect:{node.port['bulk']}", f"listen:{ports(1)[0]}", "exec", "fork", "userns", "exec-memory",
                         f"ptrace:{node.process.pid}", f"kill:{node.process.pid}", f"peek:{node.process.pid}", "new-code", "uring", f"take-fd:{node.process.pid}"):
                if landlock == 0 and what.startswith("open:"):
                    continue  # nothing but its user's rights keeps it from reading there
                before = node.said().count("process=search")
                (hijack / "search").write_text(what, encoding="ascii")
                status, answer = stream(b, "failed | count")
                (hijack / "search").unlink()
                assert status == 503 or answer[-1] == {"kind": "end", "state": "cut"}, (what, status, answer)
                node.wait_for(lambda: node.said().count("process=search") > before, 20, what)  # pylint: disable=cell-var-from-loop
                told = [line for line in node.said().splitlines() if "process=search" in line][-1]
                assert "status 98" in told or "forbidden" in told or "SIGSYS" in told, (what, told)
            assert rows(b, "failed | count")[0][0]["count"] == N * 2 // 3
            assert (events / "meta.db").exists() and not (events / "new").exists()
    finally:
        del os.environ["COLOA_HIJACK"]


def taken_over_with_abi_2(folder):
    taken_over_it_gets_nowhere(folder, landlock=2)


def taken_over_without_landlock(folder):
    taken_over_it_gets_nowhere(folder, landlock=0)


run(what_a_search_gives, names_are_masked, a_difference_tells_nothing, an_incident_shows_them, it_is_cut_or_left, a_binary_record_is_shown_as_json,
    each_sees_their_own, taken_over_it_gets_nowhere, taken_over_with_abi_2, taken_over_without_landlock)
