"""Every rule against an independent reference on numpy, cython and C++, with coincidences and both orders of spikes."""

import functools

import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, TimedArray, ms, um
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sbp_brian.cells.integrate_and_fire import NeuronModel, firing_rate
from sbp_brian.errors import RuleError
from sbp_brian.plasticity import (
    DEPRESSING,
    FACILITATING,
    TRIPLET_SETS,
    homeostatic_v,
    pair_stdp,
    short_term_plasticity,
    synaptic_scaling,
    teacher_stdp,
    triplet_stdp,
)
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Chain
from sbp_brian.targets import Simulation
from tests import reference
from tests.helpers.compiling import quickly

DT, STEPS, N_PRE, N_POST = 1e-3, 300, 4, 3
DELAY = 3e-3
W0 = 1 + 0.1 * np.arange(N_PRE * N_POST).reshape(N_PRE, N_POST)
PAIR = {"A_plus": 0.05, "A_minus": -0.04, "tau_plus": 16.8 * ms, "tau_minus": 33.7 * ms, "w_max": 2.5, "w_min": 0.5}
TEACH = {"learning_rate": 0.02, "tau_teach": 15 * ms}
SCALING = {"target_rate": 20 * Hz, "tau_scaling": 500 * ms, "dt_scaling": 25 * ms, "w_max": 2.5}
LARGE = {
    "A2_plus": 0.02,
    "A3_plus": 0.03,
    "A2_minus": 0.02,
    "A3_minus": 0.01,
    "tau_x": 101 * ms,
    "tau_y": 125 * ms,
    "w_max": 4.0,
    "w_min": -1.0,
}
RULES = {
    **{
        f"pair_{d}_{p[0]}": pair_stdp(**PAIR, dependence=d, pairing=p, transmit="")
        for d in ("additive", "multiplicative")
        for p in ("all-to-all", "nearest")
    },
    "triplet_full_a": triplet_stdp(**LARGE, transmit=""),
    "triplet_full_n": triplet_stdp(**LARGE, pairing="nearest", transmit=""),
    "triplet_minimal_a": triplet_stdp(**{**LARGE, "A3_minus": 0.0, "tau_x": None}, transmit=""),
    "teacher_free": teacher_stdp(**TEACH, transmit=""),
    "teacher_bounded": teacher_stdp(**TEACH, w_min=0.9, w_max=1.6, transmit=""),
    "depressing": short_term_plasticity(**DEPRESSING, transmit="g_dep_post += w*released"),
    "facilitating": short_term_plasticity(**FACILITATING, transmit="g_fac_post += w*released"),
    "scaling": synaptic_scaling(**SCALING),
}
BOUNDS = {"w_min": 0.2, "w_max": 3.0}
TOGETHER = (
    short_term_plasticity(**FACILITATING, transmit="g_all_post += w*released")
    + pair_stdp(**{**PAIR, **BOUNDS}, transmit="")
    + triplet_stdp(**{**LARGE, **BOUNDS}, transmit="")
    + teacher_stdp(**TEACH, **BOUNDS, transmit="")
)


def trains(seed=5):
    """Step x cell, 0 or 1: random spikes, and by hand a coincidence, both orders, and a burst."""
    rng = np.random.default_rng(seed)
    made = {
        "pre": rng.random((STEPS, N_PRE)) < 0.04,
        "post": rng.random((STEPS, N_POST)) < 0.04,
        "teach": rng.random((STEPS, N_POST)) < 0.03,
    }
    for step in (0, 20, 150):
        for train in made.values():
            train[step] = True
    made["pre"][60], made["post"][65], made["post"][100], made["pre"][104] = True, True, True, True
    made["pre"][200:204], made["post"][202:206] = True, True
    return {name: train.astype(float) for name, train in made.items()}


def network(rules):
    """Two groups with given spikes, and the rules all-to-all between them."""
    space = {f"{name}_train": TimedArray(train, dt=1 * ms, name=f"{name}_train") for name, train in trains().items()}
    pre = NeuronGroup(N_PRE, "u : 1", threshold="pre_train(t, i) > 0.5", dt=1 * ms, namespace=space, name="source")
    post = (
        NeuronModel(
            "g_dep : 1\ng_fac : 1\ng_all : 1", threshold="post_train(t, i) > 0.5", method="exact", namespace=space
        )
        + firing_rate(50 * ms)
    ).group(N_POST, name="cells", dt=1 * ms, events={"teach": "teach_train(t, i) > 0.5"})
    objects = [pre, post]
    for name, rule in rules.items():
        delay = DELAY * 1000 * ms if name == "together" else None
        synapses = rule.synapses(pre, post, name=name, dt=1 * ms, delay={"pre": delay} if delay else None)
        synapses.connect()
        synapses.w = W0.ravel()
        objects.append(synapses)
    return Network(*objects)


