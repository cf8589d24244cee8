"""`coloa doctor`: each bad thing is made in turn, and it says so, at the right level, with what to do; a good node has nothing
wrong but what the machine brings. It changes nothing."""
import json
import os
import pathlib
import shutil
import socket
import subprocess

from node_world import Node, ports
from tap import Skip, coloa, run

MACHINE = {"clock", "limits", "memory", "kernel", "disk", "udp"}  # of the machine that tests run on


def ask(config, *args, env=None) -> tuple:
    r = coloa("doctor", "-c", config, "--json", *args, env=env)
    assert r.returncode in (0, 1, 2) and b"Sanitizer" not in r.stderr, r
    answer = json.loads(r.stdout)
    found = answer["findings"]
    for f in found:
        assert (f["level"] == "ok") == ("do" not in f), f
        assert f["level"] in ("ok", "warning", "error") and f["text"], f
    worst = 2 if answer["errors"] else 1 if answer["warnings"] else 0
    assert r.returncode == worst, (r.returncode, answer)
    return [f for f in found if f["level"] != "ok" and f["check"] not in MACHINE], found


class World:
    def __init__(self, folder, listeners="", sources="- {name: here, from: ['127.0.0.1']}", head=""):
        self.folder, self.config, self.data = folder, folder / "coloa.yaml", folder / "data"
        folder.chmod(0o755)
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "a.yml").write_text("title: a\nlogsource: {product: windows}\ndetection: {s: {A: b}, condition: s}\n")
        for d in (self.data, *(self.data / s for s in ("events", "state", "keys"))):
            d.mkdir(mode=0o700, exist_ok=True)
        (self.data / "keys" / "node.key").touch(mode=0o600)
        self.port, = ports(1)
        listeners = listeners or f"- {{name: tcp, protocol: syslog-tcp, address: '127.0.0.1:{self.port}'}}"
        self.config.write_text(f"directory: {self.data}\ncontrol: {folder}/control\nmetrics: none\nconsole: none\nrules: ['{folder}/rules']\n"
                               f"retention: {{days: 90}}\n{head}\nlisten:\n{listeners}\nsources:\n{sources}\n", encoding="utf-8")

    def finds(self, level, check, *words, **more):
        bad, _ = ask(self.config, **more)
        hits = [f for f in bad if f["level"] == level and f["check"] == check and all(w in f["text"] for w in words)]
        assert len(hits) == 1, (level, check, words, bad)
        assert len(bad) == 1, bad
        return hits[0]

    def well(self, **more):
        bad, found = ask(self.config, **more)
        assert not bad, bad
        return found


def a_good_one_is_well(folder):
    w = World(folder)
    before = sorted((p, p.stat().st_mode, p.stat().st_mtime_ns) for p in folder.rglob("*"))
    found = {f["check"] for f in w.well()}
    assert {"configuration", "directory", "control", "rules", "ports", "disk", "clock", "kernel", "limits"} <= found, found
    assert sorted((p, p.stat().st_mode, p.stat().st_mtime_ns) for p in folder.rglob("*")) == before, "it changed something"
    text = coloa("doctor", "-c", w.config).stdout.decode()
    vi = coloa("doctor", "-c", w.config, "--lang", "vi").stdout.decode()
    assert "good  configuration:" in text and "tốt  cấu hình:" in vi
    assert len(text.splitlines()) == len(vi.splitlines())
    assert coloa("doctor", "--what").returncode == 2 and coloa("doctor", "more").returncode == 2
    assert coloa("doctor", "--help").returncode == 0


def configurations(folder):
    w = World(folder)
    good = w.config.read_text()
    w.config.write_text(good + "tsl:\n  key: x\njudges: many\n")
    bad, _ = ask(w.config)
    lines = good.count("\n")
    assert [f["text"] for f in bad] == [f"{w.config}:{lines + 1}:1: unknown key 'tsl'",
                                        f"{w.config}:{lines + 3}:9: judges is a number, with K, M, G or T if need be"], bad
    assert "doc/configuration.md" in bad[0]["do"]
    w.config.write_text(good)
    w.well()
    bad, _ = ask(folder / "none.yaml")
    assert [(f["level"], f["check"]) for f in bad] == [("error", "configuration")], bad
    w.config.chmod(0o666)
    w.finds("error", "permissions", "can be changed by others")
    w.config.chmod(0o644)
    bad, _ = ask(World(folder, sources="").config)
    assert [f["check"] for f in bad] == ["sources"], bad


