"""A training that diverges stops at the epoch, says what to lower, and keeps the last good state; so do checkpoints."""

import pickle

import numpy as np
import pytest
from brian2 import nsiemens

from sbp_brian.errors import CheckpointError, DivergedError, SBPError
from sbp_brian.models.artificial.energy import SBPEnergy
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.artificial.rbm import RBM
from sbp_brian.models.artificial.spiking_perceptron import SBPSpikingPerceptron
from sbp_brian.models.decolle import Decolle
from sbp_brian.models.decolle.conv import ConvDecolle
from sbp_brian.models.published import ReleasedModel
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Homeostasis
from sbp_brian.models.stdbp import STDBP
from sbp_brian.models.stdbp.conv import ConvSTDBP
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot
from sbp_brian.training.divergence import NO_UNIT, unit_of, what_is_lost, why_lost
from sbp_brian.training.spiking import Samples, Training

RNG = np.random.default_rng(5)
IMAGES = (255 * (RNG.random((30, 16)) < 0.4)).astype(np.uint8)
LABELS = RNG.integers(0, 3, 30)
ROWS = np.arange(20), np.arange(20, 25), np.arange(25, 30)


def spiking(folder, network=None, **settings):
    network = network or SBPNetwork(16, 8, 3, width=4)
    return Training(network.trial_model(), Samples(IMAGES, LABELS, 3, *ROWS), folder, target="numpy", **settings)


def batches(folder, network=None, **settings):
    patterns = Patterns(IMAGES, one_hot(LABELS, 3), *ROWS, scale=1 / 255)
    return NumpyTraining(network or SBPPerceptron((16, 8, 3)), patterns, folder, seed=1, batch=5, **settings)


# ------------------------------------------------------------------------------------------------------- what is lost
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_value_is_lost_where_one_more_unit_is_rounded_away(dtype):
    """Against the type itself: from the bound on the next number is a whole unit apart, below it is nearer."""
    bound = dtype(1 / np.finfo(dtype).eps)
    assert bound + dtype(0.5) == bound
    below = np.nextafter(bound, dtype(0))
    assert below - dtype(0.5) != below
    assert why_lost(np.array([1, -bound], dtype)).startswith("reaches ")
    assert not why_lost(np.array([1, -below, below], dtype))
    assert why_lost(np.array([1e19, 0], dtype))


def test_what_is_not_finite_is_counted_and_what_is_no_float_is_not_lost():
    assert why_lost(np.array([1, np.nan, np.inf, -np.inf])) == "holds NaN or infinity (3 of 4 values)"
    assert why_lost(np.array(np.nan)) == "holds NaN or infinity (1 of 1 values)"
    assert not why_lost(np.array([2**60]))
    assert not why_lost(np.zeros(0))
    assert what_is_lost({"a.w": np.array([3.0]), "b.w": np.array([np.inf])}, {}).keys() == {"b.w"}


def test_units_are_one_or_what_a_variable_starts_with():
    assert unit_of(np.array([0.1, -0.3])) == 1
    assert unit_of(np.array([0.1, -3e4])) == 3e4
    assert unit_of(np.array([0.1, -0.3]) * nsiemens) == pytest.approx(3e-10)
    assert unit_of(np.zeros(2) * nsiemens) == 1
    conductances = np.array([1.0, 2e7])
    assert why_lost(conductances, unit_of(2 * np.ones(2) * nsiemens)), "a nanosiemens is lost in ten million siemens"
    assert not why_lost(conductances)
    assert not why_lost(np.array([1e300]), NO_UNIT)
    assert why_lost(np.array([np.nan]), NO_UNIT)


