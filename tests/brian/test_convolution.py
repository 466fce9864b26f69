"""Which cells a convolution connects: against its definition and scipy's, for drawn sizes, strides and paddings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d

from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.errors import KernelError, SettingError, UnknownParameter
from tests.reference.convolutions import numbers, unrolled


@st.composite
def convolutions(draw):
    maps = Maps(*(draw(st.integers(1, most)) for most in (3, 7, 7)), maps_last=draw(st.booleans()))
    padding = (draw(st.integers(0, 3)), draw(st.integers(0, 3)))
    kernel = tuple(
        draw(st.integers(1, min(4, size + 2 * more)))
        for size, more in zip((maps.rows, maps.columns), padding, strict=True)
    )
    stride = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    return Convolution(maps, draw(st.integers(1, 3)), kernel, stride, padding, maps_last=draw(st.booleans()))


def as_sets(connections):
    found = list(zip(*(part.tolist() for part in connections), strict=True))
    assert len(set(found)) == len(found), "a synapse is there twice"
    return set(found)


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_both_sides_find_what_the_definition_says(convolution):
    expected = as_sets(unrolled(convolution))
    before, behind = np.arange(convolution.source.cells), np.arange(convolution.target.cells)
    assert as_sets(convolution.from_source(before)) == expected
    assert as_sets(convolution.from_target(behind)) == expected
    assert as_sets(convolution.patches()) == expected
    fan_out = np.bincount([i for i, _, _ in expected], minlength=convolution.source.cells)
    np.testing.assert_array_equal(convolution.fan_out(), fan_out)


@settings(max_examples=30, deadline=None)
@given(convolutions(), st.integers(0, 100))
def test_cells_of_an_event_keep_their_order(convolution, seed):
    rng = np.random.default_rng(seed)
    for maps, reach, side in (
        (convolution.source, convolution.from_source, 0),
        (convolution.target, convolution.from_target, 1),
    ):
        some = rng.permutation(maps.cells)[: maps.cells // 2 + 1]
        together = reach(some)
        for k in range(3):
            np.testing.assert_array_equal(together[k], np.concatenate([reach(some[[n]])[k] for n in range(len(some))]))
        there = together[side]
        assert [n for k, n in enumerate(there) if k == 0 or there[k - 1] != n] == [n for n in some if n in there]


@settings(max_examples=30, deadline=None)
@given(convolutions(), st.integers(0, 100))
def test_it_is_that_of_scipy(convolution, seed):
    rng, before, behind = np.random.default_rng(seed), convolution.source, convolution.target
    images, kernels = rng.random((before.maps, before.rows, before.columns)), rng.random(convolution.shape)
    cells, weights = np.empty(before.cells), convolution.flat(kernels)
    cells[numbers(before)] = images
    i, j, kernel = convolution.patches()
    found = np.bincount(j, weights[kernel] * cells[i], minlength=behind.cells)[numbers(behind)]
    top, left = convolution.padding
    padded = np.pad(images, ((0, 0), (top, top), (left, left)))
    every = tuple(slice(None, None, step) for step in convolution.stride)
    expected = [
        sum(correlate2d(image, k, mode="valid") for image, k in zip(padded, of_map, strict=True))[every]
        for of_map in kernels
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(convolutions())
def test_numbers_and_places_are_each_others_reverse(convolution):
    values = np.arange(convolution.weights)
    np.testing.assert_array_equal(convolution.flat(convolution.array(values)), values)
    assert convolution.array(values).shape == convolution.shape
    at = tuple(size - 1 for size in convolution.shape)
    assert convolution.array(values)[at] == sum(k * step for k, step in zip(at, convolution.steps, strict=True))
    for maps in (convolution.source, convolution.target):
        m, r, c = np.indices((maps.maps, maps.rows, maps.columns))
        np.testing.assert_array_equal(maps.number(m, r, c), numbers(maps))
        for found, place in zip(maps.places(numbers(maps)), (m, r, c), strict=True):
            np.testing.assert_array_equal(found, place)
    assert convolution.fan_in * convolution.maps == convolution.weights


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Maps(0, 3, 3), r"^maps of Maps must be a whole number of at least 1, got 0$"),
        (lambda: Maps(1, 2.5, 3), r"^rows of Maps must be a whole number of at least 1, got 2.5$"),
        (
            lambda: Convolution((1, 3, 3), 2, 2),
            r"^source of Convolution must be Maps\(maps, rows, columns\), got \(1, 3",
        ),
        (
            lambda: Convolution(Maps(1, 3, 3), True, 2),
            r"^maps of Convolution must be a whole number of at least 1, got T",
        ),
        (
            lambda: Convolution(Maps(1, 3, 3), 2, (2, 2, 2)),
            r"^kernel of Convolution must be one whole number or two, v",
        ),
        (
            lambda: Convolution(Maps(1, 3, 3), 2, 2, stride=0),
            r"^stride of Convolution must be a whole number of at least",
        ),
        (
            lambda: Convolution(Maps(1, 3, 3), 2, 2, padding=-1),
            r"^padding of Convolution must be a whole number of at le",
        ),
        (
            lambda: Convolution(Maps(1, 9, 4), 2, 5),
            r"^a kernel over 5 columns is larger than maps of 4 columns; make it s",
        ),
        (
            lambda: Convolution(Maps(1, 4, 9), 2, 7, padding=1),
            r"^a kernel over 7 rows is larger than maps of 4 rows and 1 of padding on either side; make it smaller, or",
        ),
        (
            lambda: Convolution(Maps(1, 3, 3), 2, 2).flat(np.zeros(8)),
            r"^kernels must have the shape \(2, 1, 2, 2\), got",
        ),
        (lambda: Convolution(Maps(1, 3, 3), 2, 2).array(np.zeros(9)), r"^there are 8 weights, got values of the shape"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(KernelError, match=message) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_unknown_names_and_other_truths_are_refused():
    with pytest.raises(UnknownParameter, match="did you mean 'stride'"):
        Convolution(Maps(1, 3, 3), 2, 2, strides=2)
    with pytest.raises(SettingError, match="maps_last must be True or False, got 1"):
        Maps(1, 3, 3, 1)
