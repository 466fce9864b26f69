"""Which room may import which, as setup.cfg has it, on the package as it is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.installed import lay_out

ROOT = Path(__file__).parents[2]


def lint(tree):
    program = Path(sys.executable).with_name("lint-imports")
    command = [program, "--config", ROOT / "setup.cfg", "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120, check=False)


def test_the_contracts_are_kept(tmp_path):
    done = lint(lay_out(tmp_path / "installed"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("rules/quantities.py", "import sbp_brian.targets"),
        ("cli/list.py", "def late():\n    from sbp_brian import protocols"),
        ("report/text.py", "import sbp_brian.figures.base"),
        ("wording.py", "import sbp_brian"),
        ("models/circuits/relays.py", "import sbp_brian.datasets"),
        ("figures/base.py", "import sbp_brian.targets"),
        ("retrograde/operation.py", "import typing\nif typing.TYPE_CHECKING:\n    import sbp_brian.retrograde.signal"),
    ],
)
def test_a_wrong_import_breaks_them(tmp_path, module, line):
    tree = lay_out(tmp_path / "installed")
    with (tree / "sbp_brian" / module).open("a") as file:
        file.write(f"\n\n{line}\n")
    done = lint(tree)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
