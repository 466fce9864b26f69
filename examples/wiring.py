"""Connections and spike trains drawn by numpy: the same on every target."""

from __future__ import annotations

import numpy as np
from brian2 import Quantity, ms

__all__ = ["pairs", "trains"]

STEP = 0.1 * ms


def pairs(n_source: int, n_target: int, share: float, seed: int) -> dict[str, np.ndarray]:
    """A share of all pairs of cells of which the indices differ, for ``synapses.connect(**pairs(...))``."""
    chosen = np.random.default_rng(seed).random((n_source, n_target)) < share
    np.fill_diagonal(chosen, False)
    i, j = np.nonzero(chosen)
    return {"i": i, "j": j}


def trains(n: int, rate: Quantity, duration: Quantity, seed: int) -> tuple[np.ndarray, Quantity]:
    """Indices and times of Poisson trains (Hz, s) on a grid of 0.1 ms, for ``SpikeGeneratorGroup(n, *trains(...))``."""
    steps = round(float(duration / STEP))
    step, cell = np.nonzero(np.random.default_rng(seed).random((steps, n)) < float(rate * STEP))
    return cell, step * STEP
