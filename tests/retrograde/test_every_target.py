"""The whole mechanism against an independent reference, on numpy, Cython and C++ standalone."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from brian2 import nS

from sbp_brian.targets import Simulation
from tests.helpers.compiling import quickly
from tests.reference.retrograde_cases import DT, STEPS, Case, expected, network

CHAIN = ("chain", 3, 5, 2000.0, 1500.0, 40)
SIX = [  # between them: every emission, activity, transport, expression, arm and pathway form
    Case("change_gains", levels=(3, 0.0617), gains=([1.0, 0.0, 0.5], [0.0, 1.0, 2.0]), delay=3),
    Case(
        "relative_delay",
        "relative",
        "count",
        ("delay", 4, 2),
        "relative",
        dict(rate=0.3, lambda_p=0.5),
        gate=25,
        weight="strength",
        floor=0.6,
        dense=False,
    ),
    Case(
        "weighted_chain",
        "weighted",
        "given",
        CHAIN,
        "saturating",
        dict(lateral_ltp=0.8, lateral_ltd=0.5, rate=1.4),
        unit=nS,
        bonus=0.05,
        second_output=True,
        dense=False,
        signed=True,
    ),
    Case(
        "window_kept",
        "bit",
        "count",
        ("window", 20),
        "additive",
        dict(w_min=0.2, w_max=1.0, rate=0.7),
        persistence=200,
        signed=True,
    ),
    Case("postlateral", "strength", None, (), "saturating", dict(postlateral_ltd=0.5, lambda_f=0.4), delay=2),
    Case("cascade", "proportion", None, (), "additive", dict(rate=0.2), cascade=True, signed=True),
]
MORE = [
    Case(
        f"{emission.replace('-', '_')}_{activity}_{(transport or ('none',))[0]}_{expression}",
        emission,
        activity,
        transport,
        expression,
        dict(rate=0.5),
        signed=signed,
    )
    for emission, activity, transport, expression, signed in [
        ("change", None, CHAIN, "relative", False),
        ("change", "count", ("delay", 3, 4), "saturating", True),
        ("change", "given", (), "additive", True),
        ("relative", None, (), "saturating", True),
        ("relative", "count", CHAIN, "additive", False),
        ("relative", "given", ("window", 20), "relative", True),
        ("weighted", None, ("delay", 1, 1), "relative", True),
        ("weighted", "count", (), "saturating", False),
        ("weighted", "given", ("chain", 1, 2, 900.0, 300.0, None), "additive", True),
        ("strength", "count", ("delay", 2, 3), "additive", True),
        ("bit", None, (), "relative", True),
        ("value-bit", "given", CHAIN, "saturating", True),
    ]
] + [
    Case("window_weighted", "weighted", "count", ("window", 20), "additive", dict(w_min=0.2, w_max=1.0, rate=0.7)),
    Case("postlateral_change", "change", None, (), "saturating", dict(postlateral_ltd=0.5, lambda_f=0.4), delay=2),
    Case("cascade_change", "change", None, (), "additive", dict(rate=0.2), cascade=True, signed=True),
    Case("strength_units", "strength", "count", levels=(5, 0.0817), unit=nS, signed=True, bonus=0.05),
    Case("bit_units", "bit", unit=nS, signed=True, options=dict(rate=0.1)),
    Case("proportion_units", "proportion", "given", CHAIN, unit=nS, signed=True, levels=(4, 0.05)),
    Case("floor_units", "relative", unit=nS, signed=True, floor=0.7, options=dict(rate=0.3)),
    Case("floor_levels", "relative", "count", signed=True, floor=0.4, levels=(1, 0.03), options=dict(rate=0.2)),
    Case("kept_bounded", options=dict(w_min=0.0, w_max=0.9), persistence=2000, gate=0),
    Case("kept_relative", "relative", None, (), "relative", dict(w_max=0.8, rate=0.3), persistence=1000),
    Case("kept_saturating", "change", None, CHAIN, "saturating", dict(w_max=0.9), persistence=100),
    Case(
        "late_laterals",
        "change",
        None,
        (),
        "additive",
        dict(lateral_ltp=0.5, lateral_ltd=0.2),
        delay=7,
        second_output=True,
        dense=False,
    ),
    Case(
        "units_kept",
        "weighted",
        "count",
        (),
        "additive",
        dict(w_min=0.1, w_max=1.2),
        unit=nS,
        persistence=1000,
        gains=(0.0, 1.0),
    ),
]
ONE = [Case("relative_delay_bounded", "relative", "count", ("delay", 2, 3), "saturating", dict(w_max=0.9, rate=0.8))]
CASES = {
    "numpy": SIX + MORE + ONE,
    "cpp": SIX,
    "cython": ONE,
    "all of cython": SIX,
}  # Cython compiles for seconds a piece
PAIRS = [
    pytest.param(target, case, id=f"{target}-{case.name}", marks=[pytest.mark.slow] * (target == "all of cython"))
    for target, cases in CASES.items()
    for case in cases
]


@pytest.fixture(scope="module")
def results():
    """Target -> the result of one network that holds all of the target's cases."""
    done = {}

    def run(target):
        if target not in done:
            with quickly(target):
                simulation = Simulation(partial(network, CASES[target]), STEPS * DT, target=target.split()[-1], dt=DT)
                done[target] = simulation.run(seed=1)
        return done[target]

    return run


@pytest.mark.parametrize(("target", "case"), PAIRS)
def test_reference(results, target, case):
    result, name = results(target), case.name
    receptive = {
        s: np.asarray(result[f"{name}_{s}.retro_receptive"], bool)
        for s in ("in", "through")
        if f"{name}_{s}.retro_receptive" in result
    }
    groups, synapses = expected(case, receptive)
    moved = 0
    for key, s in synapses.items():
        found = np.asarray(result[f"{name}_{key}.{case.weight}"] / case.unit)
        np.testing.assert_allclose(found, s.w, rtol=1e-10, atol=1e-12, err_msg=f"{name}_{key}")
        moved += np.sum(found != case.weights(len(found), {"in": 11, "out": 12, "through": 13, "out2": 14}[key]))
    assert moved >= 10, "the case shows nothing if hardly any weight moves"
    cells = groups["cells"]
    for c, channel in enumerate(("ltp", "ltd")):
        of = f"{name}_cells.retro_{channel}"
        np.testing.assert_allclose(result[f"{of}_now"], cells.now[c], rtol=1e-9, atol=1e-12)
        if case.transport:
            np.testing.assert_allclose(result[of], cells.fresh[c], rtol=1e-9, atol=1e-12)
        for m, stage in enumerate(cells.ways[c] if case.transport[:1] in (("delay",), ("chain",)) else ()):
            place = f"{of}_{'slot' if case.transport[0] == 'delay' else 'stage'}_{m + 1}"
            np.testing.assert_allclose(result[place], stage, rtol=1e-9, atol=1e-12)
