"""The figure that shows rules side by side: which records belong together."""

from functools import partial

import numpy as np

from sbp_brian import figures
from sbp_brian.figures.learning import local_learning
from tests.helpers.drawn import without_n
from tests.helpers.made_records import run


def rule(folder, model, learning, seed=0, accuracy=0.9, hidden=128, train_samples=20_000, epochs=1, **more):
    return run(
        folder,
        accuracy,
        seed,
        arrays={"test_accuracy_by_layer": np.array([0.8, accuracy])},
        metrics={"train_samples": train_samples, "hidden_spikes_per_sample": 300.0, "linear_softmax_accuracy": 0.91},
        model=model,
        learning=learning,
        hidden=hidden,
        epochs=epochs,
        train_samples=train_samples,
        hold_out=True,
        **more,
    )


def test_rules_are_compared_at_one_budget_alone(tmp_path):
    made = partial(rule, tmp_path)
    ours = [made("decolle", None, seed, 0.93 + seed / 100) for seed in (0, 1)]
    others = [
        made("sbp_network", None),
        made("sbp_network", "frozen"),
        made("stdbp", "exact", rate_hidden=1e-3, accuracy=0.95),
    ]
    elsewhere = [
        made("sbp_network", None, hidden=None, accuracy=0.98),
        made("stdbp", None, epochs=7),
        made("sbp_spiking_perceptron", "surrogate", train_samples=55_000),
        made("decolle", None, epochs=2),
    ]
    rows = local_learning.rows(ours + others + elsewhere)
    assert [name for name, *_ in rows] == ["SBP, weighted", "DECOLLE, layer 2", "STDBP", "SBP's network, hidden frozen"]
    assert rows[1][2] == ours
    figure = figures.get("local-learning")
    drawing, caption = figure.make(elsewhere + others + ours)
    assert not without_n(drawing)
    assert "1 epoch of 20,000 samples, 128 cells" in caption
    left = drawing.axes[0]
    assert [text.get_text() for text in left.texts if "\u00b1" in text.get_text()] == ["93.50 \u00b1 0.71"]
    assert [text.get_text() for text in left.get_yticklabels()] == [name for name, *_ in rows]


def test_it_says_what_it_lacks(tmp_path):
    made = partial(rule, tmp_path)
    figure = figures.get("local-learning")
    assert figure.missing([made("decolle", None), made("stdbp", None)]) == []
    for records in (
        [],
        [made("decolle", None)],
        [made("decolle", None, hidden=None), made("stdbp", None, hidden=None)],
        [made("sbp_network", None), made("stdbp", None)],
    ):
        assert "equal hidden, epochs and train_samples" in figure.missing(records)[0]
