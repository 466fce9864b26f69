"""Training by epochs: what is learned, checkpoints, and going on after a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.errors import CheckpointError, SampleError
from sbp_brian.training.encoding import ByteTable
from sbp_brian.training.spiking import Presentation, Samples
from tests.helpers.digit_training import digits, train_to_the_end, training


def test_it_learns_and_the_controls_do_not(tmp_path):
    learning = train_to_the_end(tmp_path / "a", 4)
    answers, counts, result = learning.evaluate(learning.samples.test)
    accuracy = (answers == learning.samples.labels[learning.samples.test]).mean()
    assert accuracy > 0.8
    assert learning.history[-1].running > learning.history[0].running
    assert counts.shape == (10, 100)
    # evaluation has changed nothing
    np.testing.assert_array_equal(result["inputs.w"], learning.learned["inputs.w"])

    frozen = training(tmp_path / "b", learning="frozen")
    start = frozen.learned["inputs.w"].copy()
    frozen.run(2)
    np.testing.assert_array_equal(frozen.learned["inputs.w"], start)
    assert frozen.learned["outputs.w"].std() > 0

    shuffled = training(tmp_path / "c", samples=digits().with_shuffled_training_labels(0))
    shuffled.run(2)
    assert shuffled.history[-1].validation < 0.35


def test_same_seed_same_weights_other_seed_other(tmp_path):
    first, again, other = (training(tmp_path / n, seed=s) for n, s in (("a", 3), ("b", 3), ("c", 4)))
    for t in (first, again, other):
        t.run(1)
    for name in first.learned:
        np.testing.assert_array_equal(first.learned[name], again.learned[name])
    assert not np.array_equal(first.learned["inputs.w"], other.learned["inputs.w"])


SCRIPT = """
import signal, sys
from tests.helpers.digit_training import training
signal.signal(signal.SIGINT, signal.default_int_handler)   # a shell's background jobs ignore it
t = training(sys.argv[1])
print("ready", flush=True)
t.run(int(sys.argv[2]))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_training_resumes_to_the_bit(tmp_path, how):
    folder = tmp_path / "stopped"
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), "1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout.readline().strip() == "ready"
    deadline = time.monotonic() + 400
    while len(list(folder.glob("epoch-*.npz"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate()
    assert process.returncode != 0, "it must have been stopped before its end"
    resumed = training(folder)
    assert resumed.resumed_from >= 3
    epochs = resumed.resumed_from + 3
    resumed.run(epochs)
    whole = train_to_the_end(tmp_path / "whole", epochs)
    for name in whole.learned:
        np.testing.assert_array_equal(resumed.learned[name], whole.learned[name])
    assert [e.validation for e in resumed.history] == [e.validation for e in whole.history]


def test_a_damaged_checkpoint_costs_one_epoch(tmp_path):
    whole = train_to_the_end(tmp_path, 3)
    last = tmp_path / "epoch-0003.npz"
    last.write_bytes(last.read_bytes()[:1000])
    resumed = training(tmp_path)
    assert resumed.resumed_from == 2
    resumed.run(3)
    np.testing.assert_array_equal(resumed.learned["inputs.w"], whole.learned["inputs.w"])


def test_checkpoints_of_another_training_are_refused(tmp_path):
    train_to_the_end(tmp_path, 1)
    with pytest.raises(CheckpointError, match=r"belongs to another training .*rates.*folder of its own"):
        training(tmp_path, rate_hidden=6.0)


def test_a_full_disk_keeps_earlier_epochs(tmp_path, monkeypatch):
    t = training(tmp_path)
    t.run(1)
    monkeypatch.setattr(np, "savez", lambda *a, **k: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match=r"epoch 2 could not be written .*earlier epochs are kept"):
        t.run(2)
    monkeypatch.undo()
    assert training(tmp_path).resumed_from == 1
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_samples_are_checked():
    images, labels = np.zeros((6, 4), np.uint8), np.array([0, 1, 2, 0, 1, 2])
    parts = np.arange(2), np.arange(2, 4), np.arange(4, 6)
    Samples(images, labels, 3, *parts)
    with pytest.raises(SampleError, match="label 2 of sample 2 is outside the classes 0 to 1"):
        Samples(images, labels, 2, *parts)
    with pytest.raises(SampleError, match=r"labels must be whole numbers, not float64; use labels.astype\(int\)"):
        Samples(images, np.where(labels == 2, np.nan, labels), 3, *parts)
    hole = images.astype(float)
    hole[3, 1] = np.nan
    with pytest.raises(SampleError, match="image 3 holds NaN"):
        Samples(hole, labels, 3, *parts)
    with pytest.raises(SampleError, match="must be uint8"):
        Samples(images.astype(float), labels, 3, *parts)
    with pytest.raises(SampleError, match="in two of training, validation and test"):
        Samples(images, labels, 3, np.arange(3), *parts[1:])
    with pytest.raises(SampleError, match="no training samples"):
        Samples(images, labels, 3, np.arange(0), *parts[1:])
    with pytest.raises(SampleError, match=r"targets must be uint8 of shape \(6, outputs\)"):
        Samples(images, labels, 3, *parts, targets=np.eye(3)[labels])
    several = Samples(images, labels, 3, *parts, targets=np.eye(3, dtype=np.uint8)[labels])
    assert np.array_equal(several.target_table, Samples(images, labels, 3, *parts).target_table)
    shuffled = several.with_shuffled_training_labels(1)
    assert np.array_equal(shuffled.target_table.argmax(1), shuffled.labels)  # label and targets move together
    presentation = Presentation(images, 2, 20 * ms)
    with pytest.raises(SampleError, match="more than the 2 that one run can show"):
        presentation.settings(np.arange(3), labels[:3], np.ones(3))


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.slow), "cpp"])
def test_a_table_of_bytes_reads_the_same_on_every_target(target):
    from brian2 import Network, NeuronGroup

    from sbp_brian.targets import Simulation

    values = np.random.default_rng(0).integers(0, 256, (7, 5)).astype(np.uint8)
    values[0, 0], values[6, 4] = 255, 128

    def make():
        table = ByteTable(values, scale=0.5, name="table")
        cells = NeuronGroup(5, "x : 1\nrow : 1", name="cells", namespace={"table": table})
        cells.run_regularly("x = x + table(row, i)*(row + 1)\nrow = row + 1", dt=1 * ms)
        return Network(cells)

    result = Simulation(make, 7 * ms, target).run(seed=1)
    expected = (0.5 * values.astype(float) * np.arange(1, 8)[:, None]).sum(0)
    np.testing.assert_allclose(result["cells.x"], expected, rtol=1e-14)


def test_a_table_needs_bytes():
    with pytest.raises(TypeError, match="type uint8"):
        ByteTable(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="one row a sample"):
        ByteTable(np.zeros(4, np.uint8))


#: In a process of its own: the peak of one that has run other tests says nothing.
MEMORY = """
import resource, sys
from sbp_brian.datasets import load_mnist
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.training.spiking import Samples, Training

splits = {"training": "fit", "validation": "validation", "test": "test"}
parts = {name: load_mnist(split, embedded=False).arrays() for name, split in splits.items()}
training = Training(SBPNetwork().trial_model(), Samples.join(parts, 10), sys.argv[1])
for epochs in (1, 2, 3):
    training.run(epochs)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
training.evaluate(training.samples.test)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


@pytest.mark.slow
def test_memory_of_all_mnist(tmp_path):
    done = subprocess.run([sys.executable, "-c", MEMORY, tmp_path], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    *peaks, child = map(float, done.stdout.split())
    assert max(*peaks, child) < 600, "MiB"
    assert peaks[2] - peaks[1] < 20
