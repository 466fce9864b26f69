"""Results and records for other programs: Neo, NWB, xarray and netCDF, pandas, npz; and weights back into a network.

The packages that a format needs are imported when it is asked for; one that is missing is named, with what installs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sbp_brian._lazy import lazy

if TYPE_CHECKING:
    from sbp_brian.export.frames import to_pandas
    from sbp_brian.export.labelled import to_xarray
    from sbp_brian.export.neo_blocks import to_neo
    from sbp_brian.export.nwb import to_nwb
    from sbp_brian.export.plain import to_npz
    from sbp_brian.export.weights import load_weights

__all__ = ["load_weights", "to_neo", "to_npz", "to_nwb", "to_pandas", "to_xarray"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "sbp_brian.export.frames": ("to_pandas",),
            "sbp_brian.export.labelled": ("to_xarray",),
            "sbp_brian.export.neo_blocks": ("to_neo",),
            "sbp_brian.export.nwb": ("to_nwb",),
            "sbp_brian.export.plain": ("to_npz",),
            "sbp_brian.export.weights": ("load_weights",),
        },
    )
