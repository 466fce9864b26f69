"""What stands beside a network: classifiers without hidden cells, on the same training and test samples."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.protocol import Context
from sbp_brian.training.baselines import linear_softmax, nearest_mean
from sbp_brian.training.samples import Samples

__all__ = ["report"]


def report(
    context: Context, samples: Samples, features: np.ndarray, told: str, *, decay: float = 1e-4
) -> dict[str, float]:
    """Share of the test samples that each classifier names right, as metrics and by its name.

    Parameters
    ----------
    context : Context
    samples : Samples
    features : ndarray, shape (n, features)
        What the classifiers see of each sample.
    told : str
        On what they stand, for the record.
    decay : float
        As in `sbp_brian.training.baselines.linear_softmax`.
    """
    x, labels = features[samples.training], samples.labels[samples.training]
    tested, truth = features[samples.test], samples.labels[samples.test]
    answers = {
        "linear_softmax": linear_softmax(x, labels, samples.classes, decay=decay),
        "nearest_mean": nearest_mean(x, labels, samples.classes),
    }
    right = {name: float((answer(tested) == truth).mean()) for name, answer in answers.items()}
    for name, value in right.items():
        context.metric(f"{name}_accuracy", value, n=len(truth), provenance=told)
    return right
