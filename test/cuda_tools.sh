#!/usr/bin/env bash
# Fetches ptxas, cuda.h and cublasLt.h from PyPI into build/cuda-venv, for
# machines without a CUDA toolkit. Does nothing the second time.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
venv=build/cuda-venv
[ -x $venv/bin/ptxas ] && compgen -G "$venv/lib/python3*/site-packages/nvidia/*/include/cublasLt.h" >/dev/null && exit 0
mkdir -p build
python3 -m venv $venv.part
$venv.part/bin/pip install --quiet --no-deps nvidia-cuda-nvcc==13.0.88 nvidia-cuda-runtime==13.0.96 nvidia-cublas==13.0.2.14 || {
  rm -rf $venv.part
  echo "cuda_tools: PyPI's CUDA packages could not be fetched: without a network, install the CUDA toolkit"
  exit 1
}
rm -f $venv.part/lib/python3*/site-packages/nvidia/cu13/lib/libcublas* # its headers are what is wanted, not 500 MB
rm -rf $venv
mv $venv.part $venv
tool=$(echo $venv/lib/python3*/site-packages/nvidia/cu13/bin/ptxas)
chmod +x "$tool"
ln -s "$(realpath "$tool")" $venv/bin/ptxas
echo "cuda_tools: $($venv/bin/ptxas --version | tail -2 | head -1)"
