#!/usr/bin/env bash
# Every .cl file is valid OpenCL C 1.2 by itself, in every vector width and type, without a warning; and it calls nothing that it
# does not hold but built-in functions, whose names are mangled. (A plain `inline` function that a driver decides not to inline is
# such a call: it must be `static inline`.)
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
clang=$(command -v clang-14 || command -v clang) || skip "clang is missing"

check() { # FILE FOLDER MACROS...
    local file=$1 folder=$2
    shift 2
    "$clang" -x cl -cl-std=CL1.2 -target spir64 -Xclang -finclude-default-header -Wall -Wextra -Werror -O0 -S -emit-llvm \
        "-I$folder" "$@" "$file" -o "$scratch/out.ll" || fail "$file $*"
    if grep -E '^declare' "$scratch/out.ll" | grep -vE '@(_Z|llvm\.)'; then return 1; fi
}

printf 'inline int one(void) { return 1; }\nkernel void k(global int *a) { a[0] = one(); }\n' >"$scratch/planted.cl"
check "$scratch/planted.cl" "$scratch" >/dev/null && fail "the planted unresolved call was not seen"

for file in "$CLINEAR_SOURCE"/cl/*.cl; do
    for width in 4 8 16; do
        for bytes in 0 1; do
            check "$file" "$CLINEAR_SOURCE/cl" -DCLN_V=$width -DCLN_BYTES=$bytes || fail "${file##*/} calls what it does not hold"
        done
    done
done