def directories_and_keys(folder):
    w = World(folder)
    w.data.chmod(0o755)
    assert "chmod 700" in w.finds("warning", "permissions", str(w.data), "open to others")["do"]
    w.data.chmod(0o700)
    (w.data / "events").chmod(0o750)
    w.finds("warning", "permissions", "/events")
    (w.data / "events").chmod(0o700)
    (w.data / "keys" / "node.key").chmod(0o640)
    assert "chmod 600" in w.finds("error", "keys", "node.key")["do"]
    (w.data / "keys" / "node.key").chmod(0o600)
    shutil.rmtree(w.data / "state")
    w.well()  # made at the next start
    (w.data / "state").write_text("")
    w.finds("error", "directory", "no directory")
    shutil.rmtree(w.data)
    found = w.well()
    assert any("made at the first start" in f["text"] for f in found)
    assert any(f["check"] == "disk" for f in found), "the disk it will lie on is looked at"
    text = w.config.read_text().replace(str(w.data), str(folder / "a" / "b"))
    w.config.write_text(text)
    assert "install -d" in w.finds("error", "directory", "is not there")["do"]
    w.config.write_text(text.replace(f"{folder}/control", "/tmp/" + "x" * 120).replace(str(folder / "a" / "b"), str(w.data)))
    w.finds("error", "control", "longer")
    w.config.write_text(text.replace(f"{folder}/control", f"{folder}/no/control").replace(str(folder / "a" / "b"), str(w.data)))
    w.finds("error", "control", "cannot make its socket")


def another_users_directory(folder):
    """Asked by root, it is the owner of the directory who must be able to run."""
    if os.geteuid() != 0:
        raise Skip("not root")
    secret = folder / "token"
    secret.write_text("x")
    secret.chmod(0o600)
    w = World(folder, listeners="- {name: low, protocol: syslog-tcp, address: '127.0.0.1:614'}",
              sources=f"- {{name: a, tokens: {secret}}}")
    for p in (w.data, *w.data.rglob("*")):
        os.chown(p, 65534, 65534)
    bad, _ = ask(w.config)
    by = {f["check"]: f for f in bad}
    assert set(by) == {"secrets", "ports", "control"}, bad
    assert "cannot read" in by["secrets"]["text"] and "nobody" in by["secrets"]["do"], by
    assert by["ports"]["level"] == "warning" and "CAP_NET_BIND_SERVICE" in by["ports"]["do"], by
    os.chown(w.data / "keys" / "node.key", 0, 0)
    bad, _ = ask(w.config)
    assert any(f["check"] == "keys" and f["level"] == "error" for f in bad), bad


def clock_and_disk(folder):
    w = World(folder)
    (w.data / "events" / "events-2099-01-01.db").write_bytes(b"x")
    _, found = ask(w.config)
    assert any(f["level"] == "error" and f["check"] == "clock" and "2099-01-01" in f["text"] for f in found), found
    w = World(folder)
    w.config.write_text(w.config.read_text().replace("{days: 90}", "{size: 900T}"))
    w.finds("warning", "retention", "the disk holds")
    w.config.write_text(w.config.read_text().replace("{size: 900T}", "{days: 0}"))
    w.finds("warning", "retention", "nothing is ever removed")
    if os.geteuid() == 0 and shutil.which("mount"):
        place = folder / "memory"
        place.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", place], check=False, capture_output=True).returncode:
            print("# no tmpfs here")
            return
        try:
            w.config.write_text(w.config.read_text().replace(str(w.data), str(place)))
            _, found = ask(w.config)
            disk = [(f["level"], f["text"].split(" ", 1)[1]) for f in found if f["check"] == "disk"]
            assert disk == [("warning", "is in memory"), ("error", "has 4 MB left")], disk
            subprocess.run(["mount", "-o", "remount,ro", place], check=True)
            _, found = ask(w.config)
            assert any(f["check"] == "disk" and f["level"] == "error" and "read-only" in f["text"] for f in found), found
        finally:
            subprocess.run(["umount", place], check=True)


