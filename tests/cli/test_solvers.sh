#!/usr/bin/env bash
# Solvers, their certificates and what verifies them, on three classes of tiny images; and what does not go together.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

# L-BFGS to a tolerance, certified, verified
done_with 0 train toy --solver lbfgs --l2 0.01 --tolerance 1e-4 -o lbfgs.safetensors --json --quiet
holds 'j["stopped"] == "tolerance" and j["gradient_norm"] <= 2e-4 and "tolerance" in j["reason"]'
holds 'j["certificate"]["rows"] == 301 and 0 <= j["certificate"]["suboptimality"] < 1e-3 * j["objective"]'
holds 'j["solver"] == "lbfgs" and j["epochs"] > 1 and j["l2"] == 0.01 and "learning_rate" not in j'
done_with 0 verify lbfgs.safetensors toy --json --quiet
holds 'j["verdict"] == "verified" and abs(j["found"]["objective"] / j["certified"]["objective"] - 1) < 1e-6'
done_with 0 verify lbfgs.safetensors toy
grep -q '^  Verified: ' out || fail "no verdict in words"

# a spoiled weight is refused, by status and in words; as damage at first, and by the certificate where its hash was made to fit
python3 - <<'P'
import hashlib, struct
raw = bytearray(open("lbfgs.safetensors", "rb").read())
values = 8 + struct.unpack("<Q", raw[:8])[0]
at = values + 8 * 5
before = hashlib.sha256(raw[values:]).hexdigest().encode()
raw[at:at + 8] = struct.pack("<d", struct.unpack("<d", raw[at:at + 8])[0] + 0.01)
open("damaged.safetensors", "wb").write(raw)
assert before in raw[:values]
raw[:values] = raw[:values].replace(before, hashlib.sha256(raw[values:]).hexdigest().encode())
open("spoiled.safetensors", "wb").write(raw)
P
refused 1 'weights_sha256' verify damaged.safetensors toy
done_with 1 verify spoiled.safetensors toy --json --quiet
holds 'j["verdict"] == "refused" and j["found"]["gradient_norm"] > j["certified"]["gradient_norm"]'

# so are a certificate that claims too much, and metadata that say what cannot be
claim() { # claim KEY VALUE: claimed.safetensors is lbfgs.safetensors with that in its metadata
    python3 - "$1" "$2" <<'P'
import json, struct, sys
raw = open("lbfgs.safetensors", "rb").read()
length = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8 + length])
header["__metadata__"][sys.argv[1]] = sys.argv[2]
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open("claimed.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + raw[8 + length:])
P
}
claim certificate.suboptimality 1e-12
done_with 1 verify claimed.safetensors toy --json --quiet
holds 'j["verdict"] == "refused" and "above the optimum" in j["reason"]'
for wrong in 'option.tolerance nan' 'option.solver adam' 'option.target value' 'option.class-weights 3' 'l2 nan'; do
    claim "${wrong% *}" "${wrong#* }"
    refused 1 "the model's metadata" verify claimed.safetensors toy
done

# other data: fewer rows, none at all
mkdir few && toy_part few/train 300 1 && toy_part few/t10k 91 2
refused 2 'trained on 301 rows' verify lbfgs.safetensors few
refused 1 'nothing of that name' verify lbfgs.safetensors nowhere
refused 2 '' verify lbfgs.safetensors

# too few iterations: done, with the reason and a remedy
done_with 0 train toy --solver lbfgs --epochs 2 --tolerance 1e-9 --json --quiet
holds 'j["stopped"] == "epochs" and j["epochs"] == 2 and "more epochs" in j["reason"]'

# without a terminal the first iterations have a line each, then one comes a second, and the last
done_with 0 train toy --solver lbfgs --tolerance 1e-30
last=$(sed -n 's/^  iterations  \([0-9]*\),.*/\1/p' out)
if [ "$last" -lt 50 ] || [ "$(grep -c '^iteration ' err)" -gt 40 ]; then fail "a line for each of $last iterations"; fi
grep "^iteration " err | tail -n 1 | grep -q "^iteration $last/1000: objective " || fail "the last iteration has no line"
tail -n 1 err | grep -q "^warning: the classes are separable" || fail "weights without an optimum are no warning"
grep -q '301 rows, 12 features, 3 outputs' out || fail "the data are not described"

