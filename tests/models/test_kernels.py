"""Which cells a convolution connects, against scipy's, over maps and sizes."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from sbp_brian.models.kernels import Convolution


@pytest.mark.parametrize(
    ("height", "width", "maps", "size", "stride", "channels"),
    [(7, 9, 2, 3, 2, 1), (6, 6, 3, 3, 3, 2), (5, 8, 1, 5, 1, 3), (4, 4, 2, 1, 1, 1)],
)
def test_it_is_that_of_scipy(height, width, maps, size, stride, channels):
    convolution = Convolution(height, width, maps, size, stride, channels)
    rng = np.random.default_rng(0)
    images, kernels = rng.random((channels, height, width)), rng.random((maps, channels, size, size))
    assert convolution.weights == kernels.size
    assert convolution.fan_in == kernels[0].size
    i, j, kernel = convolution.patches()
    found = np.bincount(j, kernels.ravel()[kernel] * images.ravel()[i]).reshape(convolution.shape)
    expected = [
        sum(correlate2d(image, k, mode="valid") for image, k in zip(images, of_map, strict=True))[::stride, ::stride]
        for of_map in kernels
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.bincount(j).min() == np.bincount(j).max() == convolution.fan_in
