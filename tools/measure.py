"""Run recipes and write what they give to recipes/results: ``python -m tools.measure NAME ... [--workers 2]``.

The tree must be committed: a result names the commit at which it was measured. Records that an earlier call left are
taken where they are of the same data, code and versions, so that a call that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

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


def main(arguments: list[str]) -> int:
    """Run all cells and seeds, then write one file a recipe; 1 where a run failed."""
    from sbp_brian.__main__ import CATALOGUE
    from sbp_brian.cli.jobs import Job, run_all, run_command
    from sbp_brian.datasets import available
    from sbp_brian.experiments import records, results
    from sbp_brian.experiments.sweep import Sweep

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "measured")
    asked, here, failed = parser.parse_args(arguments), commit(), 0
    for name in asked.names:
        recipe = CATALOGUE.recipes.get(name)
        protocol = CATALOGUE.protocols.get(recipe.protocol)
        for data, where, remedy in available():
            if data in recipe.data and (where is None or where.startswith("embedded")):
                sys.exit(f"{name} needs the whole data set {data}, which is not here; get it by {remedy}")
        done: dict[str, list[Path]] = {cell.name: [] for cell in recipe.cells}
        jobs = []
        for cell in recipe.cells:
            sweep = Sweep(protocol, cell.parameters, recipe.seeds, target=recipe.target)
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
        path = ROOT / "recipes" / "results" / f"{name}.json"
        path.write_text(found.to_json(), encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(found.cells)} settings, {len(recipe.seeds)} seeds")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
