"""Networks of other people on compiled targets: what numpy gives, and without gains the network without SBP."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network

from examples import GALLERY, load
from tests.helpers.compared import in_order
from tests.helpers.compiling import quickly
from tests.helpers.cuda_marks import needs_cuda_on_cpu
from tests.helpers.gallery import hold_to_reference, simulation, traces, watched, with_sbp, without_sbp

pytestmark = [pytest.mark.usefixtures("numpy_target"), pytest.mark.slow]

#: Networks that draw random numbers while they run: each target draws others.
CHANCY = ("diehl_2015", "seung_2003")
#: A program holds so many networks: one of all would take the compiler minutes at a stretch.
TOGETHER = 6
PARTS = tuple(tuple(GALLERY)[first : first + TOGETHER] for first in range(0, len(GALLERY), TOGETHER))
#: A CUDA program is carried out on the CPU.
TARGETS = {"cpp": {}, "cython": {}, "cuda": {"on_cpu": True}}
#: Two ways to switch SBP off in a program that has it: variables that a run sets to 0.
SILENT = {"gains": ("retro_ltp_gain", "retro_ltd_gain"), "lambda_f": ("retro_lambda_f",)}


@pytest.fixture(scope="module")
def programs():
    """Target, names of networks -> the simulation of these with SBP, in one program."""
    made = {}

    def build(target, names):
        if (target, names) not in made:
            parts = {name: with_sbp(name)[1] for name in names}

            def make():
                return Network(*(each for name in names for each in watched(name, parts[name])[0].objects))

            made[target, names] = simulation(make, target, **TARGETS[target])
        return made[target, names]

    return build


of_parts = pytest.mark.parametrize("names", PARTS, ids=lambda names: "-".join(name[:3] for name in names))


def on(*targets):
    """The targets of a test, with the marks that they need."""
    return pytest.mark.parametrize(
        "target", [pytest.param(target, marks=needs_cuda_on_cpu if target == "cuda" else ()) for target in targets]
    )


def silent(program, how):
    """What the program gives with SBP switched off."""
    values = {name: 0 for name in program.settable if name.endswith(tuple(f".{variable}" for variable in SILENT[how]))}
    assert len(values) >= TOGETHER
    return program.run(values, seed=1)


def hold(found, wanted, name, target, left_out=frozenset()):
    """Compare what two programs give of one network: spikes and other events exactly, values to the last digits."""
    for key in wanted:
        if key.endswith(".lastupdate") or key in left_out:
            continue
        given, value = (np.asarray(in_order(result, key), float) for result in (found, wanted))
        np.testing.assert_allclose(given, value, rtol=1e-8, atol=1e-12, err_msg=f"{name} on {target}: {key}")


@of_parts
@on(*TARGETS)
def test_every_target_gives_what_numpy_gives(programs, target, names):
    with quickly(target):
        found = programs(target, names).run(seed=1)
    for name in names:
        hold_to_reference(name, found)
        if name not in CHANCY:
            hold(found, with_sbp(name)[0], name, target)


@of_parts
@on("cython", "cuda")
@pytest.mark.parametrize("how", SILENT)
def test_without_gains_or_fraction_every_target_gives_the_network_without_sbp(programs, target, names, how):
    with quickly(target):
        found = silent(programs(target, names), how)
    for name in names:
        if name not in CHANCY:
            hold(found, without_sbp(name), name, target, traces(name))


@of_parts
@pytest.mark.parametrize("how", SILENT)
def test_a_program_without_gains_or_fraction_gives_what_the_program_without_sbp_gives(programs, names, how):
    """Chance included; the compiler may fuse other operations in the other program, so not to the last bit."""
    alone = simulation(lambda: Network(*(each for name in names for each in load(name).network().objects)), "cpp")
    wanted, found = alone.run(seed=1), silent(programs("cpp", names), how)
    hold(found, wanted, "-".join(names), "cpp", {key for name in names for key in traces(name)})
