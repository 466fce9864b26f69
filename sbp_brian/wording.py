"""One wording for common refusals: an unknown name, a value that is none of a few, a number out of its range.

Each gives a text of one line that names the thing, what was given and what it may be; who refuses chooses the error.
`unknown_name`, `names_parameters` and `takes_booleans` give the error, too.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, cast

from sbp_brian.errors import SettingError, UnknownName, UnknownParameter

__all__ = [
    "boolean",
    "instead",
    "names_parameters",
    "nearest",
    "number_in",
    "one_of",
    "takes_booleans",
    "unknown",
    "unknown_name",
]

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


def boolean(name: str, value: Any) -> str | None:
    """The message for a value that is neither True nor False, or None where it is one of them, numpy's included.

    Examples
    --------
    >>> boolean("cascade", False)
    >>> boolean("cascade", "no")
    "cascade must be True or False, got 'no'"
    """
    kind = type(value)
    if kind is bool or (kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_")):
        return None
    return f"{name} must be True or False, got {value!r}"


def takes_booleans[Made: Callable[..., Any]](made: Made) -> Made:
    """Decorator of a function or class: a parameter that is annotated ``bool`` takes True and False, nothing else.

    Raises
    ------
    SettingError
        When called with another value, such as a text, which would count as True; one line.
    """
    wanted = _booleans(made)
    function: Callable[..., Any] = cast(Any, made).__init__ if isinstance(made, type) else made

    @functools.wraps(function)
    def checked(*args, **given):
        _check_booleans(wanted, args, given)
        return function(*args, **given)

    if not isinstance(made, type):
        return cast(Made, checked)
    cast(Any, made).__init__ = checked
    return made


def _booleans(made: Callable[..., Any]) -> list[tuple[int, str, bool]]:
    """The parameters that are annotated ``bool``: their place, their name, and whether they may be None."""
    first = 1 if isinstance(made, type) else 0  # the object itself
    parameters = inspect.signature(made).parameters.values()
    annotated = [
        (k, p.name, str(getattr(p.annotation, "__name__", p.annotation))) for k, p in enumerate(parameters, first)
    ]
    return [(k, name, said != "bool") for k, name, said in annotated if said in ("bool", "bool | None")]


def _check_booleans(wanted: list[tuple[int, str, bool]], args: tuple, given: dict[str, Any]) -> None:
    for place, name, optional in wanted:
        if name in given or place < len(args):
            value = given[name] if name in given else args[place]
            if not (optional and value is None) and (refusal := boolean(name, value)):
                raise SettingError(refusal)


def names_parameters[Made: Callable[..., Any]](made: Made) -> Made:
    """Decorator of a builder or class: a keyword it does not have is refused with the nearest one it has.

    Parameters that are annotated ``bool`` take True and False alone, as with `takes_booleans`.

    Raises
    ------
    UnknownParameter
        When called with an unknown keyword; one line. It is a TypeError, too.
    SettingError
        When called with another value for True or False.
    """
    wanted = _booleans(made)
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
        _check_booleans(wanted, args, given)
        return function(*args, **given)

    if not is_class:
        return cast(Made, checked)
    cast(Any, made).__init__ = checked
    return made
