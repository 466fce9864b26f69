"""The commands as a user types them, bad input included: one line on stderr, no traceback, a non-zero exit."""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sbp_brian import datasets, figures, protocols, recipes
from sbp_brian._version import __version__
from sbp_brian.cli import reproduce
from sbp_brian.experiments import records
from sbp_brian.targets import cache_entry
from tests.helpers.commands import DEMO, FEW_FIGURES, refused, sbp
from tests.helpers.made_results import finding, recipe, result

COMMANDS = (
    ["list"],
    ["run"],
    ["reproduce"],
    ["figures"],
    ["report"],
    ["data"],
    ["data", "list"],
    ["data", "fetch"],
    ["cache"],
    ["doctor"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command):
    result = sbp(*command, "--help")
    assert result.exit_code == 0
    assert f"Usage: sbp {' '.join(command)}" in result.stdout
    assert len(result.stdout.splitlines()) > 4


def test_version_and_the_installed_program():
    program = Path(sys.executable).with_name("sbp")
    result = subprocess.run([program, "--version"], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, f"sbp, version {__version__}\n")


def test_help_imports_no_library():
    code = (
        "import sys; from sbp_brian.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit as end: assert not end.code\n"
        "heavy = {'brian2', 'matplotlib', 'scipy', 'numpy', 'rich', 'jinja2', 'filelock'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_list_is_light():
    code = (
        "import sys; from sbp_brian.__main__ import main\n"
        "try: main(['list'])\nexcept SystemExit as end: assert not end.code\n"
        "heavy = {'brian2', 'matplotlib', 'scipy', 'pandas', 'sympy'} & set(sys.modules)\nassert not heavy, heavy"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for entry in protocols.entries():
        assert entry.name in result.stdout
        assert entry.source.doi in result.stdout
    for name, *_ in datasets.available():
        assert name in result.stdout


def test_run_writes_a_record_and_prints_the_table(tmp_path):
    result = sbp(
        "run", DEMO, "--out", tmp_path, "--target", "numpy", "--seed", 7, "-s", "pairs=12", "-s", "delay=0.02 s"
    )
    assert result.exit_code == 0, result.output
    [record] = records.find(tmp_path)
    assert (record.target, record.seed) == ("numpy", 7)
    assert record.parameters["pairs"]["value"] == 12
    assert record.parameters["delay"] == {"value": 20.0, "unit": "ms"}
    for text in (
        "A→B",
        "+43.0 % ± 8.0 % (SD, n = 10 runs)",
        "+40.0 %",
        "✓ within",
        "read: figure 1",
        "≈ pattern only",
        "98.12 %",
        "MNIST (embedded sample of 5,000)",
        "6,650 samples a second",
        "✓ 1 within, ≈ 1 pattern only, – 1 no reference",
        f"Record: {record.folder}",
    ):
        assert text in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("options", "pairs"), [([], 60), (["--quick"], 5), (["--full"], 500), (["--quick", "-s", "pairs=7"], 7)]
)
def test_sizes(tmp_path, options, pairs):
    assert sbp("run", DEMO, "--out", tmp_path, *options).exit_code == 0
    assert records.find(tmp_path)[0].parameters["pairs"]["value"] == pairs


def test_the_parameters_of_the_chosen_model_are_listed_with_the_values_in_force():
    shown = sbp("run", "mnist", "--parameters", "--quick", "-s", "model=stdbp").output.splitlines()
    rows = {line.split()[0]: line.split()[1] for line in shown if line[:1].strip()}
    assert (rows["model"], rows["hidden"], rows["epochs"], rows["rate_hidden"]) == ("stdbp", "400", "2", "0.0005")
    assert "lambda_p" not in rows
    shown = sbp("run", "mnist", "--parameters", "--full", "-s", "learning=change").output
    rows = {line.split()[0]: line.split()[1] for line in shown.splitlines() if line[:1].strip()}
    assert (rows["hidden"], rows["epochs"], rows["rate_hidden"], rows["lambda_p"]) == ("500", "6", "0.002", "1.0")
    assert any(line.startswith("input_rate") and "no effect" in line for line in shown.splitlines())


def test_parameters_are_listed():
    result = sbp("run", DEMO, "--parameters", "--quick")
    assert result.exit_code == 0
    for text in ("pairs", "5", "1 to 1000", "Number of pairings.", "10.0 ms", "good, wrong, nan, fail"):
        assert text in result.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["rnu"], "unknown command 'rnu'; did you mean 'run'?"),
        (["--bogus"], "No such option"),
        (["run"], "name a PROTOCOL ('sbp list'), or a recipe with --recipe"),
        (["run", "tao2000"], "unknown protocol 'tao2000'; did you mean 'tao-2000'?"),
        (["run", "none.py"], "none.py is not a file"),
        (["run", DEMO, "--target", "gpu"], "'gpu' is not one of"),
        (["run", DEMO, "--seed", "-1"], "-1 is not in the range"),
        (["run", DEMO, "--seed", "x"], "'x' is not a valid integer"),
        (["run", DEMO, "--quick", "--full"], "--quick and --full exclude one another; give one of them"),
        (["build", DEMO, "--full", "--quick"], "--full and --quick exclude one another; give one of them"),
        (["reproduce", DEMO, "--quick", "--full"], "--quick and --full exclude one another"),
        (["run", DEMO, "-s", "pairs"], "-s 'pairs' is not name=value; write e.g. -s pairs=30"),
        (["run", DEMO, "-s", "=3"], "is not name=value"),
        (["run", DEMO, "-s", "pairs=3", "-s", "pairs=4"], "-s pairs is given twice"),
        (["run", DEMO, "-s", "pars=3"], "unknown parameter 'pars'; did you mean 'pairs'?"),
        (["run", DEMO, "-s", "pairs=many"], "pairs='many' is not a number"),
        (["run", DEMO, "-s", "pairs=0"], "between 1 and 1000"),
        (["run", DEMO, "-s", "delay=3mV"], "delay is measured in ms"),
        (["run", DEMO, "-s", "delay=nan"], "not finite"),
        (["run", DEMO, "-s", "outcome=god"], "did you mean 'good'"),
        (["run", "mnist", "-s", "train_samples=99999999"], "is out of range; it must be between 1 and 55000"),
        (["figures"], "name the folder of others with --records"),
        (["reproduce", "tao"], "unknown protocol 'tao'; did you mean 'tao-2000'?"),
        (["figures", "no-such-figure"], "holds no records"),
        (["figures", "--records", "nowhere"], "nowhere is not there"),
        (["report", "nowhere"], "nowhere is not there"),
        (["report"], "Missing argument 'DIR'"),
        (["report", "."], "holds no records; make some with 'sbp run"),
        (["data", "lst"], "No such command 'lst'"),
        (["data", "fetch", "minst"], "unknown data set 'minst'; did you mean 'mnist'?"),
    ],
)
def test_bad_input_is_refused_in_one_line(args, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    if args[0] == "figures" and "no-such-figure" in args:
        message = "unknown figure 'no-such-figure'"
    assert message in refused(*args)


def test_a_run_that_fails_says_why_and_debug_shows_where(tmp_path):
    args = ["run", DEMO, "--out", tmp_path, "-s", "outcome=fail"]
    assert refused(*args) == "Error: RuntimeError: the cell died (--debug shows where)"
    assert records.find(tmp_path) == []
    for debug in (["--debug", *args], [*args, "--debug"]):
        assert isinstance(sbp(*debug).exception, RuntimeError)


def test_an_output_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    for command in (["run", DEMO], ["reproduce", DEMO]):
        assert "file is a file, not a folder; remove it or give another --out" in refused(
            *command, "--out", tmp_path / "file"
        )
    assert "is a file" in refused("report", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_damaged_record_is_named(tmp_path):
    sbp("run", DEMO, "--out", tmp_path)
    [record] = records.find(tmp_path)
    (record.folder / "record.json").write_text("{")
    for command in (["report", tmp_path], ["figures", "--records", tmp_path]):
        assert "record.json is damaged" in refused(*command)


def test_interrupting_a_run_keeps_what_is_done(tmp_path):
    command = [sys.executable, "-m", "sbp_brian", "run", DEMO, "--out", str(tmp_path), "-s", "wait=3600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout.readline() == "waiting\n"
            told = refused("run", DEMO, "--out", tmp_path, "-s", "wait=3600", code=1)  # the same folder, meanwhile
            assert told.startswith("Error: another run is writing to")
            run.send_signal(signal.SIGINT)
            _, errors = run.communicate()
        finally:
            run.kill()
    assert run.returncode == 130
    assert errors == "Interrupted: what is done is kept; the same command goes on from there.\n"
    assert [p.read_text() for p in tmp_path.glob("demo/*.work/checkpoint")] == ["epoch 1"]
    assert records.find(tmp_path) == []


def test_reproduce_goes_on_past_a_protocol_that_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "names", lambda: FEW_FIGURES)
    bad = tmp_path / "bad_experiment.py"
    text = Path(DEMO).read_text()
    bad.write_text(text.replace('name="demo"', 'name="bad"').replace('Parameter("good"', 'Parameter("fail"'))
    result = sbp("reproduce", bad, DEMO, "--out", tmp_path / "out", "--quick", "--target", "numpy")
    assert result.exit_code == 1
    [record] = records.find(tmp_path / "out")
    assert (record.protocol, record.size) == ("demo", "quick")
    assert "A→B" in result.stdout
    assert f"{bad} failed: RuntimeError: the cell died" in result.stderr
    assert result.stderr.splitlines()[-1] == f"Error: 1 of 2 protocols done; failed: {bad}"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Not everything finished" in page
    assert "the cell died" in page
    assert "A→B" in page


def test_reproduce_stopped_leaves_no_process_behind(tmp_path):
    waiting = tmp_path / "waiting_experiment.py"
    waiting.write_text(Path(DEMO).read_text().replace("Parameter(0.0)", "Parameter(3600.0)"))
    command = [sys.executable, "-m", "sbp_brian", "reproduce", str(waiting), "--out", str(tmp_path / "out")]
    marks = tmp_path / "out" / "demo"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            while not list(marks.glob("*.work/checkpoint")):
                assert run.poll() is None, run.communicate()
                time.sleep(0.05)
            children = [
                child
                for thread in Path(f"/proc/{run.pid}/task").iterdir()
                for child in (thread / "children").read_text().split()
            ]
            assert len(children) == 1
            run.send_signal(signal.SIGTERM)
            _, errors = run.communicate()
        finally:
            run.kill()
    assert run.returncode == 130, errors
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert list(marks.glob("*.work/checkpoint"))


def test_reproduce_takes_every_protocol_benchmarks_first(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(reproduce, "run_all", lambda jobs, workers: ran.extend(job.name for job in jobs))
    assert sbp("reproduce", "--out", tmp_path).exit_code == 0
    assert sorted(ran) == sorted(protocols.names())
    assert ran[0] == "mnist"


def test_quick_reproduce_takes_one_road_through_all_parts(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(reproduce, "run_all", lambda jobs, workers: ran.extend(job.name for job in jobs))
    assert sbp("reproduce", "--quick", "--out", tmp_path).exit_code == 0
    assert ran == ["mnist", "bi-poo-1998", "tao-2000"]
    ran.clear()
    assert sbp("reproduce", "--full", "--out", tmp_path).exit_code == 0
    assert sorted(ran) == sorted(protocols.names())
    ran.clear()
    assert sbp("reproduce", "--quick", "tsodyks-1998", "--out", tmp_path).exit_code == 0
    assert ran == ["tsodyks-1998"]


def test_figures_and_report_from_records(tmp_path, monkeypatch):
    assert sbp("run", DEMO, "--out", tmp_path).exit_code == 0
    result = sbp("report", tmp_path)
    assert result.stdout.strip() == str(tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size > 5000
    monkeypatch.setattr(figures, "names", lambda: ())
    assert "no figure can be drawn from" in refused("figures", "--records", tmp_path)


def test_figures_of_committed_results_need_no_records(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    find = finding(
        (
            recipe("late", 'variants.on_time.learning = "bit"'),
            result("late", {"on_time": {"validation_accuracy": [0.9]}}),
        )
    )
    monkeypatch.setattr(recipes, "get", lambda name: find(name)[0])
    monkeypatch.setattr(recipes, "result", lambda name: find(name)[1])
    assert sbp("figures", "how-late", "--out", "here").stdout == "how-late: here/how-late.svg, .pdf, .png\n"
    assert (tmp_path / "here" / "how-late.png").is_file()
    assert "what-it-carries needs a committed result of reports-mnist-mixed or" in refused("figures", "what-it-carries")


def test_data_list(monkeypatch):
    result = sbp("data", "list")
    assert result.exit_code == 0
    width = max(len(name) for name, *_ in datasets.available()) + 2
    for name, where, _ in datasets.available():
        assert f"{name:{width}}{where or 'not found'}" in result.stdout
    monkeypatch.setenv("SBP_DATA", "/nowhere/at/all")
    assert "SBP_DATA names /nowhere/at/all" in sbp("data", "list").stdout


def test_data_fetch_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setattr("sbp_brian.datasets.fetching.cache", lambda: tmp_path)
    message = refused("data", "fetch", "mnist", "--url", "http://127.0.0.1:9/mnist")  # nothing listens there
    assert "cannot be fetched" in message
    assert "files already fetched are kept" in message


def test_doctor_renders_what_is_found(monkeypatch):
    from types import SimpleNamespace

    rows = [
        SimpleNamespace(name="compiler", ok=True, found="g++ 14", remedy="", required=True),
        SimpleNamespace(name="data", ok=False, found="no MNIST", remedy="sbp data fetch mnist", required=True),
        SimpleNamespace(name="GPU", ok=False, found="none", remedy="buy one", required=False),
    ]
    monkeypatch.setitem(sys.modules, "sbp_brian.cli.doctor", SimpleNamespace(checks=lambda: rows))
    result = sbp("doctor")
    assert result.exit_code == 1
    assert "g++ 14" in result.stdout
    assert "LACKING" in result.stdout
    assert "sbp data fetch mnist" in result.stdout
    assert result.stderr.count("\n") == 1
    assert "optional" in result.stdout
    rows[1].ok = True
    assert sbp("doctor").exit_code == 0


def test_a_closed_pipe_is_no_error():
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(
        [sys.executable, "-m", "sbp_brian", "list"], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    assert "Traceback" not in result.stderr


def test_the_cache_is_shown_limited_and_cleared(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("SBP_CACHE", str(cache))
    monkeypatch.delenv("SBP_CACHE_LIMIT", raising=False)
    assert "0 entries, 0 B of at most 2.00 GB." in sbp("cache").stdout
    names = [f"{number:032x}" for number in range(3)]
    for number, name in enumerate(names):
        folder = cache / "networks" / name
        with cache_entry.staging(folder.parent) as made:
            (made.path / "data").write_bytes(bytes(100_000))
            cache_entry.publish(made, folder)
        os.utime(folder, (1e9 + number, 1e9 + number))
    del made
    gc.collect()  # who made them holds them
    shown = sbp("cache").stdout
    assert f"Folder: {cache}" in shown
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("networks")] == names[::-1]
    assert "100 kB  last used 2001-09-0" in shown
    shown = sbp("cache", "--limit", "250kB").stdout
    assert "2 entries, 200 kB of at most 250 kB." in shown
    assert names[0] not in shown
    held = cache_entry.find(cache / "networks" / names[1])
    shown = sbp("cache", "--clear").stdout
    assert "Removed 100 kB. 1 entry is in use." in shown
    assert held.intact()
    assert "of at most 250 kB" in sbp("cache").stdout, "the limit is kept"


def test_a_cache_that_cannot_be_shown_or_limited(tmp_path, monkeypatch):
    monkeypatch.setenv("SBP_CACHE", str(tmp_path / "file"))
    assert "--limit must be a number of bytes such as 2GB" in refused("cache", "--limit", "much")
    (tmp_path / "other").write_text("")
    monkeypatch.setenv("SBP_CACHE", str(tmp_path / "other"))
    assert "is not used: File exists; make" in refused("cache")
