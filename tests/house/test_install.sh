#!/usr/bin/env bash
# What `cmake --install` leaves is usable: the example of clinear.h's comment, built by pkg-config and by CMake's
# find_package, each against the shared and the static library, runs.
set -euo pipefail
# shellcheck source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"

prefix=$scratch/prefix
cmake --install "$CLINEAR_BUILD" --prefix "$prefix" >/dev/null
"$prefix/bin/clinear" --help >/dev/null || fail "the installed program does not run"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name clinear.pc)")
libraries=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH

cd "$scratch"
sed -n '/^ \*     #include <clinear.h>/,/^ \*     }$/ s/^ \*\( \{5\}\)\{0,1\}//p' "$prefix/include/clinear.h" >example.c
grep -q 'int main(void)' example.c || fail "clinear.h's comment holds no example"

flags=(-std=c11 -Wall -Wextra -Werror)
read -ra shared <<<"$(pkg-config --cflags --libs clinear)"
# The linker prefers the .so that lies beside it, so the archive is named.
read -ra static <<<"$(pkg-config --static --cflags --libs clinear | sed 's/-lclinear\b/-l:libclinear.a/')"
cc "${flags[@]}" -o pc-shared example.c "${shared[@]}" -Wl,-rpath,"$libraries"
cc "${flags[@]}" -o pc-static example.c "${static[@]}"

mkdir project
cp example.c project
cat >project/CMakeLists.txt <<'EOF'
cmake_minimum_required(VERSION 3.20)
project(example LANGUAGES C)
set(CMAKE_C_STANDARD 11)
find_package(clinear 0.1 REQUIRED COMPONENTS static)
add_executable(cmake-shared example.c)
target_link_libraries(cmake-shared PRIVATE clinear::clinear)
add_executable(cmake-static example.c)
target_link_libraries(cmake-static PRIVATE clinear::static)
EOF
{ cmake -G Ninja -S project -B project/build -DCMAKE_PREFIX_PATH="$prefix" && cmake --build project/build; } >cmake.log 2>&1 ||
    fail "a project that uses the CMake package does not build:"$'\n'"$(cat cmake.log)"
mv project/build/cmake-{shared,static} .

for form in shared static; do
    for way in pc cmake; do
        if [[ $(ldd "$way-$form") == *libclinear* ]]; then linked=shared; else linked=static; fi
        [ $linked = $form ] || fail "$way-$form is linked to the $linked library"
        code=0
        "./$way-$form" >out 2>err || code=$?
        [ $code -eq 1 ] || fail "$way-$form without data: exit status $code, $(cat out err)"
        grep -q mnist err || fail "$way-$form does not say what is missing: $(cat err)"
    done
done

if folder=$(mnist_folder); then
    ln -s "$folder" mnist
    ./pc-shared >out || fail "the example does not train"
    grep -qE '^9[0-9]\.[0-9]{2} % of 10000 test images right$' out || fail "the example says: $(cat out)"
    [ -s model.safetensors ] || fail "the example wrote no model"
    cat out
else
    echo "MNIST is not here, so the example was not run to its end."
fi
