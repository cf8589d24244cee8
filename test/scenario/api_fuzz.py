"""Requests made from doc/openapi.json, good and bad in every way its schemas allow and forbid, at a real node by people who may do
nearly everything; files to what takes some: playbooks, scenarios, CEXF, recordings, facts, tables, altered in any way. No answer of 5xx,
no process and no job that dies, every answer as the document says, every refusal a problem with its words.

COLOA_FUZZ_ROUNDS: requests for each operation (20); COLOA_FUZZ_SECONDS: no new round after so many; COLOA_SEED: where the chance begins
(each run says its own); COLOA_FUZZ_KEEP: a folder for what was answered wrongly."""
import json
import os
import pathlib
import random
import re
import subprocess
import time
import urllib.parse

from api import Web
from node_world import attack, bulk, environment
from people import PASSWORD, Browser, enrol, one_time
from permissions import local, operations
from tap import PROGRAM, ROOT, run

ROUNDS = int(os.environ.get("COLOA_FUZZ_ROUNDS", "20"))
SECONDS = float(os.environ.get("COLOA_FUZZ_SECONDS", "inf"))
SEED = int(os.environ.get("COLOA_SEED", "0")) or random.randrange(1, 1 << 31)
ROLES = ("officer", "handler", "lead", "approver", "owner", "inspector", "liaison", "admin", "organiser", "jury", "red_team")
# A stream without an end; and what would end the fuzzer's own sessions: asked about things that are not there only.
SKIPPED = {"events.follow", "session.end"}
OWN = ("sessions.end", "tokens.end", "people.", "roles.take")
BAD_TEXT = ["", " ", "\x00", "a\x00b", "\u202e\u200b", "é" * 300, "𝕏" * 50, "x" * 70000, "'; DROP TABLE alert; --", "%s%n%n%n", "../../etc/passwd",
            "<script>alert(1)</script>", "${jndi:ldap://x}", "\ud7ff\ue000", "NaN", "-1", "1e999", "null", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59.999Z",
            "0001-01-01T00:00:00Z", "10.0.0.0/33", "::/0", "255.255.255.255", "a,b\n\"", "=1+1", "\r\nSet-Cookie: x=y"]
BAD_NUMBERS = [0, -1, 1, 2, 1 << 31, (1 << 53) + 1, (1 << 63) - 1, -(1 << 63), 1 << 64, 0.5, 1e308, -0.0]

# What the log says of a process, or of a job, that did not end as it should.
DEATHS = re.compile(r".*(?:killed|bị dừng|ended with status|took too long|cannot start|runtime error|Sanitizer|its end could not).*")


