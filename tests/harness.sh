# What the test scripts share: harness.h for shell. To be sourced. CLINEAR_SOURCE is the project's folder.
# shellcheck shell=bash

scratch=$(mktemp -d) # removed at the end
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# A skip, except in CI, where a missing device, tool or data set is a failure.
skip() {
    [ -n "${CI-}" ] && fail "in CI it must be there: $*"
    echo "skipped: $*"
    exit 77
}

# Prints the folder of MNIST's files: beside the checkout, then under $CLINEAR_DATA; fails where neither is.
mnist_folder() {
    local folder
    for folder in "$CLINEAR_SOURCE/../shared/data/mnist" ${CLINEAR_DATA:+"$CLINEAR_DATA/mnist"}; do
        [ -f "$folder/t10k-labels-idx1-ubyte" ] || [ -f "$folder/t10k-labels-idx1-ubyte.gz" ] || continue
        realpath "$folder"
        return
    done
    return 1
}
