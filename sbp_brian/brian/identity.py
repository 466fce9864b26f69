"""What a Synapses object is, in words that do not depend on what else a Python process has made.

Brian2 numbers unnamed objects by what is alive (``synapses``, ``synapses_1``), so a cell of a notebook gives another
name when it is run again. Whatever is drawn for an object at random has to go by something else.
"""

from __future__ import annotations

import re
from typing import Any
from zlib import crc32

import numpy as np
from brian2 import Subgroup

from sbp_brian.brian.groups import whole

__all__ = ["identity", "in_one_network"]


def identity(synapses: Any, pre: np.ndarray, post: np.ndarray) -> str:
    """The name of `synapses`, if it was given one; else a text of what it is.

    That is: the name and the weight of its rule, both groups (their names, where they were given any, and sizes) and
    the pairs of cells that it connects. Neither the order in which objects are made nor how many others are alive
    changes it. Two unnamed objects of one network that are the same in all of that have one identity: who draws by it
    has to refuse them.

    Parameters
    ----------
    synapses : DenseSynapses
    pre, post : ndarray of int, shape (n_synapses,)
        Indices of the cells that each synapse connects.
    """
    given = synapses.given_name
    if given is not None and not given.endswith("*"):
        return given
    pairs = crc32(np.ascontiguousarray([pre, post], dtype=np.int64).tobytes())
    return repr((given, *synapses.made_by, _described(synapses.source), _described(synapses.target), pairs))


def _described(group: Any) -> tuple:
    cells = whole(group)
    automatic = re.fullmatch(rf"{type(cells).__name__.lower()}(_\d+)?", cells.name)
    part = (int(group.start), int(group.stop)) if isinstance(group, Subgroup) else ()
    return ("" if automatic else cells.name, len(cells), *part)


def in_one_network(one: Any, other: Any) -> bool:
    """Whether two `DenseSynapses` are being prepared for a run of the same network."""
    # Brian2 lets objects know their network only when all of them are ready
    return one.preparation == other.preparation and one._network == other._network
