"""Trainings of many processes, whose networks differ in values alone, by one program that is made once.

The cells of a map over ``lambda_p`` and ``lambda_f`` differ in which synapses take part and by how much. What tells
that is data of the run, so that neither code nor program is made anew for a cell. Where all synapses take part, the
program still asks which do, once before each run, and then goes over whole rows as one that need not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["network", "one_program"]

_WANTED: ContextVar[bool] = ContextVar("sbp_one_program", default=False)


@contextmanager
def one_program() -> Iterator[None]:
    """Let trainings that are made within take the program that serves the most of those that differ from them."""
    token = _WANTED.set(True)
    try:
        yield
    finally:
        _WANTED.reset(token)


def network(model: Any, target: str) -> tuple[Callable, Mapping[str, Any]]:
    """What makes the network of a training, and the run arguments that make it this one.

    Parameters
    ----------
    model : TrialModel
    target : str
        Only C++ programs are compiled for many runs of many processes; on others it is the model's own.
    """
    if not _WANTED.get() or target != "cpp" or model.shared is None:
        return model.make, {}
    shared = model.shared.wider or model.shared
    return shared.make, dict(shared.own())
