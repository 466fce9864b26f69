"""What Zhang et al. 2021 report of self-backpropagation in networks (doi:10.1126/sciadv.abh0146).

Numbers are those printed by the notebooks that the authors released for their figures, accuracies as fractions: the
best epoch on the test set, mean and population standard deviation over five seeds, at most 100 epochs. On NETtalk an
"accuracy" is a mean cosine. `CURVES` alone is read off plots, to 0.2 points. None of them was measured here.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "ALGORITHMS",
    "CURVES",
    "DEPTH",
    "ENERGY",
    "TASKS",
    "WITHOUT_AND_WITH",
    "WITHOUT_HIDDEN_GRADIENT",
    "Algorithm",
    "Reported",
]

#: Task -> (name, inputs, hidden cells, outputs) of the networks that are compared.
TASKS = {
    "mnist": ("MNIST", 784, 500, 10),
    "nettalk": ("NETtalk", 189, 500, 26),
    "dvsgesture": ("DvsGesture", 1024, 500, 11),
}


class Reported(NamedTuple):
    """A score with its spread, the mean epochs of the paper's measure of cost, and the cost with its spread."""

    score: float
    spread: float | None
    epochs: float | None = None
    cost: float | None = None
    cost_spread: float | None = None


#: Task -> the spiking network without and with SBP.
WITHOUT_AND_WITH = {
    "mnist": (Reported(0.9367, 0.0040, 48.2, 1.916e7, 0.270e7), Reported(0.9514, 0.0012, 22.1, 0.879e7, 0.091e7)),
    "nettalk": (Reported(0.8426, 0.0020, 41.4, 4.467e6, 0.427e6), Reported(0.8558, 0.0011, 8.4, 0.912e6, 0.372e6)),
    "dvsgesture": (Reported(0.8356, 0.0025, 29.5, 1.526e7, 0.396e7), Reported(0.8500, 0.0011, 17.8, 0.922e7, 0.029e7)),
}

#: Task -> the energy-based network ("RBM") without and with SBP; typed into the notebook, one run each.
ENERGY = {
    "mnist": (Reported(0.9758, 0.0013, 16.8, 1.334e7, 0.025e7), Reported(0.9789, 0.0008, 7.2, 0.572e7, 0.012e7)),
    "nettalk": (Reported(0.8205, 0.0064, 10.6, 2.279e6, 0.172e6), Reported(0.8301, 0.0028, 6.8, 1.462e6, 0.037e6)),
    "dvsgesture": (Reported(0.6667, 0.0148, 42.0, 4.347e7, 0.013e7), Reported(0.7088, 0.0182, 10.8, 1.118e7, 0.037e7)),
}

#: Task -> by what the hidden layer's gradient is replaced -> test scores (%) where 90 % and 100 % of it are (spiking
#: MLP; typed into the notebook, one value each).
WITHOUT_HIDDEN_GRADIENT = {
    "mnist": {"zero": (98.65, 87.48), "sbp": (98.81, 92.88)},
    "nettalk": {"zero": (90.23, 44.40), "sbp": (90.02, 82.95)},
    "dvsgesture": {"zero": (71.88, 69.10), "sbp": (72.92, 72.57)},
}

#: Epochs, and by task the test errors (%) without and with SBP at those epochs, read off plots.
CURVES = {
    "epoch": (1, 2, 5, 10, 20, 30, 50, 75, 100),
    "mnist": ((11.0, 10.8, 11.4, 12.0, 12.1, 10.1, 8.2, 6.6, 6.5), (10.0, 9.5, 9.1, 9.0, 8.0, 7.0, 6.2, 5.5, 4.9)),
    "nettalk": (
        (19.1, 18.7, 18.4, 17.3, 16.9, 16.4, 16.4, 15.9, 16.1),
        (17.1, 16.5, 16.1, 16.0, 15.7, 15.4, 15.2, 14.9, 14.4),
    ),
}


class Algorithm(NamedTuple):
    """One line of the published comparison: how hidden layers learn, and the results by task."""

    name: str
    kind: str
    results: dict[str, Reported]


