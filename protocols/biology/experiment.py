"""A pairing experiment on a small circuit: conditions in, EPSC amplitudes out.

Every trial (a condition and a seed) is one copy of the circuit; copies run side by side in one network, and as many
runs of that one build as are needed go on in parallel. An experiment of one's own is a `Circuit`, some `Condition`s and
`Experiment.run`; docs/biology.md has one.

Measurement as in the experiments: EPSCs at test pulses of 0.05 Hz, averaged over 20 to 30 min after pairing and divided
by the mean of the baseline. Amplitudes at the start vary between trials (lognormal, CV 0.3), each EPSC varies about the
synapse's strength (CV 0.15). Both are drawn with numpy from the seed, so that all targets record the same. A test pulse
reads the synapse as a voltage clamp would; it evokes no postsynaptic spike and so changes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
from brian2 import Quantity, amp, get_dimensions, meter, pA, second

from sbp_brian.errors import CircuitError
from sbp_brian.models.circuits import Circuit, Timeline, build, culture_sbp
from sbp_brian.models.circuits.membranes import PULSED, Membrane
from sbp_brian.protocols.biology.trials import MEASURED, Trials
from sbp_brian.targets import Simulation
from sbp_brian.wording import names_parameters

__all__ = ["Condition", "Experiment", "Recordings"]


@names_parameters
@dataclass(frozen=True)
class Condition:
    """What is done to the circuit.

    Parameters
    ----------
    name : str
        Each condition of a run has its own; the draws of its trials depend on it.
    pulses : mapping of str to Quantity
        Cell -> when, within each pairing, a current pulse makes it fire; only differences matter.
    nmda : float in [0, 1]
        Share of NMDA receptors left open, in all cells: 0 is a full block.
    ltp_signal, ltd_signal : float in [0, 1]
        What blockers leave of the two retrograde signals.
    strength : Quantity, A
        Mean EPSC amplitude at the start.
    pairs : int or None
        Number of pairings, at most the timeline's; None: as many.
    turned : mapping of str to Quantity, optional
        The pulses of every second block of pairings, for the same cells as `pulses`.
    block : int
        Number of pairings in a block; 1: every second pairing is a turned one.
    length : Quantity, m, optional
        Length of all axons; None: that of the retrograde signal's chain.
    strengths : mapping of str to Quantity, A
        Synapse -> its mean EPSC amplitude at the start where it is not `strength`.
    cells : mapping of str to mapping
        Variable of the membrane -> cell -> value, e.g. ``{"latency": {"X": 10 * ms}}``; the membrane says which.

    Raises
    ------
    CircuitError
        A blocker outside [0, 1], a pulse time that is no time, a strength that is no positive current, a length that is
        none, turned pulses of other cells.
    """

    name: str
    pulses: Mapping[str, Quantity]
    nmda: float = 1.0
    ltp_signal: float = 1.0
    ltd_signal: float = 1.0
    strength: Quantity = field(default_factory=lambda: 100 * pA)
    pairs: int | None = None
    turned: Mapping[str, Quantity] | None = None
    block: int = 1
    length: Quantity | None = None
    strengths: Mapping[str, Quantity] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self):
        for blocker in ("nmda", "ltp_signal", "ltd_signal"):
            left = getattr(self, blocker)
            if not isinstance(left, Real) or not 0 <= left <= 1:
                raise CircuitError(
                    f"condition {self.name!r}: {blocker} = {left} is outside [0, 1]; 0 is a full block, 1 is none"
                )
        if self.turned is not None and set(self.turned) != set(self.pulses):
            raise CircuitError(
                f"condition {self.name!r}: turned is for {', '.join(self.turned) or 'no cell'}, but "
                f"pulses for {', '.join(self.pulses) or 'no cell'}; name the same cells in both"
            )
        if self.block < 1:
            raise CircuitError(f"condition {self.name!r}: block = {self.block}; give at least one pairing")
        if self.length is not None and (get_dimensions(self.length) != meter.dim or not self.length > 0 * meter):
            raise CircuitError(
                f"condition {self.name!r}: length = {self.length!r} is not a positive length; give one such as 150*um"
            )
        for cell, time in [*self.pulses.items(), *(self.turned or {}).items()]:
            if get_dimensions(time) != second.dim:
                raise CircuitError(
                    f"condition {self.name!r}: the pulse of {cell} is at {time!r}, which is no time; "
                    "give one such as 10*ms"
                )
        for what, strength in {"strength": self.strength, **self.strengths}.items():
            if get_dimensions(strength) != pA.dim or not strength > 0 * pA:
                raise CircuitError(
                    f"condition {self.name!r}: {what} = {strength!r} is not a positive current; give one such as 100*pA"
                )


class Recordings:
    """EPSCs of all trials.

    Attributes
    ----------
    minutes : ndarray, min, shape (n_pulses,)
        Times of the test pulses after the end of pairing (negative: baseline; none while cells are paired).
    run_s, build_s : float
        Wall time of all runs, and of getting ready.
    """

    def __init__(
        self,
        circuit: Circuit,
        conditions: Sequence[Condition],
        minutes: np.ndarray,
        weights: np.ndarray,
        epsc: np.ndarray,
        strengths: np.ndarray,
        baseline: np.ndarray,
        spikes: np.ndarray,
        run_s: float,
        build_s: float,
    ):
        self._circuit, self._places = circuit, {c.name: k for k, c in enumerate(conditions)}
        self.minutes, self._weights, self._epsc, self._strengths = minutes, weights, epsc, strengths
        self._baseline, self._spikes = baseline, spikes
        self.run_s, self.build_s = run_s, build_s

    def _at(self, condition: str, synapse: str) -> tuple:
        if condition not in self._places:
            raise CircuitError(f"no condition {condition!r} was run; there are {', '.join(self._places)}")
        return self._places[condition], slice(None), self._circuit.synapse(synapse)

    def _changed(self, values: np.ndarray) -> np.ndarray:
        late = (self.minutes >= MEASURED[0] - 1e-6) & (self.minutes <= MEASURED[1] + 1e-6)
        return values[..., late].mean(-1) / values[..., self._baseline].mean(-1) - 1

    def course(self, condition: str, synapse: str) -> np.ndarray:
        """EPSC amplitude relative to the mean of the baseline, shape (n_seeds, n_pulses)."""
        epsc = self._epsc[self._at(condition, synapse)]
        return epsc / epsc[:, self._baseline].mean(-1, keepdims=True)

    def change(self, condition: str, synapse: str) -> np.ndarray:
        """Relative change of the EPSC 20 to 30 min after pairing, shape (n_seeds,)."""
        return self._changed(self._epsc[self._at(condition, synapse)])

    def noise_free(self, condition: str, synapse: str) -> np.ndarray:
        """The same of the synapse itself, without the variation from EPSC to EPSC, shape (n_seeds,)."""
        return self._changed(self._weights[self._at(condition, synapse)])

    def weights(self, condition: str, synapse: str) -> np.ndarray:
        """The synapse itself relative to its start at each test pulse, shape (n_seeds, n_pulses)."""
        return self._weights[self._at(condition, synapse)]

    def strength(self, condition: str, synapse: str) -> Quantity:
        """EPSC amplitude at the start (A), shape (n_seeds,)."""
        return self._strengths[self._at(condition, synapse)] * amp

    def spikes(self, condition: str, cell: str) -> np.ndarray:
        """Number of spikes of a cell, shape (n_seeds,)."""
        return self._spikes[self._at(condition, self._circuit.synapses[0])[0], :, self._circuit.cell(cell)]


@names_parameters
class Experiment(Trials):
    """A circuit on a target, built once, on which conditions are tried.

    Parameters
    ----------
    circuit : Circuit
    target : {'cpp', 'cython', 'numpy'}
    timeline : Timeline, optional
    sbp : RetrogradeSBP, optional
    rule : SynapseRule, optional
    copies : int
        Copies of the circuit in one network; the program is the same whatever is run on it.
    cache : path or False, optional
        As `Simulation` takes it.
    membrane : Membrane
        What makes a cell fire.
    """

    def __init__(
        self,
        circuit: Circuit,
        target: str = "cpp",
        timeline: Timeline | None = None,
        sbp=None,
        rule=None,
        copies: int = 100,
        cache=None,
        membrane: Membrane = PULSED,
    ):
        self.circuit, self.copies, self.membrane = circuit, copies, membrane
        self.timeline = Timeline() if timeline is None else timeline
        self.end = self.timeline.end_of_pairing
        self._chain = (culture_sbp() if sbp is None else sbp).transport
        make = functools.partial(build, circuit, copies, self.timeline, sbp, rule, membrane)
        self.simulation = Simulation(
            make, self.timeline.duration, target=target, name="circuit", key="circuit", cache=cache
        )

    def run(
        self,
        conditions: Sequence[Condition],
        seeds: int = 10,
        seed: int = 0,
        workers: int | None = None,
        progress=None,
        shared: Mapping[str, Any] | None = None,
    ) -> Recordings:
        """Try every condition with every seed.

        Parameters
        ----------
        conditions : sequence of Condition
        seeds : int
            Number of trials of each.
        seed : int
            The seed from which all their seeds derive.
        workers : int, optional
            Runs at a time.
        progress : callable, optional
            ``progress(fraction, elapsed_s)``.
        shared : mapping, optional
            What all copies share, e.g. ``{"synapses.retro_postlateral": 0.0}``.

        Raises
        ------
        CircuitError
            No seeds, no conditions, a cell that the circuit lacks, a pairing that does not fit, two conditions of one
            name.
        """
        names = ["test.w", "test.t", "cells.spike_number"]
        rngs, trials, results = self._tried(conditions, seeds, seed, workers, progress, names, shared=shared)
        return Recordings(self.circuit, conditions, *self._measured(conditions, seeds, rngs, trials, results))

    def _trial(self, condition: Condition, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial values of one copy, in SI units."""
        n_cells, n_synapses = len(self.circuit.cells), len(self.circuit.synapses)
        timeline, (pulses, pulse_at, pulse_shift) = self.timeline, np.zeros((3, n_cells))
        pairs = timeline.pairs if condition.pairs is None else condition.pairs
        if not 0 <= pairs <= timeline.pairs:
            raise CircuitError(
                f"condition {condition.name!r}: pairs = {pairs}, but the timeline has room for 0 to {timeline.pairs}"
            )
        turned = condition.pulses if condition.turned is None else condition.turned
        first = self._first(condition.name, [*condition.pulses.values(), *turned.values()])
        for cell in condition.pulses:
            k = self.circuit.cell(cell)
            usual, other = (self._on_grid(condition.name, cell, of[cell] - first) for of in (condition.pulses, turned))
            pulses[k], pulse_at[k], pulse_shift[k] = pairs, usual, other - usual
        length = float(self._chain.length if condition.length is None else condition.length)
        if self._chain.stages * float(self._chain.velocity * self._chain.dt) > length * (1 + 1e-9):
            raise CircuitError(
                f"condition {condition.name!r}: a stage of the axon of {length * 1e6:g} um empties "
                f"within one tick of {self._chain.dt}; give a longer axon or a shorter tick"
            )
        means = np.full(n_synapses, float(condition.strength))
        for synapse, mean in condition.strengths.items():
            means[self.circuit.synapse(synapse)] = float(mean)
        return {
            "cells.pulses": pulses,
            "cells.pulse_at": pulse_at,
            "cells.pulse_shift": pulse_shift,
            "cells.block": np.full(n_cells, float(condition.block)),
            "cells.retro_length": np.full(n_cells, length),
            "cells.nmda": np.full(n_cells, condition.nmda),
            "cells.retro_ltp_gain": np.full(n_cells, condition.ltp_signal),
            "cells.retro_ltd_gain": np.full(n_cells, condition.ltd_signal),
            "synapses.baseline": self._amplitudes(means, rng),
            **self._membrane_values(condition),
        }

    def _membrane_values(self, condition: Condition) -> dict[str, np.ndarray]:
        """What the membrane lets a condition set, cell by cell, in SI units."""
        defaults = self.membrane.settable
        for name in condition.cells:
            if name not in defaults:
                raise CircuitError(
                    f"condition {condition.name!r}: the membrane has no {name!r} to set; it has "
                    f"{', '.join(defaults) or 'nothing that may be set'}"
                )
        values = {}
        for name, default in defaults.items():
            own = [kind == "glu" for kind in self.circuit.cells.values()]
            array = np.array([own[k] if default is None else np.asarray(default) for k in range(len(own))])
            for cell, value in condition.cells.get(name, {}).items():
                k = self.circuit.cell(cell)
                if isinstance(default, Quantity):
                    if get_dimensions(value) != second.dim or not 0 <= float(value) < np.inf:
                        raise CircuitError(
                            f"condition {condition.name!r}: the {name} of {cell} is {value!r}; give a "
                            "time that is not negative, such as 10*ms"
                        )
                    value = self._on_grid(condition.name, cell, value)
                array[k] = value
            values[f"cells.{name}"] = array
        return values

    def _units(self) -> dict[str, Any]:
        """Units of the variables of a trial that have one."""
        units = {
            "cells.pulse_at": second,
            "cells.pulse_shift": second,
            "cells.retro_length": meter,
            "synapses.baseline": 1e12 * pA,
        }
        own = self.membrane.settable.items()
        return units | {f"cells.{name}": second for name, value in own if isinstance(value, Quantity)}
