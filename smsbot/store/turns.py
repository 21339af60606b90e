"""One batch of turns in one transaction: what came, what it changed, what goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from smsbot.dialogue.model import Fact
from smsbot.status import Status
from smsbot.store import audit, bulk, contacts, directory, erasure, linked, months, notices, outbox, wire
from smsbot.store.contacts import Codes, Profile, placeholders
from smsbot.store.notices import NOTHING, Notice
from smsbot.store.tables import Inbound, Outbox, table
from smsbot.text.gsm7 import Measure

INBOUND = table(Inbound)
OUTBOX = table(Outbox)

CAME = (
    "channel", "external_id", "number", "contact_id", "recipient", "text", "sent_ms", "at_ms", "intent", "rule",
    "inbox", "tag",
)  # fmt: skip
LEAVES = (
    "channel", "broadcast_id", "contact_id", "number", "text", "parts", "status", "error", "created_ms", "due_ms",
    "expires_ms", "attempts", "forget",
)  # fmt: skip


@dataclass(slots=True)
class Turn:
    """One text and all it causes, ready to be written."""

    channel: str
    external_id: str
    number: str
    recipient: str
    text: str
    sent_ms: int | None
    at_ms: int
    profile: Profile | None = None  # None: the sender is no phone number
    intent: str = ""
    rule: str = ""
    tag: str = ""  # why staff should read it, or ""
    reply_channel: str = ""
    replies: Sequence[tuple[str, Measure]] = ()
    facts: Sequence[Fact] = ()
    suppress: bool = False
    left: Sequence[str] = ()
    erase: bool = False
    inbound_id: int = 0
    reply_ids: list[int] = field(default_factory=list)


class Raced(Exception):
    """Another process took one of these messages between our look and our insert: do the batch again."""


def seen(connection: Connection, keys: Sequence[tuple[str, str]]) -> tuple[set[tuple[str, str]], int]:
    """Which of these (channel, external id) have been taken already; and the version of the directory, which every
    group asks for: one statement for both."""
    by_channel: dict[str, list[str]] = {}
    for channel, external_id in keys:
        by_channel.setdefault(channel, []).append(external_id)
    statement, parameters = "SELECT '', value FROM meta WHERE key = ?", [directory.VERSION]
    for channel, ids in by_channel.items():
        condition, values = placeholders(connection, ids)
        recent = months.recent(connection, "inbound")
        which = f"channel=? AND external_id {condition}{recent}"
        statement += f" UNION ALL SELECT channel, external_id FROM inbound WHERE {which}"
        parameters += (channel, *values)
    found = set(wire.fetch(connection, statement, parameters))
    version = next((value for channel, value in found if channel == ""), "0")
    return found, int(version)


def write(
    connection: Connection, turns: Sequence[Turn], codes: Codes, *, claim_until_ms: int | None,
    notice: Notice = NOTHING,
) -> list[outbox.Claimed]:  # fmt: skip
    """Write everything that *turns* caused, and tell other processes. Raises `Raced` if one of them is a repeat after
    all.

    *claim_until_ms*: insert the replies already claimed, with that lease, for a dispatcher of this process that has
    said it takes them; they are returned. None: insert them queued.
    """
    profiles = {id(turn.profile): turn.profile for turn in turns if turn.profile is not None}
    now_ms = turns[-1].at_ms
    several = bulk.Several(connection)
    ids = contacts.save_with(connection, several, profiles.values(), codes, now_ms)
    for turn in turns:
        if turn.erase and turn.profile is not None:
            several.run()
            erasure.erase(connection, turn.profile.subject, turn.number, turn.profile.loaded.id, now_ms=now_ms)
    claimed = _write_texts(several, turns, ids, claim_until_ms)
    _withdraw(connection, turns, ids, now_ms)
    audit.append_with(connection, several, [entry for turn in turns for entry in _entries(turn)])
    notices.tell_with(several, notice)
    several.run()
    return claimed


def _write_texts(
    several: bulk.Several, turns: Sequence[Turn], ids: dict[str, int], claim_until_ms: int | None
) -> list[outbox.Claimed]:
    """What came and what goes out."""
    status = Status.QUEUED if claim_until_ms is None else Status.SENDING
    answered = [
        (position, turn, text, cost)
        for position, turn in enumerate(turns)
        if turn.reply_channel
        for text, cost in turn.replies
    ]
    came = [
        (
            turn.channel, turn.external_id,
            "" if turn.erase else turn.number, ids.get(turn.number), turn.recipient,
            "" if turn.erase else turn.text, turn.sent_ms, turn.at_ms, turn.intent, turn.rule,
            "open" if turn.tag else "", turn.tag,
        )
        for turn in turns
    ]  # fmt: skip
    leaves = [
        (
            turn.reply_channel, 0, ids.get(turn.number), turn.number, text, cost.parts, status.value, "", turn.at_ms,
            claim_until_ms or turn.at_ms, turn.at_ms + outbox.REPLY_LIFE_MS, 0, turn.erase,
        )
        for _, turn, text, cost in answered
    ]  # fmt: skip
    inbound_ids, reply_ids = linked.insert(
        several,
        linked.Insertion(INBOUND, CAME, came, "DO NOTHING"),
        linked.Insertion(OUTBOX, LEAVES, leaves),
        linked.Link("in_reply_to", ("channel", "external_id"), [position for position, *_ in answered]),
    )
    if len(inbound_ids) != len(turns):
        raise Raced
    for turn in turns:
        turn.inbound_id = inbound_ids[turn.channel, turn.external_id]
    for (_, turn, _, _), key in zip(answered, reply_ids, strict=True):
        turn.reply_ids.append(key)
    if claim_until_ms is None:
        return []
    return [
        outbox.Claimed(
            id=key, channel=turn.reply_channel, number=turn.number, text=text, parts=cost.parts, attempts=0,
            created_ms=turn.at_ms, expires_ms=turn.at_ms + outbox.REPLY_LIFE_MS,
            contact_id=ids.get(turn.number), forget=turn.erase, encoding=cost.encoding,
        )
        for (_, turn, text, cost), key in zip(answered, reply_ids, strict=True)
    ]  # fmt: skip


def _withdraw(connection: Connection, turns: Sequence[Turn], ids: dict[str, int], now_ms: int) -> None:
    stopped = {ids[turn.number] for turn in turns if turn.suppress and turn.number in ids}
    if stopped:
        outbox.suppress(connection, sorted(stopped), now_ms=now_ms)
    left = [(ids[turn.number], turn) for turn in turns if turn.left and turn.number in ids]
    for contact_id, turn in left:
        if contact_id not in stopped and turn.profile is not None:
            outbox.suppress_left(
                connection, contact_id, left=tuple(turn.left), kept=tuple(turn.profile.contact.topics), now_ms=now_ms
            )


def _entries(turn: Turn) -> list[audit.Entry]:
    if turn.profile is None:
        return []
    return [
        audit.Entry(
            at_ms=turn.at_ms,
            subject=turn.profile.subject,
            action=fact.action,
            scope=fact.scope,
            source=fact.source,
            channel=turn.channel,
            keyword=fact.keyword,
            rule=fact.rule,
            wording=fact.wording,
            evidence=None if turn.erase else turn.text,
        )
        for fact in turn.facts
    ]
