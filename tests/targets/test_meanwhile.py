"""The standard headers are compiled beside code generation, once, and what fails there is told where it matters."""

from __future__ import annotations

import os
import time

import pytest
from brian2 import Network, NeuronGroup, ms, prefs

from sbp_brian import children
from sbp_brian.targets import Simulation
from sbp_brian.targets.meanwhile import headers_meanwhile

MOST_SECONDS = 20


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """Sets a compiler that does as told with headers; gives what lists the arguments of its calls for headers."""
    log = tmp_path / "calls"

    def as_told(does: str):
        script = tmp_path / "compiler"
        script.write_text(f'#!/bin/sh\ncase "$*" in *c++-header*) echo "$*" >> {log}; {does};; esac\nexec g++ "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("CXX", str(script))
        return lambda: log.read_text().splitlines() if log.exists() else []

    return as_told


def network():
    return Network(NeuronGroup(1, "v : 1", name="cells"))


def test_headers_are_compiled_once_and_before_the_program(tmp_path, compiler):
    """With the flags that the program then has: it finds them; and nothing is compiled where they are there."""
    calls, cache = compiler(":"), tmp_path / "cache"
    simulation = Simulation(network, 1 * ms, target="cpp", cache=cache).build()
    assert len(calls()) == 1
    log = (simulation._backend.latest.program.parent / "compile.log").read_text()
    assert "c++-header" not in log
    assert "-include sbp_standard.h" in log
    with headers_meanwhile(cache):
        pass
    assert len(calls()) == 1
    assert len(list((cache / "headers").iterdir())) == 1


def test_headers_wait_where_their_flags_are_not_known_before(tmp_path):
    backend = Simulation(network, 1 * ms, target="cpp", cache=tmp_path)._backend
    assert backend._headers_known()
    before = prefs.codegen.cpp.extra_compile_args_gcc
    prefs.codegen.cpp.extra_compile_args_gcc = ["-O1"]
    try:
        assert not backend._headers_known()
    finally:
        prefs.codegen.cpp.extra_compile_args_gcc = before


def test_a_compiler_that_fails_disturbs_nobody(tmp_path, compiler):
    calls = compiler("exit 1")
    with headers_meanwhile(tmp_path / "cache"):
        pass
    assert len(calls()) == 1
    assert not list((tmp_path / "cache" / "headers").glob("*"))


def test_what_fails_within_ends_the_compiler(tmp_path, compiler, monkeypatch):
    """At once, however long it would take, and nothing is left of it."""
    calls, folder = compiler("exec sleep 600"), tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    started, others = time.monotonic(), set(children.of_this_process())

    def fails():
        while not calls():
            assert time.monotonic() < started + MOST_SECONDS
            os.sched_yield()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), headers_meanwhile(tmp_path / "cache"):
        fails()
    assert time.monotonic() < started + MOST_SECONDS
    assert set(children.of_this_process()) <= others
    assert not list(folder.iterdir())
