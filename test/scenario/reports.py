"""Reports on a real node, as people make them: filled from the incident, signed by two others with their codes, printed by the press in its
sandbox, signed by the vault, checked by `coloa verify` elsewhere; read back with pdftotext. Exports of the incident for others' machines."""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

from api import Web
from node_world import kill, ports
from people import PASSWORD, Browser, enrol, first_person, one_time, totp
from post_office import MailServer
from press import flat
from tap import ROOT, Skip, coloa, run


class World:
    """A node with a handler who writes, a lead and an approver who sign, a liaison who sends; and one of elsewhere."""
    def __init__(self, folder: pathlib.Path):
        port, = ports(1)
        self.folder, self.post = folder, MailServer(port)
        self.node = Web(folder, head=f"courier:\n  mail: {{server: 127.0.0.1, port: {port}, tls: none, from: coloa@agency.example}}\n")

    def __enter__(self):
        self.node.__enter__()
        try:
            return self.begin()
        except BaseException:
            self.node.kill()
            raise

    def begin(self):
        self.node.ready()
        self.admin = first_person(self.node)
        enrol(self.admin)
        status, unit = self.admin.post("/units", parent=1, code="st", name="Song Thuong hospital", name_vi="Bệnh viện Sông Thương", kind="site", contacts="Trực ban: 0204 000 000")
        assert status in (200, 201), unit
        self.unit = unit["id"]
        self.secrets, self.steps = {}, {}
        for login, role, where, name in (("hang", "handler", self.unit, "Trần Thu Hằng"), ("khoi", "lead", self.unit, "Lê Minh Khôi"), ("hanh", "approver", self.unit, "Nguyễn Thị Hạnh"),
                                         ("lien", "liaison", self.unit, "Phạm Văn Liên")):
            status, person = self.admin.post("/people", login=login, name=name, unit=where)
            assert status in (200, 201), person
            status, answer = self.admin.post(f"/people/{person['id']}/roles", role=role, unit=where)
            assert status in (200, 201), answer
            b = Browser(self.node)
            status, answer = b.sign_in(login, one_time(self.node, login))
            b.post("/session/password", new=PASSWORD)
            self.secrets[login] = enrol(b)[0]
            self.steps[login] = int(time.time()) // 30
            setattr(self, login, b)
        status, system = self.admin.post("/systems", code="his", name="Quản lý khám chữa bệnh", unit=self.unit, level=3, operator="Phòng Công nghệ thông tin", owner="Sở Y tế",
                                         addresses=["10.1.0.0/24"], hosts=["his01"])
        assert status in (200, 201), system
        self.system = system["id"]
        return self

    def __exit__(self, *args):
        self.post.stop()
        self.node.__exit__(*args)

    def code(self, login) -> str:
        now = int(time.time()) // 30
        while self.steps[login] >= now + 1:
            time.sleep(1)
            now = int(time.time()) // 30
        self.steps[login] = max(self.steps[login] + 1, now)
        return totp(self.secrets[login], self.steps[login] * 30)

    def incident(self, **more) -> dict:
        status, answer = self.hang.post("/incidents", title="Mã hóa dữ liệu khám chữa bệnh", system=self.system, kind="ransomware", harm="grave",
                                        summary="Tệp trên máy chủ his01 bị mã hóa hàng loạt, có thông điệp tống tiền.", detection="rule", **more)
        assert status == 200, answer
        return answer

    def raw(self, who, path) -> tuple[int, bytes, dict]:
        c = self.node.connection()
        c.request("GET", "/api/v1" + path, headers={"X-Coloa": "1", "Cookie": who.cookie})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, data, dict(r.getheaders())

    def get(self, who, path, status=200) -> bytes:
        got, data, _ = self.raw(who, path)
        assert got == status, (path, got, data[:300])
        return data

    def get_json(self, who, path):
        return json.loads(self.get(who, path))

    def clock(self, incident) -> dict:
        return {c["clock"]: c for c in self.get_json(self.hang, f"/incidents/{incident['id']}")["clocks"]}["initial"]

    def report(self, incident, kind="initial", **fields) -> dict:
        status, r = self.hang.post("/reports", incident=incident["id"], kind=kind)
        assert status == 200, r
        if not fields:
            return r
        status, r = self.hang.ask("PUT", f"/reports/{r['id']}", {"version": r["version"], "fields": [{"name": k, "value": v} for k, v in fields.items()]})
        assert status == 200, r
        return r

    def signed(self, r) -> dict:
        status, r = self.hang.post(f"/reports/{r['id']}/submit", version=r["version"])
        assert status == 200, r
        for login in ("khoi", "hanh"):
            status, r = getattr(self, login).post(f"/reports/{r['id']}/sign", version=r["version"], code=self.code(login))
            assert status == 200, r
        assert r["state"] == "signed" and [s["name"] for s in r["signatures"]] == ["Lê Minh Khôi", "Nguyễn Thị Hạnh"], r
        return r


