#!/usr/bin/env bash
# Data at the edge: one row, one class, one feature, columns and rows that are all the same, labels that are, and numbers that are none or
# too large. Each solver and engine ends with a result that is right, or with one sentence that says where and what to do.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device

# folder NAME ROWS FEATURES TYPE VALUE LABEL: both parts, with values and labels by Python expressions of the row i, the column j, the label
# c and the generator r.
folder() {
    python3 - "$@" <<'P'
import os, random, struct, sys
name, rows, features, type, value, label = sys.argv[1:]
rows, features = int(rows), int(features)
os.makedirs(name)
r = random.Random(1)
form, code = {"bytes": ("B", 8), "floats": ("f", 13)}[type]
for part, n in ("train", rows), ("t10k", max(1, rows // 3)):
    labels = [eval(label) for i in range(n)]
    values = [eval(value) for i in range(n) for c in labels[i:i + 1] for j in range(features)]
    with open(f"{name}/{part}-images-idx3-ubyte", "wb") as file:
        file.write(struct.pack(f">4B3I{n * features}{form}", 0, 0, code, 3, n, features, 1, *values))
    with open(f"{name}/{part}-labels-idx1-ubyte", "wb") as file:
        file.write(struct.pack(f">4BI{n}B", 0, 0, 8, 1, n, *labels))
P
}
byte='r.randrange(100) + 100 * (j % 3 == c)' float='r.gauss(0, 1) + (j % 3 == c)'
folder one-row 1 12 bytes "$byte" '0'
folder one-class 60 12 bytes "$byte" '0'
folder one-feature 60 1 bytes "$byte" 'i % 3'
folder one-of-each 1 1 bytes '200' '0'
folder one-float 1 1 floats '0.5' '0'
folder same-label 60 12 bytes "$byte" '2'
folder constant-columns 60 12 bytes "255 if j == 3 else 0 if j == 4 else $byte" 'i % 3'
folder constant-floats 60 12 floats "1e30 if j == 3 else 0.1 if j == 4 else $float" 'i % 3'
folder same-rows 60 12 bytes '7' 'i % 3'
folder nothing-but-zero 60 12 bytes '0' 'i % 3'
folder denormal 60 12 floats '1e-42 * (1 + (j % 3 == c))' 'i % 3'
folder usual 60 12 bytes "$byte" 'i % 3'
folder floats 60 12 floats "$float" 'i % 3'
for bad in nan inf -inf; do
    folder "has$bad" 60 12 floats "float('$bad') if (i, j) == (17, 5) else $float" 'i % 3'
done
folder huge 60 12 floats "3e38 if (i, j) == (17, 5) else $float" 'i % 3'

solvers=("--solver sgd" "--solver lbfgs --l2 1e-3" "--model linear --solver direct" "--model linear --solver lbfgs" "--model linear"
    "--model linear --target value --solver direct" "--standardize" "--standardize --solver lbfgs --l2 1e-3"
    "--standardize --model linear --solver direct" "--center")

# Everything that a model can be asked, and it is the model that was trained.
used() {
    done_with 0 evaluate "$1" "$2" --json --quiet
    holds "(j['test']['errors'], j['test']['rows']) == (lambda t: (t['errors'], t['rows']))(json.load(open('train.json'))['test'])"
    done_with 0 predict "$1" "$2" --proba --quiet
    python3 -c '
import math, sys
lines = open("out").read().split()
assert all(math.isfinite(float(cell)) for line in lines[1:] for cell in line.split(",")), lines' || fail "predict tells no numbers"
    done_with 0 verify "$1" "$2"
    done_with 0 plot "$1" -o weights.svg
    done_with 0 plot "$1" "$2" -o confusion.svg --quiet
    done_with 0 plot log -o curves.svg --quiet
}

# All solvers and engines with CLINEAR_LONG, else those that differ most and compile least.
chosen() { # chosen DATA ENGINE NUMBER
    [ "$1" != constant-floats ] || [[ "$3" != [04] ]] || return 1 # of which below
    [ "$1" != denormal ] || [[ "$3" != [2567] ]] || return 1      # of which below
    [ -z "${CLINEAR_LONG-}" ] || return 0
    case $1 in
    one-row | constant-columns) [ "$3" != 6 ] && { [ "$2" = fused ] || [ "$3" -lt 3 ]; } ;;
    *) [ "$2" = fused ] && [[ "$3" == [127] ]] ;;
    esac
}