def taken_and_wrong_addresses(folder):
    w = World(folder)
    with socket.create_server(("127.0.0.1", w.port)):
        assert "ss -lntp" in w.finds("error", "ports", "tcp", str(w.port))["do"]
    w.well()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        u = World(folder, listeners=f"- {{name: u, protocol: syslog-udp, address: '127.0.0.1:{s.getsockname()[1]}'}}")
        assert "ss -lnup" in u.finds("error", "ports", "u: port")["do"]
    World(folder, listeners="- {name: far, protocol: relp, address: '192.0.2.1:2514'}").finds("error", "ports", "far")
    World(folder, listeners=f"- {{name: eve, protocol: unix, path: {folder}/none/eve.sock}}",
          sources="- {name: e, listen: eve}").finds("error", "ports", "eve")
    bad, _ = ask(World(folder, listeners=" []").config)
    assert [f["check"] for f in bad] == ["ports"], bad


def beside_a_node_that_runs(folder):
    node = Node(folder)
    with node:
        bad, found = ask(node.config)
        assert [f["check"] for f in bad] == ["retention"], bad
        assert any(f["check"] == "control" and "a node answers" in f["text"] for f in found), found
        assert sum(f["check"] == "ports" and "a node runs" in f["text"] for f in found) == len(node.port), found
        assert all(p["restarts"] == 0 for p in node.status()["processes"])


def make_certificates(folder: pathlib.Path) -> None:
    if not shutil.which("certtool"):
        raise Skip("no certtool")

    def tool(*args):
        subprocess.run(["certtool", *map(str, args)], check=True, capture_output=True, cwd=folder)
    for name, days in {"ca": 3650, "good": 365, "soon": 10}.items():
        (folder / f"{name}.tmpl").write_text(f"cn = {name}\nexpiration_days = {days}\n" + ("ca\ncert_signing_key\ncrl_signing_key\n" if name == "ca" else ""))
        tool("--generate-privkey", "--key-type", "ecdsa", "--outfile", f"{name}.key")
        (folder / f"{name}.key").chmod(0o600)
    (folder / "old.tmpl").write_text("cn = old\nactivation_date = '2020-01-01 00:00:00'\nexpiration_date = '2021-01-01 00:00:00'\n")
    (folder / "later.tmpl").write_text("cn = later\nactivation_date = '2900-01-01 00:00:00'\nexpiration_date = '2901-01-01 00:00:00'\n")
    (folder / "crl.tmpl").write_text("crl_number = 1\ncrl_this_update_date = '2020-01-01 00:00:00'\n"
                                     "crl_next_update_date = '2020-02-01 00:00:00'\n")
    tool("--generate-self-signed", "--load-privkey", "ca.key", "--template", "ca.tmpl", "--outfile", "ca.pem")
    for name in ("good", "soon", "old", "later"):
        key = "good" if name in ("old", "later") else name
        tool("--generate-certificate", "--load-privkey", f"{key}.key", "--load-ca-certificate", "ca.pem", "--load-ca-privkey",
             "ca.key", "--template", f"{name}.tmpl", "--outfile", f"{name}.pem")
    tool("--generate-crl", "--load-ca-certificate", "ca.pem", "--load-ca-privkey", "ca.key", "--template", "crl.tmpl", "--outfile",
         "crl.pem")
    tool("--generate-privkey", "--key-type", "rsa", "--bits", "1024", "--outfile", "weak.key")
    (folder / "weak.key").chmod(0o600)
    (folder / "weak.tmpl").write_text("cn = weak\nexpiration_days = 365\n")
    tool("--generate-self-signed", "--load-privkey", "weak.key", "--template", "weak.tmpl", "--outfile", "weak.pem")


