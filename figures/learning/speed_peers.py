"""What a training sample of the flagship costs here, in C written by hand, in PyTorch and in plain Brian2."""

from __future__ import annotations

from sbp_brian.figures.base import new
from sbp_brian.figures.results import Found, ResultFigure
from sbp_brian.figures.style import BLACK, COLUMN, VERMILION

__all__ = ["FIGURE", "draw"]

RECIPE = "speed-peers"
OURS = "sbp_brian"


def draw(found: Found):
    """A point a program, the fastest on top; a logarithmic axis, since they are decades apart."""
    spent = {name: cell["microseconds"].mean for name, cell in found[RECIPE].result.cells.items()}
    names = sorted(spent, key=spent.__getitem__, reverse=True)
    drawing, ax = new(COLUMN, 10 + 6.5 * len(names))
    for place, name in enumerate(names):
        ax.plot(spent[name], place, "o", markersize=6, color=VERMILION if name.startswith(OURS) else BLACK)
        digits = 1 if spent[name] < 100 else 0
        ax.annotate(f"   {spent[name]:,.{digits}f}", (spent[name], place), va="center")
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_xscale("log")
    ax.set(
        xlabel="processor time of a training sample (\u00b5s)", xlim=(min(spent.values()) / 2, 10 * max(spent.values()))
    )
    return drawing


def caption(found: Found) -> str:
    """What is seen, and what each program has in common with the others."""
    right = {name: cell["right"].mean for name, cell in found[RECIPE].result.cells.items()}
    return (
        "784-500-10 cells on MNIST, 20 steps a sample, learning; the best of several repeats that took turns, one "
        "core. C: written by hand for this network. Right answers while learning: "
        + "; ".join(f"{name} {100 * share:.1f} %" for name, share in right.items())
        + ". Plain Brian2 learned fewer images, so it is right less often; PyTorch with 128 at a time changes weights "
        "once for all of them, at rates that were chosen for one at a time."
    )


FIGURE = ResultFigure(
    name="speed-peers",
    title="The flagship beside other programs for the same network",
    caption=caption,
    needs=(),
    draw=draw,
    recipes=(RECIPE,),
)
