"""A scenario program: functions that assert, printed as TAP. Each gets a scratch folder; `coloa()` runs the program."""
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

PROGRAM = sys.argv[1]
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = os.environ.get("COLOA_TEST_DATA") or None


class Skip(Exception):
    pass


def data(*parts: str) -> pathlib.Path:
    """A path of the development data; skips the test aloud when it is not there."""
    if not DATA:
        raise Skip("no ../shared/data")
    return pathlib.Path(DATA, *parts)


def coloa(*args, stdin: bytes | None = None, cwd=None, env=None, timeout: int = 300):
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(env or {})}
    for keep in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if keep in os.environ:
            environ[keep] = os.environ[keep]
    return subprocess.run([PROGRAM, *map(str, args)], input=stdin, capture_output=True, cwd=cwd, env=environ,
                          timeout=timeout, check=False)


def run(*tests) -> None:
    failed = 0
    for number, test in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix="coloa-") as folder:
            try:
                test(pathlib.Path(folder))
                print(f"ok {number} - {test.__name__}", flush=True)
            except Skip as why:
                print(f"# skipped: {why}\nok {number} - {test.__name__} # SKIP", flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                for line in traceback.format_exc().splitlines():
                    print("#", line)
                print(f"not ok {number} - {test.__name__}", flush=True)
    print(f"1..{len(tests)}")
    sys.exit(1 if failed else 0)
