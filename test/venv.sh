#!/usr/bin/env bash
# A virtual environment that holds what is asked for, whole or not at all.
#
# usage: test/venv.sh DIR "PIP ARGUMENTS"...
#
# One `pip install` for each list of arguments, in order. A second run does
# nothing, unless the lists, a file of requirements in them or the interpreter
# changed, or the run before was interrupted: then the environment is made anew.
set -euo pipefail
venv=$1
shift
fail() {
  echo "venv: $*" >&2
  exit 1
}

wanted=$({
  python3 --version
  printf '%s\n' "$@"
  for arguments in "$@"; do
    for file in $arguments; do [ ! -f "$file" ] || cat "$file"; done
  done
} | sha256sum)
# Written last: where it is, everything is.
stamp=$venv/ptx-complete
[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || exit 0

echo "venv: making $venv" >&2
rm -rf "$venv"
python3 -m venv "$venv" || fail "$venv cannot be made: is python3-venv installed?"
for arguments in "$@"; do
  # shellcheck disable=SC2086 # words of a list
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $arguments ||
    fail "'pip install $arguments' failed (what pip says stands above): is there a network?"
done
echo "$wanted" >"$stamp"
