"""``model=sbp_network``: the spiking network whose hidden layers learn by nothing but SBP.

Settings were chosen on validation samples; docs/mnist.md has the tables of what was tried.

Source of the tasks as a test of SBP: Zhang et al. 2021, doi:10.1126/sciadv.abh0146.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Above, Below, Context, Parameter, Parameters
from sbp_brian.models.options import Option
from sbp_brian.models.sbp_network import LEARNING, SBPNetwork, options
from sbp_brian.models.sbp_network.rate_reference import angles
from sbp_brian.protocols.benchmarks.learners import common
from sbp_brian.protocols.benchmarks.learning import EPOCHS_PUBLISHED, Data, Learner, Outcome
from sbp_brian.retrograde.emission import BITS
from sbp_brian.training.checkpoints import Epoch
from sbp_brian.training.rasters import SpikeRecorder
from sbp_brian.training.spiking import total

__all__ = ["GRADED", "IMAGES", "LEARNER", "LEARNS", "RASTER", "RATES", "TUNED", "paper", "rates"]

#: Ways of learning in which hidden layers change, and those that share a task's settings.
LEARNS = tuple(name for name in LEARNING if name != "frozen")
TUNED = ("weighted/activity", "strength/activity", "bit", "shuffled-labels", "frozen")
#: Way of learning -> rates of hidden layers and output, chosen on MNIST's validation images.
RATES = {
    "weighted/activity": (20.0, 0.0005),
    "weighted": (4.0, 0.001),
    "strength/activity": (4.0, 0.0005),
    "bit": (1e-4, 0.0005),
    "change/activity": (0.001, 0.0005),
    "change": (0.002, 0.001),
    "relative/activity": (1e-6, 0.0005),
    "relative": (1e-6, 0.001),
    "proportion/activity": (20.0, 0.0005),
    "value-bit": (1e-4, 0.0005),
    "frozen": (0.0, 0.001),
    "shuffled-labels": (20.0, 0.0005),
}
READ = "read: authors' notebook, SNN with SBP, best epoch on the test set"
#: Validation samples by which the changes of the network are compared with the true gradient.
COMPARED = 500
GRADED = ("graded", "latency", "poisson")
#: What only images have.
IMAGES = ("jitter", *common.DEFORM)
#: What makes it another network than the one that is judged, beside `Learner.usual`.
CHANGED = (
    "cascade",
    "emission_noise",
    "emission_loss",
    "emission_levels",
    "relative_floor",
    "weight_scale",
    "connected",
    *common.DEFORM,
)
NEEDS_SIGNAL = {"learning": LEARNS}
#: Reports of many sizes, and those that a floor belongs to.
MANY = {"learning": tuple(name for name in LEARNS if LEARNING[name][0] not in BITS)}
SHARES = {"learning": tuple(name for name in LEARNS if LEARNING[name][0] == "relative")}


def rates(table: Mapping[str, tuple[float, float]], **tuned: float) -> dict[str, dict[str, float]]:
    """What ways of learning change of a task's settings: their rates, and in those of `TUNED` more."""
    return {
        name: {"rate_hidden": hidden, "rate_output": output, **(tuned if name in TUNED else {})}
        for name, (hidden, output) in table.items()
    }


def paper(value: float) -> dict[str, dict[str, Any]]:
    """What the paper reports of a task, beside every way of learning but the frozen one."""
    return {name: {"paper_value": value, "provenance": READ} for name in LEARNS}


