"""Two result files row by row: compare.py OLD.jsonl NEW.jsonl. Above 1 the new one is faster.

A change counts where every round of one file is faster than every round of the other and the medians differ by more than 5 %:
noise within a machine's rounds hides neither. The exit status is 1 where a row of ours became slower in that sense, or is gone.
Both runs belong on one machine; the peers' rows show whether it was equally quiet.
"""
import sys

import results

LEAST = 0.05


def verdict(old, new):
    """"faster", "slower" or "", beyond noise; more of a unit that is no time is better."""
    a, b = old.rounds, new.rounds
    if len(a) == len(b) == 1:  # a round each: its samples are all that there is
        a, b = old.samples, new.samples
    better, worse = ("faster", "slower") if old.get("unit") == "s" else ("slower", "faster")
    if max(b) < min(a) and new.value < old.value * (1 - LEAST):
        return better
    if min(b) > max(a) and new.value > old.value * (1 + LEAST):
        return worse
    return ""


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: compare.py OLD.jsonl NEW.jsonl")
    try:
        old, new = (results.load(path) for path in sys.argv[1:])
    except (OSError, ValueError) as failure:
        sys.exit(f"compare.py: {failure}")
    worse = False
    print(f'{"":<38}{"old":>12}{"new":>12}{"ratio":>8}')
    case = None
    for key in [*old, *(key for key in new if key not in old)]:
        before, after = old.get(key), new.get(key)
        row = after or before
        if (row.work, row.case) != case:
            case = row.work, row.case
            print(", ".join(case))
        values = [f"{each.value:.4g} {each.get('unit')}" if each and each.measured else "–" for each in (before, after)]
        ratio, word = "", ""
        if before and after and before.measured and after.measured:
            faster = before.value / after.value if row.get("unit") == "s" else after.value / before.value
            ratio, word = f"{faster:.2f}", verdict(before, after)
        elif before and before.measured:
            word = "gone" if not after else after.reason
        worse = worse or (row.ours and bool(word) and word != "faster")
        print(f"  {row.peer:<36}{values[0]:>12}{values[1]:>12}{ratio:>8}  {word}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
