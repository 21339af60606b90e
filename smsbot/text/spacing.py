"""Spaces that are missing (`agarminda`, `stopplease`) or stand where none belong (`s t o p`, `st op`)."""

from __future__ import annotations

from collections.abc import Sequence

from smsbot.text.arguments import Segment
from smsbot.text.fold import lower
from smsbot.text.message import Message
from smsbot.text.reading import single
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

_LONGEST = 40  # letters of a phrase written without spaces
_SPLIT_WORDS = 3  # of a phrase with spaces where none belong
_SHORTEST_JOINED = 6  # letters; two short words may happen to make a third
_SHORTEST_PIECE = 3  # letters of what is glued to a stop word
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
    lowered = lower(joined)
    if len(found) > 1 and not _spaced_out(message, lowered):
        return None
    meanings = vocabulary.compact.get(lowered) or _by_sound(joined, vocabulary)
    if meanings is not None:
        return single(meanings, "fold", joined)
    core = _with_core(joined, vocabulary) if len(found) == 1 else None
    return single([core], "glued", joined) if core is not None else None


def _spaced_out(message: Message, lowered: str) -> bool:
    """Whether several words may be one phrase: single letters, pieces of a stop word, or a few strange words."""
    found, parts = message.found, message.parts
    if all(len(word) == 1 for word in found):
        return True
    if lowered in message.vocabulary.core and not _all_known(parts):
        return True
    return len(lowered) >= _SHORTEST_JOINED and len(found) <= _SPLIT_WORDS and not _all_known(parts)


def _all_known(parts: Sequence[Segment]) -> bool:
    return all(part.meanings or part.number is not None for part in parts)


def _by_sound(joined: str, vocabulary: Vocabulary) -> tuple[Meaning, ...] | None:
    for language, keys in vocabulary.lexicon.keys(joined):
        for key in keys:
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


def _is_beside(rest: str, roles: frozenset[Role], vocabulary: Vocabulary) -> bool:
    lowered = lower(rest)
    for core in (lowered, *(lowered[: len(lowered) // times] for times in (2, 3))):
        if core in vocabulary.core and lowered == core * (len(lowered) // len(core)):
            return True
    part = vocabulary.alone(vocabulary.lexicon.token(rest))
    return part.asks(Intent.ALL) or not part.roles.isdisjoint(roles)
