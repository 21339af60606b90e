"""A command and what follows it: `JOIN BUDGET`, `LANG RU`, `AREA NIKEA`. (`STOP 3` is the stop engine's.)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smsbot.text.arguments import Argument, Segment, read_argument
from smsbot.text.fold import lower
from smsbot.text.reading import named, rank, script_of, single
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

# Commands that may have an argument, and how many words of it that we do not know still leave it that command.
# "Join us on Monday" is no JOIN, and "village Likhauri has had no water for three days" no AREA.
ARGUMENTS = {
    Intent.JOIN: 2,
    Intent.TOPICS: 1,
    Intent.LEAVE: 1,
    Intent.LANG: 2,
    Intent.AREA: 3,
    Intent.PAUSE: 2,
    Intent.DELETE: 0,
    Intent.STATUS: 0,
}
_TAKERS = frozenset({*ARGUMENTS, Intent.NO})
_SHORTEST_HEAD = 3  # letters: "on", "me" and "y" begin too many sentences
_CODE_DIGITS = 4  # of a DELETE confirmation


@dataclass(frozen=True, slots=True)
class Call:
    """A command as found: its head, the rest of the message cut into phrases, and the rest as written."""

    head: Segment
    tail: tuple[Segment, ...]
    written: str
    argument: Argument


def read(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """The command that begins the message, if its argument is one that this command may have."""
    rest = list(parts)
    while rest and rest[0].has(Role.COURTESY):
        rest.pop(0)
    if len(rest) < 2:
        return None
    head, tail = rest[0], tuple(rest[1:])
    if head.has(Role.REPLY):
        copied = _copied(tail, cleaned)
        if copied is not None:
            return copied
    if head.intents.isdisjoint(_TAKERS):
        return None
    found = Call(head, tail, after(cleaned, head), read_argument(tail))
    for meaning in sorted(head.meanings, key=rank):
        answer = call(meaning, found, vocabulary)
        if answer is not None:
            return answer
    return None


def call(meaning: Meaning, found: Call, vocabulary: Vocabulary) -> Understood | None:
    """*meaning* applied to its argument, or None where the argument makes it something else."""
    if meaning.intent is Intent.NO:
        return _no_with_digits(meaning, found)
    if meaning.intent not in ARGUMENTS:
        return None
    base = Understood(
        meaning.intent, found.argument.topics, found.argument.numbers, argument=found.written, language=meaning.language,
        script=script_of(meaning.language, found.head.text), keyword=meaning.word,
        rule="typo" if meaning.typo else "exact" if found.head.literal else "fold",
        every=found.argument.every, unknown=found.argument.unknown,
    )  # fmt: skip
    answer, strangers = _fitted(base, meaning, found, vocabulary)
    if answer is None or (answer.unknown and strangers > ARGUMENTS.get(meaning.intent, 0)):
        return None
    return None if answer.unknown and len(meaning.word) < _SHORTEST_HEAD else answer


def after(cleaned: str, head: Segment) -> str:
    """What follows the head's last word, as written."""
    spot = lower(cleaned).find(head.last)
    return cleaned[spot + len(head.last) :].strip(" .,:;!-") if spot >= 0 else cleaned.strip()


def _fitted(base: Understood, meaning: Meaning, found: Call, vocabulary: Vocabulary) -> tuple[Understood | None, int]:
    """*base* as its command reads the argument, and how many words remain strange."""
    strangers = found.argument.strangers
    match base.intent:
        case Intent.AREA:
            places = vocabulary.places.find(found.written)
            if places:
                return replace(base, place=places[0] if len(places) == 1 else None, places=places, unknown=False), 0
            return replace(base, unknown=base.unknown or not base.numbers), strangers
        case Intent.LANG:
            chosen = next((m.names_language for part in found.tail for m in part.meanings if m.names_language), None)
            return replace(base, chosen_language=chosen, unknown=chosen is None and not base.numbers), strangers
        case Intent.TOPICS if base.every:
            return replace(base, intent=Intent.JOIN), strangers
        case Intent.TOPICS if base.topics or base.numbers:
            return replace(base, intent=Intent.TOPIC), strangers
        case Intent.PAUSE if len(base.numbers) == 1 and all(
            p.number is not None or p.has(Role.DAY) for p in found.tail
        ):
            return replace(base, unknown=False), 0
        case Intent.DELETE:
            return _delete(base, found), strangers
        case Intent.LEAVE if meaning.head and _is_code(found.tail):
            return None, strangers  # SİL 4821 is the confirmation of SİL, not topic 4821
        case Intent.LEAVE if base.every and not base.topics:
            return replace(base, intent=Intent.STOP), strangers
    return base, strangers


def _delete(base: Understood, found: Call) -> Understood | None:
    """Only the bare word or the code: what cannot be undone is never guessed."""
    return base if _is_code(found.tail) else None


def _counts_days(tail: Sequence[Segment]) -> bool:
    return all(part.number is not None or part.has(Role.DAY) for part in tail)


def _is_code(tail: Sequence[Segment]) -> bool:
    return len(tail) == 1 and tail[0].number is not None and len(tail[0].text) == _CODE_DIGITS


def _no_with_digits(meaning: Meaning, found: Call) -> Understood | None:
    """`NO 624`: the local way out of bulk messages; whether it is a topic's number only the dialogue knows."""
    if any(part.number is None for part in found.tail):
        return None
    return Understood(
        Intent.LEAVE, numbers=found.argument.numbers, argument=found.written, language=meaning.language,
        script=script_of(meaning.language, found.head.text), keyword=meaning.word, rule="idiom",
    )  # fmt: skip


def _copied(tail: Sequence[Segment], cleaned: str) -> Understood | None:
    """`REPLY 1 3`, `text STOP`: our own instruction, copied."""
    rest = [part for part in tail if not part.has(Role.COURTESY)]
    if len(rest) == 1:
        useful = [meaning for meaning in rest[0].meanings if meaning.role is None and not meaning.head]
        if useful:
            return single(useful, "courtesy", rest[0].text)
    argument = read_argument(tail)
    return named(argument, cleaned.strip()) if not argument.unknown else None
