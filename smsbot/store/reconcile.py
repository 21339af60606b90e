"""Does everything in the database agree with everything else? `smsbot verify` asks, after a crash or on any day.

Each rule says what must hold; what breaks it is a `Finding`. All is read from one snapshot, so it may run beside a
service at work. Nothing is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from smsbot.dialogue.model import State
from smsbot.status import Status
from smsbot.store import audit, sql

PAGE = 2_000  # people held at once
FINAL = (Status.DELIVERED, Status.FAILED, Status.EXPIRED, Status.SUPPRESSED, Status.CANCELLED, Status.UNKNOWN)
_FINAL = ", ".join(f"'{status}'" for status in FINAL)
_STATUSES = ", ".join(f"'{status}'" for status in Status)
_STATES = ", ".join(f"'{state}'" for state in State if state is not State.NEW)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold. *rows* break it; *example* is the key of one: never a number, never a text."""

    rule: str
    rows: int
    example: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.rows}" + (f", for example {self.example}" if self.example else "")


@dataclass(slots=True)
class Tally:
    """How much was looked at."""

    people: int = 0
    inbound: int = 0
    outbox: int = 0
    broadcasts: int = 0
    entries: int = 0


OUTBOX_RULES: Sequence[tuple[str, str]] = (
    ("a message has a status that does not exist", f"status NOT IN ({_STATUSES})"),
    ("a message waits and nobody is to take it up", "status IN ('queued', 'sending') AND due_ms IS NULL"),
    ("a message that has its end is still due", f"status IN ({_FINAL}, 'sent') AND due_ms IS NOT NULL"),
    ("a message that has its end does not say when", f"status IN ({_FINAL}) AND final_ms IS NULL"),
    ("a message left and does not say when", "status = 'sent' AND handed_ms IS NULL"),
    (
        "a broadcast's message has no person or no text",
        "broadcast_id > 0 AND (text_id IS NULL OR (contact_id IS NULL AND erased_ms IS NULL))",
    ),
    ("a reply has no text", "broadcast_id = 0 AND text IS NULL AND erased_ms IS NULL"),
    ("a message waits and its text is erased", "broadcast_id = 0 AND due_ms IS NOT NULL AND text IS NULL"),
    (
        "a message belongs to a broadcast that does not exist",
        "broadcast_id > 0 AND NOT EXISTS (SELECT 1 FROM broadcast b WHERE b.id = broadcast_id)",
    ),
    (
        "a message has the text of another broadcast",
        "broadcast_id > 0 AND NOT EXISTS (SELECT 1 FROM broadcast_text t WHERE t.id = text_id"
        " AND t.broadcast_id = outbox.broadcast_id)",
    ),
    (
        "a reply answers a text that was never stored",
        "in_reply_to >= COALESCE((SELECT position FROM walk WHERE name = 'begin inbound'), 0)"
        " AND NOT EXISTS (SELECT 1 FROM inbound i WHERE i.id = in_reply_to)",
    ),
    (
        "a broadcast's message waits for somebody who stopped",
        "broadcast_id > 0 AND status = 'queued' AND EXISTS"
        " (SELECT 1 FROM contact c WHERE c.id = contact_id AND c.state = 'stopped')",
    ),
)
"""Rules of one row of the outbox: what must not be, and the condition that finds it."""

OTHER_RULES: Sequence[tuple[str, str, str]] = (
    ("inbound", "an erased text is still there", "erased_ms IS NOT NULL AND text <> ''"),
    ("contact", "a person has a standing that does not exist", f"state NOT IN ({_STATES}, 'new')"),
    ("contact", "a person is paused without an end", "state = 'paused' AND paused_until_ms IS NULL"),
    (
        "contact",
        "a person who stopped has topics",
        "state = 'stopped' AND EXISTS (SELECT 1 FROM subscription s WHERE s.contact_id = contact.id)",
    ),
    (
        "contact",
        "a person who stopped is still asked something",
        "state = 'stopped' AND EXISTS (SELECT 1 FROM conversation t WHERE t.contact_id = contact.id)",
    ),
    (
        "subscription",
        "a subscription belongs to nobody",
        "NOT EXISTS (SELECT 1 FROM contact c WHERE c.id = subscription.contact_id)",
    ),
    ("broadcast", "more of a broadcast is written than it has recipients", "written > recipients"),
    ("broadcast", "a finished broadcast is not all written out", "state = 'done' AND NOT expanded"),
)
"""Rules of one row of another table: the table, what must not be, the condition."""


