"""The spikes of single samples, recorded from a network that is trained without recording any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from brian2 import SpikeMonitor, second

from sbp_brian.brian.state import quiet
from sbp_brian.errors import SampleError
from sbp_brian.targets import Simulation
from sbp_brian.training.rows import check_rows
from sbp_brian.training.spiking import Presentation, Samples, TrialModel

__all__ = ["SpikeRecorder", "record_spikes"]


class SpikeRecorder:
    """Shows the same samples again and again, without a teacher, and records the spikes of whole layers.

    A small network of its own on the numpy target, made once: recording in the one that is trained would grow with the
    epochs.

    Parameters
    ----------
    model : TrialModel
    samples : Samples
    rows : sequence of int
        Which samples, in this order.
    layers : sequence of str
        Names of the groups to record.
    seed : int
        Of what is random in a run.
    """

    def __init__(self, model: TrialModel, samples: Samples, rows: Sequence[int], layers: Sequence[str], seed: int = 0):
        rows = np.asarray(rows)
        check_rows(rows, len(samples.images), SampleError)
        presentation = Presentation(samples.images[rows], len(rows), model.duration, samples.target_table[rows])
        make = _Recorded(model, presentation, tuple(layers))
        self._simulation = Simulation(make, (len(rows) + 1) * model.duration, "numpy", name="raster")
        shown = presentation.settings(np.arange(len(rows)), samples.labels[rows], np.zeros(len(rows), bool))
        self._shown = {**dict.fromkeys(model.rates, 0.0), **shown}
        self._count, self._length = len(rows), float(model.duration / second)
        self._layers, self._seed = layers, seed

    def record(self, learned: Mapping[str, np.ndarray]) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Layer -> place of the sample among the rows, time since its onset (s), index of the cell; of every spike.

        Parameters
        ----------
        learned : mapping of str to ndarray
            "object.variable" -> values, e.g. `Training.learned` or ``model.initial(seed)``.
        """
        with quiet():  # the two clocks of such networks are meant
            result = self._simulation.run({**learned, **self._shown}, seed=self._seed)
        found = {}
        for layer in self._layers:
            t, i = (np.asarray(result[f"{layer}_raster.{name}"]) for name in ("t", "i"))
            sample = np.floor(t / self._length + 1e-9).astype(int)
            shown = sample < self._count
            found[layer] = sample[shown], (t - sample * self._length)[shown], i[shown]
        return found


def record_spikes(
    model: TrialModel,
    samples: Samples,
    rows: Sequence[int],
    learned: Mapping[str, np.ndarray],
    layers: Sequence[str],
    seed: int = 0,
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Show samples once and record the spikes of whole layers, see `SpikeRecorder` and `SpikeRecorder.record`."""
    return SpikeRecorder(model, samples, rows, layers, seed).record(learned)


@dataclass(frozen=True)
class _Recorded:
    """Makes the network with a monitor on each layer."""

    model: TrialModel
    presentation: Presentation
    layers: tuple[str, ...]

    def __call__(self):
        network = self.model.make(self.presentation)
        for layer in self.layers:
            network.add(SpikeMonitor(network[layer], name=f"{layer}_raster"))
        return network
