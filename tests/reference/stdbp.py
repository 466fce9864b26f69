"""The STDBP network in closed form, in plain numpy: written from the equations, with times in units of tau.

Spike times are found by trying every causal set in order of arrival, gradients by the formulas; tests check the latter
against central differences of the loss.
"""

import numpy as np


def spike_times(w, t, threshold, window):
    """Times and slopes of cells with weights w (inputs, cells) and input times t (inf: silent); inf where silent."""
    order = np.argsort(t, kind="stable")
    order = order[np.isfinite(t[order])]
    out, slope = np.full(w.shape[1], np.inf), np.zeros(w.shape[1])
    times = np.append(t[order], np.inf)
    for k in range(w.shape[1]):
        g = a = 0.0
        for n, j in enumerate(order):
            g, a = g + w[j, k], a + w[j, k] * t[j]
            crossing = (threshold + a) / g if g > 0 else np.inf
            # with equal arrival times the set is complete only after the last of them
            if times[n] < times[n + 1] and crossing <= times[n + 1]:
                out[k], slope[k] = crossing, g
                break
        if out[k] > window:
            out[k], slope[k] = np.inf, g
    return out, slope


def forward(weights, t, thresholds, window):
    """Times of every layer, input first, and slopes of all but the input."""
    times, slopes = [np.asarray(t, float)], []
    for w, threshold in zip(weights, thresholds, strict=True):
        later, slope = spike_times(w, times[-1], threshold, window)
        times.append(later)
        slopes.append(slope)
    return times, slopes


def loss(times, label, kappa, window):
    """Cross entropy of softmax(-kappa t); silent outputs count as spiking at the window's end."""
    score = -kappa * np.minimum(times[-1], window)
    return np.log(np.exp(score - score.max()).sum()) + score.max() - score[label]


def gradients(weights, times, slopes, label, kappa, window, floor, revive=1.0, report="exact"):
    """dL/dw of every layer for one sample."""
    score = -kappa * np.minimum(times[-1], window)
    p = np.exp(score - score.max())
    target = np.arange(len(p)) == label
    delta = kappa * (target - p / p.sum())
    fired = np.isfinite(times[-1])
    err = np.where(fired, delta, delta * target * revive) / np.maximum(slopes[-1], floor)
    result = []
    for layer in range(len(weights) - 1, -1, -1):
        before, after = times[layer], np.minimum(times[layer + 1], window)
        causal = before[:, None] < after[None, :]
        lead = np.where(causal, after[None, :] - np.where(np.isfinite(before), before, 0)[:, None], 0)
        result.append(-lead * err)
        if layer:
            told = {"exact": weights[layer] * causal, "weighted": weights[layer] * lead, "change": lead}[report]
            delta = (told * err).sum(1)
            err = np.where(np.isfinite(before), delta, 0) / np.maximum(slopes[layer - 1], floor)
    return result[::-1]


class Adam:
    """Sums the gradients of a batch; only rows whose input spiked in it are changed."""

    def __init__(self, weights, rates, batch, inertia=0.9, memory=0.999):
        self.weights, self.rates, self.batch, self.inertia, self.memory = weights, rates, batch, inertia, memory
        self.m, self.v = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
        self.updates = 0

    def step(self, summed, rows):
        """One update of the rows (boolean, one array a layer)."""
        self.updates += 1
        b1, b2 = self.inertia, self.memory
        for w, m, v, g, row, rate in zip(self.weights, self.m, self.v, summed, rows, self.rates, strict=True):
            g = g[row] / self.batch
            m[row] = b1 * m[row] + (1 - b1) * g
            v[row] = b2 * v[row] + (1 - b2) * g**2
            stride = rate * np.sqrt(1 - b2**self.updates) / (1 - b1**self.updates)
            w[row] -= stride * m[row] / (np.sqrt(v[row]) + 1e-8)


def fast_spike_times(w, t, threshold, window):
    """As `spike_times`, with all causal sets tried at once: the fastest that plain numpy does."""
    order = np.argsort(t, kind="stable")
    order = order[np.isfinite(t[order])]
    if not len(order):
        return np.full(w.shape[1], np.inf), np.zeros(w.shape[1])
    times = t[order]
    g = np.cumsum(w[order], 0)
    a = np.cumsum(w[order] * times[:, None], 0)
    later = np.append(times[1:], np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = np.where(g > 0, (threshold + a) / g, np.inf)
    valid = (crossing <= later[:, None]) & (g > 0) & (times < later)[:, None]
    first, cells = valid.argmax(0), np.arange(w.shape[1])
    out = np.where(valid[first, cells], crossing[first, cells], np.inf)
    out[out > window] = np.inf
    return out, np.where(valid[first, cells], g[first, cells], g[-1])
