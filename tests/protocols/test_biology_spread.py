"""Spread of LTD, convergent retinotectal inputs, and remote synapses of polysynaptic routes."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV, pA, second

from sbp_brian import figures, protocols
from sbp_brian.errors import CircuitError, ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.records import find
from sbp_brian.models.circuits import SPREAD, Timeline, culture_sbp
from sbp_brian.models.circuits.membranes import PULSED, RELAY
from sbp_brian.models.circuits.relays import ROUTES, TECTUM, relayed_stdp, tectal_sbp, tectal_stdp
from sbp_brian.protocols.biology import bi_poo_1999, fitzsimonds_1997, zhang_1998
from sbp_brian.protocols.biology.experiment import Condition, Experiment

NAMES = ("fitzsimonds-1997", "zhang-1998", "bi-poo-1999")
ROUTE = bi_poo_1999.Routes(10 * ms, 140 * ms, 400 * ms)
FEW = 2  # pairings where a test needs no more


def experiment(name: str, target: str = "cpp", pairs: int | None = None, step=0.5 * ms, tick=1 * second) -> Experiment:
    """The experiment of a protocol, with the program of its default parameters unless something is given."""
    if name == "fitzsimonds-1997":
        return Experiment(SPREAD, target, Timeline(pairs=pairs or 60, step=step), culture_sbp(tick=tick))
    if name == "zhang-1998":
        return Experiment(
            TECTUM, target, Timeline(pairs=pairs or 100, step=step), tectal_sbp(tick), tectal_stdp(), membrane=RELAY
        )
    line = Timeline(pairs=pairs or 60, step=step, reach=bi_poo_1999.REACH)
    return Experiment(ROUTES, target, line, culture_sbp(tick=tick), relayed_stdp(), membrane=RELAY)


def conditions(name: str) -> list[Condition]:
    """Some of a protocol's conditions."""
    if name == "fitzsimonds-1997":
        return fitzsimonds_1997.conditions(10 * ms)
    if name == "zhang-1998":
        return zhang_1998.conditions((-60, -10, 2.5, 10))
    controls = [
        ROUTE.condition(n, ROUTE.difference + 10 * ms, cells.items(), **changed)
        for n, (cells, changed, _) in bi_poo_1999.CONTROLS.items()
    ]
    near = [ROUTE.condition(bi_poo_1999.SINGLE, 0 * ms), ROUTE.condition("close", 20 * ms)]
    return [*ROUTE.scan(bi_poo_1999.OFFSETS), *near, *controls]


@pytest.fixture(scope="module")
def recorded():
    """What most tests look at, by protocol."""
    return {name: experiment(name).run(conditions(name), seeds=2, seed=5) for name in NAMES}


@pytest.fixture(scope="module")
def records(tmp_path_factory, recorded):
    """Records of the protocols in the size of ``--quick``."""
    folder = tmp_path_factory.mktemp("spread")
    return {name: execute(protocols.get(name), size="quick", seed=2, out=folder) for name in NAMES}


def culture(interval_ms: float) -> float:
    """Change by 60 pairs of this interval at a weak synapse, post minus pre."""
    return 0.777 * np.exp(-interval_ms / 16.8) if interval_ms > 0 else -0.273 * np.exp(interval_ms / 33.7)


def tectal(interval_ms: float) -> float:
    """Change by 100 pairs: half at zero interval, a tenth of it at +40 and at -20 ms."""
    return 0.5 * 10 ** (-interval_ms / 40) if interval_ms > 0 else -0.5 * 10 ** (interval_ms / 20)


# ------------------------------------------------------------------------------------------------------- closed forms
def test_the_spread_of_ltd_has_its_closed_form(recorded):
    induced = culture(-10)
    for synapse, share in (("A->B", None), ("I->A", 1), ("J->A", 1), ("A->C", 0.5), ("D->B", 0.5)):
        expected = induced if share is None else -0.5 * (1 - np.exp(1.4 * share * induced))
        assert recorded["fitzsimonds-1997"].noise_free("LTD", synapse) == pytest.approx([expected] * 2, abs=2e-3)
    for synapse in ("A->G", "B->E", "H->I"):
        assert not recorded["fitzsimonds-1997"].noise_free("LTD", synapse).any()


def test_the_postsynaptic_lateral_arm_is_a_switch_of_a_run(recorded):
    without = experiment("fitzsimonds-1997").run(
        conditions("fitzsimonds-1997")[:1], seeds=1, shared={"synapses.retro_postlateral": 0.0}
    )
    assert not without.noise_free("LTD", "D->B").any()
    back = recorded["fitzsimonds-1997"].noise_free("LTD", "I->A")
    assert without.noise_free("LTD", "I->A") == pytest.approx(back[:1])


