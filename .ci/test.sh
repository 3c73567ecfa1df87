# What ./dev test, faults, lint, asan, tsan and fuzz do; sourced by ./dev. Every step adds to three sums.
# shellcheck shell=sh

out=build/test
passed=0 failed=0 skipped=0
started=$(date +%s)

add() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

say() {
  printf '[%4ds] %s\n' $(($(date +%s) - started)) "$*"
}

# check NAME COMMAND…: one test; what it printed is shown when it fails.
check() {
  name=$1
  shift
  if "$@" >"$out/$name.log" 2>&1; then add 1 0 0; say "$name: ok"; return; fi
  add 0 1 0
  cat "$out/$name.log"
  echo "$name" >>"$out/failed"
  say "$name: FAILED"
}

# number WORDS FILE: the number in the last line that has WORDS, else 0.
number() {
  sed -n "s/$1/\1/p" "$2" | tail -n 1 | grep . || echo 0
}

# unit PRESET [FILTER]
unit() {
  log=$out/unit-$1.log
  ctest --test-dir "build/$1" --output-on-failure -j2 --timeout 300 --no-tests="${2:+ignore}${2:-error}" ${2:+-R "$2"} >"$log" 2>&1 || broken=1
  total=$(number '.* tests failed out of \([0-9]*\)$' "$log")
  bad=$(number '.*, \([0-9]*\) tests failed out of.*' "$log")
  none=$(grep -c '(Skipped)$' "$log" || true)
  report "unit and contract tests, $1" $((total - bad - none)) "$bad" "$none"
}

# report NAME PASSED FAILED SKIPPED, with $log and, where the runner itself failed, $broken.
report() {
  fail=$3
  [ "$fail" -gt 0 ] || [ -z "${broken:-}" ] || fail=1
  broken=
  add "$2" "$fail" "$4"
  if [ "$fail" -gt 0 ]; then
    failures "$log"
    { echo "$1:"; grep -E '^ *not ok|\*\*\*Failed' "$log" || tail -n 1 "$log"; } >>"$out/failed"
  fi
  say "$1: $2 passed, $fail failed, $4 skipped"
}

# The part of a log that tells why: all of a short one, else what ctest and TAP mark as failed, and the end.
failures() {
  if [ "$(wc -l <"$1")" -lt 300 ]; then cat "$1"; return; fi
  grep -n -A40 -E '^ *not ok|\*\*\*Failed|^\[  FAILED|Sanitizer|runtime error:' "$1" | head -n 400
  tail -n 60 "$1"
}

node_modules() {
  lock=tests/integration/package-lock.json
  cmp -s $lock tests/integration/node_modules/.lock && return
  (cd tests/integration && npm ci --silent --no-audit --no-fund) && cp $lock tests/integration/node_modules/.lock
}

# integration PRESET FILE…
integration() {
  log=$out/integration-$1.log preset=$1
  shift
  WEIR_BIN=build/$preset/bin timeout 1200 node --test --test-reporter=tap "$@" >"$log" 2>&1 || broken=1
  report "integration, $preset" "$(number '^# pass \([0-9]*\)$' "$log")" \
    $(($(number '^# fail \([0-9]*\)$' "$log") + $(number '^# cancelled \([0-9]*\)$' "$log"))) "$(number '^# skipped \([0-9]*\)$' "$log")"
}

# Fails where a count has grown by over 5 %; all of them are shown, with what they are held against.
instructions() {
  check instructions timeout 300 node tests/bench/main.mjs instructions
  grep -E '^(  |\| instructions)' "$out/instructions.log" || true
}

integration_files() {
  find tests/integration -name node_modules -prune -o -name '*.test.mjs' -print | sort
}

# sanitized PRESET: builds, runs unit and integration tests; a report of any process, killed ones included, is a failure.
sanitized() {
  rm -rf "$out/reports-$1"
  mkdir -p "$out/reports-$1"
  reports=$PWD/$out/reports-$1
  common="log_path=$reports/report:detect_stack_use_after_return=1"
  export WEIR_REPORTS="$reports" ASAN_OPTIONS="$common" UBSAN_OPTIONS=print_stacktrace=1
  export TSAN_OPTIONS="log_path=$reports/report:suppressions=$PWD/tests/tsan.supp:second_deadlock_stack=1"
  check "build-$1" configure_and_build "$1"
  unit "$1"
  # shellcheck disable=SC2046 # a list of words
  WEIR_PATIENCE=5 integration "$1" $(integration_files | grep -v /browser/ | grep -v -F -f tests/integration/not-under-sanitizers)
  check "reports-$1" no_reports
}

