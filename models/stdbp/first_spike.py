r"""Learning by the time of a single spike: layers of ReL-PSP neurons whose spike times are exact.

A postsynaptic potential of the ReL-PSP neuron is a ramp, :math:`K(s) = s/\tau` for s > 0, and each cell spikes at most
once for a sample. Between two arrivals the membrane is a straight line, so time needs no grid: a layer takes the spikes
of the layer before it in order of time (`sbp_brian.brian.event_order.EventOrder`) and each cell that has not crossed
its threshold yet adds the weight to its slope,

.. math:: g_k = \sum_{j \in C_k} w_{jk}, \quad a_k = \sum_{j \in C_k} w_{jk} t_j, \quad
          t_k = (\theta\tau + a_k)/g_k, \quad C_k = \{j : t_j < t_k\} .

Backward, from spike to spike, with :math:`\delta_k = \tau\, \partial L/\partial t_k` and :math:`e_k = \delta_k/g_k`:

.. math:: \partial L/\partial w_{jk} = -e_k (t_k - t_j)/\tau, \qquad \delta_j = \sum_{k: j \in C_k} e_k w_{jk} .

Source: Zhang M. et al. 2022, IEEE TNNLS 33:1947, doi:10.1109/TNNLS.2021.3110991 (arXiv:2003.11837). The formulas here
were derived anew and checked against central differences; what the paper leaves open is named in
`sbp_brian.models.stdbp`.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity

from sbp_brian.brian.event_order import order_is_meant
from sbp_brian.cells.rectified_linear import SOURCE
from sbp_brian.errors import ModelError
from sbp_brian.rules import SynapseRule
from sbp_brian.rules.quantities import duration, positive
from sbp_brian.wording import takes_booleans

__all__ = ["OPTIMISERS", "SOURCE", "FirstSpike", "arrival", "backward", "comparison", "learner", "timing_rule"]

#: How the summed gradient of a batch becomes a change of weight: (variables, code before the change, the change).
OPTIMISERS = {
    "sgd": ("", "", "w = w - rate*grad*share"),
    "momentum": ("m : 1", "", "m = inertia*m + grad*share\nw = w - rate*m"),
    "adam": (
        "m : 1\nv : 1\nupdates : 1 (shared)\nstride : 1 (shared)",
        "updates = updates + 1\nstride = rate*sqrt(1 - memory**updates)/(1 - inertia**updates)",
        "m = inertia*m + (1 - inertia)*grad*share\nv = memory*v + (1 - memory)*(grad*share)**2\n"
        "w = w - stride*m/(sqrt(v) + 1e-8)",
    ),
}


@dataclass(frozen=True)
class FirstSpike:
    r"""What all ReL-PSP cells of a network share.

    Parameters
    ----------
    tau : Quantity (s)
        Unit of the ramp: after it, an input of weight 1 has raised the membrane by 1.
    threshold : float
        :math:`\theta`.
    window : Quantity (s)
        A cell that would spike later than this stays silent for the sample.
    floor : float
        The least slope by which an error is divided; bounds every change of weight.

    Raises
    ------
    RuleError
        For a time that is none, or a number that is not positive.
    """

    tau: Quantity
    threshold: float
    window: Quantity
    floor: float

    #: Variables of a cell. ``slope``, ``offset``: g and a above; ``still``: 1 until the crossing is known; ``fired``: 1
    #: where the cell spikes in this sample, at ``spike_time`` after its onset (the window's end where it does not);
    #: ``delta``: error received, ``err``: e above.
    EQUATIONS = """
    slope : 1
    offset : second
    still : 1
    fired : 1
    spike_time : second
    delta : 1
    err : 1
    """
    #: A new sample.
    BEGIN = "slope = 0\noffset = 0*second\nstill = 1\nfired = 0\ndelta = 0\nerr = 0"
    #: All arrivals are in.
    SETTLE = """
    fired = int(slope > 0 and theta*tau + offset <= slope*window)
    spike_time = fired*(theta*tau + offset)/(slope*fired + 1 - fired) + (1 - fired)*window
    """
    #: Of output cells, once they have compared their times; ``chosen`` is 1 for the right class.
    OUTPUT_ERROR = """
    delta = teacher_on*kappa*(chosen - 1/clip(others, 1, 1e300))
    err = delta*(fired + (1 - fired)*chosen*revive_output)/clip(slope, least_slope, 1e9)
    """
    #: The errors of the next layer are in; a silent cell is asked to spike by ``revive``.
    ERROR = "err = (fired*delta + (1 - fired)*revive)/clip(slope, least_slope, 1e9)"

    def __post_init__(self):
        duration("tau", self.tau)
        duration("window", self.window)
        positive("threshold", self.threshold, 1)
        positive("floor", self.floor, 1)

    @property
    def namespace(self) -> dict:
        """Constants of the strings above."""
        return {
            "tau": self.tau,
            "theta": float(self.threshold),
            "window": self.window,
            "least_slope": float(self.floor),
        }


def arrival(cells: FirstSpike, event: str) -> SynapseRule:
    """A ramp begins at each input spike before the target's own; the input event must be in order of time.

    Reads ``spike_time_pre``; writes ``still_post``, ``slope_post``, ``offset_post`` (s).
    """
    order_is_meant("still_post")
    return SynapseRule(
        name="ReL-PSP",
        model="w : 1",
        on_pre={
            "arrive": "still_post = still_post*int(slope_post*spike_time_pre - offset_post < theta*tau)\n"
            "slope_post = slope_post + still_post*w\n"
            "offset_post = offset_post + still_post*w*spike_time_pre"
        },
        on_event={"arrive": event},
        namespace={"theta": float(cells.threshold), "tau": cells.tau},
        source=SOURCE,
    )


@takes_booleans
def backward(cells: FirstSpike, event: str, report: bool = False) -> SynapseRule:
    """The gradient of the loss with respect to each causal weight, summed over a batch, at the source's `event`.

    Parameters
    ----------
    cells : FirstSpike
    event : str
        Of the source cells that spiked in this sample, once the targets' ``err`` is known.
    report : bool
        Whether the source cell is told e w, the derivative with respect to its spike time: it needs the weight on the
        way back (weight transport).
    """
    told = "delta_pre = delta_pre + causal*err_post*w\n" if report else ""
    return SynapseRule(
        name="spike-time gradient",
        model="w : 1\ngrad : 1",
        on_pre={
            "learn": "causal = int(spike_time_pre < spike_time_post)\n"
            + told
            + "grad -= causal*err_post*(spike_time_post - spike_time_pre)/tau"
        },
        on_event={"learn": event},
        namespace={"tau": cells.tau},
        source=SOURCE,
    )


def timing_rule(cells: FirstSpike, event: str) -> SynapseRule:
    """The same change, made at once and to the weight itself: what a synapse does by the two spike times it knows.

    ``w`` grows by rate e_k (t_k - t_j)/tau at the source's `event`. A rule that changes its weight is one that
    `sbp_brian.retrograde.RetrogradeSBP` can make report.
    """
    return SynapseRule(
        name="spike-time rule",
        model="w : 1\nrate : 1 (shared)",
        on_pre={
            "learn": "w = w + rate*int(spike_time_pre < spike_time_post)*err_post"
            "*(spike_time_post - spike_time_pre)/tau"
        },
        on_event={"learn": event},
        namespace={"tau": cells.tau},
        initial={"rate": 0.0},
        source=SOURCE,
    )


def comparison(tau: Quantity, kappa: float) -> SynapseRule:
    """Between all output cells: ``others`` becomes the sum of exp(kappa (t_k - t_j)/tau) over j, 1/p of the softmax."""
    return SynapseRule(
        name="softmax of the times",
        model="",
        weight=None,
        on_pre={"compare": "others_post += exp(clip(kappa*(spike_time_post - spike_time_pre)/tau, -60, 60))"},
        on_event={"compare": "answer"},
        namespace={"tau": tau, "kappa": float(kappa)},
    )


def learner(
    optimiser: str, event: str, batch: int, inertia: float = 0.9, memory: float = 0.999, decay: float = 0.0
) -> tuple[SynapseRule, str]:
    """How the summed gradients change the weights, at the source's `event`: only rows that spiked are touched.

    Parameters
    ----------
    optimiser : str
        A name in `OPTIMISERS`.
    event : str
        Of the source cells that spiked since the last update.
    batch : int
        Samples between two updates.
    inertia, memory : float
        Decay of the means of the gradient (momentum, adam) and of its square (adam), 0 to 1.
    decay : float
        Share of a weight that is lost at each update, times the learning rate.

    Returns
    -------
    rule : SynapseRule
    before : str
        Code to run over the synapses' shared variables before each update; may be empty.
    """
    if optimiser not in OPTIMISERS:
        raise ModelError(f"optimiser must be one of {', '.join(OPTIMISERS)}, got {optimiser!r}")
    variables, before, change = OPTIMISERS[optimiser]
    if decay:
        change = f"w = w - rate*{float(decay)!r}*w\n{change}"
    names = {"share": 1.0 / batch, "inertia": float(inertia), "memory": float(memory)}
    used = {name: value for name, value in names.items() if name in change + before}
    rule = SynapseRule(
        name=optimiser,
        model=f"w : 1\ngrad : 1\nrate : 1 (shared)\n{variables}",
        on_pre={"improve": f"{change}\ngrad = 0"},
        on_event={"improve": event},
        namespace=used,
        initial={"rate": 0.0},
    )
    return rule, before
