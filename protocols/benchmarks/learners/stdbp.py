"""What protocols do with ``model=stdbp``: training by single spike times, its controls, and how robust the result is.

Settings were chosen on validation samples; docs/stdbp.md has the table of what was tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from brian2 import second

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter
from sbp_brian.models.stdbp import ARMS, OPTIMISERS, STDBP
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.protocols.benchmarks.learners.averaging import take_mean
from sbp_brian.training.spiking import Samples, Training

__all__ = ["FASHION", "MNIST", "NOT_VERIFIED", "PARAMETERS", "Task", "rank_times", "run"]

NOT_VERIFIED = "n/a (not verified)"  # a number known at second hand only is not given as the paper's

#: What this model adds to a protocol's parameters.
PARAMETERS = {
    "step": Parameter(
        0.0,
        unit="ms",
        minimum=0.0,
        maximum=20.0,
        help="stdbp: time step of a network on a grid; 0: exact times, without one",
    ),
    "jitter_input": Parameter(
        -1.0,
        minimum=-1.0,
        maximum=10.0,
        help="stdbp: standard deviation by which input spikes "
        "are early or late in training, in tau; -1: the task's own",
    ),
    "optimiser": Parameter(
        "adam",
        choices=OPTIMISERS,
        help="stdbp: what makes changes of gradients; rates do not carry over (momentum: about 0.01)",
    ),
}


@dataclass(frozen=True)
class Task:
    """What differs between tasks.

    Parameters
    ----------
    hidden : int
        Hidden cells a layer where none are asked for.
    settings : dict
        Of `STDBP`, chosen on validation.
    paper_value, provenance
        What the source reports for this task.
    band : float
        The project's own acceptance of the test accuracy, for the whole data set.
    whole, epochs : int
        Training samples and epochs from which that counts.
    average : int
        Epochs whose last weights are averaged for the test.
    """

    hidden: int
    settings: dict = field(default_factory=dict)
    paper_value: float | str | None = None
    provenance: str = ""
    band: float | None = None
    whole: int = 0
    epochs: int = 0
    average: int = 1


MNIST = Task(
    hidden=400,
    settings={"drop_input": 0.15},
    paper_value=NOT_VERIFIED,
    provenance="not verified: 784-400-10, second hand",
    band=0.98,
    whole=55_000,
    epochs=6,
)
FASHION = Task(
    hidden=1000,
    settings={"drop_input": 0.05, "kappa": 20.0, "mean": 3.0},
    paper_value=NOT_VERIFIED,
    provenance="not verified: 784-1000-10, second hand",
    band=0.88,
    whole=54_000,
    epochs=6,
)


def rank_times(images: np.ndarray) -> np.ndarray:
    """Images of which only the order of intensities is left: the k-th of n levels becomes 1 - k/n."""
    ranked = np.zeros_like(images)
    for image, row in zip(images, ranked, strict=True):
        levels = np.unique(image[image > 0])[::-1]
        for k, level in enumerate(levels):
            row[image == level] = max(1, round(255 * (1 - k / len(levels))))
    return ranked


def made(p, samples: Samples, task: Task, arm: str) -> STDBP:
    """The network that a protocol's parameters `p` ask for."""
    settings = {**task.settings, "optimiser": p.optimiser}
    settings |= {name: p[name] for name in ("rate_hidden", "rate_output", "drop_input", "jitter_input") if p[name] >= 0}
    settings |= {"displaced": p.jitter} if p.get("jitter") else {}
    layers = (samples.images.shape[1], *[p.hidden or task.hidden] * p.depth, samples.classes)
    if p.step > 0 * second:
        return GridSTDBP(layers, arm=arm, step=p.step, **settings)
    return STDBP(layers, arm=arm, **settings)


