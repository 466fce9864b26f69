"""LTP and LTD of retinotectal synapses spread back to the inputs of the ganglion cell in the retina.

Du, Wei, Wang, Wong & Poo 2009, PNAS 106:18890-18896, doi:10.1073/pnas.0910659106, in the living Xenopus tadpole: LTP
(LTD) induced at retinotectal synapses is followed by potentiation (depression) of the ganglion cell's synapses from
bipolar cells, at long range. The spread of LTP needs BDNF in the tectum, that of LTD needs nitric oxide. Percentages,
pulse counts and latencies are not known to this project.

Here: 100 pairings of spikes at 1 Hz, ganglion cell 10 ms before (LTP) or after (LTD) the tectal cell, stand for the
unknown induction; the number is that attributed to spike timing in the same tectum (Zhang et al. 1998; unverified, med)
and the STDP window that of hippocampal culture. What blockers do to the local change is not known and not scored.

Built in: STDP at retinotectal synapses only, two carriers with a blocker each (so the 2 x 2 is a check of consistency),
excitatory inputs alone express the signal, one hop, no lateral spread. Not built in: latency against axon length.

Assumptions: axon 700 um, effective velocities 1 um/s (no velocity was measured; nitric oxide is not shipped along axons
at all, so the LTD carrier is one downstream of it and has a velocity of its own), and the band of the onset.
"""

from __future__ import annotations

import numpy as np
from brian2 import ms, second, um

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.circuits import Timeline
from sbp_brian.models.circuits.retinotectal import RETINOTECTAL, tadpole_sbp
from sbp_brian.protocols.biology.latency import arrived, crossing, mean_latency, time_to
from sbp_brian.protocols.biology.reporting import PAIRING, TABLE_COLUMNS, report_change
from sbp_brian.protocols.biology.retina import RetinaExperiment, Treatment

__all__ = ["INDUCED", "PROTOCOL", "latency_treatments", "treatments"]

READ = "read: abstract; percentage not known"
ACCEPTED = "read: abstract (direction); project's acceptance band"
ASSUMED = "assumption; project's acceptance band"
OWN = "control of the model"
NOT_KNOWN = {"paper_value": "not known"}
INDUCED = {"LTP": "up", "LTD": "down"}
BLOCKED = {"BDNF blocked": {"ltp_signal": 0.0}, "NO blocked": {"ltd_signal": 0.0}}
NEEDED = {"LTP": "BDNF blocked", "LTD": "NO blocked"}
REACH = 20 * ms  # pairing is simulated finely so far to either side
MAIN, LONG = 3600 * second, 4 * 3600 * second  # recorded after induction; the long one for slow carriers


def treatments(length, velocity, velocity_ltd) -> list[Treatment]:
    """LTP and LTD, the 2 x 2 of blockers, and the controls."""
    axon = {"length": length, "velocity": velocity, "velocity_ltd": velocity_ltd}
    order = {"LTP": {"RGC": 0 * ms, "TC": 10 * ms}, "LTD": {"RGC": 10 * ms, "TC": 0 * ms}}
    tried = []
    for kind, pulses in order.items():
        tried += [
            Treatment(kind, pulses, **axon),
            *(Treatment(f"{kind}, {name}", pulses, **blocked, **axon) for name, blocked in BLOCKED.items()),
            Treatment(f"{kind}, NMDA receptors blocked", pulses, nmda=0.0, **axon),
            Treatment(f"{kind}, both carriers blocked", pulses, ltp_signal=0.0, ltd_signal=0.0, **axon),
        ]
    return [
        *tried,
        Treatment("no tectal spikes", {"RGC": 0 * ms}, **axon),
        Treatment("GABAergic tectal cell", {"RGC": 0 * ms, "TG": 10 * ms}, **axon),
    ]


