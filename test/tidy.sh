#!/usr/bin/env bash
# Refuses code that clang-tidy-22 finds fault with (.clang-tidy says what counts).
# test/tidy.sh [REGEX]: only the sources whose path matches.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
mapfile -t files < <(git ls-files '*.cpp' | grep -E '^(dialects|examples|frontends|passes|runtime)/' | grep -E -e "${1:-.}")
[ ${#files[@]} -ne 0 ] || { echo "tidy: no source matches '$1'" >&2; exit 1; }
run-clang-tidy-22 -quiet -j "$(nproc)" -p build "${files[@]/%/\$}" >build/tidy.log 2>&1 && exit
grep -E '(warning|error):' build/tidy.log | sort -u || tail -20 build/tidy.log
exit 1
