"""The ReL-PSP neuron on a time grid against its closed form."""

import doctest
import sys

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, defaultclock, ms, second

from sbp_brian.cells.rectified_linear import relpsp, relpsp_synapse
from sbp_brian.errors import RuleError
from sbp_brian.targets import Simulation
from tests.reference.small_networks import on_numpy
from tests.reference.stdbp import spike_times

N_IN, N_OUT, TAU, DT = 6, 40, 0.01, 0.0005
RNG = np.random.default_rng(12)
TIMES = np.sort(RNG.random(N_IN))  # in tau
WEIGHTS = RNG.uniform(-0.5, 1.2, (N_IN, N_OUT))


def make():
    defaultclock.dt = DT * second
    source = NeuronGroup(
        N_IN,
        "at : second\nspike_time : second",
        threshold="at > t - 1e-9*second and at <= t + dt",
        name="source",
        namespace={},
    )
    source.at = source.spike_time = TIMES * TAU * second
    cells = relpsp(TAU * second).group(N_OUT, name="cells")
    synapses = relpsp_synapse(TAU * second).synapses(source, cells, name="synapses")
    synapses.connect()
    synapses.w = WEIGHTS.ravel()
    return Network(source, cells, synapses)


@pytest.mark.parametrize("target", ["numpy", "cpp"])
def test_it_spikes_when_the_closed_form_does(target):
    result = Simulation(make, 4 * TAU * second, target).run(seed=1)
    expected, _ = spike_times(WEIGHTS, TIMES, 1.0, 4.0)
    fired = np.isfinite(expected)
    assert 5 < fired.sum() < N_OUT
    spiked = np.asarray(result["cells.waiting"]) == 0
    clear = np.abs(expected - 4.0) > 2 * DT / TAU
    np.testing.assert_array_equal(spiked[clear], fired[clear])
    both = fired & spiked
    error = np.abs(np.asarray(result["cells.spike_time"])[both] / TAU - expected[both])
    assert error.max() <= DT / TAU
    step = np.floor(expected[both] * TAU / DT)
    alone = ~(np.floor(TIMES * TAU / DT)[None, :] == step[:, None]).any(1)
    assert alone.sum() > 5
    assert error[alone].max() < 1e-9


def test_bad_parameters_are_refused():
    with pytest.raises(RuleError, match=r"tau = .* must be positive"):
        relpsp(-1 * ms)
    with pytest.raises(RuleError, match=r"threshold = 0 must be positive"):
        relpsp(threshold=0)
    plain = NeuronGroup(2, "v : 1", threshold="v > 1", name="plain_source")
    with pytest.raises(RuleError, match="needs the exact spike time"):
        relpsp_synapse().synapses(plain, relpsp().group(2, name="relpsp_cells"))


def test_the_example_is_true():
    with on_numpy():
        defaultclock.dt = 0.1 * ms
        found = doctest.testmod(sys.modules[relpsp.__module__])
    assert found.attempted >= 10
    assert found.failed == 0
