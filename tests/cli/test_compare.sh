#!/usr/bin/env bash
# compare: a verdict and figures for each device, drivers that die or hang while devices are listed, an earlier result, Ctrl-C.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
mkdir temporary
export TMPDIR=$work/temporary

nothing_left() {
    [ -z "$(ls -A temporary)" ] || fail "something is left in the temporary folder: $(ls temporary)"
    ! pgrep -f "isolated .*$work/toy" >/dev/null || fail "a process is left"
}

# one device, as JSON
done_with 0 compare "$work/toy" --devices cpu --budget 4 --json
nothing_left
cp out now.json
holds 'set("verdict version date data budget seconds command devices".split()) <= set(j) and j["verdict"] == "agree"'
holds 'j["data"]["rows"] == 301 and j["data"]["features"] == 12 and j["data"]["outputs"] == 3 and j["data"]["type"] == "uint8"'
holds 'j["budget"] == 4 and j["seconds"] > 0 and j["command"].startswith("clinear compare /") and "--devices cpu" in j["command"]'
holds 'len(j["devices"]) == 1 and set("device status reason agree rows".split()) <= set(j["devices"][0])'
holds 'all(d["status"] == "ok" and d["agree"] is True and d["device"]["type"] == "cpu" for d in j["devices"])'
holds 'all(set(r) == set("name value unit spread limit reason".split()) for d in j["devices"] for r in d["rows"])'
rows='{(r["name"], r["unit"]): r for r in j["devices"][0]["rows"]}'
holds "all((${rows}[(e + w, 'tolerances')]['value'] <= 1) for e in ('fused', 'clblast') for w in ('.weights', '.loss', '.predictions'))"
holds "all((${rows}[(n, 's')]['value'] or 1) > 0 for n in ('fused.cold_build', 'clblast.warm_build'))"
holds 'all(r["value"] is not None or r["reason"] for d in j["devices"] for r in d["rows"])'
grep -q 'agrees with double precision' err || fail "the verdict is not told on the way"
grep -q ' s left' err || fail "no time left on the way"

# What compiling takes, the last that a budget is for, is measured by a process of its own on a few rows.
read -r index name < <(python3 -c 'import json; d = json.load(open("now.json"))["devices"][0]["device"]; print(d["index"], d["name"])')
done_with 0 isolated build "$index" "$name" toy "" fused.cold_build fused "$work"
python3 - <<'P' || fail "the row of a build: $(cat out)"
import json
row, done = (json.loads(line) for line in open("out"))
assert row["row"]["name"] == "fused.cold_build" and row["row"]["unit"] == "s" and row["row"]["value"] > 0, row
assert done == {"done": {"ok": True, "message": "", "told": 1}}, done
P
done_with 1 isolated build "$index" "$name" nowhere "" fused.cold_build fused ""
holds 'j["done"]["ok"] is False and "nowhere" in j["done"]["message"]'

# one engine alone; a device named twice is compared once
done_with 0 compare "$work/toy" --devices "cpu, 0,cpu" --engine fused --budget 1 --json --quiet
[ ! -s err ] || fail "--quiet is not quiet"
holds 'len(j["devices"]) == len({d["device"]["index"] for d in j["devices"]})'
holds '[r["name"] for d in j["devices"] for r in d["rows"] if r["name"].startswith("clblast.")] == []'
holds '"fused.weights" in [r["name"] for r in j["devices"][0]["rows"]]'

# CSV, and a table
done_with 0 compare "$work/toy" --devices cpu --budget 1 --csv --quiet
python3 - <<'P' || fail "the CSV"
import csv
rows = list(csv.reader(open("out", newline="")))
assert len(rows) > 10 and len({len(row) for row in rows}) == 1, rows[:3]
assert any("fused.weights" in row for row in rows)
P
done_with 0 compare "$work/toy" --devices cpu --budget 1 --quiet
grep -qi 'agree' out || fail "no verdict in the table"

