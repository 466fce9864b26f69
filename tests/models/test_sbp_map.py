"""The map over lambda_p and lambda_f: which of its cells are compiled, by the text of their programs."""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pytest

from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.targets.build_cache import content_key
from sbp_brian.targets.programs import generate
from sbp_brian.training.spiking import Presentation

TENTHS = tuple(k / 10 for k in range(1, 11))
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 784), dtype=np.uint8)


def programs(cells, folder):
    """The program of each cell, by what its text, flags and compiler settings come to."""
    found = {}
    for lambda_p, lambda_f in cells:
        place = folder / f"{lambda_p}-{lambda_f}"
        place.mkdir()
        model = SBPNetwork(lambda_p=lambda_p, lambda_f=lambda_f)
        make = partial(SBPNetwork.network, model, Presentation(IMAGES, len(IMAGES), model.duration))
        _, flags = generate(make, (len(IMAGES) + 1) * model.duration, {}, place, seed=0)
        found[lambda_p, lambda_f] = content_key(place, flags)
    return found


def held_to_one_program(found):
    """One for all cells below lambda_p = 1, where subsets are data; at 1 the network has no subsets to ask."""
    below = {key for (lambda_p, _), key in found.items() if lambda_p < 1}
    at_one = {key for (lambda_p, _), key in found.items() if lambda_p == 1}
    assert len(below) == 1
    assert len(at_one) == 1
    assert below != at_one


def test_corners_of_the_map_are_one_program_and_that_of_all_synapses(tmp_path):
    held_to_one_program(programs([(0.05, 0.1), (0.5, 1.0), (1.0, 0.1), (1.0, 0.7)], tmp_path))


@pytest.mark.slow
def test_all_110_cells_of_the_map_are_one_program_and_that_of_all_synapses(tmp_path):
    cells = list(product((0.05, *TENTHS), TENTHS))
    assert len(cells) == 110
    held_to_one_program(programs(cells, tmp_path))
