#!/usr/bin/env bash
# clinear search: wrong usage, the table, JSON, the best again, interruption and going on.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
make_toy toy
grid='l2=0,1e-2;learning-rate=.1,.5'

# ---- wrong usage
refused 2 'operand is missing' search --grid "$grid"
refused 2 'no place for more' search toy more --grid "$grid"
refused 2 'option --grid is missing' search toy --valid 60
refused 2 '--grid needs a value' search toy --valid 60 --grid
refused 2 'did you mean --grid' search toy --valid 60 --gird "$grid"
refused 2 'did you mean --folds' search toy --fold 3 --grid "$grid"
for folds in 0 1 -1 1.5 ten '' 99999999999999999999; do
    refused 2 'option --folds' search toy "--folds=$folds" --grid "$grid"
done
refused 2 'same file' search toy --valid 60 --grid "$grid" -o x --state ./x
refused 2 'read by this very command' search toy --valid 60 --grid "$grid" --state toy/train-labels-idx1-ubyte
refused 1 'cannot write' search toy --valid 60 --grid "$grid" --state no/such/file
refused 2 'log-every' search toy --valid 60 --grid "$grid" --log-every 5
refused 2 'needs --patience-iterations' search toy --valid 60 --grid "$grid" --improvement 0.9
refused 2 'l2 and alpha' search toy --valid 60 --grid 'epochs=1,2' --l2 0.1 --alpha 0.1
refused 2 'option --valid' search toy --valid nowhere --grid "$grid"
need_device
for wrong in '' ';' l2 l2= 'l2=0,' 'l2=0,0' 'l2=0;l2=1' 'valid=1,2' 'classes={0,1},{1,2}' 'l2=0;;momentum=0'; do
    refused 2 'grid: ' search toy --valid 60 --grid "$wrong"
done
refused 2 'did you mean learning-rate' search toy --valid 60 --grid 'learning_rate=.1'
refused 2 'option l2 takes' search toy --valid 60 --grid 'l2=-1'
refused 2 'with momentum=0 nesterov=true' search toy --valid 60 --grid 'momentum=0,.9;nesterov=true'
refused 2 'validation' search toy --grid "$grid"
refused 2 'leave out option valid' search toy --valid 60 --folds 3 --grid "$grid"
refused 2 'patience does not go with folds' search toy --patience 3 --folds 3 --grid "$grid"
refused 2 'make no sense' search toy --folds 302 --grid "$grid"

# ---- the table: the best first
done_with 0 search toy --valid 60 --grid "$grid" --seed 3
grep -Eq '^  l2 +learning-rate +errors +accuracy +loss +train loss +epochs +stopped$' out || fail "no head"
[ "$(grep -Ec '^  (0|1e-2) +\.[15] ' out)" = 4 ] || fail "not four rows"
grep -q '4 of 4 configurations, the best first' out || fail "it is not said how many there are"
grep -q 'The best, trained again' out || fail "the best is not trained again"
grep -Eq '^  train .* 301 ' out || fail "not on all rows"
[ "$(grep -Ec '^[1-4]/4 l2=' err)" = 4 ] || fail "no line for each configuration"
awk '/^  (0|1e-2) +\.[15] /{print $3}' out | sort -nc || fail "the rows are not in order"
done_with 0 search toy --valid 60 --grid "$grid" --quiet
[ ! -s err ] || fail "--quiet is not quiet"

