"""What experiments compute of scipy's statistics and signals is what scipy gives, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.signal import fftconvolve
from scipy.stats import gamma, linregress

from sbp_brian.protocols.biology import small_statistics


def test_slope_and_its_error_are_those_of_linregress():
    rng = np.random.default_rng(1)
    for size in rng.integers(3, 300, 200):
        x = rng.normal(2, 1, size)
        y = rng.normal() * x + rng.normal(size=size)
        fit = linregress(x, y)
        assert small_statistics.line_slope(x, y) == (fit.slope, fit.stderr)


@pytest.mark.parametrize("y", [(1.0, 1.0, 1.0), (1.0, 2.0, 3.0), (1.0, 3.0)], ids=["level", "exact", "two points"])
def test_points_without_spread_give_what_linregress_gives(y):
    x = np.arange(float(len(y)))
    fit = linregress(x, y)
    np.testing.assert_array_equal(small_statistics.line_slope(x, np.array(y)), (fit.slope, fit.stderr))


@pytest.mark.parametrize("shape", [1, 2, 3, 5, 8, 40])
def test_gamma_distribution_is_that_of_scipy(shape):
    x = np.arange(0, 5400, 0.5)
    assert np.array_equal(small_statistics.gamma_cdf(x, shape, 37.3), gamma.cdf(x, shape, scale=37.3))
    assert np.array_equal(small_statistics.gamma_pdf(x, shape, 37.3), gamma.pdf(x, shape, scale=37.3))


@pytest.mark.parametrize("sizes", [(1, 1), (7, 12), (5401, 5401), (640, 91)])
def test_convolution_is_that_of_scipy(sizes):
    one, other = (np.random.default_rng(k).normal(size=size) for k, size in enumerate(sizes))
    assert np.array_equal(small_statistics.convolution(one, other), fftconvolve(one, other))


def test_integral_is_that_of_scipy():
    x = np.cumsum(np.random.default_rng(3).random(500))
    assert np.array_equal(small_statistics.integral(np.sin(x), x), cumulative_trapezoid(np.sin(x), x, initial=0))
