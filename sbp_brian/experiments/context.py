"""What a running protocol is given, and what it reports: metrics, arrays, tables, times, notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sbp_brian import stopwatch
from sbp_brian.errors import SettingError
from sbp_brian.experiments.made_of import tell
from sbp_brian.experiments.parameters import Parameters, to_number
from sbp_brian.experiments.verdicts import PATTERNS, band_of, number, spread_of, verdict_of
from sbp_brian.wording import unknown

if TYPE_CHECKING:  # its room imports Brian2
    from sbp_brian.targets.cuda.on_cpu.settings import OnCpu
    from sbp_brian.targets.recordings import Weights

__all__ = ["Context"]


class Context:
    """What a protocol is given, and where it reports to.

    Attributes
    ----------
    parameters : Parameters
        Checked; ``context.parameters.lambda_p``; Quantities where a unit was declared.
    target : str
        numpy, cython, cpp or cuda.
    on_cpu : OnCpu or None
        How programs of target cuda are carried out on the CPU; None: they are not.
    seed : int
        The one seed from which everything derives.
    size : str
        ``"default"``, ``"quick"`` or ``"full"``.
    folder : Path
        The run's own folder for checkpoints.  It survives an interruption: the same command finds it again.
    """

    def __init__(
        self,
        parameters: Parameters,
        target: str,
        seed: int,
        folder: Path,
        size: str = "default",
        progress: Callable[[str], AbstractContextManager] | None = None,
        on_cpu: OnCpu | None = None,
    ):
        self.parameters, self.target, self.seed, self.folder, self.size = parameters, target, seed, Path(folder), size
        self.on_cpu = on_cpu
        self._progress = progress
        self.metrics: list[dict[str, Any]] = []
        self.tables: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.array_info: dict[str, dict[str, Any]] = {}
        self.times: dict[str, Any] = {}
        self.notes: list[str] = []
        self.summary_text = ""

    @contextmanager
    def progress(self, description: str, part: str = "run_s") -> Iterator[Callable[..., None]]:
        """A context manager that gives a callable ``bar(fraction, elapsed_s=None)``, fraction from 0 to 1.

        Parameters
        ----------
        description : str
            What the bar says.
        part : str
            As what the time within counts in the record (`sbp_brian.stopwatch`); a network that is built within counts
            as building in any case.
        """
        shown = self._progress(description) if self._progress is not None else nullcontext(_no_bar)
        with stopwatch.part(part), shown as bar:
            yield bar

    def metric(
        self,
        name: str,
        value: Any,
        unit: str = "",
        *,
        spread: Any = None,
        standard_error: Any = None,
        n: int | None = None,
        paper_value: Any = None,
        provenance: str = "",
        band: Sequence | None = None,
        pattern: str | None = None,
        tolerance: float = 0.02,
        verdict: str | None = None,
    ) -> dict[str, Any]:
        """Report one number, with the paper's value where it is known.

        Parameters
        ----------
        name : str
            ``test_accuracy``, or a synapse such as ``A->B``; once a run.
        value : float or Quantity
            In ``unit``; a Quantity is converted.  A relative change is a fraction (0.43 for +43 %).
        spread : float or Quantity, optional
            Standard deviation (of the sample, n - 1) over ``n`` independent runs: seeds, cells, pairs of cells.
        standard_error : float or Quantity, optional
            Standard error of the value over the ``n`` items of one run, such as test images. Not both.
        n : int, optional
            How many runs, or how many items.
        paper_value : float or str, optional
            What the source reports, in ``unit``.
        provenance : str
            How that is known: e.g. ``"read: abstract"`` or ``"not verified"``.
        band : (low, high), optional
            Acceptance, ends included, in ``unit``; None for an open end.  Gives the verdict "within" or "outside".
        pattern : str, optional
            ``"up"``, ``"down"`` or ``"none"`` where only a direction is expected: "pattern only" where the value
            agrees, "outside" where it does not.  It is shown as published where ``provenance`` begins with "read", and
            not where it is that of a control or of something that nobody has checked.
        tolerance : float
            What counts as no change for ``pattern``, in ``unit``.
        verdict : str, optional
            Without band and pattern: "pattern only" or "no reference" (the default).

        Returns
        -------
        dict
            The row of the record, see `sbp_brian.experiments.records.Record.metrics`.

        Raises
        ------
        ParameterError
            Both a standard deviation and a standard error.
        SettingError
            A name that was there, a value that is no single number, an empty band, a verdict that contradicts it.
        """
        if any(row["name"] == name for row in self.metrics):
            raise SettingError(f"metric {name!r} is reported twice; give each metric its own name")
        row = {
            "name": name,
            "value": number(name, value, unit),
            "unit": unit,
            **spread_of(name, spread, standard_error, unit),
            "n": None if n is None else int(n),
            "paper_value": paper_value if isinstance(paper_value, str) else number(name, paper_value, unit),
            "provenance": provenance,
            "band": band_of(name, band, unit),
            "verdict": None,
        }
        if pattern is not None:
            if pattern not in PATTERNS:
                raise SettingError(f"{name}: {unknown('pattern', pattern, PATTERNS)}")
            row |= {"pattern": pattern, "tolerance": float(tolerance)}
            if row["paper_value"] is None and provenance.startswith("read"):
                row["paper_value"] = PATTERNS[pattern]
        row["verdict"] = verdict_of(row, pattern, tolerance, verdict)
        self.metrics.append(row)
        return row

    def array(self, name: str, values: Any, unit: str = "") -> None:
        """Keep an array for figures, as plain numbers in ``unit`` (a Quantity is converted)."""
        if name in self.arrays:
            raise SettingError(f"array {name!r} is kept twice; give each array its own name")
        kept = np.asarray(to_number(values, unit, f"array {name}"))
        if kept.dtype.hasobject:
            raise SettingError(f"array {name!r} holds Python objects; give numbers or fixed-width texts")
        self.arrays[name] = kept
        self.array_info[name] = {"shape": list(kept.shape), "dtype": str(kept.dtype), "unit": unit}

    def timing(self, *, samples_per_s: float) -> None:
        """The speed of a benchmark (1/s); where the time of a run goes is measured without a word of the protocol."""
        self.times["samples_per_s"] = float(samples_per_s)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Keep a small table (e.g. accuracy by epoch) that the report shows beside the metrics."""
        rows = [list(row) for row in rows]
        if any(len(row) != len(columns) for row in rows):
            raise SettingError(f"table {name!r}: every row must have {len(columns)} entries, one a column")
        self.tables.append({"name": name, "columns": list(columns), "rows": rows})

    def note(self, text: str) -> None:
        """A remark for the output and the report, e.g. which data were used."""
        if text not in self.notes:
            self.notes.append(text)

    def keep_runs(self, name: str, *results: Any) -> None:
        """Keep what runs recorded, where it was asked for (``--keep``).

        A `Simulation` that a protocol makes tells by itself; this is for results of those that do not, such as a
        training's.

        Parameters
        ----------
        name : str
            What the runs are called.
        *results : Result
        """
        from sbp_brian.targets.keeping import being_kept  # imports Brian2

        if (kept := being_kept()) is not None:
            kept.take(name, results)

    def keep_weights(self, name: str, weights: Iterable[Weights]) -> None:
        """Keep weights that a training gave, where they were asked for (``--keep weights``)."""
        from sbp_brian.targets.keeping import being_kept

        if (kept := being_kept()) is not None:
            kept.take_weights(name, weights)

    def uses(self, name: str, *content: Any, what: str = "") -> None:
        """Tell of data that the run uses, where neither a loader of `sbp_brian.datasets` nor `Protocol.data` does.

        Parameters
        ----------
        name : str
            What was asked for, e.g. ``"recordings"``.
        *content
            Arrays and values, or paths of files, whose content then counts.
        what : str
            What was found, in words; by default the name.
        """
        tell(name, *content, what=what)

    def summary(self, text: str) -> None:
        """The result in one or two plain sentences."""
        self.summary_text = text


def _no_bar(fraction: float, elapsed_s: float | None = None) -> None:
    """Where no progress is shown."""
