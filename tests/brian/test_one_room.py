"""Brian2's insides are touched in `sbp_brian.brian` only, those of brian2cuda in `sbp_brian.targets.cuda`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("sbp_brian/brian", "sbp_brian/targets/cuda")
FILES = [
    path
    for folder in ("sbp_brian", "models", "protocols", "figures")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not str(path.relative_to(ROOT)).startswith(ROOMS)
]
#: What is public: the package's own names, and its units.
PUBLIC = re.compile(r"brian2(\.units(\..*)?)?")
INSIDES = re.compile(r"brian2\.(codegen|core|devices|equations|groups|parsing|synapses|utils|prefs\.prefs)\b")
#: Private names of Brian2 that a class of this package may have, too.
BRIANS = {"_code_objects", "_dims", "_network", "_times", "_variables"}
#: Names of named tuples that Python gives a leading underscore.
PYTHONS = {"_replace", "_asdict", "_fields", "_make"}


def private_names() -> set[str]:
    """Names with a leading underscore that this package itself defines."""
    found = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "object.__setattr__":
                found.add(getattr(node.args[1], "value", ""))
    return found


def touched(text: str, own: set[str]) -> list[str]:
    """What a module touches of Brian2 beneath its public interface."""
    found = []
    for node in ast.walk(ast.parse(text)):
        where = f"line {getattr(node, 'lineno', 0)}: "
        if isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module or ""
            if module.startswith("brian2") and not PUBLIC.fullmatch(module):
                found.append(f"{where}from {module} import ...")
            elif module.startswith("brian2"):
                found += [f"{where}{alias.name}" for alias in node.names if alias.name.startswith("_")]
        elif isinstance(node, ast.Import):
            found += [
                f"{where}import {alias.name}"
                for alias in node.names
                if alias.name.startswith("brian2") and not PUBLIC.fullmatch(alias.name)
            ]
        elif isinstance(node, ast.Attribute):
            expression = ast.unparse(node)
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            theirs = node.attr not in own | PYTHONS or (node.attr in BRIANS and ast.unparse(node.value) != "self")
            if INSIDES.match(expression) or (private and theirs):
                found.append(f"{where}{expression}")
    return found


@pytest.fixture(scope="module")
def own():
    return private_names()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_keeps_to_the_public_interface(path, own):
    found = touched(path.read_text(), own)
    assert not found, f"{path.relative_to(ROOT)} touches Brian2's insides ({'; '.join(found)}): ask sbp_brian.brian"


@pytest.mark.parametrize(
    "line",
    [
        "from brian2.core.network import Network",
        "from brian2.synapses.synapses import SynapticPathway",
        "import brian2.codegen.codeobject",
        "import brian2cuda",
        "from brian2cuda.device import CUDAStandaloneDevice",
        "brian2.devices.device.reset_device()",
        "brian2.prefs.prefs.items()",
        "dim._dims",
        "net._network",
        "from brian2 import _something",
    ],
)
def test_it_would_be_found(line, own):
    assert touched(line, own)


@pytest.mark.parametrize(
    "line",
    ["from brian2 import Network, ms", "import brian2", "from brian2.units import stdunits", "brian2.prefs['a']"],
)
def test_the_public_interface_is_free(line, own):
    assert not touched(line, own)
