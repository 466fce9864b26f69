"""Processes that this one starts end with it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from sbp_brian import children

SLEEPS = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"


def gone(pids):
    for _ in range(200):
        if not any(children_alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def children_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_is_run_and_its_output_given():
    done = children.run([sys.executable, "-c", "print('out'); exit(3)"], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (3, "out\n")
    with pytest.raises(FileNotFoundError):
        children.run(["/no/such/program"])


@pytest.fixture
def family():
    """A program that `run` runs in a thread, which has started another: the ids of both."""
    before = set(children.of_this_process())
    code = f"{SLEEPS}\nimport time; time.sleep(60)"
    running = threading.Thread(target=children.run, args=([sys.executable, "-c", code],), kwargs={"stdout": -3})
    running.start()
    pids = set()
    while len(pids) < 2:
        pids = set(children.of_this_process()) - before
        time.sleep(0.02)
    yield pids
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    running.join()


def test_what_runs_in_any_thread_is_stopped_with_what_it_started(family):
    assert all(map(children_alive, family))
    children.stop_running(threading.get_ident())  # it runs in another one
    assert all(map(children_alive, family))
    children.stop_running()
    assert gone(family)


def test_a_program_that_takes_too_long_ends_with_what_it_started():
    before = set(children.of_this_process())
    with pytest.raises(subprocess.TimeoutExpired):
        children.run([sys.executable, "-c", f"{SLEEPS}\nimport time; time.sleep(60)"], timeout=0.4, stdout=-3)
    assert gone(set(children.of_this_process()) - before)


def test_all_end_but_those_that_are_spared(family):
    children.adopt_orphans()
    try:
        others = set(children.of_this_process()) - family
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as spared:
            assert children.end({*others, spared.pid}) == []
            assert gone(family)
            assert spared.poll() is None
            spared.kill()
    finally:
        children.adopt_orphans(False)
