"""The errors of :mod:`sbp_brian.targets`: each is one line that names the thing and the remedy."""
from __future__ import annotations

from difflib import get_close_matches


class UnknownName(KeyError, ValueError):  # noqa: N818
    """A name that is not known where it was used; the message suggests the nearest known one."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class PythonOperationError(TypeError):
    """A Python operation stands in a network that runs as a compiled program, where it would be left out in silence."""


class CompilerMissing(RuntimeError):  # noqa: N818
    """No C++ compiler was found."""


class CompileError(RuntimeError):
    """The C++ compiler refused the generated code.

    Attributes
    ----------
    log : pathlib.Path
        The compiler's whole output.
    """

    def __init__(self, message: str, log=None):
        super().__init__(message)
        self.log = log


class DeviceMissing(RuntimeError):  # noqa: N818
    """The CUDA target was asked for and brian2cuda or a GPU is missing."""


class RunFailed(RuntimeError):  # noqa: N818
    """The compiled program stopped with an error, or what it wrote is incomplete."""


class Interrupted(KeyboardInterrupt):
    """A run was stopped with Ctrl+C; what it had done is kept.

    Attributes
    ----------
    result : Result or None
        What the run left behind; ``result.completed`` is the fraction that was simulated. None if it was stopped
        before its first time step.
    results : list of (Result or None)
        For `run_many`: one entry a run, in order.
    """

    def __init__(self, result=None, results=None):
        done = "nothing" if result is None else f"{100 * result.completed:.1f} % of it"
        if result is None and results:
            done = f"{sum(r is not None for r in results)} of {len(results)} runs"
        super().__init__(f"the simulation was stopped; {done} was simulated and is kept in .result or .results")
        self.result = result
        self.results = results if results is not None else [result]


def unknown(what: str, name: str, known, where: str = "") -> UnknownName:
    """An `UnknownName` error that suggests the nearest of the `known` names, or lists them where they are few."""
    known = sorted(known)
    near = get_close_matches(str(name), known, n=1, cutoff=0.5)
    if near:
        remedy = f"did you mean {near[0]!r}?"
    elif len(known) <= 12:
        remedy = "known are " + ", ".join(known) if known else "none is known"
    else:
        remedy = f"known are {', '.join(known[:12])} and {len(known) - 12} more"
    return UnknownName(f"unknown {what} {name!r}{where}: {remedy}")
