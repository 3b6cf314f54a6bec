#!/usr/bin/env bash
# Pictures of logs, models and confusion matrices; what is no such thing is refused in a sentence.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
command -v gnuplot >/dev/null || skip "gnuplot is not there"
make_toy toy

# is_svg FILE PYTHON: well-formed, drawn, with a title, and the expression holds of its text.
is_svg() {
    python3 - "$1" "${2:-True}" <<'P' || fail "$1 is no such picture: ${2:-}"
import sys, xml.etree.ElementTree as tree
text = open(sys.argv[1], encoding="utf-8").read()
root = tree.fromstring(text)
name = "{http://www.w3.org/2000/svg}"
width, height = (float(x) for x in root.get("viewBox").split()[2:])
words = " ".join("".join(t.itertext()) for t in root.iter(name + "text"))
assert root.tag == name + "svg" and root.get("role") == "img" and root.find(name + "title").text.strip()
assert not any(e.tag == name + "script" for e in root.iter()) and "NaN" not in words and width > 100 and height > 100
sys.exit(0 if eval(sys.argv[2]) else 1)
P
}
is_png() {
    python3 - "$1" <<'P' || fail "$1 is no PNG"
import struct, sys
data = open(sys.argv[1], "rb").read()
width, height = struct.unpack(">II", data[16:24])
sys.exit(0 if data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND" and 100 < width < 5000 and 100 < height < 5000 else 1)
P
}

# ---- logs
done_with 0 train toy --quiet --epochs 3 --batch-size 10 --valid 50 --log run.jsonl --log-every 1 -o m.safetensors
done_with 0 train toy --quiet --epochs 3 --solver lbfgs --l2 0.1 --log lbfgs.jsonl
done_with 0 plot run.jsonl -o curves.svg
if [ -s out ] || [ -s err ]; then fail "plot says something"; fi
is_svg curves.svg 'all(w in words for w in ("accuracy", "loss", "minibatches", "epochs", "training", "validation")) and "objective" not in words'
done_with 0 plot lbfgs.jsonl -o lbfgs.svg
is_svg lbfgs.svg 'all(w in words for w in ("iterations", "objective", "gradient norm")) and "validation" not in words'
done_with 0 plot run.jsonl lbfgs.jsonl ./run.jsonl -o several.SVG
is_svg several.SVG 'words.count("run.jsonl") == 2 and "lbfgs.jsonl" in words and "passes" in words'
done_with 0 plot run.jsonl -o curves.png
is_png curves.png

# thousands of minibatches make no picture of megabytes, and it says that they share columns
python3 - <<'P'
import json
with open("run.jsonl") as file:
    lines = [json.loads(file.readline())]
for epoch in range(1, 101):
    for step in range(200):
        lines.append({"event": "step", "epoch": epoch, "step": 200 * (epoch - 1) + step,
                      "train": {"loss": 1 / epoch + step % 7, "errors": 1, "rows": 10, "accuracy": step % 11 / 10}, "seconds": 1})
    lines.append({"event": "epoch", "epoch": epoch, "step": 200 * epoch, "train": {"loss": 1 / epoch, "accuracy": 0.5}, "valid": None})
with open("long.jsonl", "w") as file:
    file.writelines(json.dumps(line) + "\n" for line in lines)
P
done_with 0 plot long.jsonl -o long.svg
is_svg long.svg '"20,000 minibatches, some 200 to a column" in words and len(text) < 300000'

# a run that is going on: what is not whole yet is left out, and said so
head -c -20 run.jsonl >cut.jsonl
done_with 0 plot cut.jsonl -o cut.svg
grep -q 'last line of cut.jsonl is not whole' err || fail "nothing is said of the last line"
is_svg cut.svg
done_with 0 plot cut.jsonl -o cut.svg --quiet
[ ! -s err ] || fail "--quiet says something"
head -n 1 run.jsonl >young.jsonl
refused 1 'young.jsonl has no figures to draw yet' plot young.jsonl -o x.svg
sed '3s/.*/{"event":"step"/' run.jsonl >damaged.jsonl
refused 1 'damaged.jsonl, line 3: it is no JSON object' plot run.jsonl damaged.jsonl -o x.svg
: >empty.jsonl
refused 1 'empty.jsonl is empty' plot empty.jsonl -o x.svg
refused 1 'line 1' plot run.jsonl m.safetensors -o x.svg
refused 1 nowhere plot nowhere -o x.svg
refused 1 toy plot toy -o x.svg

# names are text, whatever they are
name=$'a<b>&"\'`system("touch owned")`\\n%d\033[2J $(touch owned) {^2_3}.jsonl'
cp run.jsonl "$name"
done_with 0 plot "$name" run.jsonl -o names.svg
is_svg names.svg '"a<b>&" in words and "{^2_3}" in words and "\033" not in text'
[ ! -e owned ] || fail "a name was executed"
long=$(printf 'x%.0s' $(seq 240)).jsonl
cp run.jsonl "$long"
done_with 0 plot "$long" run.jsonl -o names.svg
is_svg names.svg '"…xxx" in words and "x" * 100 not in words'

# ---- models
done_with 0 plot m.safetensors -o weights.svg
is_svg weights.svg 'all(f"class {i}" in words for i in range(3)) and "weight" in words and text.count("<image") >= 3'
grep -aq '"height":"3"' m.safetensors || fail "the model does not say how high its images are"
grep -aq '"width":"4"' m.safetensors || fail "the model does not say how wide its images are"
done_with 0 plot m.safetensors -o weights.png
is_png weights.png
done_with 0 train toy --quiet --classes 2,0 --epochs 2 -o two.safetensors
done_with 0 plot two.safetensors -o two.svg
is_svg two.svg '"class 2" in words and "class 0" in words and "class 1" not in words'
done_with 0 train toy --quiet --model linear --target value --solver direct --alpha 1 -o value.safetensors --log direct.jsonl
refused 1 'direct.jsonl is of solver direct without validation.*draw the model' plot direct.jsonl -o x.svg
done_with 0 plot value.safetensors -o value.svg
is_svg value.svg '"value of the label" in words'

# weights PATH K D [VALUE]: a model as another program may write it
weights() {
    python3 - "$@" <<'P'
import json, struct, sys
path, k, d = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
values = [float(sys.argv[4]) if len(sys.argv) > 4 else i - 1.5 for i in range(k * d)]
header = json.dumps({"weight": {"dtype": "F32", "shape": [k, d], "data_offsets": [0, 4 * k * d]}}).encode()
header += b" " * (-len(header) % 8)
open(path, "wb").write(struct.pack("<Q", len(header)) + header + struct.pack(f"<{k * d}f", *values))
P
}
for shape in '1 1' '1 12' '3 1' '2 97' '101 6'; do
    # shellcheck disable=SC2086
    weights shape.safetensors $shape
    done_with 0 plot shape.safetensors -o shape.svg
    is_svg shape.svg
done
is_svg shape.svg '"The first 100 of 101 outputs." in words and "class 99" in words and "class 100" not in words'
weights zero.safetensors 2 4 0
done_with 0 plot zero.safetensors -o zero.svg
is_svg zero.svg
weights nan.safetensors 2 4 nan
refused 1 'not a finite number' plot nan.safetensors -o x.svg
head -c 50 m.safetensors >short.safetensors
refused 1 short.safetensors plot short.safetensors -o x.svg

# ---- confusion
done_with 0 plot m.safetensors toy -o confusion.svg --quiet
is_svg confusion.svg '"predicted class" in words and "true class" in words and "91 rows right" in words'
done_with 0 evaluate m.safetensors toy --json --quiet
python3 - <<'P' || fail "the counts are not those of evaluate"
import json, sys, xml.etree.ElementTree as tree
counts = [f"{n:,}" for row in json.load(open("out"))["confusion"] for n in row if n]
texts = ["".join(t.itertext()).strip() for t in tree.parse("confusion.svg").iter("{http://www.w3.org/2000/svg}text")]
sys.exit(0 if all(texts.count(n) >= counts.count(n) for n in counts) else 1)
P
done_with 0 plot m.safetensors toy --part train --engine clblast -o confusion.png --quiet
is_png confusion.png
done_with 0 plot m.safetensors toy/t10k-images-idx3-ubyte --labels toy/t10k-labels-idx1-ubyte -o file.svg --quiet
is_svg file.svg
weights other.safetensors 2 5
refused 2 features plot other.safetensors toy -o x.svg
refused 2 'option --part' plot m.safetensors toy --part valid -o x.svg

# ---- what does not go together, and outputs
refused 2 'operand is missing' plot -o x.svg
refused 2 'option --output is needed' plot run.jsonl
refused 2 'x.pdf: pictures are .svg or .png' plot run.jsonl -o x.pdf
refused 2 'pictures are .svg or .png' plot run.jsonl -o svg
refused 2 'is a model' plot m.safetensors toy toy -o x.svg
refused 2 'option --part is for the confusion matrix' plot run.jsonl --part train -o x.svg
refused 2 'option --device is for the confusion matrix' plot m.safetensors --device cpu -o x.svg
refused 2 'option --engine is for the confusion matrix' plot run.jsonl --engine fused -o x.svg
refused 2 'cannot be told apart' plot run.jsonl run.jsonl run.jsonl run.jsonl run.jsonl run.jsonl run.jsonl run.jsonl -o x.svg
refused 2 'no place for' plot run.jsonl 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 -o x.svg
refused 1 nowhere/x.svg plot run.jsonl -o nowhere/x.svg
mkdir folder.svg && refused 1 folder.svg plot run.jsonl -o folder.svg
mkfifo pipe.png && refused 1 pipe.png plot run.jsonl -o pipe.png
cp run.jsonl same.svg && ln same.svg hard.svg
refused 2 'read by this very command' plot same.svg -o same.svg
refused 2 'read by this very command' plot same.svg -o ./hard.svg
cmp -s run.jsonl same.svg || fail "a log was written over"
cp m.safetensors model.png
refused 2 'read by this very command' plot model.png toy -o model.png
[ ! -e x.svg ] || fail "a refusal left a file"
cp curves.svg kept.svg
refused 1 damaged plot damaged.jsonl -o kept.svg
cmp -s curves.svg kept.svg || fail "a failure took what was there"

# ---- without gnuplot the package is named
mkdir bin
for file in run.jsonl m.safetensors; do
    code=0
    PATH=$PWD/bin "$CLINEAR" plot "$file" -o x.svg >out 2>err || code=$?
    if [ "$code" != 1 ] || ! grep -q gnuplot-nox err || [ "$(wc -l <err)" != 1 ] || [ -e x.svg ]; then
        fail "without gnuplot: $code"
    fi
done

# ---- half a picture is none, also for a parent that hears of no child's end
printf '#!/bin/sh\n/bin/cat >/dev/null\necho "<svg><title>half</title>"\nexit 3\n' >bin/gnuplot
chmod +x bin/gnuplot
code=0
env --ignore-signal=CHLD PATH="$PWD/bin" "$CLINEAR" plot run.jsonl -o x.svg >out 2>err || code=$?
if [ "$code" != 1 ] || ! grep -q 'it exited with status 3' err || [ -e x.svg ]; then
    fail "half a picture was taken for one: $code"
fi

# ---- recipes of a single training keep their log and model
refused 2 'option --log needs the NAME' recipe --log x
refused 2 'option --output needs the NAME' recipe -o x
refused 2 'single training, and grid has several' recipe grid --log x
refused 2 'single training, and losses has several' recipe losses -o x
