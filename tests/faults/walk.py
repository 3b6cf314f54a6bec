#!/usr/bin/env python3
"""Makes the n-th call of every entry point fail, for one n after another, and holds what becomes of it against the rules.

    walk.py WHAT [--long] [--minutes M] [--only TEXT]      WHAT: calls (OpenCL), memory or files; TEXT: in the name of a command

A command runs once without faults, which counts its calls. Then it runs again and again, each time with one call failing: the first, the
last and one between, or with --long every one (of more than 300 a fair part). It has survived where it ends in order (no signal, no hang) and

    exits 0 with the same files, bit by bit, and the same figures on stdout, or
    exits with another status, a sentence on stderr, and every file of before as it was or as it was to be;

in both cases no other file is left, no reference to an OpenCL object that could have been given back, and no host memory that the
program or a library in it has taken (libhostfaults.so counts that). --minutes ends the walk so long after the runs without faults, and
it says how much of it was done; the order is drawn with a fixed seed, so that what was done is a fair part of all. The build folder is
$CLINEAR_BUILD, the program $CLINEAR. The exit status is 1 where something was not survived.
"""
import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

build, program = os.environ["CLINEAR_BUILD"], os.environ["CLINEAR"]
layer, host = build + "/tests/libfaults.so", build + "/tests/libhostfaults.so"

TRAIN = "train toy --epochs 2 -o model --log log --json --quiet"
COMMANDS = {  # name: arguments, files that it makes
    "train sgd, fused": (TRAIN + " --engine fused --valid 30 --patience 1", "model log"),
    "train sgd, clblast": (TRAIN + " --engine clblast", "model log"),
    "train lbfgs, fused": (TRAIN + " --engine fused --solver lbfgs", "model log"),
    "train lbfgs, clblast": (TRAIN + " --engine clblast --solver lbfgs", "model log"),
    "train direct, fused": (TRAIN.replace("--epochs 2 ", "").replace("--log log ", "") +
                            " --model linear --loss squared --solver direct --l2 0.1 --engine fused", "model"),
    "train direct, clblast": (TRAIN.replace("--epochs 2 ", "").replace("--log log ", "") +
                              " --model linear --loss squared --solver direct --l2 0.1 --engine clblast", "model"),
    "evaluate": ("evaluate given toy --json --quiet", ""),
    "predict": ("predict given toy -o predictions --quiet", "predictions"),
    "search": ("search toy --epochs 1 --valid 30 --grid l2=0,0.1 --state state --engine fused -o model --json --quiet", "model state"),
    "train, table": ("train toy --epochs 1 --engine fused", ""),
    "verify": ("verify proved toy --json", ""),
    "plot": ("plot given -o picture.svg --quiet", "picture.svg"),
    "plot confusion": ("plot given toy -o picture.svg --quiet", "picture.svg"),
    "devices": ("devices --json --quiet", ""),
    "selftest": ("selftest --device auto --json --quiet", ""),
    "tune": ("tune --budget 1 --json --quiet", ""),
    "compare": ("compare toy --devices auto --budget 1 --report page.html --json --quiet", "page.html"),
}
SHORT = {  # what is walked in the short form
    "calls": ("train sgd, fused", "train direct, clblast", "search"),
    "memory": ("train sgd, fused", "train, table", "evaluate", "search", "plot"),
    "files": ("train sgd, fused", "predict", "search", "plot"),
}
# Figures that another run of the same training has otherwise.
LOOSE = re.compile(r"seconds|time|bytes|per_second|spread|samples|started|uuid|memory")
MEASURED = ("tune", "compare")  # commands whose figures are times
HEAVY = ("tune", "compare", "selftest")  # which take seconds: of these a few calls fail even in the long form, and none within minutes
# Statuses that a driver may give; several where it has several.
STATUSES = {
    "clCreateBuffer": (-4, -5, -61), "clBuildProgram": (-11, -6, -9999), "clEnqueueNDRangeKernel": (-5, -4, -9999),
    "clFinish": (-5, -36, -9999), "clCreateContext": (-2, -6), "clGetDeviceIDs": (-1, -6), "clGetPlatformIDs": (-1001, -6),
    "clEnqueueReadBuffer": (-5, -9999), "clEnqueueMapBuffer": (-12, -5), "clCreateProgramWithSource": (-6,),
}
GIVING = ("clCreateContext", "clCreateCommandQueue", "clCreateBuffer", "clCreateSubBuffer", "clCreateProgramWithSource",
          "clCreateKernel", "clEnqueueMapBuffer")  # which can also give NULL without a status
