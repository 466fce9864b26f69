"""The target cuda without a GPU: the code is generated, compiled and linked, and what would go wrong is refused."""

import os
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, Synapses, linked_var, ms
from click.testing import CliRunner

from sbp_brian import protocols, targets
from sbp_brian.__main__ import main
from sbp_brian.brian import translation_units
from sbp_brian.brian.state import ClocksTogether
from sbp_brian.errors import CompileError, DeviceMissing
from sbp_brian.experiments import building
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.targets import Simulation, collecting
from sbp_brian.targets.cuda import requirements, toolkit
from sbp_brian.targets.cuda.toolkit import Gpu, Toolkit, curand_package, find_nvcc, parse_archs
from sbp_brian.training.spiking import Samples, Training
from tests.helpers.cuda_marks import cuda
from tests.helpers.targets_network import DURATION, make

LATE = ("mnist", {"late": 100, "signal_order": 4, "tag": "delay", "tag_centred": True})
no_gpu = pytest.mark.skipif(bool(toolkit.gpus()), reason="this machine has a GPU")


def kit(version=(13, 0), codes=("80", "90", "90a"), **more):
    return SimpleNamespace(version=version, release="{}.{}".format(*version), codes=codes, **more)


# what there is on a machine


@pytest.mark.parametrize(
    ("text", "archs"),
    [
        ("sm_90", ("90",)),
        ("9.0", ("90",)),
        ("90", ("90",)),
        ("compute_80", ("80",)),
        ("sm_80,sm_90", ("80", "90")),
        ("sm_90a", ("90a",)),
        ("sm_100", ("100",)),
        ("sm_90, sm_90", ("90",)),
        (None, ("80",)),
    ],
)
def test_architectures_as_users_write_them(text, archs):
    assert parse_archs(text) == archs


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hopper", "'hopper' is no CUDA architecture: write e.g. sm_80"),
        ("", "is no CUDA arch"),
        ("sm_35", r"nvcc 13\.0 does not compile for sm_35"),
    ],
)
def test_architectures_that_are_none(text, said):
    with pytest.raises(ValueError, match=said):
        parse_archs(text, kit())


def a_toolkit(folder, release, includes):
    """A toolkit whose nvcc answers as the real one does."""
    (folder / "bin").mkdir(parents=True)
    (folder / "include" / "cccl" / "thrust").mkdir(parents=True)
    (folder / "include" / "cccl" / "thrust" / "device_vector.h").write_text("")
    (folder / "lib64").mkdir()
    nvcc = folder / "bin" / "nvcc"
    nvcc.write_text(f"""#!/bin/sh
case "$1" in
--version) echo "Cuda compilation tools, release {release}, V{release}.1" ;;
--dryrun) printf '#$ TOP={folder}/bin/..\\n#$ {includes}="-I{folder}/bin/../include"\\n'
          printf '#$ LIBRARIES= "-L{folder}/bin/../lib64"\\n' ;;
--list-gpu-code) echo sm_80; echo sm_90 ;;
esac
""")
    nvcc.chmod(0o755)
    return nvcc


@pytest.mark.parametrize(
    ("release", "includes", "package"),
    [("12.4", "INCLUDES", "nvidia-curand-cu12"), ("13.0", "SYSTEM_INCLUDES", "nvidia-curand")],
)
def test_a_toolkit_is_asked_for_its_folders(release, includes, package, tmp_path, monkeypatch):
    a_toolkit(tmp_path, release, includes)
    monkeypatch.setenv("CUDA_PATH", str(tmp_path))
    found = toolkit.toolkit()
    assert found.root == tmp_path
    assert found.release == release
    assert found.codes == ("80", "90")
    assert found.includes == (tmp_path / "include",)
    assert found.header("thrust/device_vector.h") == tmp_path / "include" / "cccl"
    assert curand_package(found) == package
    monkeypatch.setattr(toolkit.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DeviceMissing, match=f"has no curand: pip install {package} "):
        toolkit.curand(found)
    (tmp_path / "include" / "curand_kernel.h").write_text("")
    (tmp_path / "lib64" / "libcurand.so.10").write_text("")
    assert toolkit.curand(found).origin == "CUDA toolkit"


