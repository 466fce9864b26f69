"""The key of a network whose code reads a table of images: it holds what is in them, and costs no copy of them."""

import functools
import tracemalloc

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.targets.network_key import network_key
from sbp_brian.training.samples import Presentation


def key(images, targets=None, network=None):
    network = network or SBPNetwork(images.shape[1], 4, 3)
    presentation = Presentation(images, len(images), network.duration, targets)
    return network_key("a", functools.partial(SBPNetwork.network, network, presentation))


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (200, 30)).astype(np.uint8)


def test_one_changed_pixel_changes_the_key(images):
    before = key(images)
    assert key(images.copy()) == before, "equal images are the same network"
    images[150, 7] ^= 1
    assert key(images) != before, "the same array, changed in place"
    images[150, 7] ^= 1
    assert key(images) == before
    assert key(images, targets=np.zeros((200, 3), np.uint8)) != before
    assert key(images, network=SBPNetwork(30, 5, 3)) != before


@pytest.mark.parametrize(
    "other",
    [
        lambda x: x.reshape(400, 15),
        lambda x: x.view(np.int8),
        lambda x: x.astype(np.uint16),
        lambda x: x[::-1],
        lambda x: x * ms,
    ],
)
def test_shape_type_unit_and_order_count(images, other):
    assert network_key("a", functools.partial(key, other(images))) != network_key("a", functools.partial(key, images))


@pytest.mark.parametrize("values", [np.array(3.0), np.zeros(0), np.array(2.0) * ms, np.array([None, "a"])])
def test_arrays_of_every_kind_can_be_told_apart(values):
    assert network_key("a", functools.partial(key, values)) == network_key("a", functools.partial(key, values.copy()))
    assert network_key("a", functools.partial(key, values)) != network_key("a", functools.partial(key, np.ones(1)))


def test_order_in_memory_does_not_count(images):
    assert key(np.asfortranarray(images)) == key(images)


def test_images_are_not_copied():
    images = np.zeros((20_000, 784), np.uint8)
    key(images[:10])
    tracemalloc.start()
    try:
        key(images)
        assert tracemalloc.get_traced_memory()[1] < images.nbytes / 10
    finally:
        tracemalloc.stop()