def reconcile(
    connection: Connection,
    key: bytes,
    *,
    acknowledged: Collection[tuple[str, str]] = (),
    progress: Callable[[int], None] | None = None,
) -> tuple[list[Finding], Tally]:
    """Every rule that does not hold, and how much was looked at.

    *key* is that of the keyed hash. *acknowledged*: (channel, external id) of texts that a gateway was told are taken.
    *progress* is told the number of people looked at. Memory does not grow with the database.
    """
    tally = Tally()
    findings: list[Finding] = []
    tally.inbound = _count(connection, "inbound")
    tally.outbox = _count(connection, "outbox")
    for rule, condition in OUTBOX_RULES:
        findings.extend(_breaches(connection, "outbox", rule, condition))
    for table, rule, condition in OTHER_RULES:
        findings.extend(_breaches(connection, table, rule, condition))
    findings.extend(_broadcasts(connection, tally))
    findings.extend(_people(connection, key, tally, progress))
    findings.extend(_taken(connection, acknowledged))
    fault = audit.verify(connection)
    tally.entries = audit.head(connection).count
    if fault is not None:
        findings.append(Finding(f"the consent ledger does not hold: {fault.reason}", 1, str(fault.id or "")))
    return findings, tally


def _count(connection: Connection, table: str) -> int:
    return int(sql.run(connection, f"SELECT count(*) FROM {table}").scalar_one())


def _breaches(connection: Connection, table: str, rule: str, condition: str) -> Iterator[Finding]:
    example = "contact_id" if table == "subscription" else "id"
    row = sql.run(connection, f"SELECT count(*), min({example}) FROM {table} WHERE {condition}").one()
    if row[0]:
        yield Finding(rule, int(row[0]), f"{table} {row[1]}")


def _broadcasts(connection: Connection, tally: Tally) -> Iterator[Finding]:
    """The kept counts against the rows themselves, and those that have gone by age."""
    actual: dict[int, Counter[str]] = {}
    for broadcast_id, status, n in sql.run(
        connection, "SELECT broadcast_id, status, count(*) FROM outbox WHERE broadcast_id > 0 GROUP BY 1, 2"
    ):
        actual.setdefault(int(broadcast_id), Counter())[status] = int(n)
    kept: dict[int, Counter[str]] = {}
    for broadcast_id, status, n, gone in sql.run(
        connection, "SELECT broadcast_id, status, n, gone FROM broadcast_count"
    ):
        kept.setdefault(int(broadcast_id), Counter())[status] = int(n)
        if gone:
            actual.setdefault(int(broadcast_id), Counter())[status] += int(gone)
    rows = sql.run(connection, "SELECT id, state, recipients, written, expanded FROM broadcast ORDER BY id")
    for row in rows:
        tally.broadcasts += 1
        yield from _broadcast(row, actual.get(int(row.id), Counter()), kept.get(int(row.id), Counter()))


def _broadcast(row: Any, actual: Counter[str], kept: Counter[str]) -> Iterator[Finding]:
    name = f"broadcast {row.id}"
    if not kept and not actual:
        return  # it has not begun
    if kept.total() != row.recipients:
        yield Finding("a broadcast's counts do not sum up to its recipients", 1, name)
    if actual.total() != row.written:
        yield Finding("a broadcast has other rows than it says are written", 1, name)
    unwritten = kept - actual  # nobody's row yet: all of them queued, or all called off before they were written
    called_off = {str(Status.CANCELLED), str(Status.EXPIRED)} if row.expanded else {str(Status.QUEUED)}
    if actual - kept or len(unwritten) > 1 or not set(unwritten) <= called_off:
        yield Finding("a broadcast's counts are not those of its messages", 1, name)
    if row.state == "done" and (actual[str(Status.QUEUED)] or actual[str(Status.SENDING)]):
        yield Finding("a finished broadcast still has messages to send", 1, name)