#: Costs compare inside a kind and task alone: each such group has its own range of errors.
ALGORITHMS = (
    Algorithm("Diehl", "plasticity", {"mnist": Reported(0.9120, 0.0169, 50.7, 2.012e7, 0.278e7)}),
    Algorithm("SOM", "plasticity", {"mnist": Reported(0.9107, 0.0179, 83.9, 3.332e7, 0.153e7)}),
    Algorithm(
        "BBT (no SBP)",
        "plasticity",
        {
            "mnist": Reported(0.9367, 0.0040, 47.0, 1.872e7, 0.264e7),
            "nettalk": Reported(0.8426, 0.0020, 53.3, 0.576e7, 0.059e7),
            "dvsgesture": Reported(0.8344, 0.0016, 30.6, 1.588e7, 0.526e7),
        },
    ),
    Algorithm(
        "SNN-SBP",
        "plasticity",
        {
            "mnist": Reported(0.9514, 0.0012, 22.1, 0.879e7, 0.041e7),
            "nettalk": Reported(0.8558, 0.0011, 18.9, 0.204e7, 0.021e7),
            "dvsgesture": Reported(0.8504, 0.0009, 17.8, 0.920e7, 0.037e7),
        },
    ),
    Algorithm(
        "SNU",
        "gradient",
        {
            "mnist": Reported(0.9873, 0.0008, 2.0, 0.159e7, 0.0),
            "nettalk": Reported(0.8878, 0.0032, 1.0, 0.0215e7, 0.0),
            "dvsgesture": Reported(0.6972, 0.0111, 3.6, 0.368e7, 0.061e7),
        },
    ),
    Algorithm("STBP", "gradient", {"dvsgesture": Reported(0.7187, 0.0098, 2.8, 0.286e7, 0.044e7)}),
    Algorithm(
        "BRP",
        "gradient",
        {
            "mnist": Reported(0.9542, 0.0013, 13.9, 0.569e7, 0.043e7),
            "nettalk": Reported(0.8033, 0.0452, 60.6, 0.761e7, 0.340e7),
            "dvsgesture": Reported(0.4187, 0.0333, 99.5, 5.315e7, 0.056e7),
        },
    ),
    Algorithm(
        "e-prop",
        "gradient",
        {
            "mnist": Reported(0.9669, 0.0008, 4.1, 0.375e7, 0.022e7),
            "nettalk": Reported(0.8153, 0.0173, 46.3, 2.894e7, 0.392e7),
            "dvsgesture": Reported(0.5837, 0.0093, 33.4, 3.450e7, 0.866e7),
        },
    ),
    Algorithm(
        "NRR",
        "gradient",
        {
            "mnist": Reported(0.9419, 0.0011, 98.1, 8.924e7, 0.282e7),
            "nettalk": Reported(0.7773, 0.0046, 99.4, 6.219e7, 0.070e7),
            "dvsgesture": Reported(0.6040, 0.0167, 19.8, 2.052e7, 0.646e7),
        },
    ),
    Algorithm(
        "S-MLP-SBP",
        "gradient",
        {
            "mnist": Reported(0.9865, 0.0005, 1.16, 0.0512e7, 0.0141e7),
            "nettalk": Reported(0.9027, 0.0067, 1.16, 0.0151e7, 0.0020e7),
            "dvsgesture": Reported(0.6694, 0.0067, 2.7, 0.156e7, 0.028e7),
        },
    ),
)

#: Model -> task -> test scores of 1, 2, 3 and 4 hidden layers of 500 cells (best epoch; many typed into the notebook).
DEPTH = {
    "SNN with SBP": {"mnist": (0.9736, 0.9090, 0.098, 0.098), "nettalk": (0.8252, 0.441, 0.443, 0.441)},
    "RBM, BP + SBP": {"mnist": (0.9716, 0.9723, 0.9695, 0.9246), "nettalk": (0.8594, 0.8746, 0.8331, 0.8464)},
    "spiking MLP, p-BP + SBP": {"mnist": (0.9871, 0.9517, 0.9179, 0.8907), "nettalk": (0.9097, 0.8749, 0.8511, 0.7975)},
}
