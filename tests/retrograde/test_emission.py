"""What a synapse reports of a change, held to the formula on every target; and its noise, loss and refusals."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, mS, ms, nS

from sbp_brian.errors import RetrogradeError
from sbp_brian.experiments import building
from sbp_brian.retrograde import Emission, RetrogradeSBP, chance
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.helpers.compiling import quickly
from tests.helpers.cuda_marks import cuda

N = 4000  # synapses of each kind, each with a cell of its own that it reports to
RULE = SynapseRule("w : 1\ndw : 1", on_pre={"pre": "w = w + dw"}, name="told")
NOISE, LOSS = 0.5, 0.3
CHANCE = {
    "noisy": Emission("strength", noise=NOISE),
    "lossy": Emission("bit", loss=LOSS),
    "both": Emission("weighted", noise=2 * NOISE, loss=LOSS),
    "coarse": Emission("weighted", levels=2, full_scale=0.2, loss=1.0),
}
FORMULAS = {
    "change": lambda w, dw: dw,
    "strength": lambda w, dw: np.sign(w) * dw,
    "bit": lambda w, dw: np.sign(w) * np.sign(dw),
    "weighted": lambda w, dw: w * dw,
    "relative": lambda w, dw: dw / np.where(w == 0, 1, w),
    "proportion": lambda w, dw: np.abs(w) * dw,
    "value-bit": lambda w, dw: np.sign(dw),
}
FLOORS = {"floor": lambda w, dw: np.sign(w) * dw / np.maximum(np.abs(w), 0.5)}
#: The nearest of the steps 0, 0.25 and 0.5; halves go away from 0.
LEVELS = {"levels": lambda w, dw: np.sign(w * dw) * (1 * (np.abs(dw) >= 0.125) + 1 * (np.abs(dw) >= 0.375)) / 4}
CERTAIN = {
    **{name.replace("-", "_"): Emission(name) for name in FORMULAS},
    "floor": Emission("relative", floor=0.5),
    "levels": Emission("strength", levels=2, full_scale=0.5),
}
EXPECTED = {name.replace("-", "_"): formula for name, formula in (FORMULAS | FLOORS | LEVELS).items()}


def weights(seed):
    """Weights and changes of both signs and of size 0; changes on and beside the steps of `LEVELS`."""
    rng = np.random.default_rng(seed)
    w = rng.choice([-1.0, 0.0, 1.0], N) * rng.integers(7, 128, N) / 64  # sums are exact
    dw = rng.choice([-1.0, 0.0, 1.0], N) * rng.choice([0.0625, 0.125, 0.1875, 0.25, 0.375, 0.4375, 1.0], N)
    return w, dw


def network(emissions):
    """One synapse and one cell a report: all spike once, in the first step."""
    objects = []
    for seed, (name, emission) in enumerate(emissions.items()):
        sbp = RetrogradeSBP(emission=emission)
        cells = NeuronGroup(N, Equations("v : 1") + sbp.equations, threshold="t < dt", events=sbp.events, name=name)
        target = NeuronGroup(1, "v : 1", name=f"{name}_target")
        sbp.operation(cells)
        synapses = sbp.emitting(RULE).synapses(cells, target, name=f"{name}_synapses")
        synapses.connect()
        synapses.w, synapses.dw = weights(seed)
        objects += [cells, target, synapses]
    return Network(*objects)


def reports(result, name):
    """What each cell was told."""
    return result[f"{name}.retro_ltp_now"] - result[f"{name}.retro_ltd_now"]


@pytest.fixture(scope="module")
def found():
    """Target -> the result of a network that holds all reports."""
    done = {}

    def run(target):
        if target not in done:
            with quickly(target):
                simulation = Simulation(partial(network, CERTAIN | CHANCE), 3 * ms, target, dt=1 * ms)
                done[target] = simulation.run(seed=4)
        return done[target]

    return run


TARGETS = ["numpy", *(pytest.param(target, marks=pytest.mark.slow) for target in ("cython", "cpp"))]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", CERTAIN)
def test_each_report_is_that_of_its_formula(found, target, name):
    w, dw = weights(list(CERTAIN).index(name))
    expected = EXPECTED[name](w, dw)
    assert np.sum(expected > 0) > 500
    assert np.sum(expected < 0) > 500
    np.testing.assert_allclose(reports(found(target), name), expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(reports(found(target), name) == 0, expected == 0)


def factors(result, name):
    """What chance made of each report that was not 0."""
    k = list(CERTAIN | CHANCE).index(name)
    w, dw = weights(k)
    kind = CHANCE[name].kind
    exact, told = FORMULAS[kind](w, dw), reports(result, name)
    assert not np.any(told[exact == 0]), "what did not change cannot be told, however noisy"
    return (told / np.where(exact == 0, 1, exact))[exact != 0]


@pytest.mark.parametrize("target", TARGETS)
def test_noise_multiplies_each_report_by_a_normal_number(found, target):
    z = (factors(found(target), "noisy") - 1) / NOISE
    n = len(z)
    assert n > 1000
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.std() - 1) < 4 / np.sqrt(2 * n)
    at = np.searchsorted(np.sort(z), [-1, 1, 2]) / n
    np.testing.assert_allclose(at, [0.1587, 0.8413, 0.9772], atol=4 * 0.5 / np.sqrt(n))
    assert len(np.unique(np.round(z, 9))) == n, "each report has noise of its own"


@pytest.mark.parametrize("target", TARGETS)
def test_the_share_that_is_lost_never_arrives_and_the_rest_is_whole(found, target):
    kept = factors(found(target), "lossy")
    assert set(np.unique(kept)) == {0.0, 1.0}
    assert abs(np.mean(kept == 0) - LOSS) < 4 * np.sqrt(LOSS * (1 - LOSS) / len(kept))
    both = factors(found(target), "both")
    assert abs(np.mean(both == 0) - LOSS) < 4 * np.sqrt(LOSS * (1 - LOSS) / len(both))
    left = both[both != 0]
    assert abs(left.std() - 2 * NOISE) < 4 * 2 * NOISE / np.sqrt(2 * len(left))
    assert not np.any(reports(found(target), "coarse"))


def test_noise_and_loss_are_run_arguments():
    simulation = Simulation(partial(network, CHANCE), 3 * ms, "numpy", dt=1 * ms)
    quiet = {"noisy_synapses.retro_noise": 0, "lossy_synapses.retro_loss": 0}
    result = simulation.run(quiet, seed=4)
    for k, name in enumerate(("noisy", "lossy")):
        np.testing.assert_allclose(reports(result, name), FORMULAS[CHANCE[name].kind](*weights(k)), rtol=1e-12)


@pytest.mark.slow
def test_targets_draw_the_same_numbers(found):
    """They are computed in the synapses' own code; the last digit is the library's of the target."""
    one, other = (np.concatenate([reports(found(target), name) for name in CHANCE]) for target in ("numpy", "cpp"))
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


@cuda
def test_code_for_cuda_is_generated(tmp_path):
    simulation = Simulation(partial(network, CERTAIN | CHANCE), 3 * ms, "cuda", dt=1 * ms, arch="sm_90")
    building.generate_only(simulation, tmp_path / "project")
    for name, emission in (CERTAIN | CHANCE).items():
        text = (tmp_path / f"project/code_objects/{name}_synapses_pre_codeobject.cu").read_text()
        signed = emission.kind in ("strength", "bit", "value-bit") or name in ("floor", "coarse")
        assert ("_brian_sign(" in text) == signed
        assert "_rand(_vectorisation_idx" not in text, "nothing is drawn from the network's stream"
        assert "_randn(_vectorisation_idx" not in text
        assert ("retro_normal" in text) == (emission.noise > 0)
        assert ("retro_uniform" in text) == (emission.loss > 0)


# without them, nothing changes


@pytest.mark.parametrize("kind", FORMULAS)
def test_without_noise_loss_and_levels_the_code_is_that_of_the_bare_name(kind):
    bare, made = RetrogradeSBP(emission=kind), RetrogradeSBP(emission=Emission(kind, noise=0.0, loss=0.0, levels=None))
    assert made == bare
    assert repr(made) == repr(bare)
    rule = bare.emitting(RULE)
    assert rule == made.emitting(RULE)
    assert chance.STATE not in str(rule)
    assert "retro_report" not in str(rule)


def test_one_hop_and_cascade_share_the_chance_of_a_report():
    sbp = RetrogradeSBP(emission=Emission("strength", noise=0.5, loss=0.1), cascade=True)
    both = sbp.receiving(sbp.emitting(RULE))
    told = "retro_report = retro_change*(1 + retro_noise*retro_normal)*int(retro_uniform > retro_loss)"
    assert told in both.on_post["retrograde"]
    assert both.model.count("retro_noise : 1 (shared)") == 1
    assert both.model.count("retro_chance : integer") == 1
    other = RetrogradeSBP(emission=Emission("strength", noise=0.7, loss=0.1), cascade=True)
    with pytest.raises(RetrogradeError, match=r"retro_noise=0.5 already and are to have 0.7.*use one RetrogradeSBP"):
        other.receiving(sbp.emitting(RULE))


# what is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(kind="bits"), "did you mean 'bit'"),
        (dict(kind=None), "emission must be one of"),
        (dict(kind="bit", noise=-1), "noise must be a number of at least 0, got -1"),
        (dict(kind="bit", noise=np.inf), "noise must be"),
        (dict(kind="bit", loss=1.2), "loss must be a number from 0 to 1, got 1.2"),
        (dict(kind="bit", floor=0.1), "floor=0.1 has no effect on 'bit'; it is for 'relative', leave it out"),
        (dict(kind="relative", floor=0), "floor must be positive and finite, got 0"),
        (dict(kind="relative", floor=-0.1), "floor must be positive"),
        (dict(kind="relative", floor="1"), "floor must be one number in the unit of the weight, got '1'"),
        (dict(kind="relative", floor=[1, 2]), "floor must be one number"),
        (dict(levels=4), "levels=4 needs full_scale, too: give both or neither"),
        (dict(full_scale=0.1), "full_scale=0.1 needs levels, too"),
        (dict(levels=0, full_scale=1.0), "levels must be a whole number of at least 1, got 0"),
        (dict(levels=2.5, full_scale=1.0), "levels must be a whole number"),
        (dict(levels=2, full_scale=0.0), "full_scale must be a number above 0, got 0.0"),
        (dict(kind="value-bit", levels=1, full_scale=1.0), "levels=1 has no effect on 'value-bit', which has one"),
    ],
)
def test_what_means_nothing_is_refused(arguments, message):
    with pytest.raises(RetrogradeError) as error:
        Emission(**arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("unit", "floor", "message"),
    [
        (None, 1 * nS, "floor=1. nS is not in the unit of the weight, which is none; give unit="),
        (nS, 0.1, "floor=0.1 is not in the unit of the weight, which is unit="),
        (nS, 1 * ms, "is not in the unit of the weight"),
    ],
)
def test_a_floor_in_another_unit_is_refused(unit, floor, message):
    with pytest.raises(RetrogradeError) as error:
        RetrogradeSBP(emission=Emission("relative", floor=floor), unit=unit)
    assert message in str(error.value)


def test_a_floor_is_taken_in_any_unit_of_the_weights_dimension():
    sbp = RetrogradeSBP(emission=Emission("relative", floor=0.5e-6 * mS), unit=nS)
    rule = sbp.emitting(SynapseRule("w : siemens", on_pre={"pre": "w += 1*nsiemens"}))
    assert "clip(abs(retro_before), 0.5*retro_unit, inf*retro_unit)" in rule.on_pre["pre"]
