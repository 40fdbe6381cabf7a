#!/usr/bin/env bash
# Installs ptx into a prefix and uses it as a stranger would, then moves the
# prefix and does so again.
#
# usage: test/install/run.sh BUILD [CMAKE]
set -euo pipefail
build=$(realpath "$1")
cmake=${2:-cmake}
cd "$(dirname "$(realpath "$0")")/../.."
# What the build's own programs would find is not what is tested.
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH
golden=test/numerics/golden/cases/bert_token
work=$build/test/install
first=$work/first
moved=$work/moved/further
fail() { echo "install: $*" >&2; exit 1; }

rm -rf "$work"
mkdir -p "$work/moved"
"$cmake" --install "$build" --prefix "$first" >"$work/log"

# What a user needs and nothing else.
(cd "$first" && find . ! -type d | LC_ALL=C sort) | diff test/install/files.txt - ||
  fail "other files are installed than test/install/files.txt lists"
# A prefix that is moved, or built elsewhere, names neither place.
if grep -rlF -e "$build" -e "$first" "$first"; then fail "these files name where they were made"; fi

# The stranger's programs, built by find_package and by pkg-config with one
# compiler after the other.
build_programs() { # FOLDER PREFIX
  while read -r cc cxx; do
    into=$work/$1/$cc
    "$cmake" -S test/install -B "$into-cmake" -DCMAKE_PREFIX_PATH="$2" -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" >>"$work/log"
    "$cmake" --build "$into-cmake" >>"$work/log"
    mkdir "$into-pkgconfig"
    flags=$(PKG_CONFIG_PATH=$2/lib/pkgconfig pkg-config --cflags --libs ptx)
    # shellcheck disable=SC2086 # words of a list
    "$cc" -std=c99 examples/hello/hello.c $flags -o "$into-pkgconfig/hello"
    # shellcheck disable=SC2086
    "$cxx" -std=c++11 test/install/on_device.cpp $flags -o "$into-pkgconfig/on_device"
  done <<END
gcc g++
clang-22 clang++-22
END
}

# Compiles with the prefix's tools, and runs on a device of the runtime and on a plug-in.
use_tools() { # PREFIX
  "$1/bin/ptx-compile" $golden/model --target=cpu,reference -o "$work/m.ptxm" 2>>"$work/log"
  "$1/bin/ptx-opt" --version | grep -q LLVM
  python3 test/driver/ids_file.py "$work/ids.safetensors" 5 7 9 11
  for device in cpu reference; do
    "$1/bin/ptx-run" "$work/m.ptxm" --device=$device --inputs $golden/runs/one/inputs.safetensors --outputs "$work/$device.safetensors"
    python3 test/driver/compare_tensors.py "$work/$device.safetensors" $golden/runs/one/expected.safetensors 5e-5
    "$1/bin/ptx-run" "$work/m.ptxm" --device=$device --inputs "$work/ids.safetensors" --outputs "$work/four.safetensors"
    python3 test/driver/largest.py "$work/four.safetensors" logits >"$work/$device.txt"
  done
}

# They say what ptx-run says, with the library of this prefix. What CMake has
# built knows where the library lay.
use_programs() { # FOLDER PREFIX
  for programs in "$work/$1"/*; do
    libraries=$2/lib
    case $programs in *-cmake) [ "$1 $2" = "before $moved" ] || libraries= ;; esac
    found=$(LD_LIBRARY_PATH=$libraries "$programs/hello" "$work/m.ptxm" 5 7 9 11 | grep "^logits")
    [ "$found" = "$(cat "$work/cpu.txt")" ] || fail "$programs/hello: '$found', expected '$(cat "$work/cpu.txt")'"
    for device in cpu reference; do
      found=$(LD_LIBRARY_PATH=$libraries "$programs/on_device" "$work/m.ptxm" $device 5 7 9 11)
      [ "$found" = "$(cat "$work/$device.txt")" ] || fail "$programs/on_device: '$found', expected '$(cat "$work/$device.txt")'"
    done
  done
}

use_tools "$first"
build_programs before "$first"
use_programs before "$first"

mv "$first" "$moved"
use_tools "$moved"
use_programs before "$moved"
build_programs after "$moved"
use_programs after "$moved"
