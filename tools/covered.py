"""How much of the library the tests run, by room, from what ``make coverage`` measured, with coverage.py's own report.

``python tools/covered.py`` writes the shares of lines and of branches of each room, and which lines are left.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "campaigns" / "results" / "coverage.json"
COUNTS = ("num_statements", "covered_lines", "num_branches", "covered_branches")


def measured(folder: Path) -> dict:
    """Coverage's own report."""
    report = folder / "coverage.json"
    subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", report], cwd=ROOT, check=True)
    found = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    return found


def room(file: str) -> str:
    """The folder of a file of the library, or the library itself."""
    return "/".join(Path(file).parts[:-1])


def shares(counts: dict[str, int]) -> dict:
    """The share of lines and of branches that were run, of how many."""
    lines, run, branches, taken = (counts[name] for name in COUNTS)
    return {
        "lines": {"n": lines, "share": round(run / max(1, lines), 4)},
        "branches": {"n": branches, "share": round(taken / max(1, branches), 4)},
        "both": round((run + taken) / max(1, lines + branches), 4),
    }


def summary(report: dict) -> dict:
    """The shares of each room and of the whole, and what is left in each file."""
    rooms: dict[str, dict[str, int]] = {}
    left = {}
    for file, found in sorted(report["files"].items()):
        counts = rooms.setdefault(room(file), dict.fromkeys(COUNTS, 0))
        for name in COUNTS:
            counts[name] += found["summary"].get(name, 0)
        if found["missing_lines"] or found.get("missing_branches"):
            left[file] = {"lines": found["missing_lines"], "branches": found.get("missing_branches", [])}
    whole = {name: sum(counts[name] for counts in rooms.values()) for name in COUNTS}
    return {
        "whole": shares(whole),
        "rooms": {name: shares(counts) for name, counts in rooms.items()},
        "left": left,
        "date": datetime.now(UTC).date().isoformat(),
    }


def main() -> None:
    """Write the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    found = summary(measured(given.out.parent))
    given.out.write_text(json.dumps(found, separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")
    whole = found["whole"]
    print(f"{whole['lines']['share']:.1%} of lines, {whole['branches']['share']:.1%} of branches: {given.out}")


if __name__ == "__main__":
    main()
