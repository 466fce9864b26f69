"""The search for garbage pauses, and goes on however the pause ends."""

from __future__ import annotations

import gc

import pytest

from sbp_brian.brian.garbage import no_search


@pytest.fixture(autouse=True)
def as_before():
    enabled, frozen = gc.isenabled(), gc.get_freeze_count()
    yield
    (gc.enable if enabled else gc.disable)()
    if gc.get_freeze_count() != frozen:
        gc.unfreeze()


def test_it_pauses_and_goes_on():
    gc.enable()
    with no_search():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), no_search():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_where_it_is_off_it_stays_off():
    gc.disable()
    with no_search(leave_out=True):
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_what_stays_is_left_out_of_later_searches():
    before = gc.get_freeze_count()
    with no_search():
        pass
    assert gc.get_freeze_count() == before
    with no_search(leave_out=True):
        pass
    assert gc.get_freeze_count() > before
