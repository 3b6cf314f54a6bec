"""PyTorch on the CPU and by CUDA: the ordinary loop and gradients written out; on a GPU also compiled and as a CUDA graph."""
import pathlib
import re

import peer
import torch


class Data:
    """The training rows on `where`, cut into minibatches."""

    def __init__(self, data, options, where="cpu"):
        if where == "cuda" and not torch.cuda.is_available():
            raise peer.Missing("no CUDA device")
        cut = [torch.from_numpy(array).to(where).split(options.batch) for array in (data.x, data.y, data.onehot)]
        self.batches = list(zip(*cut))
        self.device = torch.cuda.get_device_name() if where == "cuda" else None
        self.where = where

    def finish(self):
        if self.where == "cuda":
            torch.cuda.synchronize()


class Autograd(Data):
    """nn.Linear, cross_entropy, backward, SGD, as one writes it."""

    def __init__(self, data, options, where="cpu"):
        super().__init__(data, options, where)
        self.layer = torch.nn.Linear(data.d, data.k, device=where)
        self.optimizer = torch.optim.SGD(self.layer.parameters(), lr=options.rate)
        self.reset()

    def reset(self):
        torch.nn.init.zeros_(self.layer.weight)
        torch.nn.init.zeros_(self.layer.bias)

    def epoch(self):
        for x, y, _ in self.batches:
            self.optimizer.zero_grad()
            torch.nn.functional.cross_entropy(self.layer(x), y).backward()
            self.optimizer.step()
        self.finish()

    def weights(self):
        return [parameter.detach().cpu().numpy() for parameter in (self.layer.weight, self.layer.bias)]


def step(weight, bias, x, onehot, rate):
    """R = (softmax(XWᵀ + b) − Y)/B, W ← W − ηRᵀX, b ← b − ηΣR."""
    residual = torch.softmax(torch.addmm(bias, x, weight.T), 1).sub_(onehot)
    weight.addmm_(residual.T, x, alpha=-rate / len(x))
    bias.add_(residual.sum(0), alpha=-rate / len(x))


class Manual(Data):
    """The gradients written out."""

    step = staticmethod(step)

    def __init__(self, data, options, where="cpu"):
        super().__init__(data, options, where)
        self.weight, self.bias = torch.zeros(data.k, data.d, device=where), torch.zeros(data.k, device=where)
        self.rate = options.rate

    def reset(self):
        self.weight.zero_()
        self.bias.zero_()

    def steps(self):
        for x, _, onehot in self.batches:
            self.step(self.weight, self.bias, x, onehot, self.rate)

    @torch.inference_mode()
    def epoch(self):
        self.steps()
        self.finish()

    def weights(self):
        return self.weight.cpu().numpy(), self.bias.cpu().numpy()


class Compiled(Manual):
    """The same step by torch.compile."""

    def __init__(self, data, options, where):
        super().__init__(data, options, where)
        self.step = torch.compile(step)

    @torch.no_grad()
    def epoch(self):
        self.steps()
        self.finish()


class Graph(Manual):
    """A whole epoch of it as one CUDA graph."""

    def __init__(self, data, options, where):
        super().__init__(data, options, where)
        side = torch.cuda.Stream()  # PyTorch's notes want the first steps on another stream than the captured ones
        side.wait_stream(torch.cuda.current_stream())
        with torch.no_grad(), torch.cuda.stream(side):
            self.steps()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.no_grad(), torch.cuda.graph(self.graph):
            self.steps()
        self.reset()

    def epoch(self):
        self.graph.replay()
        self.finish()


def on_cuda(loop):
    return lambda data, options: loop(data, options, "cuda")


def version():
    """PyTorch's, with its BLAS: the one that it was built with, or Debian's libblas.so.3, which may be anyone's."""
    blas = re.search("BLAS_INFO=([^,]*)", torch.__config__.show())[1]
    if blas == "generic":
        loaded = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8")
        blas = "OpenBLAS" if "libopenblas" in loaded else "reference BLAS: install libopenblas0-pthread"
    return f"{torch.__version__} ({blas})"


if __name__ == "__main__":
    on_cpu = not peer.parse().loop.startswith("cuda")
    peer.main({"autograd": Autograd, "manual": Manual, "cuda": on_cuda(Manual), "cuda-autograd": on_cuda(Autograd),
               "cuda-compiled": on_cuda(Compiled), "cuda-graph": on_cuda(Graph)},
              {"torch": version()}, torch.set_num_threads if on_cpu else None)
