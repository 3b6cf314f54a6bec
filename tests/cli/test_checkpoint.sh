#!/usr/bin/env bash
# Checkpoints: a run that is killed at any moment and resumed leaves the model and the log of one that never was; what does not fit is
# refused by name. CLINEAR_TEST_KILLS says how many kills, 6 by default.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
make_toy other
kills=${CLINEAR_TEST_KILLS:-6}
RANDOM=20261126
set -m # a background job of a script ignores SIGINT otherwise

without_seconds() { # the log as far as two runs must agree
    python3 - "$1" <<'P'
import json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    for name in ("seconds", "rows_per_second"):
        row.pop(name, None)
    print(json.dumps(row))
P
}

same_run() { # same_run WHAT: model and log are those of the reference
    cmp model reference.model || fail "another model: $1"
    [ -z "${2-}" ] || return 0
    without_seconds log >found
    without_seconds reference.log >expected
    cmp found expected || fail "another log: $1"
}

# ---- killed

# From nothing to a model, one life after the other, each of which ends after a random part of the time that a whole run takes.
killed=0
live() { # live KIND EVERY ARGUMENTS…
    local kind=$1 again=() began lives=0
    local every=(--checkpoint-every "$2")
    shift 2
    rm -f checkpoint log model model.* checkpoint.*
    began=$(date +%s%N)
    done_with 0 train toy "$@" --log reference.log -o reference.model
    local millis=$((($(date +%s%N) - began) / 1000000))
    while :; do
        [ ! -e checkpoint ] || again=(--resume checkpoint)
        "$CLINEAR" train toy "$@" --log log -o model --checkpoint checkpoint "${every[@]}" "${again[@]}" >out 2>err &
        local job=$! code=0
        if [ "$lives" -lt "$kills" ]; then
            local delay=$((millis * RANDOM / 21845)) # up to one and a half times as long
            sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
            kill -KILL "$job" 2>/dev/null || true
        fi
        wait "$job" 2>/dev/null || code=$?
        lives=$((lives + 1))
        [ "$code" = 137 ] || break
        killed=$((killed + 1))
    done
    [ "$code" = 0 ] || fail "$kind: status $code in life $lives"
    same_run "$kind, after $lives lives"
}

live sgd 5 --epochs 40 --batch-size 7 --valid 50 --patience 1000 --momentum 0.9 --log-every 3
live lbfgs 2 --solver lbfgs --l1 0.001 --tolerance 0 --epochs 60
live clblast 11 --engine clblast --epochs 15 --batch-size 9 --standardize --schedule cosine
echo "kills survived: $killed"

# ---- stopped

common=(--epochs 1000000 --batch-size 7 --patience-iterations 30000 --valid 50 --improvement 0.000001)
done_with 0 train toy "${common[@]}" --log reference.log -o reference.model
for signal in INT TERM; do
    rm -f checkpoint log model err # lest its words of before are taken for those of this one
    "$CLINEAR" train toy "${common[@]}" --epochs 1000000 --log log -o model --checkpoint checkpoint >out 2>err &
    job=$!
    for _ in $(seq 600); do
        ! grep -q '^epoch 2/' err 2>/dev/null || break
        kill -0 "$job" 2>/dev/null || break
        sleep 0.05
    done
    kill -"$signal" "$job" 2>/dev/null || true
    code=0
    wait "$job" || code=$?
    [ "$code" = 130 ] || fail "status $code after SIG$signal"
    grep -q -e '--resume checkpoint goes on from here' err || fail "nothing about how to go on"
    done_with 0 train toy "${common[@]}" --log log -o model --resume checkpoint --json
    holds 'j["resumed_from_epoch"] >= 2 and j["resumed_from_step"] > 36 and j["checkpoint"] == "checkpoint"'
    same_run "SIG$signal"
done
# What has ended can be resumed, too: it is over at once.
rm model
done_with 0 train toy "${common[@]}" -o model --resume checkpoint
same_run "resumed after its end" "the log is not kept"

# ---- where it cannot be written

# The folder goes away and comes back. Said once each, and the training goes on.
says() { # says WORDS: the run that is under way says so within a minute
    for _ in $(seq 600); do
        ! grep -q -e "$1" err 2>/dev/null || return 0
        kill -0 "$job" 2>/dev/null || break
        sleep 0.1
    done
    fail "it does not say '$1'"
}

