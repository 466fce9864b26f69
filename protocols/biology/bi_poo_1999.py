"""Paired pulses to one cell change remote synapses, which ones and how depends on the inter-pulse interval.

Bi & Poo 1999, Nature 401:792-796, doi:10.1038/44573: in small cultured networks, repeated paired-pulse stimulation of
ONE neuron strengthens or weakens remote synapses of polysynaptic pathways according to the interval between the pulses
and the delays of the pathways: timing becomes a spatial pattern. What is known of it to this project is unverified
(high, qualitative); counts, intervals and percentages are not known. Nothing here is quoted as the paper's.

Circuit: the stimulated cell S reaches T and U by a fast route (over X) and a slow one (over Y and Z), through relay
cells that fire. X makes T fire and is a weak input of U; Z makes U fire and is a weak input of T. The first pulse by
the slow route meets the second by the fast one where the inter-pulse interval is the difference of the delays. Just
above it Z->T is active before T fires (potentiated) and X->U after U has fired (depressed), just below it the other way
round.

Built in: STDP as in bi-poo-1998. Not built in: what becomes of a remote synapse at which inter-pulse interval; that
follows from delays and STDP. Delays are assumptions: with 10 and 140 ms the two arrivals of a single pulse are too far
apart for STDP, so that single pulses and other intervals change nothing; other delay differences are scanned too. Where
T is kept from firing, the retrograde signal is blocked as well: else LTP of Z->U, where Z makes U fire, spreads to Z->T
(presynaptic lateral), which is reported as a prediction.
"""

from __future__ import annotations

import numpy as np
from brian2 import ms

from sbp_brian.errors import CircuitError
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.circuits import Timeline, culture_sbp
from sbp_brian.models.circuits.membranes import RELAY
from sbp_brian.models.circuits.relays import ROUTES, STRONG, WEAK, relayed_stdp
from sbp_brian.protocols.biology.experiment import Condition, Experiment
from sbp_brian.protocols.biology.reporting import PAIRING, TABLE_COLUMNS, deviation, report_change

__all__ = ["OFFSETS", "PROTOCOL", "REMOTE", "Routes", "sign_flip"]

CLAIM = "unverified, high (qualitative)"
NOT_VERIFIED = "n/a (not verified)"
OWN = "control of the model"
REMOTE = ("Z->T", "X->U")
#: Inter-pulse interval minus delay difference (ms).
OFFSETS = (-60, -40, -30, -20, -15, -10, -5, 0, 5, 10, 15, 20, 30, 40, 60)
NEAR = tuple(offset for offset in OFFSETS if abs(offset) <= 10)
BEFORE, AFTER = -10, 10  # ms, where signs are scored
REACH = 200 * ms
SINGLE, CONTROL = "single pulses", "control interval"
BLOCKED = {"ltp_signal": 0.0, "ltd_signal": 0.0}
LATERAL = "T held below threshold, signal open"
#: control -> (cells' variables, condition's arguments, what is expected of Z->T 10 ms above the delay difference)
CONTROLS = {
    "fast route cut": ({"excitable": {"X": False}}, BLOCKED, "none"),
    "T held below threshold": ({"excitable": {"T": False}}, BLOCKED, "none"),
    "T GABAergic": ({"glutamatergic": {"T": False}}, BLOCKED, "none"),
    "NMDA receptors blocked": ({}, {"nmda": 0.0}, "none"),
    "retrograde signal blocked": ({}, BLOCKED, "up"),
    LATERAL: ({"excitable": {"T": False}}, {}, "up"),
}


class Routes:
    """Conditions of paired-pulse stimulation of S with two routes of given delays.

    Parameters
    ----------
    fast, slow : Quantity, s
        From a spike of S to the arrival at T and U.
    room : Quantity, s
        Time after the first pulse within which all must have happened.

    Raises
    ------
    CircuitError
        A slow route that is not the slower one, or intervals for which there is no room.
    """

    def __init__(self, fast, slow, room):
        if not slow > fast:
            raise CircuitError(f"the slow route takes {slow}, the fast one {fast}; give the slow one the longer delay")
        self.fast, self.slow, self.room = fast, slow, room

    @property
    def difference(self):
        """Delay of the slow route minus that of the fast one (s)."""
        return self.slow - self.fast

    def condition(self, name: str, interval, cells=(), **changed) -> Condition:
        """Paired pulses `interval` (s) apart; zero: single pulses."""
        if interval < 0 * ms:
            raise CircuitError(
                f"condition {name!r}: an inter-pulse interval of {interval} is negative; scan intervals from 0 ms on"
            )
        if interval + self.slow + 10 * ms > self.room:
            raise CircuitError(
                f"condition {name!r}: pulses {interval} apart and a route of {self.slow} do not end "
                f"within {self.room}; shorten them"
            )
        latencies = {"X": self.fast, "Y": self.slow - self.slow / 2, "Z": self.slow / 2}
        strong = dict.fromkeys(("S->X", "S->Y", "Y->Z", "X->T", "Z->U"), STRONG)
        return Condition(
            name,
            {"S": 0 * ms},
            strengths=strong | dict.fromkeys(REMOTE, WEAK),
            cells={"latency": latencies, "second_pulse": {"S": interval}, **dict(cells)},
            **changed,
        )

    def scan(self, offsets_ms) -> list[Condition]:
        """Inter-pulse intervals by their distance from the delay difference (ms)."""
        return [self.condition(self.label(offset), self.difference + offset * ms) for offset in offsets_ms]

    def label(self, offset_ms: float) -> str:
        """How a condition of `scan` is called."""
        return f"delays {self.fast / ms:g} and {self.slow / ms:g} ms, {offset_ms:+g} ms"


