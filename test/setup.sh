#!/usr/bin/env bash
# Installs what building and testing need on Debian 12: LLVM/MLIR 22, ninja,
# ccache, and the libraries outside ptx's own subject. Does nothing the second time.
set -euo pipefail

packages=(libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22 clang-format-22 clang-tidy-22
  libclang-rt-22-dev cmake ninja-build ccache pkg-config git nlohmann-json3-dev rapidjson-dev libcli11-dev libxxhash-dev libgtest-dev
  libsentencepiece-dev python3 python3-venv)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
echo "setup: installing ${missing[*]}"
$sudo apt-get update -qq
if ! apt-cache show libmlir-22-dev >/dev/null 2>&1; then
  # LLVM 22 reaches Debian 12 through its security archive.
  echo "setup: enabling bookworm-security"
  echo "deb http://deb.debian.org/debian-security bookworm-security main" |
    $sudo tee /etc/apt/sources.list.d/ptx-bookworm-security.list >/dev/null
  $sudo apt-get update -qq
fi
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
