"""Rules whose weights have a unit, and rules as they come without parameters, against the plain references."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, TimedArray, ms, nA, second

from sbp_brian.plasticity import pair_stdp, short_term_plasticity, teacher_stdp, triplet_stdp
from tests import reference

pytestmark = pytest.mark.usefixtures("numpy_target")


PRE, POST, TEACH = ([0.002, 0.013, 0.020, 0.034], [0.005, 0.013, 0.026, 0.031], [0.011, 0.020, 0.036])
SPACE = {
    name: TimedArray(np.isin(np.arange(40), np.round(np.array(times) * 1000)).astype(float), dt=1 * ms, name=name)
    for name, times in (("unit_pre", PRE), ("unit_post", POST), ("unit_teach", TEACH))
}
FAST = {"tau_plus": 17e-3, "tau_minus": 33e-3}
SLOW = {"tau_x": 90e-3, "tau_y": 110e-3}
A3 = {"a2p": 0.1, "a3p": 0.05, "a2m": 0.12, "a3m": 0.04}


def with_units(times):
    return {name: value * second for name, value in times.items()}


RULES = {
    "pair": (
        lambda: pair_stdp(0.2 * nA, -0.1 * nA, **with_units(FAST), w_max=1.6 * nA, w_min=0.4 * nA, transmit=""),
        lambda: reference.pair(
            1.0,
            PRE,
            POST,
            up=0.2,
            down=-0.1,
            tau_up=17e-3,
            tau_down=33e-3,
            low=0.4,
            high=1.6,
            multiplicative=False,
            nearest=False,
        ),
    ),
    "triplet": (
        lambda: triplet_stdp(
            *(A3[name] * nA for name in ("a2p", "a3p", "a2m", "a3m")),
            **with_units(FAST | SLOW),
            w_max=3 * nA,
            w_min=0 * nA,
            transmit="",
        ),
        lambda: reference.triplet(1.0, PRE, POST, **A3, **FAST, **SLOW, low=0, high=3, nearest=False),
    ),
    "minimal, nearest": (
        lambda: triplet_stdp(
            0.1 * nA,
            0.05 * nA,
            0.12 * nA,
            0 * nA,
            **with_units(FAST),
            tau_x=None,
            tau_y=0.11 * second,
            w_max=3 * nA,
            w_min=0 * nA,
            pairing="nearest",
            transmit="",
        ),
        lambda: reference.triplet(1.0, PRE, POST, **{**A3, "a3m": 0.0}, **FAST, **SLOW, low=0, high=3, nearest=True),
    ),
    "teacher": (
        lambda: teacher_stdp(0.1 * nA, 15 * ms, 2 * nA, 0 * nA, transmit=""),
        lambda: reference.teacher(1.0, PRE, POST, TEACH, rate=0.1, tau=15e-3, low=0, high=2),
    ),
}


def unit_cells():
    """A presynaptic and a postsynaptic cell with their trains; the teacher's are events of both."""
    return [
        NeuronGroup(
            1,
            "u : 1",
            threshold=f"unit_{side}(t) > 0.5",
            reset="",
            events={"teach": "unit_teach(t) > 0.5"},
            dt=1 * ms,
            namespace=SPACE,
            name=f"unit_{side}_cell",
        )
        for side in ("pre", "post")
    ]


@pytest.mark.parametrize("name", RULES)
def test_weights_with_units_equal_the_reference(name):
    make, expected = RULES[name]
    cells = unit_cells()
    synapses = make().synapses(*cells, name="with_unit", dt=1 * ms)
    synapses.connect()
    synapses.w = 1 * nA
    Network(*cells, synapses).run(40 * ms, namespace={})
    assert abs(expected() - 1) > 0.01
    assert float(synapses.w[0] / nA) == pytest.approx(expected(), rel=1e-12)


#: What is documented as the default: of Bi & Poo for pairs, of Pfister & Gerstner in hippocampal culture for triplets.
DEFAULTS = {
    "pair": (pair_stdp, {"up": 0.777 / 60, "down": -0.273 / 60, "tau_up": 16.8e-3, "tau_down": 33.7e-3}),
    "triplet": (
        triplet_stdp,
        {"a2p": 6.1e-3, "a3p": 6.7e-3, "a2m": 1.6e-3, "a3m": 1.4e-3, "tau_x": 0.946, "tau_y": 0.027}
        | {"tau_plus": 16.8e-3, "tau_minus": 33.7e-3},
    ),
    "teacher": (teacher_stdp, {"rate": 0.01, "tau": 20e-3}),
}


@pytest.mark.parametrize("w", [1.0, 2.999, 0.001])  # the last two reach the bounds, where there are any
@pytest.mark.parametrize("name", DEFAULTS)
def test_the_defaults_are_those_documented(name, w):
    make, given = DEFAULTS[name]
    cells = unit_cells()
    synapses = make(transmit="").synapses(*cells, name="default", dt=1 * ms)
    synapses.connect()
    synapses.w = w
    Network(*cells, synapses).run(40 * ms, namespace={})
    trains = (PRE, POST, TEACH) if name == "teacher" else (PRE, POST)
    bounds = {} if name == "teacher" else {"low": 0.0, "high": 3.0, "nearest": False}
    bounds |= {"multiplicative": False} if name == "pair" else {}
    expected = getattr(reference, name)(w, *trains, **given, **bounds)
    assert abs(expected - w) > 5e-4
    assert float(synapses.w[0]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("given", [{}, {"U": 0.3, "tau_rec": 0.2}, {"U": 0.3, "tau_rec": 0.2, "tau_facil": 0.3}])
def test_what_is_released_has_the_unit_of_the_weight(given):
    source = NeuronGroup(
        1, "u : 1", threshold="unit_pre(t) > 0.5", reset="", dt=1 * ms, namespace=SPACE, name="unit_source"
    )
    target = NeuronGroup(1, "arrived : amp", dt=1 * ms, name="unit_target", namespace={})
    rule = short_term_plasticity(
        **{name: value * second if name.startswith("tau") else value for name, value in given.items()},
        weight_unit=nA,
        transmit="arrived_post += w*released",
    )
    synapses = rule.synapses(source, target, name="unit_released", dt=1 * ms)
    synapses.connect()
    synapses.w = 2 * nA
    Network(source, target, synapses).run(40 * ms, namespace={})
    expected = 2 * reference.released(PRE, **{"U": 0.5, "tau_rec": 0.8, "tau_facil": None, **given}).sum()
    assert float(target.arrived[0] / nA) == pytest.approx(expected, rel=1e-12)
