"""How the cost of a training sample grows with the hidden layer, and what a share of the synapses saves."""

from __future__ import annotations

import re

import numpy as np

from sbp_brian.figures.base import label_panels, new, without_empty
from sbp_brian.figures.results import Found, ResultFigure
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, GREEN, GREY, VERMILION

__all__ = ["FIGURE", "growth", "shares"]

GROWTH, SHARES = "speed-growth", "speed-lambda-p"
_SHARE = re.compile(r"lambda_p=([0-9.]+), alike=(\d+)")


def growth(found: Found) -> list[tuple[int, float]]:
    """Hidden cells, and microseconds a sample."""
    cells = found[GROWTH].result.cells if GROWTH in found else {}
    sizes = [(int(name.split()[0]), cell) for name, cell in cells.items() if name.split()[0].isdigit()]
    return sorted((size, cell["microseconds"].mean) for size, cell in sizes)


def shares(found: Found) -> dict[int, list[tuple[float, float, float]]]:
    """alike -> lambda_p, time of the learning pass and weights that it visits, both beside those of all synapses."""
    cells = found[SHARES].result.cells if SHARES in found else {}
    points = [(_SHARE.fullmatch(name), cell) for name, cell in cells.items()]
    told = [(float(m[1]), int(m[2]), cell) for m, cell in points if m]
    every = max((cell["visits"].mean for _, _, cell in told), default=1.0)
    by_kind: dict[int, list[tuple[float, float, float]]] = {}
    for share, alike, cell in sorted(told, key=lambda point: point[:2]):
        for kind in {alike} if share < 1 else {a for _, a, _ in told}:
            point = share, cell["learning_share"].mean, cell["visits"].mean / every
            by_kind.setdefault(kind, []).append(point)
    return by_kind


def draw(found: Found):
    """Time over the number of hidden cells; time and visits of the learning pass over lambda_p."""
    drawing, (left, right) = new(COLUMNS, 62, ncols=2)
    if sizes := growth(found):
        cells, spent = (np.array(values, dtype=float) for values in zip(*sizes, strict=True))
        left.plot(cells, spent, color=VERMILION, marker="o", label="measured")
        left.plot(cells, spent[0] * cells / cells[0], color=GREY, linestyle="--", label="in proportion")
        left.set(xscale="log", yscale="log", xlabel="hidden cells", ylabel="time of a training sample (\u00b5s)")
        left.set_xticks(cells, [f"{n:,.0f}" for n in cells], minor=False)
        marks = [n for n in (10, 20, 50, 100, 200, 500, 1000, 2000) if spent.min() / 1.5 < n < 1.5 * spent.max()]
        left.set_yticks(marks, [f"{n:,}" for n in marks])
        left.minorticks_off()
        left.legend()
    looks = {1: (BLUE, "v", "each cell its own subset"), 16: (VERMILION, "o", "16 cells share one")}
    looks[500] = GREEN, "s", "all 500 share one"
    kinds = shares(found)
    for alike, points in kinds.items():
        colour, marker, text = looks.get(alike, (BLACK, "s", f"{alike} cells share one"))
        at, time, _ = zip(*points, strict=True)
        right.plot(at, time, color=colour, marker=marker, label=f"time, {text}")
    if kinds:
        at, _, visits = zip(*kinds[min(kinds)], strict=True)
        right.plot(at, visits, color=BLACK, linestyle=":", label="weights visited (counted)")
        right.axhline(0, color=GREY, linewidth=0.5)
        right.set(xscale="log", xlabel="share of input synapses that take part, lambda_p")
        right.set_ylabel("learning pass, beside that of all")
        right.set_ylim(top=1.6 * max(time for points in kinds.values() for _, time, _ in points))  # room for the legend
        right.legend()
    label_panels(*without_empty([left, right]))
    return drawing


FIGURE = ResultFigure(
    name="speed",
    title="Cost over the size of the network and the share of its synapses that learn",
    caption="a, processor time of a training sample of 784-N-10 cells, single precision, the best of several repeats. "
    "b, the pass in which input synapses learn, by the time that is left when that with one input of all cells is "
    "taken off, beside that of all synapses; dotted: the weights that the rule has to visit. Differences of less than "
    "a microsecond are not told apart, so the smallest may be below zero.",
    needs=(),
    draw=draw,
    recipes=(GROWTH, SHARES),
)
