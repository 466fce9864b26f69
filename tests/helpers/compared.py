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
        elif one.size:
            apart = np.abs(one - other).max(where=~(np.isnan(one) & np.isnan(other)) & (one != other), initial=0)
            largest = np.abs(one).max(where=np.isfinite(one), initial=0)
            if not apart <= relative * largest:
                wrong.append(f"{name}: {apart:.2g} of {largest:.2g}")
    return wrong
