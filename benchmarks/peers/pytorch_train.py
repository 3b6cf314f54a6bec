"""A whole program in PyTorch beside `clinear train DATA`: import, load, ten shuffled epochs of minibatches of 200 with the gradients
written out, score: pytorch_train.py DATA THREADS."""
import json
import sys

import peer
import pytorch
import torch


@torch.inference_mode()
def main():
    folder, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    (x, y), (test_x, test_y) = (map(torch.from_numpy, peer.read_part(folder, part)) for part in ("train", "t10k"))
    n, d, k, rate, batch = *x.shape, int(y.max()) + 1, 0.1, 200
    onehot = torch.nn.functional.one_hot(y, k).float()
    weight, bias = torch.zeros(k, d), torch.zeros(k)
    for _ in range(10):
        for rows in torch.randperm(n).split(batch):
            block = x[rows]
            residual = torch.softmax(torch.addmm(bias, block, weight.T), 1).sub_(onehot[rows])
            weight.addmm_(residual.T, block, alpha=-rate / len(rows))
            bias.add_(residual.sum(0), alpha=-rate / len(rows))
    loss = torch.nn.functional.cross_entropy(torch.addmm(bias, x, weight.T), y)
    errors = (torch.addmm(bias, test_x, weight.T).argmax(1) != test_y).sum()
    print(json.dumps({"loss": float(loss), "errors": int(errors), "versions": {"torch": pytorch.version()}}))


if __name__ == "__main__":
    main()
