"""What figures of a score over two swept parameters share."""

from __future__ import annotations

import numpy as np

from sbp_brian.report.together import value

__all__ = ["along", "rank"]


def rank(record) -> tuple[int, str]:
    """The runs that a sweep holds, then when it was started: what decides among sweeps."""
    return int((record.array("runs") != "").sum()), record.started


def along(record, name: str, axes) -> np.ndarray:
    """One array of a sweep over the parameters `axes`, in this order, and then over seeds; other axes averaged."""
    values, names = record.array(name), value(record, "swept parameters")
    order = [*(names.index(axis) for axis in axes), values.ndim - 1]
    others = [k for k in range(values.ndim) if k not in order]
    return (
        np.moveaxis(values, [*order, *others], range(values.ndim))
        .reshape(*(values.shape[k] for k in order), -1)
        .mean(-1)
    )
