"""All-to-all pathways without the queue: where they are used, where not, and that both give the same numbers."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, TimedArray, ms

from sbp_brian.brian.dense import OF_MORE, TOGETHER, DensePathway, DenseSynapses
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.reference.small_networks import on_numpy

STEPS, N_PRE, N_POST = 120, 23, 37
MADE: dict[str, DenseSynapses] = {}
STDP = SynapseRule(
    """w : 1
    dx/dt = -x/(15*ms) : 1 (event-driven)
    dy/dt = -y/(20*ms) : 1 (event-driven)""",
    on_pre={
        "pre": "x += 1\ng_post += w*(1 + 0.01*j)\nsent_pre += w*x\nw = clip(w - 0.02*y*(1 + v_post), 0, 1.5)",
        "second": "w = w*(1 - 0.001*i)",
    },
    on_post={"post": "y += 1\nw = clip(w + 0.03*x, 0, 1.5)\ntaken_post += w\ng_pre += 0.5*w"},
    name="dense",
)
RECURRENT = SynapseRule(
    "w : 1",
    on_pre={"pre": "g_post += w*(1 + 0.1*g_pre)\nsent_pre += g_post"},
    on_post={"post": "g_pre += 0.01*w*g_post\ntaken_post += g_pre"},
    name="recurrent",
)

#: Several events at once: writes only to synapses and postsynaptic cells; what comes of it depends on their order.
LEAKY = SynapseRule(
    "w : 1",
    on_pre={"pre": "h_post = 0.9*h_post + w*(1 + 0.01*i)\nw = clip(w + 0.02*(v_pre - 0.1*h_post), 0, 1.5)"},
    name="leaky",
)


def cells(name, n, seed):
    train = np.random.default_rng(seed).random((STEPS, n)) < 0.1
    train[5::30] = True
    given = TimedArray(train.astype(float), dt=1 * ms, name=f"train_{name}")
    return NeuronGroup(
        n,
        "dv/dt = (1 - v)/(10*ms) : 1\ng : 1\nh : 1\nsent : 1\ntaken : 1",
        threshold="train_now(t, i) > 0.5",
        reset="v = 0",
        method="exact",
        name=name,
        namespace={"train_now": given},
    )


def ordinary(rule, source, target, name):
    """Brian2's own synapses with the same strings."""
    return brian2.Synapses(
        source,
        target,
        rule.model,
        on_pre=dict(rule.on_pre),
        on_post=dict(rule.on_post),
        name=name,
        delay={pathway: 0 * ms for pathway in rule.pathways},
    )


def make():
    objects = []
    for kind in ("dense", "queue"):
        a, b, c = cells(f"{kind}_a", N_PRE, 1), cells(f"{kind}_b", N_POST, 2), cells(f"{kind}_c", N_PRE, 3)
        build = ordinary if kind == "queue" else lambda rule, a, b, name: rule.synapses(a, b, name=name)
        forward, around = build(STDP, a, b, f"{kind}_ab"), build(RECURRENT, c, c, f"{kind}_cc")
        leaky = build(LEAKY, c, b, f"{kind}_cb")
        for synapses in (forward, around, leaky):
            synapses.connect()
            synapses.w = "0.01*((7*i + 3*j) % 11)" if synapses is around else "0.2 + 0.6*((7*i + 3*j) % 11)/11"
        objects += [a, b, c, forward, around, leaky]
        MADE[kind] = [forward, around, leaky]
    return Network(objects)


@pytest.fixture(scope="module")
def result():
    return Simulation(make, STEPS * ms, target="cpp", dt=1 * ms).run()


@pytest.mark.parametrize(
    "variable",
    ["ab.w", "ab.x", "ab.y", "a.sent", "a.g", "b.g", "b.taken", "cc.w", "c.g", "c.sent", "c.taken", "cb.w", "b.h"],
)
def test_equal_to_the_queue(result, variable):
    dense, queue = result[f"dense_{variable}"], result[f"queue_{variable}"]
    assert np.ptp(dense) > 0
    np.testing.assert_allclose(dense, queue, rtol=1e-12, atol=1e-14)


