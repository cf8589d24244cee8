#!/usr/bin/env bash
# A node in the foreground on this machine: its own logs and the bundled sample, alerts as they come; Ctrl-C ends it.
# What it keeps lies in build/node; a second start goes on from there. `--hunt`: reports instead, no node.
# -c FILE: that configuration instead of the try-out that the program carries; it must name its `directory`.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

coloa=${COLOA_PROGRAM:-build/coloa}
directory=${COLOA_RUN_DIRECTORY:-build/node}
config=""
case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in vi*) vi=1 ;; *) vi="" ;; esac

t() { if [ -n "$vi" ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi; }
heading() { printf '\n== %s\n' "$(t "$1" "$2")"; }

while [ $# -gt 0 ]; do
  case $1 in
    --hunt) shift; exec tools/hunt_here.sh "$@" ;;
    -c) [ $# -gt 1 ] || { echo "./dev run: -c FILE" >&2; exit 2; }; config=$2; shift 2 ;;
    *) t "./dev run [-c FILE]: a node on this machine.  ./dev run --hunt [options of coloa hunt]: reports." \
         "./dev run [-c TỆP]: một nút trên máy này.  ./dev run --hunt [tùy chọn của coloa hunt]: báo cáo." >&2; exit 2 ;;
  esac
done

# Where the node is, as its verbs take it; a configuration says the directory itself.
if [ -n "$config" ]; then
  node=(-c "$config")
  directory=$(sed -n "s/^directory:[[:space:]]*['\"]\{0,1\}\([^'\"#]*[^'\"# ]\).*/\1/p" "$config")
  [ -n "$directory" ] || { t "./dev run: $config has no 'directory:'" "./dev run: $config thiếu 'directory:'" >&2; exit 2; }
else
  node=(--directory "$directory")
fi
log=$directory/node.log
mkdir -p "$(dirname "$directory")"
[ -d "$directory" ] || mkdir -m 0700 "$directory" # events name people

if "$coloa" status "${node[@]}" >/dev/null 2>&1; then
  t "./dev run: a node runs in $directory already; see: $coloa status ${node[*]}" \
    "./dev run: đã có một nút chạy trong $directory; xem: $coloa status ${node[*]}" >&2
  exit 1
fi

