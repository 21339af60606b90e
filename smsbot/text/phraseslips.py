"""One slip in a command of several words: `my distrct is nikea`, `all toipcs`, `JOIN BUDET CULTURE`, ბიუეჯტის თემა.

The last rule, for what no other could read. With the slip undone the message has to be a command as a whole, by the
rules for what is written right; of two such readings neither is done. Stops are none of its business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from smsbot.text.arguments import Segment, segments
from smsbot.text.lexicon import Token, inflected, mended
from smsbot.text.message import Message
from smsbot.text.segment import segment
from smsbot.text.slipping import is_by_hand, question
from smsbot.text.typo import SHORTEST
from smsbot.text.understood import Intent, Understood
from smsbot.text.words import Role
from smsbot.values import value

Reader = Callable[[Sequence[Segment]], Understood | None]

_WORDS = 7  # of such a message
_WORDS_STRANGE = 4  # of one with two words that nobody listed: "my distrct is nikea"
_WORDS_WHOLE = 5  # of one that has to be one listed phrase, since all its words are known or one of them tells
_STRANGE = 2  # words of it that nobody listed: the slip, and a place's name
_WHOLE = 2  # of the readers: those of one listed phrase
_FURTHER = 6  # letters of a topic's further word: свет (light) is no совет
_LOST = 4  # letters of a word that lost one
_SENTENCE = frozenset({Role.NEGATOR, Role.KEPT, Role.ORDINARY, Role.ASKING})
_DONE = frozenset(
    {
        Intent.JOIN, Intent.LEAVE, Intent.TOPICS, Intent.TOPIC, Intent.HELP, Intent.STATUS, Intent.LANG,
        Intent.LANGUAGE, Intent.AREA, Intent.PAUSE, Intent.RESUME, Intent.DATA, Intent.NUMBERS, Intent.ALL,
    }
)  # fmt: skip


@value(frozen=True, slots=True)
class _Mended:
    """A message with one of its words mended. *part*: the phrase that the word is in then."""

    parts: Sequence[Segment]
    part: Segment


def read(message: Message, readers: Sequence[Reader]) -> Understood | None:
    """The message with one of its words mended; None if that says nothing, or two things."""
    tokens, strange = message.tokens, message.strange
    if not 1 < len(tokens) <= (_WORDS if len(strange) < _STRANGE else _WORDS_STRANGE) or len(strange) > _STRANGE:
        return None
    whole = not strange or not message.roles.isdisjoint(_SENTENCE) or any(part.stops for part in message.parts)
    if whole and (len(strange) > 1 or len(tokens) > _WORDS_WHOLE or not (strange or _names_command(message))):
        return None
    found: dict[object, Understood] = {}
    doubtful = False  # a word that means something else is as near; within a phrase that does not matter
    for spot in strange or range(len(tokens)):
        for mended_message in _mended(message, spot):
            part = mended_message.part
            if part.has(Role.ORDINARY) and not part.is_harmless:
                doubtful = True
                continue
            answer = _answer(mended_message, readers[:_WHOLE] if whole else readers)
            if answer is not None:
                key = answer.intent, answer.topics, answer.numbers, answer.chosen_language
                found.setdefault(key, replace(answer, rule="typo") if len(part.tokens) > 1 else answer)
    if len(found) != 1:
        return None
    (answer,) = found.values()
    return None if doubtful and answer.rule != "typo" else replace(answer, rule="near" if answer.candidates else "typo")


def _names_command(message: Message) -> bool:
    return not message.intents.isdisjoint(_DONE) or any(part.names_language for part in message.parts)


def _mended(message: Message, spot: int) -> Iterator[_Mended]:
    """The message with the word at *spot* taken for each that it may have been meant for."""
    tokens, vocabulary = message.tokens, message.vocabulary
    token = tokens[spot]
    if len(token.text) < (SHORTEST if token.ids else _LOST) or token.number is not None or token.inflected is not None:
        return
    known = set(token.ids)
    for number in vocabulary.slipped_words(token.raw):
        if number in known:
            continue
        cut = segments(mended(tokens, spot, (number,)), vocabulary)
        part = next(each for each in cut if any(one.raw == token.raw for one in each.tokens))
        if _may_be(token, part, known=bool(known)):
            yield _Mended(cut, part)
    for meaning in vocabulary.lexicon.slipped_inflections(token) if not known else ():
        part = segment((inflected(token, meaning),))
        yield _Mended([part if each.tokens == (token,) else each for each in message.parts], part)


def _may_be(token: Token, part: Segment, *, known: bool) -> bool:
    """Whether *token* is a slip of the hand for the word in its place; of a known word only within a phrase."""
    spot = next(index for index, each in enumerate(part.tokens) if each.raw == token.raw)
    if len(part.tokens) == 1:
        topics = [meaning.own_name for meaning in part.meanings if meaning.topic is not None]
        least = _LOST if not (topics or token.text.isascii()) else SHORTEST if not topics or any(topics) else _FURTHER
        if known or len(token.text) < least:
            return False
    listed = [(meaning.word.split(), meaning.language) for meaning in part.meanings]
    return any(spot < len(words) and is_by_hand(token, words[spot], language) for words, language in listed)


def _answer(found: _Mended, readers: Sequence[Reader]) -> Understood | None:
    if any(part.stops for part in found.parts):
        return None
    answer = next((read for reader in readers if (read := reader(found.parts)) is not None), None)
    if answer is None or answer.unknown or answer.candidates:
        return None
    if answer.intent is Intent.DELETE:
        return question({Intent.DELETE: None}, found.part.meanings[0], answer.argument)
    return answer if answer.intent in _DONE else None
