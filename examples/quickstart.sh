#!/usr/bin/env bash
# Builds ptx, compiles a real translation model with its adapters for CPUs, GPUs
# and the emulator of GPUs, translates with the base, an adapter and the base
# again, and lets the GPU's kernels translate a short sentence on the emulator.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
test/setup.sh
[ -f build/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release --target ptx-compile ptx-run ptx-emulator translate

translate=examples/translate
mkdir -p build/examples
# The weights are stored in f16: without --dtype=f32 products would be of f16, and a word now and then another than PyTorch's.
build/bin/ptx-compile $translate/model --adapter da=$translate/adapters/da --adapter ko=$translate/adapters/ko \
  --dtype=f32 --target=cpu,cuda,emulator -o build/examples/translate.ptxm
build/bin/translate build/examples/translate.ptxm --model $translate/model --adapter none,da,none \
  "This package provides the core Farstream library." \
  "Tool for converting compressed dmg files to hfsplus images"

# No GPU here: its kernels run on the emulator, and must say what the CPU says.
sentence="This package provides the core Farstream library."
for device in cpu emulator; do
  build/bin/translate build/examples/translate.ptxm --model $translate/model --device $device "$sentence" \
    >build/examples/$device.txt 2>build/examples/$device.log || { cat build/examples/$device.log; exit 1; }
done
cmp build/examples/cpu.txt build/examples/emulator.txt
echo "on the emulated GPU: $(cat build/examples/emulator.txt)"
