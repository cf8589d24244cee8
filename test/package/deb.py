"""The Debian package in a fresh Debian: installs, works as its own user, upgrades with the administrator's edits kept, goes without a
trace, but never takes a store of events with it; and as a service of a running systemd, in a container. Needs root and debootstrap, for
the container systemd-nspawn; the fresh Debian is kept in .cache."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
from tap import ROOT, Skip, run  # noqa: E402

BUILD = sys.argv[2]
CACHE = pathlib.Path(os.environ.get("COLOA_CACHE") or ROOT / ".cache")
MIRROR = os.environ.get("COLOA_DEBIAN_MIRROR", "http://deb.debian.org/debian")
CONFIG = "/etc/coloa/coloa.yaml"
EDIT = "\n# the administrator was here\nalert-window: 2h\n"
# What dpkg and the tools for users keep for themselves.
NOT_OURS = ("/proc", "/var/lib/dpkg", "/var/log", "/var/cache", "/tmp", "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-",
            "/etc/.pwd.lock", "/etc/subuid-", "/etc/subgid-", "/root/deb")
world = {}


def sh(*args, check=True, **more) -> str:
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **more)
    assert not check or r.returncode == 0, (args, r.returncode, r.stdout[-3000:], r.stderr[-3000:])
    return r.stdout


def field(deb, name) -> str:
    return sh("dpkg-deb", "-f", deb, name).strip()


def make(folder, *args) -> pathlib.Path:
    out = sh(ROOT / "tools/make_deb.sh", "--output", folder, *args, env={**os.environ, "COLOA_BUILD": BUILD}, cwd=ROOT)
    return pathlib.Path(out.strip().split("\n")[-1])


def fresh_debian(deb, *more) -> pathlib.Path:
    """An archive of a minimal Debian that has what the package depends on: nothing else has to be fetched."""
    names = sorted({d.split()[0] for d in field(deb, "Depends").split(", ")} | set(more))
    suite = sh("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
    archive = CACHE / f"debian-{suite}-{hashlib.sha256(' '.join(names).encode()).hexdigest()[:12]}.tar"
    if archive.exists():
        return archive
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as at:
        r = subprocess.run(["debootstrap", "--variant=minbase", "--include=" + ",".join(names), suite, f"{at}/root", MIRROR],
                           capture_output=True, text=True, check=False)
        if r.returncode != 0:
            raise Skip(f"debootstrap from {MIRROR} failed: {r.stdout[-300:]}")
        shutil.rmtree(f"{at}/root/var/cache/apt")
        sh("tar", "--numeric-owner", "-C", f"{at}/root", "-cf", f"{at}/tar", ".")
        os.rename(f"{at}/tar", archive)
    return archive


class Debian:
    """The chroot; `do` runs a shell script in it and gives its output, `fails` one that must."""
    def __init__(self, folder, archive):
        self.root = folder / "root"
        self.root.mkdir()
        sh("tar", "--numeric-owner", "-C", self.root, "-xf", archive)
        (self.root / "root/deb").mkdir()
        (self.root / "etc/dpkg/dpkg.cfg.d/test").write_text("force-unsafe-io\n")  # nobody cuts the power here

    def shell(self, script, timeout=300):
        return subprocess.run(["unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child", sys.executable,
                               str(ROOT / "test/package/enter.py"), str(self.root), "/bin/sh", "-euc", script],
                              capture_output=True, text=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"})

    def do(self, script) -> str:
        r = self.shell(script)
        assert r.returncode == 0, (script, r.returncode, r.stdout[-3000:], r.stderr[-3000:])
        return r.stdout + r.stderr

    def install(self, deb, *options) -> str:
        shutil.copy(deb, self.root / "root/deb/")
        return self.do(f"dpkg -i {' '.join(options)} /root/deb/{pathlib.Path(deb).name} 2>&1")

    def listing(self) -> set:
        out = self.do("find / -xdev -not -type d -o -type d -path '*coloa*'; getent passwd; getent group").splitlines()
        return {line for line in out if not line.startswith(NOT_OURS)}


# As the package's user, as a service manager would start it; the script runs beside it.
WITH_NODE = """
install -d -o coloa -g coloa -m 0750 /run/coloa
setpriv --reuid coloa --regid coloa --init-groups --no-new-privs --bounding-set -all coloa serve 2>/tmp/node.log &
node=$!
for i in $(seq 600); do grep -q 'the node is up' /tmp/node.log && break; kill -0 $node; sleep 0.1; done
%s
kill -TERM $node
wait $node || { cat /tmp/node.log >&2; exit 1; }
"""


def prepare():
    """What every test needs, once."""
    if os.geteuid() != 0:
        raise Skip("not root: no chroot can be made")
    for tool in ("debootstrap", "dpkg-shlibdeps", "unshare"):
        if not shutil.which(tool):
            raise Skip(f"no {tool}: ./dev deb --test installs it")
    if subprocess.run(["unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "true"], check=False, capture_output=True).returncode:
        raise Skip("no namespaces of our own can be made here")
    if "deb" not in world:
        at = pathlib.Path(tempfile.mkdtemp(prefix="coloa-deb-"))
        world["folder"], world["deb"] = at, make(at)


def debian_of_all() -> Debian:
    """One for all tests: each leaves it as it was, or says so."""
    prepare()
    if "debian" not in world:
        world["debian"] = Debian(world["folder"], fresh_debian(world["deb"]))
    return world["debian"]


def higher(folder, version, change=None) -> pathlib.Path:
    """The same package with another version, and another default configuration if so asked."""
    tree, to = folder / f"tree-{version}", folder / f"coloa_{version}.deb"
    sh("dpkg-deb", "-R", world["deb"], tree)
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace("Version: " + field(world["deb"], "Version"), "Version: " + version))
    if change:
        with open(tree / CONFIG[1:], "a", encoding="utf-8") as f:
            f.write(change)
    sh("dpkg-deb", "--root-owner-group", "--build", tree, to)
    return to


def the_same_input_makes_the_same_package(folder):
    prepare()
    again = make(folder)
    assert again.read_bytes() == world["deb"].read_bytes()
    paths = {line.split(maxsplit=5)[5] for line in sh("dpkg-deb", "-c", again).splitlines()}
    for path in ("./usr/bin/coloa", "./lib/systemd/system/coloa.service", "./usr/share/man/man1/coloa.1.gz", "." + CONFIG,
                 "./usr/share/man/vi/man1/coloa.1.gz", "./usr/share/bash-completion/completions/coloa",
                 "./usr/share/doc/coloa/copyright", "./usr/share/doc/coloa/manual.vi.md"):
        assert path in paths, (path, paths)
    modes = {line.split()[0] for line in sh("dpkg-deb", "-c", again).splitlines()}
    assert modes == {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"}, modes


def no_hook_is_in_the_package(folder):
    """What makes calls fail, or a process do what an attacker would, is in builds for tests only (-Dfaults=true)."""
    prepare()
    sh("dpkg-deb", "-x", world["deb"], folder)
    program = (pathlib.Path(folder) / "usr/bin/coloa").read_bytes()
    for hook in (b"COLOA_HIJACK", b"COLOA_FAULT", b"COLOA_LAG"):
        assert hook not in program, hook


def installs_hunts_and_goes_without_a_trace(_):
    debian = debian_of_all()
    before = debian.listing()
    assert "coloa" not in debian.do("getent passwd; ls /etc /var/lib /usr/bin")
    debian.install(world["deb"])
    assert debian.do("coloa --version").strip() == "coloa " + field(world["deb"], "Version")
    assert debian.do("getent passwd coloa").strip().endswith(":/var/lib/coloa:/usr/sbin/nologin")
    assert debian.do("stat -c '%a %U %G' /var/lib/coloa").split() == ["700", "coloa", "coloa"]
    found = debian.shell("setpriv --reuid nobody --clear-groups coloa hunt -o jsonl /usr/share/coloa/sample")
    assert found.returncode == 1 and found.stdout.count("\n") > 100, found  # 1: there are findings
    assert debian.do("dpkg -V coloa") == ""
    debian.do("dpkg -r coloa")
    assert debian.do(f"cat {CONFIG}"), "a removal takes the configuration"
    debian.do("dpkg -P coloa")
    after = debian.listing()
    assert after == before, (after - before, before - after)


def a_node_as_its_user_an_upgrade_and_a_purge(folder):
    debian = debian_of_all()
    debian.install(world["deb"])
    said = debian.do(WITH_NODE % """
