"""Slips of the finger: bounded by length, never across commands, and never what cannot be undone.

One slip is one letter more, less or other, or two neighbours swapped. A slip at a word's end that makes another form
of it (გააუქმეს, they cancelled) is no slip. Words of up to four letters have their slips listed one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from smsbot.text import command, stopping
from smsbot.text.arguments import DOUBTFUL_NAME, Segment, read_argument, segments
from smsbot.text.fold import fold_of, lower
from smsbot.text.lexicon import Token, mended
from smsbot.text.reading import rank, script_of, single
from smsbot.text.typo import SHORTEST, is_other_form
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

_NEAR_WORDS = 4  # of content, in which one slip of a stop word is worth a question
_NEAR_LETTERS = 6
_MENDED_WORDS = 8  # of a message of which one word is mended
_SURE_COURTESY = 6  # letters
_SURE_MESSAGING = 8  # letters
_FAR_LETTERS = 8  # of a word that is asked about two slips off


def read(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """One word, one slip; or a command with one slip before an argument that is wholly known."""
    rest = [part for part in parts if not part.has(Role.COURTESY)]
    if not rest or rest[0].meanings:
        return None
    head = rest[0]
    meanings = vocabulary.slips(head.raw)
    if not meanings:
        return None
    meaning = min(meanings, key=rank)
    asked = {found.intent or found.topic for found in meanings}
    if len(asked) > 1:
        return _tie(meanings, cleaned) if len(rest) == 1 else None
    if meaning.intent is Intent.STOP and _other_form(head.raw, meanings, vocabulary):
        if len(rest) > 1:
            return None
        return Understood(
            Intent.MAYBE_STOP, keyword=meaning.word, rule="near", argument=cleaned.strip(), language=meaning.language
        )
    if len(rest) == 1:
        return single(meanings, "typo", head.text)
    argument = read_argument(rest[1:])
    if argument.unknown or meaning.intent is None:
        return None
    found = command.Call(head, tuple(rest[1:]), command.after(cleaned, head), argument)
    if meaning.intent is not Intent.STOP:
        return command.call(meaning, found, vocabulary)
    if not (argument.topics or argument.numbers):
        return None
    return Understood(
        Intent.LEAVE, argument.topics, argument.numbers, argument=found.written, language=meaning.language,
        script=script_of(meaning.language, head.text), keyword=meaning.word, rule="typo",
    )  # fmt: skip


def mend(tokens: Sequence[Token], parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """A stop of several words with one slip in one of them: `ნუ მიგზანით`, `unsubscribe pleese`.

    The rest has to be known. A slip in a short word of courtesy or messaging is only asked about: "stop betting" is not
    "stop getting", and "stop tanks" is no thanks.
    """
    if not 1 <= len(tokens) <= _MENDED_WORDS:
        return None
    strange = [spot for spot, token in enumerate(tokens) if not token.ids and token.number is None]
    if len(strange) != 1 or any(part.has(Role.ORDINARY) for part in parts):
        return None
    spot = strange[0]
    token = tokens[spot]
    shortest = SHORTEST if len(tokens) == 1 else SHORTEST - 1  # in a phrase a word that lost a letter is known too
    if len(token.text) < shortest:
        return None
    answers: dict[Intent, Understood] = {}
    for number in vocabulary.slipped_parts(token, shortest):
        cut = segments(mended(tokens, spot, (number,)), vocabulary)
        answer = stopping.read(cut, cleaned, vocabulary)
        if answer is None or answer.intent not in (Intent.STOP, Intent.MAYBE_STOP, Intent.KEEP, Intent.LEAVE):
            continue
        mended_part = next(part for part in cut if any(each.raw == token.raw for each in part.tokens))
        if answer.intent is Intent.STOP:
            mended_stop = stopping.is_stop(mended_part) and not _is_negator(mended_part, token, vocabulary)
            if not (mended_stop or (not stopping.is_stop(mended_part) and _is_sure(mended_part, token))):
                answer = _asked(answer)
        if _is_form_of(token, mended_part, vocabulary):
            continue
        answers.setdefault(answer.intent, answer)
    if Intent.KEEP in answers:
        return answers[Intent.KEEP]
    if len(answers) > 1:
        return _asked(next(iter(answers.values())))
    return next((_typo(answer) for answer in answers.values()), None)


def near_stop(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """A short message with a long stop word one slip off: a stop beside courtesy, else worth a question."""
    content = [part for part in parts if not stopping.is_harmless(part)]
    if not 1 <= len(content) <= _NEAR_WORDS:
        return None
    negated = any(part.has(Role.NEGATOR) for part in parts)
    for part in content:
        if (part.meanings and not part.has(Role.ORDINARY)) or len(part.tokens) != 1 or len(part.raw) < _NEAR_LETTERS:
            continue
        found = [meaning for meaning in vocabulary.slips(part.raw) if meaning.intent is Intent.STOP]
        if not found:
            continue
        if negated:
            return _near(Intent.KEEP, found[0], cleaned, "negated")
        if part.has(Role.ORDINARY) or _other_form(part.raw, found, vocabulary):
            alone = len(content) == 1 and not any(other.has(Role.TELLING) for other in parts)
            return _near(Intent.MAYBE_STOP, found[0], cleaned, "near") if alone else None
        if len(content) == 1:
            stated = any(other.has(Role.TELLING) for other in parts)
            return _near(Intent.MAYBE_STOP if stated else Intent.STOP, found[0], cleaned, "typo")
        return _near(Intent.MAYBE_STOP, found[0], cleaned, "near")
    return None


def far(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """One long word two slips off a command."""
    rest = [part for part in parts if not part.has(Role.COURTESY)]
    if len(rest) != 1 or rest[0].meanings or len(rest[0].raw) < _FAR_LETTERS:
        return None
    found = vocabulary.two_slips(rest[0].raw)
    if not found:
        return None
    asked = {meaning.intent: None for meaning in found if meaning.intent is not None}
    return _question(asked, found[0], cleaned)


def _tie(meanings: Sequence[Meaning], cleaned: str) -> Understood | None:
    """Two commands are as near. A topic and a command are left to people."""
    asked = {meaning.intent: None for meaning in meanings if meaning.intent is not None}
    if Intent.STOP not in asked and (len(asked) < 2 or any(meaning.topic for meaning in meanings)):
        return None
    return _question(asked, min(meanings, key=rank), cleaned)


def _question(asked: dict[Intent, None], meaning: Meaning, cleaned: str) -> Understood:
    candidates = tuple(intent for intent in Intent if intent in asked)
    intent = Intent.MAYBE_STOP if Intent.STOP in asked else Intent.OTHER
    return Understood(
        intent, keyword=meaning.word, rule="near", argument=cleaned.strip(), language=meaning.language,
        candidates=candidates,
    )  # fmt: skip


def _other_form(word: str, meanings: Iterable[Meaning], vocabulary: Vocabulary) -> bool:
    """Whether *word* is another form of what is listed rather than a slip of it."""
    for meaning in meanings:
        language = meaning.language or ""
        endings = vocabulary.endings.get(language, frozenset())
        keys = fold_of(language).keys
        if is_other_form(lower(word), lower(meaning.word), endings) or any(
            is_other_form(ours, theirs, endings) for ours in keys(word) for theirs in keys(meaning.word)
        ):
            return True
    return False


def _is_form_of(token: Token, part: Segment, vocabulary: Vocabulary) -> bool:
    spot = next(index for index, each in enumerate(part.tokens) if each.raw == token.raw)
    for meaning in part.meanings:
        listed = meaning.word.split()
        if meaning.language is not None and spot < len(listed) and not _is_silent(listed[spot], vocabulary):
            one = Meaning(intent=Intent.STOP, language=meaning.language, word=listed[spot])
            if stopping.is_stop(part) and _other_form(token.raw, [one], vocabulary):
                return True
    return False


def _is_negator(part: Segment, token: Token, vocabulary: Vocabulary) -> bool:
    """Whether the slip is in the "not" of a phrase: without it the phrase says the opposite."""
    spot = next(index for index, each in enumerate(part.tokens) if each.raw == token.raw)
    listed = [meaning.word.split() for meaning in part.meanings]
    return any(spot < len(each) and _has_role(each[spot], Role.NEGATOR, vocabulary) for each in listed)


def _has_role(word: str, role: Role, vocabulary: Vocabulary) -> bool:
    hit = vocabulary.hit([vocabulary.lexicon.token(word)], 0)
    return hit is not None and any(meaning.role is role for meaning in hit.meanings)


def _is_silent(word: str, vocabulary: Vocabulary) -> bool:
    hit = vocabulary.hit([vocabulary.lexicon.token(word)], 0)
    return hit is not None and any(meaning.role in stopping.HARMLESS for meaning in hit.meanings)


def _is_sure(part: Segment, token: Token) -> bool:
    """Whether a word beside a stop word is long enough, or firm enough in its phrase, to be a slip and nothing else."""
    courteous = part.has(Role.COURTESY) or part.has(Role.REPLY) or part.asks(Intent.ALL)
    return len(part.tokens) > 1 or len(token.text) >= (_SURE_COURTESY if courteous else _SURE_MESSAGING)


def _asked(answer: Understood) -> Understood:
    return Understood(
        Intent.MAYBE_STOP, argument=answer.argument, language=answer.language, script=answer.script,
        keyword=answer.keyword, rule="near",
    )  # fmt: skip


def _typo(answer: Understood) -> Understood:
    if answer.intent is Intent.MAYBE_STOP or answer.rule == DOUBTFUL_NAME:
        return answer
    return Understood(
        answer.intent, answer.topics, answer.numbers, argument=answer.argument, language=answer.language,
        script=answer.script, keyword=answer.keyword, rule="negated" if answer.intent is Intent.KEEP else "typo",
        every=answer.every,
    )  # fmt: skip


def _near(intent: Intent, meaning: Meaning, cleaned: str, rule: str) -> Understood:
    return Understood(
        intent, argument=cleaned.strip(), language=meaning.language, script=script_of(meaning.language, cleaned),
        keyword=lower(meaning.word), rule=rule,
    )  # fmt: skip
