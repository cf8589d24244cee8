"""Holds, backup and restore of a node, beside one that runs: written down, incremental, checked by a restore, gone on with
after an interruption."""
import base64
import json
import os
import re
import sqlite3
import threading
import time

from export import TWO, Running, audits, document, export, public_key, seal_all
from node_world import bulk
from tap import coloa, run


def fill(node, n, first=0):
    assert len(bulk(node.port["bulk"], [(i, b"", document(first + i)) for i in range(n)])) == n


def seen(directory) -> list:
    """Sequence numbers of all records of a copy."""
    r = coloa("search", "--directory", directory, "--json", "number")
    return sorted(json.loads(x)["event.sequence"] for x in r.stdout.splitlines())


def backup(node, to, *args, code=0):
    r = coloa("backup", "-c", node.config, *args, to)
    assert r.returncode == code, (r.returncode, r.stdout, r.stderr)
    return r


def holds_are_written_down(folder):
    node = Running(folder).start()
    fill(node, 20)
    with node:
        def hold(*args, code=0):
            r = coloa("hold", *args[:2], "-c", node.config, *args[2:])
            assert r.returncode == code, (r.returncode, r.stdout, r.stderr)
            return r.stdout.decode()
        assert hold("list") == ""
        assert "1-10" in hold("add", "case-7", "--owner", "an", "--reason", "SC-7", "--seq", "1-10", "--until", "30d")
        hold("add", "case-7", "--owner", "an", "--reason", "again", "--seq", "1-10", code=1)
        hold("add", "now-on", "--owner", "binh", "--reason", "SC-8", "--from", "-1h")
        hold("add", "no-owner", "--reason", "x", "--seq", "1-2", code=2)
        hold("add", "two words", "--owner", "an", "--reason", "x", "--seq", "1-2", code=2)
        hold("add", "empty", "--owner", "an", "--reason", "x", "--day", "2001-01-01", code=3)
        text = hold("list")
        assert "case-7\t1-10 until=" in text and "now-on\t1-\t" in text and "\tan\tSC-7" in text, text
        hold("release", "nothing", "--reason", "x", code=1)
        hold("release", "now-on", "--reason", "closed", "--by", "chi")
        assert "now-on" not in hold("list")
        assert [(w, a) for w, v, a, d in audits(node) if v.startswith("hold")] == [
            ("an", "case-7"), ("binh", "now-on"), ("chi", "now-on")], audits(node)
    # Without the node too.
    r = coloa("hold", "release", "case-7", "--reason", "closed", "-c", node.config)
    assert r.returncode == 0 and audits(node)[-1][1] == "hold.release", r
    assert coloa("alerts", "--state", node.directory / "state", "audit").returncode == 0


def a_backup_is_restored(folder):
    node = Running(folder).start()
    fill(node, 50)
    seal_all(node)
    with node:
        fill(node, 7, 50)  # in the tail
        out = backup(node, folder / "copy")
        assert b"every frame was opened: ALL IS WELL" in out.stdout, out
        assert not (folder / "copy" / "check").exists()
        assert audits(node)[-1][1] == "backup"
        key = public_key(node)
        assert coloa("verify", folder / "copy" / "events", "--key", key).returncode == 0
        # Only what is new.
        again = backup(node, folder / "copy", "--quick")
        assert b" 0 blocks" in again.stdout, again.stdout
        seal_all(node)
        fill(node, 3, 57)
        later = backup(node, folder / "copy", "--with-keys", folder / "key")
        assert b" 1 blocks" in later.stdout, later.stdout
        assert os.stat(folder / "key").st_mode & 0o777 == 0o600
        assert not [p for p in (folder / "copy").rglob("*") if "key" in p.name]
        backup(node, folder / "copy", "--with-keys", folder / "key", code=3)  # not over it
    # A stop leaves no journal with something in it: each file alone is all there is.
    left = [p for p in node.directory.rglob("*-wal") if p.stat().st_size]
    assert not left and not list((node.directory / "events").glob("*-wal")), left
    to = folder / "new"
    r = coloa("restore", "--with-keys", folder / "key", folder / "copy", to)
    assert r.returncode == 0 and b"ALL IS WELL" in r.stdout, r
    assert seen(to) == list(range(1, 61)), seen(to)
    assert (to / "keys/node.key").read_bytes() == (node.directory / "keys/node.key").read_bytes()
    # Never over something.
    assert coloa("restore", folder / "copy", to).returncode == 3
    assert coloa("restore", folder / "rules", folder / "x").returncode == 3
    # A node goes on from it: numbers follow, the signature is the same.
    moved = Running(folder)
    moved.directory = to
    moved.write_config()
    with moved.start():
        fill(moved, 1, 60)
        moved.wait_for(lambda: len(moved.search("number")) == 61)
    assert moved.verify() and public_key(moved) == key
    assert coloa("alerts", "--state", to / "state", "audit").returncode == 0