def run(context: Context, samples: Samples, task: Task) -> None:
    """Train, validate after each epoch, test once, report; disturb the spikes where ``robustness`` is asked for."""
    p = context.parameters
    arm = "exact" if p.arm == "own" else p.arm
    if arm not in ARMS:
        raise ParameterError(f"arm={arm} is none of model=stdbp, which has {', '.join(ARMS)}")
    if arm == "rank-order":
        samples = replace(samples, images=rank_times(samples.images))
    if context.target == "cuda" and (p.step == 0 * second or p.optimiser == "adam"):
        raise ParameterError(
            "model=stdbp with exact times or Adam does one thing after another, and CUDA all at once; "
            "add -s step=1ms -s optimiser=momentum -s rate_hidden=0.01 -s rate_output=0.01"
        )
    network = made(p, samples, task, arm)
    facts = {"model": "stdbp", "network": repr(network)}
    training = Training(
        network.trial_model(),
        samples,
        context.folder,
        target=context.target,
        seed=context.seed,
        decay=p.decay,
        facts=facts,
    )
    with context.progress("building"):
        training.simulation.build()
    with context.progress(f"training, {p.epochs} epochs of {len(samples.training):,} samples") as bar:
        history = training.run(p.epochs, bar)
    averaged = take_mean(context, training, len(history), p.average or task.average)
    if network.displaced:
        context.note(f"training images were displaced by up to {network.displaced} pixels at random: augmented data")
    with context.progress(f"testing, {len(samples.test):,} samples") as bar:
        answers, times, result = training.evaluate(samples.test, bar)
    report(context, task, network, training, history, answers, times, result, averaged)
    if p.robustness:
        disturb(context, network, training, times)


def report(context, task, network, training, history, answers, times, result, averaged) -> None:
    """Metrics, arrays, tables and the summary of a run."""
    p, samples = context.parameters, training.samples
    truth, n = samples.labels[samples.test], len(samples.test)
    accuracy, last = float((answers == truth).mean()), history[-1]
    judged = network.arm == "exact" and not network.displaced
    judged = judged and len(samples.training) >= task.whole and len(history) >= task.epochs
    paper = {"paper_value": task.paper_value, "provenance": task.provenance} if network.arm == "exact" else {}
    context.metric(
        "test_accuracy",
        accuracy,
        standard_error=float(np.sqrt(accuracy * (1 - accuracy) / n)),
        n=n,
        band=(task.band, None) if task.band and judged else None,
        **paper,
    )
    if len(samples.validation):
        validation = training.score(samples.validation)[0].mean() if averaged > 1 else last.validation
        context.metric("validation_accuracy", validation, n=len(samples.validation))
    context.metric(
        "training_accuracy",
        last.training,
        n=len(samples.training),
        provenance="running accuracy of the last epoch, before each update",
    )
    context.metric("train_samples", len(samples.training))
    context.metric("epochs", len(history))
    spikes = {name: float(result[f"{name}_spikes.N"]) / n for name in network.names[:-1]}
    hidden = sum(spikes.values()) - spikes["pixels"]
    context.metric("hidden_spikes_per_sample", hidden, provenance="counted on the test samples")
    context.metric("spikes_per_hidden_cell", hidden / sum(network.layers[1:-1]))
    if len(network.layers) > 3:
        for name, cells in zip(network.names[1:-1], network.layers[1:-1], strict=True):
            context.metric(f"spikes_per_{name}_cell", spikes[name] / cells)
    context.metric("undecided", float((answers < 0).mean()), provenance="samples in which no output spikes")
    decided = np.asarray(times).min(0)[answers >= 0] if (answers >= 0).any() else np.array([float(network.duration)])
    context.metric(
        "decision_time_ms",
        1e3 * float(decided.mean()),
        standard_error=1e3 * float(decided.std() / np.sqrt(len(decided))),
        n=len(decided),
        provenance="first output spike after the sample's onset",
    )
    context.metric(
        "synaptic_operations_per_sample",
        sum(count * m for count, m in zip(spikes.values(), network.layers[1:], strict=True)),
        provenance="spikes counted by the network, times their synapses; test samples",
    )
    speed = sum(e.samples for e in history) / sum(e.seconds for e in history)
    context.timing(build_s=training.build_s, run_s=sum(e.seconds for e in history), samples_per_s=speed)
    confusion = np.zeros((samples.classes, samples.classes), int)
    np.add.at(confusion, (truth[answers >= 0], answers[answers >= 0]), 1)
    context.array("confusion", confusion)
    context.array("epoch", [e.number for e in history])
    context.array("validation_accuracy_by_epoch", [e.validation for e in history])
    context.array("training_accuracy_by_epoch", [e.training for e in history])
    context.array("hidden_spikes_by_epoch", [e.per_sample["hidden1_spikes"] for e in history])
    limits = np.linspace(0, float(network.duration), 81)
    context.array("decision_limit_ms", 1e3 * limits)
    right = (answers == truth)[:, None] & (np.asarray(times).min(0)[:, None] <= limits)
    context.array("accuracy_by_decision_limit", right.mean(0))
    _, _, shown = training.evaluate(np.array([0]))  # what the run ends with is sample 0
    for layer in network.names:
        fired = np.asarray(shown[f"{layer}.fired"]) > 0
        context.array(f"spike_times_{layer}_ms", 1e3 * np.asarray(shown[f"{layer}.spike_time"])[fired])
        if layer != "pixels":
            context.array(f"slopes_{layer}", np.asarray(shown[f"{layer}.slope"])[fired])
    context.array("least_slope", [network.floor])
    context.array("spike_times_label", samples.labels[0])
    context.table(
        "accuracy by epoch",
        ("epoch", "training (running)", "validation", "hidden spikes a sample"),
        [
            (e.number, round(e.training, 4), round(e.validation, 4), round(e.per_sample["hidden1_spikes"], 1))
            for e in history
        ],
    )
    context.summary(
        f"After {len(history)} epochs of {len(samples.training):,} samples the network of single spikes "
        f"({'-'.join(map(str, network.layers))}, {network.arm}) names {100 * accuracy:.2f} % of {n:,} test samples, "
        f"{1e3 * float(decided.mean()):.1f} ms after onset on average, with {hidden:.0f} hidden spikes, trained at "
        f"{speed:,.0f} samples a second."
    )
    context.note(f"settings: {network!r}; learning rates times {p.decay:g} after each epoch")


