"""Parameters of an experiment: a default, a unit, a range, and how a user's text becomes a value.

Text is never evaluated: a value is a number and, where the parameter has a unit, the name of a unit of that dimension
(``20``, ``20ms``, ``20 ms``, ``0.02 s``, ``1 um/s``).  Brian2 is imported only where a unit has to be understood.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sbp_brian.errors import ParameterError, SettingError
from sbp_brian.wording import names_parameters, unknown

__all__ = ["Above", "Below", "Parameter", "Parameters", "parse_unit", "resolve", "to_number"]

_NUMBER = re.compile(r"([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?)\b)\s*(.*)", re.I)
_FACTOR = re.compile(r"([A-Za-z]+)(?:(?:\*\*|\^)([+-]?\d+))?")
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_ALIASES = {
    "s": (1.0, "second"),
    "sec": (1.0, "second"),
    "min": (60.0, "second"),
    "minute": (60.0, "second"),
    "h": (3600.0, "second"),
    "hour": (3600.0, "second"),
    "m": (1.0, "metre"),
    "µm": (1.0, "um"),
}


def parse_unit(text: str):
    """The Brian2 quantity that a unit's text stands for, e.g. ``"ms"``, ``"um/s"``, ``"mV**2"``; nothing is evaluated.

    Raises
    ------
    ParameterError
        Where a part of the text is not the name of a Brian2 unit.
    """
    from brian2.units import allunits, fundamentalunits, stdunits

    def one(name: str):
        factor, name = _ALIASES.get(name, (1.0, name))
        unit = getattr(stdunits, name, None) if name in stdunits.__all__ else getattr(allunits, name, None)
        if not isinstance(unit, fundamentalunits.Unit):
            raise ParameterError(f"{name!r} is not a unit; use names such as ms, second, mV, nS, Hz, um")
        return factor * unit

    total, sign = 1.0, 1
    for part in re.split(r"((?<!\*)\*(?!\*)|/)", text.replace("µ", "u").replace(" ", "")):
        if part in "*/" and part:
            sign = 1 if part == "*" else -1
            continue
        match = _FACTOR.fullmatch(part)
        if part != "1" and match is None:
            raise ParameterError(f"{text!r} is not a unit; write it as ms, um/s or mV**2")
        if match is not None:
            total = total * one(match[1]) ** (sign * int(match[2] or 1))
    return total


def to_number(value: Any, unit: str, what: str = "value") -> Any:
    """A number or array in ``unit``: a Quantity is divided by it, a plain number is taken as being in it already.

    Raises
    ------
    ParameterError
        Where a Quantity's dimension is not that of ``unit``.
    """
    if not hasattr(value, "dim"):
        return value
    from brian2 import have_same_dimensions

    scale = parse_unit(unit) if unit else 1.0
    if not have_same_dimensions(value, scale):
        raise ParameterError(
            f"{what} is {value!r}, which is not measured in {unit or 'plain numbers'}; "
            f"give a quantity of that dimension{'' if unit else ' or name its unit'}"
        )
    import numpy as np

    plain = np.asarray(value / scale)
    return float(plain) if plain.ndim == 0 else plain


@dataclass(frozen=True)
class Above:
    """A condition of `Parameter.needs`: the other value is larger than this."""

    limit: float

    def __contains__(self, value: Any) -> bool:
        return value is not None and value > self.limit

    def __str__(self) -> str:
        return f"above {self.limit:g}"


@dataclass(frozen=True)
class Below:
    """A condition of `Parameter.needs`: the other value is smaller than this."""

    limit: float

    def __contains__(self, value: Any) -> bool:
        return value is not None and value < self.limit

    def __str__(self) -> str:
        return f"below {self.limit:g}"


@names_parameters
@dataclass(frozen=True)
class Parameter:
    """What a protocol lets its user change.

    Attributes
    ----------
    default : bool, int, float, str, tuple of these, or None
        Its type is the parameter's type.  Where ``unit`` is given: a plain number in that unit, or a Brian2 Quantity.
        None: what the model or the task takes of its own, or none; the type is then `kind`'s.  A user writes ``none``.
    unit : str
        E.g. ``"ms"`` or ``"um/s"``; the protocol then receives a Quantity.
    help : str
        One line for the user.
    choices : tuple, optional
        The only values allowed.
    minimum, maximum : float, optional
        Range, ends included, in ``unit``.
    kind : type, optional
        bool, int, float or str, of the value or of each item of a tuple; needed where neither the default nor the
        choices tell it.
    needs : mapping of str to values, or a sequence of such mappings
        Where it has an effect: other parameter -> the values (a sequence, `Above` or `Below`) that it must have, all of
        a mapping, or of one of several.  Parameters that are not declared are taken as having them.
    one_program : bool
        Networks that differ in it can be one compiled program, which a sweep over it then takes for all of them.

    Raises
    ------
    TypeError, ParameterError
        A default of a type that cannot be, of no known type, or out of range.
    """

    default: Any
    unit: str = ""
    help: str = ""
    choices: tuple | None = None
    minimum: float | None = None
    maximum: float | None = None
    kind: type | None = None
    needs: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()
    one_program: bool = False

    def __post_init__(self):
        if self.unit:
            parse_unit(self.unit)
        default = to_number(self.default, self.unit, "default")
        object.__setattr__(self, "default", tuple(default) if isinstance(default, list) else default)
        if self.choices is not None:
            object.__setattr__(self, "choices", tuple(self.choices))
        object.__setattr__(self, "kind", self._kind())
        self.check("default", self.default)

    def _kind(self) -> type:
        first = self.default[0] if isinstance(self.default, tuple) and self.default else self.default
        if first is None and self.choices:
            first = self.choices[0]
        if first is not None and not isinstance(first, (bool, int, float, str)):
            raise SettingError(f"a parameter's default must be a bool, number, text or tuple of them, not {first!r}")
        kind = type(first) if self.kind is None and first is not None else self.kind
        if kind not in (bool, int, float, str):
            raise SettingError("a parameter without a default needs its kind: bool, int, float or str")
        if self.unit and kind in (bool, str):
            raise SettingError(f"a parameter with a unit needs a number as default, not {self.default!r}")
        return float if kind is int and self.unit else kind

    def lacking(self, values: Mapping[str, Any]) -> str:
        """Why it has no effect beside these plain values, e.g. ``with input=graded; it needs input=poisson``; or ""."""
        ways = [self.needs] if isinstance(self.needs, Mapping) else self.needs
        lacking = []
        for way in ways:
            unmet = {name: known for name, known in way.items() if name in values and values[name] not in known}
            if not unmet:
                return ""
            lacking.append(unmet)
        if not lacking:
            return ""
        given = ", ".join(f"{name}={_told(values[name])}" for name in dict.fromkeys(n for way in lacking for n in way))
        wanted = "; or ".join(" and ".join(_wanted(name, known) for name, known in way.items()) for way in lacking)
        return f"with {given}; it needs {wanted}"

    def check(self, name: str, value: Any) -> Any:
        """``value`` as a plain value of the right type in ``unit``; refused in one line otherwise."""
        if self.default is None and (value is None or (isinstance(value, str) and value.strip().lower() == "none")):
            return None
        if isinstance(value, str) and self.kind is not str:
            return self.parse(name, value)
        value = to_number(value, self.unit, name)
        if isinstance(self.default, tuple):
            items = value if isinstance(value, (tuple, list)) or hasattr(value, "tolist") else (value,)
            if len(items) == 0:
                raise ParameterError(f"{name} is empty; give at least one value, e.g. {self.show(self.default)}")
            return tuple(self._check_one(name, item) for item in items)
        return self._check_one(name, value)

    def parse(self, name: str, text: str) -> Any:
        """The value of a user's text (the part after ``name=``)."""
        if isinstance(self.default, tuple):
            return tuple(self._check_one(name, self._parse_one(name, item)) for item in text.split(","))
        return self._check_one(name, self._parse_one(name, text))

    def quantity(self, value: Any) -> Any:
        """What the protocol receives: ``value`` times its unit where it has one."""
        if not self.unit or value is None:
            return value
        import numpy as np

        return (np.array(value, dtype=float) if isinstance(value, tuple) else value) * parse_unit(self.unit)

    def show(self, value: Any) -> str:
        """The value as a user would type it, e.g. ``20 ms``, ``1,2,5`` or ``none``."""
        if value is None:
            return "none"
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        return f"{text} {self.unit}" if self.unit else text

    def _parse_one(self, name: str, text: str) -> Any:
        text = text.strip()
        if self.kind is str:
            return text
        if self.kind is bool:
            if text.lower() not in _WORDS:
                raise ParameterError(f"{name}={text!r} is neither true nor false; write {name}=true or {name}=false")
            return _WORDS[text.lower()]
        match = _NUMBER.fullmatch(text)
        if match is None:
            example = self.default[0] if isinstance(self.default, tuple) else self.default
            raise ParameterError(f"{name}={text!r} is not a number; write e.g. {name}={example!s}{self.unit}")
        number, unit = match.groups()
        value = float(number.replace("_", ""))
        if unit and not self.unit:
            raise ParameterError(f"{name}={text!r}: {name} has no unit; give a plain number")
        if unit and unit != self.unit:
            value = float(f"{float(value * self._factor(name, text, unit)):.12g}")  # 0.0201 s is 20.1 ms
        return value

    def _factor(self, name: str, text: str, unit: str) -> float:
        from brian2 import have_same_dimensions

        try:
            given = parse_unit(unit)
        except ParameterError as error:
            raise ParameterError(f"{name}={text!r}: {error}") from None
        own = parse_unit(self.unit)
        if not have_same_dimensions(given, own):
            raise ParameterError(f"{name}={text!r} has the wrong unit; {name} is measured in {self.unit}")
        return given / own

    def _check_one(self, name: str, value: Any) -> Any:
        kind = self.kind
        if hasattr(value, "item"):
            value = value.item()
        if kind is str or kind is bool:
            if not isinstance(value, kind):
                raise ParameterError(f"{name} must be {'a text' if kind is str else 'true or false'}, not {value!r}")
        else:
            if isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
                raise ParameterError(f"{name} must be a number, not {value!r}")
            if not math.isfinite(value):
                raise ParameterError(f"{name} is {value}, which is not finite; give a finite number")
            if kind is int:
                if value != int(value):
                    raise ParameterError(f"{name} must be a whole number, not {value}")
                value = int(value)
            else:
                value = float(value)
            self._check_range(name, value)
        if self.choices is not None and value not in self.choices:
            if kind is str:
                raise ParameterError(unknown(f"value of {name}", value, self.choices))
            raise ParameterError(f"{name} must be one of {', '.join(map(str, self.choices))}, not {value}")
        return value

    def _check_range(self, name: str, value: float) -> None:
        low, high, unit = self.minimum, self.maximum, f" {self.unit}" if self.unit else ""
        if (low is None or value >= low) and (high is None or value <= high):
            return
        if low is not None and high is not None:
            allowed = f"between {low} and {high}{unit}"
        else:
            allowed = f"at least {low}{unit}" if low is not None else f"at most {high}{unit}"
        raise ParameterError(f"{name} = {value}{unit} is out of range; it must be {allowed}")


