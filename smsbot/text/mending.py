"""One slip in one word of a message that is otherwise known: `ნუ მიგზანით`, `unsubscribe pleese`, `my topcis`.

What is mended is read by the rules for what is written right. It is a stop only if the slip is in the stop itself or in
a long word; a slip in a short word of courtesy or messaging is asked about, since "stop betting" is not "stop getting"
and "stop tanks" is no thanks. A missing or misspelt "not" is asked about too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from smsbot.text import phraseword, signature, stopping
from smsbot.text.arguments import DOUBTFUL_NAME, Segment, segments
from smsbot.text.handslip import Slip
from smsbot.text.lexicon import Token, mended
from smsbot.text.message import Message
from smsbot.text.slipping import question
from smsbot.text.typo import SHORTEST
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import Role

Reader = Callable[[Sequence[Segment]], Understood | None]

_MENDED_WORDS = 10  # of a message of which one word is mended
_SURE = 6  # letters of a word beside a stop word, whatever the slip
_SURE_IN_LATIN = 8  # letters of another language's word in plain Latin letters
_SURE_BESIDE_NOUN = 7  # letters
_SURE_TOPIC = 5  # letters as typed of a topic's name with a slip in it
_CANDIDATES = 3  # commands that one question can offer
_ABOUT_MESSAGES = frozenset({Role.MESSAGING, Role.PHRASE})
_STOPS = frozenset({Intent.STOP, Intent.MAYBE_STOP})
_LESS_FIRM = frozenset({Intent.STOP, Intent.MAYBE_STOP, Intent.OTHER})
_TWICE = 2  # words with a slip
_ALONE = 3  # words of a message that mean nothing alone
_OF_THE_ENGINE = frozenset({Intent.STOP, Intent.MAYBE_STOP, Intent.KEEP, Intent.LEAVE})
# Never by a slip in the word itself, since the opposite is as near or nothing can bring it back.
_AS_WRITTEN = frozenset({Intent.YES, Intent.NO, Intent.ALL})
_NEVER = frozenset({Intent.DELETE, Intent.OTHER, Intent.EMPTY, Intent.ZERO, Intent.STOP_SENTENCE})


def mend(message: Message, readers: Sequence[Reader]) -> Understood | None:
    """The reading of the message with its only strange word mended; None if that says nothing or two things.

    *readers*: what reads a mended message that the stop engine passes on.
    """
    tokens, vocabulary = message.tokens, message.vocabulary
    spots = message.strange if len(message.strange) == 1 else signature.unsigned(message)
    if len(spots) != 1 or len(tokens) > _MENDED_WORDS:
        return None
    spot = spots[0]
    token = tokens[spot]
    shortest = SHORTEST if len(tokens) == 1 else SHORTEST - 1  # in a phrase a word that lost a letter is known too
    if len(token.text) < shortest or token.inflected is not None:
        return None
    near = vocabulary.slipped_parts(token, shortest, loose=len(tokens) > 1)
    if not near:
        return None
    slip = Slip(token, near, vocabulary)
    readings = _Readings()
    for number in near:
        cut = segments(mended(tokens, spot, (number,)), vocabulary)
        part = next(each for each in cut if any(one.raw == token.raw for one in each.tokens))
        if any(_is_of_its_own(each, len(cut)) for each in cut):
            readings.doubtful = readings.doubtful or (part.has(Role.ORDINARY) and number in slip.likely)
            continue
        answer = _stop(cut, part, token, message, slip) or _other(cut, part, token, readers, vocabulary)
        if answer is not None:
            readings.add(answer, part, likely=number in slip.likely)
    return readings.chosen(message)


def _is_of_its_own(part: Segment, parts: int) -> bool:
    """Whether *part* means something else; "enough already" does and may be a stop. *parts*: of the message."""
    if part.concerns_stop and (len(part.tokens) > 1 or parts == 1):
        return False
    return part.has(Role.ORDINARY) and not part.is_harmless


def mend_twice(message: Message, readers: Sequence[Reader]) -> Understood | None:
    """A message of which two words are strange, and which with both mended is a stop: asked about."""
    strange, vocabulary = message.strange, message.vocabulary
    if len(strange) != _TWICE or len(message.tokens) > _MENDED_WORDS:
        return None
    found = []
    for spot in strange:
        near = vocabulary.slipped_parts(message.tokens[spot], SHORTEST - 1, loose=True)
        if not near:
            return None
        found.append((spot, near))
    for spot, near in found:
        slip = Slip(message.tokens[spot], near, vocabulary)
        if not slip.handed or message.tokens[spot].inflected is not None:
            continue
        other = message.with_tokens(mended(message.tokens, spot, slip.likely))
        answer = mend(other, readers) if Role.ORDINARY not in other.roles else None
        if answer is not None and answer.intent in _STOPS:
            return _asked(answer)
    return None


def mend_known(message: Message) -> Understood | None:
    """A message of listed words that is a stop phrase but for one slip: `აღარასდროს მმწეროთ`.

    The slip is looked for among the words that mean something only within phrases; and among those that are something
    else alone (հանք, a mine, is not հանեք), about which is asked.
    """
    tokens, vocabulary = message.tokens, message.vocabulary
    if len(tokens) > _MENDED_WORDS or Role.KEPT in message.roles:
        return None
    alone = [
        spot
        for spot, token in enumerate(tokens)
        if token.ids and all(meaning.role is Role.ORDINARY for meaning in vocabulary.alone(token).meanings)
    ]
    doubtful = Role.ORDINARY in message.roles
    for spot in alone if len(alone) <= _ALONE else ():
        token = tokens[spot]
        near = vocabulary.slipped_parts(token, SHORTEST - 1, loose=True) if token.inflected is None else []
        around = {number for at, each in enumerate(tokens) if at != spot for number in each.ids}
        beside = [number for number in near if not around.isdisjoint(vocabulary.stop_mates.get(number, ()))]
        slip = Slip(token, near, vocabulary)
        for number in beside:
            if number in token.ids or number not in slip.likely:
                continue
            cut = segments(mended(tokens, spot, (number,)), vocabulary)
            part = next(each for each in cut if any(one.raw == token.raw for one in each.tokens))
            answer = _stop(cut, part, token, message, slip) if len(part.tokens) > 1 and part.stops else None
            if (
                answer is not None
                and answer.intent in _STOPS
                and not any(_is_of_its_own(each, len(cut)) for each in cut)
            ):
                return _typo(answer) if slip.handed and not doubtful else _asked(answer)
    return None


@dataclass(slots=True)
class _Readings:
    """What a message says with each of the words that a strange one may be.

    *doubtful*: a word that means something else is as near. *firm*: of a phrase of ours, within which that does not
    matter ("remoge my name"). *unlikely*: with a word that no hand can have meant.
    """

    doubtful: bool = False
    found: dict[object, Understood] = field(default_factory=dict)
    firm: dict[Intent, Understood] = field(default_factory=dict)
    unlikely: list[Understood] = field(default_factory=list)

    def add(self, answer: Understood, part: Segment, *, likely: bool) -> None:
        if not likely and answer.intent is not Intent.KEEP:
            self.unlikely.append(answer)
            return
        if part.concerns_stop and len(part.tokens) > 1:
            self.firm.setdefault(answer.intent, answer)
        if answer.intent is Intent.LEAVE and any(meaning.topic is not None for meaning in part.meanings):
            answer = replace(answer, rule=DOUBTFUL_NAME)
        spoken = answer.chosen_language  # "lang georgin": LANG and georgian, or the listed "lang georgia"
        intent = Intent.LANGUAGE if spoken else answer.intent
        self.found.setdefault((intent, answer.topics, answer.numbers, spoken), answer)

    def chosen(self, message: Message) -> Understood | None:
        if not self.found:
            stop = next((each for each in self.unlikely if each.intent in _STOPS), None)
            return _asked(stop) if stop is not None else None
        found = list(self.found.values())
        if self.doubtful and not self.firm and message.roles.isdisjoint(_ABOUT_MESSAGES):
            found = [_asked(answer) if answer.intent is Intent.STOP else answer for answer in found]
        asked = {answer.intent for answer in found}
        # մի ոուղարկեք: ուղարկեք ("send"), or չուղարկեք ("do not send")
        if self.firm and {Intent.STOP, Intent.KEEP} <= asked:
            return _asked(found[0])
        if self.firm.keys() == {Intent.STOP} and asked <= _LESS_FIRM:  # "end my subscriptionn"
            return _typo(self.firm[Intent.STOP])
        return _chosen(found)


def _stop(cut: Sequence[Segment], part: Segment, token: Token, message: Message, slip: Slip) -> Understood | None:
    vocabulary = message.vocabulary
    answer = stopping.read(cut, message.cleaned, vocabulary)
    if answer is None or answer.rule == stopping.ABOUT or answer.intent not in _OF_THE_ENGINE:
        return None
    told = any(each.has(Role.MESSAGING) or each.has(Role.PHRASE) for each in cut if each is not part)
    if phraseword.is_form_of(token, part, vocabulary):
        return _asked(answer) if told and part.stops and answer.intent is Intent.STOP else None
    if answer.intent is not Intent.STOP:
        return answer
    if part.stops and len(part.tokens) == 1 and len(token.text) < SHORTEST and not told:  # მარა (but) is not კმარა
        return _asked(answer)
    if not _is_spoken(part, message):
        return _asked(answer)
    sure = _is_sure(part, token, slip)
    if part.stops:
        doubtful = phraseword.is_negator(part, token, vocabulary) and not phraseword.is_sure_negator(part, token)
        # "Cancel the order" (შეკვეთა): no შეწყვეტა
        beside = len(part.tokens) == 1 and not slip.handed and any(each.stops for each in message.parts)
        return _asked(answer) if doubtful or beside else answer
    long = part.has(Role.MESSAGING) and len(token.text) >= _SURE_BESIDE_NOUN  # "end subscriptio"
    told_of = any(each.has(Role.NOUN) and not each.has(Role.CORE) for each in cut)
    # A slip in "receive" or "text" may be another form of it: უარი მივვიღე, a refusal was received
    if told_of and not (told or long) and (part.has(Role.MESSAGING) or not sure):
        return _asked(answer)
    return answer if told or sure or len(part.tokens) > 1 else _asked(answer)


def _is_sure(part: Segment, token: Token, slip: Slip) -> bool:
    """Whether a word beside a stop word is a slip of the hand in a long word, or long enough whatever the slip."""
    latin = token.text.isascii()
    own = slip.english or not latin
    # Four plain Latin letters are too often an English word to be what is left of another language's.
    if slip.handed and (own or len(token.text) >= SHORTEST):
        return True
    if part.has(Role.MESSAGING) and not latin:
        return len(token.text) >= SHORTEST
    return len(token.text) >= (_SURE if own or part.has(Role.COURTESY) else _SURE_IN_LATIN)


def _is_spoken(part: Segment, message: Message) -> bool:
    """Whether the slip is in a word of English or of the stop word's language: viziti (a visit) is no выйти."""
    spoken = {meaning.language for each in message.parts if each.stops for meaning in each.meanings} - {None}
    return not spoken or "en" in spoken or not spoken.isdisjoint({"en", *(each.language for each in part.meanings)})


