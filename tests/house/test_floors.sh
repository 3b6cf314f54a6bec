#!/usr/bin/env bash
# The floors: an #include of src/ points downwards, and a third-party header stays in the room that owns it. The checker is
# itself tried on a tree with one violation of each kind.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"

cat >"$scratch/floors.awk" <<'EOF'
BEGIN {
    # The library from the ground up; floors of one number stand side by side and do not see each other.
    split("base 0 device 1 data 1 model 2 reference 3 solve 3 compute 4 train 5 search 6 measure 6", word, " ")
    for (i = 1; i in word; i += 2)
        level[word[i]] = word[i + 1]
    # The program sees these alone.
    sees["report"] = " base report "
    sees["cli"] = " base report cli "
    # Third-party headers, and the files that may include them.
    room["^(CL|OpenCL)/"] = "^device/opencl\\.h$"
    room["^clblast"] = "^compute/blas\\."
    room["^lapack"] = "^solve/ridge"
    room["^jansson"] = "^((model|report)/|compute/tuning|search/state)"
    room["^(zlib|zconf)"] = "^data/"
    room["^popt"] = "^cli/"
}
function complain(what) { printf "%s:%d: %s\n", file, FNR, what }
FNR == 1 {
    file = FILENAME
    sub(/^.*\/src\//, "", file)
    floor = file
    sub(/\/.*/, "", floor)
    if (!(floor in level) && !(floor in sees))
        complain("the folder " floor " is no floor")
}
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    quoted = /include[ \t]*"/
    header = $0
    sub(/^[^<"]*[<"]/, "", header)
    sub(/[>"].*/, "", header)
    for (pattern in room)
        if (header ~ pattern && file !~ room[pattern])
            complain(header " is included outside its room")
    if (!quoted || header == "clinear.h")
        next
    target = header
    sub(/\/.*/, "", target)
    if (header !~ /^[a-z]+\/[^\/]+$/ || (!(target in level) && !(target in sees)))
        complain(header " is not written as floor/file.h")
    else if (floor in sees ? !index(sees[floor], " " target " ") : target in sees || level[target] > level[floor])
        complain(floor " includes " header ", which stands above it")
    else if (!(floor in sees) && target != floor && level[target] == level[floor])
        complain(floor " includes " header ", which stands beside it")
}
EOF
check() { find "$1/src" -name '*.[ch]' -print0 | sort -z | xargs -0 awk -f "$scratch/floors.awk"; }

plant() { # FILE LINE [MESSAGE]: a line of C, and what the checker must say of it; without MESSAGE nothing
    mkdir -p "$scratch/planted/src/$(dirname "$1")"
    printf '#include <stdio.h>\n%s\n' "$2" >"$scratch/planted/src/$1"
    [ $# -lt 3 ] || printf '%s:2: %s\n' "$1" "$3" >>"$scratch/expected"
}
plant base/up.c '#include "device/device.h"' 'base includes device/device.h, which stands above it'
plant base/program.c '#include "report/table.h"' 'base includes report/table.h, which stands above it'
plant data/beside.c '#include "device/list.h"' 'data includes device/list.h, which stands beside it'
plant device/beside.c '  #  include   "data/order.h"' 'device includes data/order.h, which stands beside it'
plant model/up.c '#include "reference/softmax.h"' 'model includes reference/softmax.h, which stands above it'
plant reference/up.c '#include "compute/blas.h"' 'reference includes compute/blas.h, which stands above it'
plant compute/up.c '#include "train/trainer.h"' 'compute includes train/trainer.h, which stands above it'
plant train/program.c '#include "cli/help.h"' 'train includes cli/help.h, which stands above it'
plant report/up.c '#include "cli/help.h"' 'report includes cli/help.h, which stands above it'
plant cli/inside.c '#include "model/model.h"' 'cli includes model/model.h, which stands above it'
plant device/list.c '#include <CL/cl.h>' 'CL/cl.h is included outside its room'
plant compute/fused.c '#include "CL/cl_ext.h"' 'CL/cl_ext.h is included outside its room'
plant compute/engine.c '#include <clblast_c.h>' 'clblast_c.h is included outside its room'
plant train/trainer.c '#include <lapacke.h>' 'lapacke.h is included outside its room'
plant cli/json.c '#include <jansson.h>' 'jansson.h is included outside its room'
plant compute/feed.c '#include <jansson.h>' 'jansson.h is included outside its room'
plant search/run.c '#include <jansson.h>' 'jansson.h is included outside its room'
plant model/zip.c '#include <zlib.h>' 'zlib.h is included outside its room'
plant report/popt.c '#include <popt.h>' 'popt.h is included outside its room'
plant base/relative.c '#include "error.h"' 'error.h is not written as floor/file.h'
plant train/relative.c '#include "../compute/blas.h"' '../compute/blas.h is not written as floor/file.h'
plant util/x.c 'int x;' 'the folder util is no floor'
sed -i 's/^util\/x.c:2:/util\/x.c:1:/' "$scratch/expected"
plant device/opencl.h '#include <CL/cl.h>'
plant compute/blas.c '#include <clblast_c.h>'
plant solve/ridge_factor.c '#include <lapacke.h>'
plant model/safetensors.c '#include <jansson.h>'
plant report/json.c '#include <jansson.h>'
plant compute/tuning.c '#include <jansson.h>'
plant search/state.c '#include <jansson.h>'
plant data/idx.c '#include <zlib.h>'
plant cli/options.c '#include <popt.h>'
plant compute/down.c '#include "device/queue.h"'
plant train/same.c '#include "train/options.h"'
plant cli/down.c '#include "report/table.h"'
plant cli/public.c '#include "clinear.h"'

check "$scratch/planted" >"$scratch/found" || true
# CL/cl_ext.h in quotes is also no floor/file.h; what counts is that its room is named.
sed -i '/CL\/cl_ext.h is not written/d' "$scratch/found"
diff <(sort "$scratch/expected") <(sort "$scratch/found") || fail "the checker misses (<) or invents (>) a violation"

violations=$(check "$CLINEAR_SOURCE")
[ -z "$violations" ] || fail "includes of src/ that break the floors:"$'\n'"$violations"
echo "All #include lines of src/ point downwards."
