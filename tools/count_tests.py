#!/usr/bin/env python3
"""Adds up TAP lines from meson's testlog.json files and ends with 'N passed, N failed, N skipped'.

A test program that died or timed out counts as a failure of its own even if all its lines said ok.
"""
import json
import re
import sys

LINE = re.compile(r"^(not )?ok\b([^#]*)(#\s*(SKIP|TODO)\b)?", re.IGNORECASE)


def main() -> int:
    passed = failed = skipped = 0
    why = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                test = json.loads(line)
                before = failed
                reason = ""
                for out in test.get("stdout", "").splitlines():
                    if out.startswith("# skipped:"):
                        reason = out[10:].strip()
                    found = LINE.match(out)
                    if not found:
                        continue
                    if found.group(4) and found.group(4).upper() == "SKIP":
                        skipped += 1
                        why.append(f"skipped: {test['name']}: {found.group(2).strip(' -0123456789')}: {reason}")
                    elif found.group(1):
                        failed += 1
                        why.append(f"FAILED: {test['name']}: {out}")
                    else:
                        passed += 1
                if test["result"] not in ("OK", "SKIP") and failed == before:
                    failed += 1
                    why.append(f"FAILED: {test['name']}: {test['result']} (exit status {test.get('returncode')})")
    print("\n".join(why))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


sys.exit(main())
