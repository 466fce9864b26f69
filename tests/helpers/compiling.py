"""How tests compile."""

from contextlib import contextmanager

from brian2 import prefs

FLAGS = "codegen.cpp.extra_compile_args_gcc"


@contextmanager
def quickly(target):
    """Let Cython compile without optimising, which takes a third of the time: small networks run for milliseconds."""
    before = prefs[FLAGS]
    if target == "cython":
        prefs[FLAGS] = ["-O0" if flag == "-O3" else flag for flag in before]
    try:
        yield
    finally:
        prefs[FLAGS] = before
