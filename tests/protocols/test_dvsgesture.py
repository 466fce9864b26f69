"""DvsGesture, ten recordings of one subject, as a task; what the released indexing of rows does to a score."""

from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import ms

from sbp_brian import protocols
from sbp_brian.datasets.dvsgesture import ten_recordings
from sbp_brian.errors import DatasetError, ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.protocols.benchmarks.learners.decolle import CONVOLUTIONAL
from sbp_brian.protocols.benchmarks.tasks import dvsgesture
from sbp_brian.protocols.benchmarks.tasks.dvsgesture import constant_answer, released_rows
from sbp_brian.training.baselines import nearest_mean
from tests.helpers.gestures import save_gesture
from tests.helpers.made_data import publish, recordings


def have_recordings():
    try:
        return bool(ten_recordings())
    except DatasetError:
        return False


needs_recordings = pytest.mark.skipif(not have_recordings(), reason="the ten recordings are not on this machine")


@pytest.fixture
def some_recordings(tmp_path, monkeypatch):
    """Recordings to plan with: made ones where there are no others."""
    if not have_recordings():
        recordings(tmp_path)
        monkeypatch.setenv("SBP_DATA", str(tmp_path))


def asking(notes=None, **parameters):
    """What `load_windows` needs of a run that was asked for with these parameters."""
    p = protocols.get("dvsgesture").resolve(**parameters)
    return SimpleNamespace(parameters=p, seed=0, note=[].append if notes is None else notes.append)


def test_rows_of_the_released_indexing():
    assert released_rows(3, 4).tolist() == [1, 2, 3, 2, 0, 3, 0, 2, 3, 0, 0, 3]  # 1: 1-4; 2: 2,4,6,8; 3: 3,6,9,12
    rows = released_rows(288, 100)
    filled = np.unique(np.outer(np.arange(1, 289), np.arange(1, 101)))
    assert np.array_equal(np.flatnonzero(rows) + 1, filled)
    assert len(filled) == 10_606
    assert np.count_nonzero(released_rows(1176, 100)) == 45_786
    first = np.arange(288) % 12 == 0
    assert constant_answer(288, 100, first) == pytest.approx(19_414 / 28_800, abs=1e-12)  # of collapsed networks
    assert constant_answer(288, 100, np.zeros(288, bool)) == pytest.approx(18_194 / 28_800, abs=1e-12)  # blanks alone


@pytest.mark.usefixtures("some_recordings")
def test_what_stands_beside_a_run(tmp_path):
    record = execute(
        protocols.get("dvsgesture"),
        out=tmp_path,
        target="numpy",
        parameters={"window": 200.0, "hidden": 20, "epochs": 1, "hold_out": True},
    )
    values = {row["name"]: row["value"] for row in record.metrics}
    assert values["chance"] == 0.1
    assert 0.6 < values["nearest_mean_accuracy"] <= values["linear_softmax_accuracy"]
    assert values["number_of_events_accuracy"] < values["nearest_mean_accuracy"]  # alone it tells less than where
    assert values["constant_answer_released_rows"] == pytest.approx(0.674097, abs=1e-6)
    assert any(
        note.startswith("training: 40 windows of 200 ms, 0 to 0.8 s") and "ten recordings, one subject" in note
        for note in record.notes
    )
    assert any(note.startswith("test: 20 windows of 200 ms, 1.05 to 1.45 s") for note in record.notes)


@pytest.mark.usefixtures("some_recordings")
def test_windows_as_spikes_hold_the_events_of_each_step():
    assert len(dvsgesture.load_windows(asking(model="decolle")).spikes.validation) == 0
    samples = dvsgesture.load_windows(asking(model="decolle", hold_out=True)).spikes
    assert [len(samples.training), len(samples.validation), len(samples.test)] == [160, 40, 80]
    row = samples.training[16 * 3 + 5]  # the fourth recording, 250 to 300 ms
    assert samples.labels[row] == 3
    events = ten_recordings()[3].read()
    inside = (events.t >= 250_000) & (events.t < 300_000)
    want = np.zeros((50, 2, 32, 32), bool)
    want[
        (events.t[inside] - 250_000) // 1000,
        1 - events.p[inside].astype(int),
        events.y[inside] // 4,
        events.x[inside] // 4,
    ] = True
    found = np.unpackbits(samples.images[row]).reshape(want.shape) > 0
    assert 100 < want.sum() < want.size / 2
    assert np.array_equal(found, want)


