"""SynapseRule: what it refuses and in which words, how rules add up, and what it builds."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest
from brian2 import BrianObjectException, Network, NeuronGroup, Synapses, TimedArray, ms, mV, nS, second
from hypothesis import given, settings
from hypothesis import strategies as st

from sbp_brian.errors import RuleError
from sbp_brian.rules import CellVariables, Regular, Requirement, SynapseRule, assigned_names

RULE = SynapseRule(
    model="""w : 1
             dx/dt = -x/tau : 1 (event-driven)""",
    on_pre={"pre": "g_post += w\nx += 1"},
    on_post={"post": "w = clip(w + rate*x, 0, w_max)"},
    namespace={"tau": 20 * ms, "w_max": 2.0, "rate": 0.1},
    source="A paper, doi:10.1/1",
    name="toy",
)
NEEDS_G = CellVariables({"g": "use lif()"})


def cells(name="cells*", equations="g : 1", **kwds):
    return NeuronGroup(2, equations, threshold="False", name=name, namespace={}, **kwds)


def scalar_delays(synapses):
    return [float(path.variables["delay"].get_value().item()) for path in (synapses.pre, synapses.post)]


pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"on_event": {"prd": "onset"}}, ["'prd'", "does not exist", "'pre', 'post'"]),
        ({"on_post": {"pre": "w += x"}}, ["'pre'", "on_pre and in on_post", "rename"]),
        ({"on_pre": {"pre": "v += w"}}, ["pathway 'pre'", "unknown name 'v'", "write v_post"]),
        ({"on_pre": {"pre": "w += ratee*x"}}, ["unknown name 'ratee'", "did you mean 'rate'?"]),
        ({"on_pre": {"pre": "y += x"}}, ["unknown name 'y'"]),
        ({"on_pre": {"pre": "w += y\ny = x"}}, ["unknown name 'y'"]),
        ({"model": "w : 1\ndx/dt = -x/tou : 1 (event-driven)"}, ["model, 'x'", "'tou'", "did you mean 'tau'?"]),
        ({"on_pre": {"pre": "trace = w"}}, ["local variable 'trace'", "numpy", "rename"]),
        ({"model": "size : 1"}, ["model variable 'size'", "numpy"]),
        ({"model": "w : 1\nx : 1\nms : 1"}, ["'ms'", "a unit of Brian2"]),
        ({"namespace": {**RULE.namespace, "exp": 2}}, ["namespace name 'exp'", "a function of Brian2"]),
        ({"namespace": {**RULE.namespace, "pi": 3}}, ["'pi'", "a constant of Brian2"]),
        ({"model": "w : 1\nx : 1\nt : second"}, ["'t'", "Brian2 defines"]),
        ({"model": "w : 1\nx : 1\ny_post : 1"}, ["'y_post'", "belong to the cells"]),
        ({"model": "w : 1\nx : 1\n_y : 1"}, ["'_y'", "underscore"]),
        ({"model": "w : 1\nx : 1\nx28e2 : 1"}, ["'x28e2'", "digit-e-digit"]),
        ({"on_pre": {"pre": "w += tau"}}, ["pathway 'pre'", "w += tau", "unit"]),
        ({"on_pre": {"pre": "d = tau\nw += d"}}, ["pathway 'pre'", "w += d"]),
        ({"model": "w : 1\ndx/dt = -x : 1 (event-driven)"}, ["model", "expected"]),
        ({"weight": "u"}, ["weight 'u'", "'w', 'x'", "weight=None"]),
        ({"model": "w is a number"}, ["cannot read", "name : unit"]),
        ({"model": "w : 1\nx : parsec"}, ["cannot read", "x : parsec"]),
        ({"model": "w : 1\nw : 1\nx : 1"}, ["'w'", "twice"]),
        ({"on_pre": {"pre": "w + 1"}}, ["pathway 'pre'", "cannot read 'w + 1'"]),
        ({"on_pre": {"pre": "w = (x"}}, ["pathway 'pre'", "cannot read"]),
        ({"on_pre": {"pre": 3}}, ["pathway 'pre'", "string"]),
        ({"on_pre": "w += x"}, ["on_pre must be a mapping", "{'pre':"]),
        ({"on_pre": {"delay": "w += x"}}, ["pathway name 'delay'", "attribute"]),
        ({"on_pre": {"pre": "tau = 1*ms"}}, ["'tau'", "constant of the namespace"]),
        ({"on_pre": {"pre": "t = 1*ms"}}, ["'t'", "Brian2 itself keeps"]),
        ({"model": "w : 1\nx : 1 (constant)", "on_pre": {"pre": "x += 1"}}, ["'x'", "(constant)"]),
        ({"model": "w : 1\nx = 2*w : 1", "on_pre": {"pre": "x += 1"}}, ["'x'", "expression"]),
        ({"model": "w : 1\nx : 1", "on_pre": {"pre": "x = t - lastupdate"}}, ["lastupdate", "event-driven"]),
        ({"namespace": {**RULE.namespace, "w": 1}}, ["'w'", "model and in the namespace"]),
        ({"namespace": {**RULE.namespace, "many": [1, 2]}}, ["'many'", "TimedArray"]),
        ({"regularly": {"slow": "w *= 2"}}, ["'slow'", "Regular"]),
        ({"regularly": {"slow": Regular("w *= y", dt=1 * ms)}}, ["regularly 'slow'", "unknown name 'y'"]),
    ],
)
def test_refused_on_construction_in_one_line(changed, says):
    with pytest.raises(RuleError) as caught:
        replace(RULE, **changed)
    for words in says:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dt", [1, 0 * ms, -1 * ms, 3 * mV])
def test_a_clock_needs_a_period(dt):
    with pytest.raises(RuleError, match="period"):
        Regular("w = 1", dt=dt)


@pytest.mark.parametrize(
    ("rule", "groups", "kwds", "says"),
    [
        (
            replace(RULE, on_event={"pre": "onset"}),
            {},
            {},
            ["'onset'", "source group 'one'", "it has 'spike'", "events="],
        ),
        (RULE, {"equations": "h : 1"}, {}, ["'g_post'", "'two'", "no variable 'g'", "add it"]),
        (
            replace(RULE, requires=[CellVariables({"g": "use lif()"})]),
            {"equations": "h : 1"},
            {},
            ["no variable 'g'; use lif()"],
        ),
        (RULE, {"equations": "g : volt"}, {}, ["pathway 'pre'", "g_post += w", "unit"]),
        (RULE, {"equations": "g : 1\nw : 1"}, {}, ["'w'", "rename"]),
        (RULE, {"equations": "g : 1\ntau : second"}, {}, ["'tau'", "in its place", "rename"]),
        (
            replace(RULE, on_pre={"pre": "d = w\ng_post += d"}),
            {"equations": "g : 1\nd : 1"},
            {},
            ["'d'", "in its place"],
        ),
        (
            replace(RULE, on_pre={"pre": "g_post += w"}),
            {"equations": "g = 2 : 1"},
            {},
            ["'g_post'", "by an expression"],
        ),
        (replace(RULE, model="w : 1\ndx/dt = -x**2/tau : 1 (event-driven)"), {}, {}, ["event-driven", "linear"]),
        (RULE, {}, {"delay": {"prd": 1 * ms}}, ["'prd'", "'pre', 'post'"]),
        (RULE, {}, {"delay": -1 * ms}, ["'pre'", "negative"]),
        (RULE, {}, {"delay": {"pre": 1}}, ["'pre'", "not a time"]),
        (RULE, {}, {"delay": [1, 2] * ms}, ["2 values", "per synapse"]),
        (RULE, {}, {"delay": "some"}, ["'some'", "per synapse"]),
        (RULE, {}, {"on_pre": "w = 1"}, ["'on_pre'", "dataclasses.replace"]),
    ],
)
def test_refused_on_these_cells_in_one_line(rule, groups, kwds, says):
    one, two = cells("one"), cells("two", **groups)
    with pytest.raises(RuleError) as caught:
        rule.synapses(one, two, name="between", **kwds)
    for words in says:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cell_that_never_spikes_cannot_trigger():
    silent = NeuronGroup(1, "g : 1", name="silent", namespace={})
    with pytest.raises(RuleError, match=r"'spike'.*target group 'silent'.*give the group a threshold"):
        RULE.synapses(cells("one"), silent)


def test_builds_ordinary_synapses_with_scalar_zero_delays():
    one, two = cells("one"), cells("two")
    synapses = replace(RULE, regularly={"slow": Regular("w *= 0.5", dt=1 * ms)}).synapses(one, two, name="between")
    assert isinstance(synapses, Synapses)
    assert synapses.name == "between"
    assert scalar_delays(synapses) == [0, 0]
    assert synapses.pre.variables["delay"].scalar
    synapses.connect()
    synapses.w = 1
    Network(one, two, synapses).run(2.5 * ms, namespace={})
    assert list(synapses.w) == pytest.approx([0.125] * 4)


@pytest.mark.parametrize(("delay", "pre", "post"), [(2 * ms, 2 * ms, 0 * ms), ({"post": 1 * ms}, 0 * ms, 1 * ms)])
def test_delays(delay, pre, post):
    synapses = RULE.synapses(cells("one"), cells("two"), delay=delay)
    assert scalar_delays(synapses) == [float(pre), float(post)]


def test_delays_can_differ_between_synapses():
    synapses = RULE.synapses(cells("one"), cells("two"), delay="per synapse")
    synapses.connect()
    synapses.pre.delay = [0, 1, 2, 3] * ms
    assert list(synapses.pre.delay / ms) == [0, 1, 2, 3]


def test_assigned_names_and_changes_weight():
    assert assigned_names("w = 1 # u = 2\n x_post += w; v*=2\nb = w == 3") == {"w", "x_post", "v", "b"}
    assert [RULE.changes_weight(pathway) for pathway in ("pre", "post")] == [False, True]
    with pytest.raises(RuleError, match=r"no pathway 'teach'.*'pre', 'post'"):
        RULE.changes_weight("teach")


def test_a_rule_is_frozen_and_keeps_what_it_was_given():
    namespace, code = dict(RULE.namespace), {"pre": "x += 1"}
    rule = replace(RULE, namespace=namespace, on_pre=code)
    namespace["tau"], code["pre"] = 99 * second, "nonsense"
    assert rule.namespace["tau"] == 20 * ms
    assert rule.on_pre["pre"] == "x += 1"
    with pytest.raises(TypeError):
        rule.on_pre["pre"] = ""
    with pytest.raises(FrozenInstanceError):
        rule.weight = "x"


def test_a_rule_travels_to_another_process():
    assert pickle.loads(pickle.dumps(RULE)) == RULE


def test_repr_shows_the_rule():
    for words in ("toy", "w : 1", "'pre' at 'spike'", "g_post += w", "tau = 20. ms", "doi:10.1/1"):
        assert words in repr(RULE)


def test_functions_and_quantities_live_in_the_namespace():
    stimulus = TimedArray([1.0, 2.0], dt=1 * ms)
    rule = SynapseRule(
        "w : siemens", on_pre={"pre": "w += step*stimulus(t)"}, namespace={"stimulus": stimulus, "step": 1 * nS}
    )
    with pytest.raises(RuleError, match="unit"):
        replace(rule, namespace={"stimulus": stimulus, "step": 1.0})


# ------------------------------------------------------------------------------------------------------ composition
@pytest.mark.parametrize(
    ("other", "says"),
    [
        (SynapseRule("w : volt"), "'w' differently"),
        (replace(RULE, namespace={**RULE.namespace, "tau": 5 * ms}), "namespace 'tau'"),
        (SynapseRule("u : 1", weight="u"), "weights are 'w' and 'u'"),
        (replace(RULE, on_event={"pre": "onset"}), "pathway 'pre'"),
        (SynapseRule("w : 1", on_post={"pre": "w += 1"}), "on_pre and in on_post"),
    ],
)
def test_rules_that_contradict_each_other_do_not_add_up(other, says):
    with pytest.raises(RuleError) as caught:
        RULE + other
    assert says in str(caught.value)


def test_clocks_that_contradict_each_other_do_not_add_up():
    slow, fast = (SynapseRule("w : 1", regularly={"tick": Regular("w *= 2", dt=dt)}) for dt in (1 * second, 1 * ms))
    with pytest.raises(RuleError, match="'tick'"):
        slow + fast
    assert (slow + slow).regularly["tick"].code == "w *= 2\nw *= 2"


VARIABLES = st.sampled_from(["va", "vb", "vc"])
RULES = st.builds(
    lambda names, pre, post, tick, number, source: SynapseRule(
        model="\n".join(f"{name} : 1" for name in ["w", *names]),
        on_pre={"pre": "\n".join(f"w += {k}*k_one" for k in pre)} if pre else {},
        on_post={"post": "\n".join(f"w *= {k}" for k in post)} if post else {},
        namespace={"k_one": 1.0, **number},
        regularly={"tick": Regular(f"w += {tick}", dt=1 * ms)} if tick else {},
        source=source,
        name=source,
    ),
    st.lists(VARIABLES, unique=True),
    st.lists(st.integers(1, 9), max_size=3),
    st.lists(st.integers(1, 9), max_size=3),
    st.integers(0, 3),
    st.sampled_from([{}, {"k_two": 2.0}, {"k_three": 3.0}]),
    st.sampled_from(["", "Alpha", "Beta"]),
)


@settings(max_examples=20, deadline=None)
@given(RULES, RULES, RULES)
def test_composition_is_associative_and_runs_left_first(a, b, c):
    assert (a + b) + c == a + (b + c)
    both = a + b
    for pathway in both.pathways:
        lines = [line for rule in (a, b) for line in rule.pathways.get(pathway, "").splitlines()]
        assert both.pathways[pathway].splitlines() == lines
    assert set(both.equations) == set(a.equations) | set(b.equations)
    assert dict(both.namespace) == {**a.namespace, **b.namespace}


@settings(max_examples=20, deadline=None)
@given(RULES)
def test_a_rule_of_nothing_changes_nothing(rule):
    nothing = SynapseRule("", weight=None)
    assert nothing + rule == rule == rule + nothing


def test_two_rules_of_one_kind_do_not_share_a_trace():
    from sbp_brian.plasticity import pair_stdp

    with pytest.raises(RuleError, match="both write the trace 'pair_x', so each event would count twice"):
        pair_stdp() + pair_stdp(transmit="")


# ---------------------------------------------------------------------------------------------------------- schedule
def test_a_schedule_says_where_in_the_time_step_a_pathway_runs():
    rule = RULE.scheduled(pre=("start", 4))
    assert dict(rule.schedule) == {"pre": ("start", 4)}
    assert not RULE.schedule
    built = rule.synapses(cells(), cells())
    assert (built.pre.when, built.pre.order) == ("start", 4)
    assert (built.post.when, built.post.order) == ("synapses", 1)  # Brian2's own
    both = rule.scheduled(post=["end", 0], pre=("start", 5))
    assert dict(both.schedule) == {"pre": ("start", 5), "post": ("end", 0)}
    assert dict(replace(both, name="another").schedule) == dict(both.schedule)
    assert pickle.loads(pickle.dumps(both)).schedule == both.schedule
    assert "on_pre 'pre' at 'spike' (start, 5):" in repr(both)


def test_a_schedule_decides_the_order_of_effects():
    def value(*places):
        source = NeuronGroup(1, "", threshold="True", namespace={})
        target = NeuronGroup(1, "g : 1", namespace={})
        rule = SynapseRule("", weight=None, on_pre={"a": "g_post = 2*g_post", "b": "g_post += 1"})
        for place in places:
            rule = rule.scheduled(**place)
        built = rule.synapses(source, target)
        built.connect()
        Network(source, target, built).run(source.clock.dt)
        return target.g[0]

    assert value() == 1  # in alphabetical order
    assert value({"a": ("synapses", 2)}) == 2
    assert value({"a": ("synapses", 2)}, {"b": ("end", 0)}) == 1


@pytest.mark.parametrize("place", ["start", ("start",), ("start", 1.5), (1, "start"), None, ("start", "1")])
def test_a_place_is_a_slot_with_an_order(place):
    with pytest.raises(RuleError, match="is not a slot with an order"):
        RULE.scheduled(pre=place)


def test_a_schedule_names_pathways():
    with pytest.raises(RuleError, match="schedule names a pathway 'prd' that does not exist; this rule has 'pre', 'po"):
        RULE.scheduled(prd=("start", 1))


def test_schedules_add_up_where_they_agree():
    other = SynapseRule("w : 1", on_pre={"pre": "g_post += w", "more": "g_post += 1"})
    early = RULE.scheduled(pre=("start", 1))
    assert dict((early + other.scheduled(more=("end", 2))).schedule) == {"pre": ("start", 1), "more": ("end", 2)}
    assert dict((other + early.scheduled(pre=("start", 1))).schedule) == {"pre": ("start", 1)}
    with pytest.raises(RuleError, match=r"pathway 'pre' runs in .*; give both the same place"):
        early + other.scheduled(pre=("start", 2))


# ------------------------------------------------------------------------------------------------------ requirements
@dataclass(frozen=True)
class Quiet(Requirement):
    """A requirement that asks the synapses' name before each run."""

    undelayed = ("pre",)

    def check(self, synapses):
        if synapses.name == "loud":
            raise RuleError("too loud")


def test_a_requirement_is_asked_before_each_run_and_goes_along():
    rule = replace(RULE, requires=[Quiet(), Quiet()], name="other")
    extra = SynapseRule("u : 1", weight=None)
    assert rule.requires == (extra + rule).requires == (Quiet(),)
    for name in ("soft", "loud"):
        group = cells()
        built = rule.synapses(group, group, name=name)
        built.connect()
        net = Network(group, built)
        if name == "soft":
            net.run(0 * ms, namespace={})
    with pytest.raises(BrianObjectException) as error:
        net.run(0 * ms, namespace={})
    assert str(error.value.__cause__) == "too loud"
    with pytest.raises(RuleError, match="'pre' acts at its event itself and takes no delay"):
        rule.synapses(group, group, delay={"pre": 1 * ms})
