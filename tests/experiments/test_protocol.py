"""The contract between experiments and commands: parameters, metrics, verdicts, the list of protocols."""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from brian2 import Hz, metre, ms, mV, second, um
from hypothesis import given
from hypothesis import strategies as st

from sbp_brian import figures, protocols, stopwatch
from sbp_brian.errors import ParameterError, RecordError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.parameters import parse_unit
from sbp_brian.experiments.protocol import Above, Below, Context, ModelParameters, Parameter, Protocol, Source
from sbp_brian.experiments.records import VERDICTS
from sbp_brian.report.text import cells, timing
from sbp_brian.targets import Simulation
from tests.helpers.targets_network import DURATION, make

DEMO = str(Path(__file__).parents[1] / "helpers" / "demo_experiment.py")
DECLARED = {
    "pairs": Parameter(60, minimum=1),
    "delay": Parameter(10.0, unit="ms"),
    "share": Parameter(0.5, minimum=0, maximum=1),
    "speed": Parameter(1.0, unit="um/s"),
    "arm": Parameter("frozen", choices=("frozen", "weighted")),
    "on": Parameter(True),
    "lengths": Parameter((1.0, 2.0), unit="um"),
}


def protocol(**kwds):
    return Protocol("demo", "Demo", Source("x"), DECLARED, kwds.pop("run", lambda context: None), **kwds)


@pytest.fixture
def context(tmp_path):
    return Context(protocol().resolve(), "numpy", 0, tmp_path)


@pytest.mark.parametrize("text", ["20", "20ms", "20 ms", "0.02 s", "0.02second", "2e1 ms", "20000 us"])
def test_values_with_units_are_understood(text):
    delay = protocol().resolve(delay=text).delay
    assert delay / ms == pytest.approx(20, rel=1e-12)


def test_equal_values_are_one_run_however_they_are_written():
    described = [protocol().resolve(delay=text).described() for text in ("20.1", "20.1 ms", "0.0201 s")]
    assert described[0] == described[1] == described[2]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("um/s", um / second),
        ("mV**2", mV**2),
        ("1/s", Hz),
        ("mV/ms", mV / ms),
        ("min", 60 * second),
        ("m", metre),
        ("um*Hz", um * Hz),
    ],
)
def test_units_are_parsed_without_eval(text, unit):
    assert float(parse_unit(text) / unit) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("delya", "3", r"unknown parameter 'delya'; did you mean 'delay'\?"),
        ("delay", "20 mV", "wrong unit; delay is measured in ms"),
        ("delay", "20 fortnights", "'fortnights' is not a unit"),
        ("delay", "3 __import__('os')", "is not a unit"),
        ("delay", "soon", "is not a number; write e.g. delay=10.0ms"),
        ("delay", "", "is not a number"),
        ("delay", "inf", "not finite"),
        ("share", "nan", "not finite"),
        ("share", "1.5", "between 0 and 1"),
        ("share", "0.5 ms", "has no unit"),
        ("pairs", "0", "at least 1"),
        ("pairs", "2.5", "whole number"),
        ("arm", "weigthed", "did you mean 'weighted'"),
        ("on", "maybe", "neither true nor false"),
        ("lengths", "1,x", "is not a number"),
    ],
)
def test_bad_parameters_are_refused_in_one_line(name, text, message):
    with pytest.raises(ParameterError, match=message) as refused:
        protocol().resolve(**{name: text})
    assert "\n" not in str(refused.value)


def test_layers_and_types():
    p = protocol(quick={"pairs": 5, "on": False}).resolve("quick", pairs="7", lengths="1,2.5,4", speed=2 * um / second)
    assert p.pairs == 7
    assert p.on is False
    assert np.allclose(p.lengths / um, [1, 2.5, 4])
    assert float(p.speed / (um / second)) == pytest.approx(2)
    assert p["arm"] == "frozen"
    assert set(p) == set(DECLARED)
    with pytest.raises(AttributeError, match="did you mean 'pairs'"):
        _ = p.pair
    with pytest.raises(ParameterError, match="unknown size 'quik'"):
        protocol().resolve("quik")


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_any_finite_number_survives_its_text(value):
    assert protocol().resolve(delay=f"{value!r} ms").described()["delay"]["value"] == value


def test_a_bad_declaration_is_refused_where_it_is_made():
    with pytest.raises(ParameterError, match="at most 1"):
        Parameter(2.0, maximum=1)
    with pytest.raises(ParameterError, match="demo: quick: unknown parameter 'pars'"):
        protocol(quick={"pars": 3})
    with pytest.raises(ParameterError, match="measured in ms"):
        Parameter(2 * mV, unit="ms")
    with pytest.raises(TypeError, match="needs a number"):
        Parameter("x", unit="ms")
    assert Parameter(2 * second, unit="ms").default == 2000.0


