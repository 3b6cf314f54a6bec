#!/usr/bin/env bash
# The benchmarks' programs compile (only the task `benchmarks` builds them), and what is timed is what `clinear train` does.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

flags=(-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wconversion -Wshadow -Werror "-I$CLINEAR_SOURCE/include")
for program in "$CLINEAR_SOURCE"/benchmarks/*.c; do
    cc "${flags[@]}" "-I$CLINEAR_SOURCE/src" -fsyntax-only "$program" || fail "$program does not compile"
done
for program in epoch optimum; do
    cc "${flags[@]}" -o $program "$CLINEAR_SOURCE/benchmarks/$program.c" "-L$CLINEAR_BUILD" "-Wl,-rpath,$CLINEAR_BUILD" \
        -lclinear -ljansson -lm
done

for engine in fused clblast; do
    done_with 0 train toy --device auto --engine $engine --batch-size 50 --epochs 3 --learning-rate 0.2 \
        --no-shuffle --quiet --json
    cp out train.json
    ./epoch toy auto $engine 50 3 0.2 >out 2>err || fail "epoch: $engine"
    holds "(lambda t: abs(j['loss'] - t['train']['loss']) < 1e-9 and j['errors'] == t['test']['errors'])(json.load(open('train.json')))"
    holds "len(j['samples']) == 3 and min(j['samples']) > 0 and j['engine'] == '$engine' and j['type'] and j['driver']"
    holds "j['flop'] == 4 * 301 * 12 * 3 and j['bytes'] == 301 * 12"
done

code=0
./epoch toy auto fused 50 three 0.2 >out 2>err || code=$?
[ "$code, $(wc -l <err)" = "1, 1" ] || fail "epoch: a bad number of epochs"
./epoch toy 2>err && fail "epoch: too few arguments"
grep -q '^usage: ' err || fail "epoch: no usage"

done_with 0 train toy --device auto --solver lbfgs --l2 0.01 --epochs 500 --tolerance 1e-6 --quiet --json
goal=$(python3 -c "import json; print(json.load(open('out'))['objective'] * 1.001)")
./optimum toy auto 0.01 "$goal" >out 2>err || fail "optimum: not reached"
holds "j['objective'] <= $goal * (1 + 1e-6) and min(j['samples']) >= 0 and 1 <= j['epochs'] <= 500 and j['gradient_norm'] > 0"
code=0
./optimum toy auto 0.01 0 >out 2>err || code=$?
[ "$code, $(wc -l <err), $(wc -c <out)" = "1, 1, 0" ] || fail "optimum: an objective that nothing reaches"
./optimum toy auto 0.01 low 2>err && fail "optimum: a word for an objective"
grep -q '^usage: ' err || fail "optimum: no usage"
echo "The programs compile, and time the run that they say."
