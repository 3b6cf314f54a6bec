#!/usr/bin/env bash
# Ctrl-C stops a training cleanly: status 130, and a model that loads.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
set -m # a background job of a script ignores SIGINT otherwise

"$CLINEAR" train toy --epochs 1000000000 --batch-size 50 --json -o model >out 2>err &
job=$!
for _ in $(seq 600); do
    ! grep -q '^epoch 2/' err 2>/dev/null || break
    kill -0 "$job" 2>/dev/null || break
    sleep 0.1
done
grep -q '^epoch 2/' err || fail "no second epoch within a minute"
kill -INT "$job"
code=0
wait "$job" || code=$?
[ "$code" = 130 ] || fail "status $code after Ctrl-C"
holds 'j["stopped"] == "interrupted" and j["epochs"] >= 2 and j["test"]["rows"] == 91'
grep -q 'interrupted' err || fail "the interruption is not mentioned"
cp out train.json
done_with 0 evaluate model toy --json
holds 'j["test"]["errors"] == json.load(open("train.json"))["test"]["errors"]'
