"""What a command imports: the start of each run waits for it."""

from __future__ import annotations

import subprocess
import sys

PLOTS_AND_STATISTICS = ("matplotlib", "_pytest", "scipy.stats", "scipy.optimize", "scipy.signal", "scipy.integrate")
HEAVY = (*PLOTS_AND_STATISTICS, "dask", "pandas", "Cython.Build", "setuptools", "numpy.f2py", "numpy.testing")
CODE = """
import sys
from sbp_brian.__main__ import main
main(["run", *{arguments!r}], standalone_mode=False)
print([name for name in {heavy!r} if name in sys.modules])
"""


def test_a_run_imports_no_plots_statistics_or_compilers_that_it_does_not_use(tmp_path):
    """A whole run of tao-2000, on numpy; each of these costs a tenth of a second to a second."""
    arguments = ["tao-2000", "--target", "numpy", "--out", str(tmp_path), "-s", "seeds=2", "-s", "pairs=2"]
    code = CODE.format(arguments=arguments, heavy=HEAVY)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[]"
