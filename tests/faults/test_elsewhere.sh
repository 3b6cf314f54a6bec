#!/usr/bin/env bash
# A training whose process dies on one device goes on from its checkpoint on another one, to what the run that was never interrupted comes to
# but for rounding. PoCL to Oclgrind and back; CLINEAR_LONG=1: CLBlast's products, too, which Oclgrind takes a minute for.
# shellcheck source-path=SCRIPTDIR source=faults.sh
. "$(dirname "$0")/faults.sh"
only_pocl_and_oclgrind
[ -f drivers/oclgrind.icd ] || skip "there is no Oclgrind"
mkdir tiny
toy_part tiny/train 40 1
toy_part tiny/t10k 6 2
engines=(fused)
[ -z "${CLINEAR_LONG-}" ] || engines+=(clblast)
rate=0.02 momentum=0.5 batch=8 penalty=0.1
declare -A options=([sgd]="--epochs 4 --batch-size $batch --learning-rate $rate --momentum $momentum"
    [lbfgs]="--solver lbfgs --l2 $penalty --tolerance 1e-4")

# What rounding can make of two runs that have the same state at a checkpoint, of n = batch rows a minibatch, d features, k outputs,
# M = max |(x,1)| and u float's unit roundoff, by the rules of src/reference/truth.h and src/measure/fixed_run.h.
#
# sgd: in the 2-norm over all weights, with e the error of a device's gradient at weights W, E the distance of the two runs' weights and F that
# of their velocities times the rate; L = M²/2 bounds the curvature of the loss, and 2 is for the errors of two devices:
#     e  = u·(2√k·(d+8)·M²·|W| + (n+8)·√2·M + 16·M)
#     F' = momentum·F + rate·(L·E + 2·e) + 8·u·rate·√2·M/(1−momentum);   E' = E + F' + 4·u·|W|
#
# lbfgs: of the next iteration the direction and its first step have the same bits, and weights are floats of the same doubles: u·|W|. (The bias
# is not: features are centred on each device.) At the end, the objective is strongly convex in the weights without the bias, so that who is at
# most s above the optimum is within √(2·s/λ) of it; s is certified in double.
#
# objective: the losses of rows are off by twice what logits are, (d+8)·u·M·|W|, three times that where features are centred.
cat >judge.py <<'P'
import json, math, struct, sys
solver, expected, found = sys.argv[1:4]
rate, momentum, n, penalty = map(float, sys.argv[4:8])
u, k, d, rows = 2.0 ** -24, 3, 12, 40

def weights(path): # (k,d+1), the bias last; of a model, or of sgd's checkpoint
    data = open(path, "rb").read()
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = json.loads(data[8:begin])
    def values(name):
        first, last = tensors[name]["data_offsets"]
        size, form = (8, "d") if tensors[name]["dtype"] == "F64" else (4, "f")
        return struct.unpack(f"<{(last - first) // size}{form}", data[begin + first:begin + last])
    if "weights" in tensors:
        w = values("weights")
        return [w[c * (d + 1):(c + 1) * (d + 1)] for c in range(k)]
    w, b = values("weight"), values("bias")
    return [w[c * d:(c + 1) * d] + b[c:c + 1] for c in range(k)]

def norm(w, v=None):
    v = v or [[0] * len(row) for row in w]
    return math.sqrt(sum((x - y) ** 2 for a, b in zip(w, v) for x, y in zip(a, b)))

def hold(what, difference, tolerance, least):
    print(f"{what}: {difference:.2g} of {tolerance:.2g}")
    if not abs(difference) <= tolerance:
        sys.exit(f"{what}: {difference} beyond {tolerance}")
    if not least > 10 * tolerance: # else this says nothing
        sys.exit(f"{what}: what was done since the checkpoint, {least}, is not above the tolerance of {tolerance}")

pixels = open("tiny/train-images-idx3-ubyte", "rb").read()[16:]
m = math.sqrt(1 + max(sum((p / 255) ** 2 for p in pixels[i * d:(i + 1) * d]) for i in range(rows)))
a, b = weights(expected + ".model"), weights(found + ".model")
ja, jb = (json.load(open(name + ".json")) for name in (expected, found))
w = max(norm(a), norm(b))
losses = 2 * u * (2 * (d + 8) * m * w + k + 16 + 2 * rows)
if solver == "sgd":
    apart = ahead = 0
    for _ in range(20 - jb["resumed_from_step"]):
        e = u * (2 * math.sqrt(k) * (d + 8) * m * m * w + (n + 8) * math.sqrt(2) * m + 16 * m)
        ahead = momentum * ahead + rate * (m * m / 2 * apart + 2 * e) + 8 * u * rate * math.sqrt(2) * m / (1 - momentum)
        apart += ahead + 4 * u * w
    hold("weights", norm(a, b), apart, norm(a, weights("before")))
    hold("objective", ja["objective"] - jb["objective"], math.sqrt(2) * m * apart + losses, math.log(k) - ja["objective"])
else:
    above = [j["certificate"]["suboptimality"] for j in (ja, jb)]
    at_the_end = ja["stopped"] == "tolerance"
    apart = sum(math.sqrt(2 * s / penalty) for s in above) if at_the_end else 2 * u * w
    a, b = ([row[:d] for row in w] for w in (a, b))
    hold("weights", norm(a, b), apart, norm(a))
    hold("objective", ja["objective"] - jb["objective"], sum(above) + 3 * losses, math.log(k) - ja["objective"])
P

# Calls that come equally often on every device: the queue is emptied before each checkpoint of sgd, and each evaluation of lbfgs writes weights.
declare -A killing=([sgd]='clFinish 8' [lbfgs]='clEnqueueWriteBuffer 11')

resumed() { # resumed COMMAND…: on the other device, from the checkpoint before
    done_with 0 "$@" --device "$to" --resume before --checkpoint checkpoint --log resumed.log -o resumed.model
    grep -q 'it was kept on another device or driver' err || fail "nothing is said of another device"
    cp out resumed.json
}

judge() { # judge EXPECTED
    printf '%s, %s, from %s to %s\n' "$engine" "$solver" "$from" "$to"
    python3 judge.py "$solver" "$1" resumed "$rate" "$momentum" "$batch" "$penalty" || fail "another result"
}

for engine in "${engines[@]}"; do
    for solver in sgd lbfgs; do
        read -ra words <<<"${options[$solver]}"
        common=(train tiny "${words[@]}" --engine "$engine" --no-selftest --no-tuning --json)
        for device in cpu Oclgrind; do
            done_with 0 "${common[@]}" --device "$device" --log "$device.log" -o "$device.model"
            cp out "$device.json"
        done
        for way in 'cpu Oclgrind' 'Oclgrind cpu'; do
            from=${way% *} to=${way#* }
            rm -f checkpoint resumed.log
            with "die ${killing[$solver]}" run "${common[@]}" --device "$from" --log resumed.log --checkpoint checkpoint \
                --checkpoint-every 2 2>/dev/null
            [ "$code" = 134 ] || fail "it did not die, but ended with $code"
            cp checkpoint before
            if [ $solver = lbfgs ]; then
                resumed "${common[@]}" --epochs 5
                holds 'j["resumed_from_epoch"] == 4' resumed.json
                done_with 0 "${common[@]}" --epochs 5 --device "$from" -o expected.model
                cp out expected.json
                judge expected
            fi
            resumed "${common[@]}"
            judge "$from"
        done
    done
done
