"""Reports on paper: the process that prints, in its sandbox, and what others read of its files: pdftotext the Vietnamese text,
LibreOffice the DOCX. Also that it opens nothing, whatever the text holds."""
import fcntl
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess

from tap import PROGRAM, Skip, run

PRESS = 2
TEXT = "Lúc 02 giờ 05 phút, hệ thống giám sát phát hiện tiến trình lạ ghi đè tệp hàng loạt; dữ liệu bị mã hóa."
# Every letter of Vietnamese with every mark.
LETTERS = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"


def document(kind: str, **more) -> dict:
    return {"format": kind, "lang": "vi", "made": "2026-11-23T07:00:00Z", "agency": ["Sở Y tế tỉnh A", "Bệnh viện Sông Thương"],
            "state": "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "motto": "Độc lập - Tự do - Hạnh phúc", "number": "Số: BC-2026-0007",
            "place": "…………, ngày 23 tháng 11 năm 2026", "handling": "TLP:AMBER", "title": "Báo cáo ban đầu, 24 giờ", "subtitle": "Sự cố SC-2026-0147",
            "to": ["Kính gửi:", "lực lượng chuyên trách bảo vệ an ninh mạng thuộc Bộ Công an"], "columns": ["STT", "Nội dung", "Thông tin"],
            "rows": [["Mô tả tóm tắt", TEXT, False], ["Nguyên nhân", "(chưa có)", True], ["Chữ", LETTERS + "\n" + LETTERS.upper(), False]],
            "notes": ["Căn cứ: Nghị định 331/2026/NĐ-CP, 31.2.d"], "signers": [["NGƯỜI KÝ THỨ NHẤT", "(đã ký)", "Lê Minh Khôi"]],
            "copies_title": "Nơi nhận:", "copies": ["- Như trên;"], "seal": ["CHỮ KÝ SỐ CỦA CƠ QUAN", "(ký số)"], "foot": "BC-2026-0007 · bản 4", **more}


def press(doc: dict | bytes) -> tuple[int | None, bytes]:
    """One job as main starts it: (error, output); error None: it died."""
    content = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    given, made = (os.memfd_create(name, os.MFD_ALLOW_SEALING) for name in ("in", "out"))
    os.write(given, content)
    os.ftruncate(made, 64 << 20)
    fcntl.fcntl(given, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)

    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (theirs.fileno(), given, made)]

    def place():
        for at, fd in enumerate(high, 3):
            os.dup2(fd, at)

    child = subprocess.Popen(["coloa: job", f"kind={PRESS}", "landlock=-1"], executable=PROGRAM, preexec_fn=place, pass_fds=(3, 4, 5), env=
                             {k: os.environ[k] for k in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if k in os.environ}, stderr=subprocess.DEVNULL)
    theirs.close()
    for fd in high:
        os.close(fd)
    ours.settimeout(60)
    said = ours.recv(4096)
    press.ended = child.wait(timeout=60)
    out = b""
    error = None
    if said:
        kind, error, _, length = struct.unpack("=IiQQ", said)
        assert kind == 261, kind
        out = os.pread(made, length, 0)
    for fd in (given, made):
        os.close(fd)
    ours.close()
    return error, out


def text_of(folder: pathlib.Path, pdf: bytes) -> str:
    path = folder / "a.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True).stdout.decode()


def flat(text: str) -> str:
    return " ".join(text.split())


def reads_back_letter_by_letter(folder):
    error, pdf = press(document("pdf"))
    assert error == 0, error
    text = text_of(folder, pdf)
    for wanted in ("SỞ Y TẾ TỈNH A", "BỆNH VIỆN SÔNG THƯƠNG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
                   "BÁO CÁO BAN ĐẦU, 24 GIỜ", "Kính gửi: Lực lượng chuyên trách bảo vệ an ninh mạng thuộc Bộ Công an", "TLP:AMBER", "Lê Minh Khôi"):
        assert wanted in flat(text), (wanted, text)
    # Words of a cell are divided by the table's other columns: taken from the raw order.
    raw = subprocess.run(["pdftotext", "-raw", str(folder / "a.pdf"), "-"], check=True, capture_output=True).stdout.decode()
    assert TEXT in flat(raw), raw
    for letters in (LETTERS, LETTERS.upper()):
        assert letters in raw.replace("\n", "").replace(" ", ""), raw
    fonts = subprocess.run(["pdffonts", str(folder / "a.pdf")], check=True, capture_output=True, text=True).stdout
    assert all(" yes " in line for line in fonts.splitlines()[2:]), fonts  # all embedded


