"""Which of the listed words a hand may have meant that typed another: the next key, two letters swapped, one lost or
doubled. A listed word is typed in its own letters, in usual Latin ones, or as it sounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smsbot.text.fold import fold_of, script
from smsbot.text.keyboard import is_plausible
from smsbot.text.lexicon import Token
from smsbot.text.typo import SHORTEST, within_one
from smsbot.text.vocabulary import Vocabulary


class Slip:
    """A strange word and the listed words *near* it; what is asked is worked out once."""

    def __init__(self, token: Token, near: Sequence[int], vocabulary: Vocabulary) -> None:
        self._token = token
        self._near = near
        self._vocabulary = vocabulary
        self._meant: frozenset[int] | None = None
        self._handed: bool | None = None

    @property
    def likely(self) -> frozenset[int]:
        """Those of *near* that a hand may have meant; all, if it can have meant none."""
        return self._found or frozenset(self._near)

    @property
    def handed(self) -> bool:
        """Whether a hand may have meant one that has five letters or more as it is spelled."""
        if self._handed is None:
            typed, vocabulary = self._token.text, self._vocabulary
            self._handed = any(
                len(word) >= SHORTEST and within_one(typed, word) and is_plausible(typed, word)
                for number in self._found
                for word in _spelled(number, vocabulary)
            )
        return self._handed

    @property
    def english(self) -> bool:
        """Whether an English word is among *near*."""
        return any(self._vocabulary.lexicon.listed[number][0] == "en" for number in self._near)

    @property
    def _found(self) -> frozenset[int]:
        if self._meant is None:
            self._meant = frozenset(
                number for number in self._near if _is_slip_of(self._token, number, self._vocabulary)
            )
        return self._meant


def _is_slip_of(token: Token, number: int, vocabulary: Vocabulary) -> bool:
    if any(within_one(token.text, word) and is_plausible(token.text, word) for word in _spelled(number, vocabulary)):
        return True
    language, listed = vocabulary.lexicon.listed[number]
    if script(token.text) == script(listed):
        return False
    return any(
        within_one(ours, theirs) and is_plausible(ours, theirs)
        for spoken, keys in token.keys
        if spoken == language
        for ours in keys
        for theirs in fold_of(language).keys(listed)
    )


def _spelled(number: int, vocabulary: Vocabulary) -> Iterator[str]:
    """A listed word in its own letters, and in the usual Latin ones: Azerbaijani without its special letters."""
    language, listed = vocabulary.lexicon.listed[number]
    yield listed
    fold = fold_of(language)
    if fold.script == "Latn":
        yield from fold.keys(listed)
    elif fold.spellings is not None and script(listed) == fold.script:
        yield from fold.spellings(listed)
