"""The flagship network in plain numpy, sample by sample and step by step, written from the docstring's equations."""

from math import comb

import numpy as np


def comes(after, mean, stages):
    """Share of what happened at one sample that comes `after` samples later: the negative binomial distribution."""
    if stages is None:
        return float(after == mean)
    p = stages / mean
    return comb(after - 1, stages - 1) * p**stages * (1 - p) ** (after - stages) if after >= stages else 0.0


class ReferenceNetwork:
    """Weights ``w``: one matrix a pair of layers, the output's last; ``bias``: one vector a hidden layer.

    ``polarity``: with Dale's law the sign of each cell's output synapses, one vector a layer of synapses.
    ``late``, ``tag``: mean and stages (None: a fixed delay) of the signal and of the input's tag, for one hidden layer.
    """

    def __init__(
        self,
        w,
        bias,
        steps,
        first_taught,
        emission,
        by_activity,
        gate_mask=None,
        homeostasis=0.0,
        target_spikes=0.0,
        hidden_start=0.0,
        coding="graded",
        input_rate=0.5,
        polarity=None,
        release=0.0,
        recovers=0.0,
        pull=0.0,
        follows=0.0,
        fades=None,
        late=None,
        tag=None,
        centred=False,
        floor=0.0,
        levels=None,
    ):
        self.w, self.bias = [x.copy() for x in w], [x.copy() for x in bias]
        self.steps, self.first_taught = steps, first_taught
        self.emission, self.by_activity = emission, by_activity
        self.mask = np.ones_like(w[0]) if gate_mask is None else gate_mask
        self.homeostasis, self.target_spikes, self.hidden_start = homeostasis, target_spikes, hidden_start
        self.coding, self.input_rate, self.polarity = coding, input_rate, polarity
        self.release, self.recovers, self.pull, self.follows, self.fades = release, recovers, pull, follows, fades
        self.floor, self.levels = floor, levels  # of reports; levels: how many up to the full scale, and this
        self.average = [np.zeros_like(b) for b in bias]
        self.late, self.tag, self.centred = late, tag, centred
        self.traces, self.signals, self.marks = [], [], []  # of each sample so far
        self.weight_changes = 0  # weights that plasticity visited

    def report(self, before, change, s):
        """What synapses with these weights report of these changes to cells with s spikes."""
        divisor = np.maximum(np.abs(before), self.floor) if self.floor else np.where(before == 0, 1, np.abs(before))
        sign = np.sign(before) + (0 if self.floor else before == 0)
        amount = {
            "change": change,
            "weighted": before * change,
            "relative": sign * change / divisor,
            "strength": np.sign(before) * change,
            "bit": np.sign(before) * np.sign(change),
            "proportion": np.abs(before) * change,
            "value-bit": np.sign(change),
        }[self.emission]
        if self.levels is not None:
            steps = np.linspace(0, self.levels[1], self.levels[0] + 1)
            amount = np.sign(amount) * steps[np.abs(np.abs(amount)[..., None] - steps).argmin(-1)]
        return amount / np.maximum(s, 1) if self.by_activity else amount

    def bounded(self, k, w):
        """With Dale's law, weights out of layer k back to their sign."""
        if self.polarity is None:
            return w
        sign = self.polarity[k] if w.ndim == 1 else self.polarity[k][:, None]
        return np.where(w * sign > 0, w, 0)

    def arrivals(self, x):
        """What the input delivers to the first hidden layer in each step, and the trace that the input leaves."""
        phase = np.arange(self.steps)[:, None]
        if self.coding == "spikes":  # x: one row of 0 and 1 a step
            return x / self.input_rate @ self.w[0], x.mean(0) / self.input_rate
        if self.coding == "graded":
            return np.repeat((x @ self.w[0])[None], self.steps, 0), x
        if self.coding == "latency":
            late = np.floor((1 - x) * self.steps)
            return ((x > 0) & (late <= phase)) @ self.w[0], np.where(x > 0, (self.steps - late) / self.steps, 0)
        spikes = np.repeat((x > 0)[None], self.steps, 0)  # at full intensity and a rate of 1: a spike in each step
        return spikes / self.input_rate @ self.w[0], spikes.mean(0) / self.input_rate

    def what_comes(self, traced, signal):
        """The tag, or the trace where there is none, and the signal that are there after a sample with these."""
        self.traces.append(traced)
        self.signals.append(signal)
        self.marks.append(traced - np.mean(self.traces, 0) if self.centred else traced)  # fewer samples than 1,000
        arrived = sum(comes(k, *self.late) * past for k, past in enumerate(self.signals[::-1]))
        if self.tag is None:
            return traced, arrived
        highest = max(comes(k, *self.tag) for k in range(20 * self.tag[0]))
        return sum(comes(k, *self.tag) * past for k, past in enumerate(self.marks[::-1])) / highest, arrived

    def sample(self, x, wanted, teaching, rate_in, rate_out):
        """Show one sample; learn from it where there is a teacher. Returns output counts, hidden spikes."""
        depth, n_out = len(self.bias), self.w[-1].shape[1]
        drive, traced = self.arrivals(x)
        v = [np.full_like(b, self.hidden_start) for b in self.bias]
        s, signal, trace = ([np.zeros_like(b) for b in self.bias] for _ in range(3))
        resource = [np.ones_like(b) for b in self.bias]
        arriving = [np.zeros(w.shape[1]) for w in self.w]
        u, c = np.full(n_out, 0.5), np.zeros(n_out)
        for phase in range(self.steps):
            resource = [r + self.recovers * (1 - r) for r in resource]
            if self.fades is not None:
                trace = [(1 - self.fades) * x for x in trace]
            v = [vk + self.pull * (mean - vk) for vk, mean in zip(v, self.average, strict=True)]
            first = drive[phase] + self.bias[0]
            v[0] = v[0] + (first if self.coding in ("poisson", "spikes") else np.clip(first, 0, 1))
            for k in range(1, depth):
                v[k] = v[k] + arriving[k] + self.bias[k]
            self.average = [mean + self.follows * (vk - mean) for vk, mean in zip(v, self.average, strict=True)]
            u = np.clip(u + arriving[-1], 0, 2)
            spikes, own = [vk >= 1 for vk in v], u >= 1
            # a hidden cell's count still lacks this step's spike while synapses act
            for k in range(depth):
                arriving[k + 1] = (spikes[k] * resource[k]) @ self.w[k + 1]
            if teaching and phase >= self.first_taught:
                for kind, sign in ((~wanted & own, -1), (wanted & ~own, +1)):  # 'excess' before 'missing', by name
                    for j in np.flatnonzero(kind):
                        self.weight_changes += len(before := self.w[-1][:, j].copy())
                        amount = s[-1] / (phase + 1) if self.fades is None else trace[-1]
                        self.w[-1][:, j] = self.bounded(-1, before + sign * rate_out * amount)
                        signal[-1] += self.report(before, self.w[-1][:, j] - before, s[-1])
            v, s = [a - b for a, b in zip(v, spikes, strict=True)], [a + b for a, b in zip(s, spikes, strict=True)]
            resource = [r * (1 - self.release * b) for r, b in zip(resource, spikes, strict=True)]
            if self.fades is not None:
                trace = [a + self.fades * b for a, b in zip(trace, spikes, strict=True)]
            u, c = u - own, c + own
        if self.late:
            traced, signal = self.what_comes(traced, signal[0])
            signal = [signal * teaching]
        if teaching:
            for k in range(depth - 1, -1, -1):  # an upper layer expresses before the layer below hands over
                before = self.w[k].copy()
                pre = traced if k == 0 else s[k - 1] / self.steps
                mask = self.mask if k == 0 else np.ones_like(before)
                self.weight_changes += int(mask[pre != 0].sum())
                self.w[k] = self.bounded(k, before + rate_in * np.outer(pre, signal[k]) * mask)
                if k:
                    change = np.where(s[k - 1][:, None] > 0, self.w[k] - before, 0)
                    signal[k - 1] += self.report(before, change, s[k - 1][:, None]).sum(1)
        for k in range(depth):
            self.bias[k] += rate_in * signal[k]
            if teaching:
                self.bias[k] -= self.homeostasis * (s[k] - self.target_spikes)
        self.spikes = s  # of this sample, one vector a hidden layer
        return c, sum(sk.sum() for sk in s)
