#!/usr/bin/env bash
# Builds ptx, compiles a real translation model with its adapters, translates
# with the base, an adapter and the base again.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
test/setup.sh
[ -f build/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release --target ptx-compile ptx-run translate

translate=examples/translate
mkdir -p build/examples
build/bin/ptx-compile $translate/model --adapter da=$translate/adapters/da --adapter ko=$translate/adapters/ko \
  -o build/examples/translate.ptxm
build/bin/translate build/examples/translate.ptxm --model $translate/model --adapter none,da,none \
  "This package provides the core Farstream library." \
  "Tool for converting compressed dmg files to hfsplus images"