NETWORKS = {
    "numpy": ("numpy", {**RULES, "together": TOGETHER}),
    "cpp": ("cpp", {**RULES, "together": TOGETHER}),
    "cython": ("cython", {"together": TOGETHER}),  # compiled for 3 s a piece: the rule that joins four of them
    "all of cython": ("cython", RULES),
}


@pytest.fixture(scope="module")
def results():
    """Name in `NETWORKS` -> results, each worked out when it is first asked for."""

    @functools.cache
    def run(name):
        target, rules = NETWORKS[name]
        with quickly(target):
            return Simulation(functools.partial(network, rules), STEPS * DT * 1000 * ms, target=target).run(seed=1)

    return run


@functools.cache
def expected():
    """Name -> matrix of final weights by the references, and what the targets received."""
    made = {name: [np.flatnonzero(column) * DT for column in train.T] for name, train in trains().items()}
    pairs = {"up": 0.05, "down": -0.04, "tau_up": 16.8e-3, "tau_down": 33.7e-3, "low": 0.5, "high": 2.5}
    triplets = {
        "a2p": 0.02,
        "a3p": 0.03,
        "a2m": 0.02,
        "a3m": 0.01,
        "tau_plus": 16.8e-3,
        "tau_minus": 33.7e-3,
        "tau_x": 0.101,
        "tau_y": 0.125,
    }
    teaching = {"rate": 0.02, "tau": 15e-3}
    dep, fac = {"U": 0.5, "tau_rec": 0.8, "tau_facil": None}, {"U": 0.03, "tau_rec": 0.13, "tau_facil": 0.53}
    ticks = np.arange(0, STEPS, 25) * DT
    weights = {name: np.array(W0) for name in [*RULES, "together"]}
    sent = {name: np.zeros(N_POST) for name in ("g_dep", "g_fac", "g_all")}
    for i, pre in enumerate(made["pre"]):
        for j, post in enumerate(made["post"]):
            w, teach = W0[i, j], made["teach"][j]
            for dependence in ("additive", "multiplicative"):
                for pairing in ("all-to-all", "nearest"):
                    weights[f"pair_{dependence}_{pairing[0]}"][i, j] = reference.pair(
                        w,
                        pre,
                        post,
                        **pairs,
                        multiplicative=dependence == "multiplicative",
                        nearest=pairing == "nearest",
                    )
            for name, nearest, a3m in (("full_a", False, 0.01), ("full_n", True, 0.01), ("minimal_a", False, 0.0)):
                weights[f"triplet_{name}"][i, j] = reference.triplet(
                    w, pre, post, **{**triplets, "a3m": a3m}, low=-1.0, high=4.0, nearest=nearest
                )
            weights["teacher_free"][i, j] = reference.teacher(w, pre, post, teach, **teaching)
            weights["teacher_bounded"][i, j] = reference.teacher(w, pre, post, teach, **teaching, low=0.9, high=1.6)
            weights["scaling"][i, j] = reference.scaled(
                w, post, ticks, target=20.0, tau_rate=0.05, tau_scaling=0.5, period=0.025, high=2.5
            )
            sent["g_dep"][j] += w * reference.released(pre, **dep).sum()
            sent["g_fac"][j] += w * reference.released(pre, **fac).sum()
            arriving = pre[pre + DELAY < STEPS * DT - 1e-9]
            weights["together"][i, j], g = reference.all_at_once(
                w,
                arriving,
                post,
                teach,
                delay=DELAY,
                stp=fac,
                pairs=pairs,
                triplets=triplets,
                teaching=teaching,
                low=0.2,
                high=3.0,
            )
            sent["g_all"][j] += g
    return weights, sent


