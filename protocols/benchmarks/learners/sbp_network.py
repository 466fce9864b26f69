"""What protocols do with ``model=sbp_network``: the spiking network whose hidden layers learn by nothing but SBP.

Settings were chosen on validation samples; docs/mnist.md has the tables of what was tried. The test set is shown once,
with the weights after the last epoch, or their mean over the last epochs (``average``).

Source of the task as a test of SBP: Zhang et al. 2021, doi:10.1126/sciadv.abh0146.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from brian2 import ms

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter
from sbp_brian.models.sbp_network import ARMS, SBPNetwork
from sbp_brian.models.sbp_network.rate_reference import angles
from sbp_brian.protocols.benchmarks.learners import operations
from sbp_brian.protocols.benchmarks.learners.averaging import take_mean
from sbp_brian.training.rasters import record_spikes
from sbp_brian.training.spiking import Samples, Training, total

__all__ = ["FASHION", "MNIST", "NETTALK", "PARAMETERS", "RATES", "Task", "run"]

#: Arms that share a task's `Task.options`: the network itself and its controls.
TUNED = ("weighted/activity", "shuffled-labels", "frozen")
#: Validation samples by which the changes of the network are compared with the true gradient.
COMPARED = 500
#: What this model adds to a protocol's parameters.
PARAMETERS = {
    "drop_input": Parameter(
        -1.0,
        minimum=-1.0,
        maximum=0.99,
        help="sbp_network, stdbp, sbp_perceptron, "
        "sbp_energy: share of active inputs lost in training; -1: the task's own",
    ),
    "drop_hidden": Parameter(
        -1.0,
        minimum=-1.0,
        maximum=0.99,
        help="sbp_network: share of hidden cells silent in training; -1: the task's own",
    ),
    "homeostasis": Parameter(
        -1.0,
        minimum=-1.0,
        maximum=1e6,
        help="sbp_network: rate at which a bias opposes its cell's spikes; -1: the task's own",
    ),
    "steps": Parameter(
        0, minimum=0, maximum=10_000, help="sbp_network: steps of 1 ms that a sample is shown; 0: the task's own"
    ),
    "first_taught": Parameter(
        -1,
        minimum=-1,
        maximum=10_000,
        help="sbp_network: step from which the teacher is "
        "active; -1: a fifth of the steps, half of them with several hidden layers",
    ),
    "hidden_decays": Parameter(True, help="sbp_network: the hidden rate decays with the output's; no: it stays"),
    "hidden_start": Parameter(
        0.0, minimum=0.0, maximum=0.999, help="sbp_network: where hidden membranes start a sample"
    ),
    "jitter": Parameter(
        0,
        minimum=0,
        maximum=10,
        help="sbp_network, stdbp, artificial networks: pixels by which "
        "training images are displaced at random, which adds to the data",
    ),
    "input": Parameter(
        "graded",
        choices=("graded", "latency", "poisson"),
        help="sbp_network: how pixels say their "
        "intensity: one graded onset, one spike the sooner the brighter, or spikes at random",
    ),
    "input_rate": Parameter(
        0.5, minimum=0.001, maximum=1.0, help="sbp_network, input=poisson: spikes a step at full intensity"
    ),
    "dale": Parameter(False, help="sbp_network, sbp_published: half of the cells are inhibitory, and signs stay"),
    "short_term": Parameter(
        False,
        help="sbp_network: short-term depression of hidden spikes; sbp_published: "
        "short-term plasticity in the LIF phase",
    ),
    "homeostatic_v": Parameter(
        0.0,
        minimum=0.0,
        maximum=0.999,
        help="sbp_network: share by which hidden membranes are drawn to their own average in each step",
    ),
    "tau_stdp": Parameter(
        0.0,
        unit="ms",
        minimum=0.0,
        maximum=1e6,
        help="sbp_network: output synapses learn by spike timing, with this time constant; 0: by mean rates",
    ),
    "average": Parameter(
        0,
        minimum=0,
        maximum=1000,
        help="sbp_network, stdbp: epochs whose last weights are averaged for the test; 0: the task's own",
    ),
    "angle": Parameter(False, help="sbp_network: compare its changes with the true gradient after each epoch"),
}


@dataclass(frozen=True)
class Task:
    """Settings of the network for one task, chosen on validation.

    Parameters
    ----------
    name : str
    rates : mapping of str to (float, float)
        Arm -> learning rates of hidden layers and output.
    options : mapping
        Of `SBPNetwork`, in the arms `TUNED`; the other arms keep its defaults, with which their rates were chosen.
    inputs : mapping
        Of `SBPNetwork`, where samples are spikes: ``n_input``, ``steps``, ``step``, and ``input`` where the protocol
        has no such parameter.
    average : int
        Epochs whose last weights are averaged.
    training, test : int
        Sizes of the whole task; the acceptance holds for no less.
    bands : mapping of int to float
        The project's own acceptance: least epochs -> least test score of the arm ``weighted/activity``.
    paper : mapping
        What the paper reports, as for `Context.metric`.
    """

    name: str
    rates: Mapping[str, tuple[float, float]]
    options: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, object] = field(default_factory=dict)
    average: int = 1
    training: int = 0
    test: int = 0
    bands: Mapping[int, float] = field(default_factory=dict)
    paper: Mapping[str, object] = field(default_factory=dict)


#: Arm -> rates of hidden layers and output, chosen on MNIST's validation images.
RATES = {
    "weighted/activity": (20.0, 0.0005),
    "weighted": (4.0, 0.001),
    "change": (0.002, 0.001),
    "relative": (1e-6, 0.001),
    "frozen": (0.0, 0.001),
    "shuffled-labels": (20.0, 0.0005),
}
MNIST = Task(
    "mnist",
    rates=RATES,
    training=55_000,
    test=10_000,
    bands={3: 0.980, 6: 0.982},
    paper={"paper_value": 0.9514, "provenance": "read: authors' notebook, SNN with SBP, best epoch on the test set"},
)
FASHION = Task("fashion-mnist", rates=RATES, training=55_000, test=10_000)
NETTALK = Task(
    "nettalk",
    rates={
        "weighted/activity": (20.0, 0.003),
        "weighted": (4.0, 0.001),
        "change": (0.002, 0.001),
        "relative": (1e-6, 0.001),
        "frozen": (0.0, 0.003),
        "shuffled-labels": (20.0, 0.003),
    },
    options={"drop_hidden": 0.3, "homeostasis": 1e-5},
    training=4_530,
    test=500,
    bands={15: 0.905},
    paper={"paper_value": 0.856, "provenance": "read: authors' notebook, SNN with SBP, best epoch on the test set"},
)


def network(context: Context, samples: Samples, task: Task) -> tuple[SBPNetwork, int]:
    """The network that the run's parameters ask for, and the epochs whose weights are averaged."""
    p = context.parameters
    arm = "weighted/activity" if p.arm == "own" else p.arm
    if arm not in ARMS:
        raise ParameterError(f"arm={arm} is none of model=sbp_network, which has {', '.join(ARMS)}; name another model")
    hidden, output = task.rates[arm]
    options = {name: p[name] for name in ("drop_input", "drop_hidden", "homeostasis") if p.get(name, -1) >= 0}
    options |= {
        name: p[name]
        for name in (
            "hidden_decays",
            "hidden_start",
            "jitter",
            "input",
            "input_rate",
            "dale",
            "short_term",
            "homeostatic_v",
        )
        if name in p
    }
    if p.steps:
        options["steps"] = p.steps
    options |= task.inputs
    if p.angle and options.get("input") == "spikes":
        raise ParameterError("angle=yes compares with a network of graded inputs; leave it out with input=spikes")
    if "steps" in options:
        options["first_taught"] = options["steps"] // 5
    if p.depth > 1:  # each layer takes steps to answer; a teacher that speaks before punishes cells for silence
        options["first_taught"] = options.get("steps", SBPNetwork.steps) // 2
    if p.first_taught >= 0:
        options["first_taught"] = p.first_taught
    if p.tau_stdp > 0 * ms:
        options["tau_stdp"] = p.tau_stdp
    outputs = samples.classes if samples.targets is None else samples.targets.shape[1]
    return SBPNetwork(
        n_hidden=(p.hidden or 500,) * p.depth if p.depth > 1 else p.hidden or 500,
        n_output=outputs,
        arm=arm,
        rate_hidden=hidden if p.rate_hidden < 0 else p.rate_hidden,
        rate_output=output if p.rate_output < 0 else p.rate_output,
        lambda_p=p.lambda_p,
        lambda_f=p.lambda_f,
        seed_subset=context.seed,
        several_right=samples.targets is not None,
        **{"n_input": samples.images.shape[1], **(task.options if arm in TUNED else {}), **options},
    ), p.average or task.average


