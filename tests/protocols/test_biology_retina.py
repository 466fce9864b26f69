"""Retina and tectum: closed forms, the blockers, latency, spikes to light, the same tables, and bad input."""

import re
from dataclasses import replace

import numpy as np
import pytest
from brian2 import Hz, ms, mV, second, um

from sbp_brian import figures, protocols
from sbp_brian.errors import CircuitError, ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.records import find
from sbp_brian.models.circuits import Timeline
from sbp_brian.models.circuits.retinotectal import RETINOTECTAL, LightPulses, build, tadpole_sbp
from sbp_brian.protocols.biology.du_2009 import BLOCKED, LONG, REACH, noisy_times, treatments
from sbp_brian.protocols.biology.latency import arrived, crossing, mean_latency, time_to
from sbp_brian.protocols.biology.retina import RetinaExperiment, Treatment
from tests.helpers.manual import example

LTP, LTD = {"RGC": 0 * ms, "TC": 10 * ms}, {"RGC": 10 * ms, "TC": 0 * ms}
UP, DOWN = 0.777 * np.exp(-10 / 16.8), -0.273 * np.exp(-10 / 33.7)  # of 60 pairings
AXON = {"length": 700 * um, "velocity": 1 * um / second, "velocity_ltd": 1 * um / second}
SMALL = {"du-poo-2004": {"seeds": 2}, "du-2009": {"seeds": 2, "lengths": (300, 700), "velocities": (0.5, 1.0)}}
PAIRING = Timeline(pairs=100, reach=REACH, after=LONG)
SHORT = LightPulses(baseline=60 * second, puff=60 * second, after=60 * second)


@pytest.fixture(scope="module")
def paired():
    """Pairing in the tectum: everything that the protocol tries, and an axon or two."""
    more = [
        Treatment("short", LTP, **AXON | {"length": 350 * um}),
        Treatment("half", LTP, ltp_signal=0.5),
        Treatment("own carrier", LTD, velocity=2 * um / second, velocity_ltd=0.5 * um / second),
    ]
    return RetinaExperiment("cpp", PAIRING).run([*treatments(**AXON), *more], seeds=2, seed=4)


@pytest.fixture(scope="module")
def lit():
    """BDNF on the tectum, with light."""
    experiment = RetinaExperiment("cpp", LightPulses())
    return experiment.run(
        [
            Treatment("BDNF", bdnf=0.4),
            Treatment("none"),
            Treatment("TrkB", bdnf=0.4, trkb=0.0),
            Treatment("half TrkB", bdnf=0.4, trkb=0.5),
            Treatment("PLC", bdnf=0.4, plc=0.0),
            Treatment("release", bdnf=0.4, release=1.0),
        ],
        seeds=8,
        seed=2,
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory, paired, lit):
    """Records of both protocols, small; the programs are those that the other fixtures built."""
    folder = tmp_path_factory.mktemp("retina")
    return {name: execute(protocols.get(name), seed=3, out=folder, parameters=small) for name, small in SMALL.items()}


def last(recordings, treatment, synapse="BC->RGC"):
    return recordings.weights(treatment, synapse)[:, -1] - 1


# ------------------------------------------------------------------------------------------------- spread, closed form
def test_ltp_and_ltd_spread_by_the_closed_form(paired):
    for kind, local, bound in (("LTP", UP * 100 / 60, 0.6), ("LTD", DOWN * 100 / 60, -0.5)):
        assert last(paired, kind, "RGC->TC") == pytest.approx([local] * 2, abs=1e-6)
        assert last(paired, kind) == pytest.approx([bound * (1 - np.exp(-1.4 * abs(local)))] * 2, abs=1e-5)


