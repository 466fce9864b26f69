"""Where the instructions of a learned sample go, by the pieces of code of a program, counted by callgrind.

Run it from the checkout: ``python -m benchmarks.instruction_shares [NAME ...]``, NAME one of the programs of
`benchmarks.instructions`; by default the flagship, STDBP and DECOLLE. A piece is one function of the compiled program:
what runs at an event of one pathway, the equations of one group, a threshold. Two runs are counted, with few samples
and with more, and what lies between is told for one sample. The result is that of the recipe ``speed-profile``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._common import write
from benchmarks.instructions import Circuit, Learning, environment, programs, without_native
from sbp_brian.targets.program_run import launched_by
from tools.measure import commit

PROFILED = ("one hidden layer of 500, single", "STDBP, 784-400-10", "DECOLLE, 784-128-128")
#: Pieces with a smaller share are told together.
LEAST = 0.01
OTHERS = "all others"
_LINE = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)\s+(?:\S+:)?(\S.*?)(?: \[.*\])?$")
_PIECE = re.compile(r"_run_(?:before_run_|after_run_)?(\w+?)_codeobject\w*")


def piece(function: str) -> str:
    """What to call a function of the program: its object's name in words, or that of a function of a library."""
    found = _PIECE.search(function)
    name = found[1] if found else function.split("(")[0].removesuffix("'2")
    return name.replace("_dense", "").strip("_").replace("_", " ")


def read(text: str) -> dict[str, int]:
    """Piece -> instructions, of what callgrind_annotate prints."""
    told: dict[str, int] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match and "PROGRAM TOTALS" not in line:
            name = piece(match[2])
            told[name] = told.get(name, 0) + int(match[1].replace(",", ""))
    return told


def counted(one: Learning | Circuit, n: int) -> dict[str, int]:
    """Piece -> instructions of a run of `n` samples."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "counts"
        with launched_by("valgrind", "--tool=callgrind", f"--callgrind-out-file={file}"):
            one.run(n)
        shown = subprocess.run(
            ["callgrind_annotate", "--threshold=100", str(file)], check=True, capture_output=True, text=True
        )
    return read(shown.stdout)


def shares(few: dict[str, int], many: dict[str, int], samples: int) -> dict[str, dict[str, float]]:
    """Piece -> instructions of a sample and their share, the largest first."""
    spent = {name: (count - few.get(name, 0)) / samples for name, count in many.items()}
    whole = sum(spent.values())
    told = {name: count for name, count in spent.items() if count >= LEAST * whole}
    told = dict(sorted(told.items(), key=lambda item: -item[1])) | {OTHERS: whole - sum(told.values())}
    return {name: {"instructions": count, "share": count / whole} for name, count in told.items()}


def main() -> None:
    """Count, print and write the result of the recipe ``speed-profile``."""
    names, known = sys.argv[1:] or PROFILED, programs()
    at, cells = commit(), {}
    for name in names:
        with without_native():
            one = known[name]()
            found = shares(counted(one, one.few), counted(one, one.many), one.many - one.few)
        for of, cell in found.items():
            print(f"{name:24s} {of:40s} {cell['instructions']:12,.0f} {cell['share']:7.1%}", flush=True)
            cells[f"{name}: {of}"] = cell
    write("speed-profile", at, cells, environment=environment())


if __name__ == "__main__":
    main()