MEMORY = ("malloc", "calloc", "realloc", "strdup", "open_memstream", "pthread_create")
ERRORS = {
    "open": ("EMFILE", "EACCES", "EINTR"), "fopen": ("EMFILE", "EACCES"), "read": ("EIO", "EINTR", "SHORT"),
    "write": ("ENOSPC", "EIO", "EINTR", "SHORT"), "fwrite": ("ENOSPC", "SHORT"), "fork": ("EAGAIN",), "pipe2": ("EMFILE",),
    "fsync": ("EIO", "ENOSPC"), "close": ("EIO", "EINTR"), "fclose": ("ENOSPC", "EIO"), "rename": ("EIO", "ENOSPC"),
    "ftruncate": ("EIO", "EINTR"), "fdopen": ("ENOMEM",), "mkostemp": ("ENOSPC", "EACCES"), "flock": ("EINTR", "EIO"),
}


def is_opencl(call):
    return call.startswith("cl") and call[2].isupper()


def content(path):
    with open(path, "rb") as file:
        return file.read()


def figures(text, measured):
    """What has to be the same in every run; the keys alone of what is measured."""
    def stripped(value):
        if isinstance(value, dict):
            return {k: stripped(v) for k, v in value.items() if not LOOSE.search(k)}
        if isinstance(value, list):
            return [stripped(v) for v in value]
        return value
    try:
        value = json.loads(text)
    except ValueError:
        return "text" if re.search(r"time +[0-9]", text) else text
    return sorted(value) if measured else stripped(value)


class Run:
    """One run of a command in a folder of its own, where files of before stand under the names of its output."""

    def __init__(self, base, name, rules=None):
        arguments, files = COMMANDS[name]
        self.folder = tempfile.mkdtemp(dir=base + "/runs")
        self.name, self.files = name, files.split()
        for entry in os.listdir(base + "/given"):
            os.symlink(base + "/given/" + entry, self.folder + "/" + entry)
        for file in self.files:
            if file != "state":
                shutil.copy(base + "/given/given", self.folder + "/" + file)
        for folder in ("tmp", "cache"):
            os.mkdir(self.folder + "/" + folder)
        counts = self.folder + "/counts"
        environment = dict(os.environ, CLINEAR_FAULTS_COUNTS=counts, CLINEAR_FAULTS="", CLINEAR_HOST_FAULTS="", OPENCL_LAYERS=layer,
                           LD_PRELOAD=host, TMPDIR=self.folder + "/tmp", XDG_CACHE_HOME=self.folder + "/cache")
        environment.update(rules or {})
        try:
            done = subprocess.run([program] + arguments.split(), cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=300, check=False)
            self.code, self.out, self.err = done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.code, self.out, self.err = None, "", ""
        self.calls, self.live, self.fired, self.leaks = collections.Counter(), collections.Counter(), 0, collections.Counter()
        for line in content(counts).decode().splitlines() if os.path.exists(counts) else []:
            word, *rest = line.split()
            if word == "call":
                self.calls[rest[0]] += int(rest[1])
            elif word == "live":
                self.live[rest[0]] += int(rest[1])
            elif word in ("rule", "host-rule"):
                self.fired += int(rest[1])
            elif word == "leak":
                self.leaks[rest[2]] += int(rest[0])
        self.made = {file: content(self.folder + "/" + file) if os.path.exists(self.folder + "/" + file) else None for file in self.files}
        given = set(os.listdir(base + "/given")) | set(self.files) | {"tmp", "cache", "counts"}
        self.left = sorted(set(os.listdir(self.folder)) - given) + os.listdir(self.folder + "/tmp")
        self.left += [f for _, _, found in os.walk(self.folder + "/cache") for f in found if re.search(r"\.[A-Za-z0-9]{6}$", f)]
        shutil.rmtree(self.folder)

    def figures(self):
        return figures(self.out, self.name in MEASURED)