@pytest.mark.parametrize("interval", [-60, -10, 2.5, 10])
def test_tectal_inputs_follow_the_window_of_the_spike_that_another_input_evokes(recorded, interval):
    got = recorded["zhang-1998"]
    assert got.noise_free(f"{interval:+g} ms", "W->T") == pytest.approx([tectal(interval)] * 2, abs=1e-6)
    assert got.noise_free(f"{interval:+g} ms", "R->T") == pytest.approx([tectal(2)] * 2, abs=1e-6)
    assert not got.noise_free(f"{interval:+g} ms", "N->T").any()
    assert (got.spikes(f"{interval:+g} ms", "T") == 100).all()


def test_the_input_of_a_tectal_input_takes_part_and_the_next_one_does_not(recorded):
    got = recorded["zhang-1998"]
    for interval, bound in ((10, 0.6), (-10, -0.5)):
        spread = bound * (1 - np.exp(-1.4 * abs(tectal(interval))))
        assert got.noise_free(f"{interval:+d} ms", "I->W") == pytest.approx([spread] * 2, abs=2e-3)
        assert not got.noise_free(f"{interval:+d} ms, {zhang_1998.BLOCKED}", "I->W").any()
        assert not got.noise_free(f"{interval:+d} ms", "H->I").any()
    assert recorded["bi-poo-1999"].noise_free(ROUTE.label(10), "I->S").any()
    assert not recorded["bi-poo-1999"].noise_free(ROUTE.label(10), "H->I").any()


def test_a_suprathreshold_input_after_the_spike_fires_the_cell_anew(recorded):
    got = recorded["zhang-1998"]
    assert (got.spikes(zhang_1998.STRONG_LATE, "T") == 200).all()
    assert got.noise_free(zhang_1998.STRONG_LATE, "W->T") == pytest.approx([tectal(2) + tectal(-10)] * 2, abs=1e-6)


@pytest.mark.parametrize("offset", bi_poo_1999.OFFSETS)
def test_remote_synapses_follow_from_delays_and_stdp(recorded, offset):
    """All four pairs of arrivals and spikes: T fires 2 ms after the fast, U 2 ms after the slow route."""
    got, interval = recorded["bi-poo-1999"], 130 + offset
    fast, slow = np.array([10, 10 + interval]), np.array([140, 140 + interval])
    for synapse, pre, post in (("Z->T", slow, fast + 2), ("X->U", fast, slow + 2)):
        expected = sum(culture(b - a) for a in pre for b in post)
        assert got.noise_free(ROUTE.label(offset), synapse) == pytest.approx([expected] * 2, abs=2e-3)


def test_relays_pass_on_two_spikes_that_are_on_their_way_at_once(recorded):
    """Pulses 20 ms apart through relays of 70 ms: the second comes before the first was passed on."""
    for cell in "SXYZTU":
        assert (recorded["bi-poo-1999"].spikes("close", cell) == 120).all()
        assert (recorded["bi-poo-1999"].spikes(bi_poo_1999.SINGLE, cell) == 60).all()


def test_ltp_of_another_output_spreads_to_a_remote_synapse_whose_target_is_silent(recorded):
    """Z->T expresses 0.8 of what Z->U, where Z makes U fire, reports."""
    got = recorded["bi-poo-1999"]
    up = got.weights(bi_poo_1999.LATERAL, "Z->U")[:, -1] - 1
    assert got.weights(bi_poo_1999.LATERAL, "Z->T")[:, -1] - 1 == pytest.approx(
        0.6 * (1 - np.exp(-1.4 * 0.8 * up)), abs=2e-3
    )
    assert not got.noise_free("T held below threshold", "Z->T").any()


# ----------------------------------------------------------------------------------------------------------- controls
@pytest.mark.parametrize("control", [c for c in fitzsimonds_1997.CONTROLS if c != fitzsimonds_1997.NO_ARM])
def test_controls_of_the_spread_of_ltd(recorded, control):
    for synapse, pattern in fitzsimonds_1997.CONTROLS[control].items():
        assert recorded["fitzsimonds-1997"].noise_free(control, synapse).any() == (pattern == "down")


