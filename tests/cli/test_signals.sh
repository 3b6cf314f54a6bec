#!/usr/bin/env bash
# Requests to end at any moment of every command that takes time: an exit status that says so, no half-written file, nothing in the folder
# for temporary files, no process that goes on, and caches that serve the next. CLINEAR_LONG=1 takes more moments, other ones each time.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
set -m # a background job of a script ignores SIGINT otherwise
export POCL_CACHE_DIR=$work/pocl XDG_CACHE_HOME=$work/cache TMPDIR=$work/tmp
mkdir "$POCL_CACHE_DIR" "$XDG_CACHE_HOME" "$TMPDIR" outputs
moments=1
RANDOM=1
if [ -n "${CLINEAR_LONG-}" ]; then
    moments=25
    seed=${CLINEAR_SEED:-$(date +%s)}
    RANDOM=$seed
    echo "moments by CLINEAR_SEED=$seed"
fi
declare -A counts=()
done_with 0 train toy -o kept --quiet

# A signal to the shell that is to become the program would be lost in it, and one before its first lines ends it as any other process.
until_begun() {
    local name='' caught=0 key value
    while kill -0 "$job" && ! { [ "$name" = "$CLINEAR" ] && ((caught & 0x4000)); }; do
        IFS= read -r -d '' name <"/proc/$job/cmdline" || true
        while read -r key value; do
            [ "$key" != SigCgt: ] || caught=$((0x$value))
        done <"/proc/$job/status" || true
    done 2>/dev/null
}

# sent SIGNAL SECONDS COMMAND…: runs it, sends the signal then (or it is done before); its exit status is in $code.
sent() {
    local signal=$1 seconds=$2
    shift 2
    code=0
    "$CLINEAR" "$@" >out 2>err &
    job=$!
    sleep "$seconds"
    until_begun
    kill -s "$signal" "$job" 2>/dev/null || true
    { wait "$job"; } 2>/dev/null || code=$?
    counts[$signal]=$((${counts[$signal]-0} + 1))
}

# No half-written file, temporary folder or process. PoCL's and LLVM's own files are not ours to count.
nothing_left() {
    local what=$1 left
    left=$(find outputs -name '*.??????' ! -name '*.jsonl'; find "$TMPDIR" -mindepth 1 -maxdepth 1 -name 'clinear-*')
    [ -z "$left" ] || fail "left behind by $what: $left"
    left=$(pgrep -P $$ -x clinear || true)
    [ -z "$left" ] || fail "a process goes on after $what: $left"
    if [ -e outputs/model ]; then
        "$CLINEAR" evaluate outputs/model toy --quiet >/dev/null 2>err || fail "the model that $what left does not load"
    fi
    if [ -e outputs/log.jsonl ]; then
        python3 -c 'import json; [json.loads(line) for line in open("outputs/log.jsonl")]' || fail "$what left a broken log"
    fi
    if [ -e outputs/classes.csv ]; then
        [ "$(wc -l <outputs/classes.csv)" = 92 ] || fail "$what left half of its predictions"
    fi
    rm -rf outputs/*
}

moment() { # in seconds, up to $1 tenths; early ones are more interesting
    local tenths=$((1 + RANDOM % $1))
    ((RANDOM % 2)) && tenths=$((1 + tenths / 4))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# Told also where the time for this is over before its end.
tell() {
    local signal
    for signal in "${!counts[@]}"; do
        echo "survived SIG$signal: ${counts[$signal]}"
    done
}
trap 'tell; clean_up' EXIT

commands=(
    "20 train toy --epochs 1000000000 --batch-size 50 -o outputs/model --log outputs/log.jsonl"
    "12 train toy --solver lbfgs --tolerance 1e-30 --epochs 1000000000 -o outputs/model --log outputs/log.jsonl --engine clblast"
    "12 search toy --valid 50 --epochs 1000 --grid l2=0,1e-4;batch-size=10,20,30,40,50 -o outputs/model"
    "12 predict kept toy -o outputs/classes.csv"
    "30 compare toy --budget 2 --report outputs/page.html"
    "30 selftest"
    "30 tune --budget 5"
)
for _ in $(seq "$moments"); do
    for entry in "${commands[@]}"; do
        read -r most command <<<"$entry"
        for signal in INT TERM HUP PIPE; do
            seconds=$(moment "$most")
            what="SIG$signal after $seconds s: clinear $command"
            # shellcheck disable=SC2086
            sent "$signal" "$seconds" $command
            case $signal:$code in
            *:0 | PIPE:141) ;;
            INT:130 | TERM:130 | HUP:130) [[ "$command" == *--quiet* ]] || grep -q 'interrupted\|stopping' out err || fail "nothing is said of $what" ;;
            *) fail "exit status $code after $what" ;;
            esac
            nothing_left "$what"
        done
    done
done

# Ended without a word, half-written files may stay, but under other names: what is there is whole.
for _ in $(seq $((3 * moments))); do
    seconds=$(moment 12)
    sent KILL "$seconds" train toy --epochs 100 -o outputs/model --log outputs/other
    find outputs -name 'model.??????' -delete
    nothing_left "SIGKILL after $seconds s"
done
done_with 0 train toy --quiet

# The second request does not wait, and leaves as little; so does one while a device is being compared.
for signals in 'INT INT' 'TERM TERM' 'INT TERM'; do
    for seconds in 0.5 1.5 3; do
        "$CLINEAR" compare toy --budget 20 >out 2>err &
        job=$!
        sleep "$seconds"
        for signal in $signals; do
            kill -s "$signal" "$job" 2>/dev/null || true
        done
        code=0
        wait "$job" || code=$?
        [ "$code" = 130 ] || fail "exit status $code after $signals"
        nothing_left "$signals after $seconds s: clinear compare"
    done
done

# What a process was started to ignore, as by nohup, it goes on ignoring.
rm -f err
(trap '' HUP && exec "$CLINEAR" train toy --epochs 1000000000 --batch-size 50 >out 2>err) &
job=$!
for _ in $(seq 600); do
    ! grep -q '^epoch 2/' err 2>/dev/null || break
    sleep 0.1
done
kill -HUP "$job"
sleep 0.5
kill -0 "$job" 2>/dev/null || fail "SIGHUP ended a process that ignores it"
kill -INT "$job"
code=0
wait "$job" || code=$?
[ "$code" = 130 ] || fail "exit status $code instead of 130"
