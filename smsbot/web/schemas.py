"""The shapes of requests and answers (contract §4 and §10). Pydantic checks them and OpenAPI describes them."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from smsbot.clock import to_ms
from smsbot.status import Status

LIMIT = 1000  # entries of one page at the most (contract §10)
TEXT_LIMIT = 20_000  # characters; 255 parts hold less (3GPP TS 23.040 §9.2.3.24.1)
ONE_TEXT = ""
"""The key of a text that came as one string: its language, the default one, is not known here."""

LATEST_MS = 4_102_444_800_000  # 2100-01-01T00:00Z: later is a slip of the keyboard

Item = TypeVar("Item")


class Strict(BaseModel):
    """A request: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


def written(value: object) -> object:
    """A text as it goes out: trimmed, line ends LF, Unicode NFC (contract §10)."""
    if not isinstance(value, str):
        return value
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("The text holds a character that no phone can show (a zero byte or half a character).")
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _texts(value: object) -> object:
    if isinstance(value, dict) and ONE_TEXT in value:
        raise ValueError("Each text needs the code of its language, for example `ka`.")
    return {ONE_TEXT: value} if isinstance(value, str) else value


def _instant(value: object) -> object:
    """ISO 8601 with offset → milliseconds."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("Times are written as ISO 8601, for example 2026-12-01T10:00:00+04:00.")
    if moment.tzinfo is None:
        raise ValueError("The time needs its offset at the end, for example +04:00.")
    instant_ms = to_ms(moment)
    if not 0 <= instant_ms <= LATEST_MS:
        raise ValueError("The time lies outside the years 1970 to 2099.")
    return instant_ms


Text = Annotated[str, BeforeValidator(written), Field(max_length=TEXT_LIMIT)]
Label = Annotated[str, BeforeValidator(written), Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
TopicCode = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
Instant = Annotated[
    int | None,
    BeforeValidator(_instant),
    WithJsonSchema({"type": ["string", "null"], "format": "date-time", "examples": ["2026-12-01T10:00:00+04:00"]}),
]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Texts = Annotated[
    dict[str, Text],
    BeforeValidator(_texts),
    WithJsonSchema(
        {
            "description": "By language, or one string in the default language",
            "oneOf": [
                {"type": "string", "description": "In the default language"},
                {"type": "object", "additionalProperties": {"type": "string"}, "description": "By language"},
            ],
            "examples": [{"ka": "სხდომა 10 დეკემბერს", "en": "Session on 10 December"}],
        }
    ),
]
State = Literal["new", "active", "paused", "stopped"]
BroadcastState = Literal["awaiting_approval", "scheduled", "sending", "paused", "done", "cancelled"]
Encoding = Literal["GSM-7", "UCS-2"]


class Page(Answer, Generic[Item]):
    """A list, and the cursor of what follows."""

    items: list[Item]
    next: str | None = Field(default=None, description="For `?cursor=`; null at the end")


class ListQuery(Strict):
    limit: int = Field(default=100, ge=1, le=LIMIT)
    cursor: str | None = Field(default=None, max_length=100)


# Subscribers and messages


class Consent(Answer):
    at: Moment
    action: str
    scope: str
    source: str
    evidence: str | None


class Blocked(Answer):
    """A stop-list of a gateway or an operator. It is not ours: the consent stands, and only they can lift it."""

    channel: str
    at: Moment
    reason: str


class Subscriber(Answer):
    number: str
    state: State
    language: str | None
    script: str
    topics: list[str]
    place: str | None
    since: Moment | None
    paused_until: Moment | None = None
    consents: list[Consent]
    blocked: list[Blocked] = Field(default=[], description="Until a message is delivered by that channel")
    unreachable: int = Field(default=0, description="Permanent failures in a row")
    dormant_since: Moment | None = Field(
        default=None,
        description="Broadcasts leave the number out until it writes, a message arrives, or staff wake it",
    )
    dormant_reason: Literal["unreachable", "quiet"] | None = Field(
        default=None,
        description="`unreachable`: three permanent failures in a row; `quiet`: nothing was heard of it and nothing "
        "came to it for long (`dormant_days`)",
    )


class MessagesQuery(ListQuery):
    number: str | None = Field(default=None, max_length=64)
    direction: Literal["in", "out"] | None = None


class MessageRequest(Strict):
    to: str = Field(max_length=64)
    text: Annotated[Text, Field(min_length=1)]


class Message(Answer):
    id: str = Field(description="`in-…` or `out-…`")
    direction: Literal["in", "out"]
    number: str
    channel: str
    text: str
    encoding: Encoding
    parts: int
    status: Status | Literal["received"] = Field(description="`received` for what people wrote")
    error: str | None
    broadcast: str | None
    in_reply_to: str | None
    at: Moment
    erased: bool = Field(
        default=False, description="The words, or whose they were, are no longer kept; then `text` or `number` is empty"
    )


# Topics and places

Names = Annotated[dict[str, Label], Field(min_length=1, max_length=20)]
Words = Annotated[list[Label], Field(max_length=100)]


class TopicRequest(Strict):
    code: TopicCode
    number: StrictInt | None = Field(default=None, ge=1, le=999, description="Default: the next free one")
    names: Names = Field(description="By language")
    words: Words = []


class TopicChange(Strict):
    number: Annotated[StrictInt, Field(ge=1, le=999)] | SkipJsonSchema[None] = None
    names: Names | SkipJsonSchema[None] = None
    words: Words | SkipJsonSchema[None] = None
    active: StrictBool | SkipJsonSchema[None] = Field(default=None, description="false closes the topic")


class Topic(Answer):
    code: str
    number: int
    names: dict[str, str]
    words: list[str]
    active: bool


class PlaceRequest(Strict):
    code: Code
    parent: str | None = None
    names: Names
    words: Words = []


class PlaceChange(Strict):
    parent: str | None = None
    names: Names | SkipJsonSchema[None] = None
    words: Words | SkipJsonSchema[None] = None
    active: StrictBool | SkipJsonSchema[None] = None


class Place(Answer):
    code: str
    parent: str | None
    names: dict[str, str]
    words: list[str]
    active: bool


# Inbox, channels, simulator


class InboxQuery(ListQuery):
    state: Literal["open", "answered"] | None = None
    tag: str | None = Field(
        default=None,
        pattern=r"^[a-z_]{1,32}(,[a-z_]{1,32}){0,19}$",
        description="One tag or several, separated by commas; `review` stands for all that may have been a stop",
    )


class InboxMark(Strict):
    answered: StrictBool = True


class InboxAction(Strict):
    action: Literal["stop", "close", "open"] = Field(
        description="stop: this was an opt-out, the person is stopped as by STOP; close: it was not, or is dealt with; "
        "open: wait for a person again"
    )


class InboxItem(Answer):
    id: str
    number: str
    channel: str
    text: str
    tag: str = Field(description="Why it is here: `unknown`, `stop_like`, `wrong_answer`, `empty`, …")
    state: Literal["open", "answered"]
    at: Moment


class FormsRequest(Strict):
    csv: str = Field(
        max_length=1_000_000,
        description="The sheet with its header: number, topics, place, language, consented_on, collector, form, "
        "evidence",
    )
    dry_run: StrictBool = False
    welcome: StrictBool = Field(default=True, description="false: nobody is texted")


class RefusedForm(Answer):
    line: int = Field(description="The header is line 1")
    column: str | None
    reason: str
    mend: str


class FormsReport(Answer):
    rows: int
    taken: int = Field(description="In a dry run: that would be taken")
    repeated: int = Field(description="Taken before, or standing in the sheet twice")
    refused: list[RefusedForm]
    welcomed: int


class UnknownQuery(Strict):
    since: Instant = Field(default=None, description="Default: seven days ago")
    limit: int = Field(default=100, ge=1, le=LIMIT)


class NearestWord(Answer):
    word: str = Field(description="As listed")
    kind: Literal["command", "topic", "place"]
    name: str = Field(description="Which command, or the code")
    language: str | None
    distance: int = Field(description="Letters that differ by sound; 0: the same sound, in another language's word")


class AddedWord(Answer):
    where: str = Field(description="A file of the municipality's folder, or `topic CODE`, `place CODE`")
    line: str = Field(description="The line that would list the word; COMMAND is to be chosen if nothing is near")


class UnknownWord(Answer):
    word: str
    count: int
    people: int = Field(description="How many different senders")
    languages: dict[str, int] = Field(description="How many of the texts look like which; `latin`: Latin letters only")
    first: Moment
    last: Moment
    example: str = Field(description="The latest, as written")
    nearest: NearestWord | None
    add: AddedWord


class ChannelError(Answer):
    at: Moment
    reason: str


class ChannelBalance(Answer):
    """What is left to spend, as the provider tells it."""

    amount: float
    unit: str = Field(description="A currency, or `SMS`")
    at: Moment


class ChannelView(Answer):
    name: str
    gateway: str
    sender: str
    inbound: bool
    outbound: bool
    health: Literal["up", "degraded", "down", "misconfigured"]
    reason: str
    since: Moment | None
    last_success: Moment | None
    backlog: int = Field(description="Messages that wait")
    rate_per_s: float = Field(description="Parts per second, at most")
    parts_per_s: float = Field(description="Parts per second, over the last minute")
    last_error: ChannelError | None = Field(description="The last trouble, also when it is over")
    circuit: Literal["closed", "open", "half-open"] = Field(
        description="`closed`: messages leave; `open`: none is tried until `next_try`; `half-open`: one is tried"
    )
    next_try: Moment | None
    via: str | None = Field(description="The channel that what waits leaves through meanwhile")
    balance: ChannelBalance | None


class SimulatorRequest(Strict):
    from_: Annotated[str, BeforeValidator(written), Field(alias="from", min_length=1, max_length=64)]
    text: Annotated[str, Field(max_length=TEXT_LIMIT)] = ""


class SimulatorQuery(Strict):
    number: str = Field(max_length=64)
    limit: int = Field(default=200, ge=1, le=LIMIT)


class Reply(Answer):
    id: str
    text: str
    encoding: Encoding
    parts: int


class Replies(Answer):
    replies: list[Reply]


class Live(Answer):
    status: Literal["ok"] = "ok"


class Ready(Live):
    warnings: list[str] = Field(description="What somebody should mend although everything works, in sentences")


class Nothing(Strict):
    """No parameters."""


Json = dict[str, Any]