INITIAL = {"actions": "Đã cô lập máy chủ his01", "security": "Không", "interruption": "Có"}


def pages(folder: pathlib.Path, pdf: bytes) -> str:
    (folder / "r.pdf").write_bytes(pdf)
    return flat(subprocess.run(["pdftotext", "-raw", str(folder / "r.pdf"), "-"], check=True, capture_output=True).stdout.decode())


def from_the_incident_to_its_proof(folder):
    with World(folder) as w:
        i = w.incident()
        r = w.report(i)
        assert {f["name"] for f in r["missing_fields"]} == set(INITIAL), r["missing_fields"]
        status, answer = w.hang.post(f"/reports/{r['id']}/submit", version=r["version"])
        assert status == 422 and answer["code"] == "missing", answer
        draft = pages(folder, w.get(w.hang, f"/reports/{r['id']}/file?format=pdf"))
        assert "DỰ THẢO · BC-" in draft and "(chưa có)" in draft, draft
        w.hang.post(f"/reports/{r['id']}/drop", reason="làm lại từ đầu")
        r = w.signed(w.report(i, **INITIAL))
        pdf = w.get(w.hang, f"/reports/{r['id']}/file?format=pdf")
        text = pages(folder, pdf)
        for wanted in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "BỆNH VIỆN SÔNG THƯƠNG", "BÁO CÁO BAN ĐẦU, 24 GIỜ", f"Sự cố {i['code']}",
                       "Kính gửi: Lực lượng chuyên trách bảo vệ an ninh mạng thuộc Bộ Công an", "Quản lý khám chữa bệnh", "Tệp trên máy chủ his01 bị mã hóa hàng loạt",
                       "Lê Minh Khôi", "Nguyễn Thị Hạnh", "CHỮ KÝ SỐ CỦA CƠ QUAN", "Nghị định 331/2026/NĐ-CP", "Đây không phải mẫu chính thức", f"BLAKE2b {r['hash']}"):
            assert wanted in text, (wanted, text)
        assert "DỰ THẢO" not in text
        assert w.get(w.khoi, f"/reports/{r['id']}/file?format=pdf") == pdf
        # Elsewhere, with the public key alone.
        files = {}
        for kind in ("pdf", "docx", "json"):
            files[kind] = folder / f"a.{kind}"
            files[kind].write_bytes(w.get(w.lien, f"/reports/{r['id']}/file?format={kind}"))
            (folder / f"a.{kind}.sig").write_bytes(w.get(w.lien, f"/reports/{r['id']}/signature?format={kind}"))
        key = re.search(r"^key: ([0-9a-f]{64})$", (folder / "a.pdf.sig").read_text(), re.M)[1]
        for kind, path in files.items():
            v = coloa("verify", path, "--signature", f"{path}.sig", "--key", key)
            assert v.returncode == 0 and b"ALL IS WELL" in v.stdout, v
        assert coloa("verify", files["pdf"], "--signature", folder / "a.docx.sig", "--key", key).returncode == 1
        assert coloa("verify", files["pdf"], "--signature", folder / "a.pdf.sig", "--key", "ab" * 32).returncode == 1
        for at in (0, len(pdf) // 2, len(pdf) - 1):
            files["pdf"].write_bytes(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1:])
            v = coloa("verify", files["pdf"], "--signature", folder / "a.pdf.sig", "--key", key)
            assert v.returncode == 1 and b"NOT WELL" in v.stdout, v
        report = json.loads(files["json"].read_text())
        assert report["final"] is True and report["hash"] == r["hash"] and report["incident"] == i["code"], report
        # What is written is not what was signed any more.
        assert w.hang.ask("PUT", f"/reports/{r['id']}", {"version": r["version"], "fields": [{"name": "summary", "value": "khác"}]})[0] == 409
        # Queued while there is no mail server, its clock runs; met when it left, and stays met whatever is killed.
        status, sent = w.lien.post(f"/reports/{r['id']}/send", to=["a05@example.vn"])
        assert status == 200 and sent["state"] == "signed" and sent["sent"]["mail_state"] == "queued" and sent["sent"]["at"] is None, sent
        kill(w.node.pids()["desk"], w.node.program)
        w.node.ready()
        met = w.clock(i)
        assert met["met_at"] is None and met["state"] != "met", met
        held = [c for c in w.get_json(w.hang, "/clocks?limit=100")["items"] if c["incident"] == i["id"] and c["clock"] == "initial"]
        assert held[0]["held_by"] == "sending", held
        status, again = w.lien.post(f"/reports/{r['id']}/send", to=["a05@example.vn"])
        assert status == 409 and again["code"] == "sending", again
        w.post.start()
        w.lien.post(f"/outgoing/{sent['sent']['mail']}/retry")
        w.node.wait_for(lambda: w.get_json(w.lien, f"/reports/{r['id']}")["state"] == "sent", 40, "for the mail to leave")
        w.node.wait_for(lambda: w.clock(i)["state"] == "met", 10, "for its clock")
        (_, to, mail), = w.post.mails
        assert to == ["a05@example.vn"] and len(list(mail.iter_attachments())) == 6, (to, mail)
        kill(w.node.pids()["desk"], w.node.program)
        w.node.ready()
        met, at = w.clock(i), w.get_json(w.lien, f"/reports/{r['id']}")["sent"]["at"]
        assert met["state"] == "met" and r["code"] in met["proof"] and met["met_by"] == "Phạm Văn Liên" and met["met_at"] == at, (met, at)
        assert w.lien.post(f"/reports/{r['id']}/send", to=["a05@example.vn"])[0] == 409
        status, out = w.lien.ask("GET", "/outgoing")
        mail = [m for m in out["items"] if m.get("about") == f"report {r['id']}"]
        assert len(mail) == 1 and mail[0]["subject"].startswith(f"[TBSC] Báo cáo ban đầu {i['code']}"), out


