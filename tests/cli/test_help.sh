#!/usr/bin/env bash
# Help, version and wrong commands.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"

done_with 2
[ ! -s out ] || fail "bare clinear writes to stdout"
grep -q '^Usage: clinear COMMAND' err || fail "bare clinear gives no usage"

done_with 0 --help
[ ! -s err ] || fail "--help writes to stderr"
for command in devices train evaluate predict verify recipe search plot tune; do
    grep -q "^  $command " out || fail "--help does not list $command"
done
done_with 0 --version
grep -Eqx 'clinear [0-9]+\.[0-9]+\.[0-9]+' out || fail "--version"

for command in devices train evaluate predict verify recipe search plot tune; do
    done_with 0 "$command" --help
    [ ! -s err ] || fail "$command --help writes to stderr"
    grep -q "^Usage: clinear $command" out || fail "$command --help gives no usage"
    grep -q '^Examples:$' out || fail "$command --help gives no examples"
    grep -q "^  clinear $command" out || fail "$command --help gives no example of itself"
    [ "$(awk 'length > 100' out)" = "" ] || fail "$command --help is too wide"
done
done_with 0 train --help
for heading in 'Model and objective' 'Rows and features' Solver 'Minibatches and steps of solver sgd' 'Early stopping of solver sgd'; do
    [ "$(grep -c "^$heading:\$" out)" = 1 ] || fail "train --help does not have the heading $heading once"
done
sed -i '/^Examples:$/,$d' out
for option in output device labels valid test log json quiet no-tuning engine classes scale batch-size epochs learning-rate momentum l2 \
    alpha no-bias no-shuffle seed model loss solver target center standardize class-weights schedule decay decay-epochs nesterov l1 tolerance patience patience-iterations patience-increase improvement log-every drop-last train-rows dry-run; do
    grep -Eq -- "--$option( |\$)" out || fail "train --help does not have --$option"
    [ "$(grep -Ec -- "^ +(-o, )?--$option( |\$)" out)" = 1 ] || fail "train --help has --$option twice"
done

refused 2 'did you mean train' trian
refused 2 "there is no command 'frobnicate'" frobnicate
refused 2 "there is no command ''" ''
refused 2 'did you mean --help' --hlep
refused 2 "there is no option '-x'" -x

done_with 0 search --help
if grep -q -e --log-every out; then fail "a search has no log"; fi

done_with 0 recipe
grep -q '^  theano ' out || fail "recipe does not list theano"
grep -q '^  threes-sixes ' out || fail "recipe does not list threes-sixes"
done_with 0 recipe --json
holds '[r["name"] for r in j][:2] == ["theano", "threes-sixes"] and len(j) == 9'
refused 2 'did you mean theano' recipe theanno
refused 2 'there is no recipe' recipe nothing-like-it
refused 2 'no place for' recipe theano threes-sixes

# popt would read ~/.popt for aliases and commands to execute.
printf 'clinear alias --sneaky --version\ntrain alias --sneaky --help\nclinear exec --sneaky ls\n' >.popt
HOME=$PWD refused 2 'there is no option --sneaky' train --sneaky

# A terminal obeys control characters: those of others never reach it.
refused 2 "there is no command '?\[31mred'" $'\033[31mred'
if LC_ALL=C grep -q '[[:cntrl:]]' <(tr -d '\n' <err); then fail "control characters on stderr"; fi