def test_none_is_no_value_or_the_models_own():
    declared = {
        "hidden": Parameter(None, kind=int, minimum=1),
        "tau": Parameter(None, unit="ms", kind=float),
        "optimiser": Parameter(None, choices=("adam", "sgd")),
    }
    made = Protocol("demo", "Demo", Source("x"), declared, print, own=lambda values: {"hidden": 500})
    p = made.resolve()
    assert (p.hidden, p.tau, p.optimiser) == (500, None, None)
    assert made.resolve(hidden="20", tau="5").described()["tau"] == {"value": 5.0, "unit": "ms"}
    assert made.resolve(tau="none", hidden=None).hidden == 500
    assert declared["tau"].show(None) == "none"
    with pytest.raises(ParameterError, match="did you mean 'adam'"):
        made.resolve(optimiser="adm")
    with pytest.raises(TypeError, match="needs its kind"):
        Parameter(None)


def test_what_has_no_effect_beside_the_others_is_refused_and_not_recorded():
    declared = {
        "form": Parameter("a", choices=("a", "b")),
        "epochs": Parameter(1),
        "decay": Parameter(0.5, needs={"epochs": Above(1)}),
        "rate": Parameter(0.1, needs=({"form": ("b",)}, {"decay": Below(0.4)})),
        "on": Parameter(False, needs={"form": ("a",), "of another protocol": (1,)}),
    }
    made = Protocol("demo", "Demo", Source("x"), declared, print)
    p = made.resolve()
    assert p.idle == {"decay", "rate"}
    assert set(p.described()) == {"form", "epochs", "on"}
    assert p.rate == 0.1
    with pytest.raises(ParameterError, match="decay has no effect with epochs=1; it needs epochs above 1"):
        made.resolve(decay=0.3)
    message = "rate has no effect with form=a, decay=0.5; it needs form=b; or decay below 0.4"
    with pytest.raises(ParameterError, match=message):
        made.resolve(rate=0.3)
    assert made.resolve(rate=0.3, form="b").rate == 0.3
    assert made.resolve(rate=0.3, decay=0.1, epochs=2).rate == 0.3
    assert made.resolve("quick").given == frozenset()


def test_the_model_is_resolved_before_its_parameters():
    ways = {"a": ("local", "frozen"), "b": ("exact", "frozen")}
    models = {
        "one": ModelParameters({"learning": Parameter("local", choices=ways["a"]), "steps": Parameter(5, minimum=1)}),
        "two": ModelParameters(
            {"learning": Parameter("exact", choices=ways["b"]), "tau": Parameter(None, unit="ms", kind=float)},
            full={"tau": 3},
            own=lambda values: {"tau": 1.0 if values["learning"] == "exact" else 2.0},
        ),
    }
    made = Protocol("demo", "Demo", Source("x"), {}, print, models=models)
    assert made.resolve().described()["model"]["value"] == "one"
    assert set(made.resolve(model="two")) == {"model", "learning", "tau"}
    assert made.resolve(model="two", learning="frozen").described()["tau"]["value"] == 2
    assert made.resolve("full", model="two", learning="frozen").described()["tau"]["value"] == 3
    assert set(made.declared()) == {"model", "learning", "steps", "tau"}
    assert made.declared()["learning"].choices == ("local", "frozen", "exact")
    for asked, message in (
        ({"model": "two", "steps": 3}, "steps means nothing to model=two of demo; .* used by model=one"),
        ({"model": "two", "stesp": 3}, "model=two: unknown parameter 'stesp'"),
        ({"model": "too"}, "unknown value of model 'too'"),
        ({"learning": "exact"}, "learning=exact is none of model=one, which has local, frozen; model=two has it"),
        ({"learning": "lokal"}, "which has local, frozen; did you mean 'local'"),
    ):
        with pytest.raises(ParameterError, match=message):
            made.resolve(**asked)
    with pytest.raises(ValueError, match="parameters belong to its models"):
        Protocol("demo", "Demo", Source("x"), {"a": Parameter(1)}, print, models=models)


