"""Small DECOLLE networks, their input and what the independent loop needs to know of them."""

import functools

import numpy as np

from sbp_brian.models.decolle import Decolle
from sbp_brian.targets import Simulation
from sbp_brian.training.spiking import Presentation

LAYERS, READOUTS, STEPS = (14, 11, 9, 8), (3, 2, 4), 300


def model(**kwds):
    settings = {
        "layers": LAYERS,
        "readouts": READOUTS,
        "steps": STEPS,
        "burn_in": 20,
        "encoding": "spikes",
        "rate": 0.2,
        "spread": 4.0,
        "readout_scale": 1.0,
    }
    settings |= kwds
    if "targets" not in settings:
        settings["targets"] = targets(settings["readouts"], settings["steps"])
    return Decolle(**settings)


def targets(readouts=READOUTS, steps=STEPS, seed=5):
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(0, 0.7, (steps, k)) for k in readouts)


def spikes(n=1, steps=STEPS, inputs=LAYERS[0], seed=0):
    return np.random.default_rng(seed).random((n, steps, inputs)) < 0.15


def simulation(model, data, target="numpy", make=Decolle.network):
    presentation = Presentation(Decolle.packed(data), len(data), model.duration)
    return Simulation(functools.partial(make, model, presentation), (len(data) + 1) * model.duration, target)


def start_of(model, seed=2):
    start = model.initial(seed)
    rng = np.random.default_rng(9)
    for k in range(1, len(model.layers)):
        start[f"hidden{k}.bias"] = rng.normal(0, 0.3, model.layers[k])
    return start


def shown(model, n=1, labels=None, teaching=1.0, **start):
    rows = np.arange(n)
    presentation = Presentation(np.zeros((n, 1), np.uint8), n, model.duration)
    rates = dict.fromkeys(model.trial_model().rates, model.rate)
    labels = np.zeros(n) if labels is None else labels
    return {**start_of(model), **rates, **presentation.settings(rows, labels, np.full(n, teaching)), **start}


def loop_parameters(model):
    """What the independent loop needs to know of the cells."""
    cell = model.cell
    p = {
        name: np.exp(-float(model.step / tau))
        for name, tau in (("alpha", cell.tau_mem), ("beta", cell.tau_syn), ("gamma", cell.tau_ref))
    }
    return p | {
        "rho": cell.rho,
        "surrogate": cell.surrogate,
        "loss": model.loss,
        "too_active": cell.too_active,
        "too_silent": cell.too_silent,
    }
