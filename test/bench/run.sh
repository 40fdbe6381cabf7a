#!/usr/bin/env bash
# Benchmarks the release build beside its peers, in an environment of its own: calls, or `run.sh generate` text generation.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
test/venv.sh .venv-bench "-r test/bench/requirements.txt"
tool=bench
if [ "${1-}" = generate ]; then
  tool=generate
  shift
fi
exec .venv-bench/bin/python "test/bench/$tool.py" "$@"