def _people(
    connection: Connection, key: bytes, tally: Tally, progress: Callable[[int], None] | None
) -> Iterator[Finding]:
    """What people have against what the ledger says they allowed, and against the suppressions."""
    codes = {int(row.id): row.code for row in sql.run(connection, "SELECT id, code FROM topic")}
    wrong: dict[str, list[int]] = {}
    after = 0
    while True:
        rows = sql.run(
            connection, "SELECT id, number, state FROM contact WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE)
        ).all()
        if not rows:
            break
        after = int(rows[-1].id)
        subjects = {int(row.id): audit.subject(key, row.number) for row in rows}
        topics = _topics(connection, list(subjects), codes)
        said = _said(connection, list(subjects.values()))
        suppressed = _suppressed(connection, list(subjects.values()))
        for row in rows:
            subject = subjects[int(row.id)]
            for rule in _stands(row.state, topics.get(int(row.id), set()), said.get(subject), subject in suppressed):
                wrong.setdefault(rule, []).append(int(row.id))
        tally.people += len(rows)
        if progress is not None:
            progress(tally.people)
    for rule, ids in wrong.items():
        yield Finding(rule, len(ids), f"contact {ids[0]}")


@dataclass(slots=True)
class Allowed:
    """What the ledger's entries about one person come to, taken in their order."""

    joined: bool = False
    stopped: bool = False
    topics: frozenset[str] = frozenset()

    def take(self, action: str, scope: str) -> None:
        topic = scope.removeprefix("topic:") if scope.startswith("topic:") else ""
        match action:
            case "join" | "start":
                self.joined, self.stopped = True, False
            case "subscribe" if topic:
                self.joined, self.stopped, self.topics = True, False, self.topics | {topic}
            case "leave" if topic:
                self.topics -= {topic}
            case "stop":
                self.joined, self.stopped, self.topics = False, True, frozenset()
            case "erase":
                self.joined, self.topics = False, frozenset()


def _stands(state: str, topics: set[str], said: Allowed | None, suppressed: bool) -> Iterator[str]:
    """The rules that one person breaks."""
    allowed = said or Allowed()
    if topics - allowed.topics:
        yield "a person has a topic that the ledger holds no consent for"
    if allowed.topics - topics:
        yield "a person lacks a topic that the ledger holds a consent for"
    if (state == State.STOPPED) != suppressed:
        yield "a person's standing and the suppressions do not agree"
    if (state == State.STOPPED) != allowed.stopped:
        yield "a person's standing and the ledger's last stop do not agree"
    if state in (State.ACTIVE, State.PAUSED) and not allowed.joined:
        yield "a person is active and the ledger holds no joining"


def _topics(connection: Connection, ids: Sequence[int], codes: dict[int, str]) -> dict[int, set[str]]:
    where, listed = sql.among(connection, "contact_id", ids)
    found: dict[int, set[str]] = {}
    for contact_id, topic_id in sql.run(
        connection, f"SELECT contact_id, topic_id FROM subscription WHERE {where}", (listed,)
    ):
        found.setdefault(int(contact_id), set()).add(codes.get(int(topic_id), f"#{topic_id}"))
    return found


def _said(connection: Connection, subjects: Sequence[str]) -> dict[str, Allowed]:
    where, listed = sql.among(connection, "subject", subjects)
    found: dict[str, Allowed] = {}
    for subject, action, scope in sql.run(
        connection, f"SELECT subject, action, scope FROM ledger WHERE {where} ORDER BY id", (listed,)
    ):
        found.setdefault(subject, Allowed()).take(action, scope)
    return found


def _suppressed(connection: Connection, subjects: Sequence[str]) -> set[str]:
    where, listed = sql.among(connection, "subject", subjects)
    return {row[0] for row in sql.run(connection, f"SELECT subject FROM suppression WHERE {where}", (listed,))}


def _taken(connection: Connection, acknowledged: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """Acknowledged texts that are not there. A text cannot be there twice: the table's unique key sees to it."""
    by_channel: dict[str, list[str]] = {}
    for channel, external_id in sorted(set(acknowledged)):
        by_channel.setdefault(channel, []).append(external_id)
    for channel, ids in by_channel.items():
        missing: list[str] = []
        for start in range(0, len(ids), PAGE):
            asked = ids[start : start + PAGE]
            where, listed = sql.among(connection, "external_id", asked)
            rows = sql.run(
                connection, f"SELECT external_id FROM inbound WHERE channel = ? AND {where}", (channel, listed)
            )
            stored = {row[0] for row in rows}
            missing.extend(each for each in asked if each not in stored)
        if missing:
            yield Finding("a text was acknowledged and is not stored", len(missing), f"{channel} {missing[0]}")
