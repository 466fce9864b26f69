"""Bad commands: each protocol's parameters made wrong, and what else can be typed wrongly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.bad_values import misspelled
from sbp_brian import protocols
from sbp_brian.experiments.parameters import Parameter

__all__ = ["BadCommand", "commands"]

RUN = ("run", "bi-poo-1998", "--quick", "--target", "numpy")
SWEEP = ("sweep", "bi-poo-1998", "--quick", "--target", "numpy")
#: Files that a command finds in the folder where it is given.
FILES = {
    "file": "",
    "empty.py": "",
    "broken.py": "PROTOCOL = (",
    "failing.py": "raise RuntimeError('no\\nway')\n",
    "other.py": "PROTOCOL = 5\n",
    "bytes.py": "\udcff\udcfe",
    "record/record.json": "{",
    "listed/record.json": "[]",
    "later/record.json": json.dumps({"format": 99}),
    "lacking/record.json": json.dumps({"format": 2, "protocol": "mnist"}),
    "empty/record.json": "",
}
TYPED: tuple[tuple[str, ...], ...] = (
    ("rum",),
    ("--nonesuch",),
    ("run",),
    ("run", "bi-poo-1988"),
    ("run", ""),
    ("run", "nonesuch.py"),
    ("run", "empty.py"),
    ("run", "broken.py"),
    ("run", "failing.py"),
    ("run", "other.py"),
    ("run", "bytes.py"),
    ("run", "record"),
    ("run", "bi-poo-1998", "mnist"),
    (*RUN, "--full"),
    (*RUN, "--recipe", "mnist"),
    (*RUN, "--seed", "-1"),
    (*RUN, "--seed", "4294967296"),
    (*RUN, "--seed", "one"),
    (*RUN, "--seed", "1.5"),
    (*RUN, "--seed"),
    (*RUN[:3], "--target", "nunpy"),
    (*RUN[:3], "--target", ""),
    (*RUN, "--out", "file"),
    (*RUN, "--out", "file/below"),
    (*RUN, "--out", "/proc/nonesuch"),
    (*RUN, "--out", "/dev/null"),
    (*RUN, "-s"),
    (*RUN, "-s", "pairs"),
    (*RUN, "-s", "=5"),
    (*RUN, "-s", "pairs=5", "-s", "pairs=6"),
    (*RUN, "-s", "nonesuch=5"),
    (*RUN, "--workers", "2"),
    (*RUN, "--quik"),
    ("run", "--recipe", "nonesuch"),
    ("run", "--recipe"),
    ("run", "--recipe", "mnist-rules", "-s", "nonesuch=5"),
    ("run", "mnist", "-s", "model=nonesuch"),
    ("run", "mnist", "-s", "model=stdbp", "-s", "lambda_p=0.1"),
    ("run", "mnist", "-s", "model=decolle", "-s", "jitter=2"),
    ("run", "mnist", "-s", "model=sbp_published", "-s", "decay=0.3"),
    ("run", "mnist", "-s", "model=sbp_network", "-s", "share=0.5"),
    ("run", "mnist", "-s", "learning=nonesuch"),
    ("sweep",),
    ("sweep", "nonesuch"),
    (*SWEEP, "-s", "pairs=1:2:0"),
    (*SWEEP, "-s", "pairs=5:1:1"),
    (*SWEEP, "-s", "pairs=1:1000000:1"),
    (*SWEEP, "-s", "pairs=a:b:c"),
    (*SWEEP, "-s", "pairs=,"),
    (*SWEEP, "-s", "pairs="),
    (*SWEEP, "-s", "pairs=1:2"),
    (*SWEEP, "--seeds", "0"),
    (*SWEEP, "--seeds", "two"),
    (*SWEEP, "--seed", "4294967295", "--seeds", "2"),
    (*SWEEP, "--workers", "0"),
    (*SWEEP, "--workers", "-1"),
    (*SWEEP, "--max-runs", "0"),
    (*SWEEP, "--fresh", "--take-over"),
    (*SWEEP, "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"),
    (*SWEEP, "--out", "file"),
    ("build",),
    ("build", "nonesuch"),
    ("build", "bi-poo-1998", "--target", "numpy"),
    ("build", "bi-poo-1998", "--target", "cpp", "--arch", "sm_90"),
    ("build", "bi-poo-1998", "--target", "cpp", "--generate-only"),
    ("build", "bi-poo-1998", "--target", "cpp", "--generate-only", "--out", "record"),
    ("build", "bi-poo-1998", "--target", "cpp", "-s", "nonesuch=1"),
    ("build", "mnist", "--target", "cpp", "-s", "model=rbm"),
    ("report",),
    ("report", "nonesuch"),
    ("report", "file"),
    ("report", "record"),
    ("report", "listed"),
    ("report", "later"),
    ("report", "lacking"),
    ("report", "empty"),
    ("figures", "nonesuch"),
    ("figures", "record"),
    ("figures", "lacking"),
    ("verify",),
    ("verify", "nonesuch"),
    ("verify", "file"),
    ("verify", "record"),
    ("verify", "listed"),
    ("verify", "later"),
    ("verify", "lacking"),
    ("verify", "empty"),
    ("data", "fetch"),
    ("data", "fetch", "nonesuch"),
    ("data", "nonesuch"),
    ("list", "nonesuch"),
    ("list", "recipes", "more"),
    ("reproduce", "--quick", "--full"),
    ("reproduce", "--recipe", "nonesuch"),
    ("reproduce", "--seed", "-1"),
    ("benchmark", "--target", "nonesuch"),
    ("benchmark", "-s", "nonesuch=1"),
    ("doctor", "nonesuch"),
)


@dataclass(frozen=True)
class BadCommand:
    """A command line that cannot be right."""

    words: tuple[str, ...]
    files: dict = field(default_factory=lambda: FILES, compare=False, repr=False)

    @property
    def told(self) -> str:
        """As it is typed."""
        return " ".join(["sbp", *(word if word and " " not in word else repr(word) for word in self.words)])

    def lay_out(self, place: Path) -> None:
        """The files that it may name."""
        for name, content in self.files.items():
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode("utf-8", "surrogateescape"))


def commands() -> list[BadCommand]:
    """All bad commands, in a fixed order."""
    found = [BadCommand(words) for words in TYPED]
    for name in protocols.names():
        protocol = protocols.get(name)
        for parameter, declared in protocol.declared().items():
            for text in _texts(parameter, declared):
                found.append(BadCommand(("run", name, "--quick", "--target", "numpy", "-s", text)))
    return found


def _texts(name: str, parameter: Parameter) -> Iterator[str]:
    """What may not be given to a parameter."""
    yield f"{misspelled(name)}=1"
    yield f"{name}="
    if parameter.choices:
        yield f"{name}=nonesuch"
    elif parameter.kind is bool:
        yield f"{name}=maybe"
    elif parameter.kind in (int, float):
        yield from (f"{name}=banana", f"{name}=nan", f"{name}=inf", f"{name}=1e", f"{name}=1;2", f"{name}=$(ls)")
        yield f"{name}=5 {'mV' if parameter.unit != 'mV' else 'ms'}"
        if parameter.kind is int:
            yield f"{name}=1.5"
        if parameter.minimum is not None:
            yield f"{name}={parameter.minimum - 1}"
        if parameter.maximum is not None:
            yield f"{name}={parameter.maximum + 1}"
