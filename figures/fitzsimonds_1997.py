"""Spread of LTD in the nine-cell circuit, as Fitzsimonds et al. 1997 show it."""
from __future__ import annotations

import numpy as np

from sbp_brian.figures._biology import bars, circuit
from sbp_brian.figures.base import BLACK, BLUE, COLUMNS, GREEN, ORANGE, VERMILION, Figure, label_panels, new
from sbp_brian.figures.tao_2000 import draw_courses
from sbp_brian.records import latest

__all__ = ["FIGURE"]

SHORT = {"LTD": "LTD", "GABAergic target": "GABA\ntarget", "GABAergic input": "GABA\ninput",
         "NMDA receptors blocked": "NMDA\nblocked", "no postsynaptic spikes": "no post\nspikes",
         "LTD signal blocked": "no LTD\nsignal", "LTP signal blocked": "no LTP\nsignal",
         "postsynaptic-lateral arm off": "no post\narm"}
SHOWN = (("A->B", VERMILION, "o", "full"), ("I->A", BLUE, "s", "full"), ("A->C", GREEN, "^", "full"),
         ("D->B", ORANGE, "D", "none"))


def draw(records):
    """Circuit, time courses, all positions, controls."""
    record = latest(records, "fitzsimonds-1997")
    synapses = [str(name) for name in record.array("synapses")]
    conditions = [str(name) for name in record.array("conditions")]
    changes, minutes, course = record.array("changes"), record.array("minutes"), record.array("course")
    fig, ((top_left, top_right), (low_left, low_right)) = new(COLUMNS, 122, nrows=2, ncols=2, width_ratios=(1, 1.3))
    circuit(top_left, dict(zip(synapses, changes[0].mean(-1), strict=True)), "A->B")
    draw_courses(top_right, minutes, dict(zip(synapses, course, strict=True)))
    bars(low_left, list(changes[0]), [name.replace("->", "\u2192") for name in synapses])
    low_left.tick_params(axis="x", rotation=45)
    low_left.set_ylabel("EPSC change (%)")
    draw_controls(low_right, conditions, synapses, changes)
    label_panels(top_left, top_right, low_left, low_right)
    return fig


def draw_controls(ax, conditions, synapses, changes) -> None:
    """Change of four synapses under each condition: means with SD."""
    for shift, (name, colour, marker, fill) in enumerate(SHOWN):
        trials = 100 * changes[:, synapses.index(name)]
        spread = trials.std(-1, ddof=1) if trials.shape[1] > 1 else np.zeros(len(trials))
        places = np.arange(len(conditions)) + 0.2 * (shift - 1.5)
        ax.errorbar(places, trials.mean(-1), spread, color=colour, marker=marker, markersize=3.6, fillstyle=fill,
                    linestyle="none", elinewidth=0.8, capsize=1.5, label=name.replace("->", "\u2192"))
    ax.axhline(0, color=BLACK, linewidth=0.6)
    for edge in np.arange(len(conditions) - 1) + 0.5:
        ax.axvline(edge, ymax=0.9, color="#DDDDDD", linewidth=0.6, zorder=0)
    ax.set_xticks(range(len(conditions)), [SHORT.get(name, name) for name in conditions])
    ax.tick_params(axis="x", length=0)
    low, high = ax.get_ylim()
    ax.set(ylabel="EPSC change (%)", xlim=(-0.5, len(conditions) - 0.5), ylim=(low, high + 0.16 * (high - low)))
    ax.legend(ncols=4, loc="upper right", columnspacing=1.0, handletextpad=0.3, handlelength=1.2, borderpad=0)


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "fitzsimonds-1997")
    n = record.array("changes").shape[-1]
    return ("Spread of LTD induced at A\u2192B (60 pairings at 1 Hz, post 10 ms before pre unless changed, in place of "
            f"the paper's induction, which is not known in detail; n = {n} trials). a, The circuit: circles are "
            "glutamatergic, squares GABAergic cells; synapses by their mean change 20 to 30 min after pairing (thick "
            "and dashed: depressed, thin: unchanged; numbers in %). b, EPSCs relative to baseline, mean and standard "
            "error; pairing shaded, time of measurement marked by the bar below. c, All positions: mean, SD and single "
            "trials. d, Induction (LTD) and its controls, mean and SD: pairing of A with the GABAergic target G and "
            "with the GABAergic input J, receptors, spikes, the two retrograde signals, and the postsynaptic-lateral "
            "arm. Which synapses can take part is built into the model; the paper's percentages are not known to this "
            "project.")


FIGURE = Figure(name="fitzsimonds-1997", title="Spread of LTD from one output synapse", caption=caption,
                needs=("fitzsimonds-1997",), draw=draw)
