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
# A search of beams is better than greedy's 35.53, and adapters share batches: each sentence as by its adapter alone.
found=$(build/bin/translate "$program" --model $translate/model --adapter none --file $translate/test/en.txt \
  --reference $translate/test/it.txt --beams 4 2>/dev/null)
echo "$found with 4 beams"
awk -v bleu="${found##* }" 'BEGIN { exit !(bleu > 37) }'
head -20 $translate/test/en.txt >build/examples/en.txt
build/bin/ptx-compile $translate/model --adapter da=$translate/adapters/da --adapter ko=$translate/adapters/ko \
  --adapters=separate --dtype=f32 -o build/examples/mixed.ptxm
build/bin/translate build/examples/mixed.ptxm --model $translate/model --adapter none,da,ko --mixed \
  --file build/examples/en.txt >build/examples/mixed.txt
for adapter in none da ko; do
  build/bin/translate "$program" --model $translate/model --adapter "$adapter" --file build/examples/en.txt 2>/dev/null |
    sed "s/^/$adapter: /" | diff - <(grep "^$adapter: " build/examples/mixed.txt)
done
# Products of MiniLM's sentence embeddings, as Transformers' BertModel in f64 gives them.
expected=" 1.00  0.67 -0.03   A cat sits on the mat.
 0.67  1.00 -0.05   A kitten rests on a rug.
-0.03 -0.05  1.00   The compiler folds adapters into weights."
found=$(examples/embed/run.sh | tail -3)
echo "$found"
[ "$found" = "$expected" ] || { echo "expected"; echo "$expected"; exit 1; }
# What these pages show is what happens: the stories are those of Transformers, as ids and as text that comes in pieces.
test/page.py examples/generate/README.md
test/page.py examples/tutorial/README.md
