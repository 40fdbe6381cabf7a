#!/usr/bin/env bash
# Benchmarks the release build beside its peers, in an environment of its own.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
test/venv.sh .venv-bench "-r test/bench/requirements.txt"
exec .venv-bench/bin/python test/bench/bench.py "$@"