class Parameters(Mapping):
    """The checked parameters of one run: ``p.lambda_p`` or ``p["lambda_p"]``; Quantities where a unit was declared.

    Attributes
    ----------
    given : frozenset of str
        What the user gave.
    idle : frozenset of str
        What has no effect beside the other values; a record leaves it out.
    """

    def __init__(self, declared: Mapping[str, Parameter], plain: Mapping[str, Any], given: Iterable[str] = ()):
        self._declared, self._plain, self.given = dict(declared), dict(plain), frozenset(given)
        self.idle = frozenset(name for name, parameter in self._declared.items() if parameter.lacking(self._plain))

    def __getitem__(self, name: str) -> Any:
        if name not in self._declared:
            raise KeyError(unknown("parameter", name, self._declared))
        return self._declared[name].quantity(self._plain[name])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def __repr__(self) -> str:
        return f"Parameters({', '.join(f'{n}={self._declared[n].show(v)}' for n, v in self._plain.items())})"

    def described(self) -> dict[str, dict[str, Any]]:
        """``{name: {"value": plain number, "unit": text}}``, as a record keeps it: the values in force."""
        return {
            name: {"value": list(v) if isinstance(v, tuple) else v, "unit": self._declared[name].unit}
            for name, v in self._plain.items()
            if name not in self.idle
        }


