"""A second simulator: random synapses give the same weights in NEST.

Each case is a synapse model of NEST with drawn parameters, delay and three pairs of Poisson trains, and the rule of
this package that it corresponds to (`tests/reference/nest_cases.py`). NEST runs in a process of its own. The rule is
given NEST's convention for spikes that meet at the synapse, as docs/nest.md shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from campaigns.base import Campaign, Case, Outcome

__all__ = ["CAMPAIGN", "judge"]

TOLERANCE = 1e-12  # of weights of the order of 1


def draw(seed: int, n: int) -> list[Case]:
    """Settings of a seed, the kinds in turn, without coincidences and with them."""
    from tests.reference.nest_cases import settings

    cases = []
    for index, setting in enumerate(settings(seed, n)):
        told = ", ".join(f"{name}={value}" for name, value in setting["parameters"].items())
        kind = setting["kind"]
        if not kind.startswith("short-term"):
            kind += ", coincidences" if setting["coincidences"] else ", none coincide"
        cases.append(
            Case(index, kind, f"{setting['model']}, delay {setting['delay']} ms, {told}", {"setting": setting})
        )
    return cases


def check(cases: Sequence[Case], _place: Path) -> Iterator[Outcome]:
    """Run the settings in NEST and here, each side in one go."""
    from tests.helpers.nest_settings import ours
    from tests.reference.nest_run import in_nest

    settings = [case.given["setting"] for case in cases]
    theirs, mine = in_nest(settings)["results"], ours(settings, coincidences_of_nest=True)
    for case, a, b in zip(cases, theirs, mine, strict=True):
        yield judge(case, a, b)


def judge(case: Case, theirs: Sequence[Sequence[float]], mine: Sequence[Sequence[float]]) -> Outcome:
    """Compare what the presynaptic spikes of a case send."""
    apart = max(float(np.abs(np.subtract(a, b)).max()) for a, b in zip(theirs, mine, strict=True))
    why = "" if apart <= TOLERANCE else f"it is {apart:.3g} from NEST"
    return Outcome(case.index, why, {"difference": apart})


def short() -> list[Case]:
    """A few settings, with coincidences and without."""
    return draw(1, 18)[::4]


CAMPAIGN = Campaign(
    "nest",
    "Pair STDP, triplet STDP and short-term plasticity give the weights that NEST gives.",
    1000,
    draw,
    check,
    short,
    chunk=54,
    against="nest-simulator",
)
