"""Gains over a control, and the figure that shows them from records."""

import numpy as np
import pytest
from scipy import stats

from sbp_brian import figures
from sbp_brian.figures.learning import artificial
from sbp_brian.training.scores import paired_gain
from tests.helpers.made_records import run


def test_the_interval_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1, 1, 7), rng.normal(0, 1, 7)
    gain, peer = paired_gain(a, b, 0.9), stats.ttest_rel(a, b).confidence_interval(0.9)
    np.testing.assert_allclose(gain, (np.mean(a - b), *peer), rtol=1e-12)
    single = paired_gain([0.9], [0.5])
    assert single.mean == pytest.approx(0.4)
    assert np.isnan([single.low, single.high]).all()


@pytest.mark.parametrize(
    ("a", "b", "level", "message"),
    [
        ([1, 2], [1], 0.95, "must be equal"),
        ([], [], 0.95, "a pair at least"),
        ([1, 2], [1, 2], 1, "level must be"),
    ],
)
def test_scores_that_do_not_pair_are_refused(a, b, level, message):
    with pytest.raises(ValueError, match=message):
        paired_gain(a, b, level)


def test_the_figure_pairs_runs_by_seed_and_leaves_out_what_is_not_there(tmp_path):
    def made(seed, score, **parameters):
        return run(tmp_path, score, seed, protocol="nettalk", model="sbp_perceptron", **parameters)

    own = [made(seed, score) for seed, score in ((0, 0.9), (1, 0.88))]
    frozen = [made(seed, score, learning="frozen") for seed, score in ((1, 0.79), (0, 0.83))]
    halves = [made(0, score, learning="frozen", learning_share=share) for share, score in ((0.0, 0.9), (0.5, 0.87))]
    records = [*own, *frozen, *halves]
    (task, model), rows = next(iter(artificial.gains(records).items()))
    assert (task, model, [row[0] for row in rows]) == ("nettalk", "sbp_perceptron", ["weighted/activity"])
    value = [100 * r.metric("test_cosine")["value"] for r in (*own, *reversed(frozen))]
    assert rows[0][1] == pytest.approx((value[0] + value[1] - value[2] - value[3]) / 2)
    _, _, lines = artificial.curves(records, "learning_share")
    assert {at: len(v) for at, v in lines["frozen"].items()} == {0.0: 1, 0.5: 1, 1.0: 2}
    drawing, caption = figures.get("artificial").make(records)
    assert len(drawing.axes) == 2, "none of depth"
    assert [ax.get_title("right") for ax in drawing.axes] == ["n = 2", "n = 1 to 2"]
    assert all(ax.has_data() for ax in drawing.axes)
    assert "(perceptron, NETtalk)" in caption
    assert "depth" not in caption
    assert "model=sbp_perceptron" in figures.get("artificial").missing([made(0, 0.9)])[0]


def test_the_better_of_two_controls_is_to_be_beaten_whatever_parameters_other_networks_have(tmp_path):
    scores = {None: 0.96, "without-sbp": 0.97, "frozen": 0.9, "sbp-frozen": 0.85}
    records = [
        run(
            tmp_path,
            score + 0.01 * seed * (learning is not None),
            seed,
            learning=learning,
            model="sbp_energy",
            **({"jitter": 0.0} if learning is None else {}),
        )
        for learning, score in scores.items()
        for seed in (0, 1)
    ]
    ((where, rows),) = artificial.gains(records).items()
    assert where == ("mnist", "sbp_energy")
    assert [(row[0], pytest.approx(row[1])) for row in rows] == [("sbp", 5.5), ("without-sbp", 7)]
