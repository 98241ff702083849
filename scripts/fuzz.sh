#!/usr/bin/env bash
# Fuzzes every target of tests/fuzz with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer and prints how
# many inputs each has executed. Ends with an error when one of them finds something.
#   scripts/fuzz.sh [target...]
#     FUZZ_RUNS=10000000  inputs each          FUZZ_SECONDS=0  at most so long each (0: no limit)
#     FUZZ_SEED=1         of libFuzzer         FUZZ_JOBS=      targets at a time (all processors)
# A run begins with the seeds, tests/fuzz/corpus/<target>, and with what earlier ones found on the way: the .kept files
# beside them and, from the second run on, build/fuzz/corpus/<target>. Logs and findings: build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."
export build=build/fuzz runs=${FUZZ_RUNS:-10000000} seconds=${FUZZ_SECONDS:-0} seed=${FUZZ_SEED:-1}

[ -f "$build/build.ninja" ] || cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
mkdir -p "$build/findings"

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then mapfile -t targets < <(cd "$build/bin" && ls -d fuzz-* | sed 's/^fuzz-//'); fi

# Leaks are looked for once, when a run ends: the functions keep what is made once. The rest is what costs half of the
# time and finds nothing that the ordinary tests under ASan, which replay the kept inputs with all of it, would not:
# a long memory of what was freed (an input is a kilobyte), where it was taken (run a finding by itself to see), frames
# that outlive their function. Likewise the schedule of libFuzzer that counts how often each edge is met.
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:allocator_may_return_null=0:quarantine_size_mb=8:malloc_context_size=0:detect_stack_use_after_return=0:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

fuzz_one() {
  local target=$1 kept="$build/corpus/$1" log="$build/findings/$1.log" length=512 status=clean
  case $target in
    symbol | settings) length=256 ;;
    spool_*) length=1024 ;;
    request_headers) length=2048 ;;  # gzip begins there
    cached_ranking) length=3072 ;;   # one contract alone takes two and a half
    websocket) length=6144 ;;        # longer than the longest message
  esac
  local dictionary=()
  [ ! -f "tests/fuzz/corpus/$target.dict" ] || dictionary=("-dict=tests/fuzz/corpus/$target.dict")
  if [ ! -d "$kept" ]; then
    mkdir -p "$kept"
    python3 - "tests/fuzz/corpus/$target.kept" "$kept" <<'END'
import pathlib, sys, urllib.parse
for number, line in enumerate(pathlib.Path(sys.argv[1]).read_text().splitlines()):
    pathlib.Path(sys.argv[2], f"{number:04}").write_bytes(urllib.parse.unquote_to_bytes(line))
END
  fi
  "$build/bin/fuzz-$target" -runs="$runs" -max_total_time="$seconds" -seed="$seed" -timeout=60 \
    -rss_limit_mb=4096 -max_len="$length" -detect_leaks=0 -entropic=0 -print_final_stats=1 \
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
