"""The contract between experiments and commands.

A protocol is a file with a module-level ``PROTOCOL``::

    def run(context):
        p = context.parameters                       # p.pairs, p.delay (a Quantity)
        with context.progress("pairing") as bar:     # bar(fraction, elapsed_s)
            result = simulation.run(seed=context.seed, progress=bar)
        context.metric("A->B", change, band=(0.2, 1.0), paper_value=0.67, provenance="read", spread=sd, n=10)
        context.metric("test_accuracy", right, standard_error=(right * (1 - right) / n) ** 0.5, n=n)
        context.array("window", curve)

    PROTOCOL = Protocol(name="bi-poo-1998", title="...", source=Source("...", "10.1523/..."),
                        parameters={"pairs": Parameter(60, minimum=1), "delay": Parameter(10.0, unit="ms")},
                        run=run, quick={"pairs": 30})

`execute` runs one and writes its record; the commands, tests and a user's script all go through it.
"""

from __future__ import annotations

import difflib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian import identity
from sbp_brian.errors import ParameterError, RecordError
from sbp_brian.experiments import records
from sbp_brian.experiments.made_of import complete, made_of, other, tell, tell_own
from sbp_brian.experiments.parameters import Above, Below, Parameter, Parameters, resolve, to_number
from sbp_brian.experiments.run_folder import RunFolder
from sbp_brian.experiments.verdicts import PATTERNS, band_of, number, spread_of, verdict_of
from sbp_brian.machine import TARGETS, machine, versions
from sbp_brian.wording import unknown

__all__ = [
    "TARGETS",
    "Above",
    "Below",
    "Context",
    "ModelParameters",
    "Parameter",
    "Parameters",
    "Protocol",
    "Source",
    "execute",
]

SIZES = ("default", "quick", "full")


@dataclass(frozen=True)
class Source:
    """Where an experiment or task comes from: a citation and its DOI (without ``https://doi.org/``)."""

    citation: str
    doi: str = ""


