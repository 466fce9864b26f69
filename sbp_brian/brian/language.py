"""Brian2's language of equations and statements: how it is read, and the units of what it says."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2 import (
    DEFAULT_CONSTANTS,
    DEFAULT_FUNCTIONS,
    DEFAULT_UNITS,
    Equations,
    Function,
    amp,
    coulomb,
    farad,
    get_dimensions,
    hertz,
    ohm,
    second,
    siemens,
    volt,
)
from brian2.core.variables import Constant, Variable
from brian2.equations.equations import (
    BOOLEAN,
    DIFFERENTIAL_EQUATION,
    FLOAT,
    PARAMETER,
    SUBEXPRESSION,
    SingleEquation,
)
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.parsing.statements import parse_statement
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension
from brian2.utils.stringtools import get_identifiers

from sbp_brian.errors import RuleError

__all__ = [
    "BOOLEAN",
    "BUILT_IN",
    "DEFAULT_CONSTANTS",
    "DEFAULT_FUNCTIONS",
    "DEFAULT_UNITS",
    "DIFFERENTIAL_EQUATION",
    "FLOAT",
    "PARAMETER",
    "SUBEXPRESSION",
    "SingleEquation",
    "constant_or_function",
    "definition",
    "dimensions_of",
    "equation",
    "equations",
    "everywhere_known",
    "is_function",
    "names_in",
    "statement",
    "unit_text",
    "variable",
]

_BASE = {
    "length": "metre",
    "mass": "kilogram",
    "time": "second",
    "current": "amp",
    "temperature": "kelvin",
    "substance": "mole",
    "luminosity": "candela",
}
_NAMED = {
    get_dimensions(unit): name
    for name, unit in {
        "second": second,
        "hertz": hertz,
        "amp": amp,
        "volt": volt,
        "siemens": siemens,
        "ohm": ohm,
        "coulomb": coulomb,
        "farad": farad,
    }.items()
}

#: Names that Brian2 itself defines in every `Synapses` object -> their dimension.
BUILT_IN: Mapping[str, Dimension] = MappingProxyType(
    {
        "t": second.dim,
        "dt": second.dim,
        "t_in_timesteps": DIMENSIONLESS,
        "i": DIMENSIONLESS,
        "j": DIMENSIONLESS,
        "N": DIMENSIONLESS,
        "N_incoming": DIMENSIONLESS,
        "N_outgoing": DIMENSIONLESS,
    }
)


# -------------------------------------------------------------------------------------------------------------- text
@lru_cache(maxsize=4096)
def statement(text: str) -> tuple[str, str, str]:
    """One statement as (variable, operator, expression).

    Raises
    ------
    ValueError, SyntaxError
        It is none.
    """
    name, operator, expression, _ = parse_statement(text)
    ast.parse(expression.strip(), mode="eval")
    return name, operator, expression


@lru_cache(maxsize=4096)
def equation(text: str, name: str) -> SingleEquation:
    """The one equation of a text, which defines `name`.

    Raises
    ------
    Exception
        Of many kinds: Brian2 cannot read it.
    """
    return Equations(text)[name]


def equations(model: str | Equations) -> Equations:
    """The equations of a text, or those that are some already.

    Raises
    ------
    RuleError
        Brian2 cannot read it; one line.
    """
    if not isinstance(model, (str, Equations)):
        raise RuleError(f"model must be Equations or their text, not {type(model).__name__}")
    try:
        return model if isinstance(model, Equations) else Equations(model)
    except Exception as error:  # Brian2 raises many kinds here, all of them about the equations
        raise RuleError(f"model: {' '.join(str(error).split())}") from None


def definition(equation: SingleEquation) -> tuple[str, str]:
    """An equation as a text that Brian2 reads again: what it says, and what follows it, unit and flags."""
    unit = unit_text(equation.dim) if equation.var_type == "float" else equation.var_type
    left = f"d{equation.varname}/dt" if equation.type == DIFFERENTIAL_EQUATION else equation.varname
    text = left if equation.expr is None else f"{left} = {' '.join(equation.expr.code.split())}"
    return text, f" : {unit}" + (f" ({', '.join(equation.flags)})" if equation.flags else "")


def names_in(code: str) -> set[str]:
    """All names that an expression or a statement uses."""
    return get_identifiers(code)


# ------------------------------------------------------------------------------------------------------- dimensions
def variable(name: str, dimension: Dimension) -> Variable:
    """A variable of which nothing but its dimension is known."""
    return Variable(name=name, dimensions=dimension)


def is_function(value: Any) -> bool:
    """Whether a value of a namespace is a function that code may call."""
    return isinstance(value, Function) or (inspect.isfunction(value) and hasattr(value, "_arg_units"))


def constant_or_function(name: str, value: Any) -> Any:
    """What Brian2 makes of a value of a namespace."""
    if isinstance(value, (Function, Variable)):
        return value
    if inspect.isfunction(value):
        return Function(value)
    return Constant(name, dimensions=get_dimensions(value), value=float(np.asarray(value)))


@lru_cache(maxsize=1)
def everywhere_known() -> Mapping[str, Any]:
    """Brian2's 1,700 units, its functions, constants and own variables; made once, they take longer than all checks."""
    defaults = {**DEFAULT_UNITS, **DEFAULT_CONSTANTS, **DEFAULT_FUNCTIONS}
    own = {name: variable(name, dimension) for name, dimension in BUILT_IN.items()}
    return MappingProxyType(own | {name: constant_or_function(name, value) for name, value in defaults.items()})


def unit_text(value: Any) -> str:
    """The dimension of a value as the unit of an equation: ``"1"``, ``"siemens"``, ``"metre**-1*amp**1"``."""
    dimension = value if isinstance(value, Dimension) else get_dimensions(value)
    if dimension in _NAMED:
        return _NAMED[dimension]
    factors = [
        f"{unit}**{_number(dimension.get_dimension(base))}"
        for base, unit in _BASE.items()
        if dimension.get_dimension(base)
    ]
    return "*".join(factors) or "1"


def _number(power: float) -> str:
    return str(int(power)) if float(power).is_integer() else repr(float(power))


def dimensions_of(expression: str, known: Mapping[str, Any]) -> Dimension:
    """The dimension of an expression, by those of the names in it.

    Raises
    ------
    Exception
        Of many kinds: units that do not fit, a wrong number of arguments, syntax that Brian2 does not know.
    """
    return get_dimensions(parse_expression_dimensions(expression, known))
