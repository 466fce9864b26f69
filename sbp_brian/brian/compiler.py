"""What a C++ compiler can do, asked as Brian2 asks."""

from __future__ import annotations

from brian2.codegen.cpp_prefs import has_flag

__all__ = ["known_flags"]


def known_flags(flags: list[str]) -> list[str]:
    """Those of `flags` that the compiler knows."""
    # setuptools provides it
    from distutils.ccompiler import new_compiler
    from distutils.sysconfig import customize_compiler

    compiler = new_compiler(verbose=0)
    customize_compiler(compiler)
    return [flag for flag in flags if has_flag(compiler, flag)]
