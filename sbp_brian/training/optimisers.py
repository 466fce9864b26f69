"""Gradient steps for numpy networks: momentum and Adam, in place, their memory beside the weights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

__all__ = ["Adam", "Momentum", "glorot"]


def glorot(rng: np.random.Generator, n_in: int, n_out: int, dtype=np.float32) -> np.ndarray:
    """Weights of shape (n_in, n_out), uniform within sqrt(6 / (n_in + n_out))."""
    bound = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype)


class Momentum:
    """w += rate v, v <- momentum v + change: Polyak's heavy ball.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The weights; "v." + name is added for each of `names`.
    names : iterable of str
    momentum : float
        From 0 (plain steps) to below 1.
    """

    def __init__(self, arrays: dict[str, np.ndarray], names: Iterable[str], momentum: float):
        self.arrays, self.momentum = arrays, momentum
        for name in names:
            arrays[f"v.{name}"] = np.zeros_like(arrays[name])

    def step(self, name: str, change: np.ndarray, rate: float) -> None:
        """One step along `change` (minus the gradient); `change` is overwritten."""
        v = self.arrays[f"v.{name}"]
        v *= v.dtype.type(self.momentum)
        v += change
        np.multiply(v, v.dtype.type(rate), out=change)
        self.arrays[name] += change


class Adam:
    """Kingma & Ba 2015, arXiv:1412.6980, with bias correction.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The weights; "m." and "s." + name (moments) and "t." + name (steps) are added.
    names : iterable of str
    """

    B1, B2, EPSILON = 0.9, 0.999, 1e-8

    def __init__(self, arrays: dict[str, np.ndarray], names: Iterable[str]):
        self.arrays = arrays
        for name in names:
            arrays[f"m.{name}"], arrays[f"s.{name}"] = np.zeros_like(arrays[name]), np.zeros_like(arrays[name])
            arrays[f"t.{name}"] = np.zeros(1)

    def step(self, name: str, change: np.ndarray, rate: float) -> None:
        """One step along `change` (minus the gradient); `change` is overwritten."""
        m, s, t = (self.arrays[f"{kind}.{name}"] for kind in "mst")
        one = m.dtype.type
        t += 1
        m *= one(self.B1)
        m += one(1 - self.B1) * change
        np.square(change, out=change)
        change *= one(1 - self.B2)
        s *= one(self.B2)
        s += change
        np.sqrt(s, out=change)
        change *= one(1 / np.sqrt(1 - self.B2 ** t[0]))
        change += one(self.EPSILON)
        np.divide(m, change, out=change)
        change *= one(rate / (1 - self.B1 ** t[0]))
        self.arrays[name] += change
