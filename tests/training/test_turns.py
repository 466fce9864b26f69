"""Trainings whose epochs learn from other rows each: what is learned one after the other."""

from dataclasses import replace

import numpy as np
import pytest

from sbp_brian.errors import CheckpointError, SettingError
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot
from sbp_brian.training.spiking import Samples, Training

RNG = np.random.default_rng(5)
IMAGES = (255 * (RNG.random((30, 16)) < 0.4)).astype(np.uint8)
LABELS = RNG.integers(0, 3, 30)
ROWS = np.arange(20), np.arange(20, 25), np.arange(25, 30)
ONE, OTHER = np.arange(12), np.arange(12, 20)


def spiking(folder, turns=None, training=ROWS[0]):
    samples = replace(Samples(IMAGES, LABELS, 3, *ROWS), training=training)
    model = SBPNetwork(16, 8, 3, width=4).trial_model()
    return Training(model, samples, folder, target="numpy", seed=1, decay=0.9, turns=turns)


def batches(folder, turns=None, training=ROWS[0], keep=1):
    patterns = replace(Patterns(IMAGES, one_hot(LABELS, 3), *ROWS, scale=1 / 255), training=training)
    model = SBPPerceptron((16, 8, 3), rate_hidden=0.1, drop_hidden=0.2)
    settings = {"seed": 1, "batch": 5, "decay": 0.9, "running_mean": 0.7}
    return NumpyTraining(model, patterns, folder, turns=turns, keep=keep, **settings)


def learned(training):
    return {name: np.array(values) for name, values in training._state().items()}


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("make", [spiking, batches])
def test_an_epoch_learns_from_the_rows_of_its_turn_alone(make, tmp_path):
    part = make(tmp_path / "part", training=ONE)
    part.run(1)
    after_one = learned(part)
    part.run(2)
    turned = make(tmp_path / "turned", turns=[ONE, OTHER])
    turned.run(1)
    assert same(learned(turned), after_one)
    turned.run(2)
    assert not same(learned(turned), learned(part)), "the second epoch saw other rows"
    again = make(tmp_path / "again", turns=[ONE])
    again.run(2)
    assert same(learned(again), learned(part)), "behind the last turn the first comes again"
    assert [e.samples for e in turned.history] == ([17, 13] if make is spiking else [12, 8])


@pytest.mark.parametrize("make", [spiking, batches])
def test_a_training_in_turn_goes_on_from_its_checkpoint_and_from_no_other(make, tmp_path):
    whole = make(tmp_path / "whole", turns=[ONE, OTHER])
    whole.run(2)
    make(tmp_path / "killed", turns=[ONE, OTHER]).run(1)
    later = make(tmp_path / "killed", turns=[ONE, OTHER])
    assert later.resumed_from == 1
    later.run(2)
    assert same(learned(later), learned(whole))
    for turns in (None, [OTHER, ONE]):
        with pytest.raises(CheckpointError, match="turns"):
            make(tmp_path / "killed", turns=turns)


@pytest.mark.parametrize("make", [spiking, batches])
@pytest.mark.parametrize("turns", [[], [ONE, ONE[:0]], [ONE, ROWS[1]], [ONE.astype(float)], [ONE.reshape(3, 4)]])
def test_turns_that_are_no_training_rows_are_refused(make, turns, tmp_path):
    with pytest.raises(SettingError, match="turn") as refused:
        make(tmp_path, turns=turns)
    assert "\n" not in str(refused.value)


def test_answers_of_an_earlier_checkpoint_are_those_of_its_time(tmp_path):
    training = batches(tmp_path, turns=[ONE, OTHER], keep=None)
    training.run(1)
    then = training.outputs(ROWS[2])
    training.run(2)
    now = training.outputs(ROWS[2])
    np.testing.assert_array_equal(training.outputs(ROWS[2], learned=training.checkpoint(1)), then)
    np.testing.assert_array_equal(training.outputs(ROWS[2]), now)
    assert not np.array_equal(now, then)


@pytest.mark.parametrize("keep", [0, 1.5])
def test_a_number_of_checkpoints_that_is_none_is_refused(keep, tmp_path):
    with pytest.raises(SettingError, match="keep must be a whole number"):
        batches(tmp_path, keep=keep)
