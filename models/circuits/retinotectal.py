"""Retina and tectum of a tadpole: bipolar cell -> ganglion cell (RGC) -> tectal cell, with the retrograde signal.

The experiments of Du & Poo 2004 (doi:10.1038/nature02618) and Du, Wei, Wang, Wong & Poo 2009
(doi:10.1073/pnas.0910659106) change the synapses of a ganglion cell in the tectum and look at its inputs in the retina.
Many copies of the circuit run side by side in one network; what differs between copies (axon length, velocities,
blockers, drugs, strengths) are initial values, so that one build serves every condition of an experiment.

`RETINOTECTAL` holds PR->BC->RGC->TC (photoreceptor, bipolar, ganglion and tectal cell), the inhibition of the ganglion
cells by an amacrine cell AC, a GABAergic tectal target TG, and an uninvolved ganglion cell RGC2 with the same bipolar
input and a target TC2 elsewhere in the tectum.

Every cell is a leaky integrate-and-fire cell (20 ms) with exponential synaptic currents (5 ms), advanced exactly from
tick to tick of a clock that ticks finely only around stimuli. A spike between two ticks is placed where the membrane
crossed the threshold, so that spike counts do not hang on the step. Bipolar and amacrine cells stand for all that
converge on a ganglion cell; graded release is simplified to a regular train of events during light.

Built in: STDP at retinotectal synapses only, glutamatergic inputs alone express the signal (inhibitory inputs of the
retina do not; in culture, Tao et al. 2000, they did), one hop, no lateral arms. Membrane, release and currents are
ordinary values, fitted to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from brian2 import (
    Equations,
    Hz,
    Mohm,
    Network,
    NeuronGroup,
    Quantity,
    StateMonitor,
    TimedArray,
    ms,
    mV,
    pA,
    second,
    um,
)

from sbp_brian.brian.event_clock import EventClock, bursts
from sbp_brian.errors import CircuitError
from sbp_brian.models.circuits.culture import Circuit, Timeline
from sbp_brian.plasticity import pair_stdp, short_term_plasticity
from sbp_brian.plasticity.pair import A_MINUS, A_PLUS
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Chain
from sbp_brian.rules import Regular, SynapseRule
from sbp_brian.wording import names_parameters

__all__ = ["RETINOTECTAL", "LightPulses", "build", "retinal_synapse", "tadpole_sbp"]

#: Cells and synapses of one copy.
RETINOTECTAL = Circuit(
    {"PR": "glu", "BC": "glu", "AC": "gaba", "RGC": "glu", "RGC2": "glu", "TC": "glu", "TC2": "glu", "TG": "gaba"},
    ("RGC->TC", "BC->RGC", "AC->RGC", "PR->BC", "BC->RGC2", "AC->RGC2", "RGC2->TC2", "RGC->TG"),
)
RETINOTECTAL_SYNAPSES = ("RGC->TC", "RGC2->TC2", "RGC->TG")
#: Share released by the first event: depressing bipolar synapses, little depression elsewhere (choices).
RELEASED = {"BC->RGC": 0.25, "BC->RGC2": 0.25}
RELEASED_ELSEWHERE, TAU_REC = 0.05, 200 * ms
#: Events during light, per second (choices).
LIGHT_RATES = {"BC": 50 * Hz, "AC": 50 * Hz}
#: Input resistance: a ganglion cell fires to light; a tectal cell does not fire to one ganglion cell (choices).
RESISTANCES = {"RGC": 1000 * Mohm, "RGC2": 1000 * Mohm}
RESISTANCE_ELSEWHERE = 40 * Mohm


@names_parameters
@dataclass(frozen=True)
class LightPulses:
    """When what happens: light pulses throughout, and a puff of BDNF after a baseline.

    Parameters
    ----------
    baseline, puff, after : Quantity, s
        Time before the puff, its duration, the time after it.
    light_period, light : Quantity, s
        From one light pulse to the next, and its duration.
    step : Quantity, s
        The fine grid during light.
    test_period : Quantity, s
        From one test pulse to the next; light pulses end just before one.

    Raises
    ------
    CircuitError
        Times that are not positive or do not fit into each other.
    """

    baseline: Quantity = field(default_factory=lambda: 600 * second)
    puff: Quantity = field(default_factory=lambda: 300 * second)
    after: Quantity = field(default_factory=lambda: 3600 * second)
    light_period: Quantity = field(default_factory=lambda: 60 * second)
    light: Quantity = field(default_factory=lambda: 500 * ms)
    step: Quantity = field(default_factory=lambda: 0.5 * ms)
    test_period: Quantity = field(default_factory=lambda: 20 * second)

    def __post_init__(self):
        for name in ("baseline", "puff", "after", "light_period", "light", "step", "test_period"):
            if not float(getattr(self, name)) > 0:
                raise CircuitError(f"LightPulses: {name} = {getattr(self, name)} is not a positive time")
        if self.light + self.tail > self.lead:
            raise CircuitError(f"LightPulses: light = {self.light} does not fit; give at most {self.lead - self.tail}")
        if self.baseline < self.light_period:
            raise CircuitError(
                f"LightPulses: a baseline of {self.baseline} holds no light pulse every "
                f"{self.light_period}; make it longer"
            )
        ratio = float(self.light_period / self.test_period)
        if abs(ratio - round(ratio)) > 1e-9 or ratio < 1:
            raise CircuitError(
                f"LightPulses: light_period = {self.light_period} is no multiple of the test pulses' "
                f"{self.test_period}; change either"
            )

    #: Light begins so long before a test pulse; the membrane is followed finely for `tail` after light.
    lead, tail = 1 * second, 100 * ms

    @property
    def end_of_induction(self) -> Quantity:
        """When the puff ends (s)."""
        return self.baseline + self.puff

    @property
    def duration(self) -> Quantity:
        """Simulated time (s), one test pulse beyond the time after the puff."""
        return self.end_of_induction + self.after + self.test_period

    @property
    def starts(self) -> Quantity:
        """Beginnings of the light pulses (s)."""
        return np.arange(1, int(self.duration / self.light_period) + 1) * self.light_period - self.lead

    @property
    def stimulus(self) -> Equations:
        """When a cell is made to fire."""
        return Equations("""light_rate : Hz (constant)
                            in_light = (t - first_light + half_step) % light_period - half_step : second
                            lit = light_rate > 0*Hz and t > first_light - half_step : boolean
                            shining = in_light < light_length - half_step : boolean
                            phase = ((in_light + half_step)*light_rate) % 1.0 : 1
                            pulsed = lit and shining and phase < light_rate*step : boolean""")

    @property
    def namespace(self) -> dict:
        """The constants of `stimulus`."""
        return {
            "first_light": self.starts[0],
            "light_period": self.light_period,
            "light_length": self.light,
            "half_step": self.step / 2,
            "step": self.step,
        }

    def clock(self, tick) -> EventClock:
        """Ticks finely around each light pulse and at every tick of the slow clock."""
        slow = np.arange(float(self.duration / tick)) * tick
        return EventClock(bursts(self.starts, self.light + self.tail, self.step, also=slow), self.step, name="light")


PAIRED = Equations("""pulse_at : second (constant)
                      pulses : 1 (constant)
                      elapsed = t - first_pulse : second
                      pairing = elapsed > -half_step and elapsed < pulses*period - half_step : boolean
                      in_period = (elapsed + half_step) % period - half_step : second
                      pulsed = pairing and abs(in_period - pulse_at) < half_step : boolean""")

CELLS = Equations("""glutamatergic : boolean (constant)
                     nmda : 1 (constant)
                     bdnf : 1 (constant)
                     trkb : 1 (constant)
                     plc : 1 (constant)
                     resistance : ohm (constant)
                     v : volt
                     current : amp
                     rising : volt/second
                     since : second
                     spike_number : 1""")
# exact for a membrane and a current that decay exponentially, however long it is since the last tick
MEMBRANE = """slow = exp(-(t - since)/tau_m)
fast = exp(-(t - since)/tau_syn)
v = v*slow + resistance*current*tau_syn/(tau_m - tau_syn)*(slow - fast)
current = current*fast
rising = (resistance*current - v)/tau_m
since = t"""
# where the threshold was crossed before this tick, the membrane has been rising from rest since then
RESET = """v = int(v > threshold)*clip((v - threshold)/clip(rising, least, most), 0*second, step)*(rising + v/tau_m)
spike_number += 1"""


def tadpole_sbp(tick=None, **changes) -> RetrogradeSBP:
    """The retrograde spread from tectum to retina.

    All numbers are choices or assumptions (none was measured): axon of 700 um, effective velocity 1 um/s of either
    carrier, eight stages, a pool of 180 s at the soma, saturation at +60 % and -50 %, rate 1.4. Inhibitory inputs do
    not express the signal, there are no lateral arms.

    Parameters
    ----------
    tick : Quantity, s
        The slow clock, 1 s by default.
    **changes
        Parameters of `RetrogradeSBP` to change.
    """
    chain = Chain(
        length=700 * um, velocity=1 * um / second, stages=8, dt=1 * second if tick is None else tick, pool=180 * second
    )
    chosen = dict(
        transport=chain, expression="saturating", rate=1.4, upper=0.6, lower=0.5, gate="int(glutamatergic_pre)"
    )
    return RetrogradeSBP(**{**chosen, **changes})


def retinal_synapse(noise: TimedArray | None = None) -> SynapseRule:
    """A depressing synapse; a retinotectal one has pair STDP as well.

    ============== ==== ================================================================================================
    variable       unit meaning
    ============== ==== ================================================================================================
    ``w``          1    strength relative to baseline (1 at the start)
    ``baseline``   amp  current of a rested synapse at the start
    ``plastic``    1    1 at retinotectal synapses: they have STDP, and BDNF acts on them
    ``U_rest``     1    share released by the first event at the start
    ``by_release`` 1    locus of expression: 0 postsynaptic (w scales the current), 1 presynaptic (w scales release)
    ``paired_1``   1    current of the first event after 1 s of silence, relative to baseline; ``paired_2`` the second
    ``noise_column`` index of the synapse, for `noise`
    ============== ==== ================================================================================================

    Parameters
    ----------
    noise : TimedArray, optional
        Factor of the current by time and synapse.
    """
    # in the code, not in the model: in Cython code Brian2 2.10 does not declare a weight that equations read too
    share = "U = clip(U_rest*(1 + by_release*(w - 1)), 0, 1)"
    varied = "*noise(t, noise_column)" if noise else ""
    transmit = f"""sent = (1 + (1 - by_release)*(w - 1))*released/U_rest
                   nth = 1 + nth*int(t - last_event < 1*second)
                   last_event = t
                   paired_1 = int(nth == 1)*sent + int(nth != 1)*paired_1
                   paired_2 = int(nth == 2)*sent + int(nth != 2)*paired_2
                   current_post += (2*int(glutamatergic_pre) - 1)*baseline*sent{varied}"""
    release, stdp = short_term_plasticity(tau_rec=TAU_REC, transmit=""), pair_stdp(transmit="")
    rule = release + stdp
    fixed = {name: value for name, value in rule.namespace.items() if name not in ("U", "A_plus", "A_minus")}
    model = f"""baseline : amp (constant)
                plastic : 1 (constant)
                U_rest : 1 (constant)
                by_release : 1 (constant)
                noise_column : integer (constant)
                nth : 1
                last_event : second
                paired_1 : 1
                paired_2 : 1
                conducive = plastic*nmda_post*int(glutamatergic_pre and glutamatergic_post) : 1
                A_plus = {A_PLUS!r}*conducive : 1
                A_minus = {A_MINUS!r}*conducive : 1"""
    return replace(
        rule,
        model=f"{rule.model}\n{model}",
        name="synapse of retina or tectum",
        on_pre={"pre": "\n".join([share, release.on_pre["pre"], transmit, stdp.on_pre["pre"]])},
        namespace=fixed | ({"noise": noise} if noise else {}),
    )


MEMBRANE_CONSTANTS = {
    "tau_m": 20 * ms,
    "tau_syn": 5 * ms,
    "threshold": 15 * mV,
    "least": 1 * mV / second,
    "most": 1e6 * mV / second,
}


def build(copies: int, timeline: Timeline | LightPulses, sbp: RetrogradeSBP | None = None) -> Network:
    """Copies of `RETINOTECTAL` side by side, at rest, in one network.

    Parameters
    ----------
    copies : int
    timeline : Timeline or LightPulses
        Pairing of spikes in the tectum, or light pulses and a puff of BDNF.
    sbp : RetrogradeSBP, optional
        `tadpole_sbp` by default; it needs a chain as transport.

    Returns
    -------
    Network
        Holds, copy by copy in the circuit's order:

        - ``cells`` (NeuronGroup): set ``nmda``, ``retro_ltp_gain``, ``retro_ltd_gain``, ``retro_length`` (m),
          ``retro_ltp_velocity``, ``retro_ltd_velocity`` (m/s); for pairing ``pulses`` and ``pulse_at`` (s); for a puff
          ``bdnf`` (change of the retinotectal synapses; the signal of the cell is as large), ``trkb``, ``plc`` (shares
          left by blockers);
        - ``synapses`` (Synapses): set ``baseline`` (A), ``by_release``;
        - ``test`` (StateMonitor): ``w`` at each test pulse, shape (copies * n_synapses, n_pulses);
        - with light ``seen`` (StateMonitor of cells: ``spike_number``) and ``pairs`` (of synapses: ``paired_1``,
          ``paired_2``) after each light pulse, and ``noise.values``, shape (n_light, copies * n_synapses), the factor
          by which currents vary from pulse to pulse.

    Raises
    ------
    CircuitError
    """
    if copies < 1:
        raise CircuitError(f"copies = {copies}; give at least one copy of the circuit")
    sbp = tadpole_sbp() if sbp is None else sbp
    light = isinstance(timeline, LightPulses)
    tick, kinds = sbp.transport.period, np.array([kind == "glu" for kind in RETINOTECTAL.cells.values()])
    n_cells, n_synapses = kinds.size, len(RETINOTECTAL.synapses)
    noise, stimulus, namespace = None, PAIRED, MEMBRANE_CONSTANTS
    if light:
        stimulus, namespace = timeline.stimulus, namespace | timeline.namespace
        noise = TimedArray(np.ones((timeline.starts.size, copies * n_synapses)), dt=timeline.light_period, name="noise")
    else:
        paired = {"step": timeline.step, "period": timeline.period, "first_pulse": timeline.baseline}
        namespace = namespace | paired | {"half_step": timeline.step / 2}
    clock = timeline.clock(tick)
    cells = NeuronGroup(
        copies * n_cells,
        CELLS + stimulus + sbp.equations,
        threshold="pulsed or v > threshold",
        reset=RESET,
        events=sbp.events,
        clock=clock,
        namespace=namespace,
        name="cells",
    )
    clock.drive(cells)
    cells.run_on_clock(MEMBRANE, clock, when="start", name="cells_membrane")
    cells.glutamatergic = np.tile(kinds, copies)
    cells.nmda = cells.trkb = cells.plc = 1
    cells.resistance = _by_name(RETINOTECTAL.cells, RESISTANCES, RESISTANCE_ELSEWHERE, copies)
    rule = sbp.receiving(sbp.emitting(retinal_synapse(noise)))
    if light:
        cells.light_rate = _by_name(RETINOTECTAL.cells, LIGHT_RATES, 0 * Hz, copies)
        rule = _puffed(rule, cells, timeline, tick)
    synapses = rule.synapses(cells, cells, name="synapses", clock=clock)
    first = np.arange(copies)[:, np.newaxis] * n_cells
    pre, post = ((first + end).ravel() for end in RETINOTECTAL.ends)
    synapses.connect(i=pre, j=post)
    synapses.w = 1
    synapses.baseline = 100 * pA
    synapses.noise_column = np.arange(copies * n_synapses)
    synapses.U_rest = _by_name(RETINOTECTAL.synapses, RELEASED, RELEASED_ELSEWHERE, copies)
    synapses.plastic = np.tile([float(name in RETINOTECTAL_SYNAPSES) for name in RETINOTECTAL.synapses], copies)
    made = [
        cells,
        synapses,
        StateMonitor(synapses, "w", record=True, dt=timeline.test_period, name="test"),
    ]
    sbp.operation(cells)
    if light:
        made += [
            StateMonitor(cells, "spike_number", record=True, dt=timeline.light_period, name="seen"),
            StateMonitor(synapses, ("paired_1", "paired_2"), record=True, dt=timeline.light_period, name="pairs"),
        ]
    return Network(*made)


def _puffed(rule: SynapseRule, cells: NeuronGroup, timeline: LightPulses, tick: Quantity) -> SynapseRule:
    """The rule with what a puff of BDNF changes in the synapse; the cells get the signal that the puff starts."""
    during = {"puff_from": timeline.baseline - tick / 2, "puff_to": timeline.end_of_induction - tick / 2}
    share = f"*int(t > puff_from and t < puff_to)*{float(tick / timeline.puff)!r}"
    cells.namespace.update(during)
    cells.run_regularly(
        f"retro_ltp += retro_ltp_gain*plc*trkb*bdnf{share}", dt=tick, when="start", order=-2, name="cells_puff"
    )
    local = Regular(f"w += plastic*int(glutamatergic_post)*trkb_pre*bdnf_pre{share}", dt=tick)
    return replace(rule, regularly={**rule.regularly, "puff": local}, namespace={**rule.namespace, **during})


def _by_name(names, values: dict, elsewhere, copies: int):
    """The values in the order of `names`, once for each copy."""
    unit = Quantity(1, dim=getattr(elsewhere, "dim", None)) if isinstance(elsewhere, Quantity) else 1
    return np.tile([float(values.get(name, elsewhere)) for name in names], copies) * unit
