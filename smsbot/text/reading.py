"""From listed meanings to an answer: which of several meanings wins, and what it says of language and script."""

from __future__ import annotations

from collections.abc import Sequence

from smsbot.text.arguments import Argument
from smsbot.text.fold import fold_of, script
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Meaning

# When one spelling means several things, the earlier wins: stopping before anything else.
_PRECEDENCE = {Intent.STOP: 0, Intent.LEAVE: 1}


def script_of(language: str | None, typed: str) -> str:
    """`Latn` if *typed* is in Latin letters though its language has a script of its own, else ""."""
    if language is None or script(typed) != "Latn":
        return ""
    return "Latn" if fold_of(language).script != "Latn" else ""


def rank(meaning: Meaning) -> int:
    if meaning.intent is not None:
        return _PRECEDENCE.get(meaning.intent, 5)
    return 6 if meaning.topic is not None else 7 if meaning.names_language is not None else 8


def single(meanings: Sequence[Meaning], rule: str, typed: str) -> Understood:
    """The reading of a message that is one listed phrase; *typed*: how it was written."""
    meaning = min(meanings, key=rank)
    rule = "typo" if meaning.typo else rule
    language = meaning.language
    # English words are English even where another language publishes them too (STOP, START).
    if any(other.language == "en" and other.intent is meaning.intent is not None for other in meanings):
        language = "en"
    if meaning.intent is not None:
        return Understood(
            meaning.intent, language=language, script=script_of(language, typed), keyword=meaning.word, rule=rule,
            every=meaning.intent is Intent.ALL,
        )  # fmt: skip
    if meaning.topic is not None:
        topics = tuple(dict.fromkeys(found.topic for found in meanings if found.topic is not None))
        return Understood(
            Intent.TOPIC, topics, language=language, script=script_of(language, typed), keyword=meaning.word,
            rule="typo" if rule == "typo" else "name", argument=typed,
        )  # fmt: skip
    if meaning.names_language is not None:
        return Understood(
            Intent.LANGUAGE, chosen_language=meaning.names_language, language=meaning.names_language,
            keyword=meaning.word, rule=rule, argument=typed,
        )  # fmt: skip
    if meaning.number is not None:
        return Understood(
            Intent.NUMBERS, numbers=(meaning.number,), language=language, script=script_of(language, typed),
            keyword=meaning.word, rule=rule, argument=typed,
        )  # fmt: skip
    return Understood(
        Intent.STOP, language=language, script=script_of(language, typed), keyword=meaning.word, rule="phrase"
    )


def named(argument: Argument, typed: str) -> Understood | None:
    """The reading of a message that only names topics, numbers or all of them."""
    intent = Intent.TOPIC if argument.topics else Intent.ALL if argument.every else Intent.NUMBERS
    if intent is Intent.NUMBERS and not argument.numbers:
        return None
    return Understood(
        intent, argument.topics, argument.numbers, argument=typed, language=argument.language, script=argument.script,
        keyword=argument.word, rule="digits" if intent is Intent.NUMBERS else "name", every=argument.every,
    )  # fmt: skip
