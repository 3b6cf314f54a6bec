#!/usr/bin/env bash
# Solvers, their certificates and what verifies them, on three classes of tiny images; and what does not go together.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

# L-BFGS to a tolerance, certified, verified
done_with 0 train toy --solver lbfgs --l2 0.01 --tolerance 1e-5 -o lbfgs.safetensors --json --quiet
holds 'j["stopped"] == "tolerance" and j["gradient_norm"] <= 2e-5 and "tolerance" in j["reason"]'
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
at = values + 4 * 5
before = hashlib.sha256(raw[values:]).hexdigest().encode()
raw[at:at + 4] = struct.pack("<f", struct.unpack("<f", raw[at:at + 4])[0] + 0.01)
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
