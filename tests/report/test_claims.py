"""The claims of the paper, which records belong together, and the figures of SBP in networks, from made-up records."""

import numpy as np
import pytest

from sbp_brian import figures
from sbp_brian.report import literature, page
from sbp_brian.report.claims import VERDICTS, claims
from sbp_brian.report.differences import compare
from sbp_brian.report.learning import by_learning, by_value, curve
from tests.helpers.drawn import without_n
from tests.helpers.made_records import run


def verdict(found, words, task="MNIST"):
    return next(c for c in found if c.claim.startswith(words) and c.task == task)


def test_without_records_every_claim_is_not_run(tmp_path):
    found = claims([])
    assert len(found) > 20
    assert {c.verdict for c in found} == {"not run"}
    commands = [c for c in found if not c.claim.startswith("lambda_p")]
    assert len(commands) == len(found) - 1
    assert all(c.measured.startswith("sbp sweep ") for c in commands)


def test_a_difference_counts_by_its_interval_over_seeds(tmp_path):
    def ways(*differences):
        folder = tmp_path / str(len(differences)) / str(differences[0])
        return [
            [run(folder, 0.9 + d * k, seed, model="sbp_published", learning=name) for seed, d in enumerate(differences)]
            for name, k in (("sbp-released", 1), ("symmetric", 0))
        ]

    better, base = ways(0.010, 0.012, 0.014)
    found = compare(better, base)
    # by hand: mean 0.012, sd 0.002, t(0.975, 2) = 4.3027
    assert found.mean == pytest.approx(0.012)
    assert (found.low, found.high) == pytest.approx(
        (0.012 - 4.3027 * 0.002 / 3**0.5, 0.012 + 4.3027 * 0.002 / 3**0.5), abs=1e-6
    )
    assert found.verdict == "holds"
    assert compare(base, better).verdict == "does not hold"
    assert compare(*ways(-0.010, 0.012, 0.014)).verdict == "undecided"
    assert compare(better[:1], base).verdict == "undecided", "one seed"
    assert compare(better[:1], base[1:]) is None, "no seed in common"
    claim = verdict(claims(better + base), "SBP raises the score of the spiking")
    assert claim.verdict == "holds"
    assert "+1.20 points" in claim.measured
    assert "3 seeds, 4 epochs of 20,000 samples" in claim.measured
    control = verdict(claims(better + base), "The rise is due")
    assert control.verdict == "not run"
    assert "learning=sbp-no-gains" in control.measured


def test_both_readings_of_a_change_are_held_to_the_layer_that_does_not_learn(tmp_path):
    scored = {"change": 0.90, "strength/activity": 0.98, "bit": 0.981, "frozen": 0.92}
    runs = [
        run(tmp_path, score + seed / 1000, seed, learning=learning)
        for learning, score in scored.items()
        for seed in (0, 1, 2)
    ]
    runs += [run(tmp_path, 0.5 + 0.01 * seed, seed, learning="strength/activity", dale=True) for seed in (0, 1, 2)]
    found = claims(runs)
    value, strength = (
        verdict(found, f"SBP as the text defines it, the change read as that of the {of}")
        for of in ("weight's value, teaches a hidden layer of real", "synapse's strength")
    )
    assert (value.verdict, strength.verdict) == ("does not hold", "holds")
    assert "\u22122.00 points" in value.measured
    assert "+6.00 points" in strength.measured
    assert verdict(found, "One bit of the change of strength").verdict == "holds"
    assert verdict(found, "The same, divided").measured == (
        "sbp sweep mnist -s model=sbp_network -s learning=change/activity --seeds 3"
    )


def test_the_saving_is_the_ratio_of_mean_epochs(tmp_path):
    slow, fast = np.linspace(0.25, 0.75, 9), np.linspace(0.25, 0.75, 5)
    runs = [
        run(tmp_path, c[-1], seed, curves=c, epochs=9, model="sbp_published", learning=name)
        for seed in range(2)
        for name, c in (("symmetric", slow), ("sbp-released", np.r_[fast, [0.75] * 4]))
    ]
    claim = verdict(claims(runs), "SBP reduces")
    # errors 0.75, 0.625 ... 0.25: epochs 1, 3, 5, 7, 9 and 1, 2, 3, 4, 5
    assert claim.verdict == "holds"
    assert "40.0 % against symmetric (5.0 to 3.0 mean epochs)" in claim.measured


