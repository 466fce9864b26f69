"""CUDA programs carried out on the CPU: the executor with its controls, and networks held to numpy."""

import contextlib
import re

import numpy as np
import pytest
from brian2 import ms
from click.testing import CliRunner
from scipy import stats

from sbp_brian import protocols, targets
from sbp_brian.__main__ import main
from sbp_brian.errors import (
    CompilerMissing,
    CudaClockError,
    CudaOnCpuError,
    CudaRaceError,
    DeviceMissing,
    RunFailed,
    SettingError,
)
from sbp_brian.experiments.executing import execute
from sbp_brian.targets import OnCpu, Simulation, carried_out_on_cpu, program_run
from sbp_brian.targets.cuda.on_cpu import compiling
from sbp_brian.targets.cuda.on_cpu.settings import labelled
from sbp_brian.targets.cuda.on_cpu.translation import translated
from tests.helpers import cuda_networks
from tests.helpers.compared import differences
from tests.helpers.cuda_marks import cuda_on_cpu, thrust_there
from tests.helpers.cuda_programs import carried_out, compiled

DURATION = 20 * ms


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("program"))


def numbers(found):
    code, lines, said = found
    assert not code, said
    return [float(word) for line in lines for word in line.split()]


# the executor


@thrust_there
@pytest.mark.parametrize("threads", [1, 32, 256, 1024])
def test_barriers_and_shared_memory_are_honoured(program, threads):
    n = 3 * threads
    for order in (0, 1, 2):
        how = OnCpu(order=order)
        assert numbers(carried_out(program, "sum", threads, on_cpu=how)) == [n * (n + 1) / 2]
        assert numbers(carried_out(program, "reverse", threads, on_cpu=how)) == list(range(threads, 0, -1))


@thrust_there
def test_a_missing_barrier_shows(program):
    wrong = [numbers(carried_out(program, "missing-barrier", on_cpu=OnCpu(order=order))) for order in (1, 2, 3)]
    assert all(found != [96 * 97 / 2] for found in wrong)


@thrust_there
def test_the_order_of_threads_and_blocks_is_that_of_the_seed(program):
    first, again, other, numbered = (
        numbers(carried_out(program, "order", on_cpu=OnCpu(order=order))) for order in (1, 1, 2, 0)
    )
    assert first == again
    assert first != other
    assert numbered == list(range(96))
    assert sorted(first) == sorted(other) == numbered
    blocks = [k // 32 for k in first]
    assert all(len(set(blocks[k : k + 32])) == 1 for k in (0, 32, 64)), "one block after another"


@thrust_there
def test_threads_that_have_ended_are_not_waited_for(program):
    assert numbers(carried_out(program, "return")) == [1, 2]


@thrust_there
@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "two-barriers",
            r"kernel two_barriers deadlocks: .* wait at the barrier in main\.cu:\d+ and others at that in",
        ),
        ("endless", "kernel wait_for_another deadlocks: one of its threads has run for 1 s of processor time"),
    ],
)
def test_a_deadlock_is_found_and_not_waited_for(program, what, said):
    code, _, error = carried_out(program, what, SBP_ON_CPU_PATIENCE="1")
    assert code == 3
    assert error.count("\n") == 1
    assert re.search(said, error)


@thrust_there
def test_what_a_gpu_refuses_is_refused_and_memory_is_unset(program):
    assert carried_out(program, "refused")[1][:3] == ["invalid configuration argument"] * 2 + ["no error"]
    assert numbers(carried_out(program, "unset")) == [np.int32(np.uint32(0xCDCDCDCD).astype(np.int32))] * 2
    assert numbers(carried_out(program, "thrust")) == [1, 2, 3]


@thrust_there
@pytest.mark.parametrize("what", ["host-draws", "kernel-draws"])
def test_random_numbers_have_their_distributions(program, what):
    """Kolmogorov and Smirnov's test of 20,000 numbers; chi squared of the counts of Poisson's distribution."""
    uniform, normal, poisson = np.array(numbers(carried_out(program, what, 7))).reshape(3, -1)
    assert ((uniform > 0) & (uniform <= 1)).all()
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    counts = np.bincount(poisson.astype(int), minlength=12)
    counts = np.append(counts[:11], counts[11:].sum())
    expected = len(poisson) * np.append(stats.poisson.pmf(range(11), 3.5), stats.poisson.sf(10, 3.5))
    assert stats.chisquare(counts, expected).pvalue > 1e-3
    for drawn in (uniform, normal):
        assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.03
    assert numbers(carried_out(program, what, 7)) == numbers(carried_out(program, what, 7))
    assert numbers(carried_out(program, what, 8))[0] != uniform[0]


