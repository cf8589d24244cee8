"""`coloa export` and `coloa verify` of what it wrote, beside a node that runs and without one: provable, masked, sealed,
written down; and no byte of a proof can be changed unseen."""
import json
import os
import sqlite3
import subprocess
import time

from node_world import Node, bulk, environment
from tap import PROGRAM, coloa, run

PHONE, MAIL = "0912345678", "nguyen.van.a@bo.gov.vn"
TWO = ("--incident", "SC-7", "--by", "an", "--approved-by", "binh")


class Running(Node):
    """One that was started before the `with`."""

    def __enter__(self):
        return self


def document(i) -> bytes:
    return json.dumps({"message": f"event number={i} phone={PHONE} mail={MAIL}", "user": f"user{i % 3}"}).encode()


def seal_all(node):
    """A stop seals and signs all there is."""
    node.stop()
    node.start()


def audits(node) -> list:
    with sqlite3.connect(f"file:{node.directory}/state/state.db?mode=ro", uri=True) as db:
        return db.execute("SELECT who, what, about, detail FROM audit ORDER BY n").fetchall()


def world(folder, n=50):
    node = Running(folder).start()
    assert len(bulk(node.port["bulk"], [(i, b"", document(i)) for i in range(n)])) == n
    seal_all(node)
    return node


def public_key(node) -> str:
    out = coloa("verify", node.directory / "events").stdout.decode()
    return out.split("signed by: ")[1].split()[0]


def export(node, *args, code=0):
    r = coloa("export", "-c", node.config, *args, timeout=120)
    assert r.returncode == code, (r.returncode, r.stdout, r.stderr)
    return r


def a_proof_proves_itself(folder):
    with world(folder) as node:
        out = folder / "proof"
        export(node, "--proof", "--plain", *TWO, "-o", out)
        key = public_key(node)
        # Elsewhere: nothing but the file and the key.
        r = coloa("verify", out, "--key", key)
        assert r.returncode == 0 and b"ALL IS WELL" in r.stdout and b"incident=SC-7" in r.stdout, r
        assert b"records: 50" in r.stdout, r.stdout
        r = coloa("verify", out, "--key", key, "--records")
        assert r.stdout.splitlines() == [document(i) for i in range(50)], r
        assert coloa("verify", out, "--key", "00" * 32).returncode == 1
        assert audits(node)[-1][:3] == ("an; approved by binh", "export.proof", "SC-7"), audits(node)
        assert os.stat(out).st_mode & 0o777 == 0o600
        # Not twice into one file, and not what nobody approved.
        before = len(audits(node))
        export(node, "--proof", "--plain", *TWO, "-o", out, code=3)
        export(node, "--proof", "--plain", *TWO[:4], "-o", folder / "x", code=2)
        export(node, "--proof", "--plain", *TWO[:4], "--approved-by", " AN", "-o", folder / "x", code=2)
        export(node, "--proof", *TWO, "-o", folder / "x", code=2)
        assert len(audits(node)) == before and not (folder / "x").exists()


def a_sealed_one_is_for_one(folder):
    with world(folder) as node:
        mine, other = folder / "mine", folder / "other"
        to = coloa("export", "--new-recipient", mine).stdout.decode().strip()
        coloa("export", "--new-recipient", other)
        out = folder / "sealed"
        export(node, "--proof", "--for", to, *TWO, "-o", out)
        assert PHONE.encode() not in out.read_bytes() and b"SC-7" not in out.read_bytes()
        key = public_key(node)
        r = coloa("verify", out, "--key", key, "--secret", mine)
        assert r.returncode == 0 and b"sealed for you" in r.stdout, r
        assert coloa("verify", out, "--key", key, "--secret", other).returncode == 1
        assert coloa("verify", out, "--key", key).returncode == 2
        assert os.stat(mine).st_mode & 0o777 == 0o600


def a_working_copy_is_masked(folder):
    with world(folder) as node:
        out = folder / "work"
        export(node, "--working", "-o", out)
        lines = [json.loads(x) for x in out.read_text().splitlines()]
        assert lines[0]["coloa.export"] == "working-1" and lines[0]["masked"] is True, lines[0]
        records = lines[1:-1]
        assert [r["seq"] for r in records] == list(range(1, 51)), records
        assert all(r["block"] == 1 and r["index"] == (r["seq"] - 1) and r["source"] == "here" for r in records), records[0]
        text = out.read_text()
        assert PHONE not in text and MAIL not in text and "[phone~" in text and "[email~" in text
        assert len({r["record"].split("phone=")[1].split("]")[0] for r in records}) == 1
        key = public_key(node)
        assert coloa("verify", out, "--key", key).returncode == 0
        assert coloa("verify", out, "--key", "11" * 32).returncode == 1
        # Other pseudonyms in another export.
        export(node, "--working", "-o", folder / "again")
        assert (folder / "again").read_text().split("[phone~")[1][:4] != text.split("[phone~")[1][:4]
        assert audits(node)[-1][1] == "export.working"
        bad = text.replace('"seq":7,', '"seq":8,', 1)
        (folder / "bad").write_text(bad)
        assert coloa("verify", folder / "bad").returncode == 1