coloa import --source sample /usr/share/coloa/sample/*.log >/dev/null
for i in $(seq 100); do coloa alerts -n 0 | grep -q 'Reverse shell' && break; sleep 0.1; done
coloa alerts -n 0 | grep 'Reverse shell'
coloa search 'source:sample | count'
coloa status
stat -c '%a %U' /var/lib/coloa/events /run/coloa/control
! setpriv --reuid nobody --clear-groups ls /var/lib/coloa 2>/dev/null
for i in /proc/[0-9]*; do grep -q '^coloa: ' $i/cmdline && grep -h -E '^(Uid|Seccomp):' $i/status; done
coloa reload""")
    assert "Store: writes" in said and "700 coloa" in said, said
    lines = said.splitlines()
    users = [line.split()[1] for line in lines if line.startswith("Uid:")]
    assert len(users) >= 6 and "0" not in users and len(set(users)) == 1, said
    assert all(line.split()[1] == "2" for line in lines if line.startswith("Seccomp:")), said
    kept = debian.do("coloa search 'source:sample | count'").split()[0]
    assert int(kept) > 1000, kept

    # The administrator's edits outlive a new version, with the same and with another default.
    with open(debian.root / CONFIG[1:], "a", encoding="utf-8") as f:
        f.write(EDIT)
    debian.install(higher(folder, "9.1"))
    assert EDIT in debian.do(f"cat {CONFIG}")
    debian.install(higher(folder, "9.2", "# new\n"), "--force-confdef", "--force-confold")
    assert EDIT in debian.do(f"cat {CONFIG}") and "# new" in debian.do(f"cat {CONFIG}.dpkg-dist")
    assert debian.do("dpkg-query -W -f '${Version}' coloa") == "9.2"
    after = debian.do(WITH_NODE % "coloa search 'source:sample | count'; coloa verify /var/lib/coloa/events >/dev/null; coloa alerts -n 0")
    assert after.split()[0] == kept and "Reverse shell" in after, after

    debian.do("dpkg -r coloa; test ! -e /usr/bin/coloa; test -e /var/lib/coloa/events")
    said = debian.do("dpkg -P coloa 2>&1; test ! -e /etc/coloa; test -n \"$(ls /var/lib/coloa/events)\"; getent passwd coloa")
    assert "holds stored events and is kept" in said and "'rm -r /var/lib/coloa; userdel coloa' removes both" in said, said
    # It comes back to what it had.
    debian.install(world["deb"])
    assert debian.do("coloa search 'source:sample | count'").split()[0] == kept
    debian.do("rm -r /var/lib/coloa; dpkg -P coloa; test ! -e /var/lib/coloa; ! getent passwd coloa; ! getent group coloa")


class Machine(Debian):
    """A Debian with a running systemd, in a container without a network."""
    def __init__(self, folder, archive):
        super().__init__(folder, archive)
        (self.root / "etc/machine-id").write_text("")
        self.boot()

    def boot(self):
        self.nspawn = subprocess.Popen(["systemd-nspawn", "-q", "-D", self.root, "-b", "--register=no", "--keep-unit", "--private-network",
                                        "--console=pipe"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                       text=True)
        self.init, end = None, time.monotonic() + 120
        while time.monotonic() < end and self.nspawn.poll() is None:
            children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
            self.init = int(children[0]) if children else None
            if self.init and self.shell("systemctl is-system-running").stdout.strip() in ("running", "degraded"):
                return
            time.sleep(0.3)
        said = self.nspawn.stderr.read()[-500:] if self.nspawn.poll() is not None else "it does not come up"
        self.end()
        raise Skip(f"no systemd in a container here: {said}")

    def shell(self, script, timeout=300):
        return subprocess.run(["nsenter", "-t", str(self.init), "-a", "/bin/bash", "-euc", script], capture_output=True, text=True,
                              check=False, timeout=timeout, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"})

    def wait_for(self, script, seconds=60):
        end = time.monotonic() + seconds
        while (r := self.shell(script)).returncode != 0:
            assert time.monotonic() < end, (script, r.stdout, r.stderr, self.shell("journalctl -u coloa -n 30 --no-pager").stdout)
            time.sleep(0.3)
        return r.stdout

    def end(self):
        """Its first process ends all others."""
        if self.nspawn.poll() is None and self.init:
            os.kill(self.init, 9)
        self.nspawn.terminate()
        self.nspawn.wait(60)


def under_a_running_systemd(folder):
    """The unit as it is shipped, all its walls up: it starts, says that it is up, reloads, is started again, stops, and the package
    does the right thing with it when it is upgraded, removed and purged."""
    prepare()
    for tool in ("systemd-nspawn", "nsenter"):
        if not shutil.which(tool):
            raise Skip(f"no {tool}: ./dev deb --test installs it")
    machine = Machine(folder, fresh_debian(world["deb"], "dbus", "systemd", "systemd-sysv"))
    try:
        machine.install(world["deb"])
        assert machine.do("systemctl is-enabled coloa").strip() == "enabled"
        machine.do("systemctl start coloa && systemctl is-active coloa")  # with Type=notify: it is up
        assert "rules" in machine.do("systemctl show coloa -p StatusText")
        machine.do("exec 3<>/dev/tcp/127.0.0.1/5514; for i in $(seq 30); do echo '<38>Nov 23 05:00:00 gate sshd[7]: Failed password for"
                   " root from 192.0.2.9 port 22 ssh2' >&3; done")
        machine.do("systemd-cat -t app echo said-to-the-journal")
        machine.wait_for("coloa search 'source:this-machine | count' | grep -w 30")
        machine.wait_for("coloa search said-to-the-journal | grep -q .")  # it reads the journal within its walls
        ours = "for i in /proc/[0-9]*; do test \"$(stat -c %U $i 2>/dev/null)\" != coloa || "
        walls = machine.do(ours + "grep -hE '^(NoNewPrivs|CapEff|Seccomp):' $i/status; done").splitlines()
        assert len(walls) > 3 * 6, walls
        for line in walls:
            assert line.split() in (["NoNewPrivs:", "1"], ["CapEff:", "0" * 16], ["Seccomp:", "2"]), line
        assert machine.do("systemd-analyze verify --man=no coloa.service 2>&1") == ""

        machine.do("systemctl reload coloa")
        machine.do(f"cp {CONFIG} /root/good; echo 'no-such-key: 1' >>{CONFIG}")
        assert machine.shell("systemctl reload coloa").returncode != 0
        assert f"{CONFIG}:" in machine.do("journalctl -u coloa -n 5 --no-pager") and machine.do("systemctl is-active coloa")
        machine.do(f"cp /root/good {CONFIG}; systemctl reload coloa")

        machine.do("systemctl kill -s KILL --kill-who=main coloa")
        machine.wait_for("systemctl show coloa -p NRestarts | grep -q =1 && systemctl is-active coloa")
        assert machine.do("coloa search 'source:this-machine | count'").split()[0] == "30"
        machine.do("pid=$(systemctl show coloa -p MainPID --value); kill -STOP $pid")  # the watchdog sees to that
        machine.wait_for("systemctl show coloa -p NRestarts | grep -q =2 && systemctl is-active coloa", 180)

        # What comes to the journal while the node is down, and before the machine is started again: neither is passed over.
        machine.do("systemctl stop coloa; systemd-cat -t app echo before-the-restart; journalctl --sync")
        machine.end()
        machine.boot()
        machine.wait_for("systemctl is-active coloa")  # by itself
        machine.wait_for("coloa search before-the-restart | grep -q .")
        assert machine.do("coloa search 'said-to-the-journal | count'").split()[0] == "1"

        before = machine.do("systemctl show coloa -p MainPID")
        machine.install(higher(folder, "9.1"))
        machine.wait_for("systemctl is-active coloa")
        assert machine.do("systemctl show coloa -p MainPID") != before, "an upgrade goes on with the old program"
        machine.do("systemctl stop coloa")
        assert machine.do("systemctl show coloa -p Result -p ExecMainStatus").split() == ["Result=success", "ExecMainStatus=0"]
        machine.do("test ! -e /run/coloa; coloa verify /var/lib/coloa/events >/dev/null")
        machine.install(higher(folder, "9.2"))
        assert machine.shell("systemctl is-active coloa").stdout.strip() == "inactive", "an upgrade starts what was stopped"

        machine.do("systemctl start coloa; dpkg -r coloa; ! systemctl is-active coloa")
        assert machine.do(ours + "echo $i; done") == ""
        machine.do("rm -r /var/lib/coloa; dpkg -P coloa; systemctl daemon-reload; ! systemctl list-unit-files | grep coloa")
        assert machine.do("systemctl --failed --no-legend") == ""
        print("# " + machine.do("systemctl --version").splitlines()[0])
    finally:
        machine.end()


try:
    run(the_same_input_makes_the_same_package, no_hook_is_in_the_package, installs_hunts_and_goes_without_a_trace, a_node_as_its_user_an_upgrade_and_a_purge,
        under_a_running_systemd)
finally:
    shutil.rmtree(world.get("folder", "/nonexistent"), ignore_errors=True)
