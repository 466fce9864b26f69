"""Whether the tests notice when the code is changed: what becomes of a random sample of mutmut's mutants.

``python tools/mutation.py --n 150 --seed 0`` makes all mutants of the files in `GROUPS`, draws the sample, lets mutmut
test each with the tests of its own room, and writes how many were killed and which survived. Without ``--n``: all.
A survivor that has been read and changes nothing that can be seen stands in tools/equivalent.toml, with the reason.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tomllib
from configparser import RawConfigParser
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
RESULTS = ROOT / "campaigns" / "results" / "mutation.json"
#: Copies of the tree, one a group, in which mutmut works.
COPIES = ROOT / "build" / "mutation"


class Group(NamedTuple):
    """Files that are mutated, the tests that are to notice, and some mutants, at which mutmut first times all tests."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    first: str


GROUPS = {
    "training": Group(
        ("sbp_brian/training/scores.py", "sbp_brian/training/encoding.py"),
        ("tests/training/test_scores.py", "tests/training/test_encoding.py"),
        "sbp_brian.training.scores.x_cosine_score__mutmut_1",
    ),
    "rules": Group(("sbp_brian/rules/*.py",), ("tests/rules",), "sbp_brian.rules.quantities.x_duration__mutmut_1"),
    "retrograde": Group(
        ("sbp_brian/retrograde/*.py",), ("tests/retrograde",), "sbp_brian.retrograde.code.x_bounded__mutmut_1"
    ),
}


def lay_out(name: str) -> None:
    """A fresh copy of the tree for a group, with its files and tests in mutmut's settings."""
    folder, group = COPIES / name, GROUPS[name]
    shutil.rmtree(folder, ignore_errors=True)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    for file in filter(None, tracked):
        if (ROOT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file)
    settings = RawConfigParser()
    settings.read(folder / "setup.cfg", encoding="utf-8")
    settings.set("mutmut", "only_mutate", "\n".join(("", *group.files)))
    settings.set("mutmut", "pytest_add_cli_args_test_selection", "\n".join(("", *group.tests)))
    with (folder / "setup.cfg").open("w", encoding="utf-8") as file:
        settings.write(file)


def mutmut(group: str, *arguments: str) -> str:
    """What a command of mutmut prints, in the copy of a group."""
    program = Path(sys.executable).with_name("mutmut")
    done = subprocess.run([program, *arguments], cwd=COPIES / group, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut {arguments[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def states(group: str) -> dict[str, str]:
    """Mutant -> what became of it, in mutmut's words."""
    lines = (line.strip().rpartition(": ") for line in mutmut(group, "results", "--all", "true").splitlines())
    return {name: state for name, _, state in lines if name}


def module(name: str) -> str:
    """The module of a mutant."""
    return name[: name.index(".x")]


def change(group: str, name: str) -> dict[str, str]:
    """The lines that a mutant takes and gives, with its name."""
    lines = mutmut(group, "show", name).splitlines()
    was = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    became = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    return {"mutant": name, "was": "\n".join(was), "became": "\n".join(became)}


def equivalent() -> dict[tuple[str, str, str], str]:
    """(module, lines taken, lines given) -> why nothing can notice."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return {(entry["module"], entry["was"], entry["became"]): entry["why"] for entry in entries}


def summary(group: str, sample: list[str], total: int, seed: int) -> dict:
    """What became of the sample of a group, by module, and each survivor."""
    found, reasons = states(group), equivalent()
    modules: dict[str, dict[str, int]] = {}
    survivors = []
    for name in sample:
        counts = modules.setdefault(module(name), {"n": 0, "killed": 0, "equivalent": 0})
        counts["n"] += 1
        if found[name] in ("killed", "timeout", "segfault"):
            counts["killed"] += 1
            continue
        changed = change(group, name)
        why = reasons.get((module(name), changed["was"], changed["became"]))
        counts["equivalent"] += why is not None
        survivors.append({**changed, "state": found[name], "equivalent": why})
    n, killed, same = (sum(counts[key] for counts in modules.values()) for key in ("n", "killed", "equivalent"))
    return {
        "mutants": total,
        "seed": seed,
        "n": n,
        "killed": killed,
        "equivalent": same,
        "share_killed": round(killed / max(1, n), 4),
        "share_killed_of_those_that_differ": round(killed / max(1, n - same), 4),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip(),
        "modules": dict(sorted(modules.items())),
        "survivors": survivors,
    }


def main() -> None:
    """Test the samples, group by group, and put what was found into the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, help="mutants to draw of each group; by default all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    workers = ("--max-children", str(given.processes))
    for group in given.groups:
        lay_out(group)
        mutmut(group, "run", GROUPS[group].first, *workers)
        names = sorted(states(group))
        sample = sorted(random.Random(given.seed).sample(names, min(given.n or len(names), len(names))))
        mutmut(group, "run", *sample, *workers)
        found = summary(group, sample, len(names), given.seed)
        written = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(written | {group: found}, indent=1) + "\n", encoding="utf-8")
        print(
            f"{group}: {found['killed']} of {found['n']} killed, {found['equivalent']} equivalent: {given.out}",
            flush=True,
        )


if __name__ == "__main__":
    main()
