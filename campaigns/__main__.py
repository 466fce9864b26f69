"""``python -m campaigns NAME``: carry a campaign out, and write what it found."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

from campaigns import catalogue
from campaigns.running import run
from campaigns.summary import RESULTS, write


def main(arguments: list[str] | None = None) -> int:
    """Carry out what is asked for; the exit status is 1 where a case failed."""
    names = [*catalogue.NAMES, *catalogue.ON_REQUEST]
    known = ", ".join(names)
    parser = argparse.ArgumentParser(prog="python -m campaigns", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {known}; by default all but {' and '.join(catalogue.ON_REQUEST)}"
    )
    parser.add_argument("--n", type=int, help="how many cases; by default those of the published figures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="*", default=[], metavar="INDEX", help="these cases alone")
    parser.add_argument("--short", action="store_true", help="a few cases of each, which take seconds")
    parser.add_argument("--workers", type=int, help="processes at once; by default one a core, 0 for this one alone")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no more cases of each after so long")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep outcomes there, and go on after those that are there of this commit",
    )
    parser.add_argument("--out", type=Path, help="folder for the summaries; by default campaigns/results")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in names]:
        parser.error(f"unknown campaign {unknown[0]!r}; known: {known}")
    failed = False
    for name in given.names or catalogue.NAMES:
        campaign = catalogue.get(name)
        n = None if given.short else given.n or campaign.n
        found = run(campaign, n, given.seed, given.only, given.workers, given.minutes, keep=given.keep)
        failed |= bool(found["failures"])
        if given.only:  # a case again is no result
            print(json.dumps(found["failures"], indent=1, ensure_ascii=False))
        else:
            print(f"{name}: {found['held']} of {found['n']} held: {write(found, given.out or RESULTS)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
