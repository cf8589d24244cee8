"""Signing in by the agency's account: a real OpenLDAP (slapd) and a real OpenID provider (npm oidc-provider). Who is known here comes in with
the rights they have here; wrong, locked, unknown, replayed, forged, expired and unreachable are refused in words."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import time
import urllib.parse

from api import Web
from node_world import ports
from people import PASSWORD, Browser, enrol, first_person, one_time, totp
from tap import Skip, coloa, run

SLAPD = shutil.which("slapd") or "/usr/sbin/slapd"
MDB = "/usr/lib/ldap"
SCHEMA = "/etc/ldap/schema"
LDIF = """dn: dc=example,dc=vn
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=vn
objectClass: organizationalUnit
ou: people

dn: cn=node,dc=example,dc=vn
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: node
userPassword: cua-nut-9

dn: cn=policy,dc=example,dc=vn
objectClass: organizationalRole
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
"""
PERSON = """
dn: uid={login},ou=people,dc=example,dc=vn
objectClass: inetOrgPerson
uid: {login}
cn: {login}
sn: {login}
userPassword: {password}
"""
PEOPLE = {"lan": "thư mục ơi 1", "minh": "thư mục ơi 2", "khoa": "thư mục ơi 3", "ghost": "thư mục ơi 4"}


def certificate(folder, name="cert", key="key", ca=None):
    """A self-signed certificate of 127.0.0.1 and localhost."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / key, "-out", folder / name,
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2"], check=True, capture_output=True)


class Slapd:
    def __init__(self, folder: pathlib.Path, tls=True):
        if not os.path.exists(SLAPD):
            raise Skip("no slapd here (Debian: slapd)")
        self.folder, self.tls = folder / "ldap", tls
        self.port, = ports(1)
        (self.folder / "db").mkdir(parents=True)
        certificate(self.folder)
        includes = "\n".join(f"include {SCHEMA}/{s}.schema" for s in ("core", "cosine", "inetorgperson"))
        (self.folder / "conf").write_text(f"""{includes}
modulepath {MDB}
moduleload back_mdb
moduleload ppolicy
pidfile {self.folder}/pid
TLSCertificateFile {self.folder}/cert
TLSCertificateKeyFile {self.folder}/key
database mdb
suffix "dc=example,dc=vn"
rootdn "cn=root,dc=example,dc=vn"
rootpw root-9
directory {self.folder}/db
overlay ppolicy
ppolicy_default "cn=policy,dc=example,dc=vn"
access to attrs=userPassword by anonymous auth by dn="cn=node,dc=example,dc=vn" none by self none by * none
access to * by dn="cn=node,dc=example,dc=vn" write by users read by anonymous none
""")
        people = "".join(PERSON.format(login=k, password=v) for k, v in PEOPLE.items())
        (self.folder / "ldif").write_text(LDIF + people, encoding="utf-8")
        subprocess.run(["slapadd", "-f", self.folder / "conf", "-l", self.folder / "ldif"], check=True, capture_output=True)
        self.start()

    def start(self):
        kind = "ldaps" if self.tls == "ldaps" else "ldap"
        self.process = subprocess.Popen([SLAPD, "-h", f"{kind}://127.0.0.1:{self.port}", "-f", self.folder / "conf", "-d", "0"], stderr=subprocess.DEVNULL)
        for _ in range(50):
            time.sleep(0.1)
            if subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{self.port}"], capture_output=True).returncode == 0:
                return
        raise AssertionError("slapd does not answer")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def modify(self, text):
        env = {**os.environ, "LDAPTLS_REQCERT": "never"}
        uri = f"{'ldaps' if self.tls == 'ldaps' else 'ldap'}://127.0.0.1:{self.port}"
        subprocess.run(["ldapmodify", "-e", "relax", "-H", uri, "-D", "cn=root,dc=example,dc=vn", "-w", "root-9", "-x"], input=text, text=True, check=True, capture_output=True, env=env)

    def config(self, extra="", tls="starttls"):
        (self.folder / "password").write_text("cua-nut-9\n")
        os.chmod(self.folder / "password", 0o600)
        return (f"ldap: {{server: 127.0.0.1, port: {self.port}, tls: {tls}, ca-file: {self.folder}/cert, base: 'ou=people,dc=example,dc=vn', "
                f"class: inetOrgPerson, user: 'cn=node,dc=example,dc=vn', password-file: {self.folder}/password{extra}}}")


