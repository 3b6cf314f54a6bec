#!/usr/bin/env bash
# The benchmarks' tables, targets and comparison, on small made-up result files; the runner's words.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
cd "$CLINEAR_SOURCE/benchmarks"
command -v python3 >/dev/null || skip "python3 is missing"
export PYTHONDONTWRITEBYTECODE=1

for script in run setup devices; do
    code=0
    "./$script.sh" --help >"$scratch/out" 2>&1 || code=$?
    [ $code -eq 2 ] || fail "$script.sh --help: exit status $code"
    grep -q "^usage: benchmarks/$script.sh" "$scratch/out" || fail "$script.sh --help gives no usage"
done

# made NAME CODE: a result file of three rounds, made by `rows`, which CODE may change.
made() {
    python3 - "$scratch/$1.jsonl" "$2" <<'PYTHON'
import json
import sys

epoch = {"work": "epoch", "loss": 0.4, "errors": 900}
rows = [
    {"work": "limit", "case": "multiply_add_rate", "peer": "device", "unit": "FLOP/s", "samples": [100e9]},
    {"work": "limit", "case": "read_bandwidth", "peer": "device", "unit": "B/s", "samples": [10e9]}]
for case in "batch 600", "batch 200", "full batch":
    rows += [
        {**epoch, "case": case, "peer": "clinear auto", "samples": [0.09, 0.02, 0.02], "flop": 1e9, "bytes": 1e6,
         "type": "cpu"},
        {**epoch, "case": case, "peer": "PyTorch, by hand", "samples": [0.1, 0.11, 0.12]},
        {**epoch, "case": case, "peer": "PyTorch, ordinary loop", "samples": [0.3, 0.3, 0.3], "loss": 0.40001},
        {**epoch, "case": case, "peer": "PyTorch CUDA, graph", "reason": "no CUDA device", "samples": []}]
for peer, seconds in ("OpenBLAS, threads: 1", 0.5), ("OpenBLAS, threads: 2", 0.3), ("CLBlast, our parameters", 0.6):
    rows.append({"work": "product", "case": "XᵀX of 60,000 rows, d=784", "peer": peer, "samples": [seconds], "flop": 6e10})
rows.append({"work": "process", "case": "10 epochs", "peer": "clinear", "samples": [1.0], "peak_bytes": 150e6,
             "raw_bytes": 55e6, "loss": 0.3, "errors": 800})
for penalty, objective in ("1e-4", 0.26), ("0", 0.24):
    optimum = {"work": "optimum", "case": f"softmax, L2 penalty {penalty}", "loss": 0.24, "errors": 740, "objective": objective}
    rows += [
        {**optimum, "peer": "scikit-learn, float32", "samples": [16], "epochs": 100},
        {**optimum, "case": f"{optimum['case']}, where the accelerated one gets", "peer": "scikit-learn-intelex", "samples": [4], "epochs": 100},
        {**optimum, "peer": "clinear", "samples": [2], "epochs": 80, "loss": 0.2401}]
for case, seconds, winner in ("ridge, one penalty", 1, None), ("ridge, the best of 20 penalties", 1.5, "alpha 336"):
    for peer, factor in ("clinear", 1), ("NumPy", 2):
        rows.append({"work": "path", "case": case, "peer": peer, "samples": [factor * seconds], "train_seconds": 0.5,
                     "peak_bytes": 1e8, "loss": 0.19, "errors": 1345, "winner": winner})
for peer, seconds, alone in ("clinear search", 2, 1.9), ("clinear train, 16 processes", 5, 2.2):
    rows.append({"work": "grid", "case": "SGD, the best of 16 configurations", "peer": peer, "samples": [seconds],
                 "train_seconds": alone, "peak_bytes": 1e8, "loss": 0.29, "errors": 790,
                 "winner": "learning-rate 0.2, l2 0"})


def row(case, peer):
    return next(row for row in rows if (row["case"], row["peer"]) == (case, peer))


exec(sys.argv[2])
with open(sys.argv[1], "w", encoding="utf-8") as file:
    for number in 1, 2, 3:
        for line in rows:
            line = {"run": "today", "commit": "abc", "cpu": "a CPU", "cores": 2, "round": number, "load": 0.5,
                    "unit": "s", **line}
            if "reason" in line:
                del line["samples"]
            else:
                samples = line["samples"](number) if callable(line["samples"]) else line["samples"]
                line["samples"] = [sample * (1 + number / 100) for sample in samples]
            print(json.dumps(line), file=file)
PYTHON
}

