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

__all__ = ["record_spikes"]


def record_spikes(
    model: TrialModel,
    samples: Samples,
    rows: Sequence[int],
    learned: Mapping[str, np.ndarray],
    layers: Sequence[str],
    seed: int = 0,
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Show samples once, without a teacher, and record the spikes of whole layers.

    A small network of its own on the numpy target: recording in the one that is trained would grow with the epochs.

    Parameters
    ----------
    model : TrialModel
    samples : Samples
    rows : sequence of int
        Which samples, in this order.
    learned : mapping of str to ndarray
        "object.variable" -> values, e.g. `Training.learned` or ``model.initial(seed)``.
    layers : sequence of str
        Names of the groups to record.
    seed : int
        Of what is random in a run.

    Returns
    -------
    dict of str to (ndarray, ndarray, ndarray)
        Layer -> place of the sample in `rows`, time since its onset (s), index of the cell; of every spike.
    """
    rows = np.asarray(rows)
    check_rows(rows, len(samples.images), SampleError)
    presentation = Presentation(samples.images[rows], len(rows), model.duration, samples.target_table[rows])
    make = _Recorded(model, presentation, tuple(layers))
    simulation = Simulation(make, (len(rows) + 1) * model.duration, "numpy", name="raster")
    place, length = np.arange(len(rows)), float(model.duration / second)
    settings = {
        **learned,
        **dict.fromkeys(model.rates, 0.0),
        **presentation.settings(place, samples.labels[rows], np.zeros(len(rows), bool)),
    }
    with quiet():  # the two clocks of such networks are meant
        result = simulation.run(settings, seed=seed)
    found = {}
    for layer in layers:
        t, i = (np.asarray(result[f"{layer}_raster.{name}"]) for name in ("t", "i"))
        sample = np.floor(t / length + 1e-9).astype(int)
        shown = sample < len(rows)
        found[layer] = sample[shown], (t - sample * length)[shown], i[shown]
    return found


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
