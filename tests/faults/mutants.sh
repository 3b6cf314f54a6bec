#!/usr/bin/env bash
# How many wrong kernels the self-test notices: tests/faults/mutants.sh [DEVICE [FIRST [LAST]]], with build-test and the list
# `mutants`. By hand, because much is compiled for each.
set -euo pipefail
case "${1-}" in
-*)
    echo "usage: tests/faults/mutants.sh [DEVICE [FIRST [LAST]]]" >&2
    exit 2
    ;;
esac
device=${1:-auto} first=${2:-1} last=${3:-1000}
cd "$(dirname "$0")/../.."
clinear=$PWD/build-test/clinear
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/pocl"
number=0 noticed=0 all=0
while IFS='|' read -r what change; do
    case $what in '' | '#'*) continue ;; esac
    number=$((number + 1))
    if [ $number -lt "$first" ] || [ $number -gt "$last" ]; then
        continue
    fi
    rm -rf "$scratch/cache" "$scratch/counts" # PoCL's cache may stay: its key is the source that it gets
    mkdir "$scratch/cache"
    code=0
    XDG_CACHE_HOME=$scratch/cache POCL_CACHE_DIR=$scratch/pocl OPENCL_LAYERS=$PWD/build-test/tests/libfaults.so \
        CLINEAR_FAULTS="wrong $change" CLINEAR_FAULTS_COUNTS=$scratch/counts \
        "$clinear" selftest --device "$device" --quiet >"$scratch/out" 2>&1 </dev/null || code=$?
    changed=$(awk '$1 == "rule" { sum += $3 } END { print sum + 0 }' "$scratch/counts")
    if [ "$changed" = 0 ]; then
        verdict="not compiled"
    elif [ $code -eq 1 ]; then
        verdict=noticed
        noticed=$((noticed + 1)) all=$((all + 1))
    else
        verdict="MISSED (exit status $code)"
        all=$((all + 1))
    fi
    printf '%3d %-45s %s\n' $number "$what" "$verdict"
done <"${0%.sh}"
echo "$noticed of $all noticed"
