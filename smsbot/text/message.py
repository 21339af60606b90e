"""One text on its way to being understood: cleaned, cut into words and phrases, each step done when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from smsbot.text.arguments import Segment, segments
from smsbot.text.fold import clean, lower, words
from smsbot.text.lexicon import Token
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import Role

_T = TypeVar("_T")
_NO_ROLES: frozenset[Role] = frozenset()
_NO_INTENTS: frozenset[Intent] = frozenset()
UNREAD = Understood(Intent.EMPTY, rule="unread")
"""Stands for what the stop engine says until it is asked."""


class once(Generic[_T]):  # noqa: N801  it stands where `property` would
    """A property worked out once. `functools.cached_property` takes a lock, which costs more than most of ours do."""

    def __init__(self, work: Callable[[Message], _T]) -> None:
        self._work = work
        self._name = work.__name__
        self.__doc__ = work.__doc__

    def __get__(self, message: Message, _: type) -> _T:
        value = self._work(message)
        message.__dict__[self._name] = value  # found before this descriptor from now on
        return value


class Message:
    """A text and a vocabulary, with what the rules need of both."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.stop: Understood | None = UNREAD

    def with_tokens(self, tokens: list[Token]) -> Message:
        """The same text with other words for some of its own."""
        other = Message(self.text, self.vocabulary)
        other.__dict__["tokens"] = tokens
        return other

    @once
    def cleaned(self) -> str:
        return clean(self.text)

    @once
    def found(self) -> list[str]:
        """The words, case kept."""
        return words(self.cleaned)

    @once
    def joined(self) -> str:
        """The words, lowered, with single spaces."""
        return lower(" ".join(self.found))

    @once
    def tokens(self) -> list[Token]:
        return self.vocabulary.lexicon.apart(self.found)

    @once
    def strange(self) -> list[int]:
        """Which tokens are no listed words and no numbers."""
        return [spot for spot, token in enumerate(self.tokens) if not token.ids and token.number is None]

    @once
    def parts(self) -> list[Segment]:
        return segments(self.tokens, self.vocabulary)

    @once
    def rest(self) -> list[Segment]:
        """The parts without courtesy."""
        if Role.COURTESY not in self.roles:
            return self.parts
        return [part for part in self.parts if not part.has(Role.COURTESY)]

    @once
    def concerns_stop(self) -> bool:
        """Whether the stop engine has anything to say."""
        return any(part.concerns_stop for part in self.parts)

    @once
    def roles(self) -> frozenset[Role]:
        """Of all parts together: what most rules wait for is in few messages."""
        return _NO_ROLES.union(*[part.roles for part in self.parts])

    @once
    def intents(self) -> frozenset[Intent]:
        return _NO_INTENTS.union(*[part.intents for part in self.parts])