def test_ways_of_learning_are_compared_in_one_setting_and_sweeps_stay_out(tmp_path):
    own, frozen = run(tmp_path, 0.95), run(tmp_path, 0.90, learning="frozen", rate_output=0.5)
    longer, swept = run(tmp_path, 0.99, epochs=30), run(tmp_path, 0.5, lambda_p=0.1)
    found = by_learning([own, frozen, longer, swept], "mnist", "sbp_network")
    assert {name: [r.metric("test_accuracy")["value"] for r in runs] for name, runs in found.items()} == {
        "weighted/activity": [0.95],
        "frozen": [0.90],
    }
    assert by_learning([own], "mnist", "sbp_published") == {}
    deep = [run(tmp_path, 0.9 + 0.01 * depth, seed, depth=depth) for depth in (3, 2) for seed in (0, 1)]
    found = by_value([own, frozen, *deep], "mnist", "sbp_network", "depth", "weighted/activity")
    assert {depth: len(runs) for depth, runs in found.items()} == {1: 1, 2: 2, 3: 2}


def test_runs_of_the_ten_recordings_are_found_and_named(tmp_path):
    given = {"protocol": "dvsgesture", "model": "sbp_published", "recordings": "ten", "hold_out": False}
    runs = [
        run(tmp_path, s, seed, learning=name, **given)
        for name, s in (("sbp-released", 0.95), ("symmetric", 0.9))
        for seed in (0, 1)
    ]
    runs += [
        run(tmp_path, 0.5, 2, learning="symmetric", **{**given, "hold_out": True}),
        run(tmp_path, 0.4, 3, **{**given, "model": "sbp_network"}, input="spikes"),
    ]
    found = by_learning(runs, "dvsgesture", "sbp_published")
    assert [len(found[name]) for name in ("sbp-released", "symmetric")] == [2, 2]
    assert by_learning(runs, "dvsgesture", "sbp_network") == {}, "events, not onsets"
    told = verdict(claims(runs), "SBP raises the score of the spiking", "DvsGesture").measured
    assert told.endswith("ten recordings, one subject, not the paper's data")
    drawing, caption = figures.get("sbp-curves").make(runs)
    assert not without_n(drawing)
    assert [ax.get_title().strip() for ax in drawing.axes if ax.has_data()] == [
        "DvsGesture,\nten recordings,\none subject"
    ]
    assert "DvsGesture, ten recordings, one subject" in caption
    drawing, caption = figures.get("sbp-algorithms").make(runs)
    gestures = next(ax for ax in drawing.axes if ax.get_title() == "DvsGesture")
    assert any(text.get_text() == "n = 2\u2020" for text in gestures.texts)
    assert "\u2020 ten recordings, one subject: other data" in caption
    drawing, caption = figures.get("sbp-cost").make(runs)
    assert without_n(drawing) == ["a", "b", "d", "e"], "where all is published"
    gestures = next(ax for ax in drawing.axes if "ten recordings" in ax.get_title())
    assert [text.get_text() for text in gestures.get_xticklabels()] == ["without", "SBP"], "nothing published"
    assert "Nothing published stands beside the ten recordings" in caption


def test_curves_are_of_test_samples_only_where_these_were_shown(tmp_path):
    assert curve(run(tmp_path))[0] == "validation"
    shown = run(tmp_path, seed=1, arrays={"test_accuracy_by_epoch": np.array([0.1, 0.2])})
    assert curve(shown)[0] == "test"
    held = run(tmp_path, seed=2, curves=[np.nan, np.nan])
    assert curve(held)[0] == "running"
    old = run(tmp_path, seed=3, curves=[np.nan, np.nan], arrays={"training_accuracy_by_epoch": np.array([0.3, 0.4])})
    del old.array_info["running_accuracy_by_epoch"]  # as records were written before it was called so
    np.testing.assert_array_equal(curve(old)[1], [0.3, 0.4])


def test_lambda_p_that_changes_nothing_and_depth(tmp_path):
    same = [run(tmp_path, 0.9, seed, model="sbp_published", lambda_p=p) for p in (0.1, 1.0) for seed in (0, 1)]
    assert verdict(claims(same), "lambda_p, the share").verdict == "does not hold"
    other = [*same, run(tmp_path, 0.91, 0, model="sbp_published", lambda_p=0.5)]
    assert verdict(claims(other), "lambda_p, the share").verdict == "undecided"
    deep = [run(tmp_path, score, seed, depth=depth) for depth, score in ((1, 0.98), (2, 0.975)) for seed in (0, 1)]
    assert verdict(claims(deep), "This project's form of SBP learns").verdict == "holds"
    deep.append(run(tmp_path, 0.5, 0, depth=3))
    assert verdict(claims(deep), "This project's form of SBP learns").verdict == "undecided", "one seed of a depth"


