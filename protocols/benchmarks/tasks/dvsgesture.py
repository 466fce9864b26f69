"""DvsGesture: which gesture, from the events of a short window; by default of ten recordings, one subject.

Ten real recordings of 1.45 s, one a gesture, class 11 missing (`ten_recordings`). Training on windows of the first
1.0 s, testing on those of the last 0.4 s; 0.05 s between them are not used. Train and test share subject, light and
recording: this is no estimate of what a network makes of another subject, and no number here compares with those
published for DvsGesture (23 subjects to learn from, 6 to be tested on).

``recordings=official`` takes the official set instead, where the data lookup finds it: of each clip the first
``windows`` windows, subjects 1 to 23 for training (with ``hold_out=yes`` those from 21 on for validation), 24 to 29
for testing.

A window is shown as a graded onset of each of the 32 x 32 pixels: the byte 255 (n/full)^exponent of its n events, on
and off together unless ``polarities=yes``; full is the 99th percentile of the counts above 0 in the training windows.
The order of the events within a window is lost. With ``input=spikes`` it is not: a pixel spikes in each of the `steps`
steps (a twentieth of the window each) in which it has events, and the network hears every spike when it comes.

With ``model=decolle`` and ``decolle_conv`` a window is shown as it is: a cell for each of the 32 x 32 pixels and each
polarity, which spikes in the steps of 1 ms in which it has events.

Settings were chosen on the ten recordings with ``hold_out=yes``: training on the first 0.8 s, validation from
0.8 to 1.0 s.

`released_rows` is what the released indexing of Zhang et al. 2021 (doi:10.1126/sciadv.abh0146) does to such windows.

Source of the data: Amir et al. 2017, CVPR, doi:10.1109/CVPR.2017.781.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from brian2 import ms, usecond

from sbp_brian.datasets.dvsgesture import GESTURES, TEN_RECORDINGS, load_dvsgesture, ten_recordings
from sbp_brian.datasets.event_streams import EventStream
from sbp_brian.errors import DatasetError, ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Source
from sbp_brian.models.decolle.cell import DecolleCell
from sbp_brian.protocols.benchmarks import baselines
from sbp_brian.protocols.benchmarks.learners import decolle, published, sbp_network
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.training.baselines import nearest_mean
from sbp_brian.training.encoding import spike_bytes
from sbp_brian.training.samples import Samples

__all__ = ["PROTOCOL", "TASK", "Windows", "constant_answer", "load", "load_windows", "released_rows"]

POOL, PIXELS = 4, 32
#: Of a window, for ``input=spikes``.
STEPS = 20
#: Of the ten recordings; the official set has all of `GESTURES`.
CLASSES = 10
#: Official subjects of the training set from this one on validate, where validation is asked for.
HELD_OUT_FROM = 21
#: From and to (microseconds), with and without validation.
PARTS = {
    True: {"training": (0, 800_000), "validation": (800_000, 1_000_000), "test": (1_050_000, 1_450_000)},
    False: {"training": (0, 1_000_000), "validation": (1_000_000, 1_000_000), "test": (1_050_000, 1_450_000)},
}
#: Models that learn by local losses, from events in steps of 1 ms.
LOCALLY = ("decolle", "decolle_conv")
#: Of these; validation windows do not tell nine settings apart.
LOCAL = {
    "encoding": "spikes",
    "readout_scale": 1.0,
    "cell": DecolleCell(tau_mem=20 * ms, tau_syn=7 * ms),
    "final": 0.05,
}
EXPONENT = 0.25


class Windows(NamedTuple):
    """What a run is given.

    Attributes
    ----------
    samples : Samples
        Windows as bytes, a graded onset for each pixel.
    spikes : Samples or None
        The same windows as packed spikes (`spike_bytes`), for `LOCALLY` and ``input=spikes``; every event of a
        step in one spike.
    inputs : dict
        Of those spikes: ``n_input``, ``steps`` and ``step``.
    events : dict of str to ndarray, shape (windows,)
        Number of events of each window, by part.
    """

    samples: Samples
    spikes: Samples | None
    inputs: dict
    events: dict[str, np.ndarray]


def window_us(p) -> int:
    """Length of a window (microseconds), once it is known to suit the recordings and the model."""
    window = round(float(p.window / usecond))
    if p.recordings == "ten" and any((stop - start) % window for start, stop in PARTS[p.hold_out].values()):
        raise ParameterError(
            f"window={window / 1000:g} ms does not divide the parts of a recording; take 20, 25, 40, 50, 100 or 200 ms"
        )
    if p.model in LOCALLY and window % 1000:
        raise ParameterError(
            f"window={window / 1000:g} ms is no whole number of steps of 1 ms, as model={p.model} needs; take one that "
            "is"
        )
    return window


def stretches(p) -> Iterator[tuple[str, int, EventStream, int]]:
    """Part, gesture, events (32 x 32 pixels, times from 0) and number of windows of each stretch of a recording."""
    window = window_us(p)
    if p.recordings == "ten":
        for clip in ten_recordings():
            events = clip.read().pooled(POOL)
            for name, (start, stop) in PARTS[p.hold_out].items():
                yield name, clip.label, events.cut(start, stop), (stop - start) // window
        return
    for split in ("train", "test"):
        for clip in load_dvsgesture(split):
            held = split == "train" and p.hold_out and (clip.user or 0) >= HELD_OUT_FROM
            name = "validation" if held else {"train": "training", "test": "test"}[split]
            events = clip.read().pooled(POOL)
            whole = (int(events.t[-1]) + 1) // window if len(events.t) else 0
            yield name, clip.label, events, min(p.windows, whole)


def load_windows(context: Context) -> Windows:
    """Cut the recordings into windows; each recording is read once.

    Raises
    ------
    DatasetError
        The recordings are not there, or a part has no window.
    """
    p, window = context.parameters, window_us(context.parameters)
    counts, bits, labels, parts = [], [], [], []
    polarities, exponent = p.get("polarities", False), p.get("exponent", EXPONENT)
    steps, both = _steps(p), p.model in LOCALLY or polarities
    cells = PIXELS**2 * (1 + both)
    for name, label, events, n in stretches(p):
        frames = events.frames(window, n, polarities=polarities)
        counts.append(np.minimum(frames, np.iinfo(np.uint16).max).astype(np.uint16))
        labels += [label] * n
        parts += [name] * n
        if steps:
            spikes = events.frames(window // steps, n * steps, polarities=both) > 0
            bits.append(spike_bytes(spikes.reshape(n, steps, cells)))
    counts, labels, parts = np.concatenate(counts), np.array(labels, int), np.array(parts, str)
    rows = {name: np.flatnonzero(parts == name) for name in ("training", "validation", "test")}
    for name in ("training", "test"):
        if not len(rows[name]):
            raise DatasetError(
                f"no clip of DvsGesture for {name} is as long as window={window / 1000:g} ms; take a shorter one"
            )
    for name, found in rows.items():
        context.note(_what(p, name, len(found), window))
    known = counts[rows["training"]]
    full = np.quantile(known[known > 0], 0.99)

    def samples(shown) -> Samples:
        return Samples(shown, labels, CLASSES if p.recordings == "ten" else len(GESTURES), **rows)

    graded = samples(np.round(255 * np.clip(counts / full, 0, 1) ** exponent).astype(np.uint8))
    total = counts.sum(1, dtype=int)
    inputs = {"n_input": cells, "steps": steps, "step": window / steps * usecond} if steps else {}
    return Windows(
        graded,
        samples(np.concatenate(bits)) if bits else None,
        inputs,
        {name: total[found] for name, found in rows.items()},
    )


def _steps(p) -> int:
    """Steps in which a window is shown as spikes; 0: it is shown as an onset."""
    window = window_us(p)
    if p.model in LOCALLY:
        return window // 1000
    if p.model != "sbp_network" or p.input != "spikes":
        return 0
    steps = p.steps
    if window % steps:
        raise ParameterError(
            f"steps={steps} steps of a window of {window / 1000:g} ms are no whole number of "
            f"microseconds; take {STEPS}, or another that is"
        )
    return steps


def _what(p, name: str, n: int, window: int) -> str:
    if p.recordings == "ten":
        start, stop = PARTS[p.hold_out][name]
        return (
            f"{name}: {n} windows of {window / 1000:g} ms, {start / 1e6:g} to {stop / 1e6:g} s of DvsGesture, "
            f"{TEN_RECORDINGS}"
        )
    last = HELD_OUT_FROM - 1 if p.hold_out else 23
    subjects = (
        {"training": f"subjects 1 to {last}", "validation": f"subjects {last + 1} to 23", "test": "subjects 24 to 29"}[
            name
        ]
        if n
        else "none"
    )
    return (
        f"{name}: {n:,} windows of {window / 1000:g} ms, the first {p.windows} of each clip of DvsGesture, "
        f"official recordings, {subjects}"
    )


def released_rows(clips: int, frames: int) -> np.ndarray:
    """Which clip fills each row of the released arrays, from 1; 0: none, the row stays blank.

    The released code writes frame f of clip s (both from 1) to row s f instead of (s - 1) frames + f; later clips
    overwrite earlier ones.

    Returns
    -------
    ndarray of int, shape (clips*frames,)
    """
    rows = np.zeros(clips * frames, int)
    for clip in range(1, clips + 1):
        rows[clip * np.arange(1, frames + 1) - 1] = clip
    return rows


def constant_answer(clips: int, frames: int, of_first_class: np.ndarray) -> float:
    """Score of "always the first class" with the released indexing.

    A blank row has an all-zero label, whose argmax is the first class, so that this answer counts as right there.

    Parameters
    ----------
    clips, frames : int
    of_first_class : ndarray of bool, shape (clips,)
    """
    rows = released_rows(clips, frames)
    return float(((rows == 0) | ((rows > 0) & of_first_class[rows - 1])).mean())


def load(context: Context) -> Data:
    """The windows as the model is shown them; beside them as bytes, and the number of events of each."""
    p = context.parameters
    shown, spikes, inputs, events = load_windows(context)
    features = shown.images / 255
    if p.model in LOCALLY:
        steps = inputs["steps"]
        network = {"inputs": inputs["n_input"], "steps": steps, "burn_in": steps // 5}
        return Data(spikes, features=features, network=network, extra={"events": events})
    heard = {name: inputs[name] for name in ("n_input", "step") if name in inputs}
    return Data(shown if spikes is None else spikes, features=features, network=heard, extra={"events": events})


def beside(context: Context, data: Data) -> None:
    """What is reached without a hidden layer, and what the released indexing of rows does to a score."""
    _baselines(context, data)
    ten = context.parameters.recordings == "ten"
    _indexing(context, len(data.samples.test) // CLASSES if ten else 0)


def _baselines(context: Context, data: Data) -> None:
    samples, events = data.samples, data.extra["events"]
    truth = samples.labels[samples.test]
    context.metric("chance", float(np.bincount(truth).max() / len(truth)), provenance="the most frequent gesture")
    if context.parameters.model not in LOCALLY:  # which reports them with its layers
        baselines.report(context, samples, data.features, "on the same bytes", decay=1e-3)
    nearest = nearest_mean(events["training"][:, None], samples.labels[samples.training], samples.classes)
    context.metric(
        "number_of_events_accuracy",
        float((nearest(events["test"][:, None]) == truth).mean()),
        n=len(truth),
        provenance="nearest mean of the number of events alone",
    )


def _indexing(context: Context, windows: int) -> None:
    """The released indexing: of the authors' test set, and of these windows of the ten recordings."""
    paper = constant_answer(288, 100, np.arange(288) % 12 == 0)
    context.metric(
        "constant_answer_released_rows",
        paper,
        paper_value=0.674097,
        band=(0.67409, 0.67410),
        provenance="read: the score of the authors' collapsed deep networks; 288 clips of 100 frames",
    )
    if windows:
        here = constant_answer(CLASSES, windows, np.arange(CLASSES) == 0)
        context.metric(
            "constant_answer_released_rows_here",
            here,
            provenance=f"the same of {CLASSES} recordings of {windows} test windows",
        )


