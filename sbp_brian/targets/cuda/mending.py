"""What is mended in each generated project: unguarded accesses in brian2cuda's headers, and a name in its templates.

The accesses were found by carrying programs out in other orders than a GPU's usual one (`on_cpu`), and by the thread
sanitizer. A header that does not have the place is of another version: then the program is refused rather than left
unguarded. The template of pathways counts synapses by a variable ``j``, and so code that reads ``j``, the number of the
postsynaptic cell, does not compile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sbp_brian.errors import CudaRaceError

__all__ = ["MENDED", "mend", "with_own_counter"]


@dataclass(frozen=True)
class Mending:
    """A place in a header, and what takes it.

    Attributes
    ----------
    file : str
    place : str
        A regular expression that is found once.
    instead : str
        As `re.sub` takes it.
    why : str
        What goes wrong otherwise.
    """

    file: str
    place: str
    instead: str
    why: str


_QUEUE = "brianlib/spikequeue.h"
MENDED = (
    Mending(
        _QUEUE,
        r"(bool initialize_semaphores = \(!semaphore\);)",
        r"\1\n        __syncthreads();",
        "threads ask whether there are new queues of delayed spikes while the first thread changes the answer; queues "
        "may be left without memory",
    ),
    Mending(
        _QUEUE,
        r"(while \(atomicCAS\(\(int \*\)lock, 0, 1\) != 0\);)",
        r"\1\n        __threadfence();",
        "what a block reads after it has taken a lock may be older than the lock",
    ),
    Mending(
        _QUEUE,
        r"\*lock = 0;\s*__threadfence\(\);",
        "__threadfence();\n        atomicExch((int *)lock, 0);",
        "a lock is given back before what was written under it can be seen",
    ),
)


def mend(project: Path) -> None:
    """Mend the headers of a project.

    Raises
    ------
    CudaRaceError
    """
    for mending in MENDED:
        path = project / mending.file
        text, found = re.subn(mending.place, mending.instead, path.read_text())
        if found != 1:
            raise CudaRaceError(
                f"{mending.file} of this brian2cuda is not the one that sbp_brian mends ({mending.why}): install "
                "brian2cuda 1.0b1, or choose target='cpp'"
            )
        path.write_text(text)


#: The loop over the synapses of a pathway, with all of it that knows its counter.
_COUNTED = re.compile(
    r"for ?\(int j = \w+; j < \w+; j\+=\w+\)\s*\{(?:\s*//[^\n]*)?\s*int32_t _idx = [^;]*;"
    r"(?:\s*_vectorisation_idx = j;)?"
)


def with_own_counter(text: str) -> str:
    """The text of a pathway's code, whose loops count by a variable that no network can have."""
    return _COUNTED.sub(lambda loop: re.sub(r"\bj\b", "_sbp_number", loop[0]), text)