# The node gets a process group of its own, so that Ctrl-C comes here and it is asked to stop just once; should this
# script be killed, the kernel tells it.
: >"$log"
set -m
setpriv --pdeathsig TERM "$coloa" serve "${node[@]}" 2>>"$log" </dev/null &
pid=$!
set +m
follower=""
stopping=""
stop() {
  [ -z "$stopping" ] || return 0
  stopping=1
  [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
  heading "Stopping: what was received is made durable first." "Đang dừng: những gì đã nhận được lưu bền trước."
  kill -TERM "$pid" 2>/dev/null || true
}
trap stop INT TERM HUP

# Its warnings and errors, without the time.
complaints() { sed -n 's/^time=[^ ]* level=\(warning\|error\) process=[^ ]* /   \1: /p' "$log"; }

ended() { # status
  if [ -n "$stopping" ] && [ "$1" = 0 ]; then
    t "The node ended; ./dev run goes on from what $directory holds." "Nút đã dừng; ./dev run sẽ tiếp tục từ $directory."
    exit 0
  fi
  t "./dev run: the node ended with status $1; $log says:" "./dev run: nút kết thúc với mã $1; $log cho biết:" >&2
  tail -n 15 "$log" >&2
  exit 1
}

# wait returns early when a signal comes, and for good when the node is gone.
wait_for_node() {
  local status=0
  while :; do
    wait "$pid" && status=0 || status=$?
    kill -0 "$pid" 2>/dev/null || break
  done
  [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
  ended "$status"
}

running() { kill -0 "$pid" 2>/dev/null && [ -z "$stopping" ]; }

for ((i = 0; i < 600; i++)); do # a minute
  running || wait_for_node
  ! grep -q 'the node is up' "$log" || break
  sleep 0.1
done

heading "The node is up. Alerts as they are raised (Ctrl-C ends it):" "Nút đã chạy. Các cảnh báo khi được nêu (Ctrl-C để dừng):"
complaints
setpriv --pdeathsig TERM "$coloa" alerts "${node[@]}" --follow -n 20 &
follower=$!
sleep 0.5
# Through the node's own door, as any import; what it has already it does not take twice. Each file is a source of its own, with
# its own course of time for correlations.
for file in content/sample/*.log content/sample/*.json; do
  name=${file##*/}
  "$coloa" import "${node[@]}" --source "${name%.*}" "$file" >>"$log" 2>&1 || running || wait_for_node
done

# Until what came first is judged: then the way on stands below the alerts, not among them.
for ((i = 0; i < 100; i++)); do
  running || wait_for_node
  "$coloa" status "${node[@]}" --json 2>/dev/null | python3 -c '
import json, sys
s = json.load(sys.stdin)
sys.exit(0 if s["judged"] >= s["durable"] and not s["behind"] else 1)' 2>/dev/null && break
  sleep 0.2
done
sleep 1.2 # the follower looks twice a second

# The console, where it answers; a configuration of one's own says its address itself.
console() {
  python3 - "$1" <<'PY' 2>/dev/null || true
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/api/v1/health", timeout=2)
print(sys.argv[1])
PY
}
people() { # how many there are
  "$coloa" api people.list limit=1 "${node[@]}" 2>/dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)["total"])' 2>/dev/null || true
}
page=""
[ -n "$config" ] || grep -q 'console port=.*cannot be bound' "$log" || page=$(console http://127.0.0.1:8600)
if [ -z "$page" ] && [ -z "$config" ] && grep -q 'console port=.*cannot be bound' "$log"; then
  heading "No console:" "Không có bảng điều khiển:"
  t "Another program has port 8600 ('ss -lntup' says which). End it, or give another address under 'console: listen:' of a configuration of your own: ./dev run -c FILE" \
    "Chương trình khác đang giữ cổng 8600 ('ss -lntup' cho biết). Dừng nó, hoặc đặt địa chỉ khác ở mục 'console: listen:' trong cấu hình riêng: ./dev run -c TỆP"
fi
if [ -n "$page" ]; then
  heading "The console:" "Bảng điều khiển:"
  echo "   $page"
  if [ "$(people)" = 0 ]; then
    t "Sign in as admin with this password, once; it asks for one of your own:" "Đăng nhập bằng admin và mật khẩu dùng một lần này; sau đó đặt mật khẩu của bạn:"
    echo "   $("$coloa" person one-time admin "${node[@]}" --to-pipe 2>/dev/null)"
  else
    t "Forgotten the password? coloa person one-time LOGIN" "Quên mật khẩu? coloa person one-time TÊN"
    echo "   $coloa person one-time admin ${node[*]}"
  fi
fi

metrics() { # what answers, if it does
  python3 - <<'PY' 2>/dev/null || true
import urllib.request
body = urllib.request.urlopen("http://127.0.0.1:9464/healthz", timeout=2)
print("http://127.0.0.1:9464/metrics")
PY
}
heading "Where to look next, in another terminal:" "Xem tiếp gì, ở một cửa sổ khác:"
cat <<EOT
   $coloa status ${node[*]}
   $coloa doctor ${node[*]}
   $coloa alerts ${node[*]} --min-level high
   $coloa alerts ${node[*]} show 1
   $coloa search --directory $directory 'mimikatz OR comsvcs'
   $coloa search --directory $directory '* | count by source'
EOT
where=""
[ -n "$config" ] || grep -q 'metrics port=.*cannot be bound' "$log" || where=$(metrics)
[ -z "$where" ] || echo "   curl $where"
if [ -z "$config" ] && ! grep -q 'listener=syslog-tcp port=5514 is taken' "$log"; then
  t "Send it a line of your own; an alert follows:" "Tự gửi một dòng; một cảnh báo sẽ hiện:"
  echo "   logger -n 127.0.0.1 -P 5514 -T -t useradd 'new user: name=hotro, UID=0, GID=0, home=/root, shell=/bin/bash'"
fi
t "What several records tell together (passwords guessed, then a login) follows in a minute: the node waits for late ones." \
  "Điều mà nhiều bản ghi cùng cho thấy (dò mật khẩu rồi đăng nhập được) hiện sau một phút: nút chờ bản ghi đến muộn."
t "Its log: $log. What it keeps: $directory." "Nhật ký của nút: $log. Nơi lưu giữ: $directory."
t "The same sample as a report: ./dev run --hunt" "Cũng mẫu đó, dạng báo cáo: ./dev run --hunt"
echo
wait_for_node
