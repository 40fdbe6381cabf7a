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
# Products of MiniLM's sentence embeddings, as Transformers' BertModel in f64 gives them.
expected=" 1.00  0.67 -0.03   A cat sits on the mat.
 0.67  1.00 -0.05   A kitten rests on a rug.
-0.03 -0.05  1.00   The compiler folds adapters into weights."
found=$(examples/embed/run.sh | tail -3)
echo "$found"
[ "$found" = "$expected" ] || { echo "expected"; echo "$expected"; exit 1; }
# What the tutorial shows is what happens.
test/page.py examples/tutorial/README.md
