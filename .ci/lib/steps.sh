# shellcheck shell=bash
# Steps of a run, with their time and their test counts; sourced, never run. One step's failure stops no other.

passed=0
failed=0
summary=()
logs=$(mktemp -d "${TMPDIR:-/tmp}/limani-ci.XXXXXX")
# A quiet machine needs less than half of it, installing everything; past this something hangs.
deadline=$((SECONDS + 80 * 60))

# step NAME MINUTES COMMAND...: runs COMMAND for at most that long, without a terminal. A failure counts as one.
step() {
  local name=$1 count=0
  run_step "$@" || count=1
  failed=$((failed + count))
  note "$name" "$([ "$count" = 0 ] && echo ok || echo FAILED)"
}

# test_step NAME MINUTES COMMAND...: as step, for a command that runs node:test, whose counts are added up. What
# node:test calls cancelled has failed, and so has a run that says nothing of its tests.
test_step() {
  local name=$1 status=0 pass fail cancelled skipped
  run_step "$@" || status=1
  read -r pass fail cancelled skipped < <(counts_of "$logs/$name.log")
  fail=$((fail + cancelled))
  if [ "$fail" = 0 ] && { [ "$status" != 0 ] || [ "$pass" = 0 ]; }; then fail=1; fi
  passed=$((passed + pass))
  failed=$((failed + fail))
  note "$name" "$pass passed, $fail failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
}

# finish: the table of steps, and as the last line the sum. Fails when anything failed.
finish() {
  printf '\n'
  printf '%s\n' "${summary[@]}"
  rm -rf "$logs"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}

run_step() {
  local name=$1 limit=$(($2 * 60)) left=$((deadline - SECONDS)) log=$logs/$1.log status=0 runner
  shift 2
  if [ "$left" -lt "$limit" ]; then limit=$left; fi
  started=$SECONDS
  printf '\n=== %s\n' "$name"
  : >"$log"
  if [ "$limit" -le 0 ]; then
    echo "no time is left for it"
    return 1
  fi
  # Into a file and not a pipe: a server that a killed test leaves behind would hold a pipe open for ever.
  timeout --kill-after=15 "$limit" "$@" </dev/null >"$log" 2>&1 &
  runner=$!
  tail -n +1 -f --pid="$runner" "$log" | without_passed
  wait "$runner" || status=$?
  if [ "$status" = 124 ] || [ "$status" = 137 ]; then echo "ended after $limit s, which is all it was given"; fi
  return "$status"
}

# What passed is counted; what did not is read.
without_passed() {
  if [ "${VERBOSE:-}" = 1 ]; then cat; else grep --line-buffered -v '^ *✔ ' || true; fi
}

counts_of() {
  awk '/^ℹ (pass|fail|cancelled|skipped) [0-9]+$/ { n[$2] += $3 }
    END { print n["pass"] + 0, n["fail"] + 0, n["cancelled"] + 0, n["skipped"] + 0 }' "$1"
}

note() { summary+=("$(printf '%5d s  %-22s %s' "$((SECONDS - started))" "$1" "$2")"); }
