"""Networks of other people with SBP: one file a network, written anew, each with the paper that it comes from.

``python -m examples NAME [FILE]`` runs one with and without SBP, and draws both. `network` of each file gives a Brian2
network: without an argument it is made by Brian2 alone; with a `RetrogradeSBP` at most three lines of it differ.
"""

from __future__ import annotations

from importlib import import_module

__all__ = ["GALLERY", "load"]

#: Every network: name of its file -> what it shows.
GALLERY = {
    "cuba_2005": "current-based cells, subgroups, a signal that comes late",
    "vogels_2011": "conductances, inhibitory plasticity",
    "brette_2007": "Hodgkin-Huxley cells, half of the synapses take part",
    "diehl_2015": "Poisson inputs, thresholds that adapt, a fixed delay",
    "clopath_2010": "the voltage rule",
    "graupner_2012": "plasticity by calcium, transport along an axon",
    "pfister_2006": "the triplet rule, expression that saturates",
    "brunel_2001": "NMDA receptors as a sum over synapses",
    "lewis_2003": "gap junctions beside chemical synapses",
    "pinsky_1994": "soma and dendrite of one cell, with their channels",
    "payeur_2021": "bursts as events of their own, dendritic plateaus",
    "izhikevich_2006": "a delay for each synapse, Izhikevich's cells",
    "bohte_2002": "several synapses a pair",
    "mongillo_2008": "short-term plasticity, selective groups",
    "zenke_2013": "several clocks, a linked variable",
    "litwin_2014": "store and restore",
    "seung_2003": "random release, a weight of another name",
    "izhikevich_2007": "a third factor: other synapses change the weights",
}


def load(name: str):
    """The module of a network."""
    return import_module(f"examples.{name}")
