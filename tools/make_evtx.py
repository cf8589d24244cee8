#!/usr/bin/env python3
"""Makes a Windows event log (EVTX) of events given as JSON.

    make_evtx.py EVENTS.json OUT.evtx

EVENTS.json holds an array of events, or one event per line; an event is
    {"System": {"Provider": {"Name": …, "Guid": …}, "EventID": 1, "Channel": …, "Computer": …,
                "TimeCreated": "2026-01-02T03:04:05.678Z", "Level": 4, "Execution": {"ProcessID": 4, "ThreadID": 8},
                "Security": {"UserID": "S-1-5-18"}, …},
     "EventData": {"CommandLine": "…", "ProcessId": 7, …} or ["unnamed", …],
     "UserData": {"EventXML": {"Param1": "…"}}}
Either may be within "Event". What System leaves out gets a default. Values are typed as Windows would: numbers, true and
false, 0x… as hexadecimal, {GUID}, S-1-… as SID, all else as text; {"#type": "SysTime", "#value": …} names another type
(see TYPES). A list as a value is an array of its type.

The file is laid out as Windows does it: a template for System, whose last value is binary XML with a template for the
data, templates and names written at first use in a chunk and referred to afterwards, checksums, and chunks of 64 KiB.
Written from the public descriptions of the format (MS-EVEN6; libevtx's documentation)."""

import datetime
import json
import re
import struct
import sys
import uuid
import zlib

CHUNK = 65536
CHUNK_HEADER = 512
TYPES = {
    "Null": 0x00, "String": 0x01, "AnsiString": 0x02, "Int8": 0x03, "UInt8": 0x04, "Int16": 0x05, "UInt16": 0x06,
    "Int32": 0x07, "UInt32": 0x08, "Int64": 0x09, "UInt64": 0x0A, "Real32": 0x0B, "Real64": 0x0C, "Bool": 0x0D,
    "Binary": 0x0E, "Guid": 0x0F, "SizeT": 0x10, "FileTime": 0x11, "SysTime": 0x12, "Sid": 0x13, "HexInt32": 0x14,
    "HexInt64": 0x15, "BinXml": 0x21,
}
PACKED = {
    "Int8": "<b", "UInt8": "<B", "Int16": "<h", "UInt16": "<H", "Int32": "<i", "UInt32": "<I", "Int64": "<q",
    "UInt64": "<Q", "Real32": "<f", "Real64": "<d", "SizeT": "<Q", "HexInt32": "<I", "HexInt64": "<Q",
}
ARRAY = 0x80
GUID = re.compile(r"^\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}$")


