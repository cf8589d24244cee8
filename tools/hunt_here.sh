#!/usr/bin/env bash
# Hunts in the bundled sample, then in this machine's own logs (files and the journal); writes HTML reports.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

echo
echo "== The bundled sample: an intrusion across a web server, a Linux host and a Windows host"
build/coloa hunt "$@" -o html=build/report.html content/sample
sample=$?
echo "The same as a page: build/report.html"

echo
echo "== This machine's own logs"
# Text logs only: wtmp and its kin are login databases, the journal follows below.
mapfile -t logs < <(find /var/log -type f -readable -size +0 ! -path '*/journal/*' ! -name 'wtmp*' ! -name 'btmp*' \
  ! -name lastlog ! -name faillog ! -name tallylog ! -name '*.xz' ! -name '*.bz2' 2>/dev/null | sort)
if [ "${#logs[@]}" -gt 0 ]; then
  build/coloa hunt "$@" -o html=build/report-here.html "${logs[@]}"
  echo "The same as a page: build/report-here.html"
else
  echo "no log files that this user may read under /var/log"
fi

if command -v journalctl >/dev/null && [ -n "$(journalctl -q -n 1 -o export 2>/dev/null | head -c 1)" ]; then
  echo
  echo "== This machine's journal (the last 100,000 entries)"
  journalctl -q -n 100000 -o export | build/coloa hunt "$@" --format journal -
fi

# What is found, and what of this machine's logs cannot be read, is said above; the command failed only if the sample did.
[ "$sample" -le 1 ]