def on_each_target(cases):
    """(target, case) for the cases that a target's network has; all that takes Cython minutes is slow."""
    return [
        pytest.param(target, case, id=f"{target}-{case}", marks=[pytest.mark.slow] * (target == "all of cython"))
        for target, (_, rules) in NETWORKS.items()
        for case, rule in cases.items()
        if rule in rules
    ]


@pytest.mark.parametrize(("target", "name"), on_each_target({name: name for name in [*RULES, "together"]}))
def test_weights_equal_the_reference(results, target, name):
    weights, _ = expected()
    moved = np.abs(weights[name] - W0).max()
    assert moved == 0 if name in ("depressing", "facilitating") else moved > 0.01  # the comparison is not of nothing
    np.testing.assert_allclose(results(target)[f"{name}.w"].reshape(N_PRE, N_POST), weights[name], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("target", "name"), on_each_target({"g_dep": "depressing", "g_fac": "facilitating", "g_all": "together"})
)
def test_what_arrives_equals_the_reference(results, target, name):
    _, sent = expected()
    assert sent[name].min() > 0.1
    np.testing.assert_allclose(results(target)[f"cells.{name}"], sent[name], rtol=0, atol=1e-10)


def test_a_coincidence_counts_as_pre_before_post():
    once = {"up": 0.1, "down": -0.2, "tau_up": 0.02, "tau_down": 0.02, "low": 0, "high": 9}
    assert reference.pair(1.0, [0.01], [0.01], **once, multiplicative=False, nearest=False) == pytest.approx(1.1)


# ------------------------------------------------------------------------------------------------ bounds, hypothesis
def free_trains():
    """The two groups, their trains to be set, and one rule of each kind with steps as large as the whole range."""
    zero = np.zeros((40, 2))
    space = {f"{name}_train": TimedArray(zero, dt=1 * ms, name=f"{name}_train") for name in ("pre", "post")}
    cells = [
        NeuronGroup(
            2,
            "u : 1",
            threshold=f"{side}_train(t, i) > 0.5",
            dt=1 * ms,
            namespace=space,
            events={"teach": "pre_train(t, 0) > 0.5"},
            name=f"{side}_cells",
        )
        for side in ("pre", "post")
    ]
    big = {"A_plus": 0.7, "A_minus": -0.7, "w_min": 0.0, "w_max": 1.0, "transmit": ""}
    rules = {
        "add": pair_stdp(**big),
        "multi": pair_stdp(**big, dependence="multiplicative"),
        "near": pair_stdp(**big, pairing="nearest", dependence="multiplicative"),
        "three": triplet_stdp(A2_plus=0.5, A3_plus=0.5, A2_minus=0.5, A3_minus=0.5, w_max=1.0, transmit=""),
        "taught": teacher_stdp(0.9, w_min=0.0, w_max=1.0, transmit=""),
    }
    objects = list(cells)
    for name, rule in rules.items():
        synapses = rule.synapses(*cells, name=name, dt=1 * ms)
        synapses.connect()
        synapses.w = 0.5
        objects.append(synapses)
    return Network(*objects)


@pytest.fixture(scope="module")
def free():
    return Simulation(free_trains, 40 * ms, target="numpy")


@settings(max_examples=8, deadline=None)
@given(pre=hnp.arrays(bool, (40, 2)), post=hnp.arrays(bool, (40, 2)))
def test_weights_stay_within_bounds_whatever_the_trains(free, pre, post):
    result = free.run(values={"pre_train.values": pre.astype(float), "post_train.values": post.astype(float)}, seed=0)
    for name in ("add", "multi", "near", "three", "taught"):
        w = np.asarray(result[f"{name}.w"])
        assert np.all((w >= 0) & (w <= 1)), name


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30, unique=True), st.floats(0.01, 1), st.booleans())
def test_no_synapse_releases_more_than_it_has(steps, U, facilitates):
    shares = reference.released(np.sort(steps) * 1e-3, U=U, tau_rec=0.8, tau_facil=0.5 if facilitates else None)
    assert np.all(shares >= 0)
    assert np.all(shares <= 1)