def handed_over_and_a_year(folder):
    with World(folder) as w:
        i = w.incident()
        r = w.signed(w.report(i, "immediate", **INITIAL))
        status, answer = w.lien.post(f"/reports/{r['id']}/hand", to="A05, đồng chí trực ban", proof="Biên nhận số 12, 23/11/2026")
        assert status == 200 and answer["sent"]["how"] == "hand", answer
        status, periods = w.khoi.ask("GET", f"/reports/periodic?unit={w.unit}")
        assert [p["id"] for p in periods["items"]] == ["annual-owner", "annual-agency"], periods
        status, y = w.hang.post("/reports", periodic="annual-agency", unit=w.unit, year=periods["items"][1]["year"])
        assert status == 200, y
        assert {f["name"]: f["value"] for f in y["fields"]}["count_kinds"] == "- Mã hóa phần mềm, dữ liệu, thiết bị: 1", y["fields"]
        text = pages(folder, w.get(w.hang, f"/reports/{y['id']}/file?format=pdf"))
        assert f"BÁO CÁO NĂM GỬI BỘ CÔNG AN Năm {y['fields'][1]['value']}" in text, text
        docx = w.get(w.hang, f"/reports/{y['id']}/file?format=docx")
        assert docx[:2] == b"PK"
        status, e = w.hang.post("/reports", incident=i["id"], kind="final", lang="en")
        assert status == 200 and e["lang"] == "en", e
        text = pages(folder, w.get(w.hang, f"/reports/{e['id']}/file?format=pdf"))
        for wanted in ("SOCIALIST REPUBLIC OF VIET NAM", "SONG THUONG HOSPITAL", "FINAL REPORT", f"Incident {i['code']}", "Encryption of software, data or devices",
                       "DRAFT", "(missing)", "This is no official form", "Decree 331/2026/ND-CP", "DIGITAL SIGNATURE OF THE AGENCY", "To: The specialised cybersecurity agency"):
            assert wanted in text, (wanted, text)


