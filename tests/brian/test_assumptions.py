"""What is assumed of Brian2 beneath its public interface; a test that fails names the thing that has changed.

Everything in `sbp_brian.brian` and in `sbp_brian.targets.cuda` stands on this. When Brian2 changes, adapt those rooms,
then this file, then the upper bound of its version in setup.cfg.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import logging
from importlib.metadata import version
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms
from brian2.devices.device import RuntimeDevice
from packaging.requirements import Requirement
from packaging.version import Version

from sbp_brian.brian.state import ClocksTogether
from tests.reference.small_networks import on_numpy

ROOT = Path(__file__).parents[2]
DEVICE = "brian2.devices.cpp_standalone.device.CPPStandaloneDevice"


@pytest.fixture(autouse=True)
def numpy_target():
    with on_numpy():
        yield


def found(path: str):
    """What a dotted path names."""
    parts = path.split(".")
    for k in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        for name in parts[k:]:
            assert hasattr(thing, name), f"Brian2 {brian2.__version__} has no {path}"
            thing = getattr(thing, name)
        return thing
    raise AssertionError(f"Brian2 {brian2.__version__} has no {path}")


# ------------------------------------------------------------------------------------------------------------ version
def test_the_version_has_bounds_and_this_one_lies_within():
    lines = (ROOT / "setup.cfg").read_text().splitlines()
    needed = [Requirement(line.strip()) for line in lines if line.strip().startswith(("brian2>", "brian2<", "brian2="))]
    assert len(needed) == 1
    bounds = {specifier.operator: Version(specifier.version) for specifier in needed[0].specifier}
    assert set(bounds) == {">=", "<"}, "Brian2's insides are used: its version needs a lower and an upper bound"
    assert needed[0].specifier.contains(version("brian2"))


# ---------------------------------------------------------------------------------------------- names and signatures
@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("brian2.codegen.codeobject.create_runner_codeobj", "group code template_name run_namespace user_code "
         "variable_indices name check_units needed_variables additional_variables template_kwds codeobj_class"),
        ("brian2.codegen.cpp_prefs.has_flag", "compiler flagname"),
        ("brian2.codegen.translation.analyse_identifiers", "code variables recursive"),
        ("brian2.codegen.translation.make_statements", "code variables dtype optimise blockname"),
        ("brian2.codegen.generators.cpp_generator.CPPCodeGenerator._add_user_function", "self varname variable added"),
        ("brian2.codegen.generators.cpp_generator.CPPCodeGenerator.determine_keywords", "self"),
        ("brian2.codegen.runtime.cython_rt.CythonCodeObject.compile_block", "self block"),
        ("brian2.codegen.runtime.cython_rt.CythonCodeObject.variables_to_namespace", "self"),
        ("brian2.codegen.templates.Templater.derive", "self package_name extension env_globals"),
        ("brian2.core.clocks.Clock._set_t_update_dt", "self target_t"),
        ("brian2.core.names.Nameable.__instances__", ""),
        ("brian2.core.network._get_all_objects", "objs"),
        ("brian2.core.network.Network.before_run", "self run_namespace"),
        ("brian2.core.variables.Variables.add_auxiliary_variable", "self name dimensions dtype scalar"),
        ("brian2.core.variables.Variables.add_reference", "self name group varname index"),
        (f"{DEVICE}.fill_with_array", "self var arr"),
        (f"{DEVICE}.static_array", "self name arr"),
        (f"{DEVICE}.get_array_name", "self var access_data"),
        (f"{DEVICE}.get_array_filename", "self var basedir"),
        (f"{DEVICE}.generate_main_source", "self writer"),
        (f"{DEVICE}.generate_network_source", "self writer compiler"),
        (f"{DEVICE}.generate_makefile", "self writer compiler compiler_flags linker_flags nb_threads debug"),
        (f"{DEVICE}.code_object_class", "self codeobj_class fallback_pref"),
        (f"{DEVICE}.network_run", "self net duration report report_period namespace profile level kwds"),
        (f"{DEVICE}.insert_code", "self slot code"),
        (f"{DEVICE}.apply_run_args", "self"),
        ("brian2.devices.device.Device._set_maximum_run_time", "self maximum_run_time"),
        ("brian2.equations.equations.SingleEquation", "type varname dimensions var_type expr flags"),
        ("brian2.groups.group.CodeRunner", "group template code user_code dt clock when order name check_units "
         "template_kwds needed_variables override_conditional_write codeobj_class generate_empty_code"),
        ("brian2.groups.group.CodeRunner.create_code_objects", "self run_namespace"),
        ("brian2.parsing.expressions.parse_expression_dimensions", "expr variables orig_expr"),
        ("brian2.parsing.statements.parse_statement", "code"),
        ("brian2.synapses.synapses.Synapses._add_updater", "self code prepost objname delay event"),
        ("brian2.synapses.synapses.Synapses.connect", "self condition i j p n skip_if_invalid namespace level"),
        ("brian2.synapses.synapses.Synapses.before_run", "self run_namespace"),
        ("brian2.synapses.synapses.SynapticPathway.create_code_objects", "self run_namespace"),
        ("brian2.synapses.synapses.SynapticPathway.update_abstract_code", "self run_namespace level"),
        ("sbp_brian.brian.caches._brian_key", "obj"),  # in whose place there is a faster one
        ("brian2.utils.logger.catch_logs", "log_level"),
        ("brian2.utils.stringtools.get_identifiers", "expr include_numbers"),
        ("brian2.utils.stringtools.stripped_deindented_lines", "code"),
    ],
)  # fmt: skip
def test_a_function_takes_what_it_is_given(path, parameters):
    there = list(inspect.signature(found(path)).parameters)
    missing = [name for name in parameters.split() if name not in there]
    assert not missing, f"{path} of Brian2 {brian2.__version__} has no {', '.join(missing)}; it has {', '.join(there)}"


@pytest.mark.parametrize(
    "path",
    [
        "brian2.DEFAULT_UNITS",
        "brian2.DEFAULT_CONSTANTS",
        "brian2.DEFAULT_FUNCTIONS",
        "brian2.all_devices",
        "brian2.codegen.runtime.cython_rt.CythonCodeObject.templater",
        "brian2.codegen.runtime.numpy_rt.NumpyCodeObject.templater",
        "brian2.codegen.generators.cpp_generator.CPPCodeGenerator.universal_support_code",
        "brian2.core.clocks.EventClock",
        "brian2.core.variables.Subexpression",
        "brian2.core.variables.Constant",
        "brian2.core.variables.DynamicArrayVariable",
        "brian2.devices.cpp_standalone.codeobject.CPPStandaloneCodeObject.templater",
        "brian2.devices.device.reset_device",
        "brian2.equations.equations.PARAMETER",
        "brian2.equations.equations.SUBEXPRESSION",
        "brian2.equations.equations.DIFFERENTIAL_EQUATION",
        "brian2.parsing.bast.BrianASTRenderer",
        "brian2.synapses.synapses.Synapses.delay.fset",
        "brian2.utils.caching.CacheKey._state_tuple",
        "brian2.utils.caching.CacheKey._cache_irrelevant_attributes",
        "brian2.utils.filetools.copy_directory",
    ],
)
def test_a_name_is_there(path):
    found(path)


def attributes(thing, *names):
    missing = [name for name in names if not hasattr(thing, name)]
    assert not missing, f"{type(thing).__name__} of Brian2 {brian2.__version__} has no {', '.join(missing)}"


def small():
    cells = NeuronGroup(2, "v : 1\nrate_of_all : 1 (shared)", threshold="v > 1", reset="v = 0", namespace={})
    synapses = Synapses(cells, cells, "w : 1", on_pre={"b": "v_post += w", "a": "v_post *= w"}, on_post="w += 1")
    synapses.connect()
    return cells, synapses


def test_objects_have_the_attributes_that_are_read():
    cells, synapses = small()
    attributes(synapses, "_connect_called", "_synaptic_updaters", "contained_objects", "before_run", "_network")
    pathway = synapses.a
    attributes(pathway, "prepost", "synapses", "source", "target", "eventspace_name", "code_objects", "abstract_code")
    attributes(pathway, "check_units", "variables", "when", "order")
    attributes(synapses.variables, "_variables", "indices")
    attributes(synapses.variables["w"], "dim", "dtype", "owner", "read_only", "scalar", "size")
    attributes(cells, "events", "contained_objects", "_code_objects", "clock", "set_event_schedule")
    attributes(Network(cells, synapses), "sorted_objects", "objects", "id")
    attributes(cells[:1], "source", "start", "stop")
    attributes(brian2.prefs, "prefs")
    assert isinstance(brian2.prefs.prefs, dict)
    device = found(DEVICE)()
    attributes(device, "main_queue", "arrays", "array_cache", "timed_arrays", "static_arrays", "report_func")
    attributes(device, "run_args_applied", "project_dir", "networks", "clocks", "defaultclock", "_maximum_run_time")
    attributes(RuntimeDevice(), "rand_buffer", "rand_buffer_index", "randn_buffer", "randn_buffer_index", "seed")
    Network(cells, synapses).run(1 * ms, namespace={})
    attributes(brian2.get_device(), "_last_run_completed_fraction")
    clock = brian2.EventClock([0, 1] * ms)
    attributes(clock, "_times", "variables")
    assert {"t", "timestep"} <= set(clock.variables)
    attributes(ms.dim, "_dims")
    assert len(ms.dim._dims) == 7


# --------------------------------------------------------------------------------------------------------- templates
#: Brian2's templates that this package has in its own form, as they were when it was written. network.cpp of 2.11 asks
#: for the time once a step instead of once an object, as the own form does already.
REPLACED = {"network.cpp": {"83b26eb5deeb", "17750e904da3"}, "threshold.cpp": {"821d71ac951d"}}
#: Templates that those of this package extend, and the blocks and macros that are filled in.
EXTENDED = {
    "devices/cpp_standalone/templates/common_group.cpp": ["block maincode"],
    "codegen/runtime/numpy_rt/templates/common_group.py_": ["block maincode"],
    "codegen/runtime/cython_rt/templates/common_group.pyx": ["block maincode"],
}


@pytest.mark.parametrize("name", REPLACED)
def test_a_template_that_is_replaced_is_the_known_one(name):
    text = Path(brian2.__file__).parent.joinpath("devices/cpp_standalone/templates", name).read_bytes()
    digest = hashlib.sha256(text).hexdigest()[:12]
    assert digest in REPLACED[name], (
        f"Brian2 {brian2.__version__} has another template {name} ({digest}): see whether "
        f"sbp_brian/brian/templates/{name} has to follow, then add the digest here"
    )


@pytest.mark.parametrize("name", EXTENDED)
def test_a_template_that_is_extended_has_its_blocks(name):
    text = Path(brian2.__file__).parent.joinpath(name).read_text()
    for block in EXTENDED[name]:
        assert block in text, f"Brian2 {brian2.__version__}: {name} has no {block}"


def test_the_comparison_of_clocks_is_the_known_one():
    text = Path(brian2.__file__).parent.joinpath("devices/cpp_standalone/templates/network.cpp").read_text()
    assert ClocksTogether.ABSOLUTE in text


# -------------------------------------------------------------------------------------------------------- behaviours
def test_a_statement_has_four_parts():
    parts = found("brian2.parsing.statements.parse_statement")("w += a*b # why")
    assert parts == ("w", "+=", "a*b", "why")


def test_pathways_of_one_slot_run_in_the_order_of_their_names():
    cells, synapses = small()
    assert (synapses.a.when, synapses.a.order, synapses.post.order) == ("synapses", -1, 1)
    runs = [obj.name for obj in Network(cells, synapses).sorted_objects]
    names = [getattr(synapses, pathway).name for pathway in ("a", "b", "post")]
    assert [name for name in runs if name in names] == names


def test_an_object_may_be_added_twice():
    cells, synapses = small()
    net = Network(cells, synapses, cells)
    net.run(1 * ms, namespace={})
    assert sum(obj is cells for obj in net.sorted_objects) == 1


def test_all_objects_are_prepared_with_one_namespace_before_they_know_their_network():
    cells, synapses = small()
    seen = []

    class Watch(Synapses):
        def before_run(self, run_namespace):
            seen.append((id(run_namespace), self._network, synapses._network))
            super().before_run(run_namespace)

    others = [Watch(cells, cells, "w : 1", name=name) for name in ("one", "two")]
    for other in others:
        other.connect()
    net = Network(cells, synapses, *others)
    net.run(1 * ms, namespace={})
    assert seen[0] == seen[1]
    assert seen[0][1:] == (None, None)
    assert {other._network for other in others} == {net.id}


def test_a_method_of_the_proxy_in_a_subgroup_knows_the_group():
    cells, _ = small()
    assert cells[:1].source.before_run.__self__ is cells


def test_objects_are_numbered_by_what_is_alive():
    cells, _ = small()
    other = NeuronGroup(1, "", name="neurongroup*")
    assert cells.name != other.name
    assert other.name.startswith("neurongroup_")
    kept = {reference() for reference in found("brian2.core.names.Nameable").__instances__()}
    assert {cells, other} <= kept


def test_the_value_of_a_shared_variable_is_written_into_the_program(tmp_path):
    before = brian2.get_device()
    brian2.set_device("cpp_standalone", build_on_run=False, directory=str(tmp_path))
    try:
        device = brian2.get_device()
        cells, _ = small()
        cells.rate_of_all = 0.5
        kind, (name, place, text) = device.main_queue[-1]
        assert (kind, place, text) == ("set_by_single_value", 0, "0.5")
        assert name == device.get_array_name(cells.variables["rate_of_all"])
    finally:
        brian2.get_device().reinit()
        brian2.get_device().activate()
        brian2.set_device(before)


def test_the_warning_about_the_order_of_events_is_the_known_one():
    told = []
    logger = logging.getLogger("brian2.codegen.generators.base")

    class Keep(logging.Filter):
        def filter(self, record):
            told.append(record.getMessage())
            return True

    keep = Keep()
    logger.addFilter(keep)
    try:
        cells, _ = small()
        odd = Synapses(cells, cells, "w : 1", on_pre="v_post = v_post*w + v_pre", namespace={})
        odd.connect()
        Network(cells, odd).run(1 * ms, namespace={})
    finally:
        logger.removeFilter(keep)
    assert any("order of execution" in text and "v_post" in text for text in told), told


def test_the_runtime_reserve_of_random_numbers_is_two_buffers_and_two_positions():
    """A buffer is the address of numbers (2.10) or holds them itself (2.11): either is exchanged by its content."""
    runtime = brian2.all_devices["runtime"]
    for buffer, position in (
        (runtime.rand_buffer, runtime.rand_buffer_index),
        (runtime.randn_buffer, runtime.randn_buffer_index),
    ):
        assert isinstance(buffer, np.ndarray)
        assert buffer.ndim == 1
        assert buffer.flags.writeable
        assert isinstance(position, np.ndarray)
        assert position.size == 1
