#!/usr/bin/env bash
# Warnings: where they stand, and that exit status and results are what they were; none with data and options that ask for none.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

# data PREFIX ROWS LABEL: one file of images and one of labels, a Python expression of row i; pixel j is bright where the label is j, so that
# the classes are separable.
data() {
    python3 - "$@" <<'P'
import random, struct, sys
prefix, rows, label = sys.argv[1], int(sys.argv[2]), sys.argv[3]
r = random.Random(1)
labels = [eval(label) for i in range(rows)]
values = [r.randrange(50) + 200 * (y % 4 == j) for y in labels for j in range(4)]
open(prefix + "-x", "wb").write(struct.pack(f">4B3I{4 * rows}B", 0, 0, 8, 3, rows, 2, 2, *values))
open(prefix + "-y", "wb").write(struct.pack(f">4BI{rows}i", 0, 0, 12, 1, rows, *labels))
P
}

# warned COUNT PATTERN ARGUMENTS…: train ends with 0 and that many warnings on stderr, behind all else, the last of which matches the pattern;
# JSON has them, and --quiet none.
warned() {
    local count=$1 pattern=$2
    shift 2
    done_with 0 train "$@"
    [ "$(grep -c '^warning: ' err)" = "$count" ] || fail "not $count warnings: clinear train $*"
    tail -n 1 err | grep -q "^warning: .*$pattern" || fail "the last line on stderr is not '$pattern': clinear train $*"
    ! grep -q 'warning' out || fail "a warning on stdout"
    done_with 0 train "$@" --json --quiet
    [ ! -s err ] || fail "--quiet is not quiet"
    holds "len(j['warnings']) == $count and '$pattern' in j['warnings'][-1]"
}

silent() {
    done_with 0 train "$@" --json
    ! grep -q 'warning' err || fail "an unasked warning: clinear train $*"
    holds 'j["warnings"] == []'
}

data even 200 'i % 4'
data gap 200 '(0, 1, 3)[i % 3]'
data far 200 '39 * (i % 2)'
data sorted 200 'i // 50'

warned 1 'separable' even-x --labels even-y --solver lbfgs
warned 1 'label 2 has no training row' gap-x --labels gap-y
warned 2 'separable' gap-x --labels gap-y --solver lbfgs
warned 1 '38 of the 40 outputs' far-x --labels far-y --solver lbfgs --l2 1e-4
warned 1 'label 3 has all its rows among the last 50' sorted-x --labels sorted-y --valid 50
warned 1 'the rows are sorted' sorted-x --labels sorted-y --valid 20
warned 1 'sgd has ended far' even-x --labels even-y --learning-rate 1e-7

silent even-x --labels even-y
silent even-x --labels even-y --solver lbfgs --l2 1e-4
silent gap-x --labels gap-y --classes 0,1,3
silent far-x --labels far-y --classes 0,39
silent even-x --labels even-y --valid 50
silent toy --model linear --solver direct
silent toy --solver lbfgs --l2 1e-4 --valid 60
silent toy --epochs 1

# a search: those of its rows, and those of the best once more, each once
done_with 0 search sorted-x --labels sorted-y --grid l2=0,0.1 --valid 50
[ "$(grep -c '^warning: ' err)" = 1 ] || fail "not one warning of a search"
grep -q '^warning: label 3 has all its rows' err || fail "a search on sorted rows does not say so"
done_with 0 search gap-x --labels gap-y --grid l2=0,0.1 --valid 50 --json
[ "$(grep -c '^warning: ' err)" = 1 ] || fail "a warning of a search is told twice"
holds 'len(j["warnings"]) == len(j["refit"]["warnings"]) == 1 and "label 2" in j["warnings"][0]'
done_with 0 search toy --grid l2=0,0.1 --valid 60 --json --quiet
holds 'j["warnings"] == j["refit"]["warnings"] == []'
