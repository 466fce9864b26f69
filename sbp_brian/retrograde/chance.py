"""Chance in the retrograde spread: streams of its own, so that the network's random numbers are as without SBP.

Each cell or synapse that draws keeps the state of a generator, a whole number below 2**31, and moves it on in ordinary
code: so every target draws the same numbers. The generator is Lehmer's, 16807 s mod 2**31 - 1, by Schrage's way to stay
within 32 bits. It also takes a step that belongs to the cell or synapse and to the seed of the run: runs of different
seeds draw different numbers from the same program, and 0 leaves the step out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from sbp_brian.brian.numbering import number_within
from sbp_brian.brian.randomness import SEEDS_OF_RUN

__all__ = ["CELL_DRAW", "CELL_SEED", "SEED", "STATE", "STEP", "Streams", "cell_states", "normal", "uniform"]

MODULUS = 2**31 - 1
#: The state of a synapse's generator; the seed of the run, a shared variable of synapses and one of cells.
STATE = "retro_chance"
SEED, CELL_SEED = SEEDS_OF_RUN
#: The step of a synapse, from the seed of the run; below the modulus for every number of cells.
STEP = f"retro_step = ({SEED} % 32749)*(1 + (127*(i % 65521) + 8191*(j % 65521)) % 65521) + {SEED}//32749"


def _moved(state: str) -> tuple[str, str]:
    """Statements that move a state on, from 1 to the modulus, into the same range."""
    return (
        f"{state} = 16807*({state} % 127773) - 2836*({state} // 127773)",
        f"{state} = {state} + {MODULUS}*int({state} <= 0)",
    )


def _stepped(state: str) -> tuple[str, str]:
    """Statements by which a state takes the step ``retro_step``."""
    return f"{state} = {state} - ({MODULUS} - retro_step)", f"{state} = {state} + {MODULUS}*int({state} < 0)"


#: What a cell draws at each event: ``retro_draw``, in (0, 1].
CELL_DRAW = (
    f"retro_step = ({CELL_SEED} % 32749)*(1 + 127*(i % 65521) % 65521) + {CELL_SEED}//32749",
    *_stepped("retro_state"),
    *_moved("retro_state"),
    f"retro_draw = retro_state/{MODULUS}.0",
)


def uniform(into: str) -> list[str]:
    """Statements by which a synapse draws a number in (0, 1); `STEP` stands once before them."""
    return [
        *_stepped(STATE),
        *_moved(STATE),
        f"{into} = ({STATE} - 0.5)/{MODULUS}.0",
    ]


def normal(into: str) -> list[str]:
    """Statements by which a synapse draws a number of the normal distribution, by Box and Muller's way.

    The angle is drawn before the distance: the other way round, successive numbers of this generator leave gaps among
    large values.
    """
    drawn = [*uniform("retro_angle"), *uniform("retro_far")]
    return [*drawn, f"{into} = sqrt(-2*log(retro_far))*cos(2*pi*retro_angle)"]


@dataclass(frozen=True)
class Streams:
    """Where the generator of each synapse begins; see `sbp_brian.rules.SynapseRule`, ``initial``.

    Parameters
    ----------
    seed : int
        Synapses objects that differ begin elsewhere with one seed.
    """

    seed: int = 0

    def values(self, identity: str, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        """One state for each synapse (`sbp_brian.retrograde.subsets.InputSubset.values`)."""
        return np.random.default_rng([self.seed, crc32(identity.encode()), 1]).integers(1, MODULUS, len(post))

    def assign_within(self, synapses: Any, name: str) -> None:
        """Give the states where a standalone program makes the synapses itself."""
        number_within(synapses, name, MODULUS, [self.seed, crc32(synapses.name.encode())])


def cell_states(seed: int, n: int) -> np.ndarray:
    """Where the stream of each of `n` cells begins."""
    return np.random.default_rng([seed, n]).integers(1, MODULUS, n)