# sparse
done_with 0 train toy --solver lbfgs --l1 0.05 --json --quiet
holds 'j["zeros"] > 0'

# closed form: one penalty, a path, dead features
done_with 0 train toy --model linear --target value --solver direct --alpha 1
grep -q ' 12 features, 1 output$' out || fail "one output is told as several"
if grep -q '^alpha\|^iteration\|^epoch' err; then fail "a line for the only step"; fi
done_with 0 train toy --model linear --solver direct --train-rows 9
grep -q 'singular (rank [0-9]* of 12)' out || fail "a singular matrix is not told"
grep -q '^  *a larger alpha makes it unique$' out || fail "the reason is cut"
done_with 0 train toy --model linear --solver direct --alpha 0.1,1,100 --valid 50
[ "$(grep -c '^alpha [1-3]/3: objective ' err)" = 3 ] || fail "not a line an alpha"
done_with 0 train toy --model linear --solver direct --alpha 1 -o ridge.safetensors --json --quiet
holds 'j["model"] == "linear" and j["stopped"] == "tolerance" and j["gradient_norm"] < 1e-6'
done_with 0 verify ridge.safetensors toy --quiet
done_with 0 train toy --model linear --solver direct --alpha 0.1,1,100 --valid 50 --json --quiet
holds '[p["alpha"] for p in j["path"]] == [0.1, 1, 100] and sum(p["best"] for p in j["path"]) == 1'
holds 'min(p["valid"]["errors"] for p in j["path"]) == [p for p in j["path"] if p["best"]][0]["valid"]["errors"]'
done_with 0 train toy --model linear --solver direct --target value --alpha 1 -o value.safetensors --json --quiet
holds 'j["data"]["outputs"] == 1 and j["test"]["rows"] == 91'
done_with 0 evaluate value.safetensors toy --json --quiet
holds 'len(j["confusion"]) == 3 and sum(map(sum, j["confusion"])) == 91'
done_with 0 predict value.safetensors toy --proba --quiet
[ "$(head -n 1 out)" = row,class,value ] || fail "no column of values"
done_with 0 predict ridge.safetensors toy --proba --quiet
[ "$(head -n 1 out)" = row,class,s0,s1,s2 ] || fail "no columns of scores"

