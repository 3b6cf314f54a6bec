#!/usr/bin/env bash
# ShellCheck over every script.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
command -v shellcheck >/dev/null || skip "shellcheck is missing"

cd "$CLINEAR_SOURCE"
find .ci scripts tests benchmarks -type f \( -name '*.sh' -o -path .ci/run \) -print0 |
    xargs -0 shellcheck -x -P SCRIPTDIR || fail "shellcheck"
find .ci scripts benchmarks -type f \( -name '*.sh' -o -path .ci/run \) ! -perm -100 | grep . && fail "not executable"
echo "ShellCheck has no complaint."
