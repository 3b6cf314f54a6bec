#!/usr/bin/python3
"""The table of one run of benchmarks/run.sh: table.py RESULTS.jsonl [RUN], the last run by default.

Correctness first: a time is printed only where the final loss agrees with PyTorch's manual loop within 1e-3 (relative) and
the test errors within 5; otherwise the exit status is 1.
"""
import json
import statistics
import sys


def figures(line):
    """(batch, who), seconds an epoch, final loss and test errors of one line."""
    if line["peer"] == "clinear":
        who = f'clinear {line["engine"]}'
        return (line["batch"], who), line["seconds"]["train"] / line["epochs"], line["train"]["loss"], line["test"]["errors"]
    who = f'PyTorch {line["loop"]}'
    return (line["batch"], who), statistics.median(line["epoch_seconds"]), line["final_loss"], line["test_errors"]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    run = sys.argv[2] if len(sys.argv) > 2 else lines[-1]["run"]
    lines = [line for line in lines if line["run"] == run]
    rows = {}
    for line in lines:
        key, seconds, loss, errors = figures(line)
        rows.setdefault(key, []).append((seconds, loss, errors))

    for line in lines:
        if line["peer"] == "clinear":
            device = line["device"]
            print(f'{run}, commit {line["commit"]}, {device["name"]}, {device["platform"]}, driver {device["driver"]}')
            break
    print(f'{"batch":>5}  {"who":<18}{"ms an epoch":>12}{"lowest":>9}{"highest":>9}{"x manual":>10}{"loss":>10}{"errors":>8}')
    wrong = False
    for (batch, who), runs in rows.items():
        peer = rows[batch, "PyTorch manual"]
        manual = statistics.median(seconds for seconds, _, _ in peer)
        times = [1000 * seconds for seconds, _, _ in runs]
        agrees = all(abs(loss - peer[0][1]) <= 1e-3 * peer[0][1] and abs(errors - peer[0][2]) <= 5
                     for _, loss, errors in runs)
        wrong = wrong or not agrees
        _, loss, errors = runs[0]
        if agrees:
            median = statistics.median(times)
            time = f"{median:>12.1f}{min(times):>9.1f}{max(times):>9.1f}{1000 * manual / median:>10.2f}"
        else:
            time = f'{"results differ":>40}'
        print(f"{batch:>5}  {who:<18}{time}{loss:>10.5f}{errors:>8}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
