"""N-MNIST: its forms read alike, what is refused, and what the protocol makes of the events."""

import zipfile

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.datasets import nmnist
from sbp_brian.datasets.event_streams import EventStream, encode_bs2
from sbp_brian.errors import DatasetError, ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.protocols.benchmarks.tasks.nmnist import counts, shuffled_in_time
from tests.helpers.made_data import publish


def stream(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return EventStream.sorted(
        rng.integers(0, 34, n), rng.integers(0, 34, n), rng.integers(0, 2, n), rng.integers(0, 330_000, n), 34, 34
    )


@pytest.fixture
def official(tmp_path, monkeypatch):
    """The set in its official layout, with three digits a split."""
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    publish(monkeypatch, "nmnist", numbers={"train": 3, "test": 3})
    for folder, digits in (("Train", ((5, 1), (0, 2), (4, 3))), ("Test", ((7, 1), (2, 2), (1, 3)))):
        for label, number in digits:
            path = tmp_path / "nmnist" / folder / str(label) / f"{number:05}.bin"
            path.parent.mkdir(parents=True)
            path.write_bytes(encode_bs2(stream(seed=10 * label + number)))
    return tmp_path / "nmnist"


def same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("x", "y", "p", "t"))


def test_folders_and_zip_files_hold_the_same(official):
    for split, labels in (("train", [5, 0, 4]), ("test", [7, 2, 1])):
        clips = nmnist.load_nmnist(split)
        assert [clip.label for clip in clips] == labels, "in the order of their numbers"
        packed = official.parent / f"{split}.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for path in (official / split.title()).glob("*/*.bin"):
                archive.write(path, f"{split.title()}/{path.parent.name}/{path.name}")
        again = nmnist.nmnist_clips(packed)
        assert [clip.recording for clip in again] == [clip.recording for clip in clips] == ["00001", "00002", "00003"]
        for a, b in zip(clips, again, strict=True):
            assert same(a.read(), b.read())
            assert same(a.read(), stream(seed=10 * a.label + int(a.recording)))


def test_spikes_are_the_events_of_the_cropped_sensor(official):
    bits, labels = nmnist.packed_events(nmnist.load_nmnist("train"), 300)
    assert labels.tolist() == [5, 0, 4]
    spikes = np.unpackbits(bits, axis=1).reshape(3, 300, 2, 32, 32)
    for k, (label, number) in enumerate(((5, 1), (0, 2), (4, 3))):
        expected = np.zeros((300, 2, 32, 32), bool)
        events = stream(seed=10 * label + number)
        for x, y, p, t in zip(events.x, events.y, events.p, events.t, strict=True):
            if x < 32 and y < 32 and t < 300_000:
                expected[t // 1000, 1 - p, y, x] = True
        np.testing.assert_array_equal(spikes[k], expected)
        assert 200 < expected.sum() < len(events)


def test_shuffling_time_keeps_the_steps_and_the_counts(official):
    bits, _ = nmnist.packed_events(nmnist.load_nmnist("test"), 300)
    other = shuffled_in_time(bits, 3)
    np.testing.assert_array_equal(counts(bits), counts(other))
    np.testing.assert_array_equal(other, shuffled_in_time(bits, 3))
    a, b = (x.reshape(3, 300, 256) for x in (bits, other))
    for k in range(3):
        assert not np.array_equal(a[k], b[k])
        np.testing.assert_array_equal(np.unique(a[k], axis=0), np.unique(b[k], axis=0))
    spikes = np.unpackbits(bits, axis=1).reshape(3, 300, 2048).sum(1)
    np.testing.assert_allclose(counts(bits), spikes / spikes.max(1, keepdims=True), rtol=1e-6)


def test_the_small_set_is_that_of_mnist():
    try:
        train, test = nmnist.nmnist_small("train"), nmnist.nmnist_small("test")
    except DatasetError as error:
        pytest.skip(str(error))
    assert (len(train), len(test)) == (1000, 100)
    assert [clip.label for clip in train[:10]] == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4], "MNIST's first digits"
    events = train[0].read()
    assert len(events) == 4681
    assert events.t[-1] < 337_000


def test_bad_data_is_refused(official, monkeypatch):
    with pytest.raises(DatasetError, match="split 'trian'"):
        nmnist.load_nmnist("trian")
    broken = official / "Test" / "7" / "00001.bin"
    broken.write_bytes(broken.read_bytes()[:-2])
    with pytest.raises(DatasetError, match=r"00001.bin: .* no whole number of five-byte events"):
        nmnist.load_nmnist("test")[0].read()
    broken.write_bytes(bytes([40, 3, 0, 0, 1]))
    with pytest.raises(DatasetError, match="outside 0 to 33"):
        nmnist.load_nmnist("test")[0].read()
    broken.write_bytes(bytes([4, 3, 0, 0, 9, 4, 3, 0, 0, 1]))
    with pytest.raises(DatasetError, match="not in the order of their times"):
        nmnist.load_nmnist("test")[0].read()
    (official / "Train" / "notes.txt").write_text("no zip")
    with pytest.raises(DatasetError, match="cannot be read as a zip file"):
        nmnist.nmnist_clips(official / "Train" / "notes.txt")
    empty = official / "empty"
    empty.mkdir()
    with pytest.raises(DatasetError, match="holds no digits"):
        nmnist.nmnist_clips(empty)
    monkeypatch.setattr(nmnist, "places", lambda: [empty])
    monkeypatch.setattr(nmnist, "locate", lambda entry: None)
    with pytest.raises(DatasetError, match=r"N-MNIST was not found in .*'sbp data fetch nmnist'"):
        nmnist.load_nmnist("train")
    with pytest.raises(DatasetError, match=r"1,100 digits .* were not found"):
        nmnist.nmnist_small("train")


def test_the_spiking_network_learns_from_the_same_events(official, tmp_path):
    record = execute(
        protocols.get("nmnist"),
        out=tmp_path / "out",
        target="numpy",
        parameters={
            "model": "sbp_network",
            "data": "official",
            "hold_out": False,
            "epochs": 1,
            "hidden": 8,
            "steps": 30,
            "shuffle_time": True,
        },
    )
    values = {row["name"]: row["value"] for row in record.metrics}
    assert values["train_samples"] == 3
    assert {"test_accuracy", "linear_softmax_accuracy", "nearest_mean_accuracy"} <= set(values)
    assert any("30 steps of 10 ms" in note for note in record.notes)
    settings = next(note for note in record.notes if note.startswith("settings"))
    assert "Spikes(rate=0.05)" in settings
    assert "n_input=2048" in settings


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": "sbp_network", "steps": 7}, "steps=7 does not divide the 300,000 us of a digit; take 30, 60"),
        ({"steps": 60}, "steps means nothing to model=decolle of nmnist; .* used by model=decolle_conv, sbp_network"),
        ({"learning": "weighted"}, "learning=weighted is none of model=decolle"),
        ({"model": "sbp_network", "angle": True}, "model=sbp_network: unknown parameter 'angle'"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(official, parameters, message, tmp_path):
    with pytest.raises(ParameterError, match=message):
        execute(
            protocols.get("nmnist"), out=tmp_path / "out", target="numpy", parameters={"data": "official", **parameters}
        )
