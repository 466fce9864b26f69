"""A share of each cell's synapses, chosen at random within a C++ program that makes the synapses itself.

Which cells are connected is not known before such a program runs, so nothing can be drawn for them in Python. The
synapses of a cell are taken one after the other: of those that are left, each is chosen with the probability (still to
be chosen) / (left). So exactly the share is chosen, and each subset is as likely as any other (selection sampling).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brian2 import Function, get_device, prefs
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from sbp_brian.brian.numbering import MIX, word
from sbp_brian.errors import RuleError

__all__ = ["choose_within"]

_CODE = """
static inline int %NAME%(int cell, int of)
{
    static std::vector<int> seen, chosen;
    static uint64_t state = %SEED%ULL;
    if (cell >= (int)seen.size()) { seen.resize(cell + 1, 0); chosen.resize(cell + 1, 0); }
    state += 0x9e3779b97f4a7c15ULL;
    uint64_t mixed = state;
%MIX%
    const double uniform = (mixed >> 11)*(1.0/9007199254740992.0);
    const int wanted = std::max(1, (int)std::nearbyint(%SHARE%*of));
    const int taken = uniform*(of - seen[cell]) < wanted - chosen[cell];
    seen[cell]++;
    chosen[cell] += taken;
    return taken;
}
"""


def choose_within(synapses: Any, name: str, share: float, key: Sequence[int]) -> None:
    """Let a boolean variable be true for a random share of each postsynaptic cell's synapses, at least one.

    Parameters
    ----------
    synapses : brian2.Synapses
        Connected within a C++ program.
    name : str
        The variable.
    share : float in (0, 1]
    key : sequence of int
        From which the numbers follow; those of the network's own stream are left alone.

    Raises
    ------
    RuleError
        The device is not C++ standalone, or uses several threads.
    """
    device = get_device()
    plain = isinstance(device, CPPStandaloneDevice) and not hasattr(device, "archs")
    if not plain or prefs.devices.cpp_standalone.openmp_threads:
        raise RuleError(
            f"{name!r} of {synapses.name!r}: a program that makes its synapses itself can choose a share of them on "
            "C++ without OpenMP alone; connect with arrays, connect(i=..., j=...), or all-to-all, connect()"
        )
    function = f"{synapses.name}_{name}_chosen"
    code = _CODE.replace("%MIX%", MIX).replace("%NAME%", function).replace("%SEED%", str(word(key)))
    code = code.replace("%SHARE%", repr(float(share)))
    chosen = Function(lambda cell, of: 0, arg_units=[1, 1], return_unit=1, stateless=False)
    chosen.implementations.add_implementation(
        "cpp", code, compiler_kwds={"headers": ["<vector>", "<cmath>", "<cstdint>", "<algorithm>"]}, name=function
    )
    getattr(synapses, name).set_item(slice(None), f"{function}(j, N_incoming) == 1", namespace={function: chosen})