def people(admin, ways):
    """{login: way} made by the administrator, who shows their second factor."""
    ids = {}
    for login, (way, external) in ways.items():
        status, answer = admin.post("/people", login=login, name=login.title(), unit=1)
        assert status in (200, 201), answer
        ids[login] = answer["id"]
        if way != "local":
            status, answer = admin.ask("PUT", f"/people/{ids[login]}/way", {"way": way, **({"external": external} if external else {})})
            assert status == 200 and answer["way"] == way, answer
    return ids


def begin(folder, config):
    node = Web(folder, head=f"courier: {{allow: [127.0.0.1]}}\nsign-in: {{{config}}}")
    return node


def ways_are(node, b, **wanted):
    node.wait_for(lambda: all(b.ask("GET", "/session/ways")[1].get(k) == v for k, v in wanted.items()), 20, f"for {wanted}")


def by_and_by(condition):
    """A sign-in that is tried again as a person does: one address may not do it without end."""
    def tried():
        time.sleep(0.5)
        return condition()
    return tried


def a_directory_says_whose_password_it_is(folder):
    ldap = Slapd(folder)
    try:
        with begin(folder, ldap.config()) as node:
            node.ready()
            admin = first_person(node)
            enrol(admin)
            b = Browser(node)
            ways_are(node, b, directory=True, oidc=False)
            ids = people(admin, {"lan": ("directory", None), "minh.tran": ("directory", "minh"), "khoa": ("directory", None), "duc": ("local", None)})
            # Right, and with the rights they have here: none yet.
            status, answer = b.sign_in("lan", PEOPLE["lan"])
            assert status == 200 and answer["step"] is None and answer["person"]["login"] == "lan" and answer["permissions"] == [], answer
            assert b.ask("GET", "/session")[0] == 200
            assert admin.post(f"/people/{ids['lan']}/roles", role="officer", unit=1)[0] in (200, 201)
            assert "alerts.read" in b.ask("GET", "/session")[1]["permissions"]
            # Somebody called otherwise there.
            assert b.sign_in("minh.tran", PEOPLE["minh"])[0] == 200
            # Wrong, empty (which many a directory takes for a guest), of somebody else, with signs of filters and names: all the same answer.
            for login, password in (("lan", "sai"), ("lan", PEOPLE["minh"]), ("lan", "*"), ("khoa", "x" * 128), ("nobody", PEOPLE["lan"]), ("ghost", PEOPLE["ghost"]),
                                    ("minh", PEOPLE["minh"]), ("lan)(uid=*", PEOPLE["lan"]), ("*", PEOPLE["lan"]), ("admin", PEOPLE["lan"])):
                status, answer = Browser(node).sign_in(login, password)
                assert status == 401 and answer["code"] == "wrong_login", (login, answer)
            assert Browser(node).sign_in("lan", "")[0] == 422
            # A second factor that is set up here is asked for here.
            assert admin.post(f"/people/{ids['khoa']}/roles", role="approver", unit=1)[0] in (200, 201)
            k = Browser(node)
            status, answer = k.sign_in("khoa", PEOPLE["khoa"])
            assert status == 200 and answer["needs_totp"], answer
            secret = enrol(k)[0]
            status, answer = k.sign_in("khoa", PEOPLE["khoa"])
            assert status == 200 and answer["step"] == "totp" and k.ask("GET", "/people")[0] == 403, answer
            assert k.post("/session/totp", code=totp(secret, time.time() + 30))[1]["step"] is None
            # Its password is not kept here, so it is not changed here.
            status, answer = k.post("/session/password", old=PEOPLE["khoa"], new=PASSWORD)
            assert status == 409 and answer["code"] == "elsewhere", answer
            # Locked there: no more.
            ldap.modify("dn: uid=lan,ou=people,dc=example,dc=vn\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n")
            fresh = Browser(node)
            status, answer = fresh.sign_in("lan", PEOPLE["lan"])
            assert status == 401 and answer["code"] == "wrong_login", answer
            # The directory is away: said so, nobody is blamed, local people come in.
            ldap.stop()
            status, answer = fresh.sign_in("minh.tran", PEOPLE["minh"])
            assert status == 503 and answer["code"] == "provider_away", answer
            # Whoever fails meanwhile hears the same: nobody learns who signs in by the directory.
            for login in ("khong.co.ai", "minh.tran", "admin", "minh.tran", "lan"):
                status, other = Browser(node).sign_in(login, "sai mật khẩu")
                assert status == 503 and other == answer, (login, other)
            d = Browser(node)
            assert d.sign_in("duc", one_time(node, "duc"))[1]["step"] == "new_password"
            assert d.post("/session/password", new=PASSWORD)[0] == 200
            # Guessing slows down meanwhile too, for everybody alike; and when the directory is back, nobody waits because it was away.
            for login, password in (("minh.tran", PEOPLE["minh"]), ("khong.co.ai", "sai"), ("admin", "sai")):
                for _ in range(6):
                    time.sleep(0.1)
                    status, answer = Browser(node).sign_in(login, password)
                assert status == 429 and answer["code"] == "wait", (login, answer)
            ldap.start()
            since = time.monotonic()
            node.wait_for(by_and_by(lambda: fresh.sign_in("minh.tran", PEOPLE["minh"])[0] == 200), 40, "for the directory to be asked again")
            print(f"# the directory was asked again within {time.monotonic() - since:.1f} s")
            assert time.monotonic() - since < 20, "somebody waited because the directory was away"
            assert Browser(node).sign_in("admin", "sai")[1]["code"] == "wrong_login"
            status, answer = Browser(node).sign_in("khong.co.ai", "sai")
            assert status == 401 and answer["code"] == "wrong_login", answer
            # A one-time password brings somebody back to this node's own.
            o = Browser(node)
            assert o.sign_in("minh.tran", one_time(node, "minh.tran"))[1]["step"] == "new_password"
            assert admin.ask("GET", f"/people/{ids['minh.tran']}/way")[1]["way"] == "local"
            # Guessing slows down as with local people.
            for _ in range(12):
                status, answer = Browser(node).sign_in("khoa", "sai")
            assert status == 429 and answer["code"] == "wait", answer
            # Nobody gives themselves a way in.
            me = admin.ask("GET", "/session")[1]["person"]["id"]
            assert admin.ask("PUT", f"/people/{me}/way", {"way": "directory"})[1]["code"] == "not_oneself"
            status, answer = admin.ask("PUT", f"/people/{ids['duc']}/way", {"way": "directory", "external": "lan"})
            assert status == 422 and answer["fields"][0]["field"] == "external", answer
            for secret in (PEOPLE["lan"], "cua-nut-9"):
                assert secret not in node.said()
    finally:
        ldap.stop()


