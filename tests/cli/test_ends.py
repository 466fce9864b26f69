"""How commands end: by signals, in closed terminals, by protocols that exit; nothing is left, status 0 is a record."""

import fcntl
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sbp_brian import figures
from sbp_brian.cli.ending import clean_end
from sbp_brian.experiments import records
from tests.helpers.commands import DEMO, FEW_FIGURES, refused, sbp
from tests.helpers.ending import SBP, struck

INTERRUPTED = "Interrupted: what is done is kept; the same command goes on from there.\n"


def waiting(going):
    return "waiting" in going.out()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_asks_for_an_end_is_heeded_as_ctrl_c(number, tmp_path):
    end = struck((*SBP, "run", DEMO, "--out", str(tmp_path), "-s", "wait=3600"), number, tmp_path, when=waiting)
    assert (end.status, end.err) == (130, INTERRUPTED)
    assert (end.alive, end.left) == ([], [])
    assert [path.read_text() for path in tmp_path.glob("demo/*.work/checkpoint")] == ["epoch 1"]


def test_what_was_ignored_from_the_start_stays_ignored(tmp_path):
    for number, ender in ((signal.SIGINT, signal.SIGTERM), (signal.SIGHUP, signal.SIGINT)):
        command = (*SBP, "run", DEMO, "--out", str(tmp_path), "-s", "wait=0.4", "--seed", str(int(number)))
        end = struck(command, number, tmp_path, when=waiting, ignored=[number])
        assert (end.sent, end.status, end.err) == (True, 0, "")
        end = struck((*command[:-3], "wait=3600"), ender, tmp_path, when=waiting, ignored=[number])
        assert (end.status, end.err) == (130, INTERRUPTED)
    assert len(records.find(tmp_path)) == 2


