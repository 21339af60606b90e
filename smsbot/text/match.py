"""What a text asks for. `understand` knows no context: what is pending, who writes, which topics they have.

The rules are tried in order and the first answer counts: the whole message letter by letter in every language, then by
each language's own sounds, without spaces; then the same within courtesy; the stop engine; a command with an argument;
topics; another keyboard; one slip. Deterministic, linear in the text, and never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from smsbot.text import command, figures, mending, phraseslips, shortslips, signature, slipping, spacing, stopping
from smsbot.text.arguments import Segment, read_argument, tells_with_a_number
from smsbot.text.fold import clean, lower, words
from smsbot.text.freetext import other
from smsbot.text.layout import retyped
from smsbot.text.message import UNREAD, Message
from smsbot.text.reading import named, script_of, single
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role

_LONE_QUESTION = re.compile(r"(?:^|\s)\?")
_CLEAN = re.compile("[a-zа-яა-ჰ]+")  # letters that cleaning leaves as they are
_MINUS_WORD = re.compile(r"\s*-\s*[^\W\d_]")
_LONGEST_RETYPED = 60  # characters of a text that may have been typed on another keyboard
_HARDLY = 4  # words of which one may be known by chance
_LONGEST_BARED = 12  # words, single letters among them
_LONGEST_LISTED = 200  # characters of a text that may be a listed phrase with blanks around it
_CANDIDATES = 3  # commands that one question can offer
_REPEATED = 5  # times that a word is said
_SHORTEST_OFFERED = 3  # letters: "me" and "on" begin too many sentences
# HELP is always answered, STOP is the stop engine's, and DELETE is never guessed.
_SIMPLE = frozenset({Intent.TOPICS, Intent.STATUS, Intent.LANG, Intent.RESUME, Intent.DATA})
_SHORTEST_SIMPLE = 4  # letters
_SIMPLE_WORDS = 5  # of such a message
_ANSWERS = (Intent.YES, Intent.NO)
_OFFERED = frozenset(
    {Intent.JOIN, Intent.TOPICS, Intent.STATUS, Intent.LANG, Intent.AREA, Intent.PAUSE, Intent.RESUME, Intent.DATA}
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to understand a message. *about*: what it looks for, for whoever reads an explanation."""

    name: str
    about: str
    read: Callable[[Message], Understood | None]


def understand(text: str, vocabulary: Vocabulary) -> Understood:
    """Read one text."""
    return vocabulary.remembered.get(text) or vocabulary.remember(text, _read(text, vocabulary))


def begun(text: str, vocabulary: Vocabulary) -> Message:
    """What the rules read of *text*."""
    return Message(signature.without_device(text), vocabulary)


def _read(text: str, vocabulary: Vocabulary) -> Understood:
    message = begun(text, vocabulary)
    for read in _READERS:
        answer = read(message)
        if answer is not None:
            return answer
    return other(message)


# --- the rules, in their order ---


def _as_typed(message: Message) -> Understood | None:
    typed = message.text[:_LONGEST_LISTED].strip().lower()
    known = message.vocabulary.exact.get(typed)
    return single(known, "exact", typed) if known is not None else None


def _letter_by_letter(message: Message) -> Understood | None:
    known = message.vocabulary.exact.get(message.joined)
    if known is None or _MINUS_WORD.match(message.cleaned):
        return None
    return single(known, "exact", message.joined)


def _in_messaging(message: Message) -> Understood | None:
    """`send me the menu`, `resume sms`: one command that needs no argument, and words that name nothing."""
    if message.intents.isdisjoint(_SIMPLE):
        return None
    found: Segment | None = None
    for part in message.parts:
        if not part.intents.isdisjoint(_SIMPLE) and len(part.text) >= _SHORTEST_SIMPLE and not part.has(Role.MESSAGING):
            if found is not None:
                return None
            found = part
        elif not part.is_silent or part.has(Role.NEGATOR) or part.has(Role.TELLING):
            return None
    if found is None or len(message.parts) > _SIMPLE_WORDS:
        return None
    useful = [meaning for meaning in found.meanings if meaning.intent in _SIMPLE and not meaning.head]
    return single(useful, "courtesy", found.text) if useful else None


