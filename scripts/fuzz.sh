#!/usr/bin/env bash
# Fuzzes every target of tests/fuzz with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer and prints how
# many inputs each has executed. Ends with an error when one of them finds something.
#   scripts/fuzz.sh [target...]
#     FUZZ_RUNS=10000000  inputs each          FUZZ_SECONDS=0  at most so long each (0: no limit)
#     FUZZ_SEED=1         of libFuzzer         FUZZ_JOBS=      targets at a time (all processors)
# What is found on the way is kept beside the build, in build/fuzz/corpus/<target>, and is where the next run goes on;
# logs and findings are in build/fuzz/findings. tests/fuzz/corpus holds the seeds and is never written to.
set -euo pipefail
cd "$(dirname "$0")/.."
export build=build/fuzz runs=${FUZZ_RUNS:-10000000} seconds=${FUZZ_SECONDS:-0} seed=${FUZZ_SEED:-1}

[ -f "$build/build.ninja" ] || cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
mkdir -p "$build/findings"

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then mapfile -t targets < <(cd "$build/bin" && ls -d fuzz-* | sed 's/^fuzz-//'); fi

# Leaks are looked for once, when a run ends: the functions keep what is made once. A short memory of what was freed and
# short stacks of where it was taken cost nothing that an input of one or two kilobytes could hide, and a run half of
# its time otherwise.
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:allocator_may_return_null=0:quarantine_size_mb=8:malloc_context_size=4:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

fuzz_one() {
  local target=$1 kept="$build/corpus/$1" log="$build/findings/$1.log" length=1024 options="$ASAN_OPTIONS" status=clean
  case $target in
    cached_ranking) length=3072 ;;  # one contract alone takes two and a half
    websocket) length=6144 ;;       # longer than the longest message
    request_headers) length=2048 ;;
  esac
  # JSON is read with exceptions, and each throw makes this one check walk all of its stacks.
  case $target in webhook | operator_body | cached_ranking | exchange_answer)
    options="detect_stack_use_after_return=0:$options" ;;
  esac
  local dictionary=()
  [ ! -f "tests/fuzz/corpus/$target.dict" ] || dictionary=("-dict=tests/fuzz/corpus/$target.dict")
  mkdir -p "$kept"
  ASAN_OPTIONS="$options" "$build/bin/fuzz-$target" -runs="$runs" -max_total_time="$seconds" -seed="$seed" -timeout=60 \
    -rss_limit_mb=4096 -max_len="$length" -detect_leaks=0 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$target-" "${dictionary[@]}" "$kept" "tests/fuzz/corpus/$target" >"$log" 2>&1 ||
    status=FINDING
  local executed rate
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  printf '%-18s %12s executions %8s/s  %s\n' "$target" "${executed:-?}" "${rate:-?}" "$status"
  if [ "$status" != clean ]; then
    grep -m1 -E 'broken promise|ERROR:|runtime error' "$log" || tail -5 "$log"
    return 1
  fi
}
export -f fuzz_one

if ! printf '%s\n' "${targets[@]}" | xargs -P "${FUZZ_JOBS:-$(nproc)}" -I{} bash -c 'fuzz_one {}'; then
  echo "findings: inputs and logs in $build/findings"
  exit 1
fi
