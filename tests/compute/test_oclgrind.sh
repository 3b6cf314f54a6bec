#!/usr/bin/env bash
# The kernels under Oclgrind: no data race, no access out of bounds, no use of uninitialised memory, no OpenCL call that
# fails. The device tests run on tiny shapes, for Oclgrind interprets every work-item.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
command -v oclgrind >/dev/null || skip "oclgrind is missing"

programs=(test.compute.kernels)

# Oclgrind's exit status is its program's; findings stand in the log alone, and failed API calls on stderr. One planted race
# shows that this is still so.
cat >"$scratch/race.cl" <<'EOF'
kernel void race(global int *a) { a[0] = (int)get_global_id(0); }
EOF
printf '%s\n' race.cl race '8 1 1' '4 1 1' '<size=32 fill=0 int>' >"$scratch/race.sim"
(cd "$scratch" && oclgrind-kernel --data-races --log race.log race.sim)
grep -q 'data race' "$scratch/race.log" || fail "Oclgrind does not report a planted race"

for program in "${programs[@]}"; do
    log=$scratch/$program.log
    code=0
    # One process (an OpenCL context does not survive a fork); Oclgrind puts itself before the loader and is the only device.
    CK_FORK=no CLINEAR_TEST_TINY=1 CLINEAR_TEST_DEVICE=auto oclgrind --check-api --data-races --uninitialized \
        --log "$log" "$CLINEAR_BUILD/tests/$program" >"$scratch/out" 2>&1 || code=$?
    [ ! -s "$log" ] || fail "$program under Oclgrind:"$'\n'"$(head -n 100 "$log")"
    [ $code -eq 0 ] || fail "$program under Oclgrind: exit status $code"$'\n'"$(cat "$scratch/out")"
    if grep -A 4 'OpenCL runtime error' "$scratch/out"; then fail "$program makes an OpenCL call that fails"; fi
    grep '%' "$scratch/out" || true
done
