"""The runner behind run.sh: run.py DATA [DEVICE [ROUNDS [WORKS]]]. What is measured stands in plan(); a peer is a line there.
WORKS: those of epoch, process, product, limit, optimum, path and grid that are wanted, with commas between; all of them without.

Every peer is a process of its own in every round, so that a machine that slows down slows all. What a process prints are lines of
JSON: `samples` in `unit`, with `loss` and `errors` where it trained, or the `reason` why it could not run. Each becomes a line of
results/DATE-COMMIT.jsonl, with what it was, when, and how busy the machine was just before.
"""
import json
import math
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))
import peer  # noqa: E402
import table  # noqa: E402

BUILD = HERE.parent / "build"
RATE, SECONDS = "0.1", 300  # step size of all; the longest that a process may take
ITERATIONS = 100  # of scikit-learn's L-BFGS, after which its objective is the one to be reached
ALPHAS = ",".join(f"{10 ** (-3 + 7 * i / 19):.4g}" for i in range(20))
GRID = "learning-rate=0.05,0.1,0.2,0.5;l2=0,0.00001,0.0001,0.001"
VALID = 5000  # rows at the end of the training part that choose among them
WHOLE = "process", "path", "grid"  # works whose time is that of a whole process
MANUAL, AUTOGRAD = "PyTorch, by hand", "PyTorch, ordinary loop"


@dataclass
class Run:
    """One process: what it measures, who it is, how it is called."""
    work: str  # epoch, process, product, limit, optimum, path or grid
    case: str
    peer: str
    command: list
    rounds: int = 1000  # at most
    environment: dict = field(default_factory=dict)
    fresh: bool = False  # with empty caches


def epochs_of(data, device, case, batch, epochs, everyone):
    """The epochs of all peers at one batch size."""
    def ours(engine):
        return Run("epoch", case, f"clinear {engine}",
                   [BUILD / "benchmark.epoch", data, device, engine, batch, epochs, RATE])

    def python(name, file, loop, rounds=1000):
        return Run("epoch", case, name, [sys.executable, HERE / "peers" / file, data, loop, "--batch", batch,
                                         "--epochs", epochs, "--rate", RATE, "--device", "DEVICE-NAME"], rounds)

    runs = [ours("auto"), ours("clblast"), python(MANUAL, "pytorch.py", "manual"),
            python("JAX, jit and scan", "jax_scan.py", "cpu")]
    if everyone:
        runs += [ours("fused"), python(AUTOGRAD, "pytorch.py", "autograd"), python("NumPy", "numpy_blas.py", "manual"),
                 python("tinygrad", "tinygrad_cl.py", "manual", rounds=1)]
    return runs + [
        python("PyTorch CUDA, ordinary loop", "pytorch.py", "cuda-autograd"),
        python("PyTorch CUDA, by hand", "pytorch.py", "cuda"),
        python("PyTorch CUDA, compiled", "pytorch.py", "cuda-compiled"),
        python("PyTorch CUDA, graph", "pytorch.py", "cuda-graph"),
        python("JAX GPU, jit and scan", "jax_scan.py", "gpu")]


def optimum_of(data, device, penalty):
    """The time to scikit-learn's objective after some iterations: its own first, as it says what ours is to reach."""
    case = f"softmax, L2 penalty {penalty}"

    def python(name, loop, rounds=1000, case=case):
        return Run("optimum", case, name, [sys.executable, HERE / "peers" / "optimum.py", data, loop, "--penalty", penalty,
                                           "--epochs", ITERATIONS], rounds)

    def ours(case):
        return Run("optimum", case, "clinear", [BUILD / "benchmark.optimum", data, device, penalty, f"OBJECTIVE {case}"])

    accelerated = f"{case}, where the accelerated one gets"  # with the same iterations, which is nearer to the optimum
    runs = [python("scikit-learn, float32", "plain"), python("scikit-learn, float64", "double", rounds=1), ours(case),
            python("scikit-learn-intelex", "intelex", case=accelerated), ours(accelerated)]
    if float(penalty):  # which its solver needs
        runs.append(python("LIBLINEAR", "liblinear", rounds=1, case=f"one class against the rest, L2 penalty {penalty}"))
    return runs


