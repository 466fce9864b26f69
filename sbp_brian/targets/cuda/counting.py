"""How many cells have an event in a step: asked of the GPU once, and not by each piece of code that wants to know.

brian2cuda's monitors and pathways each copy the number of events of their cells to the host, which waits for it. It is
the same number until the threshold of these cells is looked at again. So the host keeps it until then. Each question is
rewritten in the generated project; cells whose events come from elsewhere (`SpikeGeneratorGroup`) are left alone, with
all others of their program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["ask_once"]

HEADER = "sbp_events.h"
_TEXT = """#ifndef SBP_EVENTS
#define SBP_EVENTS
#include <cstdint>
#include <unordered_map>

// Numbers of events that the host knows, by their place on the GPU.
namespace sbp_events
{
inline std::unordered_map<const int32_t *, int32_t> known;

inline cudaError_t ask(int32_t *number, const int32_t *place)
{
    const auto found = known.find(place);
    if (found != known.end())
    {
        *number = found->second;
        return cudaSuccess;
    }
    const cudaError_t done = cudaMemcpy(number, place, sizeof(int32_t), cudaMemcpyDeviceToHost);
    if (done == cudaSuccess) known[place] = *number;
    return done;
}

inline void forget(const int32_t *place) { known.erase(place); }
}
#endif
"""
#: A question: where the number goes, and its place.
_ASKED = re.compile(
    r"cudaMemcpy\(\s*&(?P<number>_num_events|num_spiking_neurons),\s*"
    r"(?P<place>[^;]*?(?:space|_eventspace\w*)[^;]*?- 1\]?),\s*sizeof\(int32_t\),\s*cudaMemcpyDeviceToHost\s*\)"
)
#: What clears a list of events, and so changes its number: the list.
_CLEARED = re.compile(
    r"^(?P<lead>[ \t]*)(?P<launch>_reset_\w+<<<[^;]*?>>>\(\s*(?P<list>dev_array_\w+space\[\w+\])\s*\);)", re.M
)
_INCLUDE = '#include "objects.h"\n'


def ask_once(project: Path, sizes: dict[str, int], templates: Iterable[str]) -> int:
    """Rewrite the questions of a project; gives how many there are.

    Parameters
    ----------
    project : Path
    sizes : dict of str to int
        Name of the array of a list of events -> its cells.
    templates : iterable of str
        Of all pieces of code.
    """
    if "spikegenerator" in set(templates):
        return 0
    asked = 0
    for path in sorted((project / "code_objects").glob("*.cu")):
        given = path.read_text()
        text, found = _ASKED.subn(r"::sbp_events::ask(&\g<number>, \g<place>)", given)
        text = _CLEARED.sub(lambda clear: _forgetting(clear, sizes), text)
        if text != given:
            asked += found
            path.write_text(text.replace(_INCLUDE, f'{_INCLUDE}#include "{HEADER}"\n', 1))
    if asked:
        (project / HEADER).write_text(_TEXT)
    return asked


def _forgetting(clear: re.Match, sizes: dict[str, int]) -> str:
    name = clear["list"].partition("[")[0].removeprefix("dev")
    return f"{clear['lead']}::sbp_events::forget({clear['list']} + {sizes[name]});\n{clear['lead']}{clear['launch']}"
