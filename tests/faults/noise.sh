#!/usr/bin/env bash
# How often comparisons of one machine with itself cry wolf, and whether they see a slowed engine and nothing else: to be run by
# hand, for times decide: tests/faults/noise.sh DATA [RUNS [BUDGET [OPTIONS of compare…]]] takes build-test and measures RUNS times
# (3), in BUDGET seconds each (60), every run held against the one before; then each engine slowed, against the last. With
# OCL_ICD_VENDORS set, on the devices that it gives.
set -euo pipefail
case "${1-}" in
'' | -*)
    echo "usage: tests/faults/noise.sh DATA [RUNS [BUDGET [OPTIONS of compare…]]]" >&2
    exit 2
    ;;
esac
data=$(realpath "$1") runs=${2:-3} budget=${3:-60}
options=("${@:4}")
cd "$(dirname "$0")/../.."
clinear=$PWD/build-test/clinear layer=$PWD/build-test/tests/libfaults.so
results=$(mktemp -d)
echo "results: $results"

measure() { # NAME OLD: ./NAME.json, held against ./OLD.json where there is one
    local against=() code=0
    [ ! -f "$results/$2.json" ] || against=(--against "$results/$2.json")
    "$clinear" compare "$data" --budget "$budget" "${options[@]}" "${against[@]}" --json >"$results/$1.json" \
        2>"$results/$1.log" || code=$?
    echo "== $1${against:+ against $2}: exit status $code"
    sed -n '/^  .*\(SLOWER\|slower\|faster\)/p' "$results/$1.log"
}

for ((run = 1; run <= runs; run++)); do
    measure "run-$run" "run-$((run - 1))"
done
# A launch of the one is a whole pass, and of the other a product of a minibatch.
for slow in 'fused 100000' 'Xgemm 2000'; do
    export OPENCL_LAYERS=$layer CLINEAR_FAULTS="slow $slow"
    measure "slow-${slow%% *}" "run-$runs"
    unset OPENCL_LAYERS CLINEAR_FAULTS
done
