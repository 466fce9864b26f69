"""The map of the energy-based network over its steps, from a made-up sweep that lacks a run."""

import numpy as np
import pytest

from sbp_brian import figures
from sbp_brian.figures.learning import energy_grid
from tests.helpers.made_records import run

COMPARED, FREE, NUDGED = ["without-sbp", "sbp"], np.array([1, 4]), np.array([1, 2, 3])


@pytest.fixture(params=["learning", "arm"], ids=["today", "as it was called in old sweeps"])
def swept(tmp_path, request):
    """A sweep with its axes in another order than that of the map."""
    learning, free, nudged = np.arange(2)[:, None, None, None], FREE[:, None, None], NUDGED[:, None]
    score = 0.1 + 0.2 * learning + 0.1 * free + 0.01 * nudged + np.array([0.0, 0.002])
    names = np.full(score.shape, "run", "<U3")
    score[1, 1, 2, 1], names[1, 1, 2, 1] = np.nan, ""
    arrays = {
        f"axis_{request.param}": np.array(COMPARED),
        "axis_free_steps": FREE,
        "axis_nudged_steps": NUDGED,
        "seeds": np.arange(2),
        "validation_accuracy": score,
        "train_samples": np.full(score.shape, 200.0),
        "runs": names,
    }
    axes = [request.param, "free_steps", "nudged_steps"]
    return run(tmp_path, protocol="sweep", arrays=arrays, **{"swept protocol": "mnist", "swept parameters": axes})


def test_each_cell_is_the_score_of_its_run(swept):
    found, scores = energy_grid.grid(swept), 100 * swept.array("validation_accuracy")
    assert found.shape == (2, 3, 2, 2)
    for (learning, free, nudged, seed), score in np.ndenumerate(scores):
        np.testing.assert_equal(found[1 - learning, nudged, free, seed], score)


def test_the_map_is_drawn_and_says_what_it_shows(swept):
    drawing, caption = figures.get("energy-grid").make([swept])
    with_sbp, without, gain = drawing.axes[:3]
    assert {ax.get_title("right") for ax in (with_sbp, without, gain)} == {"n = 1 to 2"}
    assert [ax.get_title().strip() for ax in (with_sbp, without, gain)] == ["with SBP", "without SBP", "difference"]
    crossed = [sum(t.get_text() == "\u00d7" for t in ax.texts) for ax in (with_sbp, without, gain)]
    assert crossed == [1, 0, 1], "the last run of SBP is lacking"
    np.testing.assert_allclose(np.ma.compressed(gain.images[0].get_array()), 20)
    np.testing.assert_allclose(without.images[0].get_array()[:, 0], 20.1 + NUDGED)
    assert [t.get_text() for t in without.get_xticklabels()] == ["1", "4"]
    assert "of 200 samples, 2 seeds a cell" in caption
    assert "+20.0 to +20.0 points" in caption


def test_without_such_a_sweep_it_says_what_to_run(tmp_path):
    assert "sbp sweep mnist -s model=sbp_energy" in figures.get("energy-grid").missing([])[0]
    other = run(tmp_path, protocol="sweep", arrays={"runs": np.array(["run"])})
    assert "a sweep over the steps" in figures.get("energy-grid").missing([other])[0]
