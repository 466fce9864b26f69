r"""Where a simulation runs: numpy, cython, C++ (a compiled program) or CUDA; one build, many runs.

For a script of one's own, one call before the first Brian2 object is made::

    from sbp_brian import targets
    targets.use("cpp")

For many runs of one network, a function that returns it::

    def make():
        cells = NeuronGroup(100, "dv/dt = (gain - v) / tau : 1\ngain : 1", threshold="v > 1", reset="v = 0",
                            method="exact", name="cells", namespace=dict(tau=10 * ms))
        cells.v = "rand()"
        return Network(cells, SpikeMonitor(cells, name="spikes"))

    sim = Simulation(make, 1 * second, target="cpp")
    result = sim.run(values={"cells.gain": 1.2}, seed=3)
    result["spikes.count"]
    results = sim.run_many([dict(values={"cells.gain": g}, seed=3) for g in (1.1, 1.2, 1.3)], workers=2)

Compiled programs are kept in the user's cache folder (``~/.cache/sbp_brian`` on Linux), or in the one that the
environment variable ``SBP_CACHE`` names.
"""

from __future__ import annotations

import functools
import inspect
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import brian2
import numpy as np
from brian2 import Quantity, all_devices, get_device, have_same_dimensions, prefs, set_device

from sbp_brian.brian.state import guard
from sbp_brian.errors import SettingError
from sbp_brian.interruption import honour_ignored
from sbp_brian.machine import TARGETS
from sbp_brian.stopwatch import part
from sbp_brian.targets.collecting import COLLECTED, Collected, collecting
from sbp_brian.targets.compiling import compiler_command
from sbp_brian.targets.cuda.on_cpu.settings import OnCpu, carried_out_on_cpu, on_cpu_settings
from sbp_brian.targets.cuda.requirements import cuda_archs, use_cuda
from sbp_brian.targets.keeping import Watched, listened, told
from sbp_brian.targets.parallel import run_in_processes, run_in_threads
from sbp_brian.targets.progress import progress_bar
from sbp_brian.targets.results import Result
from sbp_brian.targets.run_arguments import check_settings, seed_told
from sbp_brian.targets.runtime import RuntimeBackend
from sbp_brian.targets.standalone import StandaloneBackend
from sbp_brian.wording import names_parameters, unknown_name

__all__ = ["TARGETS", "OnCpu", "Result", "Simulation", "carried_out_on_cpu", "collecting", "progress_bar", "use"]


def use(target: str, *, arch: str | None = None, on_cpu: bool | OnCpu | None = None, **options) -> None:
    """Select the target of the Brian2 objects made from here on, in one call.

    Parameters
    ----------
    target : {'numpy', 'cython', 'cpp', 'cuda'}
    arch : str, optional
        cuda: compile and link for this architecture, e.g. ``"sm_90"`` or ``"sm_80,sm_90"``, and do not run, so that no
        GPU is needed. Without it: for the GPU of this machine, and run on it.
    on_cpu : bool or OnCpu, optional
        cuda: as in `Simulation`.
    **options
        For cpp and cuda: handed to `brian2.set_device` (``directory=``, ``build_on_run=``, ...).

    Raises
    ------
    UnknownName
        For another name.
    CompilerMissing
        For cython and cpp without a C++ compiler.
    DeviceMissing
        For cuda without brian2cuda, nvcc or curand; without `arch`, also without a GPU.

    Notes
    -----
    On cpp and cuda a network that holds a Python operation (``@network_operation``) is refused when it is run
    (`PythonOperationError`); Brian2 would leave the operation out in silence.
    """
    _check_target(target)
    if arch is not None and target != "cuda":
        raise SettingError(f"target {target!r} takes no arch, that is for cuda")
    on_cpu_settings(on_cpu, target)
    if target in ("numpy", "cython"):
        if options:
            raise SettingError(f"target {target!r} takes no options, {', '.join(options)} is for cpp and cuda")
        if get_device() is not all_devices["runtime"]:
            set_device("runtime")
        prefs["codegen.target"] = target
    elif target == "cpp":
        guard(all_devices["cpp_standalone"])
        set_device("cpp_standalone", **options)
    else:
        use_cuda(arch, options, on_cpu)