# a model of real values, which the library trains: predict writes the values, and no class; labels of classes do not score it
python3 - <<'P'
import json, struct
def write(name, weight, bias, dtype="F64", **metadata):
    k, d = len(weight), len(weight[0])
    size, code = (8, "d") if dtype == "F64" else (4, "f")
    header = json.dumps({"__metadata__": {"outputs": "linear", "target": "real", **metadata},
                         "weight": {"dtype": dtype, "shape": [k, d], "data_offsets": [0, size * k * d]},
                         "bias": {"dtype": dtype, "shape": [k], "data_offsets": [size * k * d, size * k * (d + 1)]}}).encode()
    with open(name, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.write(struct.pack(f"<{k * (d + 1)}{code}", *(w for row in weight for w in row), *bias))
rows = [(1e6 + 0.5, -2.0), (1e6 - 0.25, 4.0), (1e6, 0.125)]
with open("far", "wb") as file:
    file.write(struct.pack(">4B2I6f", 0, 0, 13, 2, 3, 2, *(x for row in rows for x in row)))
two = [[1 / 3, 0.5], [-2.0, 0.1]]
for name, weight in (("one", two[:1]), ("two", two)):
    bias = [1 / 7 - row[0] * 1e6 for row in weight]
    write(f"{name}.real", weight, bias, shift="1000000,0.5")
    with open(f"{name}.values", "w") as file:
        for row in rows:
            print(*(sum(w * x for w, x in zip(line, row)) + b for line, b in zip(weight, bias)), file=file)
write("float.real", two[:1], [0.0], "F32")
write("beyond.real", [[1e300, 0.0]], [0.0])
write("overflow.real", [[3e38, 0.0], [1.0, 0.0]], [0.0, 0.0], "F32")
P
for name in one two; do
    done_with 0 predict $name.real far --quiet
    cp out plain
    done_with 0 predict $name.real far --quiet --proba -o proba
    cmp plain proba || fail "--proba changes the values"
    python3 - $name <<'P' || fail "these are not the values of $name"
import csv, sys
rows = list(csv.reader(open("plain")))
assert rows[0] == (["row", "value"] if sys.argv[1] == "one" else ["row", "value0", "value1"]), rows[0]
expected = [list(map(float, line.split())) for line in open(sys.argv[1] + ".values")]
assert [int(row[0]) for row in rows[1:]] == [0, 1, 2]
for row, values in zip(rows[1:], expected, strict=True):
    assert all(abs(float(a) - b) < 1e-5 for a, b in zip(row[1:], values, strict=True)), (row, values)
P
done
done_with 0 predict float.real far --quiet
head -n 1 out | grep -qx row,value || fail "no column of values"
refused 1 'weights of output 0 are beyond single precision' predict beyond.real far
done_with 0 predict overflow.real far --quiet
[ "$(sed -n 2p out)" = 0,,1000000.5 ] || fail "what overflows is no value"
printf '\0\0\10\1\0\0\0\3\0\1\2' >far-labels
refused 2 'labels of classes, but the model predicts real values' evaluate one.real far --labels far-labels
refused 2 'no certificate' verify one.real toy

# the same weights as doubles are the same model
done_with 0 train toy --solver lbfgs --l2 0.01 -o floats.safetensors --json --quiet
python3 - <<'P'
import json, struct
data = open("floats.safetensors", "rb").read()
length, = struct.unpack("<Q", data[:8])
header, values = json.loads(data[8:8 + length]), data[8 + length:]
del header["__metadata__"]["weights_sha256"]
if header["weight"]["dtype"] == "F32":
    for name in ("weight", "bias"):
        header[name]["dtype"] = "F64"
        header[name]["data_offsets"] = [2 * at for at in header[name]["data_offsets"]]
    values = struct.pack(f"<{len(values) // 4}d", *struct.unpack(f"<{len(values) // 4}f", values))
text = json.dumps(header).encode()
open("doubles.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + values)
P
for words in 'evaluate toy' 'predict toy --proba' 'verify toy'; do
    read -r command rest <<<"$words"
    # shellcheck disable=SC2086
    done_with 0 "$command" floats.safetensors $rest --quiet
    cp out kept
    # shellcheck disable=SC2086
    done_with 0 "$command" doubles.safetensors $rest --quiet
    sed 's/doubles.safetensors/floats.safetensors/' out | cmp - kept || fail "$command: doubles are another model"
done
if command -v gnuplot >/dev/null; then
    for name in one.real beyond.real doubles.safetensors; do
        done_with 0 plot "$name" -o "$name.svg" --quiet
    done
fi

# a model trained on scaled features takes raw ones
for scaling in --center --standardize; do
    done_with 0 train toy --solver lbfgs --l2 0.01 $scaling -o scaled.safetensors --json --quiet
    cp out trained
    done_with 0 evaluate scaled.safetensors toy --json --quiet
    python3 -c '
import json
a, b = json.load(open("trained"))["test"], json.load(open("out"))["test"]
assert a["errors"] == b["errors"] and abs(a["loss"] - b["loss"]) < 1e-5, (a, b)' || fail "scaling is not folded in"
done_with 0 verify scaled.safetensors toy --quiet
done

# without a step size there is a safe one, and it is told
done_with 0 train toy --json --quiet
holds 'j["learning_rate"] > 0 and j["stopped"] == "epochs"'
done_with 0 train toy --momentum 0.9 --nesterov --schedule cosine --class-weights balanced --json --quiet
holds 'j["train"]["errors"] < 100'

# what does not go together is refused in one sentence
refused 2 'needs model softmax' train toy --model linear --loss cross-entropy
refused 2 'is for model linear' train toy --solver direct
refused 2 'momentum is for solver sgd' train toy --solver lbfgs --momentum 0.5
refused 2 'tolerance is for solver lbfgs' train toy --tolerance 1e-3
refused 2 'needs momentum' train toy --nesterov
refused 2 'need a schedule' train toy --decay 0.5
refused 2 'need solver direct' train toy --model linear --solver lbfgs --alpha 1,2
refused 2 'need validation rows' train toy --model linear --solver direct --alpha 1,2
refused 2 'needs model linear' train toy --target value
refused 2 'class-weights' train toy --class-weights 7:2
refused 2 'did you mean lbfgs' train toy --solver lbfg
refused 2 'becomes a bias' train toy --center --no-bias