def same_file(name, a, b):
    if a is None or b is None or a == b:
        return a == b
    if name == "page.html":
        return a[-8:].strip() == b[-8:].strip() == b"</html>"[-8:]
    if name not in ("log", "state"):
        return False
    if name == "state":  # the order of trainings is theirs, and some may be lost
        return set(re.sub(rb'"seconds":[^,}]*', b"", a).splitlines()) <= set(re.sub(rb'"seconds":[^,}]*', b"", b).splitlines())
    return [figures(line, False) for line in a.decode().splitlines()] == [figures(line, False) for line in b.decode().splitlines()]


def is_begun(log, whole, is_cut):
    """Whether a log is the first lines of another; where writing it failed, the last one may be damaged."""
    lines = log.split(b"\n")
    if lines.pop():
        if not is_cut:
            return False
    elif is_cut and lines:
        lines.pop()
    lines = [line.decode() for line in lines]
    return [figures(line, False) for line in lines] == [figures(line, False) for line in whole.decode().splitlines()][:len(lines)]


def wrongs(run, clean, call, old):
    """What of the rules does not hold."""
    if run.code is None:
        return ["it hangs"]
    if run.code < 0 or run.code >= 124:
        return ["it ended with status %d" % run.code]
    found = []
    if run.code == 0:
        if run.figures() != clean.figures():
            found.append("it succeeded with other figures")
        for file in run.files:
            if not same_file(file, run.made[file], clean.made[file]):
                found.append("it succeeded with another " + file)
    else:
        if "virtual memory exhausted" in run.err and call == "malloc":
            return []  # what popt says where it has none, and exits
        if not run.err.strip() and run.name != "compare" and "selftest" not in run.name:
            found.append("it failed without a word")
        elif run.err.strip() and not re.search(r"^clinear( [a-z]+)?: ", run.err, re.M):
            found.append("stderr is not this program's: " + run.err[:200])
        for file in run.files:
            before = None if file == "state" else old
            if run.made[file] == before or same_file(file, run.made[file], clean.made[file]):
                continue
            if file == "log" and is_begun(run.made[file], clean.made[file], "write the log" in run.err):
                continue
            if file == "model" and "as it is" in run.err:  # which the sentence says: the log could not be written, and ended the training
                continue
            found.append("it failed and left half of " + file)
    if run.left:
        found.append("left behind: " + " ".join(run.left))
    for kind, count in run.live.items():
        if count > 0 and not call.startswith("clRelease"):
            found.append("%d references to a %s are live" % (count, kind))
        elif count < 0:
            found.append("a %s was released too often" % kind)
    for place, count in run.leaks.items():
        if count > clean.leaks[place]:
            found.append("%d blocks of memory leaked, taken at %s" % (count, place))
    return found


