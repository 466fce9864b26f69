"""Recorded spikes are those that the numpy reference of the network fires."""

import numpy as np

from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Timing
from sbp_brian.training.rasters import SpikeRecorder, record_spikes
from sbp_brian.training.spiking import Samples
from tests.reference.sbp_network import ReferenceNetwork


def test_recorded_spikes_follow_the_reference():
    rng = np.random.default_rng(2)
    images = (rng.integers(0, 256, (12, 20)) * (rng.random((12, 20)) < 0.5)).astype(np.uint8)
    samples = Samples(images, rng.integers(0, 3, 12), 3, np.arange(6), np.arange(6, 9), np.arange(9, 12))
    model = SBPNetwork(20, 8, 3, options=(Timing(steps=10, first_taught=2),))
    learned = model.initial(4)
    learned["inputs.w"] *= 4
    learned["outputs.w"] *= 2
    rows = [10, 2, 7]
    found = record_spikes(model.trial_model(), samples, rows, learned, ("hidden", "output"))
    net = ReferenceNetwork(
        [learned["inputs.w"].reshape(20, 8), learned["outputs.w"].reshape(8, 3)],
        [learned["hidden.bias"]],
        10,
        2,
        "weighted",
        True,
    )
    expected = [(net.sample(images[k] / 255, 0, False, 0, 0)[0], net.spikes[0]) for k in rows]
    for place, (counts, hidden) in enumerate(expected):
        for layer, wanted in (("output", counts), ("hidden", hidden)):
            sample, t, cell = found[layer]
            own = sample == place
            np.testing.assert_array_equal(np.bincount(cell[own], minlength=len(wanted)), wanted)
            assert ((t[own] >= 0) & (t[own] < 0.010)).all()
            assert len(set(zip(t[own].round(6), cell[own], strict=True))) == own.sum()
    assert sum(hidden.sum() for _, hidden in expected) > 20


def test_each_recording_of_one_recorder_begins_anew():
    """What was recorded before leaves no trace, in spikes or weights."""
    images = np.random.default_rng(3).integers(0, 256, (4, 20)).astype(np.uint8)
    samples = Samples(images, np.arange(4) % 3, 3, np.arange(2), np.arange(2, 3), np.arange(3, 4))
    model = SBPNetwork(20, 8, 3, options=(Timing(steps=10, first_taught=2),))
    recorder = SpikeRecorder(model.trial_model(), samples, [3, 1], ("hidden", "output"))
    for seed, factor in ((4, 4), (5, 3), (4, 4)):
        learned = model.initial(seed)
        learned["inputs.w"] *= factor
        alone = record_spikes(model.trial_model(), samples, [3, 1], learned, ("hidden", "output"))
        again = recorder.record(learned)
        assert alone["hidden"][0].size > 0
        for layer, arrays in alone.items():
            for one, other in zip(arrays, again[layer], strict=True):
                np.testing.assert_array_equal(one, other)
