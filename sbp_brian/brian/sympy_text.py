"""Brian2's expressions as sympy has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from brian2.parsing.sympytools import str_to_sympy
from sympy import Symbol, sympify

__all__ = ["taken_names", "to_sympy"]


def to_sympy(expression: str) -> Any:
    """The expression for sympy; None where it cannot be read as one."""
    try:
        return str_to_sympy(expression)
    except Exception:  # sympy and Brian2's parser raise what they like
        return None


def taken_names(names: Iterable[str]) -> list[str]:
    """Those of some variables' names that sympy reads as functions or objects of its own, when it solves equations."""

    def is_free(name: str) -> bool:
        try:
            return isinstance(sympify(name), Symbol)
        except Exception:  # as above
            return False

    return [name for name in sorted(names) if not is_free(name)]
