"""What commands show that need neither a network nor a compiler: drawn figures, built networks, lacks, warnings."""

import importlib.metadata
import io
import os
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from rich.console import Console

from sbp_brian.__main__ import CATALOGUE
from sbp_brian.cli import benchmark as benchmark_module
from sbp_brian.cli import doctor, ending, running
from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.checkout import run_script
from sbp_brian.cli.ending import clean_end
from sbp_brian.cli.main import command_line
from sbp_brian.cli.output import draw_figures
from sbp_brian.cli.streams import patient
from sbp_brian.cli.warning_lines import one_line_warnings
from sbp_brian.errors import CommandError, DeviceMissing
from sbp_brian.experiments import building
from sbp_brian.experiments.protocol import Protocol, Source
from sbp_brian.targets import cache_entry
from sbp_brian.targets.cache_place import CacheWarning
from sbp_brian.targets.cuda import toolkit
from tests.helpers import made_records
from tests.helpers.commands import refused, sbp


def asked(*args, **known):
    """A command of a catalogue of one's own."""
    catalogue = Catalogue(**{**vars(CATALOGUE), **known})
    return CliRunner(env={"COLUMNS": "120"}).invoke(command_line(catalogue), [str(a) for a in args], prog_name="sbp")


# figures


class Figure:
    """A figure that needs a record of `needs`, and cannot be drawn where `fails`."""

    from_records = True

    def __init__(self, name, needs="mnist", fails=False):
        self.name, self.needs, self.fails = name, needs, fails

    def reading(self, find):
        return self

    def missing(self, records):
        return [] if any(record.protocol == self.needs for record in records) else [self.needs]

    def save(self, records, out):
        if self.fails:
            raise KeyError("a metric of before")
        out.mkdir(exist_ok=True)
        (out / f"{self.name}.svg").write_text("drawn")


class Figures(dict):
    """Figures by name."""

    def __init__(self, *all_of_them):
        super().__init__({figure.name: figure for figure in all_of_them})

    def names(self):
        return tuple(self)

    def get(self, name):
        return self[name]


def test_figures_are_drawn_and_the_others_named(tmp_path):
    made_records.run(tmp_path)
    known = Figures(Figure("scores"), Figure("window", needs="bi-poo-1998"))
    done = asked("figures", "--records", tmp_path, figures=known)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "window: not drawn, no record of bi-poo-1998",
        f"scores: {tmp_path}/figures/scores.svg, .pdf, .png",
    ]
    assert (tmp_path / "figures" / "scores.svg").read_text() == "drawn"


def test_a_named_figure_without_its_records_is_refused_with_the_command(tmp_path):
    made_records.run(tmp_path)
    for needs, remedy in (("bi-poo-1998", "; make it with 'sbp run bi-poo-1998'"), ("mnist with a cost", "")):
        done = asked("figures", "f", "--records", tmp_path, figures=Figures(Figure("f", needs=needs)))
        assert done.exit_code == 1
        assert done.stderr == f"Error: f needs a record of {needs}{remedy}\n"


def test_a_figure_that_cannot_be_drawn_does_not_stop_the_others(tmp_path):
    made_records.run(tmp_path)
    known = Figures(Figure("old", fails=True), Figure("scores"), Figure("older", fails=True))
    done = asked("figures", "--records", tmp_path, figures=known)
    assert done.exit_code == 1
    assert "scores: " in done.stdout
    assert done.stderr.startswith("Error: figure old cannot be drawn (KeyError: 'a metric of before'), and 1 more; a ")
    records = [SimpleNamespace(protocol="mnist")]
    with pytest.raises(KeyError):
        draw_figures(Catalogue(**{**vars(CATALOGUE), "figures": known}), records, (), tmp_path)


# runs


def measured(value):
    def run(context):
        if value is not None:
            context.metric("speed", value, band=(0.5, 2.0), paper_value=1.0, provenance="read: abstract")

    return Protocol("parity", "Two targets", Source("Nobody"), {}, run)


