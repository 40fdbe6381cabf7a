#!/usr/bin/env bash
# Refuses code that clang-format-22 would change.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
git ls-files '*.cpp' '*.h' | xargs clang-format-22 --dry-run --Werror
