"""A rule that the scenarios share."""

RULE = """title: Encoded PowerShell
id: 8b6bb2e6-5b0f-4c40-9a5c-0d3c1f2a7e11
status: test
level: high
tags: [attack.execution, attack.t1059.001]
logsource: {product: windows, category: process_creation}
detection:
  sel: {Image|endswith: '\\powershell.exe', CommandLine|contains: ' -enc '}
  condition: sel
"""
