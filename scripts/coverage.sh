#!/usr/bin/env bash
# All tests, and which lines and branches of src/ they reach: a table of its floors, the functions that no test calls, and a file a line
# with the lines that none reaches. build-coverage/coverage.txt keeps it all, build-coverage/coverage.html shows the files line by line.
# The figures are given also where a test fails; the exit status is 1 then, and where less than 90 % of the lines are reached.
set -euo pipefail
if [ $# -gt 0 ]; then
    echo "usage: scripts/coverage.sh, without arguments" >&2
    exit 2
fi
cd "$(dirname "$0")/.."
folder=build-coverage
failed=()

cmake --preset coverage >/dev/null
cmake --build --preset coverage
find $folder -name '*.gcda' -delete # what earlier runs have counted
ctest --preset coverage -j "$(nproc)" || failed+=("that every test passes")

gcovr --root . --filter src/ --object-directory $folder --json $folder/coverage.json --txt $folder/files.txt \
    --html-details $folder/coverage.html --fail-under-line 90 || failed+=("90 % of the lines")

{
    python3 - $folder/coverage.json <<'P'
import json
import sys

floors, uncalled = {}, {}
for file in json.load(open(sys.argv[1]))["files"]:
    lines = [line for line in file["lines"] if not line["gcovr/noncode"]]
    branches = [branch for line in lines for branch in line["branches"]]
    for floor in (file["file"].split("/")[1], "all"):
        counts = floors.setdefault(floor, [0, 0, 0, 0])  # lines reached, lines, branches taken, branches
        for i, some in enumerate((lines, branches)):
            counts[2 * i] += sum(each["count"] > 0 for each in some)
            counts[2 * i + 1] += len(some)
    names = [function["name"] for function in file["functions"] if not function["execution_count"]]
    if names:
        uncalled[file["file"]] = " ".join(names)
floors["all"] = floors.pop("all")
print("%-10s %23s %23s" % ("floor", "lines reached", "branches taken"))
for floor, (reached, lines, taken, branches) in floors.items():
    print("%-10s %6d of %6d %5.1f %% %6d of %6d %5.1f %%" %
          (floor, reached, lines, 100 * reached / max(lines, 1), taken, branches, 100 * taken / max(branches, 1)))
print("\nFunctions that no test calls")
for file, names in uncalled.items():
    print("%-36s %s" % (file, names))
P
    echo
    cat $folder/files.txt
} | tee $folder/coverage.txt
if [ ${#failed[@]} -gt 0 ]; then
    printf 'Missed: %s\n' "${failed[@]}" >&2
    exit 1
fi
