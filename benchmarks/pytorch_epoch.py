#!/usr/bin/python3
"""Seconds an epoch of softmax regression by minibatch SGD in PyTorch on the CPU: the peer that clinear is measured against.

pytorch_epoch.py DATA [--batch-size 600] [--epochs 5] [--learning-rate 0.1], DATA a folder with MNIST's IDX files (plain or
.gz). The pixels, scaled to floats, lie in memory before the clock starts; rows in file order, weights from zero. Two loops:
`autograd`, as one writes it, and `manual`, with the gradients written out. One JSON line for each on stdout.
"""
import argparse
import gzip
import json
import pathlib
import re
import struct
import sys
import time

import numpy
import torch


def read_idx(folder, name):
    """An IDX file of bytes as an array of its dimensions."""
    path = pathlib.Path(folder, name)
    raw = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(name + ".gz").read_bytes())
    dimensions = raw[3]
    shape = struct.unpack(f">{dimensions}I", raw[4:4 + 4 * dimensions])
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


def read_part(folder, part):
    """Pixels (n,d) in [0,1] and labels (n)."""
    x = read_idx(folder, f"{part}-images-idx3-ubyte")
    y = read_idx(folder, f"{part}-labels-idx1-ubyte")
    x = torch.from_numpy(x.reshape(len(x), -1).astype(numpy.float32) / 255)
    return x, torch.from_numpy(y.astype(numpy.int64))


class Autograd:
    """nn.Linear, cross_entropy, backward, SGD."""

    def __init__(self, d, k, rate):
        self.layer = torch.nn.Linear(d, k)
        torch.nn.init.zeros_(self.layer.weight)
        torch.nn.init.zeros_(self.layer.bias)
        self.optimizer = torch.optim.SGD(self.layer.parameters(), lr=rate)

    def step(self, x, y):
        self.optimizer.zero_grad()
        torch.nn.functional.cross_entropy(self.layer(x), y).backward()
        self.optimizer.step()

    def logits(self, x):
        with torch.no_grad():
            return self.layer(x)


class Manual:
    """The same step with R = (softmax(XWᵀ + b) − Y)/B, W ← W − ηRᵀX, b ← b − ηΣR written out."""

    def __init__(self, d, k, rate):
        self.weight, self.bias, self.rate = torch.zeros(k, d), torch.zeros(k), rate

    def step(self, x, y):
        residual = torch.softmax(torch.addmm(self.bias, x, self.weight.T), 1)
        residual[torch.arange(len(y)), y] -= 1
        step = -self.rate / len(y)
        self.weight.addmm_(residual.T, x, alpha=step)
        self.bias.add_(residual.sum(0), alpha=step)

    def logits(self, x):
        return torch.addmm(self.bias, x, self.weight.T)


def blas():
    """File names of the BLAS libraries that this process has loaded: they decide the result."""
    maps = pathlib.Path("/proc/self/maps")
    text = maps.read_text() if maps.exists() else ""
    return sorted(set(re.findall(r"/([^/\s]*(?:blas|mkl|blis)[^/\s]*)$", text, re.MULTILINE)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--batch-size", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    options = parser.parse_args()

    x, y = read_part(options.data, "train")
    test_x, test_y = read_part(options.data, "t10k")
    d, k = x.shape[1], int(y.max()) + 1
    for name, loop in ("autograd", Autograd), ("manual", Manual):
        loop(d, k, 0).step(x[:options.batch_size], y[:options.batch_size])  # loads libraries, starts threads
        if not re.search("openblas|mkl|blis", " ".join(blas())):
            sys.exit("pytorch_epoch.py: PyTorch runs on the reference BLAS, 8 times slower and no fair peer; "
                     "install libopenblas0-pthread")
        model = loop(d, k, options.learning_rate)
        seconds = []
        for _ in range(options.epochs):
            start = time.perf_counter()
            for first in range(0, len(x), options.batch_size):
                model.step(x[first:first + options.batch_size], y[first:first + options.batch_size])
            seconds.append(time.perf_counter() - start)
        print(json.dumps({
            "peer": "pytorch", "loop": name, "batch": options.batch_size, "epochs": options.epochs,
            "epoch_seconds": seconds,
            "final_loss": float(torch.nn.functional.cross_entropy(model.logits(x), y)),
            "test_errors": int((model.logits(test_x).argmax(1) != test_y).sum()),
            "version": torch.__version__, "threads": torch.get_num_threads(), "blas": blas(),
        }), flush=True)


if __name__ == "__main__":
    main()