def test_each_carrier_has_its_blocker(paired):
    for kind, needed in (("LTP", "BDNF blocked"), ("LTD", "NO blocked")):
        for name in BLOCKED:
            expected = np.zeros(2) if name == needed else last(paired, kind)
            assert last(paired, f"{kind}, {name}") == pytest.approx(expected, abs=1e-9)
    assert last(paired, "half") == pytest.approx([0.6 * (1 - np.exp(-0.7 * UP * 100 / 60))] * 2, abs=1e-5)


@pytest.mark.parametrize("treatment", ["LTP", "LTD"])
def test_what_is_not_involved_stays_put(paired, treatment):
    for synapse in ("BC->RGC2", "AC->RGC", "AC->RGC2", "PR->BC", "RGC2->TC2", "RGC->TG"):
        assert not paired.noise_free(treatment, synapse).any()


@pytest.mark.parametrize(
    "treatment",
    ["LTP, NMDA receptors blocked", "LTD, NMDA receptors blocked", "no tectal spikes", "GABAergic tectal cell"],
)
def test_nothing_moves_without_induction(paired, treatment):
    for synapse in RETINOTECTAL.synapses:
        assert not paired.noise_free(treatment, synapse).any()


def test_only_the_paired_cells_fire(paired):
    fired = {cell: paired.spikes("LTP", cell)[0] for cell in RETINOTECTAL.cells}
    assert fired == {cell: 100 if cell in ("RGC", "TC") else 0 for cell in RETINOTECTAL.cells}


# ------------------------------------------------------------------------------------------------------------- latency
@pytest.mark.parametrize(
    ("treatment", "length", "velocity", "bound", "total"),
    [
        ("LTP", 700, 1, 0.6, UP * 100 / 60),
        ("short", 350, 1, 0.6, UP * 100 / 60),
        ("LTD", 700, 1, -0.5, -DOWN * 100 / 60),
        ("own carrier", 700, 0.5, -0.5, -DOWN * 100 / 60),
    ],
)
def test_latency_has_its_closed_form(paired, treatment, length, velocity, bound, total):
    after = paired.minutes >= 0
    minutes, change = paired.minutes[after], paired.weights(treatment, "BC->RGC")[0, after] - 1
    share = arrived(minutes, length * 1e-6, velocity * 1e-6, 8, 180, 100)
    assert change == pytest.approx(bound * (1 - np.exp(-1.4 * total * share)), abs=3e-3)
    for part in (0.1, 0.5, 0.9):
        expected = time_to(part, total, 1.4, share, minutes)
        assert crossing(minutes, change, part) == pytest.approx(expected, abs=0.15)
    # emission around 50 s before the end of pairing, transport L/v, the pool at the soma
    assert mean_latency(minutes, change, bound) == pytest.approx((length / velocity + 180 - 50) / 60, abs=0.06)


def test_the_times_of_an_independent_simulation():
    """60 pairings, 700 um at 1 um/s: 10, 50 and 90 % 7.7, 12.6 and 19.8 min after pairing (LTP)."""
    minutes = np.arange(0, 200, 0.05)
    share = arrived(minutes, 700e-6, 1e-6, 8, 180, 60)
    assert [time_to(part, UP, 1.4, share, minutes) for part in (0.1, 0.5, 0.9)] == pytest.approx(
        [7.7, 12.6, 19.8], abs=0.1
    )


def test_times_are_read_off_noisy_courses_without_bias():
    minutes = np.arange(0, 240, 1 / 3)
    change = 0.38 * arrived(minutes, 1000e-6, 0.2e-6, 8, 180, 100)
    times = noisy_times(minutes, change, 200, 0)
    assert times.mean() == pytest.approx(crossing(minutes, change, 0.5), abs=2)
    assert times.std() < 10


def test_crossing():
    minutes = np.arange(5.0)
    assert crossing(minutes, np.array([0, 0, 1, 2, 2.0]), 0.25) == pytest.approx(1.5)
    assert crossing(minutes, -np.array([0, 0, 1, 2, 2.0]), 0.5) == pytest.approx(2)
    assert np.isnan(crossing(minutes, np.zeros(5), 0.5))
    assert np.isnan(crossing(minutes, np.arange(5.0), 0.5, 100.0))