PARAMETERS = {
    "epochs": common.EPOCHS,
    "hidden": common.HIDDEN,
    "depth": common.DEPTH,
    "lambda_p": replace(common.LAMBDA_P, needs=NEEDS_SIGNAL),
    "alike": Parameter(
        1,
        minimum=1,
        maximum=100_000,
        help="hidden cells in a row that have the same inputs that take part; 16 save the time of the others",
        needs={"lambda_p": Below(1), **NEEDS_SIGNAL},
    ),
    "lambda_f": replace(common.LAMBDA_F, needs=NEEDS_SIGNAL),
    "rate_hidden": common.rate("hidden layers", NEEDS_SIGNAL),
    "rate_output": common.rate("the output layer"),
    "decay": common.DECAY,
    "hidden_decays": Parameter(
        True,
        help="the hidden rate decays with the output's; no: it stays",
        needs={"epochs": Above(1), "decay": Below(1), **NEEDS_SIGNAL},
    ),
    "cascade": Parameter(
        True,
        help="hidden layers report on what they express; no: one hop, so that the last hidden layer alone learns",
        needs={"depth": Above(1), **NEEDS_SIGNAL},
    ),
    "emission_noise": Parameter(
        0.0,
        minimum=0.0,
        maximum=1e3,
        help="standard deviation of the factor, about 1, of each report",
        needs=NEEDS_SIGNAL,
    ),
    "emission_loss": Parameter(
        0.0, minimum=0.0, maximum=1.0, help="share of reports that never arrive", needs=NEEDS_SIGNAL
    ),
    "emission_levels": Parameter(
        None, kind=int, minimum=1, maximum=1_000_000, help="steps from 0 to the largest report; none: any", needs=MANY
    ),
    "emission_scale": Parameter(
        None,
        kind=float,
        minimum=1e-12,
        maximum=1e6,
        help="largest report where there are levels: the output's learning rate, which no change of it exceeds",
        needs={"emission_levels": Above(0), **MANY},
    ),
    "relative_floor": Parameter(
        None,
        kind=float,
        minimum=1e-12,
        maximum=1e6,
        help="least strength that a change is divided by in its report; none: any",
        needs=SHARES,
    ),
    "weight_scale": Parameter(
        1.0, minimum=1e-3, maximum=1e3, help="factor of the weights onto hidden cells before learning"
    ),
    "connected": Parameter(
        1.0,
        minimum=1e-3,
        maximum=1.0,
        help="share of the weights onto hidden cells that are not 0 before learning; these are the larger",
    ),
    "average": common.AVERAGE,
    "steps": Parameter(None, kind=int, minimum=1, maximum=10_000, help="steps that a sample is shown"),
    "first_taught": Parameter(
        None,
        kind=int,
        minimum=0,
        maximum=10_000,
        help="step from which the teacher is active: a fifth of the steps, half of them in deep networks",
    ),
    "hidden_start": Parameter(0.0, minimum=0.0, maximum=0.999, help="where hidden membranes start a sample"),
    "drop_input": common.share("share of active inputs lost in training", {"input": ("graded",)}),
    "drop_hidden": common.share("share of hidden cells silent in training"),
    "homeostasis": Parameter(
        None,
        kind=float,
        minimum=0.0,
        maximum=1e6,
        help="rate at which a bias opposes its cell's spikes",
        needs=NEEDS_SIGNAL,
    ),
    "jitter": replace(common.JITTER, needs={"input": GRADED}),
    **{name: replace(each, needs={**dict(each.needs), "input": GRADED}) for name, each in common.DEFORM.items()},
    "input": Parameter(
        "graded",
        choices=GRADED,
        help="how pixels say their intensity: one graded onset, one spike the sooner the brighter, or at random",
    ),
    "input_rate": Parameter(
        0.5, minimum=0.001, maximum=1.0, help="spikes a step at full intensity", needs={"input": ("poisson",)}
    ),
    "dale": Parameter(False, help="half of the cells are inhibitory, and signs stay"),
    "short_term": Parameter(False, help="short-term depression of hidden spikes"),
    "homeostatic_v": Parameter(
        0.0,
        minimum=0.0,
        maximum=0.999,
        help="share by which hidden membranes are drawn to their own average in each step",
    ),
    "precision": Parameter(
        "double", choices=("double", "single"), help="of weights and of cells' variables; single is faster"
    ),
    "tau_stdp": Parameter(
        None,
        unit="ms",
        kind=float,
        minimum=1e-3,
        maximum=1e6,
        help="output synapses learn by spike timing, with this time constant; none: by mean rates",
    ),
    "late": Parameter(
        0,
        minimum=0,
        maximum=100_000,
        help="samples that the retrograde signal comes after the end of its own",
        needs={"depth": (1,), **NEEDS_SIGNAL},
    ),
    "signal_order": Parameter(
        None,
        kind=int,
        minimum=1,
        maximum=100,
        help="stages of a cascade through which a late signal comes dispersed; none: it comes at once",
        needs={"late": Above(1)},
    ),
    "tag": Parameter(
        None,
        choices=("delay", "cascade"),
        help="what input synapses keep of their activity until a late signal comes; none: that of the moment counts",
        needs={"late": Above(0)},
    ),
    "tag_delay": Parameter(
        None,
        kind=int,
        minimum=1,
        maximum=100_000,
        help="samples from activity to its tag, on average: as late as the signal",
        needs={"tag": ("delay", "cascade"), "late": Above(0)},
    ),
    "tag_order": Parameter(
        6,
        minimum=1,
        maximum=100,
        help="stages of a cascade that is the tag; 1: an ordinary leak",
        needs={"tag": ("cascade",), "late": Above(0)},
    ),
    "tag_centred": Parameter(
        False,
        help="tags are about the mean of their input's activity",
        needs={"tag": ("delay", "cascade"), "late": Above(0)},
    ),
    "angle": Parameter(
        False,
        help="compare its changes with the true gradient after each epoch",
        needs={"input": GRADED, "hold_out": (True,), "late": (0,)},
    ),
}


