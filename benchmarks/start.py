"""What it takes until a run computes: imports, code generation, compilation.

Run it from the checkout: ``python -m benchmarks.start [repeats]``. Processor time of whole processes (s), the best of
all repeats, which take turns: Python with numpy, with sympy too, with Brian2 as ``sbp run`` imports it and as a
script does, ``sbp run tao-2000`` with all that it compiles kept from an earlier run, and, once, with an empty cache.
And where the processor time of ``sbp run mnist --full`` goes from an empty cache, by parts (recipe ``speed-cold``).
"""

import json
import os
import subprocess
import sys
import tempfile

from benchmarks._common import ROOT, children_s, write
from tools.measure import commit

IMPORTS = {
    "numpy": "import numpy",
    "numpy, sympy": "import numpy, sympy",
    "Brian2 as sbp run imports it": "from sbp_brian.brian.without_plots import import_brian2; import_brian2()",
    "Brian2": "import brian2",
}
AGAIN, FIRST = "tao-2000, again", "tao-2000, empty cache"

#: Runs mnist and prints the processor time of its parts, that of the programs that they start among it (s).
PARTS = """
import json, resource, sys, time
def spent():
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + started.ru_utime + started.ru_stime
told = {}
def timed(owner, name, called):
    real = getattr(owner, name)
    def measured(*args, **how):
        began = spent()
        try:
            return real(*args, **how)
        finally:
            told[called] = told.get(called, 0.0) + spent() - began
    setattr(owner, name, measured)
from sbp_brian.brian.without_plots import import_brian2
import_brian2()
told["import of Brian2"] = spent()
from sbp_brian import protocols
from sbp_brian.experiments.executing import execute
from sbp_brian.protocols.benchmarks.learners import sbp_network
from sbp_brian.protocols.benchmarks.tasks import mnist
from sbp_brian.targets import build_cache, compiling, program_run, standalone
from sbp_brian.targets.cache_place import usable_cache
found = protocols.get("mnist")
told["imports of the rest"] = spent() - sum(told.values())
before = spent()  # in a run they are compiled beside what comes before and after
compiling.compile_headers(usable_cache())
told["standard headers, compiled once"] = spent() - before
timed(mnist, "load_mnist", "data")
timed(standalone, "generate", "code generation")
timed(build_cache, "compile_project", "its own program")
timed(program_run.ProgramRun, "run", "training, validation, test")
timed(sbp_network, "_rasters", "spikes of three samples, for a figure")
execute(found, size="full", out=sys.argv[1])
told["all others"] = spent() - sum(told.values())
print("PARTS" + json.dumps(told))
"""


def parts():
    """Part of ``sbp run mnist --full`` from an empty cache -> its processor time (s)."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", PARTS, f"{folder}/out"],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "SBP_CACHE": f"{folder}/cache"},
        )
    return json.loads(done.stdout.rpartition("PARTS")[2])


def spent(arguments, **environment):
    """Processor time of a Python process and of those that it starts (s)."""
    began = children_s()
    subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, **environment}
    )
    return children_s() - began


def main():
    """Measure all in turn, print them, and write the result of the recipe ``speed-start``."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    at, found = commit(), {name: [] for name in (*IMPORTS, AGAIN)}
    with tempfile.TemporaryDirectory() as folder:
        run, cache = ["-m", "sbp_brian", "run", "tao-2000", "--out", f"{folder}/out"], f"{folder}/cache"
        spent([*run, "--parameters"])  # what Python compiles is there
        first = spent(run, SBP_CACHE=cache)
        for _ in range(repeats):
            for name, code in IMPORTS.items():
                found[name].append(spent(["-c", code]))
            found[AGAIN].append(spent(run, SBP_CACHE=cache))
    cells = {name: {"seconds": min(times)} for name, times in found.items()} | {FIRST: {"seconds": first}}
    for name, cell in cells.items():
        print(f"{name:32s} {cell['seconds']:6.2f} s")
    write("speed-start", at, cells)
    every = [parts() for _ in range(min(repeats, 3))]
    cells = {name: {"seconds": min(one[name] for one in every)} for name in every[0]}
    for name, cell in cells.items():
        print(f"{name:40s} {cell['seconds']:6.2f} s")
    write("speed-cold", at, cells)


if __name__ == "__main__":
    main()
