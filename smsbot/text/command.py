"""A command and what follows it: `JOIN BUDGET`, `LANG RU`, `AREA NIKEA`. (`STOP 3` is the stop engine's.)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from smsbot.text.arguments import DOUBTFUL_NAME, Argument, Segment, read_argument, slipped_topics
from smsbot.text.fold import lower
from smsbot.text.lexicon import mended
from smsbot.text.places import Sighting
from smsbot.text.reading import named, rank, script_of, single
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role
from smsbot.values import value

# Commands that may have an argument, and how many words of it that we do not know still leave it that command.
# "Join us on Monday" is no JOIN, and "village Likhauri has had no water for three days" no AREA.
ARGUMENTS = {
    Intent.JOIN: 2,
    Intent.TOPICS: 0,
    Intent.LEAVE: 1,
    Intent.LANG: 1,
    Intent.AREA: 2,
    Intent.PAUSE: 2,
    Intent.DELETE: 0,
    Intent.STATUS: 0,
}
_TAKERS = frozenset({*ARGUMENTS, Intent.NO})
INTENTS = _TAKERS | {Intent.HELP}
"""Without a word of one of these, or one of ours for answering, no message is a command with an argument."""
_SHORTEST_HEAD = 3  # letters: "on", "me" and "y" begin too many sentences
_CODE_DIGITS = 4  # of a DELETE confirmation
_PREPOSITION = 2  # letters
_MOST_BESIDE_LANGUAGE = 2  # words that name nothing, one of them the language
_LEAST_TIME = 4  # letters of a time with a slip in it
_GOING_ON = frozenset({Role.NEGATOR, Role.ASKING, Role.LACKING})  # behind a place they make a sentence of it
_SIZES = {Role.WEEK: 7, Role.MONTH: 30}  # days
_TIMES = frozenset({Role.DAY, Role.UNTIL, *_SIZES})


@value(frozen=True, slots=True)
class Call:
    """A command as found: its head, the rest of the message cut into phrases, and the rest as written."""

    head: Segment
    tail: tuple[Segment, ...]
    written: str
    argument: Argument

    @property
    def language(self) -> str | None:
        """The language that the argument names."""
        return next((m.names_language for part in self.tail for m in part.meanings if m.names_language), None)

    @property
    def topic_first(self) -> bool:
        first = self.tail[0]
        return first.tokens[0].inflected is not None or any(meaning.topic is not None for meaning in first.meanings)


def read(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """The command that begins the message, if its argument is one that this command may have."""
    rest = list(parts)
    while rest and rest[0].has(Role.COURTESY):
        rest.pop(0)
    wished = _wish(rest, cleaned)
    if wished is not None or len(rest) < 2:
        return wished
    verb_last = _living(rest, vocabulary) or _named_first(rest)
    if verb_last is not None:
        return verb_last
    head, tail = rest[0], tuple(rest[1:])
    if head.has(Role.REPLY):
        copied = _copied(tail, cleaned)
        if copied is not None:
            return copied
    cry = head.meaning(Intent.HELP) if head.has(Role.CORE) else None
    if cry is not None:
        return _cry(cry, head, tail, cleaned)
    if head.intents.isdisjoint(_TAKERS):
        return None
    found = Call(head, tail, after(cleaned, head), read_argument(tail))
    for meaning in sorted(head.meanings, key=rank):
        answer = call(meaning, found, vocabulary)
        if answer is not None:
            return answer
    return None


def _cry(meaning: Meaning, head: Segment, tail: tuple[Segment, ...], cleaned: str) -> Understood:
    """ "Help us, the river is rising": answered as HELP, which names 112, and left `unknown` for staff to read."""
    return Understood(
        Intent.HELP, argument=after(cleaned, head), language=meaning.language,
        script=script_of(meaning.language, head.text), keyword=meaning.word, rule="sentence",
        unknown=read_argument(tail).unknown,
    )  # fmt: skip


def _living(rest: Sequence[Segment], vocabulary: Vocabulary) -> Understood | None:
    """ნიკეაში ვცხოვრობ, `Nikeada yaşayıram`: the place before the verb."""
    meaning = next((each for each in rest[-1].meanings if each.head and each.intent is Intent.AREA), None)
    if meaning is None:
        return None
    told = " ".join(token.raw for part in rest[:-1] if not part.is_silent for token in part.tokens)
    places = vocabulary.places.told(told).codes if told else ()
    if not places:
        return None
    return Understood(
        Intent.AREA, place=places[0] if len(places) == 1 else None, places=places, argument=told,
        language=meaning.language, script=script_of(meaning.language, rest[-1].text), keyword=meaning.word, rule="fold",
    )  # fmt: skip


def _named_first(rest: Sequence[Segment]) -> Understood | None:
    """ბიუჯეტი მოხსენით, `büdcəyə abunə ol`: the topic before the verb. English is left out: "school start" tells."""
    meaning = rest[-1].meaning(Intent.LEAVE) or rest[-1].meaning(Intent.JOIN)
    if meaning is None or meaning.language == "en":
        return None
    argument = read_argument(rest[:-1])
    if argument.unknown or not argument.topics or not argument.by_name:
        return None
    return Understood(
        meaning.intent or Intent.LEAVE, argument.topics, argument.numbers,
        argument=" ".join(part.text for part in rest[:-1]), language=meaning.language,
        script=script_of(meaning.language, rest[-1].text), keyword=meaning.word, rule=DOUBTFUL_NAME,
    )  # fmt: skip


def glued(word: str, vocabulary: Vocabulary) -> Understood | None:
    """`ubaninikea`: AREA and the place without a space."""
    lowered = lower(word)
    for end in range(_SHORTEST_HEAD, min(len(lowered) - 2, 16)):
        heads = [meaning for meaning in vocabulary.exact.get(lowered[:end], ()) if meaning.intent is Intent.AREA]
        places = vocabulary.places.find(lowered[end:]) if heads else ()
        if places:
            return Understood(
                Intent.AREA, place=places[0] if len(places) == 1 else None, places=places, argument=word[end:],
                language=heads[0].language, script=script_of(heads[0].language, word), keyword=heads[0].word,
                rule="fold",
            )  # fmt: skip
    return None


def call(meaning: Meaning, found: Call, vocabulary: Vocabulary) -> Understood | None:
    """*meaning* applied to its argument, or None where the argument makes it something else."""
    if meaning.intent is Intent.NO:
        return _no_with_digits(meaning, found)
    if meaning.intent not in ARGUMENTS:
        return None
    if meaning.intent is Intent.PAUSE and found.argument.unknown:
        found = _with_times(found, vocabulary)
    base = Understood(
        meaning.intent, found.argument.topics, found.argument.numbers, argument=found.written,
        language=meaning.language,
        script=script_of(meaning.language, found.head.text), keyword=meaning.word,
        rule="typo" if meaning.typo else "exact" if found.head.literal else "fold",
        every=found.argument.every, unknown=found.argument.unknown,
    )  # fmt: skip
    slipped = _slipped_topics(meaning, found, vocabulary)
    if slipped:
        doubt = DOUBTFUL_NAME if meaning.intent is Intent.LEAVE else base.rule
        return replace(base, topics=slipped, rule=doubt, unknown=False)
    if meaning.intent is Intent.PAUSE and _is_no_pause(found):
        asked = not found.argument.unknown or (found.head.has(Role.CORE) and not found.argument.topics)
        near = replace(base, intent=Intent.OTHER, candidates=(Intent.PAUSE,), rule="near", unknown=False)
        return near if asked else None
    answer, strangers = _fitted(base, meaning, found, vocabulary)
    if answer is None or (answer.unknown and strangers > ARGUMENTS.get(meaning.intent, 0)):
        return None
    if len(meaning.word) < _SHORTEST_HEAD and (answer.unknown or not (found.argument.word or found.argument.numbers)):
        return None
    return answer


def _slipped_topics(meaning: Meaning, found: Call, vocabulary: Vocabulary) -> tuple[str, ...]:
    if meaning.intent not in (Intent.JOIN, Intent.LEAVE) or not found.argument.unknown:
        return ()
    return slipped_topics(found.tail, vocabulary) if len(meaning.word) >= _SHORTEST_HEAD else ()


def after(cleaned: str, head: Segment) -> str:
    """What follows the head's last word, as written."""
    lowered = lower(cleaned)
    spot = 0
    for token in head.tokens:
        spot = max(spot, lowered.find(token.text, spot) + len(token.text))
    return cleaned[spot:].strip(" .,:;!-")


