"""Brian2's expressions as sympy has them."""

from __future__ import annotations

from typing import Any

from brian2.parsing.sympytools import str_to_sympy

__all__ = ["to_sympy"]


def to_sympy(expression: str) -> Any:
    """The expression for sympy; None where it cannot be read as one."""
    try:
        return str_to_sympy(expression)
    except Exception:  # sympy and Brian2's parser raise what they like
        return None
