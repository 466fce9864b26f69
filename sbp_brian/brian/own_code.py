"""Code objects made by templates of this package, on the targets that have them: numpy, cython, C++ standalone.

Brian2's template of pathways for cython counts synapses by a variable ``i``, which is also the name of a synapse's
presynaptic cell: code that reads it moves the count, and synapses are left out or repeated, in silence. Here the count
has a name of its own.
"""

from __future__ import annotations

import re

from brian2 import get_device
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.templates import CodeObjectTemplate, Templater
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from sbp_brian.brian.nameless import NamelessCython
from sbp_brian.brian.translation_units import UnitCodeObject
from sbp_brian.errors import TargetError

__all__ = ["OwnCython", "own_code", "pathway_code"]


class _Numpy(NumpyCodeObject):
    templater = NumpyCodeObject.templater.derive("sbp_brian.brian", ".py_")


class OwnCython(NamelessCython):
    """Code for cython by this package's templates, compiled once for networks that differ in names or sizes."""

    templater = CythonCodeObject.templater.derive("sbp_brian.brian", ".pyx")


def _with_a_count_of_its_own(templater: Templater) -> CodeObjectTemplate:
    """The template of pathways, its count renamed where it is ``i``."""
    source = templater.env.loader.get_source(templater.env, "synapses.pyx")[0]
    if "cdef size_t i = 0" in source:
        source = re.sub(r"\bi\b", "_place_of_synapse", source)
    return CodeObjectTemplate(templater.env.from_string(source), source)


OwnCython.templater.templates._templates["synapses"] = _with_a_count_of_its_own(OwnCython.templater)

_CLASSES = {
    NumpyCodeObject: _Numpy,
    CythonCodeObject: OwnCython,
    OwnCython: OwnCython,
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


def pathway_code():
    """The class of code objects for pathways of synapses on cython; None, for Brian2's choice, on other targets."""
    return OwnCython if issubclass(get_device().code_object_class(), CythonCodeObject) else None
