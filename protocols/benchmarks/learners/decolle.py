"""``model=decolle`` and ``decolle_conv``: training by local losses, every layer's accuracy.

docs/decolle.md has the table of settings tried on validation samples, and says which were not tuned.

Source: Kaiser, Mostafa & Neftci 2020, Front Neurosci 14:424, doi:10.3389/fnins.2020.00424.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from sbp_brian.experiments.protocol import Context, Parameter, Parameters
from sbp_brian.models.decolle import LEARNING, Decolle
from sbp_brian.models.decolle.conv import PAPER, ConvDecolle
from sbp_brian.protocols.benchmarks import baselines, layer_readout
from sbp_brian.protocols.benchmarks.learners import common
from sbp_brian.protocols.benchmarks.learning import Data, Learner, Outcome, Plan
from sbp_brian.training.readout import Votes
from sbp_brian.training.samples import Samples
from sbp_brian.training.spiking import Training

__all__ = ["CONVOLUTIONAL", "KERNELS", "LEARNER"]

#: Maps, side of a kernel and distance of patches of each layer of shared kernels.
KERNELS = ((8, 7, 2), (16, 5, 2), (16, 3, 1))
#: Which part of the maps of the paper's network each of these has.
PARTS = {"paper": 1, "half-paper": 2, "quarter-paper": 4, "eighth-paper": 8}
RATE = common.rate("all layers", {"learning": tuple(name for name in LEARNING if name != "frozen")})


READOUT = Parameter(
    None,
    kind=bool,
    help="fit a linear classifier to the spikes of each layer; by default of frozen layers alone",
    needs={"learning": ("local", "frozen")},
)


#: Parameters of `Decolle` that a task may declare as its own.
OFFERED = ("burn_in", "input_rate", "readout_scale", "spread", "steps")
PARAMETERS = {"epochs": common.EPOCHS, "hidden": common.HIDDEN, "rate_hidden": RATE, "readout": READOUT}


class DecolleLearner(Learner):
    """Dense layers of `sbp_brian.models.decolle`; of its task's settings it takes ``final`` and ``hidden_layers`` too.

    The learning rate falls smoothly to the share ``final`` of its start, whatever the number of epochs. A task may
    declare `OFFERED` as parameters, ``depth`` and ``tau_mem`` too; where it does not, they are its settings.
    """

    name = "decolle"
    learning = tuple(LEARNING)
    usual = ()
    running = False
    called = MappingProxyType({"rate": "rate_hidden"})
    parameters = PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        return {"hidden": 128, "rate_hidden": Decolle.rate, "readout": values["learning"] == "frozen"}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Decolle:
        """The network that the parameters ask for."""
        settings, samples = {**settings, **data.network}, data.samples
        final, inputs = settings.pop("final"), settings.pop("inputs", samples.images.shape[1])
        hidden = (p.hidden,) * p.get("depth", settings.pop("hidden_layers", 2))
        settings |= _offered(p, settings)
        return Decolle((inputs, *hidden), samples.classes, **self._asked(p, samples, final), **settings)

    def _asked(self, p: Parameters, samples: Samples, final: float) -> dict[str, Any]:
        shrink = float(final ** (1 / (p.epochs * len(samples.training))))
        return {"learning": p.learning, "rate": p.rate_hidden, "shrink": shrink}

    def plan(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Plan:
        """See `Learner.plan`."""
        network = self.network(p, data, seed, settings)
        tests = {"readout": True} if p.readout and "readout" not in p.idle else {}
        return Plan(network, data.samples, p.epochs, {"decay": float(settings["final"] ** (1 / p.epochs))}, tests=tests)

    def validation(self, context: Context, outcome: Outcome) -> float:
        """Of the last layer."""
        return self._by_layer(context, outcome)[-1][-1]

    # ----------------------------------------------------------------------------------------------------- its report
    def beside(self, context: Context, outcome: Outcome, published: Mapping[str, Any]) -> None:
        """Every layer, and classifiers without hidden cells."""
        n, data = len(outcome.scores), outcome.data
        for k, right in enumerate(self._tested(outcome), 1):
            context.metric(f"test_accuracy_layer{k}", right, n=n)
        features = data.samples.images / 255 if data.features is None else data.features
        with context.progress("baselines"):
            found = baselines.report(context, data.samples, features, "on the same training and test samples")
        outcome.kept["linear softmax"] = found["linear_softmax"]

    def counted(self, context: Context, outcome: Outcome) -> None:
        """Presentations, spikes of each layer and operations."""
        network, n = outcome.plan.network, len(outcome.scores)
        context.metric("presentations", len(outcome.history) * len(outcome.plan.samples.training))
        spikes = [float(outcome.result[f"{name}_spikes.N"]) / n for name in network.names]
        context.metric("hidden_spikes_per_sample", sum(spikes[1:]), provenance="counted on the test samples")
        for k in range(1, len(network.layers)):
            context.metric(f"spikes_per_cell_layer{k}", spikes[k] / network.layers[k])
        if network.form == "rank1":
            sizes = zip(spikes, [*network.layers[1:], 0], [0, *network.readouts], strict=True)
            context.metric(
                "synaptic_operations_per_sample",
                sum(s * (m + r) for s, m, r in sizes),
                provenance="spikes counted by the network, times their synapses; test samples",
            )

    def hidden_spikes(self, epoch) -> float:
        """Of all layers."""
        return sum(n for name, n in epoch.per_sample.items() if name.startswith("hidden"))

    def arrays(self, context: Context, outcome: Outcome) -> None:
        """Accuracy of every layer, by epoch."""
        layers = range(1, len(outcome.plan.network.layers))
        by_epoch = self._by_layer(context, outcome) if len(outcome.plan.samples.validation) else []
        context.array("test_accuracy_by_layer", self._tested(outcome))
        context.array("validation_accuracy_by_epoch_and_layer", by_epoch)
        for k, right in enumerate(by_epoch[-1] if by_epoch else [], 1):
            context.metric(f"validation_accuracy_layer{k}", right, n=len(outcome.plan.samples.validation))
        context.table(
            "accuracy by epoch and layer",
            ("epoch", *(f"validation, layer {k}" for k in layers)),
            [(k, *(round(a, 4) for a in row)) for k, row in enumerate(by_epoch, 1)],
        )

    def after(self, context: Context, outcome: Outcome) -> None:
        """A classifier fitted to each layer's spikes, where it is asked for."""
        if "readout" in outcome.plan.tests:
            layer_readout.report(context, outcome)

    def says(self, context: Context, outcome: Outcome) -> tuple[str, str]:
        """With all layers' accuracy and that of a linear classifier."""
        layers = "-".join(map(str, outcome.plan.network.layers))
        right = ", ".join(f"{100 * a:.1f}" for a in self._tested(outcome))
        linear = outcome.kept["linear softmax"]
        return f"the last layer of {layers}", f", the layers {right} %, a linear softmax {100 * linear:.1f} %"

    def notes(self, context: Context, outcome: Outcome) -> list[str]:
        """See `Learner.notes`."""
        final = outcome.plan.training["decay"] ** outcome.plan.epochs
        return [
            f"settings: {outcome.plan.network!r}",
            f"the learning rate falls smoothly to {final:g} of its start; decay is not used",
        ]

    def _tested(self, outcome: Outcome) -> list[float]:
        return layers_right(outcome.training, outcome.plan.network, outcome.plan.samples.test, outcome.result)

    def _by_layer(self, context: Context, outcome: Outcome) -> list[list[float]]:
        """Share of the validation samples that each layer named right after each epoch, evaluated once a run."""
        training, rows, history = outcome.training, outcome.plan.samples.validation, outcome.history
        kept = outcome.kept.setdefault("by layer", [])
        if not kept:
            with context.progress("validating every layer") as bar:
                for e in history:
                    learned = training.checkpoint(e.number) if e.number < len(history) else None
                    _, _, result = training.evaluate(rows, learned=learned)
                    kept.append(layers_right(training, outcome.plan.network, rows, result))
                    bar(e.number / len(history))
        return kept


