"""The pairing experiments: closed forms, controls, the same tables on the targets, and what a user may get wrong."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Quantity, ms, mV, pA, prefs, second

from sbp_brian import figures, protocols
from sbp_brian.brian.event_clock import EventClock, bursts
from sbp_brian.errors import CircuitError, ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.records import find
from sbp_brian.models.circuits import SPREAD, Circuit, Timeline, build, culture_sbp, culture_stdp
from sbp_brian.protocols.biology import bi_poo_1998, ltp, stdp_window, tao_2000
from sbp_brian.protocols.biology.experiment import Condition, Experiment
from sbp_brian.protocols.biology.reporting import no_change_tolerance
from tests.helpers.manual import example

LTP, WEAK = {"A": 0 * ms, "B": 10 * ms}, 1 * pA  # at weak synapses LTP has its full size
SHORT = Timeline(baseline=40 * second, reach=20 * ms)
SMALL = {
    "bi-poo-1998": {"seeds": 3, "intervals": (-100, -20, -10, -5, 5, 10, 20, 100), "strengths": (100, 1000)},
    "tao-2000": {"seeds": 3},
}


def saturated(total: float, bound: float = 0.6) -> float:
    """Relative change of an input after a signal of one sign and this size (rate 1.4)."""
    return bound * (1 - np.exp(-1.4 * total))


@pytest.fixture(scope="module")
def cpp():
    """The nine-cell circuit as a compiled program; both protocols use this very one."""
    return Experiment(SPREAD, "cpp")


@pytest.fixture(scope="module")
def recorded(cpp):
    """What most tests look at."""
    window = [
        Condition(f"{dt:+d}", bi_poo_1998.pair(dt * ms), strength=WEAK) for dt in (-100, -20, -10, -5, 5, 20, 100)
    ]
    controls = [replace(c, strength=WEAK) for c in ltp.conditions(10 * ms)]
    return cpp.run(
        [
            *window,
            *controls,
            Condition("pairs", LTP, strength=WEAK, pairs=20),
            Condition("strong", LTP, strength=1000 * pA),
            Condition("nothing", {}),
        ],
        seeds=2,
        seed=5,
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory, cpp):
    """Records of both protocols, small, on the compiled program and on numpy, by target."""
    folder = tmp_path_factory.mktemp("biology")
    return {
        target: {
            name: execute(protocols.get(name), target=target, seed=3, out=folder / target, parameters=small)
            for name, small in SMALL.items()
        }
        for target in ("cpp", "numpy")
    }


# ------------------------------------------------------------------------------------------------------- closed forms
@pytest.mark.parametrize("interval", [-100, -20, -10, -5, 5, 20, 100])
def test_the_window_follows_from_60_pairs(recorded, interval):
    got = recorded.noise_free(f"{interval:+d}", "A->B")
    assert got == pytest.approx(np.full(2, stdp_window.window(interval)), abs=1e-6)


def test_the_spread_of_ltp_has_its_closed_form(recorded):
    induced = 0.777 * np.exp(-10 / 16.8)
    # the inducing synapse is not hit a second time by the lateral arm
    assert recorded.noise_free("LTP", "A->B") == pytest.approx([induced] * 2, abs=1e-6)
    for synapse, share in (("I->A", 1), ("J->A", 1), ("A->C", 0.8)):
        expected = saturated(share * induced)
        assert recorded.weights("LTP", synapse)[:, -1] - 1 == pytest.approx([expected] * 2, abs=1e-4)
        assert recorded.noise_free("LTP", synapse) == pytest.approx([expected] * 2, abs=2e-3)


def test_the_spread_of_ltd_has_its_closed_form(recorded):
    induced = 0.273 * np.exp(-10 / 33.7)
    assert recorded.noise_free("-10", "A->B") == pytest.approx([-induced] * 2, abs=1e-6)
    for synapse, share in (("I->A", 1), ("J->A", 1), ("A->C", 0.5), ("D->B", 0.5)):
        assert recorded.noise_free("-10", synapse) == pytest.approx([-saturated(share * induced, 0.5)] * 2, abs=2e-3)
    for synapse in ("A->G", "B->E", "H->I"):
        assert not recorded.noise_free("-10", synapse).any()


def test_back_propagation_takes_the_time_of_transport_and_pool(recorded):
    """10, 50 and 90 % of the final change 1.7, 3.8 and 8.5 min after pairing, as an independent simulation gave."""
    after = recorded.minutes >= 0
    course = recorded.weights("LTP", "I->A")[0, after] - 1
    times = np.interp(np.array([0.1, 0.5, 0.9]) * course[-1], course, recorded.minutes[after])
    assert times == pytest.approx([1.7, 3.8, 8.5], abs=0.25)


def test_fewer_pairings_change_less(recorded):
    assert recorded.noise_free("pairs", "A->B") == pytest.approx([0.777 * np.exp(-10 / 16.8) / 3] * 2, abs=1e-6)
    assert (recorded.spikes("pairs", "A") == 20).all()


def test_strong_synapses_show_no_ltp(recorded):
    expected = [0.777 * np.exp(-10 / 16.8) / (1 + (s / (500 * pA)) ** 4) for s in recorded.strength("strong", "A->B")]
    assert recorded.noise_free("strong", "A->B") == pytest.approx(expected, abs=1e-6)
    assert max(expected) < 0.1


# ----------------------------------------------------------------------------------------------------------- controls
def test_only_the_cells_that_are_stimulated_fire(recorded):
    fired = {cell: recorded.spikes("LTP", cell)[0] for cell in SPREAD.cells}
    assert fired == {cell: 60 if cell in "AB" else 0 for cell in SPREAD.cells}
    assert not recorded.spikes("no postsynaptic spikes", "B").any()


@pytest.mark.parametrize(
    "condition", ["nothing", "NMDA receptors blocked", "no postsynaptic spikes", "pairing with a GABAergic target"]
)
def test_nothing_moves_without_induction(recorded, condition):
    for synapse in SPREAD.synapses:
        assert not recorded.noise_free(condition, synapse).any()


def test_a_blocked_signal_leaves_the_induction_alone(recorded):
    blocked, open_ = (recorded.weights(name, "A->B") for name in ("retrograde signal blocked", "LTP"))
    assert blocked == pytest.approx(open_, abs=1e-7)  # strengths at the start differ between conditions
    for synapse in SPREAD.synapses[1:]:
        assert not recorded.noise_free("retrograde signal blocked", synapse).any()


def test_no_change_where_the_paper_reports_none(recorded):
    for synapse, (_, pattern) in tao_2000.MATRIX.items():
        assert recorded.noise_free("LTP", synapse).any() == (pattern == "up")


# --------------------------------------------------------------------------------------------------------- the tables
@pytest.mark.parametrize("name", SMALL)
def test_targets_give_the_same_table(records, name):
    cpp, numpy = (records[target][name] for target in ("cpp", "numpy"))
    assert [row["name"] for row in cpp.metrics] == [row["name"] for row in numpy.metrics]
    for ours, theirs in zip(cpp.metrics, numpy.metrics, strict=True):
        assert ours["value"] == pytest.approx(theirs["value"], abs=1e-9)
        assert ours["verdict"] == theirs["verdict"]


@pytest.mark.slow
def test_cython_gives_the_same_table(records, tmp_path):
    for name, small in SMALL.items():
        record = execute(protocols.get(name), target="cython", seed=3, out=tmp_path, parameters=small)
        expected = [row["value"] for row in records["cpp"][name].metrics]
        assert [row["value"] for row in record.metrics] == pytest.approx(expected, abs=1e-9)


def test_the_matrix_has_8_of_8_signs(records):
    record = records["cpp"]["tao-2000"]
    assert record.metric("signs_agreeing")["value"] == 8
    assert not [row for row in record.metrics if row["verdict"] == "outside"]
    assert record.metric("I->A")["verdict"] == "pattern only"  # the paper's percentage is not known
    assert record.metric("A->B")["verdict"] == "within"
    assert any("Built in" in note for note in record.notes)


def test_numbers_that_nobody_verified_are_not_given_as_the_papers(records):
    for name in SMALL:
        for row in records["cpp"][name].metrics:
            assert not isinstance(row["paper_value"], float)
            assert row["paper_value"] is None or row["provenance"].startswith("read")


def test_a_full_protocol_recovers_the_window(tmp_path, cpp):
    record = execute(protocols.get("bi-poo-1998"), size="quick", out=tmp_path, seed=1)
    assert not [row["name"] for row in record.metrics if row["verdict"] == "outside"]
    assert record.metric("LTP per tenfold strength")["value"] < -10
    low, high = record.array("fit_plus")[1:, 1]
    assert 14 < low < record.metric("tau_plus")["value"] < high < 20


def test_the_same_seed_gives_the_same_and_another_seed_another(cpp):
    first, again, other = (
        cpp.run([Condition("LTP", LTP)], seeds=2, seed=seed).change("LTP", "A->B") for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.isclose(first, other).any()


def test_noise_and_strengths_vary_as_said(cpp):
    recordings = cpp.run([Condition("nothing", {})], seeds=90, seed=2)
    strengths = np.concatenate([recordings.strength("nothing", s) / pA for s in SPREAD.synapses])
    assert strengths.mean() == pytest.approx(100, rel=0.05)
    assert strengths.std() / strengths.mean() == pytest.approx(0.3, abs=0.03)
    assert recordings.course("nothing", "A->B").std() == pytest.approx(0.15, abs=0.01)


def test_halving_both_time_steps_changes_nothing_that_is_reported():
    coarse, fine = (
        Experiment(SPREAD, "numpy", replace(SHORT, step=step), culture_sbp(tick=tick), copies=2).run(
            [Condition("LTP", LTP, strength=WEAK), Condition("LTD", bi_poo_1998.pair(-10 * ms))], seeds=1
        )
        for step, tick in ((0.5 * ms, 1 * second), (0.25 * ms, 0.5 * second))
    )
    for condition in ("LTP", "LTD"):
        for synapse in SPREAD.synapses:
            assert coarse.noise_free(condition, synapse) == pytest.approx(fine.noise_free(condition, synapse), abs=2e-3)


def test_what_counts_as_no_change():
    noisy = np.array([0.05, -0.03, 0.02, -0.06, 0.04])
    assert no_change_tolerance(noisy, np.zeros(5), 1) > 0.02
    assert no_change_tolerance(noisy, np.zeros(5), 10) > no_change_tolerance(noisy, np.zeros(5), 1)
    assert no_change_tolerance(noisy / 100, np.zeros(5), 1) == 0.02
    assert no_change_tolerance(noisy, np.full(5, 0.03), 10) == 0.02  # noise excuses no change of the synapse itself


def test_the_fit_of_one_side():
    intervals = np.repeat([5.0, 10, 20, 40, 80], 20)
    noise = np.random.default_rng(0).normal(0, 0.02, intervals.size)
    fit = stdp_window.fit_side(-intervals, -0.3 * np.exp(-intervals / 30) + noise, "-")
    assert (fit["low"] < [-0.3, 30]).all()
    assert (fit["high"] > [-0.3, 30]).all()
    assert fit["value"] == pytest.approx([-0.3, 30], rel=0.15)


# ----------------------------------------------------------------------------------------------------------- the clock
def test_bursts_are_fine_where_asked_and_have_no_time_twice():
    times = bursts([1, 2] * second, 2 * ms, 0.5 * ms, also=[0, 1, 3] * second)
    assert np.asarray(times / second) == pytest.approx(
        [0, 1, 1.0005, 1.001, 1.0015, 1.002, 2, 2.0005, 2.001, 2.0015, 2.002, 3]
    )


def test_the_clock_can_be_stored_and_ticks_at_its_times_only(monkeypatch):
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
    clock = EventClock([0, 1, 5] * second, 0.5 * ms, name="few")
    cells = NeuronGroup(1, "ticks : 1\nlast : second", clock=clock, name="counted")
    clock.drive(cells)
    cells.run_on_clock("ticks += 1\nlast = t", clock)
    net = Network(cells)
    net.store()
    for _ in range(2):
        net.restore()
        net.run(10 * second)
        assert (cells.ticks[0], cells.last[0] / second) == (3, 5)
    assert clock.dt == 0.5 * ms


def test_silence_costs_no_steps():
    timeline = Timeline()
    steps = timeline.clock(1 * second).variables["times"].size
    assert steps < 0.01 * float(timeline.duration / timeline.step)


# ----------------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Circuit({"A": "glutamate"}, ()), "'glu' \\(glutamatergic\\) or 'gaba'"),
        (lambda: Circuit({"A": "glu"}, ("A->B",)), "no cell 'B'; it has A"),
        (lambda: Circuit({"A": "glu"}, ("AA",)), "write it as 'A->B'"),
        (lambda: Circuit({"A": "glu", "B": "glu"}, ("A->B", "A->B")), "given twice"),
        (lambda: SPREAD.synapse("A->D"), "no synapse 'A->D'; it has A->B, I->A, J->A, A->C, A->G, D->B, B->E, H->I"),
        (lambda: Condition("x", LTP, nmda=1.5), "nmda = 1.5 is outside \\[0, 1\\]"),
        (lambda: Condition("x", LTP, ltp_signal=-0.1), "ltp_signal = -0.1 is outside"),
        (lambda: Condition("x", LTP, ltd_signal=float("nan")), "outside"),
        (lambda: Condition("x", {"A": 3 * mV}), "no time"),
        (lambda: Condition("x", LTP, strength=Quantity(3)), "not a positive current"),
        (lambda: Timeline(reach=1.5 * second), "longer than the period"),
        (lambda: Timeline(reach=0.6 * second), "do not fit into the period"),
        (lambda: Timeline(pairs=0), "at least one pairing"),
        (lambda: Timeline(after=-1 * second), "not a positive time"),
        (lambda: build(SPREAD, 0), "at least one copy"),
    ],
)
def test_bad_circuits_and_conditions(make, message):
    with pytest.raises(CircuitError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("conditions", "seeds", "message"),
    [
        ([Condition("x", LTP)], 0, "seeds = 0; give at least one"),
        ([], 1, "there are no conditions; give at least one"),
        ([Condition("x", LTP), Condition("x", {})], 1, "two conditions are called 'x'"),
        ([Condition("x", {"A": 0 * ms, "Z": 1 * ms})], 1, "no cell 'Z'; it has H, I, J, A"),
        ([Condition("x", {"A": 0 * ms, "B": 1200 * ms})], 1, "interval 1.2 s is longer than the period 1. s"),
        ([Condition("x", {"A": 0 * ms, "B": 500 * ms})], 1, "Timeline\\(reach=...\\)"),
        ([Condition("x", {"A": 0 * ms, "B": 3.3 * ms})], 1, "no multiple of the 0.5 ms step"),
        ([Condition("x", LTP, pairs=61)], 1, "room for 0 to 60"),
    ],
)
def test_bad_runs_are_refused_before_anything_is_built(conditions, seeds, message):
    experiment = Experiment(SPREAD, "cpp", cache=False)
    with pytest.raises(CircuitError, match=message):
        experiment.run(conditions, seeds=seeds)
    assert experiment.simulation._backend.manifest is None


def test_recordings_name_what_they_have(recorded):
    with pytest.raises(CircuitError, match="no condition 'ltp' was run; there are"):
        recorded.change("ltp", "A->B")
    with pytest.raises(CircuitError, match="no synapse 'B->A'"):
        recorded.change("LTP", "B->A")


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("tao-2000", {"seeds": 0}, "seeds = 0 is out of range"),
        ("tao-2000", {"interval": 1500 * ms}, "longer than the period"),
        ("tao-2000", {"period": "50 ms"}, "do not fit into the period|longer than the period"),
        ("bi-poo-1998", {"intervals": (5, 5, 10, -5, -10, -20)}, "give each once"),
        ("bi-poo-1998", {"intervals": (5, 10, -5, -10, -20)}, "at least 3 intervals"),
        ("bi-poo-1998", {"intervals": "5 mV"}, "wrong unit"),
    ],
)
def test_bad_parameters(tmp_path, name, given, message):
    with pytest.raises((CircuitError, ParameterError), match=message):
        execute(protocols.get(name), out=tmp_path, parameters=given)


# ---------------------------------------------------------------------------------------------- figures and the manual
@pytest.mark.parametrize("name", SMALL)
def test_the_figure_is_drawn_from_the_record_alone(records, tmp_path, name):
    drawing, caption = figures.get(name).make(find(records["cpp"][name].folder))
    texts = [
        text for text in drawing.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text().strip()
    ]
    assert min(text.get_fontsize() for text in texts) >= 7
    assert "n = 3 trials" in caption


def test_the_rule_is_the_librarys_with_gates():
    rule = culture_stdp()
    assert rule.changes_weight("pre")
    assert rule.changes_weight("post")
    assert "nmda_post" in rule.model


def test_the_example_of_the_manual(capsys):
    recordings = example()(target="numpy")
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert recordings.noise_free("Q paired", "S->P").mean() > 0.1
    assert recordings.noise_free("half blocked", "S->P").mean() < 0.7 * recordings.noise_free("Q paired", "S->P").mean()
    assert recordings.noise_free("reversed order", "N->P").mean() < -0.02
