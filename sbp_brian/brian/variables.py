"""What Brian2 keeps of a variable."""

from __future__ import annotations

from brian2.core.variables import ArrayVariable, Constant, DynamicArrayVariable, Subexpression, Variable
from brian2.synapses.synapses import SynapticPathway

__all__ = [
    "ArrayVariable",
    "Constant",
    "DynamicArrayVariable",
    "Subexpression",
    "SynapticPathway",
    "Variable",
    "exponents",
]


def exponents(dimension) -> list[float]:
    """The seven exponents of a dimension: length, mass, time, current, temperature, substance, luminosity."""
    return [float(exponent) for exponent in dimension._dims]
