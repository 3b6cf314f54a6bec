#!/usr/bin/env bash
# A damaged cache of PoCL's: what it does then is its own, but the right result comes, or a sentence that names the folder or the remedy.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
export POCL_CACHE_DIR=$work/good
mkdir good
done_with 0 train toy --epochs 1 --quiet
cp out right
scores() { grep -E '^ *(train|test) ' "$1"; }
for kind in so bc; do
    [ -n "$(find good -name "*.$kind")" ] || skip "the device is none of PoCL's, or PoCL keeps no cache"
done

export POCL_CACHE_DIR=$work/cache
damage() { # FILE BYTES: only so many are left of it; or as many, of another kind
    rm -rf cache
    cp -r good cache
    if [ "$2" = other ]; then
        head -c "$(stat -c %s "good/$1")" /dev/urandom >"cache/$1"
    else
        truncate -s "$2" "cache/$1"
    fi
    { run train toy --epochs 1 --quiet; } 2>/dev/null
    if [ "$code" = 0 ]; then
        [ "$(scores out)" = "$(scores right)" ] || fail "$1 with $2 bytes: a wrong result and exit status 0"
    else
        grep -q -e "remove PoCL's, $work/cache" -e "remove it (PoCL's is" err || fail "$1 with $2 bytes: no remedy is said"
    fi
}
for kind in so bc; do
    file=$(cd good && find . -name "*.$kind" | sort | head -n 1)
    bytes=$(stat -c %s "good/$file")
    for left in 0 $((bytes / 2)) other; do
        damage "$file" "$left"
    done
done
echo "A damaged cache of PoCL's is a right result or a sentence with the remedy."
