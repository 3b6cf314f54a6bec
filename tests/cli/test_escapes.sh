#!/usr/bin/env bash
# Names of files that are commands to a terminal: no command hands them on, neither where it works nor where it refuses.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
bad=$'\e[31m\a\nx\x7f'
mv toy "d$bad"

harmless() { # ARGUMENTS…: of a run, whatever it comes to
    run "$@"
    [ "$code" -lt 3 ] || fail "exit status $code: clinear ${*@Q}"
    ! LC_ALL=C grep -q $'[\e\a\x7f]' out err || fail "a terminal would obey: clinear ${*@Q}"
}
works() {
    harmless "$@"
    [ "$code" -eq 0 ] || fail "exit status $code: clinear ${*@Q}"
}

works train "d$bad" -o "m$bad.safetensors" --log "l$bad" --epochs 2
works evaluate "m$bad.safetensors" "d$bad"
harmless verify "m$bad.safetensors" "d$bad"
works predict "m$bad.safetensors" "d$bad" -o "p$bad"
works train "d$bad" --dry-run
works search "d$bad" --valid 20 --epochs 1 --grid "l2=0,1"
for words in train evaluate; do
    harmless "$words" "no$bad"
    harmless "$words" "d$bad" "no$bad"
done
harmless "$bad"
harmless train "d$bad" "--$bad"
harmless train "d$bad" "--l2=$bad"
harmless train "d$bad" --device "$bad"
harmless search "d$bad" --grid "l2=0,$bad"
harmless search "d$bad" --grid "$bad=1"
harmless plot "l$bad" -o "p$bad"
if command -v gnuplot >/dev/null; then
    works plot "l$bad" -o "p$bad.svg"
    works plot "m$bad.safetensors" -o "q$bad.svg"
    ! LC_ALL=C grep -q $'[\e\a\x7f]' ./*.svg || fail "a picture has control characters"
fi
echo "No name reaches the terminal but as text."
