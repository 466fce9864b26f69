"""A sweep on a Dask cluster of processes, one of which is killed: nothing is lost, and nothing run twice."""

import os
import signal
import threading
import time
from collections import Counter

import pytest

from sbp_brian import protocols
from sbp_brian.experiments import sweep
from tests.helpers.commands import sbp

CELLS = 8
#: An experiment that tells when it begins, in a child of which process, and when it ends.
SLOW = """
import os, time
from sbp_brian.experiments.protocol import Parameter, Protocol, Source


def tell(text):
    with open(os.environ["SWEEP_LOG"], "a") as log:
        log.write(text + "\\n")


def run(context):
    cell = context.parameters.cell
    tell(f"begin {cell} {os.getppid()}")
    time.sleep(1)
    context.metric("score", 2.0 * cell)
    tell(f"end {cell}")


PROTOCOL = Protocol(name="slow", title="Slow", source=Source("Nobody"), run=run,
                    parameters={"cell": Parameter(0, minimum=0)})
"""


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nothing_but_the_run_it_was_at(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    file, log = tmp_path / "slow.py", tmp_path / "log"
    file.write_text(SLOW)
    log.write_text("")
    monkeypatch.setenv("SWEEP_LOG", str(log))
    killed = []

    def kill_one():
        """Kill the worker whose run has just begun, when two have ended."""
        while not killed:
            lines = [line.split() for line in log.read_text().splitlines()]
            ended = {cell for kind, cell, *_ in lines if kind == "end"}
            if len(ended) >= 2 and lines[-1][0] == "begin":
                killed.append(lines[-1][1])
                os.kill(int(lines[-1][2]), signal.SIGKILL)
            time.sleep(0.05)

    watcher = threading.Thread(target=kill_one, daemon=True)
    with distributed.LocalCluster(
        n_workers=4, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp", host="127.0.0.1"
    ) as cluster:
        watcher.start()
        cells = f"cell=0:{CELLS - 1}:1"
        result = sbp("sweep", file, "-s", cells, "--out", tmp_path, "--scheduler", cluster.scheduler_address)
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in log.read_text().splitlines()]
    wanted = Counter(map(str, range(CELLS)))
    assert Counter(cell for kind, cell, *_ in lines if kind == "end") == wanted
    assert Counter(cell for kind, cell, *_ in lines if kind == "begin") == wanted + Counter(killed)
    here = sweep.Sweep(protocols.get(str(file)), {"cell": ",".join(wanted)}, [0])
    assert len(here.points) == CELLS
    assert all(here.done(tmp_path, point) for point in here.points)
