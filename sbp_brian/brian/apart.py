"""Code of one cell that leaves those of other cells alone, and is computed alike by one and by vector instructions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sbp_brian.brian.kept_numbers import kept_at

__all__ = ["lies_apart"]

#: Functions that compute the same in vector instructions; of those of a library there are others for these.
_SAME = frozenset({"int_", "_brian_abs", "_clip", "if"})
_WRITTEN = re.compile(r"^\s*(\w+)\[\w+\]\s*[-+*/%|&^]?=(?!=)", re.MULTILINE)
_CALLED = re.compile(r"(\w+)\s*\(")


def lies_apart(code: str | Sequence[str]) -> bool:
    """Whether what the code writes at one cell is nowhere else in it, and nothing in it depends on how it is computed.

    A division is the exception that a compiler makes: in single precision it multiplies vectors by an estimate.

    Parameters
    ----------
    code : str or sequence of str
        C++ of one cell, which is number ``_idx``.
    """
    text = code if isinstance(code, str) else "\n".join(code)
    text = re.sub(r"//.*|/\*.*?\*/", "", text)
    written = set(_WRITTEN.findall(text))
    return (
        bool(written)
        and "/" not in text
        and written <= {kept.array for kept in kept_at(text, "_idx")}
        and _SAME.issuperset(_CALLED.findall(text))
    )
