"""Spike times given as times: what a network reads from their bytes, and what is refused."""

import numpy as np
import pytest
from brian2 import ms, mV

from sbp_brian.errors import TableError
from sbp_brian.training.encoding import latency_bytes, spike_bytes


def test_the_bytes_stand_for_the_times():
    rng = np.random.default_rng(1)
    times = rng.uniform(0, 10, (50, 7))
    found = latency_bytes(times * ms, 10 * ms)
    assert found.dtype == np.uint8
    assert (found > 0).all()
    error = 10 * (1 - found / 255) - times
    early = times < 10 * 254 / 255
    assert np.abs(error[early]).max() <= 10 / 510 + 1e-12
    assert np.abs(error).max() <= 10 / 255 + 1e-12


def test_no_spike_is_zero_and_the_ends_belong_to_the_window():
    found = latency_bytes([[0, 10, np.inf, np.nan]] * ms, 10 * ms)
    np.testing.assert_array_equal(found, [[255, 1, 0, 0]])


@pytest.mark.parametrize(
    ("times", "error", "message"),
    [
        ([[1, 2], [3, 11]] * ms, ValueError, r"input 1 of sample 1 spikes at 11. ms, outside the window of 0 to 10"),
        ([[1, -2]] * ms, ValueError, r"input 1 of sample 0 spikes at -2. ms, outside"),
        ([[1, -np.inf]] * ms, ValueError, "input 1 of sample 0 spikes at -inf"),
        ([1, 2] * ms, ValueError, "one row a sample"),
        ([[1, 2]] * mV, TypeError, "times must be in units of time"),
        ([[1, 2]], TypeError, "times must be in units of time"),
    ],
)
def test_times_outside_the_window_are_refused(times, error, message):
    with pytest.raises(error, match=message):
        latency_bytes(times, 10 * ms)


def test_a_window_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match=r"tau = -10. ms must be positive"):
        latency_bytes([[1, 2]] * ms, -10 * ms)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            2,
            "spikes must be 0 or 1; input 1 of sample 0 has 2 in step 2: where they are counts of events, give",
        ),
        (-1, "input 1 of sample 0 has -1 in step 2"),
        (np.nan, "input 1 of sample 0 has nan in step 2"),
    ],
)
def test_spikes_are_zeros_and_ones(value, message):
    spikes = np.zeros((2, 3, 5), type(value))
    spikes[1, 0, 4] = 1
    assert np.unpackbits(spike_bytes(spikes), axis=1).nonzero() == (np.array([1]), np.array([4]))
    spikes[0, 2, 1] = value
    with pytest.raises(TableError, match=message):
        spike_bytes(spikes)
