"""One figure a network: its spikes without and with SBP, and what its input weights do."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
from brian2 import Network, Quantity, StateMonitor, ms, seed

from sbp_brian.figures.style import BLACK, COLUMNS, VERMILION, house_style
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.targets import use

__all__ = ["show"]


def show(network: Callable, sbp: RetrogradeSBP, duration: Quantity, inputs: str, path=None, *, weight: str = "w"):
    """Run a network with and without SBP on the target numpy and draw it.

    Parameters
    ----------
    network : callable
        Gives the Brian2 network, from a `RetrogradeSBP` or None; it has one SpikeMonitor.
    sbp : RetrogradeSBP
    duration : Quantity
        Of both runs (s).
    inputs : str
        Name of the synapses that receive.
    path : path, optional
        File to draw to; without it a window opens.
    weight : str
        Their weight.

    Returns
    -------
    matplotlib.figure.Figure
    """
    use("numpy")
    with house_style():
        panels = [["without SBP", "weight"], ["with SBP", "weight"]]
        figure, axes = plt.subplot_mosaic(panels, figsize=(COLUMNS / 25.4, COLUMNS / 55), layout="constrained")
        for given, label, colour in ((None, "without SBP", BLACK), (sbp, "with SBP", VERMILION)):
            seed(1)
            net = network(given)
            spikes, weights = _watched(net, inputs, weight)
            net.run(duration)
            n = len(spikes.source)
            axes[label].plot(spikes.t / ms, spikes.i, "|", color=colour, markersize=float(np.clip(60 / n, 1.2, 6)))
            axes[label].set(xlim=(0, duration / ms), ylim=(-1, n), ylabel="cell", title=label)
            axes[label].yaxis.get_major_locator().set_params(integer=True)
            course = np.asarray(getattr(weights, weight))
            axes["weight"].plot(
                weights.t / ms, 100 * (course.mean(0) / course[:, 0].mean() - 1), color=colour, label=label
            )
        axes["without SBP"].tick_params(labelbottom=False)
        axes["with SBP"].set_xlabel("time (ms)")
        axes["weight"].set(xlabel="time (ms)", ylabel="change of the mean input weight (%)", xlim=(0, duration / ms))
        axes["weight"].legend()
    if path is None:
        plt.show()
    else:
        figure.savefig(path)
    plt.close(figure)
    return figure


def _watched(net: Network, inputs: str, weight: str):
    """The monitor of its spikes, and a new one of its input weights."""
    spikes = next(each for each in net.objects if type(each).__name__ == "SpikeMonitor")
    weights = StateMonitor(net[inputs], weight, record=True, dt=1 * ms)
    net.add(weights)
    return spikes, weights
