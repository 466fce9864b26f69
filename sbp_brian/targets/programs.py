"""Standalone code: from a network to generated sources and a description of its variables, without compiling."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import brian2

from sbp_brian.brian.caches import keep_small
from sbp_brian.brian.device import CanonicalDevice
from sbp_brian.brian.garbage import no_search
from sbp_brian.brian.objects import all_objects
from sbp_brian.brian.randomness import owned
from sbp_brian.brian.state import brian_state, forget_cython_includes, guard, hidden_names
from sbp_brian.brian.variables import exponents
from sbp_brian.errors import SettingError
from sbp_brian.targets.cuda.on_cpu.settings import OnCpu
from sbp_brian.targets.results import describe

#: Start of the lines by which the running program tells how far it is.
PROGRESS = "sbp-progress"
TAKE_SEED = """
    unsigned long _sbp_seed = 0;
    if (args.size() >= 2 && args[0] == "--seed")
    {
        _sbp_seed = std::strtoul(args[1].c_str(), NULL, 10);
        args.erase(args.begin(), args.begin() + 2);
    }
"""
TAKE_DURATION = """
    double _sbp_duration = -1;
    if (args.size() >= 2 && args[0] == "--duration")
    {
        _sbp_duration = std::strtod(args[1].c_str(), NULL);
        args.erase(args.begin(), args.begin() + 2);
    }
"""
#: Stands directly before Brian2's own statement that runs the network, which becomes the other branch.
RUN_DURATION = """
    _sbp_begin_progress({network}, _sbp_duration >= 0 ? _sbp_duration : {duration!r});
    if (_sbp_duration >= 0) {network}.run(_sbp_duration, NULL, 10); else
"""
USE_SEED = """
    for (size_t _i = 0; _i < brian::_random_generators.size(); _i++)
        brian::_random_generators[_i].seed(_sbp_seed + _i);
