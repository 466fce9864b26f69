"""Pair STDP, triplet STDP and short-term plasticity against NEST, a second simulator.

The numbers of `tests/reference/nest.json` were computed by NEST (`tests/reference/nest_run.py`), so that they are
compared where NEST is not installed as well. Conventions of delays and coincidences: docs/nest.md.
"""

import json

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.plasticity import DEPRESSING, TRIPLET_SETS, triplet_stdp
from tests import reference
from tests.helpers.nest_settings import ours
from tests.reference import nest_run
from tests.reference.nest_cases import KINDS, STEP, meetings, settings

TOLERANCE = 1e-12  # of weights of the order of 1
FOUND = json.loads(nest_run.FILE.read_text(encoding="utf-8"))
CASES = list(zip(FOUND["settings"], FOUND["results"], strict=True))
PAIRED = [(setting, result) for setting, result in CASES if not setting["kind"].startswith("short-term")]


def apart(cases, found):
    """Setting -> the largest difference over its synapses and spikes."""
    return {
        f"{setting['kind']}, delay {setting['delay']}": max(
            np.abs(np.subtract(a, b)).max() for a, b in zip(theirs, mine, strict=True)
        )
        for (setting, theirs), mine in zip(cases, found, strict=True)
    }


def without_upper_bound(setting):
    """The last weights of a triplet rule, by sums over spikes."""
    p = {name: value / 1000 if name.startswith("tau") else value for name, value in setting["parameters"].items()}
    names = {"a2p": "A2_plus", "a3p": "A3_plus", "a2m": "A2_minus", "a3m": "A3_minus"}
    given = {**{short: p[name] for short, name in names.items()}, **{n: v for n, v in p.items() if n[:3] == "tau"}}
    for w, trains in zip(setting["w"], setting["trains"], strict=True):
        pre, post = (STEP / 1000 * np.asarray(trains[side]) for side in ("pre", "post"))
        post = post + setting["delay"] * STEP / 1000
        yield reference.triplet(w, pre, post, **given, low=0, high=np.inf, nearest=False)


def test_what_was_kept_is_of_every_kind_and_moves():
    assert FOUND["settings"] == settings(*nest_run.COMMITTED)
    assert {(s["kind"], s["coincidences"]) for s, _ in CASES} == {(k, c) for k in KINDS for c in (False, True)}
    for setting, result in CASES:
        assert all(bool(found) == setting["coincidences"] for found in meetings(setting))
        assert min(np.ptp(values) for values in result) > 1e-3, setting["kind"]
    assert any(value == 0 for _, result in PAIRED for values in result for value in values)
    setting, result = next((s, r) for s, r in CASES if s["kind"] == "triplet, full")
    assert any(free > end[-1] + 0.01 for free, end in zip(without_upper_bound(setting), result, strict=True))


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow)])
def test_without_coincidences_the_rules_are_those_of_nest(target):
    cases = [(s, r) for s, r in CASES if not s["coincidences"] or s["kind"].startswith("short-term")]
    different = apart(cases, ours([setting for setting, _ in cases], target=target))
    assert max(different.values()) < TOLERANCE, different


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow)])
def test_with_coincidences_they_are_where_marks_come_after_the_reading(target):
    cases = [(s, r) for s, r in PAIRED if s["coincidences"]]
    found = ours([setting for setting, _ in cases], coincidences_of_nest=True, target=target)
    different = apart(cases, found)
    assert max(different.values()) < TOLERANCE, different


def test_a_coincidence_adds_a_pair_to_what_nest_has():
    """Ours counts it as pre before post, at interval zero; NEST counts it in neither direction."""
    cases = [(s, r) for s, r in PAIRED if s["coincidences"] and s["kind"] == "pair, additive, all-to-all"]
    compared = 0
    for (setting, theirs), mine in zip(cases, ours([setting for setting, _ in cases]), strict=True):
        step, high = setting["parameters"]["A_plus"], setting["parameters"]["w_max"]
        for trains, met, a, b in zip(setting["trains"], meetings(setting), theirs, mine, strict=True):
            if min(*a, *b) > 0 and max(*a, *b) < high:  # a bound cuts changes
                counted, alone = np.searchsorted(met, trains["pre"]), ~np.isin(trains["pre"], met)
                np.testing.assert_allclose((b - a)[alone], step * counted[alone], rtol=0, atol=TOLERANCE)
                compared += counted[-1]
    assert compared > 5


def test_an_axonal_delay_is_a_dendritic_one_with_later_postsynaptic_spikes():
    cases = [(s, r) for s, r in PAIRED if not s["coincidences"]]
    different = apart(cases, ours([setting for setting, _ in cases], axonal=True))
    assert max(different.values()) < TOLERANCE, different


def test_published_parameters_are_those_that_nest_ships():
    theirs, ours = FOUND["defaults"]["stdp_triplet_synapse"], TRIPLET_SETS["visual cortex"]
    names = {"A2_plus": "Aplus", "A3_plus": "Aplus_triplet", "A2_minus": "Aminus", "A3_minus": "Aminus_triplet"}
    assert {name: ours[name] for name in names} == {name: theirs[other] for name, other in names.items()}
    assert ours["tau_x"] / ms == pytest.approx(theirs["tau_plus_triplet"])
    assert triplet_stdp(**ours).namespace["tau_plus"] / ms == pytest.approx(theirs["tau_plus"])
    theirs = FOUND["defaults"]["tsodyks2_synapse"]
    assert DEPRESSING["U"] == theirs["U"]
    assert DEPRESSING["tau_rec"] / ms == pytest.approx(theirs["tau_rec"])
    assert (DEPRESSING["tau_facil"], theirs["tau_fac"]) == (None, 0)


@pytest.mark.skipif(not nest_run.WHEELS, reason="there are no wheels of NEST for this machine")
def test_nest_gives_the_numbers_that_were_kept():
    again = nest_run.in_nest(FOUND["settings"])
    assert again["defaults"] == FOUND["defaults"]
    for setting, now, kept in zip(FOUND["settings"], again["results"], FOUND["results"], strict=True):
        for a, b in zip(now, kept, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15, err_msg=setting["kind"])
