r"""The rate model of the flagship network: its ceiling, and the true gradient beside its changes.

Each cell of `sbp_brian.models.sbp_network` becomes a unit whose activity is the share of steps with a spike, clipped
linear in what it receives: r_j = clip(sum_i x_i w_ij + b_j, 0, 1). For outputs z_k = sum_j r_j w_jk and
o_k = clip(z_k, 0, 1), the cost is the one whose slope is the delta rule's error,

.. math:: C = \sum_k F(z_k) - y_k z_k, \qquad F' = \mathrm{clip}(z, 0, 1), \qquad dC/dz_k = o_k - y_k .

`RateReference` learns as `SBPPerceptron` does: by exact backpropagation, by SBP in its forms, or not at all.
`true_gradient` takes the weights of a spiking network and gives minus the gradient of the mean cost over a batch, and
`angles` compares with it what the spiking network itself changes when it is shown the same batch.

Source of the comparison: Lillicrap, Cownden, Tweed & Akerman 2016, doi:10.1038/ncomms13276, who measure a learning
rule by the angle of its changes with those of backpropagation.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.sbp_network.network import SBPNetwork

__all__ = ["RateReference", "angle", "angles", "true_gradient"]


class RateReference(SBPPerceptron):
    """A perceptron with clipped-linear hidden units and outputs; everything else is `SBPPerceptron`.

    Parameters
    ----------
    layers, learning, **settings
        As of `SBPPerceptron`; `activation` is ``"clipped"``.
    """

    def __init__(self, layers=(784, 500, 10), learning="weighted/activity", **settings):
        super().__init__(layers, learning, activation="clipped", **settings)

    def forward(self, x, lost=None):
        """See `SBPPerceptron.forward`; outputs are clipped to 0 and 1."""
        drives, activities = super().forward(x, lost)
        activities[-1] = np.clip(drives[-1], 0, 1)
        return drives, activities

    def loss(self, x, y) -> float:
        """The cost C of this module, mean over the batch."""
        z = self.forward(x)[0][-1]
        within = np.clip(z, 0, 1)
        return float((within**2 / 2 + np.maximum(z - 1, 0) - y * z).sum() / len(x))


def angle(one, other) -> float:
    """Angle between two arrays as vectors (degrees); NaN where one of them is zero."""
    one, other = np.ravel(one), np.ravel(other)
    length = np.linalg.norm(one) * np.linalg.norm(other)
    return float(np.degrees(np.arccos(np.clip(one @ other / length, -1, 1)))) if length > 0 else float("nan")


def true_gradient(network: SBPNetwork, learned: Mapping[str, np.ndarray], x, y) -> dict[str, np.ndarray]:
    """Minus the gradient of the mean cost at the weights of a spiking network.

    Parameters
    ----------
    network : SBPNetwork
    learned : mapping
        Its weights and biases, by the names of `SBPNetwork.initial`.
    x : ndarray, shape (n, inputs)
        0 to 1.
    y : ndarray, shape (n, outputs)
        0 or 1.

    Returns
    -------
    dict
        By the same names; flat, as they are there.
    """
    layers = (network.n_input, *network.hidden_sizes, network.n_output)
    rates = RateReference(layers, "backpropagation", precision="float64")
    rates.start(0)
    places = {f"{name}.w": f"W{k}" for k, name in enumerate([*network.input_names, "outputs"], 1)}
    places |= {f"{name}.bias": f"b{k}" for k, name in enumerate(network.hidden_names, 1)}
    for name, place in places.items():
        rates.arrays[place][...] = np.asarray(learned[name]).reshape(rates.arrays[place].shape)
    _, changes = rates.changes(np.asarray(x, float), np.asarray(y, float))
    return {name: changes[place].ravel() for name, place in places.items()}


def angles(network: SBPNetwork, training, rows, learned: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Angles (degrees) between what a spiking network changes over a batch and minus the true gradient.

    Parameters
    ----------
    network : SBPNetwork
    training : sbp_brian.training.spiking.Training
        Of this network.
    rows : ndarray of int
        The batch, e.g. validation samples.
    learned : mapping
        Weights at which to compare.

    Returns
    -------
    dict
        Name of each array of weights -> angle; NaN where nothing changes.
    """
    samples = training.samples
    changed = training.changes(rows, learned)
    true = true_gradient(network, learned, samples.images[rows] / 255, samples.target_table[rows])
    return {name: angle(changed[name], true[name]) for name in true if name.endswith(".w")}
