#!/usr/bin/env python3
"""Our playbooks against the JSON schemas of OASIS (repository oasis-open/cacao-json-schemas, folder schemas/).

Usage: cacao_schema.py CONTENT_DIR; COLOA_CACAO_SCHEMAS names the folder. Without it, or without python3-jsonschema, it is skipped aloud. Prints TAP.
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
    folder = os.environ.get("COLOA_CACAO_SCHEMAS") or os.path.join(os.environ.get("COLOA_TEST_DATA", "/nowhere"),
                                                                   "dev-set/reference/cacao/schemas")
    if not pathlib.Path(folder, "playbook.json").is_file():
        skip("COLOA_CACAO_SCHEMAS is not set (OASIS's schemas are not in the development data)")
    try:
        import jsonschema
    except ImportError:
        skip("python3-jsonschema is not there")
    store = {BASE + str(p.relative_to(folder)): json.loads(p.read_text(encoding="utf-8"))
             for p in pathlib.Path(folder).rglob("*.json")}
    top = store[BASE + "playbook.json"]
    validator = jsonschema.Draft7Validator(top, resolver=jsonschema.RefResolver(BASE + "playbook.json", top, store=store))
    bad = 0
    files = sorted(pathlib.Path(sys.argv[1], "playbooks").glob("*.json"))
    for n, path in enumerate(files, 1):
        faults = list(validator.iter_errors(json.loads(path.read_text(encoding="utf-8"))))
        for f in faults[:10]:
            print(f"# /{'/'.join(map(str, f.absolute_path))}: {f.message[:200]}")
        print(f"{'not ok' if faults else 'ok'} {n} - {path.name}")
        bad += bool(faults)
    print(f"1..{len(files)}")
    sys.exit(1 if bad or len(files) < 10 else 0)


main()
