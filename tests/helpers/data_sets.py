"""Data sets that a test needs whole, and no package ships."""

from __future__ import annotations

import pytest

from sbp_brian import datasets

__all__ = ["need"]


def need(*names: str) -> None:
    """Skip the test, with the name and the command that gets it, where one of these data sets is not here."""
    places = {name: (where, remedy) for name, where, remedy in datasets.available()}
    for name in names:
        where, remedy = places[name]
        if where is None:
            pytest.skip(f"{name} is not on this machine; get it by {remedy}")
