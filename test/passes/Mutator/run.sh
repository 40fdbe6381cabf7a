#!/usr/bin/env bash
# usage: run.sh IR_MUTATOR PTX_COMPILE GOLDEN_CASES OUT SECONDS SEED    findings and survivors lie in OUT/kept
set -euo pipefail
mutator=$1 compile=$2 cases=$3 out=$4 seconds=$5 seed=$6
"$(dirname "$0")/dumps.sh" "$compile" "$cases" "$out/dumps"
rm -rf "$out/kept"
"$mutator" "$seconds" "$seed" "$out/kept" "$out"/dumps/*/
