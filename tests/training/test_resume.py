"""Whose checkpoints a training takes over: those of the same data, network, settings and code, and no others."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from sbp_brian import identity
from sbp_brian.errors import CheckpointError, PatternError, SampleError
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Timing
from sbp_brian.training.batches import NumpyTraining, Patterns, cosine, one_hot
from sbp_brian.training.scores import cosines
from sbp_brian.training.spiking import Samples, Training

RNG = np.random.default_rng(5)
IMAGES = (255 * (RNG.random((30, 16)) < 0.4)).astype(np.uint8)
LABELS = RNG.integers(0, 3, 30)
ROWS = np.arange(20), np.arange(20, 25), np.arange(25, 30)


def samples(**changed):
    return replace(Samples(IMAGES, LABELS, 3, *ROWS), **changed)


def patterns(**changed):
    return replace(Patterns(IMAGES, one_hot(LABELS, 3), *ROWS, scale=1 / 255), **changed)


def spiking(folder, data=None, network=None, **settings):
    model = (network or SBPNetwork(16, 8, 3, width=4)).trial_model()
    return Training(model, data or samples(), folder, **{"target": "numpy", "seed": 1, **settings})


def batches(folder, data=None, network=None, **settings):
    network = network or SBPPerceptron((16, 8, 3), rate_hidden=0.1)
    return NumpyTraining(network, data or patterns(), folder, **{"seed": 1, "batch": 5, **settings})


def other(values, k=0):
    values = values.copy()
    values[k] = (values[k] + 1) % 3
    return values


@pytest.mark.parametrize(
    ("different", "said"),
    [
        (dict(data=samples(images=other(IMAGES))), "other inputs"),
        (dict(data=samples(labels=other(LABELS))), "other labels"),
        (dict(data=samples(test=np.arange(25, 29))), "other test rows"),
        (dict(data=samples(training=ROWS[0][::-1])), "other training rows"),
        (dict(seed=2), r"other seed \(1 instead of 2\)"),
        (dict(decay=0.5), r"other decay"),
        (dict(network=SBPNetwork(16, 8, 3, width=4, rate_hidden=3.0)), "other rates"),
        (dict(network=SBPNetwork(16, 8, 3, width=4, options=(Timing(steps=30),))), "other network"),
        (dict(facts={"note": "b"}), r"other note"),
    ],
)
def test_another_spiking_training_is_refused(tmp_path, different, said):
    spiking(tmp_path, facts={"note": "a"}).run(1)
    assert spiking(tmp_path, facts={"note": "a"}).resumed_from == 1
    with pytest.raises(CheckpointError, match=f"belongs to another training .*{said}.*folder of its own.*take_over"):
        spiking(tmp_path, **{"facts": {"note": "a"}, **different})


@pytest.mark.parametrize(
    ("different", "said"),
    [
        (dict(data=patterns(inputs=other(IMAGES))), "other inputs"),
        (dict(data=patterns(scale=1 / 256)), "other inputs"),
        (dict(data=patterns(targets=one_hot(other(LABELS), 3))), "other targets"),
        (dict(data=patterns(score=cosine)), "other score"),
        (dict(batch=4), r"other batch \(5 instead of 4\)"),
        (dict(network=SBPPerceptron((16, 8, 3), rate_hidden=0.2)), "other model, other network"),
    ],
)
def test_another_training_in_numpy_is_refused(tmp_path, different, said):
    batches(tmp_path).run(1)
    assert batches(tmp_path).resumed_from == 1
    with pytest.raises(CheckpointError, match=f"belongs to another training .*{said}.*folder of its own.*take_over"):
        batches(tmp_path, **different)


@pytest.mark.parametrize("make", [spiking, batches])
def test_other_code_or_version_is_refused_and_can_be_taken_over(tmp_path, monkeypatch, make):
    make(tmp_path).run(1)
    monkeypatch.setattr(identity, "library_code", lambda: "0123456789abcdef")
    with pytest.raises(CheckpointError, match=r"other code \([0-9a-f]{16} instead of 0123456789abcdef of version"):
        make(tmp_path)
    assert make(tmp_path, take_over=True).resumed_from == 1
    with identity.noting(identity.Noted(take_over=True)):
        assert make(tmp_path).resumed_from == 1
    monkeypatch.undo()
    versions = identity.versions()
    monkeypatch.setattr(identity, "versions", lambda: {**versions, "sbp_brian": "9.9"})
    with pytest.raises(CheckpointError, match=rf"other versions \(sbp_brian {versions['sbp_brian']} instead of 9.9\)"):
        make(tmp_path)


def test_a_history_that_was_kept_under_an_earlier_name_is_read(tmp_path, monkeypatch):
    def older(line):
        return {"training" if name == "running" else name: value for name, value in asdict(line).items()}

    epoch = batches(tmp_path).run(1)[0]
    with monkeypatch.context() as patched:
        patched.setattr("sbp_brian.training.checkpoints.asdict", older)
        batches(tmp_path).run(2)
    assert batches(tmp_path).history[0] == epoch


def test_what_has_other_shapes_cannot_be_taken_over(tmp_path):
    batches(tmp_path).run(1)
    with pytest.raises(CheckpointError, match="cannot be taken over: 'W1' is not there or has another shape"):
        batches(tmp_path, network=SBPPerceptron((16, 9, 3), rate_hidden=0.1), take_over=True)


def test_rows_outside_the_table_and_targets_that_are_none_are_refused():
    for wrong in (np.arange(-40, -20), np.arange(20, 31)):
        with pytest.raises(SampleError, match="rows must be from 0 to 29, got"):
            samples(training=wrong, validation=np.arange(0), test=np.arange(0))
    with pytest.raises(SampleError, match="training must name rows by whole numbers, not bool"):
        samples(training=np.ones(30, bool))
    seven = np.zeros((30, 2), np.uint8)
    seven[4, 1] = 7
    with pytest.raises(SampleError, match="targets must be 0 or 1, those of sample 4 reach 7"):
        samples(targets=seven)
    with pytest.raises(PatternError, match="test must name rows by whole numbers, not float64"):
        patterns(test=np.array([0.5]))


def test_both_kinds_of_samples_are_shuffled_and_joined_alike():
    images, labels = IMAGES, LABELS
    parts = {"training": slice(0, 20), "validation": slice(20, 25), "test": slice(25, 30)}
    joined = Samples.join({name: (images[rows], labels[rows]) for name, rows in parts.items()}, 3)
    assert joined.identity == samples().identity
    shuffled = samples().with_shuffled_training_labels(3).labels
    other = patterns().with_shuffled_training_targets(3).targets
    np.testing.assert_array_equal(other.argmax(1), shuffled)
    np.testing.assert_array_equal(np.random.default_rng([3, 7]).permutation(labels[:20]), shuffled[:20])
    np.testing.assert_array_equal(shuffled[20:], labels[20:])


def test_there_is_one_cosine():
    outputs, targets = np.array([[0, 2.0, 1], [0, 0, 0]]), np.array([[1, 1.0, 0], [0, 1, 0]])
    np.testing.assert_allclose(cosines(outputs, targets), [2 / np.sqrt(10), np.nan])
    np.testing.assert_array_equal(cosine(outputs, targets), np.nan_to_num(cosines(outputs, targets)))
