"""Sweeps over parameters as figures read them: which one is shown, its axes, and one array over some of its axes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from sbp_brian.experiments.records import Record
from sbp_brian.report.together import value

__all__ = ["along", "axis", "has_axes", "rank", "seeds_of"]

#: What a swept parameter was called in sweeps that are older than its name.
_EARLIER = {"learning": "arm", "learning_share": "share"}


def _called(record: Record, name: str) -> str:
    """What a parameter is called in this sweep."""
    earlier = _EARLIER.get(name, name)
    return earlier if f"axis_{name}" not in record.array_info and f"axis_{earlier}" in record.array_info else name


def has_axes(record: Record, names: Collection[str]) -> bool:
    """Whether a record is a sweep over these parameters, and maybe others."""
    return record.protocol == "sweep" and all(f"axis_{_called(record, name)}" in record.array_info for name in names)


def axis(record: Record, name: str) -> np.ndarray:
    """The values of a swept parameter."""
    return record.array(f"axis_{_called(record, name)}")


def rank(record: Record) -> tuple[int, str]:
    """The runs that a sweep holds, then when it was started: what decides among sweeps."""
    return int((record.array("runs") != "").sum()), record.started


def seeds_of(values: np.ndarray) -> set[int]:
    """How many runs there are at each place that has any; the last axis of `values` is that of the seeds."""
    return set(np.isfinite(values).sum(-1).ravel().tolist()) - {0}


def along(record: Record, name: str, axes: Sequence[str]) -> np.ndarray:
    """One array of a sweep over the parameters `axes`, in this order, and then over seeds; other axes averaged."""
    values, names = record.array(name), value(record, "swept parameters")
    order = [*(names.index(_called(record, swept)) for swept in axes), values.ndim - 1]
    others = [k for k in range(values.ndim) if k not in order]
    return (
        np.moveaxis(values, [*order, *others], range(values.ndim))
        .reshape(*(values.shape[k] for k in order), -1)
        .mean(-1)
    )
