#!/usr/bin/env python3
"""The HTML report in a real browser, over evidence that attacks it. Skipped aloud where no Chromium is installed."""
import json
import re
import shutil
import subprocess

from tap import Skip, coloa, run

RULE = r"""
title: Evil </script><img src=x onerror=document.title='owned'>
id: 3b0f2f3f-6a0e-4b63-9c3e-0d7a5e1f0001
status: test
level: critical
tags: [attack.execution, attack.t1059.001]
logsource: {category: process_creation, product: windows}
detection:
    selection:
        CommandLine|contains: evil
    condition: selection
"""
ATTACKS = ["</script><script>document.title='owned'</script>", "<img src=x onerror=document.title='owned'>",
           "\u202egnp.exe\u2066", "\u0000\u001b[2J", "{{script}}", "<!--data-->", "]}</script>", "\\u003c/script>"]


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise Skip("no Chromium")


def dom(folder, page):
    done = subprocess.run(
        [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={folder / 'profile'}", "--window-size=1280,1000", "--virtual-time-budget=5000", "--dump-dom", page],
        capture_output=True, timeout=120, check=False)
    return done.stdout.decode("utf-8", "replace")


def report(folder):
    (folder / "rule.yml").write_text(RULE)
    with open(folder / "log.json", "w", encoding="utf-8") as f:
        for i, attack in enumerate(ATTACKS):
            f.write(json.dumps({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": attack,
                                "UtcTime": f"2026-11-17 20:09:{i:02d}.000", "User": attack, "Image": "C:\\x.exe",
                                "CommandLine": "evil " + attack, attack: attack}) + "\n")
    done = coloa("hunt", "-r", folder / "rule.yml", "-o", f"html={folder / 'r.html'}", folder / "log.json")
    assert done.returncode == 1, done.stderr
    return folder / "r.html"


def shows_every_finding_and_runs_nothing(folder):
    page = report(folder)
    for view in ("overview", "findings&open=0", "attack", "hosts", "inputs"):
        got = dom(folder, f"file://{page}#view={view}")
        assert f'data-ready="{len(ATTACKS)}"' in got, got[:2000]
        title = re.search(r"<title>(.*?)</title>", got).group(1)
        assert title.startswith("Coloa hunt"), title
        assert "<img" not in got.split("<script", 1)[0], "markup from the log"
        if view.startswith("findings"):
            assert got.count('aria-rowindex="') == len(ATTACKS)
            assert "\\u{202e}" in got and "&lt;img src=x" in got


def a_page_cut_short_says_so(folder):
    page = report(folder)
    data = page.read_bytes()
    cut = data.index(b'class="events"') + 60
    tail = data.rindex(b"<script>")
    page.write_bytes(data[:cut] + b"</script>" + data[tail:])
    got = dom(folder, f"file://{page}#view=findings&open=0&lang=en")
    assert "it may be cut off" in got, got[-3000:]


run(shows_every_finding_and_runs_nothing, a_page_cut_short_says_so)
