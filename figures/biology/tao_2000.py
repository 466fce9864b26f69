"""Spread of LTP in the nine-cell circuit, as Tao et al. 2000 show it."""

from __future__ import annotations

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure
from sbp_brian.figures.biology.spread_panels import draw_spread

__all__ = ["FIGURE"]

SHORT = {
    "LTP": "LTP",
    "NMDA receptors blocked": "NMDA\nblocked",
    "no postsynaptic spikes": "no post\nspikes",
    "pairing with a GABAergic target": "GABAergic\ntarget",
    "retrograde signal blocked": "signal\nblocked",
}
SHOWN = ("A->B", "I->A", "A->C", "A->G")


def draw(records):
    """Circuit, time courses, all positions, controls."""
    return draw_spread(latest(records, "tao-2000"), SHOWN, SHORT)


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "tao-2000")
    n = record.array("changes").shape[-1]
    return (
        f"Spread of LTP induced at A\u2192B (60 pairings at 1 Hz, post 10 ms after pre unless changed; n = {n} "
        "trials). a, The circuit: circles are glutamatergic, squares GABAergic cells; synapses by their mean "
        "change 20 to 30 min after pairing (thick: potentiated, thin: unchanged; numbers in %). b, EPSCs "
        "relative to baseline, mean and standard error; pairing shaded, time of measurement marked by the bar "
        "below. c, All positions: mean, SD and single trials. d, Induction (LTP) and its controls, mean and SD. "
        "Which synapses can take part is built into the model; the paper's percentages are not known to this "
        "project."
    )


FIGURE = Figure(
    name="tao-2000", title="Spread of LTP from one output synapse", caption=caption, needs=("tao-2000",), draw=draw
)
