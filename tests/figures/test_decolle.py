"""The figure of DECOLLE's learning: which records it shows, and what it says where one is lacking."""

import numpy as np

from sbp_brian import figures
from tests.helpers.drawn import without_n
from tests.helpers.made_records import run as run_record


def record_of(folder, protocol, seed=0, learning="local", presentations=1000, layers=2, model="decolle", **more):
    """A record as the protocols leave them, with what the figure reads."""
    rng, n = np.random.default_rng(seed), presentations // 1000
    arrays = {
        "test_accuracy_by_layer": rng.random(layers),
        "validation_accuracy_by_epoch_and_layer": rng.random((n, layers)),
    }
    return run_record(
        folder,
        0.9,
        seed,
        protocol,
        arrays=arrays,
        metrics={"presentations": presentations, "linear_softmax_accuracy": 0.9, "nearest_mean_accuracy": 0.8},
        model=model,
        learning=learning,
        epochs=n,
        **more,
    )


def test_the_figure_shows_seeds_of_the_longest_runs_and_their_controls(tmp_path):
    records = [record_of(tmp_path, "mnist", seed, presentations=2000) for seed in (0, 1, 2)]
    records += [
        record_of(tmp_path, "mnist"),
        record_of(tmp_path, "mnist", learning="frozen", presentations=1000, layers=2),
    ]
    records += [record_of(tmp_path, "nmnist", layers=3), record_of(tmp_path, "nmnist", 1, shuffle_time=True, layers=3)]
    drawing, _ = figures.get("decolle-learning").make(records)
    assert not without_n(drawing)
    curves, bars, _, other = drawing.axes
    assert [len(line.get_xdata()) for line in curves.lines] == [2] * 6, "three seeds of two layers"
    assert [text.get_text() for text in curves.get_legend().get_texts()] == ["layer 1", "layer 2"]
    assert [text.get_text() for text in bars.get_xticklabels()] == ["local", "frozen"]
    assert [text.get_text() for text in other.get_xticklabels()] == ["local", "time shuffled"]


def test_the_figure_draws_no_baseline_of_shuffled_labels(tmp_path):
    made = (("mnist", "shuffled-labels"), ("nmnist", "shuffled-labels"), ("nmnist", "frozen"))
    records = [record_of(tmp_path, protocol, learning=learning) for protocol, learning in made]
    bars, other = figures.get("decolle-learning").make(records)[0].axes  # no panel of curves, which no run has
    assert [text.get_text() for text in bars.get_legend().get_texts()] == ["chance"]
    assert [text.get_text() for text in other.get_legend().get_texts()] == ["linear softmax", "nearest mean", "chance"]


def test_the_figure_says_which_record_it_lacks(tmp_path):
    figure = figures.get("decolle-learning")
    assert figure.missing([record_of(tmp_path, "mnist")]) == []
    for records in ([], [record_of(tmp_path, "mnist", model="sbp_network")]):
        assert "sbp run mnist -s model=decolle" in figure.missing(records)[0]
