#!/usr/bin/env bash
# With an empty cache of PoCL's, CLBlast's first product compiles the kernels that it runs, and not all of its program (see
# device/stand_in.h): in the command, in programs linked to either form of the library, and where another program loads one
# that is. Counted in PoCL's cache, because a time would say nothing for sure.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"

"$CLINEAR" devices --json 2>/dev/null | grep -q '"Portable Computing Language"' || skip "there is no PoCL"
helper=$CLINEAR_SOURCE/tests/compute/helper_two_contexts.c
flags=(-std=c11 -I "$CLINEAR_SOURCE/include" -L "$CLINEAR_BUILD" "-Wl,-rpath,$CLINEAR_BUILD")
cc "${flags[@]}" -o "$scratch/shared" "$helper" -lclinear
cc "${flags[@]}" -shared -fPIC -o "$scratch/loaded.so" "$helper" -lclinear

# compiles NAME COMMAND…: runs it on a new cache, in which there are few kernels afterwards, CLBlast's among them.
compiles() {
    local name=$1 cache=$scratch/cache-$1 kernels
    shift
    POCL_CACHE_DIR=$cache "$@" >"$scratch/log" 2>&1 || fail "$name: $(cat "$scratch/log")"
    kernels=$(find "$cache" -name '*.so' -printf '%f\n' | sort -u)
    grep -qx 'Xgemm\(Direct.*\)\?.so' <<<"$kernels" || fail "$name: CLBlast compiled nothing: $kernels"
    [ "$(wc -l <<<"$kernels")" -le 10 ] || fail "$name: more kernels were compiled than run:"$'\n'"$kernels"
    echo "$name: $(tr '\n' ' ' <<<"$kernels")"
}

# 40 images of 3×4 bytes, labels 0 to 7
printf '\0\0\10\3\0\0\0\50\0\0\0\3\0\0\0\4%0480d' 0 >"$scratch/images"
{ printf '\0\0\10\1\0\0\0\50' && for _ in {1..5}; do printf '\0\1\2\3\4\5\6\7'; done; } >"$scratch/labels"

compiles command "$CLINEAR" train "$scratch/images" --labels "$scratch/labels" --device cpu --engine clblast --epochs 1
compiles static "$CLINEAR_BUILD/tests/helper.two_contexts"
compiles shared "$scratch/shared"
if command -v python3 >/dev/null; then
    compiles loaded python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(sys.argv[1]).two_contexts())' "$scratch/loaded.so"
fi
