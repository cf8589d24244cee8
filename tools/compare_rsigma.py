#!/usr/bin/env python3
"""What rsigma and `coloa hunt` find in the same events with the same rules, and why they differ.

    tools/compare_rsigma.py [--rules DIR]… [--events FILE|DIR]… [--max N] [--rows FILE.c] [--json FILE]

Needs rsigma (PATH or COLOA_PEERS) and, without --rules and --events, COLOA_TEST_DATA. Every event gets a number as its
first field, so that hits of both can be joined. Rules that need a placeholder are left out on both sides.

Two comparisons, because the two treat log sources differently: rsigma takes a rule's log source for a label that may
prune (--logsource-routing: by product, service, category, where the event or the caller names them), Coloa for a
condition (channel, event id and so on, by maps).

  detection   rsigma as it comes, Coloa with every rule's `logsource` replaced by one that holds for all, no maps:
              values, modifiers and conditions only. A difference here is a difference in how Sigma is read.
  use         rsigma told the product (--product), Coloa as it comes.

Each difference in use gets a class:
  log source  only rsigma: the detection holds for Coloa too, but the event is of another log source
  fields      only Coloa: a field that the maps rename, or an alias (4688's NewProcessName as Image)
  label       only Coloa: rsigma finds it without pruning; the label it was told does not fit the event
  reading     none of these: also a difference under `detection`
Classes and differences in reading have tests with citations of the specification in test/unit/peers.c. --rows runs
rsigma over the rows of such a file (test/unit/match.c, peers.c) and shows where it answers otherwise.
Exit status 1 when the two read a rule differently.
"""
import argparse
import ast
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLOA = pathlib.Path(os.environ.get("COLOA", ROOT / "build" / "coloa"))
PATH = os.environ.get("COLOA_PEERS", "") + os.pathsep + os.environ["PATH"]
ACTIVE = ("rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance")
NUMBER = re.compile(rb'"coloa_n":\s*"?#(\d+)#')
BLOCK = re.compile(r"^logsource:.*\n(?:[ \t#].*\n|\n)*", re.MULTILINE)
RULE_ID = re.compile(r"^id:\s*['\"]?([0-9a-f-]{36})", re.MULTILINE)


def peer():
    return shutil.which("rsigma", path=PATH)


def prepare_rules(sources, out):
    """Copies to out/as-is and, without log sources, to out/bare. Returns id -> text."""
    rules = {}
    for source in sources:
        for path in sorted(source.rglob("*.yml")):
            text = path.read_text(encoding="utf-8")
            found = RULE_ID.search(text)
            if not found or "|expand" in text or found.group(1) in rules:
                continue
            rules[found.group(1)] = text
            name = path.relative_to(source.parent)
            for kind, body in (("as-is", text), ("bare", BLOCK.sub("logsource: {category: any}\n", text))):
                to = out / kind / name
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_text(body, encoding="utf-8")
    (out / "maps").mkdir()
    (out / "maps" / "any.yml").write_text("map: [{category: any, from: [{kind: json}]}]\n", encoding="utf-8")
    return rules


def prepare_events(sources, out, most):
    """All JSON lines, numbered, in one file. Returns their number."""
    n = 0
    with open(out, "wb") as to:
        for source in sources:
            for path in sorted(source.rglob("*.json")) if source.is_dir() else [source]:
                with open(path, "rb") as lines:
                    for line in lines:
                        line = line.strip()
                        if line[:1] == b"{" and len(line) > 2 and n < most:
                            to.write(b'{"coloa_n":"#%d#",' % n + line[1:] + b"\n")
                            n += 1
    return n


def run_rsigma(rules, events, log, *options):
    """Set of (rule, event) and the number of rules loaded."""
    hits = set()
    with open(log, "wb") as err:
        p = subprocess.Popen([peer(), "engine", "eval", "-r", str(rules), "-e", f"@{events}", "--include-event",
                              "--output-format", "ndjson", "--input-format", "json", *options], stdout=subprocess.PIPE, stderr=err)
        for line in p.stdout:
            rule, number = re.search(rb'"rule_id":\s*"([^"]+)"', line), NUMBER.search(line)
            if rule and number:
                hits.add((rule.group(1).decode(), int(number.group(1))))
        if p.wait() != 0:
            sys.exit(f"rsigma failed: see {log}")
    return hits


def run_coloa(rules, events, log, *options):
    hits = set()
    with open(log, "wb") as err:
        p = subprocess.Popen([str(COLOA), "hunt", "-q", "--format", "json", "-r", str(rules), "-o", "jsonl", *options, str(events)],
                             stdout=subprocess.PIPE, stderr=err)
        for line in p.stdout:
            rule, number = re.search(rb'"rule.id":"([^"]+)"', line), NUMBER.search(line)
            if rule and number:
                hits.add((rule.group(1).decode(), int(number.group(1))))
        if p.wait() not in (0, 1):
            sys.exit(f"coloa failed: see {log}")
    return hits


def classify(detection, use):
    """Differences in use: (side, class) -> set of (rule, event)."""
    ours, theirs = use
    classes = collections.defaultdict(set)
    for hit in theirs - ours:
        classes["only rsigma", "log source" if hit in detection[0] else "reading"].add(hit)
    for hit in ours - theirs:
        kind = "fields" if hit not in detection[0] else "label" if hit in detection[1] else "reading"
        classes["only coloa", kind].add(hit)
    return classes


