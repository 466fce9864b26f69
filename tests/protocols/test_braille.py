"""The protocol braille: which cells hear what and when, which recordings are for what, and a small run."""

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.datasets.braille import CHANNELS, event_counts, load_braille
from sbp_brian.datasets.yin_yang import published_yin_yang
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Context
from sbp_brian.protocols.benchmarks.tasks import yin_yang
from sbp_brian.protocols.benchmarks.tasks.braille import TASK, graded, heard, load, spikes_by_cell
from sbp_brian.training.baselines import ridge
from tests.helpers.made_data import letters, published_points


@pytest.fixture(scope="module", autouse=True)
def made(tmp_path_factory):
    """Recordings whose letter is a matter of when a taxel is pressed, and points of Yin-Yang."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        letters(folder, patch)
        published_points(folder, patch)
        patch.setenv("SBP_DATA", str(folder))
        yield


def asked(protocol="braille", **parameters):
    return Context(protocols.get(protocol).resolve(**parameters), "numpy", 0, "nowhere")


def unpacked(bits, steps, cells):
    return np.unpackbits(bits, axis=1)[:, : steps * cells].reshape(len(bits), steps, cells)


def test_each_cell_hears_its_own_part_of_the_recording():
    frames = load_braille().frames[:3]
    events = event_counts(frames, 12)
    found = heard(frames, 10, 3, 1).reshape(3, 10, CHANNELS)
    for cell in range(10):
        np.testing.assert_array_equal(found[:, cell], events[:, cell : cell + 3].sum(1))
    np.testing.assert_array_equal(heard(frames, 1, 1, 1), events.sum(1))


def test_spikes_come_when_the_events_do_and_to_the_cells_that_listen():
    frames = load_braille().frames[:3]
    spikes = unpacked(spikes_by_cell(frames, 24, 5, 2, 1), 24, 5 * CHANNELS).reshape(3, 24, 5, CHANNELS)
    happens = event_counts(frames, 24) > 0
    for step in range(24):
        listening = {cell for cell in (step // 4 - 1, step // 4) if 0 <= cell < 5}
        for cell in range(5):
            expected = happens[:, step] if cell in listening else np.zeros((3, CHANNELS))
            np.testing.assert_array_equal(spikes[:, step, cell], expected)


def test_what_is_full_is_taken_from_training_alone():
    counts = np.array([[0, 1, 4], [4, 4, 2], [400, 0, 0]])
    np.testing.assert_array_equal(graded(counts, np.array([0, 1]), 1.0)[:2], np.round(255 * counts[:2] / 4))
    np.testing.assert_array_equal(graded(counts, np.array([0, 1]), 0.5)[0], [0, 128, 255])
    assert not graded(0 * counts, np.array([0]), 1.0).any()


def test_recordings_are_divided_by_repetition():
    repetitions = load_braille().repetitions
    for hold_out, sizes in ((True, (810, 270, 270)), (False, (1080, 0, 270))):
        samples = load(asked(hold_out=hold_out)).samples
        parts = [repetitions[rows] for rows in (samples.training, samples.validation, samples.test)]
        assert tuple(map(len, parts)) == sizes
        assert max(parts[0]) < min([40, *parts[1]])
        assert (parts[2] >= 40).all()
        assert set(samples.labels[samples.test]) == set(range(27))


@pytest.mark.parametrize("model", ["sbp_network", "decolle"])
def test_more_parts_than_steps_are_refused(model):
    more = {"input": "spikes", "steps": 15} if model == "sbp_network" else {"bins": 375}
    with pytest.raises(ParameterError, match=r"bins=\d+ of width=\d+ need (16|384) steps .* there are (15|375); take"):
        load(asked(model=model, **more))


def test_time_is_lost_where_a_channel_has_one_cell():
    """The classifiers beside the network know the letters by when, and not by how much."""
    found = {}
    for bins in (15, 1):
        context = asked(bins=bins, width=1, train_samples=135)
        TASK.beside(context, load(context))
        found[bins] = {row["name"]: row["value"] for row in context.metrics}
    assert found[15]["ridge_frames_accuracy"] > 0.9
    assert found[15]["nearest_mean_accuracy"] > 2 * found[1]["nearest_mean_accuracy"]
    for values in found.values():  # of the frames, however they are shown
        assert values["ridge_average_accuracy"] < 0.4
        assert values["ridge_frames_accuracy"] == found[15]["ridge_frames_accuracy"]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["sbp_network", "decolle", "stdbp"])
def test_every_model_learns(tmp_path, model):
    asked = {"model": model, "epochs": 3, "hidden": 50, "test_samples": 54}
    record = execute(protocols.get("braille"), out=tmp_path, target="cpp", parameters=asked)
    values = {row["name"]: row["value"] for row in record.metrics}
    assert values["test_samples"] == 54
    assert values["validation_accuracy"] > 3 / 27


def test_published_points_are_what_yin_yang_learns_from():
    made, published = (yin_yang.load(asked("yin-yang", data=data, train_samples=20)) for data in ("made", "published"))
    assert len(made.samples.training) == len(published.samples.training) == 20
    images, labels = published_yin_yang("train")
    np.testing.assert_array_equal(published.samples.images[published.samples.training], images[:20])
    np.testing.assert_array_equal(published.samples.labels[published.samples.training], labels[:20])


def test_ridge_is_least_squares_with_a_cost():
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((40, 3)) + 2, rng.integers(0, 3, 40)
    more = rng.standard_normal((30, 3)) + 2
    for decay in (1e-6, 5.0):  # beside a constant that costs nothing, as rows that are asked to be zero
        rows = np.block([[x, np.ones((40, 1))], [np.sqrt(decay) * np.eye(3), np.zeros((3, 1))]])
        weights = np.linalg.lstsq(rows, np.vstack([np.eye(3)[labels], np.zeros((3, 3))]), rcond=None)[0]
        expected = (np.column_stack([more, np.ones(30)]) @ weights).argmax(1)
        np.testing.assert_array_equal(ridge(x, labels, 3, decay)(more), expected)
