"""The retrograde signal through shared kernels in plain numpy, synapse by synapse: independent of the library.

Three layers of cells whose spikes are given, A -> B -> C. The kernels from B to C learn and report, those from A to B
express the signal of B by the trace of A and, in a cascade, learn and report to A themselves. All synapses of a weight
act at the same time: each sees the weight as it was before the event, and the weight moves by their sum.
"""

from __future__ import annotations

import numpy as np

from tests.reference.convolutions import unrolled

SMALLEST = 1e-12


def reported(kind, w, dw, floor, levels):
    """What a synapse tells of a change by dw of a weight that was w."""
    amount = {
        "change": dw,
        "strength": np.sign(w) * dw,
        "bit": np.sign(w) * np.sign(dw),
        "weighted": w * dw,
        "relative": np.sign(w) * dw / max(abs(w), floor) if floor else dw / (w if w else 1),
        "proportion": abs(w) * dw,
        "value-bit": np.sign(dw),
    }[kind]
    if levels is None:
        return amount
    n, full = levels
    return np.sign(amount) * min(np.floor(abs(amount) * n / full + 0.5), n) * full / n


class Layer:
    """Cells with a given train, a trace that their own spikes move, and a signal."""

    def __init__(self, train, trace, error):
        self.train, self.trace, self.error = train, trace.copy(), error
        self.drive, self.met = np.zeros_like(trace), np.zeros_like(trace)
        self.count = np.zeros_like(trace)
        self.sent, self.due, self.now = (np.zeros((2, len(trace))) for _ in range(3))


def run(layers, kernels, convolutions, plan):
    """The same on either side: what the cells and the weights are after all steps.

    Parameters
    ----------
    layers : list of (train, trace, error)
        Of A, B and C; trains of shape (steps, cells).
    kernels : list of ndarray
        Weights of both, in the order of `Convolution.flat`.
    convolutions : list of Convolution
    plan : dict
        ``emission``, ``floor``, ``levels``, ``activity``, ``rate``, ``share`` (the signal's rate times lambda_f),
        ``learning`` (the rule's rate), ``window`` (steps, or None), ``cascade``, ``gains``.
    """
    a, b, c = cells = [Layer(*layer) for layer in layers]
    weights = [w.copy() for w in kernels]
    pairs = [list(zip(*map(np.ndarray.tolist, unrolled(convolution)), strict=True)) for convolution in convolutions]

    def told(layer, i, amount):
        amount /= max(layer.count[i], 1) if plan["activity"] else 1
        into = layer.due if plan["window"] is None else layer.sent
        into[0, i] += plan["gains"][0] * max(amount, 0)
        into[1, i] += plan["gains"][1] * max(-amount, 0)

    def together(n, before, changes, report):
        """All changes of an event's synapses: (i, number of the weight, change)."""
        old = weights[n].copy()
        for i, k, change in changes:
            weights[n][k] += change
            if report:
                told(before, i, reported(plan["emission"], old[k], change, plan["floor"], plan["levels"]))

    def express(there):
        signal = b.now[0] - b.now[1]
        changes = [(i, k, plan["share"] * a.trace[i] * signal[j]) for i, j, k in there]
        together(0, a, changes, plan["cascade"])

    def learn(n, before, behind, there):
        for i, j, _ in there:
            before.met[i] += behind.error[j] * before.trace[i]
        changes = [(i, k, plan["learning"] * behind.error[j] * before.trace[i]) for i, j, k in there]
        together(n, before, changes, True)

    for step in range(len(a.train)):
        fires = [layer.train[step] for layer in cells]
        if plan["window"] is None:
            signalled = [(layer.due > SMALLEST).any(0) for layer in cells]
            for layer, there in zip(cells, signalled, strict=True):
                layer.now[:, there], layer.due[:, there] = layer.due[:, there], 0
            expressing = [pair for pair in pairs[0] if signalled[1][pair[1]]]
        else:
            if step % plan["window"] == 0:
                for layer in cells:
                    layer.now, layer.sent = layer.sent, np.zeros_like(layer.sent)
            seldom = fires[0] & (np.arange(len(fires[0])) % 3 == 1)
            expressing = [pair for pair in pairs[0] if seldom[pair[0]]]

        for n in range(2):
            before, behind = cells[n : n + 2]
            there = [pair for pair in pairs[n] if fires[n][pair[0]]]
            for _, j, k in there:
                behind.drive[j] += weights[n][k]
            if n or plan["cascade"]:
                learn(n, before, behind, there)
            if not n and plan["window"] is not None:
                express(expressing)
        if plan["window"] is None:
            express(expressing)
        changes = [(i, k, -0.3 * c.trace[j] * b.trace[i]) for i, j, k in pairs[1] if fires[2][j]]
        together(1, b, changes, True)
        for layer, there in zip(cells, fires, strict=True):
            layer.trace[there] = 0.9 * layer.trace[there] - 0.1
            layer.count[there] += 1
    return cells, weights
