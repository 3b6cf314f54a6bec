#!/usr/bin/env bash
# Packages, build with warnings as errors, all tests; then a minute of fuzzing (CLINEAR_FUZZ_SECONDS); and the host tests under
# AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, and under these alone the walk of failed allocations. (All tests under
# these: the task `asan`.) The exit status is a failure if anything failed.
set -euo pipefail
if [ $# -gt 0 ]; then
    echo "usage: scripts/test.sh, without arguments" >&2
    exit 2
fi
cd "$(dirname "$0")/.."

# Where scripts/get-mnist.sh puts MNIST; this file comes last.
if [ -z "${CLINEAR_DATA-}" ] && [ -f data/mnist/t10k-labels-idx1-ubyte.gz ]; then
    export CLINEAR_DATA=$PWD/data
fi

tested() { # PRESET WHICH…: configures, builds and runs these of its tests
    local preset=$1
    shift
    printf '\n== %s\n' "$preset"
    cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset" && ctest --preset "$preset" -j "$(nproc)" "$@"
}

scripts/deps.sh test
failed=()
tested test -LE sanitized || failed+=(test)
printf '\n== fuzz\n'
scripts/fuzz.sh "${CLINEAR_FUZZ_SECONDS:-60}" || failed+=(fuzz)
tested asan -L 'host|sanitized' || failed+=(asan) # last, so that the output ends in ctest's lines
if [ ${#failed[@]} -gt 0 ]; then
    echo "Failed: ${failed[*]}" >&2
    exit 1
fi
