"""One target held to another on the same machine: spikes and weights, and the speed of training (``sbp benchmark``).

Two networks at their real connectivity: the one of `mnist` (784-500-10, real digits, trained for one short epoch) and
the nine-cell circuit of `tao-2000` with all its conditions. C++ is the reference; the C++ target itself is held to
numpy. Programs are built before anything is timed, the build is told apart, and the speed is the best of several runs.

Sums on a GPU are added in another order each time: weights then agree to rounding, and a membrane within rounding of
its threshold may fire on one target and not on the other. For that reason spikes have a band of their own. Where a CUDA
program is carried out on the CPU, nothing is timed: its speed tells nothing of a GPU.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from brian2 import ms

from sbp_brian.datasets import load_mnist
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.circuits import SPREAD, Timeline, culture_sbp
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.protocols.biology.experiment import Experiment
from sbp_brian.protocols.biology.ltp import conditions
from sbp_brian.targets.cuda.toolkit import gpus
from sbp_brian.training.spiking import Samples, Training

#: Largest difference of weights, relative to the largest weight; and of the number of spikes, relative to it.
WEIGHTS, SPIKES = 1e-6, 1e-3
OWN = "the project's acceptance"


def reference_of(target: str) -> str:
    """The target that another one is held to."""
    return "numpy" if target in ("cpp", "cython") else "cpp"


def run(context: Context) -> None:
    """Compare spikes and weights with the reference, then time training beside C++."""
    p = context.parameters
    reference = reference_of(context.target)
    context.note(f"{context.target} held to {reference} on this machine; seed {context.seed} for both")
    if context.on_cpu is None:
        _tell_gpus(context)
    _digits(context, reference, p.samples)
    _circuit(context, reference, p.seeds)
    if context.on_cpu is None:
        _speed(context, p.speed_samples, p.repeats)
    else:
        context.summary(f"Carried out on the CPU, no GPU: spikes and weights of {context.target} beside {reference}.")


def _tell_gpus(context: Context) -> None:
    found = gpus()
    context.note(
        "GPU: "
        + (
            ", ".join(f"{gpu.name} (sm_{gpu.arch}, {gpu.memory_mib} MiB)" for gpu in found)
            if found
            else "none was found on this machine; nothing here ran on one"
        )
    )


def _training(context: Context, target: str, n: int, part: str) -> Training:
    data = load_mnist("fit")
    context.note(f"{part}: {min(n, len(data)):,} of {data.provenance}")
    rows = np.arange(min(n, len(data)))
    nothing = rows[:0]
    samples = Samples(data.images[rows], data.labels[rows].astype(int), 10, rows, nothing, nothing)
    network = SBPNetwork(rate_output=0.0005)
    folder = Path(context.folder, f"{part}-{target}".replace(" ", "-"))
    return Training(network.trial_model(), samples, folder, target=target, seed=context.seed)


def _digits(context: Context, reference: str, n: int) -> None:
    learned, spikes = {}, {}
    for target in (reference, context.target):
        training = _training(context, target, n, "parity")
        with context.progress(f"{n} digits on {target}") as bar:
            last = training.run(1, bar)[-1]
        learned[target], spikes[target] = training.learned, last.per_sample["hidden_spikes"] * last.samples
    one, other = learned[reference], learned[context.target]
    moved = np.abs(one["inputs.w"] - training.model.initial(context.seed)["inputs.w"]).max()
    for name in ("inputs.w", "outputs.w"):
        difference = np.abs(one[name] - other[name]).max() / np.abs(one[name]).max()
        context.metric(f"digits {name} difference", difference, band=(0, WEIGHTS), provenance=OWN)
    context.metric(
        "digits largest change of a weight",
        moved,
        band=(1e-4, None),
        provenance="control: weights that did not move would agree, too",
    )
    _compare_spikes(context, "digits hidden spikes", spikes[reference], spikes[context.target])


def _circuit(context: Context, reference: str, seeds: int) -> None:
    weights, spikes = {}, {}
    tried = conditions(10 * ms)
    for target in (reference, context.target):
        experiment = Experiment(SPREAD, target, Timeline(), culture_sbp(), copies=len(tried) * seeds)
        with context.progress(f"nine-cell circuit on {target}") as bar:
            recordings = experiment.run(tried, seeds=seeds, seed=context.seed, progress=bar)
        weights[target] = np.array([recordings.weights(c.name, s) for c in tried for s in SPREAD.synapses])
        spikes[target] = float(sum(recordings.spikes(c.name, cell).sum() for c in tried for cell in SPREAD.cells))
    difference = np.abs(weights[reference] - weights[context.target]).max() / np.abs(weights[reference]).max()
    context.metric("circuit weights difference", difference, band=(0, WEIGHTS), provenance=OWN)
    context.metric(
        "circuit largest change of a weight",
        np.ptp(weights[reference], axis=-1).max(),
        band=(0.1, None),
        provenance="control: weights that did not move would agree, too",
    )
    _compare_spikes(context, "circuit spikes", spikes[reference], spikes[context.target])


def _compare_spikes(context: Context, name: str, expected: float, found: float) -> None:
    low, high = expected * (1 - SPIKES), expected * (1 + SPIKES)
    context.metric(
        name, found, paper_value=expected, band=(low, high), provenance=f"reference: {reference_of(context.target)}"
    )


def _speed(context: Context, n: int, repeats: int) -> None:
    rows = []
    for target in dict.fromkeys(("cpp", context.target)):
        training = _training(context, target, n, "speed")
        with context.progress(f"building for {target}", "build_s"):
            training.simulation.build()
        with context.progress(f"training on {target}, {repeats} runs of {n:,} digits") as bar:
            epochs = training.run(repeats, bar)
        speeds = [epoch.samples / epoch.seconds for epoch in epochs]
        spread = float(np.std(speeds, ddof=1)) if repeats > 1 else None
        rows.append(
            (
                target,
                round(max(speeds), 1),
                None if spread is None else round(spread, 1),
                round(training.build_s, 1),
                round(epochs[0].per_sample["hidden_spikes"], 1),
            )
        )
        context.metric(f"samples_per_s {target}", max(speeds), spread=spread, n=repeats)
        if target == context.target:
            context.timing(samples_per_s=max(speeds))
    context.table(
        "training 784-500-10, best of the runs",
        ("target", "samples a second", "SD", "build (s)", "hidden spikes a sample"),
        rows,
    )
    context.summary(
        " and ".join(f"{target} trains {speed:,.0f} samples a second" for target, speed, *_ in rows)
        + f" on this machine (best of {repeats} runs of {n:,}; build not counted)."
    )


PROTOCOL = Protocol(
    name="target-parity",
    title="One target held to another: spikes, weights, speed",
    kind="benchmark",
    source=Source("This project"),
    parameters={
        "samples": Parameter(200, minimum=10, maximum=60_000, help="digits trained on to compare spikes and weights"),
        "seeds": Parameter(2, minimum=1, maximum=100, help="trials of each condition of the circuit"),
        "speed_samples": Parameter(5_000, minimum=10, maximum=50_000, help="digits trained on to time a run"),
        "repeats": Parameter(3, minimum=1, maximum=100, help="timed runs; the best counts"),
    },
    quick={"samples": 30, "seeds": 1, "speed_samples": 500, "repeats": 2},
    full={"samples": 1_000, "seeds": 10, "speed_samples": 20_000, "repeats": 5},
    run=run,
)
