"""The released model in plain numpy, batch by batch in matrices, as facts about the code describe it."""

import numpy as np


def sigma(z):
    return np.tanh(z / 2)


def share(v):
    return v / v.sum() if v.sum() != 0 else v


class PublishedReference:
    """State and weights; `batch` shows one batch of samples and returns the free outputs."""

    def __init__(
        self,
        weights,
        biases,
        *,
        rule,
        gains=(0, 0, 0),
        lam_f=0.2,
        lam_p=0.1,
        lif=False,
        short_term=False,
        dale=False,
        reversal=None,
        eps=0.5,
        beta=0.5,
        n_free=20,
        n_teach=5,
        v_reset=-0.5,
        factor=1.0,
    ):
        self.w, self.b = [w.copy() for w in weights], [b.copy() for b in biases]
        self.rule, self.gains, self.lam_f, self.lam_p = rule, gains, lam_f, lam_p
        self.lif, self.short_term, self.dale, self.factor = lif, short_term, dale, factor
        self.eps, self.beta, self.n_free, self.n_teach, self.v_reset = eps, beta, n_free, n_teach, v_reset
        self.reversal = reversal or [np.full(len(b), 0.2) for b in biases]
        self.kept, self.spikes = None, [0] * len(biases)

    def fresh(self, n):
        shapes = [(n, len(b)) for b in self.b]
        start = {"v": 0.0, "g": 0.0, "h": 0.0, "u": 0.1, "r": 1.0, "j": 0.1}
        return {name: [np.full(shape, value) for shape in shapes] for name, value in start.items()}

    def lif_phase(self, x):
        k, steps = self.kept, 100
        s = [np.zeros_like(v) for v in k["v"]]
        for t in range(1, steps + 1):
            below = x
            for n, (w, b) in enumerate(zip(self.w, self.b)):
                current = sigma(below @ w + b)
                if self.short_term:
                    u = k["u"][n] = k["u"][n] - k["u"][n] / 10 + 0.45 * current * (1 - k["u"][n])
                    r = k["r"][n] = k["r"][n] + (1 - k["r"][n]) / 2 - u * k["r"][n] * current
                    k["j"][n] = k["j"][n] - k["j"][n] / 2 + u * r * current
                    current = k["j"][n]
                k["g"][n] = k["g"][n] + 0.1 / 2 * (-k["g"][n] + 5 + current)
                v = k["v"][n]
                v = v + 0.1 / 10 * (-v - k["g"][n] / 5 * (v - self.reversal[n]))
                v = np.where(v > 0.05, self.v_reset, v)
                v = t / steps * v + (1 - t / steps) * k["h"][n]
                self.spikes[n] += int((v > 0.05).sum())
                k["v"][n] = v
                below = s[n] = sigma(v)
        return s

    def relax(self, x, s, iterations, y=None):
        s, last = list(s), len(self.w) - 1
        for _ in range(iterations):
            for n in range(last):
                below = x if n == 0 else s[n - 1]
                rest = s[n] - below @ self.w[n] - s[n + 1] @ self.w[n + 1].T - self.b[n]
                s[n] = sigma(s[n] - self.eps * rest)
            rest = s[last] - s[last - 1] @ self.w[last] - self.b[last]
            if y is not None:
                rest = rest + self.beta * (s[last] - y)
            s[last] = np.maximum(s[last] - self.eps * rest, 0)
        return s

    def batch(self, x, y=None, rates=None):
        if self.kept is None or len(self.kept["v"][0]) != len(x):
            self.kept = self.fresh(len(x))
        s = self.lif_phase(x) if self.lif else [np.zeros((len(x), len(b))) for b in self.b]
        free = self.relax(x, s, self.n_free)
        self.kept["h"] = [a.copy() for a in free]
        if y is not None:
            self.learn([x, *free], [x, *self.relax(x, free, self.n_teach, y)], rates)
        return free[-1]

    def learn(self, free, taught, rates):
        n, scale = len(free[0]), self.beta * len(free[0])
        pre, post, back = (lam * self.lam_f for lam in self.gains)
        above = None
        for m in range(len(self.w) - 1, -1, -1):
            if self.rule == "differential":
                d = (taught[m] - free[m]).T @ free[m + 1] / scale
            elif self.rule == "symmetric":
                d = (taught[m].T @ taught[m + 1] - free[m].T @ free[m + 1]) / scale
            else:
                d = free[m].T @ (taught[m + 1] - free[m + 1]) / scale
                up, down = np.maximum(d, 0), np.minimum(d, 0)
                up1 = np.diag(1 + pre * share(self.lam_p * up.sum(1))) @ up
                down1 = np.diag(1 + pre * share(self.lam_p * abs(down.sum(1)))) @ down
                down2 = down @ np.diag(1 + post * share(self.lam_p * abs(down.sum(0))))
                if above is None:
                    d = up1 + (down1 + down2) / 2
                else:
                    up3 = up @ np.diag(1 + back * share(self.lam_p * above[0].sum(1)))
                    down3 = down @ np.diag(1 + back * share(self.lam_p * above[1].sum(1)))
                    d = (up1 + up3) / 2 + (down1 + down2 + down3) / 3
                above = up1, down1
            d = d * self.factor
            self.b[m] = self.b[m] + rates[m] * (taught[m + 1] - free[m + 1]).sum(0) / n / self.beta
            against = self.w[m] * d < 0
            if self.dale and m > 0:
                self.w[m] = np.where(against, self.w[m] - 0.1 * self.w[m], self.w[m] + rates[m] * d)
            else:
                self.w[m] = self.w[m] + rates[m] * d