def _wish(rest: Sequence[Segment], cleaned: str) -> Understood | None:
    """ "I want to join": filling words before a join word, and nothing strange after it."""
    spot = next((index for index, part in enumerate(rest) if not (part.has(Role.FILLER) or part.has(Role.WISH))), 0)
    if spot == 0 or not rest[spot].asks(Intent.JOIN):
        return None
    argument = read_argument(rest[spot + 1 :])
    meaning = rest[spot].meaning(Intent.JOIN)
    if argument.unknown or meaning is None:
        return None
    return Understood(
        Intent.JOIN, argument.topics, argument.numbers, argument=after(cleaned, rest[spot]), language=meaning.language,
        script=script_of(meaning.language, rest[spot].text),
        keyword=meaning.word, rule="courtesy", every=argument.every,
    )  # fmt: skip


def _fitted(base: Understood, meaning: Meaning, found: Call, vocabulary: Vocabulary) -> tuple[Understood | None, int]:
    """*base* as its command reads the argument, and how many words remain strange."""
    if _is_about_something_else(base, meaning, found):
        return None, 0
    strangers = found.argument.strangers
    match base.intent:
        case Intent.AREA:
            return _area(base, meaning, found, vocabulary)
        case Intent.JOIN if strangers and found.language is not None and not base.topics:
            return replace(base, chosen_language=found.language, unknown=False), 0
        case Intent.LEAVE if strangers and not found.topic_first:
            return replace(base, intent=Intent.STOP_SENTENCE, rule="sentence", unknown=False), 0
        case Intent.LEAVE if _leaves_the_list(base, found):
            return replace(base, intent=Intent.STOP, rule="courtesy", unknown=False), 0
        case Intent.LEAVE if base.every and not base.topics:
            return replace(base, intent=Intent.STOP), strangers
        case Intent.LANG:
            return _language(base, meaning, found, vocabulary)
        case Intent.TOPICS if base.every:
            return replace(base, intent=Intent.JOIN), strangers
        case Intent.TOPICS if base.topics or base.numbers:
            return replace(base, intent=Intent.TOPIC), strangers
        case Intent.PAUSE if _tells_time(found.tail):
            return replace(base, numbers=_days(base.numbers, found.tail), unknown=False), 0
    return base, strangers


