#!/usr/bin/env bash
# Makes test/numerics/golden/cases anew, in a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../../.."
[ -d .venv-golden ] || python3 -m venv .venv-golden
.venv-golden/bin/pip install -q -r test/numerics/golden/requirements.txt
.venv-golden/bin/python test/numerics/golden/make.py test/numerics/golden/cases
