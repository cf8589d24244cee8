"""What is written is what the code does: every key of the configuration, every system call and path of every process."""
import collections
import re

from tap import ROOT, coloa, run

SRC = ROOT / "src"
CODE = re.compile(r"`([a-z0-9_]+)`")


def text(path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def without_comments(c: str) -> str:
    return re.sub(r"/\*.*?\*/", "", c, flags=re.S)


def tables_of_config() -> dict:
    """{"top_keys": ["directory", …], …} from src/main/config.c."""
    c = without_comments(text("src/main/config.c") + text("src/main/config_signin.c") + text("src/main/config_recovery.c"))
    out = {name: re.findall(r'\{"([a-z-]+)",', body) for name, body in
           re.findall(r"static const struct key ([a-z_]+)\[\] = \{(.*?)\n\};", c, flags=re.S)}
    assert len(out) >= 5 and len(out["top_keys"]) > 10, out
    return out


def every_key_is_explained(_):
    doc = text("doc/configuration.md")
    explained = {}
    for name, body in re.findall(r"<!-- keys: ([a-z_]+) -->\n(.*?)<!-- keys: end -->", doc, flags=re.S):
        rows = [line for line in body.splitlines() if line.startswith("| `")]
        explained[name] = [re.match(r"\| `([^`]+)`", row)[1] for row in rows]
        for row in rows:
            cells = re.split(r"(?<!\\)\|", row)[1:-1]
            assert len(cells) == 4 and all(c.strip() for c in cells), row
    for name, keys in tables_of_config().items():
        assert sorted(explained.get(name, [])) == sorted(keys), (name, set(keys) ^ set(explained.get(name, [])))
    assert set(explained) == set(tables_of_config())


def the_shipped_file_has_every_key(folder):
    """As it says of itself; and all that is commented out is right when it is not (but alternatives within a map)."""
    shipped = text("content/coloa.yaml")
    for name, keys in tables_of_config().items():
        missing = [k for k in keys if not re.search(rf"(^|[\s#{{-]){re.escape(k)}:", shipped, re.M)]
        assert not missing, (name, missing)
    plain = "\n".join(re.sub(r"^(\s{0,2})# (?=[a-z-]+:|  [a-z-]+:|- )", r"\1", line) for line in shipped.splitlines())
    (folder / "all.yaml").write_text(plain.replace("/etc/coloa", str(folder)) + "\n", encoding="utf-8")
    r = coloa("doctor", "-c", folder / "all.yaml", "--json")
    assert b'"check":"configuration","text":"' in r.stdout and b'"level":"error","check":"configuration"' not in r.stdout, r.stdout.decode()


def permissions_are_those_of_the_table(_):
    """doc/people.md and its Vietnamese against src/wire/permission.h."""
    letters = "OHLASINTMGEJR"
    header = text("src/wire/permission.h").replace("\\\n", "\n")
    table = {name: (roles, en, vi) for name, roles, en, vi in
             re.findall(r'X\("([a-z_.]+)",\s*"([A-Z]+)",\s*"([^"]*)",\s*"([^"]*)"\)', header)}
    assert len(table) == header.count('X("') and len(table) > 30
    for path, column in (("doc/people.md", 1), ("doc/people.vi.md", 2)):
        body = re.search(r"<!-- permissions: begin -->\n(.*?)<!-- permissions: end -->", text(path), flags=re.S)[1]
        rows = [[c.strip() for c in line.split("|")[1:-1]] for line in body.splitlines() if line.startswith("| `")]
        said = {row[0].strip("`"): ("".join(x for x, dot in zip(letters, row[2:]) if dot), row[1]) for row in rows}
        assert said == {n: ("".join(x for x in letters if x in t[0]), t[column]) for n, t in table.items()}, path


# ---- the sandbox ----

def names_in(array: str) -> set:
    return set(re.findall(r"SCMP_SYS\((\w+)\)", array))


def sandbox() -> tuple:
    """The common calls, and {job: calls} as src/os/sandbox.c has them in a release build."""
    c = re.sub(r"#if defined\(__SANITIZE_ADDRESS__\).*?#(?:endif|else)", "", without_comments(text("src/os/sandbox.c")), flags=re.S)
    arrays = {n: names_in(body) for n, body in re.findall(r"static const int calls_(\w+)\[\] = \{(.*?)\};", c, flags=re.S)}
    enum = re.search(r"enum sandbox_job \{(.*?)\};", without_comments(text("src/os/sandbox.h")), flags=re.S)[1]
    jobs = {j: set() for j in re.findall(r"SANDBOX_(\w+)", enum)}
    fill = re.search(r"static int fill_filter\(.*?\n\}", c, flags=re.S)[0]
    assert "calls_common" in fill
    common = arrays.pop("common") | names_in(re.search(r"seccomp_rule_add\(c, SCMP_ACT_ALLOW, SCMP_SYS\(mmap\).*?;", fill, flags=re.S)[0])
    used = set()
    lines = [(job, rest) for condition, rest in re.findall(r"if \(([^()]*job == SANDBOX_[^()]*)\)\s+r = ([^;]+);", fill)
             for job in re.findall(r"job == SANDBOX_(\w+)", condition)]
    for job, rest in lines:
        array = re.search(r"calls_(\w+)", rest)
        own = re.match(r"(allow_\w+)\(c\)", rest)
        if own:  # a function of its own
            body = re.search(rf"static int {own[1]}\(.*?\n\}}", c, flags=re.S)[0]
            array = re.search(r"calls_(\w+)", body)
            jobs[job] |= names_in(body)
        jobs[job] |= arrays[array[1]]
        used.add(array[1])
    assert used == set(arrays), f"lists of no job: {set(arrays) ^ used}"
    allowed = sum(len(re.findall(r"SCMP_ACT_ALLOW", x)) for x in (c,))
    assert allowed == 6, "another way to allow a call: teach it to this test"
    return common, jobs


def rows_of_the_table() -> list:
    table = re.search(r"<!-- sandbox table: begin -->\n(.*?)<!-- sandbox table: end -->", text("doc/node.md"), flags=re.S)[1]
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert all(len(r) == 5 and all(r) for r in rows), rows
    return rows


def the_table_of_system_calls_is_the_code(_):
    common, jobs = sandbox()
    first, *rows = rows_of_the_table()
    assert set(CODE.findall(first[4])) == common, set(CODE.findall(first[4])) ^ common
    seen = collections.Counter()
    for process, job, _paths, _holds, calls in rows:
        job = job.strip("`")
        seen[job] += 1
        said = set() if calls == "none" else set(CODE.findall(calls))
        if calls.startswith("as the `store`, and "):
            said = said - {"store"} | jobs["STORE"]
        assert said == jobs[job], (process, said ^ jobs[job])
    assert set(seen) == set(jobs) and set(seen.values()) == {1}, (seen, jobs)


def the_table_of_paths_is_the_code(_):
    enters, names = {}, collections.defaultdict(set)
    for path in SRC.glob("main/*.c"):
        c = path.read_text(encoding="utf-8")
        allows = re.search(r"\bsandbox_allow_(directory|root|reading)\(", c) is not None
        for job in re.findall(r"sandbox_enter\(SANDBOX_(\w+)", c):
            assert enters.get(job, allows) == allows, (job, path)
            enters[job] = allows
            if path.name.startswith("process_"):
                names[job].add(path.stem.removeprefix("process_").replace("listen", "ingest"))
    rows = {r[1].strip("`"): r for r in rows_of_the_table()[1:]}
    assert set(enters) == set(rows), set(enters) ^ set(rows)
    for job, row in rows.items():
        assert (row[2] != "none") == enters[job], row
        assert set(CODE.findall(row[0])) == names[job] or not names[job], (row[0], names[job])
    # Landlock's only rule is that directory; nothing else is let through.
    c = without_comments(text("src/os/sandbox.c"))
    assert c.count("SYS_landlock_add_rule") == 1
    assert not re.search(r"\bsandbox_allow_(?:directory|root|reading)\(", "".join(p.read_text(encoding="utf-8") for p in SRC.rglob("*.c")
                                                                 if p.parent.name not in ("main", "os")))


def the_architecture_is_the_code(_):
    """The rules of the flow, and which room may include which."""
    doc = text("ARCHITECTURE.md")
    in_code = dict(re.findall(r"\* +(F\d)\. (.{20})", text("src/main/flow.h")))
    in_doc = dict(re.findall(r"- \*\*(F\d)\.\*\* (.{20})", doc))
    assert in_code and {k: v.replace("`", "")[:12] for k, v in in_doc.items()} == {k: v[:12] for k, v in in_code.items()}, (in_code, in_doc)
    scope = {}
    exec(compile(re.search(r"^FOUNDATION = .*?^\}$", text("tools/check_includes.py"), re.S | re.M)[0], "MAY", "exec"), scope)  # pylint: disable=exec-used
    table = dict(re.findall(r"^\| `(\w+)` \| .* \| ([^|]+) \|$", doc[doc.index("## Rooms"):], re.M))
    assert set(table) == set(scope["MAY"]), set(table) ^ set(scope["MAY"])
    for room, may in scope["MAY"].items():
        said = set() if table[room] == "–" else set(scope["MAY"]) - {room} if table[room] == "all" else set(table[room].split(", "))
        assert said == may or said | {"wire"} == may, (room, said ^ may)


def the_api_is_the_code(_):
    """doc/openapi.json is what `coloa api openapi` prints."""
    r = coloa("api", "openapi")
    assert r.returncode == 0 and r.stdout == (ROOT / "doc/openapi.json").read_bytes(), "run: coloa api openapi > doc/openapi.json"


def each_line_of_asvs_has_its_test(_folder):
    """doc/asvs.md names tests that exist, or says that there is none."""
    kinds = {"unit": "test/unit/{}.c", "fault": "test/fault/{}", "scenario": "test/scenario/{}.py", "package": "test/package/{}.py", "web": "web/test/{}.test.ts"}
    bad, tests, rows = [], 0, 0
    for row in (ROOT / "doc/asvs.md").read_text(encoding="utf-8").splitlines():
        cells = [c.strip() for c in row.split("|")]
        if len(cells) != 5 or not cells[1][:1].isdigit():
            continue
        rows, text = rows + 1, None
        if not re.findall("`[^`]+`", cells[3]) and not ("n/a" in cells[3] or "**Short**" in cells[2]):
            bad.append(f"{cells[1]}: no test")
        for name in re.findall("`([^`]+)`", cells[3]):
            if m := re.match(r"([a-z]+)/(\w+): (.+)", name):
                at = kinds[m[1]].format(m[2])
                path = next((p for p in (ROOT / at, ROOT / f"{at}.c", ROOT / f"{at}.py") if p.is_file()), None)
                text, name = path.read_text(encoding="utf-8") if path else "", m[3]
            tests += 1
            if not text or not re.search(r"(?<!\w)" + re.escape(name) + r"(?!\w)", text):
                bad.append(f"{cells[1]}: {name}")
    assert rows > 80 and tests > 90 and not bad, (rows, tests, bad)


def links_lead_somewhere(_):
    for path in [*ROOT.glob("*.md"), *ROOT.glob("doc/*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def what_is_in_both_languages_has_the_same_parts(_):
    for vi in ROOT.glob("doc/*.vi.md"):
        en = vi.with_name(vi.name.replace(".vi.md", ".md"))
        en = en if en.exists() else vi.with_name(vi.name.replace(".vi.md", ".en.md"))
        parts = [re.findall(r"^(#+) ", p.read_text(encoding="utf-8"), re.M) for p in (en, vi)]
        # Formats for programs may stand in English alone.
        assert parts[0][:len(parts[1])] == parts[1] and len(parts[1]) >= 3, (en.name, parts)


if __name__ == "__main__":
    run(every_key_is_explained, the_shipped_file_has_every_key, the_table_of_system_calls_is_the_code,
        the_table_of_paths_is_the_code, the_architecture_is_the_code, permissions_are_those_of_the_table, the_api_is_the_code, each_line_of_asvs_has_its_test, links_lead_somewhere, what_is_in_both_languages_has_the_same_parts)
