"""What Brian2 compiles with is imported when it is used, and then Brian2 has what it would have had."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import gc, sys
from sbp_brian.brian.without_plots import import_brian2
import_brian2()
assert gc.isenabled()
late = ("Cython.Build", "Cython.Compiler", "setuptools", "distutils", "numpy.f2py", "numpy.testing")
print([name for name in late if name in sys.modules])

import Cython
from brian2.codegen.cpp_prefs import get_compiler_and_args
from brian2.codegen.runtime.cython_rt import extension_manager
from brian2.codegen.runtime.GSLcython_rt import GSLcython_rt
from brian2.devices.cpp_standalone import device

assert extension_manager.Cython is Cython
assert extension_manager.get_cython_cache_dir().endswith("brian_extensions")
assert "Cython.Build" not in sys.modules
name, flags = get_compiler_and_args()
assert "-std=c++11" in flags, flags
import distutils.ccompiler, distutils.errors
from distutils.core import Extension
assert "Cython.Build" not in sys.modules
assert device.ccompiler is distutils.ccompiler
assert extension_manager.Extension is Extension
assert GSLcython_rt.CompileError is distutils.errors.CompileError
assert extension_manager.cython_extension_manager.so_ext.startswith(".")

cythonize = extension_manager.Cython_Build.cythonize
import Cython.Build
assert cythonize is Cython.Build.cythonize and extension_manager.Cython_Build is Cython.Build
assert issubclass(extension_manager.Cython_Compiler.Errors.CompileError, Exception)

from sbp_brian.brian import stand_ins
left = [
    (module, name)
    for module in list(sys.modules) if module.partition(".")[0] == "brian2"
    for name, thing in vars(sys.modules[module]).items()
    if isinstance(thing, stand_ins._Module) or isinstance(thing, type) and "stands_in_for" in vars(thing)
]
print(left)

import brian2
import numpy
assert brian2.np.testing is numpy.testing is brian2.testing
"""


def test_modules_to_compile_with_are_imported_at_their_first_use():
    """Nothing of them before; the package that is used, alone; after all no stand-in is left in Brian2."""
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["[]", "[]"]


def test_objects_that_live_to_the_end_of_a_script_end_in_silence():
    """Each says at its end whether it was used, for which Brian2's modules must still be there."""
    code = (
        "from sbp_brian.brian.without_plots import import_brian2; import_brian2()\n"
        "from brian2 import *\nprefs.codegen.target = 'numpy'\n"
        "cells = NeuronGroup(3, 'dv/dt = -v/(10*ms) : 1', method='exact')\nrun(1*ms)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
