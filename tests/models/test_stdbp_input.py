"""What disturbs the input spikes of STDBP in training, against plain numpy, and that nothing does without a teacher."""

import numpy as np
import pytest

from sbp_brian.models.stdbp import STDBP
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.models.stdbp.options import Displacement, InputJitter, Noise
from tests.helpers.stdbp_cases import TAU, run

HEIGHT, WIDTH = 5, 4
CELLS, N = HEIGHT * WIDTH, 30
IMAGE = np.random.default_rng(3).integers(1, 256, (HEIGHT, WIDTH)).astype(np.uint8)


def network(width=WIDTH, **kwds):
    """One without hidden cells."""
    return STDBP((CELLS, 2), width=width, **kwds)


def shown(option, kind=STDBP):
    """Spike times (tau) of the input cells in N samples, infinite where silent: first half with a teacher.

    Each output has one input, of weight 1, and spikes one tau after it.
    """
    model = kind((CELLS, CELLS), width=WIDTH, options=(option,))
    images, teaching = np.tile(IMAGE.ravel(), (N, 1)), np.arange(N) < N // 2
    result, _ = run(model, images, np.zeros(N, int), teaching=teaching, start={"into_output.w": np.eye(CELLS).ravel()})
    times = np.array(result["answers.spike_time"])[:, 1 : N + 1].T / TAU
    times = np.where(times < model.cells.window, times - 1, np.inf).reshape(N, HEIGHT, WIDTH)
    return times[: N // 2], times[N // 2 :]


def displaced(down, right):
    """The spike times of the image moved by so many pixels, whatever leaves it lost."""
    times = np.full((HEIGHT, WIDTH), np.inf)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            if 0 <= row + down < HEIGHT and 0 <= column + right < WIDTH:
                times[row + down, column + right] = 1 - IMAGE[row, column] / 255
    return times


@pytest.mark.parametrize("kind", [STDBP, GridSTDBP])
def test_displaced_images_are_the_image_moved(kind):
    taught, others = shown(Displacement(1), kind)
    found = set()
    for times in taught:
        matching = [
            (down, right)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            if np.allclose(times, displaced(down, right), rtol=0, atol=1e-9)
        ]
        assert len(matching) == 1, "one displacement explains all times"
        found |= set(matching)
    assert len(found) > 4
    np.testing.assert_allclose(others, np.broadcast_to(displaced(0, 0), others.shape), rtol=0, atol=1e-9)


def test_jitter_of_input_spikes_has_its_width_and_only_in_training():
    taught, others = shown(InputJitter(0.1))
    change = taught - displaced(0, 0)
    assert change.std() == pytest.approx(0.1, rel=0.15)
    assert abs(change.mean()) < 0.02
    np.testing.assert_allclose(others, np.broadcast_to(displaced(0, 0), others.shape), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: network(options=(Displacement(-1),)), "pixels of Displacement must be a whole number"),
        (lambda: network(7, options=(Displacement(1),)), "a width that divides the 20 inputs; got pixels=1, width=7"),
        (lambda: network(options=(Displacement(1), Noise())), "Displacement is for training and Noise for tests"),
        (lambda: network(options=(InputJitter(-0.1),)), "deviation of InputJitter must be a number above 0"),
        (lambda: network(0), "width must be a whole number"),
    ],
)
def test_bad_disturbances_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
