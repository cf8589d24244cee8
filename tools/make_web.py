#!/usr/bin/env python3
"""Packs web/dist into one bundle that the build puts into the program (format: src/console/web_static.c); without it, an empty one.

Usage: make_web.py WEB_DIR OUTPUT DEPFILE
"""
import gzip
import hashlib
import pathlib
import struct
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".json": "application/json", ".woff2": "font/woff2",
         ".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json"}


def main() -> None:
    dist, out, dep = pathlib.Path(sys.argv[1]) / "dist", *map(pathlib.Path, sys.argv[2:4])
    blob = bytearray()
    files = sorted(p for p in dist.rglob("*") if p.is_file() and p.suffix in TYPES) if dist.is_dir() else []
    for path in files:
        name = path.relative_to(dist).as_posix()
        data = path.read_bytes()
        packed = gzip.compress(data, 9, mtime=0)
        if len(packed) > len(data) * 9 // 10:
            packed = b""
        tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'.encode()
        kind = TYPES[path.suffix].encode()
        blob += struct.pack("<6I", len(name.encode()), len(kind), len(tag), len(data), len(packed), name.startswith("assets/"))
        blob += name.encode() + kind + tag + data + packed
    if not out.exists() or out.read_bytes() != bytes(blob):
        out.write_bytes(bytes(blob))
    stamp = out.with_name("web_stamp.h")
    text = f"/* {hashlib.sha256(blob).hexdigest()} */\n"
    if not stamp.exists() or stamp.read_text() != text:
        stamp.write_text(text)
    dep.write_text(f"{out.name}: " + " ".join(str(f).replace(" ", "\\ ") for f in files) + "\n")


main()
