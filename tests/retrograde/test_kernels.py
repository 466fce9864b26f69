"""The retrograde signal through kernels that synapses share, against loops over all synapses; and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, TimedArray, ms

from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.errors import KernelError, RetrogradeError
from sbp_brian.retrograde import Emission, RetrogradeSBP, Window
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.reference import shared_retrograde
from tests.reference.small_networks import on_numpy

STEPS = 12
FIRST = Convolution(Maps(2, 5, 5), 3, 3, 1, 1, maps_last=True)
SECOND = Convolution(FIRST.target, 2, (3, 2), 2)
LEARNING, RATE, SHARE = 0.05, 0.5, 0.4
ARRIVING = SynapseRule("w : 1", on_pre={"arrive": "drive_post += w"}, name="arriving")
RULE = ARRIVING + SynapseRule(
    "w : 1",
    on_pre={"learn": "push = err_post*trace_pre\nw = w + learning*push\nmet_pre += push"},
    on_post={"back": "w -= 0.3*trace_post*trace_pre"},
    namespace={"learning": LEARNING},
)
PLAN = {"emission": "weighted", "floor": 0, "levels": None, "activity": False, "window": None, "cascade": False}
#: Name -> what the signal is, here and in the reference.
CASES = {
    **{kind.replace("-", ""): ({"emission": kind}, {"emission": kind}) for kind in ("change", "bit", "value-bit")},
    "weighted": ({"emission": "weighted", "gain_ltd": 0.4}, {"emission": "weighted", "gains": (1, 0.4)}),
    "strength": (
        {"emission": Emission("strength", levels=3, full_scale=0.1)},
        {"emission": "strength", "levels": (3, 0.1)},
    ),
    "relative": ({"emission": Emission("relative", floor=0.2)}, {"emission": "relative", "floor": 0.2}),
    "relation": ({"emission": "relative", "activity": True}, {"emission": "relative", "activity": True}),
    "proportion": ({"emission": "proportion", "activity": True}, {"emission": "proportion", "activity": True}),
    "window": ({"emission": "weighted", "transport": Window(3 * ms)}, {"window": 3}),
    "cascade": ({"emission": "weighted", "cascade": True}, {"cascade": True}),
    "late": (
        {"emission": "bit", "transport": Window(2 * ms), "cascade": True},
        {"emission": "bit", "window": 2, "cascade": True},
    ),
}
#: All cases on numpy and C++; on Cython, which compiles each piece of code by itself, two with all kinds of pathways.
RUNS = [
    *(("numpy", name) for name in CASES),
    *(pytest.param("cpp", name, marks=pytest.mark.slow) for name in CASES),
    *(pytest.param("cython", name, marks=pytest.mark.slow) for name in ("weighted", "late")),
]


def given(n, maps):
    """Train, trace and error of the cells of a layer."""
    rng = np.random.default_rng(n)
    return rng.random((STEPS, maps.cells)) < 0.3, rng.normal(size=maps.cells), rng.normal(size=maps.cells)


LAYERS = [given(n, maps) for n, maps in enumerate((FIRST.source, FIRST.target, SECOND.target))]
WEIGHTS = [np.random.default_rng(9 + n).normal(size=c.weights) / 2 for n, c in enumerate((FIRST, SECOND))]


def layer(n, name, sbp):
    train, trace, error = LAYERS[n]
    cells = NeuronGroup(
        train.shape[1],
        Equations("trace : 1\nerr : 1\ndrive : 1\nmet : 1") + sbp.equations,
        threshold="train(t, i) > 0.5",
        reset="trace = 0.9*trace - 0.1",
        events={"seldom": "i % 3 == 1 and train(t, i) > 0.5", **sbp.events},
        namespace={"train": TimedArray(train.astype(float), dt=1 * ms, name=f"train_{name}")},
        name=name,
    )
    cells.trace, cells.err = trace, error
    sbp.operation(cells)
    return cells


def network(cases):
    objects = []
    for name in cases:
        sbp = RetrogradeSBP(rate=RATE, lambda_f=SHARE, gate="trace_pre", **CASES[name][0])
        learning = replace(RULE, on_post={})
        first = sbp.emitting(learning) if sbp.cascade else ARRIVING
        first = sbp.receiving(first, on="seldom" if sbp.holds else None)
        cells = [layer(n, f"{name}_{letter}", sbp) for n, letter in enumerate("abc")]
        kernels = [
            rule.kernels(*cells[n : n + 2], convolution, name=f"{name}_{letter}")
            for n, (rule, convolution, letter) in enumerate(((first, FIRST, "k1"), (sbp.emitting(RULE), SECOND, "k2")))
        ]
        for made, values in zip(kernels, WEIGHTS, strict=True):
            made.w = values
        objects += [*cells, *kernels]
    return Network(objects)


@pytest.fixture(scope="module")
def found():
    """Target -> the result of a network that holds all of its cases."""
    done = {}

    def run(target):
        if target not in done:
            cases = [run[1] for run in (getattr(run, "values", run) for run in RUNS) if run[0] == target]
            done[target] = Simulation(lambda: network(cases), STEPS * ms, target=target, dt=1 * ms).run()
        return done[target]

    return run


@pytest.mark.parametrize(("target", "name"), RUNS)
def test_equal_to_loops_over_all_synapses(found, target, name):
    plan = PLAN | {"gains": (1, 1), "share": RATE * SHARE, "learning": LEARNING} | CASES[name][1]
    cells, weights = shared_retrograde.run(LAYERS, WEIGHTS, [FIRST, SECOND], plan)
    result = found(target)
    for k, (expected, before) in enumerate(zip(weights, WEIGHTS, strict=True), 1):
        assert np.abs(expected - before).max() > 0.01
        np.testing.assert_allclose(result[f"{name}_k{k}.w"], expected, rtol=1e-10, atol=1e-10)
    for letter, layer in zip("abc", cells, strict=True):
        np.testing.assert_allclose(result[f"{name}_{letter}.drive"], layer.drive, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(result[f"{name}_{letter}.met"], layer.met, rtol=1e-10, atol=1e-10)
        for channel, now in zip(("ltp", "ltd"), layer.now, strict=True):
            np.testing.assert_allclose(result[f"{name}_{letter}.retro_{channel}_now"], now, rtol=1e-10, atol=1e-10)
    assert cells[1].now.any()
    assert cells[0].now.any() == plan["cascade"]


# ---------------------------------------------------------------------------------------------------- what is refused
@pytest.fixture
def made():
    with on_numpy():
        sbp = RetrogradeSBP()
        yield [layer(n, f"refusing_{letter}", sbp) for n, letter in enumerate("abc")]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"lambda_p": 0.5}, r"RetrogradeSBP\(lambda_p=0.5\) chooses synapses, of which .* take lambda_p=1$"),
        (
            {"expression": "relative"},
            r"RetrogradeSBP\(expression='relative'\) moves a weight by a factor, once for each",
        ),
        ({"expression": "saturating"}, r"RetrogradeSBP\(expression='saturating'\) moves a weight by a factor"),
        (
            {"w_min": 0},
            r"RetrogradeSBP\(w_min=0\) would cut each synapse's share of the sum; bound the kernels in code",
        ),
        (
            {"w_max": 1},
            r"RetrogradeSBP\(w_max=1\) would cut each synapse's share of the sum; bound the kernels in code",
        ),
        (
            {"selectable": True},
            r"RetrogradeSBP\(selectable=True\) chooses synapses, of which shared kernels have none; l",
        ),
        ({"persistence": 9 * ms}, r"RetrogradeSBP\(persistence=9. ms\) keeps what each synapse has expressed; let"),
        ({"gate": 9 * ms}, r"RetrogradeSBP\(gate=9. ms\) remembers a spike at each synapse; .* gate=\"trace_pre\"$"),
    ],
)
def test_expression_that_needs_synapses_is_refused(made, how, message):
    with pytest.raises(KernelError, match=rf"^into: {message}") as refused:
        RetrogradeSBP(**how).receiving(ARRIVING).kernels(*made[:2], FIRST, name="into")
    assert "\n" not in str(refused.value)


DRAWS = replace(RULE, on_pre={"learn": "w += learning*int(rand() < 0.5)"})


@pytest.mark.parametrize(
    ("how", "rule", "message"),
    [
        (
            {"lateral_ltp": 0.1},
            RULE,
            r"RetrogradeSBP\(lateral_ltp, lateral_ltd\) is for synapses that have not emitted",
        ),
        (
            {"postlateral_ltd": 0.1},
            RULE,
            r"RetrogradeSBP\(postlateral_ltd\) is for synapses that have not emitted them",
        ),
        (
            {"emission": Emission(noise=0.1)},
            RULE,
            r"RetrogradeSBP\(emission=Emission\(noise=...\)\) is drawn for each s",
        ),
        (
            {"emission": Emission(loss=0.1)},
            RULE,
            r"RetrogradeSBP\(emission=Emission\(loss=...\)\) is drawn for each syn",
        ),
        (
            {},
            DRAWS,
            r"pathway 'learn' draws rand\(\), which its report and its change would each draw anew; let the ce",
        ),
        (
            {},
            replace(RULE, on_post={"learn_change": "w += 1"}),
            r"pathway 'learn_change' has the name of the change of 'learn'; rename it",
        ),
        (
            {},
            replace(RULE, on_post={"learn2": "drive_post += 1"}),
            r"pathway 'learn2' would run between the report of 'learn' and its change; rename it",
        ),
        (
            {},
            replace(RULE, on_pre={"learn": "w += learning*w"}),
            r"pathway 'learn_change': reads 'w' and adds to 'w', so",
        ),
        (
            {},
            replace(RULE, on_pre={"learn": "w = clip(w + learning, 0, 1)"}),
            r"pathway 'learn': 'w = clip\(w \+ learning, 0, 1\)' depends on which of the synapses that share a weight",
        ),
    ],
)
def test_reports_that_need_synapses_are_refused(made, how, rule, message):
    with pytest.raises(KernelError, match=rf"^out of: {message}") as refused:
        RetrogradeSBP(**how).emitting(rule).kernels(*made[1:], SECOND, name="out of")
    assert "\n" not in str(refused.value)


def test_cells_without_the_operation_are_refused_before_the_run():
    with on_numpy():
        sbp = RetrogradeSBP()
        cells = NeuronGroup(
            FIRST.target.cells, Equations("drive : 1") + sbp.equations, events=sbp.events, name="unmoved"
        )
        a = layer(0, "moved", sbp)
        kernels = sbp.receiving(ARRIVING).kernels(a, cells, FIRST, name="into")
        with pytest.raises(
            RetrogradeError, match=r"signal of the cells 'unmoved' would never move, though 'into' uses"
        ):
            kernels.before_run({})
