"""What protocols do with the artificial networks: ``model=sbp_perceptron`` and its relatives, in plain numpy.

Settings were chosen on validation samples; docs/artificial.md has the tables of what was tried. The test set is shown
once, with the weights after the last epoch.

Source: Zhang et al. 2021, doi:10.1126/sciadv.abh0146, Figs 2 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter
from sbp_brian.models.artificial import energy as sbp_energy
from sbp_brian.models.artificial import perceptron as sbp_perceptron
from sbp_brian.models.artificial import rbm
from sbp_brian.models.artificial import spiking_perceptron as sbp_spiking_perceptron
from sbp_brian.protocols.benchmarks.learners import operations
from sbp_brian.training.batches import NumpyModel, NumpyTraining, Patterns, cosine, first_maximum, one_hot
from sbp_brian.training.spiking import Samples

__all__ = ["ARMS", "MODELS", "PARAMETERS", "digits", "run", "windows"]

#: What these models add to a protocol's parameters.
PARAMETERS = {
    "share": Parameter(
        1.0,
        minimum=0.0,
        maximum=1.0,
        help="artificial networks: share of the batches that learn by the arm, the others by the exact gradient",
    ),
    "depth": Parameter(1, minimum=1, maximum=8, help="hidden layers of artificial networks, stdbp and sbp_published"),
    "free_steps": Parameter(0, minimum=0, maximum=10_000, help="sbp_energy: steps of the free phase, N_s; 0: 10"),
    "nudged_steps": Parameter(0, minimum=0, maximum=10_000, help="sbp_energy: steps of the nudged phase, N_w; 0: 10"),
    "beta": Parameter(0.0, minimum=0.0, maximum=1e6, help="sbp_energy: strength of the nudge; 0: the arm's"),
    "epsilon": Parameter(0.0, minimum=0.0, maximum=2.0, help="sbp_energy: size of a step of its states; 0: the arm's"),
    "persistent": Parameter(
        True, help="sbp_energy: samples keep their states, as released; no: each showing starts from zero"
    ),
    "batch": Parameter(0, minimum=0, maximum=100_000, help="samples a batch of these; 0: the model's own"),
    "running_mean": Parameter(
        0.0,
        minimum=0.0,
        maximum=0.999999,
        help="artificial networks: share that a running mean "
        "of the weights keeps at each batch; scores are by that mean; 0: by the weights",
    ),
}


@dataclass(frozen=True)
class Kind:
    """One artificial network: how it is made, and the settings chosen on validation.

    Parameters
    ----------
    make : callable
        ``make(layers, arm, parameters, **settings)`` gives the network.
    arms : tuple of str
    own : str
        The arm of ``arm=own``.
    settings : mapping of task to dict
        Of `make`; "batch" is taken out.
    by_arm : mapping of (task, arm) to dict
        What an arm changes of these.
    papers : mapping of (task, arm) to (value, provenance)
    bands : mapping of (task, arm) to (accuracy, epochs)
        The project's own acceptance of the test score after so many epochs on all training samples.
    """

    make: Callable[..., NumpyModel]
    arms: tuple[str, ...]
    own: str
    settings: Mapping[str, dict]
    by_arm: Mapping[tuple[str, str], dict] = field(default_factory=dict)
    papers: Mapping[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    bands: Mapping[tuple[str, str], tuple[float, int]] = field(default_factory=dict)


def perceptron(layers, arm, p, **settings):
    """A perceptron with SBP with these parameters of the protocol."""
    return sbp_perceptron.SBPPerceptron(
        layers, arm, share=p.share, lambda_p=p.lambda_p, lambda_f=p.lambda_f, **settings
    )


def spiking_perceptron(layers, arm, p, **settings):
    """A spiking perceptron with these parameters of the protocol."""
    _has_no(p, "lambda_p", "lambda_f")
    return sbp_spiking_perceptron.SBPSpikingPerceptron(layers, arm, share=p.share, **settings)


def energy(layers, arm, p, **settings):
    """An energy-based network with these parameters of the protocol."""
    _has_no(p, "lambda_p", "lambda_f", "share")
    given = {name: p[name] for name in ("free_steps", "nudged_steps", "beta", "epsilon") if p[name]}
    return sbp_energy.SBPEnergy(layers, arm, **{**settings, **given}, persistent=p.persistent)


def boltzmann(layers, arm, p, **settings):
    """A restricted Boltzmann machine with these parameters of the protocol; it has one learning rate, `rate_hidden`."""
    _has_no(p, "lambda_p", "lambda_f", "share")
    settings.pop("rate_output", None)
    return rbm.RBM(layers, arm, rate=settings.pop("rate_hidden"), **settings)


def _has_no(p, *names) -> None:
    given = [name for name in names if p[name] != 1]
    if given:
        raise ParameterError(f"{', '.join(given)} means nothing to model={p.model}; leave it out")


MODELS = {
    "sbp_perceptron": Kind(
        perceptron,
        sbp_perceptron.ARMS,
        "weighted/activity",
        settings={
            "mnist": {"batch": 100, "rate_hidden": 0.1, "rate_output": 0.1, "drop_input": 0.2, "drop_hidden": 0.25},
            "nettalk": {"batch": 20, "rate_hidden": 0.05, "rate_output": 0.05, "drop_hidden": 0.3},
        },
        by_arm={
            ("mnist", "change"): {"rate_hidden": 3e-4},
            ("mnist", "relative"): {"rate_hidden": 1e-4},
            ("mnist", "direct-feedback-alignment"): {"rate_hidden": 0.02},
            ("nettalk", "weighted"): {"rate_hidden": 0.3},
            ("nettalk", "change"): {"rate_hidden": 3e-4, "rate_output": 0.2},
            ("nettalk", "relative"): {"rate_hidden": 1e-3, "rate_output": 0.2},
            ("nettalk", "feedback-alignment"): {"rate_hidden": 0.1},
            ("nettalk", "direct-feedback-alignment"): {"rate_hidden": 0.1},
            ("nettalk", "frozen"): {"rate_output": 0.2},
        },
        bands={("mnist", "weighted/activity"): (0.984, 20), ("nettalk", "weighted/activity"): (0.90, 15)},
    ),
    "sbp_spiking_perceptron": Kind(
        spiking_perceptron,
        sbp_spiking_perceptron.ARMS,
        "pseudo-bp",
        settings={
            "mnist": {"batch": 100, "rate_hidden": 3e-3, "rate_output": 3e-3},
            "nettalk": {"batch": 20, "encoding": "constant", "rate_hidden": 3e-3, "rate_output": 3e-3},
        },
        by_arm={
            ("mnist", "weighted/activity"): {"rate_hidden": 1e-3, "rate_output": 1e-3},
            ("nettalk", "surrogate"): {"rate_hidden": 1e-2},
        },
        papers={
            ("mnist", "pseudo-bp"): (
                0.9865,
                "read: authors' notebook, best epoch on the test set, 10 % of the time steps by the surrogate gradient",
            ),
            ("nettalk", "pseudo-bp"): (0.9027, "read: authors' notebook, as for MNIST; another measure"),
        },
    ),
    "sbp_energy": Kind(
        energy,
        sbp_energy.ARMS,
        "sbp",
        settings={"mnist": {"batch": 20}, "nettalk": {"batch": 5}},
        by_arm={
            (task, arm): values
            for task in ("mnist", "nettalk")
            for arm, values in (
                *(
                    (arm, {"epsilon": 0.5, "beta": 1.0})
                    for arm in ("without-sbp", "frozen", "theta-1", "theta-1-leak-kept")
                ),
                ("output-leak", {"beta": 0.5, "rate_hidden": 0.2, "rate_output": 0.1}),
            )
        },
        papers={
            ("mnist", "sbp"): (
                0.9789,
                "read: typed into the authors' notebook; one run, tested on its validation block",
            ),
            ("mnist", "without-sbp"): (0.9758, "read: typed into the authors' notebook; one run, as for sbp"),
            ("nettalk", "sbp"): (0.8301, "read: typed into the authors' notebook; another measure"),
            ("nettalk", "without-sbp"): (0.8205, "read: typed into the authors' notebook; another measure"),
        },
    ),
    "rbm": Kind(
        boltzmann,
        rbm.ARMS,
        "cd",
        settings={
            "mnist": {"batch": 100, "rate_hidden": 0.05},
            "nettalk": {"batch": 20, "rate_hidden": 0.05, "labels": "binary"},
        },
    ),
}

#: All arms of all models, for a protocol's choices.
ARMS = tuple(dict.fromkeys(arm for kind in MODELS.values() for arm in kind.arms))


def digits(samples: Samples) -> Patterns:
    """Images and class numbers as inputs from 0 to 1 and one-hot targets."""
    return Patterns(
        samples.images,
        one_hot(samples.labels, samples.classes),
        samples.training,
        samples.validation,
        samples.test,
        scale=1 / 255,
    )


def windows(parts: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Patterns:
    """NETtalk's windows, scored by the cosine of output and target."""
    return Patterns.join(parts, score=cosine)


