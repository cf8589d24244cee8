"""What a hunt does to files and with signals: reports never fall upon evidence, every failure says where, Ctrl-C keeps what was found."""
import os
import pathlib
import signal
import subprocess
import time

from hunt_rule import RULE
from tap import PROGRAM, coloa, run

LINE = ('{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Computer":"ws1","@timestamp":"2026-11-23T05:00:00Z",'
        '"Image":"C:\\\\Windows\\\\System32\\\\WindowsPowerShell\\\\v1.0\\\\powershell.exe","CommandLine":"powershell -enc AAA"}\n')


def setting(folder: pathlib.Path, lines: int = 3) -> pathlib.Path:
    (folder / "rule.yml").write_text(RULE)
    logs = folder / "logs"
    logs.mkdir()
    (logs / "a.json").write_text(LINE * lines)
    return logs


def hunt(folder, *args, **more):
    return coloa("hunt", "-r", folder / "rule.yml", *args, **more)


def a_report_never_falls_upon_evidence(folder):
    logs = setting(folder)
    link = folder / "link.json"
    link.symlink_to(logs / "a.json")
    for target in (logs / "a.json", link):
        r = hunt(folder, "-o", f"csv={target}", logs)
        assert r.returncode == 2 and str(target).encode() in r.stderr, r
        assert (logs / "a.json").read_text() == LINE * 3


def a_report_of_last_time_is_not_read_again(folder):
    logs = setting(folder)
    assert hunt(folder, "-o", f"jsonl={logs / 'out.json'}", logs).returncode == 1
    before = (logs / "out.json").read_bytes()
    assert hunt(folder, "-o", f"jsonl={logs / 'out.json'}", logs).returncode == 2
    assert (logs / "out.json").read_bytes() == before


def two_reports_need_two_files(folder):
    logs = setting(folder)
    r = hunt(folder, "-o", f"jsonl={folder / 'x'}", "-o", f"csv={folder}/./x", logs)
    assert r.returncode == 2 and b"two reports" in r.stderr, r


def nothing_is_emptied_when_one_report_cannot_be_written(folder):
    logs = setting(folder)
    (folder / "old").write_text("last time")
    assert hunt(folder, "-o", f"jsonl={folder / 'old'}", "-o", f"html={folder / 'no' / 'x'}", logs).returncode == 2
    assert (folder / "old").read_text() == "last time"


def a_missing_log_is_in_every_report(folder):
    logs = setting(folder)
    r = hunt(folder, "-o", f"html={folder / 'x.html'}", logs, folder / "gone.log")
    assert r.returncode == 3, r
    assert b"everything could be read" not in r.stdout and b"gone.log" in r.stdout, r.stdout
    assert b"gone.log" in (folder / "x.html").read_bytes()


def a_dangling_link_named_like_a_pattern(folder):
    setting(folder)
    (folder / "*").symlink_to("/nonexistent")
    r = hunt(folder, folder / "logs" / "a.json", "*", cwd=folder)
    assert r.returncode == 3, r


def a_full_disk_is_named(folder):
    logs = setting(folder)
    r = hunt(folder, "-o", "jsonl=/dev/full", logs)
    assert r.returncode == 3 and r.stderr.count(b"/dev/full: ") == 1, r


def usage_says_what_and_in_both_languages(folder):
    for args, what in ((["--bogus"], b"--bogus"), (["-o", "html="], b"html="), (["-o", "pdf"], b"pdf"), (["-r"], b"-r"),
                       (["--lang", "fr"], b"fr"), (["--from", "2026-02-01", "--to", "2026-01-01"], b"--from")):
        english = coloa("hunt", *args, folder)
        other = coloa("hunt", *args, folder, env={"LANG": "vi_VN.UTF-8"})
        if args == ["-r"]:
            english, other = coloa("hunt", *args), coloa("hunt", *args, env={"LANG": "vi_VN.UTF-8"})
        assert english.returncode == 2 and what in english.stderr, english
        assert other.returncode == 2 and what in other.stderr and other.stderr != english.stderr, other


def interrupted(folder, number: int) -> None:
    """A signal to the whole process group, as a terminal's Ctrl-C or timeout(1) send it."""
    setting(folder)
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen([PROGRAM, "hunt", "-r", str(folder / "rule.yml"), "-o", f"jsonl={folder / 'out'}",
                           "-o", f"html={folder / 'page'}", str(folder / "logs"), str(pipe)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as child:
        with open(pipe, "wb") as feed:  # opens when the program does
            feed.write(LINE.encode() * 3)
            feed.flush()
            time.sleep(1)
            os.killpg(child.pid, number)
            out, err = child.communicate(timeout=60)
    assert child.returncode == 3, (child.returncode, out, err)
    assert b"nterrupted" in out and b"everything could be read" not in out and b"crashed" not in out, out
    assert b"killed" not in err, err
    assert len((folder / "out").read_text().splitlines()) >= 3
    assert (folder / "page").read_text().rstrip().endswith("</html>")


def ctrl_c_keeps_what_was_found(folder):
    interrupted(folder, signal.SIGINT)


def so_does_the_end_of_a_session(folder):
    interrupted(folder, signal.SIGTERM)


run(a_report_never_falls_upon_evidence, a_report_of_last_time_is_not_read_again, two_reports_need_two_files,
    nothing_is_emptied_when_one_report_cannot_be_written, a_missing_log_is_in_every_report,
    a_dangling_link_named_like_a_pattern, a_full_disk_is_named, usage_says_what_and_in_both_languages,
    ctrl_c_keeps_what_was_found, so_does_the_end_of_a_session)
