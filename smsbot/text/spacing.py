"""Spaces that are missing (`agarminda`, `stopplease`) or stand where none belong (`s t o p`, `st op`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from smsbot.text import slipping, stopping
from smsbot.text.arguments import Segment, segments
from smsbot.text.fold import lower
from smsbot.text.lexicon import Keys
from smsbot.text.message import Message
from smsbot.text.reading import single
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

_LONGEST = 40  # letters of a phrase written without spaces
_SPLIT_WORDS = 3  # of a phrase with spaces where none belong
_LONGEST_LETTER = 3  # letters that one becomes when it is lowered
_SHORTEST_JOINED = 6  # letters; two short words may happen to make a third
_SHORTEST_PIECE = 3  # letters of what is glued to a stop word
_SHORTEST_HALF = 2  # letters of a word written together with another
_SHORTEST_CORE = 4  # letters of a stop word that is looked for inside another
_SURE_GLUED = 5  # letters of a stop word that is clear in front of what it is written together with
_SURE_STEM = 6  # letters of a stop word in front of "me", "now" and the like
_HALVES = 2
_SURE_WHOLE = 9  # letters of a stop word with a slip that is cut in two
_GLUED_WORDS = 8  # of a message with two words written together
_GLUED = frozenset({Role.COURTESY, Role.MESSAGING})
_BEHIND = _GLUED | {Role.FILLER}


def read(message: Message) -> Understood | None:
    """The message as one listed phrase, wherever its spaces stand; or a clear stop word glued to courtesy."""
    found, vocabulary = message.found, message.vocabulary
    joined = "".join(found)
    if len(joined) > _LONGEST or joined.isdecimal():
        return None
    if len(found) == 1 and message.parts[0].literal and message.parts[0].has(Role.ORDINARY):
        return None
    lowered = message.joined.replace(" ", "")
    if len(found) > 1 and not _spaced_out(message, lowered):
        return None
    meanings = vocabulary.compact.get(lowered)
    if meanings is None:
        first = message.tokens[0]
        meanings = _by_sound(first.keys if first.raw == joined else vocabulary.lexicon.keys(joined), vocabulary)
    if meanings is not None:
        return single(meanings, "fold", joined)
    core = _with_core(joined, vocabulary) if len(found) == 1 else None
    return single([core], "glued", joined) if core is not None else None


def cut_in_two(message: Message) -> Understood | None:
    """`un subsctibe`: a long stop word with a slip, and a space in it where none belongs."""
    tokens = message.tokens
    if len(tokens) != _HALVES or not message.strange or not message.joined.replace(" ", "").isalpha():
        return None
    joined = "".join(message.found)
    if len(joined) < _SURE_WHOLE:
        return None
    slips = message.vocabulary.slips(joined)
    if not slips or any(meaning.intent is not Intent.STOP for meaning in slips):
        return None
    if slipping.is_form_of_any(joined, slips, message.vocabulary):
        return None
    return single(slips, "typo", joined)


def _spaced_out(message: Message, lowered: str) -> bool:
    """Whether several words may be one phrase: single letters, pieces of a stop word, or a few strange words."""
    found, parts = message.found, message.parts
    if len(lowered) <= _LONGEST_LETTER * len(found) and max(map(len, found)) == 1:
        return True
    if lowered in message.vocabulary.core and not _all_known(parts):
        return True
    if len(lowered) < _SHORTEST_JOINED or len(found) > _SPLIT_WORDS:
        return False
    return bool(message.strange) or not _all_known(parts)


def _all_known(parts: Sequence[Segment]) -> bool:
    return all(part.meanings or part.number is not None for part in parts)


def _by_sound(keys: Keys, vocabulary: Vocabulary) -> tuple[Meaning, ...] | None:
    for language, own in keys:
        for key in own:
            found = vocabulary.compact.get(f"{language}:{key}")
            if found is not None:
                return found
    return None


def _with_core(word: str, vocabulary: Vocabulary) -> Meaning | None:
    """`stopsms`, `gtxovtstop`, `stopstop`: a clear stop word and courtesy, messaging or another stop word."""
    lowered = lower(word)
    for cut in range(_SHORTEST_PIECE, len(word) - _SHORTEST_PIECE + 1):
        for core, rest, roles in ((lowered[:cut], word[cut:], _BEHIND), (lowered[cut:], word[:cut], _GLUED)):
            meaning = vocabulary.core.get(core)
            if meaning is not None and _is_beside(rest, roles, vocabulary):
                return meaning
    return None


def unglued(message: Message) -> Understood | None:
    """`otmenitepodpisku`, `please stop sending memessages`: the only strange word is two listed ones. Stops only."""
    tokens, vocabulary = message.tokens, message.vocabulary
    strange = message.strange
    if (
        len(strange) != 1
        or len(tokens) > _GLUED_WORDS
        or not _SHORTEST_JOINED <= len(tokens[strange[0]].text) <= _LONGEST
    ):
        return None
    spot = strange[0]
    for left, right in vocabulary.lexicon.halves(tokens[spot], _SHORTEST_HALF):
        cut = segments([*tokens[:spot], left, right, *tokens[spot + 1 :]], vocabulary)
        if len(tokens) == 1 and not _belong_together(cut):  # off + end is no offence of ours
            continue
        answer = stopping.read(cut, message.cleaned, vocabulary)
        if answer is not None and len(answer.keyword) < _SHORTEST_CORE:  # yoxdur (there is none) is not yox + dur
            continue
        if answer is not None and answer.intent in (Intent.STOP, Intent.MAYBE_STOP, Intent.KEEP):
            if answer.intent is Intent.MAYBE_STOP and len(tokens) > 1:  # gatishet sirena: turn off the siren
                continue
            if answer.intent is not Intent.STOP:
                return answer
            clear = len(tokens) > 1 or (cut[0].stops and len(answer.keyword) >= _SURE_GLUED)  # a send-off is no stop
            return replace(answer, rule="glued") if clear else replace(answer, intent=Intent.MAYBE_STOP, rule="near")
    return None


def _belong_together(cut: Sequence[Segment]) -> bool:
    """Whether two words may have been written together: a stop and courtesy or messaging, or отпиши and меня."""
    if any(part.has(Role.COURTESY) or part.has(Role.MESSAGING) for part in cut):
        return True
    return cut[0].stops and len(cut[0].text) >= _SURE_STEM and cut[-1].has(Role.FILLER)


def _is_beside(rest: str, roles: frozenset[Role], vocabulary: Vocabulary) -> bool:
    lowered = lower(rest)
    for core in (lowered, *(lowered[: len(lowered) // times] for times in (2, 3))):
        if core in vocabulary.core and lowered == core * (len(lowered) // len(core)):
            return True
    part = vocabulary.alone(vocabulary.lexicon.token(rest))
    return part.asks(Intent.ALL) or not part.roles.isdisjoint(roles)
