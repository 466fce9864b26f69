"""What is said of a rule, word by word: each refusal names the thing and the remedy, and a rule prints as it is."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from brian2 import Function, NeuronGroup, check_units, ms, mV, second

from sbp_brian.errors import RuleError
from sbp_brian.rules import Regular, SynapseRule, assigned_names
from sbp_brian.rules.checks import same_value
from tests.helpers import refusals

TRACE = "w : 1\ndx/dt = -x/tau : 1 (event-driven)"
RULE = SynapseRule(
    TRACE, on_pre={"pre": "g_post += w\nx += 1"}, on_post={"post": "w += x"}, namespace={"tau": 20 * ms}, name="toy"
)
HERE = "; rename it in one of them"


pytestmark = pytest.mark.usefixtures("numpy_target")


said = partial(refusals.said, RuleError)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": 3}, "name must be a text, not int"),
        ({"source": None}, "source must be a text, not NoneType"),
        ({"on_event": {"pre": 3}}, "on_event: the event of 'pre' must be a name, not int"),
        ({"requires": 3}, "requires must be a collection of Requirement objects, got 3"),
        ({"requires": ["g"]}, "requires must be a collection of Requirement objects, got ['g']"),
        ({"model": 3}, "model must be a string of Brian2 equations, not int"),
        ({"model": "w is"}, "model: cannot read 'w is'; write 'name : unit' or 'dname/dt = expression : unit'"),
        ({"model": TRACE + "\n\n# no more\nw : 1"}, "model: 'w' is defined twice; keep one of its definitions"),
        ({"model": "w : 1\nms : 1"}, "model variable 'ms' shadows a unit of Brian2; rename it, for example to 'x_ms'"),
        (
            {"model": "w : 1\npi : 1"},
            "model variable 'pi' shadows a constant of Brian2; rename it, for example to 'x_pi'",
        ),
        (
            {"model": "w : 1\nexp : 1"},
            "model variable 'exp' shadows a function of Brian2; rename it, for example to 'x_exp'",
        ),
        (
            {"model": "w : 1\nsize : 1"},
            "model variable 'size' shadows a name of numpy; rename it, for example to 'x_size'",
        ),
        (
            {"model": "w : 1\nN : 1"},
            "model variable 'N': Brian2 defines this name itself; rename it, for example to 'x_N'",
        ),
        (
            {"model": "w : 1\nlastupdate : 1"},
            "model variable 'lastupdate': Brian2 defines this name itself; rename it, for example to 'x_lastupdate'",
        ),
        (
            {"model": "w : 1\na_b_pre : 1"},
            "model variable 'a_b_pre': names ending in _pre or _post belong to the cells; rename it, for example to "
            "'pre_a_b'",
        ),
        (
            {"model": "w : 1\n_y : 1"},
            "model variable '_y' starts with an underscore, which Brian2 keeps for itself; rename it to 'y'",
        ),
        (
            {"model": "w : 1\n__ : 1"},
            "model variable '__' starts with an underscore, which Brian2 keeps for itself; rename it to 'x'",
        ),
        (
            {"model": "w : 1\nx28e2 : 1"},
            "model variable 'x28e2' contains digit-e-digit, which single-precision code generation takes for a number; "
            "rename it, for example to 'x28_e_2'",
        ),
        (
            {"model": "w : 1\nx1E5 : 1"},
            "model variable 'x1E5' contains digit-e-digit, which single-precision code generation takes for a number; "
            "rename it, for example to 'x1_e_5'",
        ),
        (
            {"namespace": {"tau": 1 * ms, "a b": 1}},
            "namespace name 'a b' is not a name; use letters, digits and underscores",
        ),
        (
            {"namespace": {"tau": 1 * ms, 3: 1}},
            "namespace name 3 is not a name; use letters, digits and underscores",
        ),
        (
            {"namespace": {"tau": [1, 2] * ms}},
            "namespace: 'tau' is not a number, a quantity or a Brian2 function; for many values use a TimedArray or a "
            "variable of the model",
        ),
        ({"namespace": {"tau": 1 * ms, "w": 1}}, "'w' is both in the model and in the namespace; rename one of them"),
        ({"initial": {"z": 1}}, "initial gives a value to 'z', which is not in the model; it has 'w', 'x'"),
        (
            {"weight": "u"},
            "the weight 'u' is not in the model, which has 'w', 'x'; name it with weight=..., or give weight=None for "
            "a rule without one",
        ),
        ({"on_pre": {"pre": 3}}, "pathway 'pre': code must be a string of statements, not int"),
        (
            {"on_pre": {"pre": "w +"}},
            "pathway 'pre': cannot read 'w +'; a statement is 'name = expression' (or +=, -=, *=, /=) with a "
            "Python-like expression",
        ),
        (
            {"on_pre": {"pre": "w = (x"}},
            "pathway 'pre': cannot read 'w = (x'; a statement is 'name = expression' (or +=, -=, *=, /=) with a "
            "Python-like expression",
        ),
        (
            {"on_pre": "w = 1"},
            "on_pre must be a mapping, not str; write for example {'pre': 'g_post += w'}",
        ),
        (
            {"on_pre": {"a b": "w = 1"}},
            "pathway name 'a b' is not a name; use letters, digits and underscores",
        ),
        ({"on_pre": {3: "w = 1"}}, "pathway name 3 is not a name; use letters, digits and underscores"),
        (
            {"on_pre": {"x": "w = 1"}},
            "the variable 'x' of the model has the name of the pathway 'x', which the synapses give to its code; "
            "rename one, the variable for example to 'x_trace'",
        ),
        (
            {"on_pre": {"connect": "w = 1"}},
            "pathway name 'connect' is already an attribute of the synapses; rename the pathway",
        ),
        (
            {"on_pre": {"pre": "w = 1"}, "on_post": {"pre": "w = 1"}},
            "pathway 'pre' is in on_pre and in on_post; rename one of them",
        ),
        (
            {"on_event": {"late": "spike"}},
            "on_event names a pathway 'late' that does not exist; this rule has 'pre', 'post'",
        ),
        (
            {"schedule": {"late": ("start", 0)}},
            "schedule names a pathway 'late' that does not exist; this rule has 'pre', 'post'",
        ),
        (
            {"schedule": {"pre": "start"}},
            "schedule: the place 'start' of pathway 'pre' is not a slot with an order; write for example "
            "{'pre': ('synapses', 2)}",
        ),
        ({"regularly": {"slow": "w = 1"}}, "regularly 'slow' must be a Regular(code, dt), not str"),
        (
            {"on_pre": {"pre": "tau = 1*ms"}},
            "pathway 'pre': assigns 'tau', a constant of the namespace; make it a model variable or rename the local "
            "one",
        ),
        ({"on_pre": {"pre": "i = 1"}}, "pathway 'pre': assigns 'i', which Brian2 itself keeps; use another name"),
        (
            {"on_pre": {"pre": "lastupdate = t"}},
            "pathway 'pre': assigns 'lastupdate', which Brian2 itself keeps; use another name",
        ),
        (
            {"model": TRACE + "\nboth = w + x : 1", "on_pre": {"pre": "both = 1"}},
            "pathway 'pre': assigns 'both', which the model defines by an expression; assign a variable it depends on",
        ),
        (
            {"model": TRACE + "\nk : 1 (constant)", "on_pre": {"pre": "k = 1"}},
            "pathway 'pre': assigns 'k', which the model declares (constant); drop the flag",
        ),
        (
            {"on_pre": {"pre": "size = 1"}},
            "pathway 'pre': local variable 'size' shadows a name of numpy; rename it, for example to 'x_size'",
        ),
        (
            {"on_pre": {"pre": "w += xx"}},
            "pathway 'pre': unknown name 'xx'; did you mean 'x'? Define it in model or namespace; if it belongs to the "
            "target cell write xx_post, to the source cell xx_pre",
        ),
        (
            {"on_pre": {"pre": "w += qqqqqqqq"}},
            "pathway 'pre': unknown name 'qqqqqqqq'; Define it in model or namespace; if it belongs to the target cell "
            "write qqqqqqqq_post, to the source cell qqqqqqqq_pre",
        ),
        (
            {"model": "w : 1\nx : 1", "on_pre": {"pre": "w = int(t - lastupdate > 1*ms)"}},
            "pathway 'pre': unknown name 'lastupdate'; it exists only in a model with (event-driven) equations. Define "
            "it in model or namespace; if it belongs to the target cell write lastupdate_post, to the source cell "
            "lastupdate_pre",
        ),
        (
            {"model": "w : 1\nx = w*tua : 1"},
            "model, 'x': unknown name 'tua'; did you mean 'tau'? Define it in model or namespace; if it belongs to the "
            "target cell write tua_post, to the source cell tua_pre",
        ),
        (
            {"on_post": {"post": "w = tau"}},
            "pathway 'post': in 'w = tau' the right-hand side has unit second where 1 is expected; convert it or "
            "correct the declared unit",
        ),
        (
            {"model": "w : 1\nx : second", "on_pre": {"pre": "x *= w + 1"}, "on_post": {"post": "w *= x + tau"}},
            "pathway 'post': in 'w *= (x + tau)' the right-hand side has unit second where 1 is expected; convert it "
            "or correct the declared unit",
        ),
    ],
)
def test_refusals(changed, message):
    assert said(lambda: replace(RULE, **changed)) == message


@pytest.mark.parametrize(
    ("changed", "start", "holds"),
    [
        ({"model": "w : 1\nx : parsec"}, "model: cannot read 'x : parsec': ", "parsec"),
        ({"on_pre": {"pre": "w = exp(w, w)"}}, "pathway 'pre': in 'w = exp(w, w)': ", "called with 2"),
        ({"on_pre": {"pre": "w = w + tau"}}, "pathway 'pre': in 'w = w + tau': ", "tau"),
        ({"model": "w : 1\ndx/dt = -x : 1 (event-driven)"}, "model: in 'dx/dt = -x : 1 (event-driven)' the ", "hertz"),
        ({"model": "w : 1\nx = w + tau : 1", "on_pre": {}}, "model: in 'x = w + tau : 1': ", "tau"),
        (
            {"model": "w : 1\nx = tau : 1", "on_pre": {}},
            "model: in 'x = tau : 1' the right-hand side has unit second ",
            "expected",
        ),
    ],
)
def test_what_brian2_says_stands_behind_what_it_is_about(changed, start, holds):
    found = said(lambda: replace(RULE, **changed))
    assert found.startswith(start)
    assert holds in found
    assert "\n" not in found


@pytest.mark.parametrize("dt", [3, [1, 2] * ms, 1 * mV, "1*ms", None, np.inf * ms, np.nan * ms])
def test_a_clock_without_a_period(dt):
    assert said(lambda: Regular("w = 1", dt=dt)) == (
        f"Regular: the period dt = {dt} must be a quantity in {second!r}, one and finite"
    )


@pytest.mark.parametrize("dt", [0 * ms, -1 * ms])
def test_a_period_is_positive(dt):
    assert said(lambda: Regular("w = 1", dt=dt)) == f"Regular: the period dt = {dt} must be positive"


@pytest.mark.parametrize("place", [dict(when=3), dict(order="1"), dict(order=1.5)])
def test_a_clock_without_a_place(place):
    when, order = place.get("when", "start"), place.get("order", 0)
    assert said(lambda: Regular("w = 1", dt=1 * ms, **place)) == (
        f"Regular: when = {when!r} must be a slot's name, order = {order!r} a whole number"
    )


def test_what_is_no_group():
    group = cells("one")
    assert said(lambda: RULE.synapses(None, group)) == (
        "the source must be a group of cells, such as a NeuronGroup, got NoneType"
    )
    assert said(lambda: RULE.synapses(group, "two")) == (
        "the target must be a group of cells, such as a NeuronGroup, got str"
    )


def test_no_pathway_of_that_name():
    rule = replace(RULE, regularly={"slow": Regular("w *= 0.5", dt=1 * second)})
    assert said(lambda: rule.changes_weight("prd")) == "no pathway 'prd'; this rule has 'pre', 'post', 'slow'"
    assert said(lambda: SynapseRule("", weight=None).changes_weight("pre")) == "no pathway 'pre'; this rule has none"
    assert [rule.changes_weight(name) for name in ("pre", "post", "slow")] == [False, True, True]


# ---------------------------------------------------------------------------------------------------- of two rules
@pytest.mark.parametrize(
    ("mine", "theirs", "message"),
    [
        (
            {},
            {"model": TRACE.replace("tau :", "(2*tau) :")},
            "they define 'x' differently ('dx/dt = -x/tau : 1 "
            "(event-driven)' and 'dx/dt = -x/(2*tau) : 1 (event-driven)')" + HERE,
        ),
        ({}, {"namespace": {"tau": 5 * ms}}, f"namespace 'tau' is {20 * ms} in one and {5 * ms} in the other" + HERE),
        (
            {},
            {"model": TRACE + "\nu : 1", "weight": "u"},
            "their weights are 'w' and 'u'; give both the same name, or one of them weight=None",
        ),
        (
            {},
            {"on_event": {"pre": "onset"}},
            "pathway 'pre' waits for 'spike' in one and for 'onset' in the other" + HERE,
        ),
        (
            {"schedule": {"pre": ("start", 0)}},
            {"schedule": {"pre": ("start", 1)}},
            "pathway 'pre' runs in ('start', 0) in one and in ('start', 1) in the other; give both the same place in "
            "schedule",
        ),
        (
            {"regularly": {"slow": Regular("w = 1", dt=1 * ms)}},
            {"regularly": {"slow": Regular("w = 1", dt=2 * ms)}},
            "regularly 'slow' differs in its clock or slot; rename one",
        ),
        (
            {"regularly": {"slow": Regular("w = 1", dt=1 * ms, when="end")}},
            {"regularly": {"slow": Regular("w = 1", dt=1 * ms)}},
            "regularly 'slow' differs in its clock or slot; rename one",
        ),
        (
            {"regularly": {"slow": Regular("w = 1", dt=1 * ms, order=1)}},
            {"regularly": {"slow": Regular("w = 1", dt=1 * ms)}},
            "regularly 'slow' differs in its clock or slot; rename one",
        ),
        (
            {},
            {},
            "both write the trace 'x', so each event would count twice; rename it in one of them (two rules of one "
            "kind need different names)",
        ),
    ],
)
def test_rules_that_do_not_add_up(mine, theirs, message):
    one, other = replace(RULE, **mine), replace(RULE, **theirs)
    assert said(lambda: one + other) == f"cannot add the rules: {message}"


def test_only_rules_add_up():
    for other in (3, "w : 1", None):
        with pytest.raises(TypeError, match="unsupported operand"):
            RULE + other


def test_equations_are_the_same_whatever_their_spaces():
    one, other = (SynapseRule(f"w : 1\nx = {text} : 1") for text in ("2*w + 1", "2 * w+1"))
    assert (one + other).model == "w : 1\nx = 2*w + 1 : 1"
    for text in ("2*w + 2", "w*2 + 1"):
        assert "define 'x' differently" in said(lambda text=text: one + SynapseRule(f"w : 1\nx = {text} : 1"))
    assert "define 'x' differently" in said(lambda: one + SynapseRule("w : 1\nx : 1"))


def test_a_function_of_both_namespaces_is_one_and_the_same():
    def twice(x):
        return 2 * x

    def made():
        return Function(twice, arg_units=[1], return_unit=1)

    functions = [made(), made()]
    rules = [SynapseRule("w : 1", on_pre={"pre": "w = twice(w)"}, namespace={"twice": f}) for f in functions]
    assert (rules[0] + replace(rules[0])).namespace["twice"] is functions[0]
    assert said(lambda: rules[0] + rules[1]).startswith("cannot add the rules: namespace 'twice' is ")
    number = SynapseRule("w : 1", namespace={"twice": 2.0})
    assert "namespace 'twice'" in said(lambda: number + rules[0])
    assert dict((number + number).namespace) == {"twice": 2.0}


def test_equal_values_of_other_units_differ():
    one, other = (SynapseRule("w : 1", namespace={"k": value}) for value in (1 * ms, 1 * mV))
    assert "namespace 'k'" in said(lambda: one + other)
    assert dict((one + SynapseRule("w : 1", namespace={"k": 0.001 * second})).namespace) == {"k": 1 * ms}


def test_a_sum_keeps_what_both_rules_have():
    fast, slow = Regular("w *= 2", dt=1 * ms, when="end", order=3), Regular("u *= 3", dt=2 * ms)
    one = SynapseRule(
        "w : 1\nv : 1",
        on_pre={"a": "w += 1", "b": "w += 2"},
        on_event={"b": "onset"},
        regularly={"fast": fast},
        initial={"w": 1, "v": 2},
        schedule={"a": ("start", 1)},
        source="First, doi:1\nSecond, doi:2",
        name="one",
        namespace={"k": 1.0},
    )
    two = SynapseRule(
        "u : 1\nv : 1",
        on_pre={"a": "u += 3"},
        on_post={"c": "u += 4"},
        regularly={"slow": slow, "fast": replace(fast, code="u *= 5")},
        initial={"u": 5, "v": 7},
        schedule={"c": ("end", 2)},
        source="Second, doi:2\nThird, doi:3",
        name="two",
        weight=None,
        namespace={"l": 2.0},
    )
    both = one + two
    assert both.model == "w : 1\nv : 1\nu : 1"
    assert dict(both.on_pre) == {"a": "w += 1\nu += 3", "b": "w += 2"}
    assert dict(both.on_post) == {"c": "u += 4"}
    assert [both.event(name) for name in "abc"] == ["spike", "onset", "spike"]
    assert dict(both.regularly) == {"fast": Regular("w *= 2\nu *= 5", 1 * ms, "end", 3), "slow": slow}
    assert list(both.regularly) == ["fast", "slow"]
    assert dict(both.initial) == {"w": 1, "v": 2, "u": 5}
    assert dict(both.schedule) == {"a": ("start", 1), "c": ("end", 2)}
    assert both.source == "First, doi:1\nSecond, doi:2\nThird, doi:3"
    assert (both.name, both.weight, (two + one).weight) == ("one + two", "w", "w")
    assert dict(both.namespace) == {"k": 1.0, "l": 2.0}
    assert ((one + two) + replace(two, name="two")).name == "one + two + two"


# ------------------------------------------------------------------------------------------------------ as it prints
def test_a_rule_prints_as_it_is():
    rule = replace(
        RULE,
        regularly={"slow": Regular("w *= 0.5", dt=1 * second, when="end", order=2)},
        on_event={"post": "onset"},
        schedule={"pre": ("start", 4)},
        namespace={"tau": 20 * ms, "k": 2.5},
        source="A paper, doi:10.1/1",
    )
    assert repr(rule).splitlines() == [
        "SynapseRule 'toy'",
        "  weight: w",
        "  model:",
        "    w : 1",
        "    dx/dt = -x/tau : 1 (event-driven)",
        "  on_pre 'pre' at 'spike' (start, 4):",
        "    g_post += w",
        "    x += 1",
        "  on_post 'post' at 'onset':",
        "    w += x",
        "  regularly 'slow' every 1. s (end, 2):",
        "    w *= 0.5",
        f"  namespace: tau = {20 * ms}, k = 2.5",
        "  source: A paper, doi:10.1/1",
    ]
    assert repr(SynapseRule("", weight=None)) == "SynapseRule\n  weight: None\n  model:"


def test_the_text_of_a_rule_is_tidied():
    rule = SynapseRule(
        "  w : 1  # the weight\n\n  dx/dt =\n     -x/(3*ms)\n   : 1 (event-driven)\n# nothing",
        on_pre={"pre": "w+=1;x  =  2*w # both\n\n w *= 2 + x; w /= x - 9; w *= 3; w *= exp(x)"},
    )
    assert rule.model == "w : 1\ndx/dt = -x/(3*ms) : 1 (event-driven)"
    assert rule.on_pre["pre"].splitlines() == [
        "w += 1",
        "x = 2*w",
        "w *= (2 + x)",
        "w /= (x - 9)",
        "w *= 3",
        "w *= exp(x)",
    ]


def test_names_that_the_cells_own_and_noise_are_left_to_the_cells():
    rule = SynapseRule(
        "dw/dt = -w*k_post/(3*ms) + xi*ms**-0.5 + xi_b*ms**-0.5 : 1",
        on_pre={"pre": "w += v_pre; a = v_pre; a += 1; w += a"},
    )
    assert list(rule.equations) == ["w"]


# ------------------------------------------------------------------------------------------------------- with cells
def cells(name, equations="g : 1", **how):
    return NeuronGroup(2, equations, name=name, namespace={}, **{"threshold": "False", **how})


@pytest.mark.parametrize(
    ("rule", "source", "target", "message"),
    [
        (
            RULE,
            dict(threshold=None),
            {},
            "pathway 'pre' waits for the event 'spike', which the source group 'one' does not have (it has none); "
            "give the group a threshold",
        ),
        (
            replace(RULE, on_event={"post": "onset"}),
            {},
            dict(events={"other": "False"}),
            "pathway 'post' waits for the event 'onset', which the target group 'two' does not have (it has 'other', "
            "'spike'); define it with events={'onset': condition}",
        ),
        (
            RULE,
            dict(equations="g : 1\nw : 1"),
            {},
            "'w' is a variable of the rule and of the source group 'one'; rename one of them",
        ),
        (
            RULE,
            {},
            dict(equations="g : 1\nx : 1"),
            "'x' is a variable of the rule and of the target group 'two'; rename one of them",
        ),
        (
            RULE,
            {},
            dict(equations="g : 1\ntau : second"),
            "'tau' is a name of the rule and a variable of the target group 'two', which Brian2 would use in its "
            "place; rename one of them",
        ),
        (
            RULE,
            {},
            dict(equations="a : 1\nb : 1"),
            "pathway 'pre' uses 'g_post', but the target group 'two' has no variable 'g'; add it to the group's "
            "equations (it has N, a, b, dt, i, t, t_in_timesteps)",
        ),
        (
            replace(RULE, on_pre={"pre": "h_pre = 1"}),
            dict(equations="g : 1\nh = g : 1"),
            {},
            "pathway 'pre' assigns 'h_pre', which its group defines by an expression or keeps itself; assign a "
            "variable it depends on",
        ),
        (
            replace(RULE, on_pre={"pre": "t_pre = 1*ms"}),
            {},
            {},
            "pathway 'pre' assigns 't_pre', which its group defines by an expression or keeps itself; assign a "
            "variable it depends on",
        ),
        (
            replace(RULE, model=TRACE + "\ny = g_post : 1"),
            {},
            dict(equations="g : volt"),
            "model: in 'y = g_post : 1' the right-hand side has unit volt where 1 is expected; convert it or correct "
            "the declared unit",
        ),
    ],
)
def test_refusals_of_cells(rule, source, target, message):
    one, two = cells("one", **source), cells("two", **target)
    assert said(lambda: rule.synapses(one, two)) == message


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        ("some", "delay = 'some' is none of None, a time, pathway -> time, or 'per synapse'"),
        (3, "delay = 3 is none of None, a time, pathway -> time, or 'per synapse'"),
        ({"prd": 1 * ms}, "delay names a pathway 'prd' that does not exist; this rule has 'pre', 'post'"),
        ({"pre": "1*ms"}, "the delay of pathway 'pre' is 1*ms, not a time; give one such as 1*ms"),
        (np.inf * ms, f"the delay of pathway 'pre' is {np.inf * ms}; give a finite time"),
        (np.nan * ms, "the delay of pathway 'pre' is nan s; give a finite time"),
        ({"pre": 1}, "the delay of pathway 'pre' is 1, not a time; give one such as 1*ms"),
        ({"post": 1 * mV}, f"the delay of pathway 'post' is {1 * mV}, not a time; give one such as 1*ms"),
        (
            [1, 2] * ms,
            "the delay of pathway 'pre' has 2 values; for delays that differ between synapses pass "
            "delay='per synapse' and set synapses.pre.delay",
        ),
        (-1 * ms, f"the delay of pathway 'pre' is negative ({-1 * ms}); give a time of zero or more"),
    ],
)
def test_refusals_of_delays(delay, message):
    assert said(lambda: RULE.synapses(cells("one"), cells("two"), delay=delay)) == message


@pytest.mark.parametrize("key", ["model", "on_pre", "on_post", "on_event", "namespace"])
def test_what_is_part_of_the_rule_is_changed_there(key):
    assert said(lambda: RULE.synapses(cells("one"), cells("two"), **{key: {}})) == (
        f"{key!r} is part of the rule; change the rule with dataclasses.replace(rule, {key}=...)"
    )


def test_a_rule_without_pathways_takes_no_delay_by_name():
    silent = SynapseRule("w : 1")
    assert said(lambda: silent.synapses(cells("one"), cells("two"), delay={"pre": 1 * ms})).endswith("has none")


def test_what_is_built_has_its_names_and_places():
    rule = replace(
        RULE,
        regularly={"slow": Regular("w *= 0.5", dt=3 * ms, when="end", order=7)},
        schedule={"post": ("start", 2)},
        initial={"w": 0.5},
    )
    made = rule.synapses(cells("one"), cells("two"), name="between", order=4)
    (slow,) = (part for part in made.contained_objects if part.name == "between_slow")
    assert (slow.when, slow.order, slow.clock.dt) == ("end", 7, 3 * ms)
    assert (made.post.when, made.post.order) == ("start", 2)
    assert (made.given_name, made.initial, made.made_by) == ("between", {"w": 0.5}, ("toy", "w"))
    assert made.order == 4
    made.connect()
    assert list(made.w[:]) == [0.5] * 4
    unnamed = RULE.synapses(cells("one*"), cells("two*"), method="exact")
    assert unnamed.given_name is None
    assert unnamed.name.startswith("synapses")
    assert unnamed.guards == ()


def test_code_that_cannot_be_read_says_whose_it_is():
    rest = "a statement is 'name = expression' (or +=, -=, *=, /=) with a Python-like expression"
    assert said(lambda: Regular("w +", dt=1 * ms)) == f"Regular: cannot read 'w +'; {rest}"
    assert said(lambda: assigned_names("w = 1; w +")) == f"code: cannot read 'w +'; {rest}"


def test_what_brian2_cannot_integrate():
    rule = replace(RULE, model="w : 1\ndx/dt = -x**2/tau : 1 (event-driven)")
    found = said(lambda: rule.synapses(cells("one"), cells("two"), name="between"))
    assert found.startswith("between_p")
    assert found.endswith(" Write the equation so that it is linear, or make it (clock-driven)")


@pytest.mark.parametrize("name", ["beta", "Q"])
def test_names_that_sympy_has_for_itself(name):
    rule = replace(RULE, model=f"w : 1\ndx/dt = -x/tau : 1 (event-driven)\nd{name}/dt = -{name}/tau : 1 (event-driven)")
    assert said(lambda: rule.synapses(cells("one"), cells("two"), name="between")) == (
        f"model: sympy, which solves equations, has '{name}' for itself; rename the variable, for example to "
        f"'synaptic_{name}'"
    )


def test_the_last_update_is_there_where_equations_are_event_driven():
    rule = replace(RULE, on_pre={"pre": "w = int(t - lastupdate > 1*ms) # one # two"})
    assert rule.on_pre["pre"] == "w = int(t - lastupdate > 1*ms)"


@check_units(x=1, result=1)
def twice(x):
    return 2 * x


@check_units(x=1, result=1)
def thrice(x):
    return 3 * x


def test_functions_are_passed_over_and_what_follows_is_checked():
    namespace = {"tau": 20 * ms, "twice": twice, "many": [1, 2]}
    assert said(lambda: replace(RULE, namespace=namespace)).startswith("namespace: 'many' is not a number")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (twice, twice, True),
        (twice, thrice, False),
        (twice, 2.0, False),
        (2.0, twice, False),
        ("rand()", "".join(["rand", "()"]), True),
        ("rand()", "randn()", False),
        ("1", 1, False),
        (1, "1", False),
        (1 * ms, 0.001 * second, True),
        (1 * ms, 2 * ms, False),
        (1 * ms, 0.001, False),
    ],
)
def test_values_that_say_the_same(a, b, same):
    assert same_value(a, b) is same
