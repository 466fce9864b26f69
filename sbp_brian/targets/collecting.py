"""Gathering the simulations that some code makes, instead of running them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["COLLECTED", "Collected", "collecting"]

#: The list that is being filled and the CUDA architectures asked for, within `collecting`.
COLLECTED: ContextVar[tuple[list, str | None] | None] = ContextVar("sbp_collected", default=None)


class Collected(BaseException):
    """Ends what runs within `collecting` where it needs a built network; not an error."""


@contextmanager
def collecting(arch: str | None = None) -> Iterator[list]:
    """Gather the simulations that some code makes, instead of running them: to build them, or to look at them.

    The code is left at its first run, or where it asks for what only a built network tells; gives the list of the
    `Simulation` objects made until then. Nothing is built.

    Parameters
    ----------
    arch : str, optional
        CUDA architectures for simulations that name none.

    Examples
    --------
    ::

        with collecting() as simulations:
            my_experiment()
        for simulation in simulations:
            simulation.build()
    """
    found: list = []
    token = COLLECTED.set((found, arch))
    try:
        yield found
    except Collected:
        pass
    finally:
        COLLECTED.reset(token)