def test_controls_of_convergent_inputs(recorded):
    for name, (_, *patterns) in zhang_1998.CONTROLS.items():
        for dt, pattern in zip((10, -10), patterns, strict=True):
            changed = recorded["zhang-1998"].noise_free(f"{dt:+d} ms, {name}", "W->T")
            assert changed.any() == (pattern != "none")
    assert not recorded["zhang-1998"].noise_free(zhang_1998.ALONE, "W->T").any()
    assert not recorded["zhang-1998"].spikes(zhang_1998.ALONE, "T").any()


def test_controls_of_the_routes(recorded):
    got = recorded["bi-poo-1999"]
    for name, (*_, expected) in bi_poo_1999.CONTROLS.items():
        assert got.noise_free(name, "Z->T").any() == (expected == "up")
    assert abs(got.noise_free(bi_poo_1999.SINGLE, "Z->T")).max() < 0.01
    assert not got.spikes("fast route cut", "T").any()


# --------------------------------------------------------------------------------------------------------- the tables
@pytest.mark.parametrize("name", NAMES)
def test_everything_is_as_expected(records, name):
    assert not [row["name"] for row in records[name].metrics if row["verdict"] == "outside"]


def test_the_sign_matrix_is_whole(records):
    record = records["fitzsimonds-1997"]
    assert (record.metric("signs_agreeing")["value"], record.metric("signs_agreeing")["paper_value"]) == (6, 6)
    assert record.metric("J->A")["verdict"] == "no reference"  # not known for LTD
    assert 0.3 <= record.metric("I->A / A->B")["value"] <= 1
    assert record.metric("I->A, kept after 30 min")["value"] >= 80
    assert any("Substitution" in note for note in record.notes)


def test_the_sign_flips_and_the_peak_lies_at_the_delay_difference(records):
    record = records["bi-poo-1999"]
    for synapse in bi_poo_1999.REMOTE:
        assert abs(record.metric(f"{synapse}, sign flips at")["value"]) <= 5
        for difference in (30, 60, 90, 130, 150):
            assert abs(record.metric(f"{synapse}, peak minus difference of {difference} ms")["value"]) <= 5


@pytest.mark.parametrize("name", NAMES)
def test_numbers_that_nobody_verified_are_not_given_as_the_papers(records, name):
    for row in records[name].metrics:
        known = row["provenance"].startswith("read")
        assert row["paper_value"] in (None, "n/a (not verified)") or known
        assert name != "bi-poo-1999" or not row["provenance"].startswith("read")


@pytest.mark.parametrize("name", NAMES)
def test_numpy_gives_the_same_as_the_program(name):
    """With few pairings, for time; a table is worked out from these numbers alike on all targets."""
    cpp = experiment(name).run([replace(c, pairs=FEW) for c in conditions(name)], seeds=1, seed=3)
    numpy = experiment(name, "numpy", FEW, tick=1 * second).run(conditions(name), seeds=1, seed=3)
    for condition in conditions(name):
        for synapse in experiment(name).circuit.synapses:
            ours, theirs = (got.weights(condition.name, synapse)[:, -1] for got in (cpp, numpy))
            assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_halving_both_time_steps_changes_nothing_that_is_reported(name):
    """0.2 points of the whole protocol: with few pairings so much less."""
    coarse, fine = (
        experiment(name, "numpy", FEW, step, tick).run(conditions(name), seeds=1)
        for step, tick in ((0.5 * ms, 4 * second), (0.25 * ms, 2 * second))
    )
    for condition in conditions(name):
        for synapse in experiment(name).circuit.synapses:
            assert coarse.noise_free(condition.name, synapse) == pytest.approx(
                fine.noise_free(condition.name, synapse), abs=2e-3 * FEW / 60
            )


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_targets_give_the_same_table(tmp_path, name):
    small = {"seeds": 2, "pairs": 10, "tick": "5 s"}
    cpp, *others = (
        execute(protocols.get(name), target=target, seed=3, out=tmp_path, parameters=small)
        for target in ("cpp", "cython", "numpy")
    )
    for record in others:
        assert [row["verdict"] for row in record.metrics] == [row["verdict"] for row in cpp.metrics]
        for ours, theirs in zip(cpp.metrics, record.metrics, strict=True):
            assert ours["value"] == pytest.approx(theirs["value"], abs=1e-6, nan_ok=True)


