"""When a training has diverged: values that are not finite, or beyond what their type can carry.

A value is beyond that from 1/eps units on (4.5e15 in double, 8.4e6 in single precision): there neighbouring numbers of
the type lie a whole unit apart, so that a change which would alter an answer is rounded away. The unit of a
dimensionless variable is 1, for thresholds and full activities are about 1; that of a variable with a dimension is the
largest value with which it starts. A variable that starts beyond its unit has its start for one. What an optimiser
remembers is of gradients, which have no such unit: it has to be finite, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from brian2 import get_dimensions

__all__ = ["NO_UNIT", "unit_of", "what_is_lost", "why_lost"]

#: The unit of a variable that has only to be finite.
NO_UNIT = float("inf")


def unit_of(start) -> float:
    """What one unit of a variable is, given its values at the start (base units); see the head of this module."""
    values = np.asarray(start)
    top = float(np.abs(values).max()) if values.size and values.dtype.kind == "f" else 0.0
    if not np.isfinite(top):
        top = 0.0
    return max(top, 1.0) if get_dimensions(start).is_dimensionless else top or 1.0


def why_lost(values, unit: float = 1.0) -> str:
    """What is wrong with the values of one variable, in words; empty where they are as they should be.

    Parameters
    ----------
    values : array_like
        In base units; other types than floating ones are never lost.
    unit : float
        As `unit_of` gives it.
    """
    values = np.asarray(values)
    if values.dtype.kind != "f" or not values.size:
        return ""
    most = unit / np.finfo(values.dtype).eps
    low, high = float(values.min()), float(values.max())  # NaN where a value is
    if np.isfinite(low) and np.isfinite(high):
        top = max(high, -low)
        if top < most:
            return ""
        return f"reaches {top:.2g}, and from {most:.2g} on {values.dtype} rounds changes of {unit:.2g} away"
    count = int(np.count_nonzero(~np.isfinite(values)))
    return f"holds NaN or infinity ({count:,} of {values.size:,} values)"


def what_is_lost(arrays: Mapping[str, np.ndarray], units: Mapping[str, float]) -> dict[str, str]:
    """The variables that are lost, with what is wrong with each; empty where all is well.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        By name of the variable, in base units.
    units : mapping of str to float
        As `unit_of` gives them; 1 where there is none.
    """
    found = {name: why_lost(values, units.get(name, 1.0)) for name, values in arrays.items()}
    return {name: why for name, why in found.items() if why}
