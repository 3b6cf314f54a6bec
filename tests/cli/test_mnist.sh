#!/usr/bin/env bash
# Train, evaluate and predict on MNIST.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
need_mnist

done_with 0 train "$mnist" --epochs 3 --learning-rate 0.1 -o model --json --quiet
holds 'j["data"] == {"rows": 60000, "features": 784, "outputs": 10} and j["test"]["accuracy"] > 0.9'
cp out train.json
done_with 0 evaluate model "$mnist" --json --quiet
holds 'j["test"]["errors"] == json.load(open("train.json"))["test"]["errors"] and j["test"]["rows"] == 10000'
holds 'len(j["confusion"]) == 10 and all(len(row) == 10 for row in j["confusion"])'
done_with 0 predict model "$mnist" --quiet
[ "$(wc -l <out)" = 10001 ] || fail "predict's rows"
done_with 0 train "$mnist" --epochs 3 --learning-rate 0.1 -o again --quiet
cmp model again || fail "the same seed gave another model"
