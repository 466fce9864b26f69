"""Small cultured circuits whose synapses follow one rule: STDP, and its retrograde spread.

The experiments of Fitzsimonds et al. 1997 (doi:10.1038/41267), Bi & Poo 1998 (doi:10.1523/JNEUROSCI.18-24-10464.1998)
and Tao et al. 2000 (doi:10.1523/JNEUROSCI.20-09-03233.2000) were done on two to four cells of such a network at a time;
`SPREAD` holds all their positions at once around the induced synapse A->B. Many copies of a circuit run side by side in
one network, each with a condition and a seed of its own: what differs between copies are initial values, so that one
build serves every experiment.

What is built in: STDP at synapses between glutamatergic cells only; no lateral spread onto GABAergic cells; the signal
of a cell comes from activity-driven change alone (one hop). What differs from the culture: cells are spike generators
with an event-driven membrane (a current pulse makes a cell fire once, synaptic input alone does not), so that nothing
has to be integrated in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from brian2 import Equations, Network, NeuronGroup, Quantity, StateMonitor, get_dimensions, ms, pA, second, um

from sbp_brian.brian.event_clock import EventClock, bursts
from sbp_brian.errors import CircuitError
from sbp_brian.models.circuits.membranes import PULSED, Membrane
from sbp_brian.plasticity import pair_stdp
from sbp_brian.plasticity.pair import A_MINUS, A_PLUS
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Chain
from sbp_brian.rules import SynapseRule
from sbp_brian.wording import names_parameters

__all__ = ["SPREAD", "Circuit", "Timeline", "build", "culture_sbp", "culture_stdp"]

KINDS = ("glu", "gaba")


@names_parameters
@dataclass(frozen=True)
class Circuit:
    """Cells and the synapses between them.

    Parameters
    ----------
    cells : mapping of str to {"glu", "gaba"}
        Name -> transmitter.
    synapses : tuple of str
        ``"A->B"``: from A to B.

    Raises
    ------
    CircuitError
        An unknown transmitter, a synapse twice or between cells that the circuit lacks.
    """

    cells: Mapping[str, str]
    synapses: tuple[str, ...]

    def __post_init__(self):
        object.__setattr__(self, "cells", dict(self.cells))
        object.__setattr__(self, "synapses", tuple(self.synapses))
        for name, kind in self.cells.items():
            if kind not in KINDS:
                raise CircuitError(f"cell {name!r} is {kind!r}; a cell is 'glu' (glutamatergic) or 'gaba' (GABAergic)")
        for synapse in self.synapses:
            pre, arrow, post = synapse.partition("->")
            if not arrow:
                raise CircuitError(f"synapse {synapse!r} does not say from where to where; write it as 'A->B'")
            for cell in (pre, post):
                self.cell(cell)
            if self.synapses.count(synapse) > 1:
                raise CircuitError(f"synapse {synapse!r} is given twice")

    def cell(self, name: str) -> int:
        """Index of a cell; an unknown name is refused with those there are."""
        if name not in self.cells:
            raise CircuitError(f"the circuit has no cell {name!r}; it has {', '.join(self.cells)}")
        return list(self.cells).index(name)

    def synapse(self, name: str) -> int:
        """Index of a synapse; an unknown name is refused with those there are."""
        if name not in self.synapses:
            raise CircuitError(f"the circuit has no synapse {name!r}; it has {', '.join(self.synapses)}")
        return self.synapses.index(name)

    @cached_property
    def ends(self) -> np.ndarray:
        """Presynaptic and postsynaptic cell of each synapse, int, shape (2, n_synapses)."""
        return np.array([[self.cell(name) for name in synapse.split("->")] for synapse in self.synapses]).T


#: All positions around the induced synapse A->B: back (I, J -> A), presynaptic lateral (A -> C, G), postsynaptic
#: lateral (D -> B), forward (B -> E), and one step further back (H -> I).
SPREAD = Circuit(
    {"H": "glu", "I": "glu", "J": "gaba", "A": "glu", "B": "glu", "C": "glu", "G": "gaba", "D": "glu", "E": "glu"},
    ("A->B", "I->A", "J->A", "A->C", "A->G", "D->B", "B->E", "H->I"),
)


@names_parameters
@dataclass(frozen=True)
class Timeline:
    """When what happens: a baseline, pairing at a fixed period, and the time after it.

    Parameters
    ----------
    baseline, after : Quantity, s
        Time before the first and after the last pairing.
    pairs : int
        Number of pairings for which there is time.
    period : Quantity, s
        From one pairing to the next.
    reach : Quantity, s
        The longest interval between two spikes of a pairing, to either side.
    step : Quantity, s
        The grid of spike times.
    test_period : Quantity, s
        From one test pulse to the next.

    Raises
    ------
    CircuitError
        Times that are not positive or do not fit into each other.
    """

    baseline: Quantity = field(default_factory=lambda: 600 * second)
    pairs: int = 60
    period: Quantity = field(default_factory=lambda: 1 * second)
    after: Quantity = field(default_factory=lambda: 2100 * second)
    reach: Quantity = field(default_factory=lambda: 100 * ms)
    step: Quantity = field(default_factory=lambda: 0.5 * ms)
    test_period: Quantity = field(default_factory=lambda: 20 * second)

    def __post_init__(self):
        for name in ("baseline", "period", "after", "reach", "step", "test_period"):
            time = getattr(self, name)
            if get_dimensions(time) != second.dim or not float(time) > 0:
                raise CircuitError(f"Timeline: {name} = {time} is not a positive time; give one such as 10*second")
        if self.pairs < 1:
            raise CircuitError(f"Timeline: pairs = {self.pairs}; give at least one pairing")
        if self.reach > self.period:
            raise CircuitError(
                f"the pairing interval of up to {self.reach} is longer than the period of "
                f"{self.period}; shorten the interval or pair less often"
            )
        if 2 * self.reach >= self.period:
            raise CircuitError(
                f"pairing intervals of up to {self.reach} to both sides do not fit into the period of "
                f"{self.period}; give a period of more than {2 * self.reach}"
            )

    @property
    def end_of_pairing(self) -> Quantity:
        """When the last period of pairing ends (s)."""
        return self.baseline + self.pairs * self.period

    @property
    def duration(self) -> Quantity:
        """Simulated time (s), one test pulse beyond the time after pairing."""
        return self.end_of_pairing + self.after + self.test_period

    def clock(self, tick) -> EventClock:
        """Ticks finely around each pairing and at every tick of the slow clock from the first pairing on."""
        starts = self.baseline + np.arange(self.pairs) * self.period
        slow = np.arange(np.ceil(float(self.baseline / tick)), float(self.duration / tick)) * tick
        times = bursts(starts, 2 * self.reach, self.step, also=[0 * second, *slow])
        return EventClock(times, self.step, name="pairing")


def culture_sbp(tick=None, **changes) -> RetrogradeSBP:
    """The retrograde spread of hippocampal cultures.

    All numbers are choices or assumptions (facts of transport and of size are not known): axon of 150 um, effective
    velocity 1 um/s, four stages, a pool of 180 s at the soma, saturation at +60 % and -50 %, rate 1.4; lateral arms 0.8
    (LTP) and 0.5 (LTD), postsynaptic-lateral arm 0.5 for LTD only, as in the sign matrix of the papers.

    Parameters
    ----------
    tick : Quantity, s
        The slow clock, 1 s by default.
    **changes
        Parameters of `RetrogradeSBP` to change.
    """
    chain = Chain(
        length=150 * um, velocity=1 * um / second, stages=4, dt=1 * second if tick is None else tick, pool=180 * second
    )
    chosen = dict(
        transport=chain,
        expression="saturating",
        rate=1.4,
        upper=0.6,
        lower=0.5,
        lateral_ltp=0.8,
        lateral_ltd=0.5,
        postlateral_ltd=0.5,
    )
    return RetrogradeSBP(**{**chosen, **changes})


def culture_stdp(transmit: str | None = None, **namespace) -> SynapseRule:
    """STDP of Bi & Poo 1998: only between glutamatergic cells, with NMDA receptors, and LTP only at weak synapses.

    `pair_stdp` with its amplitudes per pair made variables of the synapse:

    ==================== ==== ==========================================================================================
    variable             unit meaning
    ==================== ==== ==========================================================================================
    ``w``                1    strength relative to baseline (1 at the start)
    ``baseline``         amp  EPSC amplitude at the start; LTP is halved at ``half_strength``, 500 pA, with the power 4
    ``nmda_post``        1    share of NMDA receptors left open in the postsynaptic cell (0: blocked)
    ``glutamatergic_*``       whether the cell is glutamatergic
    ==================== ==== ==========================================================================================

    That LTP is found at relatively weak synapses and LTD at all is reported; the value of half_strength is not verified
    and the power is a choice.

    Parameters
    ----------
    transmit : str, optional
        Code that delivers a presynaptic spike; by default no input alone makes a cell fire.
    **namespace
        Constants of `transmit`.
    """
    rule = pair_stdp(transmit="")
    # one input alone stays below the threshold of 1 however strong it is; 100 pA depolarise by an eighth of it
    below = "v_post += (2*int(glutamatergic_pre) - 1)*0.75*w*baseline/(w*baseline + half_strength)"
    fixed = {name: value for name, value in rule.namespace.items() if name not in ("A_plus", "A_minus")}
    model = f"""baseline : amp (constant)
                conducive = nmda_post*int(glutamatergic_pre and glutamatergic_post) : 1
                A_plus = {A_PLUS!r}*conducive/(1 + (baseline/half_strength)**4) : 1
                A_minus = {A_MINUS!r}*conducive : 1"""
    return replace(
        rule,
        model=f"{rule.model}\n{model}",
        name="STDP in hippocampal culture",
        on_pre={"pre": f"{below if transmit is None else transmit}\n{rule.on_pre['pre']}"},
        namespace={**fixed, "half_strength": 500 * pA, **namespace},
    )


def build(
    circuit: Circuit,
    copies: int,
    timeline: Timeline | None = None,
    sbp: RetrogradeSBP | None = None,
    rule: SynapseRule | None = None,
    membrane: Membrane = PULSED,
) -> Network:
    """Copies of a circuit side by side, at rest, in one network.

    Parameters
    ----------
    circuit : Circuit
    copies : int
    timeline : Timeline, optional
    sbp : RetrogradeSBP, optional
        `culture_sbp` by default; it needs a chain as transport.
    rule : SynapseRule, optional
        `culture_stdp` by default.
    membrane : Membrane
        What makes a cell fire.

    Returns
    -------
    Network
        Holds, copy by copy in the circuit's order:

        - ``cells`` (NeuronGroup): set ``pulses`` (number of current pulses, 0 at the start), ``pulse_at`` (s, time
          within each period at which a pulse makes the cell fire), ``pulse_shift`` (s, added to it in every second
          block of ``block`` periods), ``nmda``, ``retro_ltp_gain``, ``retro_ltd_gain``, ``retro_length`` (m);
        - ``synapses`` (Synapses): set ``baseline`` (A), read ``w``;
        - ``test`` (StateMonitor): ``w`` at each test pulse, shape (copies * n_synapses, n_pulses); ``spikes``
          (number of spikes of each cell) is ``cells.spike_number``.

    Raises
    ------
    CircuitError
    """
    if copies < 1:
        raise CircuitError(f"copies = {copies}; give at least one copy of the circuit")
    timeline = Timeline() if timeline is None else timeline
    sbp = culture_sbp() if sbp is None else sbp
    rule = culture_stdp() if rule is None else rule
    plastic = sbp.receiving(sbp.emitting(rule))
    namespace = {
        "tau_membrane": 20 * ms,
        "half_step": timeline.step / 2,
        "period": timeline.period,
        "first_pulse": timeline.baseline,
    }
    kinds = np.array([kind == "glu" for kind in circuit.cells.values()])
    clock = timeline.clock(sbp.transport.period)
    cells = NeuronGroup(
        copies * kinds.size,
        Equations(membrane.equations) + sbp.equations + Equations("spike_number : 1"),
        threshold=membrane.threshold,
        reset=membrane.reset,
        events=sbp.events,
        clock=clock,
        namespace=namespace,
        name="cells",
    )
    clock.drive(cells)
    cells.run_on_clock(membrane.before, clock, when="start", name="cells_membrane")
    if membrane.after:
        cells.run_on_clock(membrane.after, clock, when="end", name="cells_membrane_after")
    for name, value in {**membrane.settable, **membrane.initial}.items():
        if value is not None:
            setattr(cells, name, value)
    cells.glutamatergic = np.tile(kinds, copies)
    cells.nmda = 1
    cells.block = 1
    synapses = plastic.synapses(cells, cells, name="synapses", clock=clock)
    first = np.arange(copies)[:, np.newaxis] * kinds.size
    pre, post = ((first + end).ravel() for end in circuit.ends)
    synapses.connect(i=pre, j=post)
    synapses.w = 1
    synapses.baseline = 100 * pA
    # a synapse that counts as induced takes no lateral change: none onto GABAergic cells
    if sbp.has_lateral or sbp.postlateral_ltd:
        synapses.retro_induced = np.tile(~kinds[circuit.ends[1]], copies)
    test = StateMonitor(synapses, "w", record=True, dt=timeline.test_period, name="test")
    sbp.operation(cells)
    return Network(cells, synapses, test)
