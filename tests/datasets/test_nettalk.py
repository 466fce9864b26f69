"""NETtalk: built from the corpus it equals the authors' file; the score and the floors are theirs."""

import numpy as np
import pytest

from sbp_brian import datasets
from sbp_brian.datasets import load_nettalk, nettalk, nettalk_baselines
from sbp_brian.datasets.nettalk import FEATURES, nettalk_windows
from sbp_brian.errors import DatasetError
from sbp_brian.training.scores import cosine_score
from tests.helpers.data_sets import need


def here(source, split="train"):
    need("nettalk-small" if source == "authors" else "nettalk")
    return load_nettalk(split, source=source)


def test_the_corpus_gives_the_authors_arrays():
    from scipy.io import loadmat

    folder = here("authors").where
    mat = loadmat(folder / "nettalk_small.mat")
    for source in ("corpus", "authors"):
        train, test = here(source), here(source, "test")
        assert np.array_equal(train.inputs, mat["train_x"])
        assert np.array_equal(train.targets, mat["train_y"])
        assert np.array_equal(test.inputs, mat["test_x"])
        assert np.array_equal(test.targets, mat["test_y"])
        assert (len(train), len(test), train.inputs.dtype) == (5033, 500, np.uint8)
        everything = np.argsort(np.r_[train.rows, test.rows])
        assert np.array_equal(np.r_[train.inputs, test.inputs][everything], mat["word_x"])
        assert np.array_equal(np.r_[train.targets, test.targets][everything], mat["word_phoneme"])
        assert test.repeated.sum() == 85
        assert not train.repeated.any()


def test_splits_do_not_overlap_and_stay_the_same():
    train, fit, validation, test = (here("auto", split) for split in nettalk.SPLITS)
    assert (len(fit), len(validation)) == (4530, 503)
    assert np.array_equal(np.union1d(fit.rows, validation.rows), train.rows)
    assert not set(fit.rows) & set(validation.rows)
    assert not set(train.rows) & set(test.rows)
    assert (np.diff(fit.rows) > 0).all()  # the order of the words
    assert np.array_equal(here("auto", "validation").rows, validation.rows)
    assert validation.provenance == "NETtalk (corpus), validation split: 503 windows"


def test_windows_by_hand():
    text = "a comment\n\nat\t@t\t1<\t0\nat\txt\t0<\t0\noz\taz\t1<\t0\noz\toz\t1>\t0\n"
    inputs, targets = nettalk_windows(text, "ignored (so)\n(AT\n OZ) ignored")
    assert inputs.shape == (6, 189)  # one way to say at (the second), two to say oz
    assert inputs.reshape(6, 7, 27).argmax(2)[0].tolist() == [26, 26, 26, 0, 19, 26, 26]
    assert inputs.reshape(6, 7, 27).argmax(2)[3].tolist() == [26, 26, 14, 25, 26, 26, 26]
    named = [[FEATURES[k] for k in np.flatnonzero(row)] for row in targets]
    assert named[0] == ["Central2 (palatal)", "Medium", "0"]
    assert named[1] == ["Central1 (alveolar)", "Stop", "<"]
    assert named[5] == ["Central1 (alveolar)", "Fricative", "Voiced", ">"]
    with pytest.raises(DatasetError, match=r"the word 'up', which nettalk.data lacks"):
        nettalk_windows(text, "\n(AT UP)")


def test_floors():
    train, test = here("auto"), here("auto", "test")
    scores = {name: cosine_score(out, test.targets) for name, out in nettalk_baselines(train, test).items()}
    expected = {
        "mean target": 0.4525,
        "mean target of the centre letter": 0.733,
        "nearest neighbour": 0.762,
        "least squares": 0.807,
        "least squares, rectified": 0.817,
    }
    assert {name: round(score.mean, 3) for name, score in scores.items()} == pytest.approx(expected, abs=1.1e-3)
    assert {score.n for score in scores.values()} == {500}


def test_cosine_score():
    score = cosine_score([[1, 0], [0, 2], [0, 0], [3, 3]], [[1, 0], [1, 0], [1, 0], [1, 1]])
    assert score == pytest.approx((2 / 3, 3, 1, 0.5))
    assert np.isnan(cosine_score(np.zeros((2, 3)), np.ones((2, 3))).mean)
    with pytest.raises(ValueError, match="must be equal"):
        cosine_score(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="target 1 is all zero"):
        cosine_score(np.ones((2, 3)), [[1, 1, 1], [0, 0, 0]])


def test_bad_requests_and_damage(monkeypatch, tmp_path):
    with pytest.raises(DatasetError, match="unknown split 'tests'"):
        load_nettalk("tests")
    with pytest.raises(DatasetError, match="unknown source 'corps'; did you mean 'corpus'"):
        load_nettalk(source="corps")
    (tmp_path / "nettalk").mkdir()
    (tmp_path / "nettalk" / "nettalk.data").write_text("x")
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"lacks nettalk.list; complete it"):
        load_nettalk()
    (tmp_path / "nettalk" / "nettalk.list").write_text("x")
    with pytest.raises(DatasetError, match=r"nettalk.data does not have the checksum .*sbp data fetch nettalk"):
        load_nettalk()
    assert ("nettalk", str(tmp_path / "nettalk"), "") in datasets.available()
