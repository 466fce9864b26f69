"""Models that learn the parts of a task one after the other, at constant rates: the spiking network, its rate model.

A part is shown ``epochs`` times before the next one comes. What a model has to tell, beside what every learner does,
is its evidence for each class after a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sbp_brian.experiments.protocol import Parameters
from sbp_brian.models.artificial.perceptron import LEARNING as RATE_LEARNING
from sbp_brian.models.sbp_network import LEARNING
from sbp_brian.models.sbp_network.rate_reference import RateReference
from sbp_brian.protocols.benchmarks.learners import common
from sbp_brian.protocols.benchmarks.learners.artificial import NumpyLearner, patterns
from sbp_brian.protocols.benchmarks.learners.sbp_network import SBPNetworkLearner
from sbp_brian.protocols.benchmarks.learning import Data, Learner, Plan

__all__ = ["RATE_MODEL", "SPIKING"]

EPOCHS = replace(common.EPOCHS, help="times the images of a part are shown before the next part comes")
#: Labels that tell nothing have no parts.
WITHOUT = "shuffled-labels"
#: What belongs to more than one pass over all images.
_LATER = ("decay", "hidden_decays", "average", "angle")


def turns(p: Parameters, data: Data) -> list[np.ndarray]:
    """The rows that each epoch learns from."""
    return [rows for rows in data.extra["parts"] for _ in range(p.epochs)]


RATE_PARAMETERS = {
    "epochs": EPOCHS,
    "hidden": common.HIDDEN,
    "batch": common.BATCH,
    "rate_hidden": common.rate(
        "the hidden layer", {"learning": tuple(name for name in RATE_LEARNING if name not in ("frozen", WITHOUT))}
    ),
    "rate_output": common.rate("the output layer"),
}


class InTurn(Learner):
    """What both models share."""

    keeps = ("weights",)

    def plan(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Plan:
        """What a run with these parameters is going to do; its epochs are those of all parts together."""
        each = turns(p, data)
        return Plan(self.network(p, data, seed, settings), data.samples, len(each), {"turns": each})

    def evidence(self, training: Any, rows: np.ndarray, number: int) -> np.ndarray:
        """What speaks for each class after epoch `number` (from 1), shape (len(rows), classes); the largest answers."""
        raise NotImplementedError


class SpikingInTurn(InTurn, SBPNetworkLearner):
    """`sbp_brian.models.sbp_network`, one sample at a time."""

    learning = tuple(name for name in LEARNING if name != WITHOUT)
    parameters = {name: parameter for name, parameter in SBPNetworkLearner.parameters.items() if name not in _LATER} | {
        "epochs": EPOCHS
    }

    def evidence(self, training: Any, rows: np.ndarray, number: int) -> np.ndarray:
        """Spikes of the outputs, and their membranes where these are equal."""
        _, _, result = training.evaluate(rows, learned=training.checkpoint(number))
        return training.model.readout.evidence(result, len(rows)).T


class RateInTurn(InTurn, NumpyLearner):
    """`sbp_brian.models.sbp_network.rate_reference`, in batches: the same rule for outputs, and the exact gradient."""

    name = "rate_reference"
    learning = ("backpropagation", *(name for name in RATE_LEARNING if name not in (WITHOUT, "backpropagation")))
    parameters = RATE_PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """As many hidden units as the spiking network has cells."""
        return {"hidden": 500, "batch": 50}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> RateReference:
        """The network that the parameters ask for; without momentum, as the spiking one."""
        return RateReference(
            self.layers(p, data),
            p.learning,
            rate_hidden=p.rate_hidden,
            rate_output=p.rate_output,
            momentum=0.0,
            **settings,
        )

    def plan(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Plan:
        """See `InTurn.plan`; a checkpoint of every epoch stays."""
        plan = super().plan(p, data, seed, settings)
        return replace(plan, samples=patterns(data.samples), training={**plan.training, "batch": p.batch, "keep": None})

    def evidence(self, training: Any, rows: np.ndarray, number: int) -> np.ndarray:
        """Its outputs."""
        return training.outputs(rows, learned=training.checkpoint(number))


SPIKING, RATE_MODEL = SpikingInTurn(), RateInTurn()
