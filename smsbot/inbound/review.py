"""What staff decide about a text that was likely, but not surely, a wish to stop (civic §5 no. 12).

"This was an opt-out" does what STOP does, by the same law in `dialogue.consent`: all off, one confirmation in the
person's language, a suppression, an entry in the ledger. The source is `staff`, the evidence the person's own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, update

from smsbot.dialogue.model import Inbound, Outcome, State
from smsbot.errors import Conflict
from smsbot.inbound.bot import Mind, four_digits
from smsbot.store import audit, contacts, inbox, notices, outbox
from smsbot.store.contacts import SUPPRESSION, Profile
from smsbot.text.gsm7 import measure
from smsbot.text.understood import Intent, Understood

RULE = "review"
SOURCE = "staff"
CONSENTS = frozenset({"join", "start", "subscribe"})
"""What a person did after the text in question shows that they want messages."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The entry as it stands now; *channel* is where a confirmation waits, None if none was due."""

    entry: inbox.Entry
    stopped: bool
    channel: str | None = None


def stop(
    connection: Connection, mind: Mind, key: bytes, entry_id: int, *, by: str, now_ms: int, routes: Mapping[str, str]
) -> Reviewed:
    """Take the text of *entry_id* for an opt-out, decided by *by*. *routes*: inbound channel → outbound channel.

    Whoever has stopped already is not told again; the entry is closed all the same. Raises `Missing`, and `Conflict`
    if the entry is closed, if no phone number wrote it, or if the person has joined since.
    """
    entry = inbox.entry(connection, entry_id)
    if entry.state != inbox.OPEN:
        raise Conflict("This entry is closed already; open it again first.")
    if not entry.number.startswith("+"):
        raise Conflict("No phone number wrote this, so nobody can be stopped; close the entry instead.")
    subject = audit.subject(key, entry.number)
    profile = contacts.load(connection, {entry.number: subject}, mind.codes)[entry.number]  # locks the person first
    if any(fact.action in CONSENTS and fact.at_ms > entry.at_ms for fact in audit.of(connection, subject)):
        raise Conflict("This person has joined again since writing this; close the entry instead.")
    closed = inbox.move(connection, entry_id, inbox.OPEN, inbox.ANSWERED)
    if profile.contact.state is State.STOPPED:
        return Reviewed(closed, stopped=False)
    outcome = _as_stop(mind, profile, entry, now_ms)
    channel = routes.get(profile.last_channel) or routes.get(entry.channel) or next(iter(routes.values()))
    _confirm(connection, channel, profile, outcome.replies, entry=entry, now_ms=now_ms)
    _write(connection, mind, profile, outcome, now_ms)
    audit.append(connection, [_fact(entry, subject, fact.wording, by, now_ms) for fact in outcome.facts])
    notices.tell(connection, waiting=[channel], stopped=[entry.number])
    return Reviewed(closed, stopped=True, channel=channel)


def _as_stop(mind: Mind, profile: Profile, entry: inbox.Entry, now_ms: int) -> Outcome:
    """The outcome of a STOP now. It is no text of the person's: the loop guard counts none."""
    before = profile.contact
    meant = Understood(Intent.STOP, language=before.language, rule=RULE)
    outcome = mind.engine.step(before, None, Inbound(entry.text, now_ms), code=four_digits, understood=meant)
    return replace(outcome, contact=replace(outcome.contact, repetition=before.repetition))


def _confirm(
    connection: Connection, channel: str, profile: Profile, texts: Sequence[str], *, entry: inbox.Entry, now_ms: int
) -> None:
    """Queue the confirmation, before the block takes effect (civic rule 6)."""
    for text in texts:
        outbox.queue_personal(
            connection, channel=channel, contact_id=profile.contact.id, number=entry.number, text=text,
            parts=measure(text).parts, now_ms=now_ms, in_reply_to=entry.id,
        )  # fmt: skip


def _write(connection: Connection, mind: Mind, profile: Profile, outcome: Outcome, now_ms: int) -> None:
    profile.contact = outcome.contact
    profile.talks.clear()
    ids = contacts.save(connection, [profile], mind.codes, now_ms)
    outbox.suppress(connection, sorted(ids.values()), now_ms=now_ms)
    connection.execute(update(SUPPRESSION).where(SUPPRESSION.c.subject == profile.subject).values(source=SOURCE))


def _fact(entry: inbox.Entry, subject: str, wording: str, by: str, now_ms: int) -> audit.Entry:
    return audit.Entry(
        at_ms=now_ms, subject=subject, action="stop", scope="all", source=SOURCE, channel=entry.channel, actor=by,
        rule=RULE, wording=wording, evidence=entry.text,
    )  # fmt: skip