def whatever_is_killed(folder):
    """Press, vault and desk die while a report is printed, signed by the node and sent: nothing is lost, and nothing is done twice."""
    rounds = int(os.environ.get("COLOA_KILLS", "12"))
    with World(folder) as w:
        random.seed(int(os.environ.get("COLOA_SEED", "7")))
        i = w.incident()
        r = w.signed(w.report(i, **INITIAL))
        for n in range(rounds):
            victim = ("desk", "vault", "press")[n % 3]
            path, verb = random.choice((("file?format=pdf", "GET"), ("signature?format=docx", "GET"), ("send", "POST")))
            done = {}

            def ask():
                try:
                    done["answer"] = w.lien.ask(verb, f"/reports/{r['id']}/{path}", {"to": ["a05@example.vn"]} if verb == "POST" else None)
                except OSError:
                    done["answer"] = (0, None)
            t = threading.Thread(target=ask)
            t.start()
            time.sleep(random.random() * 0.25)
            if victim == "press":
                for line in subprocess.run(["pgrep", "-P", str(w.node.process.pid), "-f", "coloa: job"], capture_output=True, text=True).stdout.split():
                    kill(int(line), w.node.program)
            else:
                kill(w.node.pids()[victim], w.node.program)
            t.join(40)
            assert "answer" in done, "the browser waits for ever"
            w.node.wait_for(w.node.answers, 30, "for the desk")
            status = done["answer"][0]
            assert status in (0, 200, 409, 502, 503, 504), done
            if verb == "POST" and status == 409:
                assert done["answer"][1]["code"] in ("not_signed", "sending"), done

        def send():
            status, answer = w.lien.post(f"/reports/{r['id']}/send", to=["a05@example.vn"])
            assert status in (200, 409, 503), answer
            return status in (200, 409)
        w.node.wait_for(send, 40, "for it to be sent")
        w.post.start()
        w.lien.post(f"/outgoing/{w.get_json(w.lien, '/outgoing')['items'][0]['id']}/retry")
        w.node.wait_for(lambda: w.get_json(w.lien, f"/reports/{r['id']}")["state"] == "sent", 40, "for the mail to leave")
        status, answer = w.lien.ask("GET", f"/reports/{r['id']}")
        assert answer["state"] == "sent" and answer["sent"]["mail"], answer
        mails = w.lien.ask("GET", "/outgoing")[1]["items"]
        assert len([m for m in mails if m.get("about") == f"report {r['id']}"]) == 1, mails
        entries = w.hang.ask("GET", f"/incidents/{i['id']}/timeline?limit=200")[1]["items"]
        assert len([e for e in entries if e["kind"] == "clock" and ": met:" in e["text"]]) == 1, entries
        pdf = folder / "a.pdf"
        pdf.write_bytes(w.get(w.lien, f"/reports/{r['id']}/file?format=pdf"))
        (folder / "a.sig").write_bytes(w.get(w.lien, f"/reports/{r['id']}/signature?format=pdf"))
        assert coloa("verify", pdf, "--signature", folder / "a.sig").returncode == 0


def stix_validator() -> list[str]:
    """OASIS' own validator with its schemas, from the package registry into a cache."""
    where = pathlib.Path(os.environ.get("COLOA_CACHE") or ROOT / ".cache") / "stix2-validator-3.3.2"
    if not (where / "complete").exists():
        r = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", where, "stix2-validator==3.3.2"],
                           capture_output=True, text=True, timeout=300)
        if r.returncode != 0:
            raise Skip("no stix2-validator: " + (r.stderr.strip().splitlines() or ["?"])[-1][:200])
        (where / "complete").touch()
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from stix2validator.scripts.stix2_validator import main; main()"
    return [sys.executable, "-c", code, str(where)]


def exported(folder, look):
    """An incident with observables of every light; `look(w, i, sharing, rank, seen)` for each that it may be shared as."""
    seen = [("address", "203.0.113.7", "attacker", "clear"), ("address", "2001:db8::7", "attacker", "green"), ("address", "203.0.113.64/28", "attacker", "green"),
            ("domain", "kho.c3.example", "attacker", "amber"), ("url", "http://c2.example/a?b='c'&d=<e>", "attacker", "green"),
            ("hash", "d41d8cd98f00b204e9800998ecf8427e", "attacker", "clear"), ("hash", "ab" * 32, "attacker", "green"), ("email", "gia@example.org", "attacker", "green"),
            ("address", "10.1.0.20", "victim", "amber"), ("host", "his01", "victim", "green"), ("account", "quantri.his", "victim", "green"),
            ("file", "README & GIẢI MÃ.txt", "attacker", "green"), ("process", "vssadmin delete shadows /all", "attacker", "amber"),
            ("address", "198.51.100.9", "attacker", "red"), ("ja3", "e7d705a3286e19ea42f587b344ee6865", "attacker", "green"), ("other", "ghi chú", "unknown", "green")]
    with World(folder) as w:
        i = w.incident()
        for kind, value, role, tlp in seen:
            status, answer = w.hang.post(f"/incidents/{i['id']}/observables", type=kind, value=value, role=role, tlp=tlp, note="Máy của chị Hằng")
            assert status == 200, answer
        for rank, sharing in enumerate(("clear", "green", "amber", "amber_strict", "red")):
            look(w, i, sharing, rank, seen)
        for who in (w.hang, w.hanh):  # a handler, an approver: they do not send
            assert w.raw(who, f"/incidents/{i['id']}/stix?sharing=red")[0] == 403


