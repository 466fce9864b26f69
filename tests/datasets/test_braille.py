"""Braille letters: what is read, events made from frames, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest

from sbp_brian import datasets
from sbp_brian.datasets import braille
from sbp_brian.datasets.braille import event_counts, load_braille
from sbp_brian.errors import DatasetError
from tests.helpers.made_data import letters, publish


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Twenty-seven made letters, two repetitions; where they lie."""
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    letters(tmp_path, monkeypatch, repetitions=2)
    return tmp_path / "braille" / "braille_taxels.npz"


def by_hand(values, steps, threshold):
    """Events of one taxel one after another, with fractions: a level that follows the line by whole thresholds."""
    counts, level, length = np.zeros((steps, 2), int), Fraction(int(values[0])), len(values) - 1
    for k in range(length):
        start, end = Fraction(int(values[k])), Fraction(int(values[k + 1]))
        while abs(end - level) >= threshold:
            up = end > level
            level += threshold if up else -threshold
            at = (k + (level - start) / (end - start)) * Fraction(steps, length)
            counts[-(-at.numerator // at.denominator) - 1, int(not up)] += 1
    return counts


@pytest.mark.parametrize(("steps", "threshold"), [(7, 1), (9, 3), (10, 1), (23, 5), (90, 2)])
def test_events_are_those_of_a_level_that_follows(steps, threshold):
    rng = np.random.default_rng(steps)
    frames = rng.integers(0, 30, (3, 10, 2)).astype(np.uint8)
    found = event_counts(frames, steps, threshold)
    assert found.sum() > 50
    for sample in range(3):
        for taxel in range(2):
            expected = by_hand(frames[sample, :, taxel], steps, threshold)
            np.testing.assert_array_equal(found[sample][:, [taxel, taxel + 2]], expected)


def test_rises_less_falls_are_what_the_taxel_has_changed_by():
    frames = np.random.default_rng(1).integers(0, 256, (4, 76, 4)).astype(np.uint8)
    events = event_counts(frames, 75)
    level = np.cumsum(events[..., :4] - events[..., 4:], 1)
    np.testing.assert_array_equal(level, frames[:, 1:].astype(int) - frames[:, :1])
    np.testing.assert_array_equal(events.sum(1), event_counts(frames, 1)[:, 0])


def test_recordings_come_by_repetition_then_by_letter(made):
    frames, labels, repetitions = load_braille()
    assert frames.shape == (54, 76, 4)
    np.testing.assert_array_equal(labels, np.tile(np.arange(27), 2))
    np.testing.assert_array_equal(repetitions, np.repeat([0, 1], 27))
    pressed = frames > 0
    np.testing.assert_array_equal(pressed.any(2).argmax(1), 4 + 2 * labels)  # also behind recordings of 77 frames
    np.testing.assert_array_equal(pressed.any(1).argmax(1), labels % 4)
    assert dict((name, where) for name, where, _ in datasets.available())["braille"] == str(made.parent)


def test_what_is_damaged_or_lies_is_refused(made, monkeypatch):
    good = dict(np.load(made))
    with pytest.raises(DatasetError, match=r"steps must be .* got 0"):
        event_counts(np.zeros((1, 3, 1)), 0)
    with pytest.raises(DatasetError, match=r"threshold must be .* got 0.5"):
        event_counts(np.zeros((1, 3, 1)), 2, 0.5)
    with pytest.raises(DatasetError, match=r"two frames or more, got \(1, 1, 1\)"):
        event_counts(np.zeros((1, 1, 1)), 2)
    for change, message in [
        ({"label": good["label"][:-1]}, "do not fit together"),
        ({"taxels": good["taxels"][:, :10]}, "do not fit together"),
        ({"taxels": good["taxels"].astype(float)}, "do not fit together"),
        ({"offsets": good["offsets"] + 1}, "the offsets do not cut"),
        ({"offsets": good["offsets"][::-1].copy()}, "the offsets do not cut"),
        ({"label": good["label"] + 1}, "27"),
        ({"repetition": good["repetition"] + 49}, "50"),
    ]:
        np.savez(made, **(good | change))
        publish(monkeypatch, "braille", archives={"taxels": made})
        with pytest.raises(DatasetError, match=message) as refused:
            load_braille()
        assert "\n" not in str(refused.value)
    np.savez(made, **good | {"taxels": good["taxels"] - 1})
    with pytest.raises(DatasetError, match=r"braille_taxels.npz .*putting braille_taxels.npz into the folder braille"):
        load_braille()


def test_where_there_is_none_the_remedy_is_no_download(tmp_path, monkeypatch):
    monkeypatch.setattr("sbp_brian.datasets.lookup.places", lambda: [tmp_path])
    monkeypatch.setattr(braille, "places", lambda: [tmp_path])
    with pytest.raises(DatasetError, match=r"not found in .*; get them by putting braille_taxels.npz into the folder"):
        load_braille()
    with pytest.raises(DatasetError, match=r"no address that is known; get it by putting braille_taxels.npz"):
        datasets.fetch("braille", folder=tmp_path)


@pytest.mark.slow  # needs the published recordings
def test_the_published_recordings():
    frames, labels, repetitions = load_braille()
    assert frames.shape == (1350, 76, 4)
    assert np.bincount(labels).tolist() == [50] * 27
    assert np.bincount(repetitions).tolist() == [27] * 50
    first = frames[labels == 1][0]
    assert first[0].tolist() == [32, 0, 164, 8], "A, first frame: 255 less 223, 255, 91 and 247"
