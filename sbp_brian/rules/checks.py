"""What can be known to be wrong with a rule before anything is built.

Each function either returns what it found or raises a one-line `RuleError` that names the thing and the remedy. The
physical dimensions of expressions are worked out by Brian2's own parser (`parse_expression_dimensions`).
"""

from __future__ import annotations

import ast
import re
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from brian2 import Function, Quantity, have_same_dimensions, second
from brian2.units.fundamentalunits import Dimension

from sbp_brian.brian import language
from sbp_brian.errors import RuleError
from sbp_brian.rules.quantities import unit_text
from sbp_brian.wording import nearest

#: What numpy imports when it is asked for is modules.
NUMPY_NAMES = frozenset(n for n, thing in vars(np).items() if n[0] != "_" and not isinstance(thing, ModuleType))

_EQUATION_START = re.compile(r"\s*(?:d(?P<d>[A-Za-z_]\w*)\s*/\s*dt\s*=|(?P<p>[A-Za-z_]\w*)\s*(?:=(?!=)|:))")

#: The flag by which Brian2 lets a variable of the cells be the sum over their synapses.
_SUMMED = re.compile(r"\([^()]*\bsummed\b[^()]*\)\s*$")


def one_line(error: BaseException) -> str:
    """The text of an error on one line."""
    return " ".join(str(error).split())


def belongs_to_cell(name: str) -> bool:
    """Whether a name refers to a variable of the presynaptic or postsynaptic cell."""
    return name.endswith(("_pre", "_post"))


# ------------------------------------------------------------------------------------------------- splitting text
def statements(code: str, where: str = "code") -> list[tuple[str, str, str]]:
    """Split rule code into (variable, operator, expression), comments removed; `RuleError` where it cannot be read."""
    found = []
    for line in code.splitlines():
        for text in line.partition("#")[0].split(";"):
            if not text.strip():
                continue
            try:
                found.append(language.statement(text.strip()))
            except (ValueError, SyntaxError):
                raise RuleError(
                    f"{where}: cannot read {text.strip()!r}; a statement is 'name = expression' "
                    "(or +=, -=, *=, /=) with a Python-like expression"
                ) from None
    return found


def assigned_names(code: str) -> frozenset[str]:
    """The names that a piece of rule code assigns, in any way (``=``, ``+=``, ...).

    Raises `RuleError` if the code cannot be read.
    """
    return frozenset(variable for variable, _, _ in statements(code))


def tidy(code: str, where: str) -> str:
    """The code with one statement a line and no comments."""
    if not isinstance(code, str):
        raise RuleError(f"{where}: code must be a string of statements, not {type(code).__name__}")
    return "\n".join(
        f"{variable} {operator} {_enclosed(operator, expression.strip())}"
        for variable, operator, expression in statements(code, where)
    )


def _enclosed(operator: str, expression: str) -> str:
    """The expression in brackets where Brian2's check of units would otherwise read ``w *= a + b`` as ``w * a + b``."""
    apart = operator in ("*=", "/=") and isinstance(ast.parse(expression, mode="eval").body, ast.BinOp)
    return f"({expression})" if apart else expression


def equations(model: str, *, open_names: bool = False) -> dict[str, tuple[str, language.SingleEquation]]:
    """Variable name -> (its definition on one line, the parsed equation), in the order of the text.

    `open_names`: names of numpy are allowed, as Brian2 has it.
    """
    texts: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in model.splitlines():
        line = line.partition("#")[0].rstrip()
        if not line.strip():
            continue
        start = _EQUATION_START.match(line)
        if start:
            name = start["d"] or start["p"]
            if name in texts:
                raise RuleError(f"model: {name!r} is defined twice; keep one of its definitions")
            current = texts[name] = []
        if current is None:
            raise RuleError(
                f"model: cannot read {line.strip()!r}; write 'name : unit' or 'dname/dt = expression : unit'"
            )
        current.append(line.strip())
    found = {}
    for name, lines in texts.items():
        text = " ".join(lines)
        check_name(name, "model variable", of_numpy=open_names, of_cells=bool(_SUMMED.search(text)))
        try:
            found[name] = (text, language.equation(text, name))
        except Exception as error:  # Brian2 raises many kinds here, all of them about this one equation
            raise RuleError(f"model: cannot read {text!r}: {one_line(error)}") from None
    return found