# has TEXT: the words stand in one line of the last output, whatever the blanks between them. (grep -q would end before tr does.)
has() {
    tr -s ' ' <"$scratch/out" | grep -F -- "$1" >/dev/null || fail "no line with '$1':"$'\n'"$(cat "$scratch/out")"
}

expect() { # CODE PROGRAM FILE…: its exit status
    local code=0
    python3 "$2" "${@:3}" >"$scratch/out" 2>&1 || code=$?
    [ $code -eq "$1" ] || fail "$2 ${*:3}: exit status $code, not $1:"$'\n'"$(cat "$scratch/out")"
}

made good ''
expect 0 table.py "$scratch/good.jsonl"
has " clinear auto 20.6 20.2 92.7 – 5.45 14.85 48% 0.400000 900"
has " PyTorch, by hand 112.2 101.0 123.6 – 1.00 2.73"
has " PyTorch CUDA, graph no CUDA device"
has " CLBlast, our parameters 612.0 606.0 618.0 98.0 50% 96%"
has "against PyTorch's ordinary loop 8.0× 15.0× 14.9× met"
has "epoch at batch 600, against PyTorch by hand 5.0× 10.0× 5.4× met"
has "epoch at full batch, against the faster PyTorch 3.0× 8.0× 5.4× met"
has "fraction of the limit, batch 600 and full batch 50% 75% 48% missed"
has "XᵀX through CLBlast, fraction of OpenBLAS's rate 35% 60% 50% met"
has "peak host memory of that ≤ 260 MB ≤ 166 MB 150 MB aim reached"
has "against PyTorch's CUDA graph 1.0× 3.0× – no CUDA device"
has "first run, empty caches, 1 epoch ≤ 3.00 s ≤ 1.50 s – no such row: first run"
has " clinear 2,040.0 2,020.0 2,060.0 8.00 80 0.2600000 0.240100 740"
has "to scikit-learn's objective after 100 iterations 5.0× 10.0× 8.0× met"
has " NumPy 3,060.0 3,030.0 3,090.0 500.0 100 0.190000 1,345 alpha 336"
has "20 ridge penalties, of the time of one ≤ 2.00 ≤ 1.30 1.50 met"
has "16 configurations searched, of as many processes ≤ 0.50 ≤ 0.25 0.40 met"
has "16 configurations searched, of their epochs alone ≤ 0.80 ≤ 0.50 0.86 missed"

# Other results than the peers' are never timed, nor do they meet a target.
made other 'row("batch 200", "clinear auto")["loss"] = 0.401'
expect 1 table.py "$scratch/other.jsonl"
has " clinear auto its result differs: loss 0.401, 900 errors"
has "epoch at batch 200, against the faster PyTorch 4.0× 8.0× – no such row"
made nan 'row("batch 600", "PyTorch, by hand")["loss"] = float("nan")'
expect 1 table.py "$scratch/nan.jsonl"
made errors 'row("full batch", "clinear auto")["errors"] = 906'
expect 1 table.py "$scratch/errors.jsonl"

made winner 'row("SGD, the best of 16 configurations", "clinear search")["winner"] = "learning-rate 0.5, l2 0"'
expect 1 table.py "$scratch/winner.jsonl"
has "its result differs: loss 0.29, 790 errors, winner learning-rate 0.5, l2 0"
made ridge 'row("ridge, one penalty", "clinear")["loss"] = 0.190001'
expect 1 table.py "$scratch/ridge.jsonl"

