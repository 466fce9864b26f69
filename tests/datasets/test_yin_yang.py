"""Yin-Yang's published points: read, held to their definition, refused where they are other ones."""

import numpy as np
import pytest

from sbp_brian.datasets.yin_yang import PARTS, published_yin_yang, yin_yang_class
from sbp_brian.errors import DatasetError
from tests.helpers.made_data import publish, published_points


def test_points_are_read_as_those_that_are_made(tmp_path, monkeypatch):
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    published_points(tmp_path, monkeypatch)
    for part in PARTS:
        images, labels = published_yin_yang(part)
        samples = np.load(tmp_path / "yin_yang_publication" / f"{part}_samples.npy")
        np.testing.assert_array_equal(images[:, :4], np.clip(np.round(255 * samples), 1, 255))
        assert (images[:, 4] == 255).all()
        np.testing.assert_array_equal(labels, np.load(tmp_path / "yin_yang_publication" / f"{part}_labels.npy"))


def test_other_points_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    published_points(tmp_path, monkeypatch)
    folder = tmp_path / "yin_yang_publication"
    with pytest.raises(DatasetError, match="part 'trian'"):
        published_yin_yang("trian")
    labels = np.load(folder / "test_labels.npy")
    for values, message in [((labels + 1) % 3, "not those of their points"), (labels[:-1], r"their labels \(n,\)")]:
        np.save(folder / "test_labels.npy", values)
        with pytest.raises(DatasetError, match=r"test_labels\.npy"):
            published_yin_yang("test")
        publish(monkeypatch, "yin-yang-publication", archives={"test-labels": folder / "test_labels.npy"})
        with pytest.raises(DatasetError, match=message):
            published_yin_yang("test")
    (folder / "test_labels.npy").unlink()
    with pytest.raises(DatasetError, match=r"lacks test_labels\.npy"):
        published_yin_yang("train")


@pytest.mark.slow  # needs the published points
def test_the_published_points():
    read = {part: published_yin_yang(part) for part in PARTS}
    assert [len(labels) for _, labels in read.values()] == [5000, 1000, 1000]
    images, labels = read["train"]
    known = yin_yang_class(*(images[:, :2].T / 255))
    assert (np.array([1, 0, 2, -1])[known] == labels).mean() > 0.98, "bytes move points across borders, a few"