def certificates(folder):
    make_certificates(folder)

    def world(certificate, key, more=""):
        return World(folder, head=f"tls: {{certificate: {folder}/{certificate}, key: {folder}/{key}{more}}}")
    found = world("good.pem", "good.key", f", authorities: {folder}/ca.pem").well()
    assert any(f["check"] == "certificates" and "CN=good, expires in 36" in f["text"] for f in found), found
    assert "coloa reload" in world("soon.pem", "soon.key").finds("warning", "certificates", "expires in 9 days")["do"]
    world("old.pem", "good.key").finds("error", "certificates", "expired")
    world("later.pem", "good.key").finds("error", "certificates", "not valid yet")
    world("good.pem", "soon.key").finds("error", "certificates", "is not the key of")
    world("weak.pem", "weak.key").finds("warning", "certificates", "weak")
    world("good.key", "good.key").finds("error", "certificates", "good.key")
    world("good.pem", "good.key", f", authorities: {folder}/none.pem").finds("error", "certificates", "none.pem")
    world("good.pem", "good.key", f", revoked: {folder}/ca.pem").finds("error", "certificates", "ca.pem")
    world("good.pem", "good.key", f", revoked: {folder}/crl.pem").finds("warning", "certificates", "out of date")
    (folder / "good.key").chmod(0o644)
    assert "replace it" in world("good.pem", "good.key").finds("error", "secrets", "open to others")["do"]
    bad, _ = ask(world("good.pem", "gone.key").config)
    assert {f["check"] for f in bad} == {"secrets", "certificates"}, bad


def what_it_names(folder):
    w = World(folder, sources=f"- {{name: a, tokens: {folder}/tokens, files: ['{folder}/logs/*.log']}}")
    bad, _ = ask(w.config)
    assert [(f["level"], f["check"]) for f in bad] == [("error", "secrets"), ("warning", "files")], bad
    (folder / "tokens").write_text("secret\n")
    (folder / "tokens").chmod(0o600)
    (folder / "logs").mkdir()
    (folder / "logs" / "x.log").write_text("x")
    w.well()
    (folder / "tokens").chmod(0o604)
    w.finds("error", "secrets", "tokens")
    (folder / "tokens").chmod(0o600)
    (folder / "rules").chmod(0o777)
    w.finds("warning", "permissions", "decides what is found")
    (folder / "rules").chmod(0o755)
    (folder / "rules" / "b.yml").write_text("title: b\nlogsource: {product: windows}\ndetection: {s: {A|nosuch: b}, condition: s}\n")
    w.finds("warning", "rules", "1 rules are refused, 1 in force")
    good, more = w.config.read_text(), folder / "more"
    w.config.write_text(good + f"exceptions: {more}.yaml\n")
    w_bad, _ = ask(w.config)
    assert any(f["check"] == "rules" and "exceptions" in f["text"] for f in w_bad), w_bad
    (folder / "more.yaml").write_text("exceptions:\n- id: a\n  rules: x\n")
    w_bad, _ = ask(w.config)
    assert any(f["check"] == "exceptions" and f["level"] == "error" and "coloa alerts check" in f["do"] for f in w_bad), w_bad
    w.config.write_text(good + f"intel: {{files: [{more}.csv]}}\n")
    (folder / "more.csv").write_text("type,value\nip,192.0.2.1\n")
    assert any(f["check"] == "intel" and f["level"] == "ok" and f["text"].startswith("1 ") for f in ask(w.config)[1])
    (folder / "more.csv").write_text("{\"type\": \"bundle\", ")
    assert any(f["check"] == "intel" and f["level"] == "warning" for f in ask(w.config)[0])
    w.config.write_text(good)
    (folder / "rules" / "a.yml").unlink()
    w.finds("error", "rules", "not one rule")
    shutil.rmtree(folder / "rules")
    bad, _ = ask(w.config)
    assert all(f["check"] == "rules" and f["level"] == "error" for f in bad) and bad, bad


if __name__ == "__main__":
    run(a_good_one_is_well, configurations, directories_and_keys, another_users_directory, clock_and_disk,
        taken_and_wrong_addresses, beside_a_node_that_runs, certificates, what_it_names)