@pytest.mark.parametrize(
    ("value", "given", "verdict"),
    [
        (0.5, {"band": (0.3, 0.6)}, "within"),
        (0.3, {"band": (0.3, 0.6)}, "within"),
        (0.7, {"band": (0.3, 0.6)}, "outside"),
        (0.7, {"band": (0.3, None)}, "within"),
        (0.2, {"band": (0.3, math.inf)}, "outside"),
        (math.nan, {"band": (None, None)}, "outside"),
        (0.5, {"pattern": "up"}, "pattern only"),
        (0.01, {"pattern": "up"}, "outside"),
        (-0.5, {"pattern": "up"}, "outside"),
        (-0.5, {"pattern": "down"}, "pattern only"),
        (0.01, {"pattern": "none"}, "pattern only"),
        (0.03, {"pattern": "none"}, "outside"),
        (0.03, {"pattern": "none", "tolerance": 0.05}, "pattern only"),
        (math.nan, {"pattern": "none"}, "outside"),
        (0.5, {"pattern": "down", "band": (0, 1)}, "outside"),
        (0.5, {}, "no reference"),
        (0.5, {"verdict": "pattern only"}, "pattern only"),
    ],
)
def test_verdicts(context, value, given, verdict):
    row = context.metric("A->B", value, **given)
    assert row["verdict"] == verdict
    assert row["verdict"] in VERDICTS


@pytest.mark.parametrize(
    ("provenance", "published"),
    [
        ("read: abstract", "increase"),
        ("control of the model", None),
        ("unverified, med", None),
        ("", None),
    ],
)
def test_only_what_was_read_is_shown_as_published(context, provenance, published):
    assert context.metric("A->B", 0.5, pattern="up", provenance=provenance)["paper_value"] == published


def test_metrics_that_make_no_sense_are_refused(context):
    context.metric("A->B", 0.5)
    for name, value, options, message in [
        ("A->B", 1.0, {}, "reported twice"),
        ("x", "much", {}, "must be a number"),
        ("x", True, {}, "must be a number"),
        ("x", np.zeros(2), {}, "single number"),
        ("x", 1.0, {"band": (2, 1)}, "is empty"),
        ("x", 1.0, {"pattern": "upp"}, "did you mean 'up'"),
        ("x", 1.0, {"spread": 0.1, "standard_error": 0.1}, "SD over runs.*standard_error.*over items"),
        ("x", 1.0, {"standard_error": [0.1, 0.2]}, "must be a number"),
        ("x", 1.0, {"verdict": "within"}, "without a band"),
        ("x", 1.0, {"verdict": "within", "band": (2, 3)}, "contradicts"),
        ("x", 1 * mV, {"unit": "ms"}, "not measured in ms"),
        ("x", 1 * mV, {}, "name its unit"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            context.metric(name, value, **options)
    assert len(context.metrics) == 1


def test_quantities_are_kept_in_the_named_unit(context):
    row = context.metric("tau", 0.0168 * second, "ms", spread=1 * ms, band=(10 * ms, 20 * ms))
    assert (row["value"], row["spread"], row["band"]) == (pytest.approx(16.8), pytest.approx(1), [10, 20])
    context.array("times", np.array([1, 2]) * second, "ms")
    assert context.arrays["times"].tolist() == [1000, 2000]
    with pytest.raises(TypeError, match="Python objects"):
        context.array("bad", [None, "x"])
    with pytest.raises(ValueError, match="kept twice"):
        context.array("times", [1])
    with pytest.raises(ValueError, match="must have 2 entries"):
        context.table("t", ["a", "b"], [[1]])


def test_a_spread_says_what_it_is(context):
    over_runs = context.metric("over runs", 1.0, "ms", spread=0.2 * ms, n=3)
    over_items = context.metric("over items", 0.9, standard_error=0.003, n=10_000)
    without = context.metric("without", 0.9, n=10_000)
    assert [(row["spread"], row["spread_kind"], row["n"]) for row in (over_runs, over_items, without)] == [
        (pytest.approx(0.2), "sd", 3),
        (0.003, "se", 10_000),
        (None, None, 10_000),
    ]
    assert cells(over_runs)[1] == "1 ms ± 0.2 ms (SD, n = 3 runs)"
    assert cells(over_items)[1] == "0.9 ± 0.003 (SE, n = 10,000 samples)"
    assert cells({**over_items, "spread_kind": None})[1] == "0.9 ± 0.003 (n = 10,000)"


def test_the_parts_of_a_run_add_up_to_its_time(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: now[0])

    def spend(seconds):
        now[0] += seconds

    def run(context):
        spend(20)  # reading data
        with context.progress("training"):
            spend(1)
            with stopwatch.part("build_s"):  # as a network does that is built meanwhile
                spend(2)
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda _: _side_by_side(), range(2)))
            spend(0.5)
        spend(0.25)
        with context.progress("more data", "preparing_s"):
            spend(4)
        with context.progress("beside it", "beside_s"):
            spend(3)
        context.timing(samples_per_s=10)

    def _side_by_side():
        with stopwatch.part("build_s"):
            pass

    record = execute(protocol(run=run), target="numpy", out=tmp_path)
    parts = {"preparing_s": 24, "build_s": 2, "run_s": 1.5, "beside_s": 3, "rest_s": 0.25}
    assert record.timing == parts | {"total_s": 30.75, "resumed": False, "samples_per_s": 10.0}
    said = (
        "31 s in all: 24 s preparing data, 2.0 s building, 1.5 s running, 3.0 s for what stands beside the run, "
        "0.2 s for the rest, 10 samples a second"
    )
    assert timing(record.timing) == said


