"""What a figure is, how it is made and how it is saved; its looks are in `sbp_brian.figures.style`.

A module of the rooms biology and learning that defines ``FIGURE`` is a figure, and is named after it (``stdp-window``
lives in stdp_window.py)::

    def draw(records):                        # the records of the protocols it needs, newest first
        record = latest(records, "bi-poo-1998")
        fig, ax = new(COLUMN, 60)             # millimetres
        ax.plot(record.array("interval_ms"), record.array("change"))
        return fig

    FIGURE = Figure(name="stdp-window", title="...", caption="...", needs=("bi-poo-1998",), draw=draw)

Figures read records and nothing else; they never run a model. Those of `sbp_brian.figures.results` read committed
results of recipes in the place of records.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing

from sbp_brian.experiments.records import Record
from sbp_brian.figures.style import COLUMN, SOFT, house_style

__all__ = [
    "FORMATS",
    "Count",
    "Figure",
    "Picture",
    "counted",
    "label_panels",
    "means",
    "new",
    "save",
    "svg",
    "without_empty",
]

FORMATS = ("svg", "pdf", "png")
#: How many trials, or seeds, a panel shows; a collection where its lines differ.
Count = int | Collection[int] | None


class Picture(NamedTuple):
    """A figure as the report page shows it: its SVG text, its caption, its width, and how many panels have no data."""

    svg: str
    caption: str
    width_mm: float
    panels: int
    empty: int


@dataclass(frozen=True)
class Figure:
    """A figure that can be drawn again from records.

    Attributes
    ----------
    name : str
        As a user types it; the file's name with hyphens.
    title : str
        A few words.
    caption : str or callable
        What is seen, or ``caption(records)`` giving that text.
    needs : tuple of str
        Protocols without whose records it cannot be drawn; empty: any of `uses` will do.
    draw : callable
        ``draw(records)`` gives a matplotlib Figure; records of the needed protocols, newest first.
    uses : tuple of str
        Further protocols whose records are given where there are any.
    page : bool
        Whether the report page shows it; a table drawn as a picture would repeat the tables of the page.
    lacks : callable, optional
        ``lacks(records)`` says in words which records of these protocols it cannot do without; empty: none.
    """

    name: str
    title: str
    caption: str | Callable[[Sequence[Record]], str]
    needs: tuple[str, ...]
    draw: Callable[[Sequence[Record]], Drawing]
    uses: tuple[str, ...] = ()
    lacks: Callable[[Sequence[Record]], str] | None = None
    page: bool = True

    @property
    def from_records(self) -> bool:
        """Whether it is drawn from records, as all are but `sbp_brian.figures.results.ResultFigure`."""
        return True

    def reading(self, find: Callable[[str], Any]) -> Figure:
        """The figure as it can be drawn where ``find(name)`` gives a recipe and its result."""
        return self

    def missing(self, records: Sequence[Record]) -> list[str]:
        """The protocols that it needs and of which there is no record, or what it lacks in words."""
        have = {record.protocol for record in records}
        if not self.needs:
            missing = [] if have & set(self.uses) else list(self.uses[:1])
        else:
            missing = [name for name in self.needs if name not in have]
        words = self.lacks([] if missing else self._own(records)) if self.lacks else ""
        return [words] if words else missing

    def _own(self, records: Sequence[Record]) -> Any:
        """What it is drawn from, newest first."""
        own = [record for record in records if record.protocol in (*self.needs, *self.uses)]
        return sorted(own, key=lambda record: record.started, reverse=True)

    def once(self) -> Figure:
        """The figure as one that draws the same records one time, however often it is asked to."""
        drawn: dict[tuple[int, ...], tuple[Sequence[Record], Drawing]] = {}

        def draw(records: Sequence[Record]) -> Drawing:
            key = tuple(map(id, records))
            if key not in drawn:
                drawn[key] = records, self.draw(records)  # which are kept, so that no other gets their ids
            return drawn[key][1]

        return replace(self, draw=draw)

    def make(self, records: Sequence[Record]) -> tuple[Drawing, str]:
        """The drawing and its caption, in the house style."""
        own = self._own(records)
        with house_style():
            drawing = self.draw(own)
            drawing.canvas.draw()
        return drawing, self.caption if isinstance(self.caption, str) else self.caption(own)

    def picture(self, records: Sequence[Record]) -> Picture:
        """The figure as the report page shows it."""
        drawing, caption = self.make(records)
        empty = sum(ax.axison and not ax.has_data() for ax in drawing.axes)
        return Picture(svg(drawing), caption, drawing.get_size_inches()[0] * 25.4, len(drawing.axes), empty)

    def save(self, records: Sequence[Record], folder: str | os.PathLike) -> list[Path]:
        """Draw it into ``folder`` as SVG, PDF and PNG, named after it; gives their paths."""
        return save(self.make(records)[0], folder, self.name)


def new(width_mm: float = COLUMN, height_mm: float = 60.0, **subplots):
    """A matplotlib figure of this size in millimetres, with subplots: ``fig, axes``.  It needs no display."""
    drawing = Drawing(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")
    FigureCanvasAgg(drawing)
    return drawing, drawing.subplots(**subplots)


def label_panels(*axes, start: str = "a", n: int | Sequence[Count] | Mapping[Any, Count] | None = None) -> None:
    """Letters a, b, c ... at the upper left corner of the panels, and the number of trials at the upper right.

    Parameters
    ----------
    *axes : matplotlib Axes
        A single one has no letter.
    start : str
        The first letter.
    n : int, or sequence or mapping of (int, collection of int or None), optional
        Of all panels, of each, or by panel; a collection where numbers differ within the panel, None where it is a
        diagram. A panel's own title makes room for both.
    """
    if isinstance(n, Mapping):
        numbers: list[Count] = [n.get(ax) for ax in axes]
    else:
        numbers = [n] * len(axes) if n is None or isinstance(n, int) else list(n)
    for k, (ax, number) in enumerate(zip(axes, numbers, strict=True)):
        if len(axes) > 1:
            ax.set_title(chr(ord(start) + k), loc="left", fontweight="bold", fontsize=9)
        if told := counted(number):
            ax.set_title(told, loc="right", fontsize=7, color=SOFT)
            if title := ax.get_title():
                ax.set_title(f"{title}\n")


def counted(number: Count) -> str:
    """``n = 3``, or ``n = 3 to 5`` of a collection; empty where there is none."""
    if number is None:
        return ""
    found = [number] if isinstance(number, int) else sorted({int(each) for each in number})
    ends = dict.fromkeys((found[0], found[-1])) if found else ()
    return f"n = {' to '.join(f'{end:,}' for end in ends)}" if ends else ""


def without_empty(axes) -> list:
    """Remove the panels of a grid in which nothing is drawn; gives the others, row by row."""
    kept = []
    for ax in np.ravel(axes):
        if ax.has_data():
            kept.append(ax)
        else:
            ax.remove()
    return kept


def means(ax, x, mean, sd, look: tuple[str, str, str], label: str | None, *, size: float, width: float, **more) -> None:
    """Points with their standard deviations; `look` is colour, marker and fill, `width` that of the bars."""
    colour, marker, fill = look
    ax.errorbar(
        x,
        mean,
        sd,
        color=colour,
        marker=marker,
        markersize=size,
        fillstyle=fill,
        linestyle="none",
        elinewidth=width,
        label=label,
        **more,
    )


def svg(drawing: Drawing) -> str:
    """The drawing as SVG text with text kept as text; the same drawing gives the same text."""
    buffer = io.BytesIO()
    with house_style():
        drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "sbp_brian"})
    text = buffer.getvalue().decode()
    return text[text.index("<svg") :]


def save(drawing: Drawing, folder: str | os.PathLike, name: str) -> list[Path]:
    """Write ``name``.svg, .pdf and .png (300 dpi) into ``folder``; gives their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    paths = []
    with house_style():
        for kind in FORMATS:
            paths.append(folder / f"{name}.{kind}")
            drawing.savefig(paths[-1], format=kind, metadata=dates[kind])
    return paths
