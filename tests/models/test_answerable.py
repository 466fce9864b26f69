"""Samples that a network cannot show or answer are refused when a training is made, by every model."""

from dataclasses import replace

import numpy as np
import pytest

from sbp_brian.errors import ModelError, SampleError
from sbp_brian.models.decolle import Decolle
from sbp_brian.models.decolle.conv import ConvDecolle
from sbp_brian.models.published import ReleasedModel
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import SeveralRight
from sbp_brian.models.stdbp import STDBP
from sbp_brian.models.stdbp.conv import ConvSTDBP
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.training.spiking import Samples, Training

IMAGES, LABELS = np.full((9, 16), 200, np.uint8), np.arange(9) % 3
SAMPLES = Samples(IMAGES, LABELS, 3, np.arange(5), np.arange(5, 7), np.arange(7, 9))
NETWORKS = {
    "sbp_network": SBPNetwork(16, 5, 3, width=4),
    "several right": SBPNetwork(16, 5, 3, width=4, options=(SeveralRight(),)),
    "released": ReleasedModel((16, 5, 3)),
    "decolle": Decolle((16, 5, 5), 3, steps=20),
    "decolle conv": ConvDecolle(readouts=3, steps=20, image=(1, 4, 4), kernels=((2, 3, 1),)),
    "stdbp": STDBP((16, 5, 3)),
    "stdbp grid": GridSTDBP((16, 5, 3)),
    "stdbp conv": ConvSTDBP((16, 8, 3), image=(4, 4), maps=2, size=3, stride=1),
}


def fifth(values):
    values = values.copy()
    values[5] = 3
    return values


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(labels=fifth(LABELS), classes=4), r"label 3 of sample 5 has no output cell|samples need 4 outputs"),
        (
            dict(targets=np.ones((9, 4), np.uint8)),
            r"samples need 4 outputs, layer '\w+' has 3 cells; give both the same",
        ),
        (
            dict(targets=np.ones((9, 2), np.uint8)),
            r"samples need 2 outputs, layer '\w+' has 3 cells; give both the same",
        ),
        (dict(images=IMAGES[:, :9].copy()), r"samples have 9 (features|inputs)"),
    ],
)
def test_every_model_refuses_what_it_cannot_show_or_answer(tmp_path, name, wrong, message):
    model = NETWORKS[name].trial_model()
    model.check(SAMPLES)
    with pytest.raises((SampleError, ModelError), match=message):
        Training(model, replace(SAMPLES, **wrong), tmp_path, target="numpy")


def test_a_layer_without_a_readout_for_a_label_is_named():
    with pytest.raises(SampleError, match=r"label 2 of sample 2 has no output cell: layer 'readout1' has 2"):
        Decolle((16, 5, 5), (2, 3), steps=20).check(SAMPLES)
    Decolle((16, 5), 1, steps=20, targets=(np.zeros((20, 1)),)).check(SAMPLES)  # functions of time, whatever the labels


@pytest.mark.parametrize("labels", [LABELS.astype(float), np.array([np.nan] * 9), LABELS > 0])
def test_labels_are_whole_numbers(labels):
    with pytest.raises(SampleError, match="labels must be whole numbers, not"):
        replace(SAMPLES, labels=labels)


def test_parts_are_joined_with_whole_labels_only():
    parts = {name: (IMAGES[:3], np.array([0.0, 1.0, 2.0])) for name in ("training", "validation", "test")}
    assert Samples.join(parts, 3).labels.tolist() == [0, 1, 2] * 3
    for wrong in (1.5, np.nan):
        parts["validation"] = (IMAGES[:3], np.array([0.0, wrong, 2.0]))
        with pytest.raises(SampleError, match="labels must be whole numbers"):
            Samples.join(parts, 3)


def test_targets_that_no_answer_meets_are_refused():
    targets = np.ones((9, 3), np.uint8)
    targets[6] = 0
    with pytest.raises(SampleError, match="the targets of sample 6 are all 0"):
        replace(SAMPLES, targets=targets)
    replace(SAMPLES, targets=targets, validation=np.array([5]))  # a row that is for nothing
