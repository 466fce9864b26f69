"""Braille: which letter a fingertip has slid over, from the events of four taxels; a task in which timing matters.

1,350 real recordings, 1.875 s each: 27 letters, 50 repetitions. Repetitions 0 to 29 are for training, 30 to 39 for
validation (with ``hold_out=no`` they train too) and 40 to 49 for testing. What the taxels feel on average tells
many letters apart, but by no straight border; what they feel when tells nearly all. Classifiers of all frames and of
their mean, a linear one by least squares and the nearest mean of a letter, stand beside each run.

Events are made from the frames as the source makes them, by delta coding (`sbp_brian.datasets.braille.event_counts`):
one whenever a taxel's value has moved by `threshold`, rises and falls in channels of their own.

How time reaches a network that sums over a sample: each channel has `bins` input cells, and each of these listens to it
for a part of the recording only, one after another, as at the taps of a delay line. ``width=1`` cuts the recording into
parts side by side; with 2 each cell goes on while the next one listens too, and so on. ``bins=1`` leaves one cell a
channel, which is the control: what is then left is what the network makes of time.

- ``input=graded`` (``model=sbp_network``, and the only form of ``model=stdbp``): each cell says how many events it has
  heard by one onset, or one spike, the byte 255 (n/full)^exponent; full is the 99th percentile of the counts above 0 in
  the training recordings.
- ``input=spikes``, and ``model=decolle``: a cell spikes in each of the `steps` steps of its part that have an event.

Source: Müller-Cleve et al. 2022, Front Neurosci 16:951164, doi:10.3389/fnins.2022.951164.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import ms

from sbp_brian.datasets.braille import CHANNELS, FRAME_MS, FRAMES, LETTERS, event_counts, load_braille
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Parameters, Source
from sbp_brian.models.decolle.cell import DecolleCell
from sbp_brian.models.stdbp.options import Cells, Weights
from sbp_brian.protocols.benchmarks import baselines
from sbp_brian.protocols.benchmarks.learners import common, decolle, sbp_network, stdbp
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.training.baselines import nearest_mean, ridge
from sbp_brian.training.encoding import spike_bytes
from sbp_brian.training.samples import Samples

__all__ = ["PROTOCOL", "TASK", "graded", "heard", "load", "spikes_by_cell"]

LENGTH_MS = (FRAMES - 1) * FRAME_MS
#: First repetitions for validation and for testing.
VALIDATION_FROM, TEST_FROM = 30, 40
STEPS, BINS = 375, 15


def heard(frames: np.ndarray, bins: int, width: int, threshold: int) -> np.ndarray:
    """How many events each cell hears; int, shape (n, bins*channels)."""
    parts = event_counts(frames, bins + width - 1, threshold)
    return sum(parts[:, first : first + bins] for first in range(width)).reshape(len(frames), -1)


def spikes_by_cell(frames: np.ndarray, steps: int, bins: int, width: int, threshold: int) -> np.ndarray:
    """Recordings as packed spikes: in each step the cells spike that listen to a channel which has an event.

    Returns
    -------
    ndarray of uint8
        As `sbp_brian.training.encoding.spike_bytes` packs shape (n, steps, bins*channels).
    """
    happens = event_counts(frames, steps, threshold) > 0
    since = (np.arange(steps) * (bins + width - 1) // steps)[:, None] - np.arange(bins)
    listens = (since >= 0) & (since < width)
    return spike_bytes((happens[:, :, None] & listens[:, :, None]).reshape(len(frames), steps, bins * CHANNELS))


def graded(counts: np.ndarray, training: np.ndarray, exponent: float) -> np.ndarray:
    """Counts as bytes; what is full is taken from the rows `training` alone."""
    known = counts[training]
    full = np.quantile(known[known > 0], 0.99) if known.any() else 1.0
    return np.round(255 * np.clip(counts / full, 0, 1) ** exponent).astype(np.uint8)


def load(context: Context) -> Data:
    """The recordings as the model is shown them; beside them their frames."""
    p = context.parameters
    with context.progress("making events"):
        frames, labels, repetitions = load_braille()
        rows = _rows(p, repetitions)
        shown = _shown(p, frames, rows["training"])
    context.note(
        "; ".join(f"{name}: {len(found):,} recordings" for name, found in rows.items())
        + f"; {CHANNELS} channels, each with {p.bins} cells that listen for "
        f"{LENGTH_MS * p.width / (p.bins + p.width - 1):.0f} ms; threshold {p.threshold}"
    )
    samples = Samples(shown, labels, LETTERS, **rows)
    return Data(
        samples, features=heard(frames, p.bins, p.width, p.threshold) / 20, network=_inputs(p), extra={"frames": frames}
    )


def _rows(p: Parameters, repetitions: np.ndarray) -> dict[str, np.ndarray]:
    """Rows of each part, by repetition; those come first that were recorded first."""
    held = VALIDATION_FROM if p.hold_out else TEST_FROM
    return {
        "training": np.flatnonzero(repetitions < held)[: p.train_samples],
        "validation": np.flatnonzero((repetitions >= held) & (repetitions < TEST_FROM)),
        "test": np.flatnonzero(repetitions >= TEST_FROM)[: p.test_samples],
    }


def _spiking(p: Parameters) -> bool:
    return p.model == "decolle" or p.get("input") == "spikes"


def _steps(p: Parameters) -> int:
    return p.steps if p.model == "sbp_network" else STEPS


def _shown(p: Parameters, frames: np.ndarray, training: np.ndarray) -> np.ndarray:
    if not _spiking(p):
        return graded(heard(frames, p.bins, p.width, p.threshold), training, p.exponent)
    if p.bins + p.width - 1 > _steps(p):
        raise ParameterError(
            f"bins={p.bins} of width={p.width} need {p.bins + p.width - 1} steps of a recording at least, and there "
            f"are {_steps(p)}; take fewer"
        )
    return spikes_by_cell(frames, _steps(p), p.bins, p.width, p.threshold)


def _inputs(p: Parameters) -> dict[str, Any]:
    """What the recordings settle of the network."""
    cells = p.bins * CHANNELS
    if p.model == "decolle":
        return {"inputs": cells}
    if p.model == "sbp_network":
        return {"n_input": cells, "step": LENGTH_MS / p.steps * ms}
    return {}


def beside(context: Context, data: Data) -> None:
    """Classifiers without hidden cells: of the counts, of all frames, and of what the taxels feel on average."""
    samples, frames = data.samples, data.extra["frames"] / 255
    if context.parameters.model != "decolle":  # which reports them with its layers
        baselines.report(context, samples, data.features, "on how many events each cell hears")
    labels, truth = samples.labels[samples.training], samples.labels[samples.test]
    for name, features, decay, told in (
        ("frames", frames.reshape(len(frames), -1), 1.0, "all frames of the four taxels"),
        ("average", frames.mean(1), 1e-3, "their mean over time, which knows no timing"),
    ):
        known, tested = features[samples.training], features[samples.test]
        for kind, answer in (
            ("ridge", ridge(known, labels, LETTERS, decay)),
            ("nearest_mean", nearest_mean(known, labels, LETTERS)),
        ):
            right = float((answer(tested) == truth).mean())
            context.metric(f"{kind}_{name}_accuracy", right, n=len(truth), provenance=told)


#: Of `Decolle`; docs/braille.md says how they were found.
LOCAL = {
    "encoding": "spikes",
    "steps": STEPS,
    "step": LENGTH_MS / STEPS * ms,
    "input_rate": 1 / (LENGTH_MS / STEPS * ms),  # of no account: samples are spikes
    "cell": DecolleCell(tau_mem=1000 * ms, tau_syn=30 * ms, tau_ref=75 * ms),
    "final": 0.05,
}
#: What else of `Decolle` is a parameter here. Memory is that of the cells: what has come in a second.
LOCAL_PARAMETERS = {
    "depth": common.DEPTH,
    "burn_in": Parameter(300, minimum=0, maximum=STEPS - 1, help="steps before learning and voting begin"),
    "readout_scale": Parameter(0.7, minimum=1e-3, maximum=100.0, help="of the fixed readouts, times 1/sqrt(cells)"),
    "spread": Parameter(80.0, minimum=1e-3, maximum=1e4, help="of the initial weights, times 1/sqrt(inputs)"),
    "tau_mem": Parameter(1000.0, unit="ms", minimum=31.0, maximum=1e5, help="time constant of the cells' memory"),
}
TAPS = {
    "bins": Parameter(BINS, minimum=1, maximum=375, help="input cells of a channel, one after another"),
    "width": Parameter(2, minimum=1, maximum=60, help="how many of these listen at a time"),
}
EXPONENT = Parameter(1.0, minimum=0.01, maximum=1.0, help="of an input's intensity in its number of events")
QUICK = {"epochs": 2, "train_samples": 270}
TASK = Task(
    name="braille",
    title="Braille letters under a sliding fingertip: a task in which timing matters",
    source=Source("Müller-Cleve et al. (2022) Front Neurosci 16:951164", "10.3389/fnins.2022.951164"),
    parameters={
        **TAPS,
        "threshold": Parameter(1, minimum=1, maximum=100, help="change of a taxel, of 255, that makes an event"),
        "hold_out": Parameter(True, help="hold repetitions 30 to 39 out for validation"),
        "train_samples": Parameter(None, kind=int, minimum=1, help="training recordings; none: all"),
        "test_samples": Parameter(None, kind=int, minimum=1, help="test recordings; none: all"),
    },
    load=load,
    offers={
        "sbp_network": Offer(
            sbp_network.LEARNER,
            {"epochs": 30, "decay": 0.95, "hidden": 200},
            sbp_network.rates(sbp_network.RATES),
            parameters={
                "exponent": replace(EXPONENT, needs={"input": sbp_network.GRADED}),
                "input": Parameter(
                    "graded",
                    choices=(*sbp_network.GRADED, "spikes"),
                    help="how a part's events are shown: a graded onset, one spike, spikes at random, or as they come",
                ),
                "input_rate": replace(
                    sbp_network.LEARNER.parameters["input_rate"], needs={"input": ("poisson", "spikes")}
                ),
            },
            without=sbp_network.IMAGES,
            quick=QUICK,
        ),
        "decolle": Offer(
            decolle.LEARNER,
            {"epochs": 16, "rate_hidden": 100.0, "hidden": 400},
            network=LOCAL,
            parameters={
                "bins": replace(TAPS["bins"], default=30),
                "width": replace(TAPS["width"], default=10),
                **LOCAL_PARAMETERS,
            },
            quick=QUICK,
        ),
        "stdbp": Offer(
            stdbp.LEARNER,
            {"epochs": 30, "decay": 0.94, "hidden": 200},
            network={"batch": 10, "cells": Cells(), "weights": Weights()},
            parameters={"exponent": EXPONENT},
            without=("jitter",),
            quick=QUICK,
        ),
    },
    beside=beside,
)
PROTOCOL = TASK.protocol()