# ----------------------------------------------------------------------------------------------------- closed forms
def test_depression_settles_at_the_closed_form():
    """facts: U 0.5, tau_rec 0.8 s, 20 Hz: stationary over first 0.114, second over first 0.530."""

    def make():
        space = {"regular": TimedArray((np.arange(2000) % 50 == 0).astype(float), dt=1 * ms, name="regular")}
        source = NeuronGroup(1, "u : 1", threshold="regular(t) > 0.5", dt=1 * ms, namespace=space, name="source")
        cell = NeuronGroup(1, "g : 1\nfirst : 1\nsecond_one : 1", dt=1 * ms, name="cell")
        rule = short_term_plasticity(
            **DEPRESSING,
            transmit="g_post = w*released\n"
            "first_post += w*released*int(t < 25*ms)\n"
            "second_one_post += w*released*int(t > 25*ms and t < 75*ms)",
        )
        synapses = rule.synapses(source, cell, name="stp", dt=1 * ms)
        synapses.connect()
        synapses.w = 1
        return Network(source, cell, synapses)

    result = Simulation(make, 2000 * ms, target="numpy").run(seed=0)
    first, second, last = (float(result[f"cell.{name}"][0]) for name in ("first", "second_one", "g"))
    e = np.exp(-50 / 800)
    assert last / first == pytest.approx((1 - e) / (1 - 0.5 * e), rel=1e-6)
    assert last / first == pytest.approx(0.114, abs=0.0005)
    assert second / first == pytest.approx(1 - 0.5 * e, rel=1e-12)


def test_facilitation_rises_then_falls_at_70_hz():
    shares = reference.released(np.arange(20) / 70, U=0.03, tau_rec=0.13, tau_facil=0.53)
    assert shares[1] > shares[0]
    assert 1 < shares.argmax() < 19
    assert shares[-1] < shares.max()


# ------------------------------------------------------------------------------------------------------- parameters
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: pair_stdp(tau_plus=-1 * ms), "tau_plus"),
        (lambda: pair_stdp(tau_minus=3), "tau_minus"),
        (lambda: pair_stdp(w_min=4.0), "w_min = 4.0 must be below w_max"),
        (lambda: pair_stdp(w_min=-np.inf), "w_min"),
        (lambda: pair_stdp(A_plus=-1), "A_plus"),
        (lambda: pair_stdp(A_minus=np.nan), "A_minus"),
        (lambda: pair_stdp(A_plus=1 * ms), "A_plus"),
        (lambda: pair_stdp(dependence="soft"), "additive, multiplicative"),
        (lambda: pair_stdp(pairing="all"), "did you mean 'all-to-all'"),
        (lambda: triplet_stdp(A2_minus=-1e-3), "A2_minus"),
        (lambda: triplet_stdp(tau_x=None), "A3_minus"),
        (lambda: triplet_stdp(tau_y=0 * ms), "tau_y"),
        (lambda: teacher_stdp(w_min=0), "both bounds or neither"),
        (lambda: teacher_stdp(-1), "learning_rate"),
        (lambda: short_term_plasticity(U=0), "U = 0"),
        (lambda: short_term_plasticity(U=1.2), "U = 1.2"),
        (lambda: short_term_plasticity(tau_rec=5), "tau_rec"),
        (lambda: synaptic_scaling(target_rate=0 * Hz), "target_rate"),
        (lambda: synaptic_scaling(tau_scaling=1 * ms), "dt_scaling"),
        (lambda: synaptic_scaling(w_max=-1), "w_max"),
    ],
)
def test_parameters_out_of_range_are_named(make, says):
    with pytest.raises(RuleError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: pair_stdp(tau_pluss=10 * ms), "pair_stdp: unknown parameter 'tau_pluss'; did you mean 'tau_plus'?"),
        (
            lambda: homeostatic_v(tau_home=1 * ms),
            "homeostatic_v: unknown parameter 'tau_home'; did you mean 'tau_homeo'?",
        ),
        (lambda: RetrogradeSBP(lambda_q=0.5), "RetrogradeSBP: unknown parameter 'lambda_q'; did you mean 'lambda_p'?"),
        (lambda: Chain(lenght=1 * um), "Chain: unknown parameter 'lenght'; did you mean 'length'?"),
    ],
)
def test_an_unknown_parameter_is_named_with_the_nearest(make, says):
    with pytest.raises(TypeError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", TRIPLET_SETS)
def test_parameter_sets_build(name):
    rule = triplet_stdp(**TRIPLET_SETS[name])
    assert ("r2" in rule.equations) == ("minimal" not in name)
    assert rule.changes_weight("pre")
    assert rule.changes_weight("post")
