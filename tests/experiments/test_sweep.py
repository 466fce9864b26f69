"""``sbp sweep`` as a user types it: what it runs, what it does not run again, how it stops, what it refuses."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms

from sbp_brian import Simulation, datasets, protocols
from sbp_brian.datasets import lookup
from sbp_brian.errors import KeepError, ParameterError
from sbp_brian.experiments import records, sweep
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Parameter, Protocol, Source
from tests.helpers.commands import DEMO, refused, sbp
from tests.helpers.made_data import images

#: An experiment whose result is known: score = pairs + seed / 10, and a curve by epoch.
COUNTED = """
import os
from sbp_brian.experiments.protocol import Parameter, Protocol, Source


def run(context):
    p = context.parameters
    with open(os.environ["SWEEP_LOG"], "a") as log:
        log.write(f"{p.pairs} {p.kind} {context.seed}\\n")
    if p.kind == "bad":
        raise RuntimeError("no such cell")
    context.metric("validation_score", p.pairs + context.seed / 10)
    context.metric("test_score", p.pairs)
    context.array("score_by_epoch", [float(p.pairs)] * (2 if p.kind == "short" else 3))


PROTOCOL = Protocol(name="counted", title="Counted", source=Source("Nobody"), run=run,
                    parameters={"pairs": Parameter(1, minimum=0), "kind": Parameter("long"),
                                "delay": Parameter(10.0, unit="ms")})
"""

#: How many digits of a class there are among MNIST's test images, or those of the sample that is found instead.
DIGITS = """
from sbp_brian.datasets import load_mnist
from sbp_brian.experiments.protocol import Parameter, Protocol, Source


def run(context):
    context.metric("count", int((load_mnist("test").labels == context.parameters.label).sum()))


PROTOCOL = Protocol(name="digits", title="Digits", source=Source("Nobody"), run=run, parameters={"label": Parameter(5)})
"""

#: An experiment that leaves a checkpoint and halts where it is asked to.
HALTING = """
import os
from sbp_brian.experiments.protocol import Protocol, Source


def run(context):
    checkpoint = context.folder / "checkpoint"
    with open(os.environ["SWEEP_LOG"], "a") as log:
        log.write("resumed\\n" if checkpoint.exists() else "new\\n")
    checkpoint.write_text("half")
    if os.environ["SWEEP_HALT"] == "yes":
        raise RuntimeError("halted")
    context.metric("score", 1.0)


PROTOCOL = Protocol(name="halting", title="Halting", source=Source("Nobody"), run=run, parameters={})
"""


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """The experiment's file, and a function that tells what has been run so far."""
    file, log = tmp_path / "counted.py", tmp_path / "log"
    file.write_text(COUNTED)
    log.write_text("")
    monkeypatch.setenv("SWEEP_LOG", str(log))
    return str(file), lambda: log.read_text().splitlines()


def whole(folder):
    [record] = [r for r in records.find(folder) if r.protocol == "sweep"]
    return record


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1:1.0:0.1", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]),
        ("0.05,0.2:0.4:0.1", ["0.05", "0.2", "0.3", "0.4"]),
        ("1:0:-0.5", ["1", "0.5", "0"]),
        ("3", ["3"]),
        ("0.1:0.35:0.1", ["0.1", "0.2", "0.3"]),
        ("1e-3:3e-3:1e-3", ["0.001", "0.002", "0.003"]),
    ],
)
def test_ranges_are_exact(text, expected):
    assert sweep.values("x", Parameter(0.5), text) == expected


def test_units_and_values_that_are_lists():
    assert sweep.values("delay", Parameter(10.0, unit="ms"), "5:15:5ms") == ["5ms", "10ms", "15ms"]
    assert sweep.values("delay", Parameter(10.0, unit="ms"), "5ms,1s") == ["5ms", "1s"]
    assert sweep.values("sizes", Parameter((1, 2)), "1,2;3") == ["1,2", "3"]
    assert sweep.values("on", Parameter(True), "yes,no") == ["yes", "no"]


