"""Small circuits of cells, for the biological experiments."""

from sbp_brian.models.circuits.culture import SPREAD, Circuit, Timeline, build, culture_sbp, culture_stdp

__all__ = ["SPREAD", "Circuit", "Timeline", "build", "culture_sbp", "culture_stdp"]
