#!/usr/bin/env bash
# clinear tune, its file, and what the other commands make of it.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device

# A cache of our own for clinear, but not for PoCL, which would compile everything again.
export POCL_CACHE_DIR=${POCL_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pocl/kcache}
export XDG_CACHE_HOME=$work/cache
make_toy toy

noted() { # noted MODEL KEY: that entry of the model's metadata
    python3 - "$1" "$2" <<'P'
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
print(header["__metadata__"].get(sys.argv[2], ""))
P
}

mode() { stat -c %a "$1"; }

# without a file
done_with 0 train toy -o plain.safetensors --json --quiet
[ "$(noted plain.safetensors tuning)" = none ] || fail "a tuning where there is none"
cp out plain.json

# ---- a short search leaves a file
for budget in 0 -1 nan inf 1e9 ten ''; do
    refused 2 'option --budget' tune --budget "$budget"
done
done_with 0 tune --budget 2 --json
holds 'set(j) == set("device file seconds interrupted rows".split()) and j["interrupted"] is False and j["seconds"] > 0'
holds 'set(j["rows"][0]) == set("name builtin_ms best_ms ratio builtin best tried wrong slow reason".split())'
holds 'j["rows"][0]["best_ms"] > 0 and all(r["reason"] is None for r in j["rows"])'
holds 'all(r["wrong"] == 0 for r in j["rows"])'
grep -q '^1/.*shape' err || fail "no progress on stderr"
file=$(python3 -c 'import json; print(json.load(open("out"))["file"])')
[ -f "$file" ] || fail "no file: $file"
[ "$(dirname "$file")" = "$XDG_CACHE_HOME/clinear" ] || fail "not in the cache folder: $file"
[ "$(mode "$file") $(mode "$XDG_CACHE_HOME/clinear")" = '600 700' ] || fail "the file or its folder is not private"
holds 'j["clinear_tuning"] == 1 and len(j["shapes"]) >= 1 and set(j) == set("clinear_tuning device shapes products engines".split())' "$file"
cp "$file" measured.json

# a table for people, and another search goes on from the file
done_with 0 tune --budget 1
grep -q 'built-in ms' out || fail "no table"
grep -q 'kept in' out || fail "it is not said where the result is kept"
done_with 0 tune --budget 1 --no-tuning --quiet
[ ! -s err ] || fail "--quiet is not quiet"

# ---- what was measured is in force: images of 28×28 bytes are near to it
python3 - <<'P'
import random, struct
random.seed(1)
for part, rows in (("train", 700), ("t10k", 50)):
    labels = bytes(random.randrange(10) for _ in range(rows))
    pixels = b"".join(bytes(random.randrange(256) // (1 + (p // 79 != y)) for p in range(784)) for y in labels)
    open(part + "-images-idx3-ubyte", "wb").write(struct.pack(">4i", 2051, rows, 28, 28) + pixels)
    open(part + "-labels-idx1-ubyte", "wb").write(struct.pack(">2i", 2049, rows) + labels)
P
mkdir digits && mv -- *-ubyte digits
cp measured.json "$file"
done_with 0 train digits -o digits.safetensors --batch-size 600 --engine fused --quiet
[ "$(noted digits.safetensors tuning)" = "$(basename "$file"): shape" ] || fail "metadata: $(noted digits.safetensors tuning)"
done_with 0 train digits -o digits.safetensors --batch-size 600 --engine fused --quiet --no-tuning
[ "$(noted digits.safetensors tuning)" = none ] || fail "--no-tuning does not ignore the file"

# ---- a file by hand, for the toy: what it says is what is done
write_toy_file() { # fused_ms clblast_ms
    python3 - "$file" "$1" "$2" <<'P'
import json, os, sys
j = json.load(open("measured.json"))
shape = dict(j["shapes"][0], features=12, outputs=3, batch=200, split_rows=37)
rows = shape["kind"] == "cpu" # where narrow outputs have a kernel of their own
gemm = dict(GEMMK=int(rows), KREG=1, KWG=16, KWI=1, MDIMA=1, MDIMC=1, MWG=16, NDIMB=1, NDIMC=1, NWG=16, SA=0, SB=0, STRM=0, STRN=0, VWM=8, VWN=1)
product = dict(gemm, n=3, m=13, k=512, rows=rows, builtin_ms=2, best_ms=1.5)
engine = dict(features=12, outputs=3, batch=200, type="uint8", fused_ms=float(sys.argv[2]), clblast_ms=float(sys.argv[3]))
j.update(shapes=[shape], products=[product], engines=[engine])
json.dump(j, open(sys.argv[1], "w"))
os.chmod(sys.argv[1], 0o600)
P
}
write_toy_file 1 2
done_with 0 train toy -o tuned.safetensors --json --quiet
holds 'j["engine"] == "fused" and abs(j["train"]["loss"] - json.load(open("plain.json"))["train"]["loss"]) < 1e-5'
[ "$(noted tuned.safetensors tuning)" = "$(basename "$file"): engine shape" ] || fail "metadata: $(noted tuned.safetensors tuning)"
case $(noted tuned.safetensors shape) in *split_rows=37*) ;; *) fail "metadata: $(noted tuned.safetensors shape)" ;; esac
done_with 0 train toy -o again.safetensors --json --quiet
cmp tuned.safetensors again.safetensors || fail "the same tuning gave other bits"

