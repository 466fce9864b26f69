"""Max pooling in front of a layer of DECOLLE: the largest of some sums reaches the cell's potential.

Cells that pool lie as maps of ``side`` x ``side`` sums each. A sum belongs to a cell of its own kind, in a group
``sums1`` ..., which the kernels reach; what does not fill a window at the lower and right edge is seen by nobody::

    best = max(drive of the window),    U = best - rho R + b

The gradient runs back through the largest sum alone, the first of equal ones. A cell and its sums know each other
through linked variables, so that this is ordinary code of two groups. Source: as `sbp_brian.models.decolle` (pooling
acts on U, the spike follows it).
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Clock, NeuronGroup, linked_var

from sbp_brian.brian.convolution import Maps
from sbp_brian.models.decolle.rules import Dense
from sbp_brian.models.windows import Windows

__all__ = ["PooledDense", "sums"]

SUMS = """
drive : 1
change : 1
place : integer (constant)
pool : integer (constant)
pool_change : 1 (linked)
pool_chosen : integer (linked)
"""


@dataclass(frozen=True)
class PooledDense(Dense):
    """The dense form for cells that pool; `Dense` says what its strings are.

    Parameters
    ----------
    cell, every, optimiser
        As of `Dense`.
    side : int
        Of the window.
    """

    side: int = 2

    POTENTIAL = "best - rho*r + bias"
    POST_BEGIN = "best = 0"

    @property
    def POST(self) -> str:
        """Dense's, and what the window holds."""
        seen = "".join(f"\ndrive{k} : 1 (linked)\nsum{k} : integer (constant)" for k in range(self.side**2))
        return Dense.POST.replace("drive : 1\n", "best : 1\nchosen : integer\n") + seen

    def look(self) -> str:
        """Code by which a cell finds the largest sum of its window, and which it is."""
        lines = ["best = drive0", "chosen = 0"]
        for k in range(1, self.side**2):
            lines += [
                f"larger = int(drive{k} > best)",
                f"chosen = chosen + larger*({k} - chosen)",
                f"best = clip(best, drive{k}, inf)",
            ]
        return "\n".join(lines)


def sums(k: int, maps: Maps, form: PooledDense, cells: NeuronGroup, step: Clock, dtype=None) -> NeuronGroup:
    """The sums in front of layer `k`, linked with its cells.

    Parameters
    ----------
    k : int
    maps : Maps
        Of the sums.
    form : PooledDense
    cells : NeuronGroup
        The layer.
    step : Clock
    dtype : mapping, optional
        Types of variables.
    """
    windows = Windows(maps, form.side)
    group = NeuronGroup(maps.cells, SUMS, clock=step, namespace={}, dtype=dtype, name=f"sums{k}")
    group.place, group.pool = windows.places()
    for n, members in enumerate(windows.members()):
        setattr(cells, f"sum{n}", members)
        setattr(cells, f"drive{n}", linked_var(group, "drive", index=f"sum{n}"))
    group.pool_change = linked_var(cells, "change", index="pool")
    group.pool_chosen = linked_var(cells, "chosen", index="pool")
    cells.run_regularly(form.look(), clock=step, when="before_groups", order=2, name=f"{cells.name}_look")
    group.run_regularly(
        "change = pool_change*int(pool_chosen == place)\ndrive = 0",
        clock=step,
        when="synapses",
        order=-1,
        name=f"{group.name}_step",
    )
    return group
