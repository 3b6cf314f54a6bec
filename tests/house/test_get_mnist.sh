#!/usr/bin/env bash
# scripts/get-mnist.sh against mirrors in folders: resumes, falls through bad mirrors, leaves nothing false, fetches nothing twice.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
original=$(mnist_folder) || skip "MNIST's files are not here to make a mirror of"
command -v curl >/dev/null || skip "curl is missing"

cd "$scratch"
names=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
mkdir good short wrong
for name in "${names[@]}"; do
    if [ -f "$original/$name.gz" ]; then
        cp "$original/$name.gz" good/
    else
        gzip -n <"$original/$name" >"good/$name.gz"
    fi
    head -c 1000 "good/$name.gz" >"short/$name.gz"
    gzip -n <<<"no images" >"wrong/$name.gz"
done
chmod u+w good/*

get() { # FOLDER MIRROR...: the exit status in $code, its words in out
    local folder=$1 mirror addresses=
    shift
    for mirror in "$@"; do
        addresses+=" file://$scratch/$mirror"
    done
    code=0
    CLINEAR_MNIST_MIRRORS=$addresses "$CLINEAR_SOURCE/scripts/get-mnist.sh" "$folder" >out 2>&1 || code=$?
}
complete() { # FOLDER
    local name
    [ $code -eq 0 ] || fail "$1: exit status $code: $(cat out)"
    for name in "${names[@]}"; do
        cmp -s "good/$name.gz" "$1/$name.gz" || fail "$1: $name.gz is not the mirror's file"
    done
    [ "$(find "$1" -type f | wc -l)" -eq 4 ] || fail "$1 holds more than the four files: $(ls "$1")"
}

get whole good
complete whole
stat -c '%n %i %Y' whole/* >before

get whole good
complete whole
if grep -q Fetching out; then fail "files that were right were fetched again"; fi
get whole nowhere
complete whole
stat -c '%n %i %Y' whole/* | cmp -s before - || fail "files that were right were written again"

# This mirror's file begins with zeros, so only who keeps the part and appends to it gets the right file.
mkdir resumed
head -c 500000 good/train-images-idx3-ubyte.gz >resumed/train-images-idx3-ubyte.gz.part
tail -c +500001 good/train-images-idx3-ubyte.gz >rest
mkdir holey
cp good/* holey/
{ head -c 500000 /dev/zero && cat rest; } >holey/train-images-idx3-ubyte.gz
get resumed holey
complete resumed

mkdir stale
echo "not the beginning" >stale/train-images-idx3-ubyte.gz.part
cp good/train-images-idx3-ubyte.gz stale/train-labels-idx1-ubyte.gz.part # longer than what it should become
get stale good
complete stale

mkdir finished
cp good/t10k-labels-idx1-ubyte.gz finished/t10k-labels-idx1-ubyte.gz.part
get finished good
complete finished

get fallen nowhere wrong short good
complete fallen
grep -q 'wrong.* is not the right file' out || fail "a wrong mirror is not named: $(cat out)"

mkdir replaced
echo garbage >replaced/train-images-idx3-ubyte.gz
get replaced good
complete replaced

get none nowhere wrong short
[ $code -eq 1 ] || fail "no good mirror: exit status $code"
grep -q 'no mirror gave train-images-idx3-ubyte.gz' out || fail "no good mirror, not said: $(cat out)"
[ -z "$(find . -path './none/*.gz')" ] || fail "a file that is not right stands under its final name"

# What it made goes again where nothing came: also the folder above, and when it is interrupted; what was there stays.
get new/deep/mnist nowhere
[ $code -eq 1 ] || fail "no mirror: exit status $code"
[ ! -e new ] || fail "an empty folder stays without network"
mkdir -p old/mnist
get old/mnist nowhere
[ -d old/mnist ] || fail "a folder that was there before is gone"
mkdir bin
cat >bin/curl <<'CURL'
#!/bin/sh
: >"$CLINEAR_TEST_PART"
kill -INT $PPID
sleep 1
exit 7
CURL
chmod +x bin/curl
PATH=$PWD/bin:$PATH CLINEAR_TEST_PART=$PWD/broken/mnist/train-images-idx3-ubyte.gz.part get broken/mnist nowhere
[ $code -ne 0 ] || fail "an interrupted download: exit status 0"
[ ! -e broken ] || fail "an empty folder stays of an interrupted download: $(find broken)"
echo "get-mnist.sh resumes, falls through and leaves nothing false."
