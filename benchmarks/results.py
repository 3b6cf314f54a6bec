"""Result files as rows: what table.py, targets.py and compare.py know of them.

A row is (work, case, peer) with the lines of all rounds. The limits that the others are held against are rows of the work "limit".
"""
import json
import math
import statistics

# How far the peers may lie from their median: loss (relative), test errors. The same steps in float32 differ by roundoff only;
# shuffled runs by their order; L-BFGS after 20 iterations by its line search, and by where it comes below a given objective; a closed
# form not at all.
TOLERANCE = {"epoch": (1e-4, 5), "process": (0.02, 60), "optimum": (0.01, 30), "path": (1e-6, 1), "grid": (1e-4, 5)}
TOLERANCE_LBFGS = (0.05, 60)

# What of a row is held against which measured limit of the device.
LIMITS = (("flop", "multiply_add_rate"), ("bytes", "read_bandwidth"))


class Row:
    def __init__(self, line):
        self.work, self.case, self.peer = line["work"], line["case"], line["peer"]
        self.key = self.work, self.case, self.peer
        self.ours = self.peer.startswith("clinear") or self.peer == "CLBlast, our parameters"
        self.on_gpu = "CUDA" in self.peer or "GPU" in self.peer
        self.lines = []

    @property
    def measured(self):
        return [line for line in self.lines if "samples" in line]

    @property
    def reason(self):
        """Why there is nothing measured, or None."""
        return None if self.measured else self.lines[0]["reason"]

    @property
    def samples(self):
        return [sample for line in self.measured for sample in line["samples"]]

    @property
    def value(self):
        """Median over all samples of all rounds."""
        return statistics.median(self.samples)

    @property
    def rounds(self):
        """A median for each round."""
        return [statistics.median(line["samples"]) for line in self.measured]

    def median(self, name):
        """Of a member over all rounds, or None where not every line has it."""
        values = [line.get(name) for line in self.measured]
        return statistics.median(values) if values and None not in values else None

    def get(self, name):
        """A member of the first line that was measured, or None."""
        return self.measured[0].get(name) if self.measured else None


def load(path):
    """The rows of a file by their key, in its order. ValueError for a file that is none of ours."""
    rows = {}
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                line = json.loads(text)
                row = Row(line)
                if not line.get("samples") and "reason" not in line:
                    raise KeyError("samples")
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise ValueError(f"{path}, line {number}: no line of results ({error}); give a file that "
                                 "benchmarks/run.sh wrote") from None
            rows.setdefault(row.key, row).lines.append(line)
    if not rows:
        raise ValueError(f"{path} is empty; give a file that benchmarks/run.sh wrote")
    return rows


def disagreeing(rows):
    """Keys of the rows that reach another result than the median of their case's peers, and of those that disagree on the
    winner of a choice."""
    cases, wrong = {}, set()
    for row in rows.values():
        if row.get("loss") is not None or row.get("errors") is not None:
            cases.setdefault((row.work, row.case), []).append(row)
    for (work, case), peers in cases.items():
        loose, most = TOLERANCE_LBFGS if "L-BFGS" in case else TOLERANCE[work]
        loss, errors = (statistics.median(row.get(name) for row in peers) for name in ("loss", "errors"))
        choosing = [row for row in peers if row.get("winner")]
        if len({row.get("winner") for row in choosing}) > 1:
            wrong.update(row.key for row in choosing)
        for row in peers:
            for line in row.measured:  # a NaN is within nothing
                if not (math.isfinite(loss) and abs(line["loss"] - loss) <= loose * loss
                        and abs(line["errors"] - errors) <= most):
                    wrong.add(row.key)
    return wrong


def find(rows, work, case, *peers):
    """The fastest measured row of these peers (their names' beginnings; all where none is given), or None."""
    found = [row for row in rows.values() if (row.work, row.case) == (work, case) and row.measured
             and (not peers or row.peer.startswith(peers))]
    return min(found, key=lambda row: row.value, default=None)


def limit(rows, name):
    """A measured limit of the device in units a second, or None."""
    row = rows.get(("limit", name, "device"))
    return row.value if row and row.measured else None


def share_of_limit(rows, row):
    """The least time that the device's arithmetic and bandwidth allow, divided by the measured one; None without limits."""
    floors = [row.get(what) / limit(rows, name) for what, name in LIMITS
              if row.get(what) and limit(rows, name)]
    return max(floors) / row.value if floors else None
