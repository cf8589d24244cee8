"""The audit log is signed while a node runs and when it stops; `coloa verify` finds out whoever changes, shortens or puts back what
is on the disk. Each attack is done as somebody would who has the files and all the time: hashes made anew, triggers dropped."""
import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import struct
import time

from node_world import Node, kill
from tap import coloa, run

SEED = int(os.environ.get("COLOA_SEED", "0")) or random.randrange(1, 1 << 31)


@contextlib.contextmanager
def state(node, what="state.db"):
    with contextlib.closing(sqlite3.connect(node.directory / "state" / what)) as db, db:
        for name, in db.execute("SELECT name FROM sqlite_schema WHERE type='trigger' AND tbl_name IN ('audit','audit_head')").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        yield db


def write(node, n, first=0):
    """n entries of the audit log."""
    for i in range(first, first + n):
        r = coloa("api", "units.add", "-c", node.config, "parent=1", f"code=u{i}", f"name=Unit {i}", "kind=site")
        assert r.returncode == 0, r


def heads(node) -> list:
    with contextlib.closing(sqlite3.connect(f"file:{node.directory}/state/state.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT number, entries FROM audit_head ORDER BY id").fetchall()


def entries(node) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{node.directory}/state/state.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM audit").fetchone()[0]


def rehash(db):
    """The whole chain anew, as doc/state.md describes it."""
    before = bytes(32)
    for n, (row, at, *texts) in enumerate(db.execute("SELECT rowid, time, who, what, about, detail FROM audit ORDER BY n").fetchall(), 1):
        h = hashlib.blake2b(before + struct.pack("<qq", n, at), digest_size=32)
        for t in texts:
            h.update(struct.pack("<I", len(t.encode())) + t.encode())
        before = h.digest()
        db.execute("UPDATE audit SET n=?, hash=? WHERE rowid=?", (n, before, row))


def key_of(node) -> str:
    said = coloa("verify", node.directory).stdout.decode()
    return next(line.split(" key=")[1][:64] for line in said.splitlines() if line.startswith("coloa-audit-1 "))


def well(node, *args) -> str:
    r = coloa("verify", *args, node.directory)
    assert r.returncode == 0 and b"ALL IS WELL" in r.stdout, r
    return r.stdout.decode()


def not_well(node, what, *args):
    r = coloa("verify", *args, node.directory)
    assert r.returncode == 1 and what.encode() in r.stdout and b"NOT WELL" in r.stdout and b"audit log: whole" not in r.stdout, (what, r)
    vi = coloa("verify", "--lang", "vi", *args, node.directory).stdout
    assert b"KH\xc3\x94NG T\xe1\xbb\x90T" in vi and b"BROKEN" not in vi, vi


class Copy:
    """A stopped node's files, to be spoilt again and again."""
    def __init__(self, folder, node):
        self.folder, self.of, self.n, self.directory = folder, node.directory, 0, None

    def fresh(self):
        self.n += 1
        self.directory = self.folder / f"copy{self.n}"
        shutil.copytree(self.of, self.directory)
        return self


def a_stop_leaves_nothing_uncovered(folder):
    node = Node(folder)
    with node:
        write(node, 3)
    said = well(node)
    n = entries(node)
    assert f"covers entries up to {n}; 0 after it" in said, said
    assert [h[0] for h in heads(node)] == list(range(1, len(heads(node)) + 1)) and heads(node)[0][1] == 0, heads(node)
    with node:
        write(node, 3, 10)
    assert f"up to {entries(node)}; 0 after it" in well(node, "--key", key_of(node))
    before = heads(node)
    with node:
        time.sleep(1.5)
    assert heads(node) == before or entries(node) > n + 3, (before, heads(node))  # heads make no heads
    # Without Landlock, with an older one, and where only the directory may be read.
    for landlock in ("2", "0"):
        well(node, "--landlock", landlock)


def what_is_done_to_a_log_is_seen(folder):
    node = Node(folder)
    with node:
        write(node, 4)
    old = folder / "old"
    shutil.copytree(node.directory, old)
    old_line = next(x for x in well(node).splitlines() if x.startswith("coloa-audit-1 "))
    for first in (10, 15):  # two heads more at least: of fewer the last might as well be what a crash kept from the desk
        with node:
            write(node, 3, first)
    n, last, key = entries(node), heads(node)[-1][0], key_of(node)
    new_line = next(x for x in well(node, "--key", key).splitlines() if x.startswith("coloa-audit-1 "))
    kept = folder / "kept.txt"
    kept.write_text(f"printed on Monday\n> {old_line}\r\nand on Tuesday:\n{new_line}\n", encoding="utf-8")
    assert "heads that were kept: 2 in" in well(node, "--head", kept)
    c = Copy(folder, node)

    # The tail cut off: one entry, and several.
    for k in (1, 3):
        with state(c.fresh()) as db:
            db.execute("DELETE FROM audit WHERE n>?", (n - k,))
        not_well(c, f"{k} are missing at the end")
    # All of it.
    with state(c.fresh()) as db:
        db.execute("DELETE FROM audit")
    not_well(c, f"of {n} entries: {n} are missing at the end")
    # An entry changed, taken out, put in; with the chain as it was, and made anew.
    for anew in (False, True):
        for what in ("UPDATE audit SET detail='{}' WHERE n=3", "DELETE FROM audit WHERE n=3",
                     "INSERT INTO audit SELECT max(n)+1, max(time), 'x', 'y', 'z', '{}', zeroblob(32) FROM audit"):
            with state(c.fresh()) as db:
                db.execute(what)
                if anew:
                    rehash(db)
            if anew and what.startswith("INSERT"):  # at the end nothing was signed yet: it is said how many are so
                assert "; 1 after it" in well(c)
            else:
                not_well(c, "is not the one that" if anew and "DELETE" not in what else "audit log")
    # The heads go with the tail.
    with state(c.fresh()) as db:
        at, upto = db.execute("SELECT id, entries FROM audit_head WHERE number<? ORDER BY id DESC LIMIT 1", (last - 1,)).fetchone()
        db.execute("DELETE FROM audit WHERE n>?", (upto,))
        db.execute("DELETE FROM audit_head WHERE id>?", (at,))
    not_well(c, "heads were removed, or an older state was put back")
    # Heads alone: the last, all, one in the middle, the table itself.
    for what in ("DELETE FROM audit_head WHERE number>=%d" % (last - 1), "DELETE FROM audit_head", "DELETE FROM audit_head WHERE number=2",
                 "DROP TABLE audit_head"):
        with state(c.fresh()) as db:
            db.execute(what)
        not_well(c, "audit log: ")
    # A head spoilt.
    with state(c.fresh()) as db:
        signed, = db.execute("SELECT signed FROM audit_head WHERE number=2").fetchone()
        db.execute("UPDATE audit_head SET signed=? WHERE number=2", (signed[:24] + bytes([signed[24] ^ 1]) + signed[25:],))
    not_well(c, "head 2 is not one, or its signature is wrong")
    # The vault's own file: removed, emptied, an older one.
    (c.fresh().directory / "state/audit.head").unlink()
    not_well(c, "state/audit.head, the vault's own head, is missing")
    (c.fresh().directory / "state/audit.head").write_bytes(b"")
    not_well(c, "is missing or damaged")
    shutil.copy(old / "state/audit.head", c.fresh().directory / "state/audit.head")
    not_well(c, "older than head")
    # An older state under the vault's file, and a head from another key.
    shutil.copy(old / "state/state.db", c.fresh().directory / "state/state.db")
    not_well(c, "an older state was put back")
    not_well(node, "signed by another key", "--key", "00" * 32)
    # All of it put back: by itself it is what it was. A head that was kept tells.
    c.directory = old
    well(c)
    not_well(c, "head %d was kept, and the last one here is" % last, "--head", kept)
    # Kept lines that are spoilt, or none.
    spoilt = folder / "spoilt.txt"
    spoilt.write_text(new_line.replace(f"entries={n}", f"entries={n - 1}") + "\n", encoding="utf-8")
    not_well(node, "a line is no head", "--head", spoilt)
    spoilt.write_text("nothing\n", encoding="utf-8")
    not_well(node, "no head is in it", "--head", spoilt)
    assert coloa("verify", "--head", folder / "none", node.directory).returncode == 3
    assert coloa("verify", "--head", kept, node.directory / "events").returncode == 2
    # A log made anew by who has all: every entry and every head of another node, whole in itself.
    (folder / "b").mkdir()
    other = Node(folder / "b")
    with other:
        write(other, 12)
    shutil.rmtree(c.fresh().directory / "state")
    shutil.copytree(other.directory / "state", c.directory / "state")
    not_well(c, "signed by another key", "--key", key)
    not_well(c, "head that was kept,", "--head", kept)


def a_node_that_starts_over_something_older_says_so(folder):
    node = Node(folder)
    with node:
        write(node, 2)
    shutil.copytree(node.directory / "state", folder / "old")
    for first in (10, 15):
        with node:
            write(node, 2, first)
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (node.directory / "state" / name).unlink(missing_ok=True)
        if (folder / "old" / name).exists():
            shutil.copy(folder / "old" / name, node.directory / "state" / name)
    with node:
        node.wait_for(lambda: any("coloa-audit-log" in json.dumps(a) for a in node.alerts()), what="for the alert")
    with contextlib.closing(sqlite3.connect(node.directory / "state" / "state.db")) as db:
        assert db.execute("SELECT count(*) FROM audit WHERE what='audit.head_lost'").fetchone()[0] >= 1
    not_well(node, "audit log: ")  # for ever


def a_backup_has_its_head(folder):
    node = Node(folder)
    with node:
        write(node, 3)
        r = coloa("backup", "-c", node.config, "--with-keys", folder / "key", folder / "copy")
        assert r.returncode == 0, r
        write(node, 2, 10)
    to = folder / "new"
    assert coloa("restore", "--with-keys", folder / "key", folder / "copy", to).returncode == 0
    moved = Copy(folder, node)
    moved.directory = to
    well(moved)
    node.directory = to
    node.write_config()
    with node:
        write(node, 2, 20)
    assert "0 after it" in well(node)
    assert not any("coloa-audit-log" in json.dumps(a) for a in node.alerts())
    # With a key of its own the numbers go on too.
    (folder / "b").mkdir()
    assert coloa("restore", folder / "copy", folder / "b" / "data").returncode == 0
    second = Node(folder / "b")
    with second:
        write(second, 2, 30)
    assert "the key changed 1 times" in well(second)


def a_minute_later_there_is_another(folder):
    node = Node(folder)
    with node:
        write(node, 1)
        node.wait_for(lambda: heads(node) and heads(node)[-1][1] == entries(node), what="for the first")
        n = len(heads(node))
        write(node, 1, 10)
        began = time.monotonic()
        node.wait_for(lambda: len(heads(node)) > n and heads(node)[-1][1] == entries(node), what="for the next")
        assert 40 < time.monotonic() - began < 120, time.monotonic() - began
        r = coloa("verify", node.directory)  # while it runs
        assert r.returncode == 0, r


def kills_leave_it_well(folder):
    """The desk, the vault, main: killed while entries are written and signed. Restarts make the vault say its last head again."""
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    node = Node(folder)
    node.start()
    for k in range(int(os.environ.get("COLOA_KILLS", "12"))):
        coloa("api", "units.add", "-c", node.config, "parent=1", f"code=k{k}", f"name=K {k}", "kind=site")
        time.sleep(rng.random() * 0.3)
        name = rng.choice(("desk", "vault", "main", "vault", "desk"))
        if name == "main":
            node.kill()
            well(node)  # nothing is cut, whatever was under way
            node.start()
        else:
            kill(node.pids()[name], node.program)
            node.wait_for(lambda: all(p["pid"] > 0 and p["up"] for p in node.status().get("processes", [{"pid": 0}])), what="for all of them")
    write(node, 1, 100)
    node.stop()
    assert "0 after it" in well(node)
    assert not any("coloa-audit-log" in json.dumps(a) for a in node.alerts())


APPEND_ONLY = ("audit", "audit_head", "custody", "incident_entry", "incident_answer", "evidence", "evidence_exported", "evidence_export",
               "report", "report_version", "report_sign", "recovery_plan", "playbook_edition", "unmasking", "action", "outgoing", "incident",
               "exercise_clock", "exercise_message", "exercise_note", "exercise_alert_step", "exercise_merged", "exercise_record", "exercise_ruling")
CHANGES = {"incident", "report", "action", "outgoing"}  # whole rows stay; what they say goes on
MAY = {"evidence": "hold_state", "report_sign": "void", "unmasking": "state", "evidence_export": "note"}
FILL = {"INTEGER": 90001, "TEXT": "x", "BLOB": b"x", "REAL": 1.0, "ANY": 90001}


def what_only_grows_is_not_changed(folder):
    """A row in every such table, and then the desk's own settings: UPDATE, DELETE and REPLACE are refused, by the database."""
    node = Node(folder)
    with node:
        write(node, 2)
    with contextlib.closing(sqlite3.connect(node.directory / "state" / "state.db", isolation_level=None)) as db:
        db.execute("PRAGMA recursive_triggers=ON")
        db.execute("PRAGMA ignore_check_constraints=ON")
        for table in APPEND_ONLY:
            columns = db.execute(f"PRAGMA table_info({table})").fetchall()
            assert columns, table
            values = {name: FILL.get(kind, 1) for _, name, kind, need, default, key in columns if need or key}
            values.update({"state": "proposed"} if table == "evidence_export" else {})
            values.update({"n": 90001} if "n" in values else {"id": 90001} if "id" in values else {})
            try:
                db.execute(f"INSERT INTO {table}({','.join(values)}) VALUES({','.join('?' * len(values))})", list(values.values()))
            except sqlite3.IntegrityError as e:
                raise AssertionError((table, values, str(e))) from e
            where = " AND ".join(f"{k}=?" for k in values)
            some = [c[1] for c in columns if c[1] not in (MAY.get(table), "version", "sealed")]
            tries = [f"DELETE FROM {table}"]
            tries += [] if table in CHANGES else [f"UPDATE {table} SET {c}={c}" for c in some if c not in ("unit", "hold", "state", "decided",
                      "approver", "note", "expires", "uses", "last_used", "void") or table not in MAY]
            if table == "evidence_export":
                db.execute("UPDATE evidence_export SET state='signed', manifest=x'00'")  # once
                values["state"] = "signed"
                tries.append("UPDATE evidence_export SET state='proposed'")
            elif table in MAY:
                db.execute(f"UPDATE {table} SET {MAY[table]}={MAY[table]}")
            for text in tries:
                try:
                    db.execute(text)
                except sqlite3.IntegrityError:
                    continue
                raise AssertionError(f"{text} was not refused")
            try:
                db.execute(f"INSERT OR REPLACE INTO {table}({','.join(values)}) VALUES({','.join('?' * len(values))})", list(values.values()))
                raise AssertionError(f"REPLACE of {table} was not refused")
            except sqlite3.IntegrityError:
                pass
            assert db.execute(f"SELECT count(*) FROM {table} WHERE {where}", list(values.values())).fetchone()[0] == 1, table


run(what_only_grows_is_not_changed, a_stop_leaves_nothing_uncovered, what_is_done_to_a_log_is_seen, a_node_that_starts_over_something_older_says_so, a_backup_has_its_head,
    a_minute_later_there_is_another, kills_leave_it_well)
