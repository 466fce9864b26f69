"""A progress bar for runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from sbp_brian.progress import bars


@contextmanager
def progress_bar(
    description: str = "running", *, console: Console | None = None
) -> Iterator[Callable[[float, float], None]]:
    """Show a progress bar meanwhile; gives the function to hand to ``Simulation.run(progress=...)``.

    Parameters
    ----------
    description : str
    console : rich.console.Console, optional
        Standard error by default, so that results can be piped on.

    Examples
    --------
    ::

        with progress_bar("pairing") as progress:
            result = sim.run(progress=progress)
    """
    with bars(console or Console(file=sys.stderr)) as show:
        show(description, "", 0.0)
        yield lambda fraction, elapsed_s=None: show(description, "", fraction)