def test_curand_of_a_package(tmp_path, monkeypatch):
    home = tmp_path / "nvidia" / "curand"
    for name in ("include/curand_kernel.h", "lib/libcurand.so.10"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text("")
    place = SimpleNamespace(submodule_search_locations=[str(tmp_path / "nvidia")])
    monkeypatch.setattr(toolkit.importlib.util, "find_spec", lambda name: place)
    bare = Toolkit("nvcc", tmp_path, (12, 4), (), (), ())
    found = toolkit.curand(bare)
    assert (found.include, found.library) == (home / "include", home / "lib" / "libcurand.so.10")
    assert found.origin.startswith("nvidia-curand-cu12")
    newer = Toolkit("nvcc", tmp_path, (13, 0), (), (), ())
    with pytest.raises(DeviceMissing, match="pip install nvidia-curand "):
        toolkit.curand(newer)


def test_what_is_missing_is_said_in_turn(monkeypatch):
    there = {"brian2cuda": None}
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda name: there[name])
    asks = (
        lambda: targets.use("cuda"),
        lambda: Simulation(make, DURATION, target="cuda"),
        lambda: targets.use("cuda", arch="sm_90"),
    )
    for ask in asks:
        with pytest.raises(DeviceMissing, match=r"pip install 'sbp_brian\[cuda\]'"):
            ask()
    there["brian2cuda"] = object()
    monkeypatch.setattr(requirements, "gpus", list)
    for nodes, said in ((False, "none was found on this machine"), (True, "its driver does not answer")):
        monkeypatch.setattr(requirements, "gpu_nodes", lambda nodes=nodes: nodes)
        for ask in asks[:2]:
            with pytest.raises(DeviceMissing, match=f"{said}.*'sbp build PROTOCOL --target cuda --arch sm_90'"):
                ask()
    monkeypatch.setattr(toolkit, "find_nvcc", lambda: None)
    with pytest.raises(DeviceMissing, match="needs nvcc and none was found: install the CUDA toolkit, 12 or newer"):
        asks[2]()


def test_gpus_are_read_from_the_driver(tmp_path, monkeypatch):
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 9.0, 81559'\necho 'NVIDIA A100, 8.0, 81920'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert toolkit.gpus() == [Gpu("NVIDIA H100 80GB HBM3", "90", 81559), Gpu("NVIDIA A100", "80", 81920)]
    driver.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed' >&2\nexit 9\n")
    assert toolkit.gpus() == []


def test_arch_is_for_cuda_only():
    for ask in (lambda: Simulation(make, DURATION, arch="sm_90"), lambda: targets.use("numpy", arch="sm_90")):
        with pytest.raises(TypeError, match=r"for cuda|for target 'cuda'"):
            ask()


def test_collecting_leaves_at_the_first_run():
    after = []
    with collecting() as found:
        first = Simulation(make, DURATION, target="numpy")
        Simulation(make, DURATION, target="cpp").build().run()
        after.append(1)
    assert [simulation.target for simulation in found] == ["numpy", "cpp"]
    assert found[0] is first
    assert not after
    assert found[1]._backend.manifest is None, "nothing was generated"


# packing into units


def test_units_hold_each_piece_once_and_keep_what_collides_apart(tmp_path):
    (tmp_path / "code_objects").mkdir()
    one, other = (translation_units.once("stimulus", f"double stimulus() {{ return {k}; }}") for k in (1, 2))
    pieces = {f"code_objects/{k}.cu": (other if k == 7 else one) + f"\nvoid run_{k}() {{}}\n" for k in range(9)}
    for name, text in pieces.items():
        (tmp_path / name).write_text(text)
    sources = [*pieces, "main.cu", "objects.cu", "run.cu"]
    units = translation_units.write_units(tmp_path, sources, translation_units.CUDA)
    texts = {name: (tmp_path / name).read_text() for name in units if name.startswith("unit")}
    for name in sources:
        assert sum(f'"{name}"' in text for text in texts.values()) == 1, name
    assert all(name.startswith("unit") for name in units)
    with_other = next(text for text in texts.values() if '"code_objects/7.cu"' in text)
    assert with_other.count("#include") == 1, "the stimulus of the others has the same name and another text"
    assert units == translation_units.write_units(tmp_path, reversed(sources), translation_units.CUDA)