@pytest.mark.parametrize(("value", "code"), [(1.0, 0), (9.0, 1)])
def test_benchmark_fails_where_a_target_differs_from_its_reference(value, code, tmp_path):
    done = asked("benchmark", "--target", "numpy", "--out", tmp_path, benchmark=lambda: measured(value))
    assert done.exit_code == code, done.output
    told = "Error: numpy differs from its reference in speed; the record tells by how much\n"
    assert done.stderr == (told if code else "")
    assert "speed" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--torch", "python3"), "--torch is for --peers"),
        (("--peers", "--count", "file"), "--peers and --count exclude one another"),
        (("--count", "file", "--compare", "file"), "--count and --compare exclude one another"),
        (("--peers", "--seed", "1"), "--seed has no effect with --peers"),
        (("--compare", "file", "--quick"), "--quick has no effect with --compare"),
        (("--count", "file", "--out", "there"), "--out has no effect with --count"),
    ],
)
def test_options_of_benchmark_that_do_not_go_together(words, told):
    done = sbp("benchmark", *words)
    assert done.exit_code == 2
    assert told in done.stderr


def test_scripts_of_the_checkout_are_run_and_missed_where_there_is_none(tmp_path):
    with pytest.raises(CommandError, match=r"benchmarks.peers is in the repository and not in the installed package"):
        run_script("benchmarks.peers", [], root=tmp_path)
    (tmp_path / "script.py").write_text("import sys\nopen('said', 'w').write(' '.join(sys.argv[1:]))\n")
    run_script("script", ["a", "b c"], root=tmp_path)
    assert (tmp_path / "said").read_text() == "a b c"
    (tmp_path / "failing.py").write_text("raise SystemExit(3)")
    with pytest.raises(CommandError, match="failing ended with status 3"):
        run_script("failing", [], root=tmp_path)


def test_benchmark_asks_its_scripts_for_what_was_asked(tmp_path, monkeypatch):
    asked_for = []
    monkeypatch.setattr(benchmark_module, "run_script", lambda *script: asked_for.append(script))
    monkeypatch.chdir(tmp_path)
    for words in (("--peers", "--torch", "py"), ("--count", "new.json"), ("--compare", "old.json")):
        assert sbp("benchmark", *words).exit_code == 0
    assert asked_for == [
        ("benchmarks.peers", ["--out", str(tmp_path / "results"), "--torch", "py"]),
        ("benchmarks.instructions", ["--count", str(tmp_path / "new.json")]),
        ("benchmarks.instructions", ["--compare", str(tmp_path / "old.json")]),
    ]


def test_a_run_without_a_metric_shows_no_table(tmp_path):
    done = asked("benchmark", "--target", "numpy", "--out", tmp_path, benchmark=lambda: measured(None))
    assert done.exit_code == 0, done.output
    assert "Values against" not in done.stdout
    assert "Record: " in done.stdout


def test_a_terminal_has_bars():
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    with running.progress_bars(screen) as bars, bars("pairing") as bar:
        bar(0.5, 0.1)
    assert "pairing" in screen.file.getvalue()
    with running.progress_bars(Console(file=io.StringIO())) as bars:
        assert bars is None


# builds


@pytest.fixture
def simulations(monkeypatch):
    """What a build is asked for, and two networks that it finds."""
    found = []

    def of(protocol, target, **how):
        found.append((target, how["arch"]))
        return [SimpleNamespace(name="one"), SimpleNamespace(name="two")]

    def build(simulation, place, bar=None):
        if bar is not None:
            bar(1.0)
        found.append((simulation.name, place))
        return building.Built(simulation.name, place, bool(bar), 1.5, [], {})

    monkeypatch.setattr(building, "simulations_of", of)
    monkeypatch.setattr(building, "build", build)
    monkeypatch.setattr(toolkit, "toolkit", lambda: SimpleNamespace(release="13.0", codes=()))
    return found


