"""The nouns of a conversation, frozen. The store loads and writes them; the engine turns one into the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from smsbot.dialogue.latin import GEORGIAN_LATIN, name_case, name_in
from smsbot.text.understood import Intent, Understood
from smsbot.values import value

EMPTY: Mapping[str, object] = MappingProxyType({})


class State(StrEnum):
    """A number's standing (contract §4)."""

    NEW = "new"  # has written, has not joined
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Topic:
    id: int
    code: str
    number: int
    names: Mapping[str, str]  # language → name
    words: tuple[str, ...] = ()
    active: bool = True

    def name(self, language: str) -> str:
        """*language* may carry a script: `ka-Latn`."""
        return name_in(self.names, language) or self.code


@dataclass(frozen=True, slots=True)
class Place:
    id: int
    code: str
    names: Mapping[str, str]
    words: tuple[str, ...] = ()
    parent: str | None = None  # code of the place above
    active: bool = True

    def name(self, language: str) -> str:
        """*language* may carry a script: `ka-Latn`."""
        name = name_in(self.names, language) or self.code
        return name_case(name) if language == GEORGIAN_LATIN else name


@value(frozen=True, slots=True)
class Repetition:
    """What the loop guard remembers of a number (civic rule 16; contract §10)."""

    digest: int = 0  # of the last text
    times: int = 0  # how often in a row
    since_ms: int = 0
    hour_ms: int = 0  # when the present hour of replies began
    replies: int = 0  # replies in it


@value(frozen=True, slots=True)
class Contact:
    """A number as the dialogue sees it; `known` is False for one without a profile.

    *language* is None until a word told it; it is settled once the number joined. *script*: `Latn` for a reader of
    Georgian in Latin letters, `Geor` for one who asked for Georgian letters, else "". *former* holds the topics at
    the time of STOP, for START's offer. *stopped_sent_ms* is when the STOP was sent by the sender's clock, where the
    gateway tells it: a JOIN sent at or before that instant does not resubscribe (civic rules 17 and 18).
    """

    number: str
    state: State = State.NEW
    language: str | None = None
    script: str = ""
    topics: frozenset[str] = frozenset()
    former: tuple[str, ...] = ()
    place: str | None = None
    promotion: bool = False
    since_ms: int | None = None
    paused_until_ms: int | None = None
    stopped_ms: int | None = None
    stopped_sent_ms: int | None = None
    stop_replied_ms: int | None = None
    hinted_ms: int | None = None
    repetition: Repetition = Repetition()
    known: bool = False
    id: int | None = None


@value(frozen=True, slots=True)
class Conversation:
    """An open dialogue: where a number stands in a flow. No conversation is `None`, never an idle one."""

    flow: str
    revision: int
    state: str
    expires_ms: int
    slots: Mapping[str, object] = field(default_factory=lambda: EMPTY)  # JSON values only
    tries: int = 0  # wrong answers so far


@value(frozen=True, slots=True)
class Inbound:
    """One text to answer. *sent_ms* is the sender's clock where the gateway tells it, else None."""

    text: str
    now_ms: int
    sent_ms: int | None = None
    optout: str | None = None  # the gateway says it was `stop`, `start` or `help`, and has answered it itself


@value(frozen=True, slots=True)
class Fact:
    """An entry for the consent ledger.

    *action*: `join`, `subscribe`, `leave`, `stop`, `start`, `pause`, `resume`, `erase`, `promote`, `unpromote`.
    *scope*: `all` or `topic:CODE`. *source*: `sms`, `paper`, `staff`, `gateway`.
    """

    action: str
    scope: str = "all"
    source: str = "sms"
    keyword: str = ""
    rule: str = ""
    wording: str = ""  # id and revision of the text that was shown, e.g. `subscribe.menu@1`


@value(frozen=True, slots=True)
class Outcome:
    """All that one text causes. Written in one transaction, or not at all.

    *replies*: texts ready to send, in order. *inbox*: a tag if staff should read the text (`unknown`,
    `stop_like`, `wrong_answer`, `empty`, `stopped`, `loop`, `machine`, `wrong_number`, …), else "". *suppress*: queued
    broadcast messages to this number are withdrawn (all, or with `left` those that came only through these topics).
    *alarm*: why whoever runs the service should look at this number (`loop`, `machine`), else ""; once an episode.
    *erase*: the profile, the texts and the topics go; the ledger's skeleton stays.
    """

    contact: Contact
    conversation: Conversation | None
    understood: Understood = Understood(Intent.OTHER)
    replies: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    inbox: str = ""
    alarm: str = ""
    suppress: bool = False
    left: tuple[str, ...] = ()
    erase: bool = False