def run(context: Context, patterns: Patterns, task: str, repeated: np.ndarray | None = None) -> None:
    """Train, validate after each epoch, test once, report.

    Parameters
    ----------
    context : Context
        Its parameters include `PARAMETERS`.
    patterns : Patterns
    task : str
        ``"mnist"`` or ``"nettalk"``.
    repeated : ndarray of bool, optional
        Test rows that occur among the training rows too; the score without them is reported as well.
    """
    p = context.parameters
    kind = MODELS[p.model]
    arm = kind.own if p.arm == "own" else p.arm
    if arm not in kind.arms:
        raise ParameterError(f"arm={arm} is none of model={p.model}, which has {', '.join(kind.arms)}")
    settings = {**kind.settings[task], **kind.by_arm.get((task, arm), {})}
    batch = p.batch or settings["batch"]
    for name in ("rate_hidden", "rate_output"):
        if p[name] >= 0:
            settings[name] = p[name]
    if p.drop_input >= 0:
        if p.model not in ("sbp_perceptron", "sbp_energy"):
            raise ParameterError(f"drop_input means nothing to model={p.model}; leave it out")
        settings["drop_input"] = p.drop_input
    layers = (patterns.inputs.shape[1], *[p.hidden or 500] * p.depth, patterns.targets.shape[1])
    model = kind.make(layers, arm, p, **{k: v for k, v in settings.items() if k != "batch"})
    training = NumpyTraining(
        model,
        patterns,
        context.folder,
        seed=context.seed,
        batch=batch,
        decay=p.decay,
        running_mean=p.running_mean,
        jitter=p.get("jitter", 0),
    )
    with context.progress(f"training, {p.epochs} epochs of {len(patterns.training):,} samples") as bar:
        training.run(p.epochs, bar)
    with context.progress(f"testing, {len(patterns.test):,} samples"):
        outputs = training.outputs(patterns.test)
    context.note(f"{p.model} runs in numpy, whatever the target")
    context.note(
        f"settings: {model!r}; batches of {batch}, rates times {p.decay:g} after each epoch"
        + (
            f"; scored by a running mean of the weights that keeps {p.running_mean:g} at each batch"
            if p.running_mean
            else ""
        )
        + (f"; training images displaced by up to {p.jitter} pixels" if p.get("jitter") else "")
    )
    _metrics(context, kind, task, arm, training, outputs, repeated)
    _arrays(context, training, outputs)
    context.summary(
        f"After {p.epochs} epochs of {len(patterns.training):,} samples the network {'-'.join(map(str, layers))} "
        f"({p.model}, {arm}) scores {100 * context.metrics[0]['value']:.2f} % on {len(patterns.test):,} test samples."
    )


