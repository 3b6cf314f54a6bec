#!/usr/bin/env bash
# The example workflow is well-formed, and its steps that run the command work with this build, on small data and with a small
# budget: as on the first run, and then with that one's result to compare with.
# shellcheck source-path=SCRIPTDIR source=../cli/helpers.sh
. "$CLINEAR_SOURCE/tests/cli/helpers.sh"
workflow=$CLINEAR_SOURCE/.github/workflows/devices.yml

# ./steps: a folder with a file for each `run:`. Read as lines, and the same as YAML where Python knows it.
mkdir steps
python3 - "$workflow" <<'P' || fail "the workflow's steps"
import re, sys
with open(sys.argv[1]) as file:
    text = file.read()
assert "\t" not in text, "a tab"
for action in re.findall(r"uses: *(.*)", text):
    assert re.fullmatch(r"actions/[a-z/-]+@v\d+", action), action
steps, block, depth = [], None, 0
for line in text.splitlines():
    indent = len(line) - len(line.lstrip())
    if block is not None and (not line.strip() or indent > depth):
        block.append(line[depth + 2:])
        continue
    block = None
    found = re.fullmatch(r"( *)(?:- )?run: (.*)", line)
    if found and found[2] == "|":
        block, depth = [], indent
        steps.append(block)
    elif found:
        steps.append([found[2]])
steps = ["\n".join(step).strip() + "\n" for step in steps]
try:
    import yaml
except ImportError:
    print("python3-yaml is not there: the workflow was read as lines alone")
else:
    job = yaml.safe_load(text)["jobs"]["devices"]
    assert job["container"] == "debian:12" and job["defaults"]["run"]["shell"] == "bash"
    assert [step["run"].strip() + "\n" for step in job["steps"] if "run" in step] == steps
    assert all(("run" in step) != ("uses" in step) for step in job["steps"])
for number, step in enumerate(steps):
    with open("steps/%02d" % number, "w") as file:
        file.write(step)
P
[ "$(find steps -type f | wc -l)" -gt 5 ] || fail "too few steps: $(ls steps)"
! command -v shellcheck >/dev/null || shellcheck -s bash steps/* || fail "ShellCheck complains of a step"
while read -r _ preset; do
    grep -q "\"name\": \"$preset\"" "$CLINEAR_SOURCE/CMakePresets.json" || fail "there is no preset $preset"
done < <(grep -oh -e '--preset [a-z]*' steps/*)
grep -qx 'scripts/deps.sh' steps/* || fail "the packages are not installed"

need_device
make_toy toy
mkdir build cache
ln -s "$CLINEAR" build/clinear
export DATA=toy BUDGET=5 XDG_CACHE_HOME=$work/cache
taken() { # STEP: as the workflow's shell does
    bash --noprofile --norc -eo pipefail "$1" >out 2>err
}
sound() {
    holds 'j["verdict"] == "agree" and j["devices"]' new.json
    grep -q '<svg' report.html || fail "no picture in the report"
}
for step in steps/*; do
    ! grep -q build/clinear "$step" || taken "$step" || fail "$(cat "$step")"
done
sound
mv new.json old.json
step=$(grep -l -- --against steps/*)
# Times of tiny data differ between runs of any machine: that some are slower is no fault of the workflow.
taken "$step" || grep -q slower err || fail "$(cat "$step")"
sound
echo "The workflow's steps do what they should."
