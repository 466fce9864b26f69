"""Two results of one network held to one another."""

import numpy as np


def in_order(result, name):
    """A recording in order of time, and then of index: within a step, targets find events in other orders."""
    values = np.asarray(result[name])
    source = name.rpartition(".")[0]
    times, which = f"{source}.t", f"{source}.i"
    if times in result and which in result and values.shape == np.shape(result[times]):
        values = values[np.lexsort((np.asarray(result[which]), np.asarray(result[times])))]
    return values


def _largest(one, other):
    """The largest difference relative to the largest finite value; infinite where only one is finite, or a number."""
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    if same.all():
        return 0.0
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)[~same]
    if not np.isfinite(apart).all():
        return np.inf
    largest = np.abs(one).max(where=np.isfinite(one), initial=0)
    return apart.max() / largest if largest else np.inf


def differences(expected, found, relative=1e-10, ignored=()):
    """Names of variables that differ, with by how much; integers, booleans and spikes have to be equal.

    Values may differ by `relative` times the largest of their variable, since sums are added in another order.
    """
    wrong = []
    for name in expected:
        if name in ignored or name not in found:
            continue
        one, other = in_order(expected, name), in_order(found, name)
        if one.shape != other.shape:
            wrong.append(f"{name}: {one.shape} and {other.shape}")
        elif one.dtype.kind != "f":
            if not np.array_equal(one, other):
                wrong.append(f"{name}: not equal")
        elif one.size and not _largest(one, other) <= relative:
            wrong.append(f"{name}: {_largest(one, other):.2g} of its largest value")
    return wrong


def apart(expected, found):
    """The largest difference of a variable, relative to the largest value of that variable."""
    worst = 0.0
    for name in expected:
        one, other = (in_order(result, name) for result in (expected, found)) if name in found else (None, None)
        if one is None or one.shape != other.shape or one.dtype.kind != "f" or not one.size:
            continue
        worst = max(worst, float(_largest(one, other)))
    return worst
