#!/usr/bin/env bash
# The kernels under Oclgrind: no data race, no access out of bounds, no OpenCL call that fails, no use of uninitialised memory, in
# the device tests on tiny shapes, for Oclgrind interprets every work-item, and while the command trains. Oclgrind 21.10 looks for
# uninitialised memory rightly only in kernels that were not optimised, and not where a vector of 16 is halved.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
command -v oclgrind >/dev/null || skip "oclgrind is missing"

programs=(test.compute.kernels test.compute.row_losses test.compute.feed test.compute.moments test.measure.limits)

# Oclgrind's exit status is its program's; findings stand in the log alone, and failed API calls on stderr. One planted race
# shows that this is still so.
cat >"$scratch/race.cl" <<'EOF'
kernel void race(global int *a) { a[0] = (int)get_global_id(0); }
EOF
printf '%s\n' race.cl race '8 1 1' '4 1 1' '<size=32 fill=0 int>' >"$scratch/race.sim"
(cd "$scratch" && oclgrind-kernel --data-races --log race.log race.sim)
grep -q 'data race' "$scratch/race.log" || fail "Oclgrind does not report a planted race"

# Oclgrind 21.10 takes what clEnqueueFillBuffer wrote for uninitialised, so this goes before it and writes instead.
cat >"$scratch/fill.c" <<'EOF'
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdlib.h>
#include <string.h>

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem buffer, const void *pattern, size_t width, size_t offset,
                           size_t bytes, cl_uint count, const cl_event *wait, cl_event *event)
{
    char *filled = malloc(bytes);
    for (size_t i = 0; i < bytes; i += width)
        memcpy(filled + i, pattern, width);
    cl_int code = clEnqueueWriteBuffer(queue, buffer, CL_TRUE, offset, bytes, filled, count, wait, event);
    free(filled);
    return code;
}
EOF
cc -shared -fPIC -o "$scratch/fill.so" "$scratch/fill.c"

# Runs a command that must find nothing: inspect NAME CHECKS COMMAND...
inspect() {
    local name=$1 checks log=$scratch/$1.log code=0
    read -ra checks <<<"$2"
    shift 2
    # One process (an OpenCL context does not survive a fork); Oclgrind puts itself before the loader and is the only device.
    # shellcheck disable=SC2016 # Oclgrind sets LD_PRELOAD for the inner shell
    CK_FORK=no CLINEAR_TEST_TINY=${tiny:-1} CLINEAR_TEST_DEVICE=auto oclgrind "${checks[@]}" --log "$log" \
        sh -c 'LD_PRELOAD=$0:$LD_PRELOAD exec "$@"' "$scratch/fill.so" "$@" >"$scratch/out" 2>&1 || code=$?
    [ ! -s "$log" ] || fail "$name under Oclgrind:"$'\n'"$(head -n 100 "$log")"
    [ $code -eq 0 ] || fail "$name under Oclgrind: exit status $code"$'\n'"$(cat "$scratch/out")"
    if grep -A 4 'OpenCL runtime error' "$scratch/out"; then fail "$name makes an OpenCL call that fails"; fi
    echo "$name: nothing found"
}

for program in "${programs[@]}"; do
    inspect "$program" '--check-api --data-races' "$CLINEAR_BUILD/tests/$program"
    tiny=narrow inspect "$program.initialised" '--build-options -cl-opt-disable --uninitialized' "$CLINEAR_BUILD/tests/$program"
done

# A data set of 53 and 19 images of 3 by 7 pixels with five classes; the pixels are any bytes.
mkdir "$scratch/toy"
for part in train:53 t10k:19; do
    rows=${part#*:} name=$scratch/toy/${part%:*}
    size="\\0\\0\\0\\x$(printf %x "$rows")"
    { printf '\0\0\x8\x3%b\0\0\0\3\0\0\0\7' "$size" && head -c $((rows * 21)) "$CLINEAR"; } >"$name-images-idx3-ubyte"
    { printf '\0\0\x8\x1%b' "$size" && for ((i = 0; i < rows; i++)); do printf '%b' "\\$((i * 7 % 5))"; done; } \
        >"$name-labels-idx1-ubyte"
done
for engine in fused clblast; do
    inspect "train.$engine" '--build-options -cl-opt-disable --check-api --data-races --uninitialized' "$CLINEAR" train "$scratch/toy" --engine $engine \
        --batch-size 17 --epochs 2 --valid 5 --momentum 0.9 --l2 0.01 --quiet -o "$scratch/model"
done
