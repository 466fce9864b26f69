"""``model=stdbp``: training by single spike times, its controls, and how robust the result is.

Settings were chosen on validation samples; docs/stdbp.md has the table of what was tried.

Source: Zhang M. et al. 2022, IEEE TNNLS 33:1947, doi:10.1109/TNNLS.2021.3110991.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Parameters
from sbp_brian.models.stdbp import LEARNING, OPTIMISERS, STDBP, options
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.models.stdbp.network import EMISSION
from sbp_brian.protocols.benchmarks.learners import common
from sbp_brian.protocols.benchmarks.learning import Data, Learner, Outcome, Plan
from sbp_brian.training.checkpoints import Epoch
from sbp_brian.training.spiking import Training

__all__ = ["LEARNER", "NOT_VERIFIED", "published", "rank_times"]

NOT_VERIFIED = "n/a (not verified)"  # a number known at second hand only is not given as the paper's
LEARNS = {"learning": tuple(name for name in LEARNING if name != "frozen")}


def published(provenance: str) -> dict[str, dict[str, Any]]:
    """What a source reports at second hand, beside the paper's own way of learning."""
    return {"exact": {"paper_value": NOT_VERIFIED, "provenance": f"not verified: {provenance}"}}


def rank_times(images: np.ndarray) -> np.ndarray:
    """Images of which only the order of intensities is left: the k-th of n levels becomes 1 - k/n."""
    ranked = np.zeros_like(images)
    for image, row in zip(images, ranked, strict=True):
        levels = np.unique(image[image > 0])[::-1]
        for k, level in enumerate(levels):
            row[image == level] = max(1, round(255 * (1 - k / len(levels))))
    return ranked


PARAMETERS = {
    "epochs": common.EPOCHS,
    "hidden": common.HIDDEN,
    "depth": replace(common.DEPTH, needs={"learning": tuple(name for name in LEARNING if name not in EMISSION)}),
    "rate_hidden": common.rate("hidden layers", LEARNS),
    "rate_output": common.rate("the output layer"),
    "decay": common.DECAY,
    "average": common.AVERAGE,
    "optimiser": Parameter(
        None,
        choices=OPTIMISERS,
        help="what makes changes of gradients; rates do not carry over (momentum: about 0.01)",
    ),
    "drop_input": common.share("share of input spikes lost in training"),
    "jitter_input": Parameter(
        None,
        kind=float,
        minimum=0.0,
        maximum=10.0,
        help="standard deviation by which input spikes are early or late in training, in tau",
    ),
    "jitter": common.JITTER,
    "step": Parameter(
        None,
        unit="ms",
        kind=float,
        minimum=1e-3,
        maximum=20.0,
        help="time step of a network on a grid; none: exact times, without one",
    ),
    "robustness": Parameter(False, help="test with displaced, missing spikes and inexact weights too"),
}