def sign_flip(offsets_ms: np.ndarray, changes: np.ndarray, rising: bool) -> float:
    """Offset (ms) at which the sign changes, between the strongest depression and the strongest potentiation beside it.

    Parameters
    ----------
    offsets_ms, changes : ndarray, shape (n,)
        In order; mean relative changes.
    rising : bool
        Whether depression lies below and potentiation above.

    Returns
    -------
    float
        By linear interpolation; nan where there is no such change of sign.
    """
    turned = np.sign(changes[1:]) - np.sign(changes[:-1])
    places = np.flatnonzero(turned > 0 if rising else turned < 0)
    if not places.size:
        return float("nan")
    k = places[np.argmax(np.abs(changes[places + 1] - changes[places]))]
    return float(
        np.interp(0, sorted(changes[k : k + 2]), offsets_ms[k : k + 2] if rising else offsets_ms[k : k + 2][::-1])
    )


def run(context: Context) -> None:
    """Scan inter-pulse intervals, for one delay difference widely and for others around the peak; controls."""
    p = context.parameters
    line = Timeline(pairs=p.pairs, period=p.period, step=p.step, reach=REACH)
    slow_routes = sorted({float(slow) for slow in np.asarray(p.slow / ms)})
    routes = [Routes(p.fast, slow * ms, 2 * REACH) for slow in slow_routes]
    main = Routes(p.fast, p.main, 2 * REACH)
    others = [route for route in routes if abs(float(route.slow - main.slow)) > 1e-9]
    tried = main.scan(OFFSETS) + [condition for route in others for condition in route.scan(NEAR)]
    tried += [main.condition(SINGLE, 0 * ms), main.condition(CONTROL, p.control)]
    for name, (cells, changed, _) in CONTROLS.items():
        tried.append(main.condition(name, main.difference + AFTER * ms, cells.items(), **changed))
    experiment = Experiment(ROUTES, context.target, line, culture_sbp(tick=p.tick), relayed_stdp(), membrane=RELAY)
    with context.progress("two routes") as bar:
        recordings = experiment.run(tried, seeds=p.seeds, seed=context.seed, progress=bar)
    report(context, recordings, main, sorted([main, *others], key=lambda route: float(route.slow)))
    context.array("offset", np.array(OFFSETS, dtype=float), "ms")
    context.array("delays", np.array([float(main.fast / ms), float(main.slow / ms)]), "ms")
    context.array("scan", np.array([[recordings.change(main.label(o), s) for o in OFFSETS] for s in REMOTE]))
    names = [f"{BEFORE:+d} ms", f"{AFTER:+d} ms", SINGLE, CONTROL, *CONTROLS]
    looked_up = [main.label(BEFORE), main.label(AFTER), *names[2:]]
    context.array("conditions", np.array(names))
    context.array("changes", np.array([[recordings.change(n, s) for s in REMOTE] for n in looked_up]))


def report(context: Context, recordings, main: Routes, routes) -> None:
    """Signs and peak beside the delay difference, the peak for other differences, and the controls."""
    rows = [*_signs(context, recordings, main, "Z->T", -1), *_signs(context, recordings, main, "X->U", 1)]
    context.table("interval minus delay difference", TABLE_COLUMNS, rows)
    rows = report_peaks(context, recordings, main, routes)
    context.table(
        "where potentiation is strongest",
        ("delay difference (ms)", "synapse", "interval (ms)", "SD (ms)", "change there (%)"),
        rows,
    )
    context.table("controls", TABLE_COLUMNS, _controls(context, recordings, main))
    fired = [recordings.spikes(main.label(o), cell) / context.parameters.pairs for o in OFFSETS for cell in "XYZTU"]
    context.metric(
        "spikes of each cell in a pairing",
        np.mean(fired),
        n=np.size(fired),
        spread=np.std(fired, ddof=1),
        band=(2, 2),
        provenance=f"{OWN}: each relay passes both pulses on",
    )
    _say(context, recordings, main)


