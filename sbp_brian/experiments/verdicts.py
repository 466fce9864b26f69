"""One number beside the published one: its checks, its spread, and the verdict that band and pattern give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sbp_brian.errors import ParameterError, SettingError
from sbp_brian.experiments.parameters import to_number

__all__ = ["PATTERNS", "SPREADS", "band_of", "number", "spread_of", "verdict_of"]

PATTERNS = {"up": "increase", "down": "decrease", "none": "no change"}
#: What a number after "±" may be: standard deviation over runs, standard error over the items of one run.
SPREADS = {"sd": "SD", "se": "SE"}


def number(name: str, value: Any, unit: str) -> float | int | None:
    """A plain number in ``unit``; arrays, texts and truth values are refused."""
    if value is None:
        return None
    value = to_number(value, unit, name)
    if hasattr(value, "item"):
        if value.size != 1:
            raise SettingError(f"metric {name!r} must be a single number, not an array; keep arrays with context.array")
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SettingError(f"metric {name!r} must be a number, not {value!r}")
    return value


def spread_of(name: str, deviation: Any, error: Any, unit: str) -> dict[str, Any]:
    """``{"spread": number in unit or None, "spread_kind": "sd", "se" or None}`` of one metric.

    Parameters
    ----------
    name, unit : str
        Of the metric.
    deviation, error : float, Quantity or None
        Standard deviation over runs; standard error over the items of one run.

    Raises
    ------
    ParameterError
        Where both are given.
    """
    if deviation is not None and error is not None:
        raise ParameterError(
            f"metric {name!r} has a spread (SD over runs) and a standard_error (over items); give the one that n counts"
        )
    given = deviation if error is None else error
    kind = None if given is None else "sd" if error is None else "se"
    return {"spread": number(name, given, unit), "spread_kind": kind}


def band_of(name: str, band: Sequence | None, unit: str) -> list | None:
    """``[low, high]`` in ``unit``, None for an open end; an empty range is refused."""
    if band is None:
        return None
    low, high = (number(name, end, unit) for end in band)
    low, high = (None if end is None or math.isinf(end) else end for end in (low, high))
    if low is not None and high is not None and not low <= high:
        raise SettingError(f"{name}: the band {low} to {high} is empty; give (low, high)")
    return [low, high]


def verdict_of(row: dict[str, Any], pattern: str | None, tolerance: float, given: str | None) -> str:
    """The verdict that the band and the pattern give, or ``given`` where there is neither."""
    value, band = row["value"], row["band"]
    if band is None and pattern is None:
        if given not in (None, "pattern only", "no reference"):
            raise SettingError(
                f"{row['name']}: without a band the verdict is 'pattern only' or 'no reference', not {given!r}"
            )
        return given or "no reference"
    known = value is not None and math.isfinite(value)
    low, high = band or (None, None)
    in_band = known and (low is None or value >= low) and (high is None or value <= high)
    agrees = known and (
        pattern is None
        or {"up": value > tolerance, "down": value < -tolerance, "none": abs(value) <= tolerance}[pattern]
    )
    verdict = "outside" if not (in_band and agrees) else "within" if band is not None else "pattern only"
    if given not in (None, verdict):
        raise SettingError(f"{row['name']}: the verdict {given!r} contradicts the band or pattern: {verdict!r}")
    return verdict
