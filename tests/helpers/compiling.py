"""How tests compile."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from brian2 import ms, prefs
from brian2.codegen.runtime.cython_rt.extension_manager import cython_extension_manager

from sbp_brian.targets.programs import generate
from tests.helpers.builds import telling

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


@contextmanager
def cython_texts(compiles=True):
    """The texts that Brian2 hands to Cython meanwhile, each once: so many builds it is from an empty cache.

    Parameters
    ----------
    compiles : bool
        False: nothing is built, and the code does nothing.
    """
    found = set()

    def nothing(*_args, **_kwds):
        return SimpleNamespace(main=lambda namespace: None)

    create = cython_extension_manager.create_extension if compiles else nothing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cython_extension_manager, "create_extension", telling(create, found.add))
        yield found


def generated(make, folder):
    """The texts of the pieces of C++ code that a network has, by their names; it is not compiled."""
    generate(make, ms, {}, folder)
    return {path.stem: path.read_text() for path in (folder / "code_objects").glob("*.cpp")}