def names_in_a_working_copy(folder):
    """What a record's own fields name is masked in all of it, in formats of which the header stands elsewhere too."""
    docs = [{"user": {"name": "CORP\\thảo"}, "src_ip": "10.9.8.7", "message": "thảo of CORP\\thảo from 10.9.8.7, not thảom"},
            {"user": "mai", "url": "/ho-so/mai?x=1", "message": "GET /ho-so/mai?x=1 by MAI", "agent": "curl"},
            {"CommandLine": "cmd /c dir C:\\Users\\linh\\x", "User": "linh", "uid": 0, "n": 100}]
    w3c = folder / "iis.log"
    w3c.write_text("#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
                   "#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status\n"
                   + "".join(f"2026-11-2{i} 05:26:07 10.7.7.{i} khanh{i} GET /a/khanh{i}/b 200\n" for i in range(3)))
    with Running(folder).start() as node:
        raw = [json.dumps(d, ensure_ascii=i == 0).encode() for i, d in enumerate(docs)]
        assert len(bulk(node.port["bulk"], [(i, b"", r) for i, r in enumerate(raw)])) == 3
        assert node.ask("import", w3c).returncode == 0
        many = json.dumps({f"user{i}": f"name{i}" for i in range(400)}).encode()
        assert len(bulk(node.port["bulk"], [(0, b"", many)])) == 1
        seal_all(node)
        out = folder / "work"
        export(node, "--working", "-o", out)
        lines = [json.loads(x) for x in out.read_text().splitlines()][1:-1]
        text = "\n".join(x.get("record", "") for x in lines)
        a, b, c = (json.loads(x["record"]) for x in lines[:3])
        assert a["message"] == f"{a['message'].split()[0]} of {a['user']['name']} from {a['src_ip']}, not thảom", a
        assert a["user"]["name"].startswith("[user~") and a["src_ip"].startswith("[address~") and b["url"].startswith("[path~"), (a, b)
        assert b["message"] == f"GET {b['url']} by {b['user']}" and b["agent"] == "curl", b
        assert c["CommandLine"] == f"cmd /c dir C:\\Users\\{c['User']}\\x" and (c["uid"], c["n"]) == (0, 100), c
        headed = [x["record"] for x in lines if x.get("record", "").startswith("2026-11-2")]
        assert len(headed) == 3 and "khanh" not in text and "10.7.7." not in text, headed
        assert lines[-1]["omitted"] == "names" and "record" not in lines[-1], lines[-1]
        assert coloa("verify", out, "--key", public_key(node)).returncode == 0


def what_is_chosen(folder):
    with world(folder) as node:
        def chosen(*args):
            out = folder / "out"
            out.unlink(missing_ok=True)
            export(node, "--working", "-o", out, *args)
            return [json.loads(x)["seq"] for x in out.read_text().splitlines()[1:-1]]
        assert chosen("--seq", "7-9") == [7, 8, 9]
        assert chosen("user:user1") == [i + 1 for i in range(50) if i % 3 == 1]
        assert chosen("--seq", "1-10", "user:user1") == [2, 5, 8]
        assert len(chosen("--source", "here")) == 50
        assert len(chosen("--received-from", "-1h", "--received-to", time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                                                   time.gmtime(time.time() + 60)))) == 50
        export(node, "--working", "-o", folder / "none", "--source", "nobody", code=3)
        export(node, "--working", "-o", folder / "none", "number | count by user", code=2)
        assert not (folder / "none").exists() and not (folder / "none.part").exists()
        # A proof holds whole frames.
        export(node, "--proof", "--plain", *TWO, "-o", folder / "p", "--seq", "7-9")
        assert b"records: 50" in coloa("verify", folder / "p").stdout


