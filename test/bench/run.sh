#!/usr/bin/env bash
# Benchmarks the release build beside PyTorch eager, in an environment of its own.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
if [ ! -x .venv-bench/bin/python ]; then
  python3 -m venv .venv-bench
  .venv-bench/bin/pip install -q -r test/bench/requirements.txt
fi
exec .venv-bench/bin/python test/bench/bench.py "$@"