def _area(base: Understood, meaning: Meaning, found: Call, vocabulary: Vocabulary) -> tuple[Understood | None, int]:
    """The place named; a place that we do not know only behind our own word: "district hospital" is none."""
    # სოფელი asks for the area, and tells the village Ozurgeti from the town.
    noun = f"{found.head.text} " if found.head.has(Role.PLACE_NOUN) else ""
    sighting = _told(noun, found, vocabulary)
    places = sighting.codes
    goes_on = any(not part.roles.isdisjoint(_GOING_ON) for part in found.tail)  # село Никея без воды
    if places and not (goes_on and sighting.rule == "within"):
        rule = "typo" if sighting.rule == "typo" else base.rule
        place = places[0] if len(places) == 1 else None
        return replace(base, place=place, places=places, rule=rule, unknown=False), 0
    strangers = found.argument.strangers
    if meaning.head or (strangers and not _is_published(meaning, vocabulary)):
        return None, 0
    if goes_on or (strangers and base.topics):  # "area behind the school is dirty"
        return None, 0
    return replace(base, unknown=base.unknown or not base.numbers), strangers


def _language(base: Understood, meaning: Meaning, found: Call, vocabulary: Vocabulary) -> tuple[Understood | None, int]:
    """The language named; one that we do not speak only behind our own word: "language school" is none."""
    chosen, strangers = found.language, found.argument.strangers
    if chosen is None and strangers and not _is_published(meaning, vocabulary):
        return None, 0
    if strangers > _MOST_BESIDE_LANGUAGE or _is_slip_of_ordinary(found, vocabulary):
        return None, 0
    return replace(base, chosen_language=chosen, unknown=chosen is None and not base.numbers), strangers


def _told(noun: str, found: Call, vocabulary: Vocabulary) -> Sighting:
    """The places that follow, if need be without the courtesy."""
    sighting = vocabulary.places.told(noun + found.written)
    kept = [part for part in found.tail if not part.has(Role.COURTESY)]
    if sighting.codes or len(kept) == len(found.tail):
        return sighting
    return vocabulary.places.told(noun + " ".join(token.raw for part in kept for token in part.tokens))


def _is_slip_of_ordinary(found: Call, vocabulary: Vocabulary) -> bool:
    """язык сомаешь: with the slip undone this is a saying, and no language."""
    tokens = [token for part in (found.head, *found.tail) for token in part.tokens]
    strange = [spot for spot, token in enumerate(tokens) if not token.ids and token.number is None]
    if len(strange) != 1:
        return False
    near = vocabulary.slipped_parts(tokens[strange[0]], loose=True)
    cuts = (vocabulary.cut(mended(tokens, strange[0], (number,))) for number in near)
    return any(part.has(Role.ORDINARY) and len(part.tokens) > 1 for cut in cuts for part in cut)


