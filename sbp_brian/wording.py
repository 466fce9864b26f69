"""One wording for unknown names: say what was given, suggest the nearest, list what there is."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, cast


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The one-line message for a name that does not exist, with the nearest known name.

    Parameters
    ----------
    kind : str
        What the name stands for, e.g. ``"protocol"``.
    name : str
        What was given.
    known : iterable of str
        The names that exist.
    """
    known = sorted(known)
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    if not near:
        near = [k for k in known if len(name) > 1 and (k.startswith(name.lower()) or name.lower() in k)][:1]
    hint = f"did you mean {near[0]!r}? " if near else ""
    listing = f"Known: {', '.join(known)}" if known else "There are none"
    return f"unknown {kind} {name!r}; {hint}{listing}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The remedy for an unknown name: the nearest known one, or a list of them where they are few."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    if len(known) <= 12:
        return "known are " + ", ".join(known) if known else "none is known"
    return f"known are {', '.join(known[:12])} and {len(known) - 12} more"


def names_parameters[Made: Callable[..., Any]](made: Made) -> Made:
    """Decorator of a builder or class: a keyword it does not have is refused with the nearest one it has.

    Raises
    ------
    TypeError
        When called with an unknown keyword; one line.
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
                raise TypeError(f"{made.__name__}: {unknown('parameter', name, known)}")
        return function(*args, **given)

    if not is_class:
        return cast(Made, checked)
    cast(Any, made).__init__ = checked
    return made
