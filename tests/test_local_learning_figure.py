"""The figure that shows rules side by side: which records belong together."""

import numpy as np

from sbp_brian import figures
from sbp_brian.figures import local_learning
from sbp_brian.records import Record


def run(model, arm, seed=0, accuracy=0.9, hidden=128, train_samples=20_000, epochs=1, **more):
    values = {"model": model, "arm": arm, "hidden": hidden, "epochs": epochs, "train_samples": train_samples,
              "rate_hidden": -1.0, "rate_output": -1.0, "hold_out": True, **more}
    metrics = {"test_accuracy": accuracy, "train_samples": train_samples, "hidden_spikes_per_sample": 300.0,
               "linear_softmax_accuracy": 0.91}
    parameters = {name: {"value": value, "unit": ""} for name, value in values.items()}
    rows = [{"name": name, "value": value} for name, value in metrics.items()]
    record = Record("mnist", "", "benchmark", {}, parameters, "cpp", seed, {}, {}, f"2026-01-01T00:00:0{seed}",
                    array_info={"epoch": {}}, metrics=rows)
    record.__dict__["arrays"] = {"epoch": np.arange(1, epochs + 1), "test_accuracy_by_layer": np.array([0.8, accuracy])}
    return record


def test_rules_are_compared_at_one_budget_alone():
    ours = [run("decolle", "own", seed, 0.93 + seed / 100) for seed in (0, 1)]
    others = [run("sbp_network", "own"), run("sbp_network", "frozen"),
              run("stdbp", "exact", rate_hidden=1e-3, accuracy=0.95)]
    elsewhere = [run("sbp_network", "own", hidden=0, accuracy=0.98), run("stdbp", "own", epochs=7),
                 run("sbp_spiking_perceptron", "surrogate", train_samples=55_000), run("decolle", "own", epochs=2)]
    rows = local_learning.rows(ours + others + elsewhere)
    assert [name for name, *_ in rows] == ["SBP, weighted", "DECOLLE, layer 2", "STDBP", "SBP's network, hidden frozen"]
    assert rows[1][2] == ours
    figure = figures.get("local-learning")
    drawing, caption = figure.make(elsewhere + others + ours)
    assert "1 epoch of 20,000 samples, 128 cells" in caption
    left = drawing.axes[0]
    assert [text.get_text() for text in left.texts if "\u00b1" in text.get_text()] == ["93.50 \u00b1 0.71"]
    assert [text.get_text() for text in left.get_yticklabels()] == [name for name, *_ in rows]


def test_it_says_what_it_lacks():
    figure = figures.get("local-learning")
    assert figure.missing([run("decolle", "own"), run("stdbp", "own")]) == []
    for records in ([], [run("decolle", "own")], [run("decolle", "own", hidden=0), run("stdbp", "own", hidden=0)],
                    [run("sbp_network", "own"), run("stdbp", "own")]):
        assert "equal hidden, epochs and train_samples" in figure.missing(records)[0]