@dataclass(frozen=True)
class ModelParameters:
    """What one value of ``model=`` lets its user change, and how large its runs are.

    Attributes
    ----------
    parameters : mapping of name to Parameter
        All that the model uses, those of the task's data among them.
    quick, full : mapping of name to value
        What ``--quick`` and ``--full`` change; full is the recipe of the published number.
    own : callable, optional
        ``own(values)`` gives what is in force of values that are None, as plain numbers.
    """

    parameters: Mapping[str, Parameter]
    quick: Mapping[str, Any] = field(default_factory=dict)
    full: Mapping[str, Any] = field(default_factory=dict)
    own: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Protocol:
    """One experiment: what it is, what may be changed, and how it is run.

    Attributes
    ----------
    name : str
        As a user types it, lower case with hyphens, e.g. ``"tao-2000"``.
    title : str
        One line a neuroscientist understands.
    source : Source
    parameters : mapping of name to Parameter
        Empty where there are several `models`, each of which has its own.
    run : callable
        ``run(context)``: simulates and reports through the `Context`; its return value is ignored.
    quick, full : mapping of name to value
        What ``--quick`` and ``--full`` change, where there are no `models`.
    figures : tuple of str
        Names of the figures made from its records.
    kind : str
        ``"biology"`` or ``"benchmark"``.
    targets : tuple of str
        The Brian2 targets it can run on.
    data : callable, optional
        ``data(parameters)`` -> name -> an array, a value or the `Path` of a file: data of one's own that a run with
        these parameters reads. Its content becomes part of what a run is, and a sweep can tell without running whether
        it has changed. The loaders of `sbp_brian.datasets` tell of theirs by themselves.
    models : mapping of str to ModelParameters
        The values of ``model=``, the first is the default.  The model is resolved before anything else; what it does
        not use is refused.
    own : callable, optional
        As in `ModelParameters`, where there are no `models`.

    Raises
    ------
    ParameterError
        A size that changes what is not declared, or to a value that it cannot have.
    """

    name: str
    title: str
    source: Source
    parameters: Mapping[str, Parameter]
    run: Callable[[Context], Any]
    quick: Mapping[str, Any] = field(default_factory=dict)
    full: Mapping[str, Any] = field(default_factory=dict)
    figures: Sequence[str] = ()
    kind: str = "biology"
    targets: Sequence[str] = TARGETS
    data: Callable[[Parameters], Mapping[str, Any]] | None = None
    models: Mapping[str, ModelParameters] = field(default_factory=dict)
    own: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None

    def __post_init__(self):
        if self.kind not in ("biology", "benchmark"):
            raise ValueError(f"{self.name}: kind must be 'biology' or 'benchmark', not {self.kind!r}")
        if self.models and self.parameters:
            raise ValueError(f"{self.name}: parameters belong to its models; declare them there")
        for model in self.models or (None,):
            for size in ("quick", "full"):
                try:
                    resolve(self.declared(model), self.sized(size, model))
                except ValueError as error:
                    raise ParameterError(f"{self.name}: {size}: {error}") from None

    def declared(self, model: str | None = None) -> dict[str, Parameter]:
        """The parameters that `model` uses; of all models together where none is named."""
        if not self.models:
            return dict(self.parameters)
        chosen = self.models if model is None else [self._model(model)]
        found = {"model": Parameter(next(iter(self.models)), choices=tuple(self.models), help="what learns the task")}
        for each in chosen:
            for name, parameter in self.models[each].parameters.items():
                found[name] = _together(found[name], parameter) if name in found else parameter
        return found

    def sized(self, size: str = "default", model: str | None = None) -> Mapping[str, Any]:
        """What a size changes, for the model named or the first one."""
        if size not in SIZES:
            raise ParameterError(unknown("size", size, SIZES))
        if size == "default":
            return {}
        return getattr(self.models[self._model(model)] if self.models else self, size)

    def resolve(self, size: str = "default", **given: Any) -> Parameters:
        """The parameters of a run of this size with ``given`` on top, with the values in force.

        Raises
        ------
        ParameterError
            An unknown name, one that the chosen model does not use or that has no effect beside the others, or a bad
            value; in one line.
        """
        declared, own, of = self._asked(given)
        return resolve(declared, self.sized(size, given.get("model")), given, own=own, of=of)

    def _asked(self, given: Mapping[str, Any]) -> tuple[dict[str, Parameter], Callable | None, str]:
        """The parameters of the model that is asked for, its own values, and what it is called."""
        if not self.models:
            return dict(self.parameters), self.own, ""
        model = self._model(given.get("model"))
        declared = self.declared(model)
        for name, value in given.items():
            if name not in declared:
                raise ParameterError(self._unused(name, model, declared))
            if name == "learning":
                self._check_learning(value, model, declared)
        return declared, self.models[model].own, f"{self.name} with model={model}"

    def effective(self, size: str = "default", **given: Any) -> dict[str, Any]:
        """What of ``given`` has an effect beside the rest; a sweep leaves out the others where they have none.

        Raises
        ------
        ParameterError
            As `resolve`, but for a name that has no effect.
        """
        while True:
            declared, own, of = self._asked(given)
            plain = resolve(declared, self.sized(size, given.get("model")), given, own=own, of=of, strict=False)
            kept = {name: value for name, value in given.items() if name not in plain.idle}
            if len(kept) == len(given):
                return kept
            given = kept

    def _model(self, name: Any = None) -> str:
        choices = tuple(self.models)
        return Parameter(choices[0], choices=choices).check("model", choices[0] if name is None else name)

    def _unused(self, name: str, model: str, declared: Mapping[str, Parameter]) -> str:
        """Why a name is refused: the model does not use it, with the nearest that it does and the models that do."""
        users = [other for other, its in self.models.items() if name in its.parameters]
        if not users:
            return f"model={model}: {unknown('parameter', name, declared)}"
        near = difflib.get_close_matches(name, sorted(declared), n=1, cutoff=0.0)[0]
        return (
            f"{name} means nothing to model={model} of {self.name}; the nearest that it uses is {near!r}; {name} is "
            f"used by model={', '.join(users)}"
        )

    def _check_learning(self, value: Any, model: str, declared: Mapping[str, Parameter]) -> None:
        own = declared["learning"].choices
        if isinstance(value, str) and value.strip() not in own:
            others = [m for m, its in self.models.items() if value.strip() in its.parameters["learning"].choices]
            told = f"; model={', '.join(others)} has it" if others else ""
            near = difflib.get_close_matches(value, own, n=1, cutoff=0.6) if not others else []
            told += f"; did you mean {near[0]!r}?" if near else ""
            raise ParameterError(f"learning={value} is none of model={model}, which has {', '.join(own)}{told}")


