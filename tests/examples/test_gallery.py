"""Networks of other people: without gains as without SBP, with them as an independent reference has it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from brian2 import SpikeMonitor, ms

from examples import GALLERY, load
from sbp_brian.targets import Simulation
from tests.reference.gallery import apart, parts_of, watch
from tests.reference.retrograde import Plan

pytestmark = pytest.mark.usefixtures("numpy_target")

DT = 0.1 * ms


@dataclass(frozen=True)
class Case:
    """How a network is tested: for how long, and the bounds of its rules in the unit of the weight."""

    duration: float  # ms
    bounds: dict


CASES = {
    "cuba_2005": Case(80, {"cuba_excite": (0, 3)}),
    "vogels_2011": Case(60, {"vogels_balance": (0, 30)}),
    "brette_2007": Case(50, {"brette_excite": (0, 20)}),
    "diehl_2015": Case(80, {"diehl_into": (0, 1), "diehl_out": (0, 1)}),
    "clopath_2010": Case(80, {"clopath_ring": (0, 3)}),
    "graupner_2012": Case(80, {"graupner_into": (0, 2), "graupner_among": (0, 2)}),
    "pfister_2006": Case(80, {"pfister_among": (0, 2)}),
}


def made(name, sbp, *, watched=()):
    """A network of the gallery, with the monitors of the reference."""
    net = load(name).network(sbp)
    watch(net, watched)
    if any(part.reports for part in watched):
        for group in {part.source for part in watched}:
            net.add(SpikeMonitor(net[group], name=f"{group}_fired"))
    return net


def run(name, sbp, target="numpy", watched=()):
    def make():
        return made(name, sbp, watched=watched)

    return Simulation(make, CASES[name].duration * ms, target=target, dt=DT).run(seed=1)


@cache
def parts(name):
    return tuple(parts_of(load(name).network(load(name).SBP), CASES[name].bounds))


@cache
def plain(name):
    return dict(run(name, None))


def plan_of(sbp):
    """The mechanism in the reference's words; only what the gallery uses."""
    transport, kind = sbp.transport, type(sbp.transport).__name__
    given = {"emission": sbp.reports.kind, "expression": sbp.expression, "rate": sbp.rate, "lambda_f": sbp.lambda_f}
    if transport is not None:
        given |= {"transport": kind.lower(), "every": round(float(transport.period / DT))}
    if kind == "Delay":
        given["slots"] = transport.slots
    if kind == "Chain":
        moved = float(transport.stages * transport.velocity * transport.dt / transport.length)
        given |= {"slots": transport.stages, "moved": (moved, moved)}
    unit = sbp.unit if sbp.unit is not None else 1.0
    bounds = [default if w is None else float(w / unit) for w, default in ((sbp.w_min, -np.inf), (sbp.w_max, np.inf))]
    return Plan(**given, upper=sbp.upper, lower=sbp.lower, bounds=tuple(bounds))


def hold_to_reference(name, found):
    sbp, followed = load(name).SBP, list(parts(name))
    net = load(name).network(sbp)
    sizes = {group: len(net[group]) for part in followed for group in (part.source, part.target)}
    unit = sbp.unit if sbp.unit is not None else 1.0
    worst, moved = apart(followed, plan_of(sbp), (sbp.gain_ltp, sbp.gain_ltd), found, unit, sizes)
    assert moved > 1e-3, f"next to nothing was expressed: {moved}"
    assert worst < 1e-12


def test_every_network_has_its_case():
    assert list(CASES) == list(GALLERY)


@pytest.mark.parametrize("name", GALLERY)
def test_three_lines_at_most_name_sbp(name):
    module = load(name)
    lines = inspect.getsource(module.network).splitlines()[1:]
    assert 1 <= sum("sbp" in line for line in lines) <= 3
    assert len(inspect.getsource(module).splitlines()) <= 80
    assert "doi:10." in module.__doc__


@pytest.mark.parametrize("name", GALLERY)
def test_without_gains_it_is_the_network_without_sbp(name):
    sbp = replace(load(name).SBP, gain_ltp=0, gain_ltd=0)
    found, wanted = run(name, sbp), plain(name)
    assert any(key.endswith("spikes.i") and len(value) for key, value in wanted.items())
    for key in wanted:
        if not key.endswith(".lastupdate"):
            np.testing.assert_array_equal(found[key], wanted[key], err_msg=key)


@pytest.mark.parametrize("name", GALLERY)
def test_what_is_expressed_is_what_the_reference_expresses(name):
    hold_to_reference(name, run(name, load(name).SBP, watched=parts(name)))
