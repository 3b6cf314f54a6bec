#!/usr/bin/env bash
# The published figures, obtained with both engines.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
need_mnist

for engine in fused clblast; do
    done_with 0 recipe theano --data "$mnist" --engine "$engine" --json --quiet
    holds 'j["recipe"] == "theano" and j["verdict"] == "reproduced" and j["stopped"] == "patience" and j["epochs"] == 74'
    holds 'j["valid"]["errors"] == 720 and j["valid"]["rows"] == 9600 and j["test"]["errors"] == 719 and j["test"]["rows"] == 9600'
    holds 'j["data"] == {"rows": 50000, "features": 784, "outputs": 10}'
    holds 'j["published"] == {"epochs": 74, "stopped": "patience", "valid_errors": 720, "test_errors": 719}'
    done_with 0 recipe threes-sixes --data "$mnist" --engine "$engine" --json --quiet
    holds 'j["verdict"] == "reproduced" and j["test"]["errors"] == 22 and j["test"]["rows"] == 1968'
    holds 'j["data"]["rows"] == 12049 and j["data"]["outputs"] == 2 and j["obtained"]["early_accuracy"] > 0.95'
    holds 'j["obtained"]["train_accuracy"] > 0.98'
done

# figures that were not published, and what NumPy makes of them in double precision
for recipe in digit-as-number one-hot-ridge softmax-centred sklearn-sag grid; do
    done_with 0 recipe $recipe --data "$mnist" --json --quiet
    holds "j['recipe'] == '$recipe' and j['verdict'] == 'reproduced'"
done
done_with 0 recipe losses --data "$mnist" --json --quiet
holds 'j["verdict"] == "reproduced" and [r["stopped"] for r in j["runs"]] == 3 * ["tolerance"]'
holds 'j["obtained"]["squared_test_errors"] > 1.5 * j["obtained"]["cross_entropy_test_errors"]'

# for people, and by the usual place
mkdir -p data && ln -s "$mnist" data/mnist
done_with 0 recipe threes-sixes
grep -q 'Reproduced' out || fail "no verdict in words"

# what a recipe of a single training keeps: every minibatch, and training and test after each pass, as its figure shows them
done_with 0 recipe threes-sixes --data "$mnist" -o model.safetensors --log run.jsonl --json --quiet
holds 'j["verdict"] == "reproduced" and "log" not in j'
python3 - <<'P' || fail "the log of threes-sixes lacks what its figure shows"
import json, sys
lines = [json.loads(line) for line in open("run.jsonl")]
steps = [line for line in lines if line["event"] == "step"]
passes = [line for line in lines if line["event"] == "epoch"]
good = [line["step"] for line in steps] == list(range(6000)) and [line["epoch"] for line in passes] == list(range(1, 101))
good = good and all(isinstance(line["train"][name], float) for line in steps + passes for name in ("loss", "accuracy"))
good = good and all(isinstance(line["valid"][name], float) and line["valid"]["rows"] == 1968 for line in passes for name in ("loss", "accuracy"))
sys.exit(0 if good and passes[-1]["valid"]["errors"] == 22 else 1)
P
done_with 0 evaluate model.safetensors "$mnist" --json --quiet
holds 'j["test"]["errors"] == 22 and j["test"]["rows"] == 1968'
refused 2 'read by this very command' recipe threes-sixes --data "$mnist" --log "$(find "$mnist"/ -name 'train-images*' | head -n 1)"

# a search stands under its title, and its best behind it
done_with 0 recipe grid --quiet
awk '/exhaustive search that/{title = NR} /^  learning-rate/{table = NR} /The best of them/{best = NR} /^  figure/{verdict = NR}
    END {exit !(title == 1 && title < table && table < best && best < verdict)}' out || fail "the report is in another order"
done_with 0 recipe grid --quiet --json
holds 'j["verdict"] == "reproduced" and j["data"]["rows"] == 12049'

# other data give another verdict, and that is status 1
fashion=/usr/share/datasets/fashion-mnist
if [ -d "$fashion" ]; then
    done_with 1 recipe threes-sixes --data "$fashion" --json --quiet
    holds 'j["verdict"] == "differs"'
fi
