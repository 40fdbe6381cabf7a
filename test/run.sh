#!/usr/bin/env bash
# Sets up, builds and passes every test. test/run.sh --fast leaves out the
# sanitizer builds and the fuzzers.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
fast=; [ "${1:-}" = --fast ] && fast=1
# Compiler results are shared between checkouts.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
step() { printf '\n== %d s: %s\n' "$SECONDS" "$*"; }

step "packages"
test/setup.sh
command -v ptxas >/dev/null || [ -d /usr/local/cuda ] || test/cuda_tools.sh

step "build"
cmake --preset release >/dev/null
cmake --build --preset release

step "unit and IR tests"
ctest --test-dir build --output-on-failure

step "golden cases: the compiled way and the oracle against PyTorch, Transformers and PEFT"
python3 test/numerics/check.py --targets cpu,reference,emulator --seeds 2 test/numerics/golden/cases/*
# Contractions as library calls, at any number of rows: the emulator's exact routine stands in for cuBLASLt.
python3 test/numerics/check.py --targets emulator --flags=--cublaslt=always --seeds= test/numerics/golden/cases/{bert_pooler,bert_gelu_new,lora_two,p_pre_gelu,t_post}

step "golden cases in f16 and bf16: the compiled way against the oracle"
for dtype in f16 bf16; do
  python3 test/numerics/check.py --dtype "$dtype" --targets emulator --seeds 2 test/numerics/golden/cases/{bert_bare,gpt2_tied,lora_two,p_odd}
  python3 test/numerics/check.py --dtype "$dtype" --targets cpu,reference test/numerics/golden/cases/{bert_bare,gpt2_tied,gpt2_chunks,bert_sequence,distilbert_token,gpt2_untied,lora_gpt2,lora_bert_dora,lora_bert_embedding,lora_two,p_bf16,p_odd,p_pre_gelu,t_post}
done

step "golden cases from bundles, away from the model's files"
python3 test/numerics/check.py --bundled test/numerics/golden/cases/{gpt2_untied,ia3_bert,lora_bert_dora,lora_bert_saved,lora_tied_head,lora_two,p_odd}
python3 test/numerics/check.py --bundled --dtype bf16 --targets cpu test/numerics/golden/cases/{lora_bert_embedding,lora_dora,lora_gpt2}

step "examples"
test/examples.sh

if [ -z "$fast" ]; then
  for preset in asan tsan; do
    step "runtime and readers under $preset"
    cmake --preset $preset >/dev/null
    cmake --build --preset $preset
    ctest --test-dir build-$preset --output-on-failure
    for model in gpt2_published:61 p_2_3:53; do # and its vocabulary
      build/bin/ptx-compile test/numerics/golden/cases/${model%:*}/model -o build-$preset/soak.ptxm
      build-$preset/bin/session_soak build-$preset/soak.ptxm cpu 1 200 ${model#*:}
    done
  done
  step "mutated IR"
  test/passes/Mutator/run.sh build/bin/ir_mutator build/bin/ptx-compile test/numerics/golden/cases build/mutants \
    "$((6 * ${PTX_FUZZ_SECONDS:-6}))" "$(date +%s)"
  # What compiles is also run: the CPU against the oracle.
  rm -rf build/mutants/agree
  build/bin/ir_mutator 20 "$(date +%s)" build/mutants/agree build/mutants/dumps/encoder-decoder
  python3 test/passes/Mutator/agree.py build/bin build/mutants/dumps/encoder-decoder build/mutants/agree \
    test/numerics/golden/cases/p_2_3/runs/ragged/inputs.safetensors 30
  step "mutated models"
  python3 test/fuzz/mutate_models.py build/bin/ptx-compile test/numerics/golden/cases build/models "$((3 * ${PTX_FUZZ_SECONDS:-6}))"
  step "fuzzers"
  test/fuzz/run.sh "${PTX_FUZZ_SECONDS:-6}"
  step "format and clang-tidy"
  test/format.sh
  test/tidy.sh
fi
step "everything passed"