# an earlier result: one that was much slower, then one that was much faster; with a device and an engine that are not there now
scaled() { # scaled FACTOR >OLD: now.json with times and rates as if the device had been so much slower, and another device with them
    python3 - "$1" <<'P'
import json, sys
factor, j = float(sys.argv[1]), json.load(open("now.json"))
for row in (row for device in j["devices"] for row in device["rows"]):
    if row["value"] is not None and row["unit"] != "tolerances" and row["name"].split(".")[-1] != "objective":
        row["value"] *= 1 / factor if row["unit"].endswith("/s") else factor
j["devices"][0]["rows"].append({"name": "other.gradient", "value": 1, "unit": "s", "spread": 0, "limit": None, "reason": None})
gone = json.loads(json.dumps(j["devices"][0]))
gone["device"]["name"] = "Gone"
j["devices"].append(gone)
json.dump(j, sys.stdout)
P
}
scaled 1000 >slow.json
scaled 0.001 >fast.json
done_with 0 compare "$work/toy" --devices cpu --engine fused --budget 1 --against slow.json --quiet
grep -qi 'faster' out || fail "nothing became faster"
grep -q 'left out: --devices does not name it' out || fail "a device that was left out is not told"
grep -q 'are left out of this comparison' out || fail "an engine that was left out is not told"
done_with 1 compare "$work/toy" --engine fused --budget 1 --against slow.json --quiet
grep -q '0 slower' out || fail "something became slower than a thousandth"
grep -q 'GONE: it is no longer' out || fail "a device that is gone is not told"
done_with 1 compare "$work/toy" --devices cpu --budget 1 --against fast.json --json
grep -qi 'slower' err || fail "nothing became slower"
holds 'j["verdict"] == "agree"'

# a page
if command -v gnuplot >/dev/null; then
    done_with 0 compare "$work/toy" --devices cpu --budget 1 --against slow.json --report page.html
    grep -qi "<!doctype html>" page.html || fail "the page is no page"
    grep -q "<svg" page.html || fail "the page has no picture"
    grep -q 'page.html' err || fail "the page is not named"
    printf '#!/bin/sh\nPATH=/nowhere exec "%s" "$@"\n' "$CLINEAR" >pathless
    chmod +x pathless
    CLINEAR=$work/pathless refused 1 'gnuplot' compare "$work/toy" --report other.html
    [ ! -e other.html ] || fail "a page without pictures"
fi

# what cannot be is refused before the long work
refused 2 'operand' compare
refused 2 'budget.*0s' compare toy --budget 0s
refused 2 'budget' compare toy --budget 0
refused 2 'budget' compare toy --budget nan
refused 2 'engine.*fast' compare toy --engine fast
refused 2 'json and --csv' compare toy --json --csv
refused 1 'nowhere' compare toy --against nowhere
refused 1 'toy' compare toy --against toy
refused 2 'read by this very command' compare toy --report slow.json --against slow.json
refused 2 'read by this very command' compare toy --report toy/train-images-idx3-ubyte
refused 1 'nowhere' compare toy --report nowhere/page.html
refused 1 'nowhere' compare nowhere
refused 2 'labels' compare toy --labels toy/train-labels-idx1-ubyte
refused 1 'no device number 99' compare toy --devices 0,99
refused 1 'empty' compare toy --devices 0,
refused 2 'too long' compare toy --devices "$(printf '%0200d' 7)"
refused 2 'no option --device' compare toy --device 0
sed 's/"rows": *301/"rows": 302/' now.json >other.json
refused 2 'other data' compare toy --against other.json
sed 's/"test_rows": */&1/' now.json >other.json
refused 2 'other data' compare toy --against other.json
printf '{"verdict": "agree"' >cut.json
refused 1 'cut.json' compare toy --against cut.json

