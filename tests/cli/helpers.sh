#!/usr/bin/env bash
# What the command's tests share. CLINEAR is the program, CLINEAR_SOURCE the project's root; $work is an empty folder that
# goes away again.
set -eu
: "${CLINEAR:?the path of the program}" "${CLINEAR_SOURCE:?the root of the project}"

# Signals that were ignored when a shell began (as those of nohup, and of & in a script) it cannot give its programs back.
ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$$/status")
if ((0x${ignored:-0} & 0x4003)); then # SIGHUP, SIGINT, SIGTERM
    exec env --default-signal=HUP,INT,TERM bash "$0" "$@"
fi

work=$(mktemp -d)
# What still runs in the background ends with its script, also where that is ended itself.
clean_up() {
    # shellcheck disable=SC2046
    kill -KILL $(jobs -p) 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 143' TERM
cd "$work"

fail() {
    printf 'FAILED: %s\n' "$*"
    for file in "$work/out" "$work/err"; do
        [ ! -f "$file" ] || { printf -- '---- %s\n' "${file##*/}"; head -c 2000 "$file"; }
    done
    exit 1
}

# A skip, except in CI, where a missing device or data set is a failure.
skip() {
    [ -z "${CI:-}" ] || fail "in CI it must be there: $1"
    printf 'skipped: %s\n' "$1"
    exit 77
}

command -v python3 >/dev/null || skip "python3 is not there"

# run ARGUMENTS…: runs the program with its output in ./out and ./err; its exit status is in $code.
code=0
run() {
    code=0
    "$CLINEAR" "$@" >"$work/out" 2>"$work/err" || code=$?
}

done_with() { # done_with CODE ARGUMENTS…
    local expected=$1
    shift
    run "$@"
    [ "$code" = "$expected" ] || fail "exit status $code instead of $expected: clinear $*"
}

# refused CODE PATTERN ARGUMENTS…: that exit status, one sentence on stderr that matches the pattern, nothing on stdout.
refused() {
    local expected=$1 pattern=$2
    shift 2
    done_with "$expected" "$@"
    [ ! -s out ] || fail "something on stdout: clinear $*"
    [ "$(grep -vc '^compiled the kernels' err)" = 1 ] || fail "not one line on stderr: clinear $*" # that is told where it took long
    grep -q '^clinear\( [a-z]*\)\?: ' err || fail "stderr does not begin with the command: clinear $*"
    grep -qi -e "$pattern" err || fail "stderr does not say '$pattern': clinear $*"
}

# holds EXPRESSION [FILE]: the Python expression is true of the JSON value j in FILE (./out).
holds() {
    python3 - "$1" "${2:-$work/out}" <<'P' || fail "not true: $1"
import json, math, sys
def constant(word):
    raise ValueError(word + " is no JSON")
with open(sys.argv[2]) as file:
    j = json.load(file, parse_constant=constant)
sys.exit(0 if eval(sys.argv[1]) else 1)
P
}

# big_endian NUMBER: four bytes, as printf's octal escapes.
big_endian() {
    printf '\\%03o\\%03o\\%03o\\%03o' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255))
}

# toy_part PREFIX ROWS SEED: images of 3×4 bytes in three classes; class c is bright in row c of the image.
toy_part() {
    local images labels random=$3 row pixel class value
    images='\000\000\010\003'$(big_endian "$2")$(big_endian 3)$(big_endian 4)
    labels='\000\000\010\001'$(big_endian "$2")
    for ((row = 0; row < $2; row++)); do
        random=$(((random * 1103515245 + 12345) & 0x7fffffff))
        class=$(((random >> 16) % 3))
        labels+=$(printf '\\%03o' "$class")
        for ((pixel = 0; pixel < 12; pixel++)); do
            random=$(((random * 1103515245 + 12345) & 0x7fffffff))
            value=$(((random >> 16) % 150))
            ((pixel / 4 != class)) || ((value += 100))
            images+=\\$((value >> 6))$((value >> 3 & 7))$((value & 7))
        done
    done
    # shellcheck disable=SC2059
    printf "$images" >"$1-images-idx3-ubyte"
    # shellcheck disable=SC2059
    printf "$labels" >"$1-labels-idx1-ubyte"
}

make_toy() { # a folder with both parts
    mkdir -p "$1"
    toy_part "$1/train" 301 1
    toy_part "$1/t10k" 91 2
}

# The folder of MNIST's files: beside the checkout, then under $CLINEAR_DATA; skips where neither is.
need_mnist() {
    mnist=$CLINEAR_SOURCE/../shared/data/mnist
    [ -d "$mnist" ] || mnist=${CLINEAR_DATA:-/nowhere}/mnist
    [ -d "$mnist" ] || skip "MNIST's files are not there; set CLINEAR_DATA to the folder that holds mnist/"
}

need_device() {
    "$CLINEAR" devices --quiet >/dev/null 2>&1 || skip "there is no usable OpenCL device"
}
