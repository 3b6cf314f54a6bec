#!/usr/bin/env bash
# Installs the Debian packages that clinear needs: `scripts/deps.sh` to build and run it, `scripts/deps.sh test` to run its
# tests and developer tasks as well. Does nothing when all are there; says the command when it may not install.
set -euo pipefail

build_and_run=(
    gcc                   # the compiler
    libc6-dev             # its headers
    cmake                 # builds
    ninja-build           # fast builds, the generator of the presets
    pkg-config            # finds CLBlast, LAPACKE, Jansson and popt
    opencl-headers        # CL/cl.h
    ocl-icd-opencl-dev    # the OpenCL loader
    libclblast-dev        # matrix products on OpenCL devices
    liblapacke-dev        # linear least squares in closed form
    libopenblas0-serial   # makes it several times as fast; without threads, the same bits on any number of cores
    libjansson-dev        # JSON of results and model files
    libpopt-dev           # options of the command
    zlib1g-dev            # .gz data files
    gnuplot-nox           # draws pictures; with a font, which its fontconfig needs
    pocl-opencl-icd       # the CPU as an OpenCL device
    dataset-fashion-mnist # data for the demo and the tests where MNIST cannot be had
    curl                  # fetches MNIST
    ca-certificates       # over https
)
test_too=(
    check              # the unit tests
    oclgrind           # finds races, bad addresses and uninitialised values in kernels
    python3            # reads JSON in the tests of the command
    shellcheck         # checks the scripts
    clang-14           # checks the kernels as a strict compiler sees them, builds the fuzzing targets
    libclang-rt-14-dev # its sanitizers and libFuzzer
    cppcheck           # cppcheck
    gcovr              # coverage
    locales            # a locale that writes decimal commas
    clang-format-14    # format, format-check
    clang-tidy-14      # tidy
    clang-tools-14     # run-clang-tidy, which runs it in parallel
    clang-15           # compiles the kernels for GPUs that are not here
    libclc-15          # its built-in functions for NVIDIA's GPUs
    rocm-device-libs   # its built-in functions for AMD's GPUs
    llvm-spirv-15      # makes SPIR-V for Intel's GPUs
)

packages=("${build_and_run[@]}")
case "${1-}" in
'') ;;
test) packages+=("${test_too[@]}") ;;
*)
    echo "usage: scripts/deps.sh [test]" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "deps.sh: this system has no Debian packages; install the equivalents of: ${packages[*]}" >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    # Without a terminal nobody can type a password.
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        as_root=(sudo)
    else
        echo "deps.sh: these packages are missing: ${missing[*]}" >&2
        echo "deps.sh: as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
