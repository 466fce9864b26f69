"""True and False are taken as such alone: a text or a number in their place is refused, wherever one is a parameter."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

from sbp_brian.errors import SettingError
from sbp_brian.wording import takes_booleans

ROOMS = ("rules", "cells", "plasticity", "retrograde", "targets", "training", "datasets", "experiments", "models")
#: Made by the library for itself, or to be read.
OWN = {"Built", "Build", "Program", "Recipe", "Result", "Section", "resolve", "within", "number"}
OWN |= {"equations", "check_name", "check_code", "check_namespace"}


def signature(made):
    try:
        return inspect.signature(made).parameters
    except ValueError:  # one of C
        return {}


def callables():
    """``name, parameter, callable, place`` of each public parameter that is True or False."""
    for room in ROOMS:
        package = importlib.import_module(f"sbp_brian.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, made in vars(module).items():
                if name.startswith("_") or name in OWN or getattr(made, "__module__", "") != module.__name__:
                    continue
                members = {f"{name}.{k}": v for k, v in vars(made).items()} if inspect.isclass(made) else {}
                for label, one in {name: made, **members}.items():
                    if "._" in label or not (inspect.isclass(one) or inspect.isfunction(one)):
                        continue
                    for parameter in signature(one).values():
                        if parameter.annotation in ("bool", "bool | None", bool):
                            yield pytest.param(one, parameter, id=f"{label}-{parameter.name}")


CASES = list(callables())


def test_enough_are_found():
    assert len(CASES) > 20


@pytest.mark.parametrize(("made", "parameter"), CASES)
@pytest.mark.parametrize("value", ["no", 0, 1.0, np.zeros(1, bool)], ids=["text", "int", "float", "array"])
def test_another_value_is_refused_before_anything_else(made, parameter, value):
    # the others are not looked at: they are checked later
    others = {
        p.name: None
        for p in inspect.signature(made).parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD and p.name not in ("self", parameter.name)
    }
    own = () if inspect.isclass(made) or "self" not in inspect.signature(made).parameters else (None,)
    with pytest.raises(SettingError, match=f"^{parameter.name} must be True or False, got ") as refused:
        made(*own, **others, **{parameter.name: value})
    assert "\n" not in str(refused.value)


def test_numpys_and_none_where_it_is_meant():
    @takes_booleans
    def asked(first, wanted: bool = False, perhaps: bool | None = None):
        return first, wanted, perhaps

    assert asked(1, np.True_) == (1, np.True_, None)
    assert asked("no", True, None) == ("no", True, None)
    for bad in ((1, None), (1, "yes"), (1, True, 0)):
        with pytest.raises(SettingError):
            asked(*bad)
