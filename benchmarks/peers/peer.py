"""What the peers share: the data, the clock and the line of JSON.

A peer is a file beside this one with a class for each of its loops, handed to main():

    Loop(data, options)   data on the device, weights zero; options.batch rows a step, step size options.rate
    reset()               weights to zero again
    epoch()               one pass in the order of the file; returns when all of it is done
    weights()             W (k,d) and b (k) as numpy arrays

and a line in the list PEERS of ../run.py. Every peer is scored here, in double precision.
"""
import argparse
import gzip
import json
import os
import pathlib
import struct
import sys
import time
from types import SimpleNamespace

import numpy


class Missing(Exception):
    """What this machine lacks for this peer; the table shows it."""


def read_idx(folder, name):
    """An IDX file of bytes, plain or .gz, as an array of its dimensions."""
    path = pathlib.Path(folder, name)
    raw = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(name + ".gz").read_bytes())
    shape = struct.unpack(f">{raw[3]}I", raw[4:4 + 4 * raw[3]])
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def read_part(folder, part):
    """x (n,d) float32 in [0,1] and labels y (n) of "train" or "t10k"."""
    x = read_idx(folder, f"{part}-images-idx3-ubyte")
    y = read_idx(folder, f"{part}-labels-idx1-ubyte")
    return numpy.multiply(x.reshape(len(x), -1), 1 / 255, dtype=numpy.float32), y.astype(numpy.int64)


def read(folder, batch):
    """Training part: x (n,d), y (n), onehot (n,k), and how many steps a pass has."""
    x, y = read_part(folder, "train")
    if len(x) % batch:
        sys.exit(f"peer.py: {len(x)} rows are no multiple of a batch of {batch}, which all peers need; take another")
    k = int(y.max()) + 1
    return SimpleNamespace(x=x, y=y, onehot=numpy.eye(k, dtype=numpy.float32)[y], d=x.shape[1], k=k,
                           steps=len(x) // batch)


def score(folder, weight, bias):
    """Mean loss over the training part and errors in the test part, in double precision."""
    (x, y), (test_x, test_y) = read_part(folder, "train"), read_part(folder, "t10k")
    weight, bias = numpy.asarray(weight, float), numpy.asarray(bias, float)
    z = x @ weight.T + bias
    top = z.max(1, keepdims=True)
    loss = (numpy.log(numpy.exp(z - top).sum(1)) + top[:, 0] - z[numpy.arange(len(y)), y]).mean()
    return {"loss": float(loss), "errors": int(((test_x @ weight.T + bias).argmax(1) != test_y).sum())}


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def best_threads(loop, set_threads):
    """Takes the number of threads, in powers of two up to all cores, that runs an epoch fastest."""
    counts = sorted({2 ** i for i in range(10) if 2 ** i < os.cpu_count()} | {os.cpu_count()})
    seconds = {}
    for count in counts:
        set_threads(count)
        loop.epoch()  # starts the threads
        seconds[count] = min(timed(loop.epoch), timed(loop.epoch))
    best = min(seconds, key=seconds.get)
    set_threads(best)
    return best


def emit(line):
    print(json.dumps(line), flush=True)


def parse(**more):
    """The options of all, and more by their names and types."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="a folder with MNIST's IDX files, plain or .gz")
    parser.add_argument("loop")
    parser.add_argument("--batch", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--device", default="", help="part of an OpenCL device's name")
    for name, kind in more.items():
        parser.add_argument(f"--{name}", type=kind, required=True)
    return parser.parse_args()


def main(loops, versions, set_threads=None):
    """Trains by one of the loops and prints the line: seconds of every epoch, after at least one that does not count. versions: of
    what decides the speed, BLAS included; set_threads: where a peer is not left to choose well itself."""
    options = parse()
    try:
        data = read(options.data, options.batch)
        loop = loops[options.loop](data, options)
        first = timed(loop.epoch)
        threads = best_threads(loop, set_threads) if set_threads else None
        loop.reset()
        samples = [timed(loop.epoch) for _ in range(options.epochs)]
    except Missing as missing:
        emit({"reason": str(missing), "missing": True, "versions": versions})  # need not be tried again
        return
    emit({"unit": "s", "samples": samples, "first": first, "epochs": options.epochs, "threads": threads,
          "versions": versions, "device": getattr(loop, "device", None),
          **score(options.data, *loop.weights())})
