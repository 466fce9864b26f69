"""To Neurodata Without Borders: units with their spike times, time series, and weights as tables."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from sbp_brian.export.neo_blocks import regular_step
from sbp_brian.export.source import Source, gathered, needed, whole
from sbp_brian.targets.recordings import Spikes, States, Weights

__all__ = ["to_nwb"]


def to_nwb(source: Any, path: str | os.PathLike | None = None) -> Any:
    """A `pynwb.NWBFile` of a result or a record; every run begins at 0 s.

    Parameters
    ----------
    source : Result, Record or path of a record's folder
        A record must have been made with ``--keep``.
    path : path, optional
        Also write it there (``.nwb``).

    Returns
    -------
    pynwb.NWBFile
        ``units``: a row for each cell of each run, with its spike times (s), ``run``, ``group`` and ``cell``, silent
        cells as well; in ``acquisition`` a `TimeSeries` for each recorded variable; in the processing module
        ``weights`` a table for each kind of synapses, with ``pre``, ``post`` and ``weight``; in ``events`` what is no
        spike.

    Raises
    ------
    ExtraMissing
        pynwb is not installed.
    ExportError, RecordError
        There is nothing to export.
    """
    pynwb = needed("pynwb", "nwb")
    found = gathered(source)
    file = pynwb.NWBFile(
        session_description=_described(found),
        identifier=found.identifier,
        session_start_time=found.started,
        experiment_description="A simulation with Brian2 and sbp_brian; no animal was used.",
        keywords=["simulation", "self-backpropagation", "synaptic plasticity"],
        notes="; ".join(f"{name}: {text}" for name, text in found.about.items() if text),
        **({"related_publications": [f"doi:{found.doi}"]} if found.doi else {}),
    )
    spikes = [(run, each, recorded.duration) for run, recorded in found.runs.items() for each in recorded.spikes]
    _add_units(file, [part for part in spikes if part[1].event == "spike"])
    for run, each, _ in spikes:
        if each.event != "spike":
            _add_events(file, run, each)
    for run, recorded in found.runs.items():
        for states in recorded.states:
            file.add_acquisition(_series(run, states))
        for weights in recorded.weights:
            _module(file, "weights", "Weights of synapses at the end").add(_table(run, weights))
    if path is not None:
        with whole(path) as draft, pynwb.NWBHDF5IO(str(draft), "w") as writer:
            writer.write(file)
    return file


def _described(found: Source) -> str:
    protocol = found.about.get("protocol")
    return f"{found.title} ({protocol})" if protocol else found.title


def _add_units(file: Any, spikes: list[tuple[str, Spikes, float | None]]) -> None:
    if not spikes:
        return
    for name, text in (("run", "which run"), ("group", "the group of cells"), ("cell", "which of the group")):
        file.add_unit_column(name, text)
    for run, each, duration in spikes:
        last = max(duration or 0.0, float(each.t.max(initial=0.0)))
        order = np.argsort(each.i, kind="stable")
        ends = np.searchsorted(each.i[order], np.arange(each.cells + 1))
        for cell in range(each.cells):
            times = each.t[order[ends[cell] : ends[cell + 1]]]
            file.add_unit(
                spike_times=times, obs_intervals=np.array([[0.0, last]]), run=run, group=each.object, cell=cell
            )


def _add_events(file: Any, run: str, events: Spikes) -> None:
    from pynwb import TimeSeries

    series = TimeSeries(
        name=_name(f"{run} {events.object} {events.event}"),
        data=np.asarray(events.i),
        unit="n.a.",
        timestamps=np.asarray(events.t, float),
        description=f"the cells of {events.object} at which the event {events.event} took place",
    )
    _module(file, "events", "Events that are no spikes").add(series)


def _series(run: str, states: States) -> Any:
    from pynwb import TimeSeries

    step = regular_step(states)
    when = (
        {"timestamps": np.asarray(states.t, float)}
        if step is None
        else {"rate": 1.0 / step, "starting_time": float(states.t[0])}
    )
    return TimeSeries(
        name=_name(f"{run} {states.object}.{states.variable}"),
        data=np.ascontiguousarray(states.values.T),
        unit=states.unit or "n.a.",
        description=f"{states.variable} of {states.object}; columns are numbers {_numbers(states.indices)}",
        **when,
    )


def _table(run: str, weights: Weights) -> Any:
    from hdmf.common import DynamicTable, VectorData

    unit = weights.unit or "n.a."
    values = np.asarray(weights.values)
    columns = []
    if weights.i is not None:
        values = np.broadcast_to(values, weights.i.shape).copy()
        for name, cells, end in (("pre", weights.i, "presynaptic"), ("post", weights.j, "postsynaptic")):
            columns.append(VectorData(name=name, description=f"the {end} cell", data=np.asarray(cells)))
    columns.append(VectorData(name="weight", description=f"{weights.name}, in {unit}", data=np.atleast_1d(values)))
    return DynamicTable(
        name=_name(f"{run} {weights.name}"), description=f"{weights.name} at the end of {run}", columns=columns
    )


def _module(file: Any, name: str, text: str) -> Any:
    return file.processing[name] if name in file.processing else file.create_processing_module(name, text)


def _numbers(indices: np.ndarray) -> str:
    """The recorded ones in few words."""
    first, last = (int(indices[0]), int(indices[-1])) if len(indices) else (0, -1)
    if np.array_equal(indices, np.arange(first, last + 1)):
        return f"{first} to {last}"
    return ", ".join(map(str, indices))


def _name(text: str) -> str:
    """A name that NWB allows."""
    return re.sub(r"[/:]", "-", text)
