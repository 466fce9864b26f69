"""Cells and synapses with the signatures of Brian2: read as Brian2 reads them, or refused in one line."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Subgroup,
    Synapses,
    defaultclock,
    ms,
    nS,
    seed,
)

from sbp_brian.errors import RetrogradeError, RuleError
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation

pytestmark = pytest.mark.usefixtures("numpy_target")

CELLS = "dv/dt = -v/tau_m : volt\ndge/dt = -ge/tau_e : siemens"
PLASTIC = "weight : siemens\ndpre/dt = -pre_/tau_pre : 1 (event-driven)".replace("dpre/", "dpre_/")
ON_PRE = "ge += weight; pre_ += A_pre"
ON_POST = "weight = clip(weight + pre_*nS, 0*nS, w_max)"
CONSTANTS = {"tau_m": 20 * ms, "tau_e": 5 * ms, "tau_pre": 20 * ms, "A_pre": 0.1, "w_max": 5 * nS}


@pytest.fixture(autouse=True)
def step():
    before, defaultclock.dt = defaultclock.dt, 0.5 * ms
    yield
    defaultclock.dt = before


def driven(group, times, name):
    """Synapses by which a generator makes the first cell of a group fire."""
    source = SpikeGeneratorGroup(1, np.zeros(len(times), int), times * ms, name=f"{name}_times")
    fire = Synapses(source, group, on_pre="v += 100*mV", name=f"{name}_fire")
    fire.connect(i=0, j=0)
    return source, fire


def network(make_synapses, sbp):
    """Three layers of which the first and the last are made to fire; gives what runs, and the inputs' weights."""
    cells = {
        name: sbp.neurons(2, CELLS, threshold="v > 10*mV", reset="v = 0*mV", method="exact", name=name)
        for name in "abc"
    }
    inputs = make_synapses(cells["a"], cells["b"], "inputs")
    outputs = make_synapses(cells["b"], cells["c"], "outputs")
    drive = [*driven(cells["b"], np.array([3.0, 23.0]), "b"), *driven(cells["c"], np.array([8.0, 28.0]), "c")]
    return Network(*cells.values(), inputs, outputs, *drive), inputs, outputs


def strings(sbp):
    def make(source, target, name):
        made = sbp.synapses(source, target, PLASTIC, on_pre=ON_PRE, on_post=ON_POST, weight="weight", name=name)
        made.connect()
        made.weight = 2 * nS
        return made

    return make


def rules(sbp):
    rule = SynapseRule(
        PLASTIC.replace("tau_pre", "tau"),
        on_pre={"pre": ON_PRE.replace("ge", "ge_post").replace("A_pre", "A")},
        on_post={"post": ON_POST},
        namespace={"tau": CONSTANTS["tau_pre"], "A": CONSTANTS["A_pre"], "w_max": CONSTANTS["w_max"]},
        weight="weight",
    )

    def make(source, target, name):
        made = sbp.receiving(sbp.emitting(rule)).synapses(source, target, name=name)
        made.connect()
        made.weight = 2 * nS
        return made

    return make


def test_strings_of_a_script_give_what_the_rule_gives():
    found = []
    for make in (strings, rules):
        sbp = RetrogradeSBP(unit=nS)
        net, inputs, outputs = network(make(sbp), sbp)
        net.run(40 * ms, namespace=CONSTANTS)
        found.append((np.array(inputs.weight / nS), np.array(outputs.weight / nS)))
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0][0] > 2).any(), "the inputs have expressed what the outputs reported"


def test_the_numbers_of_the_script_count_at_each_run():
    sbp = RetrogradeSBP(unit=nS)
    net, _, outputs = network(strings(sbp), sbp)
    net.run(20 * ms, namespace=CONSTANTS)
    first = np.array(outputs.weight / nS).max() - 2
    net.run(20 * ms, namespace=CONSTANTS | {"A_pre": 0.0, "tau_pre": 1e-3 * ms})
    assert first > 0.05
    assert np.array(outputs.weight / nS).max() - 2 == pytest.approx(first, abs=1e-12)


def test_names_of_this_function_are_read_where_the_run_is_called():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : volt", threshold="v > 10*mV", reset="v = 0*mV")
    source, fire = driven(cells, np.array([2.0]), "cells")
    made = sbp.synapses(cells, cells, "w : 1", on_pre="w += step_pre", receives=False)
    made.connect()
    step_pre = 0.25
    Network(cells, source, fire, made).run(5 * ms)
    assert made.w[0] == step_pre


