"""Three units of different skill play on a real node; then what they get for it, and whether an export says the same."""
import hashlib
import json

from exercise_world import SHIPPED, Exercise, Team, stretched
from tap import coloa, run


def raw(who, path):
    """A file, byte for byte."""
    c = who.node.connection()
    try:
        c.request("GET", "/api/v1" + path, headers={"X-Coloa": "1", "Cookie": who.cookie})
        r = c.getresponse()
        body = r.read()
        assert r.status == 200, (path, r.status, body)
        return body
    finally:
        c.close()


class Skilled(Team):
    """Says of what kind it is, whom it told, what is affected."""
    said = False

    def work(self):
        super().work()
        if self.incident and not self.said and self.x.drill(self.code)["clock"]["drill_ms"] > 60 * 60000:
            self.said = True
            who = self.x.who(self.code, "lead")
            me = self.x.get(who, "/session")["person"]["id"]
            version = self.x.get(who, f"/incidents/{self.incident}")["version"]
            i = f"/incidents/{self.incident}"
            self.x.do(who, "PATCH", i, lead=me, version=version)
            self.x.do(who, "PATCH", i, kind="ransomware")
            self.x.do(who, "POST", i + "/timeline", kind="message", text="Told the owner of the system by telephone")
            self.x.do(who, "PATCH", i, scope="All that the alerts name")


def skill_shows(folder):
    with Exercise(folder, scenario=stretched(SHIPPED.read_text(encoding="utf-8"))) as x:
        x.plan()
        x.move("start")
        teams = [Skilled(x, "a"), Team(x, "b", delay_min=45), Team(x, "c", delay_min=70, careless=True)]

        def all_work():
            for t in teams:
                t.work()
        x.wait_t(75, all_work)
        shown = {u["unit_name"]: u for u in x.board()["units"]}
        assert shown["Unit a"]["score"] is not None and shown["Unit a"]["last"], shown
        assert x.get(x.who("a", "lead"), f"/exercises/{x.id}/results")["units"] == [], "what is expected stays hidden"
        x.wait_t(175, all_work)
        x.move("end")
        x.move("publish")
        r = x.get(x.organiser, f"/exercises/{x.id}/results")
        units = {u["unit_name"]: u for u in r["units"]}
        for name, u in units.items():
            print("#", name, u["shown"], "machine", u["machine"], "people", u["people"], "void", u["void"],
                  " ".join(f"{p['kind']}:{p['points']}" for p in u["penalties"]))
        for line in units["Unit a"]["lines"]:
            print("#", line["expectation"], line["state"], line["points"], line["reason_en"], [f["fact"] for f in line["facts"]][:3])
        a, b, c = (units[f"Unit {n}"] for n in "abc")
        kind = next(line for line in units["Unit a"]["lines"] if line["expectation"] == "classify")
        assert kind["Q"] == 1000000, kind
        assert a["total"] > b["total"] > c["total"] >= 0, "fast, slow, careless"
        assert a["people"] > b["people"], "the rules are the same for all: people make the difference"
        assert all(line["facts"] for u in r["units"] for line in u["lines"] if line["points"]), "each point opens a record"
        for u in r["units"]:
            for line in u["lines"]:
                for f in line["facts"]:
                    if f["kind"] == "alert":
                        code = u["unit_name"][-1]
                        assert x.get(x.who(code, "lead"), f["link"])["id"] == int(f["id"])
        own = x.get(x.who("b", "lead"), f"/exercises/{x.id}/results")["units"]
        assert [u["unit_name"] for u in own] == ["Unit b"]
        export = folder / "export.jsonl"
        export.write_bytes(raw(x.organiser, f"/exercises/{x.id}/export"))
        lines = export.read_bytes().splitlines(keepends=True)
        assert json.loads(lines[-1])["sha256"] == hashlib.sha256(b"".join(lines[:-1])).hexdigest()
        again = coloa("exercise", "score", export)
        assert again.returncode == 0 and again.stdout == raw(x.organiser, f"/exercises/{x.id}/scores"), again.stderr
        assert [u["score"]["total"] for u in json.loads(again.stdout)["units"]] == [u["total"] for u in r["units"]]
        changed = folder / "changed.jsonl"
        changed.write_bytes(export.read_bytes().replace(b'"t":', b'"t":1', 1))
        assert coloa("exercise", "score", changed).returncode == 2
        for form, begins in (("html", b"<!doctype html>"), ("pdf", b"%PDF"), ("docx", b"PK")):
            assert raw(x.organiser, f"/exercises/{x.id}/report?format={form}&lang=vi&play={a['play']}").startswith(begins), form
            assert coloa("exercise", "report", "--format", form, export).stdout.startswith(begins), form
        why = x.get(x.organiser, f"/exercises/{x.id}/comparison")["comparison"]
        assert "30 units" in why["refused"], why


run(skill_shows)
