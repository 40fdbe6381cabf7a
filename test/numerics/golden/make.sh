#!/usr/bin/env bash
# Makes test/numerics/golden/cases anew, in a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../../.."
test/venv.sh .venv-golden "-r test/numerics/golden/requirements.txt"
exec .venv-golden/bin/python test/numerics/golden/make.py test/numerics/golden/cases
