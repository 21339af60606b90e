"""What a text asks for. `understand` knows no context: what is pending, who writes, which topics they have.

Order: the whole message letter by letter in every language, then by each language's own sounds, without spaces, on
the wrong keyboard; then the same within courtesy; the stop engine; a command with an argument; topics; one slip.
Deterministic, linear in the text, and never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from smsbot.text import stopping
from smsbot.text.arguments import Argument, Segment, read_argument, segments
from smsbot.text.fold import clean, fold_of, lower, words
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Token, Vocabulary
from smsbot.text.words import Role

_DIGITS = re.compile(r"[\s,.;:+&/()#*_-]*(?:\d+[\s,.;:+&/()#*_-]*)+")
_NUMBER = re.compile(r"\d+")
_RANGE = re.compile(r"\s*\d+\s*-\s*\d+\s*")
_MINUS = re.compile(r"\s*-\s*(?=\d)")
_MINUS_WORD = re.compile(r"\s*-\s*(?=[^\W\d_])")
_STOP_SIGNS = frozenset("🛑✋🚫❌⛔📵🔕✖❎🙅")
_NO_DIGITS = re.compile(r"no\s*\d+\s*(?:to|-|>)\s*\d+")
LONGEST_NUMBER = 9  # digits

# Commands that may have an argument, and how many words of it that we do not know still leave it that command.
_ARGUMENTS = {
    Intent.JOIN: 2,
    Intent.TOPICS: 1,
    Intent.LEAVE: 1,
    Intent.LANG: 2,
    Intent.AREA: 3,
    Intent.PAUSE: 2,
    Intent.DELETE: 0,
    Intent.STATUS: 0,
}
# When one spelling means several things, the earlier wins: stopping before anything, an answer last.
_PRECEDENCE = {intent: rank for rank, intent in enumerate([Intent.STOP, Intent.LEAVE, Intent.KEEP])}


def understand(text: str, vocabulary: Vocabulary) -> Understood:
    """Read one text."""
    known = vocabulary.exact.get(text.strip().lower())
    if known is not None:
        return _single(known, "exact")
    cleaned = clean(text)
    found = words(cleaned)
    if not found:
        return _wordless(text, cleaned)
    joined = " ".join(map(lower, found))
    if _DIGITS.fullmatch(cleaned):
        return _digits(cleaned)
    known = vocabulary.exact.get(joined)
    if known is not None and not _MINUS_WORD.match(cleaned):
        return _single(known, "exact")
    if _NO_DIGITS.fullmatch(joined):
        return Understood(Intent.STOP, language="en", keyword="no", rule="idiom", argument=cleaned.strip()[2:].strip())
    tokens = vocabulary.tokens(cleaned)
    parts = segments(tokens, vocabulary)
    return (
        _whole(parts, "fold")
        or _compact(found, vocabulary)
        or _on_other_keyboard(cleaned, vocabulary)
        or _in_courtesy(parts, vocabulary)
        or _minus(cleaned, parts, vocabulary)
        or stopping.read(parts, cleaned, vocabulary)
        or _command(parts, cleaned, vocabulary)
        or _names(parts, cleaned, vocabulary)
        or _slip(parts, cleaned, vocabulary)
        or stopping.near(parts, cleaned, vocabulary)
        or _other(cleaned, parts, vocabulary)
    )


def find_topics(text: str, vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[int, ...], bool, bool]:
    """Topic codes in the order named, numbers, whether "all" is said, and whether anything else is."""
    argument = read_argument(segments(vocabulary.tokens(clean(text)), vocabulary), vocabulary)
    return argument.topics, argument.numbers, argument.every, argument.unknown


def find_places(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Codes of the places that *text* may name: one, several homonyms, or none."""
    return vocabulary.places.find(text)


def find_language(text: str, vocabulary: Vocabulary, offered: Sequence[str]) -> str | None:
    """The language of *offered* that *text* picks: by its number in the list, its name in any language, its code."""
    cleaned = clean(text)
    numbers = _NUMBER.findall(cleaned)
    if numbers and _DIGITS.fullmatch(cleaned):
        number = int(numbers[0]) if len(numbers) == 1 and len(numbers[0]) <= LONGEST_NUMBER else 0
        return offered[number - 1] if 1 <= number <= len(offered) else None
    for part in segments(vocabulary.tokens(cleaned), vocabulary):
        for meaning in part.meanings:
            if meaning.names_language in offered:
                return meaning.names_language
            if meaning.number is not None and 1 <= meaning.number <= len(offered):
                return offered[meaning.number - 1]
    return None


