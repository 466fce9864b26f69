"""Images read between pixels, held to plain loops; and what random deformations do."""

import functools

import numpy as np
import pytest

from sbp_brian.errors import ModelError, TableError
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Deformation, Displacement, InputCoding, Spikes
from sbp_brian.targets import Simulation
from sbp_brian.training.deformation import ImageTable, RealTable, deformations
from sbp_brian.training.spiking import Presentation

HEIGHT, WIDTH = 6, 5


def between(image, row, column):
    """Bilinear interpolation, one pixel after the other; 0 outside."""
    value, top, left = 0.0, int(np.floor(row)), int(np.floor(column))
    for i in (top, top + 1):
        for j in (left, left + 1):
            if 0 <= i < image.shape[0] and 0 <= j < image.shape[1]:
                value += (1 - abs(row - i)) * (1 - abs(column - j)) * image[i, j]
    return value / 255


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(2).integers(0, 256, (4, HEIGHT * WIDTH)).astype(np.uint8)


def test_a_table_of_images_is_read_between_pixels_and_outside(images):
    table = ImageTable(images, WIDTH)
    rng = np.random.default_rng(3)
    for sample, row, column in zip(
        rng.integers(0, 4, 200), rng.uniform(-2, HEIGHT + 1, 200), rng.uniform(-2, WIDTH + 1, 200), strict=True
    ):
        wanted = between(images[sample].reshape(HEIGHT, WIDTH), row, column)
        assert table.pyfunc(float(sample), row, column) == pytest.approx(wanted, abs=1e-14)


def deformed(target, images, option):
    """What the pixels read of the last of four samples, with a teacher, and which deformation was drawn."""
    model = SBPNetwork(HEIGHT * WIDTH, 4, 3, width=WIDTH, options=(option,))
    presentation = Presentation(images, 4, model.duration)
    shown = presentation.settings(np.arange(4), np.zeros(4), np.ones(4))
    make = functools.partial(SBPNetwork.network, model, presentation)
    result = Simulation(make, 4 * model.duration, target).run({**model.initial(0), **shown}, seed=5)
    return result["pixels.x"], int(result["pixels.deformation"])


@pytest.mark.parametrize("target", ["numpy", "cpp", pytest.param("cython", marks=pytest.mark.slow)])
def test_the_network_sees_deformed_samples(target, images):
    option = Deformation(elastic=0.8, smooth=2.0, rotate=20, scale=0.2, shear=0.1, shift=1, fields=50, seed=9)
    x, drawn = deformed(target, images, option)
    fields = {"elastic": 0.8, "smooth": 2.0, "rotate": 20, "scale": 0.2, "shear": 0.1, "shift": 1}
    down, right = deformations(50, HEIGHT, WIDTH, **fields, seed=9)
    image = images[3].reshape(HEIGHT, WIDTH)
    wanted = [between(image, k // WIDTH + down[drawn, k], k % WIDTH + right[drawn, k]) for k in range(HEIGHT * WIDTH)]
    np.testing.assert_allclose(x, wanted, rtol=0, atol=1e-12)
    assert np.abs(x - images[3] / 255).max() > 0.1


def test_a_turn_and_a_shift_are_what_they_say():
    down, right = deformations(400, 9, 9, rotate=30, seed=1)
    corner = np.hypot(4, 4)
    turned = np.hypot(-4 + down[:, 0], -4 + right[:, 0])
    np.testing.assert_allclose(turned, corner)  # a turn keeps the distance from the middle
    assert np.abs(np.rad2deg(np.arctan2(down[:, 44], 4 + right[:, 44]))).max() <= 30 + 1e-9
    assert np.abs(np.rad2deg(np.arctan2(down[:, 44], 4 + right[:, 44]))).max() > 25
    down, right = deformations(400, 9, 9, shift=2, seed=1)
    assert np.ptp(down, axis=1).max() < 1e-12
    assert np.ptp(right, axis=1).max() < 1e-12
    assert 1.9 < np.abs(down).max() <= 2


def test_the_elastic_part_has_its_size_and_is_smooth():
    down, right = deformations(2000, 12, 12, elastic=1.5, smooth=3.0, seed=4)
    for field in (down, right):
        np.testing.assert_allclose(np.sqrt((field**2).mean(0)), 1.5, rtol=0.1)
    steps = np.diff(down.reshape(-1, 12, 12), axis=1)
    rough = np.diff(deformations(2000, 12, 12, elastic=1.5, smooth=0.5, seed=4)[0].reshape(-1, 12, 12), axis=1)
    assert steps.std() < 0.5 * rough.std()
    np.testing.assert_array_equal(down, deformations(2000, 12, 12, elastic=1.5, smooth=3.0, seed=4)[0])
    assert not np.array_equal(down, deformations(2000, 12, 12, elastic=1.5, smooth=3.0, seed=5)[0])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Deformation(), ModelError, "deforms nothing"),
        (lambda: Deformation(elastic=-1), ModelError, "elastic of Deformation"),
        (lambda: Deformation(elastic=1, smooth=0), ModelError, "smooth of Deformation"),
        (lambda: Deformation(rotate=5, fields=0), ModelError, "fields of Deformation"),
        (lambda: SBPNetwork(30, 4, 3, width=7, options=(Deformation(rotate=5),)), ModelError, "width"),
        (
            lambda: SBPNetwork(30, 4, 3, width=5, options=(Deformation(rotate=5), Displacement(1))),
            ModelError,
            "give the latter's shift",
        ),
        (
            lambda: SBPNetwork(30, 4, 3, width=5, options=(Deformation(rotate=5), Spikes())),
            ModelError,
            "leave it out with Spikes",
        ),
        (lambda: ImageTable(np.zeros((2, 30), np.uint8), 7), TableError, "no rows of 7"),
        (lambda: RealTable(np.array([[np.nan]])), TableError, "finite values"),
        (lambda: RealTable(np.zeros(3)), TableError, "shape"),
    ],
)
def test_what_cannot_be_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_network_without_it_reads_as_before():
    plain = SBPNetwork(30, 4, 3, width=5)
    assert "sample_at" not in plain.text
    assert plain.option(InputCoding) is not None
