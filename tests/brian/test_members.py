"""Code that does nothing where a variable says no is known by its form, and no other code is."""

import pytest
from brian2 import NeuronGroup, Synapses

from sbp_brian.brian.members import deciding_variable
from tests.reference.small_networks import on_numpy


@pytest.fixture(scope="module")
def variables():
    with on_numpy():
        cells = NeuronGroup(2, "x : 1", name="cells")
        model = "w : 1\nmember : boolean (constant)\nopen : boolean\nwhole : integer (constant)\nr : 1 (shared)"
        return Synapses(cells, cells, model, name="asked").variables


@pytest.mark.parametrize(
    "code",
    [
        "w = w + r*int(member)*x_pre",
        "w = w + int(member)",
        "w += 2*(x_pre)*int(member)*(x_post - 1)\n",
        "w = w*(1 + r*int(member))",
    ],
)
def test_known(variables, code):
    assert deciding_variable(code, variables) == "member"


@pytest.mark.parametrize(
    "code",
    [
        "w = w + r*x_pre",
        "w = w + r*int(open)",  # may change within a run
        "w = w + r*int(whole)",
        "w = w + r*int(member) + x_pre",
        "w = w + r*(int(member) + 1)",
        "w = w - r/int(member)",
        "w = w*int(member)",
        "w = w*(2 + int(member))",
        "w = clip(w + int(member), 0, 1)",  # cuts a weight that takes no part
        "w = w + int(member)\nx_post += 1",
        "x_post += w*int(member) + 1",
        "w = x_pre + int(member)",
        "w = w + (",
    ],
)
def test_everything_else_visits_all(variables, code):
    assert deciding_variable(code, variables) is None
