"""The commands as a user types them, within this process."""

from pathlib import Path

from click.testing import CliRunner

from sbp_brian.__main__ import main

DEMO = str(Path(__file__).with_name("demo_experiment.py"))
#: One figure of records and one of committed results, where a test is not of the figures: all of them take ten seconds.
FEW_FIGURES = ("tao-2000", "how-late")


def sbp(*args):
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, [str(a) for a in args], prog_name="sbp")


def refused(*args, code=None):
    """The one line with which a command fails."""
    result = sbp(*args)
    assert result.exit_code not in (0, None)
    assert code in (None, result.exit_code)
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr.strip()
