"""What `RetrogradeSBP` says of what cannot work, word by word."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from brian2 import BrianObjectException, Clock, NeuronGroup, PoissonGroup, hertz, ms, mV, nS, second, um

from sbp_brian.errors import RetrogradeError, RuleError
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Chain, Delay, Window
from sbp_brian.rules import SynapseRule
from tests.helpers import refusals
from tests.reference.small_networks import STATIC, connected, group, on_numpy, run, steps_rule, train

PLASTIC = steps_rule()
QUIET = train(5, [], [])
MICRON = 1 * um / second
PLAIN = (
    "the weight 'w' is not a plain parameter of each synapse, so its changes cannot be followed at events; declare it "
    "as 'w : <unit>' and change it in on_pre or on_post"
)


@pytest.fixture(autouse=True)
def numpy_target():
    with on_numpy():
        yield


said = partial(refusals.said, RetrogradeError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(lambda_p=0), "lambda_p must be a number above 0 and at most 1, got 0"),
        (dict(lambda_p=1.5), "lambda_p must be a number above 0 and at most 1, got 1.5"),
        (dict(lambda_f=-1), "lambda_f must be a number from 0 to 1, got -1"),
        (dict(lambda_f=2), "lambda_f must be a number from 0 to 1, got 2"),
        (dict(expression="x"), "expression must be one of additive, relative, saturating, got 'x'"),
        (dict(draw="x"), "draw must be one of fixed, event, got 'x'"),
        *(
            ({name: -0.5}, f"{name} must be a number of at least 0, got -0.5")
            for name in ("gain_ltp", "gain_ltd", "rate", "lateral_ltp", "lateral_ltd", "postlateral_ltd")
        ),
        (dict(upper=0), "upper must be a number above 0, got 0"),
        (dict(lower=0), "lower must be a number above 0 and at most 1, got 0"),
        (dict(lower=1.5), "lower must be a number above 0 and at most 1, got 1.5"),
        (dict(lower=1), "lower must lie below 1: a weight moved by factors never leaves zero"),
        (dict(transport="chain"), "transport must be None, Delay, Chain or Window, got 'chain'"),
        (dict(activity=3), "activity must be None, True or name one variable of the cells, got 3"),
        (dict(gate=5), "gate must be None, a time or an expression in quotes, got 5"),
        (dict(gate="  "), "gate must be None, a time or an expression in quotes, got '  '"),
        (dict(gate=5 * mV), f"gate must be one value in units of time, as a window, got {5 * mV!r}"),
        (dict(gate=0 * ms), "gate must be positive and finite, got 0. s"),
        (dict(persistence=3), "persistence must be one value in units of time, got 3"),
        (dict(persistence=0 * ms), "persistence must be positive and finite, got 0. s"),
        (dict(unit="nS"), "unit must be a unit such as nS, got 'nS'"),
        (dict(unit=0 * nS), f"unit must be a unit such as nS, got {0 * nS!r}"),
        (dict(unit=-1 * nS), f"unit must be a unit such as nS, got {-1 * nS!r}"),
        (dict(unit=[1, 2] * nS), f"unit must be a unit such as nS, got {[1, 2] * nS!r}"),
        (dict(w_max=True), "w_max must be one number in the unit of the weight, got True"),
        (dict(w_min="0"), "w_min must be one number in the unit of the weight, got '0'"),
        (dict(w_max=[1, 2]), "w_max must be one number in the unit of the weight, got [1, 2]"),
        (dict(w_max=np.nan), "w_max must be one number in the unit of the weight, got nan"),
        (
            dict(w_max=1 * nS),
            f"w_max={1 * nS} is not in the unit of the weight, which is none; give unit=... where the weight has one",
        ),
        (dict(w_min=1, unit=nS), f"w_min=1 is not in the unit of the weight, which is unit={nS!r}"),
        (dict(w_min=2, w_max=1), "w_min=2 must lie below w_max=1"),
        (dict(w_min=1, w_max=1), "w_min=1 must lie below w_max=1"),
        (dict(seed=-1), "seed must be a whole number of at least 0, got -1"),
        (dict(seed=True), "seed must be a whole number of at least 0, got True"),
        (dict(seed="0"), "seed must be a whole number of at least 0, got '0'"),
        *(
            (
                dict(transport=Window(), **arm),
                "with transport=Window the input synapses express at presynaptic events only; lateral arms and "
                "draw='event' need transport=None, Delay or Chain",
            )
            for arm in (dict(lateral_ltp=1), dict(lateral_ltd=1), dict(postlateral_ltd=1), dict(draw="event"))
        ),
    ],
)
def test_parameters(arguments, message):
    assert said(lambda: RetrogradeSBP(**arguments)) == f"RetrogradeSBP: {message}"


@pytest.mark.parametrize(
    "arguments",
    [
        dict(lambda_p=1e-9, lambda_f=0),
        dict(lambda_p=1, lambda_f=1),
        dict(rate=0, gain_ltp=0, gain_ltd=0, lateral_ltp=0, lateral_ltd=0, postlateral_ltd=0),
        dict(upper=1e-9, lower=1e-9),
        dict(upper=5, lower=0.999),
        dict(w_min=-1),
        dict(w_min=np.float64(0), w_max=np.inf),
        dict(w_max=2 * nS, w_min=-1 * nS, unit=nS),
        dict(seed=np.int64(3)),
        dict(activity=False),
        dict(activity="rate"),
        dict(gate="x_pre"),
        dict(transport=Window(), lateral_ltp=0, draw="fixed"),
    ],
)
def test_what_may_be_is_kept_as_given(arguments):
    sbp = RetrogradeSBP(**arguments)
    assert {name: getattr(sbp, name) for name in arguments} == arguments


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Delay(3), "Delay: time must be one value in units of time, got 3"),
        (lambda: Delay(0 * ms), "Delay: time must be positive and finite, got 0. s"),
        (lambda: Delay(1 * ms, slots=0), "Delay: slots must be a whole number of at least 1, got 0"),
        (lambda: Chain(length=3), "Chain: length must be one value in units of length, got 3"),
        (lambda: Chain(dt=3), "Chain: dt must be one value in units of time, got 3"),
        (lambda: Chain(stages=1.5), "Chain: stages must be a whole number of at least 1, got 1.5"),
        (lambda: Chain(velocity=3), "Chain: velocity must be one value in units of length per time, got 3"),
        (lambda: Chain(velocity=None), "Chain: velocity must be one value in units of length per time, got None"),
        (lambda: Chain(velocity_ltd=3), "Chain: velocity_ltd must be one value in units of length per time, got 3"),
        (
            lambda: Chain(dt=100 * second),
            "Chain: with velocity=VELOCITY a stage empties faster than one tick of dt=100. s; "
            "use dt <= 37.5 s or fewer stages",
        ),
        (lambda: Chain(pool=3), "Chain: pool must be one value in units of time, got 3"),
        (
            lambda: Chain(pool=0.5 * second),
            f"Chain: pool={0.5 * second} is shorter than the tick dt={1 * second}; give pool=None",
        ),
        (lambda: Window(3), "Window: time must be one value in units of time, got 3"),
    ],
)
def test_transports(make, message):
    """How Brian2 writes a velocity depends on the units that have been made before."""
    assert said(make) == message.replace("VELOCITY", str(Chain().velocity))


def test_transports_as_they_are_by_default():
    assert (Delay(1 * second).slots, Window().time) == (20, 20 * ms)
    chain = Chain()
    assert (chain.length, chain.velocity, chain.stages, chain.dt) == (150 * um, MICRON, 4, 1 * second)
    assert Chain(pool=1 * second).pool == 1 * second  # as long as the tick is long enough


@pytest.mark.parametrize("verb", ["emitting", "receiving"])
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "w += 1",
            "{verb}() takes a SynapseRule, got str; wrap your strings: SynapseRule(model=..., on_pre=..., "
            "on_post=..., weight=...)",
        ),
        (SynapseRule("x : 1", weight=None), "the rule has no weight: name it with SynapseRule(weight=...)"),
        (
            SynapseRule("x : 1", weight=None, name="bare"),
            "rule 'bare' has no weight: name it with SynapseRule(weight=...)",
        ),
        (SynapseRule("w : 1 (shared)", name="s"), f"rule 's': {PLAIN}"),
        (SynapseRule("w : 1 (constant)"), f"the rule: {PLAIN}"),
        (SynapseRule("w = 2 : 1"), f"the rule: {PLAIN}"),
        (
            SynapseRule("w : siemens"),
            "the rule: the weight 'w' has units; say in which the signal counts, RetrogradeSBP(unit=...), e.g. unit=nS",
        ),
    ],
)
def test_rules(verb, rule, message):
    assert said(lambda: getattr(RetrogradeSBP(), verb)(rule)) == message.format(verb=verb)


@pytest.mark.parametrize("verb", ["emitting", "receiving"])
def test_units_of_the_weight(verb):
    rule = SynapseRule("w : siemens", on_pre={"pre": "w += nS"}, name="s")
    assert said(lambda: getattr(RetrogradeSBP(unit=mV), verb)(rule)) == (
        f"rule 's': the weight 'w' is in S, RetrogradeSBP(unit={mV!r}) is not"
    )
    wrapped = getattr(RetrogradeSBP(unit=nS), verb)(rule)
    assert wrapped.namespace["retro_unit"] == nS
    assert "retro_unit" not in getattr(RetrogradeSBP(), verb)(PLASTIC).namespace


def test_roles():
    sbp, held = RetrogradeSBP(), RetrogradeSBP(transport=Window())
    assert said(lambda: sbp.emitting(STATIC)) == (
        "rule 'static': no pathway assigns the weight 'w', so there is no change to report; let it receive only "
        "(emits=False), give it code that changes the weight, or name another by weight=..."
    )
    for verb, rule in (("emitting", PLASTIC), ("receiving", PLASTIC)):
        wrap = getattr(sbp, verb)
        assert said(lambda wrap=wrap, rule=rule: wrap(wrap(rule))) == (
            f"rule 'steps': it is {verb} already; wrap a rule once"
        )
    own = SynapseRule("w : 1", on_pre={"retrograde": "w += 1"}, name="own")
    assert said(lambda: sbp.receiving(own)) == (
        "rule 'own': its pathway 'retrograde' has the name of the one that expresses the signal; rename it"
    )
    assert said(lambda: held.receiving(STATIC)) == (
        "RetrogradeSBP with transport=Window holds the signal for a whole window: say at which event of the "
        'presynaptic cells it is expressed, receiving(rule, on="...")'
    )
    assert said(lambda: sbp.receiving(STATIC, on="learn")) == (
        "receiving(rule, on='learn'): without transport=Window the signal is there for one time step only and an event "
        "of the presynaptic cell would miss it; use transport=Window(...) or leave `on` out"
    )
    for on in (3, "", "a b"):
        assert said(lambda on=on: held.receiving(STATIC, on=on)) == (
            f"receiving(rule, on={on!r}): give the name of an event of the presynaptic cells"
        )
    assert said(lambda: sbp.expressed_by("a b", "1")) == (
        "expressed_by: 'a b' is not the name of a variable of the cells"
    )
    assert said(lambda: RetrogradeSBP(expression="relative").expressed_by("b", "1")) == (
        "expressed_by('b'): a variable of the cells expresses the signal by addition, and expression='relative' says "
        "otherwise; write the code of your own for it"
    )


def test_cells():
    sbp = RetrogradeSBP(transport=Chain())
    cells = group(QUIET, sbp, name="cells")
    assert said(lambda: sbp.operation(None)) == "sbp.operation needs a whole NeuronGroup, got NoneType ''"
    assert said(lambda: sbp.operation(cells[:1])).startswith("sbp.operation needs a whole NeuronGroup, got Subgroup '")
    noise = PoissonGroup(2, 1 * hertz, name="noise")
    assert said(lambda: sbp.operation(noise)) == "sbp.operation needs a whole NeuronGroup, got PoissonGroup 'noise'"
    add = "add sbp.equations (of this very RetrogradeSBP) to their equations"
    assert said(lambda: sbp.operation(group(QUIET, name="bare"))) == (
        f"the cells 'bare' lack retro_length, retro_ltd, retro_ltd_due...: {add}"
    )
    others = "\n".join(f"{name} : 1" for name in sorted(RetrogradeSBP().equations.names)[3:])
    three = NeuronGroup(2, others, threshold="False", name="three")
    assert said(lambda: RetrogradeSBP().operation(three)) == (
        f"the cells 'three' lack retro_ltd_due, retro_ltd_gain, retro_ltd_now: {add}"
    )
    half = NeuronGroup(2, sbp.equations, threshold="False", name="half")
    wrong = NeuronGroup(2, sbp.equations, threshold="False", events={"retrograde": "False"}, name="wrong")
    for made in (half, wrong):
        assert said(lambda made=made: sbp.operation(made)) == (
            f"the cells {made.name!r} do not define the event 'retrograde': give events=sbp.events to the NeuronGroup"
        )
    named = RetrogradeSBP(activity="rate_of_mine")
    assert said(lambda: named.operation(group(QUIET, named, name="mine"))) == (
        "the cells 'mine' have no variable 'rate_of_mine', named as their activity"
    )
    slow = Clock(3 * ms, name="slow")
    other = "the clock 'slow' does not have the period of the transport; leave clock= out"
    assert said(lambda: sbp.operation(cells, slow)) == other
    plain = RetrogradeSBP()
    assert said(lambda: plain.operation(group(QUIET, plain), slow)) == other
    assert said(lambda: plain.operation(group(QUIET, plain), order=3)) == (
        "order= places the tick of a transport, and there is none; leave order= out"
    )
    assert sbp.operation(cells, Clock(1 * second), order=0) == ()
    assert said(lambda: sbp.operation(cells)) == (
        "the cells 'cells' have their operation already; call sbp.operation once"
    )


@pytest.mark.parametrize(("clock", "order", "placed"), [(None, None, -1), (None, 0, 0), (Clock(3 * ms), 5, 5)])
def test_the_tick_is_placed_as_told(clock, order, placed):
    sbp = RetrogradeSBP(transport=Delay(10.5 * ms, slots=3))
    cells = group(QUIET, sbp, name="cells*")
    sbp.operation(cells, clock, order=order)
    (tick,) = (made for made in cells.contained_objects if made.name == f"{cells.name}_retrograde_tick")
    assert (tick.when, tick.order) == ("start", placed)
    assert tick.clock.dt == 3 * ms
    assert clock is None or tick.clock is clock


@pytest.mark.parametrize(
    ("declared", "moving", "fits"),
    [
        (dict(), dict(transport=Delay(4 * ms, slots=3)), False),
        (dict(transport=Delay(4 * ms, slots=3)), dict(transport=Delay(4 * ms, slots=4)), False),
        (dict(activity=True), dict(activity="retro_count"), False),
        (dict(), dict(activity=True), True),
        (dict(), dict(postlateral_ltd=0.5), True),
        (dict(lambda_f=0.5, rate=3), dict(gain_ltp=0), True),
    ],
)
def test_an_operation_of_another_declaration(declared, moving, fits):
    """It serves where it moves all that is needed, in the same way."""
    sbp, other = RetrogradeSBP(**declared), RetrogradeSBP(**moving)
    counts = "retro_count : 1" if moving.get("activity") == "retro_count" else ""
    cells, target = group(QUIET, other, counts, name="cells"), group(QUIET)
    other.operation(cells)
    made = connected(sbp.emitting(PLASTIC), cells, target, name="made")
    if fits:
        run(3, cells, target, made)
        return
    with pytest.raises(BrianObjectException) as error:
        run(3, cells, target, made)
    assert str(error.value.__cause__) == (
        "'made' and the operation of the cells 'cells' come from different RetrogradeSBP objects whose signals do not "
        "fit (transport, activity, draw or postlateral_ltd differ): use one for both"
    )


def test_what_cells_lack_has_its_remedy():
    sbp = RetrogradeSBP(activity="mine")
    bare, ready = group(QUIET, name="bare"), group(QUIET, sbp, name="ready")
    with pytest.raises(RuleError) as caught:
        sbp.emitting(PLASTIC).synapses(bare, ready)
    assert str(caught.value).endswith(
        "add sbp.equations to the cells' equations, events=sbp.events, and call sbp.operation(cells)"
    )
    with pytest.raises(RuleError) as caught:
        sbp.emitting(PLASTIC).synapses(ready, bare)
    assert str(caught.value).endswith("no variable 'mine'; it is the activity named in RetrogradeSBP(activity=...)")
