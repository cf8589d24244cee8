#!/usr/bin/env python3
"""Makes src/report/attack_table.h from MITRE's STIX objects (one per line, attack-pattern.jsonl).

    tools/make_attack_table.py FOLDER > src/report/attack_table.h

The table names every live enterprise technique with its tactics. ATT&CK 19 split Defense Evasion into Stealth and
Defense Impairment; a technique known only from an older release counts for both (the rule's own tags decide).
Techniques that came after the release in FOLDER and that public Sigma rules already use are listed in NEWER.
"""
import json
import sys

TACTICS = ["reconnaissance", "resource-development", "initial-access", "execution", "persistence",
           "privilege-escalation", "stealth", "defense-impairment", "credential-access", "discovery",
           "lateral-movement", "collection", "command-and-control", "exfiltration", "impact"]
NEWER = {"T1685": ("Disable or Modify Tools", ["defense-impairment"])}


def main():
    table = {}
    with open(sys.argv[1] + "/attack-pattern.jsonl", encoding="utf-8") as f:
        for line in f:
            x = json.loads(line)
            if x.get("revoked") or x.get("x_mitre_deprecated"):
                continue
            ident = next(e["external_id"] for e in x["external_references"] if e["source_name"] == "mitre-attack")
            mask = 0
            for phase in x["kill_chain_phases"]:
                name = phase["phase_name"]
                for t in (["stealth", "defense-impairment"] if name == "defense-evasion" else [name]):
                    mask |= 1 << TACTICS.index(t)
            table[ident] = (x["name"], mask)
    for ident in [i for i in table if "." in i]:  # a sub-technique's name says little without its parent's
        parent = table.get(ident.split(".")[0])
        if parent:
            table[ident] = (parent[0] + ": " + table[ident][0], table[ident][1])
    for ident, (name, tactics) in NEWER.items():
        table[ident] = (name, sum(1 << TACTICS.index(t) for t in tactics))
    print("/* Techniques of enterprise ATT&CK, sorted by id. Made by tools/make_attack_table.py; do not edit.")
    print(" * (c) 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE")
    print(" * Corporation. ATT&CK is a registered trademark of The MITRE Corporation. */")
    print("/* clang-format off */")
    for ident in sorted(table):
        name, mask = table[ident]
        print('{"%s", "%s", 0x%04x},' % (ident, name.replace("\\", "\\\\").replace('"', '\\"'), mask))
    print("/* clang-format on */")


main()
