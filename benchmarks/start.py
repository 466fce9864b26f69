"""What it takes until a run computes: imports, code generation, compilation.

Run it from the checkout: ``python -m benchmarks.start [repeats]``. Processor time of whole processes (s), the best of
all repeats, which take turns: Python with numpy, with sympy too, with Brian2 as ``sbp run`` imports it and as a
script does, ``sbp run tao-2000`` with all that it compiles kept from an earlier run, and, once, with an empty cache.
"""

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


if __name__ == "__main__":
    main()
