#!/usr/bin/env bash
# Data, models and outputs that are missing, broken or not writable.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
make_toy toy
images=toy/train-images-idx3-ubyte labels=toy/train-labels-idx1-ubyte

broken() { # broken NAME: a copy of toy/ to be damaged
    cp -r toy "$1"
}

refused 1 nowhere train nowhere
mkdir empty
refused 1 empty train empty
: >nothing
refused 1 nothing train nothing
printf 'hello, world, this is no IDX file' >text
refused 1 text train text --labels "$labels"
refused 1 nowhere train "$images" --labels nowhere
refused 1 nowhere train toy --test nowhere

broken no-labels && rm no-labels/train-labels-idx1-ubyte
refused 1 labels train no-labels
broken short && head -c 1000 "$images" >short/train-images-idx3-ubyte
refused 1 train-images train short
broken header && head -c 10 "$images" >header/train-images-idx3-ubyte
refused 1 train-images train header
broken long && printf x >>long/train-images-idx3-ubyte
refused 1 train-images train long
broken magic && printf '\001' | dd of=magic/train-images-idx3-ubyte conv=notrunc status=none
refused 1 train-images train magic
broken swapped && cp "$labels" swapped/train-images-idx3-ubyte
refused 1 train-images train swapped
broken count && toy_part count/other 300 1 && mv count/other-labels-idx1-ubyte count/train-labels-idx1-ubyte
refused 1 labels train count
broken bomb && printf '\000\000\010\003\377\377\377\377\377\377\377\377\377\377\377\377' >bomb/train-images-idx3-ubyte
refused 1 train-images train bomb
broken test-part && head -c 500 toy/t10k-images-idx3-ubyte >test-part/t10k-images-idx3-ubyte
refused 1 t10k train test-part

# Outputs are refused before the work begins, and nothing is left behind.
refused 1 nowhere/m train toy -o nowhere/m
refused 1 empty train toy -o empty
refused 1 'name is empty' train toy -o ''
refused 1 /dev/null train toy -o /dev/null
refused 1 nowhere/l train toy --log nowhere/l
refused 1 empty train toy --log empty
refused 1 /dev/full train toy --log /dev/full
mkfifo pipe
refused 1 pipe train toy --log pipe
refused 1 pipe train toy -o pipe
if [ "$(id -u)" != 0 ]; then
    mkdir locked && chmod a-w locked
    refused 1 locked/m train toy -o locked/m
fi
[ -z "$(ls empty)" ] || fail "something was left in empty/"

ln -s nowhere dangling
refused 1 'dangling: it is a symbolic link' train toy -o dangling
refused 1 'dangling: it is a symbolic link' train toy --log dangling

# What a command reads is never what it writes, however it is spelt.
cp -r toy kept
ln -s toy other
ln "$images" hard-link
for output in "$images" "./$labels" other/t10k-images-idx3-ubyte toy/t10k-labels-idx1-ubyte hard-link; do
    refused 2 'read by this very command' train toy -o "$output"
    refused 2 'read by this very command' train toy --log "$output"
    refused 2 'read by this very command' train kept --valid other --test toy -o "$output"
done
refused 2 'read by this very command' train kept/train-images-idx3-ubyte --labels "$labels" --log "$labels"
refused 2 'same file' train toy -o x --log ./x
refused 2 'same file' train toy -o x --log empty/../x
diff -r toy kept || fail "data was written over"
if [ -n "$(ls empty)" ] || [ -e x ]; then fail "a refusal left files"; fi

for command in evaluate predict; do
    refused 1 nowhere "$command" nowhere toy
    refused 1 nothing "$command" nothing toy
    refused 1 text "$command" text toy
    refused 1 empty "$command" empty toy
done

unset CLINEAR_DATA # where a recipe would find them
refused 1 'find the folder mnist' recipe theano
refused 1 nowhere recipe theano --data nowhere
HOME='' CLINEAR_DATA='' refused 1 'get-mnist.sh' recipe threes-sixes
# An empty folder, or one of an interrupted download, is not taken for data where $CLINEAR_DATA has them.
mkdir -p data/mnist elsewhere/mnist
touch elsewhere/mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte
CLINEAR_DATA=elsewhere refused 1 'elsewhere/mnist/train-images' recipe theano
touch data/mnist/{train-labels-idx1,t10k-images-idx3,t10k-labels-idx1}-ubyte.gz data/mnist/train-images-idx3-ubyte.gz.part
CLINEAR_DATA=elsewhere refused 1 'elsewhere/mnist/train-images' recipe theano
touch data/mnist/train-images-idx3-ubyte.gz
CLINEAR_DATA=elsewhere refused 1 'data/mnist/train-images-idx3-ubyte.gz' recipe theano
rm -r data elsewhere

