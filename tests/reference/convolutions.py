"""A convolution by its definition, place by place: what its kernels connect, for tests of all that computes it."""

from __future__ import annotations

import numpy as np

from sbp_brian.brian.convolution import Convolution, Maps


def numbers(maps: Maps) -> np.ndarray:
    """Numbers of the cells, as an array of maps, rows and columns."""
    n = np.arange(maps.maps * maps.rows * maps.columns)
    if maps.maps_last:
        return n.reshape(maps.rows, maps.columns, maps.maps).transpose(2, 0, 1)
    return n.reshape(maps.maps, maps.rows, maps.columns)


def pairs(convolution: Convolution) -> list[tuple[int, int, tuple[int, int, int, int]]]:
    """Presynaptic cell, postsynaptic cell, and place in the array of kernels, of each synapse."""
    before, found = convolution.source, []
    (height, width), (down, right), (top, left) = convolution.kernel, convolution.stride, convolution.padding
    i, j = numbers(before), numbers(convolution.target)
    for m, r, c in np.ndindex(j.shape):
        for of, y, x in np.ndindex(before.maps, height, width):
            row, column = r * down + y - top, c * right + x - left
            if 0 <= row < before.rows and 0 <= column < before.columns:
                found.append((int(i[of, row, column]), int(j[m, r, c]), (m, of, y, x)))
    return found


def unrolled(convolution: Convolution) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same as arrays, with the number of the weight in the order of `Convolution.flat`."""
    number = convolution.array(np.arange(convolution.weights))
    found = [(i, j, number[place]) for i, j, place in pairs(convolution)]
    return tuple(np.array(column) for column in zip(*found, strict=True))
