"""The figure of shared kernels: which records it shows, and what it says where there are none."""

import numpy as np

from sbp_brian import figures
from tests.helpers.made_records import run as run_record


def record_of(folder, learning, seed=0, maps=3, model="stdbp_conv", epochs=2):
    rng = np.random.default_rng(seed)
    arrays = {name: rng.normal(size=(maps, 5, 5)) for name in ("kernels_before", "kernels_after")}
    arrays["validation_accuracy_by_epoch"] = rng.random(epochs)
    return run_record(
        folder, 0.9, seed, "mnist", arrays=arrays, model=model, learning=learning, epochs=epochs, maps=maps
    )


def test_rows_of_kernels_and_bars_are_those_of_the_ways_of_learning(tmp_path):
    records = [record_of(tmp_path, "sbp", seed) for seed in (0, 1, 2)]
    records += [record_of(tmp_path, "exact"), record_of(tmp_path, "frozen"), record_of(tmp_path, "sbp-bit", maps=4)]
    records += [record_of(tmp_path, "exact", model="stdbp")]
    kernels, curves, bars = figures.get("shared-kernels").make(records)[0].axes
    assert [ax.get_title("right") for ax in (kernels, curves, bars)] == ["n = 1", "n = 1 to 3", "n = 1 to 3"]
    first, *others = (text.get_text() for text in kernels.get_yticklabels())
    assert first == "before"
    rows = {first, *others}
    assert rows == {"before", "exact", "sbp", "frozen"}, "the network of other maps is another"
    assert len(curves.lines) == 5
    assert {text.get_text() for text in bars.get_xticklabels()} == rows - {"before"}
    assert [ax.get_title(loc="right") for ax in (kernels, curves, bars)] == ["n = 1", "n = 1 to 3", "n = 1 to 3"]
    picture = kernels.images[0].get_array()
    assert picture.shape == (4 * 6, 8 * 6)
    np.testing.assert_array_equal(picture[:5, :5], records[3].array("kernels_before")[0])


def test_it_says_what_it_lacks(tmp_path):
    figure = figures.get("shared-kernels")
    assert figure.missing([record_of(tmp_path, "exact")]) == []
    for records in ([], [record_of(tmp_path, "exact", model="stdbp_conv2")]):
        assert "sbp run mnist -s model=stdbp_conv" in figure.missing(records)[0]