def only_over_tls_of_the_right_server(folder):
    ldap = Slapd(folder, tls="ldaps")
    other = folder / "other"
    other.mkdir()
    certificate(other)
    try:
        with begin(folder, ldap.config(tls="tls")) as node:
            node.ready()
            admin = first_person(node)
            enrol(admin)
            people(admin, {"lan": ("directory", None)})
            b = Browser(node)
            ways_are(node, b, directory=True)
            assert b.sign_in("lan", PEOPLE["lan"])[0] == 200
            # Another authority: nothing goes out.
            node.config.write_text(node.config.read_text().replace(f"ca-file: {ldap.folder}/cert", f"ca-file: {other}/cert"))
            assert node.ask("reload").returncode == 0
            node.wait_for(by_and_by(lambda: Browser(node).sign_in("lan", PEOPLE["lan"])[0] == 503), 20, "for the refusal")
            # By the template of a name, without an account of the node's own.
            text = node.config.read_text()
            a, e = text.index("sign-in:"), text.index("\n", text.index("sign-in:"))
            template = (f"sign-in: {{ldap: {{server: localhost, port: {ldap.port}, tls: tls, ca-file: {ldap.folder}/cert, "
                        "dn: 'uid={login},ou=people,dc=example,dc=vn'}}")
            node.config.write_text(text[:a] + template + text[e:])
            assert node.ask("reload").returncode == 0
            node.wait_for(by_and_by(lambda: Browser(node).sign_in("lan", PEOPLE["lan"])[0] == 200), 20, "for the template")
            assert Browser(node).sign_in("lan", "sai")[1]["code"] == "wrong_login"
    finally:
        ldap.stop()


