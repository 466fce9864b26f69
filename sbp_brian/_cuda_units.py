"""Few translation units instead of many: reading the headers of CUDA takes 12 s, compiling a kernel a fraction of one.

brian2cuda writes each piece of code into a file of its own, each of which reads the same headers. A unit includes many
of these files, as they are. What would collide there:

- support code that several pieces bring with them: `once` puts a guard around each part when it is generated;
- helpers of the same name that the templates give to each file: the unit renames them by macros (`HELPERS`);
- functions of the same name that differ, as those of a TimedArray on two clocks: such pieces go to different units.
"""
from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

#: The largest unit (characters of code in its pieces), and how many of them there are at most, for processors that are
#: free; fixed, so that the same network gives the same units on every machine.
LARGEST, UNITS = 250_000, 3
#: Names that brian2cuda's templates define in each file that they make.
HELPERS = ("_host_rand", "_host_randn", "_host_poisson", "_loggam", "_poisson_mult", "_poisson_ptrs",
           "getThreadsPerBundle", "is_in_subgroup", "vector_t", "tuple_t", "memory_recorder", "updateMeanStd", "getStd",
           "_copyHostArrayToDeviceSymbol")
#: Macros that differ from piece to piece.
_MACROS = ("_rand", "_randn", "COPY_HOST_ARRAY_TO_DEVICE_SYMBOL")
#: Files that every program has; they go to one unit, in this order.
_FRAME = ("objects.cu", "rand.cu", "synapses_classes.cu", "network.cu", "run.cu", "main.cu")
_GUARD = re.compile(r"#ifndef SBP_ONCE_(\w+)_([0-9a-f]{12})\b")


def once(name: str, text: str) -> str:
    """Support code that a translation unit reads only once, however many of its pieces bring it.

    Parameters
    ----------
    name : str
        The function that it defines.
    text : str
        The code; a macro or what differs from piece to piece is left as it is.
    """
    if not text.strip() or "SBP_ONCE_" in text or "%CODEOBJ_NAME%" in text or text.lstrip().startswith("#define"):
        return text
    mark = f"SBP_ONCE_{re.sub(r'[^A-Za-z0-9_]', '_', name)}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return f"#ifndef {mark}\n#define {mark}\n{text}\n#endif"


def write_units(project: Path, sources: Iterable[str]) -> list[str]:
    """Write the units of a generated project; gives the files that are to be compiled instead of `sources`."""
    sources = sorted(sources)
    pieces = [name for name in sources if name.startswith("code_objects/")]
    frame = [name for name in _FRAME if name in sources]
    others = [name for name in sources if name not in pieces and name not in frame]
    whole = sum((project / name).stat().st_size for name in pieces)
    number = min(UNITS, 1 + whole // LARGEST)
    units: list[dict] = [dict(names=[], defined={}, size=0) for _ in range(number)]
    for name in sorted(pieces, key=lambda piece: (-(project / piece).stat().st_size, piece)):
        text = (project / name).read_text()
        defines = dict(_GUARD.findall(text))
        fits = [unit for unit in units if all(unit["defined"].get(k, v) == v for k, v in defines.items())]
        if not fits:
            units.append(dict(names=[], defined={}, size=0))
            fits = units[-1:]
        unit = min(fits, key=lambda candidate: candidate["size"])
        unit["names"].append(name)
        unit["defined"] |= defines
        unit["size"] += len(text)
    files = {"unit_frame.cu": frame} | {f"unit_{k}.cu": sorted(unit["names"]) for k, unit in enumerate(units)}
    files = {file: names for file, names in files.items() if names}
    for file, names in files.items():
        (project / file).write_text("".join(_included(k, name) for k, name in enumerate(names)))
    return [*files, *others]


def _included(number: int, name: str) -> str:
    renamed = "".join(f"#define {helper} {helper}_{number}\n" for helper in HELPERS)
    back = "".join(f"#undef {helper}\n" for helper in (*HELPERS, *_MACROS))
    return f"{renamed}#include \"{name}\"\n{back}"
