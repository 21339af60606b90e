"""In which language and script a person is answered.

A joined person's language is settled; before that the word tells it, else the letters, else the default. Georgian in
Latin letters is answered in Latin letters, unless the person has asked for Georgian ones.
"""

from __future__ import annotations

from smsbot.dialogue.latin import GEORGIAN, LATIN, MKHEDRULI, chosen, tag_of
from smsbot.dialogue.model import Contact
from smsbot.dialogue.phrases import KEYWORDS
from smsbot.dialogue.turn import Turn
from smsbot.text.fold import clean, script
from smsbot.text.understood import Intent


def settle(turn: Turn) -> None:
    """Set the reply's language and script."""
    contact, understood, directory = turn.contact, turn.understood, turn.directory
    offered, told = directory.languages, understood.language
    choice = understood.chosen_language
    if understood.intent is Intent.JOIN and choice is not None and choice in directory.choices:  # "JOIN RU"
        turn.language, turn.script = chosen(choice)
        turn.change(language=turn.language, script=turn.script)
        return
    if contact.language in offered and (contact.since_ms is not None or told not in offered or _is_their_word(turn)):
        turn.language = contact.language or directory.default_language
    elif told in offered:
        turn.language = told or directory.default_language
    else:
        guess = directory.reader.script_language(turn.inbound.text)
        turn.language = guess if guess in offered else directory.default_language
    turn.script = _script(turn)


def _is_their_word(turn: Turn) -> bool:
    """STOP is what we told readers of Azerbaijani or of Latin Georgian to send: it does not make them English."""
    contact, intent = turn.contact, turn.understood.intent
    name = "start" if intent is Intent.JOIN else intent.value
    if contact.language is None or name not in KEYWORDS:
        return False
    ours = turn.directory.reader.published(tag_of(contact.language, contact.script), name)
    return turn.inbound.text.strip().casefold() == ours.casefold()


def _script(turn: Turn) -> str:
    kept, understood = turn.contact.script, turn.understood
    if kept == MKHEDRULI or understood.language != turn.language:
        return kept
    if understood.keyword:
        return understood.script
    free_text = turn.language == GEORGIAN and understood.intent is Intent.OTHER
    return LATIN if free_text and script(clean(turn.inbound.text)) == LATIN else kept


def remember(turn: Turn, before: Contact) -> None:
    """Keep what the words told. At the end of a step, so that the contact is copied once."""
    if turn.understood.language == turn.language and before.language != turn.language:
        turn.change(language=turn.language)
    if turn.script != before.script:
        turn.change(script=turn.script)