# A run of some works is judged by their targets alone.
made part 'rows[:] = [row for row in rows if row["work"] == "path"]'
expect 0 table.py "$scratch/part.jsonl"
has "20 ridge penalties, of the time of one ≤ 2.00 ≤ 1.30 1.50 met"
grep -q "epoch" "$scratch/out" && fail "the targets of what was not measured"

# The grid's separate runs: every combination once, the fewest validation errors win, of equals the lowest loss.
cat >"$scratch/clinear" <<'PYTHON'
#!/usr/bin/env python3
import json, sys
rate, l2 = (float(sys.argv[sys.argv.index(name) + 1]) for name in ("--rate", "--l2"))
errors = {(0.1, 0): 9, (0.1, 1): 7, (0.2, 0): 5, (0.2, 1): 5}[rate, l2]
print(json.dumps({"train": {"loss": 0.1}, "valid": {"errors": errors, "loss": 2 - l2}, "test": {"errors": 10 * errors + l2},
                  "seconds": {"train": 0.25}}))
PYTHON
chmod +x "$scratch/clinear"
python3 separate.py "$scratch/clinear" "rate=0.1,0.2;l2=0,1" data >"$scratch/out"
has '{"loss": 0.1, "errors": 5, "winner": "rate 0.2, l2 1", "train_seconds": 1.0}'

# Beyond the noise and 5 % only; a peer's change is no regression, our missing row is.
expect 0 compare.py "$scratch/good.jsonl" "$scratch/good.jsonl"
has " clinear auto 0.0206 s 0.0206 s 1.00"
made slower 'row("batch 600", "clinear auto")["samples"] = [0.03, 0.022, 0.022]'
expect 1 compare.py "$scratch/good.jsonl" "$scratch/slower.jsonl"
has "0.02266 s 0.91 slower"
expect 0 compare.py "$scratch/slower.jsonl" "$scratch/good.jsonl"
has "0.0206 s 1.10 faster"
made within 'row("batch 600", "clinear auto")["samples"] = [0.03, 0.0207, 0.0207]'
expect 0 compare.py "$scratch/good.jsonl" "$scratch/within.jsonl"
made noisy 'row("batch 600", "clinear auto")["samples"] = lambda number: [0.02 if number == 1 else 0.03]'
expect 0 compare.py "$scratch/good.jsonl" "$scratch/noisy.jsonl"
has "0.0306 s 0.67"
made peer 'row("batch 600", "PyTorch, by hand")["samples"] = [0.2]'
expect 0 compare.py "$scratch/good.jsonl" "$scratch/peer.jsonl"
has "0.204 s 0.55 slower"
made limit 'row("read_bandwidth", "device")["samples"] = [20e9]'
expect 0 compare.py "$scratch/good.jsonl" "$scratch/limit.jsonl"
has "2.04e+10 B/s 2.00 faster"
made gone 'rows.remove(row("10 epochs", "clinear"))'
expect 1 compare.py "$scratch/good.jsonl" "$scratch/gone.jsonl"
has " – gone"
made failed 'row("10 epochs", "clinear")["reason"] = "the device is on fire"'
expect 1 compare.py "$scratch/good.jsonl" "$scratch/failed.jsonl"
has " – the device is on fire"

echo '{"work": "epoch"}' >"$scratch/broken.jsonl"
: >"$scratch/empty.jsonl"
for file in broken empty missing; do
    expect 1 table.py "$scratch/$file.jsonl"
    has "$scratch/$file.jsonl"
    expect 1 compare.py "$scratch/good.jsonl" "$scratch/$file.jsonl"
    grep -q Traceback "$scratch/out" && fail "$file.jsonl: a traceback"
done
echo "Tables, targets and comparison say what they should."
