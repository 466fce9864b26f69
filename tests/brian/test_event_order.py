"""Events in the order of a variable, on every target, and what is refused."""

import logging

import numpy as np
import pytest
from brian2 import EventMonitor, Network, NeuronGroup, ms

from sbp_brian.brian.event_order import EventOrder
from sbp_brian.datasets.yin_yang import yin_yang, yin_yang_class
from sbp_brian.errors import DatasetError
from sbp_brian.targets import Simulation

KEYS = [0.3, -1.0, 2.0, 0.3, 0.1, 7.0, 0.3]


def make():
    cells = NeuronGroup(7, "key : 1", events={"told": "key < 5"}, name="cells", namespace={})
    cells.key = KEYS
    cells.set_event_schedule("told", when="after_thresholds", order=-1)
    seen = EventMonitor(cells, "told", name="seen")
    return Network(cells, seen, EventOrder(cells, "told", "key"))


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.slow), "cpp"])
def test_events_come_in_order_and_ties_by_cell(target):
    result = Simulation(make, 0.2 * ms, target).run(seed=1)
    np.testing.assert_array_equal(result["seen.i"], [1, 4, 0, 3, 6, 2] * 2)


def test_what_is_not_there_is_refused():
    cells = NeuronGroup(2, "key : 1", events={"told": "key < 5"}, name="cells_wrong", namespace={})
    with pytest.raises(ValueError, match=r"'cells_wrong' has no event 'spike'; it has 'told'"):
        EventOrder(cells, "spike", "key")
    with pytest.raises(ValueError, match="has no variable 'kee' to put its event 'told' in order by"):
        EventOrder(cells, "told", "kee")


def test_only_the_warning_that_is_meant_is_dropped():
    from sbp_brian.brian import event_order

    log = logging.getLogger("brian2.codegen.generators.base")
    event_order.order_is_meant("still_post")
    texts = [
        "the outcome may depend on the order of execution: still_post *= 2",
        "the outcome may depend on the order of execution: other_post *= 2",
        "still_post is unknown",
    ]
    kept = [bool(log.filter(log.makeRecord(log.name, logging.WARNING, "", 0, text, (), None))) for text in texts]
    assert kept == [False, True, True]


def test_yin_yang_is_what_its_definition_says():
    x = np.array([0.25, 0.75, 0.5, 0.5, 0.02, 0.98, 0.01, 0.25, 0.75])
    y = np.array([0.5, 0.5, 0.9, 0.1, 0.5, 0.5, 0.01, 0.65, 0.35])
    np.testing.assert_array_equal(yin_yang_class(x, y), [2, 2, 0, 1, 0, 1, -1, 0, 1])
    images, labels = yin_yang(600, seed=4)
    assert images.dtype == np.uint8
    assert images.min() >= 1
    assert np.bincount(labels).min() > 150
    near = yin_yang_class(images[:, 0] / 255, images[:, 1] / 255) == labels
    assert near.mean() > 0.97, "rounding to a byte moves few points over a border"
    np.testing.assert_array_equal(yin_yang(600, seed=4)[0], images)
    assert not np.array_equal(yin_yang(600, seed=5)[0], images)
    with pytest.raises(DatasetError, match="at least 1 point"):
        yin_yang(0, 1)
