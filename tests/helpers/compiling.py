"""How tests compile."""

from contextlib import contextmanager

from brian2 import prefs

#: A name of which a shell would run four parts.
ODD = "a $(touch executed) `touch executed` ; touch executed & 'b' \"c\" \\ \n # ü % $HOME"
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


@contextmanager
def as_written():
    """Let programs be compiled so that they do the operations of their text: none is fused, reordered or left out."""
    before = prefs[FLAGS]
    prefs[FLAGS] = ["-w", "-O0", "-ffp-contract=off", "-std=c++11"]
    try:
        yield
    finally:
        prefs[FLAGS] = before


def shared_cache(tmp_path_factory):
    """The cache of the tests of targets, in a folder of an odd name, so that its one network is compiled once."""
    place = tmp_path_factory.getbasetemp() / "sbp-cache"
    place.mkdir(exist_ok=True)
    return place / ODD
