"""The word of a listed phrase that a slip is in: its "not", or a word that has other forms."""

from __future__ import annotations

from smsbot.text.fold import fold_of, lower
from smsbot.text.keyboard import is_plausible
from smsbot.text.lexicon import Token
from smsbot.text.segment import HARMLESS, Segment
from smsbot.text.slipping import is_form_of_any
from smsbot.text.typo import within_one
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

_SURE_NEGATOR = 4  # letters, typed and meant


def is_form_of(token: Token, part: Segment, vocabulary: Vocabulary) -> bool:
    """Whether *token* is another form of the word in its place rather than a slip of it.

    What people say they do not want has no forms that say otherwise; and a last letter typed twice makes none.
    """
    if part.has(Role.REFUSAL) or (len(part.tokens) > 1 and token.text[-1:] == token.text[-2:-1]):
        return False
    spot = next(index for index, each in enumerate(part.tokens) if each.raw == token.raw)
    for meaning in part.meanings:
        listed = meaning.word.split()
        if (
            meaning.language is not None
            and spot < len(listed)
            and (meaning.denies or not _is_silent(listed[spot], vocabulary))
        ):
            one = Meaning(intent=Intent.STOP, language=meaning.language, word=listed[spot])
            if (part.stops or part.has(Role.STOP_VERB)) and is_form_of_any(token.raw, [one], vocabulary):
                return True
    return False


def is_negator(part: Segment, token: Token, vocabulary: Vocabulary) -> bool:
    """Whether the slip is in the "not" of a phrase: without it the phrase says the opposite."""
    spot = next(index for index, each in enumerate(part.tokens) if each.raw == token.raw)
    listed = [meaning.word.split() for meaning in part.meanings]
    return any(spot < len(each) and _has_role(each[spot], Role.NEGATOR, vocabulary) for each in listed)


def is_sure_negator(part: Segment, token: Token) -> bool:
    """Whether a strange word can only be the "not" of its phrase with one slip of the hand: `აღატ`, `dpnt`."""
    if token.ids or len(token.text) < _SURE_NEGATOR:
        return False
    spot = next(index for index, each in enumerate(part.tokens) if each.raw == token.raw)
    meant = {word for each in part.meanings for word in _spelled(each, spot) if len(word) >= _SURE_NEGATOR}
    return any(within_one(token.text, word) and is_plausible(token.text, word) for word in meant)


def _spelled(meaning: Meaning, spot: int) -> tuple[str, ...]:
    """The word at *spot* of a listed phrase, and its Latin spellings."""
    listed = meaning.word.split()[spot : spot + 1]
    spellings = fold_of(meaning.language or "").spellings
    return tuple(each for word in listed for each in (lower(word), *(spellings(word) if spellings else ())))


def _has_role(word: str, role: Role, vocabulary: Vocabulary) -> bool:
    return vocabulary.alone(vocabulary.lexicon.token(word)).has(role)


def _is_silent(word: str, vocabulary: Vocabulary) -> bool:
    return not vocabulary.alone(vocabulary.lexicon.token(word)).roles.isdisjoint(HARMLESS)