def test_the_error_names_parameters_as_who_runs_it_calls_them():
    error = DivergedError("it diverged", ("rate", "b", "rates[0]"), "kept there").renamed(
        {"rate": "a", "rates[0]": "a"}
    )
    assert str(error) == "it diverged; lower a or b (kept there)"
    assert isinstance(error, SBPError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


# ------------------------------------------------------------------------------------------------------ Brian2 networks
def test_a_training_stops_at_the_epoch_and_keeps_the_last_good_state(tmp_path):
    training = spiking(tmp_path)
    training.run(2)
    good = {name: values.copy() for name, values in training.learned.items()}
    training.model.rates.update({"inputs.retro_rate": 1e300, "hidden.bias_rate": 1e300})
    message = (
        r"^the training diverged in epoch 3: inputs\.w (reaches|holds) .*; lower rate_hidden "
        r"\(what epoch 2 left is kept in .*epoch-0002\.npz\)$"
    )
    with pytest.raises(DivergedError, match=message):
        training.run(5)
    assert len(training.history) == 2
    assert sorted(p.name for p in tmp_path.glob("*.npz")) == ["epoch-0001.npz", "epoch-0002.npz"]
    for name, values in good.items():
        np.testing.assert_array_equal(training.learned[name], values)
    again = spiking(tmp_path)
    assert again.resumed_from == 2
    for name, values in good.items():
        np.testing.assert_array_equal(again.learned[name], values)


def test_weights_beyond_their_type_and_recordings_that_are_not_finite_stop_it(tmp_path):
    training = spiking(tmp_path)
    training.learned["outputs.w"][3] = -1e19
    message = r"epoch 1: outputs\.w reaches 1e\+19, and from 4\.5e\+15 on float64 rounds changes of 1 away.*rate_output"
    with pytest.raises(DivergedError, match=message):
        training.run(1)
    assert not list(tmp_path.glob("*.npz"))
    with pytest.raises(DivergedError, match=r"diverged before it was asked: outputs\.w reaches 1e\+19"):
        training.evaluate(ROWS[2])
    recorded = {"answers.c": np.ones((3, 6)), "answers.v": np.full((3, 6), np.nan)}
    with pytest.raises(DivergedError, match=r"diverged when it was asked: answers\.v holds NaN or infinity .*; lower "):
        training._refuse_recordings(recorded, 5, "when it was asked")


NETWORKS = {
    "released": (ReleasedModel((16, 8, 3), rates=(1e9, 1e9), batch=5), r"lower rates\[0\]|lower rates\[1\]"),
    "decolle": (Decolle((16, 8, 8), 3, steps=20, burn_in=5, rate=1e300), "lower rate "),
    "dense": (Decolle((16, 8, 8), 3, steps=20, burn_in=5, rate=1e300, form="dense"), "lower rate "),
    "decolle conv": (
        ConvDecolle(readouts=3, steps=20, burn_in=5, rate=1e300, image=(1, 4, 4), kernels=((2, 3, 1),)),
        "lower rate ",
    ),
    "stdbp": (STDBP((16, 8, 3), rate_hidden=1e17, rate_output=1e17), "lower rate_hidden or rate_output "),
    "stdbp grid": (GridSTDBP((16, 8, 3), rate_output=1e17), "lower rate_output "),
    "stdbp conv": (
        ConvSTDBP((16, 8, 3), rate_hidden=1e17, image=(4, 4), maps=2, size=3, stride=1),
        "lower rate_hidden ",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_stops_and_names_what_to_lower(tmp_path, name):
    network, lower = NETWORKS[name]
    training = spiking(tmp_path, network)
    start = {name: values.copy() for name, values in training.learned.items()}
    with pytest.raises(DivergedError, match=lower):
        training.run(3)
    assert not training.history
    for name, values in start.items():
        np.testing.assert_array_equal(training.learned[name], values)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_rate_of_a_network_is_set_by_a_parameter_of_it(name):
    network, _ = NETWORKS[name]
    model = network.trial_model()
    assert set(model.set_by) == set(model.rates)
    assert {parameter.split("[")[0] for parameter in model.set_by.values()} <= set(network.__dataclass_fields__)
    for variable in model.initial(0):
        assert model.moved_by(variable), variable


def test_the_parameter_named_is_that_of_the_synapses():
    model = SBPNetwork(16, (8, 7), 3, width=4, options=(Homeostasis(0.1),)).trial_model()
    assert model.moved_by("inputs2.w") == ("rate_hidden",)
    assert model.moved_by("hidden2.bias") == ("rate_hidden", "Homeostasis.rate")
    assert model.moved_by("outputs.w") == ("rate_output",)
    assert SBPNetwork(16, 8, 3, width=4, rate_hidden=0.0).trial_model().moved_by("answers.v") == ("rate_output",)
    exact = STDBP((16, 8, 3)).trial_model()
    assert (exact.moved_by("into_output.m"), exact.moved_by("into_hidden1.w")) == (("rate_output",), ("rate_hidden",))
    assert Decolle((16, 8), 3).trial_model().moved_by("into_hidden1.w") == ("rate",)


# --------------------------------------------------------------------------------------------------- networks in numpy
def too_fast(network):
    """With a rate beyond those that it accepts: its cells fall silent before steps of 1e6 lead out of float32."""
    network.rate_hidden = 1e8
    return network


@pytest.mark.parametrize(
    ("network", "lower"),
    [
        (SBPPerceptron((16, 8, 3), rate_hidden=1e6), "lower rate_hidden "),
        (SBPPerceptron((16, 8, 3), "frozen", rate_output=1e6), "lower rate_output "),
        (too_fast(SBPSpikingPerceptron((16, 8, 3), "surrogate")), "lower rate_hidden "),
        (SBPEnergy((16, 8, 3), rate_hidden=1e6, rate_output=1e6, beta=1e-6), "lower rate_hidden or rate_output "),
        (RBM((16, 8, 3), rate=1e6), "lower rate "),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_networks_in_numpy_go_back_to_the_last_good_epoch(tmp_path, network, lower):
    training = batches(tmp_path, network)
    with pytest.raises(DivergedError, match=rf"diverged in epoch \d+: .*{lower}"):
        training.run(20)
    done = len(training.history)
    kept = training.checkpoint(done) if done else batches(tmp_path / "start", network)._state()
    for name, values in training._state().items():
        np.testing.assert_array_equal(values, kept[name])
    assert np.isfinite(training.outputs(ROWS[2])).all()


def test_it_goes_back_with_its_running_mean_and_says_which_epoch_is_kept(tmp_path):
    training = batches(tmp_path, running_mean=0.5)
    training.run(2)
    good = {name: values.copy() for name, values in training._state().items()}
    training.model.rate_output = 1e6
    with pytest.raises(DivergedError, match=r"diverged in epoch 3: .*what epoch 2 left is kept in .*epoch-0002\.npz"):
        training.run(3)
    for name, values in training._state().items():
        np.testing.assert_array_equal(values, good[name])
    training.model.rate_output = 0.1
    assert len(training.run(3)) == 3


def test_outputs_that_are_not_finite_are_refused(tmp_path):
    training = batches(tmp_path)
    training.model.arrays["W2"][0, 0] = np.nan
    with pytest.raises(DivergedError, match="diverged before it was asked: W2 holds NaN or infinity"):
        training.score(ROWS[2])
    training.model.arrays["W2"][0, 0] = 0
    training.model.predict = lambda x, rng, rows: np.full((len(x), 3), np.inf)
    with pytest.raises(
        DivergedError, match=r"when it was asked: an output holds NaN .*; lower rate_hidden or rate_output"
    ):
        training.score(ROWS[2])


# --------------------------------------------------------------------------------------------------------- checkpoints
@pytest.mark.parametrize(("make", "name"), [(spiking, "outputs.w"), (batches, "W1"), (batches, "v.W1")])
@pytest.mark.parametrize("bad", [np.nan, -np.inf, 1e19])
def test_a_checkpoint_of_a_training_that_has_diverged_is_refused(tmp_path, make, name, bad):
    make(tmp_path).run(1)
    file = tmp_path / "epoch-0001.npz"
    with np.load(file) as kept:
        arrays = {key: kept[key].copy() for key in kept.files}
    arrays[name].flat[0] = bad
    np.savez(file, **arrays)
    if name == "v.W1" and bad == 1e19:  # what an optimiser remembers has only to be finite
        assert make(tmp_path).resumed_from == 1
        return
    with pytest.raises(CheckpointError, match=rf"{file} cannot be used: {name} (holds|reaches) .*; remove this file"):
        make(tmp_path)
    file.unlink()
    assert make(tmp_path).resumed_from == 0


def test_an_earlier_checkpoint_that_is_read_again_is_held_to_the_same(tmp_path):
    training = batches(tmp_path)
    training.checkpoints.keep = None
    training.run(2)
    for bad, message in ((1e19, "W1 reaches 1e"), (np.nan, "W1 holds NaN")):
        arrays = {key: values.copy() for key, values in training._state().items()}
        arrays["W1"][0, 0] = bad
        training.checkpoints.save(arrays, training.history[:1])
        with pytest.raises(CheckpointError, match=rf"epoch-0001\.npz cannot be used: {message}"):
            training.checkpoint(1)
    with pytest.raises(CheckpointError, match=r"epoch-0001\.npz cannot be used: W1 holds NaN .*; remove this file"):
        training.checkpoints.mean(1, 2)
