#!/usr/bin/env bash
# Many thousands of epochs take no more memory than the first hundreds. With CLINEAR_LONG=1 100,000, else 20,000.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
mkdir tiny
toy_part tiny/train 20 1
toy_part tiny/t10k 5 2
epochs=20000
[ -z "${CLINEAR_LONG-}" ] || epochs=100000

# In bytes, what the process holds in the last of its epochs beyond what it held after the first tenth of them, by its log.
cat >watch.py <<'P'
import os, re, subprocess, sys, time
epochs, command = int(sys.argv[1]), sys.argv[2:]
process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
lines, first, last, log = 0, None, None, None
while process.poll() is None:
    if log is None and os.path.exists("log"):
        log = open("log")
    lines += log.read().count("\n") if log else 0
    with open(f"/proc/{process.pid}/status") as status:
        resident = re.search(r"VmRSS:\s*(\d+)", status.read())
    if resident and epochs // 10 <= lines < epochs:
        last = 1024 * int(resident[1])
        first = first or last
    time.sleep(0.01)
if process.returncode != 0 or first is None:
    sys.exit(f"exit status {process.returncode}, memory {first} after {lines} epochs")
print(last - first)
P
for engine in fused clblast; do
    rm -f log
    grown=$(python3 watch.py "$epochs" "$CLINEAR" train tiny --epochs "$epochs" --batch-size 10 --learning-rate 1e-3 --engine $engine --log log --valid 3 --quiet) ||
        fail "$engine: no $epochs epochs"
    echo "$engine: $epochs epochs, $grown bytes more at their end than after a tenth of them"
    # An allocator may take some pages more at any time; 64 bytes lost in an epoch would be seen.
    [ "$grown" -le $((epochs * 58)) ] || fail "$engine: memory grew by $grown bytes"
done
