#!/usr/bin/env bash
# What the tests with misbehaving drivers share (layer.c says what CLINEAR_FAULTS takes), on top of the command's own.
# shellcheck source-path=SCRIPTDIR source=../cli/helpers.sh
. "$CLINEAR_SOURCE/tests/cli/helpers.sh"

layer=${CLINEAR_BUILD:?the build folder}/tests/libfaults.so
[ -f "$layer" ] || fail "$layer is not built"
# Programs that were compiled before, and verdicts on this machine's devices, are not for these tests, nor theirs for others. (What PoCL
# has kept is true whatever the layer changes, for its key is the source that it is given: a test may take that cache.)
# shellcheck disable=SC2034
kept_by_pocl=${POCL_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nowhere}/.cache}/pocl/kcache}
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

# Empty caches, in which nothing is kept that was compiled or judged before; no counts.
fresh() {
    rm -rf "$work/counts" "$POCL_CACHE_DIR" "$XDG_CACHE_HOME"
    mkdir "$POCL_CACHE_DIR" "$XDG_CACHE_HOME"
}

# PoCL's driver, and Oclgrind's beside it where it is there, are all that is seen from here on. Skips where there is no PoCL.
only_pocl_and_oclgrind() {
    local icd
    icd=$(grep -rl pocl "${OCL_ICD_VENDORS:-/etc/OpenCL/vendors}" 2>/dev/null | head -n 1) || true
    [ -f "$icd" ] || skip "there is no PoCL"
    mkdir "$work/drivers"
    cp "$icd" "$work/drivers/pocl.icd"
    ! [ -f /usr/lib/oclgrind/liboclgrind-rt-icd.so ] || echo /usr/lib/oclgrind/liboclgrind-rt-icd.so >"$work/drivers/oclgrind.icd"
    export OCL_ICD_VENDORS=$work/drivers
}
