"""Networks of other people: without gains as without SBP, with them as an independent reference has it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, ms

from examples import GALLERY, load
from sbp_brian.targets import Simulation
from tests.reference.gallery import apart, parts_of, watch
from tests.reference.retrograde import Plan

pytestmark = pytest.mark.usefixtures("numpy_target")

ROOT = Path(__file__).parents[2]
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
#: Networks that draw random numbers while they run: each target draws others.
CHANCY = ("diehl_2015", "seung_2003")
#: The network of which every run of the tests draws the figure.
DRAWN = "clopath_2010"
#: Targets that are held to numpy; each builds all networks in one program, which takes minutes.
TARGETS = ("cpp", "cython")
#: Two ways to switch SBP off.
SILENT = {"gains": {"gain_ltp": 0, "gain_ltd": 0}, "lambda_f": {"lambda_f": 0}}


def run(make, target="numpy"):
    return Simulation(make, DURATION, target=target, dt=DT).run(seed=1)


def watched(name, parts):
    """A network with SBP, with the monitors that the reference needs."""
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
        net, parts = watched(name, None)
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
    sbp, (_, parts, sizes) = load(name).SBP, with_sbp(name)
    unit = sbp.unit if sbp.unit is not None else 1.0
    worst, moved = apart(parts, plan_of(sbp), (sbp.gain_ltp, sbp.gain_ltd), found, unit, sizes)
    assert moved > 1e-3, f"{name}: next to nothing was expressed: {moved}"
    assert worst < 1e-12, name


# ------------------------------------------------------------------------------------------------------- how it reads
@pytest.mark.parametrize("name", GALLERY)
def test_three_lines_at_most_name_sbp(name):
    module = load(name)
    lines = inspect.getsource(module.network).splitlines()[1:]
    assert 1 <= sum("sbp" in line for line in lines) <= 3
    assert len(inspect.getsource(module).splitlines()) <= 80
    assert "doi:10." in module.__doc__
    assert "Differs: " in module.__doc__


def test_every_network_of_the_folder_is_in_the_gallery_and_in_the_docs():
    assert {path.stem for path in (ROOT / "examples").glob("*_[12]*.py")} == set(GALLERY)
    page = (ROOT / "docs" / "from_brian2.md").read_text(encoding="utf-8")
    for name, shows in GALLERY.items():
        assert f"| `{name}` | {shows} |" in page


# --------------------------------------------------------------------------------------------------------- what it does
@pytest.mark.parametrize("silent", ["gains", pytest.param("lambda_f", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", GALLERY)
def test_without_gains_or_fraction_it_is_the_network_without_sbp(name, silent):
    module = load(name)
    wanted = run(lambda: module.network(None))
    assert any(key.endswith("spikes.i") and len(value) for key, value in wanted.items())
    found = run(lambda: module.network(replace(module.SBP, **SILENT[silent])))
    for key in wanted:
        if not key.endswith(".lastupdate"):
            np.testing.assert_array_equal(found[key], wanted[key], err_msg=key)


@pytest.mark.parametrize("name", GALLERY)
def test_what_is_expressed_is_what_the_reference_expresses(name):
    hold_to_reference(name, with_sbp(name)[0])


@pytest.mark.parametrize("name", ["cuba_2005", "graupner_2012", "izhikevich_2007"])
def test_the_reference_notices_a_rate_that_is_a_little_larger(name):
    sbp, (found, parts, sizes) = load(name).SBP, with_sbp(name)
    plan = plan_of(replace(sbp, rate=1.001 * sbp.rate))
    worst, _ = apart(parts, plan, (1, 1), found, sbp.unit if sbp.unit is not None else 1.0, sizes)
    assert worst > 1e-9


def test_a_restored_network_goes_on_as_it_did():
    module = load("litwin_2014")
    net = module.network(module.SBP)
    first, second = module.recalled(net, before=20 * ms, after=20 * ms)
    np.testing.assert_array_equal(first, second)
    net.restore("imprinted")
    assert (net["litwin_excite"].w[:] != first).any(), "the recall has changed weights"


# ------------------------------------------------------------------------------------------------------- every target
@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_every_target_gives_what_numpy_gives(target):
    """All networks in one program."""
    parts = {name: with_sbp(name)[1] for name in GALLERY}

    def make():
        return Network(*(each for name in GALLERY for each in watched(name, parts[name])[0].objects))

    found = run(make, target)
    for name in GALLERY:
        hold_to_reference(name, found)
        for key, wanted in with_sbp(name)[0].items():
            if name in CHANCY or key.endswith(".lastupdate"):
                continue
            given, wanted = np.asarray(found[key], float), np.asarray(wanted, float)
            np.testing.assert_allclose(given, wanted, rtol=1e-8, atol=1e-12, err_msg=f"{name} on {target}: {key}")


# ------------------------------------------------------------------------------------------------------------- figures
@pytest.mark.parametrize("name", [DRAWN, *(pytest.param(n, marks=pytest.mark.slow) for n in GALLERY if n != DRAWN)])
def test_its_figure_is_drawn(name, tmp_path):
    load(name).main(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
