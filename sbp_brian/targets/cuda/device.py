"""The CUDA device: brian2cuda's, with what today's CUDA and this package need, through its own extension points.

- the makefile: c++17, the folders of cccl and curand, the architectures asked for;
- few translation units (`translation_units`), and objects kept by content (`build`);
- main.cu the same in each process;
- kernels are given every clock by value (`clocks`);
- the host asks once for each number of events (`counting`);
- a program that is carried out on the CPU is translated for it (`on_cpu`);
- what would go wrong in silence is refused (`checks`).

brian2cuda is an optional import (GPL); nothing of it is part of this package.
"""

from __future__ import annotations

import logging
import os
from collections import Counter, defaultdict
from pathlib import Path

import brian2cuda
from brian2 import BrianLogger, Synapses, prefs
from brian2.codegen.codeobject import CodeObject  # noqa: F401  (before the device: import order of Brian2)
from brian2.synapses.synapses import SynapticPathway
from brian2.utils.filetools import copy_directory
from brian2cuda.codeobject import CUDAStandaloneAtomicsCodeObject, CUDAStandaloneCodeObject
from brian2cuda.cuda_generator import CUDAAtomicsCodeGenerator, CUDACodeGenerator
from brian2cuda.device import CUDAStandaloneDevice
from brian2cuda.utils.gputools import reset_cuda_installation, reset_gpu_selection

from sbp_brian.brian.device import canonical_order, data_instead
from sbp_brian.brian.groups import whole
from sbp_brian.brian.state import guard
from sbp_brian.brian.translation_units import CUDA, CUDA_ON_CPU, SharedSupport, write_units
from sbp_brian.targets.cuda.build import Recipe, compile_project, recipe
from sbp_brian.targets.cuda.checks import check_delays, check_races
from sbp_brian.targets.cuda.clocks import ClocksByValue, check_clocks, every_clock_by_value
from sbp_brian.targets.cuda.counting import ask_once
from sbp_brian.targets.cuda.mending import mend, with_own_counter
from sbp_brian.targets.cuda.on_cpu.compiling import cpu_recipe
from sbp_brian.targets.cuda.on_cpu.settings import OnCpu
from sbp_brian.targets.cuda.on_cpu.translation import translate
from sbp_brian.targets.cuda.toolkit import Toolkit, toolkit

# it tells all its preferences at each build; warnings stay
BrianLogger.console_handler.addFilter(lambda told: told.levelno > logging.INFO or "brian2cuda" not in told.name)

_BACKEND = "devices.cuda_standalone.cuda_backend"
#: What one call of a code object asks of the GPU: kernels it starts, and whether the host waits for a number of events.
_COST = {
    "stateupdate": (1, False),
    "reset": (1, False),
    "threshold": (2, False),
    "synapses": (1, True),
    "synapses_push_spikes": (0, False),
    "spikemonitor": (1, True),
    "statemonitor": (1, False),
    "ratemonitor": (1, True),
    "summed_variable": (2, False),
    "spikegenerator": (2, False),
    "spatialstateupdate": (5, False),
}


class _Generator(ClocksByValue, SharedSupport, CUDACodeGenerator):
    pass


class _AtomicsGenerator(ClocksByValue, SharedSupport, CUDAAtomicsCodeGenerator):
    pass


class _CodeObject(CUDAStandaloneCodeObject):
    generator_class = _Generator


class _AtomicsCodeObject(CUDAStandaloneAtomicsCodeObject):
    generator_class = _AtomicsGenerator


_OURS = {CUDAStandaloneCodeObject: _CodeObject, CUDAStandaloneAtomicsCodeObject: _AtomicsCodeObject}


