"""How the retrograde signal travels from a cell's axon terminals to its soma.

A transport is a small frozen declaration. It says which variables a cell needs for each channel (``ltp``, ``ltd``) and
gives the Brian2 code that moves the signal at every tick of a slow clock. The signal enters in ``X`` (emitted by the
output synapses, dimensionless) and leaves in ``X_due`` (at the soma, waiting to be expressed), where ``X`` is
``retro_ltp`` or ``retro_ltd``. Every transport conserves it: what is in ``X``, in the stages, in the pool and in
``X_due`` is what was emitted and has not been expressed yet.

========= ============================================================ ==========================================
transport biology                                                      mean time from emission to expression
========= ============================================================ ==========================================
None      (none; used where the delay does not matter)                 one time step
Delay     a fixed latency                                              ``time`` (spread: +- half a slot)
Chain     retrograde transport along an axon, leaky pool at the soma   ``length / velocity + dt / 2`` (+ ``pool``)
Window    (algorithmic) all change within a sample acts at its end     the time left to the end of the window,
          or, on average, `late` windows after it                      and ``late * time``
========= ============================================================ ==========================================
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity, get_dimensions, meter, ms, second, um

from sbp_brian.brian.ring import add_ring
from sbp_brian.errors import RetrogradeError
from sbp_brian.retrograde.cascade import passed_on, share
from sbp_brian.wording import names_parameters, number_in

__all__ = ["Chain", "Delay", "Transport", "Window"]


def literal(value: Quantity) -> str:
    """A quantity of time, length or speed as text that Brian2 resolves in any namespace."""
    unit = {second.dim: "second", meter.dim: "meter", (meter / second).dim: "meter/second"}[get_dimensions(value)]
    return f"({float(value)!r}*{unit})"


def require_positive(owner: str, name: str, value, unit: Quantity, unit_text: str) -> None:
    """Raise unless `value` is one positive, finite quantity with the dimension of `unit`."""
    if not isinstance(value, Quantity) or get_dimensions(value) != unit.dim or np.ndim(value):
        raise RetrogradeError(f"{owner}: {name} must be one value in {unit_text}, got {value!r}")
    number = float(value)
    if not 0 < number < float("inf"):
        raise RetrogradeError(f"{owner}: {name} must be positive and finite, got {value}")


def require_stages(owner: str, name: str, value) -> None:
    """Raise unless `value` is a whole number of at least one."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise RetrogradeError(f"{owner}: {name} must be a whole number of at least 1, got {value!r}")


@dataclass(frozen=True)
class Transport:
    """What every transport offers; concrete ones are below."""

    #: The signal is put into ``X_now`` by the tick itself and stays there for the whole period (see `Window`).
    holds = False

    @property
    def period(self) -> Quantity:
        """Period of the slow clock on which the signal moves."""
        raise NotImplementedError

    def stage_names(self, signal: str) -> list[str]:
        """Cell variables (dimensionless, one value a cell) that hold the part of `signal` on its way."""
        return []

    def equations(self, signal: str) -> str:
        """Model lines for the variables of this transport."""
        return "\n".join(f"{name} : 1" for name in self.stage_names(signal))

    def tick(self, signal: str) -> str:
        """Code for one tick of the slow clock."""
        raise NotImplementedError

    def initial(self, signal: str) -> dict:
        """Values of constant cell variables, settable afterwards and as run arguments."""
        return {}

    def prepare(self, cells: NeuronGroup, signals: list[str], clock: Clock | None, order: int) -> None:
        """Give `cells` what their equations cannot declare, before the tick at `order` in the slot ``start``."""


