"""The share of the signal that is expressed: a variable, so that a map over it is one program; 0 expresses nothing."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Delay
from sbp_brian.targets import Simulation
from tests.reference.retrograde_cases import DT, STEPS, Case, expected, network
from tests.reference.small_networks import STATIC, connected, group, on_numpy, run, steps_rule, train

VALUES = (0.0, 0.25, 1.0)


def case(lambda_f):
    """One with lateral arms, units that saturate and a program of its own for each other option."""
    return Case(
        "mapped", "weighted", expression="saturating", options=dict(lambda_f=lambda_f, lateral_ltp=0.5, rate=1.4)
    )


def weights(lambda_f):
    return {name: s.w for name, s in expected(case(lambda_f), {})[1].items()}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """The results of a map over lambda_f, and the programs that it compiled."""
    cache = tmp_path_factory.mktemp("cache")
    results = []
    for value in VALUES:
        simulation = Simulation(partial(network, [case(value)]), STEPS * DT, target="cpp", dt=DT, cache=cache)
        results.append(simulation.run(seed=1))
    return results, list((cache / "programs").glob("*/main"))


def test_a_map_over_lambda_f_compiles_one_program(mapped):
    results, programs = mapped
    assert len(programs) == 1
    assert [result.cached for result in results] == [False, True, True]


@pytest.mark.parametrize("k", range(len(VALUES)))
def test_each_value_gives_the_weights_of_the_reference(mapped, k):
    for name, w in weights(VALUES[k]).items():
        np.testing.assert_allclose(mapped[0][k][f"mapped_{name}.w"], w, rtol=1e-10, atol=1e-12)
    assert mapped[0][k]["mapped_in.retro_lambda_f"] == VALUES[k]


def test_it_is_a_run_argument():
    simulation = Simulation(partial(network, [case(1.0)]), STEPS * DT, target="numpy", dt=DT)
    names = [f"mapped_{name}.retro_lambda_f" for name in ("in", "out")]
    result = simulation.run(dict.fromkeys(names, 0.25), seed=1)
    for name, w in weights(0.25).items():
        np.testing.assert_allclose(result[f"mapped_{name}.w"], w, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("expression", ["additive", "relative", "saturating"])
@pytest.mark.parametrize("transport", [None, Delay(4 * DT, slots=3)])
@pytest.mark.parametrize("bounds", [{}, dict(w_min=0.5, w_max=0.75)])
@pytest.mark.parametrize("kept", [{}, dict(persistence=50 * DT)])
def test_of_zero_nothing_is_expressed_to_the_bit(expression, transport, bounds, kept):
    start = np.array([0.1, 0.7, 0.7 / 3, 1.3, -0.3])  # some beyond the bounds
    with on_numpy():
        sbp = RetrogradeSBP(lambda_f=0, expression=expression, transport=transport, lateral_ltp=1, **bounds, **kept)
        source, cells = group(train(60, *[[]] * 5)), group(train(60, [3, 20]), sbp)
        target = group(train(60, [5, 10, 20], []))
        inputs = connected(sbp.receiving(STATIC), source, cells, w=start)
        outputs = connected(sbp.emitting(steps_rule(0.3, 0.2)), cells, target, w=[0.6, 0.9])
        run(60, source, cells, target, inputs, outputs, sbp.operation(cells))
        assert np.any(cells.retro_ltp_now[:] > 0)
        np.testing.assert_array_equal(inputs.w[:], start)
        np.testing.assert_allclose(outputs.w[:], [0.6 + 3 * 0.3 - 2 * 0.2, 0.9 - 2 * 0.2])
