"""Artificial networks, trained samples a second: this package (numpy) against the same network in plain PyTorch.

Run it from the checkout, in an environment that has torch: ``python -m benchmarks.ann_peer [samples] [threads]``. Both
start from the same weights and see the same batches; without anything random they end with the same weights, and how
far these are apart is printed. Speeds are by processor time of all threads and by the clock, the better of two passes.
"""

import sys
import time
from functools import partial

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch.nn.functional import binary_cross_entropy_with_logits, dropout

from sbp_brian.datasets import load_mnist
from sbp_brian.models.artificial.energy import SBPEnergy
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.artificial.spiking_perceptron import SBPSpikingPerceptron
from sbp_brian.training.batches import one_hot


def tensors(model):
    """The weights of a numpy network as torch parameters."""
    return {
        name: torch.nn.Parameter(torch.tensor(v))
        for name, v in model.arrays.items()
        if name in ("W1", "b1", "W2", "b2")
    }


def perceptron(model):
    """Rectified hidden units, logistic outputs, dropout, momentum; gradients by autograd."""
    w = tensors(model)
    optimiser = torch.optim.SGD(w.values(), model.rate_hidden, model.momentum)

    def learn(x, y, rows):
        hidden = torch.relu(dropout(x, model.drop_input) @ w["W1"] + w["b1"])
        drive = dropout(hidden, model.drop_hidden) @ w["W2"] + w["b2"]
        loss = binary_cross_entropy_with_logits(drive, y, reduction="sum") / len(x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return w, learn


class Spike(torch.autograd.Function):
    """1 above the threshold 0.5; backward, a window of half width 0.3."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0.5).float()

    @staticmethod
    def backward(ctx, gradient):
        (u,) = ctx.saved_tensors
        return gradient * ((u - 0.5).abs() < 0.3)


def spiking(model):
    """20 steps of both layers, mean squared error of mean spike counts, Adam; gradients by autograd."""
    w = tensors(model)
    optimiser = torch.optim.Adam(w.values(), model.rate_hidden)

    def learn(x, y, rows):
        shown = (torch.rand(model.steps, *x.shape) < x).float() if model.encoding == "bernoulli" else x[None]
        current = torch.sigmoid(shown @ w["W1"] + w["b1"]) - model.offset
        u = s = torch.zeros(current.shape[1:])
        spikes = []
        for t in range(model.steps):
            u = model.decay * u * (1 - s) + current[t if len(current) > 1 else 0]
            s = Spike.apply(u)
            spikes.append(s)
        current = torch.sigmoid(torch.stack(spikes) @ w["W2"] + w["b2"]) - model.offset
        u = s = torch.zeros(current.shape[1:])
        total = 0
        for t in range(model.steps):
            u = model.decay * u * (1 - s) + current[t]
            s = Spike.apply(u)
            total = total + s
        loss = (total / model.steps - y).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return w, learn


def energy(model):
    """Free and nudged phases by explicit forces, states kept of all samples; the signs of beta are numpy's."""
    w, states = tensors(model), [torch.tensor(model.arrays[f"s{k}"]) for k in (1, 2)]
    c2, beta_size, a1 = float(model.weight[2]), model.beta, 2 * float(model.leak[1])
    b1, rng = float(model.bias[1]), np.random.default_rng(0)

    def settle(driven, s1, s2, steps, y=None, beta=0.0):
        for _ in range(steps):
            force1 = driven + c2 * (s2 @ w["W2"].T) - a1 * s1
            force2 = c2 * (s1 @ w["W2"]) + w["b2"]
            if y is not None:
                force2 = force2 + 2 * beta * (y - s2)
            s1, s2 = (s1 + force1).clamp(0, 1), (s2 + force2).clamp(0, 1)
        return s1, s2

    @torch.no_grad()
    def learn(x, y, rows):
        driven = x @ w["W1"] + b1 * w["b1"]
        free = settle(driven, states[0][rows], states[1][rows], model.free_steps)
        states[0][rows], states[1][rows] = free
        beta = beta_size * (1 if rng.random() < 0.5 else -1)
        nudged = settle(driven, *free, model.nudged_steps, y, beta)
        scale = 1 / (beta * len(x))
        w["W1"] += model.rate_hidden * scale * (x.T @ (nudged[0] - free[0]))
        w["b1"] += model.rate_hidden * scale * b1 * (nudged[0] - free[0]).sum(0)
        w["W2"] += model.rate_output * scale * c2 * (nudged[0].T @ nudged[1] - free[0].T @ free[1])
        w["b2"] += model.rate_output * scale * (nudged[1] - free[1]).sum(0)

    return w, learn


#: name, batch, network, the same without anything random, its peer
CASES = (
    (
        "perceptron, weighted/activity",
        100,
        partial(SBPPerceptron, drop_input=0.2, drop_hidden=0.25),
        SBPPerceptron,
        perceptron,
    ),
    (
        "spiking perceptron, surrogate",
        100,
        partial(SBPSpikingPerceptron, learning="surrogate"),
        partial(SBPSpikingPerceptron, learning="surrogate", encoding="constant"),
        spiking,
    ),
    ("energy-based, sbp", 20, SBPEnergy, SBPEnergy, energy),
)


def once(learn, x, y, batch):
    """(processor time, time by the clock) of one pass, in seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    for first in range(0, len(x), batch):
        learn(x[first : first + batch], y[first : first + batch], slice(first, first + batch))
    return time.process_time() - cpu, time.perf_counter() - wall


def started(make, n):
    """A numpy network at its start, in its first epoch."""
    model = make()
    model.start(0, n)
    model.begin_epoch(0, np.random.default_rng(0), 1.0)
    return model


def main():
    """Print both speeds, their ratio, and how far the weights are apart."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    torch.set_num_threads(threads)
    data = load_mnist("fit")
    x, y = data.images[:n].astype(np.float32) / 255, one_hot(data.labels[:n], 10)
    tx, ty = torch.tensor(x), torch.tensor(y)
    with threadpool_limits(threads):
        for name, batch, make, certain, peer in CASES:
            model = started(certain, n)
            w, learn = peer(model)
            for k in range(0, min(n, 20 * batch), batch):
                rows = slice(k, k + batch)
                model.learn(x[rows], y[rows], rows)
                learn(tx[rows], ty[rows], rows)
            apart = max(np.abs(model.arrays[key] - v.detach().numpy()).max() for key, v in w.items())
            model = started(make, n)
            _, learn = peer(model)
            passes = [(once(model.learn, x, y, batch), once(learn, tx, ty, batch)) for _ in range(2)]
            ours, theirs = (np.min([p[k] for p in passes], axis=0) for k in (0, 1))
            print(
                f"{name}, {threads} thread(s): numpy {n / ours[0]:,.0f} and torch {n / theirs[0]:,.0f} samples per "
                f"second of processor time ({n / ours[1]:,.0f} and {n / theirs[1]:,.0f} by the clock): numpy takes "
                f"{ours[0] / theirs[0]:.2f} ({ours[1] / theirs[1]:.2f}) times as long; weights after 20 batches "
                f"differ by at most {apart:.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
