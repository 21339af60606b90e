"""How people are greeted whose paper form was taken.

The welcome tells who writes, where and when they signed, how to stop; it asks for nothing, since the consent came with
the form. The neutral text, before it, tells none of that to whoever may have the number now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN, LATIN
from smsbot.dialogue.notice import Notice
from smsbot.dialogue.stop_hint import StopHint

SIGNED: Mapping[str, str] = {
    "ka": "{name}: {place}, {date} – ხელი მოაწერეთ თანხმობას ჩვენს SMS-ებზე. გაუქმება: STOP",
    "en": "{name}: on {date} in {place} you signed up for our text messages. To stop them, reply STOP.",
    "ru": "{name}: {place}, {date} – вы подписали согласие на наши SMS. Отказаться: STOP",
    "az": "{name}: {place}, {date} – SMS almağa razılıq imzalamısınız. İmtina: STOP",
    "hy": "{name}՝ {place}, {date} – Դուք ստորագրել եք SMS ստանալու համաձայնություն։ Հրաժարվել՝ STOP",
}
SIGNED_ANYWHERE: Mapping[str, str] = {
    "ka": "{name}: {date} – ხელი მოაწერეთ თანხმობას ჩვენს SMS-ებზე. გაუქმება: STOP",
    "en": "{name}: on {date} you signed up for our text messages. To stop them, reply STOP.",
    "ru": "{name}: {date} вы подписали согласие на наши SMS. Отказаться: STOP",
    "az": "{name}: {date} – SMS almağa razılıq imzalamısınız. İmtina: STOP",
    "hy": "{name}՝ {date} – Դուք ստորագրել եք SMS ստանալու համաձայնություն։ Հրաժարվել՝ STOP",
}


class Wording(Protocol):
    """What is said, and the channel that it leaves by."""

    @property
    def channel(self) -> str: ...
    def text(self, language: str | None, place: str, signed_on: date) -> tuple[str, str]:
        """The language it is really in, and the text."""
        ...


@dataclass(frozen=True, slots=True)
class Welcome:
    """How the welcomes of one import are written. *names*: of the municipality, by language; *places*: code → names by
    language; *channel*: through which they leave; *hint*: where its texts say that STOP goes."""

    names: Mapping[str, str]
    places: Mapping[str, Mapping[str, str]]
    languages: Sequence[str]  # the first is the default
    channel: str
    hint: StopHint | None = None

    def text(self, language: str | None, place: str, signed_on: date) -> tuple[str, str]:
        """The language it is really in, and the text."""
        spoken = next(one for one in (language or "", *self.languages, "en") if one in SIGNED)
        template = (SIGNED if place else SIGNED_ANYWHERE)[spoken]
        text = template.format(
            name=_named(self.names, spoken),
            place=_named(self.places.get(place, {}), spoken) or place,
            date=signed_on.strftime("%d.%m.%Y"),
        )
        return spoken, text if self.hint is None else self.hint.add(text, spoken)


@dataclass(frozen=True, slots=True)
class Neutral:
    """How the text before is written: without what was signed, when and where."""

    notice: Notice
    channel: str
    hint: StopHint | None = None

    def text(self, language: str | None, place: str, signed_on: date) -> tuple[str, str]:
        del place, signed_on
        wanted, script = (GEORGIAN, LATIN) if language == GEORGIAN_LATIN else (language, "")
        spoken, text = self.notice.say(wanted, script)
        return spoken, text if self.hint is None else self.hint.add(text, spoken)


def _named(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or names.get("en") or next(iter(names.values()), "")