def test_a_sweep_runs_every_combination_and_goes_on(counted, tmp_path):
    file, log = counted
    args = ["sweep", file, "-s", "pairs=1:2:1", "-s", "kind=long,short", "--out", tmp_path, "--target", "numpy"]
    result = sbp(*args, "--seeds", 2)
    assert result.exit_code == 0, result.output
    assert sorted(log()) == sorted(f"{p} {k} {s}" for p in (1, 2) for k in ("long", "short") for s in (0, 1))
    record = whole(tmp_path)
    assert record.parameters["swept parameters"]["value"] == ["pairs", "kind"]
    assert record.array("validation_score").shape == (2, 2, 2)
    np.testing.assert_allclose(record.array("validation_score")[:, 0], [[1, 1.1], [2, 2.1]])
    np.testing.assert_array_equal(record.array("axis_pairs"), [1, 2])
    assert record.array("axis_kind").tolist() == ["long", "short"]
    assert np.isnan(record.array("score_by_epoch")[0, 1, 0]).tolist() == [False, False, True]
    assert (tmp_path / "counted" / record.array("runs")[1, 1, 1] / "record.json").is_file()
    assert record.tables[0]["rows"][0] == ["1", "long", pytest.approx(1.05), pytest.approx(0.1 / 2**0.5), 2]
    line = next(line for line in result.stdout.splitlines() if line.split()[:2] == ["1", "long"])
    assert line.split() == ["1", "long", "1.05", "±", "0.0707", "2"]
    assert "test score" not in result.stdout  # settings are compared on validation samples

    again = sbp(*args, "--seeds", 3)  # the finished runs are not run again
    assert again.exit_code == 0, again.output
    assert "12 runs, 8 of them done before" in again.stderr
    assert len(log()) == 12
    assert sorted(log()[8:]) == sorted(f"{p} {k} 2" for p in (1, 2) for k in ("long", "short"))
    assert "test score" in sbp(*args, "--metric", "test_score").stdout
    assert len(log()) == 12


def test_a_record_of_sbp_run_counts_and_a_damaged_one_does_not(counted, tmp_path):
    file, log = counted
    assert sbp("run", file, "-s", "pairs=2", "--out", tmp_path, "--target", "numpy").exit_code == 0
    [record] = records.find(tmp_path)
    args = ["sweep", file, "-s", "pairs=2", "--out", tmp_path, "--target", "numpy"]
    assert sbp(*args).exit_code == 0
    assert len(log()) == 1
    (record.folder / "record.json").write_text("{")
    assert sbp(*args).exit_code == 0
    assert len(log()) == 2
    assert sbp(*args, "--fresh").exit_code == 0
    assert len(log()) == 3


def test_a_cut_array_file_is_not_done(counted, tmp_path):
    file, log = counted
    args = ["sweep", file, "-s", "pairs=2", "--out", tmp_path, "--target", "numpy"]
    assert sbp(*args).exit_code == 0
    [record] = [r for r in records.find(tmp_path) if r.protocol == "counted"]
    arrays = record.folder / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-40])
    result = sbp(*args)
    assert result.exit_code == 0
    assert "1 earlier records are not taken over, their runs are done anew: damaged" in result.stderr
    assert len(log()) == 2
    assert sbp(*args).exit_code == 0
    assert len(log()) == 2


def test_records_of_other_code_or_of_no_identity_are_not_taken_over_but_on_demand(counted, tmp_path):
    file, log = counted
    args = ["sweep", file, "-s", "pairs=1,2", "--out", tmp_path, "--target", "numpy"]
    assert sbp(*args).exit_code == 0
    Path(file).write_text(COUNTED + "\n# other code\n")
    taken = sbp(*args, "--take-over")
    assert taken.exit_code == 0
    assert len(log()) == 2
    result = sbp(*args)
    assert result.exit_code == 0
    assert "2 runs, 0 of them done before" in result.stderr
    assert "2 earlier records are not taken over, their runs are done anew: other code (" in result.stderr
    assert "; --take-over counts them as done all the same" in result.stderr
    assert len(log()) == 4
    for record in records.find(tmp_path):
        text = json.loads((record.folder / "record.json").read_text())
        del text["identity"], text["digests"]
        (record.folder / "record.json").write_text(json.dumps(text))
    result = sbp(*args)
    assert "done anew: records that do not say of which data and code they are;" in result.stderr
    assert len(log()) == 6
    assert "give one of them" in sbp(*args, "--take-over", "--fresh").stderr


