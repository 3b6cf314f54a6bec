#!/usr/bin/env bash
# Places that are not there, may not be written, or are shared: no HOME, folders that are read-only, a stdout that is closed or full, and
# many processes at once in the same empty caches.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy
export POCL_CACHE_DIR=$work/pocl XDG_CACHE_HOME=$work/cache
mkdir "$POCL_CACHE_DIR" "$XDG_CACHE_HOME"
done_with 0 train toy -o model --log log.jsonl --quiet
done_with 0 train toy --json --quiet
cp out plain.json

# ---- no home: everything works, and what cannot be kept is said by those whose purpose it is
homeless() { # a command without any place of its own
    code=0
    env -u HOME -u XDG_CACHE_HOME "$CLINEAR" "$@" >out 2>err || code=$?
    [ "$code" = "$expected" ] || fail "exit status $code instead of $expected without a home: clinear $*"
}
expected=0
homeless devices
homeless train toy --json --quiet
holds 'j["train"] == json.load(open("plain.json"))["train"]'
homeless evaluate model toy --quiet
homeless predict model toy --quiet
homeless verify model toy
homeless plot model -o weights.svg
homeless recipe
homeless search toy --valid 50 --grid l2=0,1 --epochs 2 --quiet
homeless compare toy --budget 1 --engine fused --quiet
expected=1
homeless tune --budget 1 --quiet
[ "$(wc -l <err)" = 1 ] || fail "tune says nothing of a home that is not there"
grep -q 'HOME' err || fail "tune does not say that there is no home"
for home in '' / /proc/nowhere relative; do
    HOME=$home XDG_CACHE_HOME='' done_with 0 train toy --quiet
    HOME=/proc/nowhere XDG_CACHE_HOME=$home done_with 0 train toy --quiet
done

# ---- folders that may not be written, as another user: this one may be root, who may everything
drop=()
if [ "$(id -u)" = 0 ]; then
    if command -v setpriv >/dev/null; then
        drop=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    fi
fi
mkdir locked locked/caches
cp -r toy model log.jsonl locked
chmod -R a-w,a+rX locked
touch before
chmod a+rx "$work"
"${drop[@]}" test -x "$CLINEAR" 2>/dev/null || drop=(false)
if ! "${drop[@]}" true 2>/dev/null || "${drop[@]}" test -w locked; then
    echo "left out: folders that are read-only, for this user may write them and may not become another"
else
    # locked_out CODE WORDS COMMAND…: in that folder, with its caches
    locked_out() {
        local expected=$1 words=$2
        shift 2
        code=0
        (cd locked && exec env -u HOME XDG_CACHE_HOME="$work/locked/caches" POCL_CACHE_DIR="$work/locked/caches" TMPDIR="$work/locked/caches" \
            "${drop[@]}" "$CLINEAR" "$@") >out 2>err || code=$?
        [ "$code" = "$expected" ] || fail "exit status $code instead of $expected in a locked folder: clinear $*"
        [ -z "$words" ] || grep -q "$words" err || fail "in a locked folder nothing says '$words': clinear $*"
    }
    locked_out 0 '' devices
    for output in '-o new' '-o model' '--log new' '--log log.jsonl' '--checkpoint new'; do
        # shellcheck disable=SC2086
        locked_out 1 'cannot write .*: Permission denied' train toy $output
    done
    locked_out 1 'cannot write new: Permission denied' predict model toy -o new
    locked_out 1 'cannot write new.svg: Permission denied' plot model -o new.svg
    locked_out 1 'cannot write page.html: Permission denied' compare toy --report page.html
    locked_out 1 'new: Permission denied' search toy --valid 50 --grid l2=0,1 --state new
    locked_out 0 '' verify model toy
    [ -z "$(find locked -newer before)" ] || fail "something was written into a locked folder"
fi
chmod -R u+w locked

# ---- a stdout that is full or closed
while read -r command; do
    for where in full closed; do
        code=0
        # shellcheck disable=SC2086
        if [ $where = full ]; then
            "$CLINEAR" $command >/dev/full 2>err || code=$?
        else
            "$CLINEAR" $command >&- 2>err || code=$?
        fi
        [ "$code" = 1 ] || fail "exit status $code with a $where stdout: clinear $command"
        grep -q '^clinear.*: cannot write the results' err || fail "nothing is said of a $where stdout: clinear $command"
    done
done <<'COMMANDS'
devices --device auto
train toy --dry-run
train toy --profile --quiet
verify model toy
search toy --valid 50 --grid l2=0,1 --epochs 2 --quiet
compare toy --budget 1 --engine fused --quiet
tune --budget 1 --quiet
COMMANDS
# All three closed, and nothing of the first file that is opened is taken for one of them.
"$CLINEAR" train toy -o closed --quiet <&- >&- 2>&- || true
done_with 0 evaluate closed toy --quiet
"$CLINEAR" plot model -o closed.svg <&- >&- 2>&- || true
grep -q '</svg>' closed.svg || fail "a picture is broken where the standard streams are closed"

# ---- many at once in the same caches, which are empty: all of them right
rounds=1
[ -z "${CLINEAR_LONG-}" ] || rounds=10
done_with 0 train toy --engine fused --batch-size 37 --json --quiet
cp out fused.json
done_with 0 train toy --engine clblast --batch-size 37 --json --quiet
cp out clblast.json
for _ in $(seq "$rounds"); do
    rm -rf "$POCL_CACHE_DIR" "$XDG_CACHE_HOME"
    mkdir "$POCL_CACHE_DIR" "$XDG_CACHE_HOME"
    jobs=()
    for i in 1 2 3 4 5 6; do
        engine=fused
        ((i % 2)) || engine=clblast
        "$CLINEAR" train toy --engine $engine --batch-size 37 --json --quiet >"together.$engine.$i" 2>"together.err.$i" &
        jobs+=($!)
    done
    "$CLINEAR" tune --budget 2 --quiet >tune.1 2>tune.err.1 &
    jobs+=($!)
    if [ -n "${CLINEAR_LONG-}" ]; then
        "$CLINEAR" selftest --device auto >selftest.1 2>selftest.err.1 &
        jobs+=($!)
    fi
    for job in "${jobs[@]}"; do
        wait "$job" || fail "a process among many failed: $(cat ./*.err.* selftest.1 2>/dev/null)"
    done
    for i in 1 2 3 4 5 6; do
        engine=fused
        ((i % 2)) || engine=clblast
        [ ! -s "together.err.$i" ] || fail "a process among many says something: $(cat "together.err.$i")"
        holds "j['train']['errors'] == json.load(open('$engine.json'))['train']['errors']" "together.$engine.$i"
        holds "abs(j['train']['loss'] - json.load(open('$engine.json'))['train']['loss']) < 1e-5" "together.$engine.$i"
    done
done
# What they kept is whole, and serves.
done_with 0 train toy --batch-size 37 --quiet
[ ! -s err ] || fail "what many processes kept at once is not whole"
for file in "$XDG_CACHE_HOME"/clinear/*.json; do
    [ ! -e "$file" ] || python3 -m json.tool "$file" >/dev/null || fail "$file is broken"
done
[ -z "$(find "$XDG_CACHE_HOME" -name '*.??????' ! -name '*.json')" ] || fail "something half done was left: $(find "$XDG_CACHE_HOME")"
