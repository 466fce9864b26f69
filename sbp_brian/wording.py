"""One wording for common refusals: an unknown name, a value that is none of a few, a number out of its range.

Each gives a text of one line that names the thing, what was given and what it may be; who refuses chooses the error.
`unknown_name` and `names_parameters` give the error, too.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, cast

from sbp_brian.errors import UnknownName, UnknownParameter

__all__ = ["instead", "names_parameters", "nearest", "number_in", "one_of", "unknown", "unknown_name"]

_LISTED = 20  # names that a message lists at most


def nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The known name that is most like the one given, or None where none is like it by `cutoff`, 0 to 1."""
    known = sorted(map(str, known))
    asked = str(name)
    for cased in (asked, asked.lower()):
        if near := difflib.get_close_matches(cased, known, n=1, cutoff=cutoff):
            return near[0]
    asked = asked.lower()
    return next((k for k in known if len(asked) > 1 and (k.startswith(asked) or asked in k)), None)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that does not exist, with the nearest known one and, where they are few, all.

    Parameters
    ----------
    kind : str
        What the name stands for, e.g. ``"protocol"``.
    name : str
        What was given.
    known : iterable of str
        The names that exist.

    Examples
    --------
    >>> unknown("target", "cp", ["cpp", "numpy"])
    "unknown target 'cp'; did you mean 'cpp'? Known: cpp, numpy"
    """
    return f"unknown {kind} {name!r}; {instead(name, known)}"


def instead(name: str, known: Iterable[str]) -> str:
    """What may be written in the place of an unknown name: the nearest known one and, where they are few, all."""
    known = sorted(map(str, known))
    near = nearest(name, known)
    hints = [f"did you mean {near!r}?"] if near else []
    if not known:
        hints.append("There are none")
    elif len(known) <= _LISTED:
        hints.append(f"Known: {', '.join(known)}")
    elif not near:
        hints.append(f"Known: {', '.join(known[:_LISTED])} and {len(known) - _LISTED} more")
    return " ".join(hints)


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for a name that does not exist, in the words of `unknown`."""
    return UnknownName(unknown(kind, name, known))


def one_of(name: str, value: Any, choices: Iterable[Any]) -> str:
    """The message for a value that is none of a few, with the nearest of them.

    Examples
    --------
    >>> one_of("draw", "events", ("fixed", "event"))
    "draw must be one of fixed, event, got 'events'; did you mean 'event'?"
    """
    choices = list(map(str, choices))
    near = nearest(value, choices) if isinstance(value, str) else None
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{name} must be one of {', '.join(choices)}, got {value!r}{hint}"


def number_in(name: str, value: Any, interval: str, *, whole: bool = False, unit: str = "") -> str | None:
    """The message for a value that is no number of an interval, or None where it is one.

    Parameters
    ----------
    name : str
    value : object
    interval : str
        As it is written: ``"[0, 1]"`` with both ends, ``"(0, 1]"`` without 0, ``"[1, inf)"`` for at least 1.
    whole : bool
        Whether it must be a whole number.
    unit : str
        The unit in which value and ends are given.

    Examples
    --------
    >>> number_in("lambda_p", 0.5, "(0, 1]")
    >>> number_in("lambda_p", 0, "(0, 1]")
    'lambda_p must be a number above 0 and at most 1, got 0'
    """
    least, most = (end.strip() for end in interval[1:-1].split(","))
    open_low, open_high = interval[0] == "(", interval[-1] == ")"
    if isinstance(value, Integral if whole else Real) and not isinstance(value, bool) and math.isfinite(value):
        number = float(value)
        above = number > float(least) if open_low else number >= float(least)
        below = number < float(most) if open_high else number <= float(most)
        if above and below:
            return None
    if most == "inf":
        allowed = f"above {least}" if open_low else f"of at least {least}"
    elif open_low:
        allowed = f"above {least} and {'below' if open_high else 'at most'} {most}"
    else:
        allowed = f"from {least} to {'below ' if open_high else ''}{most}"
    tail = f" {unit}" if unit else ""
    return f"{name} must be a {'whole ' if whole else ''}number {allowed}{tail}, got {value!r}{tail}"


def names_parameters[Made: Callable[..., Any]](made: Made) -> Made:
    """Decorator of a builder or class: a keyword it does not have is refused with the nearest one it has.

    Raises
    ------
    UnknownParameter
        When called with an unknown keyword; one line. It is a TypeError, too.
    """
    is_class = isinstance(made, type)
    function: Callable[..., Any] = cast(Any, made).__init__ if is_class else made
    known = [
        name
        for name, parameter in inspect.signature(made).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]

    @functools.wraps(function)
    def checked(*args, **given):
        for name in given:
            if name not in known:
                raise UnknownParameter(f"{made.__name__}: {unknown('parameter', name, known)}")
        return function(*args, **given)

    if not is_class:
        return cast(Made, checked)
    cast(Any, made).__init__ = checked
    return made
