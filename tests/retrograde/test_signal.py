"""The mechanism on a few cells: closed forms, one hop, lateral arms, gains, users' own cells."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, StateMonitor, ms, mV, nS

from sbp_brian.brian.on_event import OnEvent
from sbp_brian.errors import RetrogradeError
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.roles import Emitting, Receiving
from sbp_brian.retrograde.transport import Chain, Delay, Window
from sbp_brian.rules import SynapseRule
from tests.reference.small_networks import DT, STATIC, connected, group, on_numpy, run, steps_rule, train


@pytest.fixture(autouse=True)
def numpy_target():
    with on_numpy():
        yield


def pair(sbp, up=0.1, down=0.0, times=(10, 20, 30), steps=60, rule=None, w_in=0.8, w_out=1.0):
    """source -> cells -> target; the output gains `up` at spikes of the target, loses `down` at those of the cell."""
    source = group(train(steps, []))
    cells, target = group(train(steps, times), sbp), group(train(steps, times))
    inputs = connected(sbp.receiving(STATIC), source, cells, w=w_in)
    outputs = connected(sbp.emitting(rule or steps_rule(up, down)), cells, target, w=w_out)
    run(steps, source, cells, target, inputs, outputs, sbp.operation(cells))
    return inputs.w[:][0], outputs.w[:][0], cells


@pytest.mark.parametrize("lambda_f", [1.0, 0.4])
@pytest.mark.parametrize(("up", "down", "bound"), [(0.07, 0.0, 0.6), (0.0, 0.05, -0.5)])
@pytest.mark.parametrize("transport", [None, Delay(4 * ms, slots=3)])
def test_one_sign_saturates_by_the_closed_form(lambda_f, up, down, bound, transport):
    kappa, n = 1.4, 6
    sbp = RetrogradeSBP(expression="saturating", rate=kappa, lambda_f=lambda_f, transport=transport)
    w, _, _ = pair(sbp, up, down, times=range(5, 5 + 3 * n, 3))
    total = n * (up + down)
    np.testing.assert_allclose(w, 0.8 * (1 + bound * (1 - np.exp(-kappa * lambda_f * total))), rtol=1e-12)


def test_both_signs_meet_between_the_bounds():
    sbp = RetrogradeSBP(expression="saturating", rate=50, upper=0.6, lower=0.5)
    w, _, _ = pair(sbp, up=0.3, down=0.1, times=range(5, 50))
    assert w == pytest.approx(0.8 * (1 + (0.3 * 0.6 - 0.1 * 0.5) / 0.4), rel=1e-9)


@pytest.mark.parametrize(
    ("emission", "amounts"),
    [("change", (0.5, -0.25)), ("relative", (0.5 / 2, -0.25 / 2.5)), ("weighted", (0.5 * 2, -0.25 * 2.5))],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_emitted_amounts(emission, amounts, sign):
    """For the last two, growth in strength counts as potentiation whether the synapse excites or inhibits."""
    rule = SynapseRule("w : 1", on_post={"post": f"w += {0.5 * sign}"}, on_pre={"pre": f"w -= {0.25 * sign}"})
    sbp = RetrogradeSBP(emission=emission)
    source, cells, target = group(train(30, [])), group(train(30, [20]), sbp), group(train(30, [10]))
    inputs = connected(sbp.receiving(STATIC), source, cells)
    seen = StateMonitor(inputs, "w", record=[0], when="end")
    outputs = connected(sbp.emitting(rule), cells, target, w=2 * sign)
    run(30, source, cells, target, inputs, outputs, seen, sbp.operation(cells))
    factor = sign if emission == "change" else 1
    np.testing.assert_allclose(
        seen.w[0, [10, 11, 20, 21]] - 1, np.array([0, amounts[0], amounts[0], sum(amounts)]) * factor
    )


def test_a_weight_of_zero_reports_the_bare_change_as_relative():
    w, _, _ = pair(RetrogradeSBP(emission="relative"), w_out=0.0, times=[10])
    assert w == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ((1, 1), 0.8 + 0.3 - 0.12),
        ((0, 1), 0.8 - 0.12),
        ((1, 0), 0.8 + 0.3),
        ((0, 0), 0.8),
        ((2, 0.5), 0.8 + 0.6 - 0.06),
    ],
)
def test_gains_block_one_channel_only(gains, expected):
    w, _, _ = pair(RetrogradeSBP(gain_ltp=gains[0], gain_ltd=gains[1]), up=0.1, down=0.04)
    assert w == pytest.approx(expected, rel=1e-12)
    if gains == (0, 0):
        assert w == 0.8


def test_one_hop_unless_cascade():
    for cascade, expected in ((False, 0.0), (True, 0.1 * 0.5 * 0.5)):
        sbp = RetrogradeSBP(cascade=cascade, rate=0.5)
        h0, h, i, a, b = (
            group(train(60, [])),
            group(train(60, []), sbp),
            group(train(60, []), sbp),
            group(train(60, []), sbp),
            group(train(60, [10])),
        )
        plastic = steps_rule(0.1)
        first = connected(sbp.receiving(STATIC), h0, h)
        hi, ia = (connected(sbp.receiving(sbp.emitting(plastic)), *ends) for ends in ((h, i), (i, a)))
        ab = connected(sbp.emitting(plastic), a, b)
        run(60, h0, h, i, a, b, first, hi, ia, ab, *(sbp.operation(cells) for cells in (h, i, a)))
        assert ab.w[:][0] == 1.1
        assert ia.w[:][0] == pytest.approx(1.05)
        assert hi.w[:][0] == pytest.approx(1 + expected, abs=1e-15)
        assert first.w[:][0] == pytest.approx(1 + expected / 2, abs=1e-15)
        if not cascade:
            assert hi.w[:][0] == 1.0


@pytest.mark.parametrize("hard", [{}, dict(w_max=1.4), dict(w_min=-1.0)])
def test_in_a_cascade_what_a_bound_cuts_off_is_not_passed_on(hard):
    sbp = RetrogradeSBP(cascade=True, rate=0.5, **hard)
    own = SynapseRule("w : 1", on_post={"post": "w = clip(w + 0.1, 0, 1)"}, name="own")
    h, i, a, b = (group(train(60, [])), group(train(60, []), sbp), group(train(60, []), sbp), group(train(60, [10])))
    hi = connected(sbp.receiving(STATIC), h, i)
    ia = connected(sbp.receiving(sbp.emitting(own)), i, a, w=1.3)
    ab = connected(sbp.emitting(steps_rule(0.1)), a, b)
    run(60, h, i, a, b, hi, ia, ab, sbp.operation(i), sbp.operation(a))
    assert ia.w[:][0] == 1.0
    assert hi.w[:][0] == 1.0


def test_emitting_and_receiving_in_either_order_are_one():
    for cascade in (False, True):
        found = []
        for wrap in (lambda s, r: s.receiving(s.emitting(r)), lambda s, r: s.emitting(s.receiving(r))):
            sbp = RetrogradeSBP(cascade=cascade, lateral_ltp=0.3)
            h, i, a, b = (
                group(train(60, [5])),
                group(train(60, [7]), sbp),
                group(train(60, [8]), sbp),
                group(train(60, [10])),
            )
            hi = connected(sbp.receiving(STATIC), h, i)
            ia, ab = connected(wrap(sbp, steps_rule(0.1, 0.05)), i, a), connected(sbp.emitting(steps_rule()), a, b)
            run(60, h, i, a, b, hi, ia, ab, sbp.operation(i), sbp.operation(a))
            found.append((hi.w[:][0], ia.w[:][0]))
        assert found[0] == found[1]


def test_lateral_arms_and_the_inducing_synapse():
    """A's outputs to B (induces), C and, in another object, D; the other cell's outputs and a static one stay."""
    sbp = RetrogradeSBP(lateral_ltp=0.8, lateral_ltd=0.5)
    a = group(train(60, [], []), sbp)
    b, d = group(train(60, [10, 20], [])), group(train(60, []))
    source = group(train(60, []))
    rule = sbp.emitting(steps_rule(0.1))
    ab, ad = connected(rule, a, b), connected(rule, a, d)
    gaba = connected(STATIC, a, d)
    inputs = connected(sbp.receiving(STATIC), source, a, i=[0], j=[0])
    run(60, source, a, b, d, ab, ad, gaba, inputs, sbp.operation(a))
    # induced by B's first cell in both of A's cells, so both report; C is B's second cell
    np.testing.assert_allclose(ab.w[:], [1.2, 1.16, 1.2, 1.16])
    np.testing.assert_allclose(ad.w[:], [1.16, 1.16])
    np.testing.assert_array_equal(gaba.w[:], 1)
    np.testing.assert_allclose(inputs.w[:], 1.2)


def test_lateral_arm_for_depression_has_its_own_factor():
    sbp = RetrogradeSBP(lateral_ltp=0.8, lateral_ltd=0.5)
    a, b = group(train(60, []), sbp), group(train(60, [10], []))
    ab = connected(sbp.emitting(steps_rule(-0.1)), a, b)
    run(60, a, b, ab, sbp.operation(a))
    np.testing.assert_allclose(ab.w[:], [0.9, 0.95])


@pytest.mark.parametrize("how", [dict(delay=7 * ms), dict(delay="per synapse"), {}])
def test_an_axonal_delay_does_not_hold_back_the_lateral_arm(how):
    """Two signals in a row: were the arm delayed, it would express the second twice and lose the first."""
    sbp = RetrogradeSBP(lateral_ltp=1.0)
    a, b = group(train(60, []), sbp), group(train(60, [10, 12], []))
    rule = SynapseRule("w : 1", on_pre={"pre": "w += 0"}, on_post={"post": "w += 0.1*(1 + 4*int(t > 11*ms))"})
    ab = connected(sbp.emitting(rule), a, b, **how)
    if how.get("delay") == "per synapse":
        ab.pre.delay = 7 * ms
    run(60, a, b, ab, sbp.operation(a))
    np.testing.assert_allclose(ab.w[:], [1.6, 1.6])


@pytest.mark.parametrize(("up", "others"), [(0.1, 1.0), (-0.1, 1 - 0.05)])
def test_postsynaptic_lateral_for_depression_only(up, others):
    sbp = RetrogradeSBP(postlateral_ltd=0.5)
    a, d = group(train(60, []), sbp), group(train(60, []), sbp)
    b = group(train(60, [10]), sbp)
    quiet = SynapseRule("w : 1", on_pre={"pre": "w += 1"}, name="plastic but silent")
    ab, db = connected(sbp.emitting(steps_rule(up)), a, b), connected(sbp.emitting(quiet), d, b)
    static = connected(STATIC, d, b)
    run(60, a, b, d, ab, db, static, *(sbp.operation(cells) for cells in (a, b, d)))
    assert ab.w[:][0] == pytest.approx(1 + up, rel=1e-15)
    assert db.w[:][0] == pytest.approx(others, rel=1e-12)
    assert static.w[:][0] == 1


def test_inhibitory_static_output_neither_emits_nor_receives():
    sbp = RetrogradeSBP(lateral_ltp=1, lateral_ltd=1)
    source, cells = group(train(40, [3])), group(train(40, [5]), sbp)
    target = group(train(40, [7]))
    gaba = connected(SynapseRule("w : 1", on_pre={"pre": "w = w"}), cells, target, w=-1)
    inputs = connected(sbp.receiving(STATIC), source, cells)
    run(40, source, cells, target, gaba, inputs, sbp.operation(cells))
    assert gaba.w[:][0] == -1
    assert inputs.w[:][0] == 1
    assert cells.retro_ltp_due[:] == 0


def test_window_is_expressed_at_the_event_and_only_there():
    sbp = RetrogradeSBP(transport=Window(20 * ms))
    source = group(train(60, [], []), events={"learn": "i == 0 and int(t/ms + 0.5) % 20 == 0"})
    cells, target = group(train(60, []), sbp), group(train(60, [5, 6, 25]))
    inputs = connected(sbp.receiving(STATIC, on="learn"), source, cells, delay=3 * ms)
    seen = StateMonitor(inputs, "w", record=[0, 1], when="end")
    outputs = connected(sbp.emitting(steps_rule()), cells, target)
    run(60, source, cells, target, inputs, outputs, seen, sbp.operation(cells))
    np.testing.assert_allclose(seen.w[0, [0, 19, 20, 39, 40, 59]], [1, 1, 1.2, 1.2, 1.3, 1.3])
    np.testing.assert_array_equal(seen.w[1], 1)


def test_own_activity_divides_above_one_and_can_be_cleared():
    sbp = RetrogradeSBP(activity=True)
    w, _, cells = pair(sbp, times=[10, 20, 30, 40])  # counts at emission: 0, 1, 2, 3
    assert w == pytest.approx(0.8 + 0.1 * (1 + 1 + 1 / 2 + 1 / 3))
    assert cells.retro_count[:] == 4


def test_users_own_cells_with_reset_refractoriness_and_units():
    sbp = RetrogradeSBP(
        activity=True,
        unit=nS,
        transport=Chain(dt=5 * ms, length=1 * brian2.um, velocity=100 * brian2.um / brian2.second, stages=1),
    )
    model = Equations("dv/dt = (-70*mV - v)/(10*ms) : volt (unless refractory)\nadapted : 1")
    cells = NeuronGroup(
        2,
        model + sbp.equations,
        threshold="v > -55*mV",
        reset="v = -65*mV; adapted += 1",
        refractory=4 * ms,
        method="exact",
        events=sbp.events | {"high": "v > -60*mV"},
        namespace={},
    )
    cells.v = -70 * mV
    mine = OnEvent(cells, "spike", "adapted += 0.5", when="resets", order=1)
    cells.run_on_event("high", "adapted += 100")
    source, target = group(train(80, [10, 12, 40])), group(train(80, [20, 60]))
    drive = SynapseRule("strength : siemens", on_pre={"pre": "v_post += strength/nS*mV"}, weight="strength")
    plastic = SynapseRule("strength : siemens", on_post={"post": "strength += 2*nS"}, weight="strength")
    inputs = sbp.receiving(drive).synapses(source, cells)
    outputs = sbp.emitting(plastic).synapses(cells, target)
    for synapses in (inputs, outputs):
        synapses.connect()
        synapses.strength = 20 * nS
    sbp.operation(cells)
    run(80, source, cells, target, inputs, outputs, mine)
    assert list(cells.retro_count) == [2, 2]  # the spike at 12 ms falls into the refractory time
    np.testing.assert_allclose(outputs.strength / nS, 24)
    np.testing.assert_allclose(cells.adapted % 100, 3)
    arrived = np.asarray(inputs.strength / nS) - 20 + cells.retro_ltp + cells.retro_ltp_stage_1 + cells.retro_ltp_due
    np.testing.assert_allclose(arrived, 2 + 2 / 2, rtol=1e-9)
    assert np.all(inputs.strength > 20 * nS)


def test_several_objects_share_one_group_and_subgroups_work():
    sbp = RetrogradeSBP()
    source, cells = group(train(60, [], [])), group(train(60, [], [], []), sbp)
    one, two = group(train(60, [10])), group(train(60, [10, 20]))
    outputs = [
        connected(sbp.emitting(steps_rule(0.1)), cells, one),
        connected(sbp.emitting(steps_rule(0.03, weight="w")), cells[1:], two),
    ]
    inputs = [
        connected(sbp.receiving(STATIC), source, cells[:2]),
        connected(sbp.receiving(STATIC), source[1:], cells[2:]),
    ]
    run(60, source, cells, one, two, *outputs, *inputs, sbp.operation(cells))
    np.testing.assert_allclose(inputs[0].w[:], [1.1, 1.16, 1.1, 1.16])
    np.testing.assert_allclose(inputs[1].w[:], [1.16])


def test_the_rate_can_be_set_for_each_run():
    sbp = RetrogradeSBP(rate=3)
    cells = group(train(30, []), sbp)
    source, target = group(train(30, [])), group(train(30, [10]))
    inputs = connected(sbp.receiving(STATIC), source, cells)
    assert inputs.retro_rate == 3
    inputs.retro_rate = 0.5
    run(30, source, cells, target, inputs, connected(sbp.emitting(steps_rule()), cells, target), sbp.operation(cells))
    np.testing.assert_allclose(inputs.w[:], 1.05)


def test_a_variable_of_the_cells_expresses_the_signal():
    """Beside the input synapses, at the same event; here with a rate of its own."""
    sbp = RetrogradeSBP(transport=Delay(4 * ms, slots=3))
    cells = group(train(60, [20]), sbp, equations="bias : 1")
    cells.run_on_event("retrograde", sbp.expressed_by("bias", "0.5"), when="synapses")
    source, target = group(train(60, [])), group(train(60, [10, 30]))
    inputs = connected(sbp.receiving(STATIC), source, cells)
    outputs = connected(sbp.emitting(steps_rule(0.3, 0.2)), cells, target)
    run(60, source, cells, target, inputs, outputs, sbp.operation(cells))
    assert inputs.w[0] == pytest.approx(1.4)
    assert cells.bias[0] == pytest.approx(0.2)
    with pytest.raises(RetrogradeError, match=r"expressed_by\('bias'\): .* by addition"):
        RetrogradeSBP(expression="relative").expressed_by("bias", "1")
    with pytest.raises(RetrogradeError, match="'a b' is not the name of a variable"):
        sbp.expressed_by("a b", "1")


def test_each_role_makes_and_checks_the_rule_once(monkeypatch):
    sbp = RetrogradeSBP(transport=Chain(), lateral_ltp=1, lambda_p=0.5, gate=5 * ms, persistence=1000 * ms)
    plastic, checked = steps_rule(0.1, 0.05), []
    check = SynapseRule._check
    monkeypatch.setattr(SynapseRule, "_check", lambda rule: (checked.append(rule), check(rule)))
    emitting = sbp.emitting(plastic)
    assert checked == [emitting]
    receiving = sbp.receiving(emitting)
    assert checked == [emitting, receiving]


def test_a_rule_knows_its_roles_and_keeps_them():
    sbp, other = RetrogradeSBP(), RetrogradeSBP(lambda_f=0.5)
    rule = other.receiving(sbp.emitting(steps_rule())).scheduled(retrograde=("synapses", 3))
    assert rule.requires == (Emitting(sbp), Receiving(other))
    assert rule.undelayed == ("retrograde",)
    assert (rule + STATIC).requires == (STATIC + rule).requires == (rule + rule).requires == rule.requires
    with pytest.raises(RetrogradeError, match="its pathway 'retrograde' has the name of the one that expresses"):
        sbp.receiving(SynapseRule("w : 1", on_pre={"retrograde": "w += 1"}))


@pytest.mark.parametrize("listed", [lambda nothing: [nothing], lambda nothing: nothing], ids=["itself", "unpacked"])
def test_what_the_operation_returns_may_stand_in_a_network(listed):
    sbp = RetrogradeSBP(transport=Chain())
    cells = group(train(5, []), sbp, name="listed")
    network = Network(cells, *listed(sbp.operation(cells)))
    assert list(network.objects) == [cells]
    assert "listed_retrograde_tick" in {obj.name for obj in cells.contained_objects}


def test_the_order_of_the_tick_belongs_to_the_operation():
    sbp = RetrogradeSBP(transport=Chain())
    cells = group(train(5, []), sbp, name="ordered")
    assert sbp.operation(cells, order=7) == ()
    ticks = [obj for obj in cells.contained_objects if obj.name == "ordered_retrograde_tick"]
    assert [(tick.when, tick.order) for tick in ticks] == [("start", 7)]
    with pytest.raises(RetrogradeError, match="order= places the tick of a transport, and there is none"):
        RetrogradeSBP().operation(group(train(5, []), RetrogradeSBP()), order=7)


def test_rules_and_declarations_can_be_pickled():
    import pickle

    sbp = RetrogradeSBP(transport=Chain(), lateral_ltp=0.2, lambda_p=0.4, gate=5 * ms)
    rule = pickle.loads(pickle.dumps(sbp.receiving(sbp.emitting(steps_rule()))))
    assert rule.pathways == sbp.receiving(sbp.emitting(steps_rule())).pathways
    assert [need.sides for need in rule.requires] == [("source",), ("target",)]
    assert rule.requires[0].sbp == sbp
    assert 1 * ms == DT
