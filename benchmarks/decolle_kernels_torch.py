"""DECOLLE's convolutional network as a loop in PyTorch, one sample at a time; see `benchmarks.decolle_kernels_peer`.

``python -m benchmarks.decolle_kernels_torch CASE.npz DTYPE [WEIGHTS.npz]``: learns the samples of the file in
``float32`` or ``float64`` and prints the processor time of one (ms); weights go to a file where one is named. Gradients
are autograd's, from one loss a layer; `torch.nn.functional.conv2d` and ``max_pool2d``; one thread. Needs torch, numpy.
"""

import sys
import time

import numpy as np
import torch
from torch.nn.functional import conv2d, max_pool2d, one_hot

from benchmarks.decolle_torch import Spike, constants


def learn(case, dtype, steps):
    """The layers' weights after all samples, each of so many steps, and the processor time that they took (s)."""
    alpha, beta, gamma, rho, rate, height = constants(case)
    burn_in, image, layers = int(case["burn_in"]), tuple(case["image"]), []
    for k, (_, _, stride, padding, side) in enumerate(case["kernels"].tolist(), 1):
        w, b, readout = (torch.tensor(case[f"{name}{k}"], dtype=dtype) for name in ("w", "b", "g"))
        layers.append((w.requires_grad_(), b.requires_grad_(), readout, stride, padding, side))
    optimiser = torch.optim.SGD([x for w, b, *_ in layers for x in (w, b)], rate)
    loss = torch.nn.SmoothL1Loss()
    began = time.process_time()
    for row, label in zip(case["bits"], case["labels"], strict=True):
        shown = np.unpackbits(row)[: int(case["steps"]) * np.prod(image)].reshape(-1, *image)
        shown = torch.tensor(shown, dtype=dtype)
        aim = height * one_hot(torch.tensor(int(label)), layers[0][2].shape[1]).to(dtype)
        sizes = [image, *(b.shape for _, b, *_ in layers)]
        P, Q = ([torch.zeros(*size, dtype=dtype) for size in sizes[:-1]] for _ in range(2))
        R = [torch.zeros(*size, dtype=dtype) for size in sizes[1:]]
        for t in range(steps):
            x, total = shown[t], 0
            with torch.set_grad_enabled(t >= burn_in):
                for k, (w, b, readout, stride, padding, side) in enumerate(layers):
                    sums = conv2d(P[k][None], w, stride=stride, padding=padding)
                    if side > 1:
                        sums = max_pool2d(sums, side)
                    s = Spike.apply(sums[0] - rho * R[k] + b)
                    if t >= burn_in:
                        total = total + loss(s.flatten() @ readout, aim)
                    P[k] = alpha * P[k] + (1 - alpha) * Q[k]
                    Q[k] = beta * Q[k] + (1 - beta) * x
                    x = s.detach()
                    R[k] = gamma * R[k] + (1 - gamma) * x
            if t >= burn_in:
                optimiser.zero_grad()
                total.backward()
                optimiser.step()
    return [w.detach().numpy() for w, *_ in layers], time.process_time() - began


def main():
    """Print the processor time of a sample (ms)."""
    torch.set_num_threads(1)
    with np.load(sys.argv[1]) as held:
        case = dict(held)
    dtype, steps = getattr(torch, sys.argv[2]), int(case["steps"])
    learn(case, dtype, int(case["burn_in"]) + 2)  # what a first step costs once
    weights, spent = learn(case, dtype, steps)
    if len(sys.argv) > 3:
        np.savez(sys.argv[3], **{f"w{k}": w for k, w in enumerate(weights, 1)})
    print(torch.__version__, 1e3 * spent / len(case["labels"]))


if __name__ == "__main__":
    main()