def plan(what, clean, long, draw):
    """(call, n, status or error) of one command."""
    for call, count in sorted(clean.calls.items()):
        if is_opencl(call):
            if what != "calls":
                continue
            statuses = STATUSES.get(call, (-5,)) + (("null",) if call in GIVING else ())
        elif what != ("memory" if call in MEMORY else "files"):
            continue
        else:
            statuses = ("EAGAIN",) if call == "pthread_create" else ("ENOMEM",) if call in MEMORY else ERRORS.get(call, ("EIO",))
        if count == 0:
            continue
        if long:
            numbers = range(1, count + 1) if count <= 300 else sorted(draw.sample(range(1, count + 1), 300))
            for n in numbers:
                for status in statuses:
                    yield call, n, status
        else:
            for n in sorted({1, count, draw.randint(1, count)}):
                yield call, n, draw.choice(statuses)
        if is_opencl(call) and (long or draw.random() < 0.3):
            yield call, draw.randint(1, count), "late"


def rule_of(call, n, status):
    if not is_opencl(call):
        return {"CLINEAR_HOST_FAULTS": "%s %d %s" % (call, n, status)}
    if status == "null":
        return {"CLINEAR_FAULTS": "null %s %d" % (call, n)}
    return {"CLINEAR_FAULTS": "late %s %d 20000" % (call, n) if status == "late" else "fail %s %d %d" % (call, n, status)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=SHORT)
    parser.add_argument("--long", action="store_true", default=os.environ.get("CLINEAR_LONG") == "1")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    started = time.monotonic()
    draw = random.Random(1)
    table = collections.defaultdict(collections.Counter)
    defects, planned = [], 0
    base = os.getcwd()
    os.makedirs(base + "/runs", exist_ok=True)
    names = [n for n in COMMANDS if not (options.minutes and n in HEAVY)] if options.long else SHORT[options.what]
    if options.only:
        names = [n for n in COMMANDS if options.only in n]
    runs = []
    for name in names:
        Run(base, name)  # which compiles
        clean = Run(base, name)
        if clean.code != 0 or clean.left or +clean.live or clean.leaks:
            print("without a fault, %s: status %s, left %s, live %s, leaks %s\n%s" %
                  (name, clean.code, clean.left, dict(clean.live), dict(clean.leaks), clean.err))
            return 1
        again = Run(base, name)
        if again.figures() != clean.figures() or not all(same_file(f, again.made[f], clean.made[f]) for f in clean.files):
            print("%s: two runs without faults are not the same" % name)
            return 1
        of_it = list(plan(options.what, clean, options.long and name not in HEAVY, draw))
        for call in {c for c, _, _ in of_it}:
            table[call]["calls"] += clean.calls[call]
        runs += [(name, clean) + fault for fault in of_it]
    planned = len(runs)
    draw.shuffle(runs)
    old = content(base + "/given/given")
    begun = time.monotonic()
    for done, (name, clean, call, n, status) in enumerate(runs):
        if options.minutes and time.monotonic() - begun > 60 * options.minutes:
            runs = runs[:done]
            break
        run = Run(base, name, rule_of(call, n, status))
        found = wrongs(run, clean, call, old)
        row = table[call]
        row["injected"] += 1
        row["unmet" if run.fired == 0 and run.code == 0 else "defects" if found else "success" if run.code == 0 else "failure"] += 1
        if found:
            defects.append((name, call, n, status, found))
            print("%s, %s %d %s: %s\n    %s" % (name, call, n, status, "; ".join(found), run.err.strip()[:300].replace("\n", "\n    ")),
                  flush=True)
    print("%-28s %8s %9s %8s %8s %6s %8s" % ("entry point", "calls", "injected", "failed", "succeed", "unmet", "defects"))
    for call, row in sorted(table.items()):
        print("%-28s %8d %9d %8d %8d %6d %8d" % ((call,) + tuple(row[k] for k in ("calls", "injected", "failure", "success", "unmet",
                                                                                  "defects"))))
    total = sum(table.values(), collections.Counter())
    print("%s: %d faults of %d injected into %d entry points: %d survived as a failure with words, %d as a success, %d never met, "
          "%d not survived; %.0f s" % (options.what, total["injected"], planned, len(table), total["failure"], total["success"],
                                       total["unmet"], len(defects), time.monotonic() - started))
    return 1 if defects else 0


sys.exit(main())
