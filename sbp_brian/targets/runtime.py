"""The backend of `Simulation` for the targets that run inside Python: numpy and cython."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager

import brian2
import numpy as np
from brian2 import NetworkOperation

from sbp_brian.brian.caches import keep_small
from sbp_brian.brian.device import SharingDevice, completed_fraction
from sbp_brian.brian.garbage import nothing_old_searched
from sbp_brian.brian.objects import all_objects, claim
from sbp_brian.brian.randomness import owned, python_random
from sbp_brian.brian.state import all_preferences, brian_state, hidden_names, renew_reserve
from sbp_brian.brian.variables import exponents
from sbp_brian.errors import Interrupted, SettingError
from sbp_brian.interruption import ignored
from sbp_brian.stopwatch import part
from sbp_brian.targets.programs import first_network
from sbp_brian.targets.results import Result, describe


class RuntimeBackend:
    """Makes and runs one network with a code generation target of Brian2's runtime.

    A run with a new seed makes the network anew, since what `make` draws at random belongs to the seed, as it does in
    a compiled program; a run with the seed of the last one restores the network as it was made.
    """

    def __init__(self, make, duration, namespace, *, dt, target):
        self.make, self.duration, self.namespace, self.dt, self.target = make, duration, namespace, dt, target
        self.manifest = None
        self.cached = False
        self.build_s = 0.0
        self._seed: int | None = None
        self._net = None
        self._device: SharingDevice | None = None
        self._variables: dict = {}
        self._arrays: dict = {}
        self._own = {"codegen.target": target, **_without_symbols(target)}
        self._preferences = self._own

    def prepare(self, seed: int = 0) -> None:
        """Make the network, if that has not been done yet."""
        if self._net is None:
            self._make(seed)

    @property
    def network(self) -> brian2.Network:
        """As it was made."""
        return self._net

    def _make(self, seed: int) -> None:
        start = time.perf_counter()
        reserve = getattr(self._device, "sbp_reserve", None)
        self._device = SharingDevice()
        self._device.sbp_reserve = reserve
        with brian_state(self._device, dt=self.dt, preferences=self._own), hidden_names():
            before = all_preferences()
            keep_small()
            with nothing_old_searched(search=True), owned(self._device, seed):
                renew_reserve()
                net = first_network(self.make())
            changed = {name: value for name, value in all_preferences().items() if value is not before[name]}
            self._preferences = {**self._own, **changed, "codegen.target": self.target}
            net.store("sbp")
        objects = all_objects(net)
        claim(objects, net)  # all its runs may be in other processes
        clocks = sorted({obj.clock for obj in objects}, key=lambda clock: clock.name)
        entries, self._variables = describe(objects, clocks)
        for entry in entries.values():
            if entry.get("settable") and entry["size"] is None:
                entry["settable_size"] = len(self._variables[entry["source"]].get_value())
        self._arrays = _timed_arrays(objects, self.namespace)
        arrays = {
            name: dict(dtype="<f8", dim=exponents(ta.dim), shape=list(ta.values.shape))
            for name, ta in self._arrays.items()
        }
        self.manifest = dict(entries=entries, arrays=arrays)
        # what Python operations remember cannot be restored
        self._restorable = not any(isinstance(obj, NetworkOperation) for obj in objects)
        self._net, self._seed = net, seed
        self._fresh = True
        self.build_s = time.perf_counter() - start

    def check_place(self, results) -> None:
        """Results of these targets stay in memory."""
        if results is not None:
            raise SettingError(
                "results= is for the cpp target; numpy and cython keep results in memory, leave it out here"
            )

    def run(self, settings, seed: int, progress=None, results=None, names=None, duration=None, stop=None) -> Result:
        """Run once; `stop`, a `threading.Event` or its like, ends the run early."""
        self.check_place(results)
        if self._seed != seed or not (self._fresh or self._restorable):
            with part("build_s"):
                self._make(seed)
        with brian_state(self._device, preferences=self._preferences), python_random(seed):
            # also for the first run: each run then starts from the same random state, the one after make()
            self._net.restore("sbp", restore_random_state=True)
            renew_reserve()  # cython's drawn numbers are not part of that state
            self._fresh = False
            with self._set(settings), _stoppable(self._net) as interrupted, nothing_old_searched():

                def report(elapsed, completed, start, duration):
                    if progress is not None:
                        progress(float(completed), float(elapsed))
                    if stop is not None and stop.is_set():
                        self._net.stop()

                start = time.perf_counter()
                self._net.run(
                    self.duration if duration is None else duration,
                    report=report,
                    report_period=0.5 * brian2.second,
                    namespace=self.namespace,
                )
                run_s = time.perf_counter() - start
            completed = completed_fraction(self._device)
            result = self._collect(names, seed, completed, run_s)
        if interrupted or (stop is not None and stop.is_set() and result.stopped):
            raise Interrupted(result)
        return result

    @contextmanager
    def _set(self, settings: dict[str, np.ndarray]):
        saved = []
        try:
            for name, values in settings.items():
                if name in self._arrays:
                    for place in _value_places(self._arrays[name]):
                        saved.append((place, place.copy()))
                        place[:] = values.reshape(place.shape) if values.ndim else values
                else:
                    self._variables[name].set_value(values)
            yield
        finally:
            for place, values in reversed(saved):
                place[:] = values

    def _collect(self, names, seed, completed, run_s) -> Result:
        entries = self.manifest["entries"]
        if names is not None:
            entries = {name: entry for name, entry in entries.items() if "value" in entry or name in names}
        sources = {entry["source"] for entry in entries.values() if "value" not in entry}
        data = {source: np.array(self._variables[source].get_value()).reshape(-1) for source in sources}
        return Result(
            entries,
            _Reader(data),
            target=self.target,
            seed=seed,
            completed=completed,
            run_s=run_s,
            build_s=self.build_s,
            cached=self.cached,
        )


def _without_symbols(target: str) -> dict:
    """Flags by which Cython's code is compiled without symbols for a debugger, which takes a third of the time less."""
    name = "codegen.cpp.extra_compile_args_gcc"
    return {name: [*brian2.prefs[name], "-g0"]} if target == "cython" else {}