def has_pages_with_numbers(folder):
    rows = [[f"Mục {n}", TEXT * 3, False] for n in range(60)]
    error, pdf = press(document("pdf", rows=rows))
    assert error == 0, error
    pages = text_of(folder, pdf).split("\f")[:-1]
    assert len(pages) > 4, len(pages)
    for n, page in enumerate(pages[1:], 2):
        assert page.split()[0] == str(n), page[:200]
        assert "BC-2026-0007 · bản 4" in page
    joined = "".join(pages)
    assert all(f"Mục {n}" in joined for n in range(60))
    assert joined.count("STT") >= len(pages) - 1  # the table's head again on each


def libreoffice_opens_it(folder):
    error, docx = press(document("docx", mark="DỰ THẢO"))
    assert error == 0, error
    (folder / "a.docx").write_bytes(docx)
    home = folder / "home"
    subprocess.run(["soffice", f"-env:UserInstallation=file://{home}", "--headless", "--convert-to", "txt:Text (encoded):UTF8", "--outdir", str(folder),
                    str(folder / "a.docx")], check=True, capture_output=True, timeout=180)
    text = flat((folder / "a.txt").read_text(encoding="utf-8-sig"))
    for wanted in (TEXT, LETTERS, LETTERS.upper(), "BỆNH VIỆN SÔNG THƯƠNG", "DỰ THẢO", "BÁO CÁO BAN ĐẦU, 24 GIỜ", "Lê Minh Khôi", "CHỮ KÝ SỐ CỦA CƠ QUAN"):
        assert wanted in text, (wanted, text)
    listed = subprocess.run(["unzip", "-t", str(folder / "a.docx")], capture_output=True, text=True) if shutil.which("unzip") else None
    assert listed is None or listed.returncode == 0, listed.stdout


def opens_nothing_whatever_it_is_given(folder):
    strange = "中文 العربية 日本語 हिन्दी ไทย 한국어 עברית 🔥 \u202e\u0001\ud7ff ﷽ \U000e0001 a\u0301\u0302\u0303" + "".join(chr(c) for c in range(0x250, 0x2000, 7))
    for kind in ("pdf", "docx"):
        error, out = press(document(kind, rows=[["Lạ", strange, False]], title=strange[:200], mark=strange[:30]))
        assert error == 0, (kind, error)
        assert out[:4] == (b"%PDF" if kind == "pdf" else b"PK\3\4")
    text = flat(text_of(folder, press(document("pdf", rows=[["Lạ", "tệp 中.exe", False]]))[1]))
    assert "tệp U+4E2D.exe" in text, text  # nothing is lost


def taken_over_it_opens_nothing(folder):
    """A text that takes the process over (test builds only: src/main/process_job.c) finds no file, fonts neither, and no other thread."""
    error, out = press(b'{"format":"pdf","title":"coloa-test-open"}')
    if error == 0:
        raise Skip("not a test build")
    assert error is None and out == b"" and press.ended == 98, (error, press.ended)


def says_no_to_what_is_none(folder):
    for bad in (b"{}", b"not json", b'{"format":"pdf","title":1}', b"[" * 100000):
        error, out = press(bad)
        assert error == -74 and out == b"", (bad[:20], error)


if __name__ == "__main__":
    run(reads_back_letter_by_letter, has_pages_with_numbers, libreoffice_opens_it, opens_nothing_whatever_it_is_given, taken_over_it_opens_nothing, says_no_to_what_is_none)