def parts_of_a_long_chain(folder):
    """Blocks in between, heads in between, and what no head covers yet."""
    node = Running(folder).start()
    for k in range(6):
        bulk(node.port["bulk"], [(i, b"", document(100 * k + i)) for i in range(10)])
        seal_all(node)
    with node:
        bulk(node.port["bulk"], [(0, b"", document(999))])  # in the tail
        for seq in ("1-1", "15-44", "60-60", "1-60"):
            out = folder / f"p{seq}"
            export(node, "--proof", "--plain", *TWO, "-o", out, "--seq", seq)
            r = coloa("verify", out, "--key", public_key(node))
            assert r.returncode == 0, (seq, r)
        r = export(node, "--proof", "--plain", *TWO, "-o", folder / "all", code=1)
        assert b"1 records are not under a signed head" in r.stderr, r
        assert b"records: 60" in coloa("verify", folder / "all").stdout
        out = folder / "w"
        export(node, "--working", "-o", out)
        assert [json.loads(x)["seq"] for x in out.read_text().splitlines()[1:-1]] == list(range(1, 62))


def without_a_node_and_never_unwritten(folder):
    node = world(folder)
    node.stop()
    export(node, "--proof", "--plain", *TWO, "-o", folder / "p")
    assert audits(node)[-1][1] == "export.proof"
    assert coloa("alerts", "--state", node.directory / "state", "audit").returncode == 0
    # A node that runs and is not asked: refused, not written behind its back.
    node.start()
    r = coloa("export", "--directory", node.directory, "--working", "-o", folder / "q")
    assert r.returncode == 3 and b"-c" in r.stderr and not (folder / "q").exists(), r
    # A desk that is not there: nothing leaves.
    node.stop()
    os.rename(node.directory / "state", folder / "gone")
    (node.directory / "state").write_text("no directory")
    export(node, "--working", "-o", folder / "q", code=3)
    assert not (folder / "q").exists() and not (folder / "q.part").exists()


def no_byte_can_be_changed(folder):
    with world(folder, 2) as node:
        key = public_key(node)
        to = coloa("export", "--new-recipient", folder / "me").stdout.decode().strip()
        export(node, "--proof", "--plain", *TWO, "-o", folder / "plain")
        export(node, "--proof", "--for", to, *TWO, "-o", folder / "sealed")
        export(node, "--working", "-o", folder / "work")
    every = 1 if os.environ.get("COLOA_TEST_ALL") else 23
    for name in ("plain", "sealed", "work"):
        good = (folder / name).read_bytes()
        more = ["--secret", folder / "me"] if name == "sealed" else []
        assert coloa("verify", folder / name, "--key", key, *more).returncode == 0
        bad = folder / "bad"
        for at in range(0, len(good), every):
            bad.write_bytes(good[:at] + bytes([good[at] ^ (1 << at % 8)]) + good[at + 1:])
            r = subprocess.run([PROGRAM, "verify", bad, "--key", key, *more], capture_output=True, env=environment(), check=False)
            assert r.returncode in (1, 2), (name, at, r)
            assert r.returncode == 1 or at < 8, (name, at, r)
        for cut in (0, 1, 7, 8, 9, len(good) // 2, len(good) - 1):
            bad.write_bytes(good[:cut])
            assert coloa("verify", bad, "--key", key, *more).returncode == 1, (name, cut)
        bad.write_bytes(good + b"\n")
        assert coloa("verify", bad, "--key", key, *more).returncode == 1, name


def names_are_not_shown(folder):
    with world(folder) as node:
        def search(*args, code=0):
            r = coloa("search", "-c", node.config, *args)
            assert r.returncode == code, (r.returncode, r.stdout, r.stderr)
            return r.stdout.decode()
        counts = [x.split() for x in search("number | count by user").splitlines()]
        assert [int(c[0]) for c in counts] == [17, 17, 16] and len({c[1] for c in counts}) == 3, counts
        assert all(c[1].startswith("u-") and len(c[1]) == 6 for c in counts), counts
        assert search("number | count by user") == search("number | count by user")
        before = len(audits(node))
        assert "user1" in search("--incident", "SC-7", "--by", "an", "number | count by user")
        assert audits(node)[before:] == [("an", "search.unmasked", "SC-7", "number | count by user")]
        assert PHONE in search("number")
        for more in ((), ("--json",)):
            masked = search("--mask", *more, "number")
            assert PHONE not in masked and MAIL not in masked and "[phone~" in masked, masked
        row = json.loads(search("--mask", "--json", "number | limit 1"))
        assert row["user.name"] == row["user"] and row["user"].startswith("u-"), row
        assert PHONE not in search("number | count by message")
        # A copy without a key: still pseudonyms, of this call's own.
        (node.directory / "keys/node.key").rename(folder / "key")
        assert "user1" not in search("number | count by user")
        (folder / "key").rename(node.directory / "keys/node.key")


if __name__ == "__main__":
    run(a_proof_proves_itself, a_sealed_one_is_for_one, a_working_copy_is_masked, names_in_a_working_copy, what_is_chosen, parts_of_a_long_chain,
        without_a_node_and_never_unwritten, names_are_not_shown, no_byte_can_be_changed)