@pytest.mark.slow
@thrust_there
def test_what_sanitizers_are_to_find_is_found(tmp_path):
    """Controls: a read beyond an array, an unguarded sum, a missing barrier; and nothing in what is right."""
    for sanitizer, right, wrong in (
        ("memory", ("sum", "reverse", "return", "thrust"), {"beyond": "heap-buffer-overflow"}),
        ("races", ("sum", "reverse", "return", "order"), {"race": "data race", "missing-barrier": "data race"}),
    ):
        (tmp_path / sanitizer).mkdir()
        folder = compiled(tmp_path / sanitizer, sanitizer=sanitizer)
        how = OnCpu(sanitizer=sanitizer)
        for what in right:
            code, _, said = carried_out(folder, what, on_cpu=how)
            assert not code, said
        for what, kind in wrong.items():
            code, _, said = carried_out(folder, what, on_cpu=how)
            assert code
            assert f"{kind} " in said


@pytest.mark.slow
@thrust_there
def test_processors_without_a_switch_of_their_own(tmp_path):
    folder = compiled(tmp_path, extra=["-DSBP_ON_CPU_UCONTEXT"])
    assert numbers(carried_out(folder, "sum", 256)) == [768 * 769 / 2]
    assert numbers(carried_out(folder, "reverse", 64)) == list(range(64, 0, -1))


# translation and refusals


def test_what_is_not_cpp_is_rewritten():
    text = translated(
        '#include <curand_kernel.h>\n#include <thrust/sort.h>\n#include "brianlib/cudaVector.h"\n'
        "extern __shared__ char of[];\n"
        "__shared__ volatile int here[32];\nkernel<double><<<a(1, 2), 3>>>(x);",
        "a.cu",
    )
    assert "curand" not in text
    assert "<thrust/sort.h>" in text, "it is the kept library"
    assert "brianlib/cudaVector.h" in text
    assert "__shared__" not in text
    assert 'launch(kernel<double>, "kernel<double>", a(1, 2), 3)(x);' in text


def test_a_value_that_all_threads_write_is_told_from_one_of_each_thread():
    text = translated("    _ptr_array_cells_on[0] = on;\n    _ptr_array_cells_x[_idx] = x;\n", "a.cu")
    assert text == "    ::sbp_on_cpu::write_same(_ptr_array_cells_on[0], on);\n    _ptr_array_cells_x[_idx] = x;\n"


def test_what_a_sanitizer_found_is_the_reason():
    race = "SUMMARY: ThreadSanitizer: data race a.cu:1 in k(int*)"
    lines = [
        "INFO",
        race,
        race,
        "a.cu:2:3: runtime error: index 4 out of bounds",
        "ThreadSanitizer: reported 2 warnings",
    ]
    assert program_run._findings(lines) == (race, lines[3])
    assert program_run._telling(lines) == f"{race} (and 1 more)"
    assert program_run._telling(["INFO", "out of memory"]) == "out of memory"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x = __shfl_sync(m, x, 0);", "__shfl_sync"),
        ("cudaStream_t stream;", "cudaStream_t"),
        ("kernel[0]<<<1, 2>>>(x);", "<<<"),
        ("if (__syncthreads_or(x)) {}", "__syncthreads_or"),
    ],
)
def test_a_construct_that_cannot_be_carried_is_named_with_its_file(text, named):
    with pytest.raises(CudaOnCpuError, match=r"code_objects/mine\.cu uses") as caught:
        translated(f"// <<< in a comment is none\n{text}", "code_objects/mine.cu")
    assert named in str(caught.value)


def test_bad_settings_are_refused():
    for given, said in (
        (dict(threads=0), "threads has to be a whole number from 1 to 1,024"),
        (dict(order=-1), "order has to be"),
        (dict(sanitizer="leaks"), "'memory' or 'races'"),
    ):
        with pytest.raises(SettingError, match=said):
            OnCpu(**given)
    for ask in (
        lambda: Simulation(cuda_networks.on_clocks, DURATION, target="cpp", on_cpu=True),
        lambda: targets.use("numpy", on_cpu=True),
        lambda: Simulation(cuda_networks.on_clocks, DURATION, target="cuda", on_cpu=1),
    ):
        with pytest.raises(SettingError, match="on_cpu"):
            ask()
    result = CliRunner().invoke(main, ["run", "tao-2000", "--target", "cuda", "--block-threads", "64"])
    assert result.exit_code
    assert "add --on-cpu" in result.stderr


def test_a_record_of_the_cpu_is_called_so():
    assert labelled("cuda") == ("cuda", None)
    for how, label in ((OnCpu(), "cuda-on-cpu"), (OnCpu(256, 3), "cuda-on-cpu-256-3")):
        assert how.label == label
        assert labelled(label) == ("cuda", how)


