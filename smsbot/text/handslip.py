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
from smsbot.values import value


@value(frozen=True, slots=True)
class Slip:
    """*likely*: the listed words that a hand may have meant; all that are one slip away, if it can have meant none.
    *handed*: one of them has five letters or more as it is spelled. *english*: an English word is one slip away.
    """

    likely: frozenset[int]
    handed: bool
    english: bool


def read(token: Token, near: Sequence[int], vocabulary: Vocabulary) -> Slip:
    """*near*: the listed words one slip away from *token*."""
    listed = vocabulary.lexicon.listed
    found = frozenset(number for number in near if _is_slip_of(token, number, vocabulary))
    handed = any(
        len(spelled) >= SHORTEST and within_one(token.text, spelled) and is_plausible(token.text, spelled)
        for number in found
        for spelled in _spelled(number, vocabulary)
    )
    return Slip(found or frozenset(near), handed, any(listed[number][0] == "en" for number in near))


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
