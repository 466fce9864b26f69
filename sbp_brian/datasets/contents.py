"""What a data set holds at present, without a run: so that results of other data are not taken for results of these.

A loader tells what it has read by `sbp_brian.identity.used`: what was asked for (``"mnist/train"``), what was found,
and a digest of its content. `content_now` asks the loader again, here and now. Sets of many files that are read one
by one (N-MNIST and DvsGesture, whole) count by the names and sizes of their files, or by checksums in their archive.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from sbp_brian.errors import DatasetError
from sbp_brian.identity import noting

__all__ = ["content_now"]


def _loaders() -> dict[str, Callable]:
    from sbp_brian.datasets import braille, dvsgesture, mnist, nettalk, nmnist, yin_yang

    found: dict[str, Callable] = {
        "nettalk": nettalk.load_nettalk,
        "nettalk (corpus)": functools.partial(nettalk.load_nettalk, source="corpus"),
        "nettalk (authors)": functools.partial(nettalk.load_nettalk, source="authors"),
        "dvsgesture-ten": dvsgesture.ten_recordings,
        "yin-yang": functools.partial(yin_yang.yin_yang, 1, 0),
        "braille": braille.load_braille,
    }
    for part in yin_yang.PARTS:
        found[f"yin-yang-publication/{part}"] = functools.partial(yin_yang.published_yin_yang, part)
    for part in ("train", "test"):
        found |= {
            f"mnist/{part}": functools.partial(mnist.load_mnist, part),
            f"embedded-mnist/{part}": functools.partial(mnist.load_mnist, part, embedded=True),
            f"fashion-mnist/{part}": functools.partial(mnist.load_fashion_mnist, part),
            f"nmnist/{part}": functools.partial(nmnist.load_nmnist, part),
            f"nmnist-small/{part}": functools.partial(nmnist.nmnist_small, part),
            f"dvsgesture/{part}": functools.partial(dvsgesture.load_dvsgesture, part),
        }
    return found


def content_now(name: str) -> dict[str, str] | None:
    """What would be read now where `name` is asked for.

    Parameters
    ----------
    name : str
        As loaders tell it, e.g. ``"mnist/train"``.

    Returns
    -------
    dict or None
        ``{"what": in words, "digest": of its content}``; None where no loader knows the name.
    """
    loader = _loaders().get(name)
    if loader is None:
        return None
    with noting() as noted:
        try:
            loader()
        except DatasetError:
            return {"what": "not found or damaged", "digest": ""}
    return noted.data[name]
