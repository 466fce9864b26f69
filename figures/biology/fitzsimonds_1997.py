"""Spread of LTD in the nine-cell circuit, as Fitzsimonds et al. 1997 show it."""

from __future__ import annotations

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure
from sbp_brian.figures.biology.spread_panels import draw_spread

__all__ = ["FIGURE"]

SHORT = {
    "LTD": "LTD",
    "GABAergic target": "GABA\ntarget",
    "GABAergic input": "GABA\ninput",
    "NMDA receptors blocked": "NMDA\nblocked",
    "no postsynaptic spikes": "no post\nspikes",
    "LTD signal blocked": "no LTD\nsignal",
    "LTP signal blocked": "no LTP\nsignal",
    "postsynaptic-lateral arm off": "no post\narm",
}
SHOWN = ("A->B", "I->A", "A->C", "D->B")


def draw(records):
    """Circuit, time courses, all positions, controls."""
    return draw_spread(latest(records, "fitzsimonds-1997"), SHOWN, SHORT, width_ratios=(1, 1.3))


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "fitzsimonds-1997")
    n = record.array("changes").shape[-1]
    return (
        "Spread of LTD induced at A\u2192B (60 pairings at 1 Hz, post 10 ms before pre unless changed, in place of "
        f"the paper's induction, which is not known in detail; n = {n} trials). a, The circuit: circles are "
        "glutamatergic, squares GABAergic cells; synapses by their mean change 20 to 30 min after pairing (thick "
        "and dashed: depressed, thin: unchanged; numbers in %). b, EPSCs relative to baseline, mean and standard "
        "error; pairing shaded, time of measurement marked by the bar below. c, All positions: mean, SD and single "
        "trials. d, Induction (LTD) and its controls, mean and SD: pairing of A with the GABAergic target G and "
        "with the GABAergic input J, receptors, spikes, the two retrograde signals, and the postsynaptic-lateral "
        "arm. Which synapses can take part is built into the model; the paper's percentages are not known to this "
        "project."
    )


FIGURE = Figure(
    name="fitzsimonds-1997",
    title="Spread of LTD from one output synapse",
    caption=caption,
    needs=("fitzsimonds-1997",),
    draw=draw,
)
