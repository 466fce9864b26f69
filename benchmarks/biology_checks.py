"""The nine biological protocols: convergence in the time step, agreement of the targets, and speed.

Run it from the checkout: ``python -m benchmarks.biology_checks convergence|targets|speed [--seeds N] [PROTOCOL ...]``.
It prints the rows of the tables in docs/biology.md. The same seed draws the same noise at every step and on every
target, so that rows of two tables can be subtracted.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

from brian2 import ms

from benchmarks._common import children_s
from sbp_brian import protocols
from sbp_brian.experiments.executing import execute
from sbp_brian.models.circuits import SPREAD
from sbp_brian.protocols.biology.experiment import Experiment
from sbp_brian.protocols.biology.ltp import conditions

NAMES = (
    "bi-poo-1998",
    "zhang-1998",
    "bi-poo-1999",
    "fitzsimonds-1997",
    "tao-2000",
    "du-poo-2004",
    "du-2009",
    "tsodyks-1998",
    "turrigiano-1998",
)
STEPS = ("step", "tick")
PERCENT = {"": 100, "%": 1, "points": 1}  # units of metrics in percentage points


def halved(name):
    """Parameters of a protocol with both of its time steps halved, those it has."""
    declared = protocols.get(name).parameters
    return {step: declared[step].default / 2 for step in STEPS if step in declared}


def differences(ours, theirs):
    """Largest difference of two tables by unit: unit -> (difference, name of the entry); "" and "%" are "points"."""
    if [row["name"] for row in ours.metrics] != [row["name"] for row in theirs.metrics]:
        raise ValueError(f"{ours.protocol}: the two tables have different rows")
    largest = {}
    for one, other in zip(ours.metrics, theirs.metrics, strict=True):
        unit = "points" if one["unit"] in PERCENT else one["unit"]
        found = abs(one["value"] - other["value"]) * PERCENT.get(one["unit"], 1)
        if found > largest.get(unit, (-1.0, ""))[0]:
            largest[unit] = found, one["name"]
    return largest


def converged(name, seeds, out, target="cpp"):
    """The table of a protocol, and by how much it changes where its time steps are halved."""
    usual, fine = (
        execute(protocols.get(name), target=target, out=out, parameters={"seeds": seeds, **steps})
        for steps in ({}, halved(name))
    )
    return usual, differences(usual, fine)


def convergence(names, seeds):
    """A row a protocol: time steps, entries, largest changes by unit."""
    with tempfile.TemporaryDirectory() as out:
        for name in names:
            record, found = converged(name, seeds, out)
            steps = ", ".join(f"{record.parameters[s]['value']:g} {record.parameters[s]['unit']}" for s in halved(name))
            print(f"| `{name}` | {steps} | {len(record.metrics)} | {shown(found)} |", flush=True)


def targets(names, seeds):
    """A row a protocol: largest difference from C++ on numpy and in Cython, and verdicts that differ."""
    with tempfile.TemporaryDirectory() as out:
        for name in names:
            cpp, *others = (
                execute(protocols.get(name), target=target, out=out, parameters={"seeds": seeds})
                for target in ("cpp", "numpy", "cython")
            )
            for other in others:
                turned = [
                    a["name"] for a, b in zip(cpp.metrics, other.metrics, strict=True) if a["verdict"] != b["verdict"]
                ]
                print(
                    f"| `{name}` | {other.target} | {seeds} | {len(cpp.metrics)} | {shown(differences(cpp, other))} |"
                    f" {', '.join(turned) or 'none'} | {other.timing['total_s']:.0f} s |",
                    flush=True,
                )


def shown(found):
    """Differences as text."""
    return "; ".join(
        f"{value:.2g} {unit} ({entry})" if value else f"0 {unit}"
        for unit, (value, entry) in sorted(found.items(), key=lambda item: item[0] != "points")
    )


def speed(names, seeds):
    """Processor and wall time of the nine-cell circuit, then of each protocol from an empty cache."""
    for copies in (1, 100):
        experiment = Experiment(SPREAD, "cpp", copies=copies)
        experiment.simulation.build()
        before = children_s()
        recordings = experiment.run(conditions(10 * ms)[:1], seeds=copies, workers=1)
        print(
            f"nine cells, {float(experiment.timeline.duration) / 60:.1f} min, copies: {copies}; "
            f"processor {children_s() - before:.2f} s, wall {recordings.run_s:.2f} s; "
            f"I->A {recordings.noise_free('LTP', 'I->A').mean():+.1%}",
            flush=True,
        )
    total = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            start, before = time.perf_counter(), children_s()
            command = [sys.executable, "-m", "sbp_brian", "run", name, "-s", f"seeds={seeds}", "--out", folder]
            subprocess.run(
                command, env=os.environ | {"SBP_CACHE": f"{folder}/cache"}, check=True, stdout=subprocess.DEVNULL
            )
            took = time.perf_counter() - start, children_s() - before
            total = [a + b for a, b in zip(total, took, strict=True)]
            print(f"| `{name}` | {took[0]:.1f} | {took[1]:.1f} |", flush=True)
    print(f"| all | {total[0]:.0f} | {total[1]:.0f} |")


def main():
    """Run one of the checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("check", choices=("convergence", "targets", "speed"))
    parser.add_argument("names", nargs="*", metavar="PROTOCOL", default=NAMES)
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_intermixed_args()  # --seeds may stand between the names
    {"convergence": convergence, "targets": targets, "speed": speed}[given.check](given.names or NAMES, given.seeds)


if __name__ == "__main__":
    main()
