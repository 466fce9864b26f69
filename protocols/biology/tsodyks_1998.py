"""Trains of presynaptic spikes on a depressing and on a facilitating connection.

Tsodyks, Pawelzik & Markram 1998, Neural Comput 10:821-835, doi:10.1162/089976698300017502 (with Tsodyks & Markram 1997,
PNAS 94:719, doi:10.1073/pnas.94.2.719): between pyramidal cells of layer 5 EPSCs fade within a train, and at high rates
the stationary EPSC falls as 1/rate, so that the mean drive no longer tells the rate; from pyramidal cells to
interneurons they grow first, and at high rates decline again.

Parameters (read in public re-implementations, not in the paper): U 0.5, recovery 800 ms; U 0.03, recovery 130 ms,
facilitation 530 ms. The stationary EPSC relative to the first of a depressing train is (1 - e)/(1 - (1 - U) e), with
e = exp(-1/(rate 800 ms)): 0.114 at 20 Hz; the second relative to the first is 1 - U e: 0.530.

Measured as in the experiments on averages of `sweeps` trains, each EPSC varying about its mean (CV 0.15), efficacies
varying between connections (CV 0.3). Built in: the equations of release. What is tested is that rule, clock, synapses
and measurement give their closed forms. Differs from the paper: no inactive state of a few ms.
"""

from __future__ import annotations

import functools

import numpy as np
from brian2 import Hz, amp, ms

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.circuits.pulse_trains import CONNECTIONS, DRAWN, RECOVERED, TRAIN, build
from sbp_brian.protocols.biology.reporting import report_value
from sbp_brian.protocols.biology.trials import EPSC_CV, STRENGTH_CV
from sbp_brian.targets import Simulation

__all__ = ["PROTOCOL", "released", "stationary"]

COPIES = 20
SHOWN = (20.0, 70.0)  # Hz: the rates of which the paper shows trains
RATES = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 70.0, 100.0)
CLOSED = "computed: closed form; parameters read in public re-implementations, not in the paper"
OWN = "project's acceptance band; parameters as above"
CONTROL = "control of the model"


def released(connection: str, rate: float, n: int) -> np.ndarray:
    """Share released by each of `n` spikes at a rate (Hz), from rest: the model's recursion, shape (n,)."""
    parameters = CONNECTIONS[connection][0]
    share, recovery, facilitation = parameters["U"], float(parameters["tau_rec"]), parameters["tau_facil"]
    recovered, kept = np.exp(-1 / (rate * recovery)), 0.0
    if facilitation is not None:
        kept = np.exp(-1 / (rate * float(facilitation)))
    use, available, out = share, 1.0, []
    for _ in range(n):
        out.append(use * available)
        available = 1 - (1 - available * (1 - use)) * recovered
        use = share + use * kept * (1 - share) if facilitation is not None else share
    return np.array(out)


def stationary(connection: str, rate) -> np.ndarray:
    """Stationary EPSC relative to the first, at rates (Hz)."""
    parameters, rate = CONNECTIONS[connection][0], np.asarray(rate, dtype=float)
    share, recovered = parameters["U"], np.exp(-1 / (rate * float(parameters["tau_rec"])))
    use = np.full_like(rate, share)
    if parameters["tau_facil"] is not None:
        use = share / (1 - (1 - share) * np.exp(-1 / (rate * float(parameters["tau_facil"]))))
    return use * (1 - recovered) / (1 - (1 - use) * recovered) / share


def run(context: Context) -> None:
    """Record all trains on both connections and report them beside the closed forms."""
    p = context.parameters
    rates = tuple(sorted(float(rate) for rate in np.asarray(p.rates / Hz)))
    if len(set(rates)) < len(rates):
        raise ParameterError("rates: give each once")
    if not {*SHOWN, 50.0, 100.0} <= set(rates):
        raise ParameterError("rates must hold 20, 50, 70 and 100 Hz, which the table is about; add them")
    simulation = Simulation(
        functools.partial(build, rates, COPIES, p.step), RECOVERED + 1 * ms, context.target, name="trains", key="trains"
    )
    rng = np.random.default_rng([context.seed, 1998])
    spread = np.sqrt(np.log(1 + STRENGTH_CV**2))
    relative = {name: np.exp(rng.normal(-(spread**2) / 2, spread, p.seeds)) for name in CONNECTIONS}
    with context.progress("trains") as bar:
        results = simulation.run_many(
            [settings(relative, k, len(rates)) for k in range(0, p.seeds, COPIES)], progress=bar
        )
    epscs = {name: measured(name, results, rates, p.seeds, rng, p.sweeps) for name in CONNECTIONS}
    context.array("rates", np.array(rates), "Hz")
    fine = np.geomspace(rates[0], rates[-1], 200)
    context.array("closed_rates", fine, "Hz")
    for name, trains in epscs.items():
        context.array(f"{name}_closed", stationary(name, fine))
        context.array(f"{name}_stationary", np.array([last_second(trains[rate], rate) for rate in rates]))
        for rate in SHOWN:
            shown = trains[rate][:, :-1]
            context.array(f"{name}_{rate:g}", shown / shown[:, :1].mean())
    drawn = np.asarray(results[0]["depressing_traces.t"]) < float(DRAWN) - 1e-9
    context.array("seconds", np.asarray(results[0]["depressing_traces.t"])[drawn], "second")
    for name in CONNECTIONS:
        traces = np.asarray(results[0][f"{name}_traces.v"])[:, drawn]
        context.array(f"{name}_traces", traces[[rates.index(rate) for rate in SHOWN]] * 1e3 / relative[name][0], "mV")
    quiet = {name: quiet_stationary(name, results, rates, p.seeds) for name in CONNECTIONS}
    report(context, epscs, quiet, rates)


