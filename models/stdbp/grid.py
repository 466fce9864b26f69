r"""STDBP on a time grid: the network of `sbp_brian.models.stdbp` with nothing that depends on the order of events.

The exact form puts the spikes of a layer in order of time and lets a cell that has crossed its threshold ignore later
ones. That is a sequence, which a GPU does not keep. Here a sample lasts ``duration/step`` time steps of an ordinary
simulation, in which spikes only add, to slopes and to membranes:

.. math:: \tau\, dV_k/dt = g_k, \qquad g_k \mathrel{+}= w_{jk}, \quad
          V_k \mathrel{+}= w_{jk}\,(t_\mathrm{end} - t_j)/\tau \quad \text{at a spike } t_j
          \text{ of the step that ends at } t_\mathrm{end},

so that at the end of each step V is exact. A cell whose V has reached the threshold spikes, at the time found by going
back along the straight line, and hands that time on within the same step. The slope it then has may hold inputs that
came after the crossing, and learning from such a slope fails (a tenth of error in the gradient cost 20 to 40 points of
accuracy in a prototype); therefore, when the sample is over, two pathways a layer sum w and w t_j anew over
:math:`t_j < t_k`, each followed by :math:`t_k = (\theta\tau + \sum w t_j)/\sum w`, kept within the cell's step. What is
then found is exact unless a cell crosses its threshold and returns within one step, or more inputs fall between the
estimated and the true crossing than two passes set right. Then errors, gradients and changes of weights run as in the
exact form.

All of a sample's learning happens when the next one begins, in the slot ``start``, at the exact form's places less
1000; within each step, cells integrate in ``groups`` and spike layer by layer in ``thresholds``:

======================== ==============================================================================================
slot, order              what
======================== ==============================================================================================
start, -1010             the sample is over
start, -1000+10 k+5 ...9 layer k's spikes again; slopes and times of layer k + 1 anew, twice
start, -500 ... -97      errors, gradients, changes of weights, the optimiser's next stride
start, -10, 0            the new sample is read; the place in it
thresholds, 10 k, +1, +2 layer k: who spikes, at what time; arrivals at layer k + 1
======================== ==============================================================================================

Every sum into a cell is written with ``+=``, as CUDA's atomic sums need. Source: as `sbp_brian.models.stdbp`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import ClassVar

from brian2 import Clock, NeuronGroup, Quantity, ms

from sbp_brian.errors import ModelError
from sbp_brian.models.stdbp.first_spike import SOURCE, FirstSpike
from sbp_brian.models.stdbp.network import STDBP, USED
from sbp_brian.models.stdbp.options import Dropout
from sbp_brian.rules import SynapseRule
from sbp_brian.rules.quantities import duration
from sbp_brian.training.spiking import Shared

__all__ = ["GridSTDBP"]

#: Of a sample; beyond, a step of a duration that was meant in another unit is likelier than a wish.
MOST_STEPS = 20_000
TIMING = "due : integer\nplace : integer (shared)\nclosing : 1 (shared)\n"
#: At the end of the step in which the threshold was reached; ``due``: that step's place in the sample.
CROSS = """
still = 0
fired = 1
due = place
spike_time = (due + 1 - clip((potential - theta)*tau/(step*clip(slope, 1e-9, 1e9)), 0, 1))*step
"""
FRESH = "\nslope = 0\noffset = 0*second"
SETTLE = """
found = fired*int(slope > 0)
crossing = (theta*tau + offset)/((slope*found + 1 - found)*step)
spike_time = (1 - found)*spike_time + found*(due + clip(crossing - due, 0, 1))*step
"""
RECOUNT = (
    "slope_post += w*int(spike_time_pre < spike_time_post)\n"
    "offset_post += w*spike_time_pre*int(spike_time_pre < spike_time_post)"
)


@dataclass(frozen=True)
class GridSTDBP(STDBP):
    """Parameters of the network: those of `STDBP` and the time step.

    Parameters
    ----------
    step : Quantity (s)
        Must divide the duration of a sample, the window of its cells. A tenth of their tau is enough (docs/stdbp.md).

    Raises
    ------
    ModelError
        As `STDBP`, and for a step that does not divide the duration.
    """

    step: Quantity = field(default_factory=lambda: 1 * ms)
    shift: ClassVar[int] = -1000
    stride_place: ClassVar[int] = 903

    def __post_init__(self):
        super().__post_init__()
        duration("step", self.step)
        steps = float(self.duration / self.step)
        if round(steps) < 2 or abs(steps - round(steps)) > 1e-9 * steps:
            raise ModelError(f"step = {self.step} must divide a sample's duration of {self.duration} into at least 2")
        if steps > MOST_STEPS:
            raise ModelError(
                f"step = {self.step} makes {steps:,.0f} steps of a sample, more than {MOST_STEPS:,}; a "
                "tenth of tau is enough, and the exact form has no steps"
            )

    def _shared(self) -> Shared | None:
        """What it has in common with networks of other rates; Adam's stride is shared and computed."""
        if type(self) is not GridSTDBP or self.optimiser == "adam":
            return None
        alike = self.learning in ("frozen", "shuffled-labels", "rank-order")
        common = replace(self, rate_hidden=0.0, rate_output=0.0, learning="exact" if alike else self.learning)
        return Shared(functools.partial(GridSTDBP.network, common))

    def _equations(self, k: int) -> str:
        return super()._equations(k) + TIMING + ("dpotential/dt = slope/tau : 1\n" if k else "")

    def _events(self, k: int) -> dict[str, str]:
        events = {name: f"{condition} and closing > 0" for name, condition in super()._events(k).items()}
        if k:
            events["onset"] = "potential >= theta and still > 0"
        else:
            events["onset"] = "fired > 0 and due == place"
        if k < len(self.layers) - 1:
            events["again"] = "fired > 0 and closing > 0"
        return events

    def _ticks(self, clock: Clock) -> Clock:
        return Clock(self.step, name="step_clock")

    def _constants(self) -> dict:
        return {"step": self.step, "steps": round(float(self.duration / self.step))}

    def _read(self) -> str:
        return super()._read() + "\ndue = clip(timestep(spike_time, step), 0, steps - 1)"

    def _begin(self, k: int) -> str:
        lost = (
            "\nstill = int(rand() >= drop*teacher_on)"
            if self.option(Dropout).hidden and k < len(self.layers) - 1
            else ""
        )
        return FirstSpike.BEGIN + "\npotential = 0\ndue = -1\nspike_time = window" + lost

    def _settle(self, k: int, group: NeuronGroup, clock: Clock) -> None:
        last = len(self.layers) - 1
        group.run_regularly("closing = 1", clock=clock, when="start", order=self.shift - 10, name=f"{group.name}_over")
        group.run_regularly(
            "closing = 0\nplace = timestep(t, step) % steps",
            clock=group.clock,
            when="start",
            order=0,
            name=f"{group.name}_place",
        )
        group.set_event_schedule("onset", when="thresholds", order=10 * k)
        if k:
            group.run_on_event("onset", CROSS, when="thresholds", order=10 * k + 1)
            place = self.shift + 10 * (k - 1)
            used = USED if k < last else ""
            for order, code in ((6, FRESH), (8, SETTLE + FRESH), (10, SETTLE + used)):
                group.run_regularly(
                    code, clock=clock, when="start", order=place + order, name=f"{group.name}_settle{order}"
                )
        if k < last:
            group.set_event_schedule("again", when="start", order=self.shift + 10 * k + 5)

    def _arriving(self, k: int, source: NeuronGroup, cells: FirstSpike) -> tuple[SynapseRule, dict, list]:
        rule = SynapseRule(
            name="ReL-PSP on a grid",
            model="w : 1",
            on_pre={
                "arrive": "slope_post += w\npotential_post += w*((place_pre + 1)*step - spike_time_pre)/tau",
                "recount1": RECOUNT,
                "recount2": RECOUNT,
            },
            on_event={"arrive": "onset", "recount1": "again", "recount2": "again"},
            namespace={"tau": cells.tau, "step": self.step},
            source=SOURCE,
        )
        place = self.shift + 10 * k
        return (
            rule,
            {"arrive": ("thresholds", 10 * k + 2), "recount1": ("start", place + 7), "recount2": ("start", place + 9)},
            [],
        )
