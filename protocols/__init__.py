"""Experiments by name.  Listing them imports none of them; `get` imports the one that is asked for.

To add one: write a file with a module-level ``PROTOCOL`` and add its line here.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

from sbp_brian.errors import ProtocolError, UnknownProtocolError
from sbp_brian.experiments import foreign
from sbp_brian.experiments.protocol import Protocol, Source
from sbp_brian.wording import unknown

__all__ = ["Entry", "entries", "get", "models", "names", "of_model"]


@dataclass(frozen=True)
class Entry:
    """A line of the list: where a protocol lives, and what to say of it before it is imported."""

    name: str
    module: str
    title: str
    source: Source

    @property
    def kind(self) -> str:
        """``"biology"`` or ``"benchmark"``, by the folder it lives in."""
        return "benchmark" if self.module.startswith("benchmarks.") else "biology"


_ENTRIES = (
    Entry(
        "bi-poo-1998",
        "biology.bi_poo_1998",
        "The window of spike-timing-dependent plasticity",
        Source("Bi & Poo (1998) J Neurosci 18:10464", "10.1523/JNEUROSCI.18-24-10464.1998"),
    ),
    Entry(
        "tao-2000",
        "biology.tao_2000",
        "Which synapses change when LTP is induced at one output of a neuron",
        Source("Tao, Zhang, Bi & Poo (2000) J Neurosci 20:3233", "10.1523/JNEUROSCI.20-09-03233.2000"),
    ),
    Entry(
        "fitzsimonds-1997",
        "biology.fitzsimonds_1997",
        "Which synapses change when LTD is induced at one output of a neuron",
        Source("Fitzsimonds, Song & Poo (1997) Nature 388:439", "10.1038/41267"),
    ),
    Entry(
        "zhang-1998",
        "biology.zhang_1998",
        "The 20 ms window of convergent retinotectal inputs",
        Source("Zhang, Tao, Holt, Harris & Poo (1998) Nature 395:37", "10.1038/25665"),
    ),
    Entry(
        "bi-poo-1999",
        "biology.bi_poo_1999",
        "Paired pulses to one cell change remote synapses by their interval",
        Source("Bi & Poo (1999) Nature 401:792", "10.1038/44573"),
    ),
    Entry(
        "du-poo-2004",
        "biology.du_poo_2004",
        "BDNF on the tectum strengthens the inputs of ganglion cells in the retina",
        Source("Du & Poo (2004) Nature 429:878", "10.1038/nature02618"),
    ),
    Entry(
        "du-2009",
        "biology.du_2009",
        "LTP and LTD in the tectum spread back to the retina",
        Source("Du, Wei, Wang, Wong & Poo (2009) PNAS 106:18890", "10.1073/pnas.0910659106"),
    ),
    Entry(
        "tsodyks-1998",
        "biology.tsodyks_1998",
        "Short-term plasticity in trains: depression, facilitation and the 1/rate limit",
        Source("Tsodyks, Pawelzik & Markram (1998) Neural Comput 10:821", "10.1162/089976698300017502"),
    ),
    Entry(
        "turrigiano-1998",
        "biology.turrigiano_1998",
        "Two days of changed activity scale all synapses of a neuron by one factor",
        Source("Turrigiano et al. (1998) Nature 391:892", "10.1038/36103"),
    ),
    Entry(
        "sbp-predictions",
        "biology.predictions",
        "What retrograde spread predicts: inherited window, alternation, saturation, latency, blocks, shared inputs",
        Source(
            "This project; the model of Fitzsimonds et al. (1997) Nature 388:439 and Tao et al. (2000)", "10.1038/41267"
        ),
    ),
    Entry(
        "mnist",
        "benchmarks.tasks.mnist",
        "Handwritten digits; the hidden layer learns by nothing but SBP",
        Source("Zhang et al. (2021) Sci Adv 7:eabh0146", "10.1126/sciadv.abh0146"),
    ),
    Entry(
        "mnist-in-turn",
        "benchmarks.tasks.mnist_in_turn",
        "Five pairs of digits, one after the other, without replay",
        Source("van de Ven, Tuytelaars & Tolias (2022) Nat Mach Intell 4:1185", "10.1038/s42256-022-00568-3"),
    ),
    Entry(
        "nettalk",
        "benchmarks.tasks.nettalk",
        "Pronunciation of a letter among its neighbours",
        Source("Sejnowski & Rosenberg (1987) Complex Systems 1:145"),
    ),
    Entry(
        "fashion-mnist",
        "benchmarks.tasks.fashion_mnist",
        "Articles of clothing, by single spike times",
        Source("Xiao, Rasul & Vollgraf (2017) arXiv:1708.07747", "10.48550/arXiv.1708.07747"),
    ),
    Entry(
        "dvsgesture",
        "benchmarks.tasks.dvsgesture",
        "Gestures from events: ten recordings, one subject, or the official set",
        Source("Amir et al. (2017) CVPR", "10.1109/CVPR.2017.781"),
    ),
    Entry(
        "yin-yang",
        "benchmarks.tasks.yin_yang",
        "Points of three interlocked classes, by single spike times",
        Source("Kriener, Göltz & Petrovici (2022) NICE", "10.1145/3517343.3517380"),
    ),
    Entry(
        "nmnist",
        "benchmarks.tasks.nmnist",
        "Digits seen by a moving event camera, by local losses or SBP",
        Source("Orchard, Jayawant, Cohen & Thakor (2015) Front Neurosci 9:437", "10.3389/fnins.2015.00437"),
    ),
    Entry(
        "braille",
        "benchmarks.tasks.braille",
        "Braille letters under a sliding fingertip: a task in which timing matters",
        Source("Müller-Cleve et al. (2022) Front Neurosci 16:951164", "10.3389/fnins.2022.951164"),
    ),
    Entry(
        "decolle-regression",
        "benchmarks.tasks.decolle_regression",
        "Three layers follow three functions of time, each by a loss of its own",
        Source("Kaiser, Mostafa & Neftci (2020) Front Neurosci 14:424", "10.3389/fnins.2020.00424"),
    ),
)


#: Model, or part of one, as `sbp list` calls it -> the protocol that makes a network of it, and the parameters that ask
#: for it; the others are computed by numpy.
_MODELS: dict[str, tuple[str, dict[str, str]]] = {
    "culture": ("tao-2000", {}),
    "pulse_trains": ("tsodyks-1998", {}),
    "relays": ("zhang-1998", {}),
    "retinotectal": ("du-2009", {}),
    "scaling_culture": ("turrigiano-1998", {}),
    "sbp_network": ("mnist", {"model": "sbp_network"}),
    "published": ("mnist", {"model": "sbp_published"}),
    "decolle": ("decolle-regression", {}),
    "cell": ("decolle-regression", {}),
    "readout": ("decolle-regression", {}),
    "rules": ("decolle-regression", {}),
    "stdbp": ("yin-yang", {"model": "stdbp"}),
    "first_spike": ("yin-yang", {"model": "stdbp"}),
    "tagged": ("sbp-predictions", {}),
}
#: Model that its protocol makes behind others -> the module whose `run` makes it alone.
_ALONE = {"tagged": "biology.tags"}


def models() -> tuple[str, ...]:
    """The models of which a protocol makes a network in Brian2."""
    return tuple(_MODELS)


def of_model(name: str) -> tuple[Protocol, dict[str, str]]:
    """The protocol that makes a network of this model, with its parameters; a protocol's own name, or file, as it is.

    Raises
    ------
    UnknownProtocolError
        There is neither a model nor a protocol of this name.
    """
    if name in names() or name.endswith(".py"):
        return get(name), {}
    if name not in _MODELS:
        raise UnknownProtocolError(unknown("model or protocol", name, (*_MODELS, *names())))
    protocol, usual = _MODELS[name]
    found = get(protocol)
    if name in _ALONE:
        found = replace(found, run=importlib.import_module(f"{__name__}.{_ALONE[name]}").run)
    return found, usual


def entries() -> tuple[Entry | Protocol, ...]:
    """All protocols in the order in which they are listed; behind them those of other packages, which are loaded."""
    return (*_ENTRIES, *_foreign())


def names() -> tuple[str, ...]:
    """The names of all protocols, as a user types them."""
    return tuple(entry.name for entry in entries())


def own_names() -> tuple[str, ...]:
    """The names of the protocols of this package."""
    return tuple(entry.name for entry in _ENTRIES)


def _foreign() -> list[Protocol]:
    """The protocols of other packages that can be used."""
    found = (
        foreign.load(foreign.PROTOCOLS, name, Protocol, own_names()) for name in foreign.offered(foreign.PROTOCOLS)
    )
    return [protocol for protocol in found if protocol is not None]


def get(name: str) -> Protocol:
    """The protocol of this name, or the one in a user's own file (a path that ends in ``.py``).

    Raises
    ------
    UnknownProtocolError
        Where there is none of that name, or the file is missing or defines no ``PROTOCOL``.
    ProtocolError
        Where a user's own file ends Python.
    """
    if name.endswith(".py"):
        return _from_file(Path(name))
    for entry in _ENTRIES:
        if entry.name == name:
            return importlib.import_module(f"{__name__}.{entry.module}").PROTOCOL
    for protocol in _foreign():
        if protocol.name == name:
            return protocol
    raise UnknownProtocolError(unknown("protocol", name, names()))


def _from_file(path: Path) -> Protocol:
    if not path.is_file():
        raise UnknownProtocolError(
            f"{path} is not a file; give a protocol's name (see 'sbp list') or a file that defines PROTOCOL"
        )
    spec = importlib.util.spec_from_file_location(f"_sbp_protocol_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SystemExit as error:
        raise ProtocolError(
            f"{path} calls sys.exit when it is read; put what it runs by itself under if __name__ == '__main__'"
        ) from error
    protocol = getattr(module, "PROTOCOL", None)
    if not isinstance(protocol, Protocol):
        raise UnknownProtocolError(f"{path} defines no PROTOCOL; add PROTOCOL = Protocol(...) at its module level")
    return protocol