trained=0
trap 'echo "data at the edge, by solver and engine: $trained trainings"; clean_up' EXIT
for data in one-row one-class one-feature one-of-each one-float same-label constant-columns constant-floats same-rows nothing-but-zero denormal; do
    for engine in fused clblast; do
        for i in "${!solvers[@]}"; do
            chosen "$data" "$engine" "$i" || continue
            # shellcheck disable=SC2086
            done_with 0 train "$data" ${solvers[i]} --engine $engine -o model --log log --json --quiet
            holds 'all(j[p] is None or math.isfinite(j[p]["loss"]) for p in ("train", "test"))'
            case $data in
            one-* | same-label) [ "$data" = one-feature ] || holds 'j["train"]["errors"] == 0' ;;
            esac
            cp out train.json
            trained=$((trained + 1))
        done
        [ $engine = clblast ] || case $data in
        one-row | one-class | one-feature | one-of-each | constant-columns)
            done_with 0 train "$data" --epochs 2 --engine $engine -o model --log log --json --quiet
            cp out train.json
            used model "$data"
            ;;
        esac
    done
done

# Of one row or one class there is nothing to hold back or to weigh, which is said before anything is computed.
refused 2 'valid' train one-row --valid 1
refused 2 'train-rows' train one-row --train-rows 2
refused 2 'fold' search one-row --folds 2 --grid l2=0,1
done_with 0 search one-feature --folds 2 --grid l2=0,1 --epochs 2 --quiet
done_with 0 search one-class --folds 60 --grid l2=0,1 --epochs 2 --quiet
done_with 0 compare one-float --budget 1 --engine fused --json --quiet
holds 'j["verdict"] == "agree"'

# Numbers that are none: where, and what to do; nothing is written.
rm -f model log
place='train-images-idx3-ubyte: row 17, column 5 (both from 0) is not a finite number; replace it or leave the row out'
for bad in nan inf -inf; do
    for engine in fused clblast; do
        for i in "${!solvers[@]}"; do
            [ -n "${CLINEAR_LONG-}" ] || { [ "$i" -le 2 ] && [ $engine = fused ]; } || continue
            # shellcheck disable=SC2086
            refused 1 "has$bad/$place" train "has$bad" ${solvers[i]} --engine $engine -o model --quiet
        done
    done
    refused 1 "has$bad/$place" search "has$bad" --valid 10 --grid l2=0,1 -o model --quiet
    done_with 0 train usual -o good --quiet
    for command in evaluate predict; do
        refused 1 "has$bad/t10k-images-idx3-ubyte: row 17, column 5" "$command" good "has$bad" --quiet
    done
    refused 1 "row 17, column 5" verify good "has$bad"
    refused 1 "row 17, column 5" plot good "has$bad" -o picture.svg --quiet
done
done_with 1 compare hasnan --budget 1 --engine fused --quiet
grep -q 'row 17, column 5' out || fail "compare does not say where"
refused 2 'feature 5 (from 0) has a standard deviation of 3.8e+37, by which solver sgd cannot divide' train huge --standardize -o model --quiet
# Where nobody squares it in single precision, the other columns are fitted as if it were not there.
done_with 0 train huge --standardize --solver lbfgs --l2 1e-3 --json --quiet
holds 'j["stopped"] == "tolerance" and j["objective"] < 0.2'
done_with 0 train huge --model linear --solver direct --json --quiet
holds 'j["stopped"] == "tolerance" and j["train"]["loss"] < 0.2'
# A step size that is none on the device would leave the weights as they began, and be called a success.
for model in softmax linear; do
    refused 2 'the features are so large that the step size for them, .*e-[0-9]*, .*scale them down' train constant-floats --model $model -o model --quiet
done
refused 2 'the features are so small that the step size for them, .*e+[0-9]*, .*scale them up' train denormal --no-bias -o model --quiet
refused 2 'feature 0 (from 0) has a standard deviation of 4.7e-43, by which solver sgd cannot divide' train denormal --standardize -o model --quiet
# The answer is there, but no number of single precision is as large as its weights.
done_with 1 train denormal --model linear --solver direct -o model --quiet
grep -q 'the weights go beyond single precision' err || fail "nothing is said of weights that no float is"
done_with 1 train denormal --standardize --solver lbfgs --l2 1e-3 -o model --quiet
grep -q 'give a scale that brings the features nearer to 1' err || fail "nothing is said of weights that no float is"
# A model that is right, and rows that it cannot say anything of.
done_with 0 train floats --model linear --solver direct -o linear --quiet
done_with 1 evaluate linear huge --json --quiet
holds 'j["test"]["loss"] is None'
grep -q 'evaluate: the loss of the test part is no finite number' err || fail "evaluate takes what overflowed for a result"
done_with 1 evaluate linear huge --quiet
! grep -q -e '-nan' out err || fail "a NaN has a sign"
done_with 1 train floats --model linear --solver direct --test huge --json --quiet
holds 'j["test"]["loss"] is None and j["train"]["loss"] < 1'
grep -q 'train: the loss of the test part is no finite number' err || fail "train takes what overflowed for a result"
done_with 1 train usual --learning-rate 1e30 --model linear -o model --quiet
grep -q 'diverged: .*try a smaller learning rate; no model was written' err || fail "nothing is said of a training that diverged"
[ ! -e model ] || fail "a model was written"
[ ! -e picture.svg ] || fail "a picture was written"
