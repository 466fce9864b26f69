r"""Prediction of `predictions`: how long a synapse must keep a tag until the retrograde signal has come.

The network is that of `sbp_brian.models.circuits.tagged`. Closed form: a signal that passes n stages of mean L/v in all
and then a pool of time constant :math:`\tau_p` meets, of a tag that fades with :math:`\tau`, the share

.. math:: s = \left(1 + \frac{L}{n v \tau}\right)^{-n} \left(1 + \frac{\tau_p}{\tau}\right)^{-1} .
"""

from __future__ import annotations

import functools

import numpy as np
from brian2 import Quantity, second, um

from sbp_brian.experiments.protocol import Context
from sbp_brian.models.circuits import tagged
from sbp_brian.models.circuits.retinotectal import tadpole_sbp
from sbp_brian.targets import Simulation

__all__ = ["TIMES", "changes", "closed_form", "half", "report", "run"]

#: Time constants of tags, from half a minute to a day.
TIMES = np.geomspace(30.0, 86_400.0, 60) * second


def changes(velocities: Quantity, emitted: float, tick: Quantity, target: str, seed: int):
    """Run the network.

    Returns
    -------
    found : ndarray, shape (len(velocities), len(TIMES))
        Relative changes of synapses with tags.
    whole : ndarray, shape (len(velocities),)
        Those of synapses with a tag that does not fade.
    """
    length = tadpole_sbp().transport.length
    make = functools.partial(tagged.build, velocities, TIMES, emitted, tick, length)
    result = Simulation(make, tagged.lasting(velocities, length), target, name="tags").run({}, seed=seed)
    found = np.asarray(result["inputs.w"]).reshape(len(TIMES) + 1, -1).T - 1
    return found[:, :-1], found[:, -1]


def run(context: Context) -> None:
    """The network alone, where the outputs doubled."""
    p = context.parameters
    changes(p.velocities, 1.0, 10 * p.tick, context.target, context.seed)


def half(found: np.ndarray, whole: float) -> float:
    """Time constant (s) of the tag with which half of the change is left; `found` at `TIMES`."""
    return float(np.exp(np.interp(0.5, found / whole, np.log(np.asarray(TIMES)))))


def closed_form(velocity: float, emitted: float) -> float:
    """The same (s) without a network; `velocity` in m/s."""
    from scipy.optimize import brentq  # a tenth of a second to import

    sbp = tadpole_sbp()
    chain, pool = sbp.transport, float(sbp.transport.pool)

    def left(log_time: float) -> float:
        time = np.exp(log_time)
        share = (1 + float(chain.length) / (chain.stages * velocity * time)) ** -chain.stages / (1 + pool / time)
        return np.expm1(-sbp.rate * emitted * share) / np.expm1(-sbp.rate * emitted) - 0.5

    return float(np.exp(brentq(left, np.log(1.0), np.log(1e6))))


def report(context: Context, made, emitted: float, provenance: str) -> str:
    """The time constant of a tag that leaves half of the spread, by the carrier's velocity.

    Parameters
    ----------
    context : Context
    made : sbp_brian.protocols.biology.predictions.Report
    emitted : float
        Relative change at the outputs.
    provenance : str
        Of the closed form.

    Returns
    -------
    str
        What was found, for the summary.
    """
    velocities, found = np.sort(np.asarray(context.parameters.velocities / (um / second))), []
    with context.progress("tags"):
        left, whole = changes(
            velocities * um / second, emitted, 10 * context.parameters.tick, context.target, context.seed
        )
    for velocity, change, end in zip(velocities, left, whole, strict=True):
        found.append(half(change, end) / 60)
        closed = closed_form(velocity * 1e-6, emitted) / 60
        made.row(
            f"tag that leaves half of the spread, carrier of {velocity:g} um/s",
            found[-1],
            closed,
            unit="min",
            provenance=f"{provenance}; axon of 700 um and velocity assumed",
            band=(0.95 * closed, 1.05 * closed),
        )
    made.table("how long tags must last")
    context.array("tag_velocities", velocities, "um/s")
    context.array("tag_times", np.asarray(TIMES) / 60, "min")
    context.array("tag_changes", left)
    context.array("tag_half", np.array(found), "min")
    times = " to ".join(f"{time:.0f}" for time in dict.fromkeys((found[-1], found[0])))
    return f"a tag that fades in {times} min leaves half of the spread along an axon of 700 um"
