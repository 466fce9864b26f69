"""Identifying a network by a text and the code it comes from, so that it need not even be generated again."""

from __future__ import annotations

import functools
import hashlib
import inspect
import pickle
import platform
from pathlib import Path

import brian2
import numpy as np

from sbp_brian.brian.state import all_preferences, forget_cython_includes
from sbp_brian.identity import digest, digest_of_files, library_code, source_files


@functools.lru_cache(maxsize=1)
def package_fingerprint() -> str:
    """Digest of the code that computes, all protocols included, and of the versions it stands on."""
    protocols = digest_of_files(source_files("sbp_brian.protocols"))
    return digest(platform.python_version(), brian2.__version__, np.__version__, library_code(), protocols)


def network_key(key: str, make, *facts) -> str | None:
    """Key of a network that the caller identifies by a text.

    Beside the text it holds: all of this package and the versions (`package_fingerprint`), the file that defines
    `make`, what `make` has bound (arguments of a partial, closures), Brian2's preferences, and the given facts.

    Parameters
    ----------
    key : str
        Names all that the network depends on and that is not in the list above.
    make : callable
    *facts
        Further things with a telling repr.

    Returns
    -------
    str or None
        None where the code of `make` cannot be found (an interactive prompt), or what it has bound cannot be pickled:
        then nothing may be kept under the key.
    """
    try:
        return _key(key, make, facts)
    except pickle.PicklingError:
        return None


def _key(key: str, make, facts: tuple) -> str | None:
    forget_cython_includes()
    digest = hashlib.sha256(f"{key}\0{package_fingerprint()}\0{facts!r}".encode())
    for name, value in sorted(all_preferences().items()):
        digest.update(f"\0{name}={value!r}".encode())
    while isinstance(make, functools.partial):
        digest.update(b"\0partial")
        _feed(digest, (make.args, sorted(make.keywords.items())))
        make = make.func
    function = inspect.unwrap(make)
    if not inspect.isroutine(function) and not inspect.isclass(function):
        _feed(digest, function)  # an object with __call__
        function = type(function)
    if inspect.ismethod(function):
        _feed(digest, function.__self__)
        function = function.__func__
    try:
        source = Path(inspect.getsourcefile(function)).read_bytes()
    except (TypeError, OSError):
        return None
    digest.update(f"\0{function.__module__}.{function.__qualname__}\0".encode() + source)
    for cell in getattr(function, "__closure__", None) or ():
        digest.update(b"\0cell")
        _feed(digest, cell.cell_contents)
    return digest.hexdigest()[:32]


class _Hashing(pickle.Pickler):
    """Pickles into a hash; of an array only its type, its shape and the hash of what it holds are written."""

    def __init__(self, digest):
        super().__init__(_Writer(digest.update), protocol=5)

    def persistent_id(self, value) -> tuple | None:
        """What is written in the place of an array, straight from its memory."""
        if not isinstance(value, np.ndarray) or value.dtype.hasobject:
            return None
        held = np.ascontiguousarray(value.view(np.ndarray))
        unit = repr(getattr(value, "dim", None))
        return type(value).__name__, unit, value.dtype.str, value.shape, hashlib.sha256(held.data).hexdigest()


class _Writer:
    """A file that hands on what is written to it."""

    def __init__(self, take):
        self.write = take


def _feed(digest, value) -> None:
    """Feed all that makes up a value into the hash; large arrays are neither pickled nor copied."""
    try:
        _Hashing(digest).dump(value)
    except Exception as error:  # pickle raises whatever an object's reduction raises
        # its repr may hold an address, which another object has later
        raise pickle.PicklingError(str(error)) from error
