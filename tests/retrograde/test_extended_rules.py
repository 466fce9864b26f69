"""What a rule has more once it emits or receives: pathways, variables with their values, constants, clocks."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, nS, second

from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.code import decay
from sbp_brian.retrograde.roles import Emitting, Receiving
from sbp_brian.retrograde.subsets import InputSubset
from sbp_brian.retrograde.transport import Chain, Delay, Window
from sbp_brian.rules import Regular, SynapseRule

PLASTIC = SynapseRule(
    "w : 1\nx : 1",
    on_pre={"a": "x += 1", "b": "w += x"},
    on_post={"post": "w -= 0.1"},
    on_event={"a": "onset"},
    namespace={"k": 2.0},
    regularly={"slow": Regular("x *= 0.5", dt=1 * second)},
    schedule={"b": ("start", 3)},
    initial={"x": 0.5},
    source="Somebody, doi:1",
    name="plastic",
)
STATIC = SynapseRule("w : 1", name="static")


@pytest.mark.parametrize("verb", ["emitting", "receiving"])
def test_what_the_rule_was_it_stays(verb):
    rule = getattr(RetrogradeSBP(rate=3, lambda_f=0.5), verb)(PLASTIC)
    assert list(rule.equations)[:2] == ["w", "x"]
    assert rule.on_pre["a"] == "x += 1"
    assert (rule.event("a"), rule.event("b"), rule.event("post")) == ("onset", "spike", "spike")
    assert rule.namespace["k"] == 2.0
    assert dict(rule.regularly) == dict(PLASTIC.regularly)
    assert dict(rule.schedule) == {"b": ("start", 3)}
    assert rule.initial["x"] == 0.5
    assert (rule.source, rule.name, rule.weight) == ("Somebody, doi:1", "plastic", "w")
    assert PLASTIC.requires == ()


def test_emission_touches_the_pathways_that_change_the_weight_and_no_other():
    sbp = RetrogradeSBP()
    rule = sbp.emitting(PLASTIC)
    assert rule.requires == (Emitting(sbp),)
    assert list(rule.pathways) == ["a", "b", "post"]
    for pathway in ("b", "post"):
        lines = rule.pathways[pathway].splitlines()
        assert lines[0] == "retro_before = w"
        assert PLASTIC.pathways[pathway] in lines
    assert dict(rule.initial) == {"x": 0.5}
    assert list(rule.equations) == ["w", "x"]


def test_lateral_arms_have_shared_factors_and_pathways_without_delay():
    sbp = RetrogradeSBP(lateral_ltp=0.8, lateral_ltd=0.5, postlateral_ltd=0.25, rate=3, lambda_f=0.75)
    rule = sbp.emitting(PLASTIC)
    assert rule.undelayed == ("retro_lateral", "retro_local")
    assert rule.initial["retro_lateral_ltp"] == 0.8
    assert rule.initial["retro_lateral_ltd"] == 0.5
    assert rule.initial["retro_postlateral"] == 0.25
    assert (rule.initial["retro_rate"], rule.initial["retro_lambda_f"]) == (3, 0.75)
    assert (rule.event("retro_lateral"), rule.event("retro_local")) == ("retrograde", "retrograde_local")
    assert "retro_lateral" in rule.on_pre
    assert "retro_local" in rule.on_post
    for name in ("retro_rate", "retro_lambda_f", "retro_lateral_ltp", "retro_lateral_ltd", "retro_postlateral"):
        assert list(rule.equations[name].flags) == ["shared"]
    assert sbp.receiving(rule).model.count("retro_rate") == 1, "what both roles need is there once"
    one = RetrogradeSBP(lateral_ltd=0.5)
    assert one.emitting(PLASTIC).undelayed == ("retro_lateral",)
    assert one.emitting(PLASTIC).initial["retro_lateral_ltp"] == 0
    assert RetrogradeSBP(postlateral_ltd=0.5).emitting(PLASTIC).undelayed == ("retro_local",)
    assert RetrogradeSBP().emitting(PLASTIC).undelayed == ()


@pytest.mark.parametrize(("on", "side", "event"), [(None, "on_post", "retrograde"), ("learn", "on_pre", "learn")])
def test_reception_is_a_pathway_at_its_event(on, side, event):
    sbp = RetrogradeSBP(transport=None if on is None else Window(), lambda_f=0.5, rate=2)
    rule = sbp.receiving(STATIC, on=on)
    assert rule.requires == (Receiving(sbp),)
    assert list(getattr(rule, side)) == ["retrograde"]
    assert list(rule.pathways) == ["retrograde"]
    assert rule.event("retrograde") == event
    assert rule.undelayed == ("retrograde",)
    assert dict(rule.initial) == {"retro_rate": 2, "retro_lambda_f": 0.5}


def test_a_gate_of_time_opens_at_the_first_pathway_of_spikes():
    gated = RetrogradeSBP(gate=5 * ms)
    rule = gated.receiving(PLASTIC)
    assert rule.on_pre["a"] == "x += 1"
    assert rule.on_pre["b"].splitlines() == ["w += x", "retro_open_until = timestep(t + retro_window, dt)"]
    assert rule.namespace["retro_window"] == 5 * ms
    for bare in (STATIC, SynapseRule("w : 1", on_pre={"a": "w += 1"}, on_event={"a": "onset"})):
        alone = gated.receiving(bare)
        assert alone.on_pre["retro_gate"] == "retro_open_until = timestep(t + retro_window, dt)"
        assert alone.event("retro_gate") == "spike"


def test_bounds_and_units_are_constants():
    rule = RetrogradeSBP(w_min=-1 * nS, w_max=2 * nS, unit=nS).receiving(SynapseRule("w : siemens"))
    assert dict(rule.namespace) == {"retro_unit": nS, "retro_w_min": -1 * nS, "retro_w_max": 2 * nS}
    assert dict(RetrogradeSBP(w_max=2).receiving(STATIC).namespace) == {"retro_w_max": 2}
    assert dict(RetrogradeSBP(w_min=0).receiving(STATIC).namespace) == {"retro_w_min": 0}
    assert dict(RetrogradeSBP().receiving(STATIC).namespace) == {}


def test_a_share_is_drawn_where_it_is_less_than_all():
    fixed = RetrogradeSBP(lambda_p=0.5, seed=3).receiving(STATIC)
    assert fixed.initial["retro_receptive"] == InputSubset(0.5, 3, drawn="fixed")
    drawn = RetrogradeSBP(lambda_p=0.5, seed=3, draw="event").receiving(STATIC)
    assert drawn.initial["retro_rank"] == InputSubset(0.5, 3, drawn="event")
    assert drawn.initial["retro_share"] == InputSubset(0.5, 3, drawn="event", gives="share")
    assert "retro_receptive" not in drawn.initial
    for sbp in (RetrogradeSBP(), RetrogradeSBP(draw="event")):
        assert not {"retro_receptive", "retro_rank"} & set(sbp.receiving(STATIC).equations)


@pytest.mark.parametrize(
    ("transport", "period"),
    [(None, 0.2 * ms), (Delay(10.5 * ms, slots=3), 3 * ms), (Chain(dt=2 * second), 2 * second)],
)
def test_what_is_expressed_decays_on_the_clock_of_the_transport(transport, period):
    sbp = RetrogradeSBP(persistence=200 * ms, transport=transport)
    decay = sbp.receiving(STATIC).regularly["retro_decay"]
    assert float(decay.dt) == pytest.approx(float(period), rel=1e-12)
    assert "retro_decay" not in RetrogradeSBP(transport=transport).receiving(STATIC).regularly


@pytest.mark.parametrize(
    ("options", "there"),
    [
        ({}, False),
        (dict(expression="relative"), False),
        (dict(expression="saturating"), True),
        (dict(persistence=1 * second), True),
    ],
)
def test_what_was_expressed_is_remembered_where_it_is_needed(options, there):
    assert ("retro_expressed" in RetrogradeSBP(**options).receiving(STATIC).equations) is there


@pytest.mark.parametrize(("cascade", "reports"), [(False, False), (True, True)])
def test_what_is_expressed_is_reported_in_a_cascade_alone(cascade, reports):
    sbp = RetrogradeSBP(cascade=cascade)
    for rule in (sbp.receiving(sbp.emitting(PLASTIC)), sbp.emitting(sbp.receiving(PLASTIC))):
        assert ("retro_before" in rule.pathways["retrograde"]) is reports
    assert "retro_before" not in sbp.receiving(PLASTIC).pathways["retrograde"]


def test_cells_have_the_variables_of_what_is_declared():
    plain = {f"retro_{channel}_{part}" for channel in ("ltp", "ltd") for part in ("due", "now", "gain")}
    assert RetrogradeSBP().equations.names == plain
    held = {f"retro_{channel}{part}" for channel in ("ltp", "ltd") for part in ("", "_now", "_gain")}
    assert RetrogradeSBP(transport=Window()).equations.names == held
    delayed = RetrogradeSBP(transport=Delay(1 * second, slots=2)).equations.names
    assert delayed == plain | held | {f"retro_{c}_slot_{k}" for c in ("ltp", "ltd") for k in (1, 2)}
    chained = RetrogradeSBP(transport=Chain(stages=1, pool=5 * second)).equations
    ways = {f"retro_{c}_{part}" for c in ("ltp", "ltd") for part in ("stage_1", "pool", "velocity")}
    assert chained.names == plain | held | ways | {"retro_length"}
    assert list(chained["retro_length"].flags) == list(chained["retro_ltp_velocity"].flags) == ["constant"]
    more = RetrogradeSBP(activity=True, postlateral_ltd=0.5, draw="event").equations.names
    drawn = {"retro_draw", "retro_state", "retro_cell_seed"}
    assert more == plain | {"retro_count", "retro_local_due", "retro_local_now"} | drawn
    assert RetrogradeSBP(activity="mine").equations.names == plain


def test_cells_have_the_events_of_what_is_declared():
    due = "retro_ltp_due > 1e-12 or retro_ltd_due > 1e-12"
    assert RetrogradeSBP().events == {"retrograde": due}
    assert RetrogradeSBP(transport=Window()).events == {}
    local = RetrogradeSBP(postlateral_ltd=0.5).events
    assert local == {"retrograde": due, "retrograde_local": "retro_local_due > 1e-12"}


@pytest.mark.parametrize(
    ("expression", "after"),
    [("additive", 2.5 - 0.25), ("relative", 2.5 * 1.25 / 1.5), ("saturating", 2.5 * 1.25 / 1.5)],
)
def test_what_is_lost_in_a_period_is_added_or_a_factor_as_it_was_expressed(expression, after):
    """Of an expressed change of 0.5, half is lost in one period."""
    sbp = RetrogradeSBP(expression=expression, persistence=1 * second)
    state = {"w": 2.5, "retro_expressed": 0.5}
    exec(decay(sbp, "w", np.log(2) * second), {}, state)
    assert state["w"] == pytest.approx(after, rel=1e-12)
    assert state["retro_expressed"] == pytest.approx(0.25, rel=1e-12)