def test_data_of_ones_own_are_compared_where_the_protocol_names_them(counted, tmp_path):
    file, log = counted
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("1 2 3")
    named = COUNTED.replace("run=run,", f"run=run, data=lambda p: {{'numbers': Path({str(numbers)!r})}},")
    Path(file).write_text("from pathlib import Path\n" + named)
    args = ["sweep", file, "-s", "pairs=1,2", "--out", tmp_path, "--target", "numpy"]
    assert sbp(*args).exit_code == 0
    assert sbp(*args).exit_code == 0
    assert len(log()) == 2
    numbers.write_text("1 2 4")
    result = sbp(*args)
    assert "2 earlier records are not taken over, their runs are done anew: other data (numbers: " in result.stderr
    assert len(log()) == 4
    # told in the run alone: a sweep cannot know what they hold now
    Path(file).write_text(COUNTED.replace("    p = ", "    context.uses('numbers', 3)\n    p = "))
    assert sbp(*args).exit_code == 0
    result = sbp(*args)
    assert "done anew: nothing tells what their data 'numbers' hold now" in result.stderr
    assert len(log()) == 8


def test_an_interrupted_cell_goes_on_or_begins_anew_where_its_code_has_changed(tmp_path, monkeypatch):
    file, log = tmp_path / "halting.py", tmp_path / "log"
    file.write_text(HALTING)
    monkeypatch.setenv("SWEEP_LOG", str(log))
    args = ["sweep", file, "--out", tmp_path, "--target", "numpy"]

    def swept(halt, *more):
        monkeypatch.setenv("SWEEP_HALT", halt)
        return sbp(*args, *more).exit_code

    assert swept("yes") == 1
    assert swept("no") == 0  # the same code: goes on
    assert swept("yes", "--fresh") == 1
    file.write_text(HALTING + "\n# other code\n")
    assert swept("no", "--take-over") == 0  # the record of before counts
    assert swept("no") == 0
    assert log.read_text().split() == ["new", "resumed", "new", "new"]


def test_cells_of_other_data_are_run_anew_and_never_averaged(tmp_path, monkeypatch):
    """Begun without data (the embedded sample), repeated with MNIST; in this process, to take the data away."""
    images(tmp_path, "mnist", monkeypatch, n_test=300)
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    done, counts = [], np.bincount(datasets.load_mnist("test").labels)[:2]

    def here(protocol, plan, todo, out):
        for point in todo:
            done.append(point.label)
            execute(plan.protocol, out=out, target=plan.target, seed=point.seed, parameters=point.settings)
        return []

    monkeypatch.setattr("sbp_brian.cli.sweep._on_this_machine", lambda workers, fresh: here)
    file = tmp_path / "digits.py"
    file.write_text(DIGITS)
    args = ["sweep", file, "-s", "label=0,1", "--out", tmp_path / "out", "--target", "numpy"]
    with monkeypatch.context() as patch:
        patch.setattr(lookup, "places", list)
        first = sbp(*args)
    assert first.exit_code == 0, first.output
    assert "Data: MNIST (embedded sample of 5,000)." in first.stdout
    np.testing.assert_array_equal(whole(tmp_path / "out").array("count").ravel(), [100, 100])
    second = sbp(*args)
    assert second.exit_code == 0, second.output
    assert len(done) == 4
    assert "2 runs, 0 of them done before" in second.stderr
    assert (
        "2 earlier records are not taken over, their runs are done anew: other data (mnist/test: MNIST (embedded "
        "sample of 5,000) instead of MNIST (full)); --take-over" in second.stderr
    )
    assert "Data: MNIST (full)." in second.stdout
    np.testing.assert_array_equal(whole(tmp_path / "out").array("count").ravel(), counts)
    with monkeypatch.context() as patch:  # one cell of each, taken over: said
        patch.setattr(lookup, "places", list)
        execute(protocols.get(str(file)), out=tmp_path / "out", target="numpy", parameters={"label": 0})
        mixed = sbp(*args, "--take-over")
    assert "Runs of different data, code or versions were taken over and are averaged here." in mixed.stdout
    assert len(done) == 4


