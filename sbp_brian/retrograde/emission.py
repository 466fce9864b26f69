"""What an output synapse reports when its weight changes: how much, how coarsely, and how reliably."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Quantity

from sbp_brian import wording
from sbp_brian.errors import RetrogradeError
from sbp_brian.wording import names_parameters

__all__ = ["BITS", "EMISSIONS", "Emission"]

#: Amount that is reported, by name: {w} after the change, retro_before before it.
EMISSIONS = {
    "change": "{w} - retro_before",
    "relative": "({w} - retro_before)/(retro_before + int(retro_before == 0*retro_before)*retro_unit)",
    "weighted": "retro_before*({w} - retro_before)",
    "strength": "sign(retro_before)*({w} - retro_before)",
    "bit": "sign(retro_before)*sign({w} - retro_before)",
    "proportion": "abs(retro_before)*({w} - retro_before)",
    "value-bit": "sign({w} - retro_before)",
}
#: The same for 'relative' with a floor.
FLOORED = "sign(retro_before)*({w} - retro_before)/clip(abs(retro_before), {floor!r}*retro_unit, inf*retro_unit)"
#: Of the weight's unit in the emitted amount.
UNIT_POWER = {
    "change": 1,
    "relative": 0,
    "weighted": 2,
    "strength": 1,
    "bit": 0,
    "proportion": 2,
    "value-bit": 0,
}
#: Emissions of one size only.
BITS = ("bit", "value-bit")


@names_parameters
@dataclass(frozen=True)
class Emission:
    """What an output synapse reports when its weight w changes by dw (w before the change).

    =============  =================  =====================================================================
    kind           reported           positive where
    =============  =================  =====================================================================
    'change'       dw                 the value grows
    'strength'     sign(w) dw         the *strength* grows, whether the synapse excites or inhibits
    'bit'          sign(w) sign(dw)   the same: one bit of it
    'weighted'     w dw               the same, in proportion to the strength
    'relative'     dw/w               the same, as a share of it
    'proportion'   abs(w) dw          the value grows: a control, w dw without the sign of the strength
    'value-bit'    sign(dw)           the value grows: a control, the bit without the sign of the strength
    =============  =================  =====================================================================

    A weight that does not change reports nothing. A weight of 0 has no sign: it reports 0 as 'strength', 'bit',
    'weighted', 'proportion' and 'relative' with a floor; as 'relative' without one it reports dw in its unit.

    Parameters
    ----------
    kind : str
        A name of the table.
    floor : float, Quantity or None
        For 'relative': the least strength that dw is divided by, in the unit of the weight.
    levels : int or None
        Steps from 0 to `full_scale`, to the nearest of which the amount is rounded, halves away from 0, before any
        division by the cell's activity; what is more counts as `full_scale`. 1: the amount is nothing or all. None:
        every amount can be told. 'bit' and 'value-bit' have one level as they are.
    full_scale : float or None
        The largest amount that can be told, where there are levels; in the unit of the amount, as a number: that of
        `RetrogradeSBP.unit`, squared for 'weighted' and 'proportion', none for 'relative'.
    noise : float >= 0
        Each report is multiplied by 1 + noise z with z of a normal distribution with mean 0 and standard deviation 1; a
        factor below 0 turns potentiation into depression. Synapse variable ``retro_noise``, shared.
    loss : float in [0, 1]
        Share of the reports that never arrive, each by chance. Synapse variable ``retro_loss``, shared.

    Raises
    ------
    RetrogradeError
        A parameter outside its range, or beside a kind that it means nothing to.

    Notes
    -----
    Without noise and loss no random number is drawn. With them each synapse draws from a generator of its own
    (`sbp_brian.retrograde.chance`), the same numbers on every target; those of the network's own stream are left alone.
    They follow from `RetrogradeSBP.seed` and, in a `Simulation`, from the seed of the run. In a script of your own the
    latter is the synapse variable ``retro_seed`` (0 at first), shared.
    """

    kind: str = "change"
    floor: float | Quantity | None = None
    levels: int | None = None
    full_scale: float | None = None
    noise: float = 0.0
    loss: float = 0.0

    def __post_init__(self):
        if not isinstance(self.kind, str) or self.kind not in EMISSIONS:
            raise RetrogradeError(f"RetrogradeSBP: {wording.one_of('emission', self.kind, tuple(EMISSIONS))}")
        _refuse(wording.number_in("noise", self.noise, "[0, inf)"))
        _refuse(wording.number_in("loss", self.loss, "[0, 1]"))
        if self.floor is not None:
            self._check_floor()
        if (self.levels is None) != (self.full_scale is None):
            given, lacking = ("full_scale", "levels") if self.levels is None else ("levels", "full_scale")
            _refuse(f"{given}={getattr(self, given)!r} needs {lacking}, too: give both or neither")
        if self.levels is not None:
            _refuse(wording.number_in("levels", self.levels, "[1, inf)", whole=True))
            _refuse(wording.number_in("full_scale", self.full_scale, "(0, inf)"))
            if self.kind in BITS:
                _refuse(f"levels={self.levels} has no effect on {self.kind!r}, which has one level; leave levels out")

    def _check_floor(self) -> None:
        if self.kind != "relative":
            _refuse(f"floor={self.floor} has no effect on {self.kind!r}; it is for 'relative', leave it out")
        plain = self.floor
        if not isinstance(plain, (int, float, np.number, Quantity)) or isinstance(plain, bool) or np.ndim(plain):
            _refuse(f"floor must be one number in the unit of the weight, got {plain!r}")
        if not 0 < float(plain) < np.inf:
            _refuse(f"floor must be positive and finite, got {plain}")

    @property
    def chancy(self) -> bool:
        """Whether a report depends on chance."""
        return self.noise > 0 or self.loss > 0

    def amount(self, weight: str, unit: Any) -> str:
        """The expression of the amount, without a unit and before levels, noise and loss."""
        text = EMISSIONS[self.kind].format(w=weight)
        if self.floor is not None:
            text = FLOORED.format(w=weight, floor=float(self.floor / (1 if unit is None else unit)))
        if unit is None:
            return f"({text.replace('*retro_unit', '')})"
        power = UNIT_POWER[self.kind]
        return f"({text})/retro_unit**{power}" if power else f"({text})"

    def coarse(self, amount: str) -> str:
        """The expression of the step that is nearest to the amount of this name."""
        step = float(self.full_scale) / self.levels
        return f"sign({amount})*clip(floor(abs({amount})/{step!r} + 0.5), 0, {self.levels})*{step!r}"


def _refuse(message: str | None) -> None:
    """Raise with a message, where there is one."""
    if message:
        raise RetrogradeError(f"Emission: {message}")
