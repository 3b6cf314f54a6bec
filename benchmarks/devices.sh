#!/usr/bin/env bash
# Three OpenCL devices on a machine without a GPU: benchmarks/devices.sh COMMAND [ARGUMENTS…] runs build/clinear with what is
# installed (PoCL), Oclgrind, a simulator for tiny data, and Intel's runtime for CPUs, which goes from PyPI into
# benchmarks/venv-intel (about 800 MB), once. Needs Debian's python3-venv. Such as:
#
#     benchmarks/devices.sh devices
#     benchmarks/devices.sh compare data/mnist --report report.html
set -euo pipefail
case "${1-}" in
'' | -*)
    echo "usage: benchmarks/devices.sh COMMAND [ARGUMENTS…], such as: benchmarks/devices.sh compare data/mnist" >&2
    exit 2
    ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
clinear=$here/../build/clinear
venv=$here/venv-intel
vendors=$venv/vendors # what the loader is shown instead of /etc/OpenCL/vendors
[ -x "$clinear" ] || {
    echo "devices.sh: build/clinear is missing; build it first" >&2
    exit 1
}

if [ ! -f "$vendors/intel.icd" ]; then
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || {
        echo "devices.sh: cannot make benchmarks/venv-intel; install python3-venv" >&2
        exit 1
    }
    "$venv/bin/pip" install --quiet intel-opencl-rt intel-cmplr-lib-rt >&2
    mkdir -p "$vendors"
    # Its libraries find each other. LD_LIBRARY_PATH would also put a loader that comes with them in the place of the system's.
    echo "$venv/lib/libintelocl.so" >"$vendors/intel.icd"
fi
find "$vendors" -name '*.icd' ! -name intel.icd -delete
find /etc/OpenCL/vendors -name '*.icd' -exec cp -t "$vendors" {} +
oclgrind=/usr/lib/oclgrind/liboclgrind-rt-icd.so
if [ -f $oclgrind ]; then
    echo $oclgrind >"$vendors/oclgrind.icd"
else
    echo "devices.sh: Oclgrind is not there; scripts/deps.sh test installs it" >&2
fi
OCL_ICD_VENDORS=$vendors exec "$clinear" "$@"
