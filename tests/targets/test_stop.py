"""Ctrl+C keeps what was done; Python operations are refused where they would be left out; programs that fail."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import brian2
import pytest
from brian2 import Network, NetworkOperation, NeuronGroup, ms, network_operation, set_device

from sbp_brian import targets
from sbp_brian.errors import Interrupted, PythonOperationError, RunFailed
from sbp_brian.targets import Simulation
from sbp_brian.targets.results import Result
from tests.helpers.compiling import shared_cache
from tests.helpers.targets_network import DURATION, make, make_with_operation

ROOT = Path(__file__).parents[2]
LONG = """
import sys
from brian2 import second
from tests.helpers.targets_network import DURATION, make
from sbp_brian.errors import Interrupted
from sbp_brian.targets import Simulation
simulation = Simulation(make, DURATION, target=sys.argv[1])
def tell(fraction, elapsed_s):
    if fraction > 0:
        print("running", flush=True)
arguments = dict(values={"cells.gain": 0}, seed=1, duration=1e6*second, names=["cells.v", "AB.w", "spikes.N"])
try:
    if sys.argv[2] == "run":
        simulation.run(**arguments, progress=tell)
    else:
        simulation.run_many([arguments, arguments], workers=2, progress=tell)
except Interrupted as stopped:
    for result in stopped.results:
        assert 0 < result.completed < 1e-3, result.completed
        assert result.stopped
        assert result["cells.v"].shape == (6,) and result["AB.w"].sum() > 0
    print("kept", len(stopped.results), stopped, flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SBP_CACHE", str(shared_cache(tmp_path_factory)))
        Simulation(make, DURATION).build()
        yield


@pytest.mark.parametrize(("target", "how", "kept"), [("cpp", "run", 1), ("cpp", "many", 2), ("numpy", "run", 1)])
def test_an_interrupted_run_keeps_what_was_done(target, how, kept, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", LONG, target, how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout.readline() == "running\n", process.stderr.read()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert f"kept {kept} the simulation was stopped" in out, errors
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == [], "temporary folders are gone"


def test_an_interrupt_is_not_lost_while_a_result_is_removed(tmp_path, monkeypatch):
    remove, first = shutil.rmtree, [True]

    def interrupted(folder, **options):
        if first:
            first.clear()
            raise KeyboardInterrupt
        remove(folder, **options)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = tmp_path / "files"
    folder.mkdir()

    def drop_a_result():
        Result(
            {},
            None,
            target="cpp",
            seed=0,
            completed=1.0,
            run_s=0.0,
            build_s=0.0,
            cached=True,
            folder=folder,
            temporary=True,
        )
        time.sleep(20)

    try:
        with pytest.raises(KeyboardInterrupt):
            drop_a_result()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not folder.exists()


def test_a_failing_callback_ends_the_program():
    def fail(fraction, elapsed_s):
        raise ZeroDivisionError("in the callback")

    for target in ("numpy", "cpp"):
        with pytest.raises(ZeroDivisionError, match="in the callback"):
            Simulation(make, DURATION, target=target).run(seed=1, progress=fail)
    assert Simulation(make, DURATION).run(seed=1).completed == 1


def test_one_failing_run_of_many_is_raised():
    def fail(fraction, elapsed_s):
        raise ZeroDivisionError("in the callback")

    with pytest.raises(ZeroDivisionError):
        Simulation(make, DURATION).run_many([dict(seed=1), dict(seed=1, progress=fail)], workers=2)


def test_a_program_that_fails_is_explained(tmp_path):
    simulation = Simulation(make, DURATION).build()
    latest = simulation._backend.latest
    program, arrays = latest.program, latest.arrays
    for code, told in [
        ("#!/bin/sh\necho all is lost\nexit 3\n", "exit code 3: all is lost"),
        ("#!/bin/sh\nkill -SEGV $$\n", "signal SIGSEGV"),
        ("#!/bin/sh\necho 'sbp-progress 1 1'\n", "no complete results"),
    ]:
        latest.program = tmp_path / "main"
        latest.program.write_text(code)
        latest.program.chmod(0o755)
        with pytest.raises(RunFailed, match=told):
            simulation.run(seed=1)
    latest.program, latest.arrays = program, tmp_path
    with pytest.raises(RunFailed, match="Error opening static array"):
        simulation.run(seed=1)
    latest.arrays = arrays
    assert simulation.run(seed=1).completed == 1


REFUSED = r"'look' \(.*look\) is a Python operation .*run_regularly, run_on_event or RetrogradeSBP\.operation.*'numpy'"


def test_python_operations_are_refused_by_simulations():
    with pytest.raises(PythonOperationError, match=REFUSED):
        Simulation(make_with_operation, DURATION).run(seed=1)
    assert Simulation(make_with_operation, DURATION, target="numpy").run(seed=1).completed == 1


def test_inactive_python_operations_are_no_matter():
    def inactive():
        net = make_with_operation()
        net["look"].active = False
        return net

    assert Simulation(inactive, DURATION).run(seed=1).cached, "the same program as without it"


@pytest.mark.parametrize("magic", [False, True])
def test_python_operations_are_refused_after_use(magic, tmp_path):
    targets.use("cpp", directory=str(tmp_path / "built"))
    try:
        brian2.get_device().reinit()
        brian2.get_device().activate(directory=str(tmp_path / "built"))
        cells = NeuronGroup(1, "v : 1", name="cells", namespace={})

        @network_operation(name="look")
        def look():
            pass

        run = brian2.run if magic else Network(cells, look).run
        with pytest.raises(PythonOperationError, match=REFUSED):
            run(1 * ms)
        assert not (tmp_path / "built").exists()
        del cells, look
    finally:
        brian2.get_device().reinit()
        set_device("runtime")
        brian2.prefs.codegen.target = "auto"


def test_objects_of_operations_count_too():
    class Counter:
        def __init__(self):
            self.count = 0

        def step(self):
            self.count += 1

    counter = Counter()

    def network():
        net = make()
        net.add(NetworkOperation(counter.step, name="counting"))
        return net

    with pytest.raises(PythonOperationError, match=r"'counting' \(.*Counter\.step\)"):
        Simulation(network, DURATION).run(seed=1)
    assert counter.count == 0


def test_an_interruption_travels_between_processes_with_what_was_done():
    told = Interrupted(SimpleNamespace(completed=0.25))
    again = pickle.loads(pickle.dumps(told))
    assert str(again) == str(told)
    assert again.result.completed == 0.25
    assert again.results == [again.result]
    several = pickle.loads(pickle.dumps(Interrupted(None, [None, SimpleNamespace(completed=1.0)])))
    assert "1 of 2 runs" in str(several)