def test_the_time_of_a_simulation_is_counted_once(tmp_path):
    def run(context):
        simulation = Simulation(make, DURATION, target="numpy")
        simulation.run_many([dict(seed=1), dict(seed=2)], workers=1)
        assert simulation._backend.build_s > 0

    times = execute(protocol(run=run), target="numpy", out=tmp_path).timing
    assert times["build_s"] > 0.01
    assert times["run_s"] > 0.01
    assert sum(times[name] for name in stopwatch.PARTS) == times["total_s"]


def test_progress_reaches_the_caller(tmp_path):
    from contextlib import contextmanager

    seen = []

    @contextmanager
    def progress(description):
        yield lambda fraction, elapsed_s=None: seen.append((description, fraction))

    execute(protocols.get(DEMO), target="numpy", out=tmp_path, progress=progress)
    assert seen == [("pairing", 0.5)]


def test_an_interrupted_run_finds_its_checkpoints_again(tmp_path):
    calls = []

    def run(context):
        marker = context.folder / "epoch"
        calls.append(marker.exists())
        marker.write_text("1")
        if len(calls) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(protocol(run=run), out=tmp_path)
    assert execute(protocol(run=run), out=tmp_path, seed=1).timing["resumed"] is False  # another run, another folder
    record = execute(protocol(run=run), out=tmp_path)
    assert calls == [False, False, True]
    assert record.timing["resumed"] is True
    assert not list(tmp_path.glob("demo/*.work"))
    execute(protocol(run=run), out=tmp_path)
    assert calls[-1] is False


def test_fresh_forgets_an_interrupted_run(tmp_path):
    def run(context):
        seen.append(list(context.folder.iterdir()))
        (context.folder / "epoch").write_text("1")
        if len(seen) == 1:
            raise RuntimeError

    seen = []
    with pytest.raises(RuntimeError):
        execute(protocol(run=run), out=tmp_path)
    assert execute(protocol(run=run), out=tmp_path, fresh=True).timing["resumed"] is False
    assert seen == [[], []]


def test_one_folder_is_never_given_to_two_runs(tmp_path):
    def run(context):
        with pytest.raises(RecordError, match="another run is writing to"):
            execute(protocol(run=lambda c: None), out=tmp_path)
        execute(protocol(run=lambda c: None), out=tmp_path, seed=1)  # another run is welcome

    execute(protocol(run=run), out=tmp_path)


def test_a_refused_run_leaves_nothing_behind(tmp_path):
    def refuse(context):
        raise ValueError("no such thing")

    def stop(context):
        (context.folder / "epoch").write_text("1")
        raise KeyboardInterrupt

    with pytest.raises(ValueError, match="no such thing"):
        execute(protocol(run=refuse), out=tmp_path / "new" / "out")
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):  # but checkpoints stay
        execute(protocol(run=stop), out=tmp_path)
    with pytest.raises(ValueError, match="no such thing"):
        execute(protocol(run=refuse), out=tmp_path, seed=1)
    assert len(list(tmp_path.glob("*/.*.work/epoch"))) == 1
    kept = execute(protocol(run=lambda context: None), out=tmp_path)
    with pytest.raises(ValueError, match="no such thing"):
        execute(protocol(run=refuse), out=tmp_path)
    assert (kept.folder / "record.json").is_file()


@pytest.mark.parametrize("seed", [-1, 1.5, True, 2**32])
def test_bad_seeds_and_targets(seed, tmp_path):
    with pytest.raises(ParameterError, match="seed must be a whole number"):
        execute(protocol(), seed=seed, out=tmp_path)
    with pytest.raises(ParameterError, match="unknown target 'ccp'; did you mean 'cpp'"):
        execute(protocol(), target="ccp", out=tmp_path)


def test_the_list_and_the_files_agree():
    for entry in protocols.entries():
        found = protocols.get(entry.name)
        listed = (entry.name, entry.title, entry.source, entry.kind)
        assert (found.name, found.title, found.source, found.kind) == listed
        assert set(found.figures) <= set(figures.names())


def test_unknown_protocols(tmp_path):
    with pytest.raises(protocols.UnknownProtocolError, match="did you mean 'tao-2000'"):
        protocols.get("tao2000")
    with pytest.raises(protocols.UnknownProtocolError, match="is not a file"):
        protocols.get(str(tmp_path / "none.py"))
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(protocols.UnknownProtocolError, match="defines no PROTOCOL"):
        protocols.get(str(tmp_path / "empty.py"))