class _Reader:
    """Hands out copies of arrays kept in memory; can be pickled."""

    def __init__(self, data: dict[str, np.ndarray]):
        self.data = data

    def __call__(self, source: str, dtype) -> np.ndarray:
        return self.data[source].copy()


def _timed_arrays(objects, namespace) -> dict:
    found = {}
    for names in [namespace or {}, *(getattr(obj, "namespace", None) or {} for obj in objects)]:
        for value in names.values():
            if isinstance(value, brian2.TimedArray):
                found[f"{value.name}.values"] = value
    return found


def _value_places(array: brian2.TimedArray) -> list[np.ndarray]:
    """All memory in which generated code looks up a TimedArray's values.

    The implementations have captured ``array.values``, or a flat copy of it where it is not in C order.
    """
    places = [array.values]
    if array.values.ndim == 2 and not array.values.flags.c_contiguous:
        for target in ("cython", "cpp"):
            try:
                namespace = array.implementations[target].get_namespace(None) or {}
            except KeyError:
                continue
            places += [value for value in namespace.values() if isinstance(value, np.ndarray)]
    if not all(place.flags.writeable for place in places):
        raise SettingError(f"values: the ones of {array.name!r} are read-only memory, make the TimedArray from a copy")
    return places


@contextmanager
def _stoppable(net):
    """Ctrl+C lets the time step be finished and stops the network; a second one interrupts at once.

    Where Ctrl+C was ignored when this process began, it is ignored here, too.
    """
    seen: list[bool] = []
    if threading.current_thread() is not threading.main_thread() or ignored():
        yield seen
        return

    def stop(number, frame):
        if seen:
            raise KeyboardInterrupt
        seen.append(True)
        net.stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)
