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
        None where the code of `make` cannot be found (an interactive prompt): then nothing may be kept under the key.
    """
    forget_cython_includes()
    digest = hashlib.sha256(f"{key}\0{package_fingerprint()}\0{facts!r}".encode())
    for name, value in sorted(all_preferences().items()):
        digest.update(f"\0{name}={value!r}".encode())
    while isinstance(make, functools.partial):
        digest.update(b"\0partial" + _bytes((make.args, sorted(make.keywords.items()))))
        make = make.func
    function = inspect.unwrap(make)
    if not inspect.isroutine(function) and not inspect.isclass(function):
        digest.update(_bytes(function))  # an object with __call__
        function = type(function)
    if inspect.ismethod(function):
        digest.update(_bytes(function.__self__))
        function = function.__func__
    try:
        source = Path(inspect.getsourcefile(function)).read_bytes()
    except (TypeError, OSError):
        return None
    digest.update(f"\0{function.__module__}.{function.__qualname__}\0".encode() + source)
    for cell in getattr(function, "__closure__", None) or ():
        digest.update(b"\0cell" + _bytes(cell.cell_contents))
    return digest.hexdigest()[:32]


def _bytes(value) -> bytes:
    try:
        return pickle.dumps(value)
    except Exception:  # pickle raises whatever an object's reduction raises
        return repr(value).encode()  # an address in it makes the key unique: a miss, never a mistake
