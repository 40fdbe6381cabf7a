#!/usr/bin/env bash
# usage: dumps.sh PTX_COMPILE GOLDEN_CASES OUT    dumps of every phase that the mutator starts from
set -euo pipefail
compile=$1 cases=$2 out=$3
rm -rf "$out" && mkdir -p "$out"
dump() { "$compile" "${@:2}" --dump-phases-to="$out/$1" -o "$out/$1.ptxm" 2>/dev/null; }
dump encoder-decoder "$cases/p_2_3/model"
dump narrow "$cases/p_odd/model" --dtype=bf16
dump sequence "$cases/roberta_sequence/model"
for mode in fuse separate; do
  dump "embedding-$mode" "$cases/bert_pooler/model" --adapters="$mode" \
    --adapter=a="$cases/lora_bert_dora_embedding/adapters/a"
  dump "saved-$mode" "$cases/bert_sequence/model" --adapters="$mode" --adapter=a="$cases/lora_bert_saved/adapters/a"
done
