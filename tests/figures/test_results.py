"""Figures of committed results: what they are drawn from, what they show, what they say where there is none."""

import numpy as np
import pytest

from sbp_brian import figures
from sbp_brian.figures.learning import how_late, report_angles, what_it_carries
from sbp_brian.figures.learning.score_axis import score_axis
from sbp_brian.figures.results import Measured
from tests.helpers.made_results import finding, recipe, result

CARRIED = {"bit": 0.98, "weighted/activity": 0.97, "frozen": 0.92}


def carried(name, metric="test_accuracy", less=0.0):
    """A recipe of what is reported, and a result of two seeds."""
    text = "".join(f'[variants."{of}"]\nlearning = "{of}"\n' for of in CARRIED)
    cells = {of: {metric: [at - less - 0.01, at - less + 0.01]} for of, at in CARRIED.items()}
    return recipe(name, text), result(name, cells)


def late(name, settings):
    """A recipe of lateness and its result; `settings` is text of the variant -> score."""
    text = "".join(f'[variants."{k}"]\n{lines}\n' for k, lines in enumerate(settings))
    return recipe(name, text), result(
        name, {str(k): {"validation_accuracy": [v]} for k, v in enumerate(settings.values())}
    )


def test_a_panel_for_each_task_and_the_marks_of_both_worlds_where_they_were_measured():
    figure = figures.get("what-it-carries")
    made = [
        carried("reports-mnist-mixed"),
        carried("reports-mnist-dale", less=0.03),
        carried("reports-nettalk-mixed", "test_cosine", less=0.1),
    ]
    drawing, caption = figure.reading(finding(*made)).make()
    mnist, nettalk = drawing.axes
    assert [ax.get_title().strip() for ax in drawing.axes] == ["MNIST", "NETtalk"]
    assert [ax.get_title("right") for ax in drawing.axes] == ["n = 2", "n = 2"]
    assert [len(ax.containers) for ax in drawing.axes] == [2, 1]
    rows = list(what_it_carries.REPORTS)
    marks = mnist.containers[1][0]
    np.testing.assert_allclose(marks.get_xdata(orig=False), [1 - (at - 0.03) for at in CARRIED.values()])
    np.testing.assert_allclose(np.floor(marks.get_ydata(orig=False) + 0.5), [rows.index(of) for of in CARRIED])
    assert nettalk.get_xlabel() == "test score (cosine)"
    assert mnist.get_xlim()[0] > mnist.get_xlim()[1]  # better is to the right
    assert "SD over 2 seeds" in caption
    assert "reports-mnist-dale" in caption
    assert "fashion" not in caption


def test_lateness_is_told_apart_by_tag_and_cells_of_other_panels_are_left_out():
    own = 'learning = "bit"\n'
    made = late(
        "late",
        {
            own: 0.98,
            own + "late = 10": 0.9,
            own + 'late = 10\ntag = "delay"': 0.97,
            own + 'late = 10\ntag = "cascade"\ntag_order = 2': 0.6,
            own + 'late = 100\ntag = "delay"\nsignal_order = 2': 0.5,
            'learning = "frozen"': 0.93,
        },
    )
    tag, none = how_late.by_lateness({"late": Measured(*made)})
    assert (tag.kind, [(x, n.mean) for x, n in tag.points]) == ("tag", [(0, 0.98), (10, 0.97)])
    assert (none.kind, [(x, n.mean) for x, n in none.points]) == ("no tag", [(10, 0.9)])


def test_order_spread_and_mismatch_are_read_from_the_settings():
    own = 'learning = "weighted/activity"\nlate = 100\n'
    cascade = own + 'tag = "cascade"\ntag_centred = true\ntag_order = 4\n'
    found = {
        name: Measured(*late(name, settings))
        for name, settings in {
            "late-cascade": {
                cascade: 0.97,
                own + 'tag = "cascade"\ntag_order = 4': 0.1,
                cascade + "tag_delay = 90": 0.2,
            },
            "late-spread": {cascade + "signal_order = 4": 0.95, own + 'tag = "delay"\nsignal_order = 25': 0.9},
            "late-mismatch": {cascade + "tag_delay = 50": 0.94, own + 'tag = "delay"\ntag_delay = 110': 0.91},
        }.items()
    }
    points = {
        of.__name__: [(curve.kind, round(x, 4), number.mean) for curve in of(found) for x, number in curve.points]
        for of in (how_late.by_order, how_late.by_spread, how_late.by_mismatch)
    }
    assert points == {
        "by_order": [("100 late", 4, 0.97)],
        "by_spread": [("tag as dispersed", 0.4899, 0.95), ("tag of one moment", 0.1732, 0.9)],
        "by_mismatch": [("tag of 4 stages", 0.5, 0.94), ("tag of one moment", 1.1, 0.91)],
    }
    drawing, caption = figures.get("how-late").reading(finding(found["late-spread"])).make()
    assert [ax.get_xlabel() for ax in drawing.axes] == ["SD of the signal's arrival / its mean"]
    assert "comes late: the signal itself, 100 samples late on average" in caption
    assert "One seed" in caption