# generated code


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    simulation = Simulation(make, DURATION, target="cuda", arch="sm_80,sm_90")
    folder = tmp_path_factory.mktemp("generated") / "project"
    return simulation, folder, building.generate_only(simulation, folder)


@cuda
def test_the_makefile_has_what_todays_cuda_wants(generated):
    _, folder, _ = generated
    text = (folder / "makefile").read_text()
    assert "-std=c++17" in text
    assert "c++11" not in text
    for arch in (80, 90):
        assert f"arch=compute_{arch}" in text
    assert "use_fast_math" not in text
    assert ClocksTogether.RELATIVE in (folder / "network.cu").read_text()
    dry = subprocess.run(["make", "-n", "-C", folder], capture_output=True, text=True, timeout=60, check=True).stdout
    assert dry.count("-dc") == len([line for line in text.splitlines() if line.endswith(".cu")])


@cuda
def test_the_same_network_gives_the_same_code(generated, tmp_path):
    _, folder, built = generated
    again = tmp_path / "again"
    building.generate_only(Simulation(make, DURATION, target="cuda", arch="sm_80,sm_90"), again)
    for path in (p for p in folder.rglob("*") if p.is_file()):
        assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes(), path
    assert [clock["name"] for clock in built.cost] == ["defaultclock"]
    assert built.cost[0]["kernels"] >= 6
    with pytest.raises(ValueError, match="already holds files"):
        building.generate_only(generated[0], folder)


def network_of(synaptic="", on_pre="", cells="", linked=False):
    def make_it():
        group = NeuronGroup(4, f"v : 1\nz : 1\n{cells}", threshold="v > 1", reset="v = 0", name="cells", namespace={})
        parts = [group]
        model = "w : 1 (linked)\nkind : integer (constant)" if linked else "w : 1"
        synapses = Synapses(group, group, f"{model}\n{synaptic}", on_pre=on_pre, name="syn", namespace={})
        synapses.connect()
        if linked:
            kinds = NeuronGroup(2, "kernel : 1", name="kinds", namespace={})
            synapses.kind = 0
            synapses.w = linked_var(kinds, "kernel", index="kind")
            parts.append(kinds)
        return Network(*parts, synapses)

    return make_it


def refused(make_it, folder):
    with pytest.raises(NotImplementedError) as caught:
        Simulation(make_it, 1 * ms, target="cuda", arch="sm_90")._backend.generate(folder)
    return str(caught.value)


@cuda
def test_weights_shared_by_links_may_be_added_to_and_not_set(tmp_path):
    said = refused(network_of(linked=True, on_pre="w = clip(w + 0.1, 0, 1)"), tmp_path)
    assert "changes 'w', which several synapses of 'syn' share" in said
    assert "target='cpp'" in said
    fine = Simulation(network_of(linked=True, on_pre="v_post += w\nz_pre += w"), 1 * ms, target="cuda", arch="sm_90")
    built = building.generate_only(fine, tmp_path / "fine")
    assert built.serial == {}
    text = (tmp_path / "fine/code_objects/syn_pre_codeobject.cu").read_text()
    for variable in ("cells_v[", "cells_z["):
        assert f"_brian_atomicAdd(&_ptr_array_{variable}" in text


@cuda
def test_code_that_runs_one_by_one_is_named(tmp_path):
    built = building.generate_only(
        Simulation(network_of(on_pre="v_post = clip(v_post + w, 0, 2)"), 1 * ms, target="cuda", arch="sm_90"),
        tmp_path / "serial",
    )
    assert list(built.serial.values()) == [["v_post"]]


@cuda
def test_delays_on_clocks_that_brian2cuda_counts_wrongly_are_refused(tmp_path):
    def make_it():
        group = NeuronGroup(
            2, "v : 1", threshold="v > 1", clock=Clock(dt=1 * ms, name="slow"), name="cells", namespace={}
        )
        synapses = Synapses(group, group, on_pre="v_post += 1", delay=2 * ms, name="syn", namespace={})
        synapses.connect()
        return Network(group, synapses)

    assert "'syn_pre' has a delay" in refused(make_it, tmp_path)


