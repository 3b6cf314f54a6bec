#!/usr/bin/env bash
# Kernels that are wrong by little, of the list `mutants`: a comparison's agreement and a trial of the selftest see them in a few rows.
# With CLINEAR_LONG=1 (scripts/torture.sh) by both engines. The selftest itself is tried by mutants.sh, with all of the list.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "$0")/faults.sh"
only_pocl_and_oclgrind
rm -f drivers/oclgrind.icd
export POCL_CACHE_DIR=$kept_by_pocl # what a change leaves as it is need not be compiled again
helper=$CLINEAR_BUILD/tests/helper.wrong_kernels

# changed NAME: how the list changes a kernel.
changed() {
    awk -F '|' -v name="$1" '$1 == name { print substr($0, length(name) + 2) }' "$CLINEAR_SOURCE/tests/faults/mutants"
}

# caught BY ENGINE NAME…
caught() {
    local by=$1 engine=$2 name code
    shift 2
    "$helper" "$by" "$engine" >out 2>err || fail "$by by $engine finds right kernels wrong: $(cat out err)"
    for name in "$@"; do
        rm -rf counts "$XDG_CACHE_HOME/clinear"
        code=0
        [ -n "$(changed "$name")" ] || fail "there is no '$name' in the list of mutants"
        with "wrong $(changed "$name")" "$helper" "$by" "$engine" >out 2>err || code=$?
        [ "$(fired 1)" -gt 0 ] || fail "no source was changed: $name"
        [ $code -eq 1 ] || fail "$by by $engine: exit status $code with '$name': $(cat out err)"
        printf '%-10s %-8s %s: %s\n' "$by" "$engine" "$name" "$(awk '!($2 <= 1)' out | head -c 300 | tr '\n' ' ')"
    done
}

both=('standardising left out' 'a step that is too long' 'the order of rows' 'squares of features')
caught agreement fused "${both[@]}" 'weights of rows left out of both'
caught trial fused 'the last of equal logits' 'a NaN behind output 0'
if [ -n "${CLINEAR_LONG-}" ]; then
    caught agreement clblast "${both[@]}" 'means of features' 'weights of rows left out of both'
    caught trial clblast 'the last of equal logits' 'a NaN behind output 0'
fi
echo "Kernels that are wrong by little are seen."
