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
    if contact.language in offered and (contact.since_ms is not None or told not in offered or _keeps_language(turn)):
        turn.language = contact.language or directory.default_language
    elif told in offered:
        turn.language = told or directory.default_language
    else:
        guess = directory.reader.script_language(turn.inbound.text)
        turn.language = guess if guess in offered else directory.default_language
        if guess in offered:  # their letters tell it until a word does
            turn.change(language=guess)
    turn.script = _script(turn)


def _keeps_language(turn: Turn) -> bool:
    """Whoever has written to us stays in their language when they stop (civic rule 30), and when they send the very
    word that we told them to: STOP makes no reader of Azerbaijani or of Latin Georgian English."""
    contact, intent = turn.contact, turn.understood.intent
    if intent in (Intent.STOP, Intent.LEAVE):
        return True
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
