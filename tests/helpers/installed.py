"""The package as it is installed, for tests of what reads its source."""

import importlib.util
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "as_installed.py"


def lay_out(folder):
    """`lay_out` of tools/as_installed.py: a copy of the package's sources below the folder."""
    spec = importlib.util.spec_from_file_location("as_installed", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.lay_out(folder)
