"""The 20 ms window of retinotectal inputs: which of two convergent inputs is strengthened, and which weakened.

Zhang, Tao, Holt, Harris & Poo 1998, Nature 395:37-44, doi:10.1038/25665: in developing Xenopus tectal cells in vivo,
inputs active repeatedly within 20 ms before the cell fires are potentiated, and *subthreshold* inputs active within
20 ms after it are depressed. A later table of the window gives potentiation for 0 to 40 ms, depression for 0 to -20 ms.
The percentages are not known to this project: what is compared is the pattern.

As there, the cell's spike is not made by a current pulse: a strong retinal input R drives it to threshold, and a weak
one W, which never does so alone, is active some time before or after. That the depressed input is subthreshold matters:
a strong one in its place fires the cell anew and is potentiated (a condition here). 100 pairings at 1 Hz (unverified,
med).

Built in: the form of the window, chosen such that a tenth of its peak is left at the two ends of the later table, and
its height (50 % to either side, a choice); NMDA receptors and glutamatergic cells needed as in culture. Not built in:
which input makes the cell fire, and so what becomes of it.
"""

from __future__ import annotations

import numpy as np
from brian2 import ms

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.circuits.membranes import RELAY
from sbp_brian.models.circuits.relays import STRONG, TECTUM, WEAK, tectal_sbp, tectal_stdp
from sbp_brian.protocols.biology.experiment import Condition, Experiment
from sbp_brian.protocols.biology.reporting import PAIRING, TABLE_COLUMNS, report_change, timeline
from sbp_brian.protocols.biology.stdp_window import fit_side, label

__all__ = ["LATENCY", "PROTOCOL", "conditions", "inputs"]

READ = "read: abstract; percentage not known"
TABLE = "read: later table (0 to 40 ms, 0 to -20 ms)"
OWN = "control of the model"
INTERVALS = tuple(sign * dt for sign in (-1, 1) for dt in (2.5, 5, 10, 15, 20, 30, 40, 60, 80))
#: From the strong input to the spike of the tectal cell (a choice).
LATENCY = 2 * ms
STRENGTHS = {"R->T": STRONG, "W->T": WEAK, "N->T": WEAK}
BLOCKED = "retrograde signal blocked"
#: control -> (condition's arguments, what is expected of W->T at +10 and at -10 ms)
CONTROLS = {
    "spikes of T prevented": ({"cells": {"excitable": {"T": False}}}, "none", "none"),
    "NMDA receptors blocked": ({"nmda": 0.0}, "none", "none"),
    "T GABAergic": ({"cells": {"glutamatergic": {"T": False}}}, "none", "none"),
    BLOCKED: ({"ltp_signal": 0.0, "ltd_signal": 0.0}, "up", "down"),
}
ALONE, STRONG_LATE = "W alone", "-10 ms, W suprathreshold"


def inputs(interval) -> dict:
    """Pulses of the two inputs, the cell firing `interval` (s) after W was active (before it where negative)."""
    return {"R": 0 * ms, "W": LATENCY - interval}


def conditions(intervals_ms) -> list[Condition]:
    """All intervals; the controls at +10 and -10 ms; the weak input alone; a strong one in its place."""
    tried = [Condition(label(dt), inputs(dt * ms), strengths=STRENGTHS) for dt in intervals_ms]
    for name, (changed, _, _) in CONTROLS.items():
        tried += [
            Condition(f"{label(dt)}, {name}", inputs(dt * ms), strengths=STRENGTHS, **changed) for dt in (10, -10)
        ]
    return [
        *tried,
        Condition(ALONE, {"W": 0 * ms}, strengths=STRENGTHS),
        Condition(STRONG_LATE, inputs(-10 * ms), strengths=STRENGTHS | {"W->T": STRONG}),
    ]


def run(context: Context) -> None:
    """Record the window and the controls."""
    p = context.parameters
    intervals = np.array([float(dt) for dt in np.asarray(p.intervals / ms)])
    if np.unique(np.round(intervals, 9)).size < intervals.size or (intervals == 0).any():
        raise ParameterError("intervals: give each once, and none of 0 ms (its sign is not defined)")
    missing = [dt for dt in (10, -10) if dt not in intervals]
    if missing or min((intervals > 0).sum(), (intervals < 0).sum()) < 3:
        raise ParameterError("intervals: give at least 3 to each side, +10 and -10 ms among them")
    experiment = Experiment(TECTUM, context.target, timeline(p), tectal_sbp(p.tick), tectal_stdp(), membrane=RELAY)
    tried = conditions(np.sort(intervals))
    with context.progress("convergent inputs") as bar:
        recordings = experiment.run(tried, seeds=p.seeds, seed=context.seed, progress=bar)
    report(context, recordings, np.sort(intervals), p.pairs)
    names = [condition.name for condition in tried]
    context.array("interval", np.sort(intervals), "ms")
    context.array("window", np.array([recordings.change(label(dt), "W->T") for dt in np.sort(intervals)]))
    context.array("conditions", np.array(names))
    context.array("synapses", np.array(TECTUM.synapses))
    context.array("changes", np.array([[recordings.change(n, s) for s in TECTUM.synapses] for n in names]))
    context.array("minutes", recordings.minutes, "min")
    context.array(
        "course",
        np.array([[recordings.course(label(dt), s) for s in TECTUM.synapses] for dt in (10, -10)], dtype=np.float32),
    )


