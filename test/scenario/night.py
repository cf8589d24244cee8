"""A night on a real node: what its configuration says is shown without secrets; an alert opens an incident by a rule; an exception made at the desk keeps
the next one back at once and after the desk was killed; a source under maintenance wakes nobody until its time is over; the shift is handed over."""
import json
import time

from api import Web
from node_world import attack, bulk, kill
from people import enrol, first_person
from tap import run


def later(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def send(node, n):
    assert bulk(node.port["bulk"], [(0, b"", attack(n))]) == [0]


def one(node, browser, condition, what):
    """The first alert that fits, when it is there."""
    found = []

    def look():
        found[:] = [a for a in browser.ask("GET", "/alerts?limit=100")[1]["items"] if condition(a)]
        return found
    node.wait_for(look, 60, what)
    return found[0]


def begin(node):
    node.ready()
    browser = first_person(node)
    enrol(browser)
    return browser


def from_an_alert_to_the_next_shift(folder):
    with Web(folder) as node:
        b = begin(node)
        status, settings = b.ask("GET", "/settings")
        shown = {c["name"]: c["value"] for c in settings["configuration"]}
        assert status == 200 and shown["directory"] == str(node.directory) and shown["sources[here].from[1]"] == "127.0.0.0/8", shown
        status, tonight = b.ask("GET", "/tonight")
        assert status == 200 and tonight["alerts"]["new"] == 0 and tonight["behind_ms"] is not None, tonight
        assert b.ask("GET", "/regimes/current")[1]["id"] == "vn-2026"
        me = b.ask("GET", "/session")[1]["person"]["id"]

        send(node, 1)
        alert = one(node, b, lambda a: a["host"] == "ws1", "for the first alert")
        assert b.ask("GET", "/tonight")[1]["alerts"]["new"] == 1
        status, answer = b.ask("POST", f"/alerts/{alert['id']}/dismiss",
                               {"reason": "expected", "text": "a test of ours", "exception": {"until": later(86400), "owner": me, "by": ["host"]}})
        assert status == 200 and answer["status"] == "dismissed", answer
        send(node, 1)
        kept = one(node, b, lambda a: a["status"] == "suppressed", "for what the exception keeps back")
        assert b.ask("GET", f"/alerts/{kept['id']}")[1]["exception"] == "#1"

        status, answer = b.ask("POST", "/opening-rules", {"name": "evil", "unit": 1, "match": "any", "severity": "info", "per_hour": 5})
        assert status == 200, answer
        send(node, 2)
        merged = one(node, b, lambda a: a["host"] == "ws2" and a["status"] == "merged", "for the rule to open an incident")
        incident = b.ask("GET", f"/incidents/{merged['incident']}")[1]
        assert incident["alerts"] == 1 and incident["clocks"], incident

        assert kill(node.pids()["desk"], node.program)
        node.ready()
        send(node, 1)
        node.wait_for(lambda: b.ask("GET", "/exceptions/1")[1].get("count", 0) >= 2, 60, "for the exception after the desk was killed")
        send(node, 2)
        node.wait_for(lambda: b.ask("GET", f"/alerts/{merged['id']}")[1]["count"] >= 2, 60, "for the same alert to count on")
        assert b.ask("GET", "/incidents")[1]["total"] == 1

        status, note = b.ask("GET", "/handover")
        assert status == 200 and note["opened"][0]["id"] == incident["id"] and "SC-" in note["text_vi"], note
        status, kept = b.ask("POST", "/handovers", {"text": "quiet otherwise"})
        assert status == 200 and kept["state"] == "waiting", kept
        assert b.ask("POST", "/handovers", {"text": "quiet otherwise"})[1]["id"] == kept["id"], "pressed twice"
        assert b.ask("POST", f"/handovers/{kept['id']}/acknowledge", {})[1]["code"] == "oneself"
        r = node.ask("api", "handover.acknowledge", f"id={kept['id']}", "text=taken")
        assert r.returncode == 0 and json.loads(r.stdout)["state"] == "acknowledged", r


def silence_on_purpose(folder):
    sources = ["{name: here, from: ['127.0.0.0/8'], silent-after: 3s}"]
    with Web(folder, sources=sources) as node:
        b = begin(node)
        send(node, 1)
        one(node, b, lambda a: a["host"] == "ws1", "for the first alert")
        status, answer = b.ask("POST", "/sources/here/maintenance", {"until": later(20), "reason": "new disk"})
        assert status == 200 and answer["maintenance_reason"] == "new disk", answer
        assert answer["silent_after_s"] == 3, answer
        node.wait_for(lambda: b.ask("GET", "/sources")[1]["items"][0]["state"] == "maintenance", 30, "for the silence to be on purpose")
        tonight = b.ask("GET", "/tonight")[1]
        assert tonight["sources"]["maintenance"] == 1 and tonight["silent"][0]["maintenance_until"], tonight
        assert b.ask("GET", "/alerts")[1]["total"] == 1, "nobody is woken meanwhile"
        alert = one(node, b, lambda a: a["source"] == "here" and a["rule"] == "coloa-silent-source", "for the alert when its time is over")
        assert alert["status"] == "new"
        assert b.ask("GET", "/sources")[1]["items"][0]["state"] == "silent"


if __name__ == "__main__":
    run(from_an_alert_to_the_next_shift, silence_on_purpose)
