"""Networks as text: what is read, changed line by line, and built."""

import numpy as np
import pytest
from brian2 import Clock, Network, SpikeGeneratorGroup, ms

from sbp_brian import targets
from sbp_brian.errors import ModelError
from sbp_brian.models.text import Text

CELLS = """
cells, each step:
    v : 1             # membrane
    n : 1 (shared)
begin, each sample, at start 2:
    n = n + 1
    v = 0
grow, each step, at groups 0:
    v += gain
threshold:
    v >= 3
reset:
    v = 0
event half, at thresholds 4:
    v > 1.5
"""
SYNAPSES = """
synapses:
    w : 1
pre, on pre spike:
    v_post += w
late, on post half, at end 2:
    w = w + 1
"""


def clocks():
    targets.use("numpy")
    return {"step": Clock(1 * ms, name="steps"), "sample": Clock(10 * ms, name="samples")}


def test_a_text_is_what_it_is_read_from():
    assert str(Text("a", CELLS)) == CELLS.strip()
    assert str(Text("s", SYNAPSES)) == SYNAPSES.strip()


def test_lines_change_by_name():
    text = Text("a", CELLS)
    text.add("begin", "w = 1", before="v")
    text.add("begin", "v = 0", "z = 2")
    text.first("begin", "m = 1", "n = n + 1")
    text.extend("begin", "v", " + 0.5")
    text.replace("grow", "v", "v += 2*gain", "v = clip(v, 0, 9)")
    text.add("grow", "v -= 1", before="v")
    assert text["begin"].lines == ["m = 1", "n = n + 1", "w = 1", "v = 0 + 0.5", "z = 2"]
    assert text["grow"].lines == ["v -= 1", "v += 2*gain", "v = clip(v, 0, 9)"]
    assert text.line("grow", "v") == "v -= 1", "the first of its name"
    text.put("event half, at thresholds 5:\n    v > 2\n\nnew, each step, at end 0:\n    n = 0")
    assert (text["half"].code, text["half"].slot) == ("v > 2", ("thresholds", 5))
    assert list(text.sections) == ["cells", "begin", "grow", "threshold", "reset", "half", "new"]
    with pytest.raises(ModelError, match="section 'begin' has no line of 'x'; it has 'm = 1"):
        text.replace("begin", "x", "x = 1")


@pytest.mark.parametrize(
    "heading", ["begin", "begin, each sample, start 2:", "event, at start 1: x > 0", "a, on cell x:"]
)
def test_a_heading_that_cannot_be_read_is_refused(heading):
    with pytest.raises(ModelError, match=r"cannot be read; write e\.g\. 'begin, each sample, at start 2:'"):
        Text("a", heading + "\n    x = 1")


def test_cells_do_what_the_text_says():
    text, every = Text("a", CELLS), clocks()
    text.initial["v"] = 1.0
    cells = text.cells(2, every, {"gain": 0.25})
    np.testing.assert_array_equal(cells.v[:], 1.0)
    objects = {o.name: o for o in cells.contained_objects}
    assert (objects["a_begin"].when, objects["a_begin"].order) == ("start", 2)
    assert objects["a_begin"].clock is every["sample"]
    assert objects["a_grow"].clock is cells.clock is every["step"]
    assert (cells.thresholder["half"].when, cells.thresholder["half"].order) == ("thresholds", 4)
    Network(cells).run(20 * ms)
    assert cells.n == 2
    assert cells.v[0] == 2.5, "ten steps of 0.25 since the second sample began"


def test_synapses_do_what_the_text_says():
    rule = Text("s", SYNAPSES).rule("test", source="nobody", initial={"w": 0.5})
    assert dict(rule.on_pre) == {"pre": "v_post += w"}
    assert dict(rule.on_post) == {"late": "w = w + 1"}
    assert rule.event("late") == "half"
    assert dict(rule.schedule) == {"late": ("end", 2)}
    cells = Text("a", CELLS).cells(1, clocks(), {"gain": 0.0})
    source = SpikeGeneratorGroup(1, [0], [3] * ms, clock=cells.clock)
    synapses = rule.synapses(source, cells, name="s")
    synapses.connect()
    Network(source, cells, synapses).run(9 * ms)
    assert cells.v[0] == 0.5
    assert synapses.w[0] == 0.5
