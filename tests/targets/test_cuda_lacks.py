"""The target cuda on machines of all kinds, made up: what is there, what is lacking, what would compute wrongly."""

import importlib
from types import SimpleNamespace

import pytest
from brian2 import Clock, Network, NeuronGroup, Synapses, defaultclock, ms, prefs

from sbp_brian.errors import CudaDelayError, CudaRaceError, DeviceMissing
from sbp_brian.targets.cuda import requirements, toolkit
from sbp_brian.targets.cuda.checks import check_delays, check_races


def test_an_nvcc_that_does_not_tell_its_version_is_refused(tmp_path, monkeypatch):
    nvcc = tmp_path / "bin" / "nvcc"
    nvcc.parent.mkdir()
    nvcc.write_text("#!/bin/sh\necho no such option\n")
    nvcc.chmod(0o755)
    monkeypatch.setenv("CUDA_PATH", str(tmp_path))
    with pytest.raises(DeviceMissing, match=f"{nvcc} does not tell its version: reinstall the CUDA toolkit"):
        toolkit.toolkit()


def test_a_driver_that_cannot_be_asked_shows_no_gpu(monkeypatch):
    def fail(command):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(toolkit.shutil, "which", lambda name: f"/usr/bin/{name}")
    with monkeypatch.context() as patch:
        patch.setattr(toolkit, "_output", fail)
        assert toolkit.gpus() == []
    monkeypatch.setattr(toolkit, "_output", lambda command: "NVIDIA H200, 9.0, 143771\nan error\n")
    assert toolkit.gpus() == [toolkit.Gpu("NVIDIA H200", "90", 143771)]


def test_with_a_gpu_a_program_can_be_run(monkeypatch):
    gpus = [toolkit.Gpu("H100", "90", 81920)]
    monkeypatch.setattr(requirements, "gpus", lambda: gpus)
    requirements.require_gpu()
    gpus.clear()
    with pytest.raises(DeviceMissing, match="target 'cuda' needs an NVIDIA GPU to run"):
        requirements.require_gpu()


@pytest.mark.parametrize(("arch", "options"), [(None, {}), ("sm_80", {"run": False})])
def test_the_device_is_set_with_its_preferences(arch, options, monkeypatch):
    done = []
    device = SimpleNamespace(
        preferences=lambda archs, on_cpu: {"codegen.max_cache_dir_size": 123},
        new_device=lambda archs, on_cpu: f"device for {archs}",
    )
    monkeypatch.setattr(requirements, "cuda_archs", lambda asked, on_cpu: (asked or "90",))
    monkeypatch.setattr(importlib, "import_module", lambda name: device)
    monkeypatch.setattr(requirements, "set_device", lambda made, **how: done.append((made, how)))
    before = prefs["codegen.max_cache_dir_size"]
    try:
        requirements.use_cuda(arch, {"directory": "place"})
        assert prefs["codegen.max_cache_dir_size"] == 123
    finally:
        prefs["codegen.max_cache_dir_size"] = before
    assert done == [(f"device for ('{arch or '90'}',)", {**options, "directory": "place"})]


@pytest.mark.parametrize(("code", "refused"), [("s += 1", True), ("s = v + s", True), ("s = 2*ms/ms\nv = s", False)])
def test_a_shared_variable_that_changes_by_its_own_value_is_refused(code, refused):
    cells = NeuronGroup(2, "v : 1\ns : 1 (shared)", name="cells", namespace={})
    indices = {name: cells.variables.indices[name] for name in cells.variables}
    asked = (cells, "reset", "reset", {None: code}, {**cells.variables, **units()}, indices)
    if refused:
        with pytest.raises(CudaRaceError, match="'reset' changes the shared variable 's' of 'cells' by its own value"):
            check_races(*asked)
    else:
        assert check_races(*asked) == []


def units():
    from sbp_brian.brian.language import everywhere_known

    return everywhere_known()


@pytest.mark.parametrize(("content", "refused"), [((0.0,), False), ((1e-3,), True)])
def test_a_delay_that_is_set_to_zero_is_none(content, refused):
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", clock=Clock(0.25 * ms, name="odd"), name="cells", namespace={})
    synapses = Synapses(cells, cells, on_pre="v_post += 1", name="S", namespace={})
    network = Network(cells, synapses)
    network._clocks = {obj.clock for obj in network.sorted_objects}
    name = "_array_S_pre_delay"
    device = SimpleNamespace(
        defaultclock=defaultclock,
        main_queue=[
            ("init_array", (name,)),
            ("set_by_constant", ("_array_other", 1.0)),
            ("set_by_constant", (name, *content)),
        ],
        get_array_name=lambda variable, access_data: name if variable.name == "delay" else "",
        code_objects={},
    )
    if refused:
        with pytest.raises(CudaDelayError, match=r"the pathway 'S_pre' has a delay, .*'odd' ticks between its steps"):
            check_delays(network, device)
    else:
        check_delays(network, device)


def test_flags_of_ones_own_are_kept():
    pytest.importorskip("brian2cuda")
    from sbp_brian.targets.cuda import device

    name = "devices.cuda_standalone.cuda_backend.extra_compile_args_nvcc"
    kit = SimpleNamespace(release="13.0", root="/cuda")
    before = prefs[name]
    try:
        assert device.preferences(("90",), kit)[name] == ["-w"]
        prefs[name] = ["-w", "-lineinfo"]
        assert name not in device.preferences(("90",), kit)
    finally:
        prefs[name] = before