def _together(one: Parameter, other: Parameter) -> Parameter:
    """What is allowed by one of two models that declare the same name."""
    choices = tuple(dict.fromkeys([*one.choices, *other.choices])) if one.choices and other.choices else None
    low, high = (
        None if None in pair else pick(pair)
        for pick, pair in (
            (min, (one.minimum, other.minimum)),
            (max, (one.maximum, other.maximum)),
        )
    )
    return replace(one, choices=choices, minimum=low, maximum=high, needs=())


class Context:
    """What a protocol is given, and where it reports to.

    Attributes
    ----------
    parameters : Parameters
        Checked; ``context.parameters.lambda_p``; Quantities where a unit was declared.
    target : str
        numpy, cython, cpp or cuda.
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
    ):
        self.parameters, self.target, self.seed, self.folder, self.size = parameters, target, seed, Path(folder), size
        self._progress = progress
        self.metrics: list[dict[str, Any]] = []
        self.tables: list[dict[str, Any]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.array_info: dict[str, dict[str, Any]] = {}
        self.times: dict[str, Any] = {}
        self.notes: list[str] = []
        self.summary_text = ""

    def progress(self, description: str) -> AbstractContextManager[Callable[..., None]]:
        """A context manager that gives a callable ``bar(fraction, elapsed_s=None)``, fraction from 0 to 1."""
        if self._progress is None:
            return nullcontext(lambda fraction, elapsed_s=None: None)
        return self._progress(description)

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
        ValueError, TypeError
            A name that was there, a value that is no single number, an empty band, a verdict that contradicts it.
        """
        if any(row["name"] == name for row in self.metrics):
            raise ValueError(f"metric {name!r} is reported twice; give each metric its own name")
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
                raise ValueError(f"{name}: {unknown('pattern', pattern, PATTERNS)}")
            row |= {"pattern": pattern, "tolerance": float(tolerance)}
            if row["paper_value"] is None and provenance.startswith("read"):
                row["paper_value"] = PATTERNS[pattern]
        row["verdict"] = verdict_of(row, pattern, tolerance, verdict)
        self.metrics.append(row)
        return row

    def array(self, name: str, values: Any, unit: str = "") -> None:
        """Keep an array for figures, as plain numbers in ``unit`` (a Quantity is converted)."""
        if name in self.arrays:
            raise ValueError(f"array {name!r} is kept twice; give each array its own name")
        kept = np.asarray(to_number(values, unit, f"array {name}"))
        if kept.dtype.hasobject:
            raise TypeError(f"array {name!r} holds Python objects; give numbers or fixed-width texts")
        self.arrays[name] = kept
        self.array_info[name] = {"shape": list(kept.shape), "dtype": str(kept.dtype), "unit": unit}

    def timing(
        self, *, build_s: float | None = None, run_s: float | None = None, samples_per_s: float | None = None
    ) -> None:
        """Wall time of building and of running (seconds), and the speed of a benchmark; later calls add to times."""
        for key, value in (("build_s", build_s), ("run_s", run_s)):
            if value is not None:
                self.times[key] = self.times.get(key, 0.0) + float(value)
        if samples_per_s is not None:
            self.times["samples_per_s"] = float(samples_per_s)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Keep a small table (e.g. accuracy by epoch) that the report shows beside the metrics."""
        rows = [list(row) for row in rows]
        if any(len(row) != len(columns) for row in rows):
            raise ValueError(f"table {name!r}: every row must have {len(columns)} entries, one a column")
        self.tables.append({"name": name, "columns": list(columns), "rows": rows})

    def note(self, text: str) -> None:
        """A remark for the output and the report, e.g. which data were used."""
        if text not in self.notes:
            self.notes.append(text)

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


def execute(
    protocol: Protocol,
    *,
    target: str = "cpp",
    seed: int = 0,
    out: str | os.PathLike = "results",
    size: str = "default",
    parameters: Mapping[str, Any] | None = None,
    fresh: bool = False,
    take_over: bool = False,
    progress: Callable[[str], AbstractContextManager] | None = None,
    say: Callable[[str], None] | None = None,
) -> records.Record:
    """Run a protocol and write its record; all input is checked before anything is built.

    Parameters
    ----------
    protocol : Protocol
    target, seed, size
        As in `Context`.
    out : path
        The record goes to ``out/<protocol>/<run>``.
    parameters : mapping, optional
        Values, Quantities or texts over the defaults of ``size``.
    fresh : bool
        Start anew even where an interrupted run left checkpoints.
    take_over : bool
        Go on with an interrupted run even where it was made of other data, code or versions.
    progress : callable, optional
        ``progress(description)`` gives a context manager around a callable ``(fraction, elapsed_s)``.
    say : callable, optional
        ``say(text)`` is told where an earlier record is replaced, and what differs; by default it is printed on the
        standard error stream.

    Returns
    -------
    Record
        As written, with its ``folder``.

    Raises
    ------
    ParameterError, RecordError
        Bad parameters, or a folder that cannot be used or is in use.
    CheckpointError
        An interrupted run of the same command was made of other data, code or versions; says what differs.
    DeviceMissing
        Target cuda where something is missing for it.
    """
    if target not in protocol.targets:
        raise ParameterError(f"{protocol.name}: {unknown('target', target, protocol.targets)}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ParameterError(f"seed must be a whole number from 0 to {2**32 - 1}, not {seed!r}")
    chosen = protocol.resolve(size, **(parameters or {}))
    if target == "cuda":
        _need_gpu()
    described, known = chosen.described(), made_of(protocol, chosen, target, int(seed))
    with RunFolder(out, protocol.name, records.run_name(target, int(seed), known["parameters"])) as place:
        if fresh:
            place.restart()
        context = Context(chosen, target, int(seed), place.work, size, progress)
        started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
        with _noting(place, known, take_over) as noted:
            tell_own(protocol, chosen)
            protocol.run(context)
        times = context.times | {"total_s": time.perf_counter() - clock, "resumed": place.resumed}
        record = records.Record(
            protocol=protocol.name,
            title=protocol.title,
            kind=protocol.kind,
            parameters=described,
            target=target,
            source={"citation": protocol.source.citation, "doi": protocol.source.doi},
            seed=int(seed),
            size=size,
            versions=versions(),
            machine=machine(),
            started=started,
            timing=times,
            metrics=context.metrics,
            tables=context.tables,
            summary=context.summary_text,
            notes=context.notes,
            array_info=context.array_info,
            identity=complete(known, noted.data),
        )
        _say_what_is_replaced(place.final, record, say or _print)
        records.write(record, place.final, context.arrays)
        place.finish()
    return record


@contextmanager
def _noting(place: RunFolder, known: dict[str, Any], take_over: bool) -> Iterator[identity.Noted]:
    """Listen to what a run uses; refuse at once what does not agree with the interrupted run that it goes on with."""
    noted = identity.Noted(take_over=take_over)
    resumed = place.resumed and not take_over

    def told(name: str) -> None:
        now = {**known, "data": noted.data}
        if resumed:
            place.compare(now, (name,))
        place.tell(now)

    if resumed:
        place.compare(known, ())
    noted.told = told
    with identity.noting(noted):
        if not resumed:
            place.tell(known)
        yield noted


def _say_what_is_replaced(final: Path, record: records.Record, say: Callable[[str], None]) -> None:
    try:
        earlier = records.read(final)
    except RecordError:
        return
    said = other(earlier.identity, record.identity)
    if not said:
        how = "the same data and code"
    elif earlier.identity:
        how = said
    else:
        how = "unknown data and code"
    say(f"replaces the record of this command of {earlier.started}, made with {how}")


def _print(text: str) -> None:
    print(text, file=sys.stderr)


def _need_gpu() -> None:
    """Refuse the target cuda before data are loaded, where it cannot run; says what is missing."""
    from sbp_brian.targets.cuda.requirements import cuda_archs

    cuda_archs(None)