class SBPNetworkLearner(Learner):
    """The network of `sbp_brian.models.sbp_network`."""

    name = "sbp_network"
    learning = tuple(LEARNING)
    epochs_published = EPOCHS_PUBLISHED
    called = MappingProxyType({"Homeostasis.rate": "homeostasis"})
    parameters = PARAMETERS
    usual = (*Learner.usual, *CHANGED)

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults; a teacher that speaks before layers have answered punishes cells for silence."""
        steps, none = values["steps"] or options.Timing().steps, options.Dropout()
        return {
            "hidden": 500,
            "average": 1,
            "steps": steps,
            "first_taught": steps // 2 if values["depth"] > 1 else steps // 5,
            "drop_input": none.input,
            "drop_hidden": none.hidden,
            "homeostasis": 0.0,
            "tag_delay": values["late"] or None,
            "emission_scale": values["rate_output"],
        }

    def lacks(self, p: Parameters) -> dict[str, str]:
        """See `Learner.lacks`; with ``raster`` the spikes of three test samples are recorded."""
        found = super().lacks(p)
        if p.get("raster"):
            del found["spikes"]
        elif "raster" in p:
            found["spikes"] += "; -s raster=yes records those of three test samples"
        return found

    def check(self, p: Parameters, target: str) -> None:
        """See `Learner.check`; also a teacher that would come after the sample."""
        super().check(p, target)
        if p.first_taught >= p.steps:
            raise ParameterError(f"first_taught={p.first_taught} is none of the {p.steps} steps; take a smaller one")

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> SBPNetwork:
        """The network that the parameters ask for."""
        samples, given = data.samples, {**settings, **data.network}
        return SBPNetwork(
            n_input=given.pop("n_input", samples.images.shape[1]),
            n_hidden=(p.hidden,) * p.depth if p.depth > 1 else p.hidden,
            n_output=samples.classes if samples.targets is None else samples.targets.shape[1],
            **{name: p[name] for name in ("learning", "rate_hidden", "rate_output", "lambda_p", "lambda_f")},
            options=(
                *_options(p, **given),
                *([options.SeveralRight()] if samples.targets is not None else []),
                *([options.Subset(seed, p.alike)] if p.lambda_p < 1 else []),
                *_moved(p, seed),
            ),
        )

    # ----------------------------------------------------------------------------------------------------- its report
    def counted(self, context: Context, outcome: Outcome) -> None:
        """Hidden spikes and operations."""
        model, n = outcome.training.model, len(outcome.scores)
        context.metric(
            "hidden_spikes_per_sample",
            total(outcome.result, model.counted["hidden_spikes"]) / n,
            provenance="counted on the test samples",
        )
        context.metric(
            "synaptic_operations_per_sample",
            total(outcome.result, model.counted["synaptic_operations"]) / n,
            provenance="input events and hidden spikes counted by the network, times synapses; test samples",
        )
        context.metric(
            "weight_changes_per_sample",
            outcome.history[-1].per_sample["weight_changes"],
            provenance="weights visited by plasticity, unchanged ones too; training samples of the last epoch",
        )

    def hidden_spikes(self, epoch: Epoch) -> float:
        """Of all hidden layers."""
        return epoch.per_sample["hidden_spikes"]

    def says(self, context: Context, outcome: Outcome) -> tuple[str, str]:
        """With its hidden spikes."""
        spikes = total(outcome.result, outcome.training.model.counted["hidden_spikes"]) / len(outcome.scores)
        return "the network", f", with {spikes:.0f} hidden spikes a sample"

    def arrays(self, context: Context, outcome: Outcome) -> None:
        """Weights before and after."""
        training = outcome.training
        before = training.model.initial(training.seed)
        for name in (n for n in before if n.endswith(".w")):
            kind = name.split(".")[0]
            low, high = np.quantile(np.r_[training.learned[name], before[name]], [0, 1])
            edges = np.linspace(low, high, 81)
            context.array(f"weights_{kind}_edges", edges)
            context.array(f"weights_{kind}_before", np.histogram(before[name], edges)[0])
            context.array(f"weights_{kind}_after", np.histogram(training.learned[name], edges)[0])

    def after(self, context: Context, outcome: Outcome) -> None:
        """Angles with the gradient, and spikes of three samples, where they are asked for."""
        if "angle" in outcome.plan.tests:
            with context.progress("comparing with the true gradient") as bar:
                _angles(context, outcome, bar)
        if "raster" in outcome.plan.tests:
            with context.progress("recording spikes of three test samples"):
                _rasters(context, outcome)


def _options(p: Parameters, step=None, input=None) -> list[Option]:
    """The options of the network that the parameters ask for; `step` and `input` where the samples settle them."""
    timing = {"steps": p.steps, "first_taught": p.first_taught, "hidden_start": p.hidden_start}
    coding = options.INPUTS[input or p.input]
    wanted = [options.Timing(**timing, **({} if step is None else {"step": step}))]
    if coding is not options.Graded:
        wanted.append(coding(p.input_rate) if issubclass(coding, options.SpikingInput) else coding())
    drop_input = p.get("drop_input", 0.0) if coding is options.Graded else 0.0
    if drop_input or p.drop_hidden:
        wanted.append(options.Dropout(drop_input, p.drop_hidden))
    for value, option in (
        (p.homeostasis, options.Homeostasis),
        (p.homeostatic_v, options.MembraneHomeostasis),
        (p.tau_stdp, options.SpikeTiming),
    ):
        if value:
            wanted.append(option(value))
    if p.late:
        wanted.append(options.Late(p.late, p.signal_order))
        if p.tag:
            wanted.append(options.Tag(p.tag_delay, p.tag_order if p.tag == "cascade" else None, p.tag_centred))
    for there, option in (
        (not p.get("cascade", True), options.OneHop),
        (not p.get("hidden_decays", True), options.SteadyHiddenRate),
        (p.dale, options.Dale),
        (p.short_term, options.ShortTerm),
    ):
        if there:
            wanted.append(option())
    if p.precision != "double":
        wanted.append(options.Precision(p.precision))
    if (p.weight_scale, p.connected) != (1, 1):
        wanted.append(options.InitialWeights(p.weight_scale, p.connected))
    return [*wanted, *_reports(p)]


def _reports(p: Parameters) -> list[Option]:
    """How well output synapses report; what is idle counts as left out."""
    levels = p.get("emission_levels")
    asked = options.Reports(
        floor=p.get("relative_floor"),
        levels=levels,
        full_scale=None if levels is None else p.emission_scale,
        noise=p.get("emission_noise", 0.0),
        loss=p.get("emission_loss", 0.0),
    )
    return [] if asked == options.Reports.default() else [asked]


def _moved(p: Parameters, seed: int) -> list[Option]:
    """How training images are displaced and deformed."""
    jitter, stretch = p.get("jitter", 0), p.get("stretch", 0.0)
    if any(p.get(name) for name in ("elastic", "rotate", "stretch")):
        elastic = {"elastic": p.elastic, **({"smooth": p.elastic_smooth} if p.elastic else {})}
        return [options.Deformation(**elastic, rotate=p.rotate, scale=stretch, shear=stretch, shift=jitter, seed=seed)]
    return [options.Displacement(jitter)] if jitter else []


def _angles(context: Context, outcome: Outcome, bar) -> None:
    """Angles between what the network changes and minus the true gradient, before learning and after each epoch."""
    training = outcome.training
    rows, epochs = training.samples.validation[:COMPARED], len(training.history)
    found = []
    for number in range(epochs + 1):
        learned = training.checkpoint(number) if number else training.model.initial(training.seed)
        found.append(angles(outcome.plan.network, training, rows, learned))
        bar((number + 1) / (epochs + 1))
    for name in found[0]:
        kind = name.split(".")[0]
        values = [each[name] for each in found]
        context.array(f"angle_{kind}_degrees_by_epoch", values)
        if not np.isfinite(values[-1]):
            continue
        told = "between what the network changes and minus the gradient in its rate model; 90 is chance"
        context.metric(f"angle_{kind}_degrees", values[-1], n=len(rows), provenance=told)
        for number, value in enumerate(values):
            if np.isfinite(value):
                context.metric(f"angle_{kind}_degrees_epoch_{number}", value, n=len(rows), provenance=told)


def _rasters(context: Context, outcome: Outcome) -> None:
    """Spikes of three test samples before and after learning, as rows: sample, time since onset (ms), cell."""
    training = outcome.training
    rows = training.samples.test[:3]
    states = {"before": training.model.initial(training.seed), "after": training.learned}
    recorder = SpikeRecorder(training.model, training.samples, rows, ("hidden", "output"), training.seed)
    for when, learned in states.items():
        for layer, (image, t, cell) in recorder.record(learned).items():
            context.array(f"raster_{layer}_{when}", np.array([image, 1e3 * t, cell]))
    context.array("raster_labels", training.samples.labels[rows])


LEARNER = SBPNetworkLearner()
#: A task that has test samples to show keeps the spikes of three.
RASTER = Parameter(False, help="keep the spikes of three test samples before and after learning")