def test_the_dense_loop_was_really_used(result):
    for synapses in MADE["dense"]:
        for pathway in synapses._pathways:
            assert "_dense_codeobject" in pathway.codeobj.name
            assert len(pathway.code_objects) == 1  # no queue
    for synapses in MADE["queue"]:
        assert not any(isinstance(pathway, DensePathway) for pathway in synapses._pathways)


@pytest.mark.parametrize(
    ("code", "together"),
    [
        ("g_post += w", True),
        ("w += 0.1*v_pre*v_post", True),
        ("sent_pre += w", True),  # of each row its own, in the order of the row
        ("g_post += w*int(rand() < 0.5)", False),  # random numbers keep their order
        ("g_post += w*given(t, i)", True),
        ("g_post += w\nw = 0.9*w", True),
    ],
)
def test_several_events_are_taken_together_where_only_the_order_at_each_cell_counts(standalone, code, together):
    a, b = cells("a", 3, 1), cells("b", 4, 2)
    rule = SynapseRule(
        "w : 1",
        on_pre={"pre": code},
        name="asked",
        namespace={"given": TimedArray(np.ones((2, 3)), dt=1 * ms, name="given_values")},
    )
    synapses = rule.synapses(a, b, name="asked")
    synapses.connect()
    Network(a, b, synapses).run(1 * ms)
    width = OF_MORE if "\n" in code else TOGETHER
    assert width > 1
    assert (f"_event + {width} <= _n_events" in synapses.pre.codeobj.code.cpp_file) == together


