"""A soak: thousands of short runs in one process leave its memory, open files, threads and temporary files alone.

Runs of each sort take turns: a network on numpy, a compiled program, several of them side by side, a training with its
checkpoints, a record written and read, a call that is refused. A case is a hundred of them in a row; the first cases
are for what is kept on purpose. From then on memory may not grow by more than `GROWTH_MIB` over all runs together, and
the numbers of files, threads, children and temporary files not at all.
"""

from __future__ import annotations

import gc
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from campaigns.base import Campaign, Case, Outcome
from campaigns.child import forked

__all__ = ["CAMPAIGN", "RUNS", "counts"]

RUNS = 100
WARM = 4
#: Over the whole soak, after the first cases; an array of a hundred thousand numbers kept at each run is far more.
GROWTH_MIB = 20.0
LIMIT_S = 3600.0
SORTS = ("numpy", "numpy", "cpp", "several", "training", "record", "refused", "batches")


def draw(seed: int, n: int) -> list[Case]:
    """Cases of a hundred runs each; `n` counts runs."""
    cases = []
    for index in range(-(-n // RUNS)):
        rng = np.random.default_rng([seed, index])
        order = [SORTS[k] for k in rng.integers(0, len(SORTS), min(RUNS, n - index * RUNS))]
        first = index * RUNS
        cases.append(Case(index, "run", f"runs {first} to {first + len(order) - 1}", {"order": order, "seed": seed}))
    return cases


def short() -> list[Case]:
    """Runs of the sorts that need no compiler."""
    order = ["numpy", "batches", "record", "refused"]
    return [Case(k, "run", f"a run of each of four sorts, {k}", {"order": order}) for k in range(5)]


def check(cases: Sequence[Case], place: Path) -> Iterator[Outcome]:
    """All runs in one process, and what it holds after each case."""
    (place / "tmp").mkdir(parents=True)

    def work() -> list[dict[str, float]]:
        import tempfile

        os.environ["TMPDIR"] = str(place / "tmp")
        tempfile.tempdir = None
        acts = _acts(place)
        found = []
        for case in cases:
            for k, sort in enumerate(case.given["order"]):
                acts[sort](RUNS * case.index + k)
            gc.collect()
            found.append(counts(place))
        return found

    ended = forked(work, LIMIT_S, place / "output")
    if ended.value is None:
        why = "the process does not end" if ended.late else f"the process ended with {ended.status}: {ended.error}"
        yield from (Outcome(case.index, " ".join(why.split())[-300:]) for case in cases)
        return
    yield from judge(cases, ended.value)


def judge(cases: Sequence[Case], found: Sequence[dict[str, float]]) -> Iterator[Outcome]:
    """Compare what the process holds after each case with what it held after the first ones."""
    warm = min(WARM, max(1, len(found) - 1))
    basis = found[warm - 1]
    for k, (case, now) in enumerate(zip(cases, found, strict=True)):
        why = []
        if k >= warm:
            for name, value in now.items():
                allowed = GROWTH_MIB if name == "MiB" else 0
                if value > basis[name] + allowed:
                    why.append(f"{name} from {basis[name]:g} to {value:g}")
        grown = {f"{name} more": max(0.0, value - basis[name]) for name, value in now.items() if k >= warm}
        yield Outcome(case.index, "; ".join(why), grown)


def counts(place: Path) -> dict[str, float]:
    """What this process holds: memory (MiB), open files, threads, children, temporary files."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    return {
        "MiB": int(status["VmRSS"].split()[0]) / 1024,
        "open files": len(os.listdir("/proc/self/fd")),
        "threads": int(status["Threads"]),
        "Python threads": threading.active_count(),
        "children": len(children.read_text().split()) if children.is_file() else 0,
        "temporary files": sum(1 for _ in (place / "tmp").rglob("*")),
    }


def _acts(place: Path) -> dict[str, Callable[[int], None]]:
    """What a run of each sort does; the number of the run is its seed."""
    import brian2
    from brian2 import ms

    import sbp_brian as sbp
    from campaigns.victim import ROWS, circuit, images
    from sbp_brian.errors import SBPError
    from sbp_brian.experiments import records
    from sbp_brian.experiments.executing import execute
    from sbp_brian.models.artificial.perceptron import SBPPerceptron
    from sbp_brian.models.sbp_network import SBPNetwork
    from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot

    inputs, labels = images()
    compiled = sbp.Simulation(circuit, 20 * ms, target="cpp", dt=0.1 * ms)
    samples = sbp.Samples(inputs, labels, 3, *ROWS)
    patterns = Patterns(inputs, one_hot(labels, 3), *ROWS, scale=1 / 255)

    def anew(folder: Path, act: Callable[[Path], object]) -> None:
        act(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def numpy(k: int) -> None:
        sbp.Simulation(circuit, 2 * ms, target="numpy", dt=0.1 * ms).run(seed=k)

    def several(k: int) -> None:
        compiled.run_many([dict(seed=k + j) for j in range(3)], workers=2)

    def training(k: int) -> None:
        model = SBPNetwork(16, 8, 3, width=4).trial_model()
        anew(place / "training", lambda folder: sbp.Training(model, samples, folder, target="numpy", seed=k).run(1))

    def batches(k: int) -> None:
        model = SBPPerceptron((16, 8, 3))
        anew(place / "batches", lambda folder: NumpyTraining(model, patterns, folder, seed=k, batch=5).run(2))

    def record(k: int) -> None:
        def act(folder: Path) -> None:
            made = execute(_protocol(), target="numpy", seed=k, out=folder)
            assert records.read(made.folder).arrays["window"].size

        anew(place / "records", act)

    def refused(k: int) -> None:
        for wrong in (partial(sbp.RetrogradeSBP, lambda_p=2), partial(sbp.Delay, time=k)):
            try:
                wrong()
            except SBPError:
                continue
            raise AssertionError("it is accepted in silence")

    brian2.BrianLogger.suppress_hierarchy("brian2")
    return {
        "numpy": numpy,
        "cpp": lambda k: compiled.run(seed=k) and None,
        "several": several,
        "training": training,
        "batches": batches,
        "record": record,
        "refused": refused,
    }


def _protocol():
    from sbp_brian.experiments.protocol import Protocol, Source

    def run(context) -> None:
        context.array("window", np.random.default_rng(context.seed).random(1000))
        context.metric("A->B", 0.4)

    return Protocol(name="soaked", title="A record", source=Source("This project"), parameters={}, run=run)


CAMPAIGN = Campaign(
    "soak",
    "Thousands of short runs in one process leave its memory, files and threads alone.",
    2000,
    draw,
    check,
    short,
    chunk=10**6,
    workers=1,
)