class Files:
    """Files that people bring, and what becomes of them on the way."""

    def __init__(self, chance):
        self.random = chance
        scenarios = [p.read_bytes() for p in sorted((ROOT / "content/scenarios").glob("*.yaml"))]
        record = ('{"@timestamp":"2020-09-04T17:10:0%d.000Z","EventID":%d,"Channel":"%s","Hostname":"HOST1.lab.example","User":"LAB\\\\an",'
                  '"CommandLine":"whoami /all"}\n')
        self.of = {
            "playbooks.import": [p.read_bytes() for p in sorted((ROOT / "content/playbooks").glob("*.json"))],
            "scenarios.upload": scenarios,
            "exchange": [self.exchanged(p, form) for form in ("cexf", "msel", "attack-flow")
                         for p in sorted((ROOT / "content/scenarios").glob("*.yaml"))[:2]],
            "exercises.recording": ["".join(record % (i % 10, 1 + i, c) for i, c in enumerate(
                ("Microsoft-Windows-Sysmon/Operational", "Security", "Windows PowerShell", "") * n)).encode() for n in (1, 20)],
            "exercises.merge": [(ROOT / "test/fuzz/corpus/facts/story.jsonl").read_bytes()],
            "csv": [b"code,name,parent,kind\nc1,Co quan 1,,site\nc2,\"Co quan, 2\",c1,site\n",
                    "login,name,unit,role\nlan,Lan Trần,u1,officer\nan,An,u2,lead\n".encode(),
                    b"code,name,unit,level,hosts,addresses\nsx,X,u1,3,ws1;ws2,10.0.0.0/24\nsy,Y,u2,9,,::/0\n"]}

    @staticmethod
    def exchanged(path, form):
        r = subprocess.run([PROGRAM, "exercise", "export", str(path), "--format", form], capture_output=True, env=environment(), timeout=60, check=False)
        return r.stdout if r.returncode == 0 and r.stdout else b"{}"

    def altered(self, seed: bytes) -> bytes:
        r, b = self.random, bytearray(seed)
        for _ in range(r.choice([1, 1, 2, 5, 30])):
            at, n = r.randrange(len(b) + 1), r.choice([1, 1, 4, 30, 400])
            what = r.randrange(8)
            if what == 0 and b:
                b[at % len(b)] ^= 1 << r.randrange(8)
            elif what == 1:
                del b[at:at + n]
            elif what == 2:
                b[at:at] = bytes(b[at:at + n]) * r.choice([1, 2, 50])
            elif what == 3:
                b[at:at] = str(r.choice(BAD_TEXT)).encode("utf-8", "surrogatepass")[:2000]
            elif what == 4 and (found := re.findall(rb"\d+", bytes(b))):
                b = bytearray(bytes(b).replace(r.choice(found), str(r.choice(BAD_NUMBERS)).encode(), r.choice([1, -1])))
            elif what == 5:
                b[at:at] = r.choice([b"[", b"{", b"- ", b"  ", b"\t", b"&a *a", b"? ", b'"', b"'", b",", b"\0", b"\n"]) * r.choice([1, 1, 3000])
            elif what == 6:
                other = r.choice(r.choice(list(self.of.values())))
                b = b[:at] + bytearray(other[r.randrange(len(other) + 1):])
            elif b:
                words = re.findall(rb"[\w-]{3,}", bytes(b[:20000])) or [b"x"]
                b = bytearray(bytes(b).replace(r.choice(words), r.choice(words), 1))
            if len(b) > 3 << 20:
                del b[3 << 20:]
        return bytes(b)

    def body(self, operation) -> bytes:
        r = self.random
        seeds = self.of.get(operation) if r.random() < 0.9 else None
        seed = r.choice(seeds or r.choice(list(self.of.values())))
        what = r.randrange(20)
        if what == 0:
            return r.choice([b"", b"\0", b"x" * 70000, b"[" * 100000, b"- " * 50000, seed * 40, r.randbytes(5000)])
        return seed if what < 5 else self.altered(seed)