def test_a_run_that_fails_is_named_and_the_others_are_kept(counted, tmp_path):
    file, _ = counted
    result = sbp("sweep", file, "-s", "kind=long,bad", "--out", tmp_path, "--workers", 2)
    assert result.exit_code == 1
    assert "kind=bad, seed 0 failed: RuntimeError: no such cell" in result.stderr
    assert result.stderr.splitlines()[-1] == "Error: 1 of 2 runs done; the same command tries the others again"
    record = whole(tmp_path)
    np.testing.assert_array_equal(np.isnan(record.array("validation_score")[:, 0]), [False, True])
    assert record.notes == ["1 of 2 runs are lacking; the same command makes them"]


def test_a_record_that_keeps_less_than_is_asked_for_is_made_again(tmp_path):
    def make():
        cells = NeuronGroup(2, "v : 1", threshold="rand() < 0.5", name="cells")
        return Network(cells)

    def run(context):
        Simulation(make, 3 * ms, context.target, name="small").run(seed=context.seed)

    protocol = Protocol("small", "Small", Source("Nobody"), {"n": Parameter(1)}, run, lacks=lambda _: {"states": "no"})

    def plan(*keep, **more):
        return sweep.Sweep(protocol, {"n": "1,2"}, [0], target="numpy", keep=keep, **more)

    def all_done(planned):
        return [planned.done(tmp_path, point) for point in planned.points]

    for n in (1, 2):
        execute(protocol, target="numpy", out=tmp_path, parameters={"n": n})
    asked = plan("spikes")
    assert all_done(plan()) == all_done(plan("spikes", take_over=True)) == [True, True]
    assert all_done(asked) == [False, False]
    assert asked.other(tmp_path, asked.points[0]) == "they do not keep spikes"
    execute(protocol, target="numpy", out=tmp_path, parameters=asked.points[0].asked, keep=asked.keep)
    assert all_done(asked) == [True, False]
    assert all_done(plan()) == [True, True]
    with pytest.raises(KeepError, match="small has no states to keep: no"):
        plan("states")


def test_interrupting_keeps_what_is_done(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sbp_brian",
        "sweep",
        DEMO,
        "--out",
        str(tmp_path),
        "-s",
        "wait=0,60",
        "--workers",
        "1",
    ]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(300):
        if list(tmp_path.glob("demo/[!.]*/record.json")) and list(tmp_path.glob("demo/.*.work/checkpoint")):
            break
        time.sleep(0.1)
    children = [
        child
        for thread in Path(f"/proc/{run.pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]
    assert children
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "1 of 2 runs are done" in errors
    assert "Interrupted: what is done is kept" in errors
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert len(records.find(tmp_path)) == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "Missing argument 'PROTOCOL'"),
        (["tao2000"], "did you mean 'tao-2000'?"),
        ([DEMO, "-s", "pars=1,2"], "unknown parameter 'pars'; did you mean 'pairs'?"),
        ([DEMO, "-s", "pairs=3:1:1"], "pairs=3:1:1 is an empty range"),
        ([DEMO, "-s", "pairs=1:3:0"], "pairs=1:3:0 has a step of 0"),
        ([DEMO, "-s", "pairs=1:3"], "write first:last:step"),
        ([DEMO, "-s", "pairs=1:x:1"], "write first:last:step"),
        ([DEMO, "-s", "pairs=1,,2"], "pairs=1,,2 has an empty place"),
        ([DEMO, "-s", "pairs=1,1"], "pairs = 1 comes twice"),
        ([DEMO, "-s", "pairs=0:3:1"], "between 1 and 1000"),
        ([DEMO, "-s", "pairs=1:3:0.5"], "pairs must be a whole number, not 1.5"),
        ([DEMO, "-s", "delay=1:9:1e-9"], "take a larger step"),
        ([DEMO, "-s", "delay=1ms:3s:1ms"], "mixes the units ms and s"),
        ([DEMO, "-s", "pairs=1:1000:1", "-s", "delay=1,2"], "allow them with --max-runs 2000"),
        ([DEMO, "-s", "pairs=1:1000:1", "--seeds", "2"], "the sweep has 2,000 runs"),
        ([DEMO, "-s", "outcome=good,bad"], "unknown value of outcome 'bad'"),
        ([DEMO, "--seeds", "0"], "0 is not in the range"),
        ([DEMO, "--seed", "4294967295", "--seeds", "2"], "begin with a smaller one"),
        ([DEMO, "--workers", "2", "--scheduler", "tcp://x:1"], "give one of them"),
    ],
)
def test_bad_input_is_refused_before_anything_starts(args, message, tmp_path):
    assert message in refused("sweep", *args, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_dask_a_scheduler_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = sbp("sweep", DEMO, "--scheduler", "tcp://127.0.0.1:9", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "Error: --scheduler needs dask.distributed, which is not installed; install it with pip install "
        "'sbp_brian[cluster]', or use --workers on this machine"
    )


def test_on_a_dask_cluster(counted, tmp_path, monkeypatch):
    import distributed

    file, log = counted
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp", host="127.0.0.1"
    ) as cluster:
        args = ["sweep", file, "-s", "kind=long,bad", "--out", tmp_path, "--scheduler", cluster.scheduler_address]
        result = sbp(*args)
        assert result.exit_code == 1
        assert "kind=bad, seed 0 failed: RuntimeError: no such cell" in result.stderr
        assert sorted(log()) == ["1 bad 0", "1 long 0"]
        here = sweep.Sweep(protocols.get(file), {"kind": "long"}, [0])
        assert here.done(tmp_path, here.points[0])
        assert sbp(*args[:3], "kind=long", *args[4:]).exit_code == 0
        assert len(log()) == 2
    monkeypatch.setattr("sbp_brian.cli.cluster._PATIENCE", "1s")
    message = sbp(*args, "--fresh").stderr.splitlines()[-1]
    assert message.startswith(f"Error: no Dask scheduler answers at {args[-1]}")


