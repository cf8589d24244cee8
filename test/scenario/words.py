#!/usr/bin/env python3
"""What help says, completion completes and the manual pages explain, in both languages."""
import os
import re
import shutil
import subprocess

from tap import PROGRAM, ROOT, coloa, run

COMPLETION = ROOT / "content" / "completion"


def verbs() -> list[str]:
    """What the program itself lists, in both languages."""
    lists = [re.findall(r"^  ([a-z]+) +\S", coloa("--help", env={"LANG": lang}).stdout.decode(), re.M) for lang in ("C.UTF-8", "vi_VN.UTF-8")]
    assert lists[0] == lists[1] and {"hunt", "rules", "serve", "doctor"} <= set(lists[0]), lists
    return lists[0]


def options(verb, lang):
    text = coloa(verb, "--help", env={"LANG": lang}).stdout.decode()
    found = set(re.findall(r"(?<![a-z])--[a-z][a-z-]+", text))
    assert found, text
    return found - {"--help"}


def help_names_the_same_options_in_both_languages(_):
    for verb in verbs():
        en, vi = options(verb, "en_US.UTF-8"), options(verb, "vi_VN.UTF-8")
        assert en == vi, (verb, en ^ vi)
        r = coloa(verb, "--no-such-option", env={"LANG": "vi_VN.UTF-8"})
        assert r.returncode == 2 and r.stderr, (verb, r)


def completion_and_manual_know_every_option(_):
    for verb in verbs():
        wanted = options(verb, "C.UTF-8")
        for name in ("completion/coloa.bash", "completion/_coloa", "completion/coloa.fish"):
            assert re.search(rf"\b{verb}\b", (ROOT / "content" / name).read_text(encoding="utf-8")), f"{name}: {verb}"
        if verb != "rules":  # whose words are its own verbs'
            script = f"""source {COMPLETION / 'coloa.bash'}; COMP_WORDS=({PROGRAM} {verb} --); COMP_CWORD=2; _coloa 2>/dev/null
                echo "${{COMPREPLY[*]}}\""""
            completed = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode().split()
            assert wanted <= set(completed), (verb, wanted - set(completed))
        for name in ("coloa.1", "coloa.vi.1"):
            text = (ROOT / "doc" / name).read_text(encoding="utf-8").replace("\\-", "-")
            assert re.search(rf"\b{verb}\b", text), f"{name}: {verb}"
            for option in wanted:
                assert option in text, f"{name}: {verb} {option}"
        for name in ("README.md", "doc/manual.en.md", "doc/manual.vi.md"):
            assert f"coloa {verb}" in (ROOT / name).read_text(encoding="utf-8"), f"{name}: {verb}"
    for shell, words in (("fish", "coloa search --ti"), ("fish", "coloa backup --with")):
        if shutil.which(shell):
            path = f"{os.path.dirname(os.path.realpath(PROGRAM))}:{os.environ['PATH']}"
            out = subprocess.run([shell, "-c", f"source {COMPLETION / 'coloa.fish'}; complete -C '{words}'"], capture_output=True, check=True,
                                 env={**os.environ, "PATH": path}).stdout.decode()
            assert out.startswith("--" + words.split("--")[1]), (words, out)


def bash_completes(_):
    script = f"""source {COMPLETION / 'coloa.bash'}
        try() {{ shift; COMP_WORDS=({PROGRAM} "$@"); COMP_CWORD=$#; _coloa 2>/dev/null; echo "${{COMPREPLY[*]}}"; }}
        try coloa hu; try coloa hunt --min-l; try coloa hunt -o na; try coloa hunt --format ev; try coloa rules im
        try coloa doct; try coloa alerts exc; try coloa search --ti; try coloa status --js; try coloa verify --q"""
    out = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode().split()
    assert out == ["hunt", "--min-level", "navigator", "evtx", "import", "doctor", "exceptions", "--timeout", "--json", "--quick"], out


def zsh_and_fish_can_read_theirs(_):
    for shell, name in (("zsh", "_coloa"), ("fish", "coloa.fish")):
        if shutil.which(shell):
            r = subprocess.run([shell, "-n", COMPLETION / name], capture_output=True, check=False)
            assert r.returncode == 0 and not r.stderr, (shell, r)


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


run(every_reason_for_an_unreadable_place_is_translated, help_names_the_same_options_in_both_languages, completion_and_manual_know_every_option, bash_completes,
    zsh_and_fish_can_read_theirs)
