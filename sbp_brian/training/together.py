"""Trainings side by side: networks that differ in values alone learn as copies within one program.

One small network does not fill a GPU: what a step costs is the start of its kernels. `train_together` calls functions
each of which makes a `Training` and uses it as it would alone, with its own seed, rates, lambda_p, lambda_f, order of
samples and folder for checkpoints. They take turns; where a training would run its program it waits until all others
have come to such a place, and those that share a program (`Shared`, the same samples, the same number of them to show)
run as one, as the copies of `sbp_brian.brian.copies`. Each then goes on with its own part of the result.

So a copy computes what its training computes alone, up to the rounding of sums in another order. What a program draws
by itself (``rand()``: dropped cells, Poisson input) are other numbers than alone, of the same distribution.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Quantity, get_dimensions
from brian2.units.fundamentalunits import DIMENSIONLESS

from sbp_brian import children
from sbp_brian.brian.copies import copied
from sbp_brian.digests import digest
from sbp_brian.errors import CopiesError, RunFailed, SettingError
from sbp_brian.stopwatch import part
from sbp_brian.targets import Result, Simulation
from sbp_brian.targets.keeping import not_keeping
from sbp_brian.training.samples import Presentation
from sbp_brian.wording import number_in

__all__ = ["MOST", "SharedSimulation", "simulation", "train_together"]

#: Copies in one program, unless told otherwise: each needs memory for its weights, and a thread while it waits.
MOST = 256


@dataclass(frozen=True)
class _Copies:
    """Makes the network with its copies; picklable and identified by its content."""

    make: Callable
    presentation: Presentation
    n: int

    def __call__(self):
        with copied(self.n):
            return self.make(self.presentation)


@dataclass(eq=False)
class _Request:
    """A run that a training waits for.

    Attributes
    ----------
    program : str
        The same for those that can run as one.
    """

    program: str
    make: Callable
    presentation: Presentation
    target: str
    settings: Mapping[str, Any]
    seed: int
    progress: Callable | None
    duration: Quantity


class _EveryName:
    """A name that a network does not have is left out by whoever runs it."""

    def __contains__(self, name: object) -> bool:
        return True


class SharedSimulation:
    """In the place of a training's `Simulation` within `train_together`: its runs are parts of runs with others.

    Attributes
    ----------
    beside : int
        Copies of other trainings in the latest run.
    build_s : float
        Wall time of getting the latest program ready (s).
    """

    settable = _EveryName()

    def __init__(self, shared: Any, presentation: Presentation, target: str):
        self._shared, self._presentation, self._target = shared, presentation, target
        self._program = digest(shared.make, presentation, target)
        self._own = dict(shared.own())
        self.beside, self.build_s = 0, 0.0

    def build(self) -> SharedSimulation:
        """Nothing: the program is made when all are known who take part."""
        return self

    def run(self, settings: Mapping[str, Any], seed: int, progress=None, duration=None) -> Part:
        """Wait for the others, then run once, from the beginning; see `Simulation.run`."""
        member = _MEMBER.get()
        if member is None:
            raise CopiesError(
                "this training was made to run beside others and runs alone: use it within the function that "
                "train_together calls"
            )
        settings = {**self._own, **settings}
        with part("run_s"):
            found = member.meet(
                _Request(
                    self._program,
                    self._shared.make,
                    self._presentation,
                    self._target,
                    settings,
                    seed,
                    progress,
                    duration,
                )
            )
        self.beside, self.build_s = found.copies - 1, found.build_s
        return found


class Part(Mapping):
    """One copy's part of the result of a run, by the names that its network has alone; see `Result`.

    Attributes
    ----------
    copies : int
        In the program.
    """

    def __init__(self, whole: _Whole, number: int, settings: Mapping[str, Any]):
        self._whole, self._number = whole, number
        self._shared = {name for name, value in settings.items() if np.ndim(value) == 0}
        self.copies = whole.n
        result = whole.result
        self.target, self.on_cpu, self.seed, self.cached = result.target, result.on_cpu, result.seed, result.cached
        self.completed, self.run_s, self.build_s = result.completed, result.run_s, result.build_s

    @property
    def stopped(self) -> bool:
        """Whether the run ended before its time."""
        return self._whole.result.stopped

    def __getitem__(self, name: str):
        owner, _, variable = name.rpartition(".")
        if variable == "N" and f"{owner}.count" in self._whole.result:
            return int(self[f"{owner}.count"].sum())
        if variable in ("i", "t") and f"{owner}.count" in self._whole.result:
            raise RunFailed(f"{name!r} mixes the spikes of {self.copies} copies; record them in a run of its own")
        values = self._whole.read(self._whole.place(name))
        if variable == "t":
            return values
        n, rest = divmod(len(values), self.copies)
        if rest:
            raise RunFailed(f"{name!r} has {len(values)} values, which are none of each of {self.copies} copies")
        found = values[self._number * n : (self._number + 1) * n]
        if variable in ("i", "j"):  # of all-to-all synapses; each copy's cells begin at 0
            return found - found.min()
        return found[0] if name in self._shared else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole.result)

    def __len__(self) -> int:
        return len(self._whole.result)


class _Whole:
    """The result of a run of several copies; what one of them has read is kept for the others."""

    def __init__(self, result: Result, n: int, places: Mapping[str, str]):
        self.result, self.n = result, n
        self._places, self._kept = places, {}

    def place(self, name: str) -> str:
        """Where the copies have a variable of one network."""
        return self._places.get(name, name)

    def read(self, name: str):
        """Values of all copies."""
        if name not in self._kept:
            self._kept[name] = self.result[name]
        return self._kept[name]


class _Programs:
    """The programs of copies that have been made, by what they share."""

    def __init__(self):
        self._found: dict[tuple[str, int], Simulation] = {}

    def run(self, requests: Sequence[_Request]) -> list[Part]:
        """Run them as one."""
        first = requests[0]
        ready = [n for program, n in self._found if program == first.program and n >= len(requests)]
        n = min(ready, default=len(requests))
        found = self._found.get((first.program, n))
        if found is None:
            made, capacity = _Copies(first.make, first.presentation, n), first.presentation.capacity
            duration = capacity * first.presentation.duration
            with not_keeping():  # whoever listens to one of the trainings is told by it
                found = Simulation(made, duration, first.target, name="side_by_side", key="side by side")
            self._found[first.program, n] = found
        manifest = found.build()._backend.manifest
        places = _places(manifest["entries"], manifest["arrays"], first.settings)
        # where fewer are left than the program has copies, the first stands in for those that have ended
        shown = [*requests, *[first] * (n - len(requests))]
        settings = {
            places[name]: _stacked(name, [each.settings[name] for each in shown], manifest, places[name], n)
            for name in first.settings
            if name in places
        }

        def progress(fraction: float, elapsed_s: float) -> None:
            for each in requests:
                if each.progress is not None:
                    each.progress(fraction, elapsed_s)

        result = found.run(settings, seed=first.seed, progress=progress, duration=first.duration)
        whole = _Whole(result, n, places)
        return [Part(whole, number, each.settings) for number, each in enumerate(requests)]


def _places(entries: Mapping, arrays: Mapping, settings: Mapping) -> dict[str, str]:
    """Name of a run argument of one network -> its name in that of the copies; none where the network has no such."""
    found = {}
    for name in settings:
        owner, _, variable = name.rpartition(".")
        if name in entries or name in arrays:
            found[name] = name
        elif moved := [other for other in entries if other.endswith(f".{variable}_of_{owner}")]:
            found[name] = moved[0]
        elif variable != "values":
            raise SettingError(f"the copies of a network have no {name!r}; this is a fault of its model")
    return found


def _stacked(name: str, values: Sequence, manifest: Mapping, place: str, n: int) -> Quantity | np.ndarray:
    """The values of all copies in the order of their cells."""
    dim, plain = get_dimensions(values[0]), [np.asarray(value) for value in values]
    if place in manifest["arrays"]:
        whole = np.stack(plain, axis=1)
    elif plain[0].ndim:
        whole = np.concatenate(plain)
    else:
        size = manifest["entries"][place]["size"]
        if size is None:
            raise SettingError(f"{name!r} has one value for synapses of {n} copies; give each synapse its own")
        whole = np.repeat(np.stack(plain), size // n)
    return whole if dim is DIMENSIONLESS else Quantity(whole, dim=dim)


class _Member:
    """One of the functions, in a thread of its own that runs only while all others wait."""

    def __init__(self, function: Callable):
        self._function = function
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self.request: _Request | None = None
        self.answer: Any = None
        self.stopped: BaseException | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.ended = False
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._go.acquire()
        _MEMBER.set(self)
        try:
            if self.stopped is None:
                self.result = self._function()
        except BaseException as error:
            self.error = error
        self.ended = True
        self._back.release()

    def meet(self, request: _Request) -> Any:
        """Wait, in its own thread, for what is asked for."""
        if self.stopped is None:
            self.request = request
            self._back.release()
            self._go.acquire()
            self.request = None
        answer, self.answer = self.answer, None
        if self.stopped is not None or isinstance(answer, BaseException):
            raise self.stopped or answer
        return answer

    def advance(self) -> None:
        """Let it go on until it waits again or has ended."""
        self._go.release()
        self._back.acquire()

    def stop(self, error: BaseException) -> None:
        """Let it end by an error, also where it was computing."""
        waiting = self.request is not None or not self._thread.is_alive()
        self.stopped = error
        if not waiting and not self.ended:
            self._back.acquire()
        while not self.ended:
            self.advance()


_MEMBER: ContextVar[_Member | None] = ContextVar("sbp_member", default=None)


def simulation(model: Any, presentation: Presentation, target: str) -> SharedSimulation | None:
    """The simulation of a training that is made within `train_together`; None where it has to have its own."""
    if _MEMBER.get() is None or model.shared is None:
        return None
    return SharedSimulation(model.shared, presentation, target)


def train_together(functions: Sequence[Callable[[], Any]], most: int = MOST) -> list[Any]:
    """Call functions that train, side by side, and run as one program what can be.

    Parameters
    ----------
    functions : sequence of callables
        Each makes a `Training` and uses it as it would alone. No two may use one folder.
    most : int
        Copies in one program at most.

    Returns
    -------
    list
        What each has returned.

    Raises
    ------
    SettingError
        `most` is no whole number from 1 on.
    CopiesError
        Called within a function that it calls.
    Exception
        What one of the functions raised, once all others have ended.
    KeyboardInterrupt
        After Ctrl+C; each training has kept its whole epochs.

    Examples
    --------
    ::

        def train(seed):
            training = Training(network.trial_model(), samples, f"run{seed}", target="cuda", seed=seed)
            return training.run(epochs=3)

        histories = train_together([functools.partial(train, seed) for seed in range(16)])
    """
    if refusal := number_in("most", most, "[1, inf)", whole=True):
        raise SettingError(refusal)
    if _MEMBER.get() is not None:
        raise CopiesError("train_together was called within a training of train_together; call it once, for all")
    programs, members = _Programs(), [_Member(function) for function in functions]
    try:
        for member in members:
            member.advance()
        while waiting := [member for member in members if member.request is not None]:
            for group in _groups(waiting, most):
                _run(programs, group)
            for member in waiting:
                member.advance()
    except BaseException as stop:
        children.stop_running()
        for member in members:
            member.stop(stop)
        raise
    for member in members:
        if member.error is not None:
            raise member.error
    return [member.result for member in members]


def _groups(waiting: Sequence[_Member], most: int) -> Iterator[list[_Member]]:
    """Those that can run as one, `most` at a time."""
    alike: dict[tuple, list[_Member]] = {}
    for member in waiting:
        request = member.request
        alike.setdefault((request.program, float(request.duration), tuple(request.settings)), []).append(member)
    for group in alike.values():
        yield from (group[k : k + most] for k in range(0, len(group), most))


def _run(programs: _Programs, group: Sequence[_Member]) -> None:
    """Run one group; what goes wrong is every member's own error."""
    try:
        parts = programs.run([member.request for member in group])
    except Exception as error:
        parts = [error] * len(group)
    for member, answer in zip(group, parts, strict=True):
        member.answer = answer
