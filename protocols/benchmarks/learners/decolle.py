"""What protocols do with ``model=decolle`` and ``decolle_conv``: training by local losses, every layer's accuracy.

docs/decolle.md has the table of settings tried on validation samples, and says which were not tuned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import ms

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter
from sbp_brian.models.decolle import ARMS, Decolle
from sbp_brian.models.decolle.cell import DecolleCell
from sbp_brian.models.decolle.conv import ConvDecolle
from sbp_brian.training.baselines import linear_softmax, nearest_mean
from sbp_brian.training.spiking import Samples, Training

__all__ = ["MNIST", "PARAMETERS", "Task", "baselines", "run"]

#: What this model adds to a protocol's parameters.
PARAMETERS = {"top_maps": Parameter(0, minimum=0, maximum=1000, help="decolle_conv: maps of the last layer; 0: 16")}


@dataclass(frozen=True)
class Task:
    """What differs between tasks.

    Parameters
    ----------
    settings : dict
        Of `Decolle`.
    hidden : tuple of int
        Cells of the hidden layers.
    image, kernels : tuple
        Of `ConvDecolle`, for ``model=decolle_conv``.
    final : float
        Share of the learning rate that is left at the end; it falls smoothly, whatever the number of epochs.
    band, whole : float, int
        The project's own acceptance of the last layer's test accuracy, from this many presentations on.
    paper_value, provenance
        What a source reports.
    """

    settings: dict = field(default_factory=dict)
    hidden: tuple[int, ...] = (128, 128)
    image: tuple[int, int, int] = (1, 28, 28)
    kernels: tuple[tuple[int, int, int], ...] = ((8, 7, 2), (16, 5, 2), (16, 3, 1))
    final: float = 0.05
    band: float | None = None
    whole: int = 0
    paper_value: float | None = None
    provenance: str = ""


MNIST = Task(
    settings={"rate": 1.0, "readout_scale": 1.0, "cell": DecolleCell(tau_mem=6 * ms, tau_syn=3 * ms)},
    final=0.02,
    band=0.95,
    whole=100_000,
    paper_value=0.957,
    provenance="read: NeuroTrain (arXiv 2605.15058), dense layers, 20 epochs; the paper's network is convolutional",
)


def run(context: Context, samples: Samples, task: Task, features: np.ndarray | None = None) -> None:
    """Train, evaluate every layer, compare with classifiers without hidden cells, report.

    Parameters
    ----------
    context : Context
    samples : Samples
    task : Task
    features : ndarray, shape (n, features), optional
        What the baselines see of each sample; the images themselves by default.
    """
    p = context.parameters
    arm = "local" if p.arm == "own" else p.arm
    if arm not in ARMS:
        raise ParameterError(f"arm={arm} is none of model={p.model}, which has {', '.join(ARMS)}")
    settings = {**task.settings, **({"rate": p.rate_hidden} if p.rate_hidden >= 0 else {})}
    inputs = settings.pop("inputs", None) or samples.images.shape[1]
    settings |= {"arm": arm, "shrink": float(task.final ** (1 / (p.epochs * len(samples.training))))}
    if p.model == "decolle_conv":
        if p.hidden:
            raise ParameterError(f"hidden={p.hidden} means nothing to model=decolle_conv; leave it out")
        *lower, (maps, size, stride) = task.kernels
        network = ConvDecolle(
            readouts=samples.classes, image=task.image, **settings, kernels=(*lower, (p.top_maps or maps, size, stride))
        )
    elif getattr(p, "top_maps", 0):
        raise ParameterError(f"top_maps={p.top_maps} is for model=decolle_conv; leave it out with model={p.model}")
    else:
        hidden = (p.hidden,) * len(task.hidden) if p.hidden else task.hidden
        network = Decolle((inputs, *hidden), samples.classes, **settings)
    training = Training(
        network.trial_model(),
        samples,
        context.folder,
        target=context.target,
        seed=context.seed,
        decay=float(task.final ** (1 / p.epochs)),
        facts={"model": p.model, "network": repr(network)},
    )
    with context.progress("building"):
        training.simulation.build()
    with context.progress(f"training, {p.epochs} epochs of {len(samples.training):,} samples") as bar:
        history = training.run(p.epochs, bar)
    by_epoch = []
    if len(samples.validation):
        with context.progress("validating every layer") as bar:
            for e in history:
                learned = training.checkpoint(e.number) if e.number < len(history) else None
                by_epoch.append(layers_right(training, network, samples.validation, learned)[0])
                bar(e.number / len(history))
    with context.progress(f"testing, {len(samples.test):,} samples") as bar:
        right, answers, result = layers_right(training, network, samples.test, None, bar)
    with context.progress("baselines"):
        found = baselines(samples, samples.images / 255 if features is None else features)
    _report(context, task, network, training, history, by_epoch, right, answers, result, found)


def layers_right(training: Training, network: Decolle, rows, learned=None, progress=None):
    """Share of right answers of each layer, the last layer's answers, and the result."""
    answers, _, result = training.evaluate(rows, progress, learned)
    truth, shares = training.samples.labels[rows], []
    for k in range(1, len(network.layers)):
        score = np.asarray(result[f"answers{k}.votes"]) + 0.5 * np.tanh(np.asarray(result[f"answers{k}.total"]))
        shares.append(float((score[:, 1 : len(rows) + 1].argmax(0) == truth).mean()))
    return shares, answers, result


