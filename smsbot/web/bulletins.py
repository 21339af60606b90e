"""The shapes of broadcasts: asked for, counted, shown (contract §4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool
from pydantic.json_schema import SkipJsonSchema

from smsbot.web.schemas import Answer, BroadcastState, Encoding, Instant, Moment, Strict, Texts, written


def _reason(value: object) -> object:
    """null is none given, as in the fields beside it."""
    return "" if value is None else written(value)


class BroadcastRequest(Strict):
    text: Texts
    topics: list[str] = Field(default=[], max_length=1000, description="Codes: who subscribes to any of them")
    places: list[str] = Field(default=[], max_length=10_000, description="Codes; a place means itself and all below it")
    everyone: StrictBool = Field(default=False, description="All who joined, instead of topics and places")
    languages: list[str] | None = Field(default=None, description="Only people of these languages")
    kind: Literal["information", "promotion"] = "information"
    missing_translation: Literal["fallback", "skip"] = "fallback"
    send_at: Instant = None
    expires_at: Instant = None
    urgent: StrictBool = Field(default=False, description="Passes the quiet hours; needs `reason`")
    reason: Annotated[str, BeforeValidator(_reason), Field(max_length=1000)] = ""
    channel: str | None = None
    dry_run: StrictBool = False


class CorrectionRequest(Strict):
    text: Texts


class Forcing(Answer):
    """A character that forces UCS-2, and what could stand for it. Nothing is replaced by itself."""

    character: str
    substitute: str | None


class LanguageCost(Answer):
    recipients: int
    encoding: Encoding
    units: int = Field(description="Septets, or UTF-16 code units")
    parts: int
    forcing: list[Forcing] | SkipJsonSchema[None] = Field(
        default=None,
        description="Dry run only: the characters that force UCS-2",
        exclude_if=lambda value: value is None,
    )


class Counts(Answer):
    queued: int = 0
    sending: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    expired: int = 0
    suppressed: int = 0
    cancelled: int = 0
    unknown: int = 0


class BroadcastAnswer(Answer):
    id: str | None = Field(description="null with `dry_run`")
    state: BroadcastState
    recipients: int
    by_language: dict[str, LanguageCost] = Field(description="By the language of the text that people get")
    parts_total: int
    dormant: int | SkipJsonSchema[None] = Field(
        default=None,
        description="Dry run only: people of this audience who are left out, since their numbers are dormant",
        exclude_if=lambda value: value is None,
    )


class BroadcastView(BroadcastAnswer):
    counts: Counts = Field(description="Their sum is the number of recipients")
    written: int = Field(description="Recipients whose message is in the queue already")
    text: dict[str, str]
    kind: str
    topics: list[str]
    places: list[str]
    everyone: bool
    languages: list[str] | None
    channel: str | None
    urgent: bool
    reason: str
    send_at: Moment | None
    expires_at: Moment | None
    created_at: Moment
    created_by: str
    approved_by: str | None
    approved_at: Moment | None
    corrects: str | None = Field(description="The broadcast that this one corrects")
    starts_at: Moment | None = Field(description="When the first message may leave, while that lies ahead")
    done_at: Moment | None
    paused_because: str | None = Field(description="Why smsbot itself has paused it; null where staff did")