def filetime(text):
    """100-ns ticks since 1601 of an ISO time (UTC)."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    t = datetime.datetime.strptime(whole.replace(" ", "T"), "%Y-%m-%dT%H:%M:%S")
    seconds = (t - datetime.datetime(1601, 1, 1)) // datetime.timedelta(seconds=1)
    return seconds * 10**7 + int((fraction + "0000000")[:7])


def sid(text):
    parts = [int(p) for p in text.split("-")[1:]]
    return bytes([parts[0], len(parts) - 2]) + parts[1].to_bytes(6, "big") + b"".join(
        struct.pack("<I", p) for p in parts[2:])


def guess(value):
    """Name of the type that Windows would give such a value."""
    if isinstance(value, bool):
        return "Bool"
    if isinstance(value, float):
        return "Real64"
    if isinstance(value, int):
        return "Int64" if value < 0 else "UInt32" if value < 2**32 else "UInt64"
    if value is None:
        return "String"
    if re.match(r"^0x[0-9a-fA-F]{1,16}$", value):
        return "HexInt32" if len(value) <= 10 else "HexInt64"
    if GUID.match(value):
        return "Guid"
    if re.match(r"^S-1-\d+(-\d+){1,15}$", value):
        return "Sid"
    return "String"


def encode(kind, value):
    if kind == "Null":
        return b""
    if kind in PACKED:
        if isinstance(value, str):
            value = float(value) if kind.startswith("Real") else int(value, 0)
        return struct.pack(PACKED[kind], value)
    if kind == "String":
        return b"" if value is None else str(value).encode("utf-16-le", "surrogatepass")
    if kind == "AnsiString":
        return str(value).encode("cp1252")
    if kind == "Bool":
        return struct.pack("<I", int(value))
    if kind == "Binary":
        return bytes.fromhex(value)
    if kind == "Guid":
        return uuid.UUID(value).bytes_le
    if kind == "FileTime":
        return struct.pack("<Q", filetime(value))
    if kind == "SysTime":
        t = filetime(value)
        d = datetime.datetime(1601, 1, 1) + datetime.timedelta(microseconds=t // 10)
        return struct.pack("<8H", d.year, d.month, (d.weekday() + 1) % 7, d.day, d.hour, d.minute, d.second,
                           t // 10000 % 1000)
    if kind == "Sid":
        return sid(value)
    raise SystemExit(f"make_evtx: unknown type {kind}")


def typed(value):
    """(type byte, bytes) of a value, or of an array."""
    kind = None
    if isinstance(value, dict):
        kind, value = value["#type"], value["#value"]
    if isinstance(value, list):
        kind = kind or (guess(value[0]) if value else "String")
        end = {"String": b"\0\0", "AnsiString": b"\0"}.get(kind, b"")
        return TYPES[kind] | ARRAY, b"".join(encode(kind, v) + end for v in value)
    kind = kind or guess(value)
    return TYPES[kind], encode(kind, value)


class Full(Exception):
    pass


class Chunk:
    def __init__(self, first):
        self.b = bytearray(CHUNK_HEADER)
        self.names = {}
        self.strings = [0] * 64
        self.templates = {}
        self.table = [0] * 32
        self.first = self.last = first
        self.count = 0
        self.last_offset = 0

    def copy(self):
        c = Chunk(self.first)
        c.b = bytearray(self.b)
        c.names, c.templates = dict(self.names), dict(self.templates)
        c.strings, c.table = list(self.strings), list(self.table)
        c.last, c.count, c.last_offset = self.last, self.count, self.last_offset
        return c

    # ---- binary XML, written at the chunk's end ----

    def name(self, text):
        if text in self.names:
            self.b += struct.pack("<I", self.names[text])
            return
        at = len(self.b) + 4
        h = 0
        raw = text.encode("utf-16-le")
        for (u,) in struct.iter_unpack("<H", raw):
            h = (h * 65599 + u) & 0xFFFFFFFF
        h &= 0xFFFF
        self.names[text] = at
        self.b += struct.pack("<IIHH", at, self.strings[h % 64], h, len(raw) // 2) + raw + b"\0\0"
        self.strings[h % 64] = at

    def text(self, piece):
        """A constant, or the number and type of a value."""
        if isinstance(piece, str):
            raw = piece.encode("utf-16-le")
            self.b += struct.pack("<BBH", 0x05, 0x01, len(raw) // 2) + raw
        else:
            number, kind, optional = piece
            self.b += struct.pack("<BHB", 0x0E if optional else 0x0D, number, kind)

    def element(self, name, attributes=(), content=None):
        """content: None for <name/>, else a list of pieces and (name, attributes, content)."""
        start = len(self.b)
        self.b += struct.pack("<BHI", 0x41 if attributes else 0x01, 0xFFFF, 0)
        self.name(name)
        if attributes:
            at = len(self.b)
            self.b += b"\0\0\0\0"
            for i, (key, piece) in enumerate(attributes):
                self.b.append(0x46 if i + 1 < len(attributes) else 0x06)
                self.name(key)
                self.text(piece)
            struct.pack_into("<I", self.b, at, len(self.b) - at - 4)
        if content is None:
            self.b.append(0x03)
        else:
            self.b.append(0x02)
            for c in content:
                if isinstance(c, tuple) and isinstance(c[0], str):
                    self.element(*c)
                else:
                    self.text(c)
            self.b.append(0x04)
        struct.pack_into("<I", self.b, start + 3, len(self.b) - start - 7)

    def instance(self, tree, values):
        """A fragment: instance of the template `tree` with `values` (type, bytes or a function that writes them)."""
        self.b += b"\x0f\x01\x01\x00"
        key = json.dumps(tree)
        guid = uuid.uuid5(uuid.NAMESPACE_OID, key).bytes_le
        (ident,) = struct.unpack_from("<I", guid)
        known = self.templates.get(key)
        at = known or len(self.b) + 10
        self.b += struct.pack("<BBII", 0x0C, 1, ident, at)
        if not known:
            self.templates[key] = at
            self.b += struct.pack("<I", self.table[ident % 32]) + guid + b"\0\0\0\0"
            self.table[ident % 32] = at
            start = len(self.b)
            self.b += b"\x0f\x01\x01\x00"
            self.element(*tree)
            self.b.append(0x00)
            struct.pack_into("<I", self.b, start - 4, len(self.b) - start)
        self.b += struct.pack("<I", len(values))
        heads = len(self.b)
        self.b += b"\0" * (4 * len(values))
        for i, (kind, data) in enumerate(values):
            start = len(self.b)
            if callable(data):
                data()
            else:
                self.b += data
            size = len(self.b) - start
            if size > 0xFFFF:
                raise SystemExit("make_evtx: a value is longer than 65,535 bytes")
            struct.pack_into("<HBB", self.b, heads + 4 * i, size, kind, 0)

    # ---- records ----

    def add(self, event, number):
        start = len(self.b)
        time = filetime(system_of(event)["TimeCreated"])
        self.b += struct.pack("<4sIQQ", b"**\0\0", 0, number, time)
        write_event(self, event, number, time)
        self.b += b"\0" * (-(len(self.b) + 4) % 8)
        size = len(self.b) + 4 - start
        self.b += struct.pack("<I", size)
        struct.pack_into("<I", self.b, start + 4, size)
        if len(self.b) > CHUNK:
            raise Full
        self.last = number
        self.count += 1
        self.last_offset = start

    def finish(self):
        end = len(self.b)
        b = self.b
        struct.pack_into("<8sQQQQIII", b, 0, b"ElfChnk\0", self.first, self.last, self.first, self.last, 128,
                         self.last_offset, end)
        struct.pack_into("<I", b, 52, zlib.crc32(bytes(b[CHUNK_HEADER:])))
        struct.pack_into("<64I", b, 128, *self.strings)
        struct.pack_into("<32I", b, 384, *self.table)
        struct.pack_into("<I", b, 120, 1)
        struct.pack_into("<I", b, 124, zlib.crc32(bytes(b[:120] + b[128:512])))
        return bytes(b) + b"\0" * (CHUNK - end)


def system_of(event):
    s = dict(event.get("Event", event)["System"])
    for key in ("Provider", "TimeCreated", "Correlation", "Execution", "Security"):
        if isinstance(s.get(key), dict) and "#attributes" in s[key]:
            s[key] = s[key]["#attributes"]
    if isinstance(s.get("TimeCreated"), dict):
        s["TimeCreated"] = s["TimeCreated"]["SystemTime"]
    s.setdefault("TimeCreated", "2026-01-01T00:00:00Z")
    return s


def braced(guid):
    return guid if guid is None or guid.startswith("{") else "{" + guid + "}"


def system_values(s, number, time):
    """Name, attributes and text of System's elements; each value as (type, bytes)."""
    provider, execution = s.get("Provider") or {}, s.get("Execution") or {}
    correlation, security = s.get("Correlation") or {}, s.get("Security") or {}
    event_id, qualifiers = s["EventID"], s.get("Qualifiers")

    def num(kind, value):
        return (0, b"") if value is None else (TYPES[kind], encode(kind, value))

    user = security.get("UserID")
    return {
        "EventID": num("UInt16", event_id), "Qualifiers": num("UInt16", qualifiers),
        "Version": num("UInt8", s.get("Version", 0)), "Level": num("UInt8", s.get("Level", 4)),
        "Task": num("UInt16", s.get("Task", 0)), "Opcode": num("UInt8", s.get("Opcode", 0)),
        "Keywords": num("HexInt64", s.get("Keywords", "0x8000000000000000")),
        "SystemTime": (TYPES["FileTime"], struct.pack("<Q", time)),
        "EventRecordID": num("UInt64", s.get("EventRecordID", number)),
        "ActivityID": num("Guid", braced(correlation.get("ActivityID"))),
        "RelatedActivityID": num("Guid", braced(correlation.get("RelatedActivityID"))),
        "ProcessID": num("UInt32", execution.get("ProcessID", 0)),
        "ThreadID": num("UInt32", execution.get("ThreadID", 0)),
        "Computer": num("String", s.get("Computer", "")),
        "UserID": num("Sid", user),
    }, provider