# ------------------------------------------------------------------------------------------------- BDNF, light, pairs
def test_bdnf_raises_excitatory_inputs_and_nothing_else(lit):
    assert last(lit, "BDNF", "RGC->TC") == pytest.approx([0.4] * 8, abs=1e-9)
    assert last(lit, "BDNF") == pytest.approx([0.6 * (1 - np.exp(-1.4 * 0.4))] * 8, abs=1e-4)
    for synapse in ("AC->RGC", "PR->BC", "BC->RGC2", "RGC2->TC2", "RGC->TG"):
        assert not lit.noise_free("BDNF", synapse).any()
    assert not lit.noise_free("none", "RGC->TC").any()


def test_trkb_and_plc_are_needed(lit):
    for treatment in ("TrkB", "PLC", "none"):
        assert not lit.noise_free(treatment, "BC->RGC").any()
    assert not lit.noise_free("TrkB", "RGC->TC").any()
    assert last(lit, "half TrkB") == pytest.approx([0.6 * (1 - np.exp(-1.4 * 0.2))] * 8, abs=1e-4)


def test_the_ganglion_cell_fires_more_to_light_and_no_tectal_cell_fires(lit):
    assert lit.evoked_spikes("none").mean() > 3
    assert lit.spike_change("BDNF").mean() > 0.2
    assert abs(lit.spike_change("none").mean()) < 0.15
    assert lit.spike_change("BDNF").mean() > lit.spike_change("release").mean() + 0.1
    for cell in ("PR", "TC", "TC2", "TG"):
        assert not lit.spikes("BDNF", cell).any()
    n = lit.light_minutes.size
    assert lit.spikes("BDNF", "BC")[0] == pytest.approx(25 * n, abs=25)  # 50 per second for half a second


def test_the_paired_pulse_ratio_tells_the_locus(lit):
    (before, late), (still, less) = (lit.paired_pulse(name, "BC->RGC", noisy=False) for name in ("BDNF", "release"))
    rest, interval = 0.25, 1 / (50 * Hz) / (200 * ms)
    assert before == pytest.approx(1 - rest * np.exp(-interval), abs=1e-6)
    assert late == pytest.approx(before, abs=1e-3)
    assert still == pytest.approx(before)
    share = 0.25 * (1 + lit.weights("release", "BC->RGC")[:, -1] - 1)
    assert less == pytest.approx(1 - share * np.exp(-interval), abs=2e-3)


# --------------------------------------------------------------------------------------------------------- the tables
def test_no_verdict_is_outside(records):
    for record in records.values():
        assert not [
            row["name"]
            for row in record.metrics
            if row["verdict"] == "outside" and not row["name"].startswith("spikes")
        ]  # two trials are few for spikes
        assert any("Built in" in note for note in record.notes)
        assert any("assumption" in note for note in record.notes)


def test_a_quick_run_of_each_has_no_verdict_outside(tmp_path, paired, lit):
    for name in SMALL:
        record = execute(protocols.get(name), size="quick", out=tmp_path, seed=1)
        assert not [row["name"] for row in record.metrics if row["verdict"] == "outside"]
        assert record.metric("BC->RGC" if "2004" in name else "BC->RGC, LTP")["verdict"] == "within"


def test_numbers_that_nobody_verified_are_not_given_as_the_papers(records):
    for record in records.values():
        for row in record.metrics:
            assert row["paper_value"] in (None, "not known") or row["provenance"].startswith("read")


def test_numpy_and_cpp_give_the_same_courses():
    tried = [Treatment("LTP", LTP), Treatment("LTD", LTD, ltd_signal=0.5)]
    cpp, numpy = (
        RetinaExperiment(target, PAIRING, copies=copies).run(tried, seeds=2, after=1800 * second)
        for target, copies in (("cpp", 80), ("numpy", 4))
    )
    for treatment in tried:
        for synapse in RETINOTECTAL.synapses:
            assert cpp.course(treatment.name, synapse) == pytest.approx(numpy.course(treatment.name, synapse), abs=1e-9)