def test_the_page_shows_the_claims(tmp_path):
    text = page.render(
        [run(tmp_path, 0.9, s, model="sbp_perceptron", learning=a) for s in (0, 1) for a in (None, "backpropagation")],
        page.Shown(claims=claims),
    )
    assert 'id="claims"' in text
    assert "is exact backpropagation in a perceptron" in text
    assert "holds</span>" in text
    assert set(VERDICTS) == {"holds", "does not hold", "undecided", "not run"}


def test_published_numbers_agree_with_each_other():
    for task, (without, with_it) in literature.WITHOUT_AND_WITH.items():
        assert with_it.score > without.score
        assert with_it.cost < without.cost
        listed = next(a for a in literature.ALGORITHMS if a.name == "SNN-SBP").results[task]
        assert listed.score == pytest.approx(with_it.score, abs=5e-4)


def sweep(folder, protocol="mnist"):
    """A record as a sweep over lambda_p, lambda_f and two seeds leaves it, one run lacking."""
    p, f = np.array([0.1, 0.5, 1.0]), np.array([0.2, 1.0])
    score = 0.8 + 0.1 * p[:, None, None] + 0.02 * f[None, :, None] + np.array([0.0, 0.002])
    names = np.full(score.shape, "run", "<U3")
    score[0, 0], names[0, 0] = np.nan, ""
    arrays = {
        "axis_lambda_p": p,
        "axis_lambda_f": f,
        "seeds": np.arange(2),
        "validation_accuracy": score,
        "train_samples": np.full(score.shape, 1e4),
        "runs": names,
    }
    axes = ["lambda_p", "lambda_f"]
    return run(folder, protocol="sweep", arrays=arrays, **{"swept protocol": protocol, "swept parameters": axes})


def test_the_map_shows_what_was_measured(tmp_path):
    figure = figures.get("lambda-maps")
    assert figure.missing([run(tmp_path)]) == figure.missing([run(tmp_path, protocol="sweep")])
    assert figure.missing([])[0].startswith("a sweep over lambda_p and lambda_f (sbp sweep ")
    record = sweep(tmp_path)
    assert figure.missing([record]) == []
    drawing, caption = figure.make([record])
    shown, first, second = drawing.axes[:3]
    expected = 100 * record.array("validation_accuracy").mean(-1)
    np.testing.assert_array_equal(np.ma.filled(shown.images[0].get_array(), np.nan), expected)
    assert shown.images[0].get_interpolation() == "nearest"
    assert [t.get_text() for t in shown.get_xticklabels()] == ["0.2", "1"]
    assert [t.get_text() for t in shown.get_yticklabels()] == ["0.1", "0.5", "1"]
    assert "lambda_f" in shown.get_xlabel()
    assert "\u00d7" in [t.get_text() for t in shown.texts]
    np.testing.assert_allclose(first.lines[-1].get_ydata(), expected[:, -1])
    np.testing.assert_allclose(second.lines[-1].get_ydata(), expected[-1])
    assert "10 of 12 runs" in caption
    assert "lambda_p 1 and lambda_f 1" in caption


def test_curves_are_the_errors_of_the_records_and_no_panel_is_without(tmp_path):
    figure = figures.get("sbp-curves")
    assert "sbp sweep mnist -s model=sbp_published" in figure.missing([run(tmp_path, model="sbp_perceptron")])[0]
    runs = [
        run(tmp_path, 0.9 + 0.01 * seed, seed, model="sbp_published", learning=name)
        for seed in (0, 1)
        for name in ("symmetric", "sbp-released")
    ]
    drawing, caption = figure.make(runs)
    first = drawing.axes[0]
    assert len(first.lines) == 4, "two ways of learning and two published curves"
    expected = 100 * (1 - np.mean([curve(r)[1] for r in runs[::2]], axis=0))
    np.testing.assert_allclose(first.lines[0].get_ydata(), expected)
    assert len(drawing.axes) == 1, "no panel of what was not run"
    assert "Not run: released model on NETtalk" in caption


