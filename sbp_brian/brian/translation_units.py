"""Few translation units instead of many: reading the headers takes most of what it takes to compile a piece of code.

Brian2 and brian2cuda write each piece of code into a file of its own, each of which reads the same headers (half a
second with C++, 12 s with CUDA, where compiling the piece itself takes a fraction of that). A unit includes many of
these files, as they are. What would collide there:

- support code that several pieces bring with them: `SharedSupport` puts a guard around each part when it is generated;
- helpers of the same name that CUDA's templates give to each file: the unit renames them by macros;
- functions of the same name that differ, as those of a TimedArray on two clocks: such pieces go to different units.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.utils.stringtools import stripped_deindented_lines

from sbp_brian.brian.apart import lies_apart
from sbp_brian.brian.conditions import in_registers
from sbp_brian.brian.flags import FlagsAsFloats
from sbp_brian.brian.vector_code import FriendlyCode


@dataclass(frozen=True)
class Packing:
    """How the files of a project are packed.

    Attributes
    ----------
    suffix : str
        Of the files.
    largest, units : int
        The largest unit (characters of code in its pieces), and how many of them there are at most, for processors
        that are free; fixed, so that the same network gives the same units on every machine.
    pieces : tuple of str
        Folders whose files are distributed over the units.
    frame : tuple of str
        Files that every program has and that go to one unit, in this order.
    helpers : tuple of str
        Names that the templates define in each file that they make.
    macros : tuple of str
        Macros that differ from piece to piece.
    host : str
        End of the names of pieces that run on the host alone, which then go to a unit of their own; empty: they are as
        all others.
    host_header : str
        What that unit reads first.
    """

    suffix: str
    largest: int
    units: int
    pieces: tuple[str, ...]
    frame: tuple[str, ...]
    helpers: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()
    host: str = ""
    host_header: str = ""


CPP = Packing(
    ".cpp", 100_000, 4, ("code_objects/", "brianlib/"), ("network.cpp", "run.cpp", "synapses_classes.cpp", "main.cpp")
)
CUDA = Packing(
    ".cu",
    250_000,
    3,
    ("code_objects/",),
    ("objects.cu", "rand.cu", "synapses_classes.cu", "network.cu", "run.cu", "main.cu"),
    helpers=(
        "_host_rand",
        "_host_randn",
        "_host_poisson",
        "_loggam",
        "_poisson_mult",
        "_poisson_ptrs",
        "getThreadsPerBundle",
        "is_in_subgroup",
        "vector_t",
        "tuple_t",
        "memory_recorder",
        "updateMeanStd",
        "getStd",
        "_copyHostArrayToDeviceSymbol",
    ),
    macros=("_rand", "_randn", "COPY_HOST_ARRAY_TO_DEVICE_SYMBOL"),
)
#: The same for a compiler that reads each file once, and not once for the host and once for the GPU. What the headers'
#: templates make is made again for each unit, a third of all work; so there is one.
CUDA_ON_CPU = replace(
    CUDA, units=1, host="_synapses_create_generator_codeobject.cu", host_header="sbp_on_cpu/sbp_host.h"
)
_GUARD = re.compile(r"#ifndef SBP_ONCE_(\w+)_([0-9a-f]{12})\b")
#: Where Brian2's templates put the macros of functions, and what follows them.
_OWN_MACROS = re.compile(r"////// HASH DEFINES ///////\n(.*?)^void ", re.DOTALL | re.MULTILINE)
_DEFINED = re.compile(r"^\s*#\s*define\s+(\w+)", re.MULTILINE)


class SharedSupport:
    """A mixin for Brian2's code generators: support code that several pieces in one translation unit may bring."""

    def _add_user_function(self, varname, variable, added):
        made = super()._add_user_function(varname, variable, added)
        if made is None:
            return None
        defines, pointers, support, *rest = made
        name = variable.implementations[self.codeobj_class].name or varname
        return (defines, pointers, [once(name, text) for text in support], *rest)

    def determine_keywords(self):
        """Brian2's, with a guard around what every piece brings."""
        keywords = super().determine_keywords()
        everywhere = stripped_deindented_lines(self.universal_support_code)
        lines = keywords["support_code_lines"]
        if everywhere and lines[-len(everywhere) :] == everywhere:
            guarded = once("universal", "\n".join(everywhere)).split("\n")
            keywords["support_code_lines"] = lines[: -len(everywhere)] + guarded
        return keywords


class UnitGenerator(FlagsAsFloats, SharedSupport, FriendlyCode, CPPCodeGenerator):
    """Brian2's C++ generator, for pieces that share a translation unit."""

    def determine_keywords(self):
        """As Brian2's; templates may also ask what code is like."""
        return super().determine_keywords() | {"in_registers": in_registers, "lies_apart": lies_apart}


class UnitCodeObject(CPPStandaloneCodeObject):
    """A piece of C++ code that may share a translation unit with others, made by this package's templates first."""

    templater = CPPStandaloneCodeObject.templater.derive("sbp_brian.brian", ".cpp")
    generator_class = UnitGenerator


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


def write_units(project: Path, sources: Iterable[str], packing: Packing) -> list[str]:
    """Write the units of a generated project; gives the files that are to be compiled instead of `sources`."""
    sources = sorted(sources)
    pieces = [name for name in sources if name.startswith(packing.pieces)]
    host = [name for name in pieces if packing.host and name.endswith(packing.host)]
    frame = [name for name in packing.frame if name in sources]
    others = [name for name in sources if name not in pieces and name not in frame]
    texts = {name: (project / name).read_text() for name in pieces}
    shared = [name for name in pieces if name not in host]
    number = min(packing.units, 1 + sum(len(texts[name].encode()) for name in shared) // packing.largest)
    units: list[dict] = [dict(names=[], defined={}, size=0) for _ in range(number)]
    for name in sorted(shared, key=lambda piece: (-len(texts[piece].encode()), piece)):
        defines = dict(_GUARD.findall(texts[name]))
        fits = [unit for unit in units if all(unit["defined"].get(k, v) == v for k, v in defines.items())]
        if not fits:
            units.append(dict(names=[], defined={}, size=0))
            fits = units[-1:]
        unit = min(fits, key=lambda candidate: candidate["size"])
        unit["names"].append(name)
        unit["defined"] |= defines
        unit["size"] += len(texts[name])
    files = {f"unit_frame{packing.suffix}": frame}
    files |= {f"unit_{k}{packing.suffix}": sorted(unit["names"]) for k, unit in enumerate(units)}
    files[f"unit_host{packing.suffix}"] = host
    files = {file: names for file, names in files.items() if names}
    for file, names in files.items():
        first = f'#include "{packing.host_header}"\n' if names is host else ""
        (project / file).write_text(
            first + "".join(_included(k, name, texts.get(name, ""), packing) for k, name in enumerate(names))
        )
    return [*files, *others]


def _included(number: int, name: str, text: str, packing: Packing) -> str:
    own = _OWN_MACROS.search(text)
    renamed = "".join(f"#define {helper} {helper}_{number}\n" for helper in packing.helpers)
    back = (*packing.helpers, *packing.macros, *(_DEFINED.findall(own[1]) if own else ()))
    return f'{renamed}#include "{name}"\n' + "".join(f"#undef {macro}\n" for macro in back)
