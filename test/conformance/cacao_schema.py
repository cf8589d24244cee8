#!/usr/bin/env python3
"""Our playbooks, and OASIS's examples of the development data, against the JSON schemas of OASIS (repository
oasis-open/cacao-json-schemas, folder schemas/). What is exported is what came, byte for byte (test/scenario/playbooks.py).

Usage: cacao_schema.py CONTENT_DIR; COLOA_CACAO_SCHEMAS names the folder, else .cache/schemas/cacao/schemas (./dev schemas). Without it, or without
python3-jsonschema, it is skipped aloud. The schemas say draft 7, and are read as that. Prints TAP.
"""
import json
import os
import pathlib
import sys

BASE = "https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/"


def skip(why: str) -> None:
    print(f"1..1\n# skipped: {why}\nok 1 - playbooks # SKIP {why}")
    sys.exit(0)


def main() -> None:
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    folder = os.environ.get("COLOA_CACAO_SCHEMAS") or pathlib.Path(os.environ.get("COLOA_CACHE") or root / ".cache", "schemas/cacao/schemas")
    examples = pathlib.Path(os.environ.get("COLOA_TEST_DATA", "/nowhere"), "dev-set/reference/cacao/oasis-tcs/Examples/CACAO-2.0")
    if not pathlib.Path(folder, "playbook.json").is_file():
        skip("no schemas of OASIS (./dev schemas brings them, COLOA_CACAO_SCHEMAS names them)")
    try:
        import jsonschema
    except ImportError:
        skip("python3-jsonschema is not there")
    store = {BASE + str(p.relative_to(folder)): json.loads(p.read_text(encoding="utf-8"))
             for p in pathlib.Path(folder).rglob("*.json")}
    top = store[BASE + "playbook.json"]
    validator = jsonschema.Draft7Validator(top, resolver=jsonschema.RefResolver(BASE + "playbook.json", top, store=store))
    bad = 0
    ours = sorted(pathlib.Path(sys.argv[1], "playbooks").glob("*.json"))
    # One is no playbook; one has an agent type of its own, which the schemas do not know.
    known = [examples / n for n in ("basic-example-1.json", "spec-3.1-example.json") if (examples / n).is_file()]
    files = ours + known
    for n, path in enumerate(files, 1):
        faults = list(validator.iter_errors(json.loads(path.read_text(encoding="utf-8"))))
        for f in faults[:10]:
            print(f"# /{'/'.join(map(str, f.absolute_path))}: {f.message[:200]}")
        print(f"{'not ok' if faults else 'ok'} {n} - {path.name}")
        bad += bool(faults)
    print(f"1..{len(files)}")
    sys.exit(1 if bad or len(ours) < 10 else 0)


main()
