"""What a text asks for. `understand` knows no context: what is pending, who writes, which topics they have.

Order: the whole message letter by letter in every language, then by each language's own sounds, without spaces, on
the wrong keyboard; then the same within courtesy; the stop engine; a command with an argument; topics; one slip.
Deterministic, linear in the text, and never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from smsbot.text import command, stopping
from smsbot.text.arguments import Segment, read_argument, segments
from smsbot.text.fold import clean, fold_of, lower, script, words
from smsbot.text.places import NOTHING as NOWHERE
from smsbot.text.reading import named, rank, script_of, single
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

_DIGITS = re.compile(r"[\d\s,.;:+&/()#*_-]+")
_NUMBER = re.compile(r"\d+")
_RANGE = re.compile(r"\s*\d+\s*-\s*\d+\s*")
_MINUS = re.compile(r"\s*-\s*\d")
_MINUS_WORD = re.compile(r"\s*-\s*[^\W\d_]")
_STOP_SIGNS = frozenset("🛑✋🚫❌⛔📵🔕✖❎🙅")
_NO_DIGITS = re.compile(r"no\s?\d+\s?to\s?\d+")  # the suffix of Georgian bulk senders: No624To91043
LONGEST_NUMBER = 9  # digits
_LONGEST_WORD = 40  # letters of a phrase written without spaces
_TELLING_WORDS = 2  # of one language, from which a sentence is taken to be in it
_SPLIT_WORDS = 3  # of a phrase with spaces where none belong
_PLACE_WORDS = 4  # of a message that may be nothing but a place
PLACE = "place"
"""The rule of free text that is one place's name and nothing else."""


def understand(text: str, vocabulary: Vocabulary) -> Understood:
    """Read one text."""
    return vocabulary.remembered.get(text) or vocabulary.remember(text, _read(text, vocabulary))


def _read(text: str, vocabulary: Vocabulary) -> Understood:
    typed = text.strip().lower()
    known = vocabulary.exact.get(typed)
    if known is not None:
        return single(known, "exact", typed)
    cleaned = clean(text)
    found = words(cleaned)
    if not found:
        return _wordless(text, cleaned)
    if _DIGITS.fullmatch(cleaned):
        return _digits(cleaned)
    joined = " ".join(map(lower, found))
    leaving = _MINUS_WORD.match(cleaned) is not None
    known = vocabulary.exact.get(joined)
    if known is not None and not leaving:
        return single(known, "exact", joined)
    if _NO_DIGITS.fullmatch(joined):
        return Understood(Intent.STOP, language="en", keyword="no", rule="idiom", argument=cleaned.strip())
    parts = segments(vocabulary.tokens(cleaned), vocabulary)
    return (
        (_minus(cleaned, parts) if leaving else None)
        or _whole(parts, "fold")
        or _compact(found, parts, vocabulary)
        or _on_other_keyboard(cleaned, vocabulary)
        or _in_courtesy(parts)
        or stopping.read(parts, cleaned, vocabulary)
        or command.read(parts, cleaned, vocabulary)
        or _names(parts, cleaned)
        or (command.glued(found[0], vocabulary) if len(found) == 1 else None)
        or _slip(parts, cleaned, vocabulary)
        or stopping.near(parts, cleaned, vocabulary)
        or _other(cleaned, parts, vocabulary)
    )


def find_topics(text: str, vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[int, ...], bool, bool]:
    """Topic codes in the order named, numbers, whether "all" is said, and whether anything else is."""
    parts = segments(vocabulary.tokens(clean(text)), vocabulary)
    argument = read_argument(parts)
    if len(parts) == 1 and argument.unknown:
        near = {meaning.topic: meaning for meaning in vocabulary.slips(parts[0].raw) if not parts[0].meanings}
        if len(near) == 1 and None not in near:
            return tuple(topic for topic in near if topic), (), False, False
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
    parts = segments(vocabulary.tokens(cleaned), vocabulary)
    meanings = [meaning for part in parts for meaning in part.meanings]
    for meaning in meanings:
        if meaning.names_language in offered:
            return meaning.names_language
    for meaning in meanings:
        if meaning.number is not None and 1 <= meaning.number <= len(offered) and len(parts) == 1:
            return offered[meaning.number - 1]
    return None


def _wordless(text: str, cleaned: str) -> Understood:
    if any(sign in _STOP_SIGNS for sign in text[:200]):
        return Understood(Intent.MAYBE_STOP, rule="sign")
    if "?" in cleaned or "՞" in text[:200]:
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


def _whole(parts: Sequence[Segment], rule: str) -> Understood | None:
    """A message that is one listed phrase."""
    if len(parts) != 1:
        return None
    useful = [meaning for meaning in parts[0].meanings if not meaning.head and _stands_alone(meaning)]
    return single(useful, rule, parts[0].text) if useful else None


def _stands_alone(meaning: Meaning) -> bool:
    return meaning.role is None or meaning.role in (Role.PHRASE, Role.REFUSAL)


