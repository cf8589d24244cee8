"""Every operation of doc/openapi.json over HTTP as every role, inside the unit it was given for and outside. What is expected comes
from src/wire/permission.h, read here by itself; requests are made from the schemas, with numbers of things that are there.
permissions_apart.py has what needs one of everything: people of another unit, and a guest."""
import json
import re
import subprocess
import time

from api import Web
from node_world import environment
from people import PASSWORD, Browser, enrol, one_time
from tap import PROGRAM, ROOT, run

LETTERS = dict(zip(("officer", "handler", "lead", "approver", "owner", "inspector", "liaison", "trainee", "admin",
                    "organiser", "jury", "red_team"), "OHLASINTMEJR"))
SKIPPED = {"events.follow"}  # a stream without an end


def table() -> dict:
    header = (ROOT / "src/wire/permission.h").read_text(encoding="utf-8")
    out = dict(re.findall(r'X\("([a-z_.]+)",\s*"([A-Z]+)"', header))
    assert len(out) == header.count('X("'), "every line was read"
    return out


def operations() -> list:
    doc = json.loads((ROOT / "doc/openapi.json").read_text(encoding="utf-8"))
    return [(path, method.upper(), o) for path, methods in sorted(doc["paths"].items()) for method, o in methods.items()
            if isinstance(o, dict) and "operationId" in o]


def local(node, op, **fields) -> dict:
    args = [f"{k}={v if isinstance(v, str) else json.dumps(v)}" for k, v in fields.items()]
    r = subprocess.run([PROGRAM, "api", op, *args, "-c", node.config], capture_output=True, env=environment(), timeout=30)
    assert r.returncode == 0, (op, fields, r.stderr.decode())
    return json.loads(r.stdout) if r.stdout.strip() else {}


class Things:
    """What there is in a unit, new for each operation that may change it."""
    count = 0

    def __init__(self, node, unit):
        Things.count += 1
        n = f"t{Things.count}"
        self.unit = unit
        self.child = local(node, "units.add", parent=unit, code=n, name=n, kind="site")["id"]
        self.person = local(node, "people.add", login=n, name=n, unit=unit)["id"]
        self.grant = local(node, "roles.give", id=self.person, role="officer", unit=unit)["id"]
        self.system = local(node, "systems.add", code=n, name=n, unit=unit, level=2)["id"]
        self.duty = local(node, "duty.add", unit=unit, person=self.person, since="2026-11-23T00:00:00Z", until="2026-11-24T00:00:00Z")["id"]
        self.incident = local(node, "incidents.open", title=f"what {n}", unit=unit)["id"]

    def of(self, op, name):
        """The thing that a field of that name means; None: none of these."""
        by_path = {"units": self.child, "people": self.person, "roles": self.person, "systems": self.system, "duty": self.duty, "incidents": self.incident}
        if name == "id":
            return by_path.get(op.split(".")[0])
        return {"unit": self.unit, "parent": self.unit, "person": self.person, "grant": self.grant}.get(name)


def value(op, name, schema, things):
    """The plainest that the schema takes."""
    if isinstance(schema.get("type"), list):
        schema = {**schema, "type": schema["type"][0]}
    kind = schema.get("type")
    if kind == "integer" and (found := things.of(op, name)) is not None:
        return max(found, schema.get("minimum", found))
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "integer":
        return max(schema.get("minimum", 1), 1)
    if kind == "boolean":
        return False
    if kind == "array":
        return [value(op, name, schema["items"], things)]
    if kind == "object":
        return {k: value(op, k, s, things) for k, s in schema.get("properties", {}).items() if k in schema.get("required", [])}
    if schema.get("format") == "date-time":
        return "2026-11-22T00:00:00Z"
    if "examples" in schema:
        return schema["examples"][0]
    Things.count += 1
    if op.startswith("livefire.") and name in ("source", "sources", "addresses", "address"):
        return "10.0.0.7"
    text = {"csv": "code\nx\n", "permissions": "people.read"}.get(name, f"text{Things.count}")
    return text.ljust(schema.get("minLength", 0), "x")[:schema.get("maxLength", 1000)]


