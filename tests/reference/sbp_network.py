"""The flagship network in plain numpy, sample by sample and step by step, written from the docstring's equations."""

import numpy as np


class ReferenceNetwork:
    """Weights ``w``: one matrix a pair of layers, the output's last; ``bias``: one vector a hidden layer."""

    def __init__(self, w, bias, steps, first_taught, emission, by_activity, gate_mask=None, homeostasis=0.0,
                 target_spikes=0.0, hidden_start=0.0):
        self.w, self.bias = [x.copy() for x in w], [x.copy() for x in bias]
        self.steps, self.first_taught = steps, first_taught
        self.emission, self.by_activity = emission, by_activity
        self.mask = np.ones_like(w[0]) if gate_mask is None else gate_mask
        self.homeostasis, self.target_spikes, self.hidden_start = homeostasis, target_spikes, hidden_start
        self.weight_changes = 0  # weights that plasticity visited

    def report(self, before, change, s):
        """What synapses with these weights report of these changes to cells with s spikes."""
        amount = {"change": change, "weighted": before * change,
                  "relative": change / np.where(before == 0, 1, before)}[self.emission]
        return amount / np.maximum(s, 1) if self.by_activity else amount

    def sample(self, x, wanted, teaching, rate_in, rate_out):
        """Show one sample; learn from it where there is a teacher. Returns output counts, hidden spikes."""
        depth, n_out = len(self.bias), self.w[-1].shape[1]
        drive = x @ self.w[0]
        v = [np.full_like(b, self.hidden_start) for b in self.bias]
        s, signal = ([np.zeros_like(b) for b in self.bias] for _ in range(2))
        arriving = [np.zeros(w.shape[1]) for w in self.w]
        u, c = np.full(n_out, 0.5), np.zeros(n_out)
        for phase in range(self.steps):
            v[0] = v[0] + np.clip(drive + self.bias[0], 0, 1)
            for k in range(1, depth):
                v[k] = v[k] + arriving[k] + self.bias[k]
            u = np.clip(u + arriving[-1], 0, 2)
            spikes, own = [vk >= 1 for vk in v], u >= 1
            # a hidden cell's count still lacks this step's spike while synapses act
            for k in range(depth):
                arriving[k + 1] = spikes[k].astype(float) @ self.w[k + 1]
            if teaching and phase >= self.first_taught:
                for kind, sign in ((~wanted & own, -1), (wanted & ~own, +1)):  # 'excess' before 'missing', by name
                    for j in np.flatnonzero(kind):
                        self.weight_changes += len(before := self.w[-1][:, j].copy())
                        self.w[-1][:, j] = before + sign * rate_out * s[-1] / (phase + 1)
                        signal[-1] += self.report(before, self.w[-1][:, j] - before, s[-1])
            v, s = [a - b for a, b in zip(v, spikes, strict=True)], [a + b for a, b in zip(s, spikes, strict=True)]
            u, c = u - own, c + own
        if teaching:
            for k in range(depth - 1, -1, -1):      # an upper layer expresses before the layer below hands over
                before = self.w[k].copy()
                pre = x if k == 0 else s[k - 1] / self.steps
                mask = self.mask if k == 0 else np.ones_like(before)
                self.weight_changes += int(mask[pre > 0].sum())
                self.w[k] = before + rate_in * np.outer(pre, signal[k]) * mask
                if k:
                    change = np.where(s[k - 1][:, None] > 0, self.w[k] - before, 0)
                    signal[k - 1] += self.report(before, change, s[k - 1][:, None]).sum(1)
        for k in range(depth):
            self.bias[k] += rate_in * signal[k]
            if teaching:
                self.bias[k] -= self.homeostasis * (s[k] - self.target_spikes)
        self.spikes = s  # of this sample, one vector a hidden layer
        return c, sum(sk.sum() for sk in s)