def title(text):
    found = re.search(r"^title: *(.*)$", text, re.MULTILINE)
    return found.group(1) if found else "?"


def compare(o, tmp):
    data = pathlib.Path(os.environ.get("COLOA_TEST_DATA", "."))
    sigma = next(data.glob("sigma-rules-*"), data)
    rules = prepare_rules(o.rules or [sigma / a for a in ACTIVE], tmp)
    count = prepare_events(o.events or [data / "dev-set" / "json" / "otrf"], tmp / "events.json", o.max)
    events = tmp / "events.json"
    print(f"{len(rules):,} rules, {count:,} events")
    detection = (run_coloa(tmp / "bare", events, tmp / "coloa-bare.log", "--log-sources", str(tmp / "maps")),
                 run_rsigma(tmp / "as-is", events, tmp / "rsigma-bare.log"))
    use = (run_coloa(tmp / "as-is", events, tmp / "coloa.log"),
           run_rsigma(tmp / "as-is", events, tmp / "rsigma.log", "--logsource-routing", "--event-logsource", f"product={o.product}"))
    report = {"rules": len(rules), "events": count}
    for name, (ours, theirs) in (("detection", detection), ("use", use)):
        print(f"{name:<12} coloa {len(ours):>9,}   rsigma {len(theirs):>9,}   both {len(ours & theirs):>9,}   "
              f"only coloa {len(ours - theirs):,}   only rsigma {len(theirs - ours):,}")
        report[name] = {"coloa": len(ours), "rsigma": len(theirs), "only_coloa": len(ours - theirs), "only_rsigma": len(theirs - ours)}
    for (side, kind), hits in sorted(classify(detection, use).items()):
        print(f"  {side}, {kind}: {len(hits):,}")
        report["use"][f"{side}, {kind}"] = len(hits)
        for rule, n in collections.Counter(rule for rule, _ in hits).most_common(o.show):
            print(f"    {n:>7,}  {rule}  {title(rules[rule])}")
    for side, hits in (("only coloa", detection[0] - detection[1]), ("only rsigma", detection[1] - detection[0])):
        for rule, n in collections.Counter(rule for rule, _ in hits).most_common(o.show):
            number = min(n for r, n in hits if r == rule)
            print(f"  read differently, {side}: {n:,}  {rule}  {title(rules[rule])}, first event {number}")
    if o.json:
        pathlib.Path(o.json).write_text(json.dumps(report, indent=1), encoding="utf-8")
    return detection[0] == detection[1]


LITERAL = r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*'
ROW = re.compile(rf"\{{(?:S\(({LITERAL})\)|({LITERAL})),\s*({LITERAL}),\s*(true|false)\}}")


def c_string(text):
    return "".join(ast.literal_eval(x.replace("\\?", "?")) for x in re.findall(r'"(?:[^"\\]|\\.)*"', text))


def rows(path, tmp):
    """rsigma over the one-line tests of a C file, one run each, as it gives a folder up at the first refused rule."""
    shown = total = 0
    for group in re.finditer(r'ROWS\("test",(.*?)\);\n', path.read_text(encoding="utf-8"), re.DOTALL):
        for row in ROW.finditer(group.group(1)):
            detection = "{s: {" + c_string(row.group(1)) + "}, condition: s}" if row.group(1) else c_string(row.group(2))
            event, expected = c_string(row.group(3)), row.group(4) == "true"
            (tmp / "row.yml").write_text(f"title: row\nid: 11111111-1111-4111-8111-111111111111\n"
                                         f"logsource: {{category: test}}\ndetection: {detection}\nlevel: low\n", encoding="utf-8")
            (tmp / "row.json").write_text(event + "\n", encoding="utf-8")
            p = subprocess.run([peer(), "engine", "eval", "-r", str(tmp / "row.yml"), "-e", f"@{tmp / 'row.json'}",
                                "--input-format", "json", "--output-format", "ndjson"], capture_output=True, check=False)
            total += 1
            refused = p.returncode != 0 or b"rror" in p.stderr
            if refused or (b'"rule_id"' in p.stdout) != expected:
                shown += 1
                print(f"{'refused ' if refused else 'otherwise'}  {detection}   {event}   coloa: {'hit' if expected else 'none'}")
    print(f"{path.name}: {total} rows, {shown} answered otherwise by rsigma")
    return True


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--rules", action="append", type=pathlib.Path, help="a folder of rules; default: SigmaHQ's active ones")
    p.add_argument("--events", action="append", type=pathlib.Path, help="JSON lines; default: json/otrf of the development data")
    p.add_argument("--product", default="windows", help="what rsigma is told the events are")
    p.add_argument("--max", type=int, default=10**9, help="of events, at most")
    p.add_argument("--show", type=int, default=8, help="rules of each class to name")
    p.add_argument("--rows", action="append", type=pathlib.Path, help="instead: the one-line tests of a C file")
    p.add_argument("--json", help="the counts, to this file")
    o = p.parse_args()
    if not peer():
        sys.exit("compare_rsigma: rsigma is not on PATH or in COLOA_PEERS")
    with tempfile.TemporaryDirectory(prefix="coloa-compare-") as tmp:
        well = all([rows(f, pathlib.Path(tmp)) for f in o.rows]) if o.rows else compare(o, pathlib.Path(tmp))
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
