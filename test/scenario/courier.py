"""What leaves a node: mails and webhooks, over real servers that fail in every way; never lost, never to where they must not go."""
import hashlib
import hmac
import json
import os
import random
import signal
import sqlite3
import time

from api import Web
from node_world import kill, ports
from post_office import Hook, MailServer, NameServer, authority, wait_for
from tap import coloa, run

SECRET = "a secret of the hook"
PASSWORD = "mật khẩu mail 7!"
DAY = 86400 * 10 ** 9


class Office(Web):
    """A node with a courier; `lay()` puts rows into its outbox while it stands still."""
    def __init__(self, folder, courier: str, **more):
        super().__init__(folder, listeners={"tcp": "syslog-tcp"}, head="courier:\n" + courier, **more)

    def api(self, op, *args, code=0):
        r = coloa("api", op, *args, "-c", self.config)
        assert r.returncode == code, (op, r.returncode, r.stdout.decode(), r.stderr.decode())
        return json.loads(r.stdout) if r.stdout else None

    def lay(self, kind, target, n=1, subject="Sự cố SC-2026-0001", body="Nội dung", files="[]"):
        db = sqlite3.connect(self.directory / "state/state.db")
        now, ids = time.time_ns(), []
        for _ in range(n):
            name = os.urandom(16).hex()
            db.execute("INSERT INTO outgoing(kind,state,target,subject,body,files,message_id,unit,created,due) VALUES(?,'queued',?,?,?,?,?,1,?,?)",
                       (kind, target, subject, body, files, name, now, now))
            ids.append(name)
        db.commit()
        db.close()
        return ids

    def rows(self):
        return {r["id"]: r for r in self.api("outgoing.list", "limit=500", "sort=id")["items"]}

    def state_of(self, n=1):
        return self.api("outgoing.get", f"id={n}")


def mail_of(port, more="") -> str:
    return f"  mail: {{server: 127.0.0.1, port: {port}, tls: none, from: coloa@agency.example{more}}}\n"


def begin(folder, courier, **more) -> Office:
    """A node whose tables are there."""
    node = Office(folder, courier, **more)
    node.start()
    wait_for(lambda: node.api("outgoing.status")["up"], 30, node.said())
    return node


