"""Scripts of the checkout that a command runs: what they compare with is not installed with the package."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sbp_brian.errors import CommandError

__all__ = ["run_script"]

_ROOT = Path(__file__).parents[2]


def run_script(module: str, arguments: Sequence[str], root: Path = _ROOT) -> None:
    """Run a module of the checkout as a program of its own, in the checkout; its output is this one's.

    Parameters
    ----------
    module : str
        E.g. ``"benchmarks.peers"``.
    arguments : sequence of str
        Of the script; paths have to be absolute.
    root : Path
        The checkout.

    Raises
    ------
    CommandError
        Where the package does not run from a checkout, or the script fails.
    """
    if not (root / Path(*module.split("."))).with_suffix(".py").is_file():
        raise CommandError(
            f"{module} is in the repository and not in the installed package: clone it, 'pip install -e .' there, "
            f"and run the command again"
        )
    if status := subprocess.run([sys.executable, "-m", module, *arguments], cwd=root, check=False).returncode:
        raise CommandError(f"{module} ended with status {status}; its last line says why")