#: How those lie that take part, by numbers of the two cells.
TAKING_PART = {
    "few": lambda i, j: (i * 37 + j * 11) % 101 < 3,
    "runs": lambda i, j: (i * 5 + j // 7) % 9 == 2,
    "blocks": lambda i, j: (i * 7 + j // 16) % 5 == 0,
    "rows": lambda i, j: i % 3 == 0,
    "rows_and_few": lambda i, j: (i % 3 == 0) | ((i * 37 + j * 11) % 101 < 3),
    "last": lambda i, j: j == N_POST - 1,
    "many": lambda i, j: (i + j) % 3 > 0,
    "but_one": lambda i, j: (i != 3) | (j != 20),
}
START = 0.2 + 0.6 * ((7 * np.arange(N_PRE)[:, None] + 3 * np.arange(N_POST)) % 11).ravel() / 11
MOVED = SynapseRule(
    """w : 1
    member : boolean (constant)""",
    on_pre={"pre": "w = w + 0.01*int(member)*(1 + v_post)"},
    on_post={"post": "w = w*(1 + 0.02*int(member)*v_pre)"},
    name="moved",
)
#: What several events together change is a number of the other cell.
TAKEN = SynapseRule(
    "w : 1\nmember : boolean (constant)", on_pre={"pre": "h_post = h_post + 0.01*int(member)*w"}, name="taken"
)
#: The same where nothing asks who takes part.
ALL = SynapseRule("w : 1", on_pre={"pre": "w = w + 0.01*(1 + v_post)"}, name="all")
ALL_IF_ASKED = SynapseRule(
    "w : 1\nmember : boolean (constant)", on_pre={"pre": "w = w + 0.01*int(member)*(1 + v_post)"}, name="all_if_asked"
)


def parts():
    """Synapses of which some take part, with the loop and with Brian2's queue, and such with nobody to ask."""
    objects = []
    for kind in ("dense", "queue"):
        a, b = cells(f"part_{kind}_a", N_PRE, 1), cells(f"part_{kind}_b", N_POST, 2)
        taken = NeuronGroup(N_POST, "h : 1", name=f"taken_{kind}")
        objects += [a, b, taken]
        build = ordinary if kind == "queue" else lambda rule, a, b, name: rule.synapses(a, b, name=name)
        for rule, target in ((MOVED, b), (TAKEN, taken)):
            synapses = build(rule, a, target, f"part_{kind}_{rule.name}")
            synapses.connect()
            synapses.w = START
            objects.append(synapses)
            if kind == "dense":
                MADE[rule.name] = synapses
    for rule in (ALL, ALL_IF_ASKED):  # from the dense cells, which stand first
        synapses = rule.synapses(objects[0], objects[1], name=f"part_{rule.name}")
        synapses.connect()
        synapses.w = START
        objects.append(synapses)
    synapses.member = True
    return Network(objects)


def member(which):
    """Whether each synapse takes part."""
    i, j = np.indices((N_PRE, N_POST)).reshape(2, -1)
    return which(i, j)


@pytest.fixture(scope="module")
def in_part():
    """How they lie -> what one program gives."""
    with_parts = Simulation(parts, STEPS * ms, target="cpp", dt=1 * ms)
    asked = [f"part_{kind}_{rule.name}.member" for kind in ("dense", "queue") for rule in (MOVED, TAKEN)]
    return {
        name: with_parts.run(dict.fromkeys(asked, member(which).astype(float))) for name, which in TAKING_PART.items()
    }


@pytest.mark.parametrize("name", TAKING_PART)
def test_synapses_that_take_no_part_are_passed_over_and_stay(in_part, name):
    found, wanted = (np.asarray(in_part[name][f"part_{kind}_moved.w"]) for kind in ("dense", "queue"))
    takes_part = member(TAKING_PART[name])
    assert 0 < takes_part.mean() < 1
    np.testing.assert_array_equal(found[~takes_part], START[~takes_part])
    assert np.all(found[takes_part] != START[takes_part])
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("name", TAKING_PART)
def test_other_cells_get_from_those_that_take_part_alone(in_part, name):
    found, wanted = (np.asarray(in_part[name][f"taken_{kind}.h"]) for kind in ("dense", "queue"))
    np.testing.assert_array_equal(found != 0, member(TAKING_PART[name]).reshape(N_PRE, N_POST).any(0))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_where_all_take_part_it_is_as_if_nobody_had_asked(in_part):
    found = in_part["few"]["part_all_if_asked.w"]
    assert np.all(np.asarray(found) != START)
    np.testing.assert_array_equal(found, in_part["few"]["part_all.w"])


@pytest.mark.parametrize("rule", [MOVED, TAKEN])
def test_these_loops_may_pass_synapses_over(in_part, rule):
    for pathway in MADE[rule.name]._pathways:
        assert f"_visited_{pathway.codeobj.name}[_visit]" in pathway.codeobj.code.cpp_file


@pytest.mark.parametrize("rule", [MOVED, TAKEN])
def test_where_many_take_part_a_row_is_visited_with_a_bit_for_each(in_part, rule):
    """In rows; the loop of the other order, from which no vector instructions come, asks each synapse."""
    for pathway in MADE[rule.name]._pathways:
        by_bits = "1 << _bit" in pathway.codeobj.code.cpp_file
        assert by_bits == (pathway.prepost == "pre")


@pytest.mark.parametrize(("rule", "apart"), [(MOVED, True), (TAKEN, False)])
def test_events_of_whole_rows_come_after_others_where_their_order_does_not_matter(in_part, rule, apart):
    pathway = MADE[rule.name].pre
    assert (f"_whole_{pathway.codeobj.name}" in pathway.codeobj.code.cpp_file) == apart


def test_with_bits_as_many_rows_are_taken_together_as_without(in_part):
    code = MADE["taken"].pre.codeobj.code.cpp_file
    assert f"_event + {TOGETHER} <= _n_events && !_by_list" in code


STATIC = SynapseRule("w : 1", on_pre={"pre": "g_post += w"})


def made(a, b, connect, **how):
    synapses = STATIC.synapses(a, b, **how)
    for arguments in connect:
        synapses.connect(**arguments)
    return synapses


def why_not(synapses):
    """Asked while the synapses are held: a pathway refers to them weakly."""
    return synapses.pre.dense_reason()


@pytest.fixture(autouse=True)
def numpy_target():
    with on_numpy():
        yield


@pytest.fixture
def standalone(tmp_path):
    device = brian2.get_device()
    brian2.set_device("cpp_standalone", build_on_run=False, directory=str(tmp_path))
    yield
    brian2.get_device().reinit()
    brian2.get_device().activate()
    brian2.set_device(device)


@pytest.mark.parametrize(
    ("connect", "how", "reason"),
    [
        ([{}], {}, ""),
        ([{"condition": True}], {}, ""),
        ([{"condition": "True"}], {}, ""),
        ([{}], {"delay": 0 * ms}, ""),
        ([{}], {"delay": 1 * ms}, "delay"),
        ([{}], {"delay": {"pre": 1 * ms}}, "delay"),
        ([{}], {"delay": "per synapse"}, "delay"),
        ([{"condition": "i != j"}], {}, "all-to-all"),
        ([{"p": 0.5}], {}, "all-to-all"),
        ([{"p": "0.5"}], {}, "all-to-all"),
        ([{"n": 2}], {}, "all-to-all"),
        ([{"i": [0, 1], "j": [0, 1]}], {}, "all-to-all"),
        ([{"j": "i"}], {}, "all-to-all"),
        ([{}, {}], {}, "all-to-all"),
        ([{"i": 0, "j": 0}, {}], {}, "all-to-all"),
        ([{}, {"i": 0, "j": 0}], {}, "all-to-all"),
    ],
)
def test_where_it_is_used(standalone, connect, how, reason):
    a, b = cells("a", 3, 1), cells("b", 4, 2)
    found = why_not(made(a, b, connect, **how))
    assert reason in found
    assert bool(reason) == bool(found)


def test_not_for_subgroups(standalone):
    a, b = cells("a", 3, 1), cells("b", 4, 2)
    assert "subgroup" in why_not(made(a[:2], b, [{}]))
    assert "subgroup" in why_not(made(a, b[1:], [{}]))


def test_not_with_openmp(standalone):
    synapses = made(cells("a", 3, 1), cells("b", 4, 2), [{}])
    brian2.prefs.devices.cpp_standalone.openmp_threads = 2
    try:
        assert "OpenMP" in synapses.pre.dense_reason()
    finally:
        brian2.prefs.devices.cpp_standalone.openmp_threads = 0


def test_not_at_runtime():
    assert "standalone" in why_not(made(cells("a", 3, 1), cells("b", 4, 2), [{}]))


@pytest.mark.parametrize(
    "how",
    [
        lambda s: setattr(s, "delay", 1 * ms),
        lambda s: setattr(s.pre, "delay", 1 * ms),
        lambda s: setattr(s.pre, "delay_", 0.001),
        lambda s: s.pre.delay.__setitem__(slice(None), 1 * ms),
        lambda s: setattr(s.pre, "delay", "1*ms"),
    ],
)
@pytest.mark.parametrize("delay", [None, 0 * ms])
def test_a_delay_set_afterwards_is_refused(how, delay):
    synapses = made(cells("a", 3, 1), cells("b", 4, 2), [{}], delay=delay)
    with pytest.raises((ValueError, TypeError), match=r"made without a delay.*per synapse|read-only"):
        how(synapses)


def test_a_delay_that_was_asked_for_can_be_set():
    synapses = made(cells("a", 2, 1), cells("b", 2, 2), [{}], delay="per synapse")
    synapses.delay = "i*ms"
    np.testing.assert_allclose(synapses.delay / ms, [0, 0, 1, 1])
    synapses.pre.delay = 2 * ms
    np.testing.assert_allclose(synapses.delay / ms, 2)


def test_a_simulation_cannot_set_a_delay_the_dense_loop_would_ignore(tmp_path):
    simulation = Simulation(make, STEPS * ms, target="numpy", dt=1 * ms)
    with pytest.raises(ValueError, match=r"read-only|no .*name|unknown"):
        simulation.run(values={"dense_ab_pre.delay": 1 * ms})
