"""Slips in short words: `dont texxt me`, `take me of`, `ləğv edn`, `edn`.

A word of up to four letters has too many neighbours to be mended alone, so its neighbours here are the listed phrases
it would complete. The slip is undone only where the rest of a long phrase leaves no doubt; elsewhere the person is
asked. What is left without its "not", or with a word that means something by itself, is always asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from smsbot.text import mending, phraseword, stopping
from smsbot.text.arguments import Segment, segments
from smsbot.text.handslip import Slip
from smsbot.text.keyboard import is_plausible
from smsbot.text.lexicon import Token, mended
from smsbot.text.message import Message
from smsbot.text.slipping import question
from smsbot.text.typo import SHORTEST
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import NEVER_A_SLIP, Vocabulary
from smsbot.text.words import Role

_WORDS = 8  # of a message in which a short word is mended
_WORDS_KNOWN = 5  # of one whose words are all known, so that any may be the slip
_LONGEST = 5  # letters as typed; a longer word is `mending`'s
_SURE_PHRASE = 8  # letters of the phrase without its spaces
_SURE_WORD = 3  # letters as typed
_SHORTEST_ASKED = 2  # letters of a word that may be a short stop word
_CHECKED_BY_KEYS = 3  # letters up to which a slip must be one that a hand makes
_FILLING = frozenset({Role.FILLER, Role.ARTICLE, Role.TELLING, Role.PLACE_NOUN})
_DECIDED = frozenset({Role.ORDINARY, Role.KEPT})
_FILLER = frozenset({Role.FILLER})
_TOWN = frozenset({Role.PLACE_NOUN})  # sop, by its sound სოფ (village)
_PAIR = 2
_ORDINARY = frozenset({Role.ORDINARY})
_TURNING = frozenset({Role.NEGATOR, Role.ARTICLE, Role.TELLING, Role.ASKING})
_MEANT = frozenset({Role.COURTESY, Role.MESSAGING})
_ASKED_ABOUT = frozenset({Intent.STOP, Intent.MAYBE_STOP})


def read(message: Message, readers: Sequence[mending.Reader]) -> Understood | None:
    """The message with its only strange word, a short one, mended; *readers*: as for `mending.mend`."""
    tokens = message.tokens
    strange = message.strange
    if len(strange) != 1 or not 1 < len(tokens) <= _WORDS or tokens[strange[0]].inflected is not None:
        return None
    if any(part.has(Role.ORDINARY) and not part.concerns_stop for part in message.parts):
        return None
    return _best(_answers(message, strange[0], readers))


def among_known(message: Message) -> Understood | None:
    """A message of known words that is a stop but for one letter of one of them; a short one ("take me of") is asked
    about."""
    tokens, parts = message.tokens, message.parts
    mended = mending.mend_known(message) if not message.strange else None
    if mended is not None:
        return mended
    if message.strange or not 1 < len(tokens) <= _WORDS_KNOWN or not all(token.ids for token in tokens):
        return None
    if not message.roles.isdisjoint(_DECIDED) or Intent.HELP in message.intents or any(part.stops for part in parts):
        return None
    for spot in range(len(tokens)):
        for answer in _answers(message, spot, ()):
            if answer.intent in _ASKED_ABOUT:
                return _asked(answer)
    return None


def beside_stop(message: Message) -> Understood | None:
    """`სტოპ ყელა`, `lease cancel`: a stop word, and a word of its own that may be a misspelt harmless one."""
    if Role.ORDINARY not in message.roles or not message.roles.isdisjoint(_TURNING):
        return None
    content = [part for part in message.parts if not part.is_harmless]
    spots = [spot for spot, part in enumerate(content) if part.stops]
    if len(spots) != 1 or len(content) != _PAIR:
        return None
    stop, other = content[spots[0]], content[1 - spots[0]]
    if other.roles != _ORDINARY or other.intents or len(other.tokens) > 1:
        return None
    token, vocabulary = other.tokens[0], message.vocabulary
    near = vocabulary.slipped_parts(token, SHORTEST - 1, loose=True)
    spoken = {meaning.language for meaning in other.meanings}
    if not any(_is_meant(number, spoken, vocabulary) for number in Slip(token, near, vocabulary).likely):
        return None
    meaning = stop.meaning(Intent.STOP, Role.PHRASE, Role.REFUSAL) or stop.meanings[0]
    return Understood(
        Intent.MAYBE_STOP,
        argument=message.cleaned.strip(),
        language=meaning.language,
        keyword=meaning.word,
        rule="near",
    )


def _is_meant(number: int, spoken: Set[str | None], vocabulary: Vocabulary) -> bool:
    """Whether a listed word of a language of *spoken* is courtesy, messaging or "all"."""
    language, listed = vocabulary.lexicon.listed[number]
    part = vocabulary.alone(vocabulary.lexicon.token(listed))
    return language in spoken and (not part.roles.isdisjoint(_MEANT) or part.asks(Intent.ALL))


def alone(message: Message) -> Understood | None:
    """One short strange word near a short stop word (`edn`, `sop it`): asked about."""
    rest = [part for part in message.rest if part.roles != _FILLER]
    if len(rest) != 1 or not (rest[0].is_strange or (rest[0].roles == _TOWN and not rest[0].literal)):
        return None
    word = rest[0].tokens[0].text
    if not _SHORTEST_ASKED <= len(word) <= _LONGEST:
        return None
    for found in message.vocabulary.short.near_stops(word):
        if len(found.spelled) > _CHECKED_BY_KEYS or is_plausible(word, found.spelled):
            return Understood(
                Intent.MAYBE_STOP, argument=message.cleaned.strip(), language=found.meaning.language,
                keyword=found.meaning.word, rule="near",
            )  # fmt: skip
    return None


def _answers(message: Message, spot: int, readers: Sequence[mending.Reader]) -> Iterator[Understood]:
    """What the message says with each short word that the one at *spot* may have been meant for."""
    tokens, vocabulary = message.tokens, message.vocabulary
    token = tokens[spot]
    if len(token.text) > _LONGEST:
        return
    near = vocabulary.short.near(token.text)
    if not near:
        return
    around = {number for at, each in enumerate(tokens) if at != spot for number in each.ids}
    stops = any(part.stops for part in message.parts)
    for number, spelled in near.items():
        if number in token.ids or not (stops or not around.isdisjoint(vocabulary.short.mates.get(number, ()))):
            continue
        cut = segments(mended(tokens, spot, (number,)), vocabulary)
        part = next(each for each in cut if any(one.raw == token.raw for one in each.tokens))
        if token.ids and phraseword.is_negator(part, token, vocabulary) and _says_something(token, vocabulary):
            continue
        if len(part.tokens) == 1 and not (stops and _is_beside(part, token.text, spelled)):
            continue
        answer = _stop(message, cut, part, token) or _other(message, cut, part, token, readers)
        if answer is not None:
            yield answer


def _says_something(token: Token, vocabulary: Vocabulary) -> bool:
    """რა მინდა (what I want) is not არ მინდა; "nr pishite" can be nothing else."""
    return not vocabulary.alone(token).roles.isdisjoint((Role.TELLING, Role.ARTICLE, Role.ASKING))


def _is_beside(part: Segment, typed: str, spelled: str) -> bool:
    """Whether a word beside a stop word may be a misspelt harmless one: "stop qll", but not "stop dam"."""
    if not part.is_harmless or not is_plausible(typed, spelled):
        return False
    filling = part.roles <= _FILLING and not part.asks(Intent.ALL)
    return not filling or len(typed) > _CHECKED_BY_KEYS or len(typed) < len(spelled)


def _stop(message: Message, cut: Sequence[Segment], part: Segment, token: Token) -> Understood | None:
    vocabulary = message.vocabulary
    answer = stopping.read(cut, message.cleaned, vocabulary)
    if answer is None or answer.rule == stopping.ABOUT:
        return None
    if answer.intent is not Intent.STOP:
        return answer if answer.intent in (Intent.MAYBE_STOP, Intent.KEEP) else None
    doubtful = (
        not _is_sure(part, token)
        or (phraseword.is_negator(part, token, vocabulary) and not phraseword.is_sure_negator(part, token))
        or phraseword.is_form_of(token, part, vocabulary)
        or vocabulary.is_ordinary_neighbour(token)
    )
    return _asked(answer) if doubtful else replace(answer, rule="typo")


def _other(
    message: Message, cut: Sequence[Segment], part: Segment, token: Token, readers: Sequence[mending.Reader]
) -> Understood | None:
    if len(part.tokens) == 1:
        return None
    found = next((found for reader in readers if (found := reader(cut)) is not None), None)
    if found is None or found.unknown or part.meaning(found.intent) is None:
        return None
    if found.intent in NEVER_A_SLIP or not _is_sure(part, token):
        return question({found.intent: None}, part.meanings[0], message.cleaned)
    return replace(found, rule="typo")


def _best(answers: Iterator[Understood]) -> Understood | None:
    """The only reading; of several a kept one, since that stops nobody, else a question."""
    found = {(answer.intent, answer.candidates): answer for answer in answers}
    if not found:
        return None
    for answer in found.values():
        if answer.intent is Intent.KEEP:
            return answer
    first = next(iter(found.values()))
    asked = next((answer for answer in found.values() if answer.intent in _ASKED_ABOUT), None)
    if len(found) == 1:
        return first
    if asked is None:
        return None
    return next((answer for answer in found.values() if answer.intent is Intent.MAYBE_STOP), None) or _asked(asked)


def _is_sure(part: Segment, token: Token) -> bool:
    listed = max(len(meaning.word.replace(" ", "")) for meaning in part.meanings)
    size = max(listed, sum(len(each.text) for each in part.tokens))
    return not token.ids and len(token.text) >= _SURE_WORD and len(part.tokens) > 1 and size >= _SURE_PHRASE


def _asked(answer: Understood) -> Understood:
    return replace(answer, intent=Intent.MAYBE_STOP, topics=(), numbers=(), rule="near", every=False)
