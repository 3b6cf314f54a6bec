#!/usr/bin/env bash
# walk.sh WHAT [OPTIONS OF walk.py…]: makes what a walk begins with, and walks (walk.py says how). The verdict is on its last line.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "${BASH_SOURCE[0]}")/faults.sh"
need_device
[ -f "${layer%faults.so}hostfaults.so" ] || fail "libhostfaults.so is not built"
mkdir given
make_toy given/toy
done_with 0 train given/toy --epochs 1 --engine fused --quiet -o model
mv model given/given
done_with 0 train given/toy --solver lbfgs --engine fused --quiet -o model
mv model given/proved
"$CLINEAR_SOURCE/tests/faults/walk.py" "$@"