def _check_target(target: str) -> None:
    """Refuse a target that is unknown or that cannot work on this machine."""
    if target not in TARGETS:
        raise unknown_name("target", target, TARGETS)
    if target in ("cython", "cpp"):
        compiler_command()


@names_parameters
class Simulation:
    """A network that is built once and run many times.

    Parameters
    ----------
    make : callable
        Takes no arguments and returns a `brian2.Network`, or a tuple that starts with one. It may be called several
        times, and not at all where the cache has everything; it should make its objects itself and do nothing else.
    duration : Quantity
        Simulated time of each run (s).
    target : {'cpp', 'numpy', 'cython', 'cuda'}
    seed : int, optional
        Seed of runs that are given none; without it each draws a fresh one, told by ``result.seed``.
    name : str, optional
        Shown in progress and errors; the name of `make` by default.
    cache : path or False, optional
        Folder of the cache of compiled programs instead of the user's (or ``SBP_CACHE``); False: keep nothing.
    dt : Quantity, optional
        Time step of the default clock (s); Brian2's current one by default.
    namespace : mapping, optional
        Names for equations without a namespace of their own. By default the globals of `make` and the variables it
        closes over, as a script would have it.
    key : str, optional
        A text that names everything the network depends on besides the code of sbp_brian, the file that defines `make`
        and what `make` has bound. With it, the second process that wants the network needs neither `make` nor code
        generation.
    arch : str, optional
        cuda: architectures to build for, e.g. ``"sm_90"``, so that `build` needs no GPU; by default that of this
        machine's GPU.
    on_cpu : bool or OnCpu, optional
        cuda: carry the program out on the CPU, which needs a C++ compiler and neither a GPU nor nvcc. False: on a GPU,
        also within `carried_out_on_cpu`.

    Raises
    ------
    UnknownName, SettingError
        For arguments that cannot be right.
    CompilerMissing, DeviceMissing
        Where the target cannot work on this machine.

    Notes
    -----
    Brian2's current device, preferences, default time step and random state are left as they were.

    The seed of a run owns all randomness of `make`: what Brian2's expressions draw, what numpy and Python's `random`
    draw, generators that are made without a seed. ``brian2.seed(42)`` within `make` is taken for 42 and the seed of the
    run together: same seed, same result, to the bit; another seed, other draws. A generator with a seed of its own
    (``numpy.random.default_rng(42)``) keeps it, as data do. On cpp and cuda a `make` that draws by numpy or Python is
    called again for each seed, since its numbers are data of the program; one that draws by Brian2's expressions alone,
    or nothing, is called once.
    """

    def __init__(
        self,
        make: Callable,
        duration,
        target: str = "cpp",
        *,
        seed: int | None = None,
        name: str | None = None,
        cache=None,
        dt=None,
        namespace: Mapping | None = None,
        key: str | None = None,
        arch: str | None = None,
        on_cpu: bool | OnCpu | None = None,
    ):
        if not callable(make):
            raise SettingError(f"make has to be a function that returns a Network, not {type(make).__name__}")
        self.duration = _time("duration", duration)
        dt = None if dt is None else _time("dt", dt)
        self.make, self.target, self.seed = make, target, _checked_seed(seed)
        function = make
        while isinstance(function, (functools.partial, Watched)):
            function = function.func
        self.name = name or getattr(function, "__name__", type(function).__name__)
        if target not in TARGETS:
            raise unknown_name("target", target, TARGETS)
        if arch is not None and target != "cuda":
            raise SettingError(f"arch={arch!r} is for target 'cuda', not for {target!r}")
        self.on_cpu = on_cpu_settings(on_cpu, target)
        if key is not None and not isinstance(key, str):
            raise SettingError(f"key has to be a text, not {type(key).__name__}")
        honour_ignored()
        if target == "cython":
            compiler_command()
        names = _visible_names(function) if namespace is None else dict(namespace)
        self._kept, self.make, key = listened(make, key)
        collected = COLLECTED.get()
        if target == "cuda" and arch is None and self.on_cpu is None and collected is not None:
            arch = collected[1]
        if target in ("cpp", "cuda"):
            archs = cuda_archs(arch, self.on_cpu) if target == "cuda" else ()
            options = dict(dt=dt, cache=cache, key=key, archs=archs, on_cpu=self.on_cpu)
            self._backend = StandaloneBackend(
                self.make, self.duration, names, key_namespace=dict(namespace or {}), **options
            )
        else:
            self._backend = RuntimeBackend(self.make, self.duration, names, dt=dt, target=target)
        self._arguments = dict(target=target, seed=self.seed, name=self.name, cache=cache, dt=dt, namespace=namespace)
        if collected is not None:
            collected[0].append(self)

    def build(self) -> Simulation:
        """Make the network and compile it where that is needed; `run` does so by itself."""
        if COLLECTED.get() is not None:
            return self
        with part("build_s"):
            self._backend.prepare(self.seed if self.seed is not None else 0)
        return self

    @property
    def build_s(self) -> float:
        """Wall time of code generation and compilation so far (s)."""
        return self._backend.build_s

    @property
    def network(self) -> brian2.Network:
        """The network as `make` made it; to be looked at, on the targets numpy and cython.

        Raises
        ------
        SettingError
            On cpp and cuda, where a compiled program is what there is.
        """
        if self.target not in ("numpy", "cython"):
            raise SettingError(f"on target {self.target!r} the network is a program; look at it on target='numpy'")
        return self.build()._backend.network

    @property
    def settable(self) -> list[str]:
        """What ``run(values=...)`` can change (builds the network)."""
        if COLLECTED.get() is not None:
            raise Collected  # what comes next depends on the built network
        manifest = self.build()._backend.manifest
        return sorted(n for n, e in manifest["entries"].items() if e.get("settable") and "._" not in n) + sorted(
            manifest["arrays"]
        )

    def run(
        self,
        values: Mapping | None = None,
        seed: int | None = None,
        progress: Callable | None = None,
        results=None,
        names: Iterable[str] | None = None,
        duration=None,
    ) -> Result:
        """Run once, from the beginning.

        Parameters
        ----------
        values : mapping, optional
            "object.variable" or "timedarray.values" -> one value, or one for each cell, synapse or sample, with its
            unit; takes effect after all initial values and before the first time step.
        seed : int, optional
            0 to 2**32 - 1. Same seed, same target: same result, to the bit.
        progress : callable, optional
            Called as ``progress(fraction, elapsed_s)`` about twice a second.
        results : path, optional
            cpp, cuda: a new or empty folder for the results; without it they disappear with the `Result`.
        names : iterable of str, optional
            Names to keep in the result; the others' values are thrown away.
        duration : Quantity, optional
            Simulated time of this run, where it differs from the simulation's (s); nothing is built anew.

        Returns
        -------
        Result

        Raises
        ------
        UnknownName, SettingError
            For bad input, before anything is started.
        PythonOperationError, CompileError, RunFailed
        DeviceMissing
            cuda: there is no GPU.
        Interrupted
            After Ctrl+C; what was done is in its ``result``.
        """
        arguments = self._checked(
            dict(values=values, seed=seed, progress=progress, results=results, names=names, duration=duration)
        )
        with part("run_s"):
            result = self._backend.run(**arguments)
        return told(self._kept, self.name, [result])[0]

    def run_many(
        self, runs: Iterable[Mapping], workers: int | None = None, progress: Callable | None = None
    ) -> list[Result]:
        """Run several times, side by side; results come in the order of `runs`.

        Parameters
        ----------
        runs : iterable of mappings
            Arguments of `run`, one mapping a run.
        workers : int, optional
            How many at a time, the number of cores by default. numpy and cython: in processes of their own, which asks
            that `make` can be pickled and is not defined in ``__main__``; one after another elsewhere.
        progress : callable, optional
            Called as ``progress(fraction of all, elapsed_s)``.

        Raises
        ------
        As `run`; Interrupted has the results so far in ``results``.
        """
        runs = [dict(run) for run in runs]
        if workers is not None and (not isinstance(workers, int) or workers < 1):
            raise SettingError(f"workers has to be a positive whole number, not {workers!r}")
        allowed = inspect.signature(self.run).parameters
        for run in runs:
            for name in run:
                if name not in allowed:
                    raise unknown_name("argument of a run", name, allowed)
        folders = [Path(run["results"]).resolve() for run in runs if run.get("results") is not None]
        for folder in folders:
            if folders.count(folder) > 1:
                raise SettingError(f"results={str(folder)!r} is given to two runs: give each run a folder of its own")
        checked = [self._checked(run) for run in runs]
        if self.target in ("cpp", "cuda"):
            workers = 1 if self.target == "cuda" and workers is None else workers  # they share the GPU
            with part("run_s"):
                return told(self._kept, self.name, run_in_threads(self._backend.run, checked, workers, progress))
        with part("run_s"):
            found = run_in_processes(
                Simulation, self.make, self.duration, self._arguments, self._backend.run, checked, workers, progress
            )
        return told(self._kept, self.name, found)

    def _checked(self, arguments: dict) -> dict:
        """The arguments of a run, checked, with the network built and the seed decided."""
        if COLLECTED.get() is not None:
            raise Collected
        arguments = {
            "values": None,
            "seed": None,
            "progress": None,
            "results": None,
            "names": None,
            "duration": None,
            **arguments,
        }
        seed = _checked_seed(arguments["seed"])
        seed = seed if seed is not None else self.seed
        seed = secrets.randbits(32) if seed is None else seed
        results = None if arguments["results"] is None else Path(arguments["results"]).expanduser().absolute()
        names = arguments["names"]
        if isinstance(names, str) or not (names is None or isinstance(names, Iterable)):
            raise SettingError(f"names= needs a list of names, not {names!r}")
        if arguments["progress"] is not None and not callable(arguments["progress"]):
            raise SettingError("progress= needs a function of (fraction, elapsed_s)")
        duration = None if arguments["duration"] is None else _time("duration", arguments["duration"])
        self._backend.check_place(results)
        with part("build_s"):
            built = self._backend.prepare(seed)
        told = seed_told(seed, self._backend.manifest)
        return dict(
            settings={**told, **check_settings(arguments["values"], self._backend.manifest)},
            seed=seed,
            progress=arguments["progress"],
            results=results,
            duration=duration,
            names=None if names is None else self._known(names),
            **({} if built is None else {"built": built}),
        )

    def _known(self, names) -> list[str]:
        entries = self._backend.manifest["entries"]
        names = list(names)
        for name in names:
            if name not in entries:
                raise unknown_name("name in names:", name, [n for n in entries if "._" not in n])
        return names if self._kept is None else list(dict.fromkeys([*names, *self._kept.names(entries)]))


def _time(name: str, value) -> Quantity:
    try:
        fits = np.ndim(value) == 0 and have_same_dimensions(value, brian2.second)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise SettingError(f"{name} has to be a time such as 1*second, not {value!r}")
    if not float(value) > 0 or float(value) == float("inf"):
        raise SettingError(f"{name} has to be positive and finite, not {value!r}")
    return Quantity(value)


def _checked_seed(seed):
    if seed is None:
        return None
    if isinstance(seed, (bool, Quantity)) or not hasattr(seed, "__index__"):
        raise SettingError(f"seed has to be a whole number, not {seed!r}")
    seed = int(seed)
    if not 0 <= seed < 2**32:
        raise SettingError(f"seed has to be between 0 and 2**32 - 1, not {seed}")
    return seed


def _visible_names(function) -> dict:
    """Names that the equations of a network made by `function` can see without a namespace of their own."""
    function = inspect.unwrap(function)
    if inspect.ismethod(function):
        function = function.__func__
    names = dict(getattr(function, "__globals__", {}))
    code = getattr(function, "__code__", None)
    for name, cell in zip(code.co_freevars if code else (), getattr(function, "__closure__", None) or (), strict=False):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue
    return names
