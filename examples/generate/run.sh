#!/usr/bin/env bash
# Compiles the storyteller with its adapter, and lets it write: what it is asked for, or a few stories.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
test/setup.sh
[ -f build/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release --target ptx-compile ptx >&2
test/venv.sh .venv-generate "-r examples/generate/requirements.txt"
mkdir -p build/examples
here=examples/generate
# The weights are stored in f16: without --dtype=f32 products would be of f16, and a word now and then another than Transformers'.
build/bin/ptx-compile $here/model --adapter space=$here/adapter --dtype=f32 -o build/examples/stories.ptxm
generate() { .venv-generate/bin/python $here/generate.py build/examples/stories.ptxm $here/model "$@"; }
show() {
  echo "[${*:-greedy}]"
  generate --prompt "Once there was a fox named Zoë" "$@"
}
if [ $# -gt 0 ]; then
  generate "$@"
else
  show
  show --adapter space
  show --beams 4
  show --temperature 1.2 --top-k 20 --top-p 0.95 --seed 7
  show --stop .
fi
