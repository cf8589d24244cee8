"""From an event to a triaged alert over HTTP, as a page does it: a listener hears of it, the list shows it, steps are taken and taken
back; what another site sends changes nothing; a list is a file."""
import json
import threading
import time

from api import Web
from node_world import attack, bulk, kill
from people import Browser, enrol, first_person
from tap import run


def listen(node, browser, heard):
    c = node.connection(timeout=120)
    c.request("GET", "/api/v1/events", headers={"Cookie": browser.cookie})
    r = c.getresponse()
    assert r.status == 200 and r.getheader("Content-Type") == "text/event-stream", r.status
    heard.append("open")
    try:
        for line in r:
            if line.startswith(b"data: "):
                heard.append(json.loads(line[6:]))
    except OSError:
        pass


def from_event_to_triage(folder):
    with Web(folder) as node:
        node.ready()
        b: Browser = first_person(node)
        enrol(b)
        heard = []
        threading.Thread(target=listen, args=(node, b, heard), daemon=True).start()
        node.wait_for(lambda: heard, 20)
        status, answer = b.ask("GET", "/alerts")
        assert status == 200 and answer["items"] == [] and answer["total"] == 0, answer
        begin = time.monotonic()
        assert bulk(node.port["bulk"], [(0, b"", attack(1))]) == [0]
        node.wait_for(lambda: any(h["what"] == "alert" for h in heard[1:]), 60, "for the listener to hear")
        print(f"# heard after {time.monotonic() - begin:.2f} s")
        status, answer = b.ask("GET", "/alerts?status=new&limit=5")
        assert status == 200 and answer["total"] == 1, answer
        alert = answer["items"][0]
        status, one = b.ask("GET", f"/alerts/{alert['id']}")
        assert status == 200 and one["why"] and one["events"][0]["fields"], one
        path = f"/alerts/{alert['id']}/accept"
        for bad in ({"X-Coloa": None}, {"X-Coloa": "0"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
            status, answer = b.ask("POST", path, {}, **bad)
            assert status == 403 and answer["code"] == "cross_site", (bad, status, answer)
        assert b.ask("POST", path, "id=1", **{"Content-Type": "application/x-www-form-urlencoded"})[0] == 415
        assert b.ask("POST", path, "{")[1]["code"] == "json"
        assert b.ask("POST", path, "[1]")[1]["code"] == "json"
        assert b.ask("POST", path, '{"a":1,"a":2}')[0] == 400
        assert b.ask("POST", path, "[" * 100000)[0] == 400
        assert b.ask("POST", path, {"id": 2})[0] == 422, "the address says which"
        status, answer = b.ask("POST", path, {"text": "x" * (2 << 20)})
        assert status == 413, answer
        assert b.ask("GET", f"/alerts/{alert['id']}")[1]["status"] == "new", "nothing of that changed it"
        origin = {"Origin": f"http://127.0.0.1:{node.web}", "Sec-Fetch-Site": "same-origin"}
        status, answer = b.ask("POST", path, {"version": alert["version"]}, **origin)
        assert status == 200 and answer["status"] == "taken" and answer["taken_by"], answer
        assert b.ask("POST", path, {})[0] == 409
        status, answer = b.ask("POST", f"/alerts/{alert['id']}/undo")
        assert status == 200 and answer["status"] == "new", answer
        status, answer = b.ask("POST", "/alerts/bulk", {"ids": [alert["id"], 999], "action": "dismiss", "reason": "test"})
        assert status == 200 and answer["done"] == [alert["id"]] and answer["refused"][0]["code"] == "missing", answer
        node.wait_for(lambda: len(heard) >= 3, 30, "for the listener to hear of the steps")
        status, text = b.ask("GET", "/alerts?format=csv")
        assert status == 200 and text.startswith("\ufeffid,status,severity,title") and text.count("\r\n") == 2, text
        rows = json.loads(node.ask("api", "audit.list", "limit=50").stdout)["items"]
        did = [r["what"] for r in rows if r["about"] == f"alert {alert['id']}"]
        assert did == ["alerts.undo", "alerts.accept"], rows
        assert all(r["detail"]["from"] == "127.0.0.1" and r["detail"]["by"] == "session" for r in rows if r["what"] == "alerts.accept")
        sources = b.ask("GET", "/sources")[1]["items"]
        assert [(s["name"], s["state"]) for s in sources] == [("here", "sending")], sources


def a_stream_outlives_its_desk(folder):
    with Web(folder) as node:
        node.ready()
        b: Browser = first_person(node)
        enrol(b)
        heard = []
        listener = threading.Thread(target=listen, args=(node, b, heard), daemon=True)
        listener.start()
        node.wait_for(lambda: heard, 20)
        for kills in (1, 2):
            assert kill(node.pids()["desk"], node.program)
            node.wait_for(lambda n=kills: [h for h in heard if h != "open" and h["what"] == "all"][n - 1:], 30, "for the next desk to say so")
            assert listener.is_alive() and heard.count("open") == 1, heard
        assert bulk(node.port["bulk"], [(0, b"", attack(1))]) == [0]
        node.wait_for(lambda: any(h != "open" and h["what"] == "alert" for h in heard), 30, "to hear of what came since")


if __name__ == "__main__":
    run(from_event_to_triage, a_stream_outlives_its_desk)