def disturb(context: Context, network: STDBP, training: Training, times) -> None:
    """Accuracy on the test samples with displaced or missing input spikes and with inexact weights."""
    samples = training.samples
    truth, tau = samples.labels[samples.test], network.tau
    noisy = Training(
        replace(network, noisy=True, displaced=0).trial_model(),
        samples,
        context.folder / "noisy",
        target=context.target,
        seed=context.seed,
    )
    rng = np.random.default_rng([training.seed, 11])

    def accuracy(also=None, learned=None):
        answers, _, _ = noisy.evaluate(samples.test, learned=learned or training.learned, also=also)
        return float((answers == truth).mean())

    def inexact(share):
        return {
            name: w * (1 + share * rng.standard_normal(w.shape)) if name.endswith(".w") else w
            for name, w in training.learned.items()
        }

    levels = {
        "jitter": [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5],
        "missing": [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7],
        "weight_noise": [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8],
    }
    with context.progress("disturbing the test samples") as bar:
        done = 0
        for kind, values in levels.items():
            found = []
            for value in values:
                if kind == "jitter":
                    found.append(accuracy(also={"pixels.jitter": value * tau}))
                elif kind == "missing":
                    found.append(accuracy(also={"pixels.missing": value}))
                else:
                    found.append(accuracy(learned=inexact(value)))
                done += 1
                bar(done / sum(map(len, levels.values())))
            context.array(f"{kind}_level", values)
            context.array(f"accuracy_by_{kind}", found)
            context.table(
                f"accuracy with {kind.replace('_', ' ')}",
                ("level", "test accuracy"),
                [(v, round(a, 4)) for v, a in zip(values, found, strict=True)],
            )
