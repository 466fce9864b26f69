"""What experiments on circuits share: trials side by side in one network, and what is drawn for them.

Every trial (what is tried, and a seed) is one copy of the circuit; as many runs of one build as are needed go on in
parallel. Amplitudes at the start vary between trials (lognormal, CV 0.3), each EPSC varies about the synapse's strength
(CV 0.15). Both are drawn with numpy from the seed and handed to the simulation, so that all targets record the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from brian2 import Quantity, ms

from sbp_brian.errors import CircuitError
from sbp_brian.models.circuits import Circuit, Timeline
from sbp_brian.targets import Simulation

__all__ = ["EPSC_CV", "MEASURED", "STRENGTH_CV", "Trials"]

MEASURED = (20.0, 30.0)  # min after pairing
STRENGTH_CV, EPSC_CV = 0.3, 0.15


class Trials:
    """An experiment on a circuit, whose subclasses say what a trial sets and what comes of all.

    Attributes
    ----------
    circuit : Circuit
    timeline : Timeline
        Or another that has its baseline.
    copies : int
        Copies of the circuit in the network.
    simulation : Simulation
    end : Quantity (second)
        Of the induction.
    TRIED : str
        What is tried is called, e.g. ``condition``.
    IDLE : tuple of str
        Variables that are 0 in copies without a trial.
    """

    circuit: Circuit
    timeline: Timeline
    copies: int
    simulation: Simulation
    end: Quantity
    TRIED = "condition"
    IDLE: tuple[str, ...] = ("cells.pulses",)

    def _trial(self, tried: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial values of one copy, in SI units."""
        raise NotImplementedError

    def _units(self) -> Mapping[str, Quantity]:
        """Units of the variables of a trial that have one."""
        raise NotImplementedError

    def _tried(
        self, tried: Sequence[Any], seeds: int, seed: int, workers: int | None, progress, names: list[str], **given: Any
    ) -> tuple[list[np.random.Generator], list[dict], list]:
        """Run all trials; their generators of random numbers, initial values, and the results of the runs.

        Raises
        ------
        CircuitError
            No seeds, nothing to try, or two things of one name.
        """
        what = self.TRIED
        if seeds < 1:
            raise CircuitError(f"seeds = {seeds}; give at least one")
        if not tried:
            raise CircuitError(f"there are no {what}s; give at least one")
        called = [each.name for each in tried]
        for name in called:
            if called.count(name) > 1:
                raise CircuitError(f"two {what}s are called {name!r}; give each a name of its own")
        rngs = [np.random.default_rng([seed, k, crc32(name.encode())]) for name in called for k in range(seeds)]
        trials = [self._trial(tried[k // seeds], rng) for k, rng in enumerate(rngs)]
        shared = given.pop("shared", None) or {}
        runs = [
            dict(values=self._settings(trials[k : k + self.copies]) | dict(shared), seed=0, names=names, **given)
            for k in range(0, len(trials), self.copies)
        ]
        return rngs, trials, self.simulation.run_many(runs, workers=workers, progress=progress)

    def _first(self, name: str, times: Sequence[Quantity]) -> Quantity:
        """The first of the times of a pairing; refused where they do not fit into one.

        Raises
        ------
        CircuitError
            They span more than the period of pairing, or than what is simulated finely.
        """
        timeline, first = self.timeline, min(times, default=0 * ms)
        interval = max(times, default=0 * ms) - first
        if interval > timeline.period:
            raise CircuitError(
                f"{self.TRIED} {name!r}: the pairing interval {interval} is longer than the "
                f"period {timeline.period}; shorten it or pair less often"
            )
        if interval > 2 * timeline.reach * (1 + 1e-9):
            raise CircuitError(
                f"{self.TRIED} {name!r}: the pairing interval {interval} is longer than the "
                f"{2 * timeline.reach} that are simulated finely; shorten it or give "
                "Timeline(reach=...)"
            )
        return first

    def _on_grid(self, name: str, cell: str, time: Quantity) -> float:
        """A time after the first pulse (s), refused where it is off the grid of spike times."""
        steps = float(time / self.timeline.step)
        if abs(steps - round(steps)) > 1e-6:
            raise CircuitError(
                f"{self.TRIED} {name!r}: {cell} is to fire {time} after the first cell, which is "
                f"no multiple of the {self.timeline.step} step; change either"
            )
        return round(steps) * float(self.timeline.step)

    @staticmethod
    def _amplitudes(means: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Amplitudes of a trial's synapses at the start, lognormal about their means."""
        spread = np.sqrt(np.log(1 + STRENGTH_CV**2))
        return means * np.exp(rng.normal(-(spread**2) / 2, spread, len(means)))

    def _settings(self, trials: list[dict]) -> dict:
        """What a run sets; copies without a trial rest."""
        idle = {name: np.zeros_like(value) if name in self.IDLE else value for name, value in trials[0].items()}
        trials = trials + [idle] * (self.copies - len(trials))
        units = self._units()
        return {
            name: np.concatenate([trial[name] for trial in trials], axis=-1) * units.get(name, 1) for name in trials[0]
        }

    def _gathered(self, results: list, name: str, shape: tuple[int, int], width: int) -> np.ndarray:
        """A recorded variable of all trials, shape (what is tried, seeds, width, times)."""
        values = np.concatenate([result[name].reshape(self.copies, width, -1) for result in results])
        return values[: shape[0] * shape[1]].reshape(*shape, width, -1)

    def _measured(self, tried: Sequence[Any], seeds: int, rngs: list, trials: list[dict], results: list) -> tuple:
        """What `Recordings` is made of: minutes, weights, EPSCs, strengths, baseline, spikes, run and build time."""
        shape, n_synapses = (len(tried), seeds), len(self.circuit.synapses)
        seconds = np.asarray(results[0]["test.t"])
        before = seconds < float(self.timeline.baseline) - 1e-6
        used = before | (seconds > float(self.end) - 1e-6)
        weights = self._gathered(results, "test.w", shape, n_synapses)[..., used]
        strengths = np.array([trial["synapses.baseline"] for trial in trials]).reshape(*shape, n_synapses)
        noise = np.array([rng.normal(1, EPSC_CV, weights.shape[2:]) for rng in rngs]).reshape(weights.shape)
        return (
            (seconds[used] - float(self.end)) / 60,
            weights,
            strengths[..., np.newaxis] * weights * noise,
            strengths,
            before[used],
            self._gathered(results, "cells.spike_number", shape, len(self.circuit.cells))[..., 0],
            sum(result.run_s for result in results),
            max(result.build_s for result in results),
        )
