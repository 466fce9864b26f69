"""What is wrong for a parameter of each sort, as pairs of a text and a function that makes the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["VALUES", "misspelled", "value"]

#: Sort of parameter -> expressions whose values it cannot have; evaluated with the names of `_names`.
VALUES: dict[str, tuple[str, ...]] = {
    "share above 0": (
        "0",
        "-0.1",
        "1.5",
        "nan",
        "inf",
        "-inf",
        "'half'",
        "[0.5, 0.5]",
        "0.5*mV",
        "0.5j",
        "True",
        "object()",
        "{}",
    ),
    "share": ("-0.1", "1.5", "nan", "inf", "-inf", "'half'", "[0.5, 0.5]", "0.5*mV", "0.5j", "True", "object()", "{}"),
    "positive": ("0", "-1", "nan", "inf", "-inf", "'much'", "[1, 2]", "1*mV", "1j", "object()"),
    "positive, any unit": ("0", "-1", "nan", "inf", "-inf", "'much'", "[1, 2]", "1j", "object()"),
    "not negative": ("-1", "nan", "inf", "-inf", "'much'", "[1, 2]", "1*mV", "1j", "object()"),
    "time": ("0*ms", "-1*ms", "nan*ms", "inf*ms", "5", "'5 ms'", "5*mV", "[1, 2]*ms", "True", "object()", "{}"),
    "time or 0": ("-1*ms", "nan*ms", "inf*ms", "5", "'5 ms'", "5*mV", "[1, 2]*ms", "object()"),
    "rate": ("0*Hz", "-1*Hz", "nan*Hz", "inf*Hz", "5", "'5 Hz'", "5*ms", "[1, 2]*Hz", "object()"),
    "potential": ("5", "'5 mV'", "5*ms", "nan*mV", "inf*mV", "[1, 2]*mV", "1j*mV", "object()"),
    "length": ("0*um", "-1*um", "nan*um", "inf*um", "5", "'5 um'", "5*mV", "[1, 2]*um", "object()"),
    "speed": ("0*um/second", "-1*um/second", "nan*um/second", "5", "'fast'", "5*um", "[1, 2]*um/second", "object()"),
    "positive with a unit": ("0*{0}", "-1*{0}", "nan*{0}", "inf*{0}", "5", "'5'", "5*ms*{0}", "[1, 2]*{0}", "object()"),
    "weight": ("nan", "'3'", "[1, 2]", "1j", "1*ms", "object()"),
    "bound": ("nan", "inf", "'3'", "[1, 2]", "1j", "object()"),
    "amplitude": ("nan", "inf", "'3'", "[1, 2]", "1j", "1*ms", "object()"),
    "count": ("0", "-1", "1.5", "'3'", "nan", "inf", "[3, 3]", "3j", "3*ms", "object()", "None"),
    "seed": ("-1", "1.5", "'1'", "nan", "True", "[1]", "1*ms", "object()"),
    "choice": ("''", "'nonesuch'", "3", "['a']", "1.5", "object()", "b'bytes'"),
    "switch": ("'no'", "'yes'", "''", "2", "0.5", "[]", "nan", "object()"),
    "layers": ("()", "(5,)", "(16, 0, 3)", "(16, -8, 3)", "(16, 8.5, 3)", "'16, 8, 3'", "5", "(16, nan, 3)", "None"),
}


def value(text: str) -> Any:
    """The value of an expression of `VALUES`."""
    return eval(text, {"__builtins__": {"object": object}}, _names())  # the texts are this module's own


def misspelled(name: str) -> str:
    """A name with two letters exchanged, or one doubled where that makes no difference."""
    for k in range(len(name) // 2, len(name) - 1):
        if name[k] != name[k + 1]:
            return name[:k] + name[k + 1] + name[k] + name[k + 2 :]
    return name + name[-1]


def _names() -> dict[str, Any]:
    import brian2

    units = {unit: getattr(brian2, unit) for unit in ("ms", "mV", "Hz", "um", "second", "nS", "pF", "Mohm")}
    return {**units, "nan": float("nan"), "inf": float("inf"), "True": True, "None": None}


Maker = Callable[[], Any]