def _minus(message: Message) -> Understood | None:
    """`-budget` leaves, as `-3` does."""
    if not _MINUS_WORD.match(message.cleaned):
        return None
    argument = read_argument(message.parts)
    if argument.unknown or not argument.topics:
        return None
    return Understood(
        Intent.LEAVE, argument.topics, argument.numbers, argument=message.cleaned.strip(" -"), rule="digits",
        language=argument.language, script=argument.script,
    )  # fmt: skip


def _by_sound(message: Message) -> Understood | None:
    return _whole(message.parts, "fold")


def _whole(parts: Sequence[Segment], rule: str) -> Understood | None:
    """A message that is one listed phrase."""
    if len(parts) != 1:
        return None
    useful = [meaning for meaning in parts[0].meanings if not meaning.head and _stands_alone(meaning)]
    return single(useful, rule, parts[0].text) if useful else None


def _stands_alone(meaning: Meaning) -> bool:
    return meaning.role is None or meaning.role in (Role.PHRASE, Role.REFUSAL)


def _spaces(message: Message) -> Understood | None:
    return spacing.read(message)


def _in_courtesy(message: Message) -> Understood | None:
    parts = message.parts
    if (
        Role.COURTESY not in message.roles
        and message.intents.isdisjoint(_ANSWERS)
        and (len(parts) == 1 or parts[0].tokens[-1].text != parts[1].tokens[-1].text)  # said twice
    ):
        return None
    if (
        "?" in message.cleaned
        and _LONE_QUESTION.search(message.cleaned)
        and all(part.has(Role.COURTESY) for part in message.parts)
    ):
        return Understood(Intent.HELP, keyword="?", rule="courtesy", language=message.parts[0].meanings[0].language)
    return _courteous(message.parts)


def _courteous(parts: Sequence[Segment]) -> Understood | None:
    rest = [part for part in parts if not part.has(Role.COURTESY)]
    if 1 < len(rest) <= _REPEATED and rest[0].last == rest[1].last and len({part.text for part in rest}) == 1:
        rest = rest[:1]  # "no no no"
    if any(part.intents for part in rest):
        bare = [part for part in rest if not part.has(Role.FILLER)] or rest
        spelled = len(rest) > 2 and all(len(part.text) == 1 for part in rest)  # "j o i n please"
        for intent in _ANSWERS:  # "yes, I agree"
            if not spelled and all(part.asks(intent) for part in bare):
                return _whole(bare[:1], "courtesy")
    if len(rest) == len(parts):
        return None
    if not rest:  # "thanks", "hello": nothing is asked
        language = parts[0].meanings[0].language
        return Understood(Intent.OTHER, language=language, script=script_of(language, parts[0].text), rule="courtesy")
    return _whole(rest, "courtesy")


def _stop(message: Message) -> Understood | None:
    answer = _engine(message)
    if answer is None or answer.rule in (stopping.ABOUT, stopping.SENTENCE) or answer.intent is Intent.STOP_SENTENCE:
        return None
    if answer.intent is Intent.KEEP and len(message.strange) == 1:  # "not interestde stop": the "not" is a phrase's
        mended = _mend(message)
        if mended is not None and mended.intent is Intent.STOP:
            return replace(mended, intent=Intent.MAYBE_STOP, rule="near")
    return answer


def _sentence(message: Message) -> Understood | None:
    """Said only after a misspelt "please" has not been taken for other content."""
    answer = _engine(message)
    if not message.concerns_stop:
        return None
    if answer is None or answer.intent is Intent.STOP_SENTENCE:
        return shortslips.beside_stop(message) or mending.mend_twice(message, ()) or answer
    return answer


def _engine(message: Message) -> Understood | None:
    if message.stop is UNREAD:
        message.stop = stopping.read(message.parts, message.cleaned, message.vocabulary)
    return message.stop


def _command(message: Message) -> Understood | None:
    if message.intents.isdisjoint(command.INTENTS) and Role.REPLY not in message.roles:
        return None
    return command.read(message.parts, message.cleaned, message.vocabulary)


