"""Random subsets of a cell's input synapses: which of them take part in the retrograde spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

import numpy as np

from sbp_brian.brian.choosing import choose_within
from sbp_brian.brian.identity import identity, in_one_network
from sbp_brian.errors import RetrogradeError

__all__ = ["InputSubset", "require_own_subset"]

#: Synapses -> what their subset was drawn by.
_DRAWN: WeakKeyDictionary[Any, tuple[int, str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class InputSubset:
    """A random share of each postsynaptic cell's synapses, at least one, the same on every target.

    It follows from the seed and from what the Synapses object is (`sbp_brian.brian.identity`): its name, if it was
    given one, else its rule, its groups and the pairs of cells that it connects. So a cell of a notebook that is run
    again draws the same again, whatever else is alive, and objects that differ draw differently. Two objects that do
    not differ, in one network, are refused at the run (`require_own_subset`).

    Parameters
    ----------
    lambda_p : float in (0, 1]
        The share.
    seed : int
        Seed; Synapses objects that differ draw differently from one seed.
    drawn : {'fixed', 'event'}
        'fixed': gives True for the members of one subset. 'event': gives each synapse a place in a random circular
        order of its cell, in [0, 1); members are those within a window of length ``share`` that begins at a random
        place.
    alike : int
        So many cells that follow one another have the same subset, where they have the same inputs. Each cell's is as
        random as before; what takes part lies together in memory, and what does not then costs no time.
    gives : {'member', 'share'}
        'share' gives the exact share (a whole number of synapses over all of the cell's) instead.
    """

    lambda_p: float
    seed: int = 0
    drawn: str = "fixed"
    gives: str = "member"
    alike: int = 1

    def values(self, identity: str, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        """One value for each synapse.

        Parameters
        ----------
        identity : str
            Of the Synapses object.
        pre, post : ndarray of int, shape (n_synapses,)
            Indices of the cells that each synapse connects.

        Returns
        -------
        ndarray, shape (n_synapses,)
            Booleans for a fixed subset, else floats.
        """
        rng = np.random.default_rng([self.seed, crc32(identity.encode())])
        drawn = rng.random(len(post)) if self.alike == 1 else self._drawn_alike(rng, pre, post)
        order = np.lexsort((drawn, post))  # synapses grouped by cell, in random order within each
        n_of_cell = np.bincount(post)
        first = np.cumsum(n_of_cell) - n_of_cell
        rank = np.empty(len(post), dtype=int)
        rank[order] = np.arange(len(post)) - first[post[order]]
        total = n_of_cell[post]
        members = np.maximum(1, np.round(self.lambda_p * total)).astype(int)
        if self.gives == "share":
            return members / total
        return rank < members if self.drawn == "fixed" else rank / total

    def _drawn_alike(self, rng: np.random.Generator, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        """A random number for each synapse, the same where cells that are alike have it from the same cell."""
        pairs, which = np.unique((post // self.alike) * (int(pre.max(initial=0)) + 1) + pre, return_inverse=True)
        return rng.random(len(pairs))[which]

    def assign_within(self, synapses: Any, name: str) -> None:
        """Give a variable its values where a standalone program makes the synapses itself.

        Raises
        ------
        RetrogradeError
            The order that ``draw='event'`` needs cannot be drawn there.
        """
        if self.alike > 1:
            raise RetrogradeError(
                f"alike={self.alike} needs to know which cells {synapses.name!r} connects, and a standalone program "
                "makes these synapses itself: connect with arrays, connect(i=..., j=...), or all-to-all, connect()"
            )
        if self.drawn == "event":
            raise RetrogradeError(
                f"draw='event' needs to know which cells {synapses.name!r} connects, and a standalone program makes "
                "these synapses itself: connect with arrays, connect(i=..., j=...), or take draw='fixed'"
            )
        choose_within(synapses, name, self.lambda_p, (self.seed, crc32(synapses.name.encode())))


def require_own_subset(synapses: Any, seed: int) -> None:
    """Raise where other synapses of the same network have drawn the same subset, by accident.

    Parameters
    ----------
    synapses : DenseSynapses
        About to run, with a subset drawn by `seed`.
    seed : int

    Raises
    ------
    RetrogradeError
        Two unnamed objects have the same rule, groups and pairs of cells.
    """
    if not synapses.knows_cells():
        return  # drawn within the program, by the object's name
    drawn_by = _DRAWN[synapses] = (seed, identity(synapses, *synapses.cell_indices("lambda_p")))
    for other, its in _DRAWN.items():
        if other is not synapses and its == drawn_by and in_one_network(synapses, other):
            raise RetrogradeError(
                f"{synapses.name!r} and {other.name!r} would let the same random subset of synapses take part: nothing "
                "tells them apart; name them, rule.synapses(..., name=...), or give their RetrogradeSBP another seed"
            )
