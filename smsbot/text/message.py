"""One text on its way to being understood: cleaned, cut into words and phrases, each step done when asked for."""

from __future__ import annotations

from functools import cached_property

from smsbot.text.arguments import Segment, segments
from smsbot.text.fold import clean, lower, words
from smsbot.text.lexicon import Token
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Vocabulary

UNREAD = Understood(Intent.EMPTY, rule="unread")
"""Stands for what the stop engine says until it is asked."""


class Message:
    """A text and a vocabulary, with what the rules need of both."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.stop: Understood | None = UNREAD

    @cached_property
    def typed(self) -> str:
        """As typed, lowered and trimmed: what most texts need."""
        return self.text[:200].strip().lower()

    @cached_property
    def cleaned(self) -> str:
        return clean(self.text)

    @cached_property
    def found(self) -> list[str]:
        """The words, case kept."""
        return words(self.cleaned)

    @cached_property
    def joined(self) -> str:
        """The words, lowered, with single spaces."""
        return " ".join(map(lower, self.found))

    @cached_property
    def tokens(self) -> list[Token]:
        return self.vocabulary.lexicon.tokens(self.cleaned)

    @cached_property
    def parts(self) -> list[Segment]:
        return segments(self.tokens, self.vocabulary)