def an_interrupted_backup_goes_on(folder):
    node = Running(folder).start()
    fill(node, 30)
    seal_all(node)
    with node:
        backup(node, folder / "copy")
        good = {p.name: p.read_bytes() for p in (folder / "copy").iterdir() if p.is_file()}
        fill(node, 30, 30)
        seal_all(node)
        # As if it had stopped before meta.db took its name: blocks are there that it does not know.
        backup(node, folder / "ahead", "--quick")
        day = next(p.name for p in (folder / "ahead/events").glob("events-*.db"))
        (folder / "copy/events" / day).write_bytes((folder / "ahead/events" / day).read_bytes())
        assert good
        r = coloa("restore", folder / "copy", folder / "old")
        assert r.returncode == 0 and seen(folder / "old") == list(range(1, 31)), (r, seen(folder / "old"))
        backup(node, folder / "copy")
        assert coloa("restore", folder / "copy", folder / "whole").returncode == 0
        assert seen(folder / "whole") == list(range(1, 61))
        # A copy that is not of this store, or was changed.
        with sqlite3.connect(folder / "ahead/events" / day) as db:
            db.execute("UPDATE blocks SET chain=zeroblob(32)")
        r = backup(node, folder / "ahead", code=3)
        assert b"does not have" in r.stderr, r
        with sqlite3.connect(folder / "copy/events" / day) as db:
            data = bytearray(db.execute("SELECT data FROM blocks WHERE number=1").fetchone()[0])
            data[40] ^= 1
            db.execute("UPDATE blocks SET data=? WHERE number=1", (bytes(data),))
        r = backup(node, folder / "copy", code=1)
        assert b"BROKEN" in r.stderr, r
        other = Running(folder / "other") if (folder / "other").mkdir() is None else None
        with other.start():
            r = backup(other, folder / "whole2")
            assert b"another store" in backup(other, folder / "copy", code=3).stderr


MIB = 1 << 20


