#!/usr/bin/env bash
# clinear beside its peers, turn and turn about on the same data and to the same result: benchmarks/run.sh DATA [DEVICE [ROUNDS
# [WORKS]]], DATA a folder with MNIST's files, WORKS a part of epoch,process,product,limit,optimum,path,grid. Builds what it runs;
# the peers come from benchmarks/setup.sh. Raw samples go to benchmarks/results, then the table and what it must show are printed.
# Let the machine be quiet.
set -euo pipefail
case "${1-}" in
'' | -*)
    echo "usage: benchmarks/run.sh DATA [DEVICE [ROUNDS [WORKS]]]" >&2
    exit 2
    ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
data=$(realpath "$1")
cd "$here/.."
[ -x benchmarks/venv/bin/python ] || {
    echo "run.sh: the peers are missing; run benchmarks/setup.sh" >&2
    exit 1
}
[ -f build/CMakeCache.txt ] || cmake --preset default >/dev/null
cmake --build build -t benchmarks >/dev/null
exec benchmarks/venv/bin/python benchmarks/run.py "$data" "${@:2}"
