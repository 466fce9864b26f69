"""Random networks: numpy, C++ and an independent reference agree on every weight and every signal.

Each case is a small network with the retrograde signal, its mechanism, rule, delays, connections, transport, arms and
bounds drawn (`campaigns.drawn_network`). Twenty networks live side by side in one program, which is run five times with
other trains, connections and weights: so a thousand networks are ten compilations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from campaigns.base import Campaign, Case, Outcome

__all__ = ["CAMPAIGN", "compare"]

STRUCTURES, VARIANTS = 20, 5
PROGRAM = STRUCTURES * VARIANTS
RELATIVE, ABSOLUTE = 1e-9, 1e-11
TARGETS = ("numpy", "cpp")


def draw(seed: int, n: int) -> list[Case]:
    """The cases of a seed; every hundred of them share a program."""
    from campaigns.drawn_network import drawn

    cases = []
    for index in range(n):
        program, rest = divmod(index, PROGRAM)
        variant, structure = divmod(rest, STRUCTURES)
        network = drawn(seed, program * STRUCTURES + structure, variant)
        kind = (network.transport or ("none",))[0]
        given = {"network": network, "program": program, "variant": variant, "seed": seed}
        cases.append(Case(index, f"transport {kind}", network.told, given))
    return cases


def check(cases: Sequence[Case], _place: Path) -> Iterator[Outcome]:
    """Run each group of networks on all targets, and hold them to one another and to the reference."""
    yield from compare(cases, cases[0].given.get("targets", TARGETS))


def short() -> list[Case]:
    """A few networks, held to the reference on numpy alone."""
    return [replace(case, given=case.given | {"targets": ("numpy",)}) for case in draw(1, 5)]


def compare(cases: Sequence[Case], targets: Sequence[str]) -> Iterator[Outcome]:
    """Hold networks on some targets to the reference; those of one program and variant are run together."""
    from sbp_brian.targets import Simulation
    from tests.reference.retrograde_cases import DT, STEPS, network

    def together(case: Case) -> tuple[int, int]:
        return case.given["program"], case.given["variant"]

    for (program, variant), group in groupby(sorted(cases, key=together), together):
        members = list(group)
        make = partial(network, [case.given["network"] for case in members], seed=1000 * program + variant)
        found = {}
        for target in targets:
            found[target] = Simulation(make, STEPS * DT, target=target, dt=DT).run(seed=1 + variant)
        for case in members:
            yield _judge(case, found, 1000 * program + variant)


def _judge(case: Case, found: Mapping, seed: int) -> Outcome:
    from tests.reference.retrograde_cases import expected

    network = case.given["network"]
    name, first = network.name, next(iter(found.values()))
    parts = [part for part in ("in", "out", "through", "out2") if f"{name}_{part}.{network.weight}" in first]
    receptive = {
        part: np.asarray(first[f"{name}_{part}.retro_receptive"], bool)
        for part in parts
        if f"{name}_{part}.retro_receptive" in first
    }
    groups, synapses = expected(network, receptive, seed)
    wanted = {f"{name}_{part}.{network.weight}": synapses[part].w for part in parts}
    wanted |= {f"{name}_cells.retro_{channel}_now": groups["cells"].now[c] for c, channel in enumerate(("ltp", "ltd"))}
    worst, wrong = 0.0, []
    for target, result in found.items():
        for variable, reference in wanted.items():
            values = np.asarray(result[variable] / (network.unit if variable.endswith(f".{network.weight}") else 1))
            apart = np.abs(values - reference)
            scale = np.maximum(np.abs(reference), ABSOLUTE / RELATIVE)
            if not np.isfinite(values).all() or (apart > RELATIVE * scale).any():
                wrong.append(f"{variable} on {target} is {np.nanmax(apart):.2g} from the reference")
            worst = max(worst, float((apart / scale).max(initial=0)))
    for part in parts:
        low, high = network.limits(part)
        w = np.asarray(first[f"{name}_{part}.{network.weight}"] / network.unit)
        if not ((w >= low - 1e-12) & (w <= high + 1e-12)).all():
            wrong.append(f"{part} leaves its bounds {low:g} to {high:g}: {w.min():g} to {w.max():g}")
    return Outcome(case.index, "; ".join(wrong[:3]), {"relative difference": worst})


CAMPAIGN = Campaign(
    "networks",
    "Random networks give the same weights and signals on numpy, on C++ and in an independent reference.",
    1000,
    draw,
    check,
    short,
    chunk=PROGRAM,
)
