"""The agency of the scripted night: a node in a network of its own, its people with their own second factors, one information system with
hosts and backups, and the storyline that its hosts send. tools/night.mjs plays the people in a browser."""
import json
import os
import pathlib
import sqlite3
import subprocess
import time

from api import Web
from node_world import connect
from people import PASSWORD, Browser, enrol, first_person, one_time

STORY = pathlib.Path(os.environ.get("COLOA_TEST_DATA", "")) / "dev-set/json/otrf/storyline-theshire-2020-09"
SIGMA = pathlib.Path(os.environ.get("COLOA_TEST_DATA", "")) / "sigma-rules-8eaafff1"
# One recording per phase, small ones first: what a night can look at.
BULK = ("empire_shell_net_local_users_2020-09-21192606.json", "empire_schtasks_creation_standard_user_2020-09-21031526.json",
        "empire_launcher_vbs_2020-09-04160940.json", "empire_psremoting_stager_2020-09-20170827.json",
        "empire_shell_rubeus_asktgt_ptt_2020-09-21223848.json", "rdp_interactive_taskmanager_lsass_dump_2020-09-22043748.json")
SYSLOG = ("empire_shell_reg_dump_sam_2020-09-22042823.json", "empire_powerdump_sam_access_2020-09-22042230.json")
PEOPLE = (("ha", "Nguyễn Thu Hà", "officer"), ("bao", "Trần Quốc Bảo", "handler"), ("khoi", "Lê Minh Khôi", "lead"), ("anh", "Phạm Đức Anh", "approver"), ("duc", "Đỗ Minh Đức", "approver"),
          ("tuan", "Phan Văn Tuấn", "liaison"), ("yen", "Vũ Hoàng Yến", "owner"), ("mai", "Hoàng Thị Mai", "inspector"), ("quan", "Đỗ Hồng Quân", "admin"))


class Agency:
    """`head`: more of the configuration, as lines. Enter it: the node is up, everybody has a password and a second factor."""
    def __init__(self, folder: pathlib.Path, rules, head="", outside=False):
        self.node = Web(folder, rules=rules, head=head, listeners={"tcp": "syslog-tcp", "bulk": "bulk"})
        if outside:  # reached from other machines too
            self.node.config.write_text(self.node.config.read_text().replace(f"127.0.0.1:{self.node.port['tcp']}", f"0.0.0.0:{self.node.port['tcp']}"))
        self.secrets, self.ids, self.people = {}, {}, {}

    def __enter__(self):
        self.node.__enter__()
        try:
            return self.begin()
        except BaseException:
            self.node.kill()  # nobody else would end it
            raise

    def __exit__(self, *args):
        self.node.__exit__(*args)

    def begin(self):
        self.node.ready()
        admin = first_person(self.node)
        enrol(admin)
        self.admin = admin
        for login, name, role in PEOPLE:
            person = done(admin.post("/people", login=login, name=name, unit=1, email=f"{login}@agency.example", phone="4101"))
            done(admin.post(f"/people/{person['id']}/roles", role=role, unit=1))
            self.ids[login] = person["id"]
        for login in self.ids:
            b = self.people[login] = Browser(self.node)
            assert b.sign_in(login, one_time(self.node, login))[1]["step"] == "new_password"
            done(b.post("/session/password", new=PASSWORD))
            self.secrets[login] = enrol(b)[0]
        self.system = done(admin.post("/systems", name="HIS khám chữa bệnh", code="HIS", unit=1, level=3, level_approved=True, level_decision="QĐ 121/2026", owner="Sở mẫu", operator="Trung tâm Giám sát",
                                      purpose="Quản lý khám chữa bệnh", rto_s=28800, rpo_s=86400, data=["personal", "sensitive"], addresses=["10.64.3.0/24"],
                                      hosts=["WORKSTATION5.theshire.local", "WORKSTATION6.theshire.local", "MORDORDC.theshire.local"], sources=[], contacts="Vũ Hoàng Yến 4105"))["id"]
        self.age()
        return self

    def age(self):
        """Everybody's account is two days old and made by nobody here: else no one may be the second person tonight."""
        self.node.stop()
        with sqlite3.connect(self.node.directory / "state" / "state.db") as db:
            db.execute("UPDATE person SET created=created-172800000000000, created_by=NULL, reset_by=NULL")
            db.execute("UPDATE person SET totp_step=0")  # what was used while enrolling counts no more
        self.node.start()
        self.node.ready()

    def send(self, name: str, how: str, most=None) -> int:
        """One recording, as a host sends it: JSON by bulk, or the same in syslog (RFC 5424, octet counting)."""
        lines = (STORY / name).read_bytes().splitlines()[:most]
        if how == "bulk":
            for at in range(0, len(lines), 500):
                body = b"".join(b'{"create":{}}\n' + line + b"\n" for line in lines[at:at + 500])
                status, answer = self.bulk(body)
                assert status == 200 and not answer.get("errors"), (status, str(answer)[:500])
            return len(lines)
        with connect(self.node.port["tcp"]) as s:
            for line in lines:
                host = json.loads(line).get("Hostname", "unknown")
                frame = b"<14>1 - " + host.encode() + b" nxlog - - - " + line
                s.sendall(b"%d %s" % (len(frame), frame))
        return len(lines)

    def bulk(self, body: bytes):
        import http.client
        c = http.client.HTTPConnection("127.0.0.1", self.node.port["bulk"], timeout=120)
        c.request("POST", "/_bulk", body=body, headers={"Content-Type": "application/x-ndjson"})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, json.loads(data or b"{}")

    def settle(self, seconds=90) -> int:
        """Until no more alerts come; how many there are."""
        last, since, end = -1, time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < end:
            now = self.people["khoi"].ask("GET", "/alerts?status=new&limit=1")[1].get("total")
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > 4:
                break
            time.sleep(0.5)
        return last


def done(said) -> dict:
    status, answer = said
    assert status in (200, 201), said
    return answer


def restic(folder: pathlib.Path, size=200) -> tuple:
    """A real restic repository with one snapshot of `size` small files: (repository, password file)."""
    source, repository, secret = folder / "his-files", folder / "his-restic", folder / "his-password"
    source.mkdir()
    for i in range(size):
        (source / f"ho-so-{i:04d}.json").write_text(json.dumps({"ho_so": i, "noi_dung": "x" * (i % 97)}))
    secret.write_text("sông mây tre biển\n")
    secret.chmod(0o600)
    for command in (["init"], ["backup", str(source)]):
        subprocess.run(["restic", "-r", repository, "-p", secret, "-q", *command], check=True, capture_output=True, env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")})
    return repository, secret