def _other(
    cut: Sequence[Segment], part: Segment, token: Token, readers: Sequence[Reader], vocabulary: Vocabulary
) -> Understood | None:
    if part.has(Role.COURTESY) and any(meaning.intent for meaning in vocabulary.slips(token.raw)):
        return None  # "puase 7" is nearer to pause than to plase
    for reader in readers:
        answer = reader(cut)
        if answer is None:
            continue
        if answer.intent is Intent.DELETE and not answer.unknown:  # a code has to be sent before anything goes
            return question({Intent.DELETE: None}, part.meanings[0], answer.argument)
        if answer.unknown or answer.intent in _NEVER or (answer.numbers and _may_be_number(token, part, vocabulary)):
            return None
        if answer.intent is Intent.STOP and part.stops and len(part.tokens) == 1:  # another form: "removed, thank you"
            return None
        if answer.intent is Intent.STOP and part.asks(Intent.LEAVE):  # minds (minda) is no minus
            return _asked(answer)
        spoken = {meaning.language for meaning in part.meanings}
        near = answer.language is None or not spoken.isdisjoint({None, answer.language})
        if not (near or part.has(Role.COURTESY) or part.names_language):
            return None  # "mute button" is not mute + bütün
        if answer.topics and len(part.tokens) == 1 and len(part.raw) < _SURE_TOPIC:  # "hi ther" is no "other"
            return None
        return None if answer.intent in _AS_WRITTEN and part.asks(answer.intent) else answer
    return None