def latency_treatments(lengths_um, velocities_um_s) -> list[tuple[str, float, float, Treatment]]:
    """LTP over all lengths and velocities; LTD with a carrier of its own velocity beside a fast LTP carrier.

    Gives (kind, length in um, velocity in um/s of the carrier that matters, treatment).
    """
    tried = []
    for kind, pulses in (("LTP", {"RGC": 0 * ms, "TC": 10 * ms}), ("LTD", {"RGC": 10 * ms, "TC": 0 * ms})):
        for length in lengths_um:
            for v in velocities_um_s if kind == "LTP" else velocities_um_s[len(velocities_um_s) // 2 :][:1]:
                own = v * um / second
                fast = (
                    {"velocity": own}
                    if kind == "LTP"
                    else {"velocity": max(velocities_um_s) * um / second, "velocity_ltd": own}
                )
                tried.append(
                    (
                        kind,
                        length,
                        v,
                        Treatment(f"{kind}, {length:g} um, {v:g} um/s", pulses, length=length * um, **fast),
                    )
                )
    return tried


def run(context: Context) -> None:
    """Induce LTP and LTD in the tectum, with blockers and controls, and vary axon length and velocity."""
    p = context.parameters
    lengths, velocities = np.asarray(p.lengths / um), np.asarray(p.velocities / (um / second))
    for name, values in (("lengths", lengths), ("velocities", velocities)):
        if np.unique(values).size < values.size:
            raise ParameterError(f"{name}: give each once")
    timeline = Timeline(pairs=p.pairs, period=p.period, step=p.step, reach=REACH, after=LONG)
    experiment = RetinaExperiment(context.target, timeline, tadpole_sbp(tick=p.tick))
    tried = treatments(p.length, p.velocity, p.velocity_ltd)
    late = latency_treatments(lengths, velocities)
    with context.progress("retina and tectum, pairing") as bar:
        recordings = experiment.run(tried, seeds=p.seeds, seed=context.seed, after=MAIN, progress=bar)
    with context.progress("axon lengths and velocities") as bar:
        slow = experiment.run([treatment for *_, treatment in late], seeds=1, seed=context.seed, progress=bar)
    report_spread(context, recordings)
    controls = report_blockers(context, recordings)
    onsets = report_courses(context, recordings)
    latency = report_latency(context, slow, late, experiment, p.seeds)
    names = [treatment.name for treatment in tried]
    context.array("minutes", recordings.minutes, "min")
    context.array("treatments", np.array(names))
    context.array("synapses", np.array(RETINOTECTAL.synapses))
    context.array(
        "course",
        np.array([[recordings.course(kind, s) for s in RETINOTECTAL.synapses] for kind in INDUCED], dtype=np.float32),
    )
    context.array("changes", np.array([[recordings.change(n, s) for s in RETINOTECTAL.synapses] for n in names]))
    context.array("noise_free", np.array([[recordings.noise_free(n, s) for s in RETINOTECTAL.synapses] for n in names]))
    (local_up, up), (local_down, down) = (
        [recordings.change(kind, s).mean() for s in ("RGC->TC", "BC->RGC")] for kind in INDUCED
    )
    context.summary(
        f"LTP ({local_up:+.0%}) and LTD ({local_down:+.0%}) of the retinotectal synapse spread to the bipolar input of "
        f"the ganglion cell ({up:+.0%} and {down:+.0%}), a tenth of it after {onsets['LTP']:.0f} min; "
        f"{sum(row[-1] != 'outside' for row in controls)} of {len(controls)} statements on blockers and controls hold; "
        f"over {len(lengths)} lengths and {len(velocities)} velocities the mean latency is {latency:.2f} times length "
        "over velocity, plus a constant."
    )
    context.note(
        "Built in: two carriers, each with its blocker (the 2 x 2 is a check of consistency), STDP at "
        "retinotectal synapses only, inhibitory inputs of the retina do not take part, one hop."
    )
    context.note(
        "Every axon length and velocity is an assumption, and so is any latency in minutes; what the model "
        "predicts is that latency grows in proportion to length. The LTD carrier has a velocity of its own."
    )
    context.note(
        "Induction by 100 spike pairings at 1 Hz stands for the paper's, whose pulse counts are not known to "
        "this project. Local retinotectal change under the drugs is not known and not scored."
    )


def report_spread(context: Context, recordings) -> None:
    """Where LTP and LTD of RGC->TC are found, and where not."""
    statements, rows = 20, []
    expected = {"RGC->TC": (READ, {}), "BC->RGC": (ACCEPTED, {})}
    still = {
        "BC->RGC2": "expected control (unverified, low): unstimulated ganglion cells unaffected",
        "RGC2->TC2": OWN,
        "PR->BC": "control of the model: one hop",
        "AC->RGC": "built in; not known",
    }
    for kind, pattern in INDUCED.items():
        band = {"band": (0.10, None) if pattern == "up" else (None, -0.10)}
        for synapse, (provenance, more) in expected.items():
            rows.append(
                report_change(
                    context,
                    f"{synapse}, {kind}",
                    recordings,
                    kind,
                    synapse,
                    pattern,
                    provenance,
                    statements=statements,
                    **(band if synapse == "BC->RGC" else more),
                )
            )
        rows += [
            report_change(
                context,
                f"{synapse}, {kind}",
                recordings,
                kind,
                synapse,
                "none",
                provenance,
                statements=statements,
                **NOT_KNOWN,
            )
            for synapse, provenance in still.items()
        ]
    context.table("spread from tectum to retina", TABLE_COLUMNS, rows)


def report_blockers(context: Context, recordings) -> list:
    """The 2 x 2 of blockers at BC->RGC, and controls without induction or signal."""
    rows, statements = [], 20
    for kind, pattern in INDUCED.items():
        for name in BLOCKED:
            needed = NEEDED[kind] == name
            rows.append(
                report_change(
                    context,
                    f"BC->RGC, {kind}, {name}",
                    recordings,
                    f"{kind}, {name}",
                    "BC->RGC",
                    "none" if needed else pattern,
                    READ,
                    statements=statements,
                )
            )
            if not needed:
                # of the synapse itself: the noise of two small means would hide a difference of 10 %
                left = (
                    recordings.noise_free(f"{kind}, {name}", "BC->RGC").mean()
                    / recordings.noise_free(kind, "BC->RGC").mean()
                )
                row = context.metric(
                    f"{kind} spread left, {name}",
                    left,
                    n=1,
                    band=(0.9, 1.1),
                    provenance=ACCEPTED,
                    paper_value="no change",
                )
                rows.append(
                    [f"{kind} spread left, {name} (ratio)", round(left, 3), None, 1, "-", "0.9 to 1.1", row["verdict"]]
                )
    for name in (
        "LTP, NMDA receptors blocked",
        "LTD, NMDA receptors blocked",
        "no tectal spikes",
        "GABAergic tectal cell",
    ):
        synapse = "RGC->TG" if name.startswith("GABA") else "RGC->TC"
        rows += [
            report_change(context, f"{s}, {name}", recordings, name, s, "none", OWN, statements=statements, **NOT_KNOWN)
            for s in (synapse, "BC->RGC")
        ]
    for kind, pattern in INDUCED.items():
        name = f"{kind}, both carriers blocked"
        rows += [
            report_change(
                context, f"{s}, {name}", recordings, name, s, expected, OWN, statements=statements, **NOT_KNOWN
            )
            for s, expected in (("RGC->TC", pattern), ("BC->RGC", "none"))
        ]
    context.table("blockers and controls", TABLE_COLUMNS, rows)
    return rows


def report_courses(context: Context, recordings) -> dict[str, float]:
    """Onset and persistence of the spread, from the synapse itself; gives the onsets (min after induction)."""
    rows, onsets, minutes = [], {}, recordings.minutes
    after = minutes >= 0
    for kind in INDUCED:
        mean = recordings.weights(kind, "BC->RGC").mean(0)[after] - 1
        late, usual = (
            mean[(minutes[after] >= low - 1e-6) & (minutes[after] <= high + 1e-6)].mean()
            for low, high in ((50, 60), (20, 30))
        )
        final = mean[-1]
        onsets[kind], half = (crossing(minutes[after], mean, share, final) for share in (0.1, 0.5))
        for name, value, unit, band, provenance in (
            (f"onset_t10, {kind}", onsets[kind], "min", (3, 20), ASSUMED),
            (f"onset_t50, {kind}", half, "min", None, "not known"),
            (f"kept_30_min_later, {kind}", late / usual, "", (0.8, None), "project's acceptance band"),
        ):
            row = context.metric(name, value, unit, n=1, band=band, provenance=provenance)
            rows.append([name, round(float(value), 2), unit or "-", "-" if band is None else str(band), row["verdict"]])
    context.table(
        "time course of BC->RGC (after induction, without EPSC noise)",
        ("observable", "value", "unit", "band", "verdict"),
        rows,
    )
    return onsets


def report_latency(context: Context, recordings, tried, experiment, seeds: int) -> float:
    """Times to 10 and 50 % of the spread against the closed form; gives the slope of mean latency over L/v."""
    minutes, sbp, timeline = recordings.minutes, experiment.sbp, experiment.timeline
    after = minutes >= 0
    induction = float(timeline.pairs * timeline.period)
    rows, kept = [], []
    for kind, length, velocity, treatment in tried:
        change = recordings.weights(treatment.name, "BC->RGC")[0, after] - 1
        total = abs(recordings.weights(treatment.name, "RGC->TC")[0, -1] - 1)
        share = arrived(
            minutes[after], length * 1e-6, velocity * 1e-6, sbp.transport.stages, float(sbp.transport.pool), induction
        )
        bound = sbp.upper if kind == "LTP" else -sbp.lower
        final = bound * -np.expm1(-sbp.rate * total)
        simulated = [crossing(minutes[after], change, s, final) for s in (0.1, 0.5)]
        closed = [time_to(s, total, sbp.rate, share, minutes[after]) for s in (0.1, 0.5)]
        mean = mean_latency(minutes[after], change, bound)
        noisy = noisy_times(minutes[after], change, seeds, [context.seed, len(kept)])
        kept.append(
            [
                float(kind == "LTD"),
                length,
                velocity,
                *simulated,
                *closed,
                mean,
                np.nanmean(noisy),
                np.nanstd(noisy, ddof=1) if seeds > 1 else 0,
            ]
        )
        rows.append(
            [
                kind,
                f"{length:g}",
                f"{velocity:g}",
                *(round(float(value), 2) for value in (length / velocity / 60, *simulated, *closed, *kept[-1][-2:])),
                seeds,
            ]
        )
    from scipy.stats import linregress  # half a second to import

    _latencies(context, rows)
    kept = np.array(kept)
    context.array("latency", kept)
    worst = float(np.nanmax(np.abs(kept[:, 3:5] - kept[:, 5:7])))
    reached = int((~np.isnan(kept[:, 3:7]).any(1)).sum())
    name = "latency, largest distance from the closed form"
    context.metric(name, worst, "min", n=reached, band=(0, 0.25), provenance="closed form")
    fit = linregress(kept[:, 1] / kept[:, 2] / 60, kept[:, 7])
    context.metric("mean latency per L/v", fit.slope, n=len(kept), band=(0.98, 1.02), provenance="closed form")
    return float(fit.slope)


def _latencies(context: Context, rows: list) -> None:
    context.table(
        "latency of the spread after induction (every length and velocity is an assumption)",
        (
            "carrier",
            "length (um)",
            "velocity (um/s)",
            "L/v (min)",
            "t10 (min)",
            "t50 (min)",
            "t10, closed form",
            "t50, closed form",
            "t50 from EPSCs (min)",
            "SD",
            "n",
        ),
        rows,
    )


def noisy_times(minutes, change, seeds: int, seed) -> np.ndarray:
    """Times to half of the final change as read off noisy EPSCs: the step that fits best by least squares.

    The size of the step is the mean of the last 30 min.

    Parameters
    ----------
    minutes, change : ndarray, shape (n,)
        The synapse itself.
    seeds : int
    seed : sequence of int

    Returns
    -------
    ndarray, min, shape (seeds,)
    """
    noise = np.random.default_rng(seed).normal(1, 0.15, (seeds, change.size))
    epsc = (1 + change) * noise - 1
    final = epsc[:, minutes >= minutes[-1] - 30].mean(-1, keepdims=True)
    gained = np.cumsum((final * (2 * epsc - final))[:, ::-1], axis=-1)[:, ::-1]
    return minutes[gained.argmax(-1)]


PROTOCOL = Protocol(
    name="du-2009",
    title="LTP and LTD in the tectum spread back to the retina",
    source=Source("Du, Wei, Wang, Wong & Poo (2009) PNAS 106:18890", "10.1073/pnas.0910659106"),
    parameters={
        **PAIRING,
        "pairs": Parameter(100, minimum=1, maximum=3600, help="number of pairings (Zhang 1998; unverified, med)"),
        "length": Parameter(700.0, unit="um", minimum=10.0, maximum=5000.0, help="axon, retina to tectum (assumption)"),
        "velocity": Parameter(1.0, unit="um/s", minimum=0.01, maximum=10.0, help="of the LTP carrier (assumption)"),
        "velocity_ltd": Parameter(1.0, unit="um/s", minimum=0.01, maximum=10.0, help="of the LTD carrier (assumption)"),
        "lengths": Parameter(
            (300.0, 500.0, 700.0, 1000.0),
            unit="um",
            minimum=100.0,
            maximum=2000.0,
            help="axon lengths for the latency (assumptions)",
        ),
        "velocities": Parameter(
            (0.2, 0.5, 1.0, 2.0),
            unit="um/s",
            minimum=0.1,
            maximum=10.0,
            help="velocities for the latency (assumptions)",
        ),
    },
    run=run,
    quick={"seeds": 20},
    full={"seeds": 100},
    figures=("du-2009",),
)
