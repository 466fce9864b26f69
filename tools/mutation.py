"""Whether the tests notice when the code is changed: what becomes of a random sample of mutmut's mutants.

``python tools/mutation.py --n 400 --seed 0`` makes all mutants of the files that setup.cfg names ([mutmut]), draws the
sample, lets mutmut test each, and writes how many were killed and which survived. Without ``--n`` all are tested. A
survivor that has been read and changes nothing that can be seen stands in tools/equivalent.toml, with the reason.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
RESULTS = ROOT / "campaigns" / "results" / "mutation.json"
#: Mutants of this module are few; testing them makes mutmut lay all of them out and time all tests.
FIRST = "sbp_brian.rules.requirements.*"


def mutmut(*arguments: str) -> str:
    """What a command of mutmut prints."""
    program = Path(sys.executable).with_name("mutmut")
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut {arguments[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def states() -> dict[str, str]:
    """Mutant -> what became of it, in mutmut's words."""
    lines = (line.strip().rpartition(": ") for line in mutmut("results", "--all", "true").splitlines())
    return {name: state for name, _, state in lines if name}


def module(name: str) -> str:
    """The module of a mutant."""
    return name[: name.index(".x")]


def change(name: str) -> dict[str, str]:
    """The lines that a mutant takes and gives, with its name."""
    lines = mutmut("show", name).splitlines()
    was = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    became = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    return {"mutant": name, "was": "\n".join(was), "became": "\n".join(became)}


def equivalent() -> dict[tuple[str, str, str], str]:
    """(module, lines taken, lines given) -> why nothing can notice."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return {(entry["module"], entry["was"], entry["became"]): entry["why"] for entry in entries}


def summary(sample: list[str], total: int, seed: int) -> dict:
    """What became of the sample, by module, and each survivor."""
    found, reasons = states(), equivalent()
    modules: dict[str, dict[str, int]] = {}
    survivors = []
    for name in sample:
        counts = modules.setdefault(module(name), {"n": 0, "killed": 0, "equivalent": 0})
        counts["n"] += 1
        if found[name] in ("killed", "timeout", "segfault"):
            counts["killed"] += 1
            continue
        changed = change(name)
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
        "modules": dict(sorted(modules.items())),
        "survivors": survivors,
        "date": datetime.now(UTC).date().isoformat(),
    }


def main() -> None:
    """Test the sample and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, help="mutants to draw; by default all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--again", action="store_true", help="only write anew what the last run found")
    given = parser.parse_args()
    if not given.again:
        mutmut("run", FIRST, "--max-children", str(given.processes))
    names = sorted(states())
    sample = sorted(random.Random(given.seed).sample(names, min(given.n or len(names), len(names))))
    if not given.again:
        mutmut("run", *sample, "--max-children", str(given.processes))
    found = summary(sample, len(names), given.seed)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{found['killed']} of {found['n']} killed, {found['equivalent']} are equivalent: {given.out}")


if __name__ == "__main__":
    main()
