"""Draw the pictures of the README, for light and for dark pages: the mechanism, and what its example gives.

    python tools/pictures.py            # writes docs/pictures/

The example is the README's own block, run as it stands there; a test holds its numbers.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")

import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch

from sbp_brian.figures.style import BLUE, COLUMN, COLUMNS, ORANGE, VERMILION, house_style

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
#: Ground -> the colours of lines and text, of what carries less weight, and of the signal.
INKS = {"light": ("#222222", "#6B6B6B", VERMILION, BLUE), "dark": ("#E6E6E6", "#9A9A9A", ORANGE, "#56B4E9")}


def example() -> str:
    """The README's first block of Python."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]


def cell(ax, x: float, y: float, name: str, ink: str) -> None:
    """A neuron: a circle with its name."""
    ax.add_patch(Circle((x, y), 6, fill=False, edgecolor=ink, linewidth=1.4))
    ax.text(x, y, name, ha="center", va="center", color=ink, fontsize=10)


def axon(ax, start: tuple[float, float], end: tuple[float, float], ink: str, width: float = 1.4) -> None:
    """An axon with a synapse at its end."""
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color=ink, linewidth=width))


def mechanism(ink: str, soft: str, signal: str, change: str):
    """An output synapse changes, reports back along the axon, and the cell's input synapses change with it."""
    drawing = plt.figure(figsize=(COLUMNS / 25.4, 62 / 25.4), layout="none")
    ax = drawing.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 174), ylim=(0, 62), aspect="equal")
    ax.axis("off")
    inputs, soma, target = [(22, 46), (22, 20)], (74, 33), (152, 33)
    for (x, y), name in zip(inputs, ("A$_1$", "A$_2$"), strict=True):
        cell(ax, x, y, name, ink)
        end = (67.2, 35.6 if y > 33 else 30.4)
        axon(ax, (28, y - 1.5 if y > 33 else y + 1.5), end, signal, 2.2)
    cell(ax, *soma, "B", ink)
    cell(ax, *target, "C", ink)
    axon(ax, (80, 33), (145.5, 33), change, 2.8)
    back = {"arrowstyle": "-|>", "mutation_scale": 10, "color": signal, "linewidth": 1.4, "linestyle": (0, (3, 2))}
    ax.add_patch(FancyArrowPatch((143, 30), (80.5, 30.5), connectionstyle="arc3,rad=-0.12", **back))
    said = {"ha": "center", "fontsize": 8}
    ax.text(126, 41.5, "1 · activity changes an\noutput synapse by d$w$", color=change, va="bottom", **said)
    ax.text(112, 21.5, "2 · a report of d$w$ travels back along the axon", color=signal, va="top", **said)
    ax.text(112, 16.2, "how much: emission · when: transport", color=soft, va="top", **said)
    ax.text(50, 9.5, "3 · input synapses change with it", color=signal, va="top", **said)
    ax.text(50, 4.2, "which: $\\lambda_p$, gate · by how much: rate, $\\lambda_f$", color=soft, va="top", **said)
    return drawing


def weights(block: str, ink: str, soft: str, signal: str, change: str):
    """What the README's example plots."""
    plt.figure(figsize=(COLUMN / 25.4, 60 / 25.4), layout="constrained")
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        exec(compile(block, "README.md", "exec"), {"__name__": "example"})
    drawing = plt.gcf()
    (ax,) = drawing.axes
    for line, colour in zip(ax.lines, (signal, change), strict=True):
        line.set_color(colour)
    ax.legend()
    return drawing


def main() -> None:
    """Write every picture, on both grounds."""
    FOLDER.mkdir(exist_ok=True)
    block = example()
    for ground, inks in INKS.items():
        ink = inks[0]
        colours = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), ink)
        with house_style(), plt.rc_context({**colours, "savefig.transparent": True, "legend.labelcolor": ink}):
            for name, drawing in (("mechanism", mechanism(*inks)), ("example", weights(block, *inks))):
                drawing.savefig(FOLDER / f"{name}-{ground}.svg", metadata={"Date": None, "Creator": "sbp_brian"})
                plt.close(drawing)


if __name__ == "__main__":
    sys.exit(main())
