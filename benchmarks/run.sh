#!/usr/bin/env bash
# Seconds an epoch of clinear beside PyTorch on the CPU: benchmarks/run.sh DATA [DEVICE]. Both train the same steps (file
# order, rate 0.1, 5 epochs), turn and turn about, so that a machine that slows down slows both. Every run is a line of
# benchmarks/results/epoch.jsonl with commit, device and driver; benchmarks/table.py makes the table. Needs build/clinear and
# Debian's python3-torch and libopenblas0-pthread.
set -euo pipefail
data=${1:?usage: benchmarks/run.sh DATA [DEVICE]}
device=${2-auto}
here=$(dirname "$0")
clinear=$here/../build/clinear
results=$here/results/epoch.jsonl
rounds=5 epochs=5 rate=0.1

mkdir -p "${results%/*}"
run=$(date -u +%Y-%m-%dT%H:%M:%SZ)
commit=$(git -C "$here" describe --always --dirty)
keep() { # adds what run this was to each line of JSON and appends it; $1: more members
    /usr/bin/python3 -c '
import json, sys
more = json.loads(sys.argv[1])
text = sys.stdin.read()
values, decoder, at = [], json.JSONDecoder(), 0
while text[at:].strip():
    at += len(text[at:]) - len(text[at:].lstrip())
    value, at = decoder.raw_decode(text, at)
    print(json.dumps({**more, **value}))' "$1" >>"$results"
}

for ((round = 1; round <= rounds; round++)); do
    for batch in 600 200; do
        what="{\"run\": \"$run\", \"commit\": \"$commit\", \"batch\": $batch, \"round\": $round"
        echo "round $round of $rounds, batch $batch" >&2
        for engine in fused clblast; do
            "$clinear" train "$data" --device "$device" --engine $engine --batch-size $batch --epochs $epochs \
                --learning-rate $rate --no-shuffle --quiet --json | keep "$what, \"peer\": \"clinear\"}"
        done
        /usr/bin/python3 "$here/pytorch_epoch.py" "$data" --batch-size $batch --epochs $epochs --learning-rate $rate |
            keep "$what}"
    done
done
/usr/bin/python3 "$here/table.py" "$results" "$run"