def run(context: Context, samples: Samples, task: Task, repeated: np.ndarray | None = None) -> None:
    """Train, validate after each epoch, test once, report.

    Parameters
    ----------
    context : Context
        Its parameters include `PARAMETERS`.
    samples : Samples
    task : Task
    repeated : ndarray of bool, optional
        Test rows that occur among the training rows too; the score without them is reported as well.
    """
    p = context.parameters
    model, average = network(context, samples, task)
    training = Training(
        model.trial_model(),
        samples,
        context.folder,
        target=context.target,
        seed=context.seed,
        decay=p.decay,
        facts={"network": repr(model)},
    )
    with context.progress("building"):
        training.simulation.build()
    with context.progress(f"training, {p.epochs} epochs of {len(samples.training):,} samples") as bar:
        history = training.run(p.epochs, bar)
    last = take_mean(context, training, len(history), average)
    with context.progress(f"testing, {len(samples.test):,} samples") as bar:
        scores, outputs, result = training.score(samples.test, bar)
    _score(context, training, history, scores, outputs, task, repeated, last)
    _counts(context, training, history, result)
    _arrays(context, training, history, outputs)
    if p.angle:
        with context.progress("comparing with the true gradient") as bar:
            _angles(context, model, training, bar)
    if p.get("raster"):
        with context.progress("recording spikes of three test samples"):
            _rasters(context, training)
    context.note(f"settings: {model!r}; rates times {p.decay:g} after each epoch")


