"""How recordings are read as answers; a first column, recorded before anything was shown, is left out."""

import numpy as np

from sbp_brian.training.answers import largest
from sbp_brian.training.readout import FirstSpike, Graded, SpikeCounts, Votes


def test_most_spikes_answer_and_the_remainder_decides_between_equals():
    counts = np.array([[9, 2, 1, 1], [9, 1, 1, 1], [9, 0, 0, 1]])
    membranes = np.array([[0, -50.0, 0.2, 0.1], [0, 90.0, 0.3, 0.2], [0, 5.0, 90.0, 0.3]])
    readout, result = SpikeCounts("o.c", "o.v"), {"o.c": counts, "o.v": membranes}
    np.testing.assert_array_equal(readout.outputs(result, 3), counts[:, 1:])
    np.testing.assert_array_equal(readout.answers(result, 3), [0, 1, 2])
    np.testing.assert_array_equal(readout.answers(result, 2), [0, 1])


def test_no_spike_is_no_answer_whatever_the_membranes_say():
    counts = np.array([[9, 0, 2, 2, 1], [9, 0, 2, 2, 0]])
    membranes = np.array([[0, 0.1, 0.5, 0.5, np.nan], [0, 0.7, 0.5, 0.6, 0.2]])
    result = {"o.c": counts, "o.v": membranes}
    np.testing.assert_array_equal(SpikeCounts("o.c", "o.v").answers(result, 4), [-1, -1, 1, -1])
    # a readout that is silent votes for all; what its steps add up to tells
    np.testing.assert_array_equal(Votes("o.c", "o.v").answers(result, 4), [1, -1, 1, -1])
    assert SpikeCounts("o.c", "o.v").recordings == ("o.c", "o.v")


def test_the_first_spike_answers_and_no_spike_is_no_answer():
    times = np.array([[9, 4.0, 1.0, 4.0], [9, 4.0, 2.0, 0.5], [9, 4.0, 3.0, 4.0]])
    readout = FirstSpike("o.t")
    np.testing.assert_array_equal(readout.outputs({"o.t": times}, 3), times[:, 1:])
    np.testing.assert_array_equal(readout.answers({"o.t": times}, 3), [-1, 0, 1])


def test_the_largest_output_answers():
    values = np.array([[9, 0.1, 0.7, 0.0, np.nan], [9, 0.2, -1.0, 0.0, 1.0]])
    np.testing.assert_array_equal(Graded("o.s").answers({"o.s": values}, 4), [1, 0, -1, -1])


def test_outputs_are_copies():
    values = np.zeros((2, 3))
    Graded("o.s").outputs({"o.s": values}, 2)[...] = 1
    assert not values.any()


def test_what_speaks_for_outputs_is_what_decides():
    counts = np.array([[9, 2, 1, 0], [9, 1, 1, 0]])
    membranes = np.array([[0, -50.0, 0.2, 0.1], [0, 90.0, 0.3, 0.2]])
    result = {"o.c": counts, "o.v": membranes}
    for kind, last in ((SpikeCounts, [0, 0]), (Votes, 0.5 * np.tanh([0.1, 0.2]))):
        evidence = kind("o.c", "o.v").evidence(result, 3)
        np.testing.assert_array_equal(largest(evidence, axis=0), kind("o.c", "o.v").answers(result, 3))
        np.testing.assert_allclose(evidence[:, 2], last)
        assert 1 < evidence[0, 0] < 2