def test_depth_weights_and_rasters(tmp_path):
    counts, edges = np.r_[np.zeros(30, int), np.full(20, 5), np.zeros(30, int)], np.linspace(-1, 1, 81)
    spikes = np.array([[0, 0, 1, 2], [1.0, 2.0, 3.0, 4.0], [1, 7, 2, 1]])
    arrays = {
        f"weights_{kind}_{when}": edges if when == "edges" else counts
        for kind in ("inputs", "outputs")
        for when in ("edges", "before", "after")
    }
    arrays |= {f"raster_{layer}_{when}": spikes for layer in ("hidden", "output") for when in ("before", "after")}
    plain = run(tmp_path, 0.9)
    for name in ("sbp-depth", "sbp-weights", "sbp-rasters"):
        assert "sbp " in figures.get(name).missing([plain])[0], name
    record = run(tmp_path, 0.9, seed=1, arrays=arrays | {"raster_labels": np.array([7, 2, 1])})
    weights = figures.get("sbp-weights").make([record])[0]
    assert weights.axes[0].get_xlim()[1] == pytest.approx(0.3, abs=0.04), "99.9 % of the weights, and a margin"
    rasters, caption = figures.get("sbp-rasters").make([plain, record])
    assert "2 spikes" in rasters.axes[0].get_title()
    assert [len(line.get_ydata()) for line in rasters.axes[6].lines[:2]] == [1, 1], "a wrong spike and a right one"
    assert "seed 1" in caption
    assert len(weights.axes) == 2
    deep = [
        run(tmp_path / "deep", s, seed, depth=d, arrays=arrays) for d, s in ((1, 0.98), (2, 0.97)) for seed in (0, 1)
    ]
    weights, caption = figures.get("sbp-weights").make(deep)
    assert not without_n(weights)
    assert [text.get_text() for text in weights.axes[2].get_legend().get_texts()] == [
        "1 hidden layer",
        "2 hidden layers",
    ]
    assert len(weights.axes[3].patches) == 2
    assert "by the number of hidden layers: 1, 1 seed" in caption
    drawing, caption = figures.get("sbp-depth").make(deep)
    assert not without_n(drawing)
    assert "2 hidden, 2 seeds" in caption
    np.testing.assert_allclose(drawing.axes[0].containers[0].lines[0].get_ydata().astype(float), [98, 97])


def test_scores_costs_and_counted_operations(tmp_path):
    from sbp_brian.report.costs import counted, measured

    assert "sbp sweep" in figures.get("sbp-cost").missing([run(tmp_path, learning="frozen")])[0]
    slow, fast = np.linspace(0.25, 0.75, 9), np.r_[np.linspace(0.25, 0.75, 5), [0.75] * 4]
    runs = [
        run(tmp_path, c[-1], seed, curves=c, epochs=9, model="sbp_published", learning=name)
        for seed in (0, 1)
        for name, c in (("symmetric", slow), ("sbp-released", fast))
    ]
    found = measured(runs, "mnist")
    assert [found[name][1].epochs for name in ("symmetric", "sbp-released")] == [5.0, 3.0]
    assert found["symmetric"][1].cost == 5 * 397_500
    spent = {"operations_by_epoch": np.full(4, 10.0)}
    runs += [
        run(tmp_path, c[-1], curves=c, learning=name, arrays=spent)
        for name, c in ((None, [0.5, 0.91, 0.95, 0.96]), ("frozen", [0.5, 0.8, 0.85, 0.906]))
    ]
    of, level, operations = counted(runs, "mnist")
    assert (of, level) == ("sbp_network", 0.9)
    assert {name: list(values) for name, values in operations.items()} == {
        "weighted/activity": [20.0],
        "frozen": [40.0],
    }
    drawing, caption = figures.get("sbp-cost").make(runs)
    assert without_n(drawing) == ["b", "c", "e", "f"], "where all is published"
    counts = next(ax for ax in drawing.axes if "operations" in ax.get_ylabel())
    assert [bar.get_height() for bar in counts.patches] == pytest.approx([20e-9, 40e-9])
    assert all(ax.has_data() for ax in drawing.axes)
    assert "Released model not run on NETtalk, DvsGesture" in caption


def test_the_picture_of_algorithms_says_what_is_published_and_what_was_not_run(tmp_path):
    figure = figures.get("sbp-algorithms")
    assert figure.missing([]) == ["a task with a network that learns by SBP (sbp run mnist)"]
    drawing, _ = figure.make([run(tmp_path, 0.98, seed) for seed in (0, 1)])
    digits, talk = drawing.axes[:2]
    lines = [text.get_text() for text in digits.get_yticklabels()]
    dots = [line.get_xydata()[0] for line in digits.lines if line.get_marker() in ("o", "s", "^")]
    at = {lines[round(y)]: x for x, y in dots}
    assert at["network of real spikes, SBP (w dw / activity)"] == pytest.approx(98)
    assert at["SNU"] == pytest.approx(98.73)
    assert [text.get_text() for text in digits.texts] == ["n = 2"]
    assert not talk.texts, "not run"
    assert "published: gradient-based" in [text.get_text() for text in drawing.legends[0].get_texts()]
