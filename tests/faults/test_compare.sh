#!/usr/bin/env bash
# compare with drivers that compute wrong, die and hang: each is a device with its verdict or reason, and the others are compared as
# ever. Where Oclgrind is there it is the other device, else only the faulty one is looked at.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "$0")/faults.sh"
only_pocl_and_oclgrind
pocl='on Portable Computing Language:'
make_toy toy
# What a program compiles as it should may be found again by the next run: PoCL's key is the source that it is given.
devices=cpu
[ ! -f drivers/oclgrind.icd ] || devices=cpu,Oclgrind

# compared CODE RULES [DEVICES]: compare's exit status; ./out is its result.
compared() {
    rm -f counts
    with "$2" done_with "$1" compare toy --devices "${3:-$devices}" --budget 2 --json --quiet
}

# entry NAME EXPRESSION: it is true of the device d with that platform, where it was compared.
entry() {
    holds "all($2 for d in j['devices'] if d['device']['platform'].startswith('$1'))"
}

sound() { # sound PLATFORM: compared as ever
    entry "$1" 'd["status"] == "ok" and d["agree"] is True and not d["reason"]'
    entry "$1" '{"fused.weights", "clblast.predictions", "gram"} <= {r["name"] for r in d["rows"] if r["value"] is not None}'
    entry "$1" 'all(r["value"] is not None or r["reason"] for r in d["rows"])'
}

# Wrong by a hundredth: it disagrees, in the rows of the engine that is wrong, and is measured all the same.
compared 1 "$pocl wrong fma(xv[r], wv, sum[r][k]) => fma(xv[r], wv * 1.01f, sum[r][k])"
[ "$(fired 1)" -gt 0 ] || fail "no source was changed"
holds 'j["verdict"] == "disagree"'
entry Portable 'd["status"] == "ok" and d["agree"] is False'
entry Portable '{r["name"].split(".")[0] for r in d["rows"] if r["unit"] == "tolerances" and not (r["value"] is not None and r["value"] <= 1)} == {"fused"}'
sound Oclgrind

# It dies while it is held against the host …
{ compared 1 "$pocl die clEnqueueNDRangeKernel 5" cpu; } 2>/dev/null
entry Portable 'd["status"] == "failed" and d["agree"] is None and "signal 6" in d["reason"] and "agreement" in d["reason"]'
holds 'j["verdict"] == "none" and len(j["devices"]) == 1'

# … and hangs while it is measured: its verdict stands, what it had not told is missing. The verdict takes fewer launches, and the
# device's limits, for which no budget is too small, more, however busy the machine.
compared 1 "$pocl hang clEnqueueNDRangeKernel 400"
entry Portable 'd["status"] == "timeout" and d["agree"] is True and "did not end within" in d["reason"]'
entry Portable '{"fused.weights", "clblast.weights", "gram"} <= {r["name"] for r in d["rows"]}'
sound Oclgrind

# It dies while devices are listed: a driver with a reason; the device of the other is the one that it was.
{ with "$pocl die clGetDeviceIDs 1" done_with 1 compare toy --budget 1 --json --quiet; } 2>/dev/null
holds '[(d["device"]["name"], d["status"], d["rows"]) for d in j["devices"] if d["device"]["index"] is None] == [("pocl.icd", "failed", [])]'
holds 'any("signal 6" in d["reason"] for d in j["devices"])'
if [ -f drivers/oclgrind.icd ]; then
    with "$pocl die clGetDeviceIDs 1" done_with 0 compare toy --devices Oclgrind --engine fused --budget 1 --json --quiet
    holds '[(d["device"]["platform"], d["status"], d["agree"]) for d in j["devices"]] == [("Oclgrind", "ok", True)]'
fi
echo "compare tells what faulty drivers do."