# ----------------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bi_poo_1999.Routes(20 * ms, 10 * ms, 400 * ms), "give the slow one the longer delay"),
        (lambda: ROUTE.condition("x", -5 * ms), "interval of -5.* is negative"),
        (lambda: ROUTE.condition("x", 1500 * ms), "do not end within"),
        (lambda: Condition("x", {}, strengths={"A->B": 3 * mV}), "A->B = 3.* is not a positive current"),
        (lambda: Condition("x", {}, strengths={"A->B": -3 * pA}), "not a positive current"),
        (lambda: Condition("x", {}, ltd_signal=2), "outside \\[0, 1\\]"),
    ],
)
def test_bad_conditions(make, message):
    with pytest.raises(CircuitError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("membrane", "condition", "message"),
    [
        (RELAY, Condition("x", {}, strengths={"A->Q": 3 * pA}), "no synapse 'A->Q'; it has S->X, S->Y, Y->Z"),
        (RELAY, Condition("x", {}, cells={"velocity": {"X": 1}}), "no 'velocity' to set; it has latency, second_pulse"),
        (PULSED, Condition("x", {}, cells={"latency": {"X": 1 * ms}}), "it has nothing that may be set"),
        (RELAY, Condition("x", {}, cells={"latency": {"Q": 1 * ms}}), "no cell 'Q'; it has S, X"),
        (RELAY, Condition("x", {}, cells={"latency": {"X": -1 * ms}}), "give a time that is not negative"),
        (RELAY, Condition("x", {}, cells={"latency": {"X": 1 * mV}}), "give a time that is not negative"),
        (RELAY, Condition("x", {}, cells={"latency": {"X": 0.3 * ms}}), "no multiple of the"),
    ],
)
def test_bad_conditions_of_a_membrane_are_refused_before_anything_is_built(membrane, condition, message):
    tried = Experiment(ROUTES, "cpp", rule=relayed_stdp(), membrane=membrane, cache=False)
    with pytest.raises(CircuitError, match=message) as caught:
        tried.run([condition], seeds=1)
    assert "\n" not in str(caught.value)
    assert tried.simulation._backend.manifest is None


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        *((name, {"seeds": 0}, "seeds = 0 is out of range") for name in NAMES),
        ("fitzsimonds-1997", {"interval": 1500 * ms}, "longer than the period"),
        ("fitzsimonds-1997", {"interval": -5 * ms}, "out of range"),
        ("zhang-1998", {"intervals": (1500, 10, 20, -10, -20, -30)}, "longer than the period"),
        ("zhang-1998", {"intervals": (10, 10, 20, -10, -20, -30)}, "give each once"),
        ("zhang-1998", {"intervals": (5, 20, 30, -10, -20, -30)}, r"\+10 and -10 ms among them"),
        ("bi-poo-1999", {"control": 1500 * ms}, "do not end within"),
        ("bi-poo-1999", {"main": 5 * ms}, "give the slow one the longer delay"),
        ("bi-poo-1999", {"period": "300 ms"}, "longer than the period|do not fit into the period"),
    ],
)
def test_bad_parameters(tmp_path, name, given, message):
    with pytest.raises((CircuitError, ParameterError), match=message) as caught:
        execute(protocols.get(name), out=tmp_path, parameters=given)
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------------------------------------ listing and figures
@pytest.mark.parametrize("name", NAMES)
def test_the_list_says_what_the_protocol_says(name):
    entry = next(entry for entry in protocols.entries() if entry.name == name)
    protocol = protocols.get(name)
    assert (entry.title, entry.source, entry.kind) == (protocol.title, protocol.source, protocol.kind)


@pytest.mark.parametrize("name", NAMES)
def test_the_figure_is_drawn_from_the_record_alone(records, name):
    drawing, caption = figures.get(name).make(find(records[name].folder))
    texts = [
        text for text in drawing.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text().strip()
    ]
    assert min(text.get_fontsize() for text in texts) >= 7
    assert "n = 20 trials" in caption
    assert "{" not in caption


def test_where_the_sign_flips():
    offsets = np.array([-20.0, -10, 0, 10, 20])
    assert bi_poo_1999.sign_flip(offsets, np.array([-0.1, -0.2, 0.6, 0.3, 0.1]), rising=True) == pytest.approx(-7.5)
    assert bi_poo_1999.sign_flip(offsets, np.array([0.1, 0.3, 0.6, -0.2, 0.01]), rising=False) == pytest.approx(7.5)
    assert np.isnan(bi_poo_1999.sign_flip(offsets, np.full(5, 0.1), rising=True))


def test_persistence_is_relative_to_the_peak():
    minutes = np.array([-5.0, 0, 10, 20, 30, 34])
    courses = np.array([[1, 0.9, 0.8, 0.8, 0.85, 0.85], [1, 0.9, 0.8, 0.8, 0.8, 0.8]])
    kept = fitzsimonds_1997.persistence(minutes, courses)
    assert kept == pytest.approx([0.75, 1])
