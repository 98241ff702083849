#!/usr/bin/env bash
# Fuzzes every target of tests/fuzz with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer, one after
# another, and prints how many inputs each has executed. Ends with an error when one of them finds something.
#   scripts/fuzz.sh [target...]      FUZZ_RUNS=10000000 inputs each, FUZZ_SECONDS=0 (no limit) at most
# What is found on the way is kept beside the build, in build/fuzz/corpus/<target>, and is where the next run goes on;
# a finding is written to build/fuzz/findings. tests/fuzz/corpus holds the seeds and is never written to.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/fuzz
runs=${FUZZ_RUNS:-10000000}
seconds=${FUZZ_SECONDS:-0}
seed=${FUZZ_SEED:-1}

[ -f "$build/build.ninja" ] || cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
mkdir -p "$build/findings"

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then mapfile -t targets < <(cd "$build/bin" && ls -d fuzz-* | sed 's/^fuzz-//'); fi

# Leaks are looked for at the end of a run: the handlers keep what is made once.
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:allocator_may_return_null=0:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
failed=()
for target in "${targets[@]}"; do
  kept="$build/corpus/$target"
  log="$build/findings/$target.log"
  mkdir -p "$kept"
  dictionary=()
  [ -f "tests/fuzz/corpus/$target.dict" ] && dictionary=("-dict=tests/fuzz/corpus/$target.dict")
  status=clean
  "$build/bin/fuzz-$target" -runs="$runs" -max_total_time="$seconds" -seed="$seed" -timeout=20 -rss_limit_mb=4096 \
    -max_len=4096 -print_final_stats=1 -artifact_prefix="$build/findings/$target-" "${dictionary[@]}" \
    "$kept" "tests/fuzz/corpus/$target" >"$log" 2>&1 || status=FINDING
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  printf '%-18s %12s executions %8s/s  %s\n' "$target" "${executed:-?}" "${rate:-?}" "$status"
  if [ "$status" != clean ]; then
    failed+=("$target")
    grep -m1 -E 'broken promise|ERROR:|runtime error' "$log" || tail -5 "$log"
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "findings: ${failed[*]} (inputs and logs in $build/findings)"
  exit 1
fi