def test_without_a_result_they_say_which_recipes_are_lacking():
    figure = figures.get("how-late")
    for lacking in (figure, figure.reading(finding())):
        assert lacking.missing([]) == ["late or late-cascade or late-spread or late-mismatch"]
    there = figure.reading(finding(late("late", {'learning = "bit"': 0.9})))
    assert there.missing([]) == []
    picture = there.picture([])
    assert (picture.svg[:4], round(picture.width_mm), picture.empty) == ("<svg", 102, 0)
    assert picture.caption.endswith("From the committed results of the recipes late.")
    assert not figure.from_records


def test_panels_are_lettered_in_the_caption_as_they_stand():
    own = 'learning = "bit"\nlate = 100\n'
    made = (late("late", {own: 0.9}), late("late-mismatch", {own + 'tag = "delay"\ntag_delay = 99': 0.8}))
    drawing, caption = figures.get("how-late").reading(finding(*made)).make()
    assert [ax.get_title("left") for ax in drawing.axes] == ["a", "b"]
    assert "a, by lateness" in caption
    assert "b, the tag's time is another" in caption


@pytest.mark.parametrize("percent", [True, False])
def test_scores_are_named_on_an_axis_of_errors(percent):
    from sbp_brian.figures.base import new

    _, ax = new()
    score_axis(ax, "x", [0.981, 0.88], "score", percent)
    named = {label.get_text(): at for label, at in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True)}
    for name, error in named.items():
        assert float(name) / (100 if percent else 1) == pytest.approx(1 - error)
    assert len(named) >= 3
    assert ax.get_xlim()[0] > 0.12 > 0.019 > ax.get_xlim()[1]


def test_scores_that_lie_close_are_named_more_finely():
    from sbp_brian.figures.base import new

    _, ax = new()
    score_axis(ax, "y", [0.963, 0.939])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["96", "95", "94", "93"]


def test_angles_are_told_apart_by_world_and_follow_the_epochs():
    text = "".join(
        f'[variants."{world} bit"]\nlearning = "bit"\ndale = {dale}\n'
        for world, dale in (("m", "false"), ("d", "true"))
    )
    angles = {f"angle_inputs_degrees_epoch_{k}": [40.0 - k, 42.0 - k] for k in (0, 1, 10)}
    made = recipe("reports-angle", text), result("reports-angle", {"m bit": angles, "d bit": {"test_accuracy": [0.9]}})
    found = report_angles.courses({"reports-angle": Measured(*made)})
    assert {k: number.mean for k, number in found["mixed"]["bit"].items()} == {0: 41, 1: 40, 10: 31}
    assert list(found) == ["mixed"], "of the other no angle was measured"
    drawing, caption = figures.get("report-angles").reading(finding(made)).make()
    line = drawing.axes[0].containers[0][0]
    np.testing.assert_array_equal(line.get_xdata(orig=False), [0, 1, 10])
    assert "mean and SD of 2 seeds" in caption


def test_what_kernels_cost_and_learn():
    cost = {"STDBP, unrolled": (4.0, 57600), "STDBP, shared": (0.2, 400)}
    cells = {name: {"milliseconds": [time], "stored": [stored]} for name, (time, stored) in cost.items()}
    layers = {"": {"test_accuracy_layer1": [0.8, 0.9], "test_accuracy_layer2": [0.9, 1.0]}}
    figure = figures.get("kernels-cost")
    learned = recipe("decolle-shared-kernels", ""), result("decolle-shared-kernels", layers)
    drawing, caption = figure.reading(
        finding((recipe("speed-kernels", ""), result("speed-kernels", cells)), learned)
    ).make()
    time, stored, right = drawing.axes
    assert [line.get_ydata()[0] for line in time.lines] == [4.0, 0.2]
    assert [line.get_ydata()[0] for line in stored.lines] == [57600, 400]
    np.testing.assert_allclose(right.lines[0].get_ydata(), [85.0, 95.0])
    assert [ax.get_title("right") for ax in drawing.axes] == ["n = 1", "n = 1", "n = 2"]
    assert "speed-kernels, decolle-shared-kernels" in caption
    (only,) = figure.reading(finding(learned)).make()[0].axes
    assert only.get_xlabel() == "layer"
