#!/usr/bin/env bash
# The rules of the walk over faults (survived.py) find a verdict that is better than its checks, and what is kept by half.
# shellcheck source-path=SCRIPTDIR source=../harness.sh
. "$CLINEAR_SOURCE/tests/harness.sh"
PYTHONPATH=$CLINEAR_SOURCE/tests/faults PYTHONDONTWRITEBYTECODE=1 python3 - <<'P' || fail "a rule does not hold"
import collections
import copy
import json
from types import SimpleNamespace

from survived import figures, is_measured, wrongs

CHECK = {"name": "fused forward", "value": 0.1, "unit": "tolerances", "limit": 1.0, "reason": None}
RATE = {"name": "upload", "value": None, "unit": "s", "limit": None, "reason": "the budget was spent"}
BEST = {"name": "shape", "best_ms": 1.5, "reason": None}
TRUST = "clinear selftest 1\n0.1.0\na\nb\nc\nd\ne\npassed\n\n"
WHOLE = {
    "compare": ({"verdict": "agree", "devices": [{"status": "ok", "reason": None, "agree": True, "rows": [CHECK, RATE]}]}, {}),
    "selftest": ({"verdict": "passed", "devices": [{"status": "ok", "reason": None, "passed": True, "rows": [CHECK]}]}, {"trust-1": TRUST}),
    "tune": ({"rows": [BEST]}, {"a.json": '{"shapes": []}'}),
}


def run(name, change=None, code=0, err="", kept=None, out=None):
    result, whole = copy.deepcopy(WHOLE[name])
    if change:
        change(result)
    made = SimpleNamespace(name=name, code=code, err=err, out=json.dumps(result) if out is None else out, files=[], made={}, left=[],
                           live=collections.Counter(), leaks=collections.Counter(), before={}, kept=whole if kept is None else kept)
    made.figures = lambda: figures(made.out, is_measured(name))
    return made


def device(**changes):
    return lambda result: result["devices"][0].update(changes)


def of_check(**changes):
    return lambda result: result["devices"][0]["rows"][0].update(changes)


def failed(verdict, **changes):
    return lambda result: (device(**changes)(result), result.update(verdict=verdict))


for name, run_of_it, words in [
        ("whole", run("compare"), None), ("whole", run("selftest"), None), ("whole", run("tune"), None),
        ("words", run("compare", code=1, err="clinear compare: no", out=""), None),
        ("a reason", run("compare", failed("none", status="failed", reason="it ended", agree=None, rows=[]), 1), None),
        ("a wrong check", run("selftest", lambda r: (of_check(value=2)(r), failed("failed", passed=False)(r)), 1,
                              kept={"trust-1": TRUST.replace("passed\n", "failed\nfused")}), None),
        ("no check", run("compare", device(rows=[RATE])), "not checked"),
        ("a wrong check", run("compare", of_check(value=2)), "not checked"),
        ("no figure", run("compare", of_check(value=None, reason="why")), "not checked"),
        ("a missing rate", run("compare", device(rows=[CHECK])), "other rows"),
        ("good by half, and failed", run("compare", device(rows=[], status="failed", reason="it ended"), 1), "without all checks"),
        ("a crash", run("compare", failed("none", status="failed", reason="it was ended by signal 11", agree=None), 1), "signal 11"),
        ("no reason", run("compare", failed("none", status="failed", agree=None, rows=[]), 1), "no reason"),
        ("no word", run("compare", code=1, out=""), "no word"),
        ("failed, all being well", run("compare", code=1), "no word"),
        ("nothing", run("selftest", out=""), "no result"),
        ("no check", run("selftest", device(rows=[])), "without all checks"),
        ("a pass by half", run("selftest", code=1, out="", err="clinear selftest: no"), "not all checked"),
        ("another verdict", run("selftest", kept={"trust-1": TRUST.replace("passed\n", "failed\nwhy")}), "remembers 'failed'"),
        ("half a verdict", run("selftest", kept={"trust-1": TRUST[:40]}), "half of trust-1"),
        ("half a file", run("tune", code=1, err="clinear tune: no", kept={"a.json": '{"sha'}), "half of a.json"),
        ("no file", run("tune", kept={}), "kept nothing"),
        ("nothing found", run("tune", lambda r: r["rows"][0].update(best_ms=None, reason="why")), "found nothing"),
        ("no figure", run("tune", lambda r: r["rows"].append({"name": "x", "best_ms": None, "reason": None})), "no figure"),
]:
    found = "; ".join(wrongs(run_of_it, run(run_of_it.name), "isolated-" + run_of_it.name, "clFinish", b""))
    assert words in found if words else not found, "%s, %s: %s" % (run_of_it.name, name, found)
before = run("tune", code=1, err="clinear tune: no", kept={})
before.before = {"a.json": "{}"}
assert "gone" in "; ".join(wrongs(before, run("tune"), "tune", "rename", b""))
P
echo "The rules find what must not be."