"""
#: brian2cuda keeps the state of all random numbers in one object.
CUDA_SEED = "\n    brian::random_number_buffer.set_seed((unsigned long long)_sbp_seed);\n"


def first_network(made):
    """The network that `make` returned, alone or as the first item of a sequence.

    Raises
    ------
    SettingError
    """
    net = made[0] if isinstance(made, (tuple, list)) and made else made
    if not isinstance(net, brian2.Network) or isinstance(net, brian2.MagicNetwork):
        raise SettingError(
            f"make() has to return a brian2.Network (or a tuple that starts with one), not {type(net).__name__}"
        )
    return net


@no_search()
def generate(
    make,
    duration,
    namespace: dict,
    folder: Path,
    *,
    dt=None,
    archs: tuple[str, ...] = (),
    on_cpu: OnCpu | None = None,
    seed: int = 0,
) -> tuple:
    """Write the C++ (or CUDA) project of a network, without compiling it.

    Random numbers that `make` draws by numpy or Python become data of the program, which then belongs to `seed`; those
    of Brian2's expressions are drawn by the program, from its ``--seed``.

    Parameters
    ----------
    make : callable
    duration : Quantity
        Simulated time (s).
    namespace : dict
        Names for equations that have no namespace of their own.
    folder : Path
        An empty folder; afterwards it holds the sources, the makefile and ``static_arrays``.
    dt : Quantity, optional
    archs : tuple of str
        CUDA architectures, e.g. ``("90",)``; none: C++.
    on_cpu : OnCpu, optional
        Carry the CUDA program out on the CPU.
    seed : int
        Of what `make` draws.

    Returns
    -------
    manifest : dict
        ``entries`` (see `describe`), ``files`` (source -> file name in the results), ``arrays`` (TimedArray entries
        that may be set), ``set_names`` (source -> the program's name for it, where that differs), ``draws`` (whether
        `make` drew numbers by numpy or Python, so that another seed makes other data).
    how : list of str, or Recipe, or CpuRecipe
        C++: compiler flags beyond those in the makefile. CUDA: how the project is compiled.
    """
    device, chosen, use_seed = _cuda(archs, on_cpu) if archs else (guard(CanonicalDevice()), {}, USE_SEED)
    preferences = brian2.prefs
    forget_cython_includes()
    with brian_state(device, dt=dt, preferences=chosen), hidden_names(), _plain_refusals():
        keep_small()
        with owned(device, seed) as drawn:
            net = first_network(make())
        if not device.run_args_applied:
            device.apply_run_args()  # before anything is prepared for the run: delays can be set, too
        run = RUN_DURATION.format(network=net.name, duration=float(duration))
        device.insert_code("before_network_run", run)
        device.insert_code("after_network_run", "_sbp_end_progress();")
        net.run(duration, namespace=namespace)
        # the place in main.cpp for a report's code takes any definitions; net.run(report=...) would use Brian2's loop
        device.report_func = resources.files("sbp_brian.brian").joinpath("templates", "progress.h").read_text()
        device.insert_code("before_start", TAKE_SEED)
        device.insert_code("before_start", TAKE_DURATION)
        device.insert_code("after_start", use_seed)
        flags = preferences["codegen.cpp.extra_compile_args"]
        flags = list(preferences["codegen.cpp.extra_compile_args_gcc"] if flags is None else flags)
        # Brian2 would start the compiler here to ask for each flag whether it is known; that waits for a compilation
        preferences["codegen.cpp.extra_compile_args"] = []
        device.build(directory=str(folder), compile=False, run=False)
        manifest = _manifest(device, net) | {"draws": drawn.outside}
    if not archs:
        return manifest, flags
    manifest |= dict(cost=device.cost, serial=device.serial)
    return manifest, device.recipe


@contextmanager
def _plain_refusals():
    """Raise what a target cannot do as it is, without the notice that Brian2 wraps around it."""
    try:
        yield
    except brian2.BrianObjectException as error:
        cause = error.__cause__
        if isinstance(cause, NotImplementedError):
            raise cause from error
        raise


def _cuda(archs: tuple[str, ...], on_cpu: OnCpu | None) -> tuple:
    """The device, the preferences and the way to seed it; imports brian2cuda, which is optional."""
    from sbp_brian.targets.cuda import device

    return device.new_device(archs, on_cpu), device.preferences(archs, on_cpu), CUDA_SEED


def _manifest(device, net) -> dict:
    objects = all_objects(net)
    clocks = sorted({obj.clock for obj in objects}, key=lambda clock: clock.name)
    entries, variables = describe(objects, clocks)
    files = {}
    for source, var in variables.items():
        # the lists of events of a step are not written by brian2cuda
        if var in device.arrays and var not in getattr(device, "eventspace_arrays", ()):
            files[source] = device.get_array_filename(var)
    entries = {name: entry for name, entry in entries.items() if "value" in entry or entry["source"] in files}
    set_names = _set_names(device, entries, variables)
    for entry in entries.values():
        if entry.get("settable") and entry["size"] is None:
            owner = variables[entry["source"]].owner.name
            count = variables.get(f"{owner}.N")
            known = device.array_cache.get(count) if count is not None else None
            entry["settable_size"] = int(known[0]) if known is not None else None
    arrays = {
        f"{ta.name}.values": dict(dtype="<f8", dim=exponents(ta.dim), shape=list(ta.values.shape))
        for ta in device.timed_arrays
    }
    return dict(entries=entries, files=files, arrays=arrays, set_names=set_names)


def _set_names(device, entries: dict, variables: dict) -> dict[str, str]:
    """Names by which the program knows the delays of pathways; of several pathways it can set those of the first."""
    names = {}
    for entry in entries.values():
        var = variables.get(entry.get("source"))
        if var is None or not entry["settable"]:
            continue
        known_as = f"{var.owner.name}.{var.name}"
        if known_as != entry["source"]:
            names[entry["source"]] = known_as
            entry["settable"] = device.arrays[var] == f"_array_{var.owner.name}_{var.name}"
    return names