def _leaves_the_list(base: Understood, found: Call) -> bool:
    """`уберите из рассылки`. English is left out: "leave a message" is none."""
    names = base.topics or base.numbers or base.every or found.argument.unknown
    return not names and base.language != "en" and any(part.has(Role.MESSAGING) for part in found.tail)


def _is_about_something_else(base: Understood, meaning: Meaning, found: Call) -> bool:
    """Whether the argument shows that the first word was no command of ours."""
    strange = found.argument.unknown
    clear = found.head.has(Role.CORE)
    match base.intent:
        case Intent.JOIN:  # "start building a school", ჩართეთ შუქი (put the light on): no subscription
            named = found.topic_first or (not base.topics and (clear or found.language is not None))
            asked = any(part.has(Role.ASKING) for part in found.tail)  # "subscribe means what"
            return strange and (asked or not named)
        case Intent.AREA:  # "my area has no water"
            return any(part.asks(Intent.NO) or part.has(Role.NEGATOR) for part in found.tail)
        case Intent.PAUSE:  # შეაჩერეთ მშენებლობა: it is the building that shall halt
            return bool(base.topics)
        case Intent.STATUS:
            return bool(base.topics)
        case Intent.DELETE:  # only the bare word or the code: what cannot be undone is never guessed
            return not _is_code(found.tail)
        case Intent.LEAVE:  # SİL 4821 is the confirmation of SİL, not topic 4821
            return meaning.head and _is_code(found.tail)
        case _:
            return False


def _is_no_pause(found: Call) -> bool:
    """ "The pause drags on", "pause: no": a pause is told of, or refused."""
    refused = any(part.has(Role.NEGATOR) or part.has(Role.REFUSAL) for part in found.tail)
    return refused or (found.argument.unknown and not _tells_time(found.tail))


def _with_times(found: Call, vocabulary: Vocabulary) -> Call:
    """*found* with the slips in days and months undone: "until firday"."""
    tail = tuple(_as_time(part, vocabulary) if part.is_strange else part for part in found.tail)
    return Call(found.head, tail, found.written, read_argument(tail))


def _as_time(part: Segment, vocabulary: Vocabulary) -> Segment:
    token = part.tokens[0]
    if len(token.text) < _LEAST_TIME:
        return part
    for number in vocabulary.slipped_words(token.raw):
        (meant,) = vocabulary.cut(mended((token,), 0, (number,)))
        if not meant.roles.isdisjoint(_TIMES):
            return meant
    return part


def _tells_time(tail: Sequence[Segment]) -> bool:
    """Whether nothing follows but how long, or until when."""
    told = [part for part in tail if not part.is_silent or not part.roles.isdisjoint(_TIMES)]
    if any(not part.roles.isdisjoint(_TIMES) for part in told):
        told = [part for part in told if not part.is_strange or len(part.text) > _PREPOSITION]
    return all(
        part.number is not None
        or not part.roles.isdisjoint(_TIMES)
        or any(meaning.number is not None for meaning in part.meanings)
        for part in told
    )


def _days(numbers: tuple[int, ...], tail: Sequence[Segment]) -> tuple[int, ...]:
    """The days in "2 weeks" and "a month"; only a lone number counts weeks."""
    size = next((days for role, days in _SIZES.items() if any(part.has(role) for part in tail)), 0)
    if not size or len(numbers) > 1:
        return numbers
    return (size * (numbers[0] if numbers else 1),)


def _is_published(meaning: Meaning, vocabulary: Vocabulary) -> bool:
    """Whether this is the word that we print for its command: whoever texts it means it."""
    if meaning.intent is None or meaning.language is None:
        return False
    own = lower(meaning.word)
    return any(own == lower(vocabulary.word(meaning.intent, meaning.language, each)) for each in ("", "Latn"))


def _is_code(tail: Sequence[Segment]) -> bool:
    tail = [part for part in tail if not part.has(Role.COURTESY)]
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
    rest = [part for part in tail if part.intents or not (part.has(Role.COURTESY) or part.has(Role.FILLER))]
    if len(rest) == 1:
        useful = [meaning for meaning in rest[0].meanings if meaning.role is None and not meaning.head]
        if useful and len(rest[0].text) >= _SHORTEST_HEAD:  # "please text me" asks for no status
            return single(useful, "courtesy", rest[0].text)
    argument = read_argument(tail)
    return named(argument, cleaned.strip()) if not argument.unknown else None
