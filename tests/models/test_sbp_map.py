"""The map over lambda_p and lambda_f: which of its cells are compiled, by the text of their programs."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from itertools import product

import numpy as np
import pytest

from sbp_brian.experiments import records
from sbp_brian.identity import digest
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Subset
from sbp_brian.targets.build_cache import content_key
from sbp_brian.targets.programs import generate
from sbp_brian.training.one_program import network, one_program
from sbp_brian.training.spiking import Presentation
from tests.helpers.data_sets import need

TENTHS = tuple(k / 10 for k in range(1, 11))
CELLS = list(product((0.05, *TENTHS), TENTHS))
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 784), dtype=np.uint8)


def model_of(cell):
    lambda_p, lambda_f = cell
    options = (Subset(seed=3),) if lambda_p < 1 else ()
    return SBPNetwork(lambda_p=lambda_p, lambda_f=lambda_f, options=options)


def programs(cells, folder):
    """The program that each cell has by itself, by what its text, flags and compiler settings come to."""
    found = {}
    for cell in cells:
        place = folder / f"{cell[0]}-{cell[1]}"
        place.mkdir()
        model = model_of(cell)
        make = partial(SBPNetwork.network, model, Presentation(IMAGES, len(IMAGES), model.duration))
        _, flags = generate(make, (len(IMAGES) + 1) * model.duration, {}, place, seed=0)
        found[cell] = content_key(place, flags)
    return found


def test_by_themselves_cells_are_one_program_and_that_of_all_synapses(tmp_path):
    """One for all cells below lambda_p = 1, where subsets are data; at 1 the network has no subsets to ask."""
    found = programs([(0.05, 0.1), (0.5, 1.0), (1.0, 0.1), (1.0, 0.7)], tmp_path)
    assert found[0.05, 0.1] == found[0.5, 1.0] != found[1.0, 0.1]
    assert found[1.0, 0.1] == found[1.0, 0.7]


def test_in_a_sweep_all_110_cells_are_one_network_that_runs_differ_in():
    assert len(CELLS) == 110
    (same,) = {digest(model_of(cell).trial_model().shared.wider.make) for cell in CELLS}
    for lambda_p, lambda_f in ((0.05, 0.4), (1.0, 1.0)):
        with one_program():
            make, own = network(model_of((lambda_p, lambda_f)).trial_model(), "cpp")
        assert digest(make) == same
        assert own["inputs.retro_lambda_f"] == lambda_f
        members = np.reshape(own["inputs.retro_receptive"], (784, 500)).sum(0)
        np.testing.assert_array_equal(members, round(lambda_p * 784))


def test_outside_of_a_sweep_and_on_other_targets_a_network_is_its_own():
    model = model_of((0.5, 0.5)).trial_model()
    assert network(model, "cpp") == (model.make, {})
    with one_program():
        assert network(model, "numpy") == (model.make, {})


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_110_cells_at_10_000_images_are_one_compilation(tmp_path):
    """The sweep as a user starts it, from an empty cache; one epoch."""
    need("mnist")
    swept = ["-s", "lambda_p=0.05,0.1:1.0:0.1", "-s", "lambda_f=0.1:1.0:0.1"]
    fixed = ["-s", "train_samples=10000", "-s", "test_samples=1000", "-s", "epochs=1"]
    command = [sys.executable, "-m", "sbp_brian", "sweep", "mnist", *swept, *fixed, "--out", str(tmp_path / "out")]
    subprocess.run(command, check=True, env={**os.environ, "SBP_CACHE": str(tmp_path / "cache")})
    (swept,) = records.find(tmp_path / "out", "sweep")
    accuracy = swept.array("validation_accuracy")
    assert accuracy.shape == (11, 10, 1)
    assert np.isfinite(accuracy).all()
    assert accuracy[-1, -1] > accuracy[0, 0]
    assert len(list((tmp_path / "cache" / "programs").glob("*/main"))) == 1
    assert len(list((tmp_path / "cache" / "networks").iterdir())) == 1
