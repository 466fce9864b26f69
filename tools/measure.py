"""Run recipes and write what they give to recipes/results: ``python -m tools.measure NAME ... [--workers 2]``.

The tree must be committed: a result names the commit at which it was measured. Records of an earlier call with the same
code are taken up, so that a call that was interrupted goes on.
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
    from sbp_brian.experiments import records, results

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "measured")
    asked, here, failed = parser.parse_args(arguments), commit(), 0
    for name in asked.names:
        recipe = CATALOGUE.recipes.get(name)
        jobs = {
            (cell.name, seed): Job(
                f"{name} {cell.name} seed {seed}",
                run_command(recipe.protocol, target=recipe.target, seed=seed, out=asked.out, settings=cell.parameters),
            )
            for seed in recipe.seeds
            for cell in recipe.cells
        }
        run_all(list(jobs.values()), asked.workers)
        for job in jobs.values():
            if job.error:
                print(f"{job.name} failed: {job.error}", file=sys.stderr)
                failed += 1
        done: dict[str, list] = {cell.name: [] for cell in recipe.cells}
        for (cell, _), job in jobs.items():
            if not job.error:
                done[cell].append(records.read(job.folder))
        found = results.gather(recipe, {cell: own for cell, own in done.items() if own}, here)
        path = ROOT / "recipes" / "results" / f"{name}.json"
        path.write_text(found.to_json(), encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(found.cells)} settings, {len(recipe.seeds)} seeds")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
