"""Runs that diverge: the command fails with one line, and writes no record."""

import numpy as np
import pytest

from sbp_brian.errors import DivergedError
from sbp_brian.models.decolle import Decolle
from sbp_brian.protocols.benchmarks.tasks import decolle_regression
from tests.helpers.commands import refused

FEW = ["-s", "train_samples=200", "-s", "validation_samples=50", "-s", "test_samples=50", "-s", "hidden=20"]


def test_the_command_fails_and_names_the_parameter_as_it_is_given(tmp_path):
    asked = ["-s", "model=rbm", "-s", "epochs=3", "-s", "rate_hidden=1e6", *FEW]
    line = refused("run", "mnist", "--out", tmp_path, *asked, code=1)
    assert "the training diverged in epoch 1: W reaches " in line
    assert line.endswith("; lower rate_hidden (it was the first epoch, nothing is kept)")
    assert not list(tmp_path.rglob("record.json"))


def regression(lost=None, weights=0.1):
    network = Decolle((4, 3, 3), 1, steps=5, burn_in=1, targets=(np.zeros((5, 1)),) * 2)
    start = {"into_hidden1.w": np.full(12, 0.1)}
    found = {"into_hidden1.w": np.full(12, weights)} | {f"seen{k}.y": np.zeros((1, 31)) for k in (1, 2)}
    if lost:
        found[lost[0]][0, lost[1]] = lost[2]
    return network, found, start, 6


def test_decolle_regression_names_the_first_pass():
    decolle_regression.refuse_diverged(*regression())
    decolle_regression.refuse_diverged(*regression(("seen1.y", 30, np.nan)))  # after the last pass: not counted
    message = r"the training diverged in pass 3 of 6: readout2\.y holds NaN .*; lower rate$"
    with pytest.raises(DivergedError, match=message):
        decolle_regression.refuse_diverged(*regression(("seen2.y", 14, np.nan)))
    with pytest.raises(DivergedError, match=r"in pass 1 of 6: readout1\.y reaches 1e\+19"):
        decolle_regression.refuse_diverged(*regression(("seen1.y", 0, -1e19)))
    with pytest.raises(DivergedError, match=r"in pass 6 of 6: into_hidden1\.w reaches 1e\+17.*; lower rate$"):
        decolle_regression.refuse_diverged(*regression(weights=1e17))


@pytest.mark.slow
def test_decolle_regression_stops():
    network = Decolle(
        (100, 4), 1, steps=500, burn_in=20, encoding="spikes", targets=decolle_regression.targets(["ramp"]), rate=1.0
    )
    with pytest.raises(DivergedError, match=r"the training diverged in pass \d of 3: .*; lower rate"):
        decolle_regression.learn(network, 0, 1, 1, "numpy", 1e300)
