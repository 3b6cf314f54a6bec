#!/usr/bin/env bash
# Every wrong option and value: named, refused with status 2, before any work is done.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
make_toy toy
huge=99999999999999999999999999

refused 2 'operand is missing' train
refused 2 'operands are missing' evaluate
refused 2 'operand is missing' evaluate model
refused 2 'operands are missing' predict
refused 2 'no place for more' train toy more
refused 2 'no place for more' evaluate model toy more
refused 2 'no place for toy' devices toy
refused 2 'no place for toy' tune toy
refused 2 'did you mean --epochs' train toy --epohcs 3
refused 2 'did you mean --epochs' train toy --epohcs=3
refused 2 'did you mean --learning-rate' train toy --learning_rate 3
refused 2 'there is no option --frobnicate' train toy --frobnicate
refused 2 'there is no option -z' train toy -z
refused 2 '--epochs needs a value' train toy --epochs
refused 2 '--json takes no value' train toy --json=yes
refused 2 '--no-bias takes no value' train toy --no-bias=maybe
refused 2 'there is no option --epochs' devices --epochs 3
refused 2 'did you mean' evaluate model toy --jsno
refused 2 'option --part' evaluate model toy --part both
refused 2 'option --part' predict model toy --part valid
refused 2 'did you mean test' evaluate model toy --part tset
refused 2 'part is for a folder' evaluate model toy/t10k-images-idx3-ubyte --part test

for option in batch-size epochs train-rows valid seed patience patience-iterations log-every; do
    for value in -1 1.5 nan inf -inf "$huge" 0x10 ' 1' 1e3 ten ''; do
        refused 2 "$option" train toy "--$option=$value"
        refused 2 "$option" train toy "--$option" "$value"
    done
done
for option in batch-size epochs train-rows; do
    refused 2 "$option" train toy "--$option" 0
done
for option in learning-rate momentum l2 alpha scale patience-increase improvement; do
    for value in nan inf -inf -nan 1e999 1,5 ten '' '0.1x'; do
        refused 2 "$option" train toy "--$option=$value"
    done
done
for option in learning-rate momentum l2 alpha; do
    refused 2 "$option" train toy "--$option" -0.5
done
refused 2 learning-rate train toy --learning-rate 0
refused 2 momentum train toy --momentum 1.5
refused 2 scale train toy --scale 0

refused 2 seed train toy --seed 1000000000000000001 # 10^18 + 1
refused 2 'needs --log' train toy --log-every 5
refused 2 'needs --patience-iterations' train toy --improvement 0.9
refused 2 'needs --patience-iterations' train toy --valid 9 --patience 2 --patience-increase 3

for command in devices 'train toy' 'evaluate model toy' 'predict model toy' 'verify model toy' 'recipe theano' 'search toy --valid 9 --grid l2=0' tune; do
    # shellcheck disable=SC2086
    refused 2 'did you mean fused' $command --engine fussed
    # shellcheck disable=SC2086
    refused 2 engine $command --engine ''
done
refused 2 model train toy --model perceptron
refused 2 loss train toy --loss hinge
refused 2 solver train toy --solver adam
refused 2 'l2' train toy --l2 0.1 --alpha 0.1
refused 2 'same file' train toy -o x --log x

for classes in '' ',' '1,' ',1' '1,,2' '1,1' 'a,b' -1 1.5 "$huge"; do
    refused 2 classes train toy --classes "$classes"
done

refused 2 labels train toy --labels toy/train-labels-idx1-ubyte
refused 2 labels train toy/train-images-idx3-ubyte
refused 2 'option --valid' train toy --valid nowhere
refused 2 'option --valid' train toy --valid toy/t10k-images-idx3-ubyte
refused 2 'option --test' train toy --test toy/t10k-images-idx3-ubyte
