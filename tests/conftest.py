"""What all tests share: the target numpy on request, and what the suite says of its builds and of the target cuda."""

import gc
import logging

import pytest

from sbp_brian.targets.cuda.toolkit import gpus
from tests.helpers.builds import Builds
from tests.helpers.cuda_lack import cuda_lack


def pytest_configure(config):
    config.pluginmanager.register(Builds(config))
    logging.getLogger("brian2").setLevel(logging.INFO)  # not every piece of code in a file for each process


def pytest_terminal_summary(terminalreporter):
    def count(outcome):
        return sum("cuda" in report.keywords for report in terminalreporter.stats.get(outcome, ()))

    ran, failed, skipped = count("passed"), count("failed"), count("skipped")
    if not ran + failed + skipped:
        return
    lack = cuda_lack()
    if lack:
        terminalreporter.section("CUDA NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{skipped} tests that generate and compile CUDA code did not run: {lack}")
    else:
        told = f"CUDA: {ran} tests that generate or compile CUDA code passed, {failed} failed, {skipped} did not run."
        terminalreporter.line(
            told if gpus() else f"{told} There is no GPU: programs were carried out on the CPU at most."
        )


#: Files of few tests that take long: they come first, or one worker would be left with them at the end.
LONG = (
    "examples/test_gallery.py",
    "project/test_packaging.py",
    "project/test_notebooks.py",
    "project/test_campaigns.py",
    "targets/test_cuda.py",
    "experiments/test_sweep.py",
    "protocols/test_stdbp.py",
    "brian/test_translation_units.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


@pytest.fixture(autouse=True, scope="module")
def what_is_there_is_kept():
    """Leave what there is when a file begins out of garbage collection, which Brian2 asks for whenever a run starts."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def numpy_target():
    """Networks that no `Simulation` runs are on the target numpy, which compiles nothing."""
    from brian2 import prefs

    before, prefs.codegen.target = prefs.codegen.target, "numpy"
    yield
    prefs.codegen.target = before
