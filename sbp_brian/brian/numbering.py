"""Whole numbers for synapses that a standalone program makes itself, which follow from each synapse's place.

How many synapses there will be is not known before such a program runs, so nothing can be drawn for them in Python. The
program computes the number of each from a key and its place, as splitmix64 does; nothing is drawn from its own streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from brian2 import Function

__all__ = ["MIX", "number_within", "word"]

#: C statements that mix the bits of ``mixed``, an unsigned number of 64 bits; the last step of splitmix64.
MIX = """
    mixed = (mixed ^ (mixed >> 30))*0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27))*0x94d049bb133111ebULL;
    mixed ^= mixed >> 31;
""".strip("\n")
_CODE = """
%BEFORE%static inline int %NAME%(int64_t place)
{
    uint64_t mixed = %KEY%ULL + (uint64_t)(place + 1)*0x9e3779b97f4a7c15ULL;
%MIX%
    return 1 + (int)(mixed % %LESS%ULL);
}
"""


def word(key: Sequence[int]) -> int:
    """A number of 64 bits that follows from a key: where a stream within a program begins."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])


def number_within(synapses: Any, name: str, below: int, key: Sequence[int]) -> None:
    """Give each synapse of an object a whole number from 1 on, below a limit, in an integer variable.

    Parameters
    ----------
    synapses : brian2.Synapses
        Connected within a program for C++ or CUDA.
    name : str
        The variable.
    below : int
        The limit, at most 2**31.
    key : sequence of int
        From which, with the place of each synapse, the numbers follow.
    """
    function = f"{synapses.name}_{name}_number"
    code = (
        _CODE.replace("%MIX%", MIX)
        .replace("%NAME%", function)
        .replace("%KEY%", str(word(key)))
        .replace("%LESS%", str(below - 1))
    )
    # not stateless: otherwise one number would be computed for all
    number = Function(lambda place: 0, arg_units=[], return_unit=1, stateless=False, auto_vectorise=True)
    for target, before in (("cpp", ""), ("cuda", "__host__ __device__ ")):
        number.implementations.add_implementation(
            target, code.replace("%BEFORE%", before), compiler_kwds={"headers": ["<cstdint>"]}, name=function
        )
    getattr(synapses, name).set_item(slice(None), f"{function}()", namespace={function: number})
