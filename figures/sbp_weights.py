"""How learning moves the weights, by how the hidden layer learned."""
from __future__ import annotations

import numpy as np

from sbp_brian.arms import by_arm, setting_words
from sbp_brian.figures._sbp import label, look
from sbp_brian.figures.base import BLACK, COLUMNS, Figure, label_panels, new

__all__ = ["FIGURE"]

KINDS = {"inputs": "input to hidden, $W_{ij}$", "outputs": "hidden to output, $W_{jk}$"}
ARMS = ("weighted/activity", "weighted", "change", "frozen")


def found(records) -> dict:
    """Arm -> one run on MNIST with the histograms of its weights, the least seed."""
    runs = by_arm(records, "mnist", "sbp_network")
    kept = {arm: [r for r in runs[arm] if "weights_inputs_edges" in r.array_info] for arm in ARMS if arm in runs}
    return {arm: same for arm, same in kept.items() if same}


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if found(records) else "mnist with model=sbp_network (sbp sweep mnist -s arm=own,change,frozen)"


def density(record, kind: str, when: str):
    """Share of the weights by unit of weight, NaN where there is none, and the edges."""
    edges, counts = record.array(f"weights_{kind}_edges"), record.array(f"weights_{kind}_{when}").astype(float)
    values = counts / counts.sum() / np.diff(edges)
    values[counts == 0] = np.nan
    return values, edges


def draw(records):
    """Left the input weights, right the output weights; the start in black, the end of each arm."""
    runs = found(records)
    drawing, axes = new(COLUMNS, 78, ncols=2)
    for ax, (kind, words) in zip(axes, KINDS.items(), strict=True):
        first = next(iter(runs.values()))[0]
        for arm, same in runs.items():
            style = look(arm)
            values, edges = density(same[0], kind, "after")
            ax.stairs(values, edges, color=style["color"], linestyle=style["linestyle"], linewidth=1.3,
                      label=f"after, {label(arm)}")
        values, edges = density(first, kind, "before")
        ax.stairs(values, edges, color=BLACK, linestyle=":", linewidth=1.0, label="before")
        ax.set(xlabel=f"weight, {words}", ylabel="density", yscale="log")
        shown = [abs(density(same[0], kind, "after")[1][np.flatnonzero(np.cumsum(c := same[0].array(
            f"weights_{kind}_after")) > q * c.sum())[0]]) for same in runs.values() for q in (0.0005, 0.9995)]
        ax.set_xlim(-1.2 * max(shown), 1.2 * max(shown))
        ax.locator_params(axis="x", nbins=6)
    drawing.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    label_panels(*axes)
    return drawing


def caption(records) -> str:
    """What is seen."""
    runs = found(records)
    same = next(iter(runs.values()))
    outside = "The axes hold 99.9 % of the weights of every arm. "
    return ("Weights of the network of real spikes on MNIST before and after learning (logarithmic density). " + outside
            + f"Seed {same[0].seed}; {'; '.join(f'{label(arm)}, {setting_words(s[:1])}' for arm, s in runs.items())}.")


FIGURE = Figure(name="sbp-weights", title="Weights before and after learning", caption=caption, needs=("mnist",),
                draw=draw, lacks=lacks)