# --- one thing said --------------------------------------------------------------------------------------------------


def _wordless(text: str, cleaned: str) -> Understood:
    if any(sign in _STOP_SIGNS for sign in text[:200]):
        return Understood(Intent.MAYBE_STOP, rule="sign")
    if "?" in cleaned or "՞" in text[:200] or "؟" in text[:200]:
        return Understood(Intent.HELP, keyword="?", rule="exact")
    return Understood(Intent.EMPTY, rule="empty")


def _digits(cleaned: str) -> Understood:
    found = _NUMBER.findall(cleaned)
    numbers = tuple(dict.fromkeys(int(number) for number in found if len(number) <= LONGEST_NUMBER))
    argument = cleaned.strip()
    unknown = any(len(number) > LONGEST_NUMBER for number in found)
    if len(found) == 1 and found[0] in ("0", "00"):
        return Understood(Intent.ZERO, numbers=(0,), argument=argument, rule="digits")
    if _MINUS.match(cleaned):
        return Understood(Intent.LEAVE, numbers=numbers, argument=argument, rule="digits", unknown=unknown)
    if _RANGE.fullmatch(cleaned):
        return Understood(Intent.NUMBERS, numbers=numbers, argument=argument, rule="range?", unknown=True)
    return Understood(Intent.NUMBERS, numbers=numbers, argument=argument, rule="digits", unknown=unknown)


def _single(meanings: Sequence[Meaning], rule: str, argument: str = "") -> Understood:
    """The reading of a message that is one listed phrase."""
    meaning = min(meanings, key=_rank)
    script = "Latn" if meaning.foreign else ""
    rule = "typo" if meaning.typo else rule
    if meaning.intent is not None:
        language = _language_of(meaning, meanings)
        every = meaning.intent is Intent.ALL
        return Understood(
            meaning.intent, language=language, script=script, keyword=meaning.word, rule=rule, every=every, argument=argument
        )
    if meaning.topic is not None:
        topics = tuple(dict.fromkeys(found.topic for found in meanings if found.topic is not None))
        return Understood(
            Intent.TOPIC, topics, language=meaning.language, script=script, keyword=meaning.word, rule="name",
            argument=argument or meaning.word,
        )  # fmt: skip
    if meaning.names_language is not None:
        return Understood(
            Intent.LANGUAGE, chosen_language=meaning.names_language, language=meaning.names_language,
            keyword=meaning.word, rule=rule, argument=argument or meaning.word,
        )  # fmt: skip
    if meaning.number is not None:
        return Understood(
            Intent.NUMBERS, numbers=(meaning.number,), language=meaning.language, script=script, keyword=meaning.word,
            rule=rule, argument=argument or meaning.word,
        )  # fmt: skip
    return Understood(Intent.STOP, language=meaning.language, script=script, keyword=meaning.word, rule="phrase")


def _rank(meaning: Meaning) -> tuple[int, bool]:
    if meaning.intent is not None:
        return _PRECEDENCE.get(meaning.intent, 5), meaning.foreign
    return (6 if meaning.topic is not None else 7 if meaning.names_language is not None else 8), meaning.foreign


def _language_of(chosen: Meaning, meanings: Sequence[Meaning]) -> str | None:
    """English words are English even where another language publishes them too (STOP, START)."""
    if any(other.language == "en" and other.intent is chosen.intent for other in meanings):
        return "en"
    return chosen.language


def _useful(meanings: Sequence[Meaning]) -> list[Meaning]:
    """What can stand alone as a message."""
    return [
        meaning
        for meaning in meanings
        if not meaning.head and (meaning.role is None or meaning.role in (Role.PHRASE, Role.REFUSAL))
    ]


def _whole(parts: Sequence[Segment], rule: str) -> Understood | None:
    if len(parts) != 1:
        return None
    useful = _useful(parts[0].meanings)
    return _single(useful, rule) if useful else None


