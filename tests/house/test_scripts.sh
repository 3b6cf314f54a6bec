#!/usr/bin/env bash
# ShellCheck over every script; none takes a wrong argument for a wish.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
for script in demo test get-mnist deps fuzz torture coverage; do
    code=0
    "$CLINEAR_SOURCE/scripts/$script.sh" --help >"$scratch/out" 2>&1 || code=$?
    [ $code -eq 2 ] || fail "$script.sh --help: exit status $code"
    grep -q "^usage: scripts/$script.sh" "$scratch/out" || fail "$script.sh --help gives no usage"
done

command -v shellcheck >/dev/null || skip "shellcheck is missing"

cd "$CLINEAR_SOURCE"
find .ci scripts tests benchmarks -path 'benchmarks/venv*' -prune -o -type f \( -name '*.sh' -o -path .ci/run \) -print0 |
    xargs -0 shellcheck -x -P SCRIPTDIR || fail "shellcheck"
find .ci scripts benchmarks -path 'benchmarks/venv*' -prune -o -type f \( -name '*.sh' -o -path .ci/run \) ! -perm -100 -print |
    grep . && fail "not executable"
echo "ShellCheck has no complaint."
