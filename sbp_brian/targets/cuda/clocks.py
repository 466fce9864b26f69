"""Clocks of a CUDA program: kernels are given ``t``, ``dt`` and ``timestep`` of every clock by value.

Clocks tick on the host, and nobody copies their variables to the GPU meanwhile. So brian2cuda hands them to kernels by
value; but of Brian2's clocks it knows one kind, `brian2.Clock`, and not `brian2.EventClock`. A kernel would read that
one's time on the GPU, where it is 0 for ever: no spike of a protocol would be triggered and no trace would decay, and
the program would end without an error. Here every kind of clock is handed on, and a program in which a kernel still
reads a clock on the GPU is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import brian2cuda.device
from brian2.core.clocks import BaseClock, Clock
from brian2.core.variables import ArrayVariable

from sbp_brian.errors import CudaClockError

__all__ = ["ClocksByValue", "check_clocks", "clock_pointers", "every_clock_by_value"]


def _of_clocks(variables: dict) -> Iterable[ArrayVariable]:
    """The variables of clocks among those of a piece of code."""
    for variable in variables.values():
        if isinstance(variable, ArrayVariable) and variable.scalar and isinstance(variable.owner, BaseClock):
            yield variable


class ClocksByValue:
    """A mixin for brian2cuda's code generators: code finds the value of every clock where it looks for its array."""

    def determine_keywords(self):
        """brian2cuda's, with the clocks that it does not know."""
        keywords = super().determine_keywords()
        lines = [line for line in clock_pointers(self, self.variables) if line not in keywords["clock_pointers"]]
        keywords["clock_pointers"] = [*keywords["clock_pointers"], *lines]
        keywords["kernel_lines"] = [*keywords["kernel_lines"], *lines]
        return keywords


def clock_pointers(generator, variables: dict) -> list[str]:
    """Lines by which a kernel takes the value of a clock that it was given for the clock's array."""
    found = (variable for variable in _of_clocks(variables) if not isinstance(variable.owner, Clock))
    arrays = {generator.get_array_name(v, prefix=""): generator.c_data_type(v.dtype) for v in found}
    return [f"const {kind}* _ptr{array} = &_value{array};" for array, kind in arrays.items()]


@contextmanager
def every_clock_by_value() -> Iterator[None]:
    """Let brian2cuda take every kind of clock for one that is handed to kernels by value, while it writes them."""
    name, module = "Clock", brian2cuda.device
    known = getattr(module, name)
    setattr(module, name, BaseClock)
    try:
        yield
    finally:
        setattr(module, name, known)


def check_clocks(device, folder: Path) -> None:
    """Refuse written code that reads a clock on the GPU, where it would stand still.

    Parameters
    ----------
    device : CudaDevice
    folder : Path
        Where it has written its pieces of code.

    Raises
    ------
    CudaClockError
        Naming the piece of code and the clock.
    """
    for codeobj in device.code_objects.values():
        text = (folder / f"{codeobj.name}.cu").read_text()
        for variable in _of_clocks(codeobj.variables):
            array = device.get_array_name(variable)
            if re.search(rf"\bdev{array}\b", text) or (
                re.search(rf"\b_ptr{array}\b", text) and not re.search(rf"\b_value{array}\b", text)
            ):
                raise CudaClockError(
                    f"{codeobj.name!r} reads {variable.name!r} of the clock {variable.owner.name!r} on the GPU, where "
                    "it stands still: sbp_brian does not know this brian2cuda; install brian2cuda 1.0b1, or choose "
                    "target='cpp'"
                )
