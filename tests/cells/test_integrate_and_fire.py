"""Neuron models: closed forms, sums of parts, and what they refuse."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from brian2 import Hz, Mohm, Network, NeuronGroup, SpikeMonitor, ms, mV, nA, nS, pA, pF, second, volt

from sbp_brian.cells.integrate_and_fire import NeuronModel, firing_rate, lif_conductance, lif_current, soft_reset
from sbp_brian.errors import RuleError
from sbp_brian.plasticity import homeostatic_v, synaptic_scaling, threshold_homeostasis

pytestmark = pytest.mark.usefixtures("numpy_target")


def ran(cells, duration, *more):
    spikes = SpikeMonitor(cells)
    Network(cells, spikes, *more).run(duration, namespace={})
    return spikes


def test_lif_current_follows_the_closed_form():
    cells = lif_current(tau_m=20 * ms, tau_syn=5 * ms, V_th=0 * mV).group(1, dt=0.1 * ms)
    cells.I_syn = 0.1 * nA
    ran(cells, 10 * ms)
    a, b = 10e-3 / 20e-3, 10e-3 / 5e-3
    v = 100e6 * 0.1e-9 * 5e-3 / (20e-3 - 5e-3) * (np.exp(-a) - np.exp(-b))
    assert float(cells.v[0] + 65 * mV) == pytest.approx(v, rel=1e-9)


def test_lif_current_fires_at_the_rate_of_the_closed_form():
    cells = lif_current(t_ref=0 * ms).group(1, dt=0.01 * ms)
    cells.I_ext = 0.3 * nA  # settles at -35 mV, so T = tau_m * log(30/15)
    times = np.asarray(ran(cells, 200 * ms).t)
    assert np.diff(times).mean() == pytest.approx(20e-3 * np.log(2), abs=2e-5)


def test_refractory_cells_wait():
    cells = lif_current(t_ref=5 * ms).group(1, dt=0.05 * ms)
    cells.I_ext = 10 * nA
    assert np.diff(np.asarray(ran(cells, 50 * ms).t)).min() >= 5e-3 - 1e-9


def test_lif_conductance_settles_between_its_reversals():
    cells = lif_conductance(tau_e=1e6 * second, tau_i=1e6 * second, V_th=10 * mV).group(1, dt=0.1 * ms)
    cells.g_e, cells.g_i = 10 * nS, 20 * nS
    ran(cells, 300 * ms)
    assert float(cells.v[0]) == pytest.approx((10 * -60e-3 + 10 * 0 + 20 * -80e-3) / 40, abs=1e-8)


@pytest.mark.parametrize("w", [0.3, 1.7, 12.4])
def test_soft_reset_loses_no_input(w):
    cells = soft_reset(theta=0.5, tau_g=5 * ms).group(1, dt=0.1 * ms)
    cells.g = w
    spikes = ran(cells, 200 * ms)
    assert float(cells.v[0]) + 0.5 * spikes.num_spikes == pytest.approx(w, rel=1e-9)
    assert spikes.num_spikes == int(w / 0.5 + 1e-9)


def test_soft_reset_leaks():
    cells = soft_reset(tau_m=10 * ms).group(1, dt=0.1 * ms)
    cells.v = 0.9
    ran(cells, 10 * ms)
    assert float(cells.v[0]) == pytest.approx(0.9 * np.exp(-1), rel=1e-9)


def test_firing_rate_is_the_rate():
    cells = (lif_current(t_ref=0 * ms) + firing_rate(0.5 * second)).group(1, dt=0.1 * ms)
    cells.I_ext = 0.3 * nA
    spikes = ran(cells, 3 * second)
    expected = np.exp(-(3 - np.asarray(spikes.t)) / 0.5).sum() / 0.5
    assert float(cells.firing_rate[0]) == pytest.approx(expected, rel=1e-3)
    assert float(cells.firing_rate[0]) == pytest.approx(spikes.num_spikes / 3, rel=0.05)


def test_homeostatic_v_draws_the_membrane():
    cells = (soft_reset(theta=1e9, tau_m=1e6 * second) + homeostatic_v(10 * ms, 1e6 * second)).group(2, dt=0.1 * ms)
    cells.v = 1.0
    cells.v_homeo = [0.25, 0.5]
    ran(cells, 10 * ms)
    np.testing.assert_allclose(cells.v, [0.25 + 0.75 * np.exp(-1), 0.5 + 0.5 * np.exp(-1)], rtol=1e-6)


def test_threshold_homeostasis_settles_at_its_rate():
    model = replace(soft_reset(tau_m=20 * ms), threshold="v > theta + threshold_shift", reset="v = 0")
    cells = (model + threshold_homeostasis(0.05, 20 * Hz)).group(3, dt=0.5 * ms, extra_equations="drive : 1")
    cells.drive = [0.4, 0.6, 0.9]
    cells.run_regularly("g = drive", when="start")
    spikes = SpikeMonitor(cells)
    net = Network(cells, spikes)
    net.run(4 * second, namespace={})
    before = np.array(spikes.count)
    net.run(4 * second, namespace={})
    assert (np.array(spikes.count) - before) / 4 == pytest.approx([20] * 3, abs=1.5)


def test_scaling_keeps_ratios_and_needs_the_rate():
    source = NeuronGroup(3, "u : 1", threshold="False", name="silent_source", namespace={})
    cells = (soft_reset() + firing_rate()).group(2, name="scaled", dt=1 * ms)
    rule = synaptic_scaling(5 * Hz, tau_scaling=1 * second, dt_scaling=50 * ms)
    synapses = rule.synapses(source, cells, name="scaling", dt=1 * ms)
    synapses.connect()
    synapses.w = before = np.array([0.5, -0.5, 1, 1, 2, -2])
    Network(source, cells, synapses).run(1 * second, namespace={})
    np.testing.assert_allclose(synapses.w / before, np.e, rtol=1e-9)  # silent cells: e-fold in tau_scaling
    with pytest.raises(RuleError, match="firing_rate") as caught:
        rule.synapses(source, soft_reset().group(1, name="plain"))
    assert "cells.firing_rate" in str(caught.value)


def test_extra_equations_and_events():
    cells = lif_current().group(2, name="extended", extra_equations="q : 1", events={"loud": "q > 1"})
    assert {"q", "v"} <= set(cells.variables)
    assert set(cells.events) == {"spike", "loud"}
    assert isinstance(cells, NeuronGroup)
    assert float(cells.v[0]) == pytest.approx(-65e-3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: lif_current(tau_m=0 * ms), "tau_m"),
        (lambda: lif_current(R_m=5), "R_m"),
        (lambda: lif_current(R_m=-1 * Mohm), "R_m"),
        (lambda: lif_current(V_reset=-40 * mV), "V_reset"),
        (lambda: lif_current(t_ref=-1 * ms), "t_ref"),
        (lambda: lif_conductance(C_m=0 * pF), "C_m"),
        (lambda: lif_conductance(E_e=3), "E_e"),
        (lambda: lif_conductance(g_L=1 * pA), "g_L"),
        (lambda: soft_reset(theta=0), "theta"),
        (lambda: firing_rate(3), "tau_rate"),
        (lambda: homeostatic_v(1 * second, 1 * ms), "tau_pull"),
        (lambda: threshold_homeostasis(step=-1), "step"),
        (lambda: lif_current().group(0), "n = 0"),
        (lambda: lif_current().group(2.5), "n = 2.5"),
        (lambda: lif_current().group(1, extra_equations="v : 1"), "'v'"),
        (lambda: lif_current() + lif_conductance(), "threshold"),
        (lambda: firing_rate() + firing_rate(), "'firing_rate'"),
        (lambda: NeuronModel("u : 1\nv : 1", drift=("1*Hz",), name="flat").group(1), "{drift}"),
        (lambda: NeuronModel("size : 1"), "'size'"),
        (lambda: NeuronModel("u : 1", initial={"q": 1}), "'q'"),
    ],
)
def test_bad_models_are_refused_in_one_line(make, says):
    with pytest.raises(RuleError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_models_travel_and_add_up_in_order():
    model = lif_current() + firing_rate() + homeostatic_v(unit=volt)
    assert pickle.loads(pickle.dumps(model)) == model
    assert model.reset.splitlines() == ["v = V_reset", "firing_rate += 1/tau_rate"]
    assert "(v_homeo - v)/tau_pull" in model.text()