def test_a_worker_that_has_other_code_is_noticed(counted, tmp_path, monkeypatch):
    import distributed

    from sbp_brian.cli.cluster import run_here

    def elsewhere(*args, **more):
        files, text = run_here(*args, **more)
        record = json.loads(files["record.json"])
        record["identity"]["code"] = "0123456789abcdef"
        del record["digests"]
        return {**files, "record.json": json.dumps(record).encode()}, text

    monkeypatch.setattr("sbp_brian.cli.cluster.run_here", elsewhere)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp", host="127.0.0.1"
    ) as cluster:
        result = sbp("sweep", counted[0], "--out", tmp_path, "--scheduler", cluster.scheduler_address)
    assert result.exit_code == 1
    assert "failed: the worker computed with what is not here: other code (0123456789abcdef instead of" in result.stderr
    assert "Error: 0 of 1 runs done" in result.stderr


def test_a_sweep_knows_the_parameters_of_its_models():
    mnist = protocols.get("mnist")
    swept = sweep.Sweep(mnist, {"model": "stdbp,sbp_network", "hidden": "10,20"}, [0])
    assert len({point.run for point in swept.points}) == 4
    for given, message in (
        ({"model": "stdbp", "lambda_p": "0.1,0.5"}, "lambda_p means nothing to model=stdbp of mnist; the nearest"),
        ({"model": "stdbp,sbp_network", "lambda_p": "0.1,0.5"}, "lambda_p means nothing to model=stdbp"),
        ({"learning": "frozen", "lambda_p": "0.1,0.5"}, "lambda_p has no effect with learning=frozen"),
    ):
        with pytest.raises(ParameterError, match=message):
            sweep.Sweep(mnist, given, [0])


def test_what_has_no_effect_in_some_runs_of_a_sweep_is_left_out_there():
    swept = sweep.Sweep(protocols.get("mnist"), {"learning": "frozen,change", "lambda_p": "0.1,0.5", "depth": "2"}, [0])
    asked = [point.asked for point in swept.points]
    assert asked[:2] == [{"depth": "2", "learning": "frozen"}] * 2
    assert asked[2:] == [{"depth": "2", "learning": "change", "lambda_p": text} for text in ("0.1", "0.5")]
    assert len({point.run for point in swept.points}) == 3, "the frozen layer needs one run"
    assert swept.shape == (2, 2, 1)