@cuda
def test_a_protocol_is_built_from_the_command_line(tmp_path):
    out = tmp_path / "project"
    result = CliRunner().invoke(
        main, ["build", "tao-2000", "--quick", "--arch", "sm_90", "--generate-only", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert "Generated 1 network for sm_90 with nvcc" in result.stdout
    assert (out / "makefile").is_file()
    assert (out / "main.cu").is_file()
    assert "Clock defaultclock;" in (out / "objects.h").read_text(), "pathways name it, though nothing here is on it"


@no_gpu
@cuda
def test_running_without_a_gpu_fails_in_one_line():
    result = CliRunner().invoke(main, ["run", "tao-2000", "--quick", "--target", "cuda"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "needs an NVIDIA GPU to run" in result.stderr
    assert "sbp build PROTOCOL --target cuda --arch sm_90" in result.stderr


def test_bad_requests_to_build():
    for words, said in (
        (["tao-2000", "--target", "cpp", "--arch", "sm_90"], "--arch is for target 'cuda'"),
        (["tao-2000", "--generate-only"], "name a folder for them"),
    ):
        result = CliRunner().invoke(main, ["build", *words])
        assert result.exit_code != 0
        assert said in result.stderr
    with pytest.raises(ValueError, match="compiles no program"):
        building.simulations_of(protocols.get("tao-2000"), "numpy")


# compiled code


@cuda
def test_a_small_network_compiles_and_links(tmp_path, monkeypatch):
    monkeypatch.setenv("SBP_BUILD_WORKERS", "1")

    def small():
        group = NeuronGroup(
            3,
            "dv/dt = (1.2 - v)/(10*ms) : 1\nz : 1",
            threshold="v > 1",
            reset="v = rand()",
            method="exact",
            name="cells",
            namespace={},
        )
        synapses = Synapses(group, group, "w : 1", on_pre="v_post += w\nz_pre += w", name="syn", namespace={})
        synapses.connect()
        return Network(group, synapses)

    simulation = Simulation(small, 1 * ms, target="cuda", arch="sm_90", cache=tmp_path)
    built = building.build(simulation)
    assert built.compiled
    program = built.folder / "main"
    assert program.read_bytes()[:4] == b"\x7fELF"
    listed = (
        subprocess.run(
            [find_nvcc().replace("nvcc", "cuobjdump"), "--list-elf", program],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if _has("cuobjdump")
        else None
    )
    assert listed is None or "sm_90.cubin" in listed.stdout
    again = building.build(Simulation(small, 1 * ms, target="cuda", arch="sm_90", cache=tmp_path))
    assert not again.compiled
    if not toolkit.gpus():
        with pytest.raises(DeviceMissing, match="needs an NVIDIA GPU"):
            simulation.run()


def _has(name):
    return os.access(find_nvcc().replace("nvcc", name), os.X_OK)


@cuda
def test_code_that_does_not_compile_is_told(tmp_path):
    from sbp_brian.targets.cuda.build import compile_project, recipe

    (tmp_path / "main.cu").write_text("int main() { return undeclared; }\n")
    with pytest.raises(CompileError, match=r'does not compile: .*"undeclared" is undefined'):
        compile_project(tmp_path, recipe(("90",), ["main.cu"]), tmp_path / "cache")


@pytest.mark.slow
@cuda
@pytest.mark.parametrize(
    ("name", "parameters"), [("mnist", {}), ("tao-2000", {}), ("mnist", {"model": "decolle"}), LATE]
)
def test_protocols_compile_for_two_architectures(name, parameters):
    found = building.simulations_of(
        protocols.get(name), "cuda", arch="sm_80,sm_90", size="quick", parameters=parameters
    )
    for simulation in found:
        assert (building.build(simulation).folder / "main").is_file()


@pytest.mark.slow
@cuda
def test_stdbp_on_a_grid_compiles_for_two_architectures(tmp_path):
    rng = np.random.default_rng(0)
    rows = np.arange(30)
    samples = Samples(
        rng.integers(0, 256, (30, 784)).astype(np.uint8), rng.integers(0, 10, 30), 10, rows[:10], rows[10:20], rows[20:]
    )
    network = GridSTDBP(layers=(784, 400, 10), step=1 * ms, optimiser="momentum")
    with collecting("sm_80,sm_90") as found:
        Training(network.trial_model(), samples, tmp_path, target="cuda").simulation.build()
    assert (building.build(found[0]).folder / "main").is_file()
