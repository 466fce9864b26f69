"""The protocols with model=stdbp, small, from their parameters to the figure."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from sbp_brian import figures, protocols
from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.datasets import load_mnist
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.models.stdbp import STDBP
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.models.stdbp.options import Displacement, Dropout, InputJitter
from sbp_brian.protocols.benchmarks.learners.stdbp import rank_times
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.tasks import mnist, yin_yang
from sbp_brian.training.checkpoints import Checkpoints, Epoch
from sbp_brian.training.readout import FirstSpike
from sbp_brian.training.spiking import Samples
from tests.reference.convolutions import unrolled


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    out = tmp_path_factory.mktemp("records")
    small = {
        "model": "stdbp",
        "hidden": 30,
        "train_samples": 1500,
        "validation_samples": 200,
        "test_samples": 300,
        "epochs": 2,
        "rate_hidden": 0.002,
        "rate_output": 0.002,
    }
    return [
        execute(protocols.get("mnist"), out=out, parameters=small),
        execute(protocols.get("mnist"), out=out, parameters={**small, "learning": "rank-order", "epochs": 1}),
        execute(protocols.get("yin-yang"), out=out, parameters={"hidden": 30, "epochs": 4, "robustness": True}),
    ]


def metrics(record):
    return {row["name"]: row["value"] for row in record.metrics}


def test_it_learns_and_says_what_it_spent(records):
    digits, points = metrics(records[0]), metrics(records[2])
    assert digits["test_accuracy"] > 0.6
    assert points["test_accuracy"] > 0.64, "a linear classifier"
    assert 0 < digits["spikes_per_hidden_cell"] <= 1
    assert 0 < digits["decision_time_ms"] < 40
    assert 0 <= digits["no_answer"] < 0.4
    assert all(row["band"] is None for record in records for row in record.metrics), "short runs are not judged"


def made(task, samples, **asked):
    """The network that a task makes of these parameters."""
    p = task.protocol().resolve(**asked)
    return task.offers[p.model].plan(p, Data(samples), seed=0).network


def test_parameters_choose_the_network():
    data = Samples(np.ones((3, 5), np.uint8), np.zeros(3, int), 3, *np.arange(3).reshape(3, 1))
    grid = {"hidden": 20, "depth": 2, "step": "4 ms", "drop_input": 0.1, "jitter_input": 0.2, "optimiser": "momentum"}
    network = made(yin_yang.TASK, data, **grid)
    assert isinstance(network, GridSTDBP)
    assert (network.layers, network.step) == ((5, 20, 20, 3), 4 * ms)
    assert network.options == (Dropout(input=0.1), InputJitter(0.2))
    assert network.optimiser == "momentum"
    network = made(yin_yang.TASK, data, learning="frozen")
    assert type(network) is STDBP
    assert (network.layers, network.learning, network.option(Dropout).input) == ((5, 120, 3), "frozen", 0.0)
    images = replace(data, images=np.ones((3, 784), np.uint8))
    assert made(mnist.TASK, images, model="stdbp", jitter=1).option(Displacement) == Displacement(1)


def test_the_mean_of_checkpoints(tmp_path):
    kept = Checkpoints(tmp_path, {})
    for number in (1, 2, 3):
        kept.save({"w": np.full(2, float(number**2))}, [Epoch(k + 1, 0.5, 0.5, {}, 1.0, 10) for k in range(number)])
    np.testing.assert_allclose(kept.mean(2, 3)["w"], 6.5)
    np.testing.assert_allclose(kept.mean(3, 3)["w"], 9)


@pytest.mark.slow
def test_depth_grid_and_the_mean_of_weights(tmp_path):
    record = execute(
        protocols.get("yin-yang"),
        out=tmp_path,
        parameters={"hidden": 20, "depth": 2, "step": "4 ms", "epochs": 3, "average": 2, "train_samples": 2000},
    )
    found = metrics(record)
    assert found["test_accuracy"] > 0.5
    assert 0 < found["spikes_per_hidden2_cell"] <= 1
    assert any("GridSTDBP(layers=(5, 20, 20, 3)" in note for note in record.notes)
    assert any("mean of the weights after each of the last 2 epochs" in note for note in record.notes)
    curve = record.array("validation_accuracy_by_epoch")
    assert found["validation_accuracy"] not in curve[:-1]
    assert len(record.array("spike_times_hidden2_ms")) > 0


def test_disturbance_costs_accuracy_and_none_costs_nothing(records):
    record = records[2]
    whole = metrics(record)["test_accuracy"]
    for kind in ("jitter", "missing", "weight_noise"):
        found = record.array(f"accuracy_by_{kind}")
        assert found[0] == pytest.approx(whole), kind
        assert found[-1] < whole - 0.1, kind
        levels = record.array(f"{kind}_level").tolist()
        assert metrics(record)[f"accuracy_{kind}_0.5"] == found[levels.index(0.5)], kind
    early = record.array("accuracy_by_decision_limit")
    assert early[0] == 0
    assert (np.diff(early) >= 0).all()
    assert early[-1] == pytest.approx(whole)


def test_the_figure_is_drawn_from_records_of_it(records):
    figure = figures.get("stdbp-learning")
    drawing, caption = figure.make(records)
    assert "on mnist" in caption
    assert "exact, rank-order" in caption
    assert len(drawing.axes) == 5, "no disturbance was measured on these digits"
    assert len(figure.make(records[2:])[0].axes) == 6, "with disturbance"
    assert len(drawing.axes[3].lines) == 4, "a curve and a star for each arm"
    assert all(ax.has_data() for ax in drawing.axes)
    assert figure.missing([]) == ["a task with model=stdbp (sbp run yin-yang)"]


def test_the_figure_of_gradients_shows_the_trained_slopes(records):
    figure = figures.get("stdbp-gradients")
    drawing, caption = figure.make(records[2:])
    assert "trained on yin-yang" in caption
    trained = drawing.axes[3]
    assert len(trained.lines) == 3, "hidden cells, output cells, bound"
    assert (trained.lines[0].get_xdata() > 0).all()
    silent = [100 - line.get_ydata()[1] for line in drawing.axes[2].lines]
    assert silent[0] > max(silent[1:]), "fewest cells with ramps are silent"
    assert "d, as b" not in figure.caption([])
    assert len(figure.make([])[0].axes) == 3, "no panel of a trained network"


def test_an_arm_of_the_other_model_is_refused(tmp_path):
    few = {"train_samples": 100, "validation_samples": 100, "test_samples": 100}
    with pytest.raises(ParameterError, match="learning=weighted is none of model=stdbp"):
        execute(protocols.get("mnist"), out=tmp_path, parameters={"model": "stdbp", "learning": "weighted", **few})
    with pytest.raises(ParameterError, match="learning=sbp is none of model=sbp_network"):
        execute(protocols.get("mnist"), out=tmp_path, parameters={"learning": "sbp", **few})


def test_kernels_are_a_model_of_their_own(tmp_path):
    few = {"train_samples": 60, "validation_samples": 3, "test_samples": 4, "epochs": 1}  # batches that are whole
    asked = {"model": "stdbp_conv", "learning": "sbp-bit", "maps": 2, "kernel": 7, "stride": 3, **few}
    record = execute(protocols.get("mnist"), out=tmp_path, parameters=asked, target="numpy")
    found = metrics(record)
    images = load_mnist("test").images[:4] > 0
    pixel, _, _ = unrolled(Convolution(Maps(1, 28, 28), 2, 7, 3))
    operations = images[:, pixel].sum() / 4 + 10 * found["hidden_spikes_per_sample"]
    assert found["synaptic_operations_per_sample"] == pytest.approx(operations, rel=1e-12)
    before, after = record.array("kernels_before"), record.array("kernels_after")
    assert before.shape == after.shape == (2, 7, 7)
    assert not np.array_equal(before, after)
    assert figures.get("shared-kernels").missing([record]) == []
    assert "784-128-10 with 2 kernels of 7 x 7 (sbp-bit)" in record.summary


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"learning": "sbp", "pooling": 2},
            "learning=sbp reports one synapse back, .*, and pooling=2 puts others",
        ),
        ({"learning": "sbp-bit", "dense": 9}, "learning=sbp-bit reports one synapse back, .* leave dense at 0$"),
        ({"epochs": 2, "average": 3}, "average=3 is more than the 2 epochs there are"),
        ({"kernel": 29}, "kernel"),
    ],
)
def test_kernels_that_cannot_be_are_refused_before_data_are_read(tmp_path, asked, message):
    with pytest.raises(ParameterError, match=message) as refused:
        execute(protocols.get("mnist"), out=tmp_path, parameters={"model": "stdbp_conv", **asked}, target="numpy")
    assert "\n" not in str(refused.value)


def test_kernels_on_cuda_are_refused():
    asked = mnist.PROTOCOL.resolve(model="stdbp_conv")
    with pytest.raises(
        ParameterError, match="model=stdbp_conv takes spikes in their exact order, and CUDA all at once"
    ):
        mnist.OFFERS["stdbp_conv"].learner.check(asked, "cuda")


def test_ranks_keep_the_order_and_nothing_else():
    images = np.array([[0, 3, 200, 3, 255]], np.uint8)
    np.testing.assert_array_equal(rank_times(images), [[0, 85, 170, 85, 255]])
    np.testing.assert_array_equal(rank_times(images // 2 + (images > 0)), rank_times(images))


def test_no_spike_is_no_answer():
    times = np.array([[9, 4.0, 1.0, 4.0], [9, 4.0, 2.0, 0.5], [9, 4.0, 3.0, 4.0]])
    np.testing.assert_array_equal(
        FirstSpike("answers.spike_time").answers({"answers.spike_time": times}, 3), [-1, 0, 1]
    )
