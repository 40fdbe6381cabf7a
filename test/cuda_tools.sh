#!/usr/bin/env bash
# Fetches ptxas, cuda.h and cublasLt.h from PyPI into build/cuda-venv, for
# machines without a CUDA toolkit. Does nothing the second time.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
venv=build/cuda-venv
test/venv.sh $venv "--no-deps nvidia-cuda-nvcc==13.0.88 nvidia-cuda-runtime==13.0.96 nvidia-cublas==13.0.2.14" || {
  echo "cuda_tools: without a network, install the CUDA toolkit" >&2
  exit 1
}
rm -f $venv/lib/python3*/site-packages/nvidia/cu13/lib/libcublas* # its headers are what is wanted, not 500 MB
tool=$(echo $venv/lib/python3*/site-packages/nvidia/cu13/bin/ptxas)
chmod +x "$tool"
ln -sf "$(realpath "$tool")" $venv/bin/ptxas
echo "cuda_tools: $($venv/bin/ptxas --version | tail -2 | head -1)"
