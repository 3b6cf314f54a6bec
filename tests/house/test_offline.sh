#!/usr/bin/env bash
# Every kernel compiled for GPUs that are not here, with the macros that the engines choose (helper.programs): for NVIDIA, AMD and
# Intel it builds and calls nothing that it does not hold, and in the GPU shape no work-item needs scratch memory, neither for
# spilled registers nor for arrays. Prints a table: registers (AMD: vector/scalar), local memory, scratch memory in bytes.
# NVIDIA's registers and spills need ptxas, of a CUDA toolkit: in $CUDA_HOME/bin, on PATH or in /usr/local/cuda/bin.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"

export nvidia_archs="sm_70 sm_90" amd_archs="gfx906 gfx90a gfx1030"
clang=$(command -v clang-15) || skip "clang-15 is missing"
spirv=$(command -v llvm-spirv-15) || spirv=
ptxas=$(PATH=${CUDA_HOME:+$CUDA_HOME/bin:}$PATH:/usr/local/cuda/bin command -v ptxas) || ptxas=
libclc=/usr/lib/clc/nvptx64--nvidiacl.bc
rocm=$(printf '%s\n' /usr/lib/*/amdgcn/bitcode | tail -n 1)
export clang spirv ptxas libclc rocm scratch

targets=()
if [ -f $libclc ]; then targets+=(nvidia); else echo "NVIDIA is left out: libclc-15 is missing"; fi
if [ -d "$rocm" ]; then targets+=(amd); else echo "AMD is left out: rocm-device-libs is missing"; fi
if [ -n "$spirv" ]; then targets+=(intel); else echo "Intel is left out: llvm-spirv-15 is missing"; fi
[ ${#targets[@]} -eq 3 ] || [ -z "${CI-}" ] || fail "in CI no target may be left out"
[ ${#targets[@]} -gt 0 ] || skip "no target's packages are here"

# Each prints a line "arch kernel registers local scratch" for every kernel of FILE, or fails: for_TARGET OUT FILE OPTIONS...
for_nvidia() {
    local out=$1 arch
    "$clang" -x cl -target nvptx64-nvidia-nvcl -Xclang -mlink-builtin-bitcode -Xclang $libclc -Wno-linker-warnings \
        -Xclang -target-cpu -Xclang "${nvidia_archs%% *}" -O3 -S "${@:2}" -o "$out.ptx" || return 1
    if grep -A 2 '^\.extern \.func' "$out.ptx"; then return 1; fi
    for arch in $nvidia_archs; do
        if [ ! -e "$scratch/$arch" ]; then # PTX alone: registers have no numbers yet, arrays do
            tr '[]().' '     ' <"$out.ptx" | awk -v arch="$arch" '
                $1 == "entry" { kernel = $2; shared = 0; private = 0 }
                kernel && $1 == "shared" { shared += $6 }
                kernel && $1 == "local" { private += $6 }
                kernel && $1 == "}" { print arch, kernel, "-", shared, private; kernel = "" }'
            continue
        fi
        "$ptxas" -arch="$arch" -v "$out.ptx" -o "$out.cubin" >"$out.log" 2>&1 || { cat "$out.log" && return 1; }
        awk -v arch="$arch" '
            /Compiling entry/ { gsub("\x27", ""); kernel = $7 }
            /stack frame/ { stack = $1 }
            /Used [0-9]+ registers/ {
                registers = $5; shared = 0
                for (i = 6; i < NF; i++) if ($(i + 1) == "bytes" && $(i + 2) ~ /^smem/) shared = $i
                print arch, kernel, registers, shared, stack
            }' "$out.log"
    done
}
for_amd() {
    local out=$1 arch
    for arch in $amd_archs; do
        "$clang" -x cl -target amdgcn-amd-amdhsa -mcpu="$arch" --rocm-device-lib-path="$rocm" -O3 -S "${@:2}" -o "$out.s" ||
            return 1
        if comm -23 <(grep -oE '[A-Za-z_0-9$.]+@(got|gotpc)?rel32' "$out.s" | sed 's/@.*//' | sort -u) \
            <(sed -nE 's/^([A-Za-z_0-9$.]+):.*/\1/p' "$out.s" | sort -u) | grep .; then return 1; fi
        awk -v arch="$arch" '
            /^ *\.group_segment_fixed_size:/ { shared = $2 }
            /^    \.name: / { kernel = $2 }
            /^ *\.private_segment_fixed_size:/ { private = $2 }
            /^ *\.sgpr_count:/ { scalar = $2 }
            /^ *\.vgpr_count:/ { print arch, kernel, $2 "/" scalar, shared, private }' "$out.s"
    done
}
for_intel() { # SPIR-V 1.0 is what OpenCL 1.2 knows; registers are given out by the driver
    local out=$1
    "$clang" -x cl -target spir64 -O0 -S -emit-llvm "${@:2}" -o "$out.ll" || return 1
    if grep -E '^declare' "$out.ll" | grep -vE '@(_Z|llvm\.)'; then return 1; fi
    "$clang" -x ir -target spir64 -O0 -c -emit-llvm "$out.ll" -o "$out.bc" || return 1
    "$spirv" --spirv-max-version=1.0 "$out.bc" -o "$out.spv" || return 1
    sed -nE 's/^define .*spir_kernel .*@([a-z_]+)\(.*/spir64 \1 - - -/p' "$out.ll"
}

