"""Importing Brian2 without the plots and the test runner that it brings along: half of what its import costs.

``import brian2`` takes all names of pylab into its own, for scripts that begin with ``from brian2 import *``, and
imports pytest, for ``brian2.test()``. Where either is not installed Brian2 does without, and so it does here.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from typing import Any

__all__ = ["import_brian2"]

#: What is left out.
SPARED = ("matplotlib", "pylab", "pytest")
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
        brian2 = importlib.import_module("brian2")
    finally:
        for name in spared:
            del sys.modules[name]
    vars(brian2).update({name: getattr(builtins, name) for name in OF_PYTHON})
    brian2.__getattr__ = _of_pylab


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
    if name in vars(brian2):
        return vars(brian2)[name]
    raise AttributeError(f"module 'brian2' has no attribute {name!r}")
