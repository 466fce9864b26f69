"""What a network has to beat: classifiers without hidden cells, on the same samples."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from sbp_brian.training.answers import largest

__all__ = ["linear_softmax", "nearest_mean"]


def linear_softmax(x, labels, classes: int, decay: float = 1e-4, iterations: int = 100):
    """Multinomial logistic regression by L-BFGS, from zero weights.

    Parameters
    ----------
    x : ndarray, shape (n, features)
    labels : ndarray of int, shape (n,)
    classes : int
    decay : float
        Weight of half the sum of squared weights beside the mean log loss.
    iterations : int
        The most steps of the optimiser.

    Returns
    -------
    callable
        ``answer(x)`` gives the class of each row, -1 where nothing sets one apart.
    """
    x = np.column_stack([np.asarray(x, np.float32), np.ones(len(x), np.float32)])
    chosen = np.zeros((len(x), classes), np.float32)
    chosen[np.arange(len(x)), labels] = 1

    def loss(flat):
        w = flat.reshape(-1, classes).astype(np.float32)
        score = x @ w
        score -= score.max(1, keepdims=True)
        p = np.exp(score)
        total = p.sum(1, keepdims=True)
        value = float(np.mean(np.log(total[:, 0]) - (score * chosen).sum(1)))
        slope = x.T @ (p / total - chosen) / len(x)
        slope[:-1] += decay * w[:-1]
        return value + decay / 2 * float((w[:-1] ** 2).sum()), slope.ravel().astype(float)

    found = minimize(
        loss, np.zeros(x.shape[1] * classes), jac=True, method="L-BFGS-B", options={"maxiter": iterations}
    ).x.reshape(-1, classes)

    def answer(more):
        return largest(np.asarray(more, float) @ found[:-1] + found[-1])

    return answer


def nearest_mean(x, labels, classes: int):
    """The class whose mean is nearest; as `linear_softmax`."""
    x = np.asarray(x, float)
    means = np.array(
        [x[labels == k].mean(0) if (labels == k).any() else np.full(x.shape[1], np.inf) for k in range(classes)]
    )

    def answer(more):
        return largest(-np.array([((means - row) ** 2).sum(1) for row in np.asarray(more, float)]))

    return answer
