#!/usr/bin/env bash
# The list of devices, and the explanation where there is none.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
make_toy toy

# The ICD loader finds nothing in an empty folder.
mkdir none
export OCL_ICD_VENDORS=$PWD/none
done_with 1 devices
[ ! -s out ] || fail "a table of no device"
grep -q '^clinear devices: no usable OpenCL device' err || fail "no device, and no word of it"
grep -q 'pocl-opencl-icd' err || fail "no remedy is named"
[ "$(wc -l <err)" -gt 3 ] || fail "the explanation is not whole"
refused 1 'no usable OpenCL device' devices --quiet
done_with 1 devices --json --quiet
holds 'j == []'
refused 1 'device' train toy
refused 1 'device' train toy --device cpu
unset OCL_ICD_VENDORS

# PoCL hides its device where its cache has no place.
POCL_CACHE_DIR=/proc/nowhere run devices
! grep -q 'Portable Computing Language has 0 devices' err || grep -q 'set POCL_CACHE_DIR' err || fail "no word of PoCL's cache"

need_device
done_with 0 devices
grep -q 'index' out || fail "no table"
grep -q '^ *\* [0-9]' out || fail "no device is marked as the choice of auto"
done_with 0 devices --json --quiet
[ ! -s err ] || fail "--quiet is not quiet"
holds 'len(j) >= 1 and [d["index"] for d in j] == list(range(len(j)))'
holds 'all(set("index name type vendor platform driver compute_units global_bytes fp16 fp64".split()) <= set(d) for d in j)'
holds 'all(d["type"] in ("cpu", "gpu", "accelerator", "other") and isinstance(d["fp64"], bool) for d in j)'
cp out all.json
done_with 0 devices --device 0 --engine clblast --json --quiet
holds 'j == json.load(open("all.json"))[:1]'
done_with 0 devices --device 0
[ "$(wc -l <out)" = 2 ] || fail "--device shows more than one"
refused 1 'nonsense' devices --device nonsense