def test_a_namespace_that_is_given_stays_as_it_is():
    sbp = RetrogradeSBP(unit=nS)
    cells = sbp.neurons(1, CELLS, threshold="v > 10*mV", namespace=CONSTANTS)
    made = sbp.synapses(cells, None, PLASTIC, on_pre=ON_PRE, on_post=ON_POST, weight="weight", namespace=CONSTANTS)
    assert made.target is cells
    assert made.rule.external == frozenset()
    assert set(made.rule.namespace) == {"tau_pre", "A_pre", "w_max", "retro_unit"}


def test_delays_are_set_afterwards_and_hold_back_no_signal():
    sbp = RetrogradeSBP(unit=nS)
    net, inputs, outputs = network(strings(sbp), sbp)
    inputs.delay = "(i + 1)*ms"
    assert set(inputs.delay[:] / ms) == {1.0, 2.0}
    outputs.pre.delay = 1 * ms
    assert inputs.retrograde.delay == 0 * ms
    net.run(30 * ms, namespace=CONSTANTS)
    assert (np.array(inputs.weight / nS) > 2).any()


def test_a_delay_of_one_value_belongs_to_the_pathway_pre_as_in_brian2():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : volt", threshold="v > 10*mV")
    made = sbp.synapses(cells, cells, "w : 1", on_pre={"pre": "w += 1", "other": "w += 1"}, delay=2 * ms)
    assert made.pre.delay == 2 * ms
    made.connect()
    made.other.delay = 3 * ms
    assert made.other.delay[:] == 3 * ms


def test_equations_and_names_of_numpy_are_taken_as_brian2_takes_them():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, Equations("v : volt"), threshold="v > 10*mV")
    made = sbp.synapses(
        cells, cells, Equations("w : 1\nsize : 1\nmean = 2*size : 1"), on_pre="w += mean; diff = w; v += diff*mV"
    )
    made.connect()
    made.size = 3
    assert made.mean[0] == 6
    assert "v_post += diff*mV" in made.rule.on_pre["pre"].splitlines()


def test_variables_summed_over_synapses_are_kept():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(2, "v : 1\ntotal : 1", threshold="v > 1", reset="v = 0", name="cells")
    made = sbp.synapses(cells, cells, "w : 1\ntotal_post = w*2 : 1 (summed)", on_pre="w += 1")
    made.connect()
    made.w = 1
    net = Network(cells, made)
    net.run(defaultclock.dt)
    assert list(cells.total) == [4, 4]


def test_sums_are_kept_in_rules_that_are_added():
    """What two sums give, one of them of the presynaptic cell, beside a weight that the signal has changed."""
    sbp = RetrogradeSBP(rate=2)
    cells = sbp.neurons(2, "v : 1\ntotal : 1\nout : 1", threshold="v > 1", reset="v = 0", name="cells")
    into = SynapseRule("w : 1\ntotal_post = w : 1 (summed)", on_pre={"pre": "w += 1"})
    rule = sbp.receiving(sbp.emitting(into + SynapseRule("w : 1\nout_pre = 3*w : 1 (summed)", weight=None)))
    made = rule.synapses(cells, cells)
    made.connect(j="i")
    cells.v = [2, 0]
    Network(cells, made).run(3 * defaultclock.dt)
    np.testing.assert_allclose(made.w, [3, 0])  # 1 by its event, and twice that by the signal
    np.testing.assert_allclose(cells.total, [3, 0])
    np.testing.assert_allclose(cells.out, [9, 0])


def test_sums_of_other_synapses_reach_cells_whose_inputs_take_part():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(2, "v : 1\ntotal : 1", threshold="v > 1", name="cells")
    gliding = Synapses(cells, cells, "a : 1")
    gliding.connect(j="i")
    made = sbp.synapses(gliding, cells, "u : 1\ntotal_post = a_pre*u : 1 (summed)", weight="u", emits=False)
    made.connect(j="i")
    gliding.a, made.u = [1, 2], 3
    Network(cells, gliding, made).run(defaultclock.dt)
    assert list(cells.total) == [3, 6]


