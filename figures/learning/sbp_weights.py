"""How learning moves the weights, by how the hidden layer learned and by the number of hidden layers."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, GREEN, VERMILION, label, look
from sbp_brian.report.learning import by_depth, by_learning, setting_words

__all__ = ["FIGURE"]

KINDS = {"inputs": "input to hidden, $W_{ij}$", "outputs": "hidden to output, $W_{jk}$"}
SHOWN = ("weighted/activity", "weighted", "change", "frozen")
#: Number of hidden layers -> colour, line.
DEPTHS = {1: (VERMILION, "-"), 2: (BLUE, "--"), 3: (GREEN, "-.")}


def found(records) -> dict:
    """Way of learning -> one run on MNIST with the histograms of its weights, the least seed."""
    runs = by_learning(records, "mnist", "sbp_network")
    kept = {name: [r for r in runs[name] if "weights_inputs_edges" in r.array_info] for name in SHOWN if name in runs}
    return {name: same for name, same in kept.items() if same}


def deeper(records) -> dict:
    """Number of hidden layers -> the run of the least seed, at one setting; empty where there is one depth only."""
    runs = by_depth(records, "mnist", "sbp_network", "weighted/activity")
    kept = {
        depth: same[:1]
        for depth, same in runs.items()
        if depth in DEPTHS and "weights_inputs_edges" in same[0].array_info
    }
    return kept if len(kept) > 1 else {}


def lacks(records) -> str:
    """What is lacking, in words."""
    return (
        ""
        if found(records)
        else "mnist with model=sbp_network (sbp sweep mnist -s learning=weighted/activity,change,frozen)"
    )


def density(record, kind: str, when: str):
    """Share of the weights by unit of weight, NaN where there is none, and the edges."""
    edges, counts = record.array(f"weights_{kind}_edges"), record.array(f"weights_{kind}_{when}").astype(float)
    values = counts / counts.sum() / np.diff(edges)
    values[counts == 0] = np.nan
    return values, edges


def draw(records):
    """Left the input weights, right the output weights; above by learning with the start in black, below by depth."""
    runs, depths = found(records), deeper(records)
    drawing, axes = new(COLUMNS, 78 + 66 * bool(depths), nrows=1 + bool(depths), ncols=2, squeeze=False)
    for ax, (kind, words) in zip(axes[0], KINDS.items(), strict=True):
        first = next(iter(runs.values()))[0]
        for name, same in runs.items():
            style = look(name)
            values, edges = density(same[0], kind, "after")
            ax.stairs(
                values,
                edges,
                color=style["color"],
                linestyle=style["linestyle"],
                linewidth=1.3,
                label=f"after, {label(name)}",
            )
        values, edges = density(first, kind, "before")
        ax.stairs(values, edges, color=BLACK, linestyle=":", linewidth=1.0, label="before")
        _finish(ax, words, kind, [same[0] for same in runs.values()])
    drawing.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    for ax, (kind, words) in zip(axes[-1], KINDS.items(), strict=True):
        for depth, (run,) in depths.items():
            colour, line = DEPTHS[depth]
            values, edges = density(run, kind, "after")
            ax.stairs(
                values,
                edges,
                color=colour,
                linestyle=line,
                linewidth=1.3,
                label=f"{depth} hidden layer{'s' * (depth > 1)}",
            )
        if depths:
            _finish(
                ax,
                words if kind == "outputs" else "input to first hidden, $W_{ij}$",
                kind,
                [run for (run,) in depths.values()],
            )
    if depths:
        axes[-1, 0].legend(loc="lower center")
    label_panels(*axes.ravel(), n=1)
    return drawing


def _finish(ax, words: str, kind: str, runs) -> None:
    """Labels, and axes that hold 99.9 % of the weights of every run."""
    ax.set(xlabel=f"weight, {words}", ylabel="density", yscale="log")
    shown = [
        abs(
            density(run, kind, "after")[1][
                np.flatnonzero(np.cumsum(c := run.array(f"weights_{kind}_after")) > q * c.sum())[0]
            ]
        )
        for run in runs
        for q in (0.0005, 0.9995)
    ]
    low, high = ax.get_ylim()
    if high < 30 * low:  # a density that hardly varies shows less than a decade, whose ticks nobody reads
        ax.set_ylim(low / 10, high * 10)
    ax.set_xlim(-1.2 * max(shown), 1.2 * max(shown))
    ax.locator_params(axis="x", nbins=6)


def caption(records) -> str:
    """What is seen."""
    runs, depths = found(records), deeper(records)
    same = next(iter(runs.values()))
    below = (
        ""
        if not depths
        else (
            " Below, after learning, by the number of hidden layers: "
            + "; ".join(f"{depth}, {setting_words(runs)}" for depth, runs in depths.items())
            + "."
        )
    )
    outside = "The axes hold 99.9 % of the weights of every network. "
    return (
        "Weights of the network of real spikes on MNIST before and after learning (logarithmic density). "
        + outside
        + f"Seed {same[0].seed}; {'; '.join(f'{label(name)}, {setting_words(s[:1])}' for name, s in runs.items())}."
        + below
    )


FIGURE = Figure(
    name="sbp-weights",
    title="Weights before and after learning",
    caption=caption,
    needs=("mnist",),
    draw=draw,
    lacks=lacks,
)