def stix_goes_as_far_as_its_light(folder):
    """By OASIS' own validator, with the schemas of STIX 2.1 in it."""
    validator = stix_validator()

    def look(w, i, sharing, rank, seen):
        raw = w.get(w.lien, f"/incidents/{i['id']}/stix?sharing={sharing}")
        path = folder / f"{sharing}.json"
        path.write_bytes(raw)
        r = subprocess.run([*validator, "--version", "2.1", path], capture_output=True, text=True, timeout=120)
        assert r.returncode == 0 and "STIX JSON: Valid" in r.stdout, (sharing, r.stdout[-3000:], r.stderr[-500:])
        assert "UUIDv5" not in r.stdout or rank >= 2, r.stdout  # a process has none of that kind
        bundle, text = json.loads(raw), raw.decode()
        kinds = [o["type"] for o in bundle["objects"]]
        ids = {o["id"] for o in bundle["objects"]}
        assert len(ids) == len(bundle["objects"])
        for o in bundle["objects"]:  # nothing points outside
            for name, value in o.items():
                if name.endswith("_ref"):
                    assert value in ids, (name, value)
                elif name.endswith("_refs"):
                    assert set(value) <= ids, (name, value)
        for kind, value, role, tlp in seen:
            far = ("clear", "green", "amber", "amber_strict", "red").index(tlp) <= rank
            hidden = rank < 3 and (kind in ("host", "account") or value.startswith("10.") or kind == "other")
            if kind not in ("ja3", "other", "url"):
                assert (json.dumps(value, ensure_ascii=False)[1:-1] in text) == (far and not hidden), (sharing, value)
        assert ("incident" in kinds) == (rank >= 2), kinds  # it is amber
        assert ("Máy của chị Hằng" in text) == (rank >= 3) and ("Sông Thương" in text or "Song Thuong" in text) == (rank >= 3)
        assert (i["title"] in text) == (rank >= 3)
        assert ("host-1" in text) == (rank in (1, 2)), sharing
        if rank >= 1:
            patterns = [o["pattern"] for o in bundle["objects"] if o["type"] == "indicator"]
            assert "[ipv4-addr:value ISSUBSET '203.0.113.64/28']" in patterns and "[file:hashes.'MD5' = 'd41d8cd98f00b204e9800998ecf8427e']" in patterns, patterns

    exported(folder, look)


def iodef_goes_as_far_as_its_light(folder):
    def look(w, i, sharing, rank, seen):
        status, xml, _ = w.raw(w.lien, f"/incidents/{i['id']}/iodef?sharing={sharing}")
        if rank < 2:
            assert status == 409 and json.loads(xml)["code"] == "stricter", xml
            return
        (folder / "a.xml").write_bytes(xml)
        check_iodef(folder / "a.xml")
        assert (b"quantri.his" in xml) == (rank >= 3) and (b"198.51.100.9" in xml) == (rank == 4)

    exported(folder, look)


def iodef_is_valid_by_the_schema_of_rfc_7970(folder):
    """Where it is at hand: ./dev schemas, or COLOA_IODEF_XSD."""
    xsd = os.environ.get("COLOA_IODEF_XSD") or pathlib.Path(os.environ.get("COLOA_CACHE") or ROOT / ".cache") / "schemas/iodef/iodef-2.0.xsd"
    if not pathlib.Path(xsd).is_file():
        raise Skip("no schema of RFC 7970 (./dev schemas brings it)")

    def look(w, i, sharing, rank, seen):
        status, xml, _ = w.raw(w.lien, f"/incidents/{i['id']}/iodef?sharing={sharing}")
        if status == 200:
            (folder / "a.xml").write_bytes(xml)
            r = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", xsd, folder / "a.xml"], capture_output=True, text=True)
            assert r.returncode == 0, (r.stderr[-1500:], xml[:3000])
    exported(folder, look)


def check_iodef(path: pathlib.Path) -> None:
    """By our own schema of the parts that we write."""
    r = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng", str(ROOT / "test/scenario/iodef.rng"), str(path)], capture_output=True, text=True)
    assert r.returncode == 0, (r.stderr[-1500:], path.read_text()[:3000])


if __name__ == "__main__":
    run(*[t for t in (from_the_incident_to_its_proof, handed_over_and_a_year, whatever_is_killed, stix_goes_as_far_as_its_light, iodef_goes_as_far_as_its_light, iodef_is_valid_by_the_schema_of_rfc_7970) if not sys.argv[2:] or t.__name__ in sys.argv[2:]])