@names_parameters
@dataclass(frozen=True)
class Delay(Transport):
    """A fixed latency, carried by a shift register.

    A spike queue of minutes at a time step of 0.1 ms would need some 10 million slots; a register on a slow clock needs
    `slots`. The signal of an emission arrives after `time` on average, at most half a slot earlier or later.

    Parameters
    ----------
    time : Quantity (second)
        Mean latency.
    slots : int
        Length of the register; the tick is ``time / (slots + 0.5)``.

    Raises
    ------
    RetrogradeError
        Where `time` is not a positive time or `slots` not a positive whole number.
    """

    time: Quantity
    slots: int = 20

    def __post_init__(self):
        require_positive("Delay", "time", self.time, second, "units of time")
        require_stages("Delay", "slots", self.slots)

    @property
    def period(self) -> Quantity:
        """Time between two shifts."""
        return self.time / (self.slots + 0.5)

    def stage_names(self, signal: str) -> list[str]:
        """One variable a slot."""
        return [f"{signal}_slot_{k}" for k in range(1, self.slots + 1)]

    def tick(self, signal: str) -> str:
        """Shift by one slot; the last one is due."""
        names = [signal, *self.stage_names(signal)]
        lines = [f"{signal}_due += {names[-1]}"]
        lines += [f"{later} = {earlier}" for earlier, later in zip(names[-2::-1], names[:0:-1], strict=True)]
        return "\n".join([*lines, f"{signal} = 0"])


@names_parameters
@dataclass(frozen=True)
class Chain(Transport):
    r"""Transport along an axon as a chain of stages, with an optional leaky pool at the soma.

    At each tick the fraction :math:`p = n v \, dt / L` of every stage moves on to the next. A packet spends a geometric
    number of ticks in each of the `stages`, :math:`1/p` on average, so the mean transport time is exactly
    :math:`L / v`, plus half a tick until it is picked up; the coefficient of variation is about
    :math:`1/\sqrt{n}`. Length and velocities are cell variables (``retro_length``, ``retro_ltp_velocity``,
    ``retro_ltd_velocity``), so one build serves many of them.

    Parameters
    ----------
    length : Quantity (meter)
        Length of the axon, soma to terminals.
    velocity : Quantity (meter/second)
        Effective velocity of the LTP carrier (and of the LTD carrier, unless `velocity_ltd` is given).
    stages : int
        Number of stages n.
    dt : Quantity (second)
        Tick of the slow clock.
    pool : Quantity (second) or None
        Time constant of the pool at the soma from which the signal is expressed; None: expressed as it arrives.
    velocity_ltd : Quantity (meter/second) or None
        Velocity of the LTD carrier: nitric oxide is not shipped along axons, its downstream carrier is another one.

    Raises
    ------
    RetrogradeError
        Wrong units, non-positive values, or a tick too long for the chain (p > 1).

    Notes
    -----
    Velocity and length in the living animal have not been measured for this signal: both are assumptions. Quantum dots
    carrying BDNF move at about 1 um/s along axons.
    """

    length: Quantity = field(default_factory=lambda: 150 * um)
    velocity: Quantity = field(default_factory=lambda: 1 * um / second)
    stages: int = 4
    dt: Quantity = field(default_factory=lambda: 1 * second)
    pool: Quantity | None = None
    velocity_ltd: Quantity | None = None

    def __post_init__(self):
        require_positive("Chain", "length", self.length, meter, "units of length")
        require_positive("Chain", "dt", self.dt, second, "units of time")
        require_stages("Chain", "stages", self.stages)
        for name in ("velocity", "velocity_ltd"):
            value = getattr(self, name)
            if value is None and name == "velocity_ltd":
                continue
            require_positive("Chain", name, value, meter / second, "units of length per time")
            moved = float(self.stages * value * self.dt / self.length)
            if moved > 1 + 1e-9:  # rounding must not refuse a tick that empties a stage exactly
                longest = float(self.length / (self.stages * value)) * second
                raise RetrogradeError(
                    f"Chain: with {name}={value} a stage empties faster than one tick of dt={self.dt}; "
                    f"use dt <= {longest} or fewer stages"
                )
        if self.pool is not None:
            require_positive("Chain", "pool", self.pool, second, "units of time")
            if self.pool < self.dt:
                raise RetrogradeError(f"Chain: pool={self.pool} is shorter than the tick dt={self.dt}; give pool=None")

    @property
    def period(self) -> Quantity:
        """The tick of the slow clock."""
        return self.dt

    def _velocity_name(self, signal: str) -> str:
        return f"{signal}_velocity"

    def stage_names(self, signal: str) -> list[str]:
        """One variable a stage, and the pool."""
        return [f"{signal}_stage_{k}" for k in range(1, self.stages + 1)] + self.pool_names(signal)

    def pool_names(self, signal: str) -> list[str]:
        """The pool at the soma, if there is one."""
        return [f"{signal}_pool"] if self.pool is not None else []

    def equations(self, signal: str) -> str:
        """The stages, the pool and the velocity of this signal's carrier."""
        return super().equations(signal) + f"\n{self._velocity_name(signal)} : meter/second (constant)"

    def initial(self, signal: str) -> dict:
        """The velocity of this signal's carrier."""
        ltd = signal.endswith("ltd") and self.velocity_ltd is not None
        return {self._velocity_name(signal): self.velocity_ltd if ltd else self.velocity}

    def tick(self, signal: str) -> str:
        """Move the fraction p of each stage on, the last one first, then pick up what was emitted."""
        moved = f"moved_{signal}"
        stages = [f"{signal}_stage_{k}" for k in range(1, self.stages + 1)]
        goal = f"{signal}_pool" if self.pool is not None else f"{signal}_due"
        lines = [f"{moved} = clip({self.stages}*{self._velocity_name(signal)}*{literal(self.dt)}/retro_length, 0, 1)"]
        if self.pool is not None:
            leak = f"leak_{signal}"
            lines += [f"{leak} = {goal}*{float(self.dt / self.pool)!r}", f"{signal}_due += {leak}", f"{goal} -= {leak}"]
        lines.append(f"{goal} += {moved}*{stages[-1]}")
        return "\n".join([*lines, *passed_on(stages, signal, moved), f"{signal} = 0"])


