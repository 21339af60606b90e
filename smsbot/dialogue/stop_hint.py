"""Where STOP goes, said at the end of a text that cannot be answered (field notes on senders: people cannot reply to a
name; civic rule 25: on one-way senders in every message)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from smsbot.dialogue import wording
from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN, LATIN
from smsbot.dialogue.phrases import ENGLISH, Phrases
from smsbot.text.gsm7 import measure
from smsbot.text.language import guess

_WORD = re.compile(r"\w+")
GSM7 = "GSM-7"


@dataclass(frozen=True, slots=True)
class StopHint:
    """The sentence for one *number*, by language. *stops*: published stop words, casefolded."""

    number: str
    sentences: Mapping[str, str]
    stops: frozenset[str]
    _plain: frozenset[str] = field(init=False, repr=False)  # languages whose sentence is GSM-7

    def __post_init__(self) -> None:
        plain = frozenset(one for one, text in self.sentences.items() if measure(text).encoding == GSM7)
        object.__setattr__(self, "_plain", plain)

    def told(self, text: str) -> bool:
        """Does *text* hold the number and a stop word already?"""
        number = re.escape(self.number.removeprefix("+"))
        if re.search(rf"(?<!\d){number}(?!\d)", text) is None:
            return False
        return any(word in self.stops for word in _WORD.findall(text.casefold()))

    def add(self, text: str, language: str | None) -> str:
        """*text* with the sentence in *language*; None: in that of its letters. A GSM-7 text stays one."""
        if self.told(text):
            return text
        return f"{text}\n{self.sentences[self._language(text, language)]}"

    def say(self, text: str, likely: str | None) -> str:
        """The same for a text whose language nobody told: by its letters, and for Latin ones the person's own."""
        return self.add(text, guess(text) or likely)

    def _language(self, text: str, language: str | None) -> str:
        spoken = language or guess(text, ENGLISH) or ENGLISH
        if measure(text).encoding != GSM7:
            return spoken if spoken in self.sentences else ENGLISH
        if spoken == GEORGIAN and GEORGIAN_LATIN in self._plain:
            spoken = GEORGIAN_LATIN
        return spoken if spoken in self._plain else ENGLISH


class StopHints:
    """Which channels' texts say where STOP goes. *numbers*: channel → number; others' texts stay as they are.

    *phrases* is asked for with the first text: they are there once topics and places have been read.
    """

    def __init__(
        self, numbers: Mapping[str, str], phrases: Callable[[], Phrases], languages: Iterable[str] = ()
    ) -> None:
        self._numbers = numbers
        self._phrases = phrases
        self._languages = (*languages,)
        self._composed: dict[str, StopHint] = {}

    def of(self, channel: str) -> StopHint | None:
        number = self._numbers.get(channel)
        if number is None:
            return None
        found = self._composed.get(number)
        if found is None:
            found = self._composed[number] = compose(self._phrases(), number, self._languages)
        return found

    def groups(self, channels: Iterable[str]) -> list[tuple[StopHint | None, tuple[str, ...]]]:
        """*channels* by what their texts say, in their order."""
        found: dict[str, list[str]] = {}
        for channel in channels:
            found.setdefault(self._numbers.get(channel, ""), []).append(channel)
        return [(self.of(mine[0]), tuple(mine)) for mine in found.values()]


def _none() -> Phrases:
    raise AssertionError("there is no number, so nothing is said")


NO_HINTS = StopHints({}, _none)


def compose(phrases: Phrases, number: str, languages: Collection[str]) -> StopHint:
    msgid = wording.STOP_TO.msgid
    languages = (*dict.fromkeys((*languages, ENGLISH)),)
    sentences = {language: phrases.say(language, msgid, short_number=number) for language in languages}
    if GEORGIAN in sentences:
        sentences[GEORGIAN_LATIN] = phrases.say(GEORGIAN, msgid, script=LATIN, short_number=number)
    stops = {phrases.published(language, "stop").casefold() for language in languages} | {"stop"}
    return StopHint(number, sentences, frozenset(stops))