def settings(relative: dict, first: int, n_rates: int) -> dict:
    """Arguments of the run that holds trials `first` to `first` + COPIES - 1; spare copies rest at the mean."""
    arguments = {}
    for name, (_, efficacy, _) in CONNECTIONS.items():
        factors = np.ones(COPIES)
        own = relative[name][first : first + COPIES]
        factors[: own.size] = own
        arguments[f"{name}.w"] = np.repeat(factors, n_rates) * float(efficacy) * amp
    return dict(
        values=arguments,
        seed=0,
        names=[
            f"{name}_{what}.{variable}"
            for name in CONNECTIONS
            for what, variable in (("epsc", "epsc"), ("epsc", "t"), ("traces", "v"), ("traces", "t"))
        ],
    )


def measured(name: str, results, rates, seeds: int, rng, sweeps: int) -> dict[float, np.ndarray]:
    """EPSC amplitudes (pA) of each train, averaged over sweeps: rate -> shape (n_seeds, n_pulses + 1).

    The last one is that of the single pulse that tests recovery.
    """
    exact = amplitudes(name, results, rates, seeds)
    return {rate: epsc * rng.normal(1, EPSC_CV / np.sqrt(sweeps), epsc.shape) for rate, epsc in exact.items()}


def amplitudes(name: str, results, rates, seeds: int) -> dict[float, np.ndarray]:
    """The same as the synapses gave them, without variation from EPSC to EPSC."""
    seconds = np.asarray(results[0][f"{name}_epsc.t"])
    epscs = np.concatenate([np.asarray(r[f"{name}_epsc.epsc"]).reshape(COPIES, len(rates), -1) for r in results])
    found = {}
    for k, rate in enumerate(rates):
        pulses = np.append(np.arange(np.ceil(float(TRAIN) * rate - 1e-6)) / rate, float(RECOVERED))
        found[rate] = 1e12 * epscs[:seeds, k, np.searchsorted(seconds, pulses - 1e-7)]
    return found


def quiet_stationary(name: str, results, rates, seeds: int) -> np.ndarray:
    """Stationary EPSC (the last of a train) relative to the first, without EPSC noise, shape (n_rates,)."""
    exact = amplitudes(name, results, rates, seeds)
    return np.array([(exact[rate][:, -2] / exact[rate][:, 0]).mean() for rate in rates])


def report(context: Context, epscs: dict, quiet: dict, rates) -> None:
    """The table that is scored, and the stationary EPSCs of all rates."""
    depressing, facilitating = _depressing(context, epscs["depressing"]), _facilitating(context, epscs["facilitating"])
    rows = [*depressing, *facilitating, *_ends(context, epscs, quiet, rates)]
    context.table("trains", ("EPSC", "mean", "SD", "n", "closed form", "verdict"), rows)
    _by_rate(context, epscs, quiet, rates)
    top, passed = int(released("facilitating", 70.0, 350).argmax()), sum(one[-1] == "within" for one in rows)
    context.summary(
        f"At 20 Hz the depressing connection settles at {rows[0][1]:.3f} of its first EPSC (closed form "
        f"{rows[0][4]:.3f}) and its second is {rows[1][1]:.3f} of the first ({rows[1][4]:.3f}); the facilitating one "
        f"grows, at 70 Hz up to pulse {top + 1}, and then declines; {passed} of {len(rows)} values lie in their bands."
    )
    context.note(
        "Built in: the equations of release (Tsodyks & Markram) and their parameters. Agreement with the "
        "closed forms is a check of rule, clock and measurement; the paper's own numbers are not compared."
    )
    context.note(
        f"Each EPSC is the average over {context.parameters.sweeps} sweeps (a choice), each with a CV of "
        "0.15; a pulse 7 s after the train is the control: a rested synapse responds as at the start."
    )


