"""NETtalk: the articulation of a letter from the seven letters around it, as the SBP authors set the task.

189 inputs: the letter with three on either side of it, within its word, each one of 27 (a to z, blank). 26 targets, of
which several are 1: articulatory features and stress. The 1,000 commonest English words give 5,533 windows.

Splits (settings are chosen on "validation", never on "test"):

============  =====  ================================================================================================
split         rows   what
============  =====  ================================================================================================
train         5,033  all but the authors' test rows, in the order of the words, which are listed by frequency
fit           4,530  train without validation
validation      503  a tenth of train, drawn once with a fixed seed, as the authors drew the test rows at random
                     (the last tenth would be other, rarer words)
test            500  the authors' test rows; 85 of their windows occur in train as well (``repeated``)
============  =====  ================================================================================================

Sources: the corpus, Sejnowski & Rosenberg 1987, Complex Systems 1:145; the task, Zhang et al. 2021,
doi:10.1126/sciadv.abh0146 (their file nettalk_small.mat, which equals what is built here from the corpus).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.lookup import locate, places
from sbp_brian.datasets.nettalk_split import TEST_ROWS
from sbp_brian.datasets.reading import naming, read_file, read_text
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest, used
from sbp_brian.wording import names_parameters, takes_booleans, unknown

__all__ = ["FEATURES", "NETtalk", "load_nettalk", "nettalk_baselines", "nettalk_windows"]

SPLITS = ("train", "fit", "validation", "test")
VALIDATION_SEED = 20211020  # the day the SBP paper appeared; any fixed number would do
ALPHABET = "abcdefghijklmnopqrstuvwxyz "
REACH = 3  # letters on either side
#: Of the corpus' files, and of the authors', which is compressed (bytes); the largest have 0.6 and 0.13 MB.
_MOST_BYTES, _MOST_MATLAB = 1 << 22, 1 << 18

#: What each of the 26 targets stands for.
FEATURES = (
    "Front1 (labial)",
    "Front2 (dental)",
    "Central1 (alveolar)",
    "Central2 (palatal)",
    "Back1 (velar)",
    "Back2 (glottal)",
    "Stop",
    "Nasal",
    "Fricative",
    "Affricative",
    "Glide",
    "Liquid",
    "Voiced",
    "Tensed",
    "High",
    "Medium",
    "Low",
    "Silent",
    "Elide",
    "Pause",
    "FullStop",
    "<",
    ">",
    "0",
    "1",
    "2",
)

_ARTICULATION = {
    symbol: tuple(map(int, bits.split(",")))
    for symbol, bits in (
        pair.split()
        for pair in """
