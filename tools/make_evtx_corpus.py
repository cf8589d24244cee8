#!/usr/bin/env python3
"""Makes the small inputs under test/fuzz/corpus/evtx/ and test/unit's sample of odd binary XML.

    make_evtx_corpus.py FOLDER

Each file is one chunk without a file header, cut off behind its last record, so that a fuzzer has little to change in
vain: one per construct of binary XML and one per kind of damage that the reader mends."""

import os
import struct
import sys
import zlib

import make_evtx
from make_evtx import CHUNK_HEADER, Chunk, TYPES

SYSTEM = {"Provider": {"Name": "P", "Guid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"}, "EventID": 7,
          "Channel": "System", "Computer": "c", "TimeCreated": "2026-01-02T03:04:05.6Z",
          "Correlation": {"ActivityID": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"}, "Security": {"UserID": "S-1-5-18"}}
ALL = {
    "String": "Việt", "AnsiString": "caf\u00e9", "Int8": -3, "UInt8": 200, "Int16": -300, "UInt16": 60000, "Int32": -5,
    "UInt32": 5, "Int64": -6, "UInt64": 2**63, "Real32": 1.5, "Real64": 0.1, "Bool": True, "Binary": "00ff",
    "Guid": "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", "SizeT": "0x7ff", "FileTime": "2026-01-02T03:04:05Z",
    "SysTime": "2026-01-02T03:04:05.678Z", "Sid": "S-1-5-21-1-2-3-500", "HexInt32": "0x3e7",
    "HexInt64": "0xffffffffffffffff", "Null": None,
}


def event(**rest):
    return {"System": dict(SYSTEM), **rest}


def cut(chunk):
    return chunk.finish()[:len(chunk.b)]


def of_events(*events):
    c = Chunk(1)
    for i, e in enumerate(events):
        c.add(e, i + 1)
    return c


def raw_record(c, write, number=1):
    """A record whose binary XML `write` writes."""
    start = len(c.b)
    c.b += struct.pack("<4sIQQ", b"**\0\0", 0, number, make_evtx.filetime("2026-01-02T03:04:05Z"))
    write(c)
    c.b += b"\0" * (-(len(c.b) + 4) % 8)
    size = len(c.b) + 4 - start
    c.b += struct.pack("<I", size)
    struct.pack_into("<I", c.b, start + 4, size)
    c.last, c.last_offset = number, start
    c.count += 1
    return c


def plain_xml(c):
    """No template: text of several pieces, CDATA, references, a processing instruction, an attribute of constants."""
    c.b += b"\x0f\x01\x01\x00"

    def inner():
        def pieces():
            c.b += b"\x45\x01" + text("a")
            c.b += b"\x49"
            c.name("amp")
            c.b += b"\x49"
            c.name("unknown")
            c.b += b"\x48" + struct.pack("<H", 0xE9)
            c.b += b"\x07" + text("<cdata>")
            c.b += b"\x0a"
            c.name("pi")
            c.b += b"\x0b" + text("data")
        leaf(c, "Data", [("Name", "Mixed")], pieces)
        leaf(c, "Typed", [], lambda: c.b.extend(b"\x05\x0f" + bytes(range(16))))
        leaf(c, "Data", [("Name", "Empty")], lambda: None)
        leaf(c, "Data", [], lambda: c.text("first"))
        leaf(c, "Data", [], lambda: c.text("second"))
        leaf(c, "Data", [("Name", "Twice")], lambda: c.text("1"))
        leaf(c, "Data", [("Name", "Twice"), ("Type", "t")], lambda: c.text("2"))
    leaf(c, "Event", [], lambda: leaf(c, "EventData", [("Name", "T")], inner))
    c.b.append(0)


def text(s):
    return struct.pack("<H", len(s.encode("utf-16-le")) // 2) + s.encode("utf-16-le")


def leaf(c, name, attributes, body):
    start = len(c.b)
    c.b += struct.pack("<BHI", 0x41 if attributes else 0x01, 0xFFFF, 0)
    c.name(name)
    if attributes:
        at = len(c.b)
        c.b += b"\0\0\0\0"
        for i, (key, piece) in enumerate(attributes):
            c.b.append(0x46 if i + 1 < len(attributes) else 0x06)
            c.name(key)
            c.text(piece)
        struct.pack_into("<I", c.b, at, len(c.b) - at - 4)
    c.b.append(0x02)
    body()
    c.b.append(0x04)
    struct.pack_into("<I", c.b, start + 3, len(c.b) - start - 7)


def wevt_name(s):
    h = 0
    for (u,) in struct.iter_unpack("<H", s.encode("utf-16-le")):
        h = (h * 65599 + u) & 0xFFFFFFFF
    return struct.pack("<H", h & 0xFFFF) + text(s) + b"\0\0"


def wevt_xml(c):
    """Names in place, as in WEVT_TEMPLATE resources."""
    def open_(name, body):
        inner = wevt_name(name) + b"\x02" + body + b"\x04"
        return struct.pack("<BHI", 0x01, 0xFFFF, len(inner)) + inner
    leaf_ = open_("Param1", b"\x05\x01" + text("x"))
    c.b += b"\x0f\x01\x01\x00" + open_("Event", open_("UserData", open_("E", leaf_))) + b"\0"


def nested_xml(c):
    """A value that is binary XML without template and without dependency ids; a label made of a value."""
    def value():
        c.b += b"\x0f\x01\x01\x00"
        start = len(c.b)
        c.b += struct.pack("<BI", 0x01, 0)
        c.name("EventData")
        c.b.append(0x02)
        inner = len(c.b)
        c.b += struct.pack("<BI", 0x01, 0)
        c.name("Binary")
        c.b += b"\x02\x05\x01" + text("00") + b"\x04"
        struct.pack_into("<I", c.b, inner + 1, len(c.b) - inner - 5)
        c.b += b"\x04\x00"
        struct.pack_into("<I", c.b, start + 1, len(c.b) - start - 6)
    tree = ("Event", [], [
        (0, TYPES["BinXml"], True),
        ("UserData", [], [("X", [("At", (1, TYPES["String"], True))], [("Data", [("Name", (1, 1, False))], [(2, 8, False)])]),
                          ("Mix", [], ["<", (1, 1, False), ">"])])])
    c.instance(tree, [(TYPES["BinXml"], value), (1, "label".encode("utf-16-le")), (8, struct.pack("<I", 9))])


def deep(c):
    def more(n):
        leaf(c, "e", [], lambda: more(n - 1) if n else c.text("x"))
    c.b += b"\x0f\x01\x01\x00"
    more(70)
    c.b.append(0)


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: make_evtx_corpus.py FOLDER")
    out = {}
    typed = {k: {"#type": k, "#value": v} for k, v in ALL.items()}
    arrays = {k: {"#type": k, "#value": [v, v]} for k, v in ALL.items() if k not in ("Binary", "Null")}
    out["types"] = cut(of_events(event(EventData=typed)))
    out["arrays"] = cut(of_events(event(EventData=arrays)))
    out["unnamed"] = cut(of_events(event(EventData=["a", "b", ["c", "d"]]), event(EventData=["e"])))
    out["userdata"] = cut(of_events(event(UserData={"EventXML": {"Param1": "x", "In": {"Param1": "y"}, "Channel": "z"}})))
    out["two_templates"] = cut(of_events(*[event(EventData={"A": str(i), "B" if i % 2 else "C": i}) for i in range(5)]))
    for name, write in (("plain", plain_xml), ("wevt", wevt_xml), ("nested", nested_xml), ("deep", deep)):
        out[name] = cut(raw_record(Chunk(1), write))

    three = of_events(*[event(EventData={"A": str(i)}) for i in range(3)])
    good = bytearray(cut(three))
    starts = [i for i in range(CHUNK_HEADER, len(good)) if good[i:i + 4] == b"**\0\0"]
    bad = bytearray(good)
    struct.pack_into("<I", bad, starts[1] + 4, 0)
    out["size_zero"] = bytes(bad)
    bad = bytearray(good)
    struct.pack_into("<I", bad, starts[0] + 4, 60000)
    out["size_large"] = bytes(bad)
    bad = bytearray(good)
    bad[starts[1]:starts[1] + 60] = b"\xff" * 60
    out["hole"] = bytes(bad)
    bad = bytearray(good)
    bad[:CHUNK_HEADER] = b"\0" * CHUNK_HEADER
    out["no_header"] = bytes(bad)
    bad = bytearray(good)
    struct.pack_into("<I", bad, 48, starts[1])
    struct.pack_into("<I", bad, 52, zlib.crc32(bytes(bad[CHUNK_HEADER:starts[1]])))
    struct.pack_into("<I", bad, 124, zlib.crc32(bytes(bad[:120] + bad[128:512])))
    out["dirty"] = bytes(bad)
    out["cut_short"] = bytes(good[:starts[2] + 40])
    bad = bytearray(good)
    bad[starts[0] + 42:starts[0] + 46] = b"\1\2\3\4"
    out["template_lost"] = bytes(bad)
    out["file"] = make_evtx.make([event(EventData={"A": "1"})])[:4096 + len(cut(of_events(event(EventData={"A": "1"}))))]

    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in out.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
