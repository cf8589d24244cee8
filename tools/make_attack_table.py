#!/usr/bin/env python3
"""Makes src/report/attack_table.h from MITRE's STIX objects (one per line, attack-pattern.jsonl).

    tools/make_attack_table.py FOLDER > src/report/attack_table.h

The table names every enterprise technique with its tactics, revoked and deprecated ones too, since older rules bear their
ids. ATT&CK 19 split Defense Evasion into Stealth and Defense Impairment; a technique known only from an older release
counts for both (the rule's own tags decide). Those of Defense Impairment that are new in 19 are listed in NEWER, until
FOLDER holds that release.
"""
import json
import sys

TACTICS = ["reconnaissance", "resource-development", "initial-access", "execution", "persistence",
           "privilege-escalation", "stealth", "defense-impairment", "credential-access", "discovery",
           "lateral-movement", "collection", "command-and-control", "exfiltration", "impact"]
NEWER = {
    "T1685": "Disable or Modify Tools",
    "T1685.001": "Disable or Modify Windows Event Log",
    "T1685.002": "Disable or Modify Cloud Log",
    "T1685.003": "Modify or Spoof Tool UI",
    "T1685.004": "Disable or Modify Linux Audit System Log",
    "T1685.005": "Clear Windows Event Logs",
    "T1685.006": "Clear Linux or Mac System Logs",
    "T1686": "Disable or Modify System Firewall",
    "T1686.001": "Cloud Firewall",
    "T1686.002": "Network Device Firewall",
    "T1686.003": "Windows Host Firewall",
    "T1687": "Exploitation for Defense Impairment",
    "T1688": "Safe Mode Boot",
    "T1689": "Downgrade Attack",
    "T1690": "Prevent Command History Logging",
}  # all of them Defense Impairment


def main():
    table = {}
    with open(sys.argv[1] + "/attack-pattern.jsonl", encoding="utf-8") as f:
        for line in f:
            x = json.loads(line)
            ident = next(e["external_id"] for e in x["external_references"] if e["source_name"] == "mitre-attack")
            if ident in table and (x.get("revoked") or x.get("x_mitre_deprecated")):
                continue
            mask = 0
            for phase in x.get("kill_chain_phases", []):
                name = phase["phase_name"]
                for t in (["stealth", "defense-impairment"] if name == "defense-evasion" else [name]):
                    mask |= 1 << TACTICS.index(t)
            table[ident] = (x["name"], mask)
    for ident, name in NEWER.items():
        table[ident] = (name, 1 << TACTICS.index("defense-impairment"))
    for ident in [i for i in table if "." in i]:  # a sub-technique's name says little without its parent's
        parent = table.get(ident.split(".")[0])
        if parent:
            table[ident] = (parent[0] + ": " + table[ident][0], table[ident][1])
    print("/* Techniques of enterprise ATT&CK, sorted by id. Made by tools/make_attack_table.py; do not edit.")
    print(" * (c) 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of")
    print(" * The MITRE Corporation. ATT&CK is a registered trademark of The MITRE Corporation. */")
    print("/* clang-format off */")
    for ident in sorted(table):
        name, mask = table[ident]
        print('{"%s", "%s", 0x%04x},' % (ident, name.replace("\\", "\\\\").replace('"', '\\"'), mask))
    print("/* clang-format on */")


main()
