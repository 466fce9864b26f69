"""Warnings on the command line: one line each, without the place in the code that gives it."""

from __future__ import annotations

import warnings

__all__ = ["one_line_warnings"]

_usual = warnings.formatwarning


def one_line_warnings() -> None:
    """Show warnings of this package by their text alone; those of others as they are."""
    warnings.formatwarning = _shown


def _shown(message, category, filename, lineno, line=None):
    if category.__module__.partition(".")[0] == "sbp_brian":
        return f"sbp: {' '.join(str(message).split())}\n"
    return _usual(message, category, filename, lineno, line)
