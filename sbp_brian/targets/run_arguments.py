"""Checking what a run is asked to set: names, units, shapes and values, before anything is started."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from brian2 import get_dimensions, get_or_create_dimension, get_unit
from brian2.units.fundamentalunits import DIMENSIONLESS

from sbp_brian.brian.randomness import SEEDS_OF_RUN
from sbp_brian.errors import SettingError
from sbp_brian.wording import unknown_name


def check_settings(settings: Mapping | None, manifest: dict) -> dict[str, np.ndarray]:
    """Bring the values that a run sets into the type of their variables.

    Parameters
    ----------
    settings : mapping of str to array_like or Quantity, or None
        "object.variable" or "timedarray.values" -> one value, or one for each cell, synapse or sample.
    manifest : dict
        ``entries`` and ``arrays`` of a generated network.

    Returns
    -------
    dict of str to ndarray
        In the order of `settings`, 0-d for one value for all.

    Raises
    ------
    UnknownName
        For a name that the network does not have, with the nearest one it has.
    SettingError
        For a wrong unit, a wrong number of values, a value that the variable's type cannot hold, a read-only variable.
    """
    if settings is not None and not isinstance(settings, Mapping):
        raise SettingError(f"values= needs a mapping from 'object.variable' to values, not {type(settings).__name__}")
    entries, arrays = manifest["entries"], manifest["arrays"]
    checked = {}
    for name, value in (settings or {}).items():
        if name in arrays:
            spec = arrays[name]
            checked[name] = _typed(name, value, spec, tuple(spec["shape"]))
        elif name in entries:
            entry = entries[name]
            if not entry.get("settable"):
                raise SettingError(f"values: {name!r} is read-only, it cannot be changed for a run")
            size = entry["size"] if entry["size"] is not None else entry.get("settable_size")
            checked[entry["source"]] = _typed(name, value, entry, None if size is None else (size,))
        else:
            settable = [n for n, e in entries.items() if e.get("settable") and "._" not in n]
            raise unknown_name("name in values:", name, settable + list(arrays))
    return checked


def seed_told(seed: int, manifest: dict) -> dict[str, np.ndarray]:
    """What a run sets so that generators within the network draw by its seed, see `SEEDS_OF_RUN`.

    Parameters
    ----------
    seed : int
        Of the run.
    manifest : dict
        As in `check_settings`.
    """
    word = int(np.random.SeedSequence(seed).generate_state(1)[0])  # seeds that are neighbours begin far from each other
    return {
        entry["source"]: np.asarray(word % np.iinfo(entry["dtype"]).max, entry["dtype"])
        for name, entry in manifest["entries"].items()
        if name.rpartition(".")[2] in SEEDS_OF_RUN
    }


def _typed(name: str, value, spec: dict, shape: tuple | None) -> np.ndarray:
    raw = np.asarray(value)
    if raw.dtype.kind not in "biuf":
        raise SettingError(f"values: {name!r} needs numbers, not {raw.dtype}")
    wanted = get_or_create_dimension(spec["dim"])
    given = get_dimensions(value)
    if given is not wanted:
        unit = "no unit" if wanted is DIMENSIONLESS else f"the unit {get_unit(wanted)!s}"
        has = "none" if given is DIMENSIONLESS else str(get_unit(given))
        raise SettingError(f"values: {name!r} needs {unit}, the given value has {has}")
    typed = raw.astype(np.dtype(spec["dtype"]))
    if typed.dtype.kind in "biu" and not np.array_equal(typed, raw):
        raise SettingError(f"values: {name!r} holds {typed.dtype.name} values, the given ones would be changed")
    if typed.ndim and typed.size == 1 and shape is not None and shape != typed.shape:
        typed = typed.reshape(())
    if typed.ndim and (typed.shape != shape if shape is not None else typed.ndim != 1):
        needs = "one dimension" if shape is None else f"{shape}"
        raise SettingError(f"values: {name!r} needs one value or the shape {needs}, the given one has {typed.shape}")
    return typed
