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

`sbp_brian.experiments.executing.execute` runs one and writes its record. What ``run`` is given, and reports to, is the
`Context` of `sbp_brian.experiments.context`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sbp_brian.errors import ParameterError, SettingError
from sbp_brian.experiments.context import Context
from sbp_brian.experiments.parameters import Above, Below, Parameter, Parameters, resolve
from sbp_brian.machine import TARGETS
from sbp_brian.wording import nearest, unknown

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
]

SIZES = ("default", "quick", "full")
_NAME = re.compile(r"\w([\w .+-]*\w)?")  # no slash, no dot or hyphen at the beginning
_LONGEST, _TAKEN = 100, ("sweep", "figures")


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
    lacks : callable, optional
        ``lacks(parameters)`` -> which of weights, spikes and states a run with these parameters has none of, with the
        reason: ``--keep`` refuses these before anything runs.

    Raises
    ------
    SettingError
        A name that is no name of a folder, or taken; a kind that there is not.
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
    lacks: Callable[[Parameters], Mapping[str, str]] | None = None

    def __post_init__(self):
        _check_name(self.name)
        if self.kind not in ("biology", "benchmark"):
            raise SettingError(f"{self.name}: kind must be 'biology' or 'benchmark', not {self.kind!r}")
        if self.models and self.parameters:
            raise SettingError(f"{self.name}: parameters belong to its models; declare them there")
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
        near = nearest(name, declared, cutoff=0.0)
        return (
            f"{name} means nothing to model={model} of {self.name}; the nearest that it uses is {near!r}; {name} is "
            f"used by model={', '.join(users)}"
        )

    def _check_learning(self, value: Any, model: str, declared: Mapping[str, Parameter]) -> None:
        own = declared["learning"].choices or ()
        if isinstance(value, str) and value.strip() not in own:
            its = {m: each.parameters["learning"].choices or () for m, each in self.models.items()}
            others = [m for m, choices in its.items() if value.strip() in choices]
            told = f"; model={', '.join(others)} has it" if others else ""
            near = nearest(value, own) if not others else None
            told += f"; did you mean {near!r}?" if near else ""
            raise ParameterError(f"learning={value} is none of model={model}, which has {', '.join(own)}{told}")


def _check_name(name: Any) -> None:
    """Refuse a name that cannot be a folder of its own among the records."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name.encode()) > _LONGEST:
        raise SettingError(
            f"a protocol cannot be called {name!r}, which is no name of a folder; take letters, digits and hyphens, "
            f"e.g. 'tao-2000', {_LONGEST} at most"
        )
    if name in _TAKEN:
        raise SettingError(f"a protocol cannot be called {name!r}, the name of another folder there; take another name")


def _together(one: Parameter, other: Parameter) -> Parameter:
    """What is allowed by one of two models that declare the same name."""
    choices = tuple(dict.fromkeys([*one.choices, *other.choices])) if one.choices and other.choices else None
    low = None if one.minimum is None or other.minimum is None else min(one.minimum, other.minimum)
    high = None if one.maximum is None or other.maximum is None else max(one.maximum, other.maximum)
    return replace(one, choices=choices, minimum=low, maximum=high, needs=())
