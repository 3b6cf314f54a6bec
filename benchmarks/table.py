"""The tables of one run: table.py RESULTS.jsonl.

Correctness first: a time is printed only where the final loss and the test errors agree with those of the other peers of the case
(results.py says how closely); otherwise the exit status is 1.
"""
import sys

import results
import targets

PEERS = (("× by hand", "PyTorch, by hand"), ("× loop", "PyTorch, ordinary loop"))


def number(value, form):
    return "–" if value is None else form.format(value)


def ratio(rows, row, peer):
    """How many times as fast as a peer."""
    other = results.find(rows, row.work, row.case, peer)
    return other.value / row.value if other else None


def threads(row):
    """That its rounds ran on; a peer takes the number that is fastest for it at that moment."""
    counts = {line["threads"] for line in row.measured if line.get("threads")}
    return ", ".join(map(str, sorted(counts))) or "–"


def epoch_columns(rows, row):
    return [("threads", threads(row)), *((name, number(ratio(rows, row, peer), "{:.2f}")) for name, peer in PEERS),
            ("of limit", number(results.share_of_limit(rows, row), "{:.0%}")),
            ("loss", number(row.get("loss"), "{:.6f}")), ("errors", number(row.get("errors"), "{:,}"))]


def process_columns(rows, row):
    return [("× PyTorch", number(ratio(rows, row, "PyTorch"), "{:.2f}")),
            ("peak MB", number(row.get("peak_bytes") / 1e6, "{:.0f}")),
            ("loss", number(row.get("loss"), "{:.6f}")), ("errors", number(row.get("errors"), "{:,}"))]


def product_columns(rows, row):
    return [("GFLOP/s", number(row.get("flop") / row.value / 1e9, "{:.1f}")),
            ("÷ OpenBLAS", number(ratio(rows, row, "OpenBLAS"), "{:.0%}")),
            ("of limit", number(results.share_of_limit(rows, row), "{:.0%}"))]


def optimum_columns(rows, row):
    return [("× scikit", number(ratio(rows, row, "scikit-learn"), "{:.2f}")),
            ("iterations", number(row.median("epochs"), "{:.0f}")),
            ("objective", number(row.get("objective"), "{:.7f}")), ("loss", number(row.get("loss"), "{:.6f}")),
            ("errors", number(row.get("errors"), "{:,}"))]


def choice_columns(_rows, row):
    train = row.median("train_seconds")
    return [("train alone", number(train and 1000 * train, "{:,.1f}")), ("peak MB", number(row.get("peak_bytes") / 1e6, "{:.0f}")),
            ("loss", number(row.get("loss"), "{:.6f}")), ("errors", number(row.get("errors"), "{:,}")),
            ("", f'  {row.get("winner") or ""}')]


def limit_columns(_rows, row):
    return [("unit", row.get("unit"))]


COLUMNS = {"epoch": ("an epoch", epoch_columns), "process": ("a whole process", process_columns),
           "product": ("a matrix product", product_columns), "limit": ("limits of the device", limit_columns),
           "optimum": ("to scikit-learn's objective after 100 iterations", optimum_columns),
           "path": ("a ridge path, whole process", choice_columns), "grid": ("a grid, whole process", choice_columns)}


def times(row):
    """Median, lowest and highest: times in ms, limits in their unit."""
    values = row.value, min(row.samples), max(row.samples)
    if row.work == "limit":
        return [f"{value:.3g}" for value in values]
    return [f"{1000 * value:,.{2 if value < 0.01 else 1}f}" for value in values]


def cells(rows, row, columns, wrong):
    if row.reason:
        return f"  {row.reason}"
    if row.key in wrong:
        winner = f", winner {row.get('winner')}" if row.get("winner") else ""
        return f"  its result differs: loss {row.get('loss')}, {row.get('errors')} errors{winner}"
    return "".join(f"{cell:>12}" for cell in times(row) + [text for _, text in columns(rows, row)])


def print_work(rows, work, wrong):
    title, columns = COLUMNS[work]
    mine = [row for row in rows.values() if row.work == work]
    heads = next((["median", "lowest", "highest", *(name for name, _ in columns(rows, row))]
                  for row in mine if row.measured), [])
    print(f"\n{title}{' (ms)' if work != 'limit' else ''}\n{'':<38}" + "".join(f"{head:>12}" for head in heads))
    for case in dict.fromkeys(row.case for row in mine):
        print(case)
        for row in mine:
            if row.case == case:
                print(f"  {row.peer:<36}{cells(rows, row, columns, wrong)}")


def print_head(rows):
    """What run this was, and on what."""
    lines = [line for row in rows.values() for line in row.lines]
    first, versions = lines[0], {}
    for line in lines:
        for name, version in (line.get("versions") or {}).items():
            versions.setdefault(name, {})[version] = True
    device = next((f'{line["device"]}, {line["platform"]}, driver {line["driver"]}' for line in lines
                   if line.get("platform")), "no OpenCL device")
    print(f'{first["run"]}, commit {first["commit"]}, {first["cpu"]}, {first["cores"]} cores, '
          f'load before a run up to {max(line["load"] for line in lines):.1f}')
    print("; ".join([device, *(f"{name} {', '.join(found)}" for name, found in versions.items())]))


def show(path):
    """Prints all; 1 where results differ."""
    rows = results.load(path)
    wrong = results.disagreeing(rows)
    print_head(rows)
    for work in COLUMNS:
        if any(row.work == work for row in rows.values()):
            print_work(rows, work, wrong)
    print(f'\n{"what it must show":<56}{"at least":>9}{"aim":>9}{"obtained":>11}')
    for what, least, aim, obtained, verdict in targets.judged({key: row for key, row in rows.items() if key not in wrong}):
        print(f"{what:<56}{least:>9}{aim:>9}{obtained:>11}  {verdict}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: table.py RESULTS.jsonl")
    try:
        sys.exit(show(sys.argv[1]))
    except (OSError, ValueError) as failure:
        sys.exit(f"table.py: {failure}")
