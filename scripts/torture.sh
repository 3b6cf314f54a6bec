#!/usr/bin/env bash
# The long forms of all tests of faults, kills, hostile files and random problems, for about so many minutes and what the runs without
# faults take: four in ten for faults (a fair part of those that there are), three for kills and strange runs, one for random problems
# against long double (CLINEAR_SEED repeats them), two for fuzzing. Ends with tables of what was survived and what was right. The whole
# output stays in build-test/torture. The exit status is 1 where something was not survived or wrong, and where there is no clang; a part
# that its time did not suffice for counts as far as it came: 30 minutes and more are sensible.
set -euo pipefail
if ! [[ ${1-} =~ ^[1-9][0-9]*$ ]] || [ $# -ne 1 ]; then
    echo "usage: scripts/torture.sh MINUTES" >&2
    exit 2
fi
cd "$(dirname "$0")/.."
minutes=$1
log=build-test/torture
mkdir -p "$log"
if ! { cmake --preset test && cmake --build --preset test --target clinear faults hostfaults helper.wrong_kernels test.train.campaign; } >"$log/build" 2>&1; then
    cat "$log/build" >&2
    exit 1
fi
export CLINEAR=$PWD/build-test/clinear CLINEAR_SOURCE=$PWD CLINEAR_BUILD=$PWD/build-test CLINEAR_LONG=1
failed=()

# part NAME SECONDS COMMAND…: runs it for that long at most, with its output in $log/NAME.
part() {
    local name=$1 seconds=$2 code=0
    shift 2
    printf '== %s\n' "$name" >&2
    timeout --kill-after=30 "$seconds" "$@" >"$log/$name" 2>&1 || code=$?
    case $code in
    0) ;;
    124) echo "-- its time was over" >>"$log/$name" ;;
    *)
        failed+=("$name")
        tail -n 40 "$log/$name" >&2
        ;;
    esac
}

share=$(awk -v m="$minutes" 'BEGIN { print m * 0.4 }')
part walk $((minutes * 60 + 1800)) tests/faults/walk.sh calls memory files --minutes "$share" --jobs "$(nproc)" # which comes to its end by itself
runs=()
for run in tests/cli/test_{checkpoint,strange,places,signals}.sh; do
    [ ! -f "$run" ] || runs+=("$run")
done
until=$((SECONDS + minutes * 18))
for i in "${!runs[@]}"; do # what one leaves of its time is for the others
    name=${runs[i]##*/test_}
    left=$((until - SECONDS))
    part "${name%.sh}" $((left > 0 ? left / (${#runs[@]} - i) + 1 : 1)) bash "${runs[i]}"
done
part mutants 900 bash tests/faults/test_mutants.sh # which comes to its end by itself
CLINEAR_TEST_SECONDS=$((minutes * 6)) part campaign $((minutes * 6 + 600)) build-test/tests/test.train.campaign # which ends by itself
if command -v clang >/dev/null; then
    part fuzz $((minutes * 12 + 600)) scripts/fuzz.sh $((minutes * 12))
    find tests/fuzz/corpus -type f >"$log/corpus"
else
    echo "there is no clang: nothing is fuzzed" | tee "$log/fuzz" >&2
    failed+=(fuzz)
fi

printf '\nFaults injected, each into a run of its own\n'
sed -n '/^command/,$p' "$log/walk"
echo
printf 'Kills and strange runs\n'
for run in "${runs[@]}"; do
    name=${run##*/test_}
    sed "s/^/${name%.sh}: /" "$log/${name%.sh}" | tail -n 8
done
sed 's/^/wrong kernels: /' "$log/mutants" | tail -n 1
printf '\nRandom problems against long double, %s\n' "$(grep '^from seed' "$log/campaign" || echo 'none')"
sed -n '/^campaign  /,/^ordinary/p' "$log/campaign"
if [ -f "$log/corpus" ]; then
    printf '\nBytes fuzzed, beginning with %d kept files\n' "$(wc -l <"$log/corpus")"
    cat "$log/fuzz"
    awk 'NR > 1 && $2 ~ /^[0-9]+$/ { runs += $2; bytes += $3; crashes += $5 }
        END { printf "%-12s %12d %14d %9s %8d\n", "all", runs, bytes, "", crashes }' "$log/fuzz"
fi
awk '/ faults of / { for (i = 1; i < NF; i++) { if ($(i + 1) == "faults") injected += $i
        if ($(i + 1) == "survived" && $i ~ /^[0-9]+$/) f += $i
        if ($(i + 1) == "as" && $(i + 2) == "a" && $(i + 3) ~ /^success/) s += $i; if ($(i + 1) == "not") n += $i } }
    /^survived SIG/ || /^kills survived: / { kills += $NF }
    END { printf "\n%d faults injected, %d survived as a failure with words and %d as a success, %d not survived; %d kills survived\n",
        injected, f, s, n, kills }' "$log/walk" "$log/signals" "$log/checkpoint"
if [ ${#failed[@]} -gt 0 ]; then
    echo "Not survived, or wrong: ${failed[*]}" >&2
    exit 1
fi