def _score(context, training, history, scores, outputs, task, repeated, average) -> None:
    p, samples, model_arm = context.parameters, training.samples, context.parameters.arm
    graded = samples.targets is not None
    name, n_test, known = "test_cosine" if graded else "test_accuracy", len(scores), np.isfinite(scores)
    score = float(scores[known].mean())
    own = model_arm in ("own", "weighted/activity") and len(samples.training) >= task.training and n_test >= task.test
    usual = p.depth == 1 and p.lambda_p == 1 and p.lambda_f == 1 and not p.hidden
    reached = [least for epochs, least in sorted(task.bands.items()) if len(history) >= epochs]
    context.metric(
        name,
        score,
        standard_error=float(scores[known].std() / np.sqrt(known.sum())),
        n=int(known.sum()),
        band=(reached[-1], None) if own and usual and reached else None,
        **(task.paper if model_arm != "frozen" else {}),
    )
    if graded:
        context.metric(
            "silent_outputs",
            int((~known).sum()),
            provenance="test samples without an output spike, which have no cosine and are left out of it",
        )
    if repeated is not None:
        context.metric(
            f"{name}_unseen",
            float(scores[known & ~repeated].mean()),
            n=int((known & ~repeated).sum()),
            provenance="without test samples that occur in training",
        )
    kind = name.removeprefix("test_")
    if len(samples.validation):
        validation = history[-1].validation
        if average > 1:
            validation = float(np.nanmean(training.score(samples.validation)[0]))
        context.metric(f"validation_{kind}", validation, n=len(samples.validation))
    context.metric(
        f"training_{kind}",
        history[-1].training,
        n=len(samples.training),
        provenance="running score of the last epoch, before each update",
    )
    context.metric("train_samples", len(samples.training))
    context.metric("epochs", len(history), paper_value=100, provenance="read: authors' code")