def resolve(
    declared: Mapping[str, Parameter],
    size: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    *,
    own: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
    of: str = "",
    strict: bool = True,
) -> Parameters:
    """Defaults, over them what the size of the run changes, over that what the user gave; all in one line refused.

    Parameters
    ----------
    declared : mapping of name to Parameter
    size, given : mapping of name to value
        Values are plain, Quantities, or a user's text.
    own : callable, optional
        ``own(values)`` gives what is in force of values that are None, as plain numbers.
    of : str
        Whose parameters they are, for refusals, e.g. ``"model=stdbp"``.
    strict : bool
        Refuse what was given and has no effect.

    Raises
    ------
    ParameterError
        An unknown name, a bad value, or a name that was given and has no effect beside the others.
    """

    plain = {name: parameter.default for name, parameter in declared.items()}
    for layer in (size or {}, given or {}):
        for name, value in layer.items():
            if name not in declared:
                raise ParameterError(unknown("parameter", name, declared))
            plain[name] = declared[name].check(name, value)
    found = own(plain) if own else {}
    plain = {name: found.get(name) if value is None else value for name, value in plain.items()}
    for name in given or {} if strict else ():
        if reason := declared[name].lacking(plain):
            raise ParameterError(f"{of + ': ' if of else ''}{name} has no effect {reason}")
    return Parameters(declared, plain, given or {})


def _told(value: Any) -> str:
    return {True: "yes", False: "no", None: "none"}[value] if value is None or isinstance(value, bool) else str(value)


def _wanted(name: str, known: Any) -> str:
    if isinstance(known, (Above, Below)):
        return f"{name} {known}"
    *most, last = map(_told, known)
    return f"{name}={', '.join(most) + ' or ' if most else ''}{last}"
