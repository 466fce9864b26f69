"""DECOLLE as a plain numpy loop, written from the equations: every synapse at every step, float64."""

import numpy as np

SURROGATES = {
    "box": (lambda u: (np.abs(u) <= 0.5).astype(float), lambda u: np.clip(u + 0.5, 0, 1)),
    "fast-sigmoid": (lambda u: 1 / (1 + 10 * np.abs(u)) ** 2, lambda u: u / (1 + 10 * np.abs(u))),
}
LOSSES = {
    "smooth-l1": (lambda d: np.clip(d, -1, 1), lambda d: np.where(np.abs(d) < 1, d**2 / 2, np.abs(d) - 0.5)),
    "squared": (lambda d: d, lambda d: d**2 / 2),
}


class Layer:
    """One layer with the traces of its inputs. w: (n_in, n), readout: (n, readouts), back: (readouts, n)."""

    def __init__(self, w, bias, readout, back, p, optimiser="sgd", every=1):
        self.w, self.bias, self.readout, self.back, self.p = w.copy(), bias.copy(), readout, back, p
        self.optimiser, self.every = optimiser, every
        self.top = [np.zeros_like(self.w), np.zeros_like(self.bias)]
        self.begin()

    def begin(self):
        """A new sample."""
        n_in, n = self.w.shape
        self.P, self.Q, self.R = np.zeros(n_in), np.zeros(n_in), np.zeros(n)
        self.grad = [np.zeros_like(self.w), np.zeros_like(self.bias)]

    def potential(self):
        return self.P @ self.w - self.p["rho"] * self.R + self.bias

    def loss(self, u, spikes, aim):
        """The layer's loss with the spikes moving along the surrogate's antiderivative from those at potential u."""
        p, value = self.p, LOSSES[self.p["loss"]][1]
        now = self.potential()
        smooth = SURROGATES[p["surrogate"]][1]
        s = spikes + smooth(now) - smooth(u)
        regular = p["too_active"] * np.maximum(now + 0.01, 0).mean() + p["too_silent"] * max(0.1 - s.mean(), 0)
        return value(s @ self.readout - aim).mean() + regular

    def delta(self, u, spikes, aim):
        p, n = self.p, len(u)
        slope = SURROGATES[p["surrogate"]][0](u)
        error = LOSSES[p["loss"]][0](spikes @ self.readout - aim) / len(aim)
        quiet = spikes.mean() < 0.1
        return (error @ self.back) * slope + p["too_active"] / n * (u > -0.01) - p["too_silent"] / n * slope * quiet

    def update(self, delta, step, rate):
        self.grad[0] += np.outer(self.P, delta)
        self.grad[1] += delta
        if (step + 1) % self.every == 0:
            for k, (x, g) in enumerate(zip((self.w, self.bias), self.grad, strict=True)):
                if self.optimiser == "adamax":
                    self.top[k] = np.maximum(0.95 * self.top[k], np.abs(g))
                    x -= rate * g / (self.top[k] + 1e-8)
                else:
                    x -= rate * g
                g[:] = 0

    def decay(self, arrived, spikes):
        p = self.p
        self.P, self.Q = (
            p["alpha"] * self.P + (1 - p["alpha"]) * self.Q,
            p["beta"] * self.Q + (1 - p["beta"]) * arrived,
        )
        self.R = p["gamma"] * self.R + (1 - p["gamma"]) * spikes


def run(layers, inputs, aims, rate, burn_in=0, trace=None):
    """Present one sample: inputs (steps, n_in) of 0 and 1, aims[l] (steps, readouts). Votes of each layer.

    trace: a list that gets, for each step, what each layer held: P, Q, R, U, S, Y.
    """
    votes = [np.zeros(layer.readout.shape[1]) for layer in layers]
    for layer in layers:
        layer.begin()
    for step, arriving in enumerate(inputs):
        u = [layer.potential() for layer in layers]
        spikes = [(x > 0).astype(float) for x in u]
        y = [s @ layer.readout for s, layer in zip(spikes, layers, strict=True)]
        if trace is not None:
            trace.append(
                [
                    {"P": x.P, "Q": x.Q, "R": x.R, "U": a, "S": b, "Y": c}
                    for x, a, b, c in zip(layers, u, spikes, y, strict=True)
                ]
            )
        for k, layer in enumerate(layers):
            if step >= burn_in:
                votes[k] += y[k] == y[k].max()
                layer.update(layer.delta(u[k], spikes[k], aims[k][step]), step, rate)
            layer.decay(arriving.astype(float) if k == 0 else spikes[k - 1], spikes[k])
    return votes