def test_what_was_made_prints_as_the_text_of_brian2():
    sbp = RetrogradeSBP(unit=nS)
    _, inputs, _ = network(strings(sbp), sbp)
    text = str(inputs)
    assert text.startswith("inputs = Synapses(\n    a,\n    b,\n")
    assert "ge_post += weight" in text
    assert "'retrograde': 'retrograde'" in text
    assert "weight : siemens" in text
    cells = str(inputs.target)
    assert cells.startswith("b = NeuronGroup(\n    2,\n")
    assert "dge/dt = -ge/tau_e : siemens" in cells
    assert "#     retro_ltp_now = retro_ltp_due" in cells
    exec(text, {"Synapses": Synapses, "a": inputs.source, "b": inputs.target, "nsiemens": nS})


def test_the_text_has_the_refractory_time_the_method_the_constants_and_the_delays():
    sbp = RetrogradeSBP()
    how = {"threshold": "v > 1", "refractory": 2 * ms, "method": "exact", "namespace": {"tau": 5 * ms}}
    cells = sbp.neurons(2, "dv/dt = -v/tau : 1 (unless refractory)", **how, name="cells")
    made = sbp.synapses(cells, cells, "w : 1", on_pre={"pre": "w += 1", "at_once": "v += w"}, delay=3 * ms, name="made")
    names = dict(vars(brian2))
    exec(f"{cells}\n{made}", names)
    again, anew = names["cells"], names["made"]
    assert (again._refractory, again.namespace["tau"]) == (2 * ms, 5 * ms)
    assert again.state_updater.method_choice == "exact"
    assert anew.pre.delay == 3 * ms
    assert "'at_once': " in str(made)
    assert "'at_once': 3" not in str(made)


# ---------------------------------------------------------------------------------------------- nothing else moves
def test_a_second_connect_leaves_what_is_there():
    sbp = RetrogradeSBP(lambda_p=0.5)
    cells = sbp.neurons(40, "v : 1", threshold="v > 1")
    made = sbp.synapses(cells, cells, "w : 1", on_pre="w += 1", emits=False)
    made.connect(i=np.arange(20), j=np.zeros(20, int))
    made.w, made.retro_rate = 3, 0.25
    members = np.array(made.retro_receptive)
    made.retro_receptive[0] = not members[0]
    made.connect(i=np.arange(20, 40), j=np.zeros(20, int))
    assert made.retro_rate == 0.25
    assert list(made.w[:20]) == [3] * 20
    assert made.retro_receptive[0] != members[0]
    assert list(made.retro_receptive[1:20]) == list(members[1:])
    assert np.sum(made.retro_receptive[20:]) == 10


def test_a_fraction_of_zero_leaves_the_random_numbers_of_the_network():
    found = []
    for draw in (None, "fixed", "event"):
        seed(5)
        if draw is None:
            cells = NeuronGroup(20, "w_in : 1", threshold="rand() < 0.1", name="cells")
            made = Synapses(cells, cells, "w : 1", on_pre="w += 0.1", name="made")
        else:
            sbp = RetrogradeSBP(lambda_p=0.5, lambda_f=0, draw=draw)
            cells = sbp.neurons(20, "w_in : 1", threshold="rand() < 0.1", name="cells")
            made = sbp.synapses(cells, cells, "w : 1", on_pre="w += 0.1", name="made")
        made.connect(j="(i + 1) % 20")
        monitor = SpikeMonitor(cells, name="monitor")
        Network(cells, made, monitor).run(50 * ms)
        found.append((np.array(monitor.i), np.array(monitor.t), np.array(made.w)))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("seed_of_run", [0, 5, 1_835_504_127])