@names_parameters
@dataclass(frozen=True)
class Window(Transport):
    """All change emitted within a window is summed and acts at its end; an algorithmic choice, for training.

    The sum is held in ``retro_ltp_now`` and ``retro_ltd_now`` through the next window. Input synapses express it at
    an event of their *presynaptic* cell (``receiving(rule, on="...")``), which should happen once a window.

    Parameters
    ----------
    time : Quantity (second)
        Length of the window, e.g. the duration of a sample.
    late : int
        How many windows later the sum is handed over, on average. 0: at the window's end. A ring of `late` places a
        cell and channel keeps what is under way, so there may be thousands.
    stages : int or None
        None: all of it comes at once. A number: it passes a cascade of so many stages instead of the ring
        (`sbp_brian.retrograde.cascade`), and comes dispersed, with a coefficient of variation of about 1/sqrt(stages).

    Raises
    ------
    RetrogradeError
        Where `time` is not a positive time, `late` no whole number from 0 on, or `stages` not below `late`.
    """

    time: Quantity = field(default_factory=lambda: 20 * ms)
    late: int = 0
    stages: int | None = None
    holds = True

    def __post_init__(self):
        require_positive("Window", "time", self.time, second, "units of time")
        if refusal := number_in("late", self.late, "[0, inf)", whole=True):
            raise RetrogradeError(f"Window: {refusal}")
        if self.stages is None:
            return
        require_stages("Window", "stages", self.stages)
        if self.stages >= self.late:
            raise RetrogradeError(
                f"Window: each of stages={self.stages} takes more than a window on average, so they cannot take "
                f"late={self.late}; give fewer stages, a later signal, or stages=None for a signal without spread"
            )

    @property
    def period(self) -> Quantity:
        """Length of the window."""
        return self.time

    def stage_names(self, signal: str) -> list[str]:
        """One variable a stage."""
        return [f"{signal}_stage_{k}" for k in range(1, (self.stages or 0) + 1)]

    def prepare(self, cells: NeuronGroup, signals: list[str], clock: Clock | None, order: int) -> None:
        """The ring of a signal that comes late, all of it at once."""
        if self.late and not self.stages:
            names = [f"{signal}_back" for signal in signals]
            add_ring(cells, names, self.late, self.period, clock, order=order - 1, place="retro_place")

    def tick(self, signal: str) -> str:
        """Hand the window's sum over, or what comes of an earlier one, and begin the next."""
        if not self.late:
            arriving, kept = signal, []
        elif self.stages is None:
            arriving, kept = f"{signal}_back", [f"{signal}_back = {signal}"]
        else:
            stages, moved = self.stage_names(signal), repr(share(self.late, self.stages))
            arriving, kept = f"{moved}*{stages[-1]}", passed_on(stages, signal, moved)
        return "\n".join([f"{signal}_now = {arriving}", *kept, f"{signal} = 0"])