def choices_of(data, device):
    """What choosing a penalty or a step size costs: a path of ridge penalties, and a grid of SGD's options."""
    options = [data, "--device", device, "--valid", VALID]
    runs = []
    for case, alphas in (("ridge, one penalty", "1000"), ("ridge, the best of 20 penalties", ALPHAS)):
        ridge = [sys.executable, HERE / "peers" / "ridge.py", data]
        runs += [Run("path", case, "clinear", [BUILD / "clinear", "train", *options, "--model", "linear", "--solver", "direct",
                                               "--alpha", alphas, "--quiet", "--json"]),
                 Run("path", case, "NumPy", [*ridge, "numpy", "--alphas", alphas, "--valid", VALID]),
                 Run("path", case, "scikit-learn", [*ridge, "scikit", "--alphas", alphas, "--valid", VALID],
                     rounds=1000 if alphas == "1000" else 1)]
    case = "SGD, the best of 16 configurations"
    return runs + [
        Run("grid", case, "clinear search", [BUILD / "clinear", "search", *options, "--grid", GRID, "--quiet", "--json"]),
        Run("grid", case, "clinear train, 16 processes", [sys.executable, HERE / "separate.py", BUILD / "clinear", GRID,
                                                          *options])]


def plan(data, device, rows):
    """All runs of a round, in turn."""
    runs = [Run("limit", "all", "device", [BUILD / "benchmark.limits", device])]
    for case, batch, epochs in (("batch 600", 600, 5), ("batch 200", 200, 5), ("batch 32", 32, 3),
                                ("full batch", rows, 10)):
        runs += epochs_of(data, device, case, batch, epochs, everyone=batch != 32)
    for name, loop in (("scikit-learn", "plain"), ("scikit-learn-intelex", "intelex")):
        runs.append(Run("epoch", "full batch, an iteration of L-BFGS", name,
                        [sys.executable, HERE / "peers" / "scikit.py", data, loop, "--epochs", 20]))

    train = [BUILD / "clinear", "train", data, "--device", device, "--quiet", "--json"]
    runs.append(Run("process", "first run, empty caches, 1 epoch", "clinear", [*train, "--epochs", 1], fresh=True))
    runs.append(Run("process", "10 epochs", "clinear", train))
    cores = os.cpu_count()
    for threads in sorted({1, cores}):
        for name, python in (("PyTorch", sys.executable), ("PyTorch of Debian", "/usr/bin/python3")):  # loads faster
            runs.append(Run("process", "10 epochs", f"{name}, by hand, threads: {threads}",
                            [python, HERE / "peers" / "pytorch_train.py", data, threads],
                            environment={"OPENBLAS_NUM_THREADS": str(threads)}))

    products = [BUILD / "benchmark.products", device]
    for threads in sorted({1, cores}):
        runs.append(Run("product", "all", f"OpenBLAS, threads: {threads}", [*products, "openblas"],
                        environment={"OPENBLAS_NUM_THREADS": str(threads)}))
    runs.append(Run("product", "all", "CLBlast, our parameters", [BUILD / "benchmark.gram", device]))
    runs.append(Run("product", "all", "CLBlast, our parameters", [*products, "chosen"]))
    runs.append(Run("product", "all", "CLBlast as shipped", [*products, "shipped"], rounds=1))
    return runs + optimum_of(data, device, "1e-4") + optimum_of(data, device, "0") + choices_of(data, device)


def execute(run, known):
    """Runs a process to its end: its status, seconds, most memory, and what it wrote. known: what its words stand for that became
    known on the way."""
    command = [str(known.get(word, word)) for word in run.command]
    if not pathlib.Path(command[0]).exists():
        return 1, 0, 0, "", f"{pathlib.Path(command[0]).name} is not built"
    with tempfile.TemporaryDirectory() as caches, tempfile.TemporaryFile("w+") as out, \
            tempfile.TemporaryFile("w+") as err:
        fresh = {name: caches for name in ("POCL_CACHE_DIR", "XDG_CACHE_HOME", "CUDA_CACHE_PATH")} if run.fresh else {}
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env={**os.environ, **run.environment, **fresh})
        watchdog = threading.Timer(SECONDS, process.kill)
        watchdog.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        watchdog.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        words = err.read().strip() or f"ended with status {process.returncode}"
        if seconds > SECONDS:
            words = f"took more than {SECONDS} s"
        return process.returncode, seconds, 1024 * usage.ru_maxrss, out.read(), words


