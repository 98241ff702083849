#!/usr/bin/env bash
# Formatting, the boundaries between rooms, and clang-tidy.
#   scripts/lint.sh [preset]     clang-tidy runs over the sources that differ from BASE (default: origin/main, else the
#                                last commit but one), or over everything with LINT_ALL=1
set -euo pipefail
preset=${1:-release}
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
clang-format-19 --dry-run --Werror "${sources[@]}"
python3 scripts/check_rooms.py --inside

mapfile -t units < <(git ls-files 'src/*.cpp')
if [ -z "${LINT_ALL:-}" ]; then
  base=${BASE:-$(git rev-parse --verify -q origin/main || git rev-parse --verify -q HEAD~1 || true)}
  if [ -n "$base" ]; then mapfile -t units < <(git diff --name-only --diff-filter=d "$base" -- 'src/*.cpp'); fi
fi
if [ ${#units[@]} -gt 0 ]; then
  printf '%s\n' "${units[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 -p "build/$preset" --quiet 2>/dev/null
fi
echo "lint: ${#sources[@]} files formatted, rooms in order, clang-tidy clean over ${#units[@]} files"