def request(path, o, things):
    """(path, body) of an operation about these things."""
    op, query = o["operationId"], []
    for p in o.get("parameters", []):
        if p["in"] == "path":
            path = path.replace("{" + p["name"] + "}", str(value(op, p["name"], p["schema"], things)))
        elif p.get("required"):
            query.append(f"{p['name']}={value(op, p['name'], p['schema'], things)}")
    schema = o.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    body = value(op, "", schema, things) if schema else None
    if schema and "unit" in schema.get("properties", {}) and op != "people.change":
        body["unit"] = things.unit
    return path + ("?" + "&".join(query) if query else ""), body


def of_a_unit(o) -> bool:
    """Whether the request names something whose unit decides."""
    op, names = o["operationId"], [p["name"] for p in o.get("parameters", []) if p["in"] == "path"]
    schema = o.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    names += list(schema.get("properties", {}))
    return op.split(".")[0] in ("units", "people", "roles", "systems", "duty", "incidents") and \
        not op.endswith(".import") and any(n in names for n in ("id", "unit", "parent"))


def signed_in(node, login, unit, role=None) -> Browser:
    who = local(node, "people.add", login=login, name=login, unit=unit)["id"]
    local(node, "roles.give", id=who, role=role or login, unit=unit)
    b = Browser(node)
    for _ in range(30):
        if b.sign_in(login, one_time(node, login))[0] == 200:
            break
        time.sleep(0.5)
    assert b.post("/session/password", new=PASSWORD)[0] == 200
    enrol(b)
    return b


def ask(b, method, path, body):
    """Once more when it is told to be too much at once: that is no answer to the question."""
    for _ in range(50):
        status, answer = b.ask(method, path.removeprefix("/api/v1"), body)
        if status != 429:
            return status, answer
        time.sleep(0.2)
    raise AssertionError("429 without an end")


def verdict(o, role, place, status, answer, allowed):
    """None, or what is wrong."""
    code = answer.get("code") if isinstance(answer, dict) else None
    inner = sum(p["in"] == "path" for p in o.get("parameters", [])) > 1  # a thing of a thing: which there is none of
    refused = status in (403, 404)
    fine = status not in (0, 401, 500) and (not refused or (status == 404 and inner)) if allowed else refused
    return None if fine else f"{o['operationId']} as {role}, {place}: {status} {code}, which is not {'allowed' if allowed else 'refused'}"


def every_operation_as_every_role(folder):
    with Web(folder) as node:
        node.ready()
        a, b = (local(node, "units.add", parent=1, code=c, name=c, kind="site")["id"] for c in "ab")
        who = {role: signed_in(node, role, a) for role in LETTERS}
        letters, bad, tried, begun = table(), [], 0, time.monotonic()
        inside, outside = Things(node, a), Things(node, b)
        # Who begins a drill alone is lent rights for it (doc/exercises.md): that comes last.
        last = lambda row: row[2]["operationId"] == "exercises.solo"  # noqa: E731
        for path, method, o in sorted(operations(), key=last):
            permission = o.get("x-permission")
            if not permission or o["operationId"] in SKIPPED:
                continue
            for role, browser in who.items():
                holds = LETTERS[role] in letters[permission]
                places = [("inside", inside, holds), ("outside", outside, False)] if of_a_unit(o) else [("anywhere", inside, holds)]
                for place, things, allowed in places:
                    status, answer = ask(browser, method, *request(path, o, things))
                    tried += 1
                    wrong = None
                    if place == "anywhere" and allowed:  # which alert, which file: not the question here
                        wrong = f"{o['operationId']} as {role}: {status} {answer}" if status in (0, 401, 500) or \
                            (status == 403 and answer.get("code") == "not_allowed") else None
                    else:
                        wrong = verdict(o, role, place, status, answer, allowed)
                    if wrong:
                        bad.append(wrong)
                    if place == "inside" and allowed and method != "GET":
                        inside = Things(node, a)
        print(f"# {tried} requests in {time.monotonic() - begun:.0f} s")
        assert tried > 500 and not bad, "\n".join(bad[:40])


def nobody_may_anything(folder):
    with Web(folder) as node:
        node.ready()
        things = type("None", (), {"of": lambda *_: 1, "unit": 1})()
        for path, method, o in operations():
            if not o.get("x-permission") or o["operationId"] in SKIPPED:
                continue
            for cookie in (None, "coloa_session=" + "ab" * 32):
                nobody = Browser(node)
                nobody.cookie = cookie
                status, answer = ask(nobody, method, *request(path, o, things))
                assert status == 401, (o["operationId"], status, answer)


if __name__ == "__main__":
    run(every_operation_as_every_role, nobody_may_anything)
