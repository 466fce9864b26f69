"""The curve of replacement, from made-up records."""

import numpy as np
import pytest

from sbp_brian import figures
from sbp_brian.figures.learning import replacement
from sbp_brian.report.literature import WITHOUT_HIDDEN_GRADIENT
from tests.helpers.drawn import without_n
from tests.helpers.made_records import run

SHARES = (0.5, 0.9, 1.0)


def runs(folder, learning, scores, **given):
    """Two seeds a share, 0.02 apart."""
    return [
        run(
            folder,
            score + 0.02 * seed,
            seed,
            learning=learning,
            learning_share=share,
            model="sbp_spiking_perceptron",
            **given,
        )
        for share, score in scores.items()
        for seed in (0, 1)
    ]


def test_a_run_without_replacement_stands_for_all_at_equal_rates(tmp_path):
    down, up = (dict(zip(SHARES, scores, strict=True)) for scores in ((0.8, 0.7, 0.4), (0.8, 0.8, 0.7)))
    for rate, name in ((0.001, "given"), (None, "own")):
        rates = {"rate_hidden": rate, "rate_output": rate}
        records = [
            *runs(tmp_path / name, "zero", {0.0: 0.9, **down}, **rates),
            *runs(tmp_path / name, "pseudo-bp", up, **rates),
        ]
        ((where, (lines, _)),) = replacement.curves(records).items()
        assert where == ("sbp_spiking_perceptron", "mnist")
        assert sorted(lines["zero"]) == [0, *SHARES]
        assert sorted(lines["pseudo-bp"]) == ([0, *SHARES] if name == "given" else list(SHARES))
    drawing, caption = figures.get("replacement").make(records)
    assert not without_n(drawing)
    (ax,) = drawing.axes
    bars = {c.get_label(): c.lines for c in ax.containers}
    np.testing.assert_allclose(bars["zero"][0].get_ydata().astype(float), [91, 81, 71, 41])
    ends = np.array([segment[:, 1] for segment in bars["zero"][2][0].get_segments()])
    np.testing.assert_allclose(np.diff(ends)[:, 0], 2 * 2 / np.sqrt(2), err_msg="sample standard deviation, both ways")
    published = [tuple(map(float, line.get_ydata())) for line in ax.lines if len(line.get_ydata()) == 2]
    assert set(published) == set(WITHOUT_HIDDEN_GRADIENT["mnist"].values())
    assert "spiking perceptron, MNIST: 4 epochs of 20,000 samples, 2 seeds" in caption


def test_without_three_shares_it_says_what_to_run(tmp_path):
    records = runs(tmp_path, "zero", {0.0: 0.9, 1.0: 0.4}, rate_hidden=0.1, rate_output=0.1)
    assert "learning_share=0:1:0.1" in figures.get("replacement").missing(records)[0]
    with pytest.raises(ValueError, match="unknown figure"):
        figures.get("replacment")
