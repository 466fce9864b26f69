"""What a network has to beat: classifiers without hidden cells, on the same samples."""

from __future__ import annotations

import warnings

import numpy as np

from sbp_brian.training.answers import NO_ANSWER, largest

__all__ = ["DECAYS", "chosen_softmax", "linear_softmax", "nearest_mean", "ridge"]

#: Decays that `chosen_softmax` tries.
DECAYS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def linear_softmax(x, labels, classes: int, decay: float = 1e-4, iterations: int = 100):
    """Multinomial logistic regression (scikit-learn), by L-BFGS from zero weights.

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
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    x, labels = np.asarray(x, np.float32), np.asarray(labels, int)
    known = np.unique(labels)
    if len(known) == 1:  # nothing to tell apart
        return lambda more: np.full(len(more), known[0])
    # scikit-learn gives two classes one set of weights, the difference of ours
    inverse = (2 if len(known) == 2 else 1) / (decay * len(x)) if decay else np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many steps and no more is what was asked for
        fitted = LogisticRegression(C=inverse, max_iter=iterations, tol=1e-5).fit(x, labels)

    def answer(more):
        score = np.asarray(more, float) @ fitted.coef_.T + fitted.intercept_
        best = largest(score if len(known) > 2 else np.column_stack([-score, score]))
        return np.where(best == NO_ANSWER, NO_ANSWER, known[best])

    return answer


def chosen_softmax(x, labels, classes: int, training, held_out, decays=DECAYS):
    """`linear_softmax` on standardised features, its decay the one that names most held-out samples right.

    Parameters
    ----------
    x : ndarray, shape (n, features)
        Every feature is used in units of its standard deviation over the training rows, from its mean there.
    labels : ndarray of int, shape (n,)
    classes : int
    training : ndarray of int
        Rows that are learned from.
    held_out : ndarray of int
        Rows by which the decay is chosen. Where there are none, every fifth training row chooses, and all are learned
        from with what was chosen.
    decays : sequence of float
        Where several are equal, the largest is taken.

    Returns
    -------
    answer : callable
        ``answer(x)`` gives the class of each row.
    decay : float
    """
    x, labels, training = np.asarray(x, np.float32), np.asarray(labels), np.asarray(training)
    mean, spread = x[training].mean(0), x[training].std(0)
    x = (x - mean) / np.where(spread > 0, spread, 1)
    alone = len(held_out) > 0
    fifth = np.arange(len(training)) % 5 == 4
    learns, chooses = (training, held_out) if alone else (training[~fifth], training[fifth])
    tried = {}
    for decay in sorted(decays, reverse=True):
        answer = linear_softmax(x[learns], labels[learns], classes, decay=decay)
        tried[decay] = float((answer(x[chooses]) == labels[chooses]).mean()), answer
    decay = max(tried, key=lambda value: tried[value][0])  # the first of equal ones
    chosen = tried[decay][1] if alone else linear_softmax(x[training], labels[training], classes, decay=decay)

    def answer(more):
        return chosen((np.asarray(more, np.float32) - mean) / np.where(spread > 0, spread, 1))

    return answer, decay


def nearest_mean(x, labels, classes: int):
    """The class whose mean is nearest; as `linear_softmax`."""
    x = np.asarray(x, float)
    means = np.array(
        [x[labels == k].mean(0) if (labels == k).any() else np.full(x.shape[1], np.inf) for k in range(classes)]
    )

    def answer(more):
        return largest(-np.array([((means - row) ** 2).sum(1) for row in np.asarray(more, float)]))

    return answer


def ridge(x, labels, classes: int, decay: float = 1.0):
    """Least squares with a cost of weights, by which the class with the largest fit is told; as `linear_softmax`.

    Parameters
    ----------
    decay : float
        Weight of the sum of squared weights beside the sum of squared errors; above 0.
    """
    from sklearn.linear_model import Ridge

    fitted = Ridge(alpha=decay, solver="cholesky").fit(np.asarray(x, float), np.eye(classes)[labels])
    return lambda more: fitted.predict(np.asarray(more, float)).argmax(1)
