#!/usr/bin/env bash
# The run line of each example, and what it must show.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
translate=examples/translate
program=build/examples/translate.ptxm
examples/quickstart.sh
build/bin/translate "$program" --model $translate/model --adapter none,da,ko --expected $translate/test/expected.json
bleu() { # ADAPTER LANGUAGE EXPECTED [FLAG]
  found=$(build/bin/translate "$program" --model $translate/model --adapter "$1" --file $translate/test/en.txt \
    --reference $translate/test/"$2".txt ${4:-} 2>/dev/null)
  echo "$found (PyTorch: $3)"
  [ "${found##* }" = "$3" ] || { echo "expected BLEU $3"; exit 1; }
}
bleu none it 35.53
bleu da da 26.94
bleu ko ko 32.25 --by-character
examples/embed/run.sh
