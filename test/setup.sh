#!/usr/bin/env bash
# Installs what building and testing need on Debian 12: LLVM/MLIR 22, ninja,
# ccache, and the libraries outside ptx's own subject. Does nothing the second
# time; after an interruption it goes on.
set -euo pipefail

packages=(libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22 clang-format-22 clang-tidy-22
  libclang-rt-22-dev cmake ninja-build ccache pkg-config git nlohmann-json3-dev rapidjson-dev libcli11-dev libxxhash-dev libgtest-dev
  libsentencepiece-dev g++ python3 python3-venv)

fail() {
  echo "setup: $*" >&2
  exit 1
}

system=$(. "${PTX_OS_RELEASE:-/etc/os-release}" 2>/dev/null && echo "${PRETTY_NAME:-unknown}") || system=unknown
command -v dpkg-query apt-get >/dev/null ||
  fail "this system ($system) has no Debian packages; ptx is built on Debian 12. Elsewhere, install what these are there: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "${#missing[@]} packages are missing, and there is no sudo; run this script as root, or have these installed: ${missing[*]}"
  as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
fi
export DEBIAN_FRONTEND=noninteractive

# What an interrupted installation has left half done is finished first.
"${as_root[@]}" dpkg --configure -a >/dev/null || fail "an installation was interrupted and cannot be finished: see 'dpkg --configure -a'"

update() {
  "${as_root[@]}" apt-get update -qq -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o APT::Update::Error-Mode=any ||
    fail "the package lists cannot be read (what apt says stands above): is there a network?"
}
echo "setup: ${#missing[@]} packages are missing: ${missing[*]}"
update
if ! apt-cache show libmlir-22-dev >/dev/null 2>&1; then
  case $system in
  "Debian GNU/Linux 12"*) ;;
  *) fail "$system has no LLVM 22 in its packages; ptx is built on Debian 12, which has it" ;;
  esac
  # LLVM 22 reaches Debian 12 through its security archive.
  echo "setup: enabling bookworm-security"
  echo "deb http://deb.debian.org/debian-security bookworm-security main" |
    "${as_root[@]}" tee /etc/apt/sources.list.d/ptx-bookworm-security.list >/dev/null
  update
fi
# A line per package as it comes and as it is set up.
"${as_root[@]}" apt-get install -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 --no-install-recommends "${missing[@]}" |
  { grep --line-buffered -E '^(Get|Err|Setting up|Need to get|E:)' || true; } ||
  fail "the packages could not be installed (what apt says stands above); run this script again to go on"
