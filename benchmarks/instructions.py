"""Instructions that a learned sample takes, counted by callgrind: load of the machine does not move them.

Run it from the checkout: ``python -m benchmarks.instructions [--count FILE | --compare FILE] [NAME ...]``, also as
``sbp benchmark --count FILE`` and ``sbp benchmark --compare FILE``. Programs are compiled for `PROCESSOR` instead of
the one at hand, so that machines with the same compiler and C library count alike; a comparison with numbers of other
ones is refused. Two runs of each program are counted, with few samples and with more; what lies between is told for one
sample, so start and end of a program take no part.

Without an option the result of the recipe ``instructions`` is written.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from brian2 import prefs, second

from benchmarks._common import Learner, mnist_spikes, result, write
from sbp_brian import protocols
from sbp_brian.datasets import load_mnist
from sbp_brian.errors import RecipeError
from sbp_brian.experiments import results
from sbp_brian.experiments.context import Context
from sbp_brian.experiments.results import Result
from sbp_brian.models.decolle import Decolle
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Precision
from sbp_brian.models.stdbp import STDBP
from sbp_brian.protocols.benchmarks.tasks.mnist import LOCAL
from sbp_brian.targets import collecting
from sbp_brian.targets.compiling import compiler_command
from sbp_brian.targets.program_run import launched_by
from sbp_brian.training.spiking import TrialModel
from tools.measure import commit

__all__ = ["MORE", "PROCESSOR", "counted", "environment", "programs", "slower", "without_native"]

#: The processor that programs are compiled for; valgrind knows no newer instructions.
PROCESSOR = "x86-64-v3"
#: By how much a program may take more instructions than the baseline.
MORE = 0.02
_FLAGS = "codegen.cpp.extra_compile_args_gcc"


class Learning(Learner):
    """A network that learns the first images of MNIST, few of them and many."""

    def __init__(self, trial: TrialModel, images: np.ndarray, labels: np.ndarray, few: int, many: int):
        super().__init__(trial, images[:many], labels[:many])
        self.few, self.many = few, many


class Circuit:
    """The nine cells of `tao-2000`; a sample is a second."""

    def __init__(self, few: int, many: int):
        self.few, self.many = few, many
        protocol = protocols.get("tao-2000")
        with tempfile.TemporaryDirectory() as folder, collecting() as found:
            protocol.run(Context(protocol.resolve("quick", seeds=1), "cpp", 0, Path(folder), "quick"))
        self.simulation = found[0]

    def run(self, n: int) -> None:
        """Run for `n` seconds."""
        self.simulation.run(seed=0, duration=n * second)


def programs() -> dict[str, Callable[[], Learning | Circuit]]:
    """What is counted: name -> a function that makes it."""
    data = load_mnist("fit", embedded=True)  # the same everywhere
    images, labels = data.images[:200], data.labels[:200].astype(int)
    local = {name: value for name, value in LOCAL.items() if name != "final"}

    def sbp(**options) -> Learning:
        return Learning(SBPNetwork(**options).trial_model(), images, labels, 40, 140)

    def decolle() -> Learning:
        model = Decolle((784, 128, 128), 10, encoding="spikes", rate=1.0, **local)
        return Learning(model.trial_model(), mnist_spikes(images[:30], model), labels, 10, 30)

    return {
        "one hidden layer of 500, double": sbp,
        "one hidden layer of 500, single": lambda: sbp(options=(Precision("single"),)),
        "STDBP, 784-400-10": lambda: Learning(STDBP((784, 400, 10)).trial_model(), images, labels, 40, 140),
        "DECOLLE, 784-128-128": decolle,
        "nine cells of tao-2000, a second": lambda: Circuit(100, 300),
    }


def _instructions(one: Learning | Circuit, n: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "counts"
        with launched_by("valgrind", "--tool=callgrind", f"--callgrind-out-file={file}"):
            one.run(n)
        found = re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.MULTILINE)
    if found is None:
        sys.exit("callgrind left no total: run 'valgrind --tool=callgrind true' to see why")
    return int(found[1])


def counted(names: list[str] | None = None) -> dict[str, float]:
    """Instructions of one sample.

    Parameters
    ----------
    names : list of str, optional
        Of `programs`; all by default.

    Returns
    -------
    dict of str to float
    """
    known = programs()
    for name in names or ():
        if name not in known:
            sys.exit(f"there is no program {name!r}; there are: {'; '.join(known)}")
    if shutil.which("valgrind") is None:
        sys.exit("valgrind was not found: install it (Debian: apt install valgrind)")
    found = {}
    with without_native():
        for name in names or known:
            one = known[name]()
            few, many = _instructions(one, one.few), _instructions(one, one.many)
            found[name] = (many - few) / (one.many - one.few)
            print(f"{name:34s} {found[name]:12,.0f} instructions a sample", flush=True)
    return found


@contextmanager
def without_native() -> Iterator[None]:
    """Compile for `PROCESSOR` instead of the processor at hand."""
    before = prefs[_FLAGS]
    prefs[_FLAGS] = [f"-march={PROCESSOR}" if flag.startswith("-march=") else flag for flag in before]
    try:
        yield
    finally:
        prefs[_FLAGS] = before


def environment() -> str:
    """What counts depend on besides the code: the compiler, the C library and the processor that is compiled for."""
    version = subprocess.run([*compiler_command(), "-dumpfullversion"], capture_output=True, text=True, check=True)
    return f"{Path(compiler_command()[0]).name} {version.stdout.strip()}, {' '.join(platform.libc_ver())}, {PROCESSOR}"


def slower(baseline: Result, now: dict[str, float]) -> list[str]:
    """Programs that take more instructions than the baseline, in words; all are printed beside it.

    Parameters
    ----------
    baseline : Result
    now : dict of str to float
        As `counted` gives them.
    """
    told = []
    for name, count in now.items():
        if name not in baseline.cells:
            print(f"{name:34s} {count:12,.0f}, not in the baseline")
            continue
        before = baseline.cells[name]["instructions"].mean
        print(f"{name:34s} {before:12,.0f} then {count:12,.0f} now, {count / before:6.3f} times")
        if count > (1 + MORE) * before:
            told.append(f"{name} takes {count / before - 1:.1%} more")
    return told


def _read(file: Path) -> Result:
    if not file.is_file():
        sys.exit(f"there is no file {file}: count a baseline first, 'sbp benchmark --count {file}'")
    try:
        found = results.read(file)
    except RecipeError as error:
        sys.exit(f"{file} is no baseline ({error}): count one, 'sbp benchmark --count FILE'")
    there = found.measured.get("environment", "nothing told")
    if there != environment():
        sys.exit(
            f"{file} was counted with {there}, here is {environment()}: counts of the two do not compare; "
            f"count a baseline here, 'sbp benchmark --count FILE'"
        )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Count; 1 where a program takes more than the baseline."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--count", type=Path, metavar="FILE", help="write what is counted there")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="hold what is counted to a file of --count")
    asked = parser.parse_args(arguments)
    baseline = None if asked.compare is None else _read(asked.compare)
    if asked.count is not None and not os.access(asked.count.absolute().parent, os.W_OK):
        sys.exit(f"{asked.count} cannot be written: no folder there, or no permission")
    at = commit() if baseline is None and asked.count is None else ""
    found = counted(asked.names)
    if baseline is not None:
        told = slower(baseline, found)
        print("; ".join(told) or f"no program takes more than {MORE:.0%} more instructions")
        return int(bool(told))
    cells, where = {name: {"instructions": count} for name, count in found.items()}, {"environment": environment()}
    if asked.count is None:
        write("instructions", at, cells, **where)
    else:
        asked.count.write_text(result("instructions", "", cells, **where).to_json(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