class STDBPLearner(Learner):
    """The networks of `sbp_brian.models.stdbp`, without and with a time grid."""

    name = "stdbp"
    learning = tuple(LEARNING)
    usual = ("jitter",)
    parameters = PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        names = ("rate_hidden", "rate_output", "optimiser")
        known = {name: getattr(STDBP, name) for name in names}
        return {"average": 1, "drop_input": options.Dropout().input, "jitter_input": 0.0, **known}

    def check(self, p: Parameters, target: str) -> None:
        """See `Learner.check`; also what CUDA cannot do."""
        super().check(p, target)
        if target == "cuda" and (p.step is None or p.optimiser == "adam"):
            raise ParameterError(
                "model=stdbp with exact times or Adam does one thing after another, and CUDA all at once; "
                "add -s step=1ms -s optimiser=momentum -s rate_hidden=0.01 -s rate_output=0.01"
            )

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> STDBP:
        """The network that the parameters ask for."""
        asked = {name: p[name] for name in ("learning", "rate_hidden", "rate_output", "optimiser")}
        layers = (data.samples.images.shape[1], *[p.hidden] * p.depth, data.samples.classes)
        chosen = [
            options.Dropout(input=p.drop_input) if p.drop_input else None,
            options.InputJitter(p.jitter_input) if p.jitter_input else None,
            options.Displacement(p.jitter) if p.get("jitter") else None,
        ]
        asked |= {"options": tuple(filter(None, chosen)), **settings}
        return STDBP(layers, **asked) if p.step is None else GridSTDBP(layers, step=p.step, **asked)

    def plan(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Plan:
        """See `Learner.plan`; with ``rank-order`` the images are replaced by their ranks."""
        plan = super().plan(p, data, seed, settings)
        if p.learning == "rank-order":
            plan = replace(plan, samples=replace(plan.samples, images=rank_times(plan.samples.images)))
        return plan

    # ----------------------------------------------------------------------------------------------------- its report
    def counted(self, context: Context, outcome: Outcome) -> None:
        """Spikes, times of decision and operations."""
        network, result, n = outcome.plan.network, outcome.result, len(outcome.scores)
        spikes = {name: float(result[f"{name}_spikes.N"]) / n for name in network.names[:-1]}
        hidden = sum(spikes.values()) - spikes["pixels"]
        context.metric("hidden_spikes_per_sample", hidden, provenance="counted on the test samples")
        context.metric("spikes_per_hidden_cell", hidden / sum(network.layers[1:-1]))
        if len(network.layers) > 3:
            for name, cells in zip(network.names[1:-1], network.layers[1:-1], strict=True):
                context.metric(f"spikes_per_{name}_cell", spikes[name] / cells)
        decided = _decided(outcome)
        context.metric(
            "decision_time_ms",
            1e3 * float(decided.mean()),
            standard_error=1e3 * float(decided.std() / np.sqrt(len(decided))),
            n=len(decided),
            provenance="first output spike after the sample's onset",
        )
        context.metric(
            "synaptic_operations_per_sample",
            self.operations(outcome, spikes),
            provenance="spikes counted by the network, times their synapses; test samples",
        )

    def operations(self, outcome: Outcome, spikes: Mapping[str, float]) -> float:
        """Additions that the spikes of a sample cause, given their number by layer."""
        return sum(count * m for count, m in zip(spikes.values(), outcome.plan.network.layers[1:], strict=True))

    def hidden_spikes(self, epoch: Epoch) -> float:
        """Of the first hidden layer."""
        return epoch.per_sample["hidden1_spikes"]

    def says(self, context: Context, outcome: Outcome) -> tuple[str, str]:
        """With the time that a decision takes."""
        layers = "-".join(map(str, outcome.plan.network.layers))
        return f"the network of single spikes {layers}", f", {1e3 * float(_decided(outcome).mean()):.1f} ms after onset"

    def notes(self, context: Context, outcome: Outcome) -> list[str]:
        """See `Learner.notes`; displaced images add to the data."""
        displaced = outcome.plan.network.option(options.Displacement)
        told = super().notes(context, outcome)
        if displaced is None:
            return told
        return [f"training images were displaced by up to {displaced.pixels} pixels at random: augmented data", *told]

    def arrays(self, context: Context, outcome: Outcome) -> None:
        """Accuracy by the time that a decision may take; times and slopes of one sample."""
        network, training = outcome.plan.network, outcome.training
        limits = np.linspace(0, float(network.duration), 81)
        context.array("decision_limit_ms", 1e3 * limits)
        right = (outcome.scores > 0)[:, None] & (_first(outcome)[:, None] <= limits)
        context.array("accuracy_by_decision_limit", right.mean(0))
        _, _, shown = training.evaluate(np.array([0]))  # what the run ends with is sample 0
        for layer in network.names:
            fired = np.asarray(shown[f"{layer}.fired"]) > 0
            context.array(f"spike_times_{layer}_ms", 1e3 * np.asarray(shown[f"{layer}.spike_time"])[fired])
            if layer != "pixels":
                context.array(f"slopes_{layer}", np.asarray(shown[f"{layer}.slope"])[fired])
        context.array("least_slope", [network.cells.floor])
        context.array("spike_times_label", training.samples.labels[0])

    def after(self, context: Context, outcome: Outcome) -> None:
        """Disturb the test samples, where that is asked for."""
        if "robustness" in outcome.plan.tests:
            disturb(context, outcome.plan.network, outcome.training)


def _first(outcome: Outcome) -> np.ndarray:
    """Time of the first output spike after each test sample's onset (s)."""
    return np.asarray(outcome.training.model.readout.outputs(outcome.result, len(outcome.scores))).min(0)


def _decided(outcome: Outcome) -> np.ndarray:
    """The same where there was an answer; without any the whole time."""
    found = _first(outcome)[outcome.answers >= 0]
    return found if len(found) else np.array([float(outcome.plan.network.duration)])


def disturb(context: Context, network: STDBP, training: Training) -> None:
    """Accuracy on the test samples with displaced or missing input spikes and with inexact weights."""
    samples, tau = training.samples, network.cells.tau
    truth = samples.labels[samples.test]
    noisy = Training(
        network.without(options.Displacement).with_options(options.Noise()).trial_model(),
        samples,
        context.folder / "noisy",
        target=context.target,
        seed=context.seed,
    )
    rng = np.random.default_rng([training.seed, 11])

    def accuracy(also=None, learned=None):
        answers, _, _ = noisy.evaluate(samples.test, learned=learned or training.learned, also=also)
        return float((answers == truth).mean())

    def inexact(level):
        return {
            name: w * (1 + level * rng.standard_normal(w.shape)) if name.endswith(".w") else w
            for name, w in training.learned.items()
        }

    tried = {
        "jitter": ([0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5], lambda v: accuracy(also={"pixels.jitter": v * tau})),
        "missing": ([0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7], lambda v: accuracy(also={"pixels.missing": v})),
        "weight_noise": ([0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8], lambda v: accuracy(learned=inexact(v))),
    }
    whole = sum(len(levels) for levels, _ in tried.values())
    with context.progress("disturbing the test samples") as bar:
        done = 0
        for kind, (levels, measure) in tried.items():
            found = []
            for level in levels:
                found.append(measure(level))
                done += 1
                bar(done / whole)
            context.array(f"{kind}_level", levels)
            context.array(f"accuracy_by_{kind}", found)
            for level, right in zip(levels, found, strict=True):
                if level:
                    context.metric(f"accuracy_{kind}_{level:g}", right, n=len(truth))
            context.table(
                f"accuracy with {kind.replace('_', ' ')}",
                ("level", "test accuracy"),
                [(v, round(a, 4)) for v, a in zip(levels, found, strict=True)],
            )


LEARNER = STDBPLearner()