no_reports() {
  [ -z "$(ls -A "$reports")" ] || { head -n 60 "$reports"/*; return 1; }
}

# lint SECONDS [MORE_CHECKS]
lint() {
  check format sh -c "git ls-files -co --exclude-standard '*.c' '*.cpp' '*.h' | xargs clang-format-14 --dry-run --Werror"
  check include-directions .ci/include-directions
  check shell sh -c 'git ls-files -co --exclude-standard | xargs grep -lE "^#!/bin/sh|shellcheck shell=sh" | xargs shellcheck -x'
  check tidy .ci/tidy build/release "$@"
}

# fuzz TARGET|"" SECONDS
fuzz() {
  check build-fuzz configure_and_build fuzz fuzzers
  for program in build/fuzz/bin/fuzz-${1:-*}; do
    target=${program#build/fuzz/bin/fuzz-}
    [ -x "$program" ] || { say "no fuzzer \"$target\""; add 0 1 0; continue; }
    seeds=
    for folder in "tests/fuzz/corpus/$target" "tests/cases/$target"; do
      [ ! -d "$folder" ] || seeds="$seeds $folder"
    done
    mkdir -p "build/fuzz/corpus/$target"
    # shellcheck disable=SC2086 # a list of words
    check "fuzz-$target" "$program" -max_total_time="$2" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/crash-$target-" "build/fuzz/corpus/$target" $seeds
  done
}

proofs='power kill commands io-errors full-disk bit-flips'

# proof NAME [ARGUMENT…]
proof() {
  suite=$1
  shift
  mkdir -p build/faults
  if [ -e "tests/faults/$suite.mjs" ]; then node "tests/faults/$suite.mjs" "$@"; else "build/release/bin/faults-$suite" "$@"; fi
}

# Each for a short while, with a seed that is new each day.
faults() {
  seed=$(date +%Y%m%d)
  say "proofs of the log, seed $seed"
  check faults-power proof power 100000 "$seed" --seconds 90
  check faults-kill proof kill 50 "$seed"
  check faults-commands proof commands 1000 "$seed"
  check faults-full-disk proof full-disk 10 "$seed"
  check faults-bit-flips proof bit-flips 100000 "$seed" --seconds 25
  check faults-io-errors proof io-errors 100000 "$seed" --seconds 40
}

# faults [NAME [COUNT [SEED]]]: a full run, of which the figures are published.
main_faults() {
  need build node test
  begin
  check build configure_and_build release
  check node-modules node_modules
  for name in ${1:-$proofs}; do
    case " $proofs " in *" $name "*) ;; *) echo "./dev faults: no proof \"$name\"; there are $proofs" >&2; exit 2 ;; esac
    # shellcheck disable=SC2086 # neither has spaces
    if proof "$name" ${2:-} ${3:-} --json "build/faults/$name.json"; then add 1 0 0; else add 0 1 0; fi
  done
  node tests/faults/promises.mjs
  finish
}

# The last lines: what failed, by name, and the sums; the exit code says the same.
finish() {
  [ ! -e $out/failed ] || cat $out/failed
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

main_lint() {
  need build node lint
  begin
  cmake --preset release >"$out/configure.log"
  lint 3600
  finish
}

main_asan() { need build node test; begin; node_modules; sanitized asan; finish; }
main_tsan() { need build node test; begin; node_modules; sanitized tsan; finish; }

main_fuzz() {
  need build fuzz
  begin
  fuzz "${1:-}" "${2:-60}"
  finish
}

begin() {
  rm -rf $out
  mkdir -p $out
}

main_test() {
  if [ $# -gt 0 ]; then some "$1"; else all; fi
  finish
}

some() {
  need build bench node test browser
  begin
  check build configure_and_build release
  unit release "$1"
  files=$(integration_files | grep -F -- "$1" || true)
  node_modules
  # shellcheck disable=SC2086 # a list of words
  [ -z "$files" ] || integration release $files
}

all() {
  need build bench node lint test browser fuzz
  begin
  check build configure_and_build release
  unit release
  check dashboard npm --prefix gateway/dashboard --silent test
  check node-modules node_modules
  # shellcheck disable=SC2046 # a list of words
  integration release $(integration_files)
  instructions
  faults
  lint 300 '-clang-analyzer-*'
  before_minute 38 "asan" sanitized asan
  before_minute 38 "tsan" sanitized tsan
  before_minute 52 "fuzz" fuzz "" 3
}

# before_minute MINUTES NAME COMMAND…: two slow cores that have nothing built have no time for all within the hour; what is left out is
# told, and has its own command.
before_minute() {
  if [ $(($(date +%s) - started)) -lt $(($1 * 60)) ]; then shift 2; "$@"; return; fi
  add 0 0 1
  say "$2: skipped, for want of time; ./dev $2 runs it"
}