def test_numpy_and_cpp_give_the_same_light_responses():
    tried = [Treatment("BDNF", bdnf=0.4), Treatment("release", bdnf=0.4, release=1.0)]
    cpp, numpy = (
        RetinaExperiment(target, LightPulses(), copies=copies).run(tried, seeds=2, after=60 * second)
        for target, copies in (("cpp", 80), ("numpy", 4))
    )
    for name in ("BDNF", "release"):
        assert cpp.evoked_spikes(name).sum() > 100
        assert cpp.evoked_spikes(name) == pytest.approx(numpy.evoked_spikes(name))
        for synapse in RETINOTECTAL.synapses:
            assert cpp.course(name, synapse) == pytest.approx(numpy.course(name, synapse), abs=1e-9)
    assert cpp._pairs == pytest.approx(numpy._pairs, abs=1e-9)


@pytest.mark.slow
def test_other_targets_give_the_same_tables(records, tmp_path):
    for target in ("cython", "numpy"):
        for name in SMALL:
            record = execute(protocols.get(name), target=target, seed=3, out=tmp_path, parameters=SMALL[name])
            expected = [row["value"] for row in records[name].metrics]
            assert [row["value"] for row in record.metrics] == pytest.approx(expected, abs=1e-9)


def test_halving_both_time_steps_changes_no_current_and_no_latency():
    line = Timeline(baseline=40 * second, pairs=20, reach=20 * ms, after=2100 * second)
    coarse, fine = (
        RetinaExperiment("numpy", replace(line, step=step), tadpole_sbp(tick=tick), copies=2).run(
            [Treatment("LTP", LTP), Treatment("LTD", LTD)], seeds=1
        )
        for step, tick in ((0.5 * ms, 1 * second), (0.25 * ms, 0.5 * second))
    )
    for kind in ("LTP", "LTD"):
        for synapse in RETINOTECTAL.synapses:
            assert coarse.noise_free(kind, synapse) == pytest.approx(fine.noise_free(kind, synapse), abs=2e-3)
    times = [crossing(r.minutes, r.weights("LTP", "BC->RGC")[0] - 1, 0.5) for r in (coarse, fine)]
    assert times[0] == pytest.approx(times[1], abs=5 / 60)


def test_spike_counts_do_not_hang_on_the_step():
    counts = [
        RetinaExperiment("numpy", replace(SHORT, step=step), copies=20)
        .run([Treatment("none")], seeds=20)
        .evoked_spikes("none")
        for step in (0.5 * ms, 0.25 * ms)
    ]
    assert counts[0].mean() == pytest.approx(counts[1].mean(), rel=2e-3)


@pytest.mark.parametrize("name", SMALL)
def test_the_figure_is_drawn_from_the_record_alone(records, name):
    drawing, caption = figures.get(name).make(find(records[name].folder))
    texts = [
        text for text in drawing.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text().strip()
    ]
    assert min(text.get_fontsize() for text in texts) >= 7
    assert "n = 2 trials" in caption
    assert "assumptions" in caption


def test_the_example_of_the_manual(capsys):
    example("## From tectum to retina")(target="numpy")
    short, long = (int(re.search(r"um (\d+) min", line)[1]) for line in capsys.readouterr().out.splitlines())
    assert long - short == pytest.approx(400 / 60, abs=1.1)