# a program that an upgrade replaces while it runs starts itself again all the same
cp "$CLINEAR" replaced
exec 9<replaced
rm replaced
CLINEAR=/dev/fd/9 refused 1 "'nowhere' in its name; there is: 0 " compare toy --devices nowhere
exec 9<&-

# drivers that die, and that hang, while devices are listed
if command -v cc >/dev/null && [ -z "${OCL_ICD_VENDORS:-}" ]; then
    mkdir drivers
    cp /etc/OpenCL/vendors/*.icd drivers
    cat >dies.c <<'C'
#include <stdio.h>
#include <stdlib.h>
static void begin(void) __attribute__((constructor));
static void begin(void)
{
    fputs("driver: \033[31mlost\n", stderr);
    abort();
}
C
    cat >hangs.c <<'C'
#include <unistd.h>
static void begin(void) __attribute__((constructor));
static void begin(void)
{
    for (;;)
        sleep(1000);
}
C
    for name in dies hangs; do
        cc -shared -fPIC -o "$name.so" "$name.c"
        echo "$work/$name.so" >"drivers/$name.icd"
    done
    OCL_ICD_VENDORS=$work/drivers done_with 1 compare "$work/toy" --budget 1 --json
    holds '[(d["device"]["name"], d["status"], d["agree"], d["rows"]) for d in j["devices"][-2:]] == [(n + ".icd", s, None, []) for n, s in (("dies", "failed"), ("hangs", "timeout"))]'
    holds '"signal 6" in j["devices"][-2]["reason"] and "driver: ?[31mlost" in j["devices"][-2]["reason"]'
    holds '"did not end within" in j["devices"][-1]["reason"]'
    holds 'all(d["status"] == "ok" and d["agree"] and d["rows"] for d in j["devices"] if not d["device"]["simulator"] and d["device"]["index"] is not None)'
    holds 'j["verdict"] == "agree" and j["devices"][0]["device"]["index"] == 0'
    OCL_ICD_VENDORS=$work/dies.so done_with 1 compare "$work/toy" --budget 1 --json --quiet
    holds 'len(j["devices"]) == 1 and j["devices"][0]["device"]["name"] == "dies.so" and j["devices"][0]["device"]["index"] is None'
    rm drivers/hangs.icd
    OCL_ICD_VENDORS=$work/drivers refused 1 'dies.icd.*cannot be used' compare toy --devices dies
    OCL_ICD_VENDORS=$work/drivers done_with 0 compare "$work/toy" --devices 0 --budget 1 --json --quiet
    nothing_left
fi

# Ctrl-C: what there is, status 130; and a child whose parent is gone ends
set -m # a background job of a script ignores SIGINT otherwise
begin() { # begin PATTERN BUDGET: begins a comparison and waits until it says PATTERN
    "$CLINEAR" compare "$work/toy" --devices cpu --budget "$2" --json >out 2>err &
    job=$!
    for _ in $(seq 600); do
        ! grep -q "$1" err 2>/dev/null || break
        kill -0 "$job" 2>/dev/null || break
        sleep 0.1
    done
    grep -q "$1" err || fail "it does not say '$1' within a minute"
}
for moment in 'agrees' 'empty caches'; do
    begin "$moment" 60
    kill -INT "$job"
    code=0
    wait "$job" || code=$?
    [ "$code" = 130 ] || fail "status $code after Ctrl-C at '$moment'"
    holds 'j["verdict"] == "agree" and j["devices"][0]["agree"] is True'
    holds 'j["devices"][0]["status"] == "skipped" and "interrupted" in j["devices"][0]["reason"]'
    nothing_left
done
begin 'agrees' 60
kill -KILL "$job"
wait "$job" 2>/dev/null || true
for _ in $(seq 100); do
    pgrep -f "isolated .*$work/toy" >/dev/null || break
    sleep 0.1
done
! pgrep -f "isolated .*$work/toy" >/dev/null || fail "a child outlives its parent"
echo "compare: verdicts, figures, earlier results, lost drivers, interruptions."