# ---- JSON, and the same figures as trainings of their own
done_with 0 search toy --valid 60 --grid "$grid" --json --quiet -o best.safetensors
cp out search.json
holds 'set(j) == set("grid folds configurations best refit seconds interrupted warnings".split()) and j["grid"] == "'"$grid"'"'
holds '[c["options"] for c in j["configurations"]] == [{"l2": l, "learning-rate": r} for l in ("0", "1e-2") for r in (".1", ".5")]'
holds 'all(set(c) == set("options valid train epochs stopped seconds resumed".split()) for c in j["configurations"])'
holds 'all(c["valid"]["rows"] == 60 and c["train"]["rows"] == 241 and c["epochs"] == 10 for c in j["configurations"])'
holds 'all(c["stopped"] == "epochs" and not c["resumed"] for c in j["configurations"]) and not j["interrupted"]'
holds 'j["best"] == min(range(4), key=lambda i: (j["configurations"][i]["valid"]["errors"], j["configurations"][i]["valid"]["loss"], i))'
holds 'j["refit"]["data"]["rows"] == 301 and j["refit"]["valid"] is None and j["refit"]["test"]["rows"] == 91'
for index in 0 3; do
    read -r l2 rate < <(python3 -c 'import json, sys
print(*json.load(open("search.json"))["configurations"][int(sys.argv[1])]["options"].values())' "$index")
    done_with 0 train toy --valid 60 --l2 "$l2" --learning-rate "$rate" --json --quiet
    cp out train.json
    holds 'abs(j["configurations"]['"$index"']["valid"]["loss"] - json.load(open("train.json"))["valid"]["loss"]) < 1e-5' search.json
    holds 'j["configurations"]['"$index"']["valid"]["errors"] == json.load(open("train.json"))["valid"]["errors"]' search.json
done
done_with 0 evaluate best.safetensors toy --json --quiet
holds 'j["test"]["errors"] == json.load(open("search.json"))["refit"]["test"]["errors"]'

# ---- folds, and a validation part of its own
done_with 0 search toy --folds 4 --grid 'learning-rate=.1,.5' --json --quiet
holds 'j["folds"] == 4 and all(c["valid"]["rows"] == 301 and c["train"]["rows"] == 903 for c in j["configurations"])'
holds 'j["refit"]["data"]["rows"] == 301'
done_with 0 search toy --valid toy --grid 'model=softmax,linear' --learning-rate .1 --json --quiet
holds 'all(c["valid"]["rows"] == 91 for c in j["configurations"]) and j["refit"]["valid"]["rows"] == 91'
holds 'j["refit"]["model"] == j["configurations"][j["best"]]["options"]["model"]'

# ---- divergence
done_with 0 search toy --valid 60 --grid 'learning-rate=1e25,.1' --json --quiet
holds 'j["best"] == 1 and j["configurations"][0]["stopped"] == "diverged" and j["configurations"][0]["valid"] is None'
done_with 1 search toy --valid 60 --grid 'learning-rate=1e25' --json --quiet -o none.safetensors
holds 'j["best"] is None and j["refit"] is None'
grep -q 'every configuration diverged' err || fail "it is not said that all diverged"
[ ! -e none.safetensors ] || fail "a model of a divergence"
done_with 0 search toy --folds 3 --grid 'learning-rate=1e20,.1;l2=0,1e-3' --quiet
[ "$(grep -Ec '^  1e20 +(0|1e-3) +- +- +- +- +[0-9]+ +diverged$' out)" = 2 ] || fail "figures of a divergence"

# ---- the state file: another run trains nothing again, and another search is refused
done_with 0 search toy --valid 60 --grid "$grid" --state state.jsonl --json --quiet
[ "$(wc -l <state.jsonl)" = 5 ] || fail "not five lines in the state file"
cp out first.json
done_with 0 search toy --valid 60 --grid "$grid" --state state.jsonl --json --quiet
holds 'all(c["resumed"] for c in j["configurations"])'
holds '[c["valid"] for c in j["configurations"]] == [c["valid"] for c in json.load(open("first.json"))["configurations"]]'
holds 'j["refit"]["test"] == json.load(open("first.json"))["refit"]["test"]'
head -c -20 state.jsonl >cut.jsonl
done_with 0 search toy --valid 60 --grid "$grid" --state cut.jsonl --json --quiet
holds 'sum(c["resumed"] for c in j["configurations"]) == 3 and j["best"] == json.load(open("first.json"))["best"]'
refused 2 'of another search: there options seed is "0", and here "1"' search toy --valid 60 --grid "$grid" --state state.jsonl --seed 1
refused 2 'there grid is' search toy --valid 60 --grid 'l2=0' --state state.jsonl
echo notes >notes
refused 1 'not the state of a search' search toy --valid 60 --grid "$grid" --state notes
[ "$(cat notes)" = notes ] || fail "a file of somebody's was changed"

# ---- Ctrl-C: 130, what is finished stays, and the same command goes on
set -m # a background job of a script ignores SIGINT otherwise
"$CLINEAR" search toy --valid 60 --grid 'epochs=1,2,1000000000' --state long.jsonl --json >out 2>err &
job=$!
for _ in $(seq 600); do
    ! grep -q '^2/3 ' err 2>/dev/null || break
    kill -0 "$job" 2>/dev/null || break
    sleep 0.1
done
sleep 0.5
kill -INT "$job"
code=0
wait "$job" || code=$?
[ "$code" = 130 ] || fail "status $code after Ctrl-C"
holds 'j["interrupted"] and j["refit"] is None and [c["stopped"] for c in j["configurations"]] == ["epochs", "epochs", None]'
grep -q 'goes on from long.jsonl' err || fail "it is not said how to go on"
[ "$(wc -l <long.jsonl)" = 3 ] || fail "the state file does not hold what was finished"