mkdir folder
rm -f err
"$CLINEAR" train toy --epochs 1000000000 --batch-size 50 --checkpoint folder/checkpoint --json >out 2>err &
job=$!
says '^epoch 2/'
mv folder gone
says 'no checkpoint: cannot write .*folder/checkpoint'
cp gone/checkpoint kept
mv gone folder
says 'checkpoints are written again'
kill -INT "$job"
code=0
wait "$job" || code=$?
[ "$code" = 130 ] || fail "status $code after Ctrl-C"
[ "$(grep -c 'no checkpoint' err)" = 1 ] || fail "said more than once"
# A write that was under way when the folder went away could not be taken back there.
[ "$(find folder | wc -l)" -le 3 ] || fail "something half written was left each time"
! cmp -s folder/checkpoint kept || fail "no checkpoint after the folder came back"

# A disk that is full, where one can be made: the checkpoint that is there stays.
train=(train toy --epochs 4 --batch-size 50)
trap 'umount "$work/disk" 2>/dev/null || true; clean_up' EXIT
if mkdir disk && mount -t tmpfs -o size=32k none disk 2>/dev/null; then
    done_with 0 "${train[@]}" --checkpoint disk/checkpoint
    cp disk/checkpoint kept
    head -c 100000 /dev/zero >disk/full 2>/dev/null || true
    done_with 0 "${train[@]}" --epochs 9 --resume disk/checkpoint --json
    holds 'j["epochs"] == 9'
    grep -q 'no checkpoint: .*No space left' err || echo 'no checkpoint' >full
    cmp disk/checkpoint kept && [ "$(find disk | wc -l)" = 3 ] || echo changed >full
    umount disk
    [ ! -e full ] || fail "a full disk: $(cat full)"
    echo "full disks survived: 1"
fi
done_with 0 "${train[@]}" --checkpoint checkpoint --log log
cp checkpoint kept

# ---- refused, and nothing is changed

cp log log.before
train+=(--quiet) # lest there is a line about compiling, where that takes long
refused 2 'its option batch-size is "50", and here it is "51"' train toy --epochs 4 --batch-size 51 --resume checkpoint
refused 2 'done 4 epochs, and option epochs is 3' train toy --epochs 3 --batch-size 50 --resume checkpoint
printf '\377' | dd of=other/train-images-idx3-ubyte bs=1 seek=99 conv=notrunc 2>/dev/null
refused 2 'its training data is another: features' train other --epochs 4 --batch-size 50 --resume checkpoint --quiet
refused 2 'its test data is another: rows' train toy/train-images-idx3-ubyte --labels toy/train-labels-idx1-ubyte \
    --epochs 4 --batch-size 50 --resume checkpoint --quiet
refused 1 'cannot read nothing' "${train[@]}" --resume nothing
refused 1 'another kind of file' "${train[@]}" --resume reference.model
refused 2 'name the same file' "${train[@]}" --resume checkpoint -o checkpoint
refused 2 'name the same file' "${train[@]}" --checkpoint log --log log
refused 2 'is read by this very command' "${train[@]}" --resume checkpoint --checkpoint new --log checkpoint
refused 2 'is read by this very command' "${train[@]}" --checkpoint toy/train-images-idx3-ubyte
refused 2 'needs --checkpoint' "${train[@]}" --checkpoint-every 3
refused 2 'whole number from 1' "${train[@]}" --checkpoint new --checkpoint-every 0
refused 2 'solver direct keeps no checkpoints' train toy --model linear --solver direct --checkpoint new
refused 1 'cannot write no/such/folder' "${train[@]}" --checkpoint no/such/folder
echo more >>other.log
refused 2 'not the one of the checkpoint' "${train[@]}" --resume checkpoint --log other.log
[ "$(cat other.log)" = more ] || fail "a log that is another was cut"
sed -i 's/epoch/Epoch/' log
refused 2 'not the one of the checkpoint' "${train[@]}" --resume checkpoint --log log
size=$(stat -c %s checkpoint)
damaged=0
for at in 0 7 8 9 100 $((size / 2)) $((size - 9)) $((size - 8)) $((size - 1)); do
    cp kept damaged
    byte=$(od -An -tu1 -j"$at" -N1 kept)
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((byte ^ 4)))" | dd of=damaged bs=1 seek="$at" conv=notrunc 2>/dev/null
    refused 1 'cannot resume from damaged' "${train[@]}" --resume damaged
    head -c "$at" kept >damaged
    refused 1 'cannot resume from damaged' "${train[@]}" --resume damaged
    damaged=$((damaged + 2))
done
cmp checkpoint kept || fail "a refusal changed the checkpoint"
[ ! -e new ] || fail "a refusal left a checkpoint"
echo "damaged checkpoints refused: $damaged"

# The digest of a model's weights is what sha256sum says of them.
bytes=$((4 * (12 * 3 + 3)))
digest=$(tail -c "$bytes" reference.model | sha256sum | cut -d' ' -f1)
grep -q "\"weights_sha256\":\"$digest\"" reference.model || fail "sha256sum says $digest"
