"""Images read between their pixels, and random fields that say where: training images deformed while a network runs.

Source of elastic deformation as an addition to the data: Simard, Steinkraus & Platt 2003, Best practices for
convolutional neural networks applied to visual document analysis, doi:10.1109/ICDAR.2003.1227801.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.errors import TableError
from sbp_brian.training.encoding import ByteTable, Table

__all__ = ["ImageTable", "RealTable", "deformations"]

_REAL_CPP = """
%MODIFIER%static inline double %NAME%(const double row, const int column)
{
    return _namespace%NAME%_values[(size_t)(row + 0.5)*%COLUMNS% + (size_t)column];
}
"""
_REAL_CYTHON = """
cdef double %NAME%(const double row, const int column):
    global _namespace%NAME%_values
    return _namespace%NAME%_values[<size_t>(row + 0.5)*%COLUMNS% + <size_t>column]
"""
_IMAGE_CPP = """
%MODIFIER%static inline double %NAME%(const double sample, const double row, const double column)
{
    const int r = (int)floor(row), c = (int)floor(column);
    const double down = row - r, right = column - c;
    const size_t image = (size_t)(sample + 0.5)*%COLUMNS%;
    double value = 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            if (r + i >= 0 && r + i < %HEIGHT% && c + j >= 0 && c + j < %WIDTH%)
                value += (i ? down : 1 - down)*(j ? right : 1 - right)
                         *((uint8_t)_namespace%NAME%_bytes[image + (size_t)((r + i)*%WIDTH% + c + j)]);
    return value*%SCALE%;
}
"""
_IMAGE_CYTHON = """
cdef double %NAME%(const double sample, const double row, const double column):
    global _namespace%NAME%_bytes
    cdef int r = <int>floor(row)
    cdef int c = <int>floor(column)
    cdef double down = row - r
    cdef double right = column - c
    cdef size_t image = <size_t>(sample + 0.5)*%COLUMNS%
    cdef double value = 0
    cdef int i, j
    for i in range(2):
        for j in range(2):
            if r + i >= 0 and r + i < %HEIGHT% and c + j >= 0 and c + j < %WIDTH%:
                value += ((down if i else 1 - down)*(right if j else 1 - right)
                          *(<int>_namespace%NAME%_bytes[image + <size_t>((r + i)*%WIDTH% + c + j)] & 255))
    return value*%SCALE%
"""


class RealTable(Table):
    """A table of real numbers as a function of row and column for Brian2 code, ``name(row, column)``.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        Dimensionless, finite.
    name : str
        Name under which code calls it.

    Raises
    ------
    TableError
        Another shape, or values that are not finite.
    """

    _cpp, _cython = _REAL_CPP, _REAL_CYTHON

    def __init__(self, values: np.ndarray, name: str = "real_table*"):
        values = np.ascontiguousarray(values, dtype=float)
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise TableError(f"{type(self).__name__} needs finite values of shape (rows, columns), got {values.shape}")
        super().__init__(values, name, values.ravel(), values.ravel())

    def _look_up(self):
        table = self.values

        def look_up(row, column):
            return table[np.asarray(np.round(row), dtype=int), column]

        return look_up


class ImageTable(ByteTable):
    """A table of images for Brian2 code that is read between pixels too, ``name(sample, row, column)``.

    A place between pixels has the bilinear interpolation of its four neighbours; what lies outside the image is 0.

    Parameters
    ----------
    values : ndarray of uint8, shape (samples, pixels)
    width : int
        Pixels in a row of the image.
    scale : float
        The function's value is the byte times `scale` (dimensionless).
    name : str
        Name under which code calls it.

    Raises
    ------
    TableError
        As `ByteTable`, or rows that do not fit.
    """

    _cpp, _cython = _IMAGE_CPP, _IMAGE_CYTHON

    def __init__(self, values: np.ndarray, width: int, scale: float = 1 / 255, name: str = "image_table*"):
        pixels = np.shape(values)[-1]
        if width < 1 or pixels % width:
            raise TableError(f"images of {pixels} pixels have no rows of {width}; give a width that divides them")
        self.width, self.height = int(width), pixels // int(width)
        super().__init__(values, scale, name)

    _arguments = ("sample", "row", "column")

    def _texts(self) -> dict[str, str]:
        return {**super()._texts(), "%WIDTH%": str(self.width), "%HEIGHT%": str(self.height)}

    def _look_up(self):
        images, factor = self.values.reshape(-1, self.height, self.width), self.scale

        def look_up(sample, row, column):
            sample = np.asarray(np.round(sample), dtype=int)
            top, left = np.floor(row).astype(int), np.floor(column).astype(int)
            down, right = row - top, column - left
            value = np.zeros(np.broadcast(top, left).shape)
            for i, y in ((top, 1 - down), (top + 1, down)):
                for j, x in ((left, 1 - right), (left + 1, right)):
                    there = (i >= 0) & (i < self.height) & (j >= 0) & (j < self.width)
                    inside = images[sample, np.clip(i, 0, self.height - 1), np.clip(j, 0, self.width - 1)]
                    value = value + y * x * np.where(there, inside, 0)
            return value * factor

        return look_up


def deformations(
    n: int,
    height: int,
    width: int,
    *,
    elastic: float = 0.0,
    smooth: float = 4.0,
    rotate: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    shift: float = 0.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Random smooth deformations of an image: how far below and to the right of each pixel its value is found.

    Each is an affine map about the middle of the image, with its own angle, scales, shear and shift, each uniform
    between the limits, and an elastic field: white noise smoothed by a Gaussian.

    Parameters
    ----------
    n : int
        Number of deformations.
    height, width : int
        Pixels of the image.
    elastic : float
        Root of the mean square of the elastic displacement, in pixels, each way.
    smooth : float
        Standard deviation of the Gaussian, in pixels.
    rotate : float
        Largest angle, in degrees.
    scale, shear : float
        Largest share by which rows and columns are longer or shorter, and by which rows move against one another.
    shift : float
        Largest displacement of the whole image, in pixels, each way.
    seed : int

    Returns
    -------
    down, right : ndarray, shape (n, height*width)
        In pixels.
    """
    rng = np.random.default_rng([seed, 2003])
    y, x = np.mgrid[:height, :width].reshape(2, 1, -1) - np.array([[[height - 1]], [[width - 1]]]) / 2
    angle, lean, tall, wide, lower, righter = rng.uniform(-1, 1, (6, n, 1))
    angle, lean = np.deg2rad(rotate * angle), shear * lean
    tall, wide = 1 + scale * tall, 1 + scale * wide
    across = x + lean * y
    down = tall * (np.cos(angle) * y + np.sin(angle) * across) - y + shift * lower
    right = wide * (np.cos(angle) * across - np.sin(angle) * y) - x + shift * righter
    if elastic:
        vertical, horizontal = (_gaussian(size, smooth) for size in (height, width))
        for field in (down, right):
            noise = vertical @ rng.standard_normal((n, height, width)) @ horizontal.T
            spread = np.sqrt((vertical**2).sum(1)[:, None] * (horizontal**2).sum(1))
            field += elastic * (noise / spread).reshape(n, -1)
    return down, right


def _gaussian(size: int, deviation: float) -> np.ndarray:
    """Smoothing by a Gaussian as a matrix, whose rows sum to 1."""
    place = np.arange(size)
    weights = np.exp(-((place[:, None] - place) ** 2) / (2 * deviation**2))
    return weights / weights.sum(1, keepdims=True)
