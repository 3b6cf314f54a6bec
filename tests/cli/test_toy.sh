#!/usr/bin/env bash
# From data to model to classes, on a small synthetic set.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

# train
done_with 0 train toy -o model.safetensors --json --quiet --learning-rate=0.5 --seed 7
[ ! -s err ] || fail "--quiet is not quiet"
holds 'set("model solver engine device data epochs stopped objective gradient_norm train valid test seconds peak_host_bytes device_bytes reason l2 learning_rate certificate warnings".split()) == set(j)'
holds 'j["model"] == "softmax" and j["solver"] == "sgd" and j["engine"] in ("fused", "clblast")'
holds 'set(j["device"]) == set("index name type platform driver".split())'
holds 'j["data"] == {"rows": 301, "features": 12, "outputs": 3}'
holds 'j["epochs"] == 10 and j["stopped"] == "epochs" and j["valid"] is None'
holds 'j["train"]["rows"] == 301 and j["test"]["rows"] == 91 and j["test"]["accuracy"] > 0.8'
holds 'abs(j["test"]["accuracy"] - (1 - j["test"]["errors"] / 91)) < 1e-12'
holds 'set(j["seconds"]) == set("total load build upload train evaluate".split()) and min(j["seconds"].values()) >= 0'
holds 'j["peak_host_bytes"] > 0 and j["device_bytes"] > 0'
cp out train.json

# the same again, with words for people: the same bits
done_with 0 train -o again.safetensors --learning-rate 0.5 --seed 7 -- toy
cmp model.safetensors again.safetensors || fail "the same seed gave another model"
grep -q '^epoch 1/10: loss' err || fail "no line an epoch on stderr"
[ "$(grep -c '^epoch ' err)" = 10 ] || fail "not a line an epoch on stderr"
grep -q 'again.safetensors' out || fail "the summary does not name the model"
done_with 0 train toy -o other.safetensors --quiet --seed 8
cmp -s model.safetensors other.safetensors && fail "another seed gave the same model"

# evaluate agrees with what train said
done_with 0 evaluate model.safetensors toy --json --quiet
holds 'j["model"] == "softmax" and j["data"] == {"rows": 91, "features": 12, "outputs": 3}'
holds 'set("model engine device data test confusion classes seconds peak_host_bytes device_bytes".split()) == set(j)'
holds 'j["peak_host_bytes"] > 0 and j["device_bytes"] > 0'
holds 'j["test"]["errors"] == json.load(open("train.json"))["test"]["errors"] and "train" not in j'
holds 'abs(j["test"]["loss"] - json.load(open("train.json"))["test"]["loss"]) < 1e-5'
holds 'sum(map(sum, j["confusion"])) == 91 and [c["class"] for c in j["classes"]] == [0, 1, 2]'
holds '91 - sum(j["confusion"][i][i] for i in range(3)) == j["test"]["errors"]'
holds 'all(abs(c["recall"] - j["confusion"][i][i] / c["rows"]) < 1e-12 for i, c in enumerate(j["classes"]))'
cp out evaluate.json
done_with 0 evaluate model.safetensors toy --json --quiet --part train
holds 'j["train"]["errors"] == json.load(open("train.json"))["train"]["errors"] and "test" not in j'
done_with 0 evaluate model.safetensors toy
grep -q 'precision' out || fail "no precision in the table"
done_with 0 evaluate model.safetensors toy/t10k-images-idx3-ubyte --labels toy/t10k-labels-idx1-ubyte --json
holds 'j["test"]["rows"] == 91'

# predict agrees with the confusion matrix, and needs no labels
done_with 0 predict model.safetensors toy
head -n 1 out | grep -qx 'row,class' || fail "predict's header"
[ "$(wc -l <out)" = 92 ] || fail "predict's rows"
cp out plain.csv
rm -f toy-images && cp toy/t10k-images-idx3-ubyte toy-images
done_with 0 predict model.safetensors toy-images -o file.csv
[ ! -s out ] || fail "predict -o writes to stdout"
cmp plain.csv file.csv || fail "predict -o differs"
done_with 0 predict model.safetensors toy --proba
python3 - <<'P' || fail "predict disagrees with evaluate"
import csv, json
rows = list(csv.reader(open("out")))
assert rows[0] == ["row", "class", "p0", "p1", "p2"], rows[0]
confusion = json.load(open("evaluate.json"))["confusion"]
labels = open("toy/t10k-labels-idx1-ubyte", "rb").read()[8:]
mine = [[0] * 3 for _ in range(3)]
for i, row in enumerate(rows[1:]):
    p = list(map(float, row[2:]))
    assert int(row[0]) == i and abs(sum(p) - 1) < 1e-5 and p.index(max(p)) == int(row[1]), row
    mine[labels[i]][int(row[1])] += 1
