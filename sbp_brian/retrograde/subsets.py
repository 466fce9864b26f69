"""Random subsets of a cell's input synapses: which of them take part in the retrograde spread."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

__all__ = ["InputSubset"]


@dataclass(frozen=True)
class InputSubset:
    """A random share of each postsynaptic cell's synapses, at least one, the same on every target.

    Parameters
    ----------
    lambda_p : float in (0, 1]
        The share.
    seed : int
        Seed; different Synapses objects draw differently from one seed.
    drawn : {'fixed', 'event'}
        'fixed': gives True for the members of one subset. 'event': gives each synapse a place in a random circular
        order of its cell, in [0, 1); members are those within a window of length ``share`` that begins at a random
        place.
    gives : {'member', 'share'}
        'share' gives the exact share (a whole number of synapses over all of the cell's) instead.
    """

    lambda_p: float
    seed: int = 0
    drawn: str = "fixed"
    gives: str = "member"

    def values(self, name: str, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        """One value for each synapse.

        Parameters
        ----------
        name : str
            Name of the Synapses object.
        pre, post : ndarray of int, shape (n_synapses,)
            Indices of the cells that each synapse connects.

        Returns
        -------
        ndarray, shape (n_synapses,)
            Booleans for a fixed subset, else floats.
        """
        rng = np.random.default_rng([self.seed, crc32(name.encode())])
        order = np.lexsort((rng.random(len(post)), post))  # synapses grouped by cell, in random order within each
        n_of_cell = np.bincount(post)
        first = np.cumsum(n_of_cell) - n_of_cell
        rank = np.empty(len(post), dtype=int)
        rank[order] = np.arange(len(post)) - first[post[order]]
        total = n_of_cell[post]
        members = np.maximum(1, np.round(self.lambda_p * total)).astype(int)
        if self.gives == "share":
            return members / total
        return rank < members if self.drawn == "fixed" else rank / total
