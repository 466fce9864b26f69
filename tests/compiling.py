"""How tests compile."""
from contextlib import contextmanager

from brian2 import prefs

FLAGS = "codegen.cpp.extra_compile_args_gcc"


@contextmanager
def quickly(target):
    """Let Cython compile with -O1: a small network takes 14 instead of 23 seconds, and runs for milliseconds."""
    before = prefs[FLAGS]
    if target == "cython":
        prefs[FLAGS] = ["-O1" if flag == "-O3" else flag for flag in before]
    try:
        yield
    finally:
        prefs[FLAGS] = before
