#!/usr/bin/env bash
# The pages, whose commands must show what they say, and what else the examples promise.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
translate=examples/translate
program=build/examples/translate.ptxm
test/page.py examples/translate/README.md
build/bin/translate "$program" --model $translate/model --adapter none,da,ko --expected $translate/test/expected.json
bleu() { # ADAPTER LANGUAGE EXPECTED [FLAG]
  found=$(build/bin/translate "$program" --model $translate/model --adapter "$1" --file $translate/test/en.txt \
    --reference $translate/test/"$2".txt ${4:-} 2>/dev/null)
  echo "$found (PyTorch: $3)"
  [ "${found##* }" = "$3" ] || { echo "expected BLEU $3"; exit 1; }
}
bleu none it 35.53
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
for page in README CONTRIBUTING examples/{hello,embed,generate,tutorial}/README; do
  test/page.py "$page.md"
done