a 3,13,16|b 0,6,12|c 4,15|d 2,6,12|e 1,13,15|f 0,8|g 4,6,12|h 5,10|i 0,13,14|k 4,6|l 1,11,12|m 0,7,12|n 2,7,12|
o 5,13,15|p 0,6|r 3,11,12|s 2,8|t 2,6|u 5,13,14|v 0,8,12|w 0,10,12|x 3,15|y 3,10,12|z 2,8,12|A 1,2,13,15|C 3,9|
D 1,8,12|E 0,1,15|G 4,7,12|I 0,14|J 4,7,12|L 2,11,12|N 3,7,12|O 2,3,13,15|R 4,11,12|S 3,8|T 1,8|U 4,14|
W 3,4,13,14,15|X 1,2,9|Y 0,1,2,13,14|Z 3,8,12|@ 1,16|# 3,4,9,12|* 0,2,10,12,16|^ 2,16|- 17,18|! 0,1,9|K 3,4,8,9|
M 1,7,12|Q 0,4,6,9,12
""".replace("\n", "").split("|")
    )
}
_STRESSES = FEATURES[-5:]
#: Words with two pronunciations of which the task has only the one counted here.
_FIRST_ONLY = "to that was as his there when will can where just house project rose produce permit"
_ONE_OF_TWO = dict.fromkeys(_FIRST_ONLY.split(), 0) | {"at": 1}


@dataclass(frozen=True)
class NETtalk:
    """Windows of letters with their targets.

    Attributes
    ----------
    inputs : ndarray, uint8, shape (n, 189)
        0 or 1; seven ones a row, slot by slot.
    targets : ndarray, uint8, shape (n, 26)
        0 or 1, see `FEATURES`; three to six ones a row.
    rows : ndarray, int, shape (n,)
        Which of the 5,533 windows.
    repeated : ndarray, bool, shape (n,)
        Test windows that occur among the training windows too; False elsewhere.
    split, which : str
        ``which`` is ``"corpus"`` or ``"authors' file"``.
    where : Path
    """

    inputs: np.ndarray
    targets: np.ndarray
    rows: np.ndarray
    repeated: np.ndarray
    split: str
    which: str
    where: Path

    def __len__(self) -> int:
        return len(self.inputs)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """``(inputs, targets)``."""
        return self.inputs, self.targets

    @property
    def provenance(self) -> str:
        """What was read, in words and without a path."""
        return f"NETtalk ({self.which}), {self.split} split: {len(self):,} windows"


@names_parameters
@takes_booleans
def load_nettalk(split: str = "train", *, source: str = "auto", verify: bool = True) -> NETtalk:
    """The 189 -> 26 task of Zhang et al. 2021, doi:10.1126/sciadv.abh0146.

    Parameters
    ----------
    split : str
        ``"train"``, ``"fit"``, ``"validation"`` or ``"test"``, see this module's table.
    source : str
        ``"corpus"``: rebuilt from nettalk.data and nettalk.list.  ``"authors"``: nettalk_small.mat.  ``"auto"``: the
        first of these that is found; both give the same arrays.
    verify : bool
        Check md5 sums.

    Returns
    -------
    NETtalk

    Raises
    ------
    DatasetError
        Unknown split or source; files that are missing or damaged.
    """
    if split not in SPLITS:
        raise DatasetError(unknown("split", split, SPLITS))
    names = {"auto": ("nettalk", "nettalk-small"), "corpus": ("nettalk",), "authors": ("nettalk-small",)}
    if source not in names:
        raise DatasetError(unknown("source", source, names))
    for entry in map(catalogue.entry, names[source]):
        if (folder := locate(entry)) is not None:
            break
    else:
        searched = ", ".join(str(place / entry.folder) for place in places())
        raise DatasetError(f"{entry.title} was not found in {searched}; get it by {entry.remedy}, or set SBP_DATA")
    paths = {role: folder / file.name for role, file in entry.files.items()}
    again = f"remove it and get it again ({entry.remedy})"
    for role, file in entry.files.items():
        content = read_file(paths[role], _MOST_BYTES, again)
        if verify and hashlib.md5(content, usedforsecurity=False).hexdigest() != file.md5:
            raise DatasetError(f"{paths[role]} does not have the checksum of the published file; {again}")
    if entry.name == "nettalk":
        inputs, targets = _corpus(paths["dictionary"], paths["commonest"], again)
    else:
        inputs, targets = _matlab(paths["arrays"], again)
    if len(inputs) <= max(TEST_ROWS):
        names = ", ".join(path.name for path in paths.values())
        raise DatasetError(f"{names} of {folder}: {len(inputs):,} windows, fewer than the task has; get them again")
    which = "corpus" if entry.name == "nettalk" else "authors' file"
    used("nettalk" if source == "auto" else f"nettalk ({source})", f"NETtalk ({which})", digest(inputs, targets))
    rows = _rows(split, len(inputs))
    known = {row.tobytes() for row in inputs[_rows("train", len(inputs))]} if split == "test" else set()
    return NETtalk(
        inputs[rows],
        targets[rows],
        rows,
        np.array([row.tobytes() in known for row in inputs[rows]]),
        split,
        which,
        folder,
    )


def nettalk_windows(dictionary: str, commonest: str) -> tuple[np.ndarray, np.ndarray]:
    """Build the windows from the text of the corpus.

    Parameters
    ----------
    dictionary : str
        nettalk.data: a word, its phonemes and its stresses a line, with tabs between.
    commonest : str
        nettalk.list: the words between the parenthesis that opens a line and the next one, in that order.

    Returns
    -------
    inputs : ndarray, uint8, shape (windows, 189)
    targets : ndarray, uint8, shape (windows, 26)

    Raises
    ------
    DatasetError
        A list without words; a word that the dictionary does not have, or with letters, phonemes or stresses that are
        not known or not as many as one another.
    """
    spoken: dict[str, list[tuple[str, str]]] = {}
    for line in dictionary.splitlines():
        fields = line.split("\t")
        if len(fields) >= 3 and fields[0]:
            spoken.setdefault(fields[0], []).append((fields[1], fields[2]))
    inputs, targets = [], []
    for word in commonest.partition("\n(")[2].partition(")")[0].lower().split():
        if word not in spoken:
            raise DatasetError(f"nettalk.list has the word {word!r}, which nettalk.data lacks; get both anew")
        entries = spoken[word]
        if word in _ONE_OF_TWO:
            if len(entries) <= (which := _ONE_OF_TWO[word]):
                raise DatasetError(f"nettalk.data lacks the second entry of {word!r}; get it anew")
            entries = [entries[which]]
        for phonemes, stresses in entries:
            _check_word(word, phonemes, stresses)
            padded = [ALPHABET.index(c) for c in " " * REACH + word + " " * REACH]
            for place, (phoneme, stress) in enumerate(zip(phonemes, stresses, strict=True)):
                row = np.zeros((2 * REACH + 1, len(ALPHABET)), np.uint8)
                row[np.arange(2 * REACH + 1), padded[place : place + 2 * REACH + 1]] = 1
                target = np.zeros(len(FEATURES), np.uint8)
                target[[*_ARTICULATION[phoneme], FEATURES.index(stress)]] = 1
                inputs.append(row.ravel())
                targets.append(target)
    if not inputs:
        raise DatasetError(
            "nettalk.list has no words between a parenthesis that opens a line and the next; get it anew"
        )
    return np.array(inputs), np.array(targets)


def _check_word(word: str, phonemes: str, stresses: str) -> None:
    """Refuse a line of the dictionary with signs that are not known, or not one of each a letter."""
    for what, signs, known in (
        ("letter", word, ALPHABET.strip()),
        ("phoneme", phonemes, _ARTICULATION),
        ("stress", stresses, _STRESSES),
    ):
        strange = [sign for sign in signs if sign not in known]
        if strange or len(signs) != len(word):
            why = f"the unknown {what} {strange[0]!r}" if strange else f"{len(signs)} signs of {what}, not {len(word)}"
            raise DatasetError(f"nettalk.data has the word {word!r} with {why}; get it anew")


def nettalk_baselines(train: NETtalk, test: NETtalk) -> dict[str, np.ndarray]:
    """What needs no network: outputs on the test windows, by name of the predictor.

    Returns
    -------
    dict of str to ndarray of float, shape (len(test), 26)
        ``mean target``; ``mean target of the centre letter``; ``nearest neighbour`` (most equal letters, the first of
        equals); ``least squares`` and ``least squares, rectified`` (with a constant).
    """
    x, y, x_test = train.inputs.astype(float), train.targets.astype(float), test.inputs.astype(float)
    centre = slice(REACH * len(ALPHABET), (REACH + 1) * len(ALPHABET))
    letter, letter_test = x[:, centre].argmax(1), x_test[:, centre].argmax(1)
    by_letter = np.array([y[letter == k].mean(0) if (letter == k).any() else y.mean(0) for k in range(len(ALPHABET))])
    one, one_test = np.ones((len(x), 1)), np.ones((len(x_test), 1))
    linear = np.hstack([x_test, one_test]) @ np.linalg.lstsq(np.hstack([x, one]), y, rcond=None)[0]
    return {
        "mean target": np.tile(y.mean(0), (len(x_test), 1)),
        "mean target of the centre letter": by_letter[letter_test],
        "nearest neighbour": y[(x_test @ x.T).argmax(1)],
        "least squares": linear,
        "least squares, rectified": np.maximum(linear, 0),
    }


def _rows(split: str, n: int) -> np.ndarray:
    test = np.array(TEST_ROWS)
    if split == "test":
        return test
    train = np.setdiff1d(np.arange(n), test)
    if split == "train":
        return train
    drawn = np.random.Generator(np.random.PCG64(VALIDATION_SEED)).permutation(train)[: len(train) // 10]
    return np.sort(drawn) if split == "validation" else np.setdiff1d(train, drawn)


def _corpus(dictionary: Path, commonest: Path, again: str) -> tuple[np.ndarray, np.ndarray]:
    texts = read_text(dictionary, _MOST_BYTES, again, "latin-1"), read_text(commonest, _MOST_BYTES, again)
    try:
        return nettalk_windows(*texts)
    except DatasetError as error:
        raise DatasetError(f"{dictionary} with {commonest.name}: {error}") from None


def _matlab(path: Path, again: str) -> tuple[np.ndarray, np.ndarray]:
    from io import BytesIO

    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    content = read_file(path, _MOST_MATLAB, again)  # so that what it unpacks to is bounded as well
    names = ("word_x", "word_phoneme")
    with naming(f"{path} cannot be read", again) as wrong:
        try:
            arrays = loadmat(BytesIO(content), variable_names=names)
        except MatReadError as error:
            raise wrong(str(error)) from None
        inputs, targets = (np.asarray(arrays[name]) for name in names)
        for values, width in ((inputs, (2 * REACH + 1) * len(ALPHABET)), (targets, len(FEATURES))):
            if values.shape != (len(inputs), width) or values.dtype != np.uint8 or values.max(initial=0) > 1:
                raise wrong(f"{values.dtype} of shape {values.shape}, not zeros and ones of {width} columns")
    return inputs, targets
