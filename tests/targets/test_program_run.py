"""Programs that are stopped, killed or fail, with a script in the place of the compiled one; runs side by side."""

import os
import signal
import threading
from concurrent.futures import Future
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.errors import Interrupted, RunFailed
from sbp_brian.targets import Simulation, parallel
from sbp_brian.targets.parallel import run_in_processes, run_in_threads
from sbp_brian.targets.program_run import ProgramRun, launched_by
from tests.helpers.targets_network import make

BEGUN = "echo sbp-progress 0.1 0.1\n"


@pytest.fixture
def program(tmp_path):
    """``program(text, **settings)``: a run of a shell script."""

    def made(text, **settings):
        script = tmp_path / "main"
        script.write_text(f"#!/bin/sh\n{text}")
        script.chmod(0o755)
        for name in ("arrays", "results"):
            (tmp_path / name).mkdir(exist_ok=True)
        return ProgramRun(script, tmp_path / "arrays", tmp_path / "results", settings, seed=1)

    return made


def ctrl_c(times):
    """Progress during which Ctrl+C comes so often."""
    left = [None] * times

    def progress(fraction, elapsed_s):
        if left:
            left.pop()
            raise KeyboardInterrupt

    return progress


def test_a_program_that_is_stopped_before_it_starts_is_not_started(program, tmp_path):
    run = program(f"touch {tmp_path}/started")
    run.interrupt()
    run.run()
    assert not run.begun
    assert not (tmp_path / "started").exists()


def test_a_program_is_started_by_another_one_within_and_alone_after_it(program, tmp_path):
    launcher = tmp_path / "launcher"
    launcher.write_text('#!/bin/sh\nbasename "$2" >"$1"\nshift\nexec "$@"')
    launcher.chmod(0o755)
    run = program(f"echo started >>{tmp_path}/program")
    with launched_by(str(launcher), str(tmp_path / "asked")):
        run.run()
    assert (tmp_path / "asked").read_text() == "main\n"
    (tmp_path / "asked").unlink()
    program(f"echo started >>{tmp_path}/program").run()
    assert not (tmp_path / "asked").exists()
    assert (tmp_path / "program").read_text() == "started\n" * 2


def test_a_program_that_ends_before_its_first_step_has_not_begun(program):
    run = program("exit 0")
    run.run()
    assert not run.begun
    assert run.completed == 0


def test_a_program_that_ctrl_c_ends_before_its_first_step_has_not_begun(program):
    run = program(f"{BEGUN}exec sleep 60")
    run.run(ctrl_c(1))
    assert run.interrupted
    assert not run.begun


def test_a_program_that_writes_its_arrays_is_not_cut_short(program, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "last_run_info.txt").write_text("0.5 1.0")
    run = program(f"echo sbp-progress 1 1\nwhile [ ! -e {tmp_path}/asked ]; do sleep 0.01; done\n")

    def stop(fraction, elapsed_s):
        run.interrupt()  # a signal would end the script
        (tmp_path / "asked").touch()

    run.run(stop)
    assert run.interrupted
    assert run.completed == 1.0


def test_a_second_ctrl_c_kills_a_program_that_goes_on(program):
    run = program(f"trap 'echo sbp-progress 0.2 0.2; exec sleep 60' INT\n{BEGUN}while :; do sleep 0.02; done")
    with pytest.raises(KeyboardInterrupt):
        run.run(ctrl_c(2))
    assert run._process.returncode == -signal.SIGKILL


def test_what_cannot_be_written_is_told_when_the_program_has_ended(program, tmp_path):
    run = program(f"echo 'Error writing results/v'\necho more\ntouch {tmp_path}/to_its_end\n")
    with pytest.raises(RunFailed, match="the compiled simulation failed: Error writing results/v"):
        run.run()
    assert (tmp_path / "to_its_end").exists()


def test_values_of_the_wrong_number_are_named(program):
    said = "echo \"Error reading 'set/1': file size 24 does not match expected size 48\"\nexec sleep 60\n"
    run = program(said, **{"cells.v": np.zeros(2), "AB.w": np.zeros(3)})
    with pytest.raises(ValueError, match=r"'AB\.w' needs one value or 6 values, 3 were given"):
        run.run()


def backend_run(program, tmp_path, text, results=None):
    """A run of a script by the backend of a simulation, as if it had been built."""
    backend = Simulation(make, 1 * ms, target="cpp", cache=tmp_path / "cache")._backend
    manifest = {"entries": {}, "files": {}, "arrays": {}, "set_names": {}}
    built = SimpleNamespace(program=program(text).program, arrays=tmp_path, manifest=manifest, cached=True)
    return partial(backend.run, {}, 1, results=results, built=built)


