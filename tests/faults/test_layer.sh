#!/usr/bin/env bash
# The layer that makes drivers misbehave does what its rules say, where they say, and nothing without them.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "$0")/faults.sh"
need_device
make_toy toy

# Every entry point that the library and CLBlast call is in the list, so that none goes past it.
library=$(ldd "$CLINEAR" | awk '/libclblast/ { print $3 }')
nm -D --undefined-only "$CLINEAR" "$library" | grep -o '\bcl[A-Z][A-Za-z]*' | sort -u >calls
while read -r call; do
    grep -q "^    \(STATUS\|OBJECT\)(.*\b$call, (" "$CLINEAR_SOURCE/tests/faults/calls.h" || fail "calls.h lacks $call"
done <calls
[ "$(wc -l <calls)" -gt 30 ] || fail "only these calls were found: $(cat calls)"

# Without rules: the same bits, calls counted, nothing left.
done_with 0 train toy -o plain.safetensors --engine clblast --json --quiet
cp out plain.json
with '' done_with 0 train toy -o layered.safetensors --engine clblast --json --quiet
cmp plain.safetensors layered.safetensors || fail "the layer alone changes the model"
grep -q '^call clEnqueueNDRangeKernel [1-9]' counts || fail "no kernels were counted: $(cat counts)"
grep -q '^call clCreateContext 1$' counts || fail "not one context was counted: $(cat counts)"
[ "$(grep -c '^live .* 0$' counts)" = 6 ] || fail "something is left: $(grep live counts)"

# wrong: another loss, and only on the device that is meant. The private caches are new for each.
device=$(python3 -c 'import json; print(json.load(open("plain.json"))["device"]["name"])')
platform=$(python3 -c 'import json; print(json.load(open("plain.json"))["device"]["platform"])')
wrong='wrong log(sum) => log(2 * sum)'
for engine in fused clblast; do
    fresh
    with "$wrong" done_with 0 train toy --engine "$engine" --json --quiet
    [ "$(fired 1)" -gt 0 ] || fail "$engine: no source was changed"
    holds 'j["train"]["loss"] > json.load(open("plain.json"))["train"]["loss"] + 0.5'
done
fresh
with "on another device: $wrong"$'\n'"on ${platform^^}: slow sgd 1" done_with 0 train toy --json --quiet
[ "$(fired 1)" = 0 ] || fail "another device's source was changed"
holds 'abs(j["train"]["loss"] - json.load(open("plain.json"))["train"]["loss"]) < 1e-5'
fresh
with "on $device: $wrong"$'\n\n'"on $platform: wrong no such text => " done_with 0 train toy --json --quiet
[ "$(fired 1)" -gt 0 ] || fail "the device's source was not changed"
[ "$(fired 2)" = 0 ] || fail "a text that is not there was changed"

# fail: the second buffer, and the first kernel of a device; the next of another
rm -f counts
with 'fail clCreateBuffer 2 -4' refused 1 'CL_MEM_OBJECT_ALLOCATION_FAILURE' train toy --quiet
[ "$(fired 1)" = 1 ] || fail "not one call failed"
[ "$(grep -c '^live .* 0$' counts)" = 6 ] || fail "something is left after a failure: $(grep live counts)"
with "on $platform: fail clEnqueueNDRangeKernel 1 -5" refused 1 'CL_OUT_OF_RESOURCES' train toy --quiet
with 'on another device: fail clEnqueueNDRangeKernel 1 -5' done_with 0 train toy --quiet

# vanish: the second buffer, and all that follows
rm -f counts
with 'vanish clCreateBuffer 2' refused 1 'CL_DEVICE_NOT_AVAILABLE' train toy --quiet
[ "$(grep -c '^live .* 0$' counts)" = 6 ] || fail "something is left behind a device that vanished: $(grep live counts)"

# slow: every kernel, counted
rm -f counts
with 'slow * 100' done_with 0 train toy --engine fused --quiet
[ "$(fired 1)" = "$(awk '/clEnqueueNDRangeKernel/ { print $3 }' counts)" ] || fail "not every kernel was slow: $(cat counts)"
rm -f counts
with 'slow no-such-kernel 100' done_with 0 train toy --engine fused --quiet
[ "$(fired 1)" = 0 ] || fail "another kernel was slow"

# die and hang
{ with "on $platform: die clFinish 1" run train toy --quiet; } 2>/dev/null
[ "$code" = 134 ] || fail "exit status $code of a driver that dies"
with 'die clFinish 1000000' done_with 0 train toy --quiet
with 'hang clBuildProgram 1' run devices
[ "$code" = 0 ] || fail "devices builds nothing, and yet: exit status $code"
code=0
CLINEAR_FAULTS='hang clBuildProgram 1' OPENCL_LAYERS=$layer timeout 2 "$CLINEAR" train toy --quiet >out 2>err || code=$?
[ "$code" = 124 ] || fail "exit status $code of a driver that hangs"

# null and late
for call in clCreateContext clCreateBuffer clCreateProgramWithSource clCreateKernel clEnqueueMapBuffer; do
    with "null $call 1" refused 1 'cannot .*: CL_' train toy --engine fused --quiet
done
rm -f counts
with 'late clEnqueueReadBuffer 1 1000' done_with 0 train toy --engine clblast --json --quiet -o late.safetensors
[ "$(fired 1)" = 1 ] || fail "not one call was late"
cmp plain.safetensors late.safetensors || fail "a call that is late changes the model"

# name, and faults that are kept to processes with one work
with 'name Oclgrind of a kind' done_with 0 devices --json
holds '[(d["name"], d["simulator"]) for d in j] == [("Oclgrind of a kind", True)] * len(j)'
for of in train isolated-selftest; do
    rm -f counts
    CLINEAR_FAULTS_IN=$of with 'late clCreateContext 1 1' done_with 0 train toy --quiet
    [ "$(fired 1)" = $((${#of} == 5)) ] || fail "faults of $of happen in train: $(fired 1)"
done
rm -f counts
CLINEAR_FAULTS_IN=isolated-list with 'fail clGetPlatformIDs 1 -6' run selftest --json --quiet
grep -q '^process isolated-list$' counts || fail "no process of this work: $(grep process counts)"
[ "$(fired 1)" -gt 0 ] || fail "no fault in a process of selftest's own"

# A rule that cannot be read ends everything, so that no test passes without its fault.
while IFS='|' read -r rule words; do
    with "$rule" run devices
    [ "$code" = 125 ] || fail "exit status $code with the rule '$rule'"
    grep -q "^faults: .*$words" err || fail "the rule '$rule' does not say '$words'"
done <<'RULES'
break everything|rule 1 wants wrong, slow
wrong a text|OLD => NEW
wrong => new|OLD => NEW
slow fused|a kernel and microseconds
slow fused many|a kernel and microseconds
die clFinish|an entry point and the number
die clFinish 0|an entry point and the number
die clFinnish 1|an entry point that is none
fail clFinish 1|a status below 0
fail clFinish 1 0|a status below 0
hang clFinish 1 -5|nothing more
null clFinish 1|an entry point that gives none
late clFinish 1|microseconds
name|a name
on a device die clFinish 1|a colon
RULES
echo "The layer does what its rules say."
