#!/usr/bin/env bash
# --timeout ends what a driver would keep for ever, in every command that works on a device in its own process, and says what it was at; a
# run that is only long stops as after Ctrl-C. And a device that vanishes fails with words.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "$0")/faults.sh"
need_device
make_toy toy
done_with 0 train toy -o model --quiet
unset CLINEAR_DATA
rm -rf cache pocl
mkdir cache pocl

# hangs RULE WORDS COMMAND…: ended with status 1 and one sentence with the words; nothing is written.
hangs() {
    local rule=$1 words=$2
    shift 2
    with "$rule" refused 1 "ended by --timeout after .* while it was $words; nothing is written" "$@" --timeout 1
    [ -z "$(find . -name 'new*')" ] || fail "something was left: clinear $*"
}

# The first call that asks a device, and the first that compiles. (devices compiles nothing.)
hangs 'hang clGetDeviceIDs 1' 'listing devices' devices
while read -r command; do
    # shellcheck disable=SC2086
    hangs 'hang clGetDeviceIDs 1' 'opening the device' $command
    # shellcheck disable=SC2086
    hangs 'hang clBuildProgram 1' 'compiling' $command
done <<'COMMANDS'
train toy -o new
evaluate model toy
predict model toy -o new
plot model toy -o new.svg
COMMANDS
hangs 'hang clGetDeviceIDs 1' 'opening the device' search toy --valid 50 --grid l2=0,1 -o new
hangs 'hang clGetDeviceIDs 1' 'opening the device' tune

# A driver that hangs amid the training does not let it stop cleanly: the time, and ten seconds. Everything is compiled before.
done_with 0 train toy --quiet
done_with 0 search toy --valid 50 --epochs 1 --batch-size 1 --grid 'l2=0,1' --quiet
with 'hang clFinish 5' done_with 1 train toy --epochs 1000000000 -o new --timeout 4 --quiet
[ "$(cat err)" = 'clinear: ended by --timeout after 4 s while it was computing, for it did not stop when it was asked to; nothing more is written' ] ||
    fail "not the sentence of a hang"
[ ! -s out ] || fail "something on stdout after a hang"
[ -z "$(find . -name 'new*')" ] || fail "something was left by a hang"

# One that only takes long stops cleanly: scored and kept, with status 1.
done_with 1 train toy --epochs 1000000000 -o long --timeout 4 --json
holds 'j["stopped"] == "interrupted"'
grep -q 'clinear train: stopped by --timeout after 4 s$' err || fail "a stop by --timeout is not said"
done_with 0 evaluate long toy
done_with 1 search toy --valid 50 --epochs 1000000 --batch-size 1 --grid 'l2=0,1' --timeout 4 --quiet
grep -q 'clinear search: stopped by --timeout after 4 s$' err || fail "a stop by --timeout is not said"
done_with 0 train toy --timeout 1000 --quiet

for word in 0 -1 nan inf ten 1e7 ''; do
    refused 2 "timeout: '$word' is no number of seconds" train toy --timeout="$word"
done

# ---- a device that vanishes: from some call on nothing works any more. What was kept before stays as it is.
cp model new
while read -r call first command; do
    rm -f counts
    # shellcheck disable=SC2086
    with "vanish $call $first" refused 1 'CL_DEVICE_NOT_AVAILABLE' $command --quiet
    [ "$(fired 1)" -gt 0 ] || fail "no call failed: $command"
    cmp model new || fail "a model was written over: $command"
    [ -z "$(find . -name 'new?*')" ] || fail "something was left: $command"
    [ "$(grep -c '^live .* 0$' counts)" = 6 ] || fail "something is live: $command: $(grep live counts)"
done <<'VANISHED'
clCreateContext 1 train toy -o new
clCreateBuffer 3 train toy -o new
clEnqueueNDRangeKernel 3 train toy -o new
clEnqueueNDRangeKernel 30 train toy --engine clblast -o new
clFinish 1 train toy --epochs 100 -o new
clEnqueueReadBuffer 2 train toy --epochs 100 -o new
clEnqueueReadBuffer 3 train toy --solver lbfgs -o new
clEnqueueNDRangeKernel 3 train toy --model linear --solver direct -o new
clEnqueueReadBuffer 1 train toy --model linear --solver direct --engine clblast -o new
clEnqueueNDRangeKernel 5 search toy --valid 50 --grid l2=0,1 -o new
clEnqueueReadBuffer 1 evaluate model toy
clEnqueueReadBuffer 1 predict model toy -o new
VANISHED

# ---- work that a failure left in the queue, whose kernels the driver still compiles in a thread of its own, ends before the program does
for _ in 1 2 3; do
    rm -rf pocl
    mkdir pocl
    with 'fail clEnqueueReadBuffer 1 -5' refused 1 'CL_OUT_OF_RESOURCES' train toy --model linear --solver direct --engine clblast \
        -o new --quiet
done
echo "Hanging drivers are ended, and vanished devices named."
