"""Importing Brian2 without plots: quicker, and no script sees a difference."""

from __future__ import annotations

import json
import subprocess
import sys

STAR = """
import json, sys
{first}
before = sorted({{name.split(".")[0] for name in sys.modules}} & {{"matplotlib", "pylab", "_pytest"}})
{then}
names = {{}}
exec("from brian2 import *", names)
described = {{n: [getattr(o, "__module__", None), getattr(o, "__name__", repr(type(o)))] for n, o in names.items()}}
print(json.dumps([before, described]))
"""
LEAN = "from sbp_brian.brian.without_plots import import_brian2; import_brian2()"


def described(first: str, then: str = "") -> list:
    run = [sys.executable, "-c", STAR.format(first=first, then=then)]
    return json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def test_a_script_that_takes_all_names_of_brian2_gets_the_same_ones():
    """Each name, and what is behind it, plots among them; nothing of plots is imported before."""
    before, names = described(LEAN)
    assert before == []
    plain, expected = described("import brian2")
    assert "matplotlib" in plain
    assert expected["plot"][0] == "matplotlib.pyplot"
    assert names == expected


def test_a_single_name_of_pylab_is_there_when_it_is_asked_for():
    """By attribute and by import; a name that nobody has is refused as by any module."""
    ask = (
        "import brian2\nfrom brian2 import figure\nassert callable(figure) and brian2.xlabel\n"
        "try:\n    brian2.nobody\nexcept AttributeError as error:\n    assert 'nobody' in str(error)\n"
        "else:\n    raise SystemExit('found')"
    )
    assert described(LEAN, ask)[0] == []


def test_where_brian2_is_imported_already_nothing_happens():
    """Neither to its names nor to what else is imported."""
    check = f"import brian2; kept = dict(vars(brian2)); {LEAN}; assert vars(brian2) == kept"
    subprocess.run([sys.executable, "-c", check], check=True)
