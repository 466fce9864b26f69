"""A progress bar for runs."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def progress_bar(description: str = "running", *, console: Console | None = None):
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
    console = console or Console(file=sys.stderr)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task(description, total=1.0)

        def progress(fraction: float, elapsed_s: float) -> None:
            bar.update(task, completed=min(max(fraction, 0.0), 1.0))

        yield progress