@pytest.mark.usefixtures("some_recordings")
def test_shared_kernels_see_both_polarities_of_a_window():
    asked = asking(model="decolle_conv", window=200.0)
    data, settings = dvsgesture.load(asked), dvsgesture.TASK.offers["decolle_conv"].network
    net = CONVOLUTIONAL.network(asked.parameters, data, 0, settings)
    assert net.image == (2, 32, 32)
    assert (net.steps, net.burn_in, net.encoding) == (200, 40, "spikes")
    assert data.samples.images.shape == (70, 200 * net.layers[0] // 8)
    with pytest.raises(ParameterError, match=r"no whole number of steps of 1 ms, as model=decolle_conv needs"):
        dvsgesture.load_windows(asking(model="decolle_conv", recordings="official", window=33.5))


@pytest.mark.usefixtures("some_recordings")
def test_the_spiking_network_hears_the_events_of_a_window():
    _, samples, inputs, _ = dvsgesture.load_windows(asking(hold_out=True, input="spikes"))
    assert inputs["n_input"] == 1024
    assert inputs["steps"] * inputs["step"] == 50 * ms
    row = samples.training[16 * 7 + 2]  # the eighth recording, 100 to 150 ms
    events = ten_recordings()[7].read()
    inside = (events.t >= 100_000) & (events.t < 150_000)
    want = np.zeros((20, 32, 32), bool)
    want[(events.t[inside] - 100_000) // 2500, events.y[inside] // 4, events.x[inside] // 4] = True
    assert np.array_equal(np.unpackbits(samples.images[row]).reshape(want.shape) > 0, want)
    assert dvsgesture.load_windows(asking(hold_out=True)).spikes is None


USERS = {"Train": (1, 2, 21, 23), "Test": (24, 29)}


def official(folder, length_us=230_000):
    """Files in tonic's layout: each gesture's events stay in a square of its own."""
    for split, users in USERS.items():
        for user in users:
            for label in range(11):
                rng = np.random.default_rng(100 * user + label)
                x, y = 24 * (label % 4) + rng.integers(0, 20, 800), 32 * (label // 4) + rng.integers(0, 20, 800)
                t = np.sort(rng.integers(0, length_us, 800))
                t[0], t[-1] = 0, length_us - 1
                save_gesture(folder, split, f"user{user:02d}_led", label, x, y, rng.integers(0, 2, 800), t)
    return folder


@pytest.mark.parametrize("model", ["decolle", "sbp_network"])
def test_the_official_set_is_split_by_subject(model, monkeypatch, tmp_path):
    official(tmp_path / "dvsgesture")
    publish(monkeypatch, "dvsgesture", numbers={"train": 44, "test": 22})
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    asked, notes = {"model": model, "recordings": "official"}, []
    more = {"polarities": True} if model == "sbp_network" else {}
    samples, spikes, _, events = dvsgesture.load_windows(asking(notes, windows=3, hold_out=True, **asked, **more))
    assert [len(part) for part in (samples.training, samples.validation, samples.test)] == [66, 66, 66]
    assert samples.classes == 11
    assert samples.labels[samples.validation].tolist() == 2 * np.repeat(np.arange(11), 3).tolist()
    table = np.load(tmp_path / "dvsgesture" / "ibmGestureTest" / "user29_led" / "7.npy")
    inside = table[(table[:, 3] >= 50) & (table[:, 3] < 100)]
    row = 33 + 3 * 7 + 1  # the second user, its second window
    assert events["test"][row] == len(inside)
    assert "official recordings, subjects 21 to 23" in notes[1]
    assert (spikes is None) == (model == "sbp_network")
    if spikes is not None:
        want = np.zeros((50, 2, 32, 32), bool)
        x, y, p, t = inside.T
        want[
            (np.round(t * 1000).astype(int) - 50_000) // 1000, 1 - p.astype(int), y.astype(int) // 4, x.astype(int) // 4
        ] = True
        assert np.array_equal(np.unpackbits(spikes.images[spikes.test[row]]).reshape(want.shape) > 0, want)
    samples = dvsgesture.load_windows(asking(windows=100, **asked)).samples  # a clip of 230 ms has four whole windows
    assert [len(part) for part in (samples.training, samples.validation, samples.test)] == [176, 0, 88]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["decolle", "sbp_network"])
def test_the_official_set_is_learned(model, monkeypatch, tmp_path):
    official(tmp_path / "dvsgesture")
    publish(monkeypatch, "dvsgesture", numbers={"train": 44, "test": 22})
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    record = execute(
        protocols.get("dvsgesture"),
        out=tmp_path / "out",
        parameters={"model": model, "recordings": "official", "windows": 4, "hidden": 50, "epochs": 10},
    )
    values = {row["name"]: row["value"] for row in record.metrics}
    assert values["test_accuracy"] > 0.5 > 2 * values["chance"]


def test_an_official_set_that_is_not_there_or_too_short(monkeypatch, tmp_path):
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match="DvsGesture was not found"):
        execute(protocols.get("dvsgesture"), out=tmp_path / "out", parameters={"recordings": "official"})
    official(tmp_path / "dvsgesture", length_us=30_000)
    publish(monkeypatch, "dvsgesture", numbers={"train": 44, "test": 22})
    with pytest.raises(DatasetError, match="as long as window=50 ms; take a shorter one"):
        execute(protocols.get("dvsgesture"), out=tmp_path / "out", parameters={"recordings": "official"})


@needs_recordings
@pytest.mark.slow
def test_layers_learn_by_local_losses(tmp_path):
    record = execute(
        protocols.get("dvsgesture"),
        out=tmp_path,
        parameters={"model": "decolle", "window": 100.0, "hidden": 50, "epochs": 10, "hold_out": True},
    )
    values = {row["name"]: row["value"] for row in record.metrics}
    assert min(values["test_accuracy"], values["test_accuracy_layer1"]) > 0.5 > values["number_of_events_accuracy"]
    assert values["validation_accuracy_layer2"] == values["validation_accuracy"]


@needs_recordings
@pytest.mark.slow
def test_it_learns(tmp_path):
    record = execute(
        protocols.get("dvsgesture"),
        out=tmp_path,
        parameters={"window": 100.0, "hidden": 100, "epochs": 20, "hold_out": True},
    )
    values = {row["name"]: row["value"] for row in record.metrics}
    assert values["test_accuracy"] > 0.5 > values["number_of_events_accuracy"]


@pytest.mark.usefixtures("some_recordings")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"window": 30.0}, "window=30 ms does not divide the parts of a recording; take 20, 25"),
        ({"recordings": "official", "model": "decolle", "window": 50.5}, "window=50.5 ms is no whole number of steps"),
        ({"input": "spikes", "steps": 30}, "steps=30 steps of a window of 50 ms are no whole number of microseconds"),
        ({"input": "spikes", "angle": True, "hold_out": True}, "angle has no effect with input=spikes; it needs"),
        ({"learning": "sbp-released"}, "learning=sbp-released is none of model=sbp_network"),
        ({"model": "sbp_published", "learning": "weighted"}, "learning=weighted is none of model=sbp_published"),
    ],
)
def test_refusals(parameters, message, tmp_path):
    with pytest.raises(ParameterError, match=message):
        execute(protocols.get("dvsgesture"), out=tmp_path, parameters=parameters)


def test_the_nearest_mean_is_that_of_scikit_learn():
    from sklearn import neighbors

    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 300)
    x = rng.normal(size=(4, 12))[y] + rng.normal(size=(300, 12))
    more = rng.normal(size=(200, 12))
    assert np.array_equal(nearest_mean(x, y, 4)(more), neighbors.NearestCentroid().fit(x, y).predict(more))