# compile TARGET LINE FILE OPTIONS...: the rows go to $scratch/LINE.TARGET.rows, what is wrong to .wrong
compile() {
    local target=$1 out=$scratch/$2.$1
    "for_$target" "$out" "${@:3}" >"$out.rows" 2>"$out.log2" || cat "$out.rows" "$out.log2" >"$out.wrong"
    [ -s "$out.rows" ] || echo "no kernel was seen" >>"$out.wrong"
}
export -f for_nvidia for_amd for_intel compile

# A toolkit may be too new for an old architecture.
if [[ " ${targets[*]} " == *" nvidia "* ]]; then
    for arch in $nvidia_archs; do
        printf '.version 7.0\n.target %s\n.address_size 64\n' "$arch" >"$scratch/empty.ptx"
        if [ -z "$ptxas" ]; then
            echo "$arch: ptxas is missing, so PTX is made but not assembled"
        elif "$ptxas" -arch="$arch" "$scratch/empty.ptx" -o "$scratch/empty.cubin" 2>/dev/null; then
            touch "$scratch/$arch"
        else
            echo "$arch: $ptxas does not know it, so PTX is made but not assembled"
        fi
    done
fi

# One kernel that calls what is not there and one that needs scratch memory show that both are seen.
printf 'inline int one(void);\nkernel void k(global int *a) { a[0] = one(); }\n' >"$scratch/calls.cl"
printf 'kernel void k(global int *a) { int b[64]; for (int i = 0; i < 64; i++) b[i] = a[i]; a[0] = b[a[64]] + b[a[65]]; }\n' \
    >"$scratch/indexes.cl"
for target in "${targets[@]}"; do
    compile "$target" calls "$scratch/calls.cl"
    [ -e "$scratch/calls.$target.wrong" ] || fail "$target: a planted unresolved call was not seen"
    compile "$target" indexes "$scratch/indexes.cl"
    [ ! -e "$scratch/indexes.$target.wrong" ] || fail "$target: $(cat "$scratch/indexes.$target.wrong")"
    awk '$5 == 0 { exit 1 }' "$scratch/indexes.$target.rows" || fail "$target: planted scratch memory was not seen"
done

# Lines "shape name options"; a file that no engine builds alone (gather.cl) has its defaults.
"$CLINEAR_BUILD/tests/helper.programs" | awk '!seen[$0]++' >"$scratch/programs"
for file in "$CLINEAR_SOURCE"/cl/*.cl; do
    name=$(basename "$file" .cl)
    grep -q " $name " "$scratch/programs" || echo "default $name -cl-std=CL1.2" >>"$scratch/programs"
done
[ "$(wc -l <"$scratch/programs")" -gt 20 ] || fail "helper.programs prints only $(cat "$scratch/programs")"

compile_line() { # TARGET LINE
    local words
    read -ra words < <(sed -n "$2p" "$scratch/programs")
    compile "$1" "$2" "$CLINEAR_SOURCE/cl/${words[1]}.cl" "-I$CLINEAR_SOURCE/cl" "${words[@]:2}"
}
export -f compile_line
for target in "${targets[@]}"; do
    seq "$(wc -l <"$scratch/programs")" | xargs -P "$(nproc)" -n 1 bash -c 'compile_line "$@"' _ "$target"
done

failures=0 line=0
printf '%-13s %-12s %6s %3s %-6s %-8s %9s %6s %7s\n' program kernel d k type for registers local scratch
while read -r shape name options; do
    line=$((line + 1))
    value() { [[ $options =~ -DCLN_$1=([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo -; }
    type=$(value BYTES) type=${type/1/bytes} type=${type/0/floats}
    for target in "${targets[@]}"; do
        if [ -e "$scratch/$line.$target.wrong" ]; then
            failures=$((failures + 1))
            echo "$name $options, for $target:" && cat "$scratch/$line.$target.wrong"
            continue
        fi
        while read -r arch kernel registers local private; do
            note=
            if [ "$shape" = gpu ] && [ "$private" != - ] && [ "$private" -gt 0 ]; then
                failures=$((failures + 1)) note=" <- a work-item needs scratch memory"
            fi
            printf '%-13s %-12s %6s %3s %-6s %-8s %9s %6s %7s%s\n' "$name" "$kernel" "$(value D)" "$(value K)" "$type" \
                "$arch" "$registers" "$local" "$private" "$note"
        done <"$scratch/$line.$target.rows"
    done
done <"$scratch/programs"
[ $failures -eq 0 ] || fail "$failures of the above"
