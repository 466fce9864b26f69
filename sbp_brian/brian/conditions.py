"""Conditions of cells that a compiler tests in the registers of vector instructions.

Of a loop over eight or sixteen cells that does nothing but read numbers, compute and compare, a compiler makes a few
vector instructions, and what they find stays in a register. Of one that calls functions, reads tables or mixes numbers
with flags of a byte it may not: then the conditions are written down one by one, and a vector that is read where they
have just been written waits for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["in_registers"]

_LINE = re.compile(r"const (?P<type>\w+) (?P<name>\w+) = (?P<value>.*);")
_TYPES = {"float", "double", "int32_t", "int64_t"}
_CALL = re.compile(r"\w\s*\(")
_ELSEWHERE = re.compile(r"\[(?!_idx\])")


def in_registers(code: str | Sequence[str]) -> bool:
    """Whether the code of a condition reads numbers of its own cell, computes and compares, and nothing else.

    Parameters
    ----------
    code : str or sequence of str
        C++ of one cell, a statement a line; the last one names the condition ``_cond``.
    """
    lines = [line.strip() for line in (code.splitlines() if isinstance(code, str) else code)]
    found = [_LINE.fullmatch(line) for line in lines if line]
    return bool(found) and all(
        one is not None
        and (one["type"] in _TYPES or one["name"] == "_cond")
        and not _CALL.search(one["value"])
        and not _ELSEWHERE.search(one["value"])
        for one in found
    )
