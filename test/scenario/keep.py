"""Holds, backup and restore of a node, beside one that runs: written down, incremental, checked by a restore, gone on with
after an interruption."""
import json
import os
import sqlite3

from export import Running, audits, document, public_key, seal_all
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


if __name__ == "__main__":
    run(holds_are_written_down, a_backup_is_restored, an_interrupted_backup_goes_on)
