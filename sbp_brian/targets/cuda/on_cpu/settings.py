"""How a CUDA program is carried out on the CPU: threads in a block, their order, what watches over it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sbp_brian.errors import SettingError

__all__ = ["SAID", "OnCpu", "asked_for", "carried_out_on_cpu", "labelled", "on_cpu_settings"]

#: What every output says of such a run.
SAID = "The CUDA program was carried out on the CPU; no GPU was used, and its times tell nothing of one"
#: What watches over a run: the address and the undefined-behaviour sanitizer, or the thread sanitizer.
SANITIZERS = {"memory": ("address", "undefined"), "races": ("thread",)}
MOST_THREADS = 1024
_LABEL = re.compile(r"cuda-on-cpu(?:-(\d+)-(\d+))?$")


@dataclass(frozen=True)
class OnCpu:
    """How a CUDA program is carried out on the CPU.

    Parameters
    ----------
    threads : int
        Threads in a block where the program asks for the most that the device can have, 1 to 1,024.
    order : int
        Seed of the order of blocks and of threads, drawn anew for each kernel that starts and after each barrier; 0: as
        they are numbered.
    sanitizer : {None, 'memory', 'races'}
        ``'memory'``: the program ends with an error where it reads or writes what is not its own, or does what C++
        does not define. ``'races'``: threads are real ones, and unguarded writes are reported.

    Raises
    ------
    SettingError
    """

    threads: int = 32
    order: int = 1
    sanitizer: str | None = None

    def __post_init__(self):
        for name, least, most in (("threads", 1, MOST_THREADS), ("order", 0, 2**32 - 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise SettingError(f"on_cpu: {name} has to be a whole number from {least} to {most:,}, not {value!r}")
        if self.sanitizer is not None and self.sanitizer not in SANITIZERS:
            raise SettingError(
                f"on_cpu: sanitizer has to be {' or '.join(map(repr, SANITIZERS))}, not {self.sanitizer!r}"
            )

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a program is told; what it is compiled of depends on none of them."""
        found = {"SBP_ON_CPU_BLOCK": str(self.threads), "SBP_ON_CPU_ORDER": str(self.order)}
        if self.sanitizer == "memory":
            # programs leave memory to the system when they end
            found |= {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
        return found

    @property
    def label(self) -> str:
        """The target as a record names it, so that it is taken for no run on a GPU: threads and order where chosen."""
        usual = (self.threads, self.order) == (OnCpu.threads, OnCpu.order)
        return "cuda-on-cpu" if usual else f"cuda-on-cpu-{self.threads}-{self.order}"

    @property
    def identity(self) -> str:
        """The settings as a text, for what depends on them."""
        watched = f", {self.sanitizer} watched" if self.sanitizer else ""
        return f"on the CPU, {self.threads} threads a block, order {self.order}{watched}"


def labelled(target: str) -> tuple[str, OnCpu | None]:
    """A target and its settings from what a record calls it (`OnCpu.label`)."""
    found = _LABEL.match(target)
    if found is None:
        return target, None
    return "cuda", OnCpu() if found[1] is None else OnCpu(int(found[1]), int(found[2]))


_ASKED_FOR: ContextVar[OnCpu | None] = ContextVar("sbp_on_cpu", default=None)


def asked_for() -> OnCpu | None:
    """The settings of the `carried_out_on_cpu` that this is within."""
    return _ASKED_FOR.get()


@contextmanager
def carried_out_on_cpu(settings: OnCpu | None) -> Iterator[None]:
    """Let simulations of target cuda that are made within be carried out on the CPU; with None, nothing changes."""
    token = _ASKED_FOR.set(settings if settings is not None else _ASKED_FOR.get())
    try:
        yield
    finally:
        _ASKED_FOR.reset(token)


def on_cpu_settings(given: bool | OnCpu | None, target: str) -> OnCpu | None:
    """Settings from what a caller gave as ``on_cpu``: True for the defaults, False for a GPU, None for what was asked.

    Raises
    ------
    SettingError
    """
    if not (given is None or isinstance(given, (bool, OnCpu))):
        raise SettingError(f"on_cpu has to be True, False or an OnCpu(...), not {given!r}")
    if target != "cuda":
        if given:
            raise SettingError(f"on_cpu is for target 'cuda', not for {target!r}, which runs on the CPU in any case")
        return None
    if given is None:
        return asked_for()
    return (OnCpu() if given is True else given) or None