class Maker:
    """Values of a schema, and values that are not."""

    def __init__(self, schemas):
        self.random, self.schemas = random.Random(SEED), schemas
        self.files = Files(self.random)
        self.known = {}  # of an operation: values of its path that are there

    def whole(self, schema):
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def anything(self, depth=0):
        pick = self.random.randrange(7 if depth < 3 else 5)
        if pick == 5:
            return [self.anything(depth + 1) for _ in range(self.random.randrange(4))]
        if pick == 6:
            return {self.random.choice(BAD_TEXT)[:50]: self.anything(depth + 1) for _ in range(self.random.randrange(4))}
        return [None, True, self.random.choice(BAD_NUMBERS), self.random.choice(BAD_TEXT), self.random.randrange(100)][pick]

    def text(self, schema):
        form, r = schema.get("format"), self.random
        if form == "date-time":
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + r.randrange(-10**7, 10**7)))
        if form == "date":
            return time.strftime("%Y-%m-%d", time.gmtime(time.time() + r.randrange(-10**7, 10**7)))
        low, high = schema.get("minLength", 0), min(schema.get("maxLength", 200), 5000)
        n = r.choice([low, max(low, 1), high, r.randint(low, max(low, min(high, 40)))])
        return "".join(r.choice("abc đẳng-_.: 0123456789@/") for _ in range(n)) or "x" * low

    def good(self, schema):
        schema, r = self.whole(schema), self.random
        kind = schema.get("type", "string")
        if isinstance(kind, list):
            kind = r.choice(kind)
        if "enum" in schema:
            return r.choice(schema["enum"])
        if kind == "null":
            return None
        if kind == "boolean":
            return r.random() < 0.5
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", -1000), schema.get("maximum", 1000)
            return r.choice([low, high, max(low, min(high, r.randrange(0, 30))), max(low, min(high, 1))])
        if kind == "array":
            n = r.choice([schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)])
            return [self.good(schema["items"]) for _ in range(n)]
        if kind == "object":
            must = schema.get("required", [])
            made = {k: self.good(s) for k, s in schema.get("properties", {}).items() if k in must or r.random() < 0.6}
            if "csv" in made and r.random() < 0.8:
                made["csv"] = self.files.body("csv")[:5000].decode("utf-8", "replace")
            return made
        return self.text(schema)

    def spoiled(self, value):
        """The same with one thing wrong somewhere."""
        r = self.random
        if isinstance(value, dict) and value and r.random() < 0.8:
            value, key = dict(value), r.choice(list(value))
            what = r.randrange(4)
            if what == 0:
                del value[key]
            elif what == 1:
                value[r.choice(["nothing_of_the_kind", "id", "__proto__", ""])] = self.anything()
            else:
                value[key] = self.spoiled(value[key])
            return value
        if isinstance(value, list) and value and r.random() < 0.7:
            value = list(value) * r.choice([1, 1, 1000])
            value[r.randrange(len(value))] = self.anything()
            return value
        return self.anything()

    def body(self, schema):
        """(bytes, whether it is JSON)"""
        r, value = self.random, self.good(schema)
        what = r.randrange(10)
        if what < 5:
            return json.dumps(value).encode("utf-8", "surrogatepass")
        if what < 9:
            return json.dumps(self.spoiled(value), ensure_ascii=r.random() < 0.5).encode("utf-8", "surrogatepass")
        raw = json.dumps(value).encode()
        return r.choice([b"", b"{", b"[" * 5000, raw[:len(raw) // 2], raw + b"x", b'{"a":1,"a":2}', b"\xff\xfe" + raw, b'{"x":"\xc3\x28"}', b"nul", raw * 3])

    def in_path(self, schema, known=None):
        r = self.random
        if known and r.random() < 0.9:
            return str(r.choice(known))
        if r.random() < 0.85:
            v = self.good(schema)
            return str(r.randrange(1, 12) if isinstance(v, int) and r.random() < 0.7 else v)
        return str(r.choice(BAD_TEXT[2:] + ["0", "-1", "x", "99999999999999999999"]))


def fits(maker, value, schema, at=""):
    """What of an answer is not as the document says; None: all is."""
    schema = maker.whole(schema)
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else []
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    kind = names[type(value)]
    if kinds and kind not in kinds and not (kind == "integer" and "number" in kinds):
        return f"{at or 'it'} is {kind}, not {kinds}"
    if "enum" in schema and value not in schema["enum"] and value is not None:
        return f"{at} is {value!r}, none of {schema['enum']}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for k, v in value.items():
            if k in known and (wrong := fits(maker, v, known[k], f"{at}.{k}")):
                return wrong
            if known and k not in known and schema.get("additionalProperties") is False:
                return f"{at}.{k} is not in the document"
        missing = [k for k in schema.get("required", []) if k not in value]
        return f"{at}: {missing} missing" if missing else None
    for i, v in enumerate(value if isinstance(value, list) else []):
        if wrong := fits(maker, v, schema.get("items", {}), f"{at}[{i}]"):
            return wrong
    return None


def wrong_refusal(status, answer):
    if not isinstance(answer, dict) or not all(isinstance(answer.get(k), str) and answer[k] for k in ("title", "detail", "code")):
        return "no problem with title, detail and code"
    if status == 422 and answer["code"] == "fields" and not all(f.get("field") is not None and f.get("fault") and f.get("remedy") for f in answer["fields"]):
        return "a field without its fault or remedy"
    return None


class Fuzz:
    def __init__(self, node, maker):
        self.node, self.maker, self.bad, self.statuses, self.taken, self.n = node, maker, [], {}, {}, 0
        self.people = [self.person(f"fuzz{i}") for i in range(4)]
        self.guesser = self.person("guesser")  # whose sessions end, as they guess codes
        self.scenario, first = 1, sorted((ROOT / "content/scenarios").glob("*.yaml"))[0]
        for row in self.people[0].ask("GET", "/scenarios")[1]["items"]:
            if row["code"] == first.stem:
                self.scenario = row["id"]
        self.steps = re.findall(r"^ +- id: (\S+)", first.read_text(encoding="utf-8").split("\nsteps:")[1].split("\ninjects:")[0], flags=re.M)

    def person(self, login):
        who = local(self.node, "people.add", login=login, name=login, unit=1)["id"]
        for role in ROLES:
            local(self.node, "roles.give", id=who, role=role, unit=1)
        b = Browser(self.node)
        for _ in range(60):
            if b.sign_in(login, one_time(self.node, login))[0] == 200:
                break
            time.sleep(0.5)
        assert b.post("/session/password", new=PASSWORD)[0] == 200
        enrol(b)
        return b

    def request(self, path, o):
        maker, query = self.maker, []
        known = maker.known.get(o["operationId"], {})
        for p in o.get("parameters", []):
            if p["in"] == "path":
                value = "100000" if o["operationId"].startswith(OWN) else maker.in_path(p["schema"], known.get(p["name"]))
                path = path.replace("{" + p["name"] + "}", quote(value))
            elif p.get("required") or maker.random.random() < 0.25:
                query.append(f"{p['name']}={quote(maker.in_path(p['schema'], known.get(p['name'])))}")
        content = o.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        body = maker.body(schema) if schema else maker.files.body(o["operationId"]) if "application/octet-stream" in content else None
        return path + ("?" + "&".join(query) if query else ""), body

    def ask(self, method, path, o, body):
        for _ in range(100):
            self.n += 1
            guess = o["operationId"].startswith(("session.", "totp."))
            b = self.guesser if guess else self.people[self.n % len(self.people)]
            try:
                kind = {"Content-Type": "application/octet-stream"} if "application/octet-stream" in o.get("requestBody", {}).get("content", {}) else {}
                status, answer, headers = self.node.http(method, path, body, {"Cookie": b.cookie, **kind})
            except (OSError, ValueError) as error:
                return 0, repr(error), {}
            if status != 429 or guess:
                return status, answer, headers
            time.sleep(0.05)
        return status, answer, headers

    def one(self, path, method, o):
        asked, body = self.request(path, o)
        status, answer, headers = self.ask(method, asked, o, body)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if "application/octet-stream" in o.get("requestBody", {}).get("content", {}):
            took = self.taken.setdefault(o["operationId"], {})
            took[status] = took.get(status, 0) + 1
        wrong, form = None, o["responses"].get(str(status), {})
        if status == 0 and len(asked) > 8000:
            return  # refused before it was read to its end
        if status == 0 or (status >= 500 and not (status == 503 and answer.get("code") == "try_later")):
            wrong = f"{status} {answer}"
        elif status == 401 and not o["operationId"].startswith(("session.", "totp.")):
            wrong = "401 for who is signed in"
        elif 200 <= status < 300 and headers.get("Content-Type", "").split(";")[0] == "application/json":
            content = form.get("content", {})  # a file may be JSON too
            schema = content.get("application/json", {}).get("schema")
            wrong = fits(self.maker, answer, schema) if schema else None if "application/octet-stream" in content else f"{status} is not in the document"
        elif status >= 400 and status not in (414, 431):  # a head that long the library refuses by itself
            wrong = wrong_refusal(status, answer)
        if wrong:
            self.bad.append(f"{o['operationId']}: {method} {asked[:300]} {(body or b'')[:300]!r}: {wrong}")
            print("#", self.bad[-1][:700], flush=True)
            self.keep(o["operationId"], body)

    def keep(self, operation, body):
        """What was sent, whole, where COLOA_FUZZ_KEEP says."""
        if body and (folder := os.environ.get("COLOA_FUZZ_KEEP")):
            pathlib.Path(folder, f"{operation}-{SEED}-{len(self.bad)}").write_bytes(body)

    def imports(self, folder):
        """What the command line reads of others' exercises, by the same reader."""
        file, body = folder / "foreign", self.maker.files.body("exchange")
        file.write_bytes(body)
        r = subprocess.run([PROGRAM, "exercise", "import", file], capture_output=True, env=environment(), timeout=120, check=False)
        if r.returncode not in (0, 2, 3):
            self.bad.append(f"coloa exercise import ended with {r.returncode}: {r.stderr[-300:]!r}")
            self.keep("exchange", body)

    def exercises(self):
        """One that is planned, and one under way: what takes recordings and facts."""
        b, maker = self.people[0], self.maker

        def do(path, **body):
            for _ in range(50):
                status, answer = b.post(path, **body)
                if status not in (429, 503):
                    break
                time.sleep(0.2)
            return answer if status == 200 else {}
        unit = local(self.node, "units.add", parent=1, code=f"x{self.n}", name=f"Unit x{self.n}", kind="site")["id"]
        more = {"title": "A drill", "scenario": self.scenario, "unit": 1, "units": [unit]}
        planned, running = (do("/exercises", **more) for _ in range(2))
        ident = running.get("id", 0)
        do(f"/exercises/{ident}/invite")
        for item in ("sources", "never_list", "containment", "clock"):
            do(f"/exercises/{ident}/check", item=item, done=True, why="a test")
        do(f"/exercises/{ident}/go")
        do(f"/exercises/{ident}/start")
        maker.known["exercises.recording"] = {"id": [planned.get("id", 1)], "step": self.steps, "names": ["HOST1=portal,an=yen", "HOST1=domain"]}
        maker.known["exercises.merge"] = {"id": [ident], "unit": [unit]}


def quote(text):
    return urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="")


def fill(node):
    """What is there to be found."""
    for i in range(6):
        bulk(node.port["bulk"], [(0, b"", attack(i))])
    node.wait_for(lambda: len(node.alerts()) == 6, 60)
    for i in range(3):
        unit = local(node, "units.add", parent=1, code=f"u{i}", name=f"Unit {i}", kind="site")["id"]
        local(node, "systems.add", code=f"s{i}", name=f"System {i}", unit=unit, level=i + 1, hosts=f"ws{i}")
        local(node, "incidents.open", title=f"Something at {i}", unit=unit)


def nothing_breaks_the_api(folder):
    print(f"# COLOA_SEED={SEED} COLOA_FUZZ_ROUNDS={ROUNDS}")
    doc = json.loads((ROOT / "doc/openapi.json").read_text(encoding="utf-8"))
    with Web(folder) as node:
        node.ready()
        fill(node)
        fuzz = Fuzz(node, Maker(doc["components"]["schemas"]))
        every = [(path, method, o) for path, method, o in operations() if o["operationId"] not in SKIPPED]
        begun = time.monotonic()
        for n in range(ROUNDS):
            if time.monotonic() - begun > SECONDS:
                print(f"# ended after {n} rounds", flush=True)
                break
            if n % 50 == 49:
                print(f"# round {n + 1}, {fuzz.n} requests in {time.monotonic() - begun:.0f} s", flush=True)
            if n % 10 == 0:
                fuzz.exercises()
            if fuzz.guesser.ask("GET", "/session")[0] == 401:
                fuzz.guesser.sign_in("guesser")
            fuzz.imports(folder)
            fuzz.maker.random.shuffle(every)
            for path, method, o in every:
                fuzz.one(path, method, o)
        print(f"# {fuzz.n} requests over {len(every)} operations in {time.monotonic() - begun:.0f} s: {dict(sorted(fuzz.statuses.items()))}")
        print(f"# files taken, by operation: {fuzz.taken}")
        deaths = [line for line in node.said().splitlines() if DEATHS.match(line)]
        assert not deaths, f"{len(deaths)} lines of processes and jobs that ended as they should not:\n" + "\n".join(deaths[:25]) + "\n" + "\n".join(fuzz.bad[:25])
        assert not fuzz.bad, f"{len(fuzz.bad)} answers are wrong:\n" + "\n".join(fuzz.bad[:25])
        died = {p["name"]: p["restarts"] for p in node.status()["processes"] if p["restarts"]}
        assert not died, died
        assert sum(n for s, n in fuzz.statuses.items() if s < 300) > len(every), "hardly anything was taken: the test asks the wrong way"
        # What is written is still whole.
        assert node.http("GET", "/api/v1/alerts", headers={"Cookie": fuzz.people[0].cookie})[0] == 200
    node.verify()


if __name__ == "__main__":
    run(nothing_breaks_the_api)
