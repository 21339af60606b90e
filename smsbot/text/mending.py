"""One slip in one word of a message that is otherwise known: `ნუ მიგზანით`, `unsubscribe pleese`, `my topcis`.

What is mended is read by the rules for what is written right. It is a stop only if the slip is in the stop itself or in
a long word; a slip in a short word of courtesy or messaging is asked about, since "stop betting" is not "stop getting"
and "stop tanks" is no thanks. A missing or misspelt "not" is asked about too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from smsbot.text import stopping
from smsbot.text.arguments import DOUBTFUL_NAME, Segment, segments
from smsbot.text.fold import fold_of, lower
from smsbot.text.keyboard import is_plausible
from smsbot.text.lexicon import Token, mended
from smsbot.text.message import Message
from smsbot.text.segment import HARMLESS
from smsbot.text.slipping import is_form_of_any, question
from smsbot.text.typo import SHORTEST, within_one
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

Reader = Callable[[Sequence[Segment]], Understood | None]

_MENDED_WORDS = 10  # of a message of which one word is mended
_SURE_COURTESY = 6  # letters
_SURE_MESSAGING = 5  # letters; what is near and means something else ("хватит спать") is listed as ordinary
_SURE_IN_ENGLISH = 6  # letters: betting, waiting and lending, near getting, writing and sending, are listed too
_SURE_BESIDE_NOUN = 7  # letters
_SURE_IN_LATIN = 8  # letters of another language's word in plain Latin letters
_SURE_TOPIC = 5  # letters as typed of a topic's name with a slip in it
_SURE_NEGATOR = 4  # letters, typed and meant
_CANDIDATES = 3  # commands that one question can offer
_OF_THE_ENGINE = frozenset({Intent.STOP, Intent.MAYBE_STOP, Intent.KEEP, Intent.LEAVE})
# Never by a slip in the word itself, since the opposite is as near or nothing can bring it back.
_AS_WRITTEN = frozenset({Intent.YES, Intent.NO, Intent.ALL})
_NEVER = frozenset({Intent.DELETE, Intent.OTHER, Intent.EMPTY, Intent.ZERO, Intent.STOP_SENTENCE})


def mend(message: Message, readers: Sequence[Reader]) -> Understood | None:
    """The reading of the message with its only strange word mended; None if that says nothing or two things.

    *readers*: what reads a mended message that the stop engine passes on.
    """
    tokens, cleaned, vocabulary = message.tokens, message.cleaned, message.vocabulary
    if len(message.strange) != 1 or len(tokens) > _MENDED_WORDS or Role.ORDINARY in message.roles:
        return None
    spot = message.strange[0]
    token = tokens[spot]
    shortest = SHORTEST if len(tokens) == 1 else SHORTEST - 1  # in a phrase a word that lost a letter is known too
    if len(token.text) < shortest or token.inflected is not None:
        return None
    near = vocabulary.slipped_parts(token, shortest, loose=len(tokens) > 1)
    if not near:
        return None
    answers: dict[object, Understood] = {}
    doubtful = False  # a word that means something else is as near
    firm = False  # within a phrase, or beside words of messaging, that does not matter: "remoge my name"
    for number in near:
        cut = segments(mended(tokens, spot, (number,)), vocabulary)
        part = next(each for each in cut if any(one.raw == token.raw for one in each.tokens))
        if part.has(Role.ORDINARY) and not part.is_harmless:
            doubtful = True
            continue
        answer = _stop(cut, part, token, cleaned, vocabulary) or _other(cut, part, token, readers, vocabulary)
        if answer is not None:
            firm = firm or (part.stops and len(part.tokens) > 1)
            if answer.intent is Intent.LEAVE and any(meaning.topic is not None for meaning in part.meanings):
                answer = replace(answer, rule=DOUBTFUL_NAME)
            spoken = answer.chosen_language  # "lang georgin": LANG and georgian, or the listed "lang georgia"
            intent = Intent.LANGUAGE if spoken else answer.intent
            answers.setdefault((intent, answer.topics, answer.numbers, spoken), answer)
    found = list(answers.values())
    if doubtful and not firm and not any(each.has(Role.MESSAGING) for each in message.parts):
        found = [_asked(answer) if answer.intent is Intent.STOP else answer for answer in found]
    asked = {answer.intent for answer in found}
    if firm and {Intent.STOP, Intent.KEEP} <= asked:  # մի ոուղարկեք: ուղարկեք ("send"), or չուղարկեք ("do not send")
        return _asked(found[0])
    return _chosen(found)


def _stop(
    cut: Sequence[Segment], part: Segment, token: Token, cleaned: str, vocabulary: Vocabulary
) -> Understood | None:
    answer = stopping.read(cut, cleaned, vocabulary)
    if answer is None or answer.rule == stopping.ABOUT or answer.intent not in _OF_THE_ENGINE:
        return None
    if is_form_of(token, part, vocabulary):
        return None
    if answer.intent is not Intent.STOP:
        return answer
    told = any(each.has(Role.MESSAGING) or each.has(Role.PHRASE) for each in cut if each is not part)
    if part.stops and len(part.tokens) == 1 and len(token.text) < SHORTEST and not told:  # მარა (but) is not კმარა
        return _asked(answer)
    if part.stops:
        doubtful = is_negator(part, token, vocabulary) and not is_sure_negator(part, token)
        return _asked(answer) if doubtful else answer
    long = part.has(Role.MESSAGING) and len(token.text) >= _SURE_BESIDE_NOUN  # "end subscriptio"
    told_of = any(each.has(Role.NOUN) and not each.has(Role.CORE) for each in cut)
    if told_of and not long:  # უარი მივვიღე: a refusal was received
        return _asked(answer)
    return answer if told or _is_sure(part, token) else _asked(answer)


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


def is_form_of(token: Token, part: Segment, vocabulary: Vocabulary) -> bool:
    """Whether *token* is another form of the word in its place rather than a slip of it."""
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


def _is_sure(part: Segment, token: Token) -> bool:
    """Whether a word beside a stop word is long enough, or firm enough in its phrase, to be a slip and nothing else."""
    courteous = part.has(Role.COURTESY) or part.has(Role.REPLY) or part.asks(Intent.ALL)
    messaging = _SURE_MESSAGING
    if token.text.isascii():
        english = all(meaning.language == "en" for meaning in part.meanings)
        messaging = _SURE_IN_ENGLISH if english else _SURE_IN_LATIN
    return len(part.tokens) > 1 or len(token.text) >= (_SURE_COURTESY if courteous else messaging)


def _asked(answer: Understood) -> Understood:
    return Understood(
        Intent.MAYBE_STOP, argument=answer.argument, language=answer.language, script=answer.script,
        keyword=answer.keyword, rule="near",
    )  # fmt: skip


def _typo(answer: Understood) -> Understood:
    if answer.intent in (Intent.MAYBE_STOP, Intent.KEEP) or answer.rule == DOUBTFUL_NAME:
        return answer
    return replace(answer, rule="typo")
