#!/usr/bin/env bash
# Memory, and threads, are not to be had, at one call after another: every run ends with a sentence or with
# the right result, and leaves nothing (walk.py). A short walk; CLINEAR_LONG=1 makes every call fail.
set -eu
"$(dirname "$0")/walk.sh" memory
