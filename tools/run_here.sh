#!/usr/bin/env bash
# Hunts over this machine's own logs (files and the journal) and the bundled sample; writes the HTML report.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
logs=()
for p in /var/log/auth.log /var/log/syslog /var/log/messages /var/log/secure /var/log/audit /var/log/nginx /var/log/apache2 \
  /var/log/kern.log /var/log/cron /var/log/daemon.log /var/log/suricata/eve.json; do
  [ -r "$p" ] && logs+=("$p")
done
for p in /var/log/auth.log.* /var/log/syslog.*; do [ -r "$p" ] && logs+=("$p"); done
echo
echo "== The bundled sample: an intrusion across a web server, a Linux host and a Windows host"
build/coloa hunt "$@" -o html=build/report.html content/sample
status=$?
echo "The same as a page: build/report.html"
echo
echo "== This machine's own logs"
if [ "${#logs[@]}" -gt 0 ]; then
  build/coloa hunt "$@" -o html=build/report-here.html "${logs[@]}"
  here=$?
  [ "$here" -gt "$status" ] && status=$here
  echo "The same as a page: build/report-here.html"
else
  echo "no log files that this user may read under /var/log"
fi
if command -v journalctl >/dev/null && journalctl -q -n 1 -o export >/dev/null 2>&1; then
  echo
  echo "== This machine's journal (the last 100,000 entries)"
  journalctl -q -n 100000 -o export | build/coloa hunt "$@" --format journal -
fi
# Findings are what a hunt is for: the command worked.
[ "$status" -le 1 ] && exit 0
exit "$status"
