#!/usr/bin/env bash
# Drivers that compute wrong, and one that dies: the selftest says so, and the device is refused by name from then on, until a test has
# found it right.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "$0")/faults.sh"
need_device
make_toy toy
export POCL_CACHE_DIR=$kept_by_pocl
failed='failed its selftest with driver .*--no-selftest uses it all the same'

# ---- a driver that dies
with 'die clCreateKernel 9' done_with 1 selftest --device auto --json
holds 'j["verdict"] == "failed" and len(j["devices"]) == 1'
holds 'set(j["devices"][0]) == set("device status reason passed rows".split())'
holds 'j["devices"][0]["status"] == "failed" and j["devices"][0]["passed"] is False and "signal" in j["devices"][0]["reason"]'
done_with 0 devices
grep -q 'failed its selftest' out || fail "clinear devices does not say what failed"
done_with 0 devices --device auto --json
holds 'j[0]["selftest"] == "failed"'

# ---- is refused by all that need right results, unless they are told otherwise, which is said
done_with 0 train toy --epochs 1 --no-selftest -o toy.safetensors
grep -q 'failed its selftest.*used all the same' err || fail "train --no-selftest says nothing"
refused 1 "$failed" train toy --epochs 1
refused 1 "$failed" search toy --epochs 1 --valid 5 --grid 'l2=0,1'
refused 1 "$failed" evaluate toy.safetensors toy
refused 1 "$failed" predict toy.safetensors toy
done_with 0 compare toy --devices auto --engine fused --budget 1 --json
holds 'j["devices"][0]["status"] == "ok" and "failed its selftest" in j["devices"][0]["reason"]'
grep -q 'failed its selftest' err || fail "compare does not say at once what the device came to"
done_with 0 evaluate toy.safetensors toy --no-selftest
done_with 0 predict toy.safetensors toy --no-selftest

# ---- is right without its fault, and taken again
done_with 0 selftest --device auto
grep -q ': passed$' out || fail "selftest does not say that the device passed"
done_with 0 train toy --epochs 1
[ ! -s err ] || ! grep -q selftest err || fail "a device that passed is talked about"

# ---- a step in the wrong direction
with 'wrong fma((vec)(-step.LEARNING_RATE), => fma((vec)(step.LEARNING_RATE),' done_with 1 selftest --device auto
grep -q 'update *FAILED' out || fail "a wrong step is not found"
grep -q 'forward *right' out || fail "a right forward pass is not told"
refused 1 "$failed" train toy --epochs 1
grep -q 'after a step the weight of output' err || fail "the refusal does not say what failed"
echo "Wrong and dying drivers are found, remembered and refused."