def a_day_keeps_to_its_size(folder):
    """Far more in a day than is to be kept: the oldest parts of the day go, but for what is held; all that is left is whole,
    found, exported and copied."""
    kept, part = 96 * MIB, 32 * MIB
    node = Running(folder, head=f"retention: {{size: {kept // MIB}M}}").start()
    events = node.directory / "events"
    sent, sizes = 0, []

    def size():
        total = 0
        for p in events.glob("events-*"):
            try:
                total += p.stat().st_size
            except FileNotFoundError:
                pass  # it just went
        return total

    def send(mib):
        """Records that hardly shrink, and some small ones that say their number."""
        nonlocal sent
        for _ in range(0, mib, 2):
            big = [(i, b"", b'{"x":"%s"}' % base64.b64encode(os.urandom(128 << 10))) for i in range(16)]
            assert len(bulk(node.port["bulk"], [(0, b"", document(sent)), *big])) == 17
            sent += 17
            sizes.append(size())

    def files(at=events):
        return sorted(p.name for p in at.glob("events-*.db"))

    def verify(*args):
        r = coloa("verify", *args, timeout=300)
        assert r.returncode == 0, (args, r.stdout[-2000:], r.stderr)
        return r.stdout.decode()

    with node:
        send(40)
        node.wait_for(lambda: len(files()) == 2, 60, "for a second part")
        first, second = files()
        day = first[7:17]
        assert second == f"events-{day}.part0002.db", second
        r = coloa("hold", "add", "case", "-c", node.config, "--owner", "an", "--reason", "SC-7", "--seq", "18-20")
        assert r.returncode == 0, r
        send(260)
        # One file is held; what is written to may stand beyond the size by itself, and blocks wait for their minute.
        assert max(sizes) <= kept + part + 8 * MIB, (max(sizes), sizes)
        assert max(sizes[-20:]) > kept // 2
        names = files()
        assert names[0] == first and second not in names and 3 <= len(names) <= 5, names
        # What is left is found, over all parts; what is gone is not.
        found = sorted(e["event.sequence"] for e in node.search("number"))
        assert found[:2] == [1, 18] and found[-1] == sent - 16, (found[:9], found[-3:], sent)
        assert any(b - a > 100 for a, b in zip(found, found[1:])), found
        newest = [e["event.sequence"] for e in node.search("number", "--newest")]
        assert sorted(newest) == found and newest[0] > newest[-1], (newest[:3], newest[-3:])
        out = verify(events)
        assert re.search(rf"days: 1 in {len(files())} files, files taken away by retention: [1-9]", out), out
        assert re.search(r"signed heads: [1-9]", out), out
        assert f"in {len(files())} files" in verify(events, "--day", day)
        key = public_key(node)
        verify(events / first, "--key", key)
        # What is held proves itself, though what followed it is gone.
        export(node, "--proof", "--plain", *TWO, "--seq", "18-20", "-o", folder / "proof")
        assert "records: 3" in (said := verify(folder / "proof", "--key", key)), said
        copied = backup(node, folder / "copy")
        assert b"ALL IS WELL" in copied.stdout and files(folder / "copy/events")[0] == first, copied
        r = coloa("hold", "release", "case", "-c", node.config, "--reason", "closed")
        assert r.returncode == 0, r
        send(60)
        node.wait_for(lambda: first not in files(), 60, "for what was held")
        verify(events, "--key", key)
        again = backup(node, folder / "copy")
        assert re.search(rb"[1-9]\d* files taken out", again.stdout), again.stdout
        left = files(folder / "copy/events")
        assert first not in left and set(left) <= set(names) | set(files()), (left, files())
    assert size() <= kept + part, size()
    verify(events, "--key", key)
    # A restore goes on as the same store.
    assert coloa("restore", folder / "copy", folder / "new", timeout=300).returncode == 0
    assert files(folder / "new/events") == left
    with node.start():
        send(40)
        assert files()[-1] > names[-1]
    verify(events, "--key", key)


def a_busy_node_is_verified_and_copied(folder):
    """Blocks are made, and parts come and go, while others read: none of that is a break."""
    node = Running(folder, head="retention: {size: 96M}").start()
    over = threading.Event()

    def send():
        while not over.is_set():
            big = [(i, b"", b'{"x":"%s"}' % base64.b64encode(os.urandom(96 << 10))) for i in range(16)]
            assert len(bulk(node.port["bulk"], big, timeout=120)) == 16

    with node:
        sender = threading.Thread(target=send)
        sender.start()
        try:
            node.wait_for(lambda: len(list((node.directory / "events").glob("events-*.db"))) > 1, 60, "for a second part")
            for args in 3 * [("--quick",), ("--quick", "--day", time.strftime("%Y-%m-%d", time.gmtime()))]:
                r = coloa("verify", node.directory, *args, timeout=300)
                assert r.returncode == 0, (r.stdout[-2000:], r.stderr)
            for i in range(2):
                assert b"ALL IS WELL" in backup(node, folder / f"copy{i % 2}", "--quick").stdout
        finally:
            over.set()
            sender.join()
    assert node.verify()


if __name__ == "__main__":
    run(holds_are_written_down, a_backup_is_restored, an_interrupted_backup_goes_on, a_day_keeps_to_its_size,
        a_busy_node_is_verified_and_copied)
