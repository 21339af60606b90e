"""The neutral text before a number that was quiet for long, or failed, is used again (civic rule 20).

The phone may be somebody else's by now: it says who writes and how to stop, and no topic, no place and no name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smsbot.dialogue import wording
from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN, LATIN, name_in, sentence_case, tag_of
from smsbot.dialogue.phrases import Phrases


@dataclass(frozen=True, slots=True)
class Notice:
    """*texts* by language, `ka-Latn` among them; *languages*: the first is the default."""

    texts: Mapping[str, str]
    languages: Sequence[str]

    def say(self, language: str | None, script: str = "") -> tuple[str, str]:
        """The language it is really in, and the text."""
        spoken = language if language is not None and language in self.languages else self.languages[0]
        return spoken, self.texts[tag_of(spoken, script)]


def compose(phrases: Phrases, names: Mapping[str, str], languages: Sequence[str]) -> Notice:
    """*names*: of the municipality, by language."""
    msgid = wording.SIGNED_UP.msgid
    texts = {language: phrases.say(language, msgid, service=name_in(names, language)) for language in languages}
    if GEORGIAN in texts:
        name = sentence_case(name_in(names, GEORGIAN_LATIN))
        texts[GEORGIAN_LATIN] = phrases.say(GEORGIAN, msgid, script=LATIN, service=name)
    return Notice(texts, tuple(languages))
