"""One wording for unknown names: say what was given, suggest the nearest, list what there is."""
from __future__ import annotations

import difflib
from collections.abc import Iterable


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