@cuda_on_cpu
def test_what_is_missing_is_said_in_one_line(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(CompilerMissing, match="CXX='no-such-compiler' was not found"):
        Simulation(cuda_networks.on_clocks, DURATION, target="cuda", on_cpu=True)
    monkeypatch.delenv("CXX")
    monkeypatch.setattr(compiling, "_has_thrust", lambda folder: False)
    monkeypatch.setattr(compiling, "find_nvcc", lambda: None)
    with pytest.raises(DeviceMissing, match="pip install nvidia-cuda-cccl"):
        Simulation(cuda_networks.on_clocks, DURATION, target="cuda", on_cpu=True)


@cuda_on_cpu
def test_a_clock_that_would_stand_still_on_the_gpu_is_refused(tmp_path, monkeypatch):
    from sbp_brian.targets.cuda import device

    monkeypatch.setattr(device, "every_clock_by_value", contextlib.nullcontext)
    simulation = Simulation(cuda_networks.on_clocks, DURATION, target="cuda", on_cpu=True)
    with pytest.raises(CudaClockError, match=r"reads '\w+' of the clock 'moments' on the GPU, where it stands"):
        simulation._backend.generate(tmp_path)


@cuda_on_cpu
def test_headers_of_another_version_are_refused(tmp_path, monkeypatch):
    from sbp_brian.targets.cuda import mending

    (tmp_path / "brianlib").mkdir()
    (tmp_path / "brianlib" / "spikequeue.h").write_text("// another version\n")
    with pytest.raises(CudaRaceError, match=r"brianlib/spikequeue\.h of this brian2cuda is not the one"):
        mending.mend(tmp_path)


# networks


@cuda_on_cpu
@pytest.mark.parametrize("make", [cuda_networks.on_clocks, cuda_networks.with_delays])
def test_networks_give_what_numpy_gives(make):
    expected = Simulation(make, DURATION, target="numpy", dt=cuda_networks.STEP).run(seed=1)
    assert len(expected["spikes.t"]) > 6
    for how in (OnCpu(), OnCpu(threads=1, order=2), OnCpu(threads=256, order=3), OnCpu(threads=1024, order=0)):
        found = Simulation(make, DURATION, target="cuda", dt=cuda_networks.STEP, on_cpu=how).run(seed=1)
        assert not differences(expected, found), how
        assert found.on_cpu == how
        assert how.identity in repr(found)


@cuda_on_cpu
def test_runs_are_repeated_set_and_ended_as_those_of_cpp():
    simulation = Simulation(
        cuda_networks.with_delays, DURATION, target="cuda", dt=cuda_networks.STEP, on_cpu=True, seed=1
    )
    reference = Simulation(cuda_networks.with_delays, DURATION, target="numpy", dt=cuda_networks.STEP, seed=1)
    given = [
        dict(values={"cells.v": np.linspace(0, 0.5, 9)}),
        dict(duration=7 * ms),
        dict(values={"syn_none.w": 0.3, "drive.values": np.full((2, 3), 1.3)}),
        {},
    ]
    results = simulation.run_many(given, workers=2)
    for one, found in zip(given, results, strict=True):
        assert not differences(reference.run(**one), found), one
    assert len(results[1]["states.t"]) == 14


@cuda_on_cpu
def test_a_program_that_fails_says_why(tmp_path):
    simulation = Simulation(cuda_networks.on_clocks, DURATION, target="cuda", dt=cuda_networks.STEP, on_cpu=True)
    simulation.build()
    backend = simulation._backend
    folder = tmp_path / "stand-in"
    folder.mkdir()
    program = folder / "main"
    program.write_text("#!/bin/sh\necho 'INFO'\necho 'kernel k deadlocks: of its threads' >&2\nexit 3\n")
    program.chmod(0o755)
    backend.latest.program = program
    with pytest.raises(RunFailed, match="exit code 3: kernel k deadlocks"):
        simulation.run()


@cuda_on_cpu
def test_every_output_says_that_there_was_no_gpu(tmp_path):
    with carried_out_on_cpu(OnCpu(order=5)):
        assert Simulation(cuda_networks.on_clocks, DURATION, target="cuda").on_cpu == OnCpu(order=5)
        assert Simulation(cuda_networks.on_clocks, DURATION, target="cpp").on_cpu is None
    record = execute(
        protocols.get("turrigiano-1998"),
        target="cuda",
        on_cpu=True,
        size="quick",
        parameters={"seeds": 1, "inputs": 10, "minis": 2},
        out=tmp_path,
    )
    assert record.target == record.identity["target"] == "cuda-on-cpu"
    assert record.run.startswith("cuda-on-cpu-seed0-")
    assert "carried out on the CPU; no GPU was used" in " ".join(record.notes)