def report(context: Context, recordings, intervals, pairs: int) -> None:
    """Signs within the window, its ends, the strong and the silent input, and the controls."""
    context.table("convergent inputs", TABLE_COLUMNS, _window(context, recordings, intervals))
    fired = np.array([recordings.spikes(label(dt), "T") for dt in intervals]) / pairs
    context.metric(
        "spikes of T in a pairing",
        fired.mean(),
        n=fired.size,
        spread=fired.std(ddof=1),
        band=(1, 1),
        provenance="control of the model: R makes it fire, W does not",
    )
    for sign, word, end, band in (("+", "plus", 40, (30, 50)), ("-", "minus", 20, (15, 25))):
        _reach(context, recordings, intervals[intervals * float(sign + "1") > 0], sign, word, end, band)
    rows = [*_inputs(context, recordings), *_spread(context, recordings), *_controls(context, recordings)]
    context.table("controls", TABLE_COLUMNS, rows)
    context.summary(
        f"A weak input active 10 ms before the spike that a strong one evokes is potentiated "
        f"({recordings.change(label(10), 'W->T').mean():+.0%}), 10 ms after it depressed "
        f"({recordings.change(label(-10), 'W->T').mean():+.0%}), unless it is strong enough to fire the cell itself "
        f"({recordings.change(STRONG_LATE, 'W->T').mean():+.0%}); {sum(row[-1] != 'outside' for row in rows)} of "
        f"{len(rows)} controls hold."
    )
    context.note(
        "Built in: the window (a tenth of its peak left at +40 and -20 ms, 50 % high: choices), NMDA "
        "receptors and glutamatergic cells needed as in culture. The paper's percentages are not known to "
        "this project."
    )
    context.note(
        "Assumed: 2 ms from the strong input to the spike; 100 pairings at 1 Hz (unverified, med). No lateral "
        "arms of the retrograde signal: whether tectal inputs have any is not known."
    )


def _window(context: Context, recordings, intervals) -> list:
    """The weak input by its interval; the strong one beside it."""
    rows = []
    for dt in intervals:
        pattern, provenance, band = None, "no number known", None
        if abs(dt) < 20:
            pattern, provenance = "up" if dt > 0 else "down", READ
        elif dt in (30, -30):
            pattern, provenance = "up" if dt > 0 else "none", TABLE
        elif abs(dt) >= 60:
            band, provenance = (-0.05, 0.05), "project's acceptance band: under 5 % at 60 ms"
        rows.append(_change(context, recordings, "W->T", label(dt), pattern, provenance, band=band))
    return rows + [_change(context, recordings, "R->T", label(dt), "up", READ, statements=1) for dt in (10, -10)]


def _reach(context: Context, recordings, side, sign: str, word: str, end: float, band) -> None:
    """How far one side of the window reaches."""
    changes = np.array([recordings.change(label(dt), "W->T") for dt in side])
    with np.errstate(over="ignore"):  # the search may try a negative time constant on its way
        fit = fit_side(np.repeat(side, changes.shape[1]), changes.ravel(), sign)
    context.array(f"fit_{word}", np.array([fit[key] for key in ("value", "low", "high")]))
    context.metric(
        f"reach_{word}",
        fit["value"][1] * np.log(10),
        "ms",
        n=changes.size,
        band=band,
        paper_value=end,
        provenance=f"{TABLE}; here: where a tenth of the fitted peak is left",
    )


def _inputs(context: Context, recordings) -> list:
    """Inputs that are silent, alone, or strong themselves."""
    never, anew = f"{OWN}: an input that is never active", "prediction: a strong input fires the cell anew"
    return [
        *(_change(context, recordings, "N->T", label(dt), "none", never) for dt in (10, -10)),
        _change(context, recordings, "W->T", ALONE, "none", f"{OWN}: no spike"),
        _change(context, recordings, "W->T", STRONG_LATE, "up", anew, statements=1),
    ]


def _spread(context: Context, recordings) -> list:
    """What the retrograde signal does to the input of W, and where it ends."""
    rows, spreads = [], "prediction: the input of W takes part in the spread"
    for dt, pattern in ((10, "up"), (-10, "down")):
        rows += [
            _change(context, recordings, "I->W", label(dt), pattern, spreads, statements=1),
            _change(context, recordings, "H->I", label(dt), "none", f"{OWN}: three-hop chain"),
            _change(context, recordings, "I->W", f"{label(dt)}, {BLOCKED}", "none", OWN),
        ]
    return rows


def _controls(context: Context, recordings) -> list:
    """The weak input in each of `CONTROLS`."""
    return [
        _change(context, recordings, "W->T", f"{label(dt)}, {name}", pattern, OWN)
        for name, (_, *patterns) in CONTROLS.items()
        for dt, pattern in zip((10, -10), patterns, strict=True)
    ]


def _change(context: Context, recordings, synapse: str, condition: str, pattern, provenance: str, **given) -> list:
    """`report_change` under the name of synapse and condition, as one of the protocol's statements."""
    given = {"statements": 6 + 2 * len(CONTROLS), **given}
    name = f"{synapse}, {condition}"
    return report_change(context, name, recordings, condition, synapse, pattern, provenance, **given)


PROTOCOL = Protocol(
    name="zhang-1998",
    title="The 20 ms window of convergent retinotectal inputs",
    source=Source("Zhang, Tao, Holt, Harris & Poo (1998) Nature 395:37", "10.1038/25665"),
    parameters={
        "intervals": Parameter(
            tuple(float(dt) for dt in INTERVALS), unit="ms", help="from the weak input to the spike of the tectal cell"
        ),
        **PAIRING,
        "pairs": Parameter(100, minimum=1, maximum=3600, help="number of pairings (unverified, med: 100)"),
    },
    run=run,
    quick={"seeds": 20},
    full={"seeds": 100},
    figures=("zhang-1998",),
)
