#!/usr/bin/env python3
"""Enforces who may include whom: a room includes base, os, wire and the rooms above it (ARCHITECTURE.md).

Also: only os/ may include the kernel's headers, and every header has a guard of its path's name.
Usage: check_includes.py ROOT; prints FILE:LINE: what is wrong, as TAP; exit status 1 when anything is.
"""
import pathlib
import re
import sys

# In the order that data flows; a room may include itself and what it lists.
FOUNDATION = {"base", "wire"}
MAY = {
    "base": set(),
    "os": {"base"},
    "wire": {"base"},
    "decode": FOUNDATION,
    "ingest": FOUNDATION | {"os", "decode"},
    "store": FOUNDATION | {"os"},
    "intel": FOUNDATION,
    "rules": FOUNDATION | {"os", "decode", "intel"},
    "seek": FOUNDATION | {"decode", "store", "rules", "scan"},
    "correlate": FOUNDATION | {"os", "rules"},
    "reader": FOUNDATION | {"exercise"},
    "exercise": FOUNDATION | {"rules", "report"},
    "desk": FOUNDATION | {"os", "mender", "rules", "correlate", "reader", "scan", "seek", "exercise"},
    "act": FOUNDATION | {"os"},
    "courier": FOUNDATION | {"os"},
    "mender": FOUNDATION,
    "vault": FOUNDATION,
    "scan": FOUNDATION,
    "report": FOUNDATION | {"rules"},
    "press": FOUNDATION,
    "console": FOUNDATION | {"os"},
    "main": FOUNDATION | {"os", "decode", "ingest", "store", "intel", "rules", "seek", "correlate", "desk", "vault",
                            "scan", "report", "press", "act", "console", "courier", "mender", "reader", "exercise"},
}
# Headers whose functions reach the kernel: os/ alone calls them. main/ may name signals, poll and file constants, console/ poll.
KERNEL = {"sys/socket.h", "sys/mman.h", "sys/epoll.h", "sys/wait.h", "sys/prctl.h", "sys/syscall.h", "sys/ioctl.h",
          "dirent.h", "fcntl.h", "poll.h", "sched.h", "signal.h", "sys/stat.h", "sys/random.h", "netdb.h", "glob.h"}
KERNEL_CONSTANTS = {"main": {"fcntl.h", "poll.h", "signal.h", "sys/wait.h"}, "console": {"poll.h"}, "courier": {"poll.h"}, "act": {"fcntl.h"}}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def check_file(path: pathlib.Path, src: pathlib.Path) -> list[str]:
    room = path.relative_to(src).parts[0]
    bad = []
    text = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(text, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        kind, name = found.groups()
        where = f"{path}:{number}"
        if kind == '"':
            other = name.split("/")[0]
            if name == "content_stamp.h":
                continue  # made by the build: depends on the content's bytes
            if "/" not in name:
                bad.append(f'{where}: include "{room}/{name}", not "{name}": name the room')
            elif other != room and other not in MAY.get(room, set()):
                bad.append(f"{where}: {room}/ may not include {other}/")
        elif name in KERNEL and room != "os" and name not in KERNEL_CONSTANTS.get(room, set()):
            bad.append(f"{where}: only os/ calls the kernel: <{name}>")
    if path.suffix == ".h" and not path.name.endswith(("_table.h", "_body.h")):
        guard = str(path.relative_to(src)).upper().replace("/", "_").replace(".", "_")
        if not any(line.startswith(f"#ifndef {guard}") for line in text):
            bad.append(f"{path}:1: no include guard {guard}")
    return bad


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    src = root / "src"
    bad = []
    for path in sorted(src.rglob("*.[ch]")):
        if path.relative_to(src).parts[0] not in MAY:
            bad.append(f"{path}:1: no such room: add it to tools/check_includes.py and ARCHITECTURE.md")
            continue
        bad += check_file(path, src)
    for line in bad:
        print("#", line)
    print(f"{'not ' if bad else ''}ok 1 - every room keeps to its place\n1..1")
    return 1 if bad else 0


sys.exit(main())
