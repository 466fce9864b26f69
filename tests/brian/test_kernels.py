"""Shared kernels against the same synapses unrolled: each target, order of cells, stride, padding and edge."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, TimedArray, linked_var, ms

from sbp_brian.brian import own_code
from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.brian.event_order import EventOrder
from sbp_brian.brian.kernel_code import as_sums
from sbp_brian.errors import KernelError, RuleError, TargetError
from sbp_brian.export.described import describe
from sbp_brian.models.stdbp.first_spike import backward, timing_rule
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.rules import Regular, Requirement, SynapseRule
from sbp_brian.targets import Simulation
from tests.reference.convolutions import unrolled
from tests.reference.small_networks import on_numpy

STEPS = 12
RULE = SynapseRule(
    "w : 1\ngrad : 1\nrate : 1 (shared)\nstrong = abs(w) : 1",
    on_pre={
        "arrive": "drive_post += w*trace_pre*gain_post",
        "learn": "push = change_post*double_pre\nw = w + rate*push\nmet_pre += push",
        "send": "met_post -= strong",
    },
    on_post={"back": "grad -= 0.3*trace_post*change_pre\ngot_post += trace_pre", "again": "got_pre += w"},
    on_event={"send": "seldom", "again": "seldom"},
    schedule={"arrive": ("synapses", 0), "learn": ("synapses", 1), "back": ("synapses", 2), "again": ("synapses", 3)},
    regularly={"shrink": Regular("w = clip(0.9*w, -1, 1)", 4 * ms)},
    initial={"grad": 0.5},
    name="shared",
)
#: Random numbers, of which no two forms draw the same.
NOISY = replace(
    RULE, on_pre={**RULE.on_pre, "noise": "chance = int(rand() < 0.2)\nlost_post += chance\ntried_post += 1"}
)
#: Both orders of cells, alone and together; strides and paddings that leave edges out, or reach over them.
CONVOLUTIONS = [
    Convolution(Maps(2, 5, 6), 3, 3),
    Convolution(Maps(9, 4, 5, maps_last=True), 5, (3, 2), 2, 1, maps_last=True),
    Convolution(Maps(3, 6, 5, maps_last=True), 2, (4, 2), (1, 3), (2, 0)),
    Convolution(Maps(2, 7, 6), 6, (2, 3), (3, 2), (0, 2), maps_last=True),
]


def cells(maps, name, seed):
    rng = np.random.default_rng(seed)
    given = TimedArray((rng.random((STEPS, maps.cells)) < 0.4).astype(float), dt=1 * ms, name=f"train_{name}")
    group = NeuronGroup(
        maps.cells,
        "trace : 1\nchange : 1\ndrive : 1\ngot : 1\nmet : 1\nlost : 1\ntried : 1\ngain : 1 (shared)\n"
        "double = 2*trace : 1",
        threshold="given(t, i) > 0.5",
        reset="trace = 0.9*trace - 0.1",
        events={"seldom": "i % 3 == 1 and given(t, i) > 0.5"},
        namespace={"given": given},
        name=name,
    )
    group.gain = 0.7
    for variable in ("trace", "change"):
        setattr(group, variable, rng.normal(size=maps.cells))
    return group


def shared(rule, source, target, convolution, name):
    return [rule.kernels(source, target, convolution, name=name)]


def written_out(rule, source, target, convolution, name):
    """The weights in a group of their own, and a synapse for each pair of cells, with the number of its weight."""
    own = "\n".join(line for line in rule.model.splitlines() if "=" not in line)
    kernels = NeuronGroup(convolution.weights, own, name=name)
    for variable, value in rule.initial.items():
        setattr(kernels, variable, value)
    for entry in rule.regularly.values():
        kernels.run_regularly(entry.code, dt=entry.dt)
    linked = "\n".join(line.replace(" (shared)", "") + " (linked)" for line in own.splitlines())
    on_pre = {pathway: as_sums(code) for pathway, code in rule.on_pre.items()}  # several synapses write one weight
    computed = "\n".join(line for line in rule.model.splitlines() if "=" in line)
    model = f"{linked}\n{computed}\nkernel : integer"
    rule = replace(rule, model=model, on_pre=on_pre, regularly={}, initial={})
    synapses = rule.synapses(source, target, name=f"{name}_unrolled")
    i, j, kernel = unrolled(convolution)
    synapses.connect(i=i, j=j)
    synapses.kernel = kernel
    for variable in kernels.equations.names:
        index = None if kernels.variables[variable].scalar else "kernel"
        setattr(synapses, variable, linked_var(kernels, variable, index=index))
    return [kernels, synapses]


def make(form=shared, convolutions=CONVOLUTIONS):
    objects = []
    for n, convolution in enumerate(convolutions):
        a, b = cells(convolution.source, f"a{n}", 2 * n), cells(convolution.target, f"b{n}", 2 * n + 1)
        kernels, *synapses = form(NOISY if n == 1 else RULE, a, b, convolution, f"k{n}")
        kernels.w, kernels.rate = np.random.default_rng(n).normal(size=convolution.weights), 0.02
        objects += [a, b, kernels, *synapses]
    return Network(objects)


COMPARED = [
    f"{name}{n}.{variable}"
    for n in range(len(CONVOLUTIONS))
    for name, variables in (("k", ("w", "grad")), ("a", ("got", "met")), ("b", ("drive", "got", "met")))
    for variable in variables
]


@pytest.fixture(scope="module")
def expected():
    return Simulation(lambda: make(written_out), STEPS * ms, target="numpy", dt=1 * ms).run()


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.slow), "cpp"])
def test_equal_to_the_unrolled_form(target, expected):
    found = Simulation(make, STEPS * ms, target=target, dt=1 * ms).run()
    for name in COMPARED:
        assert np.ptp(expected[name]) > 0.1, name
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-10, err_msg=name)
    np.testing.assert_array_equal(found["b1.tried"], expected["b1.tried"])
    tried = found["b1.tried"].sum()
    assert abs(found["b1.lost"].sum() - 0.2 * tried) < 5 * np.sqrt(tried * 0.2 * 0.8)


# ---------------------------------------------------------------------------------------- events in an order of theirs
#: A cell ignores events once its sum has passed a bound; the other way, the weights' place in the sum counts.
ORDERED = SynapseRule(
    "w : 1\ngrad : 1",
    on_pre={
        "arrive": "open_post = open_post*int(drive_post < 0.8)\ndrive_post = drive_post + open_post*w*gain_post\n"
        "grad += 0.1*open_post*trace_pre"
    },
    on_post={"back": "got_pre = 0.7*got_pre + w*trace_post"},
    name="ordered",
)


def ordered(maps, name, seed):
    rng = np.random.default_rng(seed)
    given = TimedArray((rng.random((STEPS, maps.cells)) < 0.4).astype(float), dt=1 * ms, name=f"train_{name}")
    group = NeuronGroup(
        maps.cells,
        "trace : 1\ndrive : 1\ngot : 1\nopen : 1\nearly : 1\ngain : 1 (shared)",
        threshold="given(t, i) > 0.5",
        reset="open = 1\ndrive = 0",
        namespace={"given": given},
        name=f"{name}_ordered",
    )
    group.open, group.gain, group.trace = 1, 0.7, rng.normal(size=maps.cells)
    group.early = rng.permutation(maps.cells)
    return group


def in_order(form, **more):
    """Both forms get the spikes of a step by a number that cells have, not by their own."""
    objects = []
    for n, convolution in enumerate(CONVOLUTIONS):
        a = ordered(convolution.source, f"a{n}_{form.__name__}", 2 * n)
        b = ordered(convolution.target, f"b{n}_{form.__name__}", 2 * n + 1)
        name = f"o{n}_{form.__name__}"
        kernels, *synapses = form(ORDERED, a, b, convolution, name, **more)
        kernels.w = np.abs(np.random.default_rng(n).normal(size=convolution.weights)) / 3
        objects += [a, b, kernels, *synapses, *(EventOrder(group, "spike", "early") for group in (a, b))]
    return Network(objects)


def shared_in_order(rule, source, target, convolution, name):
    return [rule.kernels(source, target, convolution, name=name, in_order=("arrive", "back"))]


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cython", marks=pytest.mark.slow), pytest.param("cpp", marks=pytest.mark.slow)]
)
def test_events_in_order_are_those_of_the_unrolled_form(target):
    expected = Simulation(lambda: in_order(written_out), STEPS * ms, target="numpy", dt=1 * ms).run()
    found = Simulation(lambda: in_order(shared_in_order), STEPS * ms, target=target, dt=1 * ms).run()
    for n in range(len(CONVOLUTIONS)):
        for name, variable in (("o", "grad"), ("a", "got"), ("b", "drive"), ("b", "open")):
            ending = "_ordered" if name != "o" else ""
            one, other = (
                values[f"{name}{n}_{form.__name__}{ending}.{variable}"]
                for values, form in ((found, shared_in_order), (expected, written_out))
            )
            assert np.ptp(other) > 0.1, (name, n, variable)
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10, err_msg=f"{name}{n}.{variable}")


# ------------------------------------------------------------------------------------------------ what else there is
BEFORE = Maps(2, 4, 4)
CONVOLUTION = Convolution(BEFORE, 2, 3)
SUM = SynapseRule("w : 1", on_pre={"pre": "drive_post += w"}, name="sum")


@pytest.fixture
def pair():
    with on_numpy():
        yield cells(BEFORE, "before", 1), cells(CONVOLUTION.target, "behind", 2)


def test_weights_are_a_group(pair):
    a, b = pair
    rule = replace(SUM, initial={"w": "0.1*i"})
    kernels = rule.kernels(a, b, CONVOLUTION, name="grouped", events={"large": "w > 3"})
    assert len(kernels) == CONVOLUTION.weights == 36
    np.testing.assert_allclose(kernels.array("w"), 0.1 * np.arange(36).reshape(2, 2, 3, 3))
    kernels.run_on_event("large", "w = 0")
    seen = StateMonitor(kernels, "w", record=[0, 30, 31], name="seen", when="end")
    Network(a, b, kernels, seen).run(1 * ms, namespace={})
    np.testing.assert_allclose(seen.w[:, -1], [0, 3, 0])
    assert kernels.pre.when == "synapses"
    assert kernels.rule is rule


def test_they_are_described_as_a_connection_and_not_as_cells(pair):
    a, _ = pair
    convolution = Convolution(BEFORE, 2, 3, (1, 2), 1)
    behind = cells(convolution.target, "wider", 4)
    rule = replace(SUM, on_post={"post": "w -= trace_post"})
    kernels = rule.kernels(a, behind, convolution, name="described")
    parts = {part.title: part.rows for part in describe(Network(a, behind, kernels)).parts}
    assert [row[0] for row in parts["Populations"]] == ["before", "wider"]
    pattern = "convolution: 2 x 2 kernels of 3 x 3, stride 1 and 2, padding 1"
    assert parts["Connectivity"] == (("described", "before", "wider", pattern),)
    told = " ".join(line for (line,) in parts["Synapse model: described"])
    assert "at a presynaptic spike" in told
    assert "at a postsynaptic spike" in told


def test_single_precision_is_taken_on_request(pair):
    a, b = pair
    kernels = replace(SUM, on_pre={"pre": "w += trace_pre", "reach": "drive_post += w"}).kernels(
        a, b, CONVOLUTION, name="single", dtype={"w": np.float32}
    )
    kernels.w = 1 / 3
    Network(a, b, kernels).run(2 * ms, namespace={})
    assert kernels.variables["w"].dtype == np.float32
    assert np.ptp(kernels.w[:]) > 0
    assert not np.array_equal(b.drive[:], np.zeros(len(b)))


def test_cells_of_one_group_may_be_both_sides():
    """A kernel between the maps of one group, whose output has the size of its input."""
    with on_numpy():
        maps = Maps(2, 4, 4)
        convolution = Convolution(maps, 2, 3, padding=1)
        values = np.random.default_rng(3).normal(size=convolution.weights)
        found = []
        for form in (shared, written_out):
            a = cells(maps, "recurrent", 5)
            kernels, *synapses = form(RULE, a, a, convolution, f"within_{form.__name__}")
            kernels.w, kernels.rate = values, 0.1
            Network(a, kernels, *synapses).run(5 * ms, namespace={})
            found.append([kernels.w[:], kernels.grad[:], a.drive[:], a.got[:], a.met[:]])
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


def with_code(code, model="w : 1\ncount : integer (shared)", **more):
    return SynapseRule(model, on_pre={"go": code}, name="refused", **more)


class Random:
    def values(self, identity, pre, post):
        return np.zeros(len(pre))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            with_code("w = trace_pre + w"),
            r"pathway 'go': 'w = trace_pre \+ w' depends on which .* add to it, as in 'w \+=",
        ),
        (with_code("w *= 0.9"), r"'w \*= 0.9' depends on which of the synapses that share a weight comes first"),
        (with_code("w += 0.1*w"), r"reads 'w' and adds to 'w', so it would depend on which"),
        (with_code("w += 1\ndrive_post += w"), r"reads 'w' and adds to 'w'.* read a copy .* or split the pathway$"),
        (with_code("z = 0.1*drive_post\ndrive_post += z"), r"reads 'drive_post' and adds to 'drive_post'"),
        (with_code("trace_pre += 1\ndrive_post += double_pre"), r"reads 'double_pre' and adds to 'trace_pre'"),
        (with_code("w += 1\ndrive_post += part", "w : 1\npart = w/2 : 1"), r"reads 'part' and adds to 'w'"),
        (with_code("drive_post += i"), r"'i' counts synapses, of which shared kernels have none; keep the number in"),
        (with_code("gain_post += 1"), r"'gain_post' is one for all cells of its group, and read only here$"),
        (with_code("count += 1"), r"'count' is one for all weights, and read only; add to a weight's own$"),
        (
            with_code("x += 1", "dx/dt = -x/(9*ms) : 1 (event-driven)", weight="x"),
            r"'x' is \(event-driven\), which a shar",
        ),
        (
            with_code("drive_post += w*y", "w : 1\ny = trace_pre : 1"),
            r"equation of 'y' names 'trace_pre', and a shared wei",
        ),
        (
            with_code("w += 1", regularly={"r": Regular("w = trace_post", 1 * ms)}),
            r"regularly 'r' names 'trace_post', and",
        ),
        (
            with_code("w += 1", initial={"w": Random()}),
            r"the first value of 'w' is drawn for each synapse, of which sha",
        ),
    ],
)
def test_code_that_needs_synapses_is_refused(pair, rule, message):
    with pytest.raises(KernelError, match=message) as refused:
        rule.kernels(*pair, CONVOLUTION)
    assert str(refused.value).startswith("refused: ") or str(refused.value).startswith("kernels: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("w = 2*drive_post", r"'w = 2\*drive_post' depends on which of the synapses"),
        ("w += 0.1*w", r"reads 'w' and adds to 'w', so it would depend"),
        ("trace_pre = drive_post", r"'trace_pre = drive_post' depends on which of the synapses"),
        ("trace_pre += 1\ndrive_post = trace_pre", r"reads 'trace_pre' and adds to 'trace_pre'"),
        ("gain_post = 2", r"'gain_post' is one for all cells of its group, and read only here"),
    ],
)
def test_in_order_the_weights_and_the_events_cell_are_still_summed(pair, code, message):
    with pytest.raises(KernelError, match=message):
        with_code(code).kernels(*pair, CONVOLUTION, in_order=("go",))


def test_in_order_a_cell_that_is_both_sides_is_refused():
    maps = Maps(2, 4, 4)
    a = cells(maps, "both", 5)
    with pytest.raises(KernelError, match="reads 'trace_pre' and adds to 'trace_post'"):
        with_code("trace_post = 2*trace_pre").kernels(a, a, Convolution(maps, 2, 3, padding=1), in_order=("go",))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("w = w + a_pre*b_post", "w += a_pre * b_post"),
        ("w = w - a - (b - c) + d", "w += -a - (b - c) + d"),
        ("w = w - (a - b)", "w += -(a - b)"),
        ("w = w - (a if b > c else d)", "w += -(a if b > c else d)"),
        ("w = w - (a > b)*c\nz = w + 1", "w += -(a > b) * c\nz = w + 1"),
        ("w = a + w", "w = a + w"),
        ("w = 2*w + a", "w = 2*w + a"),
        ("w = (w + a)*b", "w = (w + a)*b"),
    ],
)
def test_sums_are_written_as_such(code, expected):
    assert as_sums(code) == expected
    values = {"a_pre": 0.3, "b_post": 1.7, "a": 2.0, "b": 0.7, "c": -1.1, "d": 0.13, "w": 5.0}
    told, again = dict(values), dict(values)
    exec(code, {}, told)
    exec(as_sums(code), {}, again)
    assert again == pytest.approx(told, rel=1e-15)


def test_a_variable_that_refractoriness_holds_is_refused(pair):
    held = NeuronGroup(
        len(pair[1]), "ddrive/dt = -drive/(9*ms) : 1 (unless refractory)", threshold="drive > 1", refractory=2 * ms
    )
    with pytest.raises(KernelError, match=r"'drive_post' is \(unless refractory\), which shared kernels do not see"):
        SUM.kernels(pair[0], held, CONVOLUTION)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a, b: (a, b, Convolution(BEFORE, 2, 2), {}),
            r"'behind' has 8 cells, and 2 maps of 3 x 3 have 18; give bo",
        ),
        (lambda a, b: (b, a, CONVOLUTION, {}), r"the source group 'behind' has 8 cells, and 2 maps of 4 x 4 have 32"),
        (lambda a, b: (a[:32], b, CONVOLUTION, {}), r"the source is a part of a group; give the whole group"),
        (
            lambda a, b: (a, b, (2, 3), {}),
            r"give a Convolution\(Maps\(maps, rows, columns\), maps, kernel\), got tuple",
        ),
        (
            lambda a, b: (a, b, CONVOLUTION, {"delay": 1 * ms}),
            r"shared kernels act at the event itself and take no delay",
        ),
        (lambda a, b: (a, b, CONVOLUTION, {"method": "euler"}), r"unknown option 'method'"),
        (
            lambda a, b: (a, b, CONVOLUTION, {"in_order": ("prae",)}),
            r"in_order names a pathway 'prae' that does not exist; the rule has 'pre'",
        ),
    ],
)
def test_cells_and_options_that_do_not_fit_are_refused(pair, change, message):
    source, target, convolution, more = change(*pair)
    with pytest.raises(KernelError, match=message) as refused:
        SUM.kernels(source, target, convolution, **more)
    assert "\n" not in str(refused.value)


def test_a_rule_that_looks_at_each_synapse_is_refused(pair):
    class OwnNeed(Requirement):
        """Of somebody who extends rules."""

    with pytest.raises(
        KernelError, match="the rule needs OwnNeed, which looks at each synapse, and shared kernels hav"
    ):
        replace(SUM, requires=(OwnNeed(),)).kernels(*pair, CONVOLUTION)


def test_names_that_are_taken_or_not_there_are_refused(pair):
    with pytest.raises(
        KernelError, match=r"^sum: pathway name 'convolution' is taken by the kernels; rename the pathway$"
    ):
        replace(SUM, on_pre={"convolution": "drive_post += w"}).kernels(*pair, CONVOLUTION, name="sum")
    with pytest.raises(RuleError, match=r"uses 'drove_post', but the target group 'behind' has no variable 'drove'"):
        replace(SUM, on_pre={"pre": "drove_post += w"}).kernels(*pair, CONVOLUTION)
    with pytest.raises(RuleError, match="waits for the event 'never'"):
        replace(SUM, on_event={"pre": "never"}).kernels(*pair, CONVOLUTION)


def test_another_target_is_refused_before_a_run(pair, monkeypatch):
    kernels = SUM.kernels(*pair, CONVOLUTION, name="elsewhere")
    monkeypatch.setattr(own_code, "_CLASSES", {})
    with pytest.raises(
        TargetError, match=r"'elsewhere_pre' runs over shared kernels, which works on numpy, cython and C"
    ):
        kernels.pre.create_code_objects({})


# ------------------------------------------------------------------------------------- rules of networks in this house
GRID = GridSTDBP((6, 4, 2))


def spiked(maps, name, seed, step=0.5 * ms):
    """Cells that know when they spiked, and what their error is; the spikes are handed on in two places."""
    rng = np.random.default_rng(seed)
    group = NeuronGroup(
        maps.cells,
        "spike_time : second\nslope : 1\noffset : second\npotential : 1\nplace : integer\nerr : 1\ndelta : 1",
        events={"onset": "spike_time < 15*ms", "again": "spike_time < 15*ms", "learn": "spike_time < 12*ms"},
        namespace={},
        name=name,
    )
    group.spike_time, group.err = rng.random(maps.cells) * 20 * ms, rng.normal(size=maps.cells)
    group.place = np.floor(group.spike_time / step)
    return group


def test_the_exact_gradient_of_spike_times_is_carried():
    """Arrivals, recounts and gradient of STDBP on a time grid, and its rule without weight transport."""
    convolution = Convolution(Maps(2, 5, 5), 3, 3, 2, 1, maps_last=True)
    with on_numpy():
        arriving, _, _ = GRID._arriving(0, None, GRID.cells.hidden)
        rule = arriving + backward(GRID.cells.hidden, "learn", report=True)
        found = []
        for form in (shared, written_out):
            a, b = spiked(convolution.source, "early", 1), spiked(convolution.target, "late", 2)
            kernels, *synapses = form(rule, a, b, convolution, f"times_{form.__name__}")
            kernels.w = np.random.default_rng(0).normal(size=convolution.weights)
            Network(a, b, kernels, *synapses).run(1 * ms, namespace={})
            found.append([kernels.grad[:], b.slope[:], b.potential[:], b.offset[:] / ms, a.delta[:]])
        for one, other in zip(*found, strict=True):
            assert np.ptp(other) > 0.1
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)
        at_once = timing_rule(GRID.cells.hidden, "learn").kernels(a, b, convolution)
        assert at_once.learn.abstract_code.startswith("w += rate")
