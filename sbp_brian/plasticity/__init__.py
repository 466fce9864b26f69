"""Local plasticity: each function returns a `SynapseRule` or, for homeostasis of cells, a `NeuronModel`.

Conventions shared by all rules of this package
------------------------------------------------
- Times of spikes are times of arrival: a delay is axonal, it holds back the presynaptic event and nothing else. (NEST
  counts its delay as dendritic, which shifts the window of a rule by the delay.)
- In one time step Brian2 runs ``on_pre`` code before ``on_post`` code. A coincidence therefore counts as "pre before
  post" at interval zero: it potentiates at full amplitude and does not depress.
- A code reads a trace as the events before it left it; which traces include the spike itself is in each contract table.
- All per-synapse variables are advanced exactly between events (event-driven): a silent synapse costs nothing.
- ``transmit`` is code for the presynaptic spike (``"g_post += w"``; ``""`` for none), run before any change: the spike
  is transmitted with the weight it met.
"""

from sbp_brian.plasticity.homeostasis import homeostatic_v, synaptic_scaling, threshold_homeostasis
from sbp_brian.plasticity.pair import pair_stdp
from sbp_brian.plasticity.short_term import DEPRESSING, FACILITATING, short_term_plasticity
from sbp_brian.plasticity.teacher import teacher_stdp
from sbp_brian.plasticity.triplet import TRIPLET_SETS, triplet_stdp

__all__ = [
    "DEPRESSING",
    "FACILITATING",
    "TRIPLET_SETS",
    "homeostatic_v",
    "pair_stdp",
    "short_term_plasticity",
    "synaptic_scaling",
    "teacher_stdp",
    "threshold_homeostasis",
    "triplet_stdp",
]