# ---- OpenID ----

def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def keys(folder):
    """A key set for the provider, and the private key in PEM for forging with it."""
    make = ("const c=require('crypto');const out=[];for(const [kty,o] of [['rsa',{modulusLength:2048}],['ec',{namedCurve:'P-256'}]]){"
            "const k=c.generateKeyPairSync(kty,o).privateKey;const j=k.export({format:'jwk'});j.use='sig';j.kid=kty;j.alg=kty==='rsa'?'RS256':'ES256';out.push(j);"
            "require('fs').writeFileSync(process.argv[1]+'/'+kty+'.pem',k.export({type:'pkcs8',format:'pem'}));}"
            "require('fs').writeFileSync(process.argv[1]+'/keys.json',JSON.stringify({keys:out}));")
    subprocess.run(["node", "-e", make, str(folder)], check=True, capture_output=True)


def sign(folder, claims, alg="RS256", kid="rsa", pem="rsa.pem", header=None) -> str:
    head = b64(json.dumps(header or {"alg": alg, "kid": kid, "typ": "JWT"}).encode())
    body = head + "." + b64(json.dumps(claims).encode())
    if alg == "none":
        return body + "."
    if alg == "HS256":
        public = subprocess.run(["openssl", "pkey", "-in", folder / pem, "-pubout"], check=True, capture_output=True).stdout
        return body + "." + b64(hmac.new(public, body.encode(), hashlib.sha256).digest())
    code = ("const c=require('crypto'),f=require('fs');const [k,a,t]=process.argv.slice(1);"
            "process.stdout.write(c.sign('sha256',Buffer.from(t),{key:f.readFileSync(k),dsaEncoding:'ieee-p1363'}).toString('base64url'))")
    return body + "." + subprocess.run(["node", "-e", code, str(folder / pem), alg, body], check=True, capture_output=True, text=True).stdout


