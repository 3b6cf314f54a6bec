#!/usr/bin/env bash
# What the tests with misbehaving drivers share (layer.c says what CLINEAR_FAULTS takes), on top of the command's own.
# shellcheck source-path=SCRIPTDIR source=../cli/helpers.sh
. "$CLINEAR_SOURCE/tests/cli/helpers.sh"

layer=${CLINEAR_BUILD:?the build folder}/tests/libfaults.so
[ -f "$layer" ] || fail "$layer is not built"
# Programs that were compiled before, and verdicts on this machine's devices, are not for these tests, nor theirs for others.
export POCL_CACHE_DIR=$work/pocl XDG_CACHE_HOME=$work/cache
mkdir -p "$POCL_CACHE_DIR" "$XDG_CACHE_HOME"
ulimit -c 0 # a process that dies here leaves no core file

# with RULES COMMAND…: runs it on drivers that follow the rules.
with() {
    local rules=$1
    shift
    CLINEAR_FAULTS=$rules CLINEAR_FAULTS_COUNTS=$work/counts OPENCL_LAYERS=$layer "$@"
}

# fired N: what rule N has done in the runs since ./counts was removed.
fired() {
    awk -v n="$1" '$1 == "rule" && $2 == n { sum += $3 } END { print sum + 0 }' "$work/counts"
}
