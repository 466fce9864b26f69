"""What cannot work is refused with one line that names the thing and the remedy."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Equations, NeuronGroup, PoissonGroup, ms, mV, nS, second

from sbp_brian.brian.on_event import OnEvent
from sbp_brian.errors import RetrogradeError, RuleError
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Chain, Delay, Window
from sbp_brian.rules import Regular, SynapseRule
from tests.reference.small_networks import STATIC, connected, group, on_numpy, run, steps_rule, train

PLASTIC = steps_rule()
QUIET = train(5, [], [])


@pytest.fixture(autouse=True)
def numpy_target():
    with on_numpy():
        yield


def refused(act, message, kind=(ValueError, TypeError)):
    with pytest.raises(kind) as error:
        act()
    assert message in str(error.value), str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(lambda_p=0), "lambda_p must be a number above 0 and at most 1, got 0"),
        (dict(lambda_p=1.01), "lambda_p"),
        (dict(lambda_p=-0.1), "lambda_p"),
        (dict(lambda_p=float("nan")), "lambda_p"),
        (dict(lambda_p="0.5"), "got '0.5'"),
        (dict(lambda_p=True), "got True"),
        (dict(lambda_f=1.5), "lambda_f must be a number from 0 to 1, got 1.5"),
        (dict(lambda_f=-0.5), "lambda_f"),
        (dict(lambda_f=0.5 * mV), "lambda_f"),
        (dict(emission="weigthed"), "did you mean 'weighted'?"),
        (
            dict(emission="xyz"),
            "value-bit, got 'xyz'",
        ),
        (dict(emission=None), "emission must be one of"),
        (dict(expression="aditive"), "did you mean 'additive'?"),
        (dict(draw="events"), "did you mean 'event'?"),
        (dict(rate=-1), "rate must be a number of at least 0, got -1"),
        (dict(rate=np.inf), "rate must be a number of at least 0, got inf"),
        (dict(gain_ltp=-1), "gain_ltp"),
        (dict(gain_ltd=float("nan")), "gain_ltd"),
        (dict(lateral_ltp=-0.1), "lateral_ltp"),
        (dict(lateral_ltd=np.inf), "lateral_ltd"),
        (dict(postlateral_ltd=-1), "postlateral_ltd"),
        (dict(upper=0), "upper must be a number above 0"),
        (dict(lower=0), "lower must be a number above 0 and at most 1"),
        (dict(lower=1.2), "lower"),
        (dict(lower=1), "lower must lie below 1"),
        (dict(transport=3 * second), "transport must be None, Delay, Chain or Window"),
        (dict(transport=Delay), "transport must be None, Delay, Chain or Window"),
        (dict(activity=3), "activity must be None, True or name one variable"),
        (dict(activity="a b"), "activity must be None, True or name one variable"),
        (dict(gate=5), "gate must be None, a time or an expression in quotes, got 5"),
        (dict(gate=""), "gate must be None"),
        (dict(gate=True), "gate must be None"),
        (dict(gate=5 * mV), "gate must be one value in units of time"),
        (dict(gate=-5 * ms), "gate must be positive"),
        (dict(persistence=0 * ms), "persistence must be positive"),
        (dict(persistence=-1 * ms), "persistence must be positive"),
        (dict(persistence=3), "persistence must be one value in units of time"),
        (dict(w_min=1, w_max=0), "w_min=1 must lie below w_max=0"),
        (dict(w_min=1, w_max=1), "must lie below"),
        (dict(w_min=0, w_max=1 * nS), "w_max=1. nS is not in the unit of the weight, which is none; give unit="),
        (dict(w_max=1, unit=nS), "w_max=1 is not in the unit of the weight, which is unit="),
        (dict(w_max=1 * mV, unit=nS), "is not in the unit of the weight"),
        (dict(w_max="1"), "w_max must be one number"),
        (dict(w_max=[1, 2]), "w_max must be one number"),
        (dict(w_max=float("nan")), "w_max must be one number"),
        (dict(unit="nS"), "unit must be a unit such as nS, got 'nS'"),
        (dict(unit=3), "unit must be a unit"),
        (dict(seed=-1), "seed must be a whole number"),
        (dict(seed=1.5), "seed must be a whole number"),
        (
            dict(transport=Window(), lateral_ltp=1),
            "with transport=Window the input synapses express at presynaptic events",
        ),
        (dict(transport=Window(), postlateral_ltd=1), "transport=None, Delay or Chain"),
        (dict(transport=Window(), draw="event"), "transport=None, Delay or Chain"),
    ],
)
def test_parameters(arguments, message):
    refused(lambda: RetrogradeSBP(**arguments), message)


def test_an_unknown_parameter():
    with pytest.raises(TypeError, match="lamda_p"):
        RetrogradeSBP(lamda_p=0.3)


@pytest.mark.parametrize("how", ["emitting", "receiving"])
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("w += 1", "takes a SynapseRule, got str; wrap your strings: SynapseRule(model="),
        (None, "takes a SynapseRule, got NoneType"),
        (SynapseRule("x : 1", on_pre={"pre": "x += 1"}, weight=None, name="bare"), "rule 'bare' has no weight"),
        (SynapseRule("w : 1 (shared)", name="s"), "the weight 'w' is not a plain parameter of each synapse"),
        (SynapseRule("w : 1 (constant)", name="s"), "the weight 'w' is not a plain parameter"),
        (SynapseRule("dw/dt = -w/second : 1 (clock-driven)", name="s"), "the weight 'w' is not a plain parameter"),
        (SynapseRule("dw/dt = -w/second : 1 (event-driven)", name="s"), "the weight 'w' is not a plain parameter"),
        (SynapseRule("a : 1\nw = 2*a : 1", name="s"), "declare it as 'w : <unit>'"),
        (SynapseRule("w : siemens", on_pre={"pre": "w += nsiemens"}), "RetrogradeSBP(unit=...), e.g. unit=nS"),
    ],
)
def test_rules(how, rule, message):
    refused(lambda: getattr(RetrogradeSBP(), how)(rule), message)


@pytest.mark.parametrize(
    "rule",
    [
        STATIC,
        SynapseRule("w : 1\nx : 1", on_pre={"pre": "x += w"}),
        SynapseRule("w : 1", regularly={"slow": Regular("w *= 0.9", dt=1 * second)}),
    ],
)
def test_a_rule_that_never_changes_its_weight(rule):
    refused(
        lambda: RetrogradeSBP().emitting(rule),
        "no pathway assigns the weight 'w', so there is no change to report",
        RetrogradeError,
    )


def test_only_retrograde_change_is_no_activity():
    sbp = RetrogradeSBP()
    refused(lambda: sbp.emitting(sbp.receiving(STATIC)), "no pathway assigns the weight", RetrogradeError)
    chained = RetrogradeSBP(cascade=True)
    assert "retro_before" in chained.emitting(chained.receiving(STATIC)).on_post["retrograde"]


def test_a_unit_that_does_not_fit():
    refused(
        lambda: RetrogradeSBP(unit=mV).emitting(SynapseRule("w : siemens", on_pre={"pre": "w += nsiemens"})),
        "the weight 'w' is in S, RetrogradeSBP(unit=mvolt) is not",
    )
    refused(lambda: RetrogradeSBP(unit=nS).receiving(STATIC), "RetrogradeSBP(unit=nsiemens) is not")


def test_wrapped_twice():
    sbp = RetrogradeSBP()
    refused(lambda: sbp.emitting(sbp.emitting(PLASTIC)), "it is emitting already; wrap a rule once")
    refused(lambda: sbp.receiving(sbp.receiving(STATIC)), "it is receiving already; wrap a rule once")


def test_windows_need_an_event_and_others_must_not_have_one():
    refused(lambda: RetrogradeSBP(transport=Window()).receiving(STATIC), 'receiving(rule, on="...")')
    refused(lambda: RetrogradeSBP().receiving(STATIC, on="learn"), "would miss it; use transport=Window(...)")
    refused(lambda: RetrogradeSBP(transport=Chain()).receiving(STATIC, on="learn"), "leave `on` out")
    rule = RetrogradeSBP(transport=Window()).receiving(STATIC, on="learn")
    cells = group(QUIET, RetrogradeSBP(transport=Window()))
    refused(lambda: rule.synapses(group(QUIET), cells), "waits for the event 'learn', which the source group")


def test_cells_without_equations_or_events():
    sbp = RetrogradeSBP(transport=Chain())
    bare, ready = group(QUIET, name="bare"), group(QUIET, sbp)
    refused(lambda: sbp.emitting(PLASTIC).synapses(bare, ready), "the source group 'bare' has no variable 'retro_l")
    refused(lambda: sbp.emitting(PLASTIC).synapses(bare, ready), "add sbp.equations to the cells' equations")
    refused(lambda: sbp.receiving(STATIC).synapses(ready, bare), "waits for the event 'retrograde'")
    refused(
        lambda: sbp.operation(bare),
        "the cells 'bare' lack retro_length, retro_ltd, retro_ltd_due...: add sbp.equations",
    )
    half = NeuronGroup(2, sbp.equations, threshold="False", reset="", name="half")
    refused(lambda: sbp.operation(half), "do not define the event 'retrograde': give events=sbp.events")
    plain = RetrogradeSBP()
    refused(lambda: plain.emitting(PLASTIC).synapses(bare, ready), "add sbp.equations")
    named = RetrogradeSBP(activity="rate_of_mine")
    refused(
        lambda: named.operation(group(QUIET, named, name="c")),
        "'c' have no variable 'rate_of_mine', named as their activity",
    )
    refused(
        lambda: named.emitting(PLASTIC).synapses(group(QUIET, named), bare),
        "the activity named in RetrogradeSBP(activity=...)",
    )
    local = RetrogradeSBP(postlateral_ltd=0.5)
    refused(lambda: local.emitting(PLASTIC).synapses(group(QUIET, local), bare), "retrograde_local")


def test_operation_once_and_for_whole_groups():
    sbp = RetrogradeSBP()
    cells = group(QUIET, sbp, name="cells")
    refused(lambda: sbp.operation(cells[:1]), "needs a whole NeuronGroup, got Subgroup")
    refused(lambda: sbp.operation(PoissonGroup(2, 1 * brian2.Hz, name="noise")), "got PoissonGroup 'noise'")
    refused(lambda: sbp.operation(None), "got NoneType")
    refused(lambda: sbp.operation([cells]), "got list")
    own = OnEvent(cells, "spike", "retro_ltp_due += 0")  # a user's own is no operation
    cells.contained_objects.append(own)
    sbp.operation(cells)
    refused(lambda: sbp.operation(cells), "the cells 'cells' have their operation already; call sbp.operation once")


def test_on_event_needs_the_event():
    refused(
        lambda: OnEvent(NeuronGroup(1, "v : 1", name="n"), "spike", "v = 0"), "no event 'spike': give it a threshold"
    )
    refused(lambda: OnEvent(group(QUIET, name="m"), "burst", "x = 0"), "no event 'burst': pass it in events=")


def forgetful(side, sbp=None, operated=None):
    sbp = sbp or RetrogradeSBP()
    cells, other = group(QUIET, operated or sbp, name="cells"), group(QUIET, name="other")
    operation = operated.operation(cells) if operated else ()
    made = (
        connected(sbp.emitting(PLASTIC), cells, other, name="made")
        if side == "source"
        else connected(sbp.receiving(STATIC), other, cells, name="made")
    )
    return [cells, other, made, operation]


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("transport", [None, Chain()])
def test_a_forgotten_operation(side, transport):
    objects = forgetful(side, RetrogradeSBP(transport=transport))
    with pytest.raises(brian2.BrianObjectException) as error:
        run(3, *objects)
    reason = error.value.__cause__
    assert isinstance(reason, RetrogradeError)
    assert str(reason) == (
        "the retrograde signal of the cells 'cells' would never move, though 'made' uses it: "
        "call sbp.operation(cells) once, before the run"
    )


def test_a_forgotten_operation_in_standalone(tmp_path):
    before = brian2.get_device()
    brian2.set_device("cpp_standalone", build_on_run=False, directory=str(tmp_path))
    try:
        objects = forgetful("target")
        with pytest.raises(brian2.BrianObjectException) as error:
            run(3, *objects)
        assert "call sbp.operation(cells) once" in str(error.value.__cause__)
    finally:
        brian2.get_device().reinit()
        brian2.get_device().activate()
        brian2.set_device(before)


def test_a_forgotten_operation_of_the_target_of_the_postlateral_arm():
    sbp = RetrogradeSBP(postlateral_ltd=0.5)
    a, b = group(QUIET, sbp, name="a"), group(QUIET, sbp, name="b")
    made = connected(sbp.emitting(PLASTIC), a, b)
    with pytest.raises(brian2.BrianObjectException) as error:
        run(3, a, b, made, sbp.operation(a))
    assert "call sbp.operation(b)" in str(error.value.__cause__)


def test_an_operation_of_another_declaration():
    """Emission would bypass the chain, or never reach it, in silence."""
    objects = forgetful("source", RetrogradeSBP(), RetrogradeSBP(transport=Chain()))
    with pytest.raises(brian2.BrianObjectException) as error:
        run(3, *objects)
    assert "come from different RetrogradeSBP objects whose signals do not fit" in str(error.value.__cause__)


def test_declarations_that_differ_elsewhere_may_share_cells():
    run(3, *forgetful("target", RetrogradeSBP(lambda_p=0.5, rate=2), RetrogradeSBP()))
    run(3, *forgetful("target", RetrogradeSBP(activity=True, rate=2), RetrogradeSBP(activity=True)))


def test_subgroups_of_operated_cells_pass():
    sbp = RetrogradeSBP()
    cells, other = group(QUIET, sbp), group(QUIET)
    made = connected(sbp.emitting(PLASTIC), cells[:1], other)
    run(3, cells, other, made, sbp.operation(cells))


def test_adding_rules_keeps_the_role():
    sbp = RetrogradeSBP()
    rule = SynapseRule("u : 1", on_pre={"other": "u += 1"}, weight=None) + sbp.emitting(PLASTIC)
    assert len(rule.requires) == 1
    assert len((rule + rule).requires) == 1


def test_pathways_of_the_signal_take_no_delay():
    sbp = RetrogradeSBP(lateral_ltp=1)
    cells, other = group(QUIET, sbp), group(QUIET)
    refused(
        lambda: sbp.emitting(PLASTIC).synapses(cells, other, delay={"retro_lateral": 1 * ms}),
        "pathway 'retro_lateral' acts at its event itself and takes no delay",
        RuleError,
    )
    refused(
        lambda: sbp.receiving(STATIC).synapses(other, cells, delay={"retrograde": 1 * ms}), "takes no delay", RuleError
    )


def test_names_of_the_signal_belong_to_it():
    sbp = RetrogradeSBP()
    with pytest.raises(Exception, match="retro_ltp_due"):
        Equations("retro_ltp_due : 1") + sbp.equations
