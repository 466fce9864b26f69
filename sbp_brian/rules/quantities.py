"""Checks of the parameters of rules and neurons: each returns its value or names the parameter and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import get_dimensions, get_unit, have_same_dimensions, second
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension

from sbp_brian import wording
from sbp_brian.brian.language import unit_text
from sbp_brian.errors import RuleError

__all__ = ["bounds", "duration", "one_of", "positive", "scalar", "share", "unit_text"]


def scalar(name: str, value: Any, like: Any = 1) -> Any:
    """One finite value with the dimension of `like`; truth values are no numbers."""
    try:
        fits = (
            not isinstance(value, (bool, np.bool_))
            and np.ndim(value) == 0
            and have_same_dimensions(value, like)
            and bool(np.isfinite(float(value)))
        )
    except (TypeError, ValueError):
        fits = False
    if not fits:
        dimension = _dimension(like)
        what = "a plain number" if dimension.is_dimensionless else f"a quantity in {get_unit(dimension)!r}"
        raise RuleError(f"{name} = {value} must be {what}, one and finite")
    return value


def _dimension(value: Any) -> Dimension:
    """The dimension of a value; none where it is no quantity at all."""
    try:
        return get_dimensions(value)
    except TypeError:
        return DIMENSIONLESS


def positive(name: str, value: Any, like: Any = 1) -> Any:
    """One value above zero."""
    if not float(scalar(name, value, like)) > 0:
        raise RuleError(f"{name} = {value} must be positive")
    return value


def duration(name: str, value: Any) -> Any:
    """One time above zero."""
    return positive(name, value, second)


def share(name: str, value: Any) -> Any:
    """One number above 0 and at most 1."""
    if not 0 < float(scalar(name, value)) <= 1:
        raise RuleError(f"{name} = {value} must lie above 0 and at most at 1")
    return value


def bounds(w_min: Any, w_max: Any) -> tuple[Any, Any]:
    """Both bounds of a weight, of one dimension and in order; a plain 0 as `w_min` takes the unit of `w_max`."""
    scalar("w_max", w_max, w_max)
    if np.ndim(w_min) == 0 and _dimension(w_min).is_dimensionless and w_min == 0:
        w_min = 0.0 * get_unit(get_dimensions(w_max))
    scalar("w_min", w_min, w_max)
    if not float(w_min) < float(w_max):
        raise RuleError(f"w_min = {w_min} must be below w_max = {w_max}")
    return w_min, w_max


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in choices:
        raise RuleError(wording.one_of(name, value, choices))
    return value
