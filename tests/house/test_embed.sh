#!/usr/bin/env bash
# scripts/embed.cmake: the compiler gets every kernel to the letter, its includes in place, its messages with the right line.
set -euo pipefail
cd "${CLINEAR_SOURCE:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'FAILED: %s\n' "$1"
    exit 1
}

embed() { # FOLDER: the table in $work/table.c, printed by the program $work/print (NAME, newline, text)
    cmake -DOUT="$work/table.c" -DFOLDER="$1" -P scripts/embed.cmake
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -Isrc -o "$work/print" "$work/print.c" "$work/table.c"
}

cat >"$work/print.c" <<'END'
#include "device/sources.h"
#include <stdio.h>
int main(void)
{
    for (const cln_source *source = cln_sources; source->name; source++)
        printf("%s\n%s", source->name, source->text);
    return 0;
}
END

# Nothing embedded is a valid, empty table.
mkdir "$work/empty"
embed "$work/empty"
[[ -z $("$work/print") ]] || fail "an empty folder gives an entry"

# Everything that CMake or C could take for its own, and a file without a newline at its end.
mkdir "$work/cl"
cat >"$work/cl/odd.cl" <<'END'
// quotes "a" 'b', a path C:\n, ends with a backslash \
   goes on; semicolons;; [brackets] ]unbalanced[ ${variable} @variable@ $ENV{HOME} \; \[ \\ %s ??/ ??=

#define ADD(a, b) \
    ((a) + \
     (b));
	#  include "part.h" // with blanks
float x[4]; /* – ü λ */ char *s = "\"\\\t[;]";
#include "part.h"
# include <not_ours.h>
#define LATE "#include \"part.h\""
END
printf '/* part; [1] */\n#include "inner.h"\nint part;' >"$work/cl/part.h"
printf '\n\nint inner;\n' >"$work/cl/inner.h"
printf 'int a;' >"$work/cl/a.cl"
cat >"$work/expected" <<'END'
a
#line 1 "cl/a.cl"
int a;
odd
#line 1 "cl/odd.cl"
// quotes "a" 'b', a path C:\n, ends with a backslash \
   goes on; semicolons;; [brackets] ]unbalanced[ ${variable} @variable@ $ENV{HOME} \; \[ \\ %s ??/ ??=

#define ADD(a, b) \
    ((a) + \
     (b));
#line 1 "cl/part.h"
/* part; [1] */
#line 1 "cl/inner.h"


int inner;
#line 3 "cl/part.h"
int part;
#line 8 "cl/odd.cl"
float x[4]; /* – ü λ */ char *s = "\"\\\t[;]";
#line 1 "cl/part.h"
/* part; [1] */
#line 1 "cl/inner.h"


int inner;
#line 3 "cl/part.h"
int part;
#line 10 "cl/odd.cl"
# include <not_ours.h>
#define LATE "#include \"part.h\""
END
embed "$work/cl"
"$work/print" >"$work/printed"
diff -u "$work/expected" "$work/printed" || fail "the embedded text differs (-expected +embedded)"

# A message behind and within an include names its own file and line.
mkdir "$work/lines"
printf 'int one;\n#include "part.h"\n\n#error here\n' >"$work/lines/main.cl"
printf 'int two;\n#error there\n' >"$work/lines/part.h"
embed "$work/lines"
"$work/print" | tail -n +2 >"$work/lines.c"
messages=$("${CC:-cc}" -fsyntax-only "$work/lines.c" 2>&1 || true)
grep -q 'cl/main.cl:4:.*here' <<<"$messages" || fail "the line behind an include: $messages"
grep -q 'cl/part.h:2:.*there' <<<"$messages" || fail "the line within an include: $messages"

# An include that does not exist stops the build and says so; so does one that includes itself.
mkdir "$work/gone" "$work/circle"
printf '#include "nowhere.h"\n' >"$work/gone/main.cl"
if messages=$(cmake -DOUT="$work/gone.c" -DFOLDER="$work/gone" -P scripts/embed.cmake 2>&1); then
    fail "a missing include is no error"
fi
grep -q 'nowhere.h' <<<"$messages" || fail "a missing include is not named: $messages"
printf '#include "main.cl"\n' >"$work/circle/main.cl"
if cmake -DOUT="$work/circle.c" -DFOLDER="$work/circle" -P scripts/embed.cmake >"$work/log" 2>&1; then
    fail "an include of itself is no error"
fi

# What is embedded now can be compiled.
embed cl
printf 'passed\n'
