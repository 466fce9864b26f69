"""Homeostasis of membrane, threshold and synapses against closed forms and a loop over time steps in plain numpy."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, SpikeMonitor, TimedArray, ms, mV, nA, second, volt

from sbp_brian.cells.integrate_and_fire import firing_rate, soft_reset
from sbp_brian.cells.model import NeuronModel
from sbp_brian.plasticity import homeostatic_v, synaptic_scaling, threshold_homeostasis

pytestmark = pytest.mark.usefixtures("numpy_target")


def test_membrane_and_its_homeostatic_value_draw_one_another():
    """Their difference falls with the sum of both rates, and each has moved by its share of what is gone."""
    pull, homeo, time = 10e-3, 40e-3, 15e-3
    alone = NeuronModel("dv/dt = 0*volt/second{drift} : volt", initial={"v": 0 * mV}, name="nothing else")
    model = alone + homeostatic_v(pull * second, homeo * second, unit=volt)
    cells = model.group(2, name="drawn", dt=0.1 * ms, method="rk4")
    cells.v, cells.v_homeo = [20, -5] * mV, [-10, 30] * mV
    v, v_homeo = np.array([20e-3, -5e-3]), np.array([-10e-3, 30e-3])
    gone = (v - v_homeo) * (1 - np.exp(-time * (1 / pull + 1 / homeo)))
    Network(cells).run(time * second, namespace={})
    # rk4 itself is 1e-12 V off
    np.testing.assert_allclose(cells.v / volt, v - gone * homeo / (pull + homeo), rtol=0, atol=1e-11)
    np.testing.assert_allclose(cells.v_homeo / volt, v_homeo + gone * pull / (pull + homeo), rtol=0, atol=1e-11)


def test_the_homeostatic_value_starts_at_the_membrane():
    cells = (soft_reset() + homeostatic_v()).group(2, name="still", dt=1 * ms)
    np.testing.assert_array_equal(cells.v_homeo, cells.v)


def test_each_spike_lifts_the_threshold_and_time_lowers_it():
    """The spikes of a cell whose membrane is given, step by step."""
    step, rate, dt, steps = 0.7, 30.0, 1e-3, 400
    given = np.random.default_rng(4).uniform(0, 6, (steps, 3))
    space = {"given": TimedArray(given, dt=1 * ms, name="given_membrane")}
    membrane = NeuronModel("v = given(t, i) : 1", threshold="v > 1.5 + threshold_shift", namespace=space, name="given")
    cells = (membrane + threshold_homeostasis(step, rate * Hz)).group(3, name="adapting", dt=1 * ms)
    spikes = SpikeMonitor(cells, name="adapted")
    Network(cells, spikes).run(steps * ms, namespace={})
    fired = []
    counts = np.zeros(3)
    for k in range(steps):
        now = given[k] > 1.5 + step * (counts - rate * k * dt)
        fired += [(k, int(i)) for i in np.flatnonzero(now)]
        counts += now
    assert len(fired) > 20
    assert list(zip(np.round(np.asarray(spikes.t) / dt).astype(int).tolist(), list(spikes.i), strict=True)) == fired
    np.testing.assert_allclose(cells.threshold_rise, step * counts, rtol=1e-12)


def test_the_threshold_comes_after_the_reset_of_the_model():
    model = replace(soft_reset(), threshold="v > theta + threshold_shift") + threshold_homeostasis(0.25)
    assert model.reset.splitlines()[-1] == "threshold_rise += threshold_step"


@pytest.mark.parametrize("sign", [1, -1])
def test_scaling_holds_weights_of_both_signs_within_their_bound(sign):
    """Cells that never fire: from 1 to 2.2 nA would be past the bound of 1.5 nA."""
    source = NeuronGroup(2, "u : 1", threshold="False", name="no_source", namespace={})
    cells = (soft_reset() + firing_rate()).group(1, name="bounded_cells", dt=10 * ms)
    rule = synaptic_scaling(5 * Hz, tau_scaling=1 * second, dt_scaling=50 * ms, w_max=1.5 * nA)
    synapses = rule.synapses(source, cells, name="bounded", dt=10 * ms)
    synapses.connect()
    synapses.w = sign * np.array([0.2, 1.0]) * nA
    Network(source, cells, synapses).run(0.8 * second, namespace={})
    np.testing.assert_allclose(synapses.w / nA, sign * np.array([0.2 * np.exp(0.8), 1.5]), rtol=1e-9)