def _signs(context: Context, recordings, main: Routes, synapse: str, early: int) -> list:
    """A remote synapse by the interval, and where its sign flips; `early` is its sign for pulses too close."""
    expected = {BEFORE: "up" if early > 0 else "down", AFTER: "down" if early > 0 else "up"}
    rows = []
    for offset in OFFSETS:
        scored = offset in expected
        rows.append(
            report_change(
                context,
                f"{synapse}, {offset:+d} ms",
                recordings,
                main.label(offset),
                synapse,
                expected.get(offset),
                CLAIM if scored else "no number known",
                paper_value=NOT_VERIFIED if scored else None,
            )
        )
    means = np.array([recordings.change(main.label(o), synapse).mean() for o in OFFSETS])
    context.metric(
        f"{synapse}, sign flips at",
        sign_flip(np.array(OFFSETS, dtype=float), means, early < 0),
        "ms",
        band=(-5, 5),
        provenance=f"{CLAIM}; project's acceptance band",
    )
    return rows


def _controls(context: Context, recordings, main: Routes) -> list:
    """Single pulses and the control interval, each of `CONTROLS`, and where the signal ends."""
    statements = 5 + sum(expected == "none" for *_, expected in CONTROLS.values())

    def change(synapse, name, condition, pattern, provenance, **given):
        how = {"statements": statements, **given}
        return report_change(context, f"{synapse}, {name}", recordings, condition, synapse, pattern, provenance, **how)

    still = [
        change(synapse, name, name, "none", CLAIM, paper_value=NOT_VERIFIED)
        for name in (SINGLE, CONTROL)
        for synapse in REMOTE
    ]
    lateral = "prediction: lateral spread from Z->U"
    of_the_model = [
        change("Z->T", name, name, expected, lateral if name == LATERAL else OWN)
        for name, (*_, expected) in CONTROLS.items()
    ]
    end = change("H->I", f"{AFTER:+d} ms", main.label(AFTER), "none", f"{OWN}: three-hop chain")
    return [*still, *of_the_model, end]


def _say(context: Context, recordings, main: Routes) -> None:
    """Summary and notes."""
    difference = round(float(main.difference / ms), 6)
    change = {(s, o): recordings.change(main.label(o), s).mean() for s in REMOTE for o in (BEFORE, AFTER)}
    context.summary(
        f"With routes that differ by {difference:g} ms, pulses {AFTER} ms further apart than that change Z->T by "
        f"{change['Z->T', AFTER]:+.0%} and X->U by {change['X->U', AFTER]:+.0%}, pulses {-BEFORE} ms closer by "
        f"{change['Z->T', BEFORE]:+.0%} and {change['X->U', BEFORE]:+.0%}; single pulses change neither."
    )
    context.note(
        "Nothing of this paper was verified: signs are compared with an unverified, qualitative account, and "
        "no number is given as the paper's."
    )
    context.note(
        f"Assumptions: delays of the routes ({main.fast / ms:g} and {main.slow / ms:g} ms), 2 ms from a "
        "strong input of T or U to the spike, synapses of 30 and 1000 pA, threshold at 200 pA. Built in: STDP "
        "as in bi-poo-1998."
    )
    context.note(
        "Where routes differ by less than about 110 ms, the two arrivals of one and the same pulse change the "
        "remote synapses at any interval: the peak stays where it is, but single pulses are no control then."
    )


def report_peaks(context: Context, recordings, main: Routes, routes) -> list:
    """The inter-pulse interval of strongest potentiation against the delay difference, for every pair of routes."""
    rows, kept = [], []
    for route in routes:
        offsets = np.array(OFFSETS if route is main else NEAR, dtype=float)
        difference = round(float(route.difference / ms), 6)
        for synapse in REMOTE:
            trials = np.array([recordings.change(route.label(o), synapse) for o in offsets])
            best, each = offsets[trials.mean(-1).argmax()], offsets[trials.argmax(0)]
            spread = deviation(each)
            context.metric(
                f"{synapse}, peak minus difference of {difference:g} ms",
                best,
                "ms",
                spread=spread,
                n=each.size,
                band=(-5, 5),
                provenance=f"{CLAIM}; project's acceptance band",
            )
            rows.append(
                [
                    difference,
                    synapse,
                    difference + float(best),
                    None if spread is None else round(spread, 1),
                    round(100 * trials.mean(-1).max(), 1),
                ]
            )
            kept.append([difference, REMOTE.index(synapse), *(difference + each)])
    context.array("peaks", np.array(kept))
    return rows


PROTOCOL = Protocol(
    name="bi-poo-1999",
    title="Paired pulses to one cell change remote synapses by their interval",
    source=Source("Bi & Poo (1999) Nature 401:792", "10.1038/44573"),
    parameters={
        "fast": Parameter(10.0, unit="ms", minimum=1.0, help="delay of the fast route (assumption)"),
        "main": Parameter(140.0, unit="ms", minimum=2.0, help="delay of the slow route (assumption)"),
        "slow": Parameter(
            (40.0, 70.0, 100.0, 140.0, 160.0),
            unit="ms",
            minimum=2.0,
            help="delays of the slow route for which the peak is looked for (assumptions)",
        ),
        "control": Parameter(240.0, unit="ms", minimum=1.0, help="inter-pulse interval that should change nothing"),
        **PAIRING,
    },
    run=run,
    quick={"seeds": 20},
    full={"seeds": 100},
    figures=("bi-poo-1999",),
)
