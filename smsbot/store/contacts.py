"""People: loaded for a batch of turns at once, written back at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from smsbot.dialogue.model import Contact, Conversation, Repetition, State
from smsbot.store import audit, bulk, wire
from smsbot.store.tables import Contact as ContactRow
from smsbot.store.tables import Conversation as ConversationRow
from smsbot.store.tables import Subscription, Suppression, table

CONTACT = table(ContactRow)
CONVERSATION = table(ConversationRow)
SUBSCRIPTION = table(Subscription)
SUPPRESSION = table(Suppression)

WRITTEN = (
    "state", "language", "script", "place_id", "promotion", "former", "since_ms", "last_channel", "paused_until_ms",
    "stopped_ms", "stopped_sent_ms", "stop_replied_ms", "hinted_ms", "same_digest", "same_times", "same_since_ms",
    "hour_ms", "hour_replies",
)  # fmt: skip
MADE = ("number", "created_ms", "unreachable", *WRITTEN)
HEARD = (*WRITTEN, "unreachable", "dormant_ms")  # a text shows that the number is in use (civic rule 20)
TALK = ("contact_id", "channel", "flow", "revision", "state", "slots", "tries", "expires_ms")
TALK_CONFLICT = "(contact_id, channel) DO UPDATE SET " + ", ".join(f"{column}=excluded.{column}" for column in TALK[2:])
SUPPRESSED = ("subject", "at_ms", "sent_ms", "replied_ms", "source")
SUPPRESSED_CONFLICT = "(subject) DO UPDATE SET " + ", ".join(f"{column}=excluded.{column}" for column in SUPPRESSED[1:])


@dataclass(frozen=True, slots=True)
class Codes:
    """Ids and codes of topics and places, both ways."""

    topic: Mapping[int, str]
    topic_id: Mapping[str, int]
    place: Mapping[int, str]
    place_id: Mapping[str, int]


NO_CODES = Codes({}, {}, {}, {})


@dataclass(slots=True)
class Profile:
    """A number within one batch: as loaded, and as the turns have changed it since."""

    subject: str
    loaded: Contact
    contact: Contact
    talks: dict[str, Conversation] = field(default_factory=dict)  # by channel
    loaded_talks: dict[str, Conversation] = field(default_factory=dict)
    last_channel: str = ""
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """May a number be written to, and by which channel did it last write."""

    id: int | None
    last_channel: str
    stopped: bool
    language: str | None = None
    script: str = ""


def reach(connection: Connection, key: bytes, number: str) -> Reach:
    row = connection.execute(
        select(
            CONTACT.c.id, CONTACT.c.state, CONTACT.c.last_channel, CONTACT.c.language, CONTACT.c.script
        ).where(CONTACT.c.number == number)
    ).one_or_none()  # fmt: skip
    if row is not None:
        return Reach(row.id, row.last_channel or "", row.state == State.STOPPED, row.language, row.script)
    subject = audit.subject(key, number)
    suppressed = connection.execute(select(SUPPRESSION.c.at_ms).where(SUPPRESSION.c.subject == subject)).first()
    return Reach(None, "", suppressed is not None)


def placeholders(connection: Connection, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """`IN`-condition text and parameters; padded to a power of two so that few statements are ever prepared."""
    if connection.dialect.name == "postgresql":
        kind = "text" if values and isinstance(values[0], str) else "bigint"
        return f"= ANY(?::{kind}[])", (wire.array(values),)
    size = 1 << max(len(values) - 1, 0).bit_length()
    padded = (*values, *(values[-1],) * (size - len(values)))
    return f"IN ({','.join('?' * size)})", padded


def load(connection: Connection, subjects: Mapping[str, str], codes: Codes) -> dict[str, Profile]:
    """The profiles of the numbers in *subjects* (number → keyed hash), locked in number order on PostgreSQL."""
    numbers = sorted(subjects)
    condition, values = placeholders(connection, numbers)
    lock = " ORDER BY number FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    rows = wire.fetch(
        connection, f"SELECT id, number, {', '.join(WRITTEN)} FROM contact WHERE number {condition}{lock}", values
    )
    topics: dict[int, list[str]] = {}
    talks: dict[int, dict[str, Conversation]] = {}
    if rows:
        condition, values = placeholders(connection, [row[0] for row in rows])
        statement = (
            f"SELECT {', '.join(TALK)}, NULL FROM conversation WHERE contact_id {condition}"
            " UNION ALL SELECT contact_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, topic_id"
            f" FROM subscription WHERE contact_id {condition}"
        )
        for key, channel, flow, revision, state, slots, tries, expires_ms, topic_id in wire.fetch(
            connection, statement, (*values, *values)
        ):
            if topic_id is None:
                opened = json.loads(slots) if slots != "{}" else {}
                talks.setdefault(key, {})[channel] = Conversation(flow, revision, state, expires_ms, opened, tries)
            elif topic_id in codes.topic:
                topics.setdefault(key, []).append(codes.topic[topic_id])
    profiles: dict[str, Profile] = {}
    for row in rows:
        contact = _contact(row, topics.get(row[0], ()), codes)
        open_talks = talks.get(row[0], {})
        profiles[row[1]] = Profile(subjects[row[1]], contact, contact, dict(open_talks), open_talks, row[2 + 7] or "")
    _load_strangers(connection, subjects, profiles)
    return profiles


def suppressed(connection: Connection, subject: str) -> bool:
    """Must *subject* get nothing?"""
    return bool(wire.fetch(connection, "SELECT 1 FROM suppression WHERE subject = ?", (subject,)))


def _load_strangers(connection: Connection, subjects: Mapping[str, str], profiles: dict[str, Profile]) -> None:
    """Numbers without a profile: new, unless a suppression outlived the profile."""
    strange = {subject: number for number, subject in subjects.items() if number not in profiles}
    if not strange:
        return
    condition, values = placeholders(connection, list(strange))
    stopped = {
        row[0]: row
        for row in wire.fetch(
            connection,
            f"SELECT subject, at_ms, sent_ms, replied_ms FROM suppression WHERE subject {condition}",
            values,
        )
    }
    for subject, number in strange.items():
        row = stopped.get(subject)
        if row is None:
            contact = Contact(number)
        else:
            contact = Contact(
                number, State.STOPPED, stopped_ms=row[1], stopped_sent_ms=row[2], stop_replied_ms=row[3]
            )  # fmt: skip
        profiles[number] = Profile(subject, contact, contact)


def _contact(row: Any, topics: Iterable[str], codes: Codes) -> Contact:
    (
        key, number, state, language, script, place_id, promotion, former, since, _last, paused_until,
        stopped, stopped_sent, stop_replied, hinted, digest, times, same_since, hour, replies,
    ) = row  # fmt: skip
    return Contact(
        number=number,
        state=State(state),
        language=language,
        script=script,
        topics=frozenset(topics),
        former=tuple(json.loads(former)) if former != "[]" else (),
        place=codes.place.get(place_id) if place_id is not None else None,
        promotion=bool(promotion),
        since_ms=since,
        paused_until_ms=paused_until,
        stopped_ms=stopped,
        stopped_sent_ms=stopped_sent,
        stop_replied_ms=stop_replied,
        hinted_ms=hinted,
        repetition=Repetition(digest, times, same_since, hour, replies),
        known=True,
        id=key,
    )


def save(connection: Connection, profiles: Iterable[Profile], codes: Codes, now_ms: int) -> dict[str, int]:
    """Write what changed. Returns the ids of all profiles that have a row, by number."""
    several = bulk.Several(connection)
    ids = save_with(connection, several, profiles, codes, now_ms)
    several.run()
    return ids


def save_with(
    connection: Connection, several: bulk.Several, profiles: Iterable[Profile], codes: Codes, now_ms: int
) -> dict[str, int]:
    """As `save`: new profiles at once, what else changed with *several*."""
    changed = [profile for profile in profiles if not profile.erased]
    fresh = [profile for profile in changed if profile.contact.id is None and _deserves_row(profile.contact)]
    known = [profile for profile in changed if profile.contact.id is not None]
    rows = [(p.contact.number, now_ms, 0, *_written(p, codes)) for p in fresh]
    made = bulk.insert(connection, CONTACT, MADE, rows, returning=("number", "id"))
    ids: dict[str, int] = dict(made)
    ids.update((p.contact.number, p.contact.id) for p in known if p.contact.id is not None)
    several.update(CONTACT, "id", HEARD, [(*_written(p, codes), 0, None, p.contact.id) for p in known])
    _save_subscriptions(several, changed, ids, codes, now_ms)
    _save_talks(several, changed, ids)
    _save_suppressions(several, changed)
    return ids


def _deserves_row(contact: Contact) -> bool:
    """A number that only ever sent STOP is suppressed without a profile (contract §10)."""
    return contact.known or contact.state is not State.STOPPED


def _written(profile: Profile, codes: Codes) -> bulk.Row:
    contact = profile.contact
    again = contact.repetition
    return (
        contact.state.value,
        contact.language,
        contact.script,
        codes.place_id.get(contact.place) if contact.place is not None else None,
        contact.promotion,
        json.dumps(contact.former) if contact.former else "[]",
        contact.since_ms,
        profile.last_channel,
        contact.paused_until_ms,
        contact.stopped_ms,
        contact.stopped_sent_ms,
        contact.stop_replied_ms,
        contact.hinted_ms,
        again.digest,
        again.times,
        again.since_ms,
        again.hour_ms,
        again.replies,
    )


def _save_subscriptions(
    several: bulk.Several, profiles: Sequence[Profile], ids: Mapping[str, int], codes: Codes, now_ms: int
) -> None:
    added: list[bulk.Row] = []
    dropped: list[bulk.Row] = []
    for profile in profiles:
        before, after = profile.loaded.topics, profile.contact.topics
        if before is after or before == after:
            continue
        key = ids[profile.contact.number]
        added.extend((key, codes.topic_id[code], now_ms) for code in after - before)
        dropped.extend((key, codes.topic_id[code]) for code in before - after)
    several.insert(
        SUBSCRIPTION, ("contact_id", "topic_id", "since_ms"), added, conflict="(contact_id, topic_id) DO NOTHING"
    )
    several.delete(SUBSCRIPTION, ("contact_id", "topic_id"), dropped)


def _save_talks(several: bulk.Several, profiles: Sequence[Profile], ids: Mapping[str, int]) -> None:
    kept: list[bulk.Row] = []
    ended: list[bulk.Row] = []
    for profile in profiles:
        key = ids.get(profile.contact.number)
        if key is None:
            continue
        for channel, talk in profile.talks.items():
            if profile.loaded_talks.get(channel) is not talk:
                slots = json.dumps(dict(talk.slots), ensure_ascii=False) if talk.slots else "{}"
                kept.append((key, channel, talk.flow, talk.revision, talk.state, slots, talk.tries, talk.expires_ms))
        ended.extend((key, channel) for channel in profile.loaded_talks if channel not in profile.talks)
    several.insert(CONVERSATION, TALK, kept, conflict=TALK_CONFLICT)
    several.delete(CONVERSATION, ("contact_id", "channel"), ended)


def _save_suppressions(several: bulk.Several, profiles: Sequence[Profile]) -> None:
    stopped: list[bulk.Row] = []
    lifted: list[bulk.Row] = []
    for profile in profiles:
        before, after = profile.loaded, profile.contact
        if after.state is State.STOPPED:
            told = (after.stopped_ms, after.stopped_sent_ms, after.stop_replied_ms)
            if before.state is not State.STOPPED or told != (
                before.stopped_ms, before.stopped_sent_ms, before.stop_replied_ms
            ):  # fmt: skip
                stopped.append((profile.subject, *told, "sms"))
        elif before.state is State.STOPPED:
            lifted.append((profile.subject,))
    several.insert(SUPPRESSION, SUPPRESSED, stopped, conflict=SUPPRESSED_CONFLICT)
    several.delete(SUPPRESSION, ("subject",), lifted)
