"""To pandas: metrics of records, or spikes, states and weights, a row each."""

from __future__ import annotations

from typing import Any

import numpy as np

from sbp_brian.errors import ExportError
from sbp_brian.experiments import records
from sbp_brian.export.source import gathered, needed, record_of
from sbp_brian.kinds import KINDS
from sbp_brian.targets import Result
from sbp_brian.targets.recordings import Recordings
from sbp_brian.wording import unknown

__all__ = ["to_pandas"]

_WHAT = ("metrics", *KINDS)


def to_pandas(source: Any, what: str | None = None) -> Any:
    """A `pandas.DataFrame` in long form.

    Parameters
    ----------
    source : Result, Record, path of a record's folder, or a list of records
    what : {"metrics", "weights", "spikes", "states"}, optional
        By default the metrics of records.

    Returns
    -------
    pandas.DataFrame
        Metrics: a row each, with the run's parameters. Spikes: ``run, group, cell, t (s)``. States: ``run, object,
        variable, unit, index, t (s), value``. Weights: ``run, object, variable, unit, pre, post, value``; ``row`` and
        ``column`` in the place of cells where a network has whole arrays.

    Raises
    ------
    ExtraMissing
        pandas is not installed.
    ExportError, RecordError
        There is nothing to export, or metrics are asked of a result.
    """
    pandas = needed("pandas", "pandas")
    if what is not None and what not in _WHAT:
        raise ExportError(unknown("table", what, _WHAT))
    if isinstance(source, Result) and what in (None, "metrics"):
        raise ExportError("a Result has no metrics; ask for what='spikes', 'states' or 'weights'")
    if what in (None, "metrics"):
        several = source if isinstance(source, (list, tuple)) else [source]
        return records.to_dataframe([record_of(each) for each in several])
    rows = {"spikes": _spikes, "states": _states, "weights": _weights}[what]
    frames = [pandas.DataFrame(part) for run, found in gathered(source).runs.items() for part in rows(run, found)]
    if not frames:
        raise ExportError(f"there are no {what}; run it again with --keep {what}")
    return pandas.concat(frames, ignore_index=True)


def _spikes(run: str, found: Recordings) -> list[dict[str, Any]]:
    return [{"run": run, "group": s.object, "event": s.event, "cell": s.i, "t (s)": s.t} for s in found.spikes]


def _states(run: str, found: Recordings) -> list[dict[str, Any]]:
    return [
        {
            "run": run,
            "object": s.object,
            "variable": s.variable,
            "unit": s.unit,
            "index": np.repeat(s.indices, len(s.t)),
            "t (s)": np.tile(s.t, len(s.indices)),
            "value": s.values.ravel(),
        }
        for s in found.states
    ]


def _weights(run: str, found: Recordings) -> list[dict[str, Any]]:
    parts = []
    for w in found.weights:
        values = np.asarray(w.values)
        ends: dict[str, Any] = {}
        if w.i is not None:
            values, ends = np.broadcast_to(values, w.i.shape), {"pre": w.i, "post": w.j}
        elif values.ndim == 2:
            row, column = np.indices(values.shape)
            ends = {"row": row.ravel(), "column": column.ravel()}
        about = {"run": run, "object": w.object, "variable": w.variable, "unit": w.unit}
        parts.append({**about, **ends, "value": np.atleast_1d(values).ravel()})
    return parts
