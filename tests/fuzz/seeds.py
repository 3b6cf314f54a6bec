#!/usr/bin/env python3
"""Makes what fuzzing begins with: small files as they are written, one folder a target.

usage: tests/fuzz/seeds.py CLINEAR FOLDER

scripts/fuzz.sh looks for more from tests/fuzz/corpus, which began with these.
"""
import gzip
import json
import os
import struct
import subprocess
import sys
import tempfile


def idx(kind, sizes, values):
    return bytes([0, 0, kind, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + values


def data(folder):
    """Eight images of 2 by 2 for training, four for testing, two classes."""
    for part, rows in (("train", 8), ("t10k", 4)):
        x = bytes((37 * i + 11) % 256 for i in range(4 * rows))
        y = bytes(i % 2 for i in range(rows))
        for name, content in ((f"{part}-images-idx3-ubyte", idx(8, [rows, 2, 2], x)),
                              (f"{part}-labels-idx1-ubyte", idx(8, [rows], y))):
            with open(os.path.join(folder, name), "wb") as to:
                to.write(content)


def tuning_rows():
    case = {"features": 784, "outputs": 10, "batch": 600, "type": "uint8"}
    ms = {"builtin_ms": 0.75, "best_ms": 0.5}
    cpu = {"kind": "cpu", "rows": 2, "group_rows": 16, "lanes": 0, "slots": 0, "group": 0, "split_rows": 321}
    gpu = {"kind": "gpu", "rows": 4, "group_rows": 0, "lanes": 16, "slots": 4, "group": 224, "split_rows": 321}
    product = {"n": 608, "m": 16, "k": 800, "rows": False}
    gemm = {"GEMMK": 0, "KREG": 1, "KWG": 32, "KWI": 1, "MDIMA": 1, "MDIMC": 1, "MWG": 16, "NDIMB": 13, "NDIMC": 13, "NWG": 104,
            "SA": 0, "SB": 0, "STRM": 0, "STRN": 0, "VWM": 16, "VWN": 1}
    engine = case | {"fused_ms": 2.0, "clblast_ms": 1.5}
    for shape in (gpu, cpu):
        yield {"shapes": [case | shape | ms], "products": [product | gemm | ms], "engines": [engine]}


def main():
    clinear, folder = sys.argv[1:]
    seeds = {}

    def seed(target, name, content):
        seeds[target, name] = content if isinstance(content, bytes) else content.encode()

    labels, floats = idx(8, [5], bytes([3, 1, 4, 1, 5])), idx(13, [2, 2], struct.pack(">4f", 1, -2.5, 0, 1e30))
    images = idx(8, [2, 2, 3], bytes(range(12)))
    for name, content in (("labels", labels), ("floats", floats), ("images", images),
                          ("wide-labels", idx(12, [2], struct.pack(">2i", 7, 65534)))):
        seed("idx", name, content)
        seed("idx", name + ".gz", gzip.compress(content, mtime=0))
    pieces = bytes([4, 3, 2, 1, 5, 0, 0, 0])
    seed("stream", "plain", pieces + labels)
    seed("stream", "packed", pieces + gzip.compress(images * 20, mtime=0))
    seed("stream", "members", pieces + gzip.compress(b"ab", mtime=0) + gzip.compress(images, mtime=0))
    seed("stream", "stored", pieces + gzip.compress(images, 0, mtime=0))

    with tempfile.TemporaryDirectory() as scratch:
        data(scratch)

        def run(*words):
            subprocess.run([clinear, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def text(name):
            with open(os.path.join(scratch, name), "rb") as file:
                return file.read()

        for name, words in (("softmax", ("--epochs", "3", "--valid", "2", "--log-every", "1")),
                            ("lbfgs", ("--solver", "lbfgs", "--epochs", "3", "--l2", "1")),
                            ("value", ("--model", "linear", "--target", "value", "--solver", "direct", "--alpha", "1"))):
            run("train", scratch, *words, "-o", f"{scratch}/m.safetensors", "--log", f"{scratch}/log")
            seed("model", name, text("m.safetensors"))
            seed("log", name, text("log"))
        for name, words in (("sgd", ("--epochs", "2", "--valid", "2", "--patience", "3")),
                            ("lbfgs", ("--solver", "lbfgs", "--epochs", "2")),
                            ("clblast", ("--epochs", "1", "--engine", "clblast"))):
            run("train", scratch, *words, "--checkpoint", f"{scratch}/checkpoint")
            seed("checkpoint", name, text("checkpoint"))
        header = b'{"weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}'
        seed("model", "bare", struct.pack("<Q", len(header)) + header + bytes(8))
        header = (b'{"__metadata__":{"shift":"0.5,-1e6"},"weight":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},'
                  b'"bias":{"dtype":"F64","shape":[1],"data_offsets":[16,24]}}')
        seed("model", "doubles", struct.pack("<Q", len(header)) + header + struct.pack("<3d", 1 / 3, -1e300, 1e-310))
        header = header.replace(b'"F64"', b'"F32"', 1).replace(b"0,16", b"0,8").replace(b"16,24", b"8,16")
        seed("model", "mixed", struct.pack("<Q", len(header)) + header + struct.pack("<2fd", 0.5, -1e30, 1e300))
        with open(f"{scratch}/small.json", "w") as to:
            subprocess.run([clinear, "compare", scratch, "--json", "--budget", "10"], stdout=to, stderr=subprocess.DEVNULL)
        comparison = json.loads(text("small.json"))
        for device in comparison["devices"]:
            device["rows"] = device["rows"][:4]
        seed("comparison", "compared", json.dumps(comparison))
        device = comparison["devices"][0]
        seed("wire", "device", json.dumps({"device": device["device"]}))
        seed("wire", "row", json.dumps({"row": {"name": "E.epoch", "value": 1.5, "unit": "s", "spread": 0.1, "limit": None,
                                                "reason": "why"}}))
        seed("wire", "progress", json.dumps({"progress": {"doing": "x", "seconds": 1, "seconds_left": 2}}))
        seed("wire", "done", json.dumps({"done": {"ok": False, "message": "it failed"}}))

    for i, rows in enumerate(tuning_rows()):
        seed("tuning", f"rows-{i}", json.dumps(rows)[1:])  # its head is the target's
    unit = {"configuration": 3, "fold": 0, "valid": {"loss": 0.5, "errors": 1, "rows": 4},
            "train": {"loss": None, "errors": 0, "rows": 4}, "epochs": 10, "stopped": "epochs", "seconds": 0.25}
    seed("state", "units", json.dumps(unit) + "\n" + json.dumps(unit | {"fold": 1, "stopped": "diverged"}) + "\n{\"confi")
    seed("trust", "passed", "passed\n\n")
    seed("trust", "failed", "failed\nfused gpu gradient: 3 of the tolerance\n")
    seed("options", "many", "model=linear\nloss=squared\ntarget=value\nsolver=lbfgs\nl2=1e-4\nl1=.5\nclasses=3,6\nvalid=10\n"
         "class-weights=3:0.5,6:2\nstandardize=true\nepochs=20\ntolerance=0\nengine=fused")
    seed("options", "sgd", "learning-rate=.1\nmomentum=0.9\nnesterov=true\nschedule=step\ndecay=.1\ndecay-epochs=3\npatience=3\n"
         "batch-size=32\nalpha=1\nseed=7\nno-shuffle=false")
    seed("grid", "two", "l2=0,1e-4;learning-rate=.1,.5")
    seed("grid", "braces", "class-weights=balanced,{0:1,3:2};solver=sgd,lbfgs; epochs = 1 , 2")
    seed("text", "quotes", "it's \"quoted\" `ls` <b>&amp; \x1b[31mred\x07 Größe \u202e≤ ⟨∞⟩ \\ $(ls) %s\n=1+1\r\n")
    for (target, name), content in seeds.items():
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        with open(os.path.join(folder, target, name), "wb") as to:
            to.write(content)


main()
