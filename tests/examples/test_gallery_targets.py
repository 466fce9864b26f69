"""Networks of other people on compiled targets: what numpy gives, and without gains the network without SBP.

``python tools/gallery.py`` runs these tests, and writes which network held where.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache

import numpy as np
import pytest
from brian2 import Network

from examples import GALLERY, load
from tests.helpers.compared import in_order
from tests.helpers.compiling import as_written, quickly
from tests.helpers.cuda_marks import needs_cuda_on_cpu
from tests.helpers.gallery import hold_to_reference, simulation, traces, watched, with_sbp, without_sbp

pytestmark = [pytest.mark.usefixtures("numpy_target"), pytest.mark.slow]

#: Networks that draw random numbers while they run: each target draws others.
ALL, CHANCY = tuple(GALLERY), ("diehl_2015", "seung_2003")
#: How many networks are made together. A program has parts that come once, however many it holds; with all of them it
#: would take the compiler many minutes at a stretch. Cython compiles each piece of code by itself.
TOGETHER = {"cpp": 6, "cython": 1, "cuda": 2}
#: A CUDA program is carried out on the CPU.
SETTINGS = {"cpp": {}, "cython": {}, "cuda": {"on_cpu": True}}
#: Two ways to switch SBP off in a program that has it: variables that a run sets to 0.
SILENT = {"gains": ("retro_ltp_gain", "retro_ltd_gain"), "lambda_f": ("retro_lambda_f",)}


@cache
def program(target, names, how="with SBP"):
    """The simulation of networks, in one program."""
    parts = {name: with_sbp(name)[1] for name in names}

    def make():
        each = [load(name).network() if how == "alone" else watched(name, parts[name])[0] for name in names]
        return Network(*(part for net in each for part in net.objects))

    return simulation(make, target, **SETTINGS[target])


def cases(**names_of):
    """Targets, each with the networks that are made together there, and the marks that they need."""
    found = []
    for target, names in names_of.items():
        n, marks = TOGETHER[target], needs_cuda_on_cpu if target == "cuda" else ()
        for some in (names[first : first + n] for first in range(0, len(names), n)):
            found.append(pytest.param(target, some, marks=marks, id="-".join((target, *some))))
    return pytest.mark.parametrize(("target", "names"), found)


def silent(made, how, names):
    """What the program of some networks gives with SBP switched off."""
    values = {name: 0 for name in made.settable if name.endswith(tuple(f".{variable}" for variable in SILENT[how]))}
    assert len(values) >= len(names)
    return made.run(values, seed=1)


def hold(found, wanted, name, target, left_out=frozenset(), within=1e-8):
    """Compare what two programs give of one network: spikes and other events exactly, values to the last digits."""
    for key in wanted:
        if key.endswith(".lastupdate") or key in left_out:
            continue
        given, value = (np.asarray(in_order(result, key), float) for result in (found, wanted))
        np.testing.assert_allclose(given, value, within, within / 1e4, err_msg=f"{name} on {target}: {key}")


@cases(cpp=ALL, cython=ALL, cuda=ALL)
def test_every_target_gives_what_numpy_gives(target, names):
    with quickly(target):
        found = program(target, names).run(seed=1)
    for name in names:
        hold_to_reference(name, found)
        if name not in CHANCY:
            hold(found, with_sbp(name)[0], name, target)


@cases(cpp=ALL, cython=ALL, cuda=ALL)
@pytest.mark.parametrize("how", SILENT)
def test_without_gains_or_fraction_every_target_gives_the_network_without_sbp(target, names, how):
    with quickly(target):
        found = silent(program(target, names), how, names)
    for name in names:
        if name not in CHANCY:
            hold(found, without_sbp(name), name, target, traces(name))


@cases(cpp=ALL, cython=CHANCY, cuda=CHANCY)
@pytest.mark.parametrize("how", SILENT)
def test_without_gains_or_fraction_a_program_gives_what_the_program_without_sbp_gives(target, names, how):
    """Random numbers included; without gains to the bit, where the compiler does the operations of the text."""
    with quickly(target), as_written() if target == "cpp" else nullcontext():
        written = "as written" if target == "cpp" else "with SBP"
        wanted, found = program(target, names, "alone").run(seed=1), silent(program(target, names, written), how, names)
    without_gains = how == "gains"
    left_out = set() if without_gains else {key for name in names for key in traces(name)}
    hold(found, wanted, "-".join(names), target, left_out, 0 if without_gains else 1e-8)
