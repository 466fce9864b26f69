"""How a biological experiment reports: change of a synapse over seeds, its sign, and what counts as no change."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from sbp_brian.experiments.protocol import Context, Parameter
from sbp_brian.models.circuits import Timeline

__all__ = [
    "LEAST_CHANGE",
    "PAIRING",
    "TABLE_COLUMNS",
    "deviation",
    "no_change_tolerance",
    "report_change",
    "report_value",
    "tell_too_few",
    "timeline",
]

LEAST_CHANGE = 0.02
#: A mean may lie this far from zero at most where it shall still tell no change from a change.
TELLING = 0.25
CONFIDENCE = 0.999  # of all statements "no change" of a protocol together

#: Parameters that every pairing protocol has.
PAIRING = {
    "seeds": Parameter(40, minimum=1, maximum=1000, help="independent trials of each condition"),
    "pairs": Parameter(60, minimum=1, maximum=3600, help="number of pairings (unverified, high: 60)"),
    "period": Parameter(1.0, unit="second", minimum=0.001, help="from one pairing to the next"),
    "step": Parameter(0.5, unit="ms", minimum=0.1, maximum=5.0, help="grid of spike times"),
    "tick": Parameter(1.0, unit="second", minimum=0.1, maximum=10.0, help="slow clock of the retrograde signal"),
}


def timeline(parameters) -> Timeline:
    """The timeline that `PAIRING` describes."""
    return Timeline(pairs=parameters.pairs, period=parameters.period, step=parameters.step)


def no_change_tolerance(
    changes: np.ndarray, noise_free: np.ndarray, statements: int, least: float = LEAST_CHANGE
) -> float:
    """How far from zero the mean of noisy changes may lie where there is none.

    Parameters
    ----------
    changes, noise_free : ndarray, shape (n_seeds,)
        Measured with EPSC noise, and the synapse itself.
    statements : int
        Number of such statements made together.
    least : float
        What counts as no change without noise, 2 % by default.

    Returns
    -------
    float
        `least`, or where noise asks for more the half-width of the mean's confidence interval, such that all
        `statements` hold together with 99.9 %. Noise excuses nothing where the synapse itself moved by more than that.
    """
    n = changes.size
    if n < 2 or abs(noise_free.mean()) > least:
        return least
    quantile = stdtrit(n - 1, 1 - (1 - CONFIDENCE) / (2 * statements))  # of Student's t
    return max(least, float(quantile * changes.std(ddof=1) / np.sqrt(n)))


def tell_too_few(context: Context, seeds: int, tolerance: float) -> None:
    """Say so where these seeds cannot tell no change from a change, by the tolerance that they lead to."""
    if tolerance > TELLING:
        context.note(
            f"{seeds} seeds are too few to tell 'no change' from a change: some bands are wider than "
            f"{TELLING:.0%}, so that nearly every value lies in them; take -s seeds=10 or more."
        )
    if seeds == 1:
        context.note("One seed has no spread, and 'no change' is judged without it; take -s seeds=10 or more.")


def deviation(values: np.ndarray) -> float | None:
    """Standard deviation of the sample; None of a single value."""
    return float(values.std(ddof=1)) if values.size > 1 else None


def report_value(context: Context, name: str, values, closed: float, **given) -> list:
    """Report the mean over seeds as a metric called `name`; gives its row for a table, with the closed form beside it.

    Parameters
    ----------
    values : array_like
        Of each seed, or one value.
    closed : float
        What the closed form gives.
    **given
        As for `Context.metric`.

    Returns
    -------
    list
        [name in words, mean, SD, n, closed form, verdict].
    """
    values = np.atleast_1d(values)
    spread = deviation(values)
    made = context.metric(name, values.mean(), spread=spread, n=values.size, **given)
    return [name.replace("_", " "), float(values.mean()), spread, int(values.size), closed, made["verdict"]]


def report_change(
    context: Context,
    name: str,
    recordings,
    condition: str,
    synapse: str,
    pattern: str | None,
    provenance: str,
    *,
    statements: int = 1,
    band=None,
    paper_value: str | None = None,
    least: float = LEAST_CHANGE,
) -> list:
    """Report the change of a synapse as a metric called `name`; gives its row for a table.

    Parameters
    ----------
    pattern : {"up", "down", "none"} or None
        What is expected.
    statements : int
        Number of "no change" statements of the protocol.
    band : (low, high), optional
        Acceptance.
    paper_value : str, optional
        What to show as the paper's value where that is not what `pattern` says, e.g. because nobody verified it.
    least : float
        What counts as no change, see `no_change_tolerance`.

    Returns
    -------
    list
        [name, mean in %, SD in points, n, without EPSC noise in %, expected, verdict].
    """
    changes, quiet = recordings.change(condition, synapse), recordings.noise_free(condition, synapse)
    spread = deviation(changes)
    tolerance = no_change_tolerance(changes, quiet, statements, least) if pattern == "none" else LEAST_CHANGE
    tell_too_few(context, changes.size, tolerance)
    row = context.metric(
        name,
        changes.mean(),
        spread=spread,
        n=changes.size,
        provenance=provenance,
        band=band,
        pattern=pattern,
        tolerance=tolerance,
        paper_value=paper_value,
    )
    return [
        name,
        round(100 * changes.mean(), 1),
        None if spread is None else round(100 * spread, 1),
        int(changes.size),
        round(100 * quiet.mean(), 2),
        pattern or "-",
        row["verdict"],
    ]


TABLE_COLUMNS = ("observable", "mean (%)", "SD (points)", "n", "without EPSC noise (%)", "expected", "verdict")
