#!/usr/bin/env bash
# Feeds every reader with bytes from anywhere for so many seconds in all (tests/fuzz/fuzz.h), and says for each target how often it ran,
# on how many bytes, how much of it that reached (libFuzzer's features) and how often it stopped. What stopped it stays in
# build-fuzz/found, what reached more in build-fuzz/corpus; from there it gets into the tests by
#     build-fuzz/tests/fuzz.NAME -merge=1 tests/fuzz/corpus/NAME build-fuzz/corpus/NAME
set -euo pipefail
if ! [[ ${1-} =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: scripts/fuzz.sh SECONDS [TARGET…]" >&2
    exit 2
fi
cd "$(dirname "$0")/.."
seconds=$1
targets=("${@:2}")

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { cmake --preset fuzz && cmake --build --preset fuzz; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
if [ ${#targets[@]} -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        name=${source##*/fuzz_}
        targets+=("${name%.c}")
    done
fi

# Memory: no reader takes more than 256 MiB at once for inputs as small as these, nor more than 1 GiB in all.
fuzz() { # TARGET SECONDS: its line; files and failure as above
    local name=$1 folder=build-fuzz/corpus/$1 code=0 said=build-fuzz/found/$1.log
    mkdir -p "$folder" build-fuzz/found
    build-fuzz/tests/fuzz."$name" -max_total_time="$2" -max_len=16384 -timeout=10 -malloc_limit_mb=256 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix=build-fuzz/found/"$name"- "$folder" tests/fuzz/corpus/"$name" \
        >"$said" 2>&1 || code=$?
    awk -v name="$name" -v code=$code '
        /^fuzzed: / { runs = $2; bytes = $4 }
        / ft: / { for (i = 1; i < NF; i++) if ($i == "ft:") features = $(i + 1) }
        END { printf "%-12s %12d %14d %9d %8d\n", name, runs, bytes, features, code != 0 }' "$said"
    if [ $code -ne 0 ]; then
        tail -n 40 "$said" >&2
        return 1
    fi
}

printf '%-12s %12s %14s %9s %8s\n' target runs bytes features crashes
at_once=${CLINEAR_FUZZ_JOBS:-$(nproc)}
each=$(((seconds * at_once + ${#targets[@]} - 1) / ${#targets[@]}))
failed=0 running=0
for name in "${targets[@]}"; do
    if [ "$running" -ge "$at_once" ]; then
        wait -n || failed=1
        running=$((running - 1))
    fi
    fuzz "$name" "$each" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
done
exit $failed
