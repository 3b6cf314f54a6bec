"""A grid of trainings as separate runs of `clinear train`, one after another, beside `clinear search` with the same grid:
separate.py CLINEAR GRID DATA [OPTION…]. The winner has the fewest validation errors, of equals the lowest validation loss."""
import itertools
import json
import subprocess
import sys


def settings(grid):
    """ "a=1,2;b=3" as [("a", "1"), ("b", "3")], [("a", "2"), ("b", "3")]."""
    axes = [axis.split("=") for axis in grid.split(";")]
    return itertools.product(*([(name, value) for value in values.split(",")] for name, values in axes))


def train(program, setting, options):
    words = [word for name, value in setting for word in (f"--{name}", value)]
    said = subprocess.run([program, "train", *options, *words, "--quiet", "--json"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(said)


def main():
    program, grid, *options = sys.argv[1:]
    runs = [(setting, train(program, setting, options)) for setting in settings(grid)]
    setting, best = min(runs, key=lambda run: (run[1]["valid"]["errors"], run[1]["valid"]["loss"]))
    print(json.dumps({"loss": best["train"]["loss"], "errors": best["valid"]["errors"],
                      "winner": ", ".join(map(" ".join, setting)),
                      "train_seconds": sum(said["seconds"]["train"] for _, said in runs)}))


if __name__ == "__main__":
    main()