def test_brian2_does_not_break_an_ignored_ctrl_c():
    code = (
        "import os, signal\nimport brian2\nfrom sbp_brian.interruption import honour_ignored, ignored\n"
        "assert ignored()\nhonour_ignored()\nos.kill(os.getpid(), signal.SIGINT)\n"
        "import subprocess, sys\n"  # what is started does not ignore it
        "ask = 'import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)'\n"
        "assert subprocess.run([sys.executable, '-c', ask], capture_output=True, text=True).stdout == 'True\\n'"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


def ended_well(end, out):
    """Ended by itself with a record, by the signal in its run, before it had begun, or after it had told its record."""
    assert "Traceback" not in end.err
    assert end.alive == []
    if end.status == 0:
        assert records.find(out)
    elif end.status == 130:
        assert end.err.endswith(INTERRUPTED)
    else:
        assert (end.sent, end.err) == (True, "")
        assert end.status < 0
        told = [str(record.folder) in end.out for record in records.find(out)] if out.exists() else [True]
        assert told == [True]  # what is there is whole, and was told before the interpreter itself was struck
    return end.left == []


NUMPY = ("run", "tsodyks-1998", "--quick", "--target", "numpy")


@pytest.mark.parametrize("moment", range(2))
def test_a_signal_at_any_moment_leaves_nothing(moment, tmp_path):
    rng = random.Random(moment)
    number = rng.choice([signal.SIGTERM, signal.SIGHUP])
    end = struck((*SBP, *NUMPY, "--out", str(tmp_path / "out")), number, tmp_path, after=rng.uniform(0.4, 3.0))
    assert ended_well(end, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(40))
def test_a_signal_at_any_of_many_moments_leaves_nothing(moment, tmp_path):
    rng = random.Random(1000 + moment)
    command = rng.choice([NUMPY, ("run", "bi-poo-1998", "--target", "numpy")])  # the second: in processes of their own
    number = rng.choice([signal.SIGTERM, signal.SIGHUP])
    out = tmp_path / "out"
    end = struck((*SBP, *command, "--out", str(out)), number, tmp_path, after=rng.uniform(0.4, 12), group=moment % 2)
    assert ended_well(end, out)


SLOW_TO_COMPILE = """
from brian2 import Network, NeuronGroup, second
from sbp_brian.experiments.protocol import Protocol, Source
from sbp_brian.targets import Simulation

def make():
    return Network(NeuronGroup(1, "dv/dt = -v / second : 1", method="exact"))

def run(context):
    Simulation(make, 1 * second, target=context.target).run(seed=context.seed)

PROTOCOL = Protocol("compiled", "Compiled", Source("Nobody"), {}, run)
"""


def test_what_is_interrupted_within_code_in_a_string_ends_as_any(tmp_path):
    code = "def run(context):\n    exec('raise KeyboardInterrupt')\n"
    (tmp_path / "compiled.py").write_text(re.sub(r"def run.*\n.*\n", lambda _: code, SLOW_TO_COMPILE))
    end = struck((*SBP, "run", str(tmp_path / "compiled.py"), "--out", str(tmp_path / "out")), None, tmp_path)
    assert (end.status, end.err) == (130, INTERRUPTED)


def test_compilers_end_with_the_command(tmp_path):
    (tmp_path / "compiled.py").write_text(SLOW_TO_COMPILE)
    end = struck(
        (*SBP, "run", str(tmp_path / "compiled.py"), "--out", str(tmp_path / "out")),
        signal.SIGTERM,
        tmp_path,
        when=lambda going: any("cc1plus" in line for line in going.alive()),
        SBP_CACHE=str(tmp_path / "cache"),
    )
    assert (end.sent, end.status, end.err) == (True, 130, INTERRUPTED)
    assert (end.alive, end.left) == ([], [])
    assert not list((tmp_path / "cache" / "programs").glob(".*-*")), "no half-built program"


def test_runs_end_with_the_command_that_started_them_be_it_killed(tmp_path):
    going_on = tmp_path / "waiting_experiment.py"
    going_on.write_text(Path(DEMO).read_text().replace("Parameter(0.0)", "Parameter(3600.0)"))
    out = tmp_path / "out"
    command = (*SBP, "reproduce", str(going_on), "--out", str(out))
    begun = lambda going: bool(list(out.glob("demo/*.work/checkpoint")))  # noqa: E731
    end = struck(command, signal.SIGTERM, tmp_path, when=begun)
    assert (end.status, end.alive, end.left) == (130, [], [])
    shutil.rmtree(out)
    end = struck(command, signal.SIGKILL, tmp_path, when=begun, after=0.1)
    assert end.status == -signal.SIGKILL
    assert len(end.left) == 1, "its temporary folder"
    # the next command takes the leftovers away, and the run can be had: its lock is free
    end = struck((*SBP, "run", DEMO, "--out", str(out), "--fresh"), None, tmp_path)
    assert (end.status, end.err, end.left) == (0, "", [])


def test_folders_of_killed_commands_are_removed_whatever_is_in_them(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("sbp-command-empty", "sbp-command-full", "sbp-command-used"):
        (tmp_path / name).mkdir()
    (tmp_path / "sbp-command-full" / "file").touch()
    (tmp_path / "sbp-command-link").symlink_to("elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere").mkdir()
    used = os.open(tmp_path / "sbp-command-used", os.O_RDONLY)
    fcntl.flock(used, fcntl.LOCK_EX)
    with clean_end():
        [own] = (
            set(tmp_path.iterdir())
            - {tmp_path / f"sbp-command-{name}" for name in ("used", "link")}
            - {tmp_path / "elsewhere"}
        )
        assert tempfile.gettempdir() == str(own)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "sbp-command-link", "sbp-command-used"]
    os.close(used)
    with clean_end():
        assert not (tmp_path / "sbp-command-used").exists()


def test_a_folder_that_another_command_took_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made, make = [], tempfile.mkdtemp

    def taken(**options):
        made.append(Path(make(**options)))
        if len(made) == 1:
            made[0].rmdir()
        return str(made[-1])

    monkeypatch.setattr(tempfile, "mkdtemp", taken)
    with clean_end():
        assert [path.is_dir() for path in made] == [False, True]
        assert tempfile.gettempdir() == str(made[1])
    assert not list(tmp_path.iterdir())


def test_two_requests_at_once_are_one_and_the_files_go(tmp_path):
    end = struck(
        (*SBP, "run", DEMO, "--out", str(tmp_path), "-s", "wait=3600"),
        signal.SIGHUP,
        tmp_path,
        when=waiting,
        group=True,
    )
    assert (end.status, end.err, end.left) == (130, INTERRUPTED, [])


def test_a_run_goes_to_its_folder_even_where_the_protocol_leaves_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    moving = tmp_path / "moving.py"
    moving.write_text(Path(DEMO).read_text().replace("p = context", "__import__('os').chdir('elsewhere'); p = context"))
    result = sbp("run", "moving.py", "--out", "out")
    assert result.exit_code == 0, result.output
    [record] = records.find(tmp_path / "out")
    assert f"Record: out/demo/{record.run}" in result.stdout
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("import time\n", "import time, sys\nsys.exit(0)\n", "calls sys.exit when it is read; put what it runs"),
        ("p = context.parameters", "raise SystemExit", "demo: its run() called sys.exit() before its record"),
        ("p = context.parameters", "exit(0)", "demo: its run() called sys.exit(0) before its record"),
        ('name="demo"', 'name="../../x"', "a protocol cannot be called '../../x', which is no name of a folder"),
        ('name="demo"', 'name=".."', "cannot be called '..'"),
        ('name="demo"', 'name="/tmp/x"', "cannot be called '/tmp/x'"),
        ('name="demo"', 'name=""', "cannot be called ''"),
        ('name="demo"', 'name="a\\nb"', "cannot be called 'a\\nb'"),
        ('name="demo"', f'name="{"x" * 300}"', "100 at most"),
        ('name="demo"', 'name="sweep"', "the name of another folder"),
    ],
)
def test_a_protocol_that_ends_python_or_leaves_its_folder_is_refused(old, new, message, tmp_path):
    own = tmp_path / "own.py"
    text = Path(DEMO).read_text()
    assert old in text
    own.write_text(text.replace(old, new))
    assert message in refused("run", own, "--out", tmp_path / "deep" / "er" / "out", code=1)
    assert [path.name for path in tmp_path.iterdir() if path.name != "own.py"] in ([], ["deep"])
    assert not list(tmp_path.rglob("record.json"))


