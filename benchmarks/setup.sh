#!/usr/bin/env bash
# Puts the peers of the benchmarks into benchmarks/venv, a Python environment of its own (about 6 GB, most of it PyTorch's CUDA
# libraries, which it wants on a machine without a GPU too): benchmarks/setup.sh. Where a GPU of NVIDIA's is, JAX comes with
# CUDA as well. Needs Debian's python3-venv.
set -euo pipefail
if [ $# -gt 0 ]; then
    echo "usage: benchmarks/setup.sh, without arguments" >&2
    exit 2
fi
cd "$(dirname "$0")"

jax='jax[cpu]'
command -v nvidia-smi >/dev/null && jax='jax[cuda13]'
[ -x venv/bin/pip ] || python3 -m venv venv || {
    echo "setup.sh: cannot make benchmarks/venv; install python3-venv" >&2
    exit 1
}
venv/bin/pip install --quiet --upgrade numpy scipy threadpoolctl torch "$jax" scikit-learn scikit-learn-intelex \
    liblinear-official tinygrad
venv/bin/pip list --format freeze | grep -E '^(numpy|scipy|torch|jax|scikit-learn|scikit-learn-intelex|liblinear-official|tinygrad)='