class Provider:
    def __init__(self, folder, redirect):
        npm = os.environ.get("COLOA_NPM")
        if not npm or not os.path.isdir(f"{npm}/node_modules/oidc-provider") or not shutil.which("node"):
            raise Skip("no oidc-provider (./dev brings it: COLOA_NPM)")
        self.folder, self.redirect = folder / "oidc", redirect
        self.folder.mkdir()
        self.port, = ports(1)
        self.issuer = f"https://127.0.0.1:{self.port}"
        certificate(self.folder)
        keys(self.folder)
        (self.folder / "secret").write_text("bi mat: cua/nut?+%\n", encoding="utf-8")
        self.start()

    def start(self):
        self.process = subprocess.Popen(["node", pathlib.Path(__file__).parent / "oidc_provider.mjs", str(self.port), self.folder, self.redirect],
                                        stdout=subprocess.PIPE, stderr=open(self.folder / "log", "ab"))
        if b"ready" not in self.process.stdout.readline():
            raise AssertionError((self.folder / "log").read_text()[-2000:])

    def stop(self):
        self.process.kill()
        self.process.wait()

    def config(self):
        return (f"oidc: {{issuer: '{self.issuer}', client: coloa, secret-file: {self.folder}/secret, redirect: '{self.redirect}', name: 'Tài khoản cơ quan', "
                f"ca-file: {self.folder}/cert}}")

    def visit(self, url, who) -> dict:
        """A browser that signs in there as somebody: what comes back with it."""
        (self.folder / "who").write_text(who)
        jar = {}
        for _ in range(10):
            if url.startswith(self.redirect):
                return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            c = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
            parts = urllib.parse.urlsplit(url)
            c.request("GET", parts.path + ("?" + parts.query if parts.query else ""), headers={"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())})
            r = c.getresponse()
            said = r.read()
            for name, value in r.getheaders():
                if name.lower() == "set-cookie":
                    k, v = value.split(";")[0].split("=", 1)
                    jar[k] = v
            assert r.status in (302, 303), (r.status, said[-700:])
            url = urllib.parse.urljoin(url, r.getheader("Location"))
        raise AssertionError("it goes round and round")


def go(node, provider, who):
    """(browser, what it would post) with the provider's word for `who`."""
    b = Browser(node)
    status, answer = b.post("/session/oidc")
    assert status == 200, answer
    back = provider.visit(answer["url"], who)
    return b, {"code": back["code"], "state": back["state"], "binder": answer["binder"]}


def an_openid_provider_says_who_it_is(folder):
    web, = ports(1)
    provider = Provider(folder, f"https://console.example.vn/sign-in/back")
    try:
        with begin(folder, provider.config()) as node:
            node.ready()
            admin = first_person(node)
            enrol(admin)
            b = Browser(node)
            ways_are(node, b, oidc=True, oidc_name="Tài khoản cơ quan", directory=False)
            ids = people(admin, {"lan": ("oidc", "lan-tran"), "khoa": ("oidc", "khoa-le")})
            b, word = go(node, provider, "lan-tran")
            status, answer = b.post("/session/oidc/back", **word)
            assert status == 200 and answer["person"]["login"] == "lan" and answer["step"] is None, answer
            assert b.ask("GET", "/session")[0] == 200
            # Once.
            status, answer = Browser(node).post("/session/oidc/back", **word)
            assert status == 401 and answer["code"] == "refused", answer
            # Its code again, behind a sign-in of another's own: the provider refuses it.
            other, fresh = go(node, provider, "lan-tran")
            status, answer = other.post("/session/oidc/back", **{**fresh, "code": word["code"]})
            assert status == 401 and answer["code"] == "refused", answer
            # Of another browser (who was lured to somebody's answer): its binder is not there.
            _, lure = go(node, provider, "lan-tran")
            status, answer = Browser(node).post("/session/oidc/back", **{**lure, "binder": "0" * 64})
            assert status == 401 and answer["code"] == "refused", answer
            assert Browser(node).post("/session/oidc/back", **lure)[0] == 200, "who has the state alone must not end it for the other"
            # Somebody whom the provider knows and we do not.
            b, word = go(node, provider, "stranger")
            status, answer = b.post("/session/oidc/back", **word)
            assert status == 401 and answer["code"] == "not_known", answer
            # The audit log does not grow on the word of who only began.
            log = coloa("api", "audit.list", "limit=500", "-c", node.config)
            assert log.returncode == 0 and b'"session.oidc_back"' in log.stdout and b'"session.oidc"' not in log.stdout, log
            # A password is no way in for them; nor is being made inactive here.
            assert Browser(node).sign_in("lan", PASSWORD)[1]["code"] == "wrong_login"
            row = admin.ask("GET", f"/people/{ids['lan']}")[1]
            assert row["signs_in"] == "oidc" and row["external"] == "lan-tran", row
            assert admin.ask("PATCH", f"/people/{ids['lan']}", {"version": row["version"], "active": False})[0] == 200
            b, word = go(node, provider, "lan-tran")
            assert b.post("/session/oidc/back", **word)[1]["code"] == "not_known"
            # The second factor is ours.
            assert admin.post(f"/people/{ids['khoa']}/roles", role="approver", unit=1)[0] in (200, 201)
            k, word = go(node, provider, "khoa-le")
            assert k.post("/session/oidc/back", **word)[1]["needs_totp"]
            secret = enrol(k)[0]
            k, word = go(node, provider, "khoa-le")
            status, answer = k.post("/session/oidc/back", **word)
            assert answer["step"] == "totp" and k.ask("GET", "/people")[0] == 403, answer
            assert k.post("/session/totp", code=totp(secret, time.time() + 30))[1]["step"] is None
            # Forged words.
            now = int(time.time())
            good = {"iss": provider.issuer, "aud": "coloa", "sub": "khoa-le", "iat": now, "exp": now + 60}
            (provider.folder / "evil").write_text("token x")

            def forged(**more):
                fields = {k: v for k, v in more.items() if k in ("alg", "kid", "pem", "header")}
                b = Browser(node)
                answer = b.post("/session/oidc")[1]
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer["url"]).query))
                claims = {**good, "nonce": query["nonce"], **more.get("claims", {})}
                (provider.folder / "token").write_text(sign(provider.folder, {k: v for k, v in claims.items() if v is not None}, **fields))
                return b.post("/session/oidc/back", code="x", state=query["state"], binder=answer["binder"])

            assert forged()[0] == 200, "the forger's own tool must be able to make a good one"
            assert forged(alg="ES256", kid="ec", pem="ec.pem")[0] == 200
            keys((folder / "thief")) if (folder / "thief").mkdir() is None else None
            shutil.copy(folder / "thief" / "rsa.pem", provider.folder / "thief.pem")
            for what in ({"alg": "none"}, {"alg": "HS256"}, {"pem": "thief.pem"}, {"kid": "nobody"}, {"kid": "ec"}, {"alg": "ES256", "kid": "rsa", "pem": "ec.pem"},
                         {"header": {"alg": "RS256", "kid": "rsa", "crit": ["x"], "x": 1}},
                         {"claims": {"iss": "https://evil.example"}}, {"claims": {"iss": provider.issuer + "/"}}, {"claims": {"aud": "other"}},
                         {"claims": {"aud": ["coloa", "other"]}}, {"claims": {"aud": ["coloa", "other"], "azp": "other"}}, {"claims": {"exp": now - 300, "iat": now - 400}},
                         {"claims": {"iat": now + 900, "exp": now + 1000}}, {"claims": {"exp": None}}, {"claims": {"nonce": "0" * 64}}, {"claims": {"nonce": None}},
                         {"claims": {"sub": None}}, {"claims": {"exp": str(now + 60)}}):
                status, answer = forged(**what)
                assert status == 401 and answer["code"] == "refused", (what, answer)
            (provider.folder / "token").write_text("a.b.c.d")
            b = Browser(node)
            answer = b.post("/session/oidc")[1]
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer["url"]).query))
            assert b.post("/session/oidc/back", code="x", state=query["state"], binder=answer["binder"])[1]["code"] == "refused"
            (provider.folder / "evil").unlink()
            # Down: said so; local people come in.
            b, word = go(node, provider, "khoa-le")
            provider.stop()
            status, answer = b.post("/session/oidc/back", **word)
            assert status == 503 and answer["code"] == "provider_away", answer
            assert admin.ask("GET", "/session")[0] == 200
            provider.start()
            b, word = go(node, provider, "khoa-le")
            assert b.post("/session/oidc/back", **word)[0] == 200
            assert "bi mat" not in node.said() and word["code"] not in node.said()
    finally:
        provider.stop()


