"""Who works while processes die, for desk_kills.py: how somebody goes on whose answer did not come, and one who brings incidents from the
alert to the review: declared, judged, reported with two signatures, handed over or mailed, exported for a court, closed, reviewed; alerts
kept away by an exception; the shift handed over; backups restored. What each step must have left is looked at in the end (`check`)."""
import http.client
import json
import random
import tarfile
import threading
import time
import urllib.parse

from node_world import bulk
from tap import coloa

WAIT_S = 300  # of a node with sanitizers, its processes dying, on a busy machine


class Gone(Exception):
    """The answer did not come."""


class Steps(threading.Thread):
    """One who works. `aim`: told that a request leaves now, so that the next kill can be meanwhile."""
    letter = "w"

    def __init__(self, world, index, seed, aim):
        super().__init__(daemon=True)
        self.w, self.index, self.aim, self.rng = world, index, aim, random.Random(seed * 1000 + index)
        self.stopping, self.error, self.rounds, self.unanswered, self.happened, self.again, self.steps = False, None, 0, 0, 0, 0, 0

    def ask(self, browser, method, path, body=None, raw=None):
        """Status and answer; Gone when nobody knows."""
        if method != "GET":
            self.aim()
        try:
            if raw is None:
                status, answer = browser.ask(method, path, body)
            else:
                status, answer, _ = self.w.node.http(method, "/api/v1" + path, raw, {"Cookie": browser.cookie, "Content-Type": "application/octet-stream"})
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Gone(str(error)) from error
        if status in (429, 500, 502, 503, 504):
            raise Gone(f"{status} {answer}")
        return status, answer

    def look(self, browser, path):
        """A question asked until it is answered."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                status, answer = self.ask(browser, "GET", path)
                assert status == 200, (path, status, answer)
                return answer
            except Gone:
                time.sleep(0.1)
        raise AssertionError(f"no answer to {path} for {WAIT_S} s")

    def wait(self, what, condition):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.2)
        raise AssertionError(f"waited {WAIT_S} s for {what}")

    def step(self, what, do, happened, done=()):
        """Once, whatever dies: who got no answer looks whether it happened (`happened`) and else does it again; where a second time is
        refused with a code of `done`, half of them press again without a look. An answered step is sometimes pressed twice for the same reason."""
        lost = False
        for _ in range(400):
            try:
                status, answer = do()
            except Gone:
                self.unanswered += 1
                lost = True
                time.sleep(0.2)
                if done and self.rng.random() < 0.5:
                    self.again += 1
                    continue
                found = happened()
                if found:
                    self.happened += 1
                    return found
                continue
            if status in (200, 201, 204):
                self.steps += 1
                if done and self.rng.random() < 0.2:
                    self.twice(what, do, done)
                return answer or True
            assert status in (403, 409) and answer["code"] in done, (what, status, answer)
            found = happened()
            if found:
                assert lost, (what, "it was done before anybody asked", answer)
                self.happened += 1
                return found
            time.sleep(0.2)
        raise AssertionError(f"{what}: never answered")

    def twice(self, what, do, done):
        self.again += 1
        try:
            status, answer = do()
        except Gone:
            return
        assert status in (403, 409) and answer["code"] in done, (what, "was done twice", status, answer)

    def only(self, path, text, field="title"):
        rows = [r for r in self.look(self.w.hang, f"{path}{'&' if '?' in path else '?'}q={urllib.parse.quote(text)}")["items"] if text in str(r.get(field))]
        assert len(rows) <= 1, (path, text, rows)
        return rows[0] if rows else None

    def send(self, host, n=0):
        document = json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": host, "Image": "C:\\evil.exe",
                               "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()), "CommandLine": f"evil {n}"}).encode()

        def sent():
            try:
                return bulk(self.w.node.port["bulk"], [(0, f"{host}-{n}".encode(), document)]) == [0]
            except (OSError, ValueError, AssertionError, http.client.HTTPException):
                return False
        self.wait("the node to take an event", sent)

    def alert(self, host):
        self.send(host)
        return self.wait(f"the alert of {host}", lambda: self.only("/alerts", host, "host"))

    def run(self):
        try:
            while not self.stopping:
                self.rounds += 1
                self.work_on(f"{self.letter}{self.index}r{self.rounds}x")
        except BaseException as error:  # pylint: disable=broad-except
            self.error = f"{type(error).__name__}: {error}"
            self.stopping = True


STALE = ("stale", "no_such_move")


class Case(Steps):
    """A handler, a lead and an approver of their own: an incident's whole life, again and again."""
    letter = "c"

    def __init__(self, world, index, seed, aim):
        super().__init__(world, index, seed, aim)
        self.handler, self.lead, self.approver = (f"{role}{index}" for role in ("viet", "truong", "duyet"))
        self.cases, self.kept, self.shifts, self.drills = [], [], [], []

    def who(self, login):
        return getattr(self.w, login)

    def incident(self, i):
        return self.look(self.who(self.lead), f"/incidents/{i}")

    def change(self, i, what, path, happened, body, method="POST"):
        """A step of the lead's with the incident's version: the same version counts once."""
        version = {"version": self.incident(i)["version"]}

        def seen():
            now = self.incident(i)
            version["version"] = now["version"]
            return happened(now)
        self.step(what, lambda: self.ask(self.who(self.lead), method, path, {**body, **version}), seen, STALE)

    def move(self, i, to, reason=None):
        order = ("open", "declared", "containing", "recovering", "watching", "closed", "reviewed")
        body = {"to": to, **({"reason": reason} if reason else {})}
        self.change(i, f"move to {to}", f"/incidents/{i}/move", lambda now: order.index(now["state"]) >= order.index(to), body)

    def entries(self, i):
        out, cursor = [], ""
        while True:
            page = self.look(self.who(self.lead), f"/incidents/{i}/timeline?limit=200{cursor}")
            out += page["items"]
            if not page.get("next"):
                return [e["text"] for e in out]
            cursor = "&cursor=" + urllib.parse.quote(page["next"])

    def said(self, i, text):
        return any(text in e for e in self.entries(i))

    def work_on(self, tag):
        case = {"tag": tag, "said": []}
        self.declare(tag, case)
        self.keep_away("e" + tag[1:])
        self.report(tag, case)
        self.court(tag, case)
        if self.index == 0 and self.w.repository:
            self.drill()
        self.close(tag, case)
        self.shift(tag)
        self.cases.append(case)

    def declare(self, tag, case):
        lead = self.who(self.lead)
        row = self.alert(tag)
        self.step("accept", lambda: self.ask(lead, "POST", f"/alerts/{row['id']}/accept", {"version": row["version"]}),
                  lambda: self.look(lead, f"/alerts/{row['id']}")["status"] == "taken", ("stale", "state"))
        body = {"title": tag, "unit": 1, "alerts": [row["id"]], "system": self.w.system, "summary": "Tệp bị mã hóa hàng loạt.", "detection": "rule"}
        i = case["incident"] = self.step("open", lambda: self.ask(lead, "POST", "/incidents", body), lambda: self.only("/incidents", tag))["id"]
        me = self.w.people[self.lead]
        self.change(i, "kind, harm, lead", f"/incidents/{i}", lambda now: now["lead"] == me,
                    {"kind": "ransomware", "harm": "grave", "lead": me}, "PATCH")
        self.move(i, "declared")
        self.step("answer", lambda: self.ask(lead, "POST", f"/incidents/{i}/answers", {"question": "control_lost", "answer": "yes", "note": tag}),
                  lambda: self.said(i, f"yes: {tag}"))
        self.step("serious", lambda: self.ask(lead, "POST", f"/incidents/{i}/serious", {"serious": "yes", "reason": f"{tag} is grave"}),
                  lambda: self.said(i, f"{tag} is grave"))
        self.move(i, "containing")
        case["said"] += ["Incident opened", "Kind: ", "Harm: ", "Declare the incident", f"yes: {tag}", f"{tag} is grave", "Begin to contain"]
        for state in ("opened",):
            assert self.incident(i)[state], state
        assert self.incident(i)["serious"] == "yes"

    def keep_away(self, tag):
        """Dismissed with an exception: once, and the next one of that host is kept back."""
        lead, row = self.who(self.lead), self.alert(tag)
        until = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 86400))
        body = {"reason": "expected", "text": f"{tag} is a test", "version": row["version"],
                "exception": {"until": until, "owner": self.w.people[self.lead], "by": ["host"]}}
        self.step("dismiss", lambda: self.ask(lead, "POST", f"/alerts/{row['id']}/dismiss", body),
                  lambda: self.look(lead, f"/alerts/{row['id']}")["status"] == "dismissed", ("stale", "state"))
        self.send(tag, 1)
        self.wait("what the exception keeps back", lambda: self.exceptions(tag)[0]["count"] >= 1)
        self.kept.append(tag)

    def exceptions(self, tag):
        rows = [e for e in self.look(self.who(self.lead), "/exceptions?limit=500")["items"] if any(b["value"] == tag for b in e["by"])]
        assert len(rows) == 1, (tag, rows)
        return rows

    # ---- reports: written by one, signed by two others with their codes, mailed or handed over ----

    def sign(self, login, report):
        """A code counts once: that of a signature that was lost on its way may be used up."""
        b = self.who(login)

        def signed():
            return any(s["name"] == login.title() for s in self.look(b, f"/reports/{report}")["signatures"])
        self.step(f"sign by {login}", lambda: self.ask(b, "POST", f"/reports/{report}/sign", {"version": 2, "code": self.w.code(login)}),
                  signed, ("signed_already", "not_signing", "wrong_code", "used_code"))
        assert signed(), (login, report)

    def report(self, tag, case):
        writer, i, kind = self.who(self.handler), case["incident"], "initial"
        found = self.step("report", lambda: self.ask(writer, "POST", "/reports", {"incident": i, "kind": kind}),
                          lambda: next(iter(self.look(writer, f"/reports?incident={i}")["items"]), None), ("exists",))
        r, path = found["id"], f"/reports/{found['id']}"
        fields = [{"name": f["name"], "value": f"{tag}: {f['name']}"} for f in self.look(writer, path)["fields"] if f["must"] and not f["value"]]

        def state():
            return self.look(writer, path)["state"]
        self.step("write", lambda: self.ask(writer, "PUT", path, {"version": 1, "fields": fields}),
                  lambda: self.look(writer, path)["version"] == 2, ("stale", "state"))
        self.step("submit", lambda: self.ask(writer, "POST", path + "/submit", {"version": 2}), lambda: state() != "draft", ("not_draft",))
        for login in (self.lead, self.approver):
            self.sign(login, r)
        assert state() == "signed", self.look(writer, path)
        mail = self.rounds % 2 == self.index % 2
        if mail:
            self.step("send", lambda: self.ask(self.w.lien, "POST", path + "/send", {"to": [f"{tag}@example.vn"]}),
                      lambda: self.look(writer, path)["sent"], ("sending", "not_signed"))
            self.wait("the mail to leave", lambda: state() == "sent")
        else:
            self.step("hand", lambda: self.ask(self.w.lien, "POST", path + "/hand", {"to": "A05, trực ban", "proof": f"Biên nhận {tag}"}),
                      lambda: state() == "sent", ("not_signed",))
        case.update(report=r, mail=mail)

    # ---- evidence that leaves, sealed by two ----

    def court(self, tag, case):
        i, lead, approver = case["incident"], self.who(self.lead), self.who(self.approver)
        name = f"{tag}.img"
        self.step("evidence", lambda: self.ask(lead, "POST", f"/incidents/{i}/evidence?name={name}&note=found", raw=tag.encode() * 5000),
                  lambda: next((e for e in self.look(lead, f"/evidence?incident={i}")["items"] if e["name"] == name), None), ("evidence_twice",))

        def mine():
            return next(iter(self.look(lead, f"/evidence/exports?incident={i}")["items"]), None)
        x = self.step("ask for an export", lambda: self.ask(lead, "POST", "/evidence/exports", {"incident": i, "reason": f"toà án hỏi {tag}"}), mine)["id"]
        path = f"/evidence/exports/{x}"
        self.step("approve the export", lambda: self.ask(approver, "POST", path + "/approve", {"code": self.w.code(self.approver)}),
                  lambda: self.look(lead, path)["state"] == "signed", ("decided", "wrong_code", "used_code"))
        case["said"] += [f"Sealed export {x}: asked for"]
        case["export"] = x

    # ---- backups ----

    def drill(self):
        """Of several that one pressed only one runs; each that was begun ends, with its proof."""
        b = self.who(self.handler)
        last = {d["id"] for d in self.look(b, "/recovery/drills?limit=500")["items"]}

        def new():
            rows = [d for d in self.look(b, "/recovery/drills?limit=500")["items"] if d["id"] not in last]
            assert len(rows) <= 1, rows
            return rows[0] if rows else None
        d = self.step("drill", lambda: self.ask(b, "POST", "/recovery/drills", {"repository": "kho"}), new)
        self.drills.append(d["id"])

    # ---- the end ----

    def close(self, tag, case):
        i, lead = case["incident"], self.who(self.lead)
        path = f"/incidents/{i}"
        self.move(i, "recovering")
        self.step("eradication", lambda: self.ask(lead, "POST", path + "/eradication", {"title": f"{tag} is gone"}),
                  lambda: [e for e in self.look(lead, path + "/eradication")["items"] if tag in e["title"]])
        self.move(i, "watching")
        for a in [a for a in self.incident(i)["activities"] if a["state"] != "done"]:
            self.step("activity", lambda a=a: self.ask(lead, "POST", f"{path}/activities/{a['id']}", {"state": "done"}),
                      lambda a=a: [k for k in self.incident(i)["activities"] if k["id"] == a["id"]][0]["state"] == "done")
        for k in [k for k in self.incident(i)["clocks"] if not k["met_at"] and k["state"] != "void"]:
            def void(k=k):
                return [n for n in self.incident(i)["clocks"] if n["clock"] == k["clock"]][0]["state"] == "void"
            self.step("void", lambda k=k: self.ask(lead, "POST", f"{path}/clocks/{k['clock']}/void", {"reason": f"{tag}: {k['clock']} không áp dụng"}), void, ("void_already",))
            case["said"].append(f"{tag}: {k['clock']} không áp dụng")
        self.move(i, "closed")
        self.step("review", lambda: self.ask(lead, "PUT", path + "/review", {"cause": f"{tag}: mật khẩu cũ", "lessons": "đổi"}),
                  lambda: tag in (self.look(lead, path + "/review")["cause"] or ""))
        due = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 864000))
        better = self.step("improvement", lambda: self.ask(lead, "POST", path + "/improvements", {"kind": "task", "title": f"{tag} better", "due": due}),
                           lambda: self.only("/improvements", f"{tag} better"))
        self.step("improvement done", lambda: self.ask(lead, "PATCH", f"/improvements/{better['id']}", {"version": better["version"], "state": "done", "note": "xong"}),
                  lambda: self.only("/improvements", f"{tag} better")["state"] == "done", ("stale", "state"))
        self.move(i, "reviewed")
        case["said"] += ["Contained: recover", f"To make sure of: {tag} is gone", "Restored: watch", "Close", "Review written", f"Improvement: {tag} better", "Reviewed"]

    def shift(self, tag):
        text = f"{tag} goes on"
        b = self.who(self.handler)

        def mine():
            rows = [h for h in self.look(b, "/handovers?limit=500")["items"] if h["text"] == text]
            assert len(rows) <= 1, rows
            return rows[0] if rows else None
        h = self.step("handover", lambda: self.ask(b, "POST", "/handovers", {"text": text, "unit": 1}), mine)["id"]
        self.step("acknowledge", lambda: self.ask(self.who(self.lead), "POST", f"/handovers/{h}/acknowledge", {"text": "nhận"}),
                  lambda: mine()["state"] == "acknowledged", ("decided",))
        self.shifts.append(text)

    # ---- what must be there, once ----

    def check(self, folder):
        for case in self.cases:
            self.check_case(case, folder)
        for tag in self.kept:
            row = self.exceptions(tag)[0]
            alerts = self.look(self.who(self.lead), f"/alerts?q={tag}&limit=100")["items"]
            assert sorted(a["status"] for a in alerts) == ["dismissed", "suppressed"] and row["state"] == "active", (row, alerts)
            assert sum(a["count"] for a in alerts) == 2, alerts
        notes = [h for h in self.look(self.who(self.lead), "/handovers?limit=500")["items"] if h["text"] in self.shifts]
        assert sorted(h["text"] for h in notes) == sorted(self.shifts) and {h["state"] for h in notes} <= {"acknowledged"}, notes
        for d in self.drills:
            done = self.wait(f"drill {d}", lambda d=d: next(r for r in self.look(self.who(self.handler), "/recovery/drills?limit=500")["items"] if r["id"] == d and r["state"] not in ("queued", "running")))
            assert done["state"] == "done" and done["good"], done
        return sum(len(c["said"]) for c in self.cases)

    def check_case(self, case, folder):
        said, now = self.entries(case["incident"]), self.incident(case["incident"])
        assert now["state"] == "reviewed" and now["serious"] == "yes" and now["closed"] and now["alerts"] == 1, now
        for text in case["said"]:
            n = sum(e == text or (text not in ("Close", "Reviewed") and text in e) for e in said)
            assert n == 1, (case, text, n, said)
        lead = self.who(self.lead)
        r = self.look(lead, f"/reports/{case['report']}")
        assert r["state"] == "sent" and [v["n"] for v in r["versions"]][:3] == sorted((v["n"] for v in r["versions"]), reverse=r["versions"][0]["n"] > 1)[:3], r
        assert len(r["versions"]) == 2 and sorted(s["name"] for s in r["signatures"]) == sorted((self.lead.title(), self.approver.title())), r
        assert len(self.look(lead, f"/reports?incident={case['incident']}")["items"]) == 1
        clock = [c for c in now["clocks"] if c["clock"] == "initial"][0]
        assert clock["state"] == "met" and r["code"] in clock["proof"] and clock["met_at"] == r["sent"]["at"], (clock, r["sent"])
        for text, n in (("begun", 1), ("signed by one", 1), ("signed by two", 1)):
            assert sum(r["code"] in e and text in e for e in said) == n, (r["code"], text, said)
        assert sum(": met:" in e for e in said) == 1, said
        left = [m for m in self.look(lead, f"/outgoing?incident={case['incident']}&limit=100")["items"] if m.get("about") == f"report {r['id']}"]
        assert [m["state"] for m in left] == (["sent"] if case["mail"] else []), left
        mails = [m for _, to, m in self.w.post.mails if to == [f"{case['tag']}@example.vn"]]
        assert (len({m["Message-ID"] for m in mails}) == 1) == case["mail"] and len(mails) >= case["mail"], mails
        self.w.mailed = self.w.mailed[0] + len(mails), self.w.mailed[1] + case["mail"]
        self.check_export(case, folder)

    def check_export(self, case, folder):
        """The same file each time, which verifies with the key alone; what left is in the chain of custody once for each time it left."""
        lead, x = self.who(self.lead), case["export"]
        assert [e["id"] for e in self.look(lead, f"/evidence/exports?incident={case['incident']}")["items"]] == [x]
        item, = self.look(lead, f"/evidence?incident={case['incident']}")["items"]
        custody = [k["what"] for k in self.look(lead, f"/evidence/{item['id']}")["custody"]]
        assert custody == ["taken", "sealed"], custody
        files = [self.file(lead, f"/evidence/exports/{x}/file") for _ in range(2)]
        assert files[0] == files[1]
        out = folder / f"{case['tag']}.tar"
        out.write_bytes(files[0])
        with tarfile.open(out) as t:
            key = t.extractfile("SIGNATURE").read().decode().splitlines()[3]
        v = coloa("verify", "--key", key, out, "--lang", "en")
        assert v.returncode == 0 and b"ALL IS WELL" in v.stdout, v

    def file(self, who, path):
        c = self.w.node.connection()
        c.request("GET", "/api/v1" + path, headers={"Cookie": who.cookie})
        r = c.getresponse()
        data = r.read()
        c.close()
        assert r.status == 200, (path, r.status, data[:300])
        return data