def _names(message: Message) -> Understood | None:
    """A message that only names topics, numbers or a language."""
    tokens = message.tokens
    for spot in message.strange:
        if tokens[spot].inflected is None:
            return None
    return _named(message.parts, message.cleaned)


def _named(parts: Sequence[Segment], cleaned: str) -> Understood | None:
    if any(part.is_strange for part in parts):
        return None
    argument = read_argument(parts)
    if not argument.unknown:
        # "School 5" is that school, and "how do I get social aid" a question.
        told = bool(argument.topics and argument.numbers and not argument.by_name) or tells_with_a_number(parts)
        return None if told or any(part.has(Role.ASKING) for part in parts) else named(argument, cleaned.strip())
    chosen = [meaning.names_language for part in parts for meaning in part.meanings if meaning.names_language]
    strange = [part for part in parts if not (part.is_silent or part.asks(Intent.LANG) or part.names_language)]
    if len(set(chosen)) == 1 and not strange:
        return Understood(
            Intent.LANGUAGE, chosen_language=chosen[0], language=chosen[0], argument=cleaned.strip(), rule="name"
        )
    return None


def _two_commands(message: Message) -> Understood | None:
    """`TOPICS STATUS`: each is clear, both together are not."""
    if message.intents.isdisjoint(_OFFERED):
        return None
    asked: dict[Intent, None] = {}
    for part in message.parts:
        if part.intents.isdisjoint(_OFFERED):
            if not part.is_silent:
                return None
            continue
        commands = [meaning.intent for meaning in part.meanings if meaning.intent in _OFFERED and not meaning.head]
        if commands and len(part.text) >= _SHORTEST_OFFERED:
            asked[commands[0]] = None
        elif not part.is_silent:
            return None
    if not 2 <= len(asked) <= _CANDIDATES:
        return None
    first = next(part for part in message.parts if part.intents)
    return Understood(
        Intent.OTHER, candidates=_in_order(asked), keyword=first.meanings[0].word, rule="mixed",
        language=first.meanings[0].language, argument=message.cleaned.strip(),
    )  # fmt: skip


def _in_order(intents: dict[Intent, None]) -> tuple[Intent, ...]:
    return tuple(intent for intent in Intent if intent in intents)


def _glued(message: Message) -> Understood | None:
    return command.glued(message.found[0], message.vocabulary) if len(message.found) == 1 else None


def _other_keyboard(message: Message) -> Understood | None:
    """A text of which hardly a word is known, and every word is once the keys are read as another layout's."""
    text = message.text.strip()
    known = [part for part in message.parts if part.meanings]
    if len(text) > _LONGEST_RETYPED or len(known) > len(message.parts) // _HARDLY:
        return None
    vocabulary = message.vocabulary
    for reading in retyped(text):
        if not all(_is_listed(word, vocabulary) for word in reading.split()):
            continue
        # A sign among the letters tells that this was no other keyboard, but a word of our own.
        if sum(map(str.isalpha, reading)) < sum(map(str.isalpha, text)):
            continue
        found = Message(reading, vocabulary)
        for rule in (_letter_by_letter, _by_sound, _spaces, _in_courtesy, _engine, _command, _names):
            answer = rule(found)
            if answer is not None and answer.intent not in (Intent.OTHER, Intent.STOP_SENTENCE) and not answer.unknown:
                return replace(answer, rule="layout")
    return None


def _bared(message: Message) -> Understood | None:
    """`s t o p please`, `pls ыещз`: what is left without courtesy, by the rules that need the whole message."""
    if Role.COURTESY not in message.roles:
        return None
    rest = message.rest
    if not 0 < len(rest) <= _LONGEST_BARED:
        return None
    bare = Message(" ".join(token.raw for part in rest for token in part.tokens), message.vocabulary)
    for rule in (figures.digits, _letter_by_letter, _by_sound, _spaces, _other_keyboard):
        answer = rule(bare)
        if answer is not None:
            return answer
    return None


def _is_listed(word: str, vocabulary: Vocabulary) -> bool:
    """Whether all of *word* is, which has no blanks."""
    return all(
        part.isdecimal() or part in vocabulary.compact or vocabulary.lexicon.knows(part)
        for part in ((word,) if _CLEAN.fullmatch(word) else words(lower(clean(word))))
    )