@pytest.mark.parametrize(("gpus", "arch"), [([toolkit.Gpu("H100", "90", 81920)], "sm_90"), ([], "sm_80")])
def test_what_is_built_for_is_the_gpu_of_the_machine_or_the_oldest(gpus, arch, simulations, monkeypatch, tmp_path):
    monkeypatch.setattr(toolkit, "gpus", lambda: gpus)
    done = sbp("build", "tao-2000", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert simulations == [("cuda", arch), ("one", tmp_path / "1-one"), ("two", tmp_path / "2-two")]
    assert f"2 networks for {arch} with nvcc 13.0. Nothing was run." in done.stdout
    assert f"Project: {tmp_path}" in done.stdout
    assert "(nothing to compile)" in done.stdout


def test_a_build_for_cpp_shows_bars_and_leaves_no_project(simulations, monkeypatch):
    shown = []

    @contextmanager
    def bar(description):
        shown.append(description)
        yield shown.append

    @contextmanager
    def bars(screen):
        yield bar

    monkeypatch.setattr(running, "progress_bars", bars)
    done = sbp("build", "tao-2000", "--target", "cpp")
    assert done.exit_code == 0, done.output
    assert simulations == [("cpp", None), ("one", None), ("two", None)]
    assert shown == ["building one", 1.0, "building two", 1.0]
    assert done.stdout.splitlines()[-1] == "Generated, compiled and linked 2 networks for C++. Nothing was run."


# the cache


def test_arrays_that_networks_share_are_counted_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SBP_CACHE", str(tmp_path))
    monkeypatch.delenv("SBP_CACHE_LIMIT", raising=False)
    common = tmp_path / "arrays" / f"{7:032x}"
    common.parent.mkdir()
    common.write_bytes(bytes(100_000))
    for number in range(2):
        with cache_entry.staging(tmp_path / "networks") as made:
            os.link(common, made.path / "data")
            cache_entry.publish(made, tmp_path / "networks" / f"{number:032x}")
    shown = sbp("cache").stdout
    assert "2 entries, 100 kB of at most" in shown
    assert "Arrays that networks share are counted once, which saves 100 kB." in shown


# the doctor


@pytest.fixture
def check(monkeypatch):
    """``check(name)``: what the doctor finds, who compiles nothing here."""
    monkeypatch.setattr(doctor, "_compiler", list)
    return lambda name: next(found for found in doctor.checks() if found.name == name)


def absent(*_asked, **_more):
    raise DeviceMissing("install it there")


def test_the_doctor_names_what_is_not_installed(check, monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.importlib.metadata, "version", version)
    found = check("scipy")
    assert (found.ok, found.found, found.remedy) == (False, "not installed", "pip install 'scipy>=1.13'")


def test_the_doctor_knows_machines_with_and_without_cuda(check, monkeypatch):
    monkeypatch.setattr(toolkit, "toolkit", absent)
    monkeypatch.setattr(toolkit, "gpus", lambda: [toolkit.Gpu("H100", "90", 81920)])
    found = check("nvcc")
    assert (found.ok, found.found, found.required) == (False, "not found", False)
    assert found.remedy == "install it there (only for target 'cuda')"
    assert check("GPU").found == "H100 (sm_90, 81920 MiB)"
    kit = SimpleNamespace(
        version=(12, 4), release="12.4", nvcc="/cuda/bin/nvcc", root="/cuda", header=lambda name: None
    )
    monkeypatch.setattr(toolkit, "toolkit", lambda: kit)
    monkeypatch.setattr(toolkit, "curand", absent)
    assert check("nvcc").ok
    assert check("cccl headers").found == "not in /cuda"
    assert check("curand").remedy == "install it there (only for target 'cuda')"


@pytest.mark.parametrize("text", [None, "MemTotal: 5 kB\n"])
def test_a_system_that_does_not_tell_its_memory_has_no_line_for_it(text, check, monkeypatch):
    class Files(type(Path())):
        def read_text(self, *how, **more):
            if text is None:
                raise OSError("no such file")
            return text

    assert check("free memory").found.endswith(" GiB")
    monkeypatch.setattr(doctor, "Path", Files)
    names = [found.name for found in doctor.checks()]
    assert "free memory" not in names
    assert {"free disk", "cores"} <= set(names)


# temporary files


def test_without_a_temporary_folder_a_command_goes_on(tmp_path, monkeypatch):
    def full(**_how):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(ending.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ending.tempfile, "mkdtemp", full)
    with clean_end():
        assert os.environ["TMPDIR"] == ending.tempfile.tempdir == str(tmp_path)
    assert tmp_path.is_dir()


def test_where_no_folder_was_named_none_is_named_afterwards(tmp_path, monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(ending.tempfile, "tempdir", str(tmp_path))
    with clean_end():
        assert Path(os.environ["TMPDIR"]).parent == tmp_path
    assert "TMPDIR" not in os.environ


@pytest.mark.parametrize("trouble", ["taken away", "no locks"])
def test_a_temporary_folder_that_cannot_be_locked(trouble, tmp_path, monkeypatch):
    lock, asked_for = ending.fcntl.flock, []

    def flock(descriptor, how):
        asked_for.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        if trouble == "no locks":
            raise OSError(37, "No locks available")
        if len(asked_for) == 1:  # another command is quicker: it holds the lock, and takes the folder for a leftover
            asked_for[0].rmdir()
        lock(descriptor, how)

    monkeypatch.setattr(ending.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ending.fcntl, "flock", flock)
    with clean_end():
        now = Path(ending.tempfile.tempdir)
        assert now == asked_for[-1]
        assert now.is_dir()
        assert len(asked_for) == (2 if trouble == "taken away" else 1)
    assert list(tmp_path.iterdir()) == []


def test_the_folders_of_others_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(ending.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "sbp-command-theirs").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(ending.os, "getuid", lambda: os.geteuid() + 1)
        with clean_end():
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["sbp-command-theirs"]
    with clean_end():
        pass
    assert list(tmp_path.iterdir()) == []


# streams, warnings, failures


class Bare:
    """A stream with no file behind it, which cannot be set up anew."""

    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        """Nothing waits."""


def test_streams_of_any_kind_are_printed_to(tmp_path, monkeypatch):
    bare = Bare()
    with open(tmp_path / "out", "w", encoding="ascii") as file:
        monkeypatch.setattr(sys, "stdout", file)
        monkeypatch.setattr(sys, "stderr", bare)
        with patient():
            assert sys.stderr is bare
            assert sys.stdout.fileno() == file.fileno()
            print("A\u2192B")
            print("told", file=sys.stderr)
    assert (tmp_path / "out").read_text() == "A->B\n"
    assert bare.text == "told\n"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", "sbp_brian.plain")  # it is for what is written alone


def test_warnings_of_this_package_are_one_line(monkeypatch):
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    one_line_warnings()
    shown = warnings.formatwarning(CacheWarning("the cache\nis full"), CacheWarning, "here.py", 3)
    assert shown == "sbp: the cache is full\n"
    theirs = warnings.formatwarning(DeprecationWarning("old"), DeprecationWarning, "here.py", 3, line="")
    assert theirs == "here.py:3: DeprecationWarning: old\n"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "Error: the memory of this machine does not suffice: MemoryError"),
        (SystemExit(3), "Error: something called sys.exit(3) before the command was done: leave it out, or raise an"),
        (OSError(13, "Permission denied", "place"), "Error: place: Permission denied"),
        (LookupError("\nlost"), "Error: LookupError: lost (--debug shows where)"),
    ],
)
def test_every_failure_is_one_line(error, told, monkeypatch):
    def fail(*_asked):
        raise error

    monkeypatch.setattr("sbp_brian.cli.list.show", fail)
    assert refused("list").startswith(told)


@pytest.mark.parametrize("words", [(), ("data",)])
def test_a_command_without_words_shows_its_help(words):
    done = sbp(*words)
    assert done.exit_code == 2
    assert "Usage: sbp" in done.output
    assert "Error" not in done.output