@pytest.mark.parametrize("kept", [False, True])
def test_a_run_without_a_step_gives_nothing(kept, program, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    results = tmp_path / "own" if kept else None
    run = backend_run(program, tmp_path, "exit 0", results)
    assert run() is None
    run = backend_run(program, tmp_path, f"{BEGUN}exec sleep 60", results and results / "second")
    with pytest.raises(Interrupted) as caught:
        run(progress=ctrl_c(1))
    assert caught.value.results == [None]
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not kept or (tmp_path / "own" / "output.txt").exists()


def test_what_a_failed_run_has_written_stays_in_the_folder_that_was_named(program, tmp_path):
    run = backend_run(program, tmp_path, "echo all is lost; exit 3", tmp_path / "own")
    with pytest.raises(RunFailed, match="exit code 3: all is lost"):
        run()
    assert (tmp_path / "own" / "output.txt").read_text() == "all is lost\n"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    backend = Simulation(make, 1 * ms, target="cpp", cache=tmp_path / "cache")._backend
    monkeypatch.setattr(os, "access", lambda path, how: False)
    with pytest.raises(PermissionError, match=f"cannot be written: no permission to write in {tmp_path}"):
        backend.check_place(tmp_path / "own")


# side by side


class Program:
    """What a run in a thread registers; it ends when it is interrupted so often, or killed."""

    def __init__(self, patience):
        self.patience, self.told, self.ended = patience, [], threading.Event()

    def interrupt(self):
        self.told.append("interrupt")
        if len(self.told) >= self.patience:
            self.ended.set()

    def kill(self):
        self.told.append("kill")
        self.ended.set()


@pytest.mark.parametrize(("times", "told"), [(1, ["interrupt"]), (2, ["interrupt", "kill"])])
def test_ctrl_c_asks_programs_and_a_second_one_kills_them(times, told, monkeypatch):
    wait, left, begun = parallel.wait, [None] * times, threading.Event()
    program = Program(patience=times)

    def waits(futures, **how):
        begun.wait()
        if left:
            left.pop()
            raise KeyboardInterrupt
        return wait(futures, **how)

    def run(progress, register):
        register(program)
        begun.set()
        program.ended.wait()
        raise Interrupted(SimpleNamespace(completed=0.5))

    monkeypatch.setattr(parallel, "wait", waits)
    with pytest.raises(KeyboardInterrupt) as caught:
        run_in_threads(run, [{"progress": None}], 1, None)
    assert program.told == told
    assert isinstance(caught.value, Interrupted) == (times == 1)


def local(*_given):
    """A network that other processes could make."""


def typed():
    """A network that was typed at a prompt, so that no other process can make it."""


typed.__module__ = "__main__"


@pytest.mark.parametrize("make", [typed, partial(typed), partial(partial(typed)), lambda: None])
def test_what_no_other_process_can_make_runs_one_after_another(make):
    done, told = [], []

    def run(seed, progress):
        progress(1.0, 0.1)
        done.append(seed)
        return seed

    runs = [{"seed": k, "progress": None} for k in range(3)]
    assert run_in_processes(None, make, 1 * ms, {}, run, runs, 2, lambda share, s: told.append(share)) == [0, 1, 2]
    assert done == [0, 1, 2]
    assert told == pytest.approx([1 / 3, 2 / 3, 1])


def test_one_after_another_what_was_done_is_kept():
    def run(seed, progress):
        if seed:
            raise Interrupted(SimpleNamespace(completed=0.5))
        return "done"

    with pytest.raises(Interrupted, match="2 of 3 runs") as caught:
        run_in_processes(None, local, 1 * ms, {}, run, [{"seed": k, "progress": None} for k in range(3)], 1, None)
    first, second, third = caught.value.results
    assert (first, second.completed, third) == ("done", 0.5, None)


class Stopped(Exception):
    """What an embedding program raises in its own time."""


@pytest.fixture
def pool(monkeypatch):
    """In place of processes: a pool that never begins, and the workers that it would have."""
    seen = SimpleNamespace(killed=[], shut=[], stop=threading.Event(), submitted=0, fails=False)

    class Worker:
        def __init__(self, name):
            self.kill = lambda: seen.killed.append(name)

    workers = [Worker("of somebody else")]

    class Pool:
        def __init__(self, count, context, initializer, arguments):
            assert (count, initializer, arguments[-1]) == (2, parallel._begin_worker, seen.stop)
            workers.extend([Worker("first"), Worker("second")])

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            return None

        def submit(self, work, arguments):
            if seen.fails:
                raise Stopped
            seen.submitted += 1
            return Future()

        def shutdown(self, **how):
            seen.shut.append(how)

    context = SimpleNamespace(Event=lambda: seen.stop)
    system = SimpleNamespace(get_context=lambda kind: context, active_children=lambda: list(workers))
    monkeypatch.setattr(parallel, "multiprocessing", system)
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", Pool)
    return seen


def in_processes():
    return run_in_processes(dict, local, 1, {}, None, [{"seed": k, "progress": None} for k in range(3)], 2, None)


def test_a_second_ctrl_c_kills_the_processes_of_the_runs_and_no_others(pool, monkeypatch):
    def interrupted(futures, **how):
        assert pool.stop.is_set() == (len(told) > 0)
        told.append(len(futures))
        raise KeyboardInterrupt

    told = []
    monkeypatch.setattr(parallel, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_processes()
    assert told == [3, 3]
    assert pool.killed == ["first", "second"]
    assert pool.shut == [{"wait": False, "cancel_futures": True}]


def test_a_failure_while_runs_are_handed_out_stops_them(pool):
    pool.fails = True
    with pytest.raises(Stopped):
        in_processes()
    assert pool.stop.is_set()
    assert pool.shut == [{"wait": False, "cancel_futures": True}]
    assert pool.killed == []


def test_a_worker_that_was_told_to_stop_begins_nothing(monkeypatch):
    stop, asked = threading.Event(), []

    def run(**arguments):
        asked.append(arguments["seed"])
        raise Interrupted(SimpleNamespace(completed=0.25))

    backend = SimpleNamespace(prepare=lambda seed: None, run=run)
    monkeypatch.setattr(parallel, "_worker", {"simulation": SimpleNamespace(_backend=backend), "stop": stop})
    assert parallel._work({"seed": 3}).result.completed == 0.25
    stop.set()
    assert parallel._work({"seed": 4}).result is None
    assert asked == [3]