# ------------------------------------------------------------------------------------------------------------ bad input
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Treatment("x", trkb=1.5), "trkb = 1.5 is outside \\[0, 1\\]; 0 is a full block"),
        (lambda: Treatment("x", plc=-0.1), "plc = -0.1 is outside"),
        (lambda: Treatment("x", ltd_signal=float("nan")), "outside"),
        (lambda: Treatment("x", release=2), "0 is postsynaptic"),
        (lambda: Treatment("x", bdnf=-1), "no dose"),
        (lambda: Treatment("x", length=-700 * um), "length = .* is not positive"),
        (lambda: Treatment("x", length=700), "length = 700 is not positive; give one such as 700\\*um"),
        (lambda: Treatment("x", velocity=0 * um / second), "velocity = .* is not positive"),
        (lambda: Treatment("x", velocity_ltd=-1 * um / second), "velocity_ltd = .* is not positive"),
        (lambda: Treatment("x", {"TC": 3 * mV}), "no time"),
        (lambda: Treatment("x", {"A": 3 * ms}), "no cell 'A'; it has PR, BC"),
        (lambda: LightPulses(puff=-1 * second), "puff = -1. s is not a positive time"),
        (lambda: LightPulses(baseline=40 * second), "holds no light pulse every 60"),
        (lambda: LightPulses(light=2 * second), "light = 2. s does not fit"),
        (lambda: LightPulses(light_period=30 * second), "no multiple of the test pulses'"),
        (lambda: build(0, SHORT), "at least one copy"),
    ],
)
def test_bad_treatments(make, message):
    with pytest.raises(CircuitError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("timeline", "tried", "seeds", "message"),
    [
        (SHORT, [Treatment("x")], 0, "seeds = 0; give at least one"),
        (SHORT, [], 1, "there are no treatments; give at least one"),
        (SHORT, [Treatment("x"), Treatment("x", bdnf=1)], 1, "two treatments are called 'x'"),
        (SHORT, [Treatment("x", LTP)], 1, "give a Timeline"),
        (Timeline(), [Treatment("x", bdnf=0.4)], 1, "give LightPulses"),
        (Timeline(), [Treatment("x", {"RGC": 0 * ms, "TC": 1200 * ms})], 1, "1.2 s is longer than the period 1. s"),
        (Timeline(), [Treatment("x", {"RGC": 0 * ms, "TC": 500 * ms})], 1, "Timeline\\(reach=...\\)"),
        (Timeline(), [Treatment("x", {"RGC": 0 * ms, "TC": 3.3 * ms})], 1, "no multiple of the 0.5 ms step"),
        (Timeline(), [Treatment("x", LTP, length=5 * um)], 1, "passed too fast for a tick of 1. s; shorten the tick"),
    ],
)
def test_bad_runs_are_refused_before_anything_is_built(timeline, tried, seeds, message):
    experiment = RetinaExperiment("cpp", timeline, cache=False)
    with pytest.raises(CircuitError, match=message):
        experiment.run(tried, seeds=seeds)
    assert experiment.simulation._backend.manifest is None


def test_recordings_name_what_they_have(paired):
    with pytest.raises(CircuitError, match="no synapse 'BC->TC'; it has RGC->TC, BC->RGC"):
        paired.change("LTP", "BC->TC")
    with pytest.raises(CircuitError, match="no condition 'ltp'"):
        paired.change("ltp", "BC->RGC")


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("du-2009", {"seeds": 0}, "seeds = 0 is out of range"),
        ("du-2009", {"length": -700}, "length = -700.* is out of range"),
        ("du-2009", {"velocity": 0}, "velocity = 0.* is out of range"),
        ("du-2009", {"lengths": (300, 300)}, "lengths: give each once"),
        ("du-2009", {"period": "30 ms"}, "do not fit into the period|longer than the period"),
        ("du-poo-2004", {"puff": "5 mV"}, "wrong unit"),
        ("du-poo-2004", {"seeds": 0}, "out of range"),
    ],
)
def test_bad_parameters(tmp_path, name, given, message):
    with pytest.raises((CircuitError, ParameterError), match=message):
        execute(protocols.get(name), out=tmp_path, parameters=given)
