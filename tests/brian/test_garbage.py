"""A run does not begin with a search through all that Python holds; a pause of the search ends however it ends."""

from __future__ import annotations

import gc
import weakref

import pytest
from brian2 import Network, NetworkOperation, NeuronGroup, ms
from brian2.utils.logger import catch_logs

from sbp_brian.brian import garbage
from sbp_brian.brian.garbage import no_search
from sbp_brian.targets import Simulation


class Circle:
    def __init__(self):
        self.self = self


@pytest.fixture
def nothing_kept(monkeypatch):
    monkeypatch.setattr(garbage, "_left_out_by_others", False)
    gc.unfreeze()
    gc.disable()
    yield
    gc.enable()
    gc.freeze()


def test_what_was_there_is_not_searched_and_is_afterwards(nothing_kept):
    seen = []

    def make():
        cells = NeuronGroup(1, "v : 1", name="cells", namespace={})
        return Network(cells, NetworkOperation(lambda: seen.append(old() is not None), dt=1 * ms))

    simulation = Simulation(make, 1 * ms, target="numpy").build()
    old = weakref.ref(Circle())
    simulation.run(seed=0)
    assert seen == [True], "Brian2's search would have found it"
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert old() is None


def test_objects_that_are_in_no_network_are_told_of_as_ever(nothing_kept):
    def make():
        NeuronGroup(1, "v : 1", name="forgotten", namespace={})
        return Network(NeuronGroup(1, "v : 1", name="cells", namespace={}))

    simulation = Simulation(make, 1 * ms, target="numpy")
    with catch_logs() as logs:
        simulation.build()
    (told,) = [message for _, name, message in logs if name.endswith("unused_brian_object")]
    assert "'forgotten'" in told


def test_what_somebody_has_left_out_for_good_stays_out(nothing_kept):
    gc.freeze()
    before = gc.get_freeze_count()
    Simulation(lambda: Network(NeuronGroup(1, "v : 1", name="cells")), 1 * ms, target="numpy").run(seed=0)
    assert 0 < gc.get_freeze_count() <= before


@pytest.fixture
def as_before():
    enabled, frozen = gc.isenabled(), gc.get_freeze_count()
    yield
    (gc.enable if enabled else gc.disable)()
    if gc.get_freeze_count() != frozen:
        gc.unfreeze()


def test_it_pauses_and_goes_on(as_before):
    gc.enable()
    with no_search():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), no_search():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_where_it_is_off_it_stays_off(as_before):
    gc.disable()
    with no_search(leave_out=True):
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_what_stays_is_left_out_of_later_searches(as_before):
    gc.enable()
    before = gc.get_freeze_count()
    with no_search():
        pass
    assert gc.get_freeze_count() == before
    with no_search(leave_out=True):
        pass
    assert gc.get_freeze_count() > before
