#!/usr/bin/env bash
# The library that makes the system fail does what its rule says; no half of a picture is taken for one.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "$0")/faults.sh"
host=${layer%faults.so}hostfaults.so
command -v gnuplot >/dev/null || skip "there is no gnuplot"

# with_host RULE COMMAND…
with_host() {
    local rule=$1
    shift
    CLINEAR_HOST_FAULTS=$rule CLINEAR_FAULTS_COUNTS=$work/counts LD_PRELOAD=$host "$@"
}

for rule in 'read' 'read 0 EIO' 'read 1 EWHATEVER' 'raed 1 EIO'; do
    with_host "$rule" run --version
    [ "$code" = 125 ] || fail "exit status $code with the rule '$rule'"
done
with_host '' done_with 0 --version
grep -q '^call malloc ' counts || fail "nothing is counted"
grep '^leak' counts && fail "memory is left"

# What a program reads of gnuplot, and writes to it: each call once.
need_device
make_toy toy
done_with 0 train toy --epochs 3 --engine fused --log run.jsonl --quiet
rm counts
with_host '' done_with 0 plot run.jsonl -o whole.svg --quiet
failed=0
for call in read write; do
    count=$(awk -v call=$call '$1 == "call" && $2 == call { sum += $3 } END { print sum }' counts)
    [ "$count" -gt 0 ] || fail "there is no $call"
    for ((n = 1; n <= count; n++)); do
        rm -f picture.svg
        with_host "$call $n EIO" run plot run.jsonl -o picture.svg --quiet
        if [ "$code" = 0 ]; then
            cmp whole.svg picture.svg || fail "$call $n fails, and a half is taken for the picture"
        else
            if [ "$code" != 1 ] || [ ! -s err ] || [ -e picture.svg ]; then
                fail "$call $n fails: exit status $code"
            fi
            failed=$((failed + 1))
        fi
    done
done
[ "$failed" -gt 1 ] || fail "nothing failed"

# What gets lost on its way from a process of its own is missed: a driver whose devices did not arrive is not one that has none.
rm counts
with_host '' refused 1 "no device or platform has 'nowhere'" compare toy --devices nowhere --quiet
count=$(awk '$1 == "process" { of = $2 } of == "compare" && $2 == "malloc" { print $3 }' counts)
while read -r of rule; do
    CLINEAR_FAULTS_IN=$of with_host "$rule" refused 1 'a driver, unusable' compare toy --devices nowhere --quiet
done <<RULES
isolated-list fwrite 1 ENOSPC
compare malloc $((count / 2)) ENOMEM
compare malloc $((count * 3 / 4)) ENOMEM
RULES
echo "What the system does not do is said."