def _metrics(context, kind, task, arm, training, outputs, repeated) -> None:
    p, patterns, last = context.parameters, training.patterns, training.history[-1]
    targets = patterns.targets[patterns.test]
    each = patterns.score(outputs, targets)
    name = "test_accuracy" if patterns.score is first_maximum else "test_cosine"
    least, epochs = kind.bands.get((task, arm), (None, 0))
    whole = len(patterns.training) >= {"mnist": 55_000, "nettalk": 4_500}[task]
    judged = least is not None and whole and len(training.history) >= epochs and p.share == 1 and p.depth == 1
    value, provenance = kind.papers.get((task, arm), (None, ""))
    context.metric(
        name,
        each.mean(),
        standard_error=each.std() / np.sqrt(len(each)),
        n=len(each),
        paper_value=value,
        provenance=provenance,
        band=(least, None) if judged else None,
    )
    if getattr(training.model, "persistent", False):
        anew = patterns.score(training.outputs(patterns.test, anew=True), targets)
        context.metric(
            f"{name}_from_zero",
            anew.mean(),
            standard_error=anew.std() / np.sqrt(len(anew)),
            n=len(anew),
            provenance="states of test samples start at zero",
        )
    if name == "test_cosine":
        first = first_maximum(outputs, targets)
        context.metric(
            "test_first_maximum",
            first.mean(),
            n=len(first),
            standard_error=first.std() / np.sqrt(len(first)),
            provenance="first largest output is the first of the target's ones",
        )
        if len(patterns.validation):
            rows = patterns.validation
            found = first_maximum(training.outputs(rows), patterns.targets[rows])
            context.metric("validation_first_maximum", found.mean(), n=len(rows))
    if repeated is not None:
        context.metric(
            f"{name}_unseen",
            each[~repeated].mean(),
            n=int((~repeated).sum()),
            provenance="without test samples that occur in training",
        )
    score = name.removeprefix("test_")
    if len(patterns.validation):
        context.metric(f"validation_{score}", last.validation, n=len(patterns.validation))
    context.metric(
        f"training_{score}",
        last.training,
        n=len(patterns.training),
        provenance="running score of the last epoch, before each change",
    )
    context.metric("train_samples", len(patterns.training))
    context.metric("epochs", len(training.history))
    for counted, total in last.per_sample.items():
        context.metric(f"{counted}_per_sample", total, provenance="counted in the last epoch")
    operations.report(context, training.history, len(patterns.training))
    seconds = sum(e.seconds for e in training.history)
    context.timing(run_s=seconds, samples_per_s=sum(e.samples for e in training.history) / seconds)


def _arrays(context, training, outputs) -> None:
    history, patterns = training.history, training.patterns
    context.array("epoch", [e.number for e in history])
    context.array("validation_accuracy_by_epoch", [e.validation for e in history])
    context.array("training_accuracy_by_epoch", [e.training for e in history])
    if patterns.score is first_maximum:
        classes = patterns.targets.shape[1]
        confusion = np.zeros((classes, classes), int)
        np.add.at(confusion, (patterns.targets[patterns.test].argmax(1), outputs.argmax(1)), 1)
        context.array("confusion", confusion)
    for name, before in training.initial.items():
        if name.startswith("W"):
            after = training.means.get(name, training.model.arrays[name])
            edges = np.linspace(min(before.min(), after.min()), max(before.max(), after.max()) + 1e-9, 81)
            context.array(f"weights_{name}_edges", edges)
            context.array(f"weights_{name}_before", np.histogram(before, edges)[0])
            context.array(f"weights_{name}_after", np.histogram(after, edges)[0])
    context.table(
        "score by epoch",
        ("epoch", "training (running)", "validation"),
        [(e.number, round(e.training, 4), round(e.validation, 4)) for e in history],
    )
