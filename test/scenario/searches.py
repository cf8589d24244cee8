"""Searches from the console on a real node: what comes as it is found, in which shape, for whom; names that are masked and every way
around it; incidents that show them, for a day, with an approver beyond a week; processes that die; one alert's records with marks."""
import datetime
import json
import os
import signal
import threading
import time

from api import Web
from node_world import bulk
from people import PASSWORD, Browser, enrol, first_person, next_code, one_time
from tap import coloa, run

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


run(what_a_search_gives)