def secrets(folder) -> None:
    (folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
    (folder / "password").write_text(PASSWORD + "\n", encoding="utf-8")


def hook_of(folder, port, name="soc", host="127.0.0.1", path="/in") -> str:
    return f"    - {{name: {name}, url: 'https://{host}:{port}{path}', secret-file: {folder}/secret, ca-file: {folder}/ca.pem}}\n"


def a_mail_arrives_whole(folder):
    (port,) = ports(1)
    with MailServer(port) as server:
        node = begin(folder, mail_of(port))
        node.stop()
        subject = "Khẩn: sự cố mã độc tống tiền tại Bệnh viện Đa khoa tỉnh, yêu cầu báo cáo trước 17 giờ hôm nay"
        (name,) = node.lay("mail", '["an@agency.example","binh@agency.example"]', subject=subject, body="Kính gửi anh chị,\n.\nđây là nội dung.\n")
        with node:
            wait_for(lambda: server.mails, 30, node.said())
            wait_for(lambda: node.state_of()["state"] == "sent")
            assert node.pids()["courier"]
        (sender, to, mail), = server.mails
        assert sender == "coloa@agency.example" and to == ["an@agency.example", "binh@agency.example"], (sender, to)
        assert str(mail["Subject"]) == subject and mail["Message-ID"] == f"<{name}@agency.example>", (mail["Subject"], mail["Message-ID"])
        assert mail.get_content().replace("\r\n", "\n") == "Kính gửi anh chị,\n.\nđây là nội dung.\n", mail.get_content()
        assert mail["Auto-Submitted"] == "auto-generated" and not mail.defects, mail.defects


def attachments_arrive_whole(folder):
    """Megabytes, in pieces, over the line and out; with a name in Vietnamese."""
    (port,) = ports(1)
    with MailServer(port) as server:
        node = begin(folder, mail_of(port))
        node.stop()
        content = [random.Random(1).randbytes(3 << 20), "Việc đã làm\n".encode()]
        db, files = sqlite3.connect(node.directory / "state/state.db"), []
        for n, (name, kind, data) in enumerate([("Báo cáo ban đầu.pdf", "application/pdf", content[0]), ("ghi chú.txt", "text/plain", content[1])]):
            blob = db.execute("INSERT INTO blob(hash,size,at,holds) VALUES(?,?,1,1)", (bytes([n]) * 32, len(data))).lastrowid
            for piece, at in enumerate(range(0, len(data), 256 << 10)):
                db.execute("INSERT INTO blob_piece(blob,n,bytes) VALUES(?,?,?)", (blob, piece, data[at:at + (256 << 10)]))
            files.append({"blob": blob, "name": name, "type": kind, "size": len(data)})
        db.commit()
        db.close()
        node.lay("mail", '["an@agency.example"]', files=json.dumps(files))
        with node:
            wait_for(lambda: server.mails, 60, node.said())
        (_, _, mail), = server.mails
        got = [(p.get_filename(), p.get_payload(decode=True)) for p in mail.iter_attachments()]
        assert [g[0] for g in got] == [f["name"] for f in files] and [g[1] for g in got] == content, [(g[0], len(g[1])) for g in got]
        assert not mail.defects and mail.get_body().get_content().strip() == "Nội dung"


def signed_in_over_starttls_and_no_secret_leaks(folder):
    (port,) = ports(1)
    made = authority(folder)
    secrets(folder)
    mail = f"  mail: {{server: 127.0.0.1, port: {port}, tls: starttls, from: coloa@agency.example, user: coloa, password-file: {folder}/password, ca-file: {made['ca']}}}\n"
    with MailServer(port, made, {"coloa": PASSWORD}) as server:
        node = begin(folder, mail)
        node.stop()
        node.lay("mail", '["an@agency.example"]')
        with node:
            wait_for(lambda: server.mails, 30, node.said())
            pid = node.pids()["courier"]
            for name in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{name}", "rb") as f:
                    assert PASSWORD.encode() not in f.read()
        # Another password: it waits, and says why; the password is in no log and no row.
        (folder / "password").write_text("wrong", encoding="utf-8")
        node.lay("mail", '["an@agency.example"]')
        with node:
            wait_for(lambda: node.state_of(2)["last_error"])
            row = node.state_of(2)
            assert row["state"] == "queued" and "535" in row["last_error"], row
        assert len(server.mails) == 1
        assert PASSWORD not in node.log.read_text() and b"wrong" not in json.dumps(row).encode()


def a_certificate_of_somebody_else_is_refused(folder):
    (port,) = ports(1)
    other = folder / "other"
    other.mkdir()
    made = authority(folder)
    mail = f"  mail: {{server: 127.0.0.1, port: {port}, tls: starttls, from: coloa@agency.example, ca-file: {authority(other)['ca']}}}\n"
    with MailServer(port, made) as server:
        node = begin(folder, mail)
        node.stop()
        node.lay("mail", '["an@agency.example"]')
        with node:
            wait_for(lambda: node.state_of()["last_error"])
            assert "certificate" in node.state_of()["last_error"], node.state_of()
        assert not server.seen


def a_server_that_is_down_then_up_then_busy(folder):
    (port,) = ports(1)
    server = MailServer(port)
    node = begin(folder, mail_of(port))
    node.stop()
    (name,) = node.lay("mail", '["an@agency.example"]')
    with node:
        wait_for(lambda: node.state_of()["tries"] == 1)
        row = node.state_of()
        assert row["state"] == "queued" and row["last_error"] and row["due"] > row["last_try"], row
        server.answers = ["451 later, please", "250 never mind"]
        with server:
            for tries in (2, 3):
                node.api("outgoing.retry", "id=1")
                wait_for(lambda: server.seen >= tries - 1)
                wait_for(lambda: node.state_of()["state"] == ("queued" if tries == 2 else "sent") and node.state_of()["last_try"] > row["last_try"])
                row = node.state_of()
                assert tries == 3 or "451" in row["last_error"], row
    assert [str(m[2]["Message-ID"]) for m in server.mails] in ([f"<{name}@agency.example>"], []), server.mails


def what_is_refused_for_good_is_not_tried_again(folder):
    (port,) = ports(1)
    with MailServer(port) as server:
        server.rcpt["nobody@agency.example"] = "550 5.1.1 no such user"
        server.answers = ["554 5.7.1 we do not take that"]
        node = begin(folder, mail_of(port))
        node.stop()
        node.lay("mail", '["nobody@agency.example"]')
        with node:
            wait_for(lambda: node.state_of()["state"] == "failed")
            assert "550" in node.state_of()["last_error"] and "no such user" in node.state_of()["last_error"], node.state_of()
        node.lay("mail", '["an@agency.example"]')
        with node:
            wait_for(lambda: node.state_of(2)["state"] == "failed")
            assert "554" in node.state_of(2)["last_error"], node.state_of(2)
            audit = [r for r in sqlite3.connect(f"file:{node.directory}/state/state.db?mode=ro", uri=True).execute("SELECT what FROM audit")]
            assert ("outgoing.failed",) in audit


def a_webhook_is_signed(folder):
    (port,) = ports(1)
    made = authority(folder)
    secrets(folder)
    with Hook(port, made) as hook:
        node = begin(folder, "  allow: [127.0.0.1]\n  webhooks:\n" + hook_of(folder, port))
        with contextlib_closing(node):
            node.api("outgoing.test", "webhook=soc")
            wait_for(lambda: node.state_of()["state"] == "sent", 30, node.said())
        (path, head, body), = hook.got
        assert path == "/in" and json.loads(body) == {"event": "test"} and head["X-Coloa-Event"] == "test", (path, head, body)
        said = f"{head['X-Coloa-Timestamp']}.{head['Idempotency-Key']}.".encode() + body
        assert head["X-Coloa-Signature"] == "v1=" + hmac.new(SECRET.encode(), said, hashlib.sha256).hexdigest()
        assert abs(int(head["X-Coloa-Timestamp"]) - time.time()) < 60


def contextlib_closing(node):
    """Of a node that has begun: its end."""
    class End:
        def __enter__(self):
            return node

        def __exit__(self, kind, *rest):
            node.__exit__(kind, *rest)
    return End()


def with_less_landlock(folder):
    """As Debian 12's kernel has it, and without: the same leaves."""
    mail, port = ports(2)
    made = authority(folder)
    secrets(folder)
    for n, landlock in enumerate((2, 0), 1):
        with MailServer(mail) as server, Hook(port, made) as hook:
            below = folder / str(landlock)
            below.mkdir()
            node = begin(below, "  allow: [127.0.0.1]\n" + mail_of(mail) + "  webhooks:\n" + hook_of(folder, port), landlock=landlock)
            node.stop()
            node.lay("mail", '["an@agency.example"]')
            with node:
                node.api("outgoing.test", "webhook=soc")
                wait_for(lambda: server.mails and hook.got, 30, node.said())  # pylint: disable=cell-var-from-loop
            assert n and not [line for line in node.said().splitlines() if "killed" in line], node.said()


def webhooks_that_misbehave(folder):
    port, other = ports(2)
    made = authority(folder)
    secrets(folder)
    big = b"x" * (300 << 10)
    cases = {"redirect": ((302, {"Location": f"https://127.0.0.1:{other}/elsewhere"}, b""), "failed", "followed"),
             "gone": ((410, {}, b""), "failed", "410"),
             "busy": ((503, {}, b""), "queued", "503"),
             "slow_down": ((429, {}, b""), "queued", "429"),
             "huge": ((200, {}, big), "queued", "too long"),
             "headers": ((200, {f"X-{i}": "y" * 3000 for i in range(60)}, b""), "queued", "")}
    hooks = "".join(hook_of(folder, port, name, path="/" + name) for name in cases)
    with Hook(port, made) as hook, Hook(other, made) as elsewhere:
        hook.answer = lambda request: cases[request.path[1:]][0]
        node = begin(folder, "  allow: [127.0.0.1]\n  webhooks:\n" + hooks)
        with contextlib_closing(node):
            for n, (name, (_, state, word)) in enumerate(cases.items(), 1):
                node.api("outgoing.test", f"webhook={name}")
                wait_for(lambda n=n: node.state_of(n)["tries"] >= 1)
                row = node.state_of(n)
                assert row["state"] == state and word in row["last_error"], (name, row)
            assert not elsewhere.got


def a_webhook_that_does_not_answer(folder):
    """Its time ends; the node does other things meanwhile."""
    port, other = ports(2)
    made = authority(folder)
    secrets(folder)
    with Hook(port, made) as hook, Hook(other, made) as quick:
        hook.answer = lambda _: (time.sleep(60), (None, {}, b""))[1]
        node = begin(folder, "  allow: [127.0.0.1]\n  webhooks:\n" + hook_of(folder, port, "slow") + hook_of(folder, other, "quick"))
        with contextlib_closing(node):
            node.api("outgoing.test", "webhook=slow")
            wait_for(lambda: hook.got)
            began = time.monotonic()
            node.api("outgoing.test", "webhook=quick")
            wait_for(lambda: node.state_of(2)["state"] == "sent")
            assert time.monotonic() - began < 20, "it waited for the other"
            wait_for(lambda: node.state_of(1)["tries"] == 1, 60)
            assert "timed out" in node.state_of(1)["last_error"].lower(), node.state_of(1)


def a_courier_that_comes_with_a_reload(folder):
    """What waited leaves; and when it goes again, nothing connects any more."""
    (port,) = ports(1)
    with MailServer(port) as server:
        node = Office(folder, mail_of(port))
        with_it = node.config.read_text(encoding="utf-8")
        without = with_it.replace("courier:\n" + mail_of(port), "")
        node.config.write_text(without, encoding="utf-8")
        node.start()
        node.stop()
        node.lay("mail", '["an@agency.example"]')
        with node:
            assert "courier" not in node.pids() and not node.api("outgoing.status")["up"]
            assert node.state_of()["state"] == "queued"
            node.config.write_text(with_it, encoding="utf-8")
            assert node.ask("reload").returncode == 0
            wait_for(lambda: server.mails, 30, node.said())
            wait_for(lambda: node.state_of()["state"] == "sent")
            node.config.write_text(without, encoding="utf-8")
            assert node.ask("reload").returncode == 0
            wait_for(lambda: not node.pids().get("courier") and not node.api("outgoing.status")["up"])


def addresses_that_are_never_reached(folder):
    port, dns = ports(2)
    made = authority(folder)
    secrets(folder)
    hosts = {"hook.test": ["127.0.0.1"], "meta.test": ["169.254.169.254"], "zero.test": ["0.0.0.0"], "inner.test": ["10.99.0.1"]}
    hooks = "".join(hook_of(folder, port, name.split(".", maxsplit=1)[0], name) for name in hosts)
    hooks += hook_of(folder, port, "literal") + hook_of(folder, port, "mapped", "[::ffff:127.0.0.1]") + hook_of(folder, port, "six", "[::1]") + hook_of(folder, port, "number", "2130706433")
    hooks += hook_of(folder, port, "short", "127.1")
    with NameServer(dns, hosts) as names, Hook(port, made) as hook:
        # The list says what may be reached: this machine is not on it, however it is written.
        node = begin(folder, f"  allow: [0.0.0.0/0, '::/0']\n  resolvers: ['127.0.0.1:{dns}']\n  webhooks:\n" + hooks)
        with contextlib_closing(node):
            all_of_them = node.api("outgoing.status")["webhooks"]
            assert len(all_of_them) == 9, all_of_them
            for n, name in enumerate([x for x in all_of_them if x != "inner"], 1):
                node.api("outgoing.test", f"webhook={name}")
                wait_for(lambda n=n: node.state_of(n)["tries"] >= 1, 30, name)
                row = node.state_of(n)
                assert row["state"] == "queued" and "not one that may be" in row["last_error"], (name, row)
            assert ("hook.test", 1) in names.asked and not hook.got, hook.got
            assert node.ask("status", "--json").returncode == 0


def a_name_that_means_another_address_later(folder):
    """Allowed when it was looked up, forbidden when asked again: what was looked up is where it connects; and the other way round."""
    port, dns = ports(2)
    made = authority(folder)
    secrets(folder)
    rebind = {"hook.test": [["127.0.0.2"], ["127.0.0.1"]]}
    with NameServer(dns, rebind) as names, Hook(port, made) as hook:
        node = begin(folder, f"  allow: [127.0.0.2]\n  resolvers: ['127.0.0.1:{dns}']\n  webhooks:\n" + hook_of(folder, port, host="hook.test"))
        with contextlib_closing(node):
            node.api("outgoing.test", "webhook=soc")
            wait_for(lambda: node.state_of()["tries"] >= 1)
            assert "connect" in node.state_of()["last_error"].lower(), node.state_of()
            assert len([x for x in names.asked if x[1] == 1]) == 1, names.asked
            node.api("outgoing.retry", "id=1")
            wait_for(lambda: "not one that may be" in (node.state_of()["last_error"] or ""))
            assert not hook.got


RULE = """title: Web shell writes
id: 3b1f6a2e-6c1e-4f7b-9d51-0c2a7a1f9e01
status: test
description: A web server's process writes a script.
author: tests
date: 2026-11-23
logsource: {category: file_event, product: linux}
detection:
  selection:
    Image|endswith: /nginx
    TargetFilename|endswith: .php
  condition: selection
falsepositives: [Deployments]
level: high
"""


def a_directive_goes_out_when_its_rules_are_sound(folder):
    (port,) = ports(1)
    with MailServer(port) as server:
        node = begin(folder, mail_of(port))
        with contextlib_closing(node):
            unit = node.api("units.add", "parent=1", "code=hospital", "name=Bệnh viện", "kind=site")["id"]
            person = node.api("people.add", "login=an", "name=An", f"unit={unit}", "email=an@agency.example", "lang=vi")["id"]
            node.api("roles.give", f"id={person}", "role=officer", f"unit={unit}")
            fields = ["unit=1", "kind=order", "severity=high", "title=Tìm web shell", "text=Kiểm tra các máy chủ web.", "due=2030-01-01T00:00:00Z", f"units={unit}",
                      "indicators=type,value\ndomain,evil.example\n"]
            bad = node.api("directives.create", *fields, "rules=" + RULE.replace("condition: selection", "condition: nothing"))
            r = coloa("api", "directives.issue", f"id={bad['id']}", "version=1", "-c", node.config)
            assert r.returncode != 0 and "nothing" in r.stderr.decode(), (r.stdout.decode(), r.stderr.decode())
            assert node.api("directives.get", f"id={bad['id']}")["state"] == "draft" and not server.mails
            good = node.api("directives.create", *fields, "rules=" + RULE)
            said = node.api("directives.issue", f"id={good['id']}", "version=1")
            assert said["state"] == "issued" and said["code"].startswith("CD-20") and said["check"]["good"] and "rules" in said["check"]["said"], said
            wait_for(lambda: server.mails, 30, node.said())
            (_, to, mail), = server.mails
            assert to == ["an@agency.example"] and str(mail["Subject"]) == f"[{said['code']}] Chỉ đạo mới: Tìm web shell", mail["Subject"]
            done = node.api("directives.answer", f"id={good['id']}", f"unit={unit}", "state=done", "proof=Đã kiểm tra 12 máy chủ, không thấy.")
            assert done["done"] == 1 and done["answers"][0]["proof"].startswith("Đã"), done


def nothing_is_lost_when_all_are_killed(folder):
    """200 mails, 50 webhooks; the courier, the desk, main, and the mail server die at random. Each arrives, always under its own number."""
    port, hooks = ports(2)
    made = authority(folder)
    secrets(folder)
    hook = Hook(hooks, made).start()
    server = MailServer(port)
    dice = random.Random(int(os.environ.get("COLOA_TEST_SEED") or 1))
    kills = int(os.environ.get("COLOA_TEST_KILLS") or 25)
    server.start()
    node = begin(folder, "  allow: [127.0.0.1]\n" + mail_of(port) + "  webhooks:\n" + hook_of(folder, hooks))
    node.stop()
    wanted = {f"<{name}@agency.example>" for name in node.lay("mail", '["an@agency.example"]', 200)}
    keys = set(node.lay("webhook", "soc", 50, subject="test", body="{}"))
    node.start()
    try:
        for _ in range(kills):
            time.sleep(dice.uniform(0, 0.3))
            victim = dice.choice(["courier", "courier", "desk", "desk", "main", "server"])
            if victim == "main":
                node.process.send_signal(signal.SIGKILL)
                node.process.wait()
                node.start()
            elif victim == "server":
                server.stop()
                server.start()
            elif (pid := node.pids().get(victim)):
                kill(pid, node.program)
        # A desk that died often and young is started after a pause.
        wait_for(lambda: coloa("api", "outgoing.status", "-c", node.config).returncode == 0, 60)
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            left = [r for r in node.rows().values() if r["state"] != "sent"]
            if not left:
                break
            for row in left:  # now, instead of when it is due; one that was sent meanwhile is refused
                coloa("api", "outgoing.retry", f"id={row['id']}", "-c", node.config)
            time.sleep(0.5)
        states = {r["state"] for r in node.rows().values()}
        assert states == {"sent"}, [r for r in node.rows().values() if r["state"] != "sent"][:3]
    finally:
        node.stop(None)
        server.stop()
    got = [str(m[2]["Message-ID"]) for m in server.mails]
    others = [(str(m[2]["Message-ID"]), str(m[2]["Subject"])) for m in server.mails if str(m[2]["Message-ID"]) not in wanted]
    assert set(got) == wanted, (len(set(got)), len(wanted), others)
    got_keys = [head["Idempotency-Key"] for _, head, _ in hook.got]
    assert set(got_keys) == keys, (len(set(got_keys)), len(keys))
    hook.stop()
    print(f"# {kills} kills, {len(got)} deliveries of {len(wanted)} mails, {len(got_keys)} of {len(keys)} webhooks")


if __name__ == "__main__":
    run(a_mail_arrives_whole, attachments_arrive_whole, signed_in_over_starttls_and_no_secret_leaks, a_certificate_of_somebody_else_is_refused,
        a_server_that_is_down_then_up_then_busy, what_is_refused_for_good_is_not_tried_again, a_webhook_is_signed, with_less_landlock, webhooks_that_misbehave,
        a_webhook_that_does_not_answer, a_courier_that_comes_with_a_reload, addresses_that_are_never_reached, a_name_that_means_another_address_later, a_directive_goes_out_when_its_rules_are_sound, nothing_is_lost_when_all_are_killed)
