"""Importing Brian2 without the plots and the test runner that it brings along: more than half of what its import costs.

``import brian2`` takes all names of pylab into its own, for scripts that begin with ``from brian2 import *``, and
imports pytest, for ``brian2.test()``. Where either is not installed Brian2 does without, and so it does here. It takes
all names of numpy, too, modules for tests and for Fortran among them; these are imported where somebody asks for them,
and so is what Brian2 compiles with (`sbp_brian.brian.stand_ins`). What is imported stays, so no garbage is searched
for meanwhile, nor among it later.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sbp_brian.brian.garbage import no_search
from sbp_brian.brian.stand_ins import standing_in

__all__ = ["import_brian2", "short_numpy"]

#: What is left out.
SPARED = ("matplotlib", "pylab", "pytest")
#: Modules that numpy imports when they are asked for, as ``from numpy import *`` does.
OF_NUMPY = ("f2py", "testing")
#: Names of pylab that Brian2 does not keep.
DELETED = ("x", "f", "rate")
#: Names that Brian2 has from pylab as Python has them, and without it as numpy does.
OF_PYTHON = ("abs", "bool", "bytes", "max", "min", "pow", "round")


def import_brian2() -> None:
    """Import Brian2 for a command; does nothing where it is imported already.

    Who asks ``brian2`` for a name of pylab gets it nevertheless, and so does ``from brian2 import *``: pylab is
    imported then.
    """
    if "brian2" in sys.modules:
        return
    spared = [name for name in SPARED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(spared))  # None: its import fails, as where it is not installed
    try:
        with no_search(leave_out=True), short_numpy(), standing_in():
            brian2 = importlib.import_module("brian2")
    finally:
        for name in spared:
            del sys.modules[name]
    own_numpy = sys.modules["brian2.numpy_"]
    own_numpy.__all__.extend(OF_NUMPY)
    own_numpy.__getattr__ = _of_numpy
    vars(brian2).update({name: getattr(builtins, name) for name in OF_PYTHON})
    brian2.__getattr__ = _of_pylab


@contextmanager
def short_numpy() -> Iterator[None]:
    """Let those who take all names of numpy, as Brian2 and scipy do, get them without `OF_NUMPY` meanwhile."""
    numpy = importlib.import_module("numpy")
    names, listed = numpy.__all__, numpy.__dir__
    numpy.__all__ = [name for name in names if name not in OF_NUMPY]
    numpy.__dir__ = lambda: [name for name in listed() if name not in OF_NUMPY]
    try:
        yield
    finally:
        numpy.__all__, numpy.__dir__ = names, listed


def _of_numpy(name: str) -> Any:
    if name in OF_NUMPY:
        return importlib.import_module(f"numpy.{name}")
    raise AttributeError(f"module 'brian2.numpy_' has no attribute {name!r}")


def _of_pylab(name: str) -> Any:
    """What ``brian2`` has not yet; ``import *`` asks for ``__all__``, and takes all names where there is none."""
    brian2 = sys.modules["brian2"]
    if name == "__all__" or not name.startswith("_"):
        try:
            pylab = importlib.import_module("pylab")
        except ImportError:
            pylab = brian2
        for known, thing in vars(pylab).items():
            if not known.startswith("_") and known not in DELETED:
                vars(brian2).setdefault(known, thing)
        if name in OF_NUMPY:  # where there is no pylab
            vars(brian2).setdefault(name, _of_numpy(name))
    if name in vars(brian2):
        return vars(brian2)[name]
    raise AttributeError(f"module 'brian2' has no attribute {name!r}")
