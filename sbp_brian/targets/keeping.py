"""Keeping what simulations record: who wants it listens by `keeping`, and every run within tells it.

A `Simulation` that is made within `keeping` hands over the recordings of each of its runs. Where spikes are wanted,
groups of cells without a monitor of their own are given one. Within `not_keeping` nothing is told: a training whose
program presents thousands of samples tells by itself what is worth it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from brian2 import SpikeMonitor

from sbp_brian.errors import SettingError
from sbp_brian.kinds import KINDS
from sbp_brian.targets.programs import first_network
from sbp_brian.targets.recordings import Recordings, Weights, clocks, recordings, sources
from sbp_brian.wording import unknown

__all__ = ["Kept", "Watched", "being_kept", "keeping", "listened", "not_keeping", "told"]

_KEPT: ContextVar[Kept | None] = ContextVar("sbp_kept", default=None)


@dataclass
class Kept:
    """What is wanted, and what was told.

    Attributes
    ----------
    kinds : tuple of str
        Of `KINDS`.
    runs : dict of str to Recordings
        By run: ``"circuit 1"`` is the first of the simulation of that name.
    """

    kinds: tuple[str, ...]
    runs: dict[str, Recordings] = field(default_factory=dict)
    _counts: Counter = field(default_factory=Counter)

    def __post_init__(self):
        for kind in self.kinds:
            if kind not in KINDS:
                raise SettingError(unknown("kind of what can be kept", kind, KINDS))

    def names(self, entries: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """What a run must not throw away."""
        return [name for kind in self.kinds for name in sources(entries, kind)] + clocks(entries)

    def take(self, name: str, results: Iterable[Any]) -> None:
        """Take over what runs recorded; those that gave nothing are left out."""
        for result in results:
            self._counts[name] += 1
            found = recordings(result, self.kinds)
            if found.spikes or found.states or found.weights:
                self.runs[f"{name} {self._counts[name]}"] = found

    def take_weights(self, name: str, weights: Iterable[Weights]) -> None:
        """Take over weights that a training gave, where they are wanted."""
        found = tuple(weights)
        if "weights" in self.kinds and found:
            self._counts[name] += 1
            self.runs[f"{name} {self._counts[name]}"] = Recordings(weights=found)

    def lacking(self) -> list[str]:
        """The kinds that are wanted and of which nothing was told."""
        return [kind for kind in self.kinds if not any(getattr(found, kind) for found in self.runs.values())]


@contextmanager
def keeping(kinds: tuple[str, ...]) -> Iterator[Kept]:
    """Listen to what simulations made within record.

    Raises
    ------
    SettingError
        A kind that there is not.
    """
    kept = Kept(tuple(kinds))
    token = _KEPT.set(kept if kept.kinds else None)
    try:
        yield kept
    finally:
        _KEPT.reset(token)


@contextmanager
def not_keeping() -> Iterator[None]:
    """Simulations made within tell nothing."""
    token = _KEPT.set(None)
    try:
        yield
    finally:
        _KEPT.reset(token)


def being_kept() -> Kept | None:
    """Who listens; None where nobody does."""
    return _KEPT.get()


def listened(make: Callable, key: str | None) -> tuple[Kept | None, Callable, str | None]:
    """Who listens to a simulation, what makes its network for them, and the text that names that network, if any."""
    kept = being_kept()
    if kept is None or "spikes" not in kept.kinds or isinstance(make, Watched):
        return kept, make, key
    return kept, Watched(make), None  # the text names the network without these monitors


def told(kept: Kept | None, name: str, results: list) -> list:
    """The results, what they recorded handed over to who listens."""
    if kept is not None:
        kept.take(name, results)
    return results


@dataclass(frozen=True)
class Watched:
    """Makes a network, and gives those of its cells that spike a monitor; can be pickled where `func` can."""

    func: Callable

    def __call__(self) -> Any:
        """What `func` makes, with these monitors in its network."""
        made = self.func()
        network = first_network(made)
        there = list(network.objects)
        seen = {obj.source.name for obj in there if isinstance(obj, SpikeMonitor) and obj.record}
        for obj in there:
            if "spike" in getattr(obj, "events", ()) and obj.name not in seen:
                network.add(SpikeMonitor(obj, name=f"{obj.name}_kept_spikes"))
        return made
