"""What a run must show: each target of the speed goal with what was obtained, as a table. Targets of works that the run was not to
measure are left out."""
from results import find, limit, share_of_limit

OURS, MANUAL, LOOP = "clinear auto", "PyTorch, by hand", "PyTorch, ordinary loop"


class Unmeasured(Exception):
    """Why there is no figure."""


class Left(Unmeasured):
    """The whole work was left out."""


def need(rows, work, case, *peers):
    """The fastest of these rows."""
    if not any(row.work == work for row in rows.values()):
        raise Left(f"no work {work}")
    row = find(rows, work, case, *peers)
    if row:
        return row
    for other in rows.values():
        if other.work == work and other.case in (case, "all") and other.peer.startswith(peers) and other.reason:
            raise Unmeasured(other.reason)
    raise Unmeasured("no such row: " + ", ".join((case, *peers)))


def ahead(case, *peers, ours=OURS, work="epoch"):
    """How many times as fast as the fastest of these peers."""
    return lambda rows: need(rows, work, case, *peers).value / need(rows, work, case, ours).value


def ahead_of_all(rows):
    """Of the fastest peer of each batch size; the least favourable. A GPU's peers count against a GPU only."""
    ratios = []
    for case in ("batch 600", "batch 200", "full batch"):
        ours = need(rows, "epoch", case, OURS)
        peers = [row.value for row in rows.values() if (row.work, row.case) == ("epoch", case) and row.measured
                 and not row.peer.startswith("clinear") and (on_gpu(rows) or not row.on_gpu)]
        ratios.append(min(peers, default=float("nan")) / ours.value)
    return min(ratios)


def on_gpu(rows):
    """Whether our device is another one than the CPU."""
    return need(rows, "epoch", "batch 600", OURS).get("type") != "cpu"


def share(*cases, gpu=False):
    """The least fraction of the limit in these cases."""
    def figure(rows):
        if gpu and not on_gpu(rows):
            raise Unmeasured("no GPU")
        shares = [share_of_limit(rows, need(rows, "epoch", case, OURS)) for case in cases]
        if None in shares:
            raise Unmeasured("no limits were measured")
        return min(shares)
    return figure


def tuned(rows):
    """CLBlast's two products of a step of 600 rows: as shipped divided by with our parameters."""
    def seconds(peer):
        return sum(need(rows, "product", f"{name}, batch 600, d=784, k=10", peer).value for name in ("logits", "gradient"))
    return seconds("CLBlast as shipped") / seconds("CLBlast, our parameters")


def gram(rows):
    case = "XᵀX of 60,000 rows, d=784"
    return (need(rows, "product", case, "OpenBLAS").value
            / need(rows, "product", case, "CLBlast, our parameters").value)


def first_run(rows):
    return need(rows, "process", "first run, empty caches, 1 epoch", "clinear").value


def memory(rows):
    return need(rows, "process", "10 epochs", "clinear").get("peak_bytes") / 1e6


def memory_bound(factor, more):
    return lambda rows: factor * need(rows, "process", "10 epochs", "clinear").get("raw_bytes") / 1e6 + more


def optimum(*cases):
    """Against the faster scikit-learn, in the least favourable of these cases."""
    return lambda rows: min(ahead(case, "scikit-learn,", ours="clinear", work="optimum")(rows) for case in cases)


def path(rows):
    """A path of 20 penalties divided by one penalty, as processes."""
    return (need(rows, "path", "ridge, the best of 20 penalties", "clinear").value
            / need(rows, "path", "ridge, one penalty", "clinear").value)


def grid(rows, figure=None):
    """A search divided by the separate processes: whole, or the optimisation of both."""
    case = "SGD, the best of 16 configurations"
    ours, separate = (need(rows, "grid", case, peer) for peer in ("clinear search", "clinear train"))
    return ours.median(figure) / separate.median(figure) if figure else ours.value / separate.value


TIMES, PERCENT = "{:.1f}×", "{:.0%}"
# What, at least, aim, how it is written, what was obtained. A bound below 0 is the most that may be: ≤ its absolute value.
TARGETS = [
    ("epoch at batch 600, against PyTorch's ordinary loop", 8, 15, TIMES, ahead("batch 600", LOOP)),
    ("epoch at batch 600, against PyTorch by hand", 5, 10, TIMES, ahead("batch 600", MANUAL)),
    ("epoch at batch 200, against the faster PyTorch", 4, 8, TIMES, ahead("batch 200", LOOP, MANUAL)),
    ("epoch at full batch, against the faster PyTorch", 3, 8, TIMES, ahead("full batch", LOOP, MANUAL)),
    ("against the fastest peer of all, worst batch size", 2, 4, TIMES, ahead_of_all),
    ("fraction of the limit, batch 600 and full batch", 0.5, 0.75, PERCENT, share("batch 600", "full batch")),
    ("CLBlast with our parameters, against as shipped", 6, 10, TIMES, tuned),
    ("CLBlast engine, against PyTorch by hand", 1, 2, TIMES, ahead("batch 600", MANUAL, ours="clinear clblast")),
    ("XᵀX through CLBlast, fraction of OpenBLAS's rate", 0.35, 0.6, PERCENT, gram),
    ("first run, empty caches, 1 epoch", -3, -1.5, "{:.2f} s", first_run),
    ("10 epochs, whole process, against PyTorch's", 3, 8, TIMES, ahead("10 epochs", "PyTorch", ours="clinear",
                                                                     work="process")),
    ("peak host memory of that", memory_bound(-2, -150), memory_bound(-1.2, -100), "{:.0f} MB", memory),
    ("to scikit-learn's objective after 100 iterations", 5, 10, TIMES,
     optimum("softmax, L2 penalty 1e-4", "softmax, L2 penalty 0")),
    ("20 ridge penalties, of the time of one", -2, -1.3, "{:.2f}", path),
    ("16 configurations searched, of as many processes", -0.5, -0.25, "{:.2f}", grid),
    ("16 configurations searched, of their epochs alone", -0.8, -0.5, "{:.2f}", lambda rows: grid(rows, "train_seconds")),
    ("GPU: full-batch gradient, fraction of the limit", 0.4, 0.7, PERCENT, share("full batch", gpu=True)),
    ("GPU: epoch at batch 600, against PyTorch's CUDA graph", 1, 3, TIMES, ahead("batch 600", "PyTorch CUDA, graph")),
]


def met(value, bound):
    return value <= -bound if bound < 0 else value >= bound


def judged(rows):
    """(what, at least, aim, obtained, verdict) of every target, as text."""
    for what, least, aim, form, figure in TARGETS:
        try:
            least, aim = (bound(rows) if callable(bound) else bound for bound in (least, aim))
            value = figure(rows)
            obtained = form.format(value)
            verdict = "aim reached" if met(value, aim) else "met" if met(value, least) else "missed"
        except Left:
            continue
        except Unmeasured as unmeasured:
            obtained, verdict = "–", str(unmeasured)
        least, aim = ("" if callable(bound) else "≤ " * (bound < 0) + form.format(abs(bound)) for bound in (least, aim))
        yield what, least, aim, obtained, verdict