def a_browser_goes_there_and_back(folder):
    web = pathlib.Path(__file__).resolve().parent.parent.parent / "web"
    chromium = os.environ.get("COLOA_CHROMIUM") or "/usr/bin/chromium"
    if not (web / "node_modules/playwright-core").exists() or not (web / "dist/index.html").exists() or not os.path.exists(chromium):
        raise Skip("no chromium, or no pages (./dev web)")
    node = Web(folder)
    provider = Provider(folder, f"http://127.0.0.1:{node.web}/sign-in/back")
    try:
        node.config.write_text(f"courier: {{allow: [127.0.0.1]}}\nsign-in: {{{provider.config()}}}\n" + node.config.read_text())
        with node:
            node.ready()
            admin = first_person(node)
            enrol(admin)
            ways_are(node, Browser(node), oidc=True)
            people(admin, {"lan": ("oidc", "lan-tran")})
            (provider.folder / "who").write_text("lan-tran")
            r = subprocess.run(["node", pathlib.Path(__file__).parent / "sign_in_browser.mjs", f"http://127.0.0.1:{node.web}", folder / "shot.png"],
                               capture_output=True, text=True, timeout=120, check=False)
            assert r.returncode == 0, r.stdout + r.stderr
            came, lured = map(json.loads, r.stdout.splitlines())
            assert came == {"login": "lan", "kept": None, "places": f"http://127.0.0.1:{node.web}/", "complaints": []}, came
            assert lured == {"lured": "/"}, lured
            keep = os.environ.get("COLOA_SHOTS")
            if keep:
                shutil.copy(folder / "shot.png", pathlib.Path(keep) / "sign_in.png")
    finally:
        provider.stop()


def without_either_it_says_so(folder):
    with Web(folder) as node:
        node.ready()
        b = Browser(node)
        assert b.ask("GET", "/session/ways")[1] == {"password": True, "directory": False, "oidc": False, "oidc_name": None}
        status, answer = b.post("/session/oidc")
        assert status == 409 and answer["code"] == "no_oidc", answer


if __name__ == "__main__":
    run(a_directory_says_whose_password_it_is, only_over_tls_of_the_right_server, an_openid_provider_says_who_it_is, a_browser_goes_there_and_back, without_either_it_says_so)
