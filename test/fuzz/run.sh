#!/usr/bin/env bash
# Runs every fuzzer of the asan build for SECONDS each, from its stored corpus.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
seconds=${1:-60}
for fuzzer in build-asan/bin/*_fuzzer; do
  name=$(basename "$fuzzer")
  corpus=$(mktemp -d)
  mkdir -p "test/fuzz/corpus/$name"
  "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 "$corpus" "test/fuzz/corpus/$name"
  rm -rf "$corpus"
  echo "$name: $seconds s, nothing found"
done
