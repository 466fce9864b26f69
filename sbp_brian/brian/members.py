"""Code that leaves all synapses as they are but some: those for which a constant yes or no of their own is yes.

A random share of a cell's synapses takes part in the retrograde spread, and the others are multiplied by 0: their
weight comes out as it went in. A loop may pass them over.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.core.variables import ArrayVariable

__all__ = ["deciding_variable"]


def deciding_variable(code: str, variables: Mapping[str, Any]) -> str | None:
    """The variable where False means that the code does nothing, or None where there is none, or it cannot be told.

    Such code is one statement, ``w = w + a*int(member)*b``, ``w += a*int(member)*b`` or ``w = w*(1 + a*int(member))``.

    Parameters
    ----------
    code : str
        Of a pathway.
    variables : mapping of str to Variable
        Of the synapses.
    """
    try:
        statements = ast.parse(code).body
    except SyntaxError:
        return None
    product = _added(statements[0]) if len(statements) == 1 else None
    for factor in _factors(product) if product is not None else ():
        if isinstance(factor, ast.Call) and ast.unparse(factor.func) == "int" and isinstance(factor.args[0], ast.Name):
            name = factor.args[0].id
            variable = variables.get(name)
            if isinstance(variable, ArrayVariable) and _decides(variable):
                return name
    return None


def _decides(variable: ArrayVariable) -> bool:
    """Whether it is a yes or no that each synapse has and keeps."""
    return bool(np.dtype(variable.dtype) == np.bool_ and variable.constant and not variable.scalar)


def _added(statement: ast.stmt) -> ast.expr | None:
    """What is added to the variable that is assigned, or the share by which it grows."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
        return statement.value
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.BinOp):
        return None
    name, value = ast.unparse(statement.targets[0]), statement.value
    if isinstance(value.left, ast.Name) and value.left.id == name:
        if isinstance(value.op, ast.Add):
            return value.right
        grown = value.right
        if isinstance(value.op, ast.Mult) and isinstance(grown, ast.BinOp) and isinstance(grown.op, ast.Add):
            return grown.right if ast.unparse(grown.left) == "1" else None
    return None


def _factors(product: ast.expr) -> list[ast.expr]:
    """The factors of a product, of an expression that is none itself."""
    if isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult):
        return [*_factors(product.left), *_factors(product.right)]
    return [product]
