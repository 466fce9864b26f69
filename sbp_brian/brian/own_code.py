"""Code objects made by templates of this package, on the targets that have them: numpy, cython, C++ standalone."""

from __future__ import annotations

from brian2 import get_device
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from sbp_brian.brian.translation_units import UnitCodeObject
from sbp_brian.errors import TargetError

__all__ = ["own_code"]


class _Numpy(NumpyCodeObject):
    templater = NumpyCodeObject.templater.derive("sbp_brian.brian", ".py_")


class _Cython(CythonCodeObject):
    templater = CythonCodeObject.templater.derive("sbp_brian.brian", ".pyx")


_CLASSES = {
    NumpyCodeObject: _Numpy,
    CythonCodeObject: _Cython,
    CPPStandaloneCodeObject: UnitCodeObject,
    UnitCodeObject: UnitCodeObject,
}


def own_code(name: str, what: str):
    """The class of code objects for the target in use that knows this package's templates.

    Parameters
    ----------
    name : str
        Of the object that needs it.
    what : str
        What it does, as the object's predicate.

    Raises
    ------
    TargetError
        There is none.
    """
    kind = get_device().code_object_class()
    if kind not in _CLASSES:
        raise TargetError(
            f"{name!r} {what}, which works on numpy, cython and C++ standalone only; choose one of these targets"
        )
    return _CLASSES[kind]
