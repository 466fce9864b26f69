"""Retrograde spread of synaptic modification from a cell's output to its input synapses (self-backpropagation).

When activity changes an output synapse of a cell, the change is reported to the cell, travels to its soma and is
expressed by the cell's input synapses, in the same direction. `RetrogradeSBP` says how, as one frozen declaration,
and adds it to any Brian2 network: it extends rules (strings), and what comes out are ordinary Brian2 objects that
generate code for every target. No Python runs during a simulation.

Contract (a cell with ``sbp.equations``; ``ltd`` is handled like ``ltp``; all dimensionless unless a unit is given)

======================= ============== ============================================ =================================
variable                shape          written by                                   slot
======================= ============== ============================================ =================================
``retro_ltp``           per cell       emitting synapses: change in strength        ``synapses``, at the rule's events
``retro_ltp_gain``      per cell       the user: 0 blocks the channel, 1 (default)  -
(stages of transport)   per cell       the tick of the slow clock                   ``start``
``retro_ltp_due``       per cell       the tick (no transport: emitting synapses)   ``start``
``retro_ltp_now``       per cell       event ``retrograde``: takes over what is due ``before_synapses``
the weight              per synapse    input and lateral synapses                   ``synapses``, at ``retrograde``
``retro_expressed``     per synapse    the same: relative change expressed so far   the same
``retro_rate``          shared         the user: learning rate of the expression    -
``retro_lambda_f``      shared         the user: lambda_f                           -
``retro_noise``         shared         the user: noise of reports, where it is on   -
``retro_loss``          shared         the user: share of reports lost, the same    -
======================= ============== ============================================ =================================

Emission and expression in one step cannot lose anything: what is emitted while a signal is being expressed waits for
the next step.

Sources: Fitzsimonds, Song & Poo 1997 (doi:10.1038/41267), Tao, Zhang, Bi & Poo 2000
(doi:10.1523/JNEUROSCI.20-09-03233.2000), Du, Wei, Wang, Wong & Poo 2009 (doi:10.1073/pnas.0910659106); as a learning
rule Zhang, Cheng, Jia, Poo, Zeng & Xu 2021 (doi:10.1126/sciadv.abh0146).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from brian2 import Clock, Equations, NeuronGroup, Quantity, Synapses

from sbp_brian.retrograde import checks, extending, native
from sbp_brian.retrograde.chance import CELL_SEED
from sbp_brian.retrograde.emission import Emission
from sbp_brian.retrograde.operation import CHANNELS, operate
from sbp_brian.retrograde.reporting import report_others
from sbp_brian.retrograde.transport import Chain, Transport
from sbp_brian.rules import SynapseRule
from sbp_brian.wording import names_parameters, takes_booleans

__all__ = ["RetrogradeSBP"]

NEGLIGIBLE = 1e-12  # a signal below this waits until more has come together: silent cells cost their synapses nothing


@names_parameters
@dataclass(frozen=True)
class RetrogradeSBP:
    r"""Self-backpropagation: activity-driven change at a cell's output synapses spreads to its input synapses.

    Parameters
    ----------
    lambda_p : float in (0, 1]
        :math:`\lambda_p`, the share of a cell's input synapses that can take part (at least one in each object).
    lambda_f : float in [0, 1]
        :math:`\lambda_f`, the share of the signal that they express (synapse variable ``retro_lambda_f``, shared,
        settable as a run argument; 0 expresses exactly nothing).
    emission : {'change', 'strength', 'bit', 'weighted', 'relative', 'proportion', 'value-bit'} or Emission
        What an output synapse reports when its weight w changes by dw: dw, sign(w) dw, sign(w) sign(dw), w dw, dw/w,
        abs(w) dw or sign(dw), see `Emission`, which also has a floor of dw/w, coarse steps, noise and loss.
    activity : None, True or str
        Divide what is reported by the cell's own activity (where that exceeds 1): the name of a variable of the cell,
        or True for a spike count kept here (``retro_count``; the user may set it to 0, e.g. between samples).
    gain_ltp, gain_ltd : float >= 0
        Gains of the two channels; 0 is the blocker. Cell variables ``retro_ltp_gain``, ``retro_ltd_gain`` at run time.
    transport : None, Delay, Chain or Window
        How the signal reaches the soma, see `sbp_brian.retrograde.transport`.
    expression : {'additive', 'relative', 'saturating'}
        With the arriving signal s = lambda_f * (LTP - LTD): 'additive' w += rate s; 'relative' w += rate s w;
        'saturating' moves the relative change x of the weight, w = w0 (1 + x), towards its bounds, exactly
        :math:`dx/ds = \kappa[s_+(\beta - x) - s_-(x + \delta)]`, with :math:`\kappa` = rate. A signal of one sign and
        total size M ends at :math:`x = \beta (1 - e^{-\kappa M})` for lambda_f 1.
    rate : float >= 0
        Learning rate of the expression (synapse variable ``retro_rate``, shared, settable as a run argument).
    upper, lower : float > 0
        Bounds :math:`\beta` and :math:`\delta` of the relative change, for 'saturating'.
    w_min, w_max : float, Quantity or None
        Hard bounds of the weight in every form; None: none.
    draw : {'fixed', 'event'}
        Whether the share of synapses that take part is one random subset, or drawn anew at each event. What is drawn
        then follows from `seed` and, in a `Simulation`, from the seed of the run; in a script of your own the latter is
        the cell variable ``retro_cell_seed`` (0 at first), shared.
    alike : int >= 1
        So many cells that follow one another have the same random subset, 1: each its own. Where weights lie in rows,
        in C++ programs of synapses that connect all with all, 16 let a small `lambda_p` save most of the time that the
        other synapses would take, and as many as the layer has let it save all of it; single ones that lie apart cost
        as much as all.
    selectable : bool
        Which input synapses take part is a variable of theirs (``retro_receptive``) also where `lambda_p` is 1, all of
        them: one program then serves every `lambda_p`, and a run may be given any other choice.
    gate : None, Quantity or str
        None: every input synapse takes part. A time: only those with a presynaptic spike within it. A string: an
        expression in the synapse's variables that multiplies the signal, e.g. ``"x_pre"``.
    lateral_ltp, lateral_ltd : float >= 0
        Presynaptic-lateral arm: share of the signal expressed by the cell's other output synapses of emitting rules.
    postlateral_ltd : float >= 0
        Postsynaptic-lateral arm, for depression only: share expressed by the other emitting synapses onto the target
        cell. The target needs ``sbp.equations`` and ``sbp.operation`` too. Neither arm ever touches a synapse that has
        itself emitted.
    persistence : Quantity or None
        Time constant with which expressed change decays; None: it lasts.
    cascade : bool
        False: retrograde-driven change is never reported on (one hop, as in the experiments). True: it is, an
        algorithmic extension for deeper networks.
    unit : Quantity or None
        Unit of the weight where it has one, e.g. ``nS``; the signal is dimensionless.
    seed : int
        Seed of the random subsets; what else they follow from says `sbp_brian.retrograde.subsets.InputSubset`.

    Raises
    ------
    RetrogradeError
        A parameter outside its range, of the wrong unit, or in a combination that has no meaning.
    TypeError
        An unknown parameter.

    Notes
    -----
    Without a transport the signal is expressed in the next time step. For the saturating expression the weight is moved
    by the factor (1 + x_new)/(1 + x_old), so other plasticity of the same synapse is kept.

    Examples
    --------
    ::

        sbp = RetrogradeSBP(transport=Chain(length=150*um))
        cells = NeuronGroup(n, Equations(lif) + sbp.equations, threshold="v > v_th", reset="v = v_r", events=sbp.events)
        outputs = sbp.emitting(pair_stdp()).synapses(cells, targets)
        inputs = sbp.receiving(static).synapses(sources, cells)
        sbp.operation(cells)                                # a statement of its own; nothing is to be added
        net = Network(..., cells)
    """

    lambda_p: float = 1.0
    lambda_f: float = 1.0
    emission: str | Emission = "change"
    activity: bool | str | None = None
    gain_ltp: float = 1.0
    gain_ltd: float = 1.0
    transport: Transport | None = None
    expression: str = "additive"
    rate: float = 1.0
    upper: float = 0.6
    lower: float = 0.5
    w_min: float | Quantity | None = None
    w_max: float | Quantity | None = None
    draw: str = "fixed"
    gate: str | Quantity | None = None
    lateral_ltp: float = 0.0
    lateral_ltd: float = 0.0
    postlateral_ltd: float = 0.0
    persistence: Quantity | None = None
    cascade: bool = False
    unit: Quantity | None = None
    seed: int = field(default=0)
    alike: int = 1
    selectable: bool = False

    def __post_init__(self):
        checks.check_parameters(self)
        if self.reports == Emission(self.reports.kind):  # one spelling of what is the same
            object.__setattr__(self, "emission", self.reports.kind)

    # ------------------------------------------------------------------------------------------------- properties
    @property
    def reports(self) -> Emission:
        """What an output synapse reports."""
        return self.emission if isinstance(self.emission, Emission) else Emission(self.emission)

    @property
    def has_lateral(self) -> bool:
        """Whether the presynaptic-lateral arm is switched on."""
        return self.lateral_ltp > 0 or self.lateral_ltd > 0

    @property
    def holds(self) -> bool:
        """Whether the transport holds the signal for a whole window."""
        return self.transport is not None and self.transport.holds

    @property
    def reported_to(self) -> str:
        """The variable that emitting synapses write: what is due at once where there is no transport."""
        return "_due" if self.transport is None else ""

    @property
    def equations(self) -> Equations:
        """Variables to add to the cells' equations."""
        lines = []
        for channel in CHANNELS:
            signal = f"retro_{channel}"
            lines += [f"{signal}{suffix} : 1" for suffix in (("_due", "_now") if not self.holds else ("_now",))]
            lines.append(f"{signal}_gain : 1 (constant)")
            if self.transport is not None:
                lines += [f"{signal} : 1", self.transport.equations(signal)]
        if isinstance(self.transport, Chain):
            lines.append("retro_length : meter (constant)")
        if self.activity is True:
            lines.append("retro_count : 1")
        if self.postlateral_ltd:
            lines += ["retro_local_due : 1", "retro_local_now : 1"]
        if self.draw == "event":
            lines += ["retro_draw : 1", "retro_state : integer", f"{CELL_SEED} : integer (shared)"]
        return Equations("\n".join(line for line in lines if line))

    @property
    def events(self) -> dict[str, str]:
        """Events to give to the cells (merge with your own)."""
        events = {}
        if not self.holds:
            events["retrograde"] = f"retro_ltp_due > {NEGLIGIBLE!r} or retro_ltd_due > {NEGLIGIBLE!r}"
        if self.postlateral_ltd:
            events["retrograde_local"] = f"retro_local_due > {NEGLIGIBLE!r}"
        return events

    # ------------------------------------------------------------------------------------------ as Brian2 has it
    def neurons(self, N: int, model, *, events=None, **kwds) -> NeuronGroup:
        """Cells with the signal: a `brian2.NeuronGroup` with `equations`, `events` and `operation` in one step.

        Parameters
        ----------
        N, model, **kwds
            As for `brian2.NeuronGroup` (``threshold``, ``reset``, ``refractory``, ``method``, ``namespace``, ...).
        events : mapping of str to str, optional
            Events of your own.

        Returns
        -------
        NeuronGroup
            An ordinary group; ``print`` shows the Brian2 text that made it.

        Raises
        ------
        RetrogradeError
            The model cannot be read, or has a name that the signal uses.
        """
        return native.neurons(self, N, model, events, kwds)

    @takes_booleans
    def synapses(
        self,
        source,
        target=None,
        model=None,
        on_pre=None,
        on_post=None,
        *,
        weight: str = "w",
        emits: bool = True,
        receives: bool = True,
        on: str | None = None,
        on_event="spike",
        namespace=None,
        delay=None,
        name: str | None = None,
        **kwds,
    ) -> Synapses:
        """Synapses that take part, from what a script gives to `brian2.Synapses`.

        Parameters
        ----------
        source, target : groups of cells
            Without a target the source is it.
        model, on_pre, on_post, on_event, namespace, delay, name, **kwds
            As for `brian2.Synapses`, read as Brian2 reads them: bare names of the target, names of the script (whose
            values count at each run), semicolons, delays that are set afterwards. See `SynapseRule.from_brian`.
        weight : str
            The variable of the model that is the weight.
        emits : bool
            Its changes are reported to the source, which has been made by `neurons`.
        receives : bool
            It expresses the signal of the target, which has been made by `neurons`.
        on : str or None
            See `receiving`.

        Returns
        -------
        Synapses
            Ordinary synapses, still to be connected; ``print`` shows the Brian2 text that made them.

        Raises
        ------
        RuleError
            The strings cannot be read, or the weight is a constant.
        RetrogradeError
            Cells without a signal, or no change that could be reported.
        """
        strings = dict(model=model, on_pre=on_pre, on_post=on_post, on_event=on_event, namespace=namespace)
        roles = {"emits": emits, "receives": receives, "on": on}
        made = {"delay": delay, "name": name, **kwds}
        return native.synapses(self, source, target, {**strings, "weight": weight}, roles, made)

    # --------------------------------------------------------------------------------------------------- emitting
    def emitting(self, rule: SynapseRule) -> SynapseRule:
        """The rule, its every activity-driven weight change reported to the presynaptic cell.

        Parameters
        ----------
        rule : SynapseRule
            Any rule whose on_pre or on_post code assigns the weight (``rule.weight``), in one or several pathways.

        Returns
        -------
        SynapseRule
            For synapses whose *source* has ``sbp.equations``.

        Raises
        ------
        RetrogradeError
            The rule never changes its weight, reports already, or its weight is not a plain parameter.
        """
        return extending.emitting(self, rule)

    # -------------------------------------------------------------------------------------------------- receiving
    def receiving(self, rule: SynapseRule, on: str | None = None) -> SynapseRule:
        """The rule, open to the signal of its postsynaptic cell. What it expresses is not reported on (one hop).

        Parameters
        ----------
        rule : SynapseRule
            A rule with a weight, plastic or not.
        on : str or None
            None: expressed when the signal arrives (event ``retrograde`` of the postsynaptic cell). A name: at this
            event of the *presynaptic* cell, needed with ``transport=Window``.

        Returns
        -------
        SynapseRule
            For synapses whose *target* has ``sbp.equations``.

        Raises
        ------
        RetrogradeError
            The rule has no plain weight, receives already, or `on` and the transport do not fit.
        """
        return extending.receiving(self, rule, on)

    def reporting(self, synapses: Synapses, weight: str = "w") -> None:
        """Report what *other* Synapses change in these, such as a third factor (``w_post += ...``), at their events.

        At each event of `synapses`, before its own code, what has changed since its last event is reported, however it
        was changed by others while the simulation ran; its own changes are not (see `emitting`), nor is retrograde
        change, nor what is assigned between runs.

        Parameters
        ----------
        synapses : Synapses
            With at least one pathway, from cells made by `neurons`; not connected yet.
        weight : str
            The variable.

        Raises
        ------
        RetrogradeError
            There is no such variable, event or signal, or its unit is another.
        """
        report_others(self, synapses, weight)

    def expressed_by(self, variable: str, rate: str) -> str:
        """The statement by which a variable of the cells themselves, such as a bias, expresses their signal.

        It belongs where the signal is there: ``cells.run_on_event("retrograde", ...)``; with ``transport=Window`` into
        code that runs once a window, after its tick.

        Parameters
        ----------
        variable : str
            A variable of the cells, without a unit.
        rate : str
            An expression in the cells' variables and constants that the signal is multiplied by, lambda_f included.

        Raises
        ------
        RetrogradeError
            The expression is not additive, or `variable` is no name.
        """
        checks.check_cell_variable(self, variable)
        return f"{variable} += {rate}*(retro_ltp_now - retro_ltd_now)"

    # -------------------------------------------------------------------------------------------------- operation
    def operation(self, cells: NeuronGroup, clock: Clock | None = None, *, order: int | None = None) -> tuple[()]:
        """Give `cells` what moves and hands over their signal: ordinary code-generated Brian2 objects.

        They are registered with `cells` and run wherever `cells` is in a network, which must list the cells; nothing
        else is to be added to it. Gains, length and velocities of the cells get their values here; set others of your
        own after this call.

        Parameters
        ----------
        cells : NeuronGroup
            Cells with ``sbp.equations`` and ``sbp.events``, as sources of emitting or targets of receiving synapses.
        clock : Clock, optional
            A clock with the period of the transport to share with other objects, instead of one of its own: each clock
            costs time in every step.
        order : int, optional
            Place of the transport's tick in the slot ``start``; without it -1.

        Returns
        -------
        tuple
            Empty: nothing is left that could be forgotten. The call is a statement of its own, and may also stand among
            the objects of a network, ``Network(..., cells, sbp.operation(cells))`` or ``*sbp.operation(cells)``.

        Raises
        ------
        RetrogradeError
            `cells` is a subgroup, lacks equations or events, or has been given an operation before; or `clock` or
            `order` is given without a transport that it could be for.
        """
        checks.check_cells(self, cells, clock, order)
        operate(self, cells, clock, order)
        return ()
