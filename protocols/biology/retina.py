"""Experiments on the retinotectal circuit: treatments in, currents and ganglion cell spikes out.

Trials are those of `sbp_brian.protocols.biology.trials`. Axon length, carrier velocities, drugs and blockers are
variables of the cells. With light, the current during a light pulse carries the variation of currents into the ganglion
cell's spikes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real

import numpy as np
from brian2 import Quantity, amp, get_dimensions, meter, second, um

from sbp_brian.errors import CircuitError
from sbp_brian.models.circuits import Timeline
from sbp_brian.models.circuits.retinotectal import RETINOTECTAL, LightPulses, build, tadpole_sbp
from sbp_brian.protocols.biology.experiment import Recordings
from sbp_brian.protocols.biology.trials import EPSC_CV, MEASURED, Trials
from sbp_brian.targets import Simulation
from sbp_brian.wording import names_parameters

__all__ = ["RetinaExperiment", "RetinaRecordings", "Treatment"]

#: Mean current of each synapse at the start, pA, in the circuit's order (choices: the ganglion cells fire to light).
CURRENTS = {"BC->RGC": 300, "BC->RGC2": 300, "AC->RGC": 40, "AC->RGC2": 40}
CURRENT_ELSEWHERE = 60
BLOCKERS = ("nmda", "ltp_signal", "ltd_signal", "trkb", "plc")


@names_parameters
@dataclass(frozen=True)
class Treatment:
    """What is done to the tadpole.

    Parameters
    ----------
    name : str
        Each treatment of a run has its own; the draws of its trials depend on it.
    pulses : mapping of str to Quantity
        Cell -> when, within each pairing, a current pulse makes it fire; only differences matter.
    bdnf : float >= 0
        BDNF puffed on the terminals of RGC: the change of its retinotectal synapses, and of the signal.
    nmda, ltp_signal, ltd_signal, trkb, plc : float in [0, 1]
        Shares that blockers leave: of NMDA receptors, of the LTP carrier (BDNF) and the LTD carrier (NO) in the tectum,
        of TrkB and of phospholipase C gamma in the ganglion cell.
    length : Quantity, m
        Axon of the ganglion cells.
    velocity, velocity_ltd : Quantity, m/s
        Effective velocity of the LTP carrier, and of the LTD carrier (None: the same).
    release : float in [0, 1]
        Locus of expression at the bipolar cells' synapses: 0 postsynaptic, 1 presynaptic.

    Raises
    ------
    CircuitError
        A blocker outside [0, 1], a negative dose, a length or velocity that is not positive, a time that is none.
    """

    name: str
    pulses: Mapping[str, Quantity] = field(default_factory=dict)
    bdnf: float = 0.0
    nmda: float = 1.0
    ltp_signal: float = 1.0
    ltd_signal: float = 1.0
    trkb: float = 1.0
    plc: float = 1.0
    length: Quantity = field(default_factory=lambda: 700 * um)
    velocity: Quantity = field(default_factory=lambda: 1 * um / second)
    velocity_ltd: Quantity | None = None
    release: float = 0.0

    def __post_init__(self):
        for blocker in (*BLOCKERS, "release"):
            left = getattr(self, blocker)
            if not isinstance(left, Real) or not 0 <= left <= 1:
                kind = "0 is postsynaptic, 1 presynaptic" if blocker == "release" else "0 is a full block, 1 is none"
                raise CircuitError(f"treatment {self.name!r}: {blocker} = {left} is outside [0, 1]; {kind}")
        if not 0 <= self.bdnf < np.inf:
            raise CircuitError(f"treatment {self.name!r}: bdnf = {self.bdnf} is no dose; give 0 or more")
        for cell, time in self.pulses.items():
            RETINOTECTAL.cell(cell)
            if get_dimensions(time) != second.dim:
                raise CircuitError(
                    f"treatment {self.name!r}: the pulse of {cell} is at {time!r}, which is no time; "
                    "give one such as 10*ms"
                )
        for name, unit, text in (
            ("length", meter, "700*um"),
            ("velocity", meter / second, "1*um/second"),
            ("velocity_ltd", meter / second, "1*um/second"),
        ):
            value = getattr(self, name)
            if value is None and name == "velocity_ltd":
                continue
            if get_dimensions(value) != unit.dim or not 0 < float(value) < np.inf:
                raise CircuitError(
                    f"treatment {self.name!r}: {name} = {value!r} is not positive; give one such as {text}"
                )

    @property
    def velocities(self) -> tuple[Quantity, Quantity]:
        """Of the LTP and of the LTD carrier (m/s)."""
        return self.velocity, self.velocity if self.velocity_ltd is None else self.velocity_ltd


class RetinaRecordings(Recordings):
    """Currents of all trials as in `Recordings`, and what light evokes.

    Attributes
    ----------
    light_minutes : ndarray, min, shape (n_light,)
        Times of the light pulses after the end of induction.
    """

    light_minutes: np.ndarray
    _light_baseline: np.ndarray  # which light pulses belong to the baseline
    _light_spikes: np.ndarray  # shape (n_treatments, n_seeds, n_cells, n_light)
    _pairs: np.ndarray  # first and second current, shape (n_treatments, n_seeds, n_synapses, n_light, 2)
    _light_noise: np.ndarray  # the same shape

    def _evoked(self, values: np.ndarray) -> np.ndarray:
        """Means of the baseline and of 20 to 30 min after induction, shape (2, ...)."""
        low, high = MEASURED
        late = (self.light_minutes >= low - 1e-6) & (self.light_minutes <= high + 1e-6)
        return np.array([values[..., self._light_baseline].mean(-1), values[..., late].mean(-1)])

    def evoked_spikes(self, treatment: str, cell: str = "RGC") -> np.ndarray:
        """Spikes of a cell at each light pulse, shape (n_seeds, n_light)."""
        return self._light_spikes[self._at(treatment, RETINOTECTAL.synapses[0])[0], :, RETINOTECTAL.cell(cell)]

    def spike_change(self, treatment: str, cell: str = "RGC") -> np.ndarray:
        """Change of the spikes to light 20 to 30 min after induction, relative to the trials' mean, shape (n_seeds,).

        Weak inputs let some cells fire hardly at all: single ratios would have no finite mean. (A mean below 0.1 spikes
        counts as 0.1.)
        """
        before, late = self._evoked(self.evoked_spikes(treatment, cell))
        return (late - before) / max(before.mean(), 0.1)

    def paired_pulse(self, treatment: str, synapse: str, noisy: bool = True) -> np.ndarray:
        """Second over first current of a light pulse, before and after (shape (2, n_seeds)), from mean currents."""
        at = self._at(treatment, synapse)
        factors = self._light_noise[at] if noisy else np.ones_like(self._light_noise[at])
        first, later = (self._evoked(self._pairs[at][..., k] * factors[..., k]) for k in (0, 1))
        return later / first


@names_parameters
class RetinaExperiment(Trials):
    """The retinotectal circuit on a target, built once, on which treatments are tried.

    Parameters
    ----------
    target : {'cpp', 'cython', 'numpy'}
    timeline : Timeline or LightPulses
        Pairing in the tectum, or light pulses and a puff of BDNF.
    sbp : RetrogradeSBP, optional
    copies : int
        Copies of the circuit in one network.
    cache : path or False, optional
        As `Simulation` takes it.
    """

    circuit = RETINOTECTAL
    TRIED = "treatment"
    IDLE = ("cells.pulses", "cells.bdnf")

    def __init__(
        self,
        target: str = "cpp",
        timeline: Timeline | LightPulses | None = None,
        sbp=None,
        copies: int = 80,
        cache=None,
    ):
        self.copies, self.timeline = copies, Timeline() if timeline is None else timeline
        self.sbp = tadpole_sbp() if sbp is None else sbp
        self.light = isinstance(self.timeline, LightPulses)
        self.end = self.timeline.end_of_induction if self.light else self.timeline.end_of_pairing
        make = functools.partial(build, copies, self.timeline, self.sbp)
        self.simulation = Simulation(
            make, self.timeline.duration, target=target, name="retina", key="retina", cache=cache
        )

    def run(
        self,
        treatments: Sequence[Treatment],
        seeds: int = 10,
        seed: int = 0,
        after: Quantity | None = None,
        workers: int | None = None,
        progress=None,
    ) -> RetinaRecordings:
        """Try every treatment with every seed.

        Parameters
        ----------
        treatments : sequence of Treatment
        seeds : int
            Number of trials of each.
        seed : int
            The seed from which all their seeds derive.
        after : Quantity, s, optional
            How long to record after induction, at most the timeline's time.
        workers : int, optional
            Runs at a time.
        progress : callable, optional
            ``progress(fraction, elapsed_s)``.

        Raises
        ------
        CircuitError
            No seeds, no treatments, a pairing or a velocity that does not fit, two treatments of one name.
        """
        after = self.timeline.after if after is None else after
        if not 0 < float(after) <= float(self.timeline.after):
            raise CircuitError(f"after = {after}; the timeline has room for up to {self.timeline.after}")
        names = ["test.w", "test.t", "cells.spike_number"]
        names += ["seen.spike_number", "pairs.paired_1", "pairs.paired_2"] if self.light else []
        duration = self.end + after + self.timeline.test_period
        rngs, trials, results = self._tried(treatments, seeds, seed, workers, progress, names, duration=duration)
        made = RetinaRecordings(self.circuit, treatments, *self._measured(treatments, seeds, rngs, trials, results))
        if self.light:
            self._add_light(made, (len(treatments), seeds), rngs, trials, results)
        return made

    def _trial(self, treatment: Treatment, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial values of one copy, in SI units; units are put on in `_settings`."""
        cells, synapses = RETINOTECTAL.cells, RETINOTECTAL.synapses
        trial = self._stimulated(treatment, np.zeros(len(cells)), np.zeros(len(cells)))
        chain, n = self.sbp.transport, len(cells)
        for velocity in treatment.velocities:
            if float(chain.stages * velocity * chain.dt / treatment.length) > 1 + 1e-9:
                raise CircuitError(
                    f"treatment {treatment.name!r}: at {velocity} an axon of {treatment.length} is "
                    f"passed too fast for a tick of {chain.dt}; shorten the tick"
                )
        trial |= {
            "cells.nmda": np.full(n, treatment.nmda),
            "cells.retro_ltp_gain": np.full(n, treatment.ltp_signal),
            "cells.retro_ltd_gain": np.full(n, treatment.ltd_signal),
            "cells.retro_length": np.full(n, float(treatment.length)),
        }
        for channel, velocity in zip(("ltp", "ltd"), treatment.velocities, strict=True):
            trial[f"cells.retro_{channel}_velocity"] = np.full(n, float(velocity))
        means = np.array([CURRENTS.get(name, CURRENT_ELSEWHERE) for name in synapses]) * 1e-12
        trial["synapses.baseline"] = self._amplitudes(means, rng)
        if self.light:
            puffed = np.arange(n) == RETINOTECTAL.cell("RGC")  # the terminals of RGC2 are out of reach
            bipolar = [name.startswith("BC->") for name in synapses]
            trial |= {
                "cells.bdnf": treatment.bdnf * puffed,
                "cells.trkb": np.full(n, treatment.trkb),
                "cells.plc": np.full(n, treatment.plc),
                "synapses.by_release": treatment.release * np.array(bipolar, dtype=float),
                "noise.values": rng.normal(1, EPSC_CV, (self.timeline.starts.size, len(synapses))),
            }
        return trial

    def _stimulated(self, treatment: Treatment, pulses, pulse_at) -> dict[str, np.ndarray]:
        """Current pulses of a pairing; only differences between their times matter."""
        timeline = self.timeline
        if self.light:
            if treatment.pulses:
                raise CircuitError(
                    f"treatment {treatment.name!r}: no pairing is possible on a timeline of light "
                    "pulses; give a Timeline"
                )
            return {}
        if treatment.bdnf:
            raise CircuitError(
                f"treatment {treatment.name!r}: no puff is possible on a timeline of pairing; give LightPulses"
            )
        first = self._first(treatment.name, list(treatment.pulses.values()))
        for cell, time in treatment.pulses.items():
            k = RETINOTECTAL.cell(cell)
            pulses[k], pulse_at[k] = timeline.pairs, self._on_grid(treatment.name, cell, time - first)
        return {"cells.pulses": pulses, "cells.pulse_at": pulse_at}

    def _units(self) -> dict[str, Quantity]:
        """Units of the variables of a trial that have one."""
        return {
            "cells.pulse_at": second,
            "synapses.baseline": amp,
            "cells.retro_length": meter,
            "cells.retro_ltp_velocity": meter / second,
            "cells.retro_ltd_velocity": meter / second,
        }

    def _add_light(
        self, made: RetinaRecordings, shape: tuple[int, int], rngs: list, trials: list, results: list
    ) -> None:
        """What light evoked: spikes, and the two currents of each light pulse with their variation."""
        n_synapses = len(RETINOTECTAL.synapses)
        counted = self._gathered(results, "seen.spike_number", shape, len(RETINOTECTAL.cells))
        made._light_spikes = np.diff(counted, axis=-1)
        lit = np.asarray(self.timeline.starts)[: made._light_spikes.shape[-1]]
        made.light_minutes = (lit - float(self.end)) / 60
        made._light_baseline = lit < float(self.timeline.baseline)
        # the first current varies as the drive did in the simulation, the second by itself
        drive = np.array([trial["noise.values"].T for trial in trials]).reshape(*shape, n_synapses, -1)
        drive = drive[..., : lit.size]
        own = np.array([rng.normal(1, EPSC_CV, drive.shape[2:]) for rng in rngs]).reshape(drive.shape)
        made._light_noise = np.stack([drive, own], -1)
        pairs = [self._gathered(results, f"pairs.paired_{k}", shape, n_synapses)[..., 1:] for k in (1, 2)]
        made._pairs = np.stack(pairs, -1)
