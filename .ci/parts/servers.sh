# shellcheck shell=bash
# Shared by the scripts that start and stop servers; sourced, never run.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# start_server DIR NAME COMMAND...: runs a server in the background with DIR as its working folder, its
# output in DIR/NAME.log and its process id in DIR/NAME.pid.
start_server() {
  local dir=$1 name=$2 tries=200
  shift 2
  if server_runs "$dir" "$name"; then die "$name already runs in $dir"; fi
  (cd "$dir" && exec setsid "$@" </dev/null >>"$dir/$name.log" 2>&1) &
  echo $! >"$dir/$name.pid"
  # Before it works in its folder it would be taken for dead: a busy machine needs a moment to get it so far.
  until server_runs "$dir" "$name" || ! kill -0 $! 2>/dev/null || [ $((tries -= 1)) -le 0 ]; do sleep 0.05; done
}

# server_runs DIR NAME: the process of that id may by now be somebody else's, so its folder is looked at too.
server_runs() {
  local pid
  pid=$(cat "$1/$2.pid" 2>/dev/null) && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$1" ]
}

# stop_server DIR NAME: asks it to end, and after 10 seconds ends it. Nothing to do when it is not running.
stop_server() {
  local dir=$1 name=$2 pid tries=100
  if server_runs "$dir" "$name"; then
    pid=$(cat "$dir/$name.pid")
    kill "$pid" 2>/dev/null || true
    while server_runs "$dir" "$name" && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
    if server_runs "$dir" "$name"; then kill -9 "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$dir/$name.pid"
}

# wait_for DIR NAME COMMAND...: until COMMAND succeeds; fails when the server dies or 60 seconds pass.
wait_for() {
  local dir=$1 name=$2 tries=300
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! server_runs "$dir" "$name" || [ $((tries -= 1)) -le 0 ]; then
      tail -n 20 "$dir/$name.log" >&2 || true
      stop_server "$dir" "$name"
      die "$name did not come up; its log is $dir/$name.log"
    fi
    sleep 0.2
  done
}

# program NAME: the path of one of Kubernetes' programs, as the tests look for it too.
program() {
  local variable=LIMANI_${1^^} folder
  variable=${variable//-/_}
  if [ -n "${!variable:-}" ]; then printf '%s\n' "${!variable}"; return; fi
  for folder in "${KUBEBUILDER_ASSETS:-}" "$PARTS_BIN"; do
    if [ -x "$folder/$1" ]; then printf '%s\n' "$folder/$1"; return; fi
  done
  die "$1 is missing: run the script kubernetes first"
}

# answers URL: true when anything answers HTTP there, whatever it says.
answers() { curl -s -o /dev/null --max-time 2 "$1"; }

# Sets NODE to the repository's own Node when it is installed, else to the one in PATH.
find_node() {
  NODE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/node_modules/.bin/node
  if [ ! -x "$NODE" ]; then NODE=$(command -v node) || die "needs Node 20 or newer in PATH"; fi
}

# postgres_runs DIR: true while any process of a PostgreSQL server works in DIR/data.
postgres_runs() { [ -n "$(find /proc -maxdepth 2 -name cwd -lname "$1/data" 2>/dev/null)" ]; }
