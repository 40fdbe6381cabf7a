#!/usr/bin/env bash
# On a machine with an NVIDIA GPU: all golden cases on the device,
# compute-sanitizer over the kernels, copy bandwidth and launch cost, models
# beside PyTorch eager. Needs what pack.sh made (60 MB at most) and Python 3; no
# LLVM, no network. Ends within nine minutes.
# usage: on_device.sh [OUT]    writes OUT/on_device.json and OUT/on_device.txt
# With --dry-run as second argument nothing is compared: a fake driver computes nothing.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
[ -d "$here/programs" ] || here=$here/../../build/on-device
[ -d "$here/programs" ] || { echo "on_device: there is no pack; run test/gpu/pack.sh where ptx is built"; exit 1; }
export LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
exec timeout --kill-after=10 540 python3 "$here/on_device.py" "$here" "${1:-.}" "${@:2}"
