"""`NeuronModel` as a declaration: how models add up, what is refused and in which words."""

import pickle
from dataclasses import replace
from functools import partial

import pytest
from brian2 import Equations, ms, mV, second

from sbp_brian.cells import NeuronModel
from sbp_brian.errors import RuleError
from tests.helpers import refusals

LEAKY = NeuronModel(
    "dv/dt = -v/tau{drift} : 1",
    threshold="v > 1",
    reset="v = 0",
    method="exact",
    namespace={"tau": 20 * ms},
    events={"high": "v > 0.5"},
    initial={"v": 0.25},
    source="First, doi:1",
    name="leaky",
)
PART = NeuronModel(
    "dr/dt = -r/(1*second) : 1", reset="r += 1", drift=["-r*Hz"], source="First, doi:1\nOther", name="part"
)


pytestmark = pytest.mark.usefixtures("numpy_target")


said = partial(refusals.said, RuleError)


def test_a_sum_has_what_both_have():
    both = LEAKY + PART
    assert both.equations == "dv/dt = -v/tau{drift} : 1\ndr/dt = -r/(1*second) : 1"
    assert both.text() == "dv/dt = -v/tau + (-r*Hz) : 1\ndr/dt = -r/(1*second) : 1"
    assert (both.threshold, both.reset, both.method) == ("v > 1", "v = 0\nr += 1", "exact")
    assert (PART + LEAKY).reset == "r += 1\nv = 0"
    assert (PART + LEAKY).threshold == "v > 1"
    assert dict(both.namespace) == {"tau": 20 * ms}
    assert dict(both.events) == {"high": "v > 0.5"}
    assert dict(both.initial) == {"v": 0.25}
    assert both.source == "First, doi:1\nOther"
    assert both.name == "leaky + part"
    assert (NeuronModel("a : 1") + NeuronModel("b : 1")).name == ""
    for a, b in ((3 * ms, None), (None, 3 * ms), (3 * ms, 3 * ms)):
        assert (replace(LEAKY, refractory=a) + replace(PART, refractory=b)).refractory == 3 * ms
    assert pickle.loads(pickle.dumps(both)) == both


def test_only_models_add_up():
    for other in (3, "v : 1", None):
        with pytest.raises(TypeError, match="unsupported operand"):
            LEAKY + other


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (
            {},
            dict(threshold="r > 1"),
            "cannot add 'leaky' and 'part': both have a threshold of their own; use a part without one",
        ),
        (
            dict(name=""),
            dict(threshold="v > 1", name=""),
            "cannot add 'a model' and 'a model': both have a threshold of their own; use a part without one",
        ),
        (
            dict(refractory=1 * ms),
            dict(refractory=2 * ms),
            "cannot add 'leaky' and 'part': both have a refractory of their own; use a part without one",
        ),
        (
            {},
            dict(method="euler"),
            "cannot add 'leaky' and 'part': both have a method of their own; use a part without one",
        ),
        ({}, dict(equations="v : 1", drift=()), "cannot add the models: both define 'v'; rename it in one of them"),
        (
            {},
            dict(namespace={"tau": 5 * ms}),
            f"cannot add the models: namespace 'tau' is {20 * ms} in one and {5 * ms} in the other; rename it in one "
            "of them",
        ),
        (
            {},
            dict(namespace={"tau": 20 * mV}),
            f"cannot add the models: namespace 'tau' is {20 * ms} in one and {20 * mV} in the other; rename it in one "
            "of them",
        ),
        (
            {},
            dict(events={"high": "v > 2"}),
            "cannot add the models: events 'high' is v > 0.5 in one and v > 2 in the other; rename it in one of them",
        ),
    ],
)
def test_models_that_do_not_add_up(one, other, message):
    assert said(lambda: replace(LEAKY, **one) + replace(PART, **other)) == message


def test_equal_constants_are_shared():
    high = " ".join(["v", ">", "0.5"])  # the same text, and another object
    both = LEAKY + replace(PART, namespace={"tau": 0.02 * second}, events={"high": high}, method="exact")
    assert dict(both.namespace) == {"tau": 20 * ms}
    assert dict(both.events) == {"high": "v > 0.5"}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (dict(n=0), "n = 0 cells; give a positive whole number"),
        (dict(n=True), "n = True cells; give a positive whole number"),
        (dict(n=1.0), "n = 1.0 cells; give a positive whole number"),
        (dict(extra_equations="v : 1"), "extra_equations defines 'v', which the model has already; rename it"),
        (
            dict(extra_equations=Equations("v : 1")),
            "extra_equations defines 'v', which the model has already; rename it",
        ),
        (dict(events={"high": "v > 2"}), "events defines 'high', which the model has already; rename it"),
    ],
)
def test_groups_that_cannot_be(how, message):
    assert said(lambda: LEAKY.group(**{"n": 1, **how})) == message


def test_a_drift_needs_a_place():
    assert said(lambda: replace(PART, drift=("a", "b")).group(1)) == (
        "'part' has no membrane equation with the mark {drift}, so 'a', 'b' has nowhere to go; put the mark into dv/dt"
    )
    assert said(lambda: replace(PART, name="").text()).startswith("'the model' has no membrane equation")
    assert said(lambda: NeuronModel("a : 1", initial={"q": 1})) == (
        "initial gives a value to 'q', which the equations do not define"
    )


@pytest.mark.parametrize(
    ("model", "how", "method"),
    [
        (LEAKY, {}, "exact"),
        (LEAKY + PART, {}, "exponential_euler"),
        (replace(LEAKY, method="rk4") + PART, {}, "rk4"),
        (LEAKY, dict(method="rk2"), "rk2"),
        (replace(LEAKY, method=None), dict(method="euler"), "euler"),
    ],
)
def test_the_method_of_a_group(model, how, method):
    cells = model.group(2, name="cells*", **how)
    assert cells.method_choice == method
    assert list(cells.v[:]) == [0.25, 0.25]


def test_a_group_has_what_the_model_and_the_call_give():
    cells = replace(LEAKY, refractory=3 * ms).group(
        3, name="mine", extra_equations="q : 1", events={"low": "v < k"}, namespace={"k": 0.1}
    )
    assert (cells.name, cells.N) == ("mine", 3)
    assert cells.events == {"spike": "v > 1", "high": "v > 0.5", "low": "v < k"}
    assert (cells.namespace["tau"], cells.namespace["k"]) == (20 * ms, 0.1)
    assert cells._refractory == 3 * ms
    assert LEAKY.group(1, refractory=1 * ms)._refractory == 1 * ms
    assert LEAKY.group(1)._refractory is False
    silent = NeuronModel("a : 1").group(1)
    assert (silent.events, silent.event_codes) == ({}, {})