write_toy_file 2 1
done_with 0 train toy -o tuned.safetensors --json --quiet
holds 'j["engine"] == "clblast" and abs(j["train"]["loss"] - json.load(open("plain.json"))["train"]["loss"]) < 1e-5'
case $(noted tuned.safetensors tuning) in *'engine'*'products') ;; *) fail "metadata: $(noted tuned.safetensors tuning)" ;; esac
case $(noted tuned.safetensors products) in *'KWG=16'*'NWG=16'*'VWM=8'*) ;; *) fail "metadata: $(noted tuned.safetensors products)" ;; esac
done_with 0 train toy -o again.safetensors --json --quiet
cmp tuned.safetensors again.safetensors || fail "the same tuning gave other bits"
done_with 0 train toy --json --quiet --no-tuning
holds 'j["engine"] == "fused"'
done_with 0 train toy --json --quiet --engine fused
holds 'j["engine"] == "fused"'
done_with 0 evaluate plain.safetensors toy --json --quiet --no-tuning
holds 'j["engine"] == "fused"'
done_with 0 predict plain.safetensors toy --quiet
cp out tuned.csv
done_with 0 predict plain.safetensors toy --quiet --no-tuning
cmp out tuned.csv || fail "predictions differ"

# ---- a run that goes on keeps to what was in force when it began: the same bits, whatever the file says by now
goes_on() { # goes_on NAME ARGUMENTS…: to the model of the whole run
    local expected=$1
    shift
    cp "$expected.checkpoint" checkpoint
    done_with 0 train toy --epochs 4 --resume checkpoint -o resumed.safetensors --quiet "$@"
    cmp resumed.safetensors "$expected.safetensors" || fail "another tuning gave a run that goes on other bits: $expected $*"
}
begun() { # begun NAME: half of a run, and the whole of it
    done_with 0 train toy --epochs 2 --checkpoint "$1.checkpoint" --quiet
    done_with 0 train toy --epochs 4 -o "$1.safetensors" --quiet
}
write_toy_file 1 2
begun shaped
write_toy_file 2 1
begun products
goes_on shaped
done_with 0 train toy --epochs 2 --no-tuning --checkpoint untuned.checkpoint --quiet
done_with 0 train toy --epochs 4 --no-tuning -o untuned.safetensors --quiet
goes_on untuned
goes_on products --no-tuning
rm "$file"
goes_on shaped
XDG_CACHE_HOME=$work/elsewhere goes_on products
! cmp -s shaped.safetensors untuned.safetensors || fail "the tunings do not differ"

# ---- a file that cannot be used is told in one sentence, and is no failure
ignored() { # PATTERN
    done_with 0 train toy --epochs 1 -o again.safetensors
    [ "$(grep -c 'tuning file' err)" = 1 ] || fail "not one sentence about the file"
    grep 'tuning file' err | grep -F "$file" | grep -e "$1" | grep -q 'delete it' || fail "not said: $1"
    [ "$(noted again.safetensors tuning)" = none ] || fail "it was used all the same"
    done_with 0 train toy --epochs 1 --quiet
    [ ! -s err ] || fail "--quiet is not quiet"
    done_with 0 train toy --epochs 1 --no-tuning
    ! grep -q 'tuning file' err || fail "--no-tuning reads the file"
}
head -c 100 measured.json >"$file"
ignored 'no JSON'
sed 's/"driver": "/&other /' measured.json >"$file"
ignored 'another device or driver'
cp measured.json "$file" && chmod 666 "$file"
ignored 'others may write it'
rm "$file" && mkdir "$file"
ignored 'it is a folder'
rmdir "$file"

# ---- nowhere to keep it: said before the search; nothing to read is no matter for the others
XDG_CACHE_HOME=/proc/nowhere refused 1 'cache folder /proc/nowhere' tune
(
    unset XDG_CACHE_HOME HOME
    refused 1 'XDG_CACHE_HOME' tune
    done_with 0 train toy --epochs 1
    ! grep -qi 'tuning\|cache' err || fail "no home is a matter"
)
XDG_CACHE_HOME=/proc/nowhere done_with 0 train toy --epochs 1
! grep -qi 'tuning\|cache' err || fail "a missing cache folder is a matter"
mkdir -p shared/clinear && chmod 777 shared/clinear
XDG_CACHE_HOME=$work/shared refused 1 'others may write it' tune

# ---- products that fail, and a library that prints of it on stdout: told in their rows, and the JSON stays whole
if command -v cc >/dev/null; then
    printf '%s\n' '#include <stdio.h>' \
        'int CLBlastSgemm(void) { puts("OpenCL compiler error/warning:"); return -11; }' >failing.c
    cc -shared -fPIC -o failing.so failing.c
    LD_PRELOAD=$work/failing.so done_with 0 tune --budget 12 --json
    holds 'any(r["name"].startswith("product") for r in j["rows"])'
    holds 'all((r["reason"] is None) != r["name"].startswith("product") for r in j["rows"])'
    holds 'j["products"] == [] and j["engines"] == [] and len(j["shapes"]) >= 1' "$file"
fi

# ---- Ctrl-C keeps what was found
rm -rf "$XDG_CACHE_HOME"
set -m # a background job of a script ignores SIGINT otherwise
rm -f err # lest its words of before are taken for those of this one
"$CLINEAR" tune --budget 3000 --json >out 2>err &
job=$!
for _ in $(seq 600); do
    ! grep -q '^2/' err || break
    kill -0 "$job" 2>/dev/null || break
    sleep 0.1
    [ -f "$file" ] || continue
    break
done
kill -INT "$job"
code=0
wait "$job" || code=$?
[ "$code" = 130 ] || fail "status $code after Ctrl-C"
holds 'j["interrupted"] is True'
holds 'j["file"] is not None and len(j["rows"]) >= 1'
holds 'j["clinear_tuning"] == 1' "$file"
