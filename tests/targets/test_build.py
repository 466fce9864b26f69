"""Builds kept by content: hits, fresh processes, hash seeds, keys, no compiler, code that does not compile."""

import gc
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms, set_device
from brian2.devices.device import runtime_device

from sbp_brian import targets
from sbp_brian.errors import CompileError, CompilerMissing, UnknownName
from sbp_brian.targets import Simulation, build_cache
from sbp_brian.targets.network_key import network_key
from tests.helpers.compiling import shared_cache
from tests.helpers.targets_network import DURATION, make

ROOT = Path(__file__).parents[2]
FRESH = """
import time
from tests.helpers.targets_network import DURATION, make
from sbp_brian.targets import Simulation
start = time.process_time()     # of a processor, so that other work on the machine does not count
simulation = Simulation(make, DURATION, key={key}).build()
build_s = time.process_time() - start
result = simulation.run(seed=5)
print(result.cached, build_s, float(result["cells.v"].sum()))
"""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    folder = shared_cache(tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SBP_CACHE", str(folder))
        Simulation(make, DURATION, key="small").build()
        yield folder


def fresh_process(code, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=120,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.parametrize("key", [None, "small"])
def test_a_fresh_process_needs_no_compiler(key):
    cached, build_s, total = fresh_process(FRESH.format(key=repr(key)), CXX="/nowhere/g++", PYTHONHASHSEED="77")
    assert cached == "True"
    assert float(build_s) < 2
    assert float(total) == float(Simulation(make, DURATION).run(seed=5)["cells.v"].sum())


def test_the_key_skips_make(monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError("generated anew")

    monkeypatch.setattr("sbp_brian.targets.standalone.generate", refuse)
    start = time.process_time()
    simulation = Simulation(make, DURATION, key="small").build()
    assert time.process_time() - start < 0.5
    assert simulation.run(seed=5).cached
    for other in (dict(key="other"), dict(key="small", dt=0.05 * ms), dict(key="small", namespace={"x": 1})):
        with pytest.raises(AssertionError, match="generated anew"):
            Simulation(make, DURATION, **other).build()
    with pytest.raises(AssertionError, match="generated anew"):
        Simulation(make, 2 * DURATION, key="small").build()


def test_what_a_key_holds():
    def bound(value):
        def made():
            return value

        return made

    assert network_key("a", make) == network_key("a", make)
    different = [
        network_key("a", make),
        network_key("b", make),
        network_key("a", make, 1),
        network_key("a", bound(1)),
        network_key("a", bound(2)),
        network_key("a", partial(bound, 1)),
        network_key("a", partial(bound, 2)),
        network_key("a", partial(bound, np.zeros(3))),
        network_key("a", partial(bound, np.ones(3))),
    ]
    before = brian2.prefs.core.default_float_dtype
    try:
        brian2.prefs.core.default_float_dtype = np.float32
        different.append(network_key("a", make))
    finally:
        brian2.prefs.core.default_float_dtype = before
    assert None not in different
    assert len(set(different)) == len(different)
    assert network_key("a", eval("lambda: 3")) is None, "code without a file cannot be identified"


def test_data_do_not_change_the_program_but_code_does(tmp_path):
    def texts(values, equations="v : 1"):
        from sbp_brian.targets.programs import generate

        def network():
            cells = NeuronGroup(3, equations, name="cells", namespace={})
            cells.v = values
            return Network(cells)

        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        _, flags = generate(network, 1 * ms, {}, folder)
        return build_cache.content_key(folder, flags), build_cache.content_key(folder, [*flags, "-g"])

    first, second, third = texts([1, 2, 3]), texts([3, 4, 5]), texts([1, 2, 3], "v : 1\nu : 1")
    assert first == second
    assert len({*first, *third}) == 4


def test_names_of_living_objects_do_not_matter():
    code = """
import brian2
from brian2 import NeuronGroup
from tests.helpers.targets_network import DURATION, make
from sbp_brian.targets import Simulation
Simulation(make, DURATION).build()
living = [make(), NeuronGroup(1, "v : 1"), brian2.StateMonitor(NeuronGroup(1, "v : 1"), "v", record=True)]
print(Simulation(make, DURATION).build().run(seed=1).cached, len(living))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], text=True, capture_output=True, check=False
    )
    assert done.stdout.split()[-2:] == ["True", "3"], done.stderr


def test_clocks_in_any_order_give_the_same_program():
    code = """
from pathlib import Path
import sys, tempfile
from brian2 import Network, NeuronGroup, ms
from sbp_brian.targets.build_cache import content_key
from sbp_brian.targets.programs import generate
def make():
    cells = NeuronGroup(2, "dv/dt = -v/(5*ms) : 1", name="cells", method="exact", namespace=dict(ms=ms))
    for k in range(8):
        cells.run_regularly("v += 0.1", dt=(k + 1)*ms)
    return Network(cells)
folder = Path(tempfile.mkdtemp())
print(content_key(folder, generate(make, 20*ms, {}, folder)[1]))
"""
    keys = {fresh_process(code, PYTHONHASHSEED=seed)[0] for seed in ("0", "1", "2")}
    assert len(keys) == 1


def test_no_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere/g++")
    told = r"CXX='/nowhere/g\+\+' was not found: install g\+\+ .*target='numpy'"
    with pytest.raises(CompilerMissing, match=told):
        targets.use("cpp")
    with pytest.raises(CompilerMissing, match=told):
        targets.use("cython")
    with pytest.raises(CompilerMissing, match=told):
        Simulation(make, DURATION, target="cython")
    with pytest.raises(CompilerMissing, match=told):
        Simulation(make_tiny, DURATION).run(seed=1)
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CompilerMissing, match=r"no C\+\+ compiler was found: install g\+\+"):
        targets.use("cpp")
    assert Simulation(make, 1 * ms, target="numpy").run(seed=1).completed == 1


def make_tiny():
    return Network(NeuronGroup(2, "dv/dt = -v/tau : 1\ntau : second", name="cells", method="exact", namespace={}))


def test_code_that_does_not_compile(cache):
    @brian2.implementation("cpp", "double odd(double x) { return missing_name; }")
    @brian2.check_units(x=1, result=1)
    def odd(x):
        return x

    def broken():
        cells = NeuronGroup(2, "v : 1\nu : 1", name="cells", namespace=dict(odd=odd))
        cells.run_regularly("v = odd(u)", dt=1 * ms)
        return Network(cells)

    with pytest.raises(CompileError, match=r"does not compile: .*missing_name") as failed:
        Simulation(broken, 2 * ms).run(seed=1)
    assert "\n" not in str(failed.value)
    assert "missing_name" in failed.value.log.read_text()
    assert not list((cache / "programs").glob(".*"))


def test_without_a_cache(cache):
    before = set(cache.rglob("*"))
    simulation = Simulation(make_tiny, DURATION, cache=False)
    assert not simulation.run(seed=1).cached
    private = simulation._backend.cache
    assert private.is_dir()
    assert set(cache.rglob("*")) == before
    del simulation
    gc.collect()  # what Brian2 remembers of the calls that made the network
    assert not private.exists()


def test_use_selects_device_and_code_generation():
    before = brian2.prefs.codegen.target
    try:
        for target in ("numpy", "cython"):
            targets.use(target)
            assert brian2.get_device() is runtime_device
            assert brian2.prefs.codegen.target == target
        targets.use("cpp", build_on_run=False)
        assert type(brian2.get_device()).__name__ == "CPPStandaloneDevice"
        assert not brian2.get_device().build_on_run
        targets.use("numpy")
        assert brian2.get_device() is runtime_device
        with pytest.raises(TypeError, match="takes no options, directory is for cpp and cuda"):
            targets.use("numpy", directory="x")
    finally:
        set_device("runtime")
        brian2.prefs.codegen.target = before


@pytest.mark.parametrize("name", ["gpu", "c++", None])
def test_unknown_target(name):
    with pytest.raises(UnknownName, match=r"unknown target .*cpp"):
        targets.use(name)