def write_event(c, event, number, time):
    event = event.get("Event", event)
    s = system_of({"Event": event})
    values, provider = system_values(s, number, time)
    order = list(values)

    def sub(name):
        return (order.index(name), values[name][0] or TYPES[DEFAULT_TYPE[name]], True)

    attributes = [("Name", provider.get("Name", "Coloa"))]
    if provider.get("Guid"):
        attributes.append(("Guid", braced(provider["Guid"])))
    if provider.get("EventSourceName"):
        attributes.append(("EventSourceName", provider["EventSourceName"]))
    tree = ("Event", [("xmlns", "http://schemas.microsoft.com/win/2004/08/events/event")], [
        ("System", [], [
            ("Provider", attributes, None),
            ("EventID", [("Qualifiers", sub("Qualifiers"))], [sub("EventID")]),
            ("Version", [], [sub("Version")]), ("Level", [], [sub("Level")]), ("Task", [], [sub("Task")]),
            ("Opcode", [], [sub("Opcode")]), ("Keywords", [], [sub("Keywords")]),
            ("TimeCreated", [("SystemTime", sub("SystemTime"))], None),
            ("EventRecordID", [], [sub("EventRecordID")]),
            ("Correlation", [("ActivityID", sub("ActivityID")),
                             ("RelatedActivityID", sub("RelatedActivityID"))], None),
            ("Execution", [("ProcessID", sub("ProcessID")), ("ThreadID", sub("ThreadID"))], None),
            ("Channel", [], [s.get("Channel", "Application")]),
            ("Computer", [], [sub("Computer")]),
            ("Security", [("UserID", sub("UserID"))], None),
        ]),
        (len(order), TYPES["BinXml"], True),
    ])
    data = data_tree(event)
    fill = [values[name] for name in order]
    fill.append((0, b"") if data is None else (TYPES["BinXml"], lambda: c.instance(*data)))
    c.instance(tree, fill)