def _offered(p: Parameters, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the task has made parameters of: some of `OFFERED`, and the cells' ``tau_mem``."""
    found = {name: p[name] for name in OFFERED if name in p}
    if "tau_mem" in p:
        found["cell"] = replace(settings["cell"], tau_mem=p.tau_mem)
    return found


def layers_right(training: Training, network: Decolle, rows: np.ndarray, result) -> list[float]:
    """Share of right answers of each layer in the result of showing `rows`."""
    truth, shares = training.samples.labels[rows], []
    for k in range(1, len(network.layers)):
        answers = Votes(f"answers{k}.votes", f"answers{k}.total").answers(result, len(rows))
        shares.append(float((answers == truth).mean()))
    return shares


CONVOLUTIONAL_PARAMETERS = {
    "epochs": common.EPOCHS,
    "rate_hidden": RATE,
    "readout": READOUT,
    "kernels": Parameter(
        "small",
        choices=("small", *PARTS),
        help="three small layers, or the paper's (7 x 7, 64-128-128 maps, pooling) or a part of their maps, in single "
        "precision",
    ),
    "top_maps": Parameter(
        None, kind=int, minimum=1, maximum=1000, help="maps of the last layer", needs={"kernels": ("small",)}
    ),
}


class ConvolutionalLearner(DecolleLearner):
    """Layers of shared kernels of `sbp_brian.models.decolle.conv`; of its task's settings it takes ``image``."""

    name = "decolle_conv"
    parameters = CONVOLUTIONAL_PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        return {**super().own(values), "top_maps": KERNELS[-1][0]}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> ConvDecolle:
        """The network that the parameters ask for."""
        settings = {**settings, **data.network}
        final, _ = settings.pop("final"), settings.pop("inputs", None)
        settings |= _offered(p, settings)
        asked = self._asked(p, data.samples, final)
        if p.kernels == "small":
            *lower, (_, size, stride) = KERNELS
            kernels = (*lower, (p.top_maps, size, stride))
        else:
            kernels = tuple((maps // PARTS[p.kernels], *rest) for maps, *rest in PAPER)
            asked["single"] = True
        return ConvDecolle(readouts=data.samples.classes, kernels=kernels, **asked, **settings)


LEARNER, CONVOLUTIONAL = DecolleLearner(), ConvolutionalLearner()
