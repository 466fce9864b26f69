"""Artificial networks in plain numpy: ``model=sbp_perceptron``, ``sbp_spiking_perceptron``, ``sbp_energy``, ``rbm``.

Settings were chosen on validation samples; docs/artificial.md has the tables of what was tried.

Source: Zhang et al. 2021, doi:10.1126/sciadv.abh0146, Figs 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from sbp_brian.experiments.protocol import Above, Below, Context, Parameter, Parameters
from sbp_brian.models.artificial import energy, perceptron, rbm, spiking_perceptron
from sbp_brian.protocols.benchmarks.learners import common
from sbp_brian.protocols.benchmarks.learning import Data, Learner, Outcome, Plan
from sbp_brian.training.batches import NumpyTraining, Patterns, cosine, first_maximum, one_hot
from sbp_brian.training.samples import Samples

__all__ = ["ENERGY", "ENERGY_BY_LEARNING", "PERCEPTRON", "RBM", "SPIKING_PERCEPTRON", "patterns"]

#: What all of them have.
COMMON = {
    "epochs": common.EPOCHS,
    "hidden": common.HIDDEN,
    "decay": common.DECAY,
    "batch": common.BATCH,
    "jitter": common.JITTER,
    "running_mean": Parameter(
        0.0,
        minimum=0.0,
        maximum=0.999999,
        help="share that a running mean of the weights keeps at each batch; scores are by that mean",
    ),
}


def patterns(samples: Samples) -> Patterns:
    """Bytes as inputs from 0 to 1, with the targets or a one for the class; scored by the cosine or by the class."""
    graded = samples.targets is not None
    targets = samples.targets.astype(np.float32) if graded else one_hot(samples.labels, samples.classes)
    rows = samples.training, samples.validation, samples.test
    return Patterns(samples.images, targets, *rows, scale=1 / 255, score=cosine if graded else first_maximum)


class NumpyLearner(Learner):
    """A network of `sbp_brian.models.artificial`, trained in batches."""

    keeps = ("weights",)

    def layers(self, p: Parameters, data: Data) -> tuple[int, ...]:
        """Sizes of all layers."""
        outputs = data.samples.classes if data.samples.targets is None else data.samples.targets.shape[1]
        return (data.samples.images.shape[1], *[p.hidden] * p.get("depth", 1), outputs)

    def plan(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Plan:
        """What a run with these parameters is going to do."""
        training = {"batch": p.batch, "decay": p.decay, "running_mean": p.running_mean, "jitter": p.get("jitter", 0)}
        return Plan(self.network(p, data, seed, settings), patterns(data.samples), p.epochs, training)

    def begin(self, context: Context, plan: Plan) -> NumpyTraining:
        """The training; there is nothing to build."""
        return NumpyTraining(
            plan.network, plan.samples, context.folder, seed=context.seed, facts={"name": self.name}, **plan.training
        )

    def test(self, context: Context, training: NumpyTraining, bar) -> tuple[np.ndarray, np.ndarray, Any]:
        """Score and outputs of each test sample."""
        outputs = training.outputs(training.patterns.test)
        return training.patterns.score(outputs, training.patterns.targets[training.patterns.test]), outputs, None

    # ----------------------------------------------------------------------------------------------------- its report
    def silence(self, outcome: Outcome) -> str:
        """See `Learner.silence`."""
        return "their cosine counts as 0" if outcome.graded else "none counts as right"

    def beside(self, context: Context, outcome: Outcome, published: Mapping[str, Any]) -> None:
        """Scores from states of zero, and by the first maximum, where these are others."""
        training, rows = outcome.training, outcome.plan.samples.test
        targets = outcome.plan.samples.targets
        if getattr(outcome.plan.network, "persistent", False):
            anew = outcome.plan.samples.score(training.outputs(rows, anew=True), targets[rows])
            _mean(context, f"test_{outcome.kind}_from_zero", anew, "states of test samples start at zero")
        if not outcome.graded:
            return
        first = first_maximum(outcome.answers, targets[rows])
        _mean(context, "test_first_maximum", first, "first largest output is the first of the target's ones")
        rows = outcome.plan.samples.validation
        if len(rows):
            found = first_maximum(training.outputs(rows), targets[rows])
            context.metric("validation_first_maximum", found.mean(), n=len(rows))

    def counted(self, context: Context, outcome: Outcome) -> None:
        """What the network counted in the last epoch."""
        for name, each in outcome.history[-1].per_sample.items():
            context.metric(f"{name}_per_sample", each, provenance="counted in the last epoch")

    def arrays(self, context: Context, outcome: Outcome) -> None:
        """Weights before and after."""
        training = outcome.training
        for name, before in training.initial.items():
            if name.startswith("W"):
                after = training.means.get(name, training.model.arrays[name])
                edges = np.linspace(min(before.min(), after.min()), max(before.max(), after.max()) + 1e-9, 81)
                context.array(f"weights_{name}_edges", edges)
                context.array(f"weights_{name}_before", np.histogram(before, edges)[0])
                context.array(f"weights_{name}_after", np.histogram(after, edges)[0])

    def says(self, context: Context, outcome: Outcome) -> tuple[str, str]:
        """With its layers."""
        return f"the network {'-'.join(map(str, outcome.plan.network.layers))} of {self.name}", ""

    def notes(self, context: Context, outcome: Outcome) -> list[str]:
        """See `Learner.notes`; with the batch, the running mean and displaced images."""
        p = outcome.parameters
        mean = f"; scored by a running mean of the weights that keeps {p.running_mean:g} at each batch"
        moved = f"; training images displaced by up to {p.get('jitter', 0)} pixels"
        return [
            f"{self.name} runs in numpy, whatever the target",
            f"settings: {outcome.plan.network!r}; batches of {p.batch}, rates times {p.decay:g} after each epoch"
            + (mean if p.running_mean else "")
            + (moved if p.get("jitter") else ""),
        ]


def _mean(context: Context, name: str, each: np.ndarray, told: str) -> None:
    error = each.std() / np.sqrt(len(each))
    context.metric(name, each.mean(), standard_error=error, n=len(each), provenance=told)


def _without(names, *but: str) -> tuple[str, ...]:
    return tuple(name for name in names if name not in but)


def _mixed(exact: str, ways) -> Parameter:
    """The share of the batches that learn in the way chosen, the others by the exact gradient."""
    return Parameter(
        1.0,
        minimum=0.0,
        maximum=1.0,
        help="share of the batches that learn by what `learning` says, the others by the exact gradient",
        needs={"learning": _without(ways, exact)},
    )


#: Where a signal comes back: ways of learning, and whether any batch learns so.
SIGNAL = {"learning": perceptron.SBP_LEARNING, "learning_share": Above(0)}
PERCEPTRON_PARAMETERS = {
    **COMMON,
    "depth": common.DEPTH,
    "lambda_p": replace(common.LAMBDA_P, needs=SIGNAL),
    "lambda_f": replace(common.LAMBDA_F, needs=SIGNAL),
    "learning_share": _mixed("backpropagation", perceptron.LEARNING),
    "rate_hidden": common.rate(
        "hidden layers",
        ({"learning": _without(perceptron.LEARNING, "frozen")}, {"learning_share": Below(1)}),
    ),
    "rate_output": common.rate("the output layer"),
    "drop_input": common.share("share of inputs lost in training"),
    "drop_hidden": common.share("share of hidden activities lost in training"),
}


class PerceptronLearner(NumpyLearner):
    """`sbp_brian.models.artificial.perceptron`."""

    name = "sbp_perceptron"
    learning = tuple(perceptron.LEARNING)
    parameters = PERCEPTRON_PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        names = ("rate_hidden", "rate_output", "drop_input", "drop_hidden")
        return {"hidden": 500, **{name: getattr(perceptron.SBPPerceptron, name) for name in names}}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]):
        """The network that the parameters ask for."""
        names = ("lambda_p", "lambda_f", "rate_hidden", "rate_output", "drop_input", "drop_hidden")
        asked = {name: p[name] for name in names} | {"learning_share": p.learning_share}
        return perceptron.SBPPerceptron(self.layers(p, data), p.learning, **asked, **settings)


SPIKING_PARAMETERS = {
    **COMMON,
    "depth": common.DEPTH,
    "learning_share": _mixed("surrogate", spiking_perceptron.LEARNING),
    "rate_hidden": common.rate(
        "hidden layers",
        ({"learning": _without(spiking_perceptron.LEARNING, "zero")}, {"learning_share": Below(1)}),
    ),
    "rate_output": common.rate("the output layer"),
}


class SpikingPerceptronLearner(NumpyLearner):
    """`sbp_brian.models.artificial.spiking_perceptron`."""

    name = "sbp_spiking_perceptron"
    learning = tuple(spiking_perceptron.LEARNING)
    parameters = SPIKING_PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        model = spiking_perceptron.SBPSpikingPerceptron
        return {"hidden": 500, "rate_hidden": model.rate_hidden, "rate_output": model.rate_output}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]):
        """The network that the parameters ask for."""
        asked = {name: p[name] for name in ("rate_hidden", "rate_output")} | {"learning_share": p.learning_share}
        return spiking_perceptron.SBPSpikingPerceptron(self.layers(p, data), p.learning, **asked, **settings)


ENERGY_PARAMETERS = {
    **COMMON,
    "depth": common.DEPTH,
    "rate_hidden": common.rate("hidden layers", {"learning": _without(energy.LEARNING, "frozen", "sbp-frozen")}),
    "rate_output": common.rate("the output layer"),
    "free_steps": Parameter(None, kind=int, minimum=1, maximum=10_000, help="steps of the free phase, N_s"),
    "nudged_steps": Parameter(None, kind=int, minimum=1, maximum=10_000, help="steps of the nudged phase, N_w"),
    "beta": Parameter(None, kind=float, minimum=1e-9, maximum=1e6, help="strength of the nudge"),
    "epsilon": Parameter(None, kind=float, minimum=1e-9, maximum=2.0, help="size of a step of its states"),
    "persistent": Parameter(True, help="samples keep their states, as released; no: each showing starts from zero"),
    "drop_input": common.share("share of inputs lost in training"),
}


class EnergyLearner(NumpyLearner):
    """`sbp_brian.models.artificial.energy`."""

    name = "sbp_energy"
    learning = tuple(energy.LEARNING)
    parameters = ENERGY_PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        names = ("rate_hidden", "rate_output", "free_steps", "nudged_steps", "beta", "epsilon", "drop_input")
        return {"hidden": 500, **{name: getattr(energy.SBPEnergy, name) for name in names}}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]):
        """The network that the parameters ask for."""
        names = ("rate_hidden", "rate_output", "free_steps", "nudged_steps", "beta", "epsilon", "persistent")
        asked = {name: p[name] for name in (*names, "drop_input")}
        return energy.SBPEnergy(self.layers(p, data), p.learning, **asked, **settings)


RBM_PARAMETERS = {**COMMON, "rate_hidden": common.rate("the whole machine")}


class RBMLearner(NumpyLearner):
    """`sbp_brian.models.artificial.rbm`; it has one hidden layer and one learning rate."""

    name = "rbm"
    learning = tuple(rbm.LEARNING)
    called = MappingProxyType({"rate": "rate_hidden"})
    parameters = RBM_PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        return {"hidden": 500, "rate_hidden": rbm.RBM.rate}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]):
        """The network that the parameters ask for."""
        return rbm.RBM(self.layers(p, data), p.learning, rate=p.rate_hidden, **settings)


PERCEPTRON, SPIKING_PERCEPTRON = PerceptronLearner(), SpikingPerceptronLearner()
ENERGY, RBM = EnergyLearner(), RBMLearner()
#: What the energies without SBP, and those that differ from the released one, need on every task.
ENERGY_BY_LEARNING = {
    **{name: {"epsilon": 0.5, "beta": 1.0} for name in ("without-sbp", "frozen", "theta-1", "theta-1-leak-kept")},
    "output-leak": {"beta": 0.5, "rate_hidden": 0.2, "rate_output": 0.1},
}
