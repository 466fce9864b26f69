"""What a C++ compiler can do, asked as Brian2 asks."""

from __future__ import annotations

import os
import subprocess

from brian2.codegen.cpp_prefs import has_flag

__all__ = ["known_flags"]


def known_flags(flags: list[str]) -> list[str]:
    """Those of `flags` that the compiler knows: all of them where it takes them together, else asked one by one."""
    # setuptools provides it
    from distutils.ccompiler import new_compiler
    from distutils.sysconfig import customize_compiler

    compiler = new_compiler(verbose=0)
    customize_compiler(compiler)
    if compiler.compiler_type == "unix" and _takes(compiler.executables["compiler_cxx"], flags):
        return list(flags)
    return [flag for flag in flags if has_flag(compiler, flag)]


def _takes(command: list[str], flags: list[str]) -> bool:
    """Whether it reads an empty text with all of them, without a word."""
    asked = [*command, *flags, "-x", "c++", "-fsyntax-only", os.devnull]
    try:
        done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return False
    return not done.returncode and not done.stderr
