#!/usr/bin/env python3
"""What help says, completion completes and the manual pages explain, in both languages."""
import re
import subprocess

from tap import ROOT, coloa, run

COMPLETION = ROOT / "content" / "completion"


def options(verb, lang):
    text = coloa(verb, "--help", env={"LANG": lang}).stdout.decode()
    found = set(re.findall(r"--[a-z][a-z-]+", text))
    assert len(found) > 5, text
    return found


def help_names_the_same_options_in_both_languages(_):
    for verb in ("hunt", "rules", "intel"):
        assert options(verb, "en_US.UTF-8") == options(verb, "vi_VN.UTF-8")


def completion_and_manual_know_every_option(_):
    wanted = options("hunt", "C.UTF-8") | options("rules", "C.UTF-8") | options("intel", "C.UTF-8")
    for name in ("completion/coloa.bash", "completion/_coloa", "completion/coloa.fish"):
        text = (ROOT / "content" / name).read_text(encoding="utf-8")
        for option in wanted - {"--help"}:
            long = option[2:]
            assert option in text or re.search(r"-l %s\b" % re.escape(long), text) or \
                (long in ("product", "category", "service", "text") and long in text), f"{name}: {option}"
    for name in ("coloa.1", "coloa.vi.1"):
        text = (ROOT / "doc" / name).read_text(encoding="utf-8").replace("\\-", "-")
        for option in wanted - {"--help"}:
            assert option in text, f"{name}: {option}"


def bash_completes(_):
    script = f"""source {COMPLETION / 'coloa.bash'}
        try() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _coloa 2>/dev/null; echo "${{COMPREPLY[*]}}"; }}
        try coloa h; try coloa hunt --min-l; try coloa hunt -o na; try coloa hunt --format ev; try coloa rules im"""
    out = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode().split()
    assert out == ["hunt", "--min-level", "navigator", "evtx", "import"], out


def every_reason_for_an_unreadable_place_is_translated(_):
    """Phrases are constants in decode/ and ingest/: what is said there must stand in main/phrases.c. Notes of a node's ingest
    are lines of its log, which is English."""
    table = set(re.findall(r'\{"([^"]+)",', (ROOT / "src/main/phrases.c").read_text()))
    said = set()
    names = ("decode/evtx*.c", "decode/json*.c", "decode/auditd.c", "decode/journal.c", "decode/decode.c",
             "decode/detect.c", "ingest/framer.c", "ingest/inflate.c", "ingest/preamble.c", "ingest/cut.c")
    for path in (p for name in names for p in (ROOT / "src").glob(name)):
        text = re.sub(r"/\*.*?\*/|_Static_assert\(.*?;", "", path.read_text(), flags=re.S)
        said |= set(re.findall(r'"([a-z][A-Za-z\' ,;:-]* [A-Za-z\' ,;:0-9-]*[a-zA-Z0-9])"', text))
    said = {x for x in said if not x.startswith("referrer")}
    assert len(said) > 50, said
    missing = said - table
    assert not missing, missing


run(every_reason_for_an_unreadable_place_is_translated, help_names_the_same_options_in_both_languages, completion_and_manual_know_every_option, bash_completes)
