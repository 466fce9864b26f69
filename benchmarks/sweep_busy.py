"""How busy a sweep keeps the cores: a piece of the map over lambda_p and lambda_f, from an empty cache and again.

Run it from the checkout: ``python -m benchmarks.sweep_busy [workers]``. ``sbp sweep mnist`` over 6 values of lambda_p
and 4 of lambda_f, 10,000 images, one epoch. Of all processes of its runs, compilers among them, the time that they
computed and the time that they waited for a core are read where Linux keeps both (``/proc/PID/task/TID/schedstat``),
twenty times a second. A process that computes or waits for a core could use one: the share of the two in the time from
the first run's start to the last one's end, times workers, does not depend on what else the machine does. Time that a
process lived after it was last read is missing, so the share is a lower bound.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._common import ROOT, write
from sbp_brian.children import of_this_process
from tools.measure import commit

LAMBDA_P, LAMBDA_F = "0.05,0.1,0.4,0.7,0.9,1.0", "0.1,0.4,0.7,1.0"
SWEPT = ("-s", f"lambda_p={LAMBDA_P}", "-s", f"lambda_f={LAMBDA_F}")
FIXED = ("-s", "train_samples=10000", "-s", "test_samples=2000", "-s", "epochs=1")
#: Seconds between two looks.
EVERY = 0.05


def looked(pid: int) -> dict[tuple[int, int], tuple[int, int]]:
    """``(process, thread)`` -> nanoseconds computed and waited for a core, of all that `pid` has started."""
    found = {}
    for one in of_this_process(pid):
        for task in Path(f"/proc/{one}/task").glob("*"):
            try:
                computed, waited, _ = (task / "schedstat").read_text().split()
            except (OSError, ValueError):
                continue  # it has ended meanwhile
            found[one, int(task.name)] = int(computed), int(waited)
    return found


def swept(workers: int, out: str, cache: str) -> dict[str, float]:
    """Seconds of a sweep, of its runs' computing and waiting, and the shares in the time of all workers."""
    command = [sys.executable, "-m", "sbp_brian", "sweep", "mnist", *SWEPT, *FIXED, "--workers", str(workers)]
    seen, began, ended = {}, None, 0.0
    with subprocess.Popen(
        [*command, "--out", out], cwd=ROOT, env={**os.environ, "SBP_CACHE": cache}, stdout=subprocess.DEVNULL
    ) as sweep:
        while sweep.poll() is None:
            if found := looked(sweep.pid):
                seen |= found
                ended = time.perf_counter()
                began = began or ended
            time.sleep(EVERY)
        if sweep.returncode:
            sys.exit(f"the sweep ended with status {sweep.returncode}")
    seconds = ended - began
    computed, waited = (sum(times[k] for times in seen.values()) / 1e9 for k in (0, 1))
    return {
        "seconds": seconds,
        "computed": computed,
        "waited": waited,
        "busy": computed / seconds / workers,
        "could_use": (computed + waited) / seconds / workers,
    }


def main() -> None:
    """Measure both, print them, and write the result of the recipe ``speed-sweep``."""
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    at, cells = commit(), {}
    runs = len(LAMBDA_P.split(",")) * len(LAMBDA_F.split(","))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("empty cache", "again"):
            cells[name] = swept(workers, f"{folder}/{name}", f"{folder}/cache")
            programs = len(list(Path(folder, "cache", "programs").glob("*/main")))
            cells[name] |= {"programs": float(programs), "runs": float(runs)}
            print(f"{name:12s}", ", ".join(f"{of} {value:.4g}" for of, value in cells[name].items()), flush=True)
    write("speed-sweep", at, cells, workers=str(workers))


if __name__ == "__main__":
    main()
