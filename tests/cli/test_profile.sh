#!/usr/bin/env bash
# train --profile: where the time of the training went, as a table and as a member of the JSON; without it, nothing of the kind.
# shellcheck source-path=SCRIPTDIR source=helpers.sh
. "$(dirname "$0")/helpers.sh"
need_device
make_toy toy

for engine in fused clblast; do
    done_with 0 train toy --engine "$engine" --batch-size 50 --profile --json --quiet -o profiled
    [ ! -s err ] || fail "--quiet is not quiet"
    holds 'all(set(r) == set("name kind launches seconds share operations bytes fraction limit".split()) for r in j["profile"])'
    holds '[r["name"] for r in j["profile"][-2:]] == ["between commands", "waiting for the host"]'
    holds 'all((r["kind"] == "idle") == (r["launches"] == 0) == (r["limit"] is None) == (r["fraction"] is None) for r in j["profile"])'
    holds 'all(r["launches"] >= 10 for r in j["profile"] if r["kind"] == "kernel")' # 10 passes of 7 minibatches
    holds "'$engine' == 'fused' or {r['launches'] % 70 for r in j['profile'] if r['kind'] == 'kernel'} == {0}"
    holds "sum(r['launches'] for r in j['profile'] if r['kind'] == 'clblast') == (140 if '$engine' == 'clblast' else 0)"
    holds '[r["launches"] for r in j["profile"] if r["kind"] == "transfer"] == [10]'
    holds 'abs(sum(r["share"] for r in j["profile"]) - 1) < 1e-6'
    holds 'sum(r["seconds"] for r in j["profile"]) <= j["seconds"]["train"] + 1e-3'
    done_with 0 train toy --engine "$engine" --batch-size 50 --json --quiet -o plain
    holds '"profile" not in j'
    cmp -s profiled plain || fail "--profile changed the model"

    done_with 0 train toy --engine "$engine" --profile --quiet
    grep -q '^  part  *loss' out || fail "no scores beside the profile"
    grep -q "^  where the training's time went  *launches  *ms  *µs each  *share  *reached  *of" out || fail "no table"
    grep -Eq '^  between commands +[0-9.]+ +[0-9.]+ %$' out || fail "no idle time in the table"
    grep -Eq ' [0-9]+ %  (read bandwidth|multiply add rate)' out || fail "no limit in the table"
done

# a Gram matrix's products are CLBlast's, whatever the engine
done_with 0 train toy --model linear --solver direct --profile --json --quiet
holds 'any(r["kind"] == "clblast" and r["name"].startswith("CLBlast ") and r["operations"] > 0 for r in j["profile"])'

# what went before a divergence is told, and the exit status stays the training's
done_with 1 train toy --learning-rate 1e30 --epochs 50 --profile --json --quiet
holds 'j["stopped"] == "diverged" and len(j["profile"]) > 2'
refused 2 'profil' train toy --profil