def lines_of(run, known, raw_bytes):
    """What a process has to say, as lines."""
    status, seconds, peak, out, err = execute(run, known)
    if run.work in WHOLE and status == 0:
        said = json.loads(out)
        said = own(said) if "train" in said or "refit" in said else said
        return [{"unit": "s", "samples": [seconds], "peak_bytes": peak, "raw_bytes": raw_bytes, **said}]
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    if run.work == "limit":
        lines = [limit(line) for line in lines]
    if status:
        lines.append({"reason": err.splitlines()[-1][:200]})
    return lines


def choice(said):
    """What was chosen, by a search or along a path of penalties; "" where nothing was."""
    if "refit" in said:
        return ", ".join(f"{name} {value}" for name, value in said["configurations"][said["best"]]["options"].items())
    return "".join(f"alpha {row['alpha']:g}" for row in said.get("path", []) if row["best"])


def own(said):
    """What `clinear train` or `clinear search` printed, in the words of a line. Of a search the optimisation is that of all
    configurations, and errors are the best one's in validation, for it is trained again on more rows."""
    if "refit" in said:
        best, device = said["configurations"][said["best"]], said["refit"]["device"]
        errors, seconds = best["valid"]["errors"], sum(row["seconds"] for row in said["configurations"])
    else:
        best, device, errors, seconds = said, said["device"], said["test"]["errors"], said["seconds"]["train"]
    winner = choice(said)
    return {"loss": best["train"]["loss"], "errors": errors, "train_seconds": seconds, "device": device["name"],
            **{key: device[key] for key in ("platform", "driver")}, **({"winner": winner} if winner else {})}


def limit(row):
    """A row of benchmark.limits as a line."""
    line = {"case": row["name"], "unit": row["unit"], "device": row["device"], "driver": row["driver"]}
    if row["value"] is None:
        return {**line, "reason": row["reason"]}
    return {**line, "samples": [row["value"]], "note": row["reason"]}


def main():
    data, device = sys.argv[1], (sys.argv[2:] or ["auto"])[0]
    rounds = int((sys.argv[3:] or ["3"])[0])
    parts = [peer.read_idx(data, f"{part}-images-idx3-ubyte") for part in ("train", "t10k")]
    runs = plan(data, device, len(parts[0]))
    if sys.argv[4:]:
        runs = [run for run in runs if run.work in sys.argv[4].split(",")]
    raw_bytes = sum(part.nbytes + len(part) for part in parts)

    commit = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=False).stdout.strip() or "unknown"
    stamp = {"run": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit, "cpu": cpu(),
             "cores": os.cpu_count()}
    results = HERE / "results" / f"{stamp['run'].replace(':', '')}-{commit}.jsonl"
    results.parent.mkdir(exist_ok=True)
    absent, known = {}, {"DEVICE-NAME": device}  # what cannot run, and why; what words of commands stand for
    with results.open("w", encoding="utf-8") as file:
        for number in range(1, rounds + 1):
            for run in runs:
                if number > min(run.rounds, rounds if run.peer not in absent else 1):
                    continue
                print(f"round {number} of {rounds}: {run.work}, {run.case}, {run.peer}", file=sys.stderr)
                load = os.getloadavg()[0]
                lines = [absent[run.peer]] if run.peer in absent else lines_of(run, known, raw_bytes)
                for line in lines:
                    if line.get("missing"):
                        absent[run.peer] = line
                    if run.peer.startswith("clinear"):
                        known["DEVICE-NAME"] = line.get("device", known["DEVICE-NAME"])
                    elif run.peer.startswith("scikit-learn") and "objective" in line:
                        goal = f"OBJECTIVE {run.case}"
                        known[goal] = min(line["objective"], known.get(goal, math.inf))
                    json.dump({**stamp, "round": number, "load": load, "work": run.work, "case": run.case,
                               "peer": run.peer, **line}, file, ensure_ascii=False)
                    file.write("\n")
                    file.flush()
    return table.show(results)


def cpu():
    """The processor's name."""
    info = pathlib.Path("/proc/cpuinfo")
    names = [line.partition(": ")[2] for line in info.read_text(encoding="utf-8").splitlines()
             if line.startswith("model name")] if info.exists() else []
    return (names or [platform.machine()])[0]


if __name__ == "__main__":
    sys.exit(main())
