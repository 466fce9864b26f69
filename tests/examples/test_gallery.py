"""Networks of other people: without gains as without SBP, with them as an independent reference has it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

from examples import GALLERY, load
from tests.helpers.gallery import hold_to_reference, plan_of, run, traces, with_sbp, without_sbp
from tests.reference.gallery import apart

pytestmark = pytest.mark.usefixtures("numpy_target")

ROOT = Path(__file__).parents[2]
#: The network of which every run of the tests draws the figure.
DRAWN = "clopath_2010"
#: Two ways to switch SBP off.
SILENT = {"gains": {"gain_ltp": 0, "gain_ltd": 0}, "lambda_f": {"lambda_f": 0}}


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
    wanted = without_sbp(name)
    assert any(key.endswith("spikes.i") and len(value) for key, value in wanted.items())
    found = run(lambda: module.network(replace(module.SBP, **SILENT[silent])))
    within = 0 if silent == "gains" else 1e-9  # what decays up to an event of the signal and on is rounded twice
    for key in wanted:
        if not key.endswith(".lastupdate") and (silent == "gains" or key not in traces(name)):
            np.testing.assert_allclose(found[key], wanted[key], within, 0, err_msg=key)


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


# ------------------------------------------------------------------------------------------------------------- figures
@pytest.mark.parametrize("name", [DRAWN, *(pytest.param(n, marks=pytest.mark.slow) for n in GALLERY if n != DRAWN)])
def test_its_figure_is_drawn(name, tmp_path):
    load(name).main(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
