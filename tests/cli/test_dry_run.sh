#!/usr/bin/env bash
# train --dry-run: the figures of the run that would be, and nothing done for them; what does not fit, refused with what makes it fit.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
make_toy toy
need_device

# What it says is what a run takes, and all the same checks come first.
for words in '' '--engine clblast --valid 50 --batch-size 32' '--model linear --solver direct --alpha 1,2 --valid 50'; do
    # shellcheck disable=SC2086
    done_with 0 train toy $words --dry-run --json --quiet
    [ ! -s err ] || fail "--quiet writes to stderr"
    cp out estimate
    holds 'j["fits"] is True and j["reason"] == "" and j["device_bytes"] > j["data_bytes"] + j["solver_bytes"] > 0'
    holds '0 < j["largest_bytes"] <= j["device_bytes"] and j["host_bytes"] > 0 and j["engine"] in ("fused", "clblast")'
    # shellcheck disable=SC2086
    done_with 0 train toy $words --json --quiet
    python3 -c 'import json
a, b = json.load(open("estimate")), json.load(open("out"))
assert a["device_bytes"] == b["device_bytes"], (a["device_bytes"], b["device_bytes"])
assert a["engine"] == b["engine"] and a["device"] == b["device"]' || fail "estimate and run differ: $words"
done
refused 2 'one of them' train toy --dry-run --profile
refused 2 'leave one of them out' train toy --dry-run --resume nothing
refused 2 'needs validation rows\|needs valid' train toy --dry-run --patience 3
refused 2 'did you mean fused' train toy --dry-run --engine fussed
refused 1 'nowhere' train toy --dry-run -o nowhere/model
refused 2 'is read by this very command' train toy --dry-run -o toy/train-labels-idx1-ubyte

# Neither files nor kernels come of it.
mkdir caches
export POCL_CACHE_DIR=$PWD/caches/pocl XDG_CACHE_HOME=$PWD/caches
mkdir "$POCL_CACHE_DIR"
done_with 0 train toy --batch-size 13 --dry-run -o model --log log
[ ! -e model ] || fail "a dry run writes a model"
[ ! -e log ] || fail "a dry run writes a log"
[ -z "$(find caches -name '*.bc' -o -name '*.so' -o -name '*.bin')" ] || fail "a dry run compiles"
grep -q 'all of it .* of ' out || fail "no figure for all of it"
grep -q '^  host ' out || fail "no figure for the host"
grep -qx '  It fits.' out || fail "no verdict"

# Three gigabytes of rows, none of which is read, on a device that is told to have one.
done_with 0 devices --json --quiet
python3 -c 'import json, sys; sys.exit("Portable" not in json.load(open("out"))[0]["platform"])' ||
    skip "a device that does not fit needs PoCL to be device 0"
export POCL_MEMORY_LIMIT=1
# shellcheck disable=SC2059
printf '\000\000\010\003'"$(big_endian 4000000)$(big_endian 28)$(big_endian 28)" >images
# shellcheck disable=SC2059
printf '\000\000\010\001'"$(big_endian 4000000)" >labels
truncate -s $((16 + 4000000 * 784)) images
truncate -s $((7 + 4000000)) labels
printf '\003' >>labels
done_with 1 train images --labels labels --device 0 --dry-run --json --quiet
[ ! -s err ] || fail "a verdict is no error"
holds 'not j["fits"] and j["device_bytes"] > 4000000 * 784 and "of device memory" in j["reason"]'
holds '"; give train-rows 1" in j["reason"]'
done_with 1 train images --labels labels --device 0 --dry-run
grep -q '^  It does not fit: .*train-rows' out || fail "no verdict"
rows=$(sed -n 's/.*train-rows \([0-9]*\).*/\1/p' out)
done_with 0 train images --labels labels --device 0 --dry-run --train-rows "$rows"
done_with 1 train images --labels labels --device 0 --dry-run --train-rows $((rows * 11 / 10))
refused 1 "train-rows $rows" train images --labels labels --device 0 --quiet
