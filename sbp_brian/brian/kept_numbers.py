"""What generated code reads and writes of one cell, kept in numbers of a loop's own while it runs.

A compiler that sees a sum grow in an array, at a place it does not know, writes it back at each turn of a loop. A
number that belongs to the loop becomes a sum of vectors. An array is kept so where the code names it by the number of
that cell alone: then nothing else in the loop is the same place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Kept", "kept_at", "with_kept"]


@dataclass(frozen=True)
class Kept:
    """An array whose value at one cell is kept.

    Attributes
    ----------
    array : str
    index : str
        What the code names it by.
    number : int
        Among those of this index.
    written : bool
        Whether the code writes it.
    """

    array: str
    index: str
    number: int
    written: bool

    def begin(self, name: str, cell: str) -> str:
        """The statement that reads it; `name` is that of what keeps it, with a place for the number."""
        return f"{'' if self.written else 'const '}auto {name % self.number} = {self.array}[{cell}];"

    def end(self, name: str, cell: str) -> str:
        """The statement that writes it back, empty where nothing has changed."""
        return f"{self.array}[{cell}] = {name % self.number};" if self.written else ""

    def within(self, code: str, name: str) -> str:
        """The code with what is kept in the place of the array."""
        return re.sub(rf"\b{self.array}\[{self.index}\]", name % self.number, code)


def kept_at(code: str, index: str) -> list[Kept]:
    """Arrays that code names by this index alone.

    Parameters
    ----------
    code : str
        C++.
    index : str
        Name of the variable that holds the number of the cell.
    """
    found: list[Kept] = []
    for array in sorted(set(re.findall(rf"\b(\w+)\[{index}\]", code))):
        place = rf"\b{array}\[{index}\]"
        if len(re.findall(place, code)) == len(re.findall(rf"\b{array}\b", code)):
            written = re.search(rf"{place}\s*(?:[-+*/%|&^]?=(?!=)|\+\+|--)", code) is not None
            found.append(Kept(array, index, len(found), written))
    return found


def with_kept(code: str, kept: Iterable[Kept], name: str) -> str:
    """The code with what is kept in the place of arrays.

    Parameters
    ----------
    code : str
    kept : iterable of Kept
    name : str
        Of what keeps them, with a place for the number (``%d``).
    """
    for one in kept:
        code = one.within(code, name)
    return code