SHOWN = {
    "polarities": Parameter(False, help="on and off events apart, 2,048 inputs"),
    "exponent": Parameter(
        EXPONENT,
        minimum=0.01,
        maximum=1.0,
        help="of an input's intensity in its number of events",
        needs={"input": sbp_network.GRADED},
    ),
}
USUAL = {"epochs": 30, "decay": 0.95}
QUICK = {"epochs": 10}
TASK = Task(
    name="dvsgesture",
    title="Gestures from events: ten recordings, one subject, or the official set",
    source=Source("Amir et al. (2017) CVPR", "10.1109/CVPR.2017.781"),
    parameters={
        "recordings": Parameter(
            "ten",
            choices=("ten", "official"),
            help="ten recordings of one subject, or the official set where it is found",
        ),
        "windows": Parameter(
            20,
            minimum=1,
            maximum=10_000,
            help="windows from each clip's start",
            needs={"recordings": ("official",)},
        ),
        "window": Parameter(50.0, unit="ms", minimum=20, maximum=200, help="length of a window"),
        "hold_out": Parameter(False, help="validate on the last 0.2 s of what is trained on, or on three subjects"),
    },
    load=load,
    offers={
        "sbp_network": Offer(
            sbp_network.LEARNER,
            {**USUAL, "steps": STEPS},
            sbp_network.rates(sbp_network.RATES),
            parameters={
                **SHOWN,
                "input": Parameter(
                    "graded",
                    choices=(*sbp_network.GRADED, "spikes"),
                    help="how a window is shown: a graded onset, one spike, spikes at random, or its own events",
                ),
                "input_rate": replace(
                    sbp_network.LEARNER.parameters["input_rate"], needs={"input": ("poisson", "spikes")}
                ),
            },
            without=sbp_network.IMAGES,
            quick=QUICK,
        ),
        "decolle": Offer(decolle.LEARNER, {"epochs": 30, "rate_hidden": 0.3}, network=LOCAL, quick=QUICK),
        "decolle_conv": Offer(
            decolle.CONVOLUTIONAL,
            {"epochs": 30, "rate_hidden": 0.3},
            network={**LOCAL, "image": (2, PIXELS, PIXELS)},
            quick=QUICK,
        ),
        "sbp_published": Offer(published.LEARNER, {"epochs": 30, "batch": 50}, parameters=SHOWN, quick=QUICK),
    },
    beside=beside,
)
PROTOCOL = TASK.protocol()
