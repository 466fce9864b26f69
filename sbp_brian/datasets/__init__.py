"""Real data for benchmarks: found where it lies, checked, loaded.  Nothing is downloaded unless `fetch` is called.

>>> images, labels = load_mnist("test").arrays()          # doctest: +SKIP
"""

from sbp_brian.datasets.checks import Dataset, check_images
from sbp_brian.datasets.fetching import fetch
from sbp_brian.datasets.lookup import available
from sbp_brian.datasets.mnist import SPLITS, load_fashion_mnist, load_mnist
from sbp_brian.datasets.nettalk import NETtalk, load_nettalk, nettalk_baselines
from sbp_brian.errors import DatasetError

__all__ = [
    "DatasetError",
    "SPLITS",
    "Dataset",
    "NETtalk",
    "available",
    "check_images",
    "fetch",
    "load_fashion_mnist",
    "load_mnist",
    "load_nettalk",
    "nettalk_baselines",
]
