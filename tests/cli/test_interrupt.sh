#!/usr/bin/env bash
# Ctrl-C: status 130 at any moment; once training has begun, a model that loads.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
set -m # a background job of a script ignores SIGINT otherwise

begin() { # begins an endless training and waits until it is under way
    rm -f err # lest its words of before are taken for those of this one
    "$CLINEAR" train toy --epochs 1000000000 --batch-size 50 --json -o model >out 2>err &
    job=$!
    for _ in $(seq 600); do
        ! grep -q '^epoch 2/' err 2>/dev/null || break
        kill -0 "$job" 2>/dev/null || break
        sleep 0.1
    done
    grep -q '^epoch 2/' err || fail "no second epoch within a minute"
}

ended() { # its status is in $code
    code=0
    wait "$job" || code=$?
    [ "$code" = 130 ] || fail "status $code after Ctrl-C"
}

begin
kill -INT "$job"
ended
holds 'j["stopped"] == "interrupted" and j["epochs"] >= 2 and j["test"]["rows"] == 91'
grep -q 'interrupted in epoch' err || fail "the interruption is not mentioned"
cp out train.json
done_with 0 evaluate model toy --json
holds 'j["test"]["errors"] == json.load(open("train.json"))["test"]["errors"]'

# Before there is anything to keep it ends at once, while a driver compiles as well: an empty cache makes that take long.
# A fast device may be done before the signal comes.
mv model kept
export POCL_CACHE_DIR=$PWD/cache
for delay in 0.2 0.4 0.8; do
    for command in 'train toy --epochs 1000000000 -o model' 'evaluate kept toy' 'predict kept toy -o model'; do
        rm -rf cache model
        mkdir cache
        # shellcheck disable=SC2086
        "$CLINEAR" $command --engine clblast >out 2>err &
        job=$!
        sleep "$delay"
        kill -INT "$job" 2>/dev/null || true
        code=0
        wait "$job" || code=$?
        [ "$code" = 130 ] || { [ "$code" = 0 ] && [ "${command%% *}" != train ]; } || fail "status $code after $delay s: $command"
        [ "$code" = 0 ] || [ "$(grep -c interrupted err)" = 1 ] || fail "the interruption is not mentioned: $command"
        [ -z "$(find . -name 'model.*')" ] || fail "something half done was left: $command"
    done
done

# The second one does not wait for the scores.
unset POCL_CACHE_DIR
begin
kill -INT "$job"
kill -INT "$job"
ended

# What it was started with: the signal of --timeout comes where a parent has held it back.
code=0
timeout -s KILL 60 env --block-signal=ALRM "$CLINEAR" train toy --epochs 1000000000 --timeout 1 --quiet >out 2>err || code=$?
[ "$code" = 1 ] || fail "status $code after --timeout with signals held back"
grep -q 'stopped by --timeout\|ended by --timeout' err || fail "--timeout is not said"