def _compact(found: Sequence[str], vocabulary: Vocabulary) -> Understood | None:
    joined = "".join(found)
    if len(joined) > 40:
        return None
    if len(found) == 1 and not any(char.isalpha() for char in joined):
        return None
    known = vocabulary.compact.get(lower(joined))
    if known is None:
        for entry in vocabulary.languages:
            for key in fold_of(entry.language).keys(joined):
                known = known or vocabulary.compact.get(f"{entry.language}:{key}")
    # Short words may not be put together from other short words: only spelled out letters (s t o p).
    if known is None or (len(joined) < 6 and len(found) > 1 and any(len(word) > 1 for word in found)):
        return None
    return _single(known, "fold")


def _on_other_keyboard(cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    typed = lower(cleaned.strip()).rstrip("!?. ") if len(cleaned) < 40 else ""
    meaning = vocabulary.layout.get(typed) or vocabulary.layout.get(lower(cleaned.strip()))
    return _single([meaning], "layout") if meaning is not None else None


def _in_courtesy(parts: Sequence[Segment], vocabulary: Vocabulary) -> Understood | None:
    rest = [part for part in parts if not part.has(Role.COURTESY)]
    if not rest:  # "thanks", "hello": nothing is asked
        return Understood(Intent.OTHER, language=parts[0].meanings[0].language, rule="courtesy") if parts else None
    if len(rest) == len(parts):
        return None
    return _whole(rest, "courtesy")


def _minus(cleaned: str, parts: Sequence[Segment], vocabulary: Vocabulary) -> Understood | None:
    """`-budget` leaves, as `-3` does."""
    if not _MINUS_WORD.match(cleaned):
        return None
    argument = read_argument(parts, vocabulary)
    if argument.unknown or not argument.topics:
        return None
    return Understood(
        Intent.LEAVE, argument.topics, argument.numbers, argument=cleaned.strip(" -"), rule="digits",
        language=argument.language, script=argument.script,
    )  # fmt: skip


# --- a command and its argument ---------------------------------------------------------------------------------------


def _command(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    rest = list(parts)
    while rest and rest[0].has(Role.COURTESY):
        rest.pop(0)
    if len(rest) < 2:
        return None
    head, tail = rest[0], rest[1:]
    if head.has(Role.REPLY):
        copied = _whole([part for part in tail if not part.has(Role.COURTESY)], "courtesy")
        if copied is None:
            argument = read_argument(tail, vocabulary)
            copied = _alone(argument, cleaned) if not argument.unknown else None
        if copied is not None:
            return copied
    words_left = _after(cleaned, rest[0])
    for meaning in sorted(head.meanings, key=_rank):
        if meaning.intent is Intent.NO:
            found = _no_with_digits(meaning, tail, words_left, vocabulary)
        elif meaning.intent in _ARGUMENTS:
            found = _with_argument(meaning, head, tail, words_left, vocabulary)
        else:
            continue
        if found is not None:
            return found
    return None


def _no_with_digits(
    meaning: Meaning, tail: Sequence[Segment], words_left: str, vocabulary: Vocabulary
) -> Understood | None:
    """`NO 624`: the local way out of bulk messages; whether it is a topic's number only the dialogue knows."""
    if meaning.word == "n" or any(part.number is None for part in tail):
        return None
    argument = read_argument(tail, vocabulary)
    return Understood(
        Intent.LEAVE, numbers=argument.numbers, argument=words_left, language=meaning.language,
        script="Latn" if meaning.foreign else "", keyword=meaning.word, rule="idiom",
    )  # fmt: skip


def _with_argument(
    meaning: Meaning, head: Segment, tail: Sequence[Segment], words_left: str, vocabulary: Vocabulary
) -> Understood | None:
    intent = meaning.intent
    assert intent is not None  # noqa: S101  callers look it up in _ARGUMENTS
    argument = read_argument(tail, vocabulary)
    place: tuple[str, ...] = ()
    chosen = None
    unknown = argument.unknown
    strangers = argument.strangers
    match intent:
        case Intent.AREA:
            place = vocabulary.places.find(words_left)
            if place:
                unknown, strangers = False, min(strangers, _ARGUMENTS[intent])
            else:
                unknown = not argument.numbers or unknown
        case Intent.LANG:
            chosen = next((m.names_language for part in tail for m in part.meanings if m.names_language), None)
            unknown = chosen is None and not argument.numbers
        case Intent.TOPICS if argument.topics or argument.numbers or argument.every:
            intent = Intent.TOPIC if not argument.every else Intent.JOIN
        case Intent.DELETE if meaning.head is False and _is_code(tail):
            unknown = False
        case Intent.LEAVE if meaning.head and _is_code(tail):
            return None
        case Intent.DELETE:
            if any(found.head and found.intent is Intent.LEAVE for found in head.meanings):
                return None
            unknown, strangers = True, 1
        case _:
            pass
    if intent is Intent.LEAVE and argument.every and not argument.topics:
        intent = Intent.STOP
    if unknown and strangers > _ARGUMENTS.get(intent, 0):
        return None
    if len(meaning.word) <= 2 and unknown:
        return None
    return Understood(
        intent, argument.topics, argument.numbers, place[0] if len(place) == 1 else None, place, words_left, chosen,
        meaning.language, "Latn" if meaning.foreign else "", meaning.word,
        "typo" if meaning.typo else "exact" if head.literal else "fold", argument.every, unknown,
    )  # fmt: skip


def _is_code(tail: Sequence[Segment]) -> bool:
    return len(tail) == 1 and tail[0].number is not None and len(tail[0].text) == 4


def _after(cleaned: str, head: Segment) -> str:
    """What follows the head's last word, as written."""
    spot = lower(cleaned).find(head.last)
    return cleaned[spot + len(head.last) :].strip(" .,:;!-") if spot >= 0 else cleaned.strip()


# --- topics, numbers and the rest -------------------------------------------------------------------------------------


def _alone(argument: Argument, cleaned: str) -> Understood | None:
    stripped = cleaned.strip()
    if argument.topics:
        return Understood(
            Intent.TOPIC, argument.topics, argument.numbers, argument=stripped, language=argument.language,
            script=argument.script, keyword=argument.word, rule="name", every=argument.every,
        )  # fmt: skip
    if argument.every:
        return Understood(Intent.ALL, numbers=argument.numbers, argument=stripped, language=argument.language, rule="name", every=True)
    if argument.numbers:
        return Understood(
            Intent.NUMBERS, numbers=argument.numbers, argument=stripped, language=argument.language,
            script=argument.script, rule="digits",
        )  # fmt: skip
    return None


def _names(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    argument = read_argument(parts, vocabulary)
    return None if argument.unknown else _alone(argument, cleaned)


def _slip(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """One word, one slip; or a command with one slip before an argument that is wholly known."""
    rest = [part for part in parts if not part.has(Role.COURTESY)]
    if not rest or rest[0].meanings:
        return None
    word = rest[0].raw
    meanings = vocabulary.slips(word)
    if not meanings:
        return None
    intents = {meaning.intent or meaning.topic for meaning in meanings}
    meaning = min(meanings, key=_rank)
    if len(intents) > 1:  # two commands are as near: ask if one is to stop
        return Understood(Intent.MAYBE_STOP, keyword=meaning.word, rule="typo") if Intent.STOP in intents else None
    if len(rest) == 1:
        return _single(meanings, "typo")
    argument = read_argument(rest[1:], vocabulary)
    if argument.unknown and meaning.intent not in (Intent.AREA, Intent.LANG):
        return None
    if meaning.intent is Intent.STOP:
        if not (argument.topics or argument.numbers):
            return None
        return Understood(Intent.LEAVE, argument.topics, argument.numbers, language=meaning.language, keyword=meaning.word,
                          argument=_after(cleaned, rest[0]), rule="typo")  # fmt: skip
    if meaning.intent not in _ARGUMENTS:
        return None
    corrected = Segment((Token(word, frozenset(), frozenset()),), (meaning,), False)
    return _with_argument(meaning, corrected, rest[1:], _after(cleaned, rest[0]), vocabulary)


def _other(cleaned: str, parts: Sequence[Segment], vocabulary: Vocabulary) -> Understood:
    place = vocabulary.places.find(cleaned) if len(parts) <= 4 else ()
    return Understood(Intent.OTHER, place=place[0] if len(place) == 1 else None, places=place, argument=cleaned.strip())
