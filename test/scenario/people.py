"""People on a real node, over HTTP as a browser does: the first one from the command line, each step of signing in, guessing, files,
sessions that outlive the processes behind them; and nothing secret in a log."""
import base64
import hashlib
import hmac
import os
import pty
import re
import struct
import subprocess
import time
import urllib.parse

from api import Web
from node_world import environment, kill
from tap import PROGRAM, run

PASSWORD = "Ba con mèo, 7 cái bàn"


def totp(secret: str, when=None) -> str:
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(when or time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"


class Browser:
    """One who keeps the cookie."""
    def __init__(self, node):
        self.node, self.cookie = node, None

    def ask(self, method, path, body=None, **headers):
        head = dict(headers)
        if self.cookie:
            head["Cookie"] = self.cookie
        status, answer, got = self.node.http(method, "/api/v1" + path, body, head)
        said = got.get("Set-Cookie")
        if said:
            assert "HttpOnly" in said and "SameSite=Strict" in said and "Path=/" in said, said
            pair = said.split(";")[0]
            self.cookie = pair if pair.split("=", 1)[1] and "Max-Age=0" not in said else None
        return status, answer

    def post(self, path, **body):
        return self.ask("POST", path, body)

    def sign_in(self, login, password=PASSWORD):
        self.cookie = None
        return self.post("/session", login=login, password=password)


def one_time(node, login, *more) -> str:
    r = subprocess.run([PROGRAM, "person", "one-time", login, "-c", node.config, "--to-pipe", *more], capture_output=True, env=environment(), timeout=30)
    assert r.returncode == 0, r.stderr.decode()
    return r.stdout.decode().strip()


def first_person(node, login="admin") -> Browser:
    b = Browser(node)
    status, answer = b.sign_in(login, one_time(node, login))
    assert status == 200 and answer["step"] == "new_password", (status, answer)
    status, answer = b.post("/session/password", new=PASSWORD)
    assert status == 200 and answer["step"] is None, (status, answer)
    return b


def enrol(b: Browser) -> tuple:
    status, answer = b.post("/totp/begin")
    assert status == 200, answer
    assert urllib.parse.parse_qs(urllib.parse.urlparse(answer["uri"]).query)["secret"] == [answer["secret"]]
    status, codes = b.post("/totp/confirm", code=totp(answer["secret"]))
    assert status == 200 and len(set(codes["recovery_codes"])) == 10, codes
    return answer["secret"], codes["recovery_codes"]


def next_code(secret) -> str:
    """Of the next half minute, which counts already: the one of now may be used up."""
    return totp(secret, time.time() + 30)


def the_first_person_from_the_terminal(folder):
    with Web(folder) as node:
        node.ready()
        r = subprocess.run([PROGRAM, "person", "one-time", "admin", "-c", node.config], capture_output=True, env=environment(), timeout=30)
        assert r.returncode == 2 and b"terminal" in r.stderr and not r.stdout, "into a pipe only when asked"
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(PROGRAM, [str(PROGRAM), "person", "one-time", "admin", "-c", str(node.config), "--lang", "vi"], environment())
        shown = b""
        while True:
            try:
                part = os.read(fd, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
        assert os.waitpid(pid, 0)[1] == 0, shown.decode()
        assert "Đã tạo admin".encode() in shown
        password = re.search(rb"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", shown)[0].decode()
        b = Browser(node)
        status, answer = b.sign_in("admin", password)
        assert status == 200 and answer["step"] == "new_password" and answer["must_change_password"], answer
        assert b.ask("GET", "/units")[0] == 403
        status, answer = b.post("/session/password", new="short")
        assert status == 422 and answer["fields"][0]["field"] == "new" and answer["fields"][0]["remedy"], answer
        status, answer = b.post("/session/password", new=PASSWORD)
        assert status == 200 and answer["level_idle_s"] == 300 and answer["needs_totp"], answer
        assert {r["role"] for r in answer["roles"]} == {"admin", "lead"} and "people.write" in answer["permissions"]
        assert b.ask("GET", "/units")[1]["items"][0]["code"] == "root"
        assert b.sign_in("admin", password)[0] == 401, "it was good once"
        none = subprocess.run([PROGRAM, "person", "one-time", "nobody", "-c", node.config, "--to-pipe"], capture_output=True, env=environment(), timeout=30)
        assert none.returncode == 1 and b"nobody" in none.stderr
        node.stop()
        log = node.log.read_text(errors="replace")
        assert password not in log and PASSWORD not in log
        for file in (node.directory / "state").iterdir():
            assert password.encode() not in file.read_bytes() and PASSWORD.encode() not in file.read_bytes()


def second_factor_and_recovery(folder):
    with Web(folder) as node:
        node.ready()
        b = first_person(node)
        secret, codes = enrol(b)
        other = Browser(node)
        status, answer = other.sign_in("admin")
        assert status == 200 and answer["step"] == "totp", answer
        before = other.cookie
        assert other.ask("GET", "/units")[1]["code"] == "totp"
        assert other.post("/session/totp", code="000000")[1]["code"] == "wrong_code"
        code = next_code(secret)
        status, answer = other.post("/session/totp", code=code)
        assert status == 200 and answer["step"] is None and other.cookie != before, answer
        assert other.ask("GET", "/units")[0] == 200
        third = Browser(node)
        third.sign_in("admin")
        assert third.post("/session/totp", code=code)[0] == 403, "a code counts once"
        third.sign_in("admin")
        status, answer = third.post("/session/recovery", code=codes[4].lower())
        assert status == 200 and answer["codes_left"] == 9, answer
        third.sign_in("admin")
        assert third.post("/session/recovery", code=codes[4])[0] == 403
        status, answer = other.ask("GET", "/sessions")
        assert status == 200 and [s["current"] for s in answer["items"]].count(True) == 1, answer
        for s in answer["items"]:
            if not s["current"]:
                assert other.ask("DELETE", f"/sessions/{s['id']}")[0] == 204
        assert b.ask("GET", "/session")[0] == 401 and other.ask("GET", "/session")[0] == 200
        assert other.ask("DELETE", "/session")[0] == 204 and other.cookie is None
        # Forgotten: whoever is at the node helps.
        status, answer = b.sign_in("admin", one_time(node, "admin", "--totp"))
        assert status == 200 and answer["step"] == "new_password" and not answer["has_totp"], answer


def guessing_is_slowed(folder):
    with Web(folder) as node:
        node.ready()
        first_person(node)
        b = Browser(node)
        for _ in range(5):
            assert b.sign_in("admin", "guess")[0] == 401
        status, answer = b.sign_in("admin", "guess")
        assert status == 429 and answer["code"] == "wait", answer
        one, other = (b.sign_in(who, "guess")[1] for who in ("nobody", "nothing"))
        assert one == other and one["code"] == "wrong_login"


def files_with_bad_lines(folder):
    with Web(folder) as node:
        node.ready()
        b = first_person(node)
        units = "code;name;parent\n" + "".join(f"site-{i};Cơ sở {i};{'' if i == 0 else 'site-0'}\n" for i in range(300))
        status, answer = b.post("/units/import", csv=units)
        assert status == 200 and answer["done"] and answer["added"] == 300, answer
        people = ["login,name,unit,email"] + [f"user{i},Người {i},site-{i % 300},u{i}@example.vn" for i in range(5000)]
        bad = list(people)
        bad[17], bad[4000] = "User 16,A,site-1,x@y", "user3999,,site-x,x@y"
        begun = time.monotonic()
        status, answer = b.post("/people/import", csv="\n".join(bad))
        assert status == 200 and not answer["done"] and answer["n_faults"] == 2, answer
        assert [(f["line"], f["field"]) for f in answer["faults"]] == [(18, "login"), (4001, "name")], answer
        assert all(f["fault"] and f["remedy"] for f in answer["faults"])
        assert b.ask("GET", "/people")[1]["total"] == 1, "nothing by half"
        vi = b.ask("POST", "/people/import", {"csv": "\n".join(bad), "dry": True}, **{"Accept-Language": "vi"})[1]
        assert vi["faults"][1]["fault"] == "đang trống", vi
        status, answer = b.post("/people/import", csv="\n".join(people))
        assert status == 200 and answer["done"] and answer["added"] == 5000, answer
        print(f"# 5,000 people three times: {time.monotonic() - begun:.1f} s")
        assert b.ask("GET", "/people")[1]["total"] == 5001
        assert len(b.ask("GET", "/people?q=nguoi+4999")[1]["items"]) == 1
        csv = b.ask("GET", "/people?format=csv&sort=login")[1]
        assert csv.count("\n") >= 5001 and "u4999@example.vn" in csv


def sessions_outlive_processes(folder):
    with Web(folder) as node:
        node.ready()
        b = first_person(node)
        for name in ("vault", "desk", "console"):
            assert kill(node.pids()[name], node.program)
            node.wait_for(lambda: node.answers() and b.ask("GET", "/session")[0] == 200, 30, f"for the session without {name}")
            node.wait_for(lambda: Browser(node).sign_in("admin")[0] == 200, 30, f"to sign in again without {name}")


if __name__ == "__main__":
    run(the_first_person_from_the_terminal, second_factor_and_recovery, guessing_is_slowed, files_with_bad_lines, sessions_outlive_processes)
