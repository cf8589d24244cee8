#!/usr/bin/env python3
"""Packs content/rules, content/logsources, content/intel, content/regimes, content/playbooks and content/scenarios into one bundle (src/wire/bundle.h) that the build puts into the program.

Usage: make_bundle.py CONTENT_DIR OUTPUT DEPFILE
"""
import hashlib
import json
import pathlib
import struct
import sys

KINDS = {"rules": 1, "logsources": 2, "placeholders": 3, "intel": 5, "regimes": 8, "playbooks": 9, "scenarios": 10}
ENDINGS = {"playbooks": "*.json", "scenarios": "*.yaml"}


def main() -> None:
    root, out, dep = map(pathlib.Path, sys.argv[1:4])
    blob = bytearray()
    files = []
    for folder, kind in KINDS.items():
        for path in sorted((root / folder).rglob(ENDINGS.get(folder, "*.yml"))):
            if "tests" in path.relative_to(root).parts:
                continue  # events that prove the rules: not needed at run time
            files.append(path)
            name = str(path.relative_to(root)).encode()
            data = path.read_bytes()
            if folder == "playbooks":  # as they mean, without their blanks
                data = json.dumps(json.loads(data), ensure_ascii=False, separators=(",", ":")).encode()
            blob += struct.pack("<III", kind, len(name), len(data)) + name + data
    if not out.exists() or out.read_bytes() != bytes(blob):
        out.write_bytes(bytes(blob))
    # The compiler does not know that an object depends on what it takes in by .incbin; it knows headers.
    stamp = out.with_name("content_stamp.h")
    text = f"/* {hashlib.sha256(blob).hexdigest()} */\n"
    if not stamp.exists() or stamp.read_text() != text:
        stamp.write_text(text)
    dep.write_text(f"{out.name}: " + " ".join(str(f).replace(" ", "\\ ") for f in files) + "\n")


main()