need_device
refused 1 'nonsense' train toy --device nonsense
refused 1 '999' train toy --device 999
refused 2 'class' train toy --classes 7,8
refused 2 'train-rows' train toy --train-rows 302
refused 2 'valid' train toy --valid 301

done_with 0 train toy -o model --quiet
done_with 0 train toy -o toy/model --log toy/log --quiet
done_with 0 train toy -o toy/model --log toy/log --quiet # again, for these two are no data
cp model model.kept
ln -s model model.link
for output in model ./model model.link toy/t10k-images-idx3-ubyte; do
    refused 2 'read by this very command' predict model toy -o "$output"
    refused 2 'read by this very command' predict model.link toy -o "$output"
done
cmp model model.kept || fail "predict wrote over its model"
done_with 0 train toy -o model.link --quiet --seed 3
[ -L model.link ] || fail "a symbolic link was replaced"
cmp -s model model.kept && fail "the file behind a symbolic link was not written"

# A test part without labels can be predicted, and nothing else.
broken unlabelled && rm unlabelled/t10k-labels-idx1-ubyte
refused 1 'no t10k-labels-idx1-ubyte' train unlabelled
refused 1 'no t10k-labels-idx1-ubyte' evaluate model unlabelled
done_with 0 predict model unlabelled
done_with 0 predict model no-labels --part train
[ "$(wc -l <out)" = 302 ] || fail "a training part without labels is not predicted"
refused 1 'no train-labels-idx1-ubyte' evaluate model no-labels --part train
mkdir narrow && printf '\000\000\010\003\000\000\000\001\000\000\000\001\000\000\000\001x' >narrow/t10k-images-idx3-ubyte
refused 2 '1 features' predict model narrow
for command in evaluate predict; do
    refused 1 nowhere "$command" model nowhere
    refused 1 t10k "$command" model test-part
    refused 1 nonsense "$command" model toy --device nonsense
done
refused 1 empty predict model toy -o empty
refused 1 nowhere/p predict model toy -o nowhere/p
refused 1 /dev/full predict model toy -o /dev/full
head -c 60 model >truncated
refused 1 truncated evaluate truncated toy

# A log that cannot grow any more ends the run with a sentence.
"$CLINEAR" train toy --epochs 1000000000 --log full.jsonl -o full.safetensors --quiet >out 2>err &
job=$!
for _ in $(seq 600); do
    ! grep -q '"event":"epoch"' full.jsonl 2>/dev/null || break
    sleep 0.1
done
python3 -c 'import resource, sys; resource.prlimit(int(sys.argv[1]), resource.RLIMIT_FSIZE, (2**20, 2**20))' "$job"
code=0
wait "$job" || code=$?
[ "$code" = 1 ] || fail "status $code where the log cannot grow"
[ "$(wc -l <err)" = 1 ] || fail "not one sentence where the log cannot grow"
grep -q 'cannot write the log full.jsonl: .*the model as it is then was written to full.safetensors' err || fail "nothing is said of a log that cannot grow"

# Results that cannot be written.
for arguments in 'devices' 'devices --json' 'train toy --quiet' 'train toy --quiet --json' 'evaluate model toy' 'predict model toy' \
    'recipe' '--help' 'train --help' '--version'; do
    code=0
    # shellcheck disable=SC2086
    "$CLINEAR" $arguments >/dev/full 2>err || code=$?
    [ "$code" = 1 ] || fail "status $code with a full stdout: clinear $arguments"
    grep -q '^clinear.*: cannot write the results' err || fail "nothing is said of a full stdout: clinear $arguments"
    code=0
    # shellcheck disable=SC2086
    "$CLINEAR" $arguments >&- 2>err || code=$?
    [ "$code" = 1 ] || fail "status $code with a closed stdout: clinear $arguments"
    grep -q '^clinear.*: cannot write the results' err || fail "nothing is said of a closed stdout: clinear $arguments"
done
# A reader that has enough ends the program quietly.
"$CLINEAR" predict model toy --proba --quiet 2>err | head -n 1 >out
[ ! -s err ] || fail "something on stderr after a closed pipe"