DEFAULT_TYPE = {
    "EventID": "UInt16", "Qualifiers": "UInt16", "Version": "UInt8", "Level": "UInt8", "Task": "UInt16",
    "Opcode": "UInt8", "Keywords": "HexInt64", "SystemTime": "FileTime", "EventRecordID": "UInt64",
    "ActivityID": "Guid", "RelatedActivityID": "Guid", "ProcessID": "UInt32", "ThreadID": "UInt32",
    "Computer": "String", "UserID": "Sid",
}


def data_tree(event):
    """(tree, values) of EventData or UserData, or None."""
    values = []

    def sub(value):
        values.append(typed(value))
        return (len(values) - 1, values[-1][0] or TYPES["String"], False)

    def user(name, content):
        if isinstance(content, dict) and "#type" not in content:
            return (name, [], [user(k, v) for k, v in content.items() if k != "#attributes"])
        return (name, [], [sub(content)])

    if event.get("EventData"):
        data = event["EventData"]
        if isinstance(data, list):
            children = [("Data", [], [sub(v)]) for v in data]
        else:
            children = [(k, [], [sub(v)]) if k == "Binary" else ("Data", [("Name", k)], [sub(v)])
                        for k, v in data.items()]
        return ("EventData", [], children), values
    if event.get("UserData"):
        return ("UserData", [], [user(k, v) for k, v in event["UserData"].items()]), values
    return None


def make(events):
    chunks, chunk, number = [], None, 0
    for event in events:
        number += 1
        for attempt in (0, 1):
            if chunk is None:
                chunk = Chunk(number)
            trial = chunk.copy()
            try:
                trial.add(event, number)
                chunk = trial
                break
            except Full:
                if attempt or chunk.count == 0:
                    raise SystemExit("make_evtx: an event does not fit into a chunk")
                chunks.append(chunk.finish())
                chunk = None
    if chunk:
        chunks.append(chunk.finish())
    header = bytearray(4096)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, max(len(chunks) - 1, 0), number + 1, 128, 1, 3, 4096,
                     len(chunks))
    struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
    return bytes(header) + b"".join(chunks)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__.split("\n\n")[1].strip())
    with open(sys.argv[1], encoding="utf-8") as f:
        text = f.read()
    events = json.loads(text) if text.lstrip().startswith("[") else [json.loads(l) for l in text.splitlines() if l]
    with open(sys.argv[2], "wb") as f:
        f.write(make(events))


if __name__ == "__main__":
    main()
