#!/usr/bin/env bash
# From an empty Debian machine to a trained classifier: packages, build, data, training, evaluation.
set -euo pipefail
if [ $# -gt 0 ]; then
    echo "usage: scripts/demo.sh, without arguments" >&2
    exit 2
fi
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

quietly() { # runs a command and shows what it printed only if it fails
    "$@" >build/demo.log 2>&1 || {
        cat build/demo.log >&2
        exit 1
    }
}

has_mnist() { # FOLDER holds the four files
    local name
    for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
        [ -f "$1/$name-ubyte" ] || [ -f "$1/$name-ubyte.gz" ] || return 1
    done
}

find_data() { # sets data and what
    what=MNIST
    for data in data/mnist ${CLINEAR_DATA:+"$CLINEAR_DATA/mnist"} ../shared/data/mnist; do
        has_mnist "$data" && return
    done
    data=data/mnist
    scripts/get-mnist.sh $data && return
    what="Fashion-MNIST, for MNIST could not be fetched"
    data=/usr/share/datasets/fashion-mnist
}

step "Packages"
scripts/deps.sh
echo "All packages are there."

step "Build"
mkdir -p build
[ -f build/CMakeCache.txt ] || quietly cmake -S . -B build -G Ninja -DBUILD_TESTING=OFF
quietly cmake --build build
echo "The program is build/clinear."

step "Data"
find_data
echo "Training on $what ($data)."

step "OpenCL devices"
build/clinear devices

step "Training"
build/clinear train "$data" --center -o build/demo.safetensors

step "Evaluation on the test images"
build/clinear evaluate build/demo.safetensors "$data"

step "What the model's certificate says, computed again"
build/clinear verify build/demo.safetensors "$data"