def _mended_word(message: Message) -> Understood | None:
    if not len(message.tokens) == len(message.strange) == 1:
        return None
    answer = _mend(message)
    if answer is not None and message.vocabulary.places.look(message.tokens[0].raw).certain:
        return None  # Chanchati is a village, and no slip for չանջատիր
    return answer


def _mended(message: Message) -> Understood | None:
    if not len(signature.unsigned(message)) == 1 < len(message.tokens):
        return None
    answer = _mend(message)
    if answer is not None and answer.intent is Intent.MAYBE_STOP:  # courtesy beside one word changes nothing
        return slipping.beside_courtesy(message) or answer
    return answer


def _short_slip(message: Message) -> Understood | None:
    return shortslips.read(message, (_whole_by_sound,))


def _phrase_slip(message: Message) -> Understood | None:
    return phraseslips.read(message, _readers(message))


def _mend(message: Message) -> Understood | None:
    return mending.mend(message, _readers(message) if len(message.tokens) > 1 else ())


def _readers(message: Message) -> tuple[mending.Reader, ...]:
    cleaned, vocabulary = message.cleaned, message.vocabulary

    def read_command(cut: Sequence[Segment]) -> Understood | None:
        return command.read(cut, cleaned, vocabulary)

    def read_names(cut: Sequence[Segment]) -> Understood | None:
        return _named(cut, cleaned)

    return (_whole_by_sound, _courteous, read_command, read_names)


def _whole_by_sound(parts: Sequence[Segment]) -> Understood | None:
    return _whole(parts, "fold")


RULES: tuple[Rule, ...] = (
    Rule("as typed", "the whole text, letter by letter, in every language", _as_typed),
    Rule("wordless", "signs and blanks: 🛑, ?, nothing", figures.wordless),
    Rule("digits", "numbers alone, 0 and -3 among them", figures.digits),
    Rule("letters", "the whole text without punctuation, letter by letter, in every language", _letter_by_letter),
    Rule("short number", "the way out that bulk senders print: No624To91043", figures.short_number),
    Rule("minus", "-budget", _minus),
    Rule("sound", "the whole text by each language's own sounds", _by_sound),
    Rule("spaces", "spaces missing, or where none belong", _spaces),
    Rule("courtesy", "a command within please and thanks; yes and no", _in_courtesy),
    Rule("bared", "the text without its courtesy: spaces and keyboard once more", _bared),
    Rule("stop", "the stop engine: words, phrases, negations", _stop),
    Rule("hyphened", "a stop word with a hyphen, one slip off", slipping.hyphened),
    Rule("mended", "one slip in one word of a message that is otherwise known", _mended),
    Rule("cut in two", "a long stop word one slip off with a space in it", spacing.cut_in_two),
    Rule("unglued", "a stop with two of its words written together", spacing.unglued),
    Rule("short slip", "one slip in a short word of a listed phrase, or beside a stop word", _short_slip),
    Rule("stop sentence", "a stop word within other content", _sentence),
    Rule("two commands", "several commands in one text", _two_commands),
    Rule("messaging", "one command among words that name nothing", _in_messaging),
    Rule("command", "a command and its argument", _command),
    Rule("names", "topics, numbers or a language, and nothing else", _names),
    Rule("glued", "AREA and a place without a space", _glued),
    Rule("keyboard", "all of it typed with the keyboard set to another language", _other_keyboard),
    Rule("slip", "one word, one slip", slipping.read),
    Rule("mended word", "one word that is a stop as a whole, one slip", _mended_word),
    Rule(
        "near stop",
        "a long stop word one slip off among a few words",
        slipping.near_stop,
    ),
    Rule("short stop", "a short stop word one slip off: asked about", shortslips.alone),
    Rule(
        "known words",
        "a stop but for one letter of a known word: asked about",
        shortslips.among_known,
    ),
    Rule("far", "two slips in a long word: asked about, never acted on", slipping.far),
    Rule("phrase slip", "one slip in a command of several words", _phrase_slip),
)
_READERS = tuple(rule.read for rule in RULES)
