"""Trains, scaling, predictions and the summary: closed forms, controls, the same tables on the targets, bad input."""

import functools

import numpy as np
import pytest
from brian2 import Hz, amp, ms, second, um

from sbp_brian import figures, protocols
from sbp_brian.errors import CircuitError, ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.records import find
from sbp_brian.models.circuits import Timeline, culture_sbp, pulse_trains, scaling_culture
from sbp_brian.protocols.biology import closed_forms, predictions, tsodyks_1998, turrigiano_1998
from sbp_brian.protocols.biology.experiment import Condition, Experiment
from sbp_brian.report import page
from sbp_brian.targets import Simulation

SMALL = {"tsodyks-1998": {"seeds": 10}, "turrigiano-1998": {"seeds": 10, "inputs": 100}}
FEW = {
    "seeds": 2,
    "numbers": (5, 60),
    "alternating": 40,
    "intervals": (-40, -20, -10, 10, 20, 40),
    "lengths": (100, 300),
    "step": 2.5,
}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Records of the two local protocols on the compiled program and on numpy, by target."""
    folder = tmp_path_factory.mktemp("local")
    return {
        target: {
            name: execute(protocols.get(name), target=target, seed=3, out=folder / target, parameters=small)
            for name, small in SMALL.items()
        }
        for target in ("cpp", "numpy")
    }


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    """The predictions, small, on numpy."""
    return execute(
        protocols.get("sbp-predictions"),
        target="numpy",
        seed=5,
        out=tmp_path_factory.mktemp("predicted"),
        parameters=FEW,
    )


@pytest.fixture(scope="module")
def trains():
    """Trains of three rates on both connections, on numpy."""
    simulation = Simulation(
        functools.partial(pulse_trains.build, (5.0, 20.0, 70.0), 1, 2 * ms), pulse_trains.RECOVERED + 1 * ms, "numpy"
    )
    return simulation.run(seed=0)


# ------------------------------------------------------------------------------------------------------------- trains
@pytest.mark.parametrize("connection", pulse_trains.CONNECTIONS)
@pytest.mark.parametrize("rate", [5.0, 20.0, 70.0])
def test_each_pulse_follows_the_recursion(trains, connection, rate):
    epsc = np.asarray(trains[f"{connection}_epsc.epsc"])[[5.0, 20.0, 70.0].index(rate)]
    epsc = epsc[epsc > 0][:-1] / float(pulse_trains.CONNECTIONS[connection][1])  # the last one tests recovery
    assert epsc.size == 5 * rate
    assert epsc == pytest.approx(tsodyks_1998.released(connection, rate, epsc.size), rel=1e-6)


def test_known_values_of_the_depressing_connection():
    assert float(tsodyks_1998.stationary("depressing", 20)) == pytest.approx(0.114, abs=5e-4)
    first, second_one = tsodyks_1998.released("depressing", 20, 2)
    assert second_one / first == pytest.approx(0.530, abs=5e-4)


@pytest.mark.parametrize("connection", pulse_trains.CONNECTIONS)
@pytest.mark.parametrize("rate", [2.0, 20.0, 100.0])
def test_the_recursion_settles_at_the_closed_form(connection, rate):
    settled = tsodyks_1998.released(connection, rate, 2000)
    assert settled[-1] / settled[0] == pytest.approx(float(tsodyks_1998.stationary(connection, rate)), rel=1e-9)


def test_at_70_hz_facilitation_peaks_and_declines(trains):
    epsc = np.asarray(trains["facilitating_epsc.epsc"])[2]
    epsc = epsc[epsc > 0][:-1]
    assert epsc[1] > epsc[0]
    assert 1 < epsc.argmax() < 20
    assert epsc[-1] < 0.9 * epsc.max()


def test_the_membrane_is_the_sum_of_the_responses(trains):
    """Against the convolution of the EPSCs with the exact response of the membrane."""
    seconds, v = np.asarray(trains["depressing_traces.t"]), np.asarray(trains["depressing_traces.v"])[1]
    early = seconds < 0.5
    epsc = 250e-12 * tsodyks_1998.released("depressing", 20.0, 10)
    since = seconds[early, np.newaxis] - np.arange(10) / 20
    tau_m, tau_s = 0.04, 0.003
    shape = 1e8 * tau_s / (tau_s - tau_m) * (np.exp(-since / tau_s) - np.exp(-since / tau_m))
    assert v[early] == pytest.approx((np.where(since > 1e-9, shape, 0) * epsc).sum(1), abs=1e-9)


@pytest.mark.parametrize(
    ("rates", "copies", "message"),
    [
        ((20.0, 20.0), 1, "each once"),
        ((-1.0,), 1, "positive rates"),
        ((), 1, "positive rates"),
        ((20.0,), 0, "one copy"),
    ],
)
def test_bad_trains(rates, copies, message):
    with pytest.raises(ValueError, match=message):
        pulse_trains.build(rates, copies, 1 * ms)


# ------------------------------------------------------------------------------------------------------------- scaling
@pytest.mark.parametrize("activity", [0.0, 0.5, 1.0, 2.0])
def test_scaling_follows_its_closed_form(records, activity):
    record = records["cpp"]["turrigiano-1998"]
    k = list(turrigiano_1998.CONDITIONS.values()).index(activity)
    hours, factor = record.array("hours"), record.array("noise_free")[k]
    assert factor[:, hours <= 0] == pytest.approx(1, abs=1e-9)
    expected = turrigiano_1998.expected(activity, np.clip(hours, 0, None) / 72)
    assert factor == pytest.approx(np.broadcast_to(expected, factor.shape), abs=2e-3)


def test_every_weight_is_scaled_by_the_same_factor():
    make = functools.partial(
        scaling_culture.build, 1, 5, 6 * scaling_culture.HOUR, 1e5 * second, 600 * second, 3600 * second
    )
    start = np.array([1, 2, 3, 5, 8]) * 1e-11
    result = Simulation(make, 12 * scaling_culture.HOUR + 1 * second, "numpy").run(
        values={"synapses.w": start * amp, "cells.total_start": start.sum() * amp, "cells.activity": 0.0}, seed=0
    )
    w = np.asarray(result["sizes.w"])
    assert w[:, -1] / start == pytest.approx(np.exp(6 * 3600 / 1e5), rel=1e-9)
    trains = np.asarray(result["trains.epsc"]).reshape(5, 2, -1)
    assert trains.shape == (5, 2, scaling_culture.PULSES)
    assert trains[:, 1] / trains[:, 1, :1] == pytest.approx(trains[:, 0] / trains[:, 0, :1], rel=1e-9)
    assert trains[0, 0, 1] / trains[0, 0, 0] == pytest.approx(1 - 0.5 * np.exp(-50 / 800), rel=1e-9)


def test_ranked_lines_tell_multiplying_from_adding():
    before = np.random.default_rng(0).lognormal(3, 0.3, 400)
    scaled, shifted = (turrigiano_1998.ranked_line(before, after) for after in (1.9 * before, before + 15))
    assert scaled["slope"] == pytest.approx(1.9)
    assert scaled["r_squared"] == pytest.approx(1)
    assert scaled["intercept"] == pytest.approx(0, abs=1e-9)
    assert shifted["r_squared"] < 0.9
    assert shifted["intercept"] > 0.3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cells": 0}, "at least one cell"),
        ({"inputs": 1}, "two inputs"),
        ({"tick": 7000 * second}, "no multiple of tick"),
        ({"sample": 5000 * second}, "no multiple of sample"),
    ],
)
def test_bad_cultures(given, message):
    usual = {
        "cells": 1,
        "inputs": 5,
        "exposure": 12 * scaling_culture.HOUR,
        "tau": 1e5 * second,
        "tick": 600 * second,
        "sample": 3600 * second,
    }
    with pytest.raises(ValueError, match=message) as caught:
        scaling_culture.build(**(usual | given))
    assert "\n" not in str(caught.value)


# ----------------------------------------------------------------------------------------------------------- the tables
@pytest.mark.parametrize("name", SMALL)
def test_targets_give_the_same_table(records, name):
    cpp, numpy = (records[target][name].metrics for target in ("cpp", "numpy"))
    assert [row["name"] for row in cpp] == [row["name"] for row in numpy]
    assert [row["value"] for row in cpp] == pytest.approx([row["value"] for row in numpy], abs=1e-9)
    assert [row["verdict"] for row in cpp] == [row["verdict"] for row in numpy]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SMALL, "sbp-predictions"])
def test_the_other_targets_give_the_same_table(records, predicted, tmp_path, name):
    small = SMALL.get(name, FEW)
    expected = predicted if name not in SMALL else records["cpp"][name]
    for target in ("cython", "cpp"):
        record = execute(protocols.get(name), target=target, seed=expected.seed, out=tmp_path, parameters=small)
        # fitted time constants multiply rounding
        assert [row["value"] for row in record.metrics] == pytest.approx(
            [row["value"] for row in expected.metrics], rel=1e-6, abs=1e-9
        )


@pytest.mark.parametrize("name", SMALL)
def test_everything_lies_in_its_band(records, name):
    record = records["cpp"][name]
    assert not [row["name"] for row in record.metrics if row["verdict"] == "outside"]
    assert any("Built in" in note for note in record.notes)
    for row in record.metrics:
        assert isinstance(row["paper_value"], str | None)
        assert row["paper_value"] is None or row["provenance"].startswith("read")


@pytest.mark.parametrize(("name", "finer"), [("tsodyks-1998", {"step": 0.5}), ("turrigiano-1998", {"tick": 300})])
def test_halving_the_time_step_changes_no_entry(records, tmp_path, name, finer):
    fine = execute(protocols.get(name), target="numpy", seed=3, out=tmp_path, parameters=SMALL[name] | finer)
    for one, other in zip(records["numpy"][name].metrics, fine.metrics, strict=True):
        assert one["value"] == pytest.approx(other["value"], abs=2e-3), one["name"]


# --------------------------------------------------------------------------------------------------------- predictions
def test_closed_forms_agree_with_each_other():
    seconds = np.arange(0, 20000.0, 5.0)
    up = [(k, 0.4 / 60) for k in range(60)]
    course = closed_forms.course(seconds, up)
    assert course[-1] == pytest.approx(float(closed_forms.one_sign(0.4)), rel=1e-6)
    assert (np.diff(course) >= 0).all()
    both = closed_forms.course(seconds, up, up)[-1]
    assert both == pytest.approx(closed_forms.both_signs(0.4, 0.4), rel=1e-6)
    down = closed_forms.course(seconds, (), [(0, 0.2)])[-1]
    assert down == pytest.approx(float(closed_forms.one_sign(-0.2)), rel=1e-6)
    # the mean time of arrival: transport and pool
    arrived = closed_forms._arrived(seconds, culture_sbp().transport, 300 * um)
    assert np.trapezoid(1 - arrived, seconds) == pytest.approx(300 + 180, abs=2)


def test_the_network_follows_the_closed_forms(predicted):
    """Without EPSC noise, so closely; strong synapses show a little less LTP."""
    compared = 0
    for table in predicted.tables:
        assert table["columns"] == list(predictions.COLUMNS)
        for row in table["rows"]:
            name, quiet, closed = row[0], row[4], row[5]
            if quiet is not None:
                assert quiet == pytest.approx(closed, abs=0.01), name
                compared += 1
    assert compared > 40


def test_halving_both_time_steps_changes_no_prediction(predicted, tmp_path):
    fine = execute(
        protocols.get("sbp-predictions"),
        target="numpy",
        seed=5,
        out=tmp_path,
        parameters=FEW | {"step": 1.25, "tick": 0.5},
    )
    for coarse, other in zip(predicted.tables, fine.tables, strict=True):
        for one, two in zip(coarse["rows"], other["rows"], strict=True):
            if one[4] is not None:
                assert one[4] == pytest.approx(two[4], abs=2e-3), one[0]


def test_blocking_one_signal_uncovers_what_cancels(predicted):
    value = {row[0]: row[4] for table in predicted.tables for row in table["rows"]}
    assert abs(value["A->B, alternating"]) < 0.005
    assert abs(value["I->A, alternating"]) < 0.02
    assert value["I->A, alternating, LTD signal blocked"] > 0.05
    assert value["I->A, alternating, LTP signal blocked"] < -0.04
    assert value["I->A, LTD first"] > value["I->A, LTP first"]


def test_tags_must_last_as_long_as_the_signal_travels(predicted):
    rows = {row[0]: row for table in predicted.tables for row in table["rows"] if row[0].startswith("tag that leaves")}
    assert len(rows) == 4
    half_a_tick = 5 / 60
    for name, row in rows.items():
        assert row[1] == pytest.approx(row[5] + half_a_tick, abs=0.05), name
    slowest, fastest = (rows[f"tag that leaves half of the spread, carrier of {v} um/s"][1] for v in ("0.2", "2"))
    assert slowest > 700 / 0.2 / 60 > fastest > 700 / 2 / 60


def test_an_input_changes_at_the_paired_cell_only(predicted):
    value = {row[0]: row[4] for table in predicted.tables for row in table["rows"]}
    assert value["I->K, A paired"] == value["J->K, A paired"] == 0
    assert value["I->A, A and K paired oppositely"] > 0.2
    assert value["I->K, A and K paired oppositely"] < -0.1
    assert value["H->I, +10 ms, one step further back"] == 0


def test_longer_axons_answer_later(predicted):
    latency = predicted.array("latency").mean(1)
    assert (np.diff(latency, axis=0) > 0).all()
    assert predicted.metric("t50 per mm of axon")["verdict"] == "within"


# ----------------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Condition("x", {"A": 0 * ms}, length=-5 * um), "not a positive length"),
        (lambda: Condition("x", {"A": 0 * ms}, length=5 * ms), "not a positive length"),
        (lambda: Condition("x", {"A": 0 * ms, "B": 5 * ms}, turned={"A": 0 * ms}), "name the same cells in both"),
        (lambda: Condition("x", {"A": 0 * ms}, turned={"A": 3 * um}), "no time"),
        (lambda: Condition("x", {"A": 0 * ms}, block=0), "block = 0"),
        (
            lambda: Experiment(predictions.SHARED, cache=False).run([Condition("x", {"A": 0 * ms}, length=2 * um)]),
            "give a longer axon",
        ),
        (
            lambda: Experiment(predictions.SHARED, timeline=Timeline(), cache=False).run(
                [Condition("x", {"A": 0 * ms, "B": 5 * ms}, turned={"A": 0 * ms, "B": -0.3 * ms})]
            ),
            "no multiple",
        ),
    ],
)
def test_bad_conditions(make, message):
    with pytest.raises(CircuitError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("tsodyks-1998", {"seeds": 0}, "seeds = 0 is out of range"),
        ("tsodyks-1998", {"rates": "20,20"}, "each once"),
        ("tsodyks-1998", {"rates": (20.0, 70.0)}, "rates must hold"),
        ("tsodyks-1998", {"rates": 20 * um}, "not measured in Hz|wrong unit"),
        ("tsodyks-1998", {"rates": [20, 20] * Hz}, "each once"),
        ("turrigiano-1998", {"seeds": 0}, "seeds = 0 is out of range"),
        ("turrigiano-1998", {"tau": "3 ms"}, "out of range"),
        ("sbp-predictions", {"lengths": "-5 um,100 um"}, "out of range"),
        ("sbp-predictions", {"lengths": "100"}, "at least two lengths"),
        ("sbp-predictions", {"numbers": (5, 5)}, "each once"),
        ("sbp-predictions", {"intervals": "5,10,20"}, "at least 3 of each sign"),
        ("sbp-predictions", {"alternating": 3}, "even number"),
        ("sbp-predictions", {"velocities": (1.0, 1.0)}, "velocities: give each once"),
    ],
)
def test_bad_parameters(tmp_path, name, given, message):
    with pytest.raises((ParameterError, ValueError), match=message) as caught:
        execute(protocols.get(name), out=tmp_path, parameters=given)
    assert "\n" not in str(caught.value)


# -------------------------------------------------------------------------------------------------------------- figures
def texts(drawing):
    return [text for text in drawing.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text().strip()]


@pytest.mark.parametrize("name", ["tsodyks-1998", "turrigiano-1998", "sbp-predictions"])
def test_figures_are_drawn_from_the_record_alone(records, predicted, name):
    record = predicted if name == "sbp-predictions" else records["cpp"][name]
    for figure in protocols.get(name).figures:
        drawing, caption = figures.get(figure).make(find(record.folder))
        assert min(text.get_fontsize() for text in texts(drawing)) >= 7
        assert f"n = {record.parameters['seeds']['value']} " in caption


def test_the_summary_shows_what_there_is_and_what_is_missing(records):
    summary = figures.get("biology-summary")
    some = list(records["cpp"].values())
    assert summary.missing([]) != []
    assert summary.missing(some) == []
    drawing, caption = summary.make(some)
    words = [text.get_text() for text in texts(drawing)]
    factor = next(word for word in words if word.startswith("Turrigiano 1998: 48 h of blocked activity: factor: "))
    told = records["cpp"]["turrigiano-1998"].metric("factor_activity_blocked")["value"]
    assert factor.endswith(f"{told:.3g}")
    assert "not run" not in words
    assert all(ax.has_data() and ax.get_xticks().size for ax in drawing.axes)
    assert min(text.get_fontsize() for text in texts(drawing)) >= 7
    assert "Not run: fitzsimonds-1997, tao-2000" in caption


def test_the_report_has_a_chapter_of_biology(records):
    shown = page.Shown(protocols.entries(), [figures.get(name) for name in figures.names()])
    html = page.render(list(records["cpp"].values()), shown)
    assert html.index('<h2 id="biology">') < html.index('class="experiment"') < html.index('<h2 id="not-run">')
    folded = html[html.index('<h2 id="not-run">') :]
    assert all(name in folded for name in ("sbp-predictions", "tao-2000", "biology-summary"))
