"""What the model of retrograde spread predicts beyond the experiments that it was made from.

None of this is built in by a switch; it follows from STDP, transport and saturating expression together:

1. the STDP window inherited by the *input* synapse: the output's window, compressed by saturation (lower and wider);
2. potentiating and depressing pairings in alternation, chosen so that they cancel at the output: the input hardly
   changes either, but blocking one of the two signals uncovers a change at the input that the output does not show;
3. saturation with the number of pairings: the output goes on growing, the input does not;
4. latency against the length of the axon;
5. partial blocks: half a block takes away less than half, the less so the stronger the induction was;
6. two cells that share their inputs: one input axon is potentiated at one cell and depressed at the other;
7. how long a synapse must keep a tag of its activity until the signal has come, along the axon of `du_2009`, if that
   activity and no later one is to decide.

Beside each stands the closed form of the model (`_closed_forms`), so that it is seen what the network adds. No
measurement of any of these is known to this project. Sizes depend on choices (saturation +60 %, -50 %, rate 1.4),
latencies on assumptions (velocity 1 um/s); shapes do not. The model is that of Fitzsimonds, Song & Poo 1997
(doi:10.1038/41267) and Tao et al. 2000 (doi:10.1523/JNEUROSCI.20-09-03233.2000), see `sbp_brian.models.circuits`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from brian2 import ms, um

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.circuits import SPREAD, Circuit, culture_sbp
from sbp_brian.protocols.biology import closed_forms, tags
from sbp_brian.protocols.biology.experiment import Condition, Experiment
from sbp_brian.protocols.biology.reporting import PAIRING, deviation, no_change_tolerance, tell_too_few, timeline
from sbp_brian.protocols.biology.stdp_window import fit_side, window

__all__ = ["PROTOCOL", "SHARED", "shared_conditions", "spread_conditions"]

#: Two cells, A and K, with the same inputs, a glutamatergic and a GABAergic one, and an output each.
SHARED = Circuit(
    {"I": "glu", "J": "gaba", "A": "glu", "K": "glu", "B": "glu", "L": "glu"},
    ("A->B", "K->L", "I->A", "I->K", "J->A", "J->K"),
)
INTERVALS = tuple(sign * dt for sign in (-1, 1) for dt in (5, 10, 15, 20, 30, 40, 60, 80))
SHARES = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0)
LENGTHS = (50, 100, 150, 300, 600)
CANCELLING = (20, -5)  # ms: the two pairings of an alternation, which cancel at the output
PREDICTED = "prediction: closed form of the model; not measured"
CONTROL = "control of the model"
BAND = 0.05
#: what is shared -> pulses of both cells and their targets, and what is expected of each of the six synapses
PAIRED = {
    "A paired": ({"A": 0, "B": 10}, "A"),
    "A and K paired": ({"A": 0, "B": 10, "K": 0, "L": 10}, "AK"),
    "A and K paired oppositely": ({"A": 0, "B": 10, "K": 0, "L": -10}, "Ak"),
}
COLUMNS = ("observable", "mean", "SD", "n", "without EPSC noise", "closed form", "verdict")


def pulses(**times) -> dict:
    """Pulses of cells (ms)."""
    return {cell: time * ms for cell, time in times.items()}


def spread_conditions(intervals_ms, lengths_um, shares=SHARES) -> list[Condition]:
    """On the nine-cell circuit: the window, partial blocks, lengths, controls."""
    tried = [Condition(f"{dt:+g} ms", pulses(A=0, B=dt)) for dt in intervals_ms]
    for share in shares:
        tried += [
            Condition(f"LTP signal {share:g}", pulses(A=0, B=10), ltp_signal=share),
            Condition(f"LTD signal {share:g}", pulses(A=0, B=-10), ltd_signal=share),
            Condition(f"NMDA {share:g}", pulses(A=0, B=10), nmda=share),
        ]
    tried += [Condition(f"{length:g} um", pulses(A=0, B=10), length=length * um) for length in lengths_um]
    return [
        *tried,
        Condition("no postsynaptic spikes", pulses(A=0)),
        Condition("pairing with a GABAergic target", pulses(A=0, G=10)),
    ]


def shared_conditions(numbers, alternating: int, shares=SHARES) -> list[Condition]:
    """On the circuit with shared inputs: numbers of pairings, alternation, one or both cells paired."""
    tried = [Condition(f"{n} pairings", pulses(A=0, B=10), pairs=n) for n in numbers]
    tried += [
        Condition(
            f"{max(numbers)} pairings, LTP signal {share:g}", pulses(A=0, B=10), pairs=max(numbers), ltp_signal=share
        )
        for share in shares
    ]
    plus, minus = (pulses(A=0, B=dt) for dt in CANCELLING)
    both = Condition("alternating", plus, turned=minus, pairs=alternating)
    tried += [
        both,
        replace(both, name="alternating, LTP signal blocked", ltp_signal=0.0),
        replace(both, name="alternating, LTD signal blocked", ltd_signal=0.0),
        replace(both, name="LTP first", block=alternating // 2),
        replace(both, name="LTD first", pulses=minus, turned=plus, block=alternating // 2),
    ]
    return tried + [Condition(name, pulses(**times), pairs=60) for name, (times, _) in PAIRED.items()]


def run(context: Context) -> None:
    """Run all predictions on two circuits and report them beside the closed forms."""
    p = context.parameters
    numbers, intervals = tuple(sorted(p.numbers)), tuple(sorted(np.asarray(p.intervals / ms)))
    lengths = tuple(sorted(np.asarray(p.lengths / um)))
    shares = tuple(sorted({0.0, 0.5, 1.0, *p.shares}))
    if len(set(numbers)) < max(2, len(numbers)):
        raise ParameterError("numbers: give at least two numbers of pairings, each once")
    if len(set(lengths)) < max(2, len(lengths)):
        raise ParameterError("lengths: give at least two lengths, each once")
    if min(sum(dt > 0 for dt in intervals), sum(dt < 0 for dt in intervals)) < 3 or 0 in intervals:
        raise ParameterError("intervals: give at least 3 of each sign, and none of 0 ms")
    if len(set(np.asarray(p.velocities))) < len(p.velocities):
        raise ParameterError("velocities: give each once")
    if p.alternating % 2 or p.pairs != 60:
        raise ParameterError("alternating must be an even number of pairings, and pairs 60, which the table is about")
    sbp = culture_sbp(tick=p.tick)
    spread = Experiment(SPREAD, context.target, timeline(p), sbp)
    long = replace(timeline(p), pairs=max(*numbers, p.alternating, 60), reach=20 * ms)
    shared = Experiment(SHARED, context.target, long, sbp)
    found = {}
    for name, experiment, tried in (
        ("nine cells", spread, spread_conditions(intervals, lengths, shares)),
        ("shared inputs", shared, shared_conditions(numbers, p.alternating, shares)),
    ):
        with context.progress(name) as bar:
            found[name] = experiment.run(tried, seeds=p.seeds, seed=context.seed, progress=bar)
    report(context, found["nine cells"], found["shared inputs"], intervals, numbers, lengths, shares)


class Report:
    """Rows of a table, each a metric beside its closed form."""

    def __init__(self, context: Context, statements: int):
        self.context, self.statements, self.rows, self.all = context, statements, [], []

    def change(self, name: str, recordings, condition: str, synapse: str, closed: float, provenance=PREDICTED) -> None:
        """A change of a synapse; where the closed form is 0, noise is allowed for as in the other protocols."""
        changes, quiet = recordings.change(condition, synapse), recordings.noise_free(condition, synapse)
        given = {"band": (closed - BAND, closed + BAND)}
        if closed == 0:
            tolerance = no_change_tolerance(changes, quiet, self.statements)
            tell_too_few(self.context, changes.size, tolerance)
            given = {"band": (-tolerance, tolerance)}
        self.row(name, changes, closed, float(quiet.mean()), provenance=provenance, **given)

    def row(self, name: str, values, closed, quiet=None, unit: str = "", **given) -> None:
        """Any value."""
        values = np.atleast_1d(np.asarray(values, dtype=float))
        spread = deviation(values)
        made = self.context.metric(name, values.mean(), unit, spread=spread, n=values.size, **given)
        self.rows.append([name, float(values.mean()), spread, int(values.size), quiet, closed, made["verdict"]])

    def table(self, name: str) -> None:
        """Close the table."""
        self.context.table(name, COLUMNS, self.rows)
        self.all, self.rows = self.all + self.rows, []


def report(context: Context, spread, shared, intervals, numbers, lengths, shares) -> None:
    """All seven predictions and the controls."""
    made = Report(context, statements=14)
    report_window(context, made, spread, intervals)
    report_alternation(context, made, shared)
    report_numbers(context, made, shared, numbers)
    report_latency(context, made, spread, lengths)
    report_doses(context, made, spread, shared, numbers, shares)
    report_shared(context, made, shared)
    tagged = tags.report(context, made, float(window(10)), PREDICTED)
    for condition, synapses in (
        ("no postsynaptic spikes", ("A->B", "I->A")),
        ("NMDA 0", ("A->B", "I->A")),
        ("pairing with a GABAergic target", ("A->G", "I->A")),
        ("LTP signal 0", ("I->A",)),
        ("+10 ms", ("H->I",)),
    ):
        for synapse in synapses:
            said = f"{synapse}, {condition}" + (", one step further back" if synapse == "H->I" else "")
            made.change(said, spread, condition, synapse, 0.0, CONTROL)
    made.table("controls")
    scored = [row[-1] for row in made.all if row[-1] != "no reference"]
    context.summary(
        f"The input inherits the output's window, compressed ({value(context, 'I->A, +10 ms'):+.0%} for "
        f"{value(context, 'A->B, +10 ms'):+.0%} at +10 ms); pairings that cancel at the output leave the input at "
        f"{value(context, 'I->A, alternating'):+.0%}, but at "
        f"{value(context, 'I->A, alternating, LTD signal blocked'):+.0%} with the LTD signal blocked; "
        f"half of the LTP signal leaves {value(context, 'left by half of the LTP signal'):.0%} of the spread; "
        f"{tagged}; "
        f"{sum(verdict != 'outside' for verdict in scored)} of {len(scored)} values follow the model's closed forms."
    )
    context.note(
        "Nothing here has been measured, as far as this project knows: values are compared with the closed "
        "forms of the model, so that 'within' means that the network does what its equations say."
    )
    context.note(
        "Sizes depend on choices (saturation +60 % and -50 %, rate 1.4) and latencies on assumptions "
        "(velocity 1 um/s, pool of 180 s). Latencies are read from the synapses themselves, without "
        "EPSC noise."
    )


def value(context: Context, name: str) -> float:
    """A metric that was reported."""
    return next(row["value"] for row in context.metrics if row["name"] == name)


def report_window(context: Context, made: Report, spread, intervals) -> None:
    """1: the window of the input beside that of the output."""
    changes = {s: np.array([spread.change(f"{dt:+g} ms", s) for dt in intervals]) for s in ("A->B", "I->A")}
    if 10 in intervals:
        made.change("A->B, +10 ms", spread, "+10 ms", "A->B", float(window(10)))
    for dt in intervals:
        made.change(f"I->A, {dt:+g} ms", spread, f"{dt:+g} ms", "I->A", float(closed_forms.one_sign(window(dt))))
    fits = {}
    for sign, word in (("+", "plus"), ("-", "minus")):
        side = np.array([dt for dt in intervals if dt * float(sign + "1") > 0])
        rows = [intervals.index(dt) for dt in side]
        ideal = fit_side(side, closed_forms.one_sign(window(side)), sign)["value"][1]
        for synapse, expected in (("A->B", {"+": 16.8, "-": 33.7}[sign]), ("I->A", ideal)):
            values = changes[synapse][rows]
            fit = fit_side(np.repeat(side, values.shape[1]), values.ravel(), sign)["value"]
            fits[f"{synapse}{sign}"] = fit
            band = {"band": (0.75 * expected, 1.25 * expected)} if sign == "+" else {}
            made.row(
                f"tau_{word} of the {'output' if synapse == 'A->B' else 'input'}",
                fit[1],
                float(expected),
                unit="ms",
                provenance=PREDICTED,
                **band,
            )
    made.table("the window inherited by the input")
    context.array("intervals", np.array(intervals), "ms")
    context.array("window_output", changes["A->B"])
    context.array("window_input", changes["I->A"])


def report_alternation(context: Context, made: Report, shared) -> None:
    """2: pairings that cancel at the output."""
    n, period = context.parameters.alternating, float(context.parameters.period)
    sizes = [abs(float(window(dt))) / 60 for dt in CANCELLING]
    seconds = np.arange(0, n * period + 1800.0, 1.0)
    late = seconds >= n * period + 1200
    turns = {"alternating": [k % 2 for k in range(n)], "LTP first": [int(k >= n // 2) for k in range(n)]}
    turns["LTD first"] = [1 - turn for turn in turns["LTP first"]]
    names, output, inputs, ideal = [], [], [], []
    for condition, turn, open_ in (
        ("alternating", "alternating", (1, 1)),
        ("alternating, LTP signal blocked", "alternating", (0, 1)),
        ("alternating, LTD signal blocked", "alternating", (1, 0)),
        ("LTP first", "LTP first", (1, 1)),
        ("LTD first", "LTD first", (1, 1)),
    ):
        emitted = [
            [(k * period, sizes[sign]) for k in range(n) if turns[turn][k] == sign] * open_[sign] for sign in (0, 1)
        ]
        closed = float(closed_forms.course(seconds, *emitted)[late].mean())
        made.change(f"A->B, {condition}", shared, condition, "A->B", n / 2 * (sizes[0] - sizes[1]))
        made.change(f"I->A, {condition}", shared, condition, "I->A", closed)
        names.append(condition)
        output.append(shared.change(condition, "A->B"))
        inputs.append(shared.change(condition, "I->A"))
        ideal.append(closed)
    made.table("potentiating and depressing pairings in alternation")
    context.array("alternation", np.array(names))
    context.array("alternation_output", np.array(output))
    context.array("alternation_input", np.array(inputs))
    context.array("alternation_closed", np.array(ideal))


def report_numbers(context: Context, made: Report, shared, numbers) -> None:
    """3: saturation with the number of pairings."""
    per_pair = float(window(10)) / 60
    for n in numbers:
        made.change(f"I->A, {n} pairings", shared, f"{n} pairings", "I->A", float(closed_forms.one_sign(n * per_pair)))
    made.table("saturation with the number of pairings")
    context.array("numbers", np.array(numbers))
    for word, synapse in (("output", "A->B"), ("input", "I->A")):
        context.array(f"numbers_{word}", np.array([shared.change(f"{n} pairings", synapse) for n in numbers]))


def report_latency(context: Context, made: Report, spread, lengths) -> None:
    """4: the time to 10, 50 and 90 % of the final change against the length of the axon."""
    p, shares, times, ideal = context.parameters, (0.1, 0.5, 0.9), [], []
    size, after = float(window(10)) / 60, spread.minutes >= -1e-9
    for length in lengths:
        courses = spread.weights(f"{length:g} um", "I->A")[:, after] - 1
        size_at_end = closed_forms.one_sign(spread.noise_free(f"{length:g} um", "A->B"))
        times.append(
            [
                [np.interp(share, one / end, spread.minutes[after]) for share in shares]
                for one, end in zip(courses, size_at_end, strict=True)
            ]
        )
        ideal.append(
            [closed_forms.latency(share, p.pairs, float(p.period), size, length=length * um) for share in shares]
        )
        made.row(
            f"t50, axon of {length:g} um",
            np.array(times[-1])[:, 1],
            ideal[-1][1],
            unit="min",
            band=(ideal[-1][1] - 0.3, ideal[-1][1] + 0.3),
            provenance=f"{PREDICTED}; velocity assumed",
        )
    slopes = [np.polyfit(np.array(lengths) / 1000, np.array(t)[..., 1], 1)[0] for t in (times, ideal)]
    made.row(
        "t50 per mm of axon",
        slopes[0],
        float(slopes[1]),
        unit="min",
        provenance=f"{PREDICTED}; velocity assumed",
        band=(0.95 * slopes[1], 1.05 * slopes[1]),
    )
    made.table("latency against the length of the axon")
    context.array("lengths", np.array(lengths), "um")
    context.array("latency", np.array(times), "min")
    context.array("latency_closed", np.array(ideal), "min")


def report_doses(context: Context, made: Report, spread, shared, numbers, shares) -> None:
    """5: what partial blocks leave of the spread, by signal and by strength of the induction."""
    most, per_pair, left = max(numbers), float(window(10)) / 60, {}
    for word, recordings, condition, total in (
        ("LTP signal", spread, "LTP signal {:g}", 60 * per_pair),
        ("LTD signal", spread, "LTD signal {:g}", float(window(-10))),
        ("NMDA", spread, "NMDA {:g}", 60 * per_pair),
        (f"LTP signal, {most} pairings", shared, f"{most} pairings, LTP signal {{:g}}", most * per_pair),
    ):
        for share in shares[1:-1]:
            made.change(
                f"I->A, {share:g} of the {word}",
                recordings,
                condition.format(share),
                "I->A",
                float(closed_forms.one_sign(share * total)),
            )
        left[word] = np.array([recordings.change(condition.format(share), "I->A") for share in shares])
    for word, total in (("LTP signal", 60 * per_pair), (f"LTP signal, {most} pairings", most * per_pair)):
        expected = float(closed_forms.one_sign(total / 2) / closed_forms.one_sign(total))
        made.row(
            f"left by half of the {word}",
            left[word][shares.index(0.5)].mean() / left[word][-1].mean(),
            expected,
            band=(expected - 0.15, expected + 0.15),
            provenance=PREDICTED,
        )
    made.table("partial blocks")
    context.array("shares", np.array(shares))
    context.array("doses", np.array(list(left)))
    context.array("dose_changes", np.array(list(left.values())))


def report_shared(context: Context, made: Report, shared) -> None:
    """6: two cells with the same inputs."""
    up, down = float(window(10)), float(window(-10))
    changes = []
    for condition, (_, paired) in PAIRED.items():
        total = {"A": up if "A" in paired else 0.0, "K": up if "K" in paired else down if "k" in paired else 0.0}
        for synapse in ("I->A", "I->K", "J->A", "J->K"):
            made.change(
                f"{synapse}, {condition}", shared, condition, synapse, float(closed_forms.one_sign(total[synapse[-1]]))
            )
        changes.append([shared.change(condition, synapse) for synapse in SHARED.synapses])
    made.table("two cells with the same inputs")
    context.array("shared_conditions", np.array(list(PAIRED)))
    context.array("shared_synapses", np.array(SHARED.synapses))
    context.array("shared_changes", np.array(changes))


PROTOCOL = Protocol(
    name="sbp-predictions",
    title="What retrograde spread predicts: inherited window, alternation, saturation, latency, blocks, shared inputs",
    source=Source(
        "This project; the model of Fitzsimonds et al. (1997) Nature 388:439 and Tao et al. (2000)", "10.1038/41267"
    ),
    parameters={
        "intervals": Parameter(tuple(float(dt) for dt in INTERVALS), unit="ms", help="of the inherited window"),
        "numbers": Parameter(
            (5, 10, 20, 40, 60, 90, 120, 180, 240), minimum=1, maximum=280, help="numbers of pairings for saturation"
        ),
        "alternating": Parameter(120, minimum=2, maximum=280, help="pairings of an alternation, both signs together"),
        "lengths": Parameter(
            tuple(float(length) for length in LENGTHS),
            unit="um",
            minimum=10.0,
            maximum=1000.0,
            help="lengths of the axon (assumptions)",
        ),
        "velocities": Parameter(
            (0.2, 0.5, 1.0, 2.0),
            unit="um/s",
            minimum=0.1,
            maximum=10.0,
            help="of carriers for which tags must last (assumptions)",
        ),
        "shares": Parameter(
            SHARES, minimum=0.0, maximum=1.0, help="what partial blocks leave of a signal (0: full block, 1: none)"
        ),
        **PAIRING,
    },
    run=run,
    quick={"seeds": 20},
    full={"seeds": 100},
    figures=("predictions",),
)
