"""Run recipes and write what they give to recipes/results: ``python -m tools.measure NAME ... [--workers 2]``.

The tree must be committed: a result names the commit at which it was measured. Records that an earlier call left are
taken where they are of the same data, code and versions, so that a call that was interrupted goes on.

With ``--more`` the seeds that the committed result has are kept, and the others measured. So that they are of one kind,
cells whose settings have changed since are refused, and the first kept seed of the first cell is measured again: it has
to be equal to the bit. The result says of kept seeds where and when they were measured (``measured``, ``seeds``).
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sbp_brian.experiments import results
from sbp_brian.experiments.recipes import Recipe, parse
from sbp_brian.experiments.results import Result

ROOT = Path(__file__).parents[1]


def commit() -> str:
    """Where the code stands, refused where it is changed."""
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!recipes", ":!docs", ":!README.md"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    if changed.stdout.strip():
        sys.exit(f"commit first; a result names the code that gave it:\n{changed.stdout}")
    found = subprocess.run(
        ["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return found.stdout.strip()


def shown(path: Path) -> str:
    """A file as it was when the committed result of its recipe was written."""
    result = ROOT / "recipes" / "results" / f"{path.stem}.json"
    asked = ["git", "log", "-1", "--format=%H", "--", str(result)]
    then = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
    found = subprocess.run(
        ["git", "show", f"{then}:{path.relative_to(ROOT).as_posix()}"], capture_output=True, text=True, cwd=ROOT
    )
    return found.stdout


def kept(recipe: Recipe, then: Recipe, committed: Result) -> dict[str, list[int]]:
    """The seeds of each cell that need not be measured again, those of the first cell without its first."""
    settings = {cell.name: cell.parameters for cell in then.cells}
    found: dict[str, list[int]] = {}
    for cell in recipe.cells:
        numbers = committed.cells.get(cell.name, {}).values()
        if not numbers:
            continue
        if settings.get(cell.name) != cell.parameters:
            sys.exit(f"{recipe.name}: {cell.name or 'its setting'} has changed since it was measured; leave out --more")
        has = [number.by_seed or {} for number in numbers]
        found[cell.name] = [seed for seed in recipe.seeds if all(str(seed) in by_seed for by_seed in has)]
    for seeds in found.values():
        if seeds:
            del seeds[0]
            break
    else:
        sys.exit(f"{recipe.name}: no seeds are committed that could be kept; leave out --more")
    return found


def joined(recipe: Recipe, committed: Result, now: Result, kept: Mapping[str, list[int]]) -> Result:
    """What was measured now with the seeds that were kept."""
    cells = {}
    for cell, numbers in now.cells.items():
        before, cells[cell] = committed.cells.get(cell, {}), dict(numbers)
        for metric, number in numbers.items():
            old = before[metric].by_seed or {} if metric in before else {}
            new = number.by_seed or {}
            unequal = [seed for seed in old if seed in new and old[seed] != new[seed]]
            if unequal:
                sys.exit(
                    f"{recipe.name}: {cell}, {metric}, seed {unequal[0]} was {old[unequal[0]]}, now {new[unequal[0]]}; "
                    f"leave out --more, so that all seeds are of one kind"
                )
            values = {seed: (old | new)[seed] for seed in map(str, recipe.seeds) if seed in old or seed in new}
            first = before[metric] if next(iter(values)) in old else number  # what a first run says of itself stays
            cells[cell][metric] = dataclasses.replace(first, **results.over_seeds(values))
    for cell, numbers in committed.cells.items():
        if cell not in cells and cell in kept:
            cells[cell] = dict(numbers)
    own = {str(seed) for seeds in kept.values() for seed in seeds}
    place = [committed.measured["commit"], committed.measured["date"]]
    earlier = {seed: committed.measured.get("seeds", {}).get(seed, place) for seed in sorted(own, key=int)}
    ordered = {cell.name: cells[cell.name] for cell in recipe.cells if cell.name in cells}
    return dataclasses.replace(now, measured={**now.measured, "seeds": earlier}, cells=ordered)


def main(arguments: list[str]) -> int:
    """Run all cells and seeds, then write one file a recipe; 1 where a run failed."""
    from sbp_brian.__main__ import CATALOGUE
    from sbp_brian.cli.jobs import Job, run_all, run_command
    from sbp_brian.datasets import available
    from sbp_brian.experiments import records
    from sbp_brian.experiments.sweep import Sweep

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--more", action="store_true", help="keep the seeds that are committed")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "measured")
    asked, here, failed = parser.parse_args(arguments), commit(), 0
    for name in asked.names:
        recipe = CATALOGUE.recipes.get(name)
        protocol = CATALOGUE.protocols.get(recipe.protocol)
        for data, where, remedy in available():
            part = where is not None and not where.startswith("embedded")  # chosen by the run; it refuses if not
            if data in recipe.data and remedy and not part:
                sys.exit(f"{name} needs the whole data set {data}, which is not here; get it by {remedy}")
        path = ROOT / "recipes" / "results" / f"{name}.json"
        before = results.read(path) if asked.more else None
        have = kept(recipe, parse(name, shown(ROOT / "recipes" / f"{name}.toml")), before) if before else {}
        done: dict[str, list[Path]] = {cell.name: [] for cell in recipe.cells}
        jobs = []
        for cell in recipe.cells:
            lacking = [seed for seed in recipe.seeds if seed not in have.get(cell.name, ())]
            if not lacking:
                continue
            sweep = Sweep(protocol, cell.parameters, lacking, target=recipe.target)
            for point in sweep.points:
                folder = sweep.folder(asked.out, point)
                done[cell.name].append(folder)
                if not sweep.done(asked.out, point):
                    settings = {"target": recipe.target, "seed": point.seed, "settings": cell.parameters}
                    fresh = sweep.stale(asked.out, point)
                    command = run_command(recipe.protocol, out=asked.out, fresh=fresh, **settings)
                    jobs.append((folder, Job(f"{name} {cell.name} seed {point.seed}", command)))
        run_all([job for _, job in jobs], asked.workers)
        for folder, job in jobs:
            if job.error:
                print(f"{job.name} failed: {job.error}", file=sys.stderr)
                failed += 1
                for folders in done.values():
                    folders[:] = [each for each in folders if each != folder]
        read = {cell: [records.read(folder) for folder in folders] for cell, folders in done.items() if folders}
        if not read:
            continue
        found = results.gather(recipe, read, here)
        if before:
            found = joined(recipe, before, found, have)
        path.write_text(found.to_json(), encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(found.cells)} settings, {len(recipe.seeds)} seeds")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