assert mine == confusion, (mine, confusion)
P

# a row whose logits overflow to NaN has no class
python3 - <<'P'
import json, struct
header = json.dumps({"weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
open("overflow.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + struct.pack("<4f", 3e38, -3e38, 1, 2))
open("overflow-images", "wb").write(struct.pack(">4B2I4f", 0, 0, 13, 2, 2, 2, 10, 10, 0, 1))
P
done_with 0 predict overflow.safetensors overflow-images
[ "$(cat out)" = $'row,class\n0,\n1,1' ] || fail "a NaN logit's class"

# a subset, renumbered in the order given: classes keep the labels of the data
done_with 0 train toy --classes 2,0 -o subset --json --quiet
holds 'j["data"]["outputs"] == 2 and 150 < j["data"]["rows"] < 250'
done_with 0 evaluate subset toy --json
holds '[c["class"] for c in j["classes"]] == [2, 0] and j["test"]["rows"] < 91'
done_with 0 predict subset toy --proba
head -n 1 out | grep -qx 'row,class,p2,p0' || fail "the header after --classes"
tail -n +2 out | cut -d, -f2 | sort -u | tr '\n' ' ' | grep -qx '0 2 ' || fail "the classes after --classes"

# validation by rows, by a folder, and with patience; the log
done_with 0 train toy --valid 60 --json --quiet
holds 'j["data"]["rows"] == 241 and j["valid"]["rows"] == 60'
done_with 0 train toy --valid toy --json --quiet
holds 'j["data"]["rows"] == 301 and j["valid"] == j["test"]'
printf 'old\n' >run.jsonl
done_with 0 train toy --valid 60 --patience 2 --epochs 400 --batch-size 50 --log run.jsonl --log-every 3 --json --quiet
holds 'j["stopped"] == "patience" and j["epochs"] < 400'
python3 - <<'P' || fail "the log"
import json
lines = [json.loads(line) for line in open("run.jsonl")]
run, rest = lines[0], lines[1:]
assert run["event"] == "run" and run["options"]["patience"] == "2" and run["device"]["name"], run
epochs = [e for e in rest if e["event"] == "epoch"]
steps = [e for e in rest if e["event"] == "step"]
assert len(epochs) + len(steps) == len(rest)
assert [e["epoch"] for e in epochs] == list(range(1, len(epochs) + 1))
assert len(epochs) == json.load(open("out"))["epochs"]
for e in epochs:
    assert set(e) == set("event epoch step train valid best seconds rows_per_second".split()), e
    assert e["valid"]["rows"] == 60 and e["train"]["loss"] > 0
assert epochs[0]["best"] is True and epochs[-1]["best"] is False
assert steps and all(s["train"]["loss"] > 0 for s in steps)
assert all(b["step"] - a["step"] == 3 for a, b in zip(steps, steps[1:])), steps
P

# files of one's own have one part
done_with 0 train toy/train-images-idx3-ubyte --labels toy/train-labels-idx1-ubyte --json --quiet
holds 'j["test"] is None and j["train"]["rows"] == 301'
done_with 0 train toy/train-images-idx3-ubyte --labels toy/train-labels-idx1-ubyte --test toy --json --quiet
holds 'j["test"]["rows"] == 91'

# every engine
for engine in fused clblast; do
    done_with 0 train toy --engine "$engine" --json --quiet --learning-rate 0.5 --seed 7
    holds "j['engine'] == '$engine' and abs(j['train']['loss'] - json.load(open('train.json'))['train']['loss']) < 1e-4"
    done_with 0 evaluate model.safetensors toy --engine "$engine" --json
    holds "j['engine'] == '$engine' and j['confusion'] == json.load(open('evaluate.json'))['confusion']"
done

# divergence is said, reported and not kept
done_with 1 train toy --learning-rate 1e30 --epochs 50 --json --quiet -o diverged
holds 'j["stopped"] == "diverged"'
[ "$(wc -l <err)" = 1 ] || fail "a divergence is not one sentence"
grep -q 'epoch' err || fail "a divergence does not name its epoch"
[ ! -e diverged ] || fail "a diverged model was kept"
done_with 1 train toy --learning-rate 1e30 --epochs 50 --quiet
! grep -q accuracy out || fail "a divergence has a table of no scores"