class CudaDevice(CUDAStandaloneDevice):
    """brian2cuda's device for named architectures.

    Parameters
    ----------
    archs : tuple of str
        What to compile for, e.g. ``("80", "90")``.
    on_cpu : OnCpu, optional
        Carry the program out on the CPU, and so; the architectures then stand for nothing.

    Attributes
    ----------
    serial : dict of str to list of str
        Pathway code that brian2cuda will run one synapse after another -> the cell variables that it reads and writes.
    cost : list of dict
        For each clock: its ``name``, time step ``dt`` (s; None for an event clock), and how many ``kernels`` and
        ``copies`` for which the host waits one tick of it asks for at most.
    """

    def __init__(self, archs: tuple[str, ...] = (), on_cpu: OnCpu | None = None):
        super().__init__()
        self.archs, self.on_cpu = archs, on_cpu
        self.serial: dict[str, list[str]] = {}
        self.cost: list[dict] = []

    def reinit(self):
        """Forget the networks, keep the architectures and how to run on the CPU."""
        kept = self.archs, self.on_cpu
        super().reinit()
        self.archs, self.on_cpu = kept

    def code_object_class(self, *given, **more):
        """The class for a piece of code; the plain question, without arguments, is for brian2cuda's own files."""
        plain = super().code_object_class(*given, **more)
        return _OURS.get(plain, plain) if given or more else plain

    def code_object(self, owner, name, abstract_code, variables, template_name, variable_indices, **more):
        """Check what cannot run in parallel, then generate as brian2cuda does."""
        serial = check_races(owner, name, template_name, abstract_code, variables, variable_indices)
        codeobj = super().code_object(owner, name, abstract_code, variables, template_name, variable_indices, **more)
        if serial:
            self.serial[codeobj.name] = serial
        return codeobj

    def fill_with_array(self, var, arr):
        """brian2cuda's; the value of a shared variable is data, so that it does not change the program."""
        super().fill_with_array(var, arr)
        data_instead(self, var, arr)

    def generate_codeobj_source(self, writer):
        """brian2cuda's, with every clock handed to kernels by value and no name in the way of a network's own."""
        with every_clock_by_value():
            super().generate_codeobj_source(writer)
        folder = Path(self.project_dir, "code_objects")
        check_clocks(self, folder)
        for codeobj in self.code_objects.values():
            if codeobj.template_name == "synapses":
                file = folder / f"{codeobj.name}.cu"
                file.write_text(with_own_counter(file.read_text()))

    def generate_rand_source(self, writer):
        """brian2cuda's; it knows synapses, whose number it reads at run time, by the name of their class."""
        runs = self.codeobjects_with_rng["host_api"]["per_run"]
        owners = [code.owner.__class__ for run in runs for found in run.values() for code in found]
        ours = {each: each.__name__ for each in owners if issubclass(each, Synapses)}
        try:
            for each in ours:
                each.__name__ = Synapses.__name__
            super().generate_rand_source(writer)
        finally:
            for each, name in ours.items():
                each.__name__ = name

    def generate_main_source(self, writer):
        """Check the delays, count what a step asks of the GPU, and put commuting statements in the order of names."""
        for net in self.networks:
            check_delays(net, self)
        self._count(self.networks)
        self.clocks.add(self.defaultclock)  # code of pathways names it, also where no object of the network is on it
        canonical_order(self.main_queue)
        reset_cuda_installation()
        reset_gpu_selection()  # brian2cuda remembers them for the process; our preferences may have changed
        super().generate_main_source(writer)

    def _count(self, networks) -> None:
        kernels, steps, asked = Counter(), {}, defaultdict(set)
        for net in networks:
            for obj in net.sorted_objects:
                for codeobj in obj._code_objects if obj.active else ():
                    started, asks = _COST.get(codeobj.template_name, (1, False))
                    kernels[obj.clock.name] += started
                    steps[obj.clock.name] = None if hasattr(obj.clock, "_times") else float(obj.clock.dt_)
                    if asks:
                        asked[obj.clock.name].add(self._events_of(obj))
        self.cost = [
            dict(name=name, dt=steps[name], kernels=kernels[name], copies=len(asked[name])) for name in sorted(steps)
        ]

    @staticmethod
    def _events_of(obj) -> tuple[str, str, str]:
        """The cells and the event whose number a pathway or a monitor asks for; with delays, of an earlier step."""
        delayed = isinstance(obj, SynapticPathway) and not getattr(obj, "zero_delay", False)
        return whole(obj.source).name, getattr(obj, "event", "spike"), obj.name if delayed else ""

    def _ask_once(self, project: Path) -> None:
        """Let the host ask once for each number of events."""
        spaces = {self.get_array_name(var): len(var.owner) for var in self.eventspace_arrays}
        ask_once(project, spaces, [codeobj.template_name for codeobj in self.code_objects.values()])

    def copy_source_files(self, writer, directory):
        """brian2cuda's own headers, mended, beside the generated code."""
        library = Path(brian2cuda.__file__).parent / "brianlib"
        for file in copy_directory(str(library), os.path.join(directory, "brianlib")):
            (writer.header_files if file.endswith(".h") else writer.source_files).add(f"brianlib/{file}")
        mend(Path(directory))

    def generate_makefile(self, writer, cpp_compiler, cpp_compiler_flags, cpp_linker_flags, debug, disable_asserts):
        """Pack the files into units; write a makefile that compiles them by hand, too."""
        project = Path(self.project_dir)
        self._ask_once(project)
        sources = write_units(project, writer.source_files, CUDA if self.on_cpu is None else CUDA_ON_CPU)
        extra = [flag for flag in cpp_compiler_flags if flag.startswith(("-I", "-D", "-U"))]
        extra += ["-g", "-G", "-DDEBUG"] if debug else []
        extra += ["-DNDEBUG"] if disable_asserts else []
        if self.on_cpu is None:
            nvcc_flags = list(prefs[f"{_BACKEND}.extra_compile_args_nvcc"])
            self.recipe = recipe(self.archs, sources, extra, nvcc_flags, cpp_linker_flags)
        else:
            translate(project)
            self.recipe = cpu_recipe(self.on_cpu, sources, extra, cpp_linker_flags)
        writer.write("makefile", self.recipe.makefile())

    def compile_source(self, directory, compiler, debug, clean):
        """Compile and link the project in its folder, with objects from the cache where they are there."""
        compile_project(Path(directory), self.recipe)


def preferences(archs: tuple[str, ...], on_cpu: OnCpu | None = None, kit: Toolkit | None = None) -> dict:
    """Brian2's preferences for code that is made for named architectures, found without asking a GPU."""
    release, root = "13.0", "/"  # brian2cuda wants to know, also where no toolkit is needed
    if on_cpu is None:
        kit = kit or toolkit()
        release, root = kit.release, kit.root
    chosen = {
        "detect_gpus": False,
        "gpu_id": 0,
        "compute_capability": _capability(archs[0]),
        "cuda_runtime_version": float(release),
        "cuda_path": str(root),
    }
    if prefs[f"{_BACKEND}.extra_compile_args_nvcc"] == ["-w", "-use_fast_math"]:
        chosen["extra_compile_args_nvcc"] = ["-w"]  # with float32 fast math would change results
    return {f"{_BACKEND}.{name}": value for name, value in chosen.items()}


def _capability(arch: str) -> float:
    digits = arch.rstrip("af")
    return float(f"{digits[:-1]}.{digits[-1]}")


def new_device(archs: tuple[str, ...], on_cpu: OnCpu | None = None) -> CudaDevice:
    """A device of one's own that refuses Python operations."""
    return guard(CudaDevice(archs, on_cpu))


__all__ = ["CudaDevice", "Recipe", "new_device", "preferences"]
