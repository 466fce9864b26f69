"""Bars that show how far runs are: one display for single runs, for several at once and for a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ENDED", "bars"]

#: Descriptions by which a run is told to have ended.
ENDED = ("done", "failed")


@contextmanager
def bars(
    screen: Console, *, count: int | None = None, transient: bool = False, redirect: bool = False
) -> Iterator[Callable[[str, str, float], None]]:
    """Show a bar for each run meanwhile; gives ``show(name, description, fraction)``.

    Parameters
    ----------
    screen : rich.console.Console
    count : int, optional
        How many runs there will be: a bar of all of them is shown, too, and bars of those that have ended go.
    transient : bool
        The bars go at the end.
    redirect : bool
        What is printed meanwhile appears above the bars.
    """
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    shown = Progress(
        TextColumn("{task.description}", markup=False),
        *columns,
        console=screen,
        transient=transient,
        redirect_stdout=redirect,
        redirect_stderr=redirect,
    )
    tasks: dict = {}
    ended = 0

    def show(name: str, description: str, fraction: float) -> None:
        nonlocal ended
        if count is not None and description in ENDED:
            ended += 1
            if name in tasks:
                shown.remove_task(tasks.pop(name))
            shown.update(whole, completed=ended / count, description=f"{ended} of {count} runs")
            return
        label = f"{name}: {description}" if description else name
        if name not in tasks:
            tasks[name] = shown.add_task(label, total=1.0)
        shown.update(tasks[name], description=label, completed=min(max(float(fraction), 0.0), 1.0))

    with shown:
        whole = None if count is None else shown.add_task(f"0 of {count} runs", total=1.0)
        yield show
