"""The objects of a network."""

from __future__ import annotations

from brian2 import Network
from brian2.core.network import _get_all_objects

__all__ = ["all_objects", "claim"]


def all_objects(net: Network) -> list:
    """All objects of a network, those that others contain included, in the order of their names."""
    return sorted(_get_all_objects(net.objects), key=lambda obj: obj.name)


def claim(objects, net: Network) -> None:
    """Let objects know that they belong to `net`, as its run does; else Brian2 takes them for forgotten."""
    for obj in objects:
        if obj._network is None:
            obj._network = net.id
