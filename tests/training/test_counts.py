"""Spikes that are counted for each sample and part of it are those that are recorded one by one."""

import numpy as np
import pytest

from sbp_brian.errors import SettingError
from sbp_brian.models.decolle import Decolle
from sbp_brian.training import counts
from sbp_brian.training.rasters import record_spikes
from sbp_brian.training.samples import Samples

CELLS, STEPS = {"hidden1": 9, "hidden2": 7}, 20


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(0)
    images = Decolle.packed(rng.random((8, STEPS, 6)) < 0.3)
    samples = Samples(images, rng.integers(0, 3, 8), 3, np.arange(4), np.arange(4, 6), np.arange(6, 8))
    decolle = Decolle((6, *CELLS.values()), 3, encoding="spikes", steps=STEPS, burn_in=4, spread=4.0)
    model = decolle.trial_model()
    return model, samples, model.initial(3)


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow)])
def test_counts_are_those_of_the_recorded_spikes(network, target, monkeypatch):
    monkeypatch.setattr(counts, "_BLOCK", 3)  # several runs, the last of them shorter
    rows, parts = np.array([5, 1, 7, 2, 0]), 5
    recorded = record_spikes(*network[:2], rows, network[2], tuple(CELLS))
    found = counts.count_spikes(*network[:2], rows, network[2], tuple(CELLS), parts=parts, target=target)
    for layer, cells in CELLS.items():
        expected = np.zeros((len(rows), parts, cells), int)
        sample, t, cell = recorded[layer]
        np.add.at(expected, (sample, np.floor(t / (STEPS / parts * 1e-3) + 1e-6).astype(int), cell), 1)
        np.testing.assert_array_equal(found[layer], expected)
        assert expected.sum(axis=(1, 2)).min() > 0
        assert len(np.unique(expected.sum(axis=(0, 2)))) > 1, "parts that all had as many would not tell them apart"


@pytest.mark.parametrize("parts", [0, 1.5])
def test_parts_that_are_none_are_refused(network, parts):
    with pytest.raises(SettingError, match="parts must be a whole number"):
        counts.count_spikes(*network[:2], np.arange(2), network[2], ("hidden1",), parts=parts, target="numpy")
