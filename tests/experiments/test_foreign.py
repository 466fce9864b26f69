"""Protocols and figures of other packages: found by their entry points, a broken one named."""

import sys
import warnings

import pytest

from sbp_brian import figures, protocols
from sbp_brian.errors import UnknownFigureError, UnknownProtocolError
from sbp_brian.experiments import foreign
from tests.helpers.commands import sbp

GOOD = """
from sbp_brian.experiments.protocol import Protocol, Source
from sbp_brian.figures.base import Figure, new

def run(context):
    context.metric("score", 1.0)

PROTOCOL = Protocol("guest", "An experiment of another package", Source("Somebody (2000)"), {}, run)
OTHER = Protocol("something-else", "Of another name", Source("Nobody"), {}, run)
FIGURE = Figure("guest-figure", "A figure of another package", "seen", ("guest",), lambda records: new()[0])
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that is installed, with entry points good and broken."""
    (tmp_path / "guest_package.py").write_text(GOOD)
    (tmp_path / "broken_package.py").write_text("import nowhere_to_be_found\n")
    info = tmp_path / "guest_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[sbp_brian.protocols]\n"
        "guest = guest_package:PROTOCOL\n"
        "broken = broken_package:PROTOCOL\n"
        "renamed = guest_package:OTHER\n"
        "mnist = guest_package:PROTOCOL\n"
        "[sbp_brian.figures]\n"
        "guest-figure = guest_package:FIGURE\n"
        "no-figure = guest_package:PROTOCOL\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    foreign.offered.cache_clear()
    foreign.load.cache_clear()
    yield
    foreign.offered.cache_clear()
    foreign.load.cache_clear()
    for name in ("guest_package", "broken_package"):
        sys.modules.pop(name, None)


def test_they_are_there_and_a_broken_one_is_a_warning_that_names_it(package):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        names, drawn = protocols.names(), figures.names()
    told = [str(one.message) for one in seen if one.category is foreign.ForeignWarning]
    assert names[-1] == "guest"
    assert names.count("mnist") == 1
    assert not {"broken", "renamed", "something-else"} & set(names)
    assert drawn[-1] == "guest-figure"
    assert "no-figure" not in drawn
    broken = next(text for text in told if text.startswith("'broken'"))
    assert "of the package guest-package (broken_package:PROTOCOL) cannot be loaded (ModuleNotFoundError" in broken
    assert "nowhere_to_be_found" in broken
    assert broken.endswith("update or uninstall guest-package")
    assert any("'renamed'" in text and "is called 'something-else'" in text for text in told)
    assert any("'mnist'" in text and "one of sbp_brian's own" in text for text in told)
    assert any("'no-figure'" in text and "is no Figure" in text for text in told)


@pytest.mark.filterwarnings("ignore::sbp_brian.experiments.foreign.ForeignWarning")
def test_commands_know_them(package, tmp_path):
    shown = sbp("list").output
    assert "guest " in shown
    assert "An experiment of another package" in shown
    assert "Somebody (2000)" in shown
    assert "Figures of other packages" in shown
    assert "guest-figure" in shown
    done = sbp("run", "guest", "--target", "numpy", "--out", tmp_path / "results")
    assert done.exit_code == 0, done.output
    drawn = sbp("figures", "guest-figure", "--records", tmp_path / "results")
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "results" / "figures" / "guest-figure.svg").is_file()
    with pytest.raises(UnknownProtocolError, match="did you mean 'guest'"):
        protocols.get("guests")
    with pytest.raises(UnknownFigureError, match="did you mean 'guest-figure'"):
        figures.get("guest-figur")


def test_without_any_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert protocols.names()
        assert figures.names()
