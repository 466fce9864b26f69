"""The devices of this package: one text of a program, and one of a piece of code, for networks that differ in data."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import RuntimeDevice
from brian2.groups.group import Group

from sbp_brian.brian.own_code import OwnCython
from sbp_brian.brian.translation_units import CPP, UnitCodeObject, write_units

__all__ = ["CanonicalDevice", "SharingDevice", "canonical_order", "completed_fraction", "data_instead"]


class SharingDevice(RuntimeDevice):
    """Brian2's device for what runs inside Python, where networks that differ in names alone share Cython's builds."""

    def code_object_class(self, codeobj_class=None, fallback_pref="codegen.target"):
        """Brian2's choice, with this package's class in place of its own for cython."""
        chosen = super().code_object_class(codeobj_class, fallback_pref)
        return OwnCython if chosen is CythonCodeObject else chosen


#: A piece of code that main.cpp adds to a network: its clock and its function.
_ADDED = re.compile(r"\.add\(&(\w+), (_run_\w+)\);")


class CanonicalDevice(CPPStandaloneDevice):
    """Brian2's C++ device, with few translation units, and main.cpp the same in each process.

    Brian2 walks over a set of clocks, whose order changes from process to process, where it sets them to their first
    step. Assignments to different arrays that follow one another commute, so they are put in the order of their names;
    so are clocks that have no code to run.

    Attributes
    ----------
    keeps_clocks_together : bool
        The loop over time steps is this package's (templates/network.cpp), which takes clocks of different steps that
        are at the same time for due at once, however long it runs.
    """

    keeps_clocks_together = True

    def fill_with_array(self, var, arr):
        """Brian2's; the value of a shared variable is data, so that it does not change the program."""
        super().fill_with_array(var, arr)
        data_instead(self, var, arr)

    def code_object_class(self, codeobj_class=None, fallback_pref=None):
        """The class for a piece of code, unless it has one of its own."""
        return codeobj_class or UnitCodeObject

    def generate_main_source(self, writer):
        """Put commuting statements in the order of names."""
        canonical_order(self.main_queue)
        super().generate_main_source(writer)

    def generate_network_source(self, writer, compiler):
        """Write the loop over time steps, which is told the clocks whose time code reads, and what runs together."""
        longest = self._maximum_run_time
        loop = self.code_object_class().templater.network(
            None,
            None,
            maximum_run_time=None if longest is None else float(longest),
            read=self._clocks_read(),
            straight=run_together(self.main_queue),
        )
        writer.write("network.*", loop)

    def _clocks_read(self) -> list[str]:
        """Names of clocks of which a piece of code names the time, or the number of the step, which begins alike."""
        texts = [code.code.cpp_file for code in self.code_objects.values()]
        return sorted(
            clock.name
            for clock in self.clocks
            if any(self.get_array_name(clock.variables["t"], access_data=False) in text for text in texts)
        )

    def generate_makefile(self, writer, compiler, *settings, **more):
        """Pack the files into units, which the makefile names in their place."""
        writer.source_files = set(write_units(Path(self.project_dir), writer.source_files, CPP))
        super().generate_makefile(writer, compiler, *settings, **more)


def data_instead(device: CPPStandaloneDevice, var, arr) -> None:
    """Put the last value that `device` was to write into main.cpp among its data, where a group shares it.

    Brian2 writes a single value into the program's text, so that each ``lambda_f`` would be another program.
    """
    shared = var.scalar and isinstance(var.owner, Group) and not isinstance(var, DynamicArrayVariable)
    if shared and np.issubdtype(var.dtype, np.floating) and device.main_queue[-1][0] == "set_by_single_value":
        name = device.get_array_name(var, access_data=False)
        value = np.asarray(arr, dtype=var.dtype).reshape(1)
        device.main_queue[-1] = ("set_by_array", (name, device.static_array(name, value), False))


def canonical_order(main_queue: list) -> None:
    """Put commuting statements of main.cpp (or main.cu) in the order of their names, in place."""
    main_queue[:] = _sorted_runs(main_queue, lambda entry: entry[0] == "set_by_single_value", lambda entry: entry[1][0])
    for kind, content in main_queue:
        if kind == "run_network":
            lines = content[1]
            lines[:] = _sorted_runs(lines, _commutes, str)


def run_together(main_queue: list) -> list[list[str]]:
    """Functions that the runs of main.cpp call one after the other: those of each clock, and those of all clocks."""
    found: dict[tuple[str, ...], None] = {}
    for kind, content in main_queue:
        if kind == "run_network":
            added = [match.groups() for line in content[1] if (match := _ADDED.search(line))]
            for clocks in [*({clock} for clock in dict.fromkeys(clock for clock, _ in added)), set(dict(added))]:
                found[tuple(function for clock, function in added if clock in clocks)] = None
    return [list(functions) for functions in found if functions]


def _commutes(line: str) -> bool:
    """A clock that has no code to run, or that only draws CUDA's random numbers."""
    return ".add(" in line and line.endswith((", NULL);", ", _run_random_number_buffer);"))


def _sorted_runs(items: list, belongs, key) -> list:
    """`items` with each unbroken series of those that `belongs` names sorted by `key` (stable)."""
    out: list = []
    for together, grouped in itertools.groupby(items, belongs):
        series = list(grouped)
        out += sorted(series, key=key) if together else series
    return out


def completed_fraction(device: RuntimeDevice) -> float:
    """How much of its last run a device has simulated, 0 to 1."""
    return float(device._last_run_completed_fraction)
