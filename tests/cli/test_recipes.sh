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
