"""Figures of speed: which programs and sizes they show, and where the points lie."""

import numpy as np

from sbp_brian import figures
from sbp_brian.figures.learning import speed
from sbp_brian.figures.results import Measured
from tests.helpers.made_results import finding, recipe, result

GROWTH = {f"{n} cells": {"microseconds": [0.04 * n]} for n in (500, 1000, 2000)} | {"all sizes": {"exponent": [1.0]}}
SHARES = {
    f"lambda_p={share:g}, alike={alike}": {
        "learning_share": [share * (2 if alike == 1 and share < 1 else 1)],
        "visits": [share * 7e4],
    }
    for share, alike in ((1, 1), (0.1, 1), (0.1, 16), (0.5, 16))
}
PEERS = {
    "sbp_brian, double": {"microseconds": [32.0], "right": [0.93]},
    "plain Brian2, Cython": {"microseconds": [9000.0], "right": [0.6]},
    "C, double": {"microseconds": [40.0], "right": [0.93]},
}


def test_growth_and_shares_are_read_from_the_names_of_cells():
    made = [
        (recipe(name, ""), result(name, cells))
        for name, cells in (("speed-growth", GROWTH), ("speed-lambda-p", SHARES))
    ]
    found = {
        name: Measured(of, gave) for (of, gave), name in zip(made, ("speed-growth", "speed-lambda-p"), strict=True)
    }
    assert speed.growth(found) == [(500, 20.0), (1000, 40.0), (2000, 80.0)]
    kinds = speed.shares(found)
    np.testing.assert_allclose(kinds[1], [(0.1, 0.2, 0.1), (1, 1, 1)])
    np.testing.assert_allclose(kinds[16], [(0.1, 0.1, 0.1), (0.5, 0.5, 0.5), (1, 1, 1)])
    left, right = figures.get("speed").reading(finding(*made)).make()[0].axes
    np.testing.assert_allclose(left.lines[1].get_ydata(), [20, 40, 80])  # in proportion
    assert [line.get_label() for line in right.lines][:2] == [
        "time, each cell its own subset",
        "time, 16 cells share one",
    ]


def test_one_of_the_two_is_drawn_alone():
    made = recipe("speed-growth", ""), result("speed-growth", GROWTH)
    (ax,) = figures.get("speed").reading(finding(made)).make()[0].axes
    assert ax.get_xlabel() == "hidden cells"


def test_programs_stand_from_the_slowest_up():
    made = recipe("speed-peers", ""), result("speed-peers", PEERS)
    drawing, caption = figures.get("speed-peers").reading(finding(made)).make()
    (ax,) = drawing.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "plain Brian2, Cython",
        "C, double",
        "sbp_brian, double",
    ]
    assert [line.get_xdata()[0] for line in ax.lines] == [9000.0, 40.0, 32.0]
    assert "sbp_brian, double 93.0 %" in caption
