"""How often each cell of whole layers spikes in each sample, or in parts of it: what a classifier can be fitted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from brian2 import Clock, NeuronGroup, StateMonitor, Synapses

from sbp_brian.brian.state import quiet
from sbp_brian.errors import SettingError
from sbp_brian.targets import Simulation
from sbp_brian.training.samples import Presentation, Samples
from sbp_brian.training.spiking import TrialModel

__all__ = ["count_spikes"]

#: Samples of one run: what a run records stays within some tens of MB.
_BLOCK = 2_000


def count_spikes(
    model: TrialModel,
    samples: Samples,
    rows: np.ndarray,
    learned: Mapping[str, np.ndarray],
    layers: Sequence[str],
    *,
    parts: int = 1,
    target: str = "cpp",
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> dict[str, np.ndarray]:
    """Show samples once, without a teacher and without learning, and count the spikes of every cell.

    The network has a program of its own: counting in the one that is trained would cost time in every epoch.

    Parameters
    ----------
    model : TrialModel
    samples : Samples
    rows : ndarray of int
        Which samples, in this order.
    learned : mapping of str to ndarray
        "object.variable" -> values, e.g. `Training.learned` or ``model.initial(seed)``.
    layers : sequence of str
        Names of the groups.
    parts : int
        Equal parts of a sample that are counted apart; time steps at the border of two belong to the later one.
    target : str
        numpy, cython or cpp.
    seed : int
        Of what is random in a run.
    progress : callable, optional
        Called as ``progress(fraction)``.

    Returns
    -------
    dict of str to ndarray
        Layer -> counts, int, shape (len(rows), parts, cells).

    Raises
    ------
    SettingError
        `parts` is no whole number of at least 1.
    """
    if not isinstance(parts, Integral) or parts < 1:
        raise SettingError(f"parts must be a whole number of at least 1, got {parts!r}")
    rows = np.asarray(rows)
    capacity = min(_BLOCK, len(rows))
    presentation = Presentation(samples.images, capacity, model.duration, samples.target_table)
    simulation = Simulation(
        _Counted(model, presentation, tuple(layers), parts),
        (capacity + 1) * model.duration,
        target,
        name="counts",
        key="counts",
    )
    found: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    for first in range(0, len(rows), capacity):
        block = rows[first : first + capacity]
        shown = presentation.settings(block, samples.labels[block], np.zeros(len(block), bool))
        asked = set(simulation.settable)
        settings = {**learned, **dict.fromkeys(model.rates, 0.0), **{n: v for n, v in shown.items() if n in asked}}
        run_seed = int(np.random.SeedSequence([seed, first, 5]).generate_state(1)[0])
        with quiet():  # several clocks are meant
            result = simulation.run(settings, seed=run_seed, duration=(len(block) + 1) * model.duration)
        for layer in layers:
            until = np.asarray(result[f"{layer}_parts.spikes"])[:, : len(block) * parts + 1]
            found[layer].append(np.diff(until).T.astype(np.int32).reshape(len(block), parts, -1))
        if progress is not None:
            progress((first + len(block)) / len(rows))
    return {layer: np.concatenate(counts) for layer, counts in found.items()}


@dataclass(frozen=True)
class _Counted:
    """Makes the network with a counter on each layer, read at the beginning of each part."""

    model: TrialModel
    presentation: Presentation
    layers: tuple[str, ...]
    parts: int

    def __call__(self):
        network, part = self.model.make(self.presentation), Clock(self.model.duration / self.parts, name="part_clock")
        for layer in self.layers:
            cells = network[layer]
            counter = NeuronGroup(len(cells), "spikes : 1", clock=cells.clock, namespace={}, name=f"{layer}_counter")
            counting = Synapses(
                cells,
                counter,
                on_pre="spikes_post += 1",
                clock=cells.clock,
                namespace={},
                name=f"{layer}_counting",
            )
            counting.connect(j="i")
            read = StateMonitor(
                counter, "spikes", record=True, clock=part, when="start", order=-20, name=f"{layer}_parts"
            )
            network.add(counter, counting, read)
        return network
