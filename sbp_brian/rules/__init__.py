"""What a synapse is and what happens to it at each event, as Brian2 strings."""

from sbp_brian.rules.requirements import CellVariables, Requirement
from sbp_brian.rules.rule import Regular, SynapseRule, assigned_names

__all__ = ["CellVariables", "Regular", "Requirement", "SynapseRule", "assigned_names"]
