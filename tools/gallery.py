"""Which networks of the gallery held on which compiled target: runs their tests, and writes what became of each.

``python tools/gallery.py`` runs tests/examples/test_gallery_targets.py; ``--targets cython --networks cuba_2005`` a
part, and the rest of the file keeps what it has. A network holds where each test of it passed: it gives what
numpy gives, its synapses express what the reference does, and switched off in two ways it is the network without SBP.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from campaigns.summary import commit  # noqa: E402
from examples import GALLERY  # noqa: E402

TESTS = "tests/examples/test_gallery_targets.py"
RESULTS = ROOT / "campaigns" / "results" / "gallery.json"
#: How the tests' names call a target -> how the table does.
TARGETS = {"cpp": "C++", "cython": "Cython", "cuda": "CUDA, carried out on the CPU"}


def outcomes(target: str, networks: list[str]) -> tuple[dict[str, dict[str, int]], float]:
    """Network -> how many tests of it there were, and how many passed; and their seconds."""
    chosen = f"{target}- and ({' or '.join(networks)})"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = ["-m", "pytest", "-n0", "-q", "-m", "slow", "-k", chosen, f"--junitxml={report}", TESTS]
        subprocess.run([sys.executable, *words], cwd=ROOT, check=False)
        cases = list(ElementTree.parse(report).iter("testcase"))
    found = {name: {"tests": 0, "held": 0} for name in networks}
    for case in cases:
        passed = not any(case.find(word) is not None for word in ("failure", "error", "skipped"))
        for name in networks:
            if name in case.get("name", ""):
                found[name]["tests"] += 1
                found[name]["held"] += passed
    return found, sum(float(case.get("time", 0)) for case in cases)


def main() -> int:
    """Run what is asked for, and write it; the exit status is 1 where a network did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="TARGET")
    parser.add_argument("--networks", nargs="+", choices=GALLERY, default=list(GALLERY), metavar="NETWORK")
    given = parser.parse_args()
    failed = False
    for target in given.targets:
        found, seconds = outcomes(target, given.networks)
        measured = {"commit": commit(), "date": datetime.now(UTC).date().isoformat()}
        kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
        rows = kept.setdefault(target, {"title": TARGETS[target], "networks": {}})["networks"]
        rows |= {name: counts | measured for name, counts in found.items()}
        kept[target]["all"] = len(GALLERY)
        kept[target]["networks"] = {name: rows[name] for name in GALLERY if name in rows}
        RESULTS.write_text(json.dumps({key: kept[key] for key in TARGETS if key in kept}, indent=1) + "\n", "utf-8")
        held = [name for name, counts in found.items() if counts["tests"] and counts["held"] == counts["tests"]]
        failed |= len(held) < len(found)
        print(f"{TARGETS[target]}: {len(held)} of {len(found)} networks held, {seconds:.0f} s")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
