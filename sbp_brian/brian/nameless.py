"""Cython code that does not know the names of objects: what differs in nothing else is compiled once.

Brian2 names arrays in generated code after the object that has them (``_array_neurongroup_1_v``), and keeps compiled
modules by their text. A second network, with other names or in a notebook cell that is run again, is then compiled
anew, for seconds a piece, although sizes and values come in when the code is called. Here an array is named after what
the piece of code calls it (``_array_of_v``). What Brian2 has compiled to be called once a run, a line of Python, is not
compiled at all.
"""

from __future__ import annotations

import re
from types import SimpleNamespace

from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.core.variables import ArrayVariable, DynamicArrayVariable

__all__ = ["NamelessCython"]

#: What Brian2 puts before and after the name of an array.
_BEFORE, _AFTER = ("", "_buf_", "_num"), ("", "_ptr", "_capsule")
#: What precedes the code of a template, and the lines that are Python as they stand: of pathways, before a run, and of
#: thresholds, after it.
_HEAD = "_owner = _namespace['_owner']"
_PYTHON = re.compile(r"(_owner\.initialise_queue\(\)|_array_of_\w+\[N\] = 0) *(#.*)?")


class NamelessCython(CythonCodeObject):
    """Brian2's, whose text and namespace name arrays after the variables of the code."""

    def variables_to_namespace(self):
        """Brian2's, with the other names, in the text too."""
        super().variables_to_namespace()
        names = self._other_names()
        self.namespace = {names.get(name, name): value for name, value in self.namespace.items()}
        self.nonconstant_values = [(names.get(name, name), value) for name, value in self.nonconstant_values]
        for block, text in self.code.items():
            setattr(self.code, block, re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text))

    def compile_block(self, block):
        """Brian2's; Python where that is enough."""
        line = getattr(self.code, block, "").rpartition(_HEAD)[2].strip()
        if not _PYTHON.fullmatch(line):
            return super().compile_block(block)
        code = compile(line, f"{self.template_name}, {block}", "exec")
        return SimpleNamespace(main=lambda namespace: exec(code, {}, namespace))

    def _other_names(self) -> dict[str, str]:
        """Identifier of Brian2 -> the one that stands for it; an array of several names has the first of them."""
        arrays: dict[str, str] = {}
        for name, variable in sorted(self.variables.items()):
            if isinstance(variable, ArrayVariable):
                arrays.setdefault(self.device.get_array_name(variable), f"_array_of_{name}")
            if isinstance(variable, DynamicArrayVariable):
                arrays.setdefault(self.device.get_array_name(variable, access_data=False), f"_dynamic_array_of_{name}")
        return {
            before + array + after: before + other + after
            for before in _BEFORE
            for after in _AFTER
            for array, other in arrays.items()
        }