def _compact(found: Sequence[str], parts: Sequence[Segment], vocabulary: Vocabulary) -> Understood | None:
    """`agarminda`, `s t o p`: a phrase with its spaces missing, or spaces where none belong."""
    joined = "".join(found)
    if len(joined) > _LONGEST_WORD or joined.isdecimal():
        return None
    spelled = len(found) > 1 and all(len(word) == 1 for word in found)
    if len(found) > 1 and not spelled and (len(joined) < 6 or len(found) > _SPLIT_WORDS):
        return None  # two short words that happen to make a third; a sentence
    if len(found) > 1 and not spelled and all(part.meanings or part.number is not None for part in parts):
        return None  # every word is one of ours as it stands
    known = vocabulary.compact.get(lower(joined))
    for entry in vocabulary.languages if known is None else ():
        for key in fold_of(entry.language).keys(joined):
            known = known or vocabulary.compact.get(f"{entry.language}:{key}")
    return single(known, "fold", joined) if known is not None else None


def _on_other_keyboard(cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    if len(cleaned) > _LONGEST_WORD:
        return None
    typed = lower(cleaned.strip())
    meaning = vocabulary.layout.get(typed) or vocabulary.layout.get(typed.rstrip("!? "))
    if meaning is None:
        return None
    return Understood(meaning.intent or Intent.OTHER, language=meaning.language, keyword=meaning.word, rule="layout")


def _in_courtesy(parts: Sequence[Segment]) -> Understood | None:
    rest = [part for part in parts if not part.has(Role.COURTESY)]
    if len({part.text for part in rest}) == 1:  # "no no no"
        rest = rest[:1]
    bare = [part for part in rest if not part.has(Role.FILLER)] or rest
    for intent in (Intent.YES, Intent.NO):  # "yes, I agree"
        if rest and all(part.asks(intent) for part in bare):
            return _whole(bare[:1], "courtesy")
    if len(rest) == len(parts):
        return None
    if not rest:  # "thanks", "hello": nothing is asked
        language = parts[0].meanings[0].language
        return Understood(Intent.OTHER, language=language, script=script_of(language, parts[0].text), rule="courtesy")
    return _whole(rest, "courtesy")


def _minus(cleaned: str, parts: Sequence[Segment]) -> Understood | None:
    """`-budget` leaves, as `-3` does."""
    argument = read_argument(parts)
    if argument.unknown or not argument.topics:
        return None
    return Understood(
        Intent.LEAVE, argument.topics, argument.numbers, argument=cleaned.strip(" -"), rule="digits",
        language=argument.language, script=argument.script,
    )  # fmt: skip


def _names(parts: Sequence[Segment], cleaned: str) -> Understood | None:
    """A message that only names topics, numbers or a language."""
    argument = read_argument(parts)
    if not argument.unknown:
        return named(argument, cleaned.strip())
    chosen = [meaning.names_language for part in parts for meaning in part.meanings if meaning.names_language]
    strange = [part for part in parts if not (part.is_silent or part.asks(Intent.LANG) or part.names_language)]
    if len(set(chosen)) == 1 and not strange:
        return Understood(
            Intent.LANGUAGE, chosen_language=chosen[0], language=chosen[0], argument=cleaned.strip(), rule="name"
        )
    return None


def _slip(parts: Sequence[Segment], cleaned: str, vocabulary: Vocabulary) -> Understood | None:
    """One word, one slip; or a command with one slip before an argument that is wholly known."""
    rest = [part for part in parts if not part.has(Role.COURTESY)]
    if not rest or rest[0].meanings:
        return None
    head = rest[0]
    if len(rest) == 1 and vocabulary.places.look(head.raw).certain:  # განახლება is a village, and no slip for განათლება
        return None
    meanings = vocabulary.slips(head.raw)
    if not meanings:
        return None
    meaning = min(meanings, key=rank)
    if len({found.intent or found.topic for found in meanings}) > 1:  # two commands are as near
        if any(found.intent is Intent.STOP for found in meanings):
            return Understood(Intent.MAYBE_STOP, keyword=meaning.word, rule="typo", argument=cleaned.strip())
        return None
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


def _spoken(parts: Sequence[Segment]) -> str | None:
    """The language of a sentence in Latin letters: two words that only it has, and more than any other has."""
    counts: dict[str, int] = {}
    for part in parts:
        language = part.meanings[0].language if part.meanings else None
        if language is not None and all(meaning.language == language for meaning in part.meanings):
            counts[language] = counts.get(language, 0) + 1
    most = max(counts.values(), default=0)
    spoken = [language for language, count in counts.items() if count == most]
    return spoken[0] if most >= _TELLING_WORDS and len(spoken) == 1 else None


def _other(cleaned: str, parts: Sequence[Segment], vocabulary: Vocabulary) -> Understood:
    """Free text. A message of a few words may still be a place, which only a pending question makes an answer."""
    sighting = vocabulary.places.look(cleaned) if len(parts) <= _PLACE_WORDS else NOWHERE
    places = sighting.codes
    language = next(
        (part.meanings[0].language for part in parts if part.meanings and script(part.text) != "Latn"), None
    ) or _spoken(parts)
    return Understood(
        Intent.OTHER, place=places[0] if len(places) == 1 else None, places=places, argument=cleaned.strip(),
        language=language, rule=PLACE if sighting.certain else "",
    )  # fmt: skip
