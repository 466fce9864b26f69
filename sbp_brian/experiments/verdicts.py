"""One number beside the published one: its checks, and the verdict that follows from band and pattern."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sbp_brian.experiments.parameters import to_number

__all__ = ["PATTERNS", "band_of", "number", "verdict_of"]

PATTERNS = {"up": "increase", "down": "decrease", "none": "no change"}


def number(name: str, value: Any, unit: str) -> float | int | None:
    """A plain number in ``unit``; arrays, texts and truth values are refused."""
    if value is None:
        return None
    value = to_number(value, unit, name)
    if hasattr(value, "item"):
        if value.size != 1:
            raise TypeError(f"metric {name!r} must be a single number, not an array; keep arrays with context.array")
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"metric {name!r} must be a number, not {value!r}")
    return value


def band_of(name: str, band: Sequence | None, unit: str) -> list | None:
    """``[low, high]`` in ``unit``, None for an open end; an empty range is refused."""
    if band is None:
        return None
    low, high = (number(name, end, unit) for end in band)
    low, high = (None if end is None or math.isinf(end) else end for end in (low, high))
    if low is not None and high is not None and not low <= high:
        raise ValueError(f"{name}: the band {low} to {high} is empty; give (low, high)")
    return [low, high]


def verdict_of(row: dict[str, Any], pattern: str | None, tolerance: float, given: str | None) -> str:
    """The verdict that the band and the pattern give, or ``given`` where there is neither."""
    value, band = row["value"], row["band"]
    if band is None and pattern is None:
        if given not in (None, "pattern only", "no reference"):
            raise ValueError(
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
        raise ValueError(f"{row['name']}: the verdict {given!r} contradicts the band or pattern: {verdict!r}")
    return verdict