# ------------------------------------------------------------------------------------------------------- the names
def check_name(name: str, kind: str, *, of_numpy: bool = False, of_cells: bool = False) -> None:
    """Refuse a name that Brian2, numpy or a code generator would take for something else.

    `of_numpy` and `of_cells` say that names of numpy, and names ending in _pre or _post, are meant.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise RuleError(f"{kind} {name!r} is not a name; use letters, digits and underscores")
    if name in language.BUILT_IN or name == "lastupdate":
        raise RuleError(f"{kind} {name!r}: Brian2 defines this name itself; rename it, for example to 'x_{name}'")
    for names, what in (
        (language.DEFAULT_UNITS, "a unit of Brian2"),
        (language.DEFAULT_CONSTANTS, "a constant of Brian2"),
        (language.DEFAULT_FUNCTIONS, "a function of Brian2"),
        (frozenset() if of_numpy else NUMPY_NAMES, "a name of numpy"),
    ):
        if name in names:
            raise RuleError(f"{kind} {name!r} shadows {what}; rename it, for example to 'x_{name}'")
    if belongs_to_cell(name) and not of_cells:
        base, side = name.rsplit("_", 1)
        raise RuleError(
            f"{kind} {name!r}: names ending in _pre or _post belong to the cells; rename it, for example "
            f"to {f'{side}_{base}'!r}"
        )
    if name.startswith("_"):
        raise RuleError(
            f"{kind} {name!r} starts with an underscore, which Brian2 keeps for itself; "
            f"rename it to {name.lstrip('_') or 'x'!r}"
        )
    if re.search(r"\d[eE]\d", name):
        raise RuleError(
            f"{kind} {name!r} contains digit-e-digit, which single-precision code generation takes for a "
            f"number; rename it, for example to {re.sub(r'([0-9])[eE]([0-9])', r'\1_e_\2', name)!r}"
        )


def unknown_name(name: str, where: str, known: Iterable[str]) -> RuleError:
    """The error for a name that nothing defines, with the nearest known one."""
    near = nearest(name, known)
    hint = f"did you mean {near!r}? " if near else ""
    if name == "lastupdate":
        hint = "it exists only in a model with (event-driven) equations. "
    return RuleError(
        f"{where}: unknown name {name!r}; {hint}Define it in model or namespace; if it belongs to the "
        f"target cell write {name}_post, to the source cell {name}_pre"
    )


def check_code(
    where: str,
    code: str,
    eqs: Mapping[str, language.SingleEquation],
    namespace: Mapping[str, Any],
    known: Collection[str],
    *,
    open_names: bool = False,
) -> set[str]:
    """Check every name that a piece of code reads or assigns; returns its local variables."""
    local: set[str] = set()
    for variable, operator, expression in statements(code, where):
        for name in sorted(language.names_in(expression) | ({variable} if operator != "=" else set())):
            if not (name in known or name in local or belongs_to_cell(name)):
                raise unknown_name(name, where, {*known, *local})
        if variable in namespace:
            raise RuleError(
                f"{where}: assigns {variable!r}, a constant of the namespace; make it a model variable or "
                "rename the local one"
            )
        if variable in language.BUILT_IN or variable == "lastupdate":
            raise RuleError(f"{where}: assigns {variable!r}, which Brian2 itself keeps; use another name")
        if variable in eqs:
            if eqs[variable].type == language.SUBEXPRESSION:
                raise RuleError(
                    f"{where}: assigns {variable!r}, which the model defines by an expression; "
                    "assign a variable it depends on"
                )
            if "constant" in eqs[variable].flags:
                raise RuleError(f"{where}: assigns {variable!r}, which the model declares (constant); drop the flag")
        elif not belongs_to_cell(variable):
            check_name(variable, f"{where}: local variable", of_numpy=open_names)
            local.add(variable)
    return local


def check_model_names(eqs: Mapping[str, language.SingleEquation], known: Collection[str]) -> None:
    """Check every name on the right-hand sides of the model."""
    for name, equation in eqs.items():
        for used in sorted(equation.identifiers):
            if not (used in known or belongs_to_cell(used) or used == "xi" or used.startswith("xi_")):
                raise unknown_name(used, f"model, {name!r}", known)


# ------------------------------------------------------------------------------------------------------- the units
def check_namespace(namespace: Mapping[str, Any], *, open_names: bool = False) -> None:
    """Refuse values that Brian2 cannot use as a constant or a function."""
    for name, value in namespace.items():
        check_name(name, "namespace name", of_numpy=open_names, of_cells=open_names)
        if language.is_function(value):
            continue
        number = isinstance(value, (bool, int, float, np.generic, Quantity, np.ndarray))
        if not number or np.size(value) != 1 or np.ndim(value) != 0:
            raise RuleError(
                f"namespace: {name!r} is not a number, a quantity or a Brian2 function; for many values "
                "use a TimedArray or a variable of the model"
            )


def same_value(a: Any, b: Any) -> bool:
    """Whether two values of one name say the same: one function, the same text, or equal numbers of one dimension."""
    if a is b:
        return True
    if any(isinstance(value, (Function, str)) or callable(value) for value in (a, b)):
        return isinstance(a, str) and isinstance(b, str) and a == b
    return have_same_dimensions(a, b) and bool(np.asarray(a) == np.asarray(b))


def dimensions_known(eqs: Mapping[str, language.SingleEquation], namespace: Mapping[str, Any]) -> ChainMap[str, Any]:
    """Name -> Brian2 variable or function for everything whose dimension the rule itself determines.

    What is added to it stays apart from what every rule knows.
    """
    own: dict[str, Any] = {name: language.constant_or_function(name, value) for name, value in namespace.items()}
    if any("event-driven" in equation.flags for equation in eqs.values()):
        own["lastupdate"] = language.variable("lastupdate", second.dim)
    own |= {name: language.variable(name, equation.dim) for name, equation in eqs.items() if not belongs_to_cell(name)}
    return ChainMap(own, language.everywhere_known())


def _dimensions(where: str, text: str, expression: str, known: Mapping[str, Any]) -> Dimension:
    try:
        return language.dimensions_of(expression, known)
    except Exception as error:  # a unit mismatch, a wrong number of arguments, syntax that Brian2 does not know
        raise RuleError(f"{where}: in {text!r}: {one_line(error)}") from None


def _same(where: str, text: str, found: Dimension, expected: Dimension) -> None:
    if found is not expected:
        raise RuleError(
            f"{where}: in {text!r} the right-hand side has unit {unit_text(found)} where {unit_text(expected)} is "
            "expected; convert it or correct the declared unit"
        )


def check_code_units(where: str, code: str, known: Mapping[str, Any]) -> None:
    """Check the dimensions of every statement that uses none but `known` names (locals join them as they come)."""
    known = ChainMap({}, known)
    for variable, operator, expression in statements(code, where):
        text = f"{variable} {operator} {expression}"
        full = expression if operator == "=" else f"{variable} {operator[:-1]} ({expression})"
        if any(name not in known for name in language.names_in(full)):
            continue  # a cell's variable, or a local derived from one: known once the groups are
        found = _dimensions(where, text, full, known)
        if variable in known:
            _same(where, text, found, known[variable].dim)
        elif not belongs_to_cell(variable):
            known[variable] = language.variable(variable, found)


def check_model_units(eqs: Mapping[str, language.SingleEquation], known: Mapping[str, Any]) -> None:
    """Check the dimensions of every equation whose names are all `known`."""
    for equation in eqs.values():
        if equation.expr is None or any(name not in known for name in equation.identifiers):
            continue
        expected = equation.dim / second.dim if equation.type == language.DIFFERENTIAL_EQUATION else equation.dim
        _same("model", str(equation), _dimensions("model", str(equation), equation.expr.code, known), expected)
