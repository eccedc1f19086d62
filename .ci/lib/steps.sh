# shellcheck shell=bash
# Steps of a run, with their time and their test counts; sourced, never run. One step's failure stops no other.

logs=$(mktemp -d "${TMPDIR:-/tmp}/limani-ci.XXXXXX")
# A quiet machine needs less than two thirds of it, installing everything; past this something hangs.
deadline=$((SECONDS + 80 * 60))

# step NAME MINUTES COMMAND...: runs COMMAND for at most that long, without a terminal. A failure counts as one.
step() {
  local name=$1 status=0
  run_step "$@" || status=1
  note "$name" 0 "$status" "$([ "$status" = 0 ] && echo ok || echo FAILED)"
}

# test_step NAME MINUTES COMMAND...: as step, for a command that runs node:test, whose counts are added up. What
# node:test calls cancelled has failed, and so has a run that says nothing of its tests.
test_step() {
  local name=$1 status=0 pass fail cancelled skipped
  run_step "$@" || status=1
  read -r pass fail cancelled skipped < <(counts_of "$logs/$name.log")
  fail=$((fail + cancelled))
  if [ "$fail" = 0 ] && { [ "$status" != 0 ] || [ "$pass" = 0 ]; }; then fail=1; fi
  note "$name" "$pass" "$fail" "$pass passed, $fail failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
}

# skip_step NAME WHY: what cannot run here, for a reason that has nothing to do with the project, is told and not counted.
skip_step() {
  started=$SECONDS
  note "$1" 0 0 "not run: $2"
}

# lanes FUNCTION...: runs each in a shell of its own, all at once, and waits. Their steps count as all others do.
lanes() {
  local function lane=()
  for function in "$@"; do
    "$function" &
    lane+=($!)
  done
  wait "${lane[@]}"
}

# finish: what failed once more, the table of steps, and as the last line the sum. Fails when anything failed.
finish() {
  local passed failed log
  for log in "$logs"/*.failed; do
    [ -e "$log" ] || continue
    printf '\n=== failed: %s\n' "$(basename "$log" .failed)"
    why_failed <"$log"
  done
  read -r passed failed < <(awk -F'\t' '{ p += $1; f += $2 } END { print p + 0, f + 0 }' "$logs/notes")
  printf '\n'
  cut -f3 "$logs/notes"
  rm -rf "$logs"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}

run_step() {
  local name=$1 limit=$(($2 * 60)) left=$((deadline - SECONDS)) log=$logs/$1.log status=0
  shift 2
  if [ "$left" -lt "$limit" ]; then limit=$left; fi
  started=$SECONDS
  printf -- '--- %s begins\n' "$name"
  # Into a file and not a pipe: a server that a killed test leaves behind would hold a pipe open for ever.
  if [ "$limit" -le 0 ]; then
    status=1
    echo "no time is left for it" >"$log"
  else
    timeout --kill-after=15 "$limit" "$@" </dev/null >"$log" 2>&1 || status=$?
    if [ "$status" = 124 ] || [ "$status" = 137 ]; then echo "ended after $limit s, which is all it was given" >>"$log"; fi
  fi
  show "$name" "$log"
  return "$status"
}

# show NAME LOG: in one piece, whatever other lanes say.
show() {
  {
    flock 8
    printf '\n=== %s\n' "$1"
    without_passed <"$2"
  } 8>"$logs/.lock"
}

# What passed is counted; what did not is read.
without_passed() {
  if [ "${VERBOSE:-}" = 1 ]; then cat; else grep -v '^ *✔ ' || true; fi
}

counts_of() {
  awk '/^ℹ (pass|fail|cancelled|skipped) [0-9]+$/ { n[$2] += $3 }
    END { print n["pass"] + 0, n["fail"] + 0, n["cancelled"] + 0, n["skipped"] + 0 }' "$1"
}

# What node:test says of failing tests at its end, else the last that was said.
why_failed() {
  awk '/^✖ failing tests:/ { found = 1; n = 0 } { line[n++] = $0 }
    END { from = !found && n > 40 ? n - 40 : 0; for (i = from; i < n && i < from + 120; i++) print line[i] }'
}

# note NAME PASSED FAILED TEXT: one short line, which is appended whole.
note() {
  [ "$3" = 0 ] || mv "$logs/$1.log" "$logs/$1.failed"
  printf '%d\t%d\t%5d s  %-22s %s\n' "$2" "$3" "$((SECONDS - started))" "$1" "$4" >>"$logs/notes"
}
