#!/usr/bin/env bash
# Runs every fuzzer of the asan build for SECONDS each, from its stored corpus.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
seconds=${1:-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for fuzzer in build-asan/bin/*_fuzzer; do
  name=$(basename "$fuzzer")
  mkdir "$work/$name"
  dictionary=(test/fuzz/dictionaries/"$name".dict)
  [ -f "${dictionary[0]}" ] && dictionary=(-dict="${dictionary[0]}") || dictionary=()
  corpus=(test/fuzz/corpus/"$name")
  [ -d "${corpus[0]}" ] || corpus=()
  "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/" \
    "${dictionary[@]}" "$work/$name" "${corpus[@]}" >"$work/log" 2>&1 || { tail -50 "$work/log"; echo "$name found a failure"; exit 1; }
  echo "$name: $seconds s, nothing found"
done
