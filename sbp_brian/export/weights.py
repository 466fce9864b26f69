"""Weights that were kept, back into a network: it answers as the one that learned them."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Network, Quantity, get_dimensions

from sbp_brian.errors import ExportError
from sbp_brian.export.source import gathered
from sbp_brian.targets.recordings import Weights, unit_text
from sbp_brian.training.loop import EpochTraining
from sbp_brian.wording import unknown

__all__ = ["load_weights"]


def load_weights(into: Any, source: Any, run: str | None = None) -> tuple[str, ...]:
    """Set the weights of a network or a training to those that were kept.

    Parameters
    ----------
    into : brian2.Network, Training or NumpyTraining
        A network of the same shape. A training answers with them from then on (`Training.evaluate`), and goes on from
        them where it learns.
    source : Record, path of a record's folder, or Result
    run : str, optional
        Which run's, as `Record.runs` calls it; by default the only one that has weights.

    Returns
    -------
    tuple of str
        What was set, e.g. ``("input_hidden.w", "hidden_output.w")``.

    Raises
    ------
    ExportError
        There are none, several runs have some, or they do not fit.
    CheckpointError
        They are those of another training's network.
    """
    weights = _of_run(source, run)
    if isinstance(into, EpochTraining):
        return into.load_weights(weights)
    if not isinstance(into, Network):
        raise ExportError(f"weights go into a brian2.Network or a Training, not into {type(into).__name__}")
    checked = [_fitting(into, each) for each in weights]  # all of them before anything is set
    for each, (synapses, values) in zip(weights, checked, strict=True):
        setattr(synapses, each.variable, values)
    return tuple(each.name for each in weights)


def _of_run(source: Any, run: str | None) -> tuple[Weights, ...]:
    runs = {name: found.weights for name, found in gathered(source).runs.items() if found.weights}
    if not runs:
        raise ExportError("there are no weights; run it again with --keep weights")
    if run is None and len(runs) > 1:
        raise ExportError(f"{len(runs)} runs have weights; say which with run=, e.g. run={next(iter(runs))!r}")
    run = next(iter(runs)) if run is None else run
    if run not in runs:
        raise ExportError(unknown("run", run, runs))
    return runs[run]


def _fitting(network: Network, weights: Weights) -> tuple[Any, Any]:
    """The synapses that weights belong to, and the values with their unit."""
    there = {obj.name: obj for obj in network.objects}
    if weights.object not in there:
        raise ExportError(
            f"the network has no {weights.object!r}, of which there are weights; load into the same network"
        )
    synapses = there[weights.object]
    variables = getattr(synapses, "variables", {})
    if weights.variable not in variables:
        raise ExportError(f"{weights.object} has no {weights.variable!r}; load into the same network")
    variable = variables[weights.variable]
    unit = unit_text(Quantity(1.0, dim=get_dimensions(variable)))
    if unit != weights.unit:
        raise ExportError(f"{weights.name} has the unit {weights.unit or '1'}, but the network wants {unit or '1'}")
    for name, cells in (("i", weights.i), ("j", weights.j)):
        if cells is not None and not np.array_equal(np.asarray(getattr(synapses, name)[:]), cells):
            raise ExportError(f"{weights.object} connects other cells than those of the weights; connect it alike")
    size = np.size(variable.get_value())
    if weights.i is None and np.size(weights.values) != size:
        raise ExportError(f"{weights.name} has {np.size(weights.values)} values, but the network has {size}")
    return synapses, Quantity(weights.values, dim=get_dimensions(variable))
