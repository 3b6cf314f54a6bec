#!/usr/bin/env bash
# Fetches MNIST's four files (11 MB) into a folder: scripts/get-mnist.sh [DIR], ./data/mnist by default. A file appears under
# its name only when its content is right; what was fetched before an interruption is kept as *.part and resumed; files that
# are right already are left. CLINEAR_MNIST_MIRRORS replaces the mirrors by a list of addresses separated by spaces.
set -euo pipefail

if [ $# -gt 1 ] || [[ ${1-} == -* ]]; then
    echo "usage: scripts/get-mnist.sh [DIR]" >&2
    exit 2
fi
folder=${1:-./data/mnist}
read -ra mirrors <<<"${CLINEAR_MNIST_MIRRORS:-https://ossci-datasets.s3.amazonaws.com/mnist \
https://storage.googleapis.com/cvdf-datasets/mnist}"

# SHA-256 of the content, uncompressed: compressors differ.
sums='
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte
'

has_sum() { # FILE SUM: the uncompressed content is right
    [ -f "$1" ] && [ "$(gzip -dcf <"$1" 2>/dev/null | sha256sum)" = "$2  -" ]
}

download() { # URL PART: appends what is missing; sets http to the server's status
    local progress=(--silent --show-error)
    [ -t 2 ] && progress=(--progress-bar)
    http=$(curl "${progress[@]}" --fail --location --connect-timeout 5 --retry 2 --speed-limit 1000 --speed-time 15 \
        --continue-at - --output "$2" --write-out '%{http_code}' "$1")
}

from_mirror() { # URL PART SUM: true when the part is right
    local resumed code
    for _ in resumed whole; do
        [ -s "$2" ] && resumed=yes || resumed=no
        code=0
        download "$1" "$2" || code=$?
        [ $code -eq 0 ] && has_sum "$2" "$3" && return 0
        # An interrupted transfer is worth resuming. What the server cannot continue (33, 36, 416) and what has
        # arrived but is wrong is not.
        if [ $code -ne 0 ] && [ $code -ne 33 ] && [ $code -ne 36 ] && [ "$http" != 416 ]; then
            return 1
        fi
        [ $code -eq 0 ] && [ $resumed = no ] && echo "get-mnist.sh: $1 is not the right file" >&2
        rm -f "$2"
        [ $resumed = yes ] || return 1
    done
    return 1
}

fetch() { # NAME SUM
    local file=$folder/$1.gz mirror
    has_sum "$folder/$1" "$2" && return 0
    has_sum "$file" "$2" && return 0
    if ! has_sum "$file.part" "$2"; then
        for mirror in "${mirrors[@]}"; do
            echo "Fetching $1.gz from ${mirror%/}"
            from_mirror "${mirror%/}/$1.gz" "$file.part" "$2" && break
        done
        has_sum "$file.part" "$2" || return 1
    fi
    mv "$file.part" "$file"
}

command -v curl >/dev/null || {
    echo "get-mnist.sh: curl is missing: run scripts/deps.sh" >&2
    exit 1
}
# Nothing stays that is nothing: an empty folder would be taken for data.
made=()
path=$folder
until [ -e "$path" ]; do
    made+=("$path")
    path=$(dirname "$path")
done
leave() {
    find "$folder" -maxdepth 1 -name '*.part' -empty -delete || true
    [ ${#made[@]} -eq 0 ] || rmdir "${made[@]}" || true
} 2>/dev/null
trap leave EXIT
mkdir -p "$folder"
exec 9<"$folder"
flock 9 # two at once would write the same *.part
while read -r sum name; do
    [ -n "$name" ] || continue
    fetch "$name" "$sum" || {
        echo "get-mnist.sh: no mirror gave $name.gz; check the network, or name other mirrors in CLINEAR_MNIST_MIRRORS" >&2
        exit 1
    }
done <<<"$sums"
echo "MNIST is in $folder"
