"""The flagship network in plain numpy, sample by sample and step by step, written from the docstring's equations."""

import numpy as np


class ReferenceNetwork:
    def __init__(self, w_in, w_out, bias, steps, first_taught, emission, by_activity, gate_mask=None):
        self.w_in, self.w_out, self.bias = w_in.copy(), w_out.copy(), bias.copy()
        self.steps, self.first_taught = steps, first_taught
        self.emission, self.by_activity = emission, by_activity
        self.mask = np.ones_like(w_in) if gate_mask is None else gate_mask
        self.weight_changes = 0  # weights that plasticity visited

    def sample(self, x, label, teaching, rate_in, rate_out):
        """Show one sample; learn from it where there is a teacher. Returns output counts, hidden counts."""
        n_hidden, n_out = self.w_out.shape
        drive = x @ self.w_in
        v, s, signal = np.zeros(n_hidden), np.zeros(n_hidden), np.zeros(n_hidden)
        u, c = np.full(n_out, 0.5), np.zeros(n_out)
        arriving = np.zeros(n_out)
        for phase in range(self.steps):
            v = v + np.clip(drive + self.bias, 0, 1)
            u = np.clip(u + arriving, 0, 2)
            hidden, own = v >= 1, u >= 1
            # the hidden cell's count still lacks this step's spike while synapses act
            arriving = hidden.astype(float) @ self.w_out
            if teaching and phase >= self.first_taught:
                wanted = np.arange(n_out) == label
                for kind, sign in ((~wanted & own, -1), (wanted & ~own, +1)):  # 'excess' before 'missing', by name
                    for k in np.flatnonzero(kind):
                        self.weight_changes += n_hidden
                        before = self.w_out[:, k].copy()
                        change = sign * rate_out * s / (phase + 1)
                        self.w_out[:, k] = before + change
                        change = self.w_out[:, k] - before
                        amount = {"change": change, "weighted": before * change,
                                  "relative": change / np.where(before == 0, 1, before)}[self.emission]
                        signal += amount / np.maximum(s, 1) if self.by_activity else amount
            v, s = v - hidden, s + hidden
            u, c = u - own, c + own
        if teaching:
            self.w_in += rate_in * np.outer(x, signal) * self.mask
            self.weight_changes += int(self.mask[x > 0].sum())
        self.bias += rate_in * signal
        return c, s
