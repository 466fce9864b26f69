"""One seed owns all randomness of a function that makes a network.

Numbers are drawn there by Brian2's expressions, by numpy and by Python. Within `owned` all of them derive from the seed
given: the global generators of numpy and `random` start from it, generators made without a seed (``default_rng()``)
take theirs from it, and whoever seeds the global generators anew - ``brian2.seed(42)``, ``numpy.random.seed(42)``,
``random.seed(42)`` - gets a state that belongs to 42 and the seed together: the same numbers in each run with the same
seed, other numbers with another. A generator with a seed of its own (``default_rng(42)``) keeps it: that is data.

Not reached are ``numpy.random.seed`` where it was imported by its bare name, and what the operating system draws.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.random import bit_generator

__all__ = ["SEEDS_OF_RUN", "Drawn", "owned", "python_random"]

#: Shared integer variables by which what has generators of its own is told the seed of a run: of synapses, of cells.
SEEDS_OF_RUN = ("retro_seed", "retro_cell_seed")


@dataclass
class Drawn:
    """What has been drawn within `owned`.

    Attributes
    ----------
    outside : bool
        Numbers came from numpy or Python, not from Brian2's expressions; known once `owned` has ended.
    """

    outside: bool = False


def _mixed(seed: int, own: object) -> int:
    """A seed, 0 to 2**32 - 1, that belongs to the seed of a run and to one that is given within it."""
    words = list(repr(own).encode())
    return int(np.random.SeedSequence([seed, len(words), *words]).generate_state(1)[0])


@contextmanager
def owned(device, seed: int) -> Iterator[Drawn]:
    """Let all randomness meanwhile derive from one seed; gives what is known of it afterwards.

    numpy's global generator is left as it is at the end, since a run goes on from it; Python's is put back.

    Parameters
    ----------
    device : brian2.devices.Device
        The current device. One that runs within Python is seeded; a compiled program is seeded where it starts.
    seed : int
        0 to 2**32 - 1.
    """
    compiled = hasattr(device, "main_queue")
    python_before, found = random.getstate(), Drawn()
    np.random.seed(seed) if compiled else device.seed(seed)
    random.seed(seed)
    counts = {"unseeded": 0, "none": 0}
    real = np.random.seed, random.seed, bit_generator.randbits, device.seed

    def own_of(given) -> object:
        if given is not None:
            return np.asarray(given).tolist() if isinstance(given, (np.ndarray, np.generic)) else given
        counts["none"] += 1
        return f"none {counts['none']}"

    def numpy_seed(seed_given=None):
        found.outside = True
        real[0](_mixed(seed, own_of(seed_given)))

    def python_seed(a=None, version=2):
        found.outside = True
        real[1](_mixed(seed, own_of(a)), version)

    def unseeded_bits(bits: int) -> int:
        found.outside = True
        counts["unseeded"] += 1
        words = np.random.SeedSequence([seed, counts["unseeded"]]).generate_state(-(-bits // 32))
        return int.from_bytes(words.tobytes(), "little") & ((1 << bits) - 1)

    def device_seed(seed=None, run_seed=seed):
        if compiled:
            device.main_queue.append(("insert_code", _reseed(device, _mixed(0, own_of(seed)))))
        else:
            real[0](_mixed(run_seed, own_of(seed)))
            device.rand_buffer_index[:] = device.randn_buffer_index[:] = 0

    numpy_before, python_start = np.random.get_state(), random.getstate()
    np.random.seed, random.seed, bit_generator.randbits, device.seed = (
        numpy_seed,
        python_seed,
        unseeded_bits,
        device_seed,
    )
    try:
        yield found
    finally:
        np.random.seed, random.seed, bit_generator.randbits = real[:3]
        del device.seed  # of the object: the class has its own
        drew = _differ(np.random.get_state(), numpy_before) or random.getstate() != python_start
        found.outside = found.outside or (compiled and drew)
        random.setstate(python_before)


@contextmanager
def python_random(seed: int) -> Iterator[None]:
    """Let Python's `random` start from a seed meanwhile, for the Python operations of a run."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def _differ(one, other) -> bool:
    return any(not np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _reseed(device, own: int) -> str:
    """Code of a compiled program that seeds it anew, from the seed of the run (``_sbp_seed``) and one in the code."""
    value = f"((_sbp_seed*2654435761UL + {own}UL) & 0xffffffffUL)"
    if hasattr(device, "archs"):  # brian2cuda keeps the state of all random numbers in one object
        return f"    brian::random_number_buffer.set_seed((unsigned long long){value});\n"
    return (
        "    for (size_t _i = 0; _i < brian::_random_generators.size(); _i++)\n"
        f"        brian::_random_generators[_i].seed({value} + _i);\n"
    )
