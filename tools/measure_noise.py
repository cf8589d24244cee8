#!/usr/bin/env python3
"""What quiet hosts write: measures a folder of recordings (the dev set) and prints the small tables that
src/exercise/noise_table.h holds. Only counts leave: shares of event numbers, gaps between events, requests by
hour of the day, answers of web servers. No text of a recording is copied.

    tools/measure_noise.py /path/to/dev-set
"""
import collections
import glob
import json
import re
import sys

KINDS = {
    ("Microsoft-Windows-Sysmon", 1), ("Microsoft-Windows-Sysmon", 3), ("Microsoft-Windows-Sysmon", 5),
    ("Microsoft-Windows-Sysmon", 7), ("Microsoft-Windows-Sysmon", 10), ("Microsoft-Windows-Sysmon", 11),
    ("Microsoft-Windows-Sysmon", 12), ("Microsoft-Windows-Sysmon", 13), ("Microsoft-Windows-Sysmon", 22),
    ("Microsoft-Windows-Sysmon", 23), ("Microsoft-Windows-Security-Auditing", 4624),
    ("Microsoft-Windows-Security-Auditing", 4634), ("Microsoft-Windows-Security-Auditing", 4672),
    ("Microsoft-Windows-Security-Auditing", 4673), ("Microsoft-Windows-Security-Auditing", 4688),
    ("Microsoft-Windows-Security-Auditing", 4689), ("Microsoft-Windows-Security-Auditing", 5156),
    ("Microsoft-Windows-Security-Auditing", 5158), ("Microsoft-Windows-Security-Auditing", 4769),
    ("Service Control Manager", 7036),
}


def windows(root):
    count, gaps, last = collections.Counter(), collections.Counter(), {}
    for name in sorted(glob.glob(root + "/json/otrf/storyline*/*.json") + glob.glob(root + "/json/otrf/bulk*/*.json")):
        with open(name, encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                key = (event.get("SourceName"), event.get("EventID"))
                if key in KINDS:
                    count[key] += 1
                host, when = event.get("Hostname"), event.get("@timestamp", "")[:19]
                if last.get(host) != when:
                    gaps["new second"] += 1
                last[host] = when
                gaps["all"] += 1
    total = sum(count.values())
    print("/* Windows: per 10,000 events of these kinds */")
    for (source, number), n in count.most_common():
        print(f"  {source} {number}: {n * 10000 // total}")
    print(f"  events a busy second and host: {gaps['all'] / gaps['new second']:.2f}")


def web(root):
    hours, status = collections.Counter(), collections.Counter()
    for name in glob.glob(root + "/web/elastic-examples/**/*", recursive=True):
        try:
            lines = open(name, encoding="utf-8", errors="replace")
        except IsADirectoryError:
            continue
        with lines:
            for line in lines:
                found = re.search(r'\[\d+/\w+/\d+:(\d\d):.*?" (\d{3}) ', line)
                if found:
                    hours[int(found[1])] += 1
                    status[found[2]] += 1
    total = max(1, sum(hours.values()))
    print("/* web: per 1000 of a day, by hour */\n ", [hours[h] * 1000 // total for h in range(24)])
    print("  answers per 1000:", {s: n * 1000 // total for s, n in status.most_common(6)})


def linux(root):
    what = collections.Counter()
    for name in glob.glob(root + "/syslog/loghub/**/*Linux*2k.log", recursive=True) + glob.glob(
            root + "/syslog/loghub/**/*OpenSSH*2k.log", recursive=True):
        with open(name, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                found = re.search(r"^\w{3} +\d+ [\d:]+ \S+ ([\w./-]+)", line)
                if found:
                    what[found[1]] += 1
    print("/* Linux: lines by program */\n ", what.most_common(12))


def eve(root):
    what = collections.Counter()
    for name in glob.glob(root + "/eve/**/eve.json", recursive=True):
        with open(name, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                found = re.search(r'"event_type":"(\w+)"', line)
                if found and found[1] in ("flow", "dns", "http", "tls", "smb"):
                    what[found[1]] += 1
    total = max(1, sum(what.values()))
    print("/* EVE: per 1000 */\n ", {k: n * 1000 // total for k, n in what.most_common()})


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    windows(sys.argv[1])
    web(sys.argv[1])
    linux(sys.argv[1])
    eve(sys.argv[1])


main()