def baselines(samples: Samples, features) -> dict[str, float]:
    """Share of the test samples that classifiers without hidden cells name right, by their names."""
    x, y = features[samples.training], samples.labels[samples.training]
    tested, truth = features[samples.test], samples.labels[samples.test]
    return {
        name: float((make(x, y, samples.classes)(tested) == truth).mean())
        for name, make in (("linear_softmax", linear_softmax), ("nearest_mean", nearest_mean))
    }


def _report(context, task, network, training, history, by_epoch, right, answers, result, found) -> None:
    samples, n, layers = training.samples, len(training.samples.test), range(1, len(network.layers))
    truth, shown = samples.labels[samples.test], len(history) * len(samples.training)
    judged = network.arm == "local" and task.band and shown >= task.whole and network.form == "rank1"
    paper = {"paper_value": task.paper_value, "provenance": task.provenance} if network.arm == "local" else {}
    context.metric(
        "test_accuracy",
        right[-1],
        standard_error=float(np.sqrt(right[-1] * (1 - right[-1]) / n)),
        n=n,
        band=(task.band, None) if judged else None,
        **paper,
    )
    for k in layers:
        context.metric(f"test_accuracy_layer{k}", right[k - 1], n=n)
    for name, value in found.items():
        context.metric(f"{name}_accuracy", value, n=n, provenance="on the same training and test samples")
    if by_epoch:
        context.metric("validation_accuracy", by_epoch[-1][-1], n=len(samples.validation))
    context.metric("train_samples", len(samples.training))
    context.metric("epochs", len(history))
    context.metric("presentations", shown)
    spikes = [float(result[f"{name}_spikes.N"]) / n for name in network.names]
    context.metric("hidden_spikes_per_sample", sum(spikes[1:]), provenance="counted on the test samples")
    for k in layers:
        context.metric(f"spikes_per_cell_layer{k}", spikes[k] / network.layers[k])
    if network.form == "rank1":
        sizes = zip(spikes, [*network.layers[1:], 0], [0, *network.readouts], strict=True)
        context.metric(
            "synaptic_operations_per_sample",
            sum(s * (m + r) for s, m, r in sizes),
            provenance="spikes counted by the network, times their synapses; test samples",
        )
    seconds = sum(e.seconds for e in history)
    context.timing(build_s=training.build_s, run_s=seconds, samples_per_s=sum(e.samples for e in history) / seconds)
    confusion = np.zeros((samples.classes, samples.classes), int)
    np.add.at(confusion, (truth, answers), 1)
    context.array("confusion", confusion)
    context.array("epoch", [e.number for e in history])
    context.array("test_accuracy_by_layer", right)
    context.array("validation_accuracy_by_epoch_and_layer", by_epoch)
    context.array("hidden_spikes_by_epoch", [sum(e.per_sample[f"hidden{k}_spikes"] for k in layers) for e in history])
    context.table(
        "accuracy by epoch",
        ("epoch", *(f"validation, layer {k}" for k in layers), "hidden spikes a sample"),
        [
            (e.number, *(round(a, 4) for a in row), round(sum(e.per_sample[f"hidden{k}_spikes"] for k in layers), 1))
            for e, row in zip(history, by_epoch or [[float("nan")] * len(layers)] * len(history), strict=True)
        ],
    )
    context.summary(
        f"After {shown:,} presentations the last of {len(layers)} layers ({'-'.join(map(str, network.layers))}, "
        f"{network.arm}) names {100 * right[-1]:.2f} % of {n:,} test samples, the layers "
        f"{', '.join(f'{100 * a:.1f}' for a in right)} %; a linear softmax {100 * found['linear_softmax']:.1f} %; "
        f"trained at {sum(e.samples for e in history) / seconds:,.0f} samples a second."
    )
    context.note(f"settings: {network!r}")
    context.note(f"the learning rate falls smoothly to {task.final:g} of its start; decay is not used")