def test_draws_of_an_event_are_uniform_and_each_cells_own(seed_of_run):
    sbp = RetrogradeSBP(lambda_p=0.5, draw="event")
    cells = sbp.neurons(500, "v : 1", threshold="v > 1")
    cells.retro_cell_seed = seed_of_run
    cells.retro_ltp_due = 1
    net, drawn = Network(cells), []
    for _ in range(20):
        cells.retro_ltp_due = 1
        net.run(defaultclock.dt)
        drawn.append(np.array(cells.retro_draw))
    drawn = np.array(drawn)
    assert ((drawn > 0) & (drawn <= 1)).all()
    counts = np.histogram(drawn, 10, (0, 1))[0]
    assert (abs(counts - 1000) < 5 * np.sqrt(900)).all()
    for one, other in ((drawn[:-1], drawn[1:]), (drawn[:, :-1], drawn[:, 1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.04


def test_lastupdate_is_the_time_of_the_rules_own_last_event():
    """A report that arrives in between changes Brian2's lastupdate, not what the code sees."""
    found = []
    for receives in (False, True):
        sbp = RetrogradeSBP()
        cells = sbp.neurons(1, "v : volt", threshold="v > 10*mV", reset="v = 0*mV")
        source, fire = driven(cells, np.array([2.0, 12.0]), "cells")
        made = sbp.synapses(
            cells,
            cells,
            "w : 1\ndx/dt = -x/(10*ms) : 1 (event-driven)\nlast : second",
            on_pre="x += 1; last = t - lastupdate; w += 0.01",
            receives=receives,
        )
        made.connect()
        net = Network(cells, source, fire, made)
        net.run(20 * ms)
        found.append(float(made.last[0] / ms))
    assert found[0] == found[1] == pytest.approx(10.0)


def test_an_equation_that_reads_lastupdate_is_refused():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : 1", threshold="v > 1")
    model = "w : 1\nage = t - lastupdate : second\ndx/dt = -x/ms : 1 (event-driven)"
    with pytest.raises(RetrogradeError, match="equation of 'age' reads lastupdate"):
        sbp.synapses(cells, cells, model, on_pre="w += x")


def test_the_gate_closes_at_the_step_that_it_says_whatever_the_last_digit():
    for window in (1 * ms, 10 * ms):
        sbp = RetrogradeSBP(gate=window)
        cells = sbp.neurons(1, "v : 1", threshold="v > 1", reset="v = 0", name="cells")
        into = SpikeGeneratorGroup(1, [0], [0.5] * ms)
        made = sbp.synapses(into, cells, "w : 1", on_pre="w += 0", emits=False)
        made.connect()
        net = Network(cells, into, made)
        steps = []
        for _ in range(int(window / defaultclock.dt) + 4):
            before = float(made.w[0])
            cells.retro_ltp_due = 1
            net.run(defaultclock.dt)
            steps.append(float(made.w[0]) > before)
        opened = np.flatnonzero(steps)
        assert opened[0] == 1
        assert opened[-1] == 1 + round(float(window / defaultclock.dt))


# --------------------------------------------------------------------------------------------- what others change
def test_what_a_third_factor_changes_is_reported_at_the_next_event():
    """By hand: 0.1 at 5 ms is reported at the spike at 12 ms, by two synapses a cell; what came at 25 ms waits."""
    sbp = RetrogradeSBP()
    source = SpikeGeneratorGroup(1, [0, 0, 0], [2, 12, 22] * ms)
    a = sbp.neurons(2, "v : 1", threshold="v > 0.5", reset="v = 0", name="a")
    b = NeuronGroup(2, "v : 1", threshold="v > 0.5", reset="v = 0", name="b")
    inputs = sbp.synapses(source, a, "w : 1", on_pre="v += 1", emits=False)
    inputs.connect()
    inputs.w = 1
    outputs = Synapses(a, b, "w : 1", on_pre="w += 0.001")
    sbp.reporting(outputs, "w")
    outputs.connect()
    outputs.w = 0.5
    dopamine = SpikeGeneratorGroup(1, [0, 0], [5, 25] * ms)
    third = Synapses(dopamine, outputs, on_pre="w_post += 0.1")
    third.connect()
    Network(source, a, b, inputs, outputs, dopamine, third).run(40 * ms)
    np.testing.assert_allclose(inputs.w, [1.2, 1.2], rtol=0, atol=1e-12)
    np.testing.assert_allclose(outputs.w, 0.703, rtol=0, atol=1e-12)


def test_synapses_that_report_their_own_changes_can_report_those_of_others_too():
    """By hand: three events of 0.1 and a third factor of 1, expressed by the same synapse, which is not reported."""
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : volt", threshold="v > 10*mV", reset="v = 0*mV", name="cells")
    source, fire = driven(cells, np.array([1.0, 5.0, 9.0]), "cells")
    made = sbp.synapses(cells, cells, "w : 1", on_pre="w += 0.1", name="made")
    sbp.reporting(made)
    made.connect()
    dopamine = SpikeGeneratorGroup(1, [0], [3] * ms)
    third = Synapses(dopamine, made, on_pre="w += 1")
    third.connect()
    Network(cells, source, fire, made, dopamine, third).run(12 * ms)
    np.testing.assert_allclose(made.w, 2 * 1.3, rtol=0, atol=1e-12)


def test_synapses_onto_synapses_report_their_own_changes():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : volt", threshold="v > 10*mV", reset="v = 0*mV", name="cells")
    source, fire = driven(cells, np.array([1.0, 5.0]), "cells")
    inputs = sbp.synapses(cells, cells, "w : 1", on_pre="w += 0*w", emits=False)
    inputs.connect()
    gate = sbp.synapses(cells, inputs, "u : 1", on_pre="w_post += 1; u += 0.25", weight="u", receives=False)
    gate.connect()
    Network(cells, source, fire, inputs, gate).run(8 * ms)
    np.testing.assert_allclose(gate.u, 0.5)
    np.testing.assert_allclose(inputs.w, 2 + 0.5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sbp, made: sbp.reporting(made, "x"), "no variable 'x'; they have 'w'"),
        (lambda sbp, made: (sbp.reporting(made, "w"), sbp.reporting(made, "w")), "reported already"),
        (lambda sbp, made: (made.connect(), sbp.reporting(made, "w")), "before connect"),
        (lambda sbp, made: sbp.reporting(made.source, "w"), "takes Synapses"),
        (lambda sbp, made: RetrogradeSBP(unit=nS).reporting(made, "w"), "not the unit of the weight"),
        (lambda sbp, made: RetrogradeSBP(lateral_ltp=1).reporting(made, "w"), "lateral arms"),
        (
            lambda sbp, made: decaying().reporting(decaying().synapses(made.source, None, "w : 1", on_pre="w += 1")),
            "decays here.*persistence=None",
        ),
        (lambda sbp, made: sbp.reporting(Synapses(made.source, made.target, "w : 1"), "w"), "no event at which"),
        (
            lambda sbp, made: sbp.reporting(Synapses(plain(), made.target, "w : 1", on_pre="w += 1"), "w"),
            "no retrograde signal",
        ),
    ],
)
def test_what_cannot_be_reported_is_refused(change, words):
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : 1", threshold="v > 1")
    made = Synapses(cells, cells, "w : 1", on_pre="w += 1")
    with pytest.raises(RetrogradeError, match=words):
        change(sbp, made)


# ------------------------------------------------------------------------------------------------------- refusals
def decaying():
    return RetrogradeSBP(persistence=10 * ms)


def onto_synapses():
    made = Synapses(plain(), plain(), "w : 1", name="made")
    made.connect()
    return made


def plain():
    return NeuronGroup(1, "v : 1", threshold="v > 1", name="plain")


@pytest.mark.parametrize(
    ("kwds", "words"),
    [
        (
            {"source": PoissonGroup(1, rates=1 / ms, name="noise")},
            "source 'noise' has no retrograde signal.*PoissonGroup.*emits=False",
        ),
        ({"source": plain()}, "source 'plain' has no retrograde signal.*sbp.neurons"),
        ({"target": plain(), "emits": False}, "target 'plain' has no retrograde signal.*receives=False"),
        ({"source": plain(), "emits": False, "receives": False}, "neither emit nor receive"),
        ({"source": 3}, "source must be a group"),
        ({"target": onto_synapses(), "emits": False}, r"'made'.*signal belongs to cells.*receives=False.*reporting"),
        ({"source": onto_synapses(), "receives": False}, r"'made'.*signal belongs to cells.*emits=False"),
        ({"model": "w : integer"}, "'w' is integer, which holds no share of a signal; declare it as 'w : 1'"),
        ({"model": "w : boolean", "on_pre": "w = not w", "receives": False}, "'w' is boolean"),
        ({"on_pre": "v += w"}, "no pathway assigns the weight.*emits=False"),
        ({"on_pre": "x = 2*k; w = x"}, "sets the weight anew, 'w = x'"),
        ({"model": "w : 1\ny = 2*w : 1\nx : 1", "on_pre": "w = 2*x"}, "sets the weight anew"),
    ],
)
def test_synapses_that_could_not_take_part_are_refused(kwds, words):
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : 1", threshold="v > 1", name="cells")
    given = {"source": cells, "target": cells, "model": "w : 1", "on_pre": "w += 1", "namespace": {"k": 1}} | kwds
    with pytest.raises(RetrogradeError, match=words):
        sbp.synapses(**given)


@pytest.mark.parametrize("code", ["y = w; w = y + 1", "w = clip(y2, 0, 1)", "w *= 2", "w += 1; w = 0"])
def test_a_weight_computed_from_itself_may_be_assigned(code):
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : 1", threshold="v > 1")
    sbp.synapses(cells, cells, "w : 1\ny2 = w + 1 : 1", on_pre=code)


@pytest.mark.parametrize(
    ("kwds", "words"),
    [
        ({"weight": "we"}, r"'we' is a constant.*model='we : 1'.*synapses.we = "),
        ({"weight": "u"}, "'u' is not in the model, which has 'w'.*'we' of the script.*model='we : 1', weight='we'"),
        ({"model": None, "on_pre": "v += we + k"}, "'w' is not in the model.*where 'k', 'we' of the script"),
        ({"model": None, "on_pre": "v += 1"}, r"no variable; .*or add 'w : 1' \(with its unit\) to the model$"),
        ({"model": "w : 1\nw : 1"}, "model: "),
        ({"model": "w : 1\ndtrace/dt = -trace/ms : 1 (event-driven)"}, "sympy.* has 'trace'.*'synaptic_trace'"),
        ({"on_pre": 3}, "on_pre must be the code in one string"),
        ({"on_pre": "w +"}, "cannot read"),
        ({"model": "w : 1\nv : 1"}, "variable of the rule and of the source group"),
        ({"model": "w : 1\npre : 1"}, "variable 'pre' of the model has the name of the pathway 'pre'.*'pre_trace'"),
        ({"model": 3}, "model must be Equations or their text, not int"),
    ],
)
def test_strings_that_cannot_be_read_are_refused(kwds, words):
    sbp = RetrogradeSBP()
    cells = sbp.neurons(1, "v : 1", threshold="v > 1")
    given = {"source": cells, "model": "w : 1", "on_pre": "v += we; w += 1"} | kwds
    with pytest.raises(RuleError, match=words):
        sbp.synapses(**given)


@pytest.mark.parametrize(
    ("model", "events", "words"),
    [
        ("v : 1", {"retrograde": "v > 1"}, "name of the event at which the signal arrives"),
        ("retro_ltp_now : 1", None, "variable of the retrograde signal"),
        ("v :", None, "model: "),
    ],
)
def test_cells_that_the_signal_does_not_fit_are_refused(model, events, words):
    with pytest.raises(RetrogradeError, match=words):
        RetrogradeSBP().neurons(1, model, events=events)


def test_compartments_are_refused_with_the_reason():
    from brian2 import Soma, SpatialNeuron, um

    sbp, soma, equations = RetrogradeSBP(), Soma(30 * um), "Im = 0*amp/meter**2 : amp/meter**2\nretro_ltp_now : 1"
    cells, branched = sbp.neurons(1, "v : 1", threshold="v > 1"), SpatialNeuron(soma, equations, name="branched")
    why = (
        "are each a cell to Brian2: a report would stay in the compartment.*soma and dendrite as variables of one cell"
    )
    for made, words in (
        (lambda: sbp.operation(branched), "the cells 'branched' are the compartments of one SpatialNeuron, which "),
        (lambda: sbp.neurons(soma, equations), "the compartments of a SpatialNeuron "),
        (lambda: sbp.synapses(branched, cells, "w : 1", on_pre="w += 1"), "source 'branched'.*: compartments "),
        (lambda: sbp.synapses(cells, branched, "w : 1", on_pre="w += 1"), "target 'branched'.*: compartments "),
    ):
        with pytest.raises(RetrogradeError, match=words + why):
            made()


def test_parts_of_a_group_take_part():
    sbp = RetrogradeSBP()
    cells = sbp.neurons(4, "v : 1", threshold="v > 1", name="cells")
    made = sbp.synapses(cells[:2], cells[2:], "w : 1", on_pre="v += w; w += 1")
    assert isinstance(made.source, Subgroup)


# ------------------------------------------------------------------- a program that makes its synapses itself (C++)
def test_a_share_of_synapses_that_the_program_makes_is_chosen_there():
    def make():
        sbp = RetrogradeSBP(lambda_p=0.3)
        cells = sbp.neurons(30, "v : 1", threshold="v > 1", reset="v = 0", name="cells")
        made = sbp.synapses(cells, cells, "w : 1", on_pre="v += w", emits=False, name="made")
        made.connect(p=0.4)
        return Network(cells, made)

    found = Simulation(make, 1 * ms, target="cpp").run(seed=1)
    j, members = np.asarray(found["made._synaptic_post"]), np.asarray(found["made.retro_receptive"])
    of = np.bincount(j, minlength=30)
    assert (of > 3).all()
    np.testing.assert_array_equal(np.bincount(j, weights=members, minlength=30), np.maximum(1, np.round(0.3 * of)))