def _counts(context, training, history, result) -> None:
    model, n_test, last = training.model, len(training.samples.test), history[-1]
    context.metric(
        "hidden_spikes_per_sample",
        total(result, model.counted["hidden_spikes"]) / n_test,
        provenance="counted on the test samples",
    )
    context.metric(
        "synaptic_operations_per_sample",
        total(result, model.counted["synaptic_operations"]) / n_test,
        provenance="input events and hidden spikes counted by the network, times synapses; test samples",
    )
    context.metric(
        "weight_changes_per_sample",
        last.per_sample["weight_changes"],
        provenance="weights visited by plasticity, unchanged ones too; training samples of the last epoch",
    )
    operations.report(context, history, len(training.samples.training))
    speed = sum(e.samples for e in history) / sum(e.seconds for e in history)
    context.timing(build_s=training.build_s, run_s=sum(e.seconds for e in history), samples_per_s=speed)
    context.summary(
        f"After {len(history)} epochs of {len(training.samples.training):,} samples the network (arm "
        f"{context.parameters.arm}) scores {100 * context.metrics[0]['value']:.2f} % on {n_test:,} test samples, with "
        f"{total(result, model.counted['hidden_spikes']) / n_test:.0f} hidden spikes a sample, trained at "
        f"{speed:,.0f} samples a second."
    )


def _arrays(context, training, history, outputs) -> None:
    samples = training.samples
    if samples.targets is None:
        confusion = np.zeros((samples.classes, samples.classes), int)
        np.add.at(confusion, (samples.labels[samples.test], outputs), 1)
        context.array("confusion", confusion)
    context.array("epoch", [e.number for e in history])
    context.array("validation_accuracy_by_epoch", [e.validation for e in history])
    context.array("training_accuracy_by_epoch", [e.training for e in history])
    context.array("hidden_spikes_by_epoch", [e.per_sample["hidden_spikes"] for e in history])
    context.array("samples_per_s_by_epoch", [e.samples / e.seconds for e in history])
    before = training.model.initial(training.seed)
    for name in (n for n in before if n.endswith(".w")):
        kind = name.split(".")[0]
        low, high = np.quantile(np.r_[training.learned[name], before[name]], [0, 1])
        edges = np.linspace(low, high, 81)
        context.array(f"weights_{kind}_edges", edges)
        context.array(f"weights_{kind}_before", np.histogram(before[name], edges)[0])
        context.array(f"weights_{kind}_after", np.histogram(training.learned[name], edges)[0])
    context.table(
        "score by epoch",
        ("epoch", "training (running)", "validation", "hidden spikes a sample"),
        [
            (e.number, round(e.training, 4), round(e.validation, 4), round(e.per_sample["hidden_spikes"], 1))
            for e in history
        ],
    )


def _angles(context: Context, model: SBPNetwork, training: Training, bar) -> None:
    """Angles between what the network changes and minus the true gradient, before learning and after each epoch."""
    rows, epochs = training.samples.validation[:COMPARED], len(training.history)
    found = []
    for number in range(epochs + 1):
        found.append(
            angles(
                model, training, rows, training.checkpoint(number) if number else training.model.initial(training.seed)
            )
        )
        bar((number + 1) / (epochs + 1))
    for name in found[0]:
        kind = name.split(".")[0]
        values = [each[name] for each in found]
        context.array(f"angle_{kind}_degrees_by_epoch", values)
        if np.isfinite(values[-1]):
            context.metric(
                f"angle_{kind}_degrees",
                values[-1],
                n=len(rows),
                provenance="between what the network changes and minus the gradient in its rate model; 90 is chance",
            )


def _rasters(context: Context, training: Training) -> None:
    """Spikes of three test samples before and after learning, as rows: sample, time since onset (ms), cell."""
    rows = training.samples.test[:3]
    states = {"before": training.model.initial(training.seed), "after": training.learned}
    for when, learned in states.items():
        found = record_spikes(training.model, training.samples, rows, learned, ("hidden", "output"), training.seed)
        for layer, (image, t, cell) in found.items():
            context.array(f"raster_{layer}_{when}", np.array([image, 1e3 * t, cell]))
    context.array("raster_labels", training.samples.labels[rows])