def test_check_fails_where_a_value_is_outside_its_band(tmp_path):
    assert sbp("run", DEMO, "--out", tmp_path, "--check").exit_code == 0
    wrong = ("run", DEMO, "--out", tmp_path, "-s", "outcome=wrong")
    assert sbp(*wrong).exit_code == 0
    result = sbp(*wrong, "--check")
    assert result.exit_code == 1
    [_, told] = result.stderr.splitlines()  # the first line: that it replaces a record
    assert told.startswith("Error: 1 of 2 values are outside their bands or against their patterns: demo I->A; the")
    assert len(records.find(tmp_path)) == 2


def test_check_of_nothing_is_refused(tmp_path):
    bare = tmp_path / "bare.py"
    bare.write_text(Path(DEMO).read_text().replace("band=(0.3, 0.6), ", "").replace('pattern="up", ', ""))
    assert "no value has a band or a pattern to be held to" in sbp("run", bare, "--out", tmp_path, "--check").stderr


def test_reproduce_checks_too(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "names", lambda: FEW_FIGURES)
    wrong = tmp_path / "wrong.py"
    text = Path(DEMO).read_text()
    wrong.write_text(text.replace('name="demo"', 'name="bad"').replace('Parameter("good"', 'Parameter("wrong"'))
    result = sbp("reproduce", wrong, "--out", tmp_path / "out", "--target", "numpy", "--check")
    assert result.exit_code == 1
    assert "1 of 2 values are outside their bands or against their patterns: bad I->A" in result.stderr
    assert (tmp_path / "out" / "report.html").is_file()


def shown(tmp_path, stdout, **environment):
    """A run with this standard output: its exit status and what it said on the other stream."""
    command = [*SBP, "run", DEMO, "--out", str(tmp_path / "out"), "--seed", str(len(list(tmp_path.rglob("*.json"))))]
    result = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, env={**os.environ, **environment})
    return result, result.stderr.decode()


@pytest.mark.parametrize(
    ("encoding", "arrow", "spread"), [("ascii", b"A->B", b"+- 8.0 %"), ("iso-8859-1", b"A->B", b"\xb1 8.0 %")]
)
def test_what_a_terminal_cannot_show_is_replaced(encoding, arrow, spread, tmp_path):
    result, errors = shown(tmp_path, subprocess.PIPE, PYTHONIOENCODING=encoding)
    assert (result.returncode, errors) == (0, "")
    for text in (arrow, spread, b"within", b"Record: "):
        assert text in result.stdout
    assert len(records.find(tmp_path / "out")) == 1


def test_a_reader_that_has_gone_or_never_was_is_no_error(tmp_path):
    read, write = os.pipe()
    os.close(read)
    result, errors = shown(tmp_path, write)
    os.close(write)
    assert (result.returncode, errors) == (0, "")
    closed = subprocess.run(
        ["sh", "-c", f'"$0" -m sbp_brian run {DEMO} --out {tmp_path}/out --seed 7 >&- 2>&-', sys.executable]
    )
    assert closed.returncode == 0
    assert len(records.find(tmp_path / "out")) == 2


def test_a_list_that_is_cut_short_is_no_error():
    script = '{ "$0" -m sbp_brian list; echo "status $?" >&2; } | head -1'
    result = subprocess.run(["sh", "-c", script, sys.executable], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("Protocols: biology\n", "status 0\n")


def test_output_that_finds_no_room_is_an_error_of_one_line(tmp_path):
    with open("/dev/full", "w") as full:
        result, errors = shown(tmp_path, full)
    assert result.returncode == 1
    assert errors == "Error: the output cannot be written: No space left on device\n"
    assert len(records.find(tmp_path / "out")) == 1


def test_a_folder_whose_name_is_no_text_is_told_as_it_is(tmp_path):
    place = os.fsencode(tmp_path) + b"/\xff"
    result = subprocess.run([*SBP, "run", DEMO, "--out", place], capture_output=True)
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"Record: " + place in result.stdout
