"""Every error that this package raises of its own; each message is one line that names the thing and the remedy.

All derive from `SBPError`, and each also from the built-in error that a caller would expect (`ValueError`,
`RuntimeError`, ...). `Interrupted` is no error: it is a `KeyboardInterrupt` that carries what had been done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = [
    "CheckpointError",
    "CircuitError",
    "ClusterError",
    "CommandError",
    "CompileError",
    "CompilerMissing",
    "CudaClockError",
    "CudaDelayError",
    "CudaOnCpuError",
    "CudaRaceError",
    "DatasetError",
    "DeviceMissing",
    "DivergedError",
    "EventError",
    "ExportError",
    "ExtraMissing",
    "Interrupted",
    "KeepError",
    "KernelError",
    "ModelError",
    "NothingFiresError",
    "ParameterError",
    "PatternError",
    "ProtocolError",
    "PythonOperationError",
    "RecipeError",
    "RecordError",
    "RetrogradeError",
    "RingError",
    "RuleError",
    "RunFailed",
    "SBPError",
    "SampleError",
    "SettingError",
    "StorageError",
    "TableError",
    "TargetError",
    "UnknownFigureError",
    "UnknownName",
    "UnknownParameter",
    "UnknownProtocolError",
]


class SBPError(Exception):
    """The base of all errors of this package."""


class RuleError(SBPError, ValueError):
    """A rule, or its use on a pair of cell groups, that cannot work; the message names the thing and the remedy."""


class RetrogradeError(RuleError):
    """A network or rule to which the retrograde signal cannot be added, with the reason."""


class KernelError(RuleError):
    """Shared kernels between two groups of cells that cannot be, or code that they cannot carry, with the reason."""


class EventError(SBPError, ValueError):
    """An event that a group of cells does not have, or that cannot be handled as asked."""


class RingError(SBPError, ValueError):
    """More values are to come back to cells than an index can tell apart."""


class CopiesError(SBPError, NotImplementedError):
    """A network cannot stand in copies side by side, or several cannot be run as one program."""


class TargetError(SBPError, NotImplementedError):
    """A network holds what the chosen target cannot do; the message names targets that can."""


class UnknownName(SBPError, KeyError, ValueError):  # noqa: N818
    """A name that is not known where it was used; the message suggests the nearest known one."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class UnknownParameter(UnknownName, TypeError):  # noqa: N818
    """A keyword that a builder or class does not have; the message suggests the nearest one it has."""


class SettingError(SBPError, ValueError, TypeError):
    """A value that cannot be taken; the message is one line that names it, what was given and what it may be."""


class StorageError(SBPError, OSError):
    """Something cannot be written or read: a full disk, a file where a folder should be."""


class CommandError(SBPError, ValueError):
    """A command that cannot be done as it was given; the message is one line with the remedy."""


class PythonOperationError(SBPError, TypeError):
    """A Python operation stands in a network that runs as a compiled program, where it would be left out in silence."""


class CompilerMissing(SBPError, RuntimeError):  # noqa: N818
    """No C++ compiler was found."""


class CompileError(SBPError, RuntimeError):
    """The C++ compiler refused the generated code.

    Attributes
    ----------
    log : pathlib.Path
        The compiler's whole output.
    """

    def __init__(self, message: str, log=None):
        super().__init__(message)
        self.log = log


class DeviceMissing(SBPError, RuntimeError):  # noqa: N818
    """The CUDA target was asked for and brian2cuda or a GPU is missing."""


class CudaRaceError(SBPError, NotImplementedError):
    """Code whose result would depend on which of many simultaneous threads comes first."""


class CudaClockError(SBPError, NotImplementedError):
    """Code for a GPU that would read a clock which stands still there."""


class CudaOnCpuError(SBPError, NotImplementedError):
    """A construct of a CUDA program that cannot be carried out on the CPU; names it with its file."""


class CudaDelayError(SBPError, NotImplementedError):
    """A synaptic delay in a network of clocks for which brian2cuda would count it wrongly."""


class RunFailed(SBPError, RuntimeError):  # noqa: N818
    """The compiled program stopped with an error, or what it wrote is incomplete.

    Attributes
    ----------
    findings : tuple of str
        What a sanitizer found in a CUDA program that was carried out on the CPU.
    """

    findings: tuple[str, ...] = ()


class SampleError(SBPError, ValueError):
    """Samples or labels that cannot be presented; the message names them and the remedy."""


class TableError(SBPError, TypeError, ValueError):
    """Values that a table of bytes or of spikes cannot hold; the message names them and the remedy."""


class PatternError(SBPError, ValueError):
    """Inputs or targets that cannot be learned; the message is one line that names them and the remedy."""


class CheckpointError(SBPError, ValueError):
    """Checkpoints that do not belong to this training."""


class DivergedError(SBPError, FloatingPointError):
    """A training whose weights or states are no longer finite, or beyond what their type can carry.

    Parameters
    ----------
    told : str
        Where and when which variable was lost.
    lower : sequence of str
        Names of the parameters by which it was moved.
    kept : str
        What is left of the training.

    Attributes
    ----------
    told, lower, kept
    """

    def __init__(self, told: str, lower: Sequence[str] = (), kept: str = ""):
        remedy = f"; lower {' or '.join(lower)}" if lower else ""
        super().__init__(f"{told}{remedy}{f' ({kept})' if kept else ''}")
        self.told, self.lower, self.kept = told, tuple(lower), kept

    def renamed(self, names: Mapping[str, str]) -> DivergedError:
        """The same with parameters called as in `names`, where they are in it: as a command knows them."""
        return DivergedError(self.told, tuple(dict.fromkeys(names.get(n, n) for n in self.lower)), self.kept)


class DatasetError(SBPError, ValueError):
    """Data is missing, damaged or not acceptable; the message is one line with the remedy."""


class ParameterError(SBPError, ValueError):
    """A parameter's name or value is not acceptable; the message is one line with the remedy."""


class ProtocolError(SBPError, RuntimeError):
    """A protocol that ends Python instead of reporting; the message is one line with the remedy."""


class RecipeError(SBPError, ValueError):
    """There is no such recipe or result, or its text cannot be read; the message is one line with the remedy."""


class KeepError(SBPError, ValueError):
    """A protocol has nothing of what is to be kept; the message is one line with the reason."""


class ExportError(SBPError, ValueError):
    """What is to be exported is not there, or does not fit the format; the message is one line with the remedy."""


class ExtraMissing(SBPError, ImportError):  # noqa: N818
    """A package that only this needs is not installed; the message names it and how to install it."""


class RecordError(SBPError, ValueError):
    """A record cannot be read or written; the message is one line with the remedy."""


class UnknownProtocolError(SBPError, ValueError):
    """There is no such protocol; the message suggests the nearest."""


class UnknownFigureError(SBPError, ValueError):
    """There is no such figure; the message suggests the nearest."""


class ClusterError(SBPError, ValueError):
    """The cluster cannot be used; the message is one line with the remedy."""


class CircuitError(SBPError, ValueError):
    """A circuit, or something asked of one, that cannot be; the message is one line with the remedy."""


class ModelError(SBPError, ValueError):
    """Parameters or options of a network that make no sense; the message names them and the remedy."""


class NothingFiresError(SBPError, ValueError):
    """A layer of which no cell can reach its threshold."""


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

    def __reduce__(self):
        return type(self), (self.result, self.results)