def _depressing(context: Context, trains: dict) -> list:
    """Where a train settles, its second EPSC, and the drive at high rates."""
    train, settled, second = (
        trains[20.0],
        float(stationary("depressing", 20.0)),
        released("depressing", 20.0, 2)[1] / 0.5,
    )
    drive = [last_second(trains[rate], rate) * rate for rate in (50.0, 100.0)]
    limit = float(stationary("depressing", 100.0) / stationary("depressing", 50.0) * 2)
    return [
        report_value(
            context,
            "depressing_stationary_20_Hz",
            last_second(train, 20.0),
            settled,
            band=(settled - 0.02, settled + 0.02),
            provenance=CLOSED,
        ),
        report_value(
            context,
            "depressing_second_to_first_20_Hz",
            train[:, 1] / train[:, 0],
            second,
            band=(second - 0.02, second + 0.02),
            provenance=CLOSED,
        ),
        report_value(
            context,
            "depressing_mean_drive_100_to_50_Hz",
            drive[1] / drive[0],
            limit,
            band=(0.9, 1.1),
            provenance="1/rate limit; " + OWN,
        ),
    ]


def _facilitating(context: Context, trains: dict) -> list:
    """The second EPSC and where a train settles; the peak at a high rate, and the decline after it."""
    rows = []
    for rate in SHOWN:
        train, closed, settled = (
            trains[rate],
            released("facilitating", rate, 2),
            float(stationary("facilitating", rate)),
        )
        rows += [
            report_value(
                context,
                f"facilitating_second_to_first_{rate:g}_Hz",
                train[:, 1] / train[:, 0],
                closed[1] / closed[0],
                band=(1, None),
                provenance=OWN,
            ),
            report_value(
                context,
                f"facilitating_stationary_{rate:g}_Hz",
                last_second(train, rate),
                settled,
                band=(0.95 * settled, 1.05 * settled),
                provenance=CLOSED,
            ),
        ]
    train, closed = trains[70.0][:, :-1], released("facilitating", 70.0, 350)
    top = int(closed.argmax())
    rise, fall = closed[top] / closed[0], closed[-1] / closed[top]
    name, decline = "facilitating_stationary_to_peak_70_Hz", "peak, then decline; " + OWN
    return [
        *rows,
        report_value(
            context,
            "facilitating_peak_to_first_70_Hz",
            train[:, top] / train[:, 0],
            rise,
            band=(1, None),
            provenance=OWN,
        ),
        report_value(context, name, train[:, -70:].mean(-1) / train[:, top], fall, band=(0, 0.9), provenance=decline),
    ]


def _ends(context: Context, epscs: dict, quiet: dict, rates) -> list:
    """Recovery after a train, and the distance from the closed form at all rates."""
    rows = []
    for name, trains in epscs.items():
        rows += [
            report_value(
                context,
                f"{name}_recovered_to_first",
                trains[20.0][:, -1] / trains[20.0][:, 0],
                1.0,
                band=(0.95, 1.05),
                provenance=CONTROL,
            ),
            report_value(
                context,
                f"{name}_stationary_largest_distance",
                np.abs(quiet[name] - stationary(name, rates)).max(),
                0.0,
                band=(0, 0.02),
                provenance=f"closed form, {len(rates)} rates, without EPSC noise",
            ),
        ]
    return rows


def _by_rate(context: Context, epscs: dict, quiet: dict, rates) -> None:
    """The stationary EPSCs as a table: measured, without noise, and in closed form."""
    rows = []
    for k, rate in enumerate(rates):
        row = [rate]
        for name in CONNECTIONS:
            row.append(float(last_second(epscs[name][rate], rate).mean()))
            row += [float(quiet[name][k]), float(stationary(name, rate))]
        rows.append(row)
    kinds = ("", ", without EPSC noise", ", closed form")
    columns = ("rate (Hz)", *(f"{name}{what}" for name in CONNECTIONS for what in kinds))
    context.table("stationary EPSC relative to the first", columns, rows)


def last_second(train: np.ndarray, rate: float) -> np.ndarray:
    """Mean of the last second of a train relative to its first EPSC, shape (n_seeds,)."""
    return train[:, -max(1, round(rate)) - 1 : -1].mean(-1) / train[:, 0]


PROTOCOL = Protocol(
    name="tsodyks-1998",
    title="Short-term plasticity in trains: depression, facilitation and the 1/rate limit",
    source=Source("Tsodyks, Pawelzik & Markram (1998) Neural Comput 10:821", "10.1162/089976698300017502"),
    parameters={
        "seeds": Parameter(40, minimum=1, maximum=1000, help="connections of each kind"),
        "rates": Parameter(RATES, unit="Hz", minimum=0.5, maximum=500.0, help="rates of the presynaptic trains"),
        "sweeps": Parameter(40, minimum=1, maximum=1000, help="trains that are averaged for each connection"),
        "step": Parameter(1.0, unit="ms", minimum=0.05, maximum=10.0, help="between points of drawn membranes"),
    },
    run=run,
    quick={"seeds": 20},
    full={"seeds": 100},
    figures=("tsodyks-1998",),
)
