#!/usr/bin/env python3
"""Makes the n-th call of every entry point fail, for one n after another, and holds what becomes of it against the rules.

    walk.py WHAT… [--long] [--minutes M] [--jobs N] [--only TEXT]     WHAT: calls (OpenCL), memory, files; TEXT: in the name of a command

A command runs once without faults, which counts its calls, in each process that it works in. Then it runs again and again, each time with
one call failing: the first, the last and one between, or with --long every one (of more than 300 a fair part). It has survived where it
ends in order (no signal, no hang) and

    exits 0 with the same files, bit by bit, and the same figures on stdout, or
    exits with another status, a sentence on stderr, and every file of before as it was or as it was to be;

in both cases no other file and no process is left, no reference to an OpenCL object that could have been given back, and no host memory
that the program or a library in it has taken (libhostfaults.so counts that). A verdict is good only with every check behind it
(survived.py has all rules). --minutes ends the walk so long after the runs without faults, and it says how much of it was done: every
command has the same time, of which each entry point in each process has its turn, in an order that is drawn with a fixed seed. --jobs
says how many commands run at once. The build folder is $CLINEAR_BUILD, the program $CLINEAR. The exit status is 1 where something was
not survived.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from survived import JUDGED, figures, is_measured, same_file, wrongs

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
    "compare": ("compare toy --devices auto --budget 0.1 --report page.html --json --quiet", "page.html"),
    "compare, builds": ("compare toy --devices auto --budget 3 --engine fused --json --quiet", ""),
}
SIMULATED = ("selftest", "compare")  # on a device that says it is a simulator, and so gets tiny shapes alone
# What compiles anew in every run, with an empty cache of programs: a driver may be at it in a thread when something fails.
COLD = [name for name in COMMANDS if re.match("train (sgd|lbfgs|direct)|evaluate|predict", name)]
COMMANDS.update({name + ", cold": COMMANDS[name] for name in COLD})
HEAVY = ["tune", "compare", "compare, builds", "selftest"] + [name + ", cold" for name in COLD]  # without --minutes, a few calls fail
SHORT = {  # what is walked in the short form
    "calls": ("train sgd, fused", "train direct, clblast", "search"),
    "memory": ("train sgd, fused", "train, table", "evaluate", "search", "plot"),
    "files": ("train sgd, fused", "predict", "search", "plot"),
}
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


class Run:
    """One run of a command in a folder of its own, where files of before stand under the names of its output."""

    def __init__(self, base, name, rules=None, kept=None):
        arguments, files = COMMANDS[name]
        self.folder = tempfile.mkdtemp(dir=base + "/runs")
        self.name, self.files, self.before = name, files.split(), kept or {}
        for entry in os.listdir(base + "/given"):
            os.symlink(base + "/given/" + entry, self.folder + "/" + entry)
        for file in self.files:
            if file != "state":
                shutil.copy(base + "/given/given", self.folder + "/" + file)
        for folder in ("tmp", "cache", "cache/clinear", "pocl"):
            os.mkdir(self.folder + "/" + folder)
        for file, text in self.before.items():
            with open(self.folder + "/cache/clinear/" + file, "w") as to:
                to.write(text)
        counts = self.folder + "/counts"
        environment = dict(os.environ, CLINEAR_FAULTS_COUNTS=counts, CLINEAR_FAULTS="", CLINEAR_HOST_FAULTS="", OPENCL_LAYERS=layer,
                           LD_PRELOAD=host, TMPDIR=self.folder + "/tmp", XDG_CACHE_HOME=self.folder + "/cache")
        if name.endswith(", cold"):
            environment["POCL_CACHE_DIR"] = self.folder + "/pocl"
        environment.update(rules or {})
        if name in SIMULATED:
            environment["CLINEAR_FAULTS"] += "\nname Oclgrind"
        begun = time.monotonic()
        try:
            done = subprocess.run([program] + arguments.split(), cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=300 if name not in HEAVY else 900, check=False)
            self.code, self.out, self.err = done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.code, self.out, self.err = None, "", ""
        self.seconds = time.monotonic() - begun
        self.left = left_processes(counts) if name.startswith(JUDGED) else []
        self.read_counts(content(counts).decode() if os.path.exists(counts) else "", "host-rule" if "CLINEAR_HOST_FAULTS" in (rules or {})
                         else "rule")
        self.made = {file: content(self.folder + "/" + file) if os.path.exists(self.folder + "/" + file) else None for file in self.files}
        given = set(os.listdir(base + "/given")) | set(self.files) | {"tmp", "cache", "counts", "pocl"}
        self.left += sorted(set(os.listdir(self.folder)) - given) + os.listdir(self.folder + "/tmp")
        self.left += [f for _, _, found in os.walk(self.folder + "/cache") for f in found if re.search(r"\.[A-Za-z0-9]{6}$", f)]
        self.kept = {file: content(self.folder + "/cache/clinear/" + file).decode(errors="replace")
                     for file in os.listdir(self.folder + "/cache/clinear") if re.search(r"\.json$|^trust-[0-9a-f]+$", file)}
        shutil.rmtree(self.folder)

    def read_counts(self, text, rule):
        """Calls are of the process with most of them, where several have the same work; all else is of all."""
        self.calls, self.live, self.fired, self.leaks = collections.Counter(), collections.Counter(), 0, collections.Counter()
        work = ""
        for line in text.splitlines():
            word, *rest = line.split()
            if word == "process":
                work = rest[0]
            elif word == "call":
                self.calls[work, rest[0]] = max(self.calls[work, rest[0]], int(rest[1]))
            elif word == "live":
                self.live[rest[0]] += int(rest[1])
            elif (word, rest[0]) == (rule, "1"):
                self.fired += int(rest[1])
            elif word == "leak":
                self.leaks[rest[2]] += int(rest[0])

    def figures(self):
        return figures(self.out, is_measured(self.name))


def left_processes(counts):
    """What was started with this file for its counts and has not ended, some seconds after what it worked for; it is ended."""
    for left in range(30, -1, -1):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if counts.encode() in content("/proc/" + pid + "/environ"):
                    found.append(pid)
            except OSError:
                pass
        if not found:
            return []
        time.sleep(0.1)
    for pid in found:
        os.kill(int(pid), signal.SIGKILL)
    return ["a process"]


def plan(what, clean, long, draw):
    """(work, call, n, status or error) of one command, each entry point in each work having its turn."""
    turns = []
    for (work, call), count in sorted(clean.calls.items()):
        if is_opencl(call):
            if "calls" not in what:
                continue
            statuses = STATUSES.get(call, (-5,)) + (("null",) if call in GIVING else ())
        elif ("memory" if call in MEMORY else "files") not in what:
            continue
        else:
            statuses = ("EAGAIN",) if call == "pthread_create" else ("ENOMEM",) if call in MEMORY else ERRORS.get(call, ("EIO",))
        if count == 0:
            continue
        if long:
            numbers = range(1, count + 1) if count <= 300 else sorted(draw.sample(range(1, count + 1), 300))
            faults = [(work, call, n, status) for n in numbers for status in statuses]
        else:
            faults = [(work, call, n, draw.choice(statuses)) for n in sorted({1, count, draw.randint(1, count)})]
        if is_opencl(call) and (long or draw.random() < 0.3):
            faults.append((work, call, draw.randint(1, count), "late"))
        draw.shuffle(faults)
        turns += [(turn + draw.random(), fault) for turn, fault in enumerate(faults)]
    return [fault for _, fault in sorted(turns)]


def rule_of(work, call, n, status):
    if not is_opencl(call):
        return {"CLINEAR_FAULTS_IN": work, "CLINEAR_HOST_FAULTS": "%s %d %s" % (call, n, status)}
    rule = {"null": "null %s %d", "late": "late %s %d 20000"}.get(status, "fail %%s %%d %s" % status)
    return {"CLINEAR_FAULTS_IN": work, "CLINEAR_FAULTS": rule % (call, n)}


class Walk:
    """The faults of all commands: the next one is of the command that has had the least time."""

    def __init__(self, base, minutes):
        self.base, self.minutes, self.lock = base, minutes, threading.Lock()
        self.clean, self.faults, self.spent, self.defects = {}, {}, {}, []
        self.of_calls, self.of_commands = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
        self.old = content(base + "/given/given")

    def add(self, name, clean, faults):
        self.clean[name], self.faults[name], self.spent[name] = clean, faults[::-1], 0
        for work, call in {fault[:2] for fault in faults}:
            self.of_calls[call]["calls"] += clean.calls[work, call]
            self.of_commands[name]["calls"] += clean.calls[work, call]

    def take(self):
        with self.lock:
            names = [name for name in self.faults if self.faults[name]]
            if not names or (self.minutes and time.monotonic() - self.begun > 60 * self.minutes):
                return None
            name = min(names, key=self.spent.get)
            self.spent[name] += self.clean[name].seconds  # until it is known
            return name, self.faults[name].pop()

    def run(self):
        while taken := self.take():
            name, fault = taken
            clean = self.clean[name]
            run = Run(self.base, name, rule_of(*fault), clean.kept if name == "tune" else None)
            found = wrongs(run, clean, fault[0], fault[1], self.old)
            with self.lock:
                self.spent[name] += run.seconds - clean.seconds
                for row in (self.of_calls[fault[1]], self.of_commands[name]):
                    row["injected"] += 1
                    row["unmet" if run.fired == 0 and run.code == 0 and not found else
                        "defects" if found else "success" if run.code == 0 else "failure"] += 1
                if found:
                    self.defects.append((name, fault, found))
                    print("%s, %s: %s\n    %s" % (name, " ".join(map(str, fault)), "; ".join(found),
                                                 run.err.strip()[:300].replace("\n", "\n    ")), flush=True)

    def walk(self, jobs):
        self.begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for worker in [pool.submit(self.run) for _ in range(jobs)]:
                worker.result()

    def tell(self, what, planned, seconds):
        columns = ("calls", "injected", "failure", "success", "unmet", "defects")
        for head, table in (("command", self.of_commands), ("entry point", self.of_calls)):
            print("%-28s %8s %9s %8s %8s %6s %8s" % (head, "calls", "injected", "failed", "succeed", "unmet", "defects"))
            for name, row in sorted(table.items()):
                print("%-28s %8d %9d %8d %8d %6d %8d" % ((name,) + tuple(row[k] for k in columns)))
        total = sum(self.of_calls.values(), collections.Counter())
        print("%s: %d faults of %d injected into %d entry points: %d survived as a failure with words, %d as a success, %d never met, "
              "%d not survived; %.0f s" % (" ".join(what), total["injected"], planned, len(self.of_calls), total["failure"],
                                           total["success"], total["unmet"], len(self.defects), seconds))


def without_fault(base, name):
    """The run that the others are held against, and what is wrong with it; the one before it compiles."""
    kept = {} if name.endswith(", cold") else Run(base, name).kept
    before = kept if name == "tune" else None
    clean = Run(base, name, None, before)
    if clean.code != 0 or clean.left or +clean.live or clean.leaks:
        return clean, ("without a fault, %s: status %s, left %s, live %s, leaks %s\n%s" %
                       (name, clean.code, clean.left, dict(clean.live), dict(clean.leaks), clean.err))
    again = clean if name in HEAVY else Run(base, name)
    if again.figures() != clean.figures() or not all(same_file(f, again.made[f], clean.made[f]) for f in clean.files):
        return clean, "%s: two runs without faults are not the same" % name
    return clean, None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="+", choices=SHORT)
    parser.add_argument("--long", action="store_true", default=os.environ.get("CLINEAR_LONG") == "1")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    started = time.monotonic()
    draw = random.Random(1)
    base = os.getcwd()
    os.makedirs(base + "/runs", exist_ok=True)
    names = [n for n in COMMANDS if options.only in n and (options.long or options.only or any(n in SHORT[w] for w in options.what))]
    walk = Walk(base, options.minutes)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        cleans = list(pool.map(lambda name: without_fault(base, name), names))
    planned = 0
    for name, (clean, wrong) in zip(names, cleans):
        if wrong:
            print(wrong)
            return 1
        faults = plan(options.what, clean, options.long and (options.minutes or name not in HEAVY), draw)
        walk.add(name, clean, faults)
        planned += len(faults)
    walk.walk(options.jobs)
    walk.tell(options.what, planned, time.monotonic() - started)
    return 1 if walk.defects else 0


sys.exit(main())
