"""Evidence on a real node, over HTTP: files in and out, records that the store holds, what two people seal and a court checks with the public
key alone; broken uploads, and kills on the way."""
import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import tarfile
import time
import urllib.parse

from api import Web
from node_world import kill
from people import PASSWORD, Browser, enrol, first_person, next_code, one_time
from tap import PROGRAM, coloa, run


class Bureau:
    """A node with a lead, an approver with an account of some days, an inspector, and an incident."""
    def __init__(self, folder):
        self.node = Web(folder, listeners={"tcp": "syslog-tcp"}, head="attachments: 12M")

    def __enter__(self):
        self.node.__enter__()
        try:
            self.begin()
            return self
        except BaseException:
            self.node.kill()
            raise

    def begin(self):
        self.node.ready()
        admin, self.secrets = first_person(self.node), {}
        enrol(admin)
        for login, role in (("lan", "lead"), ("duc", "approver"), ("yen", "inspector")):
            status, person = admin.post("/people", login=login, name=login.title(), unit=1)
            assert status in (200, 201), person
            assert admin.post(f"/people/{person['id']}/roles", role=role, unit=1)[0] in (200, 201)
            b = Browser(self.node)
            b.sign_in(login, one_time(self.node, login))
            b.post("/session/password", new=PASSWORD)
            self.secrets[login] = enrol(b)[0]
            setattr(self, login, b)
        self.node.stop()
        with sqlite3.connect(self.node.directory / "state" / "state.db") as db:
            db.execute("UPDATE person SET created=created-172800000000000, created_by=NULL, reset_by=NULL")
        self.node.start()
        self.node.ready()
        status, answer = self.lan.post("/incidents", title="dữ liệu bị lấy", unit=1)
        assert status == 200, answer
        self.incident = answer["id"]

    def __exit__(self, *e):
        self.node.__exit__(*e)

    def attach(self, who, name, content, **more):
        query = urllib.parse.urlencode({"name": name, "note": "vì sao thu", "origin": "máy kế toán", **more})
        return self.upload(who, f"/incidents/{self.incident}/evidence?{query}", content)

    def upload(self, who, path, content):
        status, answer, _ = self.node.http("POST", "/api/v1" + path, content, {"Cookie": who.cookie, "Content-Type": "application/octet-stream"})
        return status, answer

    def get(self, who, path):
        """Bytes and heads."""
        c = self.node.connection()
        c.request("GET", "/api/v1" + path, headers={"Cookie": who.cookie})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, data, dict(r.getheaders())

    def rows(self, sql):
        db = sqlite3.connect(f"file:{self.node.directory}/state/state.db?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()


def in_and_out(folder):
    with Bureau(folder) as b:
        content = os.urandom(1_300_000)
        status, item = b.attach(b.lan, "../../ổ đĩa \"1\".img", content)
        assert status == 200 and item["hash"] == hashlib.blake2b(content, digest_size=32).hexdigest(), item
        assert item["size"] == len(content) and item["code"].endswith("/E1"), item
        status, data, heads = b.get(b.yen, f"/evidence/{item['id']}/content?reason=xem")
        assert status == 200 and data == content
        assert heads["Content-Type"] == "application/octet-stream" and heads["Content-Disposition"].startswith("attachment; filename=\""), heads
        assert "/" not in heads["Content-Disposition"] and heads["X-Content-Type-Options"] == "nosniff", heads
        status, answer = b.yen.ask("GET", f"/evidence/{item['id']}")
        assert [k["what"] for k in answer["custody"]] == ["taken", "viewed"], answer
        assert answer["custody"][1]["from"] == "127.0.0.1", answer
        # The inspector changes nothing.
        assert b.attach(b.yen, "x", b"x")[0] == 403
        assert b.yen.post(f"/evidence/{item['id']}/hand_over", to="C50", reason="giao nộp")[0] == 403
        status, answer = b.lan.post(f"/evidence/{item['id']}/hand_over", to="C50, biên bản 7", reason="giao nộp")
        assert status == 200 and answer["custody"][2]["to"] == "C50, biên bản 7", answer
        # Room is limited, and what did not fit leaves nothing.
        status, answer = b.attach(b.lan, "big", os.urandom(2_000_000))
        assert status == 409 and answer["code"] in ("incident_full", "person_full"), answer
        assert b.attach(b.lan, "same", content)[0] == 409
        assert b.attach(b.lan, "none", b"")[0] == 422
        assert b.attach(b.lan, "other", b"x" * 100, taken="2099-01-01T00:00:00Z")[0] == 422
        # The command line can do it too, byte by byte: what looks like JSON is not written anew.
        (folder / "in.json").write_bytes(b'{"b":1,   "a": 2}')
        r = coloa("api", "-c", b.node.config, "evidence.add", f"incident={b.incident}", "name=in.json", "note=why it", f"@{folder}/in.json")
        assert r.returncode == 0, r.stderr
        small = json.loads(r.stdout)["id"]
        for number, wanted in ((small, b'{"b":1,   "a": 2}'), (item["id"], content)):
            r = coloa("api", "-c", b.node.config, "evidence.content", f"id={number}")
            assert r.returncode == 0 and r.stdout == wanted, (number, r.returncode, len(r.stdout), r.stderr)
        used = b.lan.ask("GET", "/evidence/room")[1]
        assert used == {"used": len(content) + 17, "limit": 12 << 20}, used


def cut_and_killed_uploads(folder):
    with Bureau(folder) as b:
        path = f"/api/v1/incidents/{b.incident}/evidence?name=cut&note=why+it"
        for victim in (None, "desk", "console"):
            s = socket.create_connection(("127.0.0.1", b.node.web))
            s.sendall((f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Coloa: 1\r\nCookie: {b.lan.cookie}\r\nContent-Type: application/octet-stream\r\n"
                       "Content-Length: 1500000\r\n\r\n").encode() + os.urandom(700_000))
            b.node.wait_for(lambda: b.rows("SELECT count(*) FROM blob_piece")[0][0] >= 1, 30, "for pieces")
            if victim:
                kill(b.node.pids()[victim], PROGRAM)
            s.close()
            b.node.wait_for(lambda: b.node.answers(), 30, "for the desk")
            b.node.wait_for(lambda: b.rows("SELECT count(*) FROM blob_piece")[0][0] == 0, 60, f"for the pieces to go: {victim}")
            assert b.rows("SELECT count(*) FROM blob")[0][0] == 0
        assert b.attach(b.lan, "whole", b"whole")[0] == 200
        assert b.lan.ask("GET", "/evidence?limit=9")[1]["total"] == 1


def records_stay(folder):
    with Bureau(folder) as b:
        body = dict(name="đăng nhập lạ", note="dấu vết", first_seq=1, last_seq=500, query="user=an")
        status, item = b.lan.post(f"/incidents/{b.incident}/evidence/ranges", **body)
        assert status == 200 and item["hold_state"] in ("asked", "held"), item
        b.node.wait_for(lambda: b.lan.ask("GET", f"/evidence/{item['id']}")[1]["hold_state"] == "held", 60, "for the hold")
        r = coloa("hold", "list", "-c", b.node.config)
        assert item["hold"].encode() in r.stdout, (item, r.stdout, r.stderr)
        # A desk that ends asks again where it did not hear the answer; the same hold is there once.
        kill(b.node.pids()["desk"], PROGRAM)
        b.node.ready()
        status, again = b.lan.post(f"/incidents/{b.incident}/evidence/ranges", **{**body, "first_seq": 600, "last_seq": 700})
        assert status == 200, again
        b.node.wait_for(lambda: b.lan.ask("GET", f"/evidence/{again['id']}")[1]["hold_state"] == "held", 60, "for the second hold")


def for_a_court(folder):
    with Bureau(folder) as b:
        content = os.urandom(300_000)
        for name, data in (("disk.img", content), ("../../../etc/passwd", b"x"), ("ảnh chụp' $(id).png", b"y")):
            assert b.attach(b.lan, name, data)[0] == 200, name
        assert b.attach(b.lan, "\u202egnp.exe", b"z")[0] == 422  # would be shown as exe.png
        b.lan.post(f"/incidents/{b.incident}/evidence/ranges", name="ssh", note="dấu vết", first_seq=3, last_seq=9)
        status, export = b.lan.post("/evidence/exports", incident=b.incident, reason="theo yêu cầu của toà án")
        assert status == 200 and export["state"] == "proposed", export
        approve = f"/evidence/exports/{export['id']}/approve"
        assert b.lan.post(approve, code=next_code(b.secrets["lan"]))[0] == 403
        assert b.yen.post(approve, code=next_code(b.secrets["yen"]))[0] == 403
        assert b.duc.post(approve, code="000000")[0] == 403
        status, export = b.duc.post(approve, code=next_code(b.secrets["duc"]))
        assert status == 200 and export["state"] == "signed", export
        status, data, heads = b.get(b.lan, f"/evidence/exports/{export['id']}/file")
        assert status == 200 and heads["Content-Type"] == "application/x-tar", heads
        assert b.get(b.yen, f"/evidence/exports/{export['id']}/file")[0] == 403
        assert b.get(b.duc, f"/evidence/exports/{export['id']}/file")[1] == data, "not the same twice"
        out = folder / "court.tar"
        out.write_bytes(data)
        with tarfile.open(out) as t:
            key = t.extractfile("SIGNATURE").read().decode().splitlines()[3]
        r = coloa("verify", "--key", key, out, "--lang", "en")
        assert r.returncode == 0 and b"ALL IS WELL, as far as it is in this file" in r.stdout and b"items: 4" in r.stdout, (r.stdout, r.stderr)
        # Any tar reads it, and no name leads out of where it is unpacked.
        with tarfile.open(out) as t:
            names = t.getnames()
            assert names[:3] == ["README.txt", "MANIFEST.json", "SIGNATURE"] and len(names) == 6, names
            assert all(n.count("/") <= 1 and ".." not in n.split("/") and n.isascii() for n in names), names
            manifest = json.load(t.extractfile("MANIFEST.json"))
            assert hashlib.blake2b(t.extractfile(names[3]).read(), digest_size=32).hexdigest() == manifest["items"][0]["hash"]
        assert coloa("verify", "--key", "00" * 32, out).returncode == 1
        for at in (700, 3000, data.index(b"chuy") if b"chuy" in data else 5000, len(data) - 2000):
            bad = bytearray(data)
            bad[at] ^= 1
            (folder / "bad.tar").write_bytes(bad)
            r = coloa("verify", "--key", key, folder / "bad.tar")
            assert r.returncode == 1, (at, r.stdout, r.stderr)
        (folder / "bad.tar").write_bytes(data[:-512])
        assert coloa("verify", folder / "bad.tar").returncode == 1
        audit = [row[0] for row in b.rows("SELECT what FROM audit")]
        assert audit.count("custody.sealed") == 4 and audit.count("custody.exported") == 8, audit
    r = subprocess.run([PROGRAM, "alerts", "audit", "--state", b.node.directory / "state"], capture_output=True, check=False)
    assert r.returncode == 0, r.stderr


def court_file(b, reason="theo yêu cầu") -> bytes:
    export = b.lan.post("/evidence/exports", incident=b.incident, reason=reason)[1]
    for _ in range(3):  # a code counts once, and too many wrong ones end the session
        status, answer = b.duc.post(f"/evidence/exports/{export['id']}/approve", code=next_code(b.secrets["duc"]))
        if status != 403 or answer["code"] != "wrong_code":
            break
        time.sleep(31)
    assert status == 200 and answer["state"] == "signed", answer
    return b.get(b.lan, f"/evidence/exports/{export['id']}/file")[1]


def members(data) -> list:
    """The tar's entries as bytes, heads and padding with them, without the end."""
    out, at = [], 0
    while data[at:at + 512].strip(b"\0"):
        size = int(data[at + 124:at + 135], 8)
        end = at + 512 + (size + 511) // 512 * 512
        out.append(data[at:end])
        at = end
    return out


def send_lines(node, n):
    with socket.create_connection(("127.0.0.1", node.port["tcp"])) as s:
        s.sendall(b"".join(b"<13>Nov 23 05:00:00 host app: court number=%d\n" % i for i in range(n)))


def an_expert_checks_it_elsewhere(folder):
    """Nothing but the program, the public key, and what the agency handed over: left out, changed, in another order, of another node."""
    with Bureau(folder) as b:
        before = b.node.status().get("durable", 0)
        send_lines(b.node, 40)
        b.node.wait_for(lambda: b.node.status().get("durable", 0) >= before + 40, what="for the records")
        b.node.stop()  # seals and signs
        b.node.start()
        b.node.ready()
        first = next(r["event.sequence"] for r in b.node.search("court") if b"number=5" in r["event.original"].encode() + b" " and r["event.original"].endswith("number=5"))
        for name, data in (("a.img", b"a" * 700), ("b.img", b"b" * 700)):
            assert b.attach(b.lan, name, data)[0] == 200
        spans = ((first, first + 9), (first + 20, first + 22))
        for lo, hi in spans:
            status, item = b.lan.post(f"/incidents/{b.incident}/evidence/ranges", name="ssh", note="dấu vết", first_seq=lo, last_seq=hi)
            assert status == 200, item
        data = court_file(b)
        # One more, of records that no proof has all of.
        far = (first + 30, first + 4000)
        assert b.lan.post(f"/incidents/{b.incident}/evidence/ranges", name="more", note="dấu vết", first_seq=far[0], last_seq=far[1])[0] == 200
        more = court_file(b, "lần hai")
        key = coloa("verify", b.node.directory / "events").stdout.decode().split("signed by: ")[1].split()[0]
        there = folder / "court"
        there.mkdir()

        def proof(name, lo, hi, node=b.node):
            r = coloa("export", "-c", node.config, "--proof", "--plain", "--incident", "T", "--by", "an", "--approved-by", "binh", "--seq", f"{lo}-{hi}", "-o", there / name)
            assert r.returncode == 0, r
            return there / name
        one, two = (proof(f"p{i}", *span) for i, span in enumerate(spans))
        (folder / "b").mkdir()
        other = Web(folder / "b", listeners={"tcp": "syslog-tcp"})
        with other:
            other.ready()
            send_lines(other, 40)
            other.wait_for(lambda: other.status().get("durable", 0) >= 40, what="for the records")
            other.stop()
            other.start()
            other.ready()
            foreign = proof("foreign", 1, 38, other)
    tar = there / "court.tar"
    tar.write_bytes(data)
    (there / "more.tar").write_bytes(more)
    b.node.directory.rename(folder / "gone")  # no node

    def said(code, *args, path=tar):
        r = coloa("verify", "--key", key, *args, path, cwd=there)
        assert r.returncode == code, (code, args, r.stdout.decode(), r.stderr.decode())
        assert (b"NOT WELL" in r.stdout) == (code == 1), r.stdout
        return r.stdout.decode()
    # Without the proofs it says what is not proved; with them, all is.
    out = said(0)
    assert "2 of its items are stored records that are NOT in this file" in out and "as far as it is in this file" in out and out.count("no record is in this file") == 2, out
    out = said(0, "--proof", one, "--proof", two)
    assert out.rstrip().endswith("ALL IS WELL") and out.count("a proof, ") == 2, out
    assert "KHÔNG nằm trong tệp này" in coloa("verify", "--lang", "vi", tar).stdout.decode()
    # A proof left out; one of fewer records; of another node; changed; the court's file in its place.
    assert f"records {far[0]}-{far[1]}: no proof that was given has all of them" in said(1, "--proof", one, "--proof", two, path=there / "more.tar")
    assert "3 of its items are stored records" in said(0, path=there / "more.tar")
    assert "signed by another key" in said(1, "--proof", one, "--proof", foreign)
    bad = bytearray(two.read_bytes())
    bad[len(bad) // 2] ^= 1
    (there / "bad").write_bytes(bad)
    said(1, "--proof", one, "--proof", there / "bad")
    said(1, "--proof", tar)
    assert coloa("verify", "--proof", one, two).returncode == 2 and coloa("verify", "--proof", there / "none", tar).returncode == 3
    # The file itself: an item left out, two in another order, two contents exchanged, one twice, one of another name.
    m, end = members(data), bytes(1024)
    assert b"".join(m) + end == data and len(m) == 5, len(m)
    a_head, b_head, a, b_ = m[3][:512], m[4][:512], m[3][512:], m[4][512:]
    spoilt = there / "spoilt.tar"
    for parts in (m[:3] + m[4:], m[:4], m[:3] + [m[4], m[3]], m[:3] + [a_head, b_, b_head, a], m[:4] + [m[3]], m + [m[4]], [m[0], m[2], m[1]] + m[3:],
                  m[:3] + [a_head.replace(b"a.img", b"c.img"), a] + m[4:], m[1:], m[:1] + m[2:], m[:2] + m[3:]):
        spoilt.write_bytes(b"".join(parts) + end)
        said(1, path=spoilt)
    # The manifest without an item, in another order, with a range made longer: the signature is of another one.
    text = m[1][512:512 + int(m[1][124:135], 8)]
    for change in (lambda o: o["items"].pop(1), lambda o: o["items"].reverse(), lambda o: o["items"][2].update(last_seq=o["items"][2]["last_seq"] + 1),
                   lambda o: o["items"][2].update(query="x"), lambda o: o.update(reason="y"), lambda o: o["items"][0]["custody"].pop()):
        o = json.loads(text)
        change(o)
        new = json.dumps(o, ensure_ascii=False, separators=(",", ":")).encode()
        head = bytearray(m[1][:512])
        head[124:135] = b"%011o" % len(new)
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        spoilt.write_bytes(m[0] + bytes(head) + new + bytes(-len(new) % 512) + b"".join(m[2:]) + end)
        said(1, path=spoilt)
    assert coloa("verify", "--key", "00" * 32, tar).returncode == 1


if __name__ == "__main__":
    run(in_and_out, cut_and_killed_uploads, records_stay, for_a_court, an_expert_checks_it_elsewhere)
