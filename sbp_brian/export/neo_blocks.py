"""To Neo: spike trains and analogue signals with units, a segment for each run."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from sbp_brian.export.source import gathered, needed, whole
from sbp_brian.targets.recordings import Recordings, States

__all__ = ["regular_step", "to_neo"]


def to_neo(source: Any, path: str | os.PathLike | None = None) -> Any:
    """A `neo.Block` of a result or a record.

    Parameters
    ----------
    source : Result, Record or path of a record's folder
        A record must have been made with ``--keep``.
    path : path, optional
        Also write it there, as a NIX file (``.nix``), which `neo.NixIO` reads.

    Returns
    -------
    neo.Block
        A `neo.Segment` for each run, with a `neo.SpikeTrain` for each cell (in s, silent cells as well), an analogue
        signal for each recorded variable (one channel a recorded cell, in its unit; irregularly sampled where the times
        are), a `neo.Event` for events that are no spikes, and weights as annotations ``weights of <synapses>``.

    Raises
    ------
    ExtraMissing
        Neo (or, to write, nixio) is not installed.
    ExportError, RecordError
        There is nothing to export.
    """
    neo = needed("neo", "neo")
    found = gathered(source)
    block = neo.Block(name=found.title, rec_datetime=found.started.replace(tzinfo=None), **found.about)
    for run, recorded in found.runs.items():
        block.segments.append(_segment(run, recorded))
    if path is not None:
        needed("nixio", "neo")
        with whole(path) as draft:
            writer = neo.NixIO(str(draft), "ow")
            try:
                writer.write_block(block)
            finally:
                writer.close()
    return block


def _segment(run: str, recorded: Recordings) -> Any:
    import neo
    import quantities as pq

    segment = neo.Segment(name=run)
    for spikes in recorded.spikes:
        last = max(recorded.duration or 0.0, float(spikes.t.max(initial=0.0)))
        if spikes.event != "spike":
            labels = np.array([f"{spikes.object} {cell}" for cell in spikes.i])
            segment.events.append(neo.Event(spikes.t * pq.s, labels, name=f"{spikes.object} {spikes.event}"))
            continue
        order = np.argsort(spikes.i, kind="stable")
        ends = np.searchsorted(spikes.i[order], np.arange(spikes.cells + 1))
        for cell in range(spikes.cells):
            times = spikes.t[order[ends[cell] : ends[cell + 1]]]
            train = neo.SpikeTrain(
                times * pq.s, t_stop=last * pq.s, name=f"{spikes.object} {cell}", group=spikes.object, cell=cell
            )
            segment.spiketrains.append(train)
    for states in recorded.states:
        name, unit, step = f"{states.object}.{states.variable}", _unit(states.unit), regular_step(states)
        channels = {"index": states.indices}
        if step is None:
            signal = neo.IrregularlySampledSignal(
                states.t * pq.s, states.values.T, units=unit, name=name, array_annotations=channels
            )
            segment.irregularlysampledsignals.append(signal)
        else:
            signal = neo.AnalogSignal(
                states.values.T,
                units=unit,
                sampling_period=step * pq.s,
                t_start=states.t[0] * pq.s,
                name=name,
                array_annotations=channels,
            )
            segment.analogsignals.append(signal)
    for weights in recorded.weights:
        segment.annotations[f"weights of {weights.name}"] = np.asarray(weights.values)
        segment.annotations[f"unit of {weights.name}"] = weights.unit or "1"
        for end, cells in (("presynaptic", weights.i), ("postsynaptic", weights.j)):
            if cells is not None:
                segment.annotations[f"{end} cells of {weights.name}"] = cells
    return segment


def regular_step(states: States) -> float | None:
    """The time between samples (s), None where it is not always the same."""
    if len(states.t) < 2:
        return None
    steps = np.diff(states.t)
    return float(steps.mean()) if np.allclose(steps, steps.mean(), rtol=1e-6, atol=1e-12) else None


def _unit(text: str) -> Any:
    """A unit as quantities has it."""
    import quantities as pq

    return pq.Quantity(1.0, text.replace("^", "**").replace(" ", "*")) if text else pq.dimensionless
