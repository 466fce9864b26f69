"""What a network may have beside its own few fields: small frozen objects, at most one of each kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self, TypeVar

from sbp_brian.errors import ModelError
from sbp_brian.wording import did_you_mean

__all__ = ["HasOptions", "Option"]

Kind = TypeVar("Kind", bound="Option")


class Option:
    """The base of all options. What derives from it directly is a kind, of which a network has at most one."""

    @classmethod
    def default(cls) -> Self | None:
        """What holds where a network has no option of this kind; None: nothing does."""
        return None

    @classmethod
    def kind(cls) -> type[Option]:
        """The kind of this option."""
        return next(each for each in cls.__mro__ if Option in each.__bases__)

    def check(self, network: Any) -> None:
        """Refuse a network that this option does not fit.

        Raises
        ------
        ModelError
        """

    def change(self, texts: Any, network: Any) -> None:
        """Change the texts of a network, where it is made of texts (`sbp_brian.models.text`)."""


class HasOptions:
    """A network, as a frozen dataclass, with a field `options`."""

    #: The kinds that the network takes, in the order in which they change it.
    KINDS: ClassVar[tuple[type[Option], ...]] = ()
    options: tuple[Option, ...]

    def option(self, kind: type[Kind]) -> Kind | None:
        """The option of this kind, or its default: None where a network without it does without.

        Parameters
        ----------
        kind : type
            One of `KINDS`, or a class made from one: then the option where it is of this class, else None.
        """
        found = next((each for each in self.options if isinstance(each, kind)), None)
        if found is None and kind is kind.kind():
            return kind.default()
        return found

    def with_options(self, *options: Option) -> Self:
        """The same network with these options, in the place of those of the same kinds."""
        given = {each.kind() for each in options}
        return replace(self, options=(*(each for each in self.options if each.kind() not in given), *options))

    def without(self, *kinds: type[Option]) -> Self:
        """The same network without options of these kinds."""
        return replace(self, options=tuple(each for each in self.options if not isinstance(each, kinds)))

    def _meant(self, given: Any) -> str:
        """What may have been meant by something that is no option."""
        known = {kind.__name__: kind for kind in self.KINDS}
        if isinstance(given, type) and given.__name__ in known:
            return f"{given.__name__} is a class; give {given.__name__}(...)"
        name = type(given).__name__
        if name in known:
            return f"this {name} is of {type(given).__module__}; take that of {known[name].__module__}"
        return f"{given!r}; {did_you_mean(name, known)}"

    def _check_options(self) -> None:
        """Refuse what is no option, is there twice or does not fit; leave out defaults, and put the rest in order.

        So networks that are the same are equal, and have the same identity.
        """
        if not isinstance(self.options, (tuple, list)):
            raise ModelError(f"options must be a tuple of options, e.g. ({self.options!r},)")
        for each in self.options:
            if not isinstance(each, Option) or each.kind() not in self.KINDS:
                raise ModelError(f"{type(self).__name__} has no such option: {self._meant(each)}")
        kinds = [each.kind() for each in self.options]
        for kind in kinds:
            if kinds.count(kind) > 1:
                given = ", ".join(repr(each) for each in self.options if each.kind() is kind)
                raise ModelError(f"options hold more than one {kind.__name__}, {given}; keep one")
        kept = [each for each in self.options if each != each.kind().default()]
        kept.sort(key=lambda each: self.KINDS.index(each.kind()))
        object.__setattr__(self, "options", tuple(kept))
        for each in self.options:
            each.check(self)
