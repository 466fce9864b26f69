"""From a generated CUDA project to one that a C++ compiler takes: kernel launches, shared memory, headers.

Only what is not C++ is rewritten, in the project's own files; what CUDA's headers would give is in ``include``. What
cannot be carried out is refused by name, with its file.
"""

from __future__ import annotations

import re
import shutil
from importlib import resources
from pathlib import Path

from sbp_brian.errors import CudaOnCpuError

__all__ = ["FOLDER", "HEADER", "HOST_HEADER", "headers", "translate", "translated"]

#: Where a project has its copy of the headers; the one that is read first; the one of files that run on the host alone.
FOLDER = "sbp_on_cpu"
HEADER, HOST_HEADER = f"{FOLDER}/sbp_on_cpu.h", f"{FOLDER}/sbp_host.h"
_CODE = (".cu", ".h", ".cuh")
_LAUNCH = re.compile(r"\b((?:\w+::)*\w+(?:<[^<>;(){}]*>)?)\s*<<<(.*?)>>>\s*\(", re.DOTALL)
_OF_LAUNCH = re.compile(r"\bextern\s+__shared__\s+([\w:\s]+?)\s*\b(\w+)\s*\[\s*\]\s*;")
_SHARED = re.compile(r"\b(?:static\s+)?__shared__\s+([\w:\s]+?)\s*\b(\w+)\s*((?:\[[^\]]*\])*)\s*;")
#: Headers whose content is in ours.
_HEADERS = r"cuda|cuda_runtime|cuda_runtime_api|cuda_profiler_api|curand|curand_kernel"
_INCLUDED = re.compile(rf"^[ \t]*#\s*include\s*[<\"](?:{_HEADERS})\.h[>\"].*$", re.MULTILINE)
#: Where all threads of a kernel write the same value: the pointer of an array that a function reads, whether the delays
#: of a pathway are all the same, and shared variables, whose change by their own value `checks` refuses.
_PLACES = r"_namespace\w+|\w+\.no_or_const_delay_mode|_ptr_array_\w+\[0\]"
_SAME = re.compile(rf"^(\s*)({_PLACES}) = (\w+);", re.MULTILINE)
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/|(\"(?:\\.|[^\"\\\n])*\")", re.DOTALL)
#: What has no meaning for threads that run one after another, or is no C++, with what it is.
_NOT_CARRIED = {
    r"__\w*(?:shfl|ballot|syncwarp|activemask|any|all|match_any|match_all)(?:_\w+)?(?=\s*\()": "an operation of a warp",
    r"__syncthreads_(?:count|and|or)\b": "a barrier that counts",
    r"\bcooperative_groups\b": "groups of threads that cooperate",
    r"\b(?:tex[123]D\w*|surf[123]D\w*|texture\s*<|cudaTextureObject_t|cudaSurfaceObject_t)": "a texture or surface",
    r"\bcuda(?:Stream|Event|Graph)\w*": "a stream, event or graph",
    r"\bcudaMemcpy\w*Async\b": "a copy that is not waited for",
    r"\bcudaLaunch\w+": "a launch other than <<< >>>",
    r"\basm\b": "assembly for the GPU",
    r"\b(?:clock64|__nanosleep|globaltimer)\b": "the GPU's own time",
    r"<<<": "a kernel launch that is not 'kernel<<<blocks, threads>>>(arguments)'",
    r"\b__shared__\b": "shared memory that is not declared as 'type name[size];' in a line of its own",
}


def translate(project: Path) -> None:
    """Rewrite the files of a generated project for a C++ compiler, and give it the headers.

    Raises
    ------
    CudaOnCpuError
        Naming a construct that cannot be carried out, and its file.
    """
    files = sorted(path for path in project.rglob("*") if path.suffix in _CODE)
    for path in files:
        given = path.read_text()
        text = translated(given, str(path.relative_to(project)))
        if text != given:
            path.write_text(text)
    copy_headers(project / FOLDER)


def copy_headers(folder: Path) -> None:
    """Copy the headers to a folder, so that they are part of the project's content."""
    folder.mkdir(exist_ok=True)
    for header in headers():
        shutil.copyfile(header, folder / header.name)


def headers() -> list[Path]:
    """The headers that stand in for CUDA's."""
    place = Path(str(resources.files("sbp_brian.targets.cuda.on_cpu"))) / "include"
    return sorted(place.glob("*.h"))


def translated(text: str, file: str) -> str:
    """The text of one file, rewritten; `file` is its name in the project."""
    text = _INCLUDED.sub("", text)
    text = _LAUNCH.sub(r'::sbp_on_cpu::launch(\1, "\1", \2)(', text)
    text = _OF_LAUNCH.sub(r"\1 *\2 = static_cast<\1 *>(::sbp_on_cpu::shared_of_launch());", text)
    text = _SHARED.sub(_shared, text)
    text = _SAME.sub(r"\1::sbp_on_cpu::write_same(\2, \3);", text)
    bare = _COMMENTS.sub(lambda found: '""' if found[1] else "", text)
    for pattern, what in _NOT_CARRIED.items():
        found = re.search(pattern, bare)
        if found:
            raise CudaOnCpuError(
                f"{file} uses {found[0].strip()} ({what}), which cannot be carried out on the CPU: leave it out of "
                "your CUDA code, run on a GPU, or choose target='cpp'"
            )
    return text


def _shared(found: re.Match) -> str:
    kind, name, size = (part.strip() for part in found.groups())
    return (
        f"using sbp_shared_{name} = {kind}{size}; static const char sbp_key_{name} = 0; "
        f"sbp_shared_{name} &{name} = ::sbp_on_cpu::shared<sbp_shared_{name}>(&sbp_key_{name});"
    )
