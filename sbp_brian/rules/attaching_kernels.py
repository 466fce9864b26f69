"""From a rule and two groups of feature maps to shared kernels, with all that depends on the cells checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sbp_brian.brian import language
from sbp_brian.brian.convolution import Convolution
from sbp_brian.brian.kernels import Kernels
from sbp_brian.errors import KernelError
from sbp_brian.rules import checks
from sbp_brian.rules.attaching import attach
from sbp_brian.wording import unknown

#: What a caller may give to the kernels themselves.
TAKEN = ("events", "dtype", "clock", "in_order")


def attach_kernels(
    rule: Any, source, target, convolution: Convolution, delay, name: str | None, kwds: Mapping[str, Any]
) -> Kernels:
    """Check the rule against both groups, then make the kernels; see `SynapseRule.kernels`."""
    said = name or rule.name or "kernels"
    if not isinstance(convolution, Convolution):
        raise KernelError(
            f"{said}: give a Convolution(Maps(maps, rows, columns), maps, kernel), got {type(convolution).__name__}"
        )
    if delay is not None:
        raise KernelError(
            f"{said}: shared kernels act at the event itself and take no delay; leave it out, or delay the event in "
            "the cell"
        )
    for given in kwds:
        if given not in TAKEN:
            raise KernelError(f"{said}: {unknown('option', given, TAKEN)}")
    for need in rule.requires:
        carried = need.shared(said, rule)
        if carried is None:
            raise KernelError(
                f"{said}: the rule needs {type(need).__name__}, which looks at each synapse, and shared kernels have "
                "none; use synapses() with weights of their own"
            )
        rule = carried
    _check_rule(rule, said)

    def made(source, target, model, *, delay, **given) -> Kernels:
        return Kernels(source, target, model, convolution, **given)

    kernels = attach(rule, made, source, target, None, name, kwds)
    for variable, value in rule.initial.items():
        setattr(kernels, variable, value)
    return kernels


def _check_rule(rule: Any, said: str) -> None:
    for entry, regular in rule.regularly.items():
        for used in sorted(checks.assigned_names(regular.code) | language.names_in(regular.code)):
            if checks.belongs_to_cell(used):
                raise KernelError(
                    f"{said}: regularly {entry!r} names {used!r}, and code on a slow clock runs for the weights, which "
                    "have no one cell; let the cell do its part by itself"
                )
    for variable, value in rule.initial.items():
        if hasattr(value, "values") or hasattr(value, "assign_within"):
            raise KernelError(
                f"{said}: the first value of {variable!r} is drawn for each synapse, of which shared kernels have "
                "none; give a number or a text"
            )
