"""A live fire by its pages, in a real browser on a real node: declared, consented to by the system's owner, fought, found, verified, marked by two
jurors who do not know whose it is, appealed, signed, published; a month later its words are gone from the node. web/tools/live.mjs plays
the people; what is claimed is looked at here from outside. Pictures: the build's folder live/ (or COLOA_SHOTS)."""
import json
import os
import pathlib
import shutil
import sqlite3
import time

from exercise_theshire import Pages, browser_missing
from exercise_world import ROLES, Exercise
from people import PASSWORD, enrol
from tap import PROGRAM, Skip, run

SHOTS = pathlib.Path(os.environ.get("COLOA_SHOTS") or pathlib.Path(PROGRAM).resolve().parent.parent.parent / "live")
NAMES = {"org": "Đỗ Hồng Quân", "red": "Bùi Văn Sơn", "red2": "Ngô Thị Lan", "jury1": "Hoàng Thị Mai", "jury2": "Đặng Quốc Việt", "owner-a": "Vũ Hoàng Yến", "officer-a": "Nguyễn Thu Hà"}
MONTH_NS = 31 * 86400 * 10**9


def moment(s):
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + s + 7 * 3600))


class Live(Exercise):
    def called(self, code):
        return "Sở Giáo dục tỉnh Mẫu Sơn"

    def named(self, login):
        return NAMES.get(login, login.title())

    def begin(self):
        super().begin()
        for login, role in (("red", "red_team"), ("red2", "red_team"), ("jury1", "jury"), ("jury2", "jury")):
            self.member(login, role, 1)
        for login in ("owner-a", "jury1", "jury2"):
            self.secrets.setdefault(login, enrol(self.people[login])[0])
        self.do(self.admin, "POST", "/systems", name="Cổng dịch vụ công", code="CDVC", unit=self.unit["a"], level=3, addresses=["10.64.3.0/28"], hosts=["portal.mau-son.example"], sources=[])
        self.later("UPDATE person SET created=created-172800000000000, created_by=NULL, reset_by=NULL, totp_step=0")
        return self

    def later(self, *words):
        self.node.stop()
        with sqlite3.connect(self.node.directory / "state" / "state.db") as db:
            for sql in words:
                db.execute(sql)
        self.node.start()
        self.node.ready()


class Fight(Pages):
    def __init__(self, folder, x):  # pylint: disable=super-init-not-called
        self.begin(folder, "live", {"url": f"http://127.0.0.1:{x.node.web}", "password": PASSWORD, "secrets": x.secrets, "unit": x.called("a"), "restarts": True, "from": moment(-3600), "to": moment(6 * 86400)}, SHOTS)


def from_the_declaration_to_the_last_word(folder):
    why = browser_missing()
    if why:
        raise Skip(why)
    shutil.rmtree(SHOTS, ignore_errors=True)
    with Live(folder, units=("a",)) as x:
        pages = Fight(folder, x)
        try:
            pages.wait("signed")
            said = pages.said["signed"]
            state = x.node.directory / "state" / "state.db"
            assert "Chèn câu lệnh".encode() not in state.read_bytes() + (state.with_name("state.db-wal").read_bytes() if state.with_name("state.db-wal").exists() else b""), "sealed, it is in no file of the node"
            status, f = x.people["jury2"].ask("GET", f"/exercises/{said['exercise']}/findings/{said['finding']}")
            assert status == 200 and f["state"] == "signed" and f["points"] > 0 and not f["provisional"], f
            x.later(f"UPDATE live_finding SET signed=signed-{MONTH_NS}")
            x.node.wait_for(lambda: x.people["jury2"].ask("GET", f"/exercises/{said['exercise']}/findings/{said['finding']}")[1].get("title") is None, 60, "for its words to go")
            pages.wait("gone")
            again = x.people["jury2"].ask("GET", f"/exercises/{said['exercise']}/findings/{said['finding']}")[1]
            assert again["points"] == f["points"] and again["steps"] is None and not [a for a in again["files"] if a["name"]], again
        finally:
            pages.end()


if __name__ == "__main__":
    run(from_the_declaration_to_the_last_word)
