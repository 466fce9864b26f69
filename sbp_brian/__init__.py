"""Self-backpropagation of synaptic modification (SBP) for Brian2.

>>> import sbp_brian as sbp
>>> signal = sbp.RetrogradeSBP(rate=1.0)
>>> rule = signal.emitting(sbp.pair_stdp(transmit="g_post += w"))

What stands here is the public face; each name is imported when it is first asked for.

====================================================  ================================================================
synapses                                              `SynapseRule`, `Regular`; shared kernels: `Convolution`, `Maps`,
                                                      `Kernels`
plasticity                                            `pair_stdp`, `triplet_stdp`, `teacher_stdp`,
                                                      `short_term_plasticity`, `synaptic_scaling`, `homeostatic_v`,
                                                      `threshold_homeostasis`
neurons                                               `NeuronModel`, `lif_current`, `lif_conductance`, `soft_reset`,
                                                      `firing_rate`, `relpsp`
the retrograde signal                                 `RetrogradeSBP`, its reports `Emission`, its transports `Delay`,
                                                      `Chain`, `Window`
running                                               `Simulation`, `Result`, `use`
training                                              `Samples`, `Training`
experiments                                           `Protocol`, `Parameter`, `Source`, `execute`, `read_records`
rooms                                                 `models`, `datasets`, `errors`
====================================================  ================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sbp_brian._lazy import lazy
from sbp_brian._version import __version__

if TYPE_CHECKING:  # the same names for type checkers and editors, which import nothing
    from sbp_brian import datasets, errors, models
    from sbp_brian.brian.convolution import Convolution, Maps
    from sbp_brian.brian.kernels import Kernels
    from sbp_brian.cells import NeuronModel, firing_rate, lif_conductance, lif_current, relpsp, soft_reset
    from sbp_brian.experiments.executing import execute
    from sbp_brian.experiments.protocol import Parameter, Protocol, Source
    from sbp_brian.experiments.records import find as read_records
    from sbp_brian.plasticity import (
        homeostatic_v,
        pair_stdp,
        short_term_plasticity,
        synaptic_scaling,
        teacher_stdp,
        threshold_homeostasis,
        triplet_stdp,
    )
    from sbp_brian.retrograde import Chain, Delay, Emission, RetrogradeSBP, Window
    from sbp_brian.rules import Regular, SynapseRule
    from sbp_brian.targets import Result, Simulation, use
    from sbp_brian.training.samples import Samples
    from sbp_brian.training.spiking import Training

_HOMES = {
    "sbp_brian.brian.convolution": ("Convolution", "Maps"),
    "sbp_brian.brian.kernels": ("Kernels",),
    "sbp_brian.cells": ("NeuronModel", "firing_rate", "lif_conductance", "lif_current", "relpsp", "soft_reset"),
    "sbp_brian.experiments.executing": ("execute",),
    "sbp_brian.experiments.protocol": ("Parameter", "Protocol", "Source"),
    "sbp_brian.experiments.records": ("find as read_records",),
    "sbp_brian.plasticity": (
        "homeostatic_v",
        "pair_stdp",
        "short_term_plasticity",
        "synaptic_scaling",
        "teacher_stdp",
        "threshold_homeostasis",
        "triplet_stdp",
    ),
    "sbp_brian.retrograde": ("Chain", "Delay", "Emission", "RetrogradeSBP", "Window"),
    "sbp_brian.rules": ("Regular", "SynapseRule"),
    "sbp_brian.targets": ("Result", "Simulation", "use"),
    "sbp_brian.training.samples": ("Samples",),
    "sbp_brian.training.spiking": ("Training",),
}

__all__ = [
    "Chain",
    "Convolution",
    "Delay",
    "Emission",
    "Kernels",
    "Maps",
    "NeuronModel",
    "Parameter",
    "Protocol",
    "Regular",
    "Result",
    "RetrogradeSBP",
    "Samples",
    "Simulation",
    "Source",
    "SynapseRule",
    "Training",
    "Window",
    "__version__",
    "datasets",
    "errors",
    "execute",
    "firing_rate",
    "homeostatic_v",
    "lif_conductance",
    "lif_current",
    "models",
    "pair_stdp",
    "read_records",
    "relpsp",
    "short_term_plasticity",
    "soft_reset",
    "synaptic_scaling",
    "teacher_stdp",
    "threshold_homeostasis",
    "triplet_stdp",
    "use",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, _HOMES, ("datasets", "errors", "models"))
