#!/usr/bin/env bash
# The library never prints or exits, so its objects call nothing that does; and the shared form shows the functions of
# clinear.h, the two of OpenCL that it stands in for (device/stand_in.h) and nothing else.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"

forbidden='v?printf|puts|putchar|perror|_*v?printf_chk|stdout|stderr|_?exit|_Exit|quick_exit|abort|__assert_fail'
# A process that is about to become another program, and cannot, has to go.
offences() { nm -A -u "$1" | grep -wE "U ($forbidden)" | grep -v ':os_child\.c\.o: *U _exit$' || true; }

printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' \
    'void a(int i) { fprintf(stderr, "x"); puts("y"); printf("%d", i); exit(1); }' 'void b(void) { abort(); }' \
    >"$scratch/planted.c"
cc -c -o "$scratch/planted.o" "$scratch/planted.c"
[ "$(offences "$scratch/planted.o" | wc -l)" -eq 5 ] || fail "planted calls were not found"

found=$(offences "$CLINEAR_BUILD/libclinear.a")
[ -z "$found" ] || fail "the library prints or exits:"$'\n'"$found"

{
    printf '%s\n' clCreateProgramWithBinary clGetProgramInfo
    grep -oE 'cln_[a-z0-9_]+\(' <(grep '^CLN_API' "$CLINEAR_SOURCE/include/clinear.h") | tr -d '('
} | sort -u >"$scratch/declared"
nm -D --defined-only "$CLINEAR_BUILD/libclinear.so" | awk '{ print $3 }' | sort -u >"$scratch/shown"
diff "$scratch/declared" "$scratch/shown" || fail "declared in clinear.h but missing (<), or shown but not declared (>)"
while read -r name; do
    [[ $name == cl[A-Z]* ]] || grep -q "\b$name\b" "$CLINEAR_SOURCE/tests/measure/test_entry.c" ||
        fail "tests/measure/test_entry.c does not give NULL to $name"
done <"$scratch/declared"
echo "The library prints nothing, never exits and shows the functions of clinear.h and two of OpenCL's."
