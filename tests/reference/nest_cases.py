"""Synapses that NEST can express as well, drawn at random: parameters, delays and trains, as plain numbers.

A setting is a dictionary that JSON can hold. Times are whole steps of `STEP` milliseconds, amplitudes those of
`sbp_brian.plasticity`. Each has a few synapses, one a pair of trains.
"""

from __future__ import annotations

import numpy as np

STEP = 1.0  # ms
STEPS = 400
SYNAPSES = 3

#: Kind -> the model of NEST, and what is fixed in the rule.
KINDS = {
    "pair, additive, all-to-all": ("stdp_synapse", {"dependence": "additive", "pairing": "all-to-all"}),
    "pair, multiplicative, all-to-all": ("stdp_synapse", {"dependence": "multiplicative", "pairing": "all-to-all"}),
    "pair, additive, nearest": ("stdp_nn_symm_synapse", {"dependence": "additive", "pairing": "nearest"}),
    "pair, multiplicative, nearest": ("stdp_nn_symm_synapse", {"dependence": "multiplicative", "pairing": "nearest"}),
    "triplet, full": ("stdp_triplet_synapse", {}),
    "triplet, minimal": ("stdp_triplet_synapse", {"A3_minus": 0.0, "tau_x": None}),
    "short-term, depressing": ("tsodyks2_synapse", {"tau_facil": None}),
    "short-term, facilitating": ("tsodyks2_synapse", {}),
    "short-term, with an inactive state of no length": ("tsodyks_synapse", {}),
}


def drawn(rng: np.random.Generator, kind: str, coincidences: bool) -> dict:
    """One setting of a kind; with coincidences many spikes of the two sides meet at the synapse, else none do."""
    model, fixed = KINDS[kind]
    delay = int(rng.integers(1, 8))
    return {
        "kind": kind,
        "coincidences": coincidences,
        "model": model,
        "delay": delay,
        "w": [_round(rng.uniform(0.2, 0.8)) for _ in range(SYNAPSES)],
        "parameters": {**_parameters(rng, kind), **fixed},
        "trains": [trains(rng, delay, coincidences) for _ in range(SYNAPSES)],
    }


def _round(value: float) -> float:
    return float(f"{value:.4g}")


def _parameters(rng: np.random.Generator, kind: str) -> dict:
    """Amplitudes from small ones to such that bounds are reached; time constants in ms."""

    def between(low: float, high: float) -> float:
        return _round(np.exp(rng.uniform(np.log(low), np.log(high))))

    if kind.startswith("pair"):
        up = between(2e-3, 0.1)
        signs = {"A_plus": up, "A_minus": -_round(up * rng.uniform(0.4, 1.6))}
        return {**signs, "tau_plus": between(5, 40), "tau_minus": between(5, 40), "w_max": _round(rng.uniform(0.9, 2))}
    if kind.startswith("triplet"):
        amplitudes = {name: between(2e-3, 0.1) for name in ("A2_plus", "A3_plus", "A2_minus", "A3_minus")}
        fast = {"tau_plus": between(10, 30), "tau_minus": between(10, 40)}
        return {**amplitudes, **fast, "tau_x": between(50, 900), "tau_y": between(50, 200), "w_max": 1.5}
    return {"U": _round(rng.uniform(0.03, 0.7)), "tau_rec": between(50, 900), "tau_facil": between(50, 900)}


def trains(rng: np.random.Generator, delay: int, coincidences: bool) -> dict[str, list[int]]:
    """Poisson trains of two rates, a burst in each; the first spike and the last are presynaptic."""
    pre, post = (rng.random(STEPS) < rng.uniform(0.01, 0.08) for _ in range(2))
    start = int(rng.integers(50, 300))
    pre[start : start + 4] = True
    post[start + 2 : start + 6] = True
    pre[[1, -1]] = True
    post[:2], post[-1 - delay :] = False, False
    meets = np.roll(pre, -delay)  # a postsynaptic spike of step k is at the synapse at step k + delay
    if coincidences:
        post |= meets & (rng.random(STEPS) < 0.5) & (np.arange(STEPS) > 1) & (np.arange(STEPS) < STEPS - 1 - delay)
    else:
        post &= ~meets
    return {"pre": np.flatnonzero(pre).tolist(), "post": np.flatnonzero(post).tolist()}


def meetings(setting: dict) -> list[list[int]]:
    """For each synapse the steps at which spikes of both sides are there."""
    delay = setting["delay"]
    return [sorted(set(t["pre"]) & {step + delay for step in t["post"]}) for t in setting["trains"]]


def settings(seed: int, n: int) -> list[dict]:
    """The first n settings of a seed: the kinds in turn, without coincidences and with them."""
    kinds = list(KINDS)
    return [
        drawn(np.random.default_rng([seed, k]), kinds[k % len(kinds)], coincidences=bool(k // len(kinds) % 2))
        for k in range(n)
    ]
