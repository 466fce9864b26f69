"""DECOLLE as a loop in PyTorch, one sample at a time; what `benchmarks.decolle_peer` compares with. Needs torch, numpy.

``python benchmarks/decolle_torch.py CASE.npz COMPARED``: learns the samples of the file and prints, for float64 and
float32, the processor time of one; weights after the first COMPARED samples go to the file beside it. Gradients are
autograd's, from one loss a layer; one thread.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch


class Spike(torch.autograd.Function):
    """1 above 0; backward, 1 within half a unit."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (u,) = ctx.saved_tensors
        return gradient * (u.abs() <= 0.5)


def constants(case):
    """Factors of a cell's traces, weight of its refractory trace, learning rate, and aim of the right output."""
    return tuple(float(case[name]) for name in ("alpha", "beta", "gamma_ref", "rho", "rate", "aim_class"))


def learn(case, n, dtype):
    """Weights of each layer after `n` samples, and the processor time they took (s)."""
    alpha, beta, gamma, rho, rate, height = constants(case)
    steps, burn_in = int(case["steps"]), int(case["burn_in"])
    layers, sizes = [], []
    while f"w{len(layers) + 1}" in case:
        w, b, readout = (torch.tensor(case[f"{name}{len(layers) + 1}"], dtype=dtype) for name in ("w", "b", "g"))
        layers.append((w.requires_grad_(), b.requires_grad_(), readout))
        sizes.append(w.shape)
    optimiser = torch.optim.SGD([x for w, b, _ in layers for x in (w, b)], rate)
    loss = torch.nn.SmoothL1Loss()
    began = time.process_time()
    for row, label in zip(case["bits"][:n], case["labels"][:n], strict=True):
        shown = torch.tensor(np.unpackbits(row)[: steps * sizes[0][0]].reshape(steps, -1), dtype=dtype)
        aim = height * torch.nn.functional.one_hot(torch.tensor(int(label)), layers[0][2].shape[1]).to(dtype)
        P, Q = ([torch.zeros(inputs, dtype=dtype) for inputs, _ in sizes] for _ in range(2))
        R = [torch.zeros(cells, dtype=dtype) for _, cells in sizes]
        for t in range(steps):
            x, total = shown[t], 0
            for k, (w, b, readout) in enumerate(layers):
                s = Spike.apply(P[k] @ w - rho * R[k] + b)
                if t >= burn_in:
                    total = total + loss(s @ readout, aim)
                P[k] = alpha * P[k] + (1 - alpha) * Q[k]
                Q[k] = beta * Q[k] + (1 - beta) * x
                x = s.detach()
                R[k] = gamma * R[k] + (1 - gamma) * x
            if t >= burn_in:
                optimiser.zero_grad()
                total.backward()
                optimiser.step()
    return [w.detach().numpy().ravel() for w, _, _ in layers], time.process_time() - began


def main():
    """Print one line for each precision: its name, and the processor time of a sample (ms)."""
    torch.set_num_threads(1)
    path, compared = Path(sys.argv[1]), int(sys.argv[2])
    with np.load(path) as held:
        case = dict(held)
    found = {}
    for dtype in (torch.float64, torch.float32):
        name = str(dtype).removeprefix("torch.")
        found |= {f"{name}_{k}": w for k, w in enumerate(learn(case, compared, dtype)[0], 1)}
        print(name, 1e3 * learn(case, len(case["labels"]), dtype)[1] / len(case["labels"]), flush=True)
    np.savez(path.with_name("weights.npz"), version=torch.__version__, **found)


if __name__ == "__main__":
    main()
