"""Networks of the gallery run with and without SBP, with what the reference needs to follow them."""

from __future__ import annotations

from functools import cache

import numpy as np
from brian2 import SpikeMonitor, ms

from examples import load
from sbp_brian.targets import Simulation
from tests.reference.gallery import apart, parts_of, watch
from tests.reference.retrograde import Plan

DT, DURATION = 0.1 * ms, 60 * ms

#: Bounds of the rules, in the unit of the weight: (low, high) of each synapses object that has some.
BOUNDS = {
    "cuba_excite": (0, 3),
    "vogels_balance": (0, 30),
    "brette_excite": (0, 20),
    "diehl_into": (0, 1),
    "diehl_out": (0, 1),
    "clopath_ring": (0, 3),
    "graupner_into": (0, 2),
    "graupner_among": (0, 2),
    "pfister_among": (0, 2),
    "brunel_among": (0, 2),
    "lewis_inhibit": (0, 1),
    "pinsky_among": (0, 2),
    "payeur_among": (0, 2),
    "izhi06_excite": (0, 20),
    "bohte_into": (0, 1),
    "bohte_out": (0, 1),
    "mongillo_excite": (0, 2),
    "zenke_among": (0, 1),
    "litwin_excite": (0, 1),
}


def simulation(make, target="numpy", **settings):
    """A short simulation of a network."""
    return Simulation(make, DURATION, target=target, dt=DT, **settings)


def run(make, target="numpy"):
    """What it gives."""
    return simulation(make, target).run(seed=1)


@cache
def without_sbp(name):
    """What a network made by Brian2 alone gives on numpy."""
    return run(load(name).network)


@cache
def traces(name):
    """Variables that are kept as of a synapse's last event, one of the signal included, as ``lastupdate`` is."""
    made = [each for each in load(name).network().objects if getattr(each, "event_driven", None) is not None]
    return {f"{each.name}.{variable}" for each in made for variable in each.event_driven.names}


def watched(name, parts=None):
    """A network with SBP, with the monitors that the reference needs, and its synapses that take part."""
    net = load(name).network(load(name).SBP)
    parts = parts or parts_of(net, BOUNDS)
    watch(net, parts)
    for group in {part.source for part in parts if part.reports}:
        net.add(SpikeMonitor(net[group], name=f"{group}_fired"))
    return net, parts


@cache
def with_sbp(name):
    """What a network with SBP gives on numpy, which of its synapses take part, and the sizes of its groups."""
    seen = []

    def make():
        net, parts = watched(name)
        seen.append((parts, {g: len(net[g]) for part in parts for g in (part.source, part.target)}))
        return net

    return run(make), *seen[-1]


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
    """Compare what a run expressed, in every step, with what the reference does."""
    sbp, (_, parts, sizes) = load(name).SBP, with_sbp(name)
    unit = sbp.unit if sbp.unit is not None else 1.0
    worst, moved = apart(parts, plan_of(sbp), (sbp.gain_ltp, sbp.gain_ltd), found, unit, sizes)
    assert moved > 1e-3, f"{name}: next to nothing was expressed: {moved}"
    assert worst < 1e-12, name
