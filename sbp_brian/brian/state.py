"""Keeping Brian2's global state apart: the current device, its clock, the preferences, object names, random numbers."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2.core.names import Nameable
from brian2.core.operations import NetworkOperation
from brian2.core.preferences import prefs
from brian2.devices.device import all_devices, get_device, reset_device, set_device
from brian2.utils.logger import catch_logs

from sbp_brian.errors import PythonOperationError


def forget_cython_includes() -> None:
    """Take out of the preferences the folders that Brian2's Cython compilation leaves there.

    ``extension_manager.py`` adds folders of Brian2 and numpy to the list in ``codegen.cpp.include_dirs`` itself;
    generated code, and so its key, would otherwise depend on whether the process has compiled with Cython before.
    Standalone programs bring these headers with them.
    """
    left = {str(Path(brian2.__file__).parent / place) for place in ("synapses", "devices/cpp_standalone/brianlib")}
    left.add(np.get_include())
    folders = prefs["codegen.cpp.include_dirs"]
    folders[:] = [folder for folder in folders if os.path.normpath(folder) not in left]


def all_preferences() -> dict[str, Any]:
    """Every preference that is in force, by its full name."""
    return dict(prefs.prefs)


@contextmanager
def quiet():
    """Keep Brian2's warnings to itself meanwhile: what they are about is meant."""
    with catch_logs():
        yield


@contextmanager
def hidden_names():
    """Let objects made inside get the names they would get in a fresh process.

    Brian2 numbers unnamed objects (``synapses_1``) by what is alive in the process; generated code would otherwise
    depend on it.
    """
    living = Nameable.__instances__()
    before = set(living)
    living.clear()
    try:
        yield
    finally:
        living.update(reference for reference in before if reference() is not None)


@contextmanager
def brian_state(device, *, dt=None, preferences: dict | None = None):
    """Make `device` the current device for a while; then put back device, time step, preferences and random state.

    Parameters
    ----------
    device : brian2.devices.Device
        A device object of one's own (not one of the registered ones).
    dt : Quantity, optional
        The time step of the device's default clock (s). Without it, the one in force outside is taken over when the
        device is used for the first time.
    preferences : dict, optional
        Preferences to set meanwhile, by full name.
    """
    outside = get_device()
    outside_dt = outside.defaultclock.dt
    own_dt = device.defaultclock.dt if device.defaultclock is not None else outside_dt
    saved = all_preferences()
    random_state = np.random.get_state()
    outside_reserve = _swap_reserve(getattr(device, "sbp_reserve", None))
    maximum_run_time = outside._maximum_run_time
    try:
        # Brian2 hands the time step on to the next device; set here, no trace of the outside one gets into the code
        outside.defaultclock.dt = own_dt if dt is None else dt
        set_device(device, build_on_run=False)
    except BaseException:
        outside.defaultclock.dt = outside_dt
        raise
    try:
        for name, value in (preferences or {}).items():
            prefs[name] = value
        yield
    finally:
        reset_device()
        outside.defaultclock.dt = outside_dt
        outside._set_maximum_run_time(maximum_run_time)
        for name, value in saved.items():
            if prefs.prefs[name] is not value:
                prefs[name] = value
        np.random.set_state(random_state)
        device.sbp_reserve = _swap_reserve(outside_reserve)


def _swap_reserve(reserve: list | None) -> list:
    """Exchange cython's reserve of drawn numbers; gives the one that was there.

    The generated code knows nothing but the arrays of the registered runtime device: two hold the address of a buffer
    (taken over by whoever comes next, freed when refilled; from Brian2 2.11 on the numbers themselves, refilled in
    place), two a position in it, where 0 asks for new numbers.
    """
    runtime = all_devices["runtime"]
    places = [runtime.rand_buffer, runtime.rand_buffer_index, runtime.randn_buffer, runtime.randn_buffer_index]
    before = [place.copy() for place in places]
    for place, values in zip(places, reserve or [0, 0, 0, 0], strict=True):
        place[:] = values
    return before


def renew_reserve() -> None:
    """Let cython draw new numbers from numpy's present state."""
    runtime = all_devices["runtime"]
    runtime.rand_buffer_index[:] = 0
    runtime.randn_buffer_index[:] = 0


def refuse_python_operations(net) -> None:
    """Raise where an active Python operation stands in a network for a standalone device.

    Raises
    ------
    PythonOperationError
        Naming the object and the remedies.
    """
    for obj in net.sorted_objects:
        if isinstance(obj, NetworkOperation) and obj.active:
            function = getattr(obj.function, "__qualname__", repr(obj.function))
            raise PythonOperationError(
                f"{obj.name!r} ({function}) is a Python operation and cannot run in a compiled program: express it "
                "with run_regularly, run_on_event or RetrogradeSBP.operation, or choose target 'numpy' or 'cython'"
            )


def guard(device):
    """Make a standalone device refuse Python operations and keep its clocks together; returns the device.

    Python operations would be left out in silence, and clocks of different steps come apart (`ClocksTogether`). The
    device's own methods are overridden on the object (kept by ``device.reinit()``); guarding twice does no harm.
    """
    plain = device.network_run
    if getattr(plain, "refuses_python_operations", False):
        return device

    def network_run(net, duration, *args, level=0, **kwds):
        refuse_python_operations(net)
        return plain(net, duration, *args, level=level + 1, **kwds)

    network_run.refuses_python_operations = True
    device.network_run = network_run
    if not getattr(device, "keeps_clocks_together", False):
        plain_source = device.generate_network_source
        device.generate_network_source = lambda writer, *args, **kwds: plain_source(
            ClocksTogether(writer), *args, **kwds
        )
    return device


class ClocksTogether:
    """Stands before the device's writer while it writes ``network.*``: what takes clocks to be at the same time.

    Each clock's time is its number of steps times its step, so two clocks differ in the last digit at times that they
    share. Brian2's compiled programs (2.11 and before; brian2cuda's, too) take times within 1e-14 s for the same. From
    64 s of simulated time on the last digit is more than that: code of the two clocks then runs one after the other
    instead of in the order of its slots, at every time where their products differ. Here the difference may grow with
    the time, as Brian2 has it where it compares clocks within Python.
    """

    ABSOLUTE, RELATIVE = "fabs(s-t)<=Clock_epsilon", "fabs(s-t)<=Clock_epsilon*(1 + fabs(t))"

    def __init__(self, writer):
        self._writer = writer

    def write(self, filename: str, contents) -> None:
        """Write the loop over clocks with the other comparison, everything else as it is."""
        source = "cu_file" if hasattr(contents, "cu_file") else "cpp_file"
        text = getattr(contents, source)
        if self.ABSOLUTE not in text:
            warnings.warn(
                f"Brian2 {brian2.__version__} compares clocks in a form unknown here: whether clocks of "
                "different steps stay together beyond 64 s of simulated time has not been checked",
                stacklevel=2,
            )
        setattr(contents, source, text.replace(self.ABSOLUTE, self.RELATIVE))
        self._writer.write(filename, contents)