def _may_be_number(token: Token, part: Segment, vocabulary: Vocabulary) -> bool:
    """Whether a misspelt word beside numbers may be one of them: "one thee" is not the number one."""
    if not part.is_silent:
        return False
    near = (vocabulary.cut(mended((token,), 0, (number,)))[0] for number in vocabulary.slipped_words(token.raw))
    return any(meaning.number is not None for each in near for meaning in each.meanings)


def _chosen(answers: Sequence[Understood]) -> Understood | None:
    """The one answer; of several a kept one, since that stops nobody, else a question."""
    if len(answers) <= 1:
        return _typo(answers[0]) if answers else None
    kept = next((answer for answer in answers if answer.intent is Intent.KEEP), None)
    if kept is not None:
        return _typo(kept)
    asked = {answer.intent for answer in answers}
    candidates = tuple(intent for intent in Intent if intent in asked - {Intent.MAYBE_STOP})
    if asked & {Intent.STOP, Intent.MAYBE_STOP}:
        return _asked(answers[0])
    if not 1 < len(candidates) <= _CANDIDATES:
        return None
    first = answers[0]
    return Understood(
        Intent.OTHER, argument=first.argument, language=first.language, script=first.script, keyword=first.keyword,
        rule="near", candidates=candidates,
    )  # fmt: skip


def _asked(answer: Understood) -> Understood:
    return Understood(
        Intent.MAYBE_STOP, argument=answer.argument, language=answer.language, script=answer.script,
        keyword=answer.keyword, rule="near",
    )  # fmt: skip


def _typo(answer: Understood) -> Understood:
    if answer.intent in (Intent.MAYBE_STOP, Intent.KEEP) or answer.rule == DOUBTFUL_NAME:
        return answer
    return replace(answer, rule="typo")
