"""What is no longer needed goes, and how long it is needed (civic rule 28).

Texts both ways lose their words after `texts_days`; the row stays with its facts, since counts, repeats and replies
hang on it. The number goes with the words, unless the person is still a subscriber: then it goes when they no longer
are. A broadcast's text is public and stays; who got it is forgotten like a number. A text that waits in the inbox is
kept until it is answered, but no longer than `inbox_days`. The words in the ledger go `ledger_days_after` a person
stopped, those up to that stop; the chain holds, as after an erasure.

Each kind is a `Step`: it looks for a piece by a reading connection, and does it in a transaction of its own. Where a
table grows by its key, a walk along that key finds what is due without an index on time, which every text would pay
for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.clock import DAY_MS
from smsbot.settings import Retention
from smsbot.store import sql, walk

TEXTS_AT_ONCE = 500  # rows of one transaction; citizens' texts wait behind it on SQLite
ENTRIES_AT_ONCE = 2_000  # of the ledger, few of which end anything
TALKS_AT_ONCE = 1_000
PASS_MS = DAY_MS
"""How often people and open questions are gone through: nothing about them is due to the hour."""
TALK_GRACE_MS = DAY_MS  # after a question's time; what was asked yesterday may still help whoever looks for a fault

MEMBER = "c.state IN ('active', 'paused')"
ENDS = ("stop", "erase")
"""Actions of the ledger that end a membership. Whoever leaves the last topic is still one of `everyone`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Work found: a walk's step from *before* to *after*, and the *keys* concerned. *more*: there is likely more.

    *horizons*: instants that the step found them by, where it has to look at them again."""

    before: int
    after: int
    keys: Sequence[int] = ()
    more: bool = False
    horizons: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Step:
    """*find* reads; *do* writes, in one transaction, and gives how many rows it changed."""

    name: str
    find: Callable[[Connection, Retention, int], Piece | None]
    do: Callable[[Connection, Piece, int], int]


INBOUND_PAGE = "SELECT id, at_ms FROM inbound WHERE id > ? ORDER BY id LIMIT ?"
OUTBOX_PAGE = "SELECT id, created_ms FROM outbox WHERE id > ? ORDER BY id LIMIT ?"
LEDGER_PAGE = "SELECT id, at_ms FROM ledger WHERE id > ? ORDER BY id LIMIT ?"
TALKS_PAGE = (
    "SELECT contact_id, channel, expires_ms FROM conversation WHERE contact_id > ? ORDER BY contact_id, channel LIMIT ?"
)
INBOX_OPEN = "SELECT id, at_ms FROM inbound WHERE inbox = 'open' AND inbox <> '' ORDER BY id LIMIT ?"
INBOX_ANSWERED = "SELECT id FROM inbound WHERE inbox = 'answered' AND inbox <> '' AND id <= ? ORDER BY id LIMIT ?"
"""`inbox <> ''` is the condition of the partial index; without it neither database would see that it fits."""


@dataclass(frozen=True, slots=True)
class _Along:
    """A walk: its name, the statement for the page after a key, and how many rows a page has."""

    name: str
    page: str
    limit: int


def _due(connection: Connection, along: _Along, days: int, now_ms: int) -> Piece | None:
    """The next step of a walk over what is older than *days*."""
    if not days:
        return None
    before, limit = walk.place(connection, along.name).position, along.limit
    rows = [(int(key), int(at_ms)) for key, at_ms in sql.run(connection, along.page, (before, limit))]
    after = walk.aged(rows, now_ms - days * DAY_MS, now_ms)
    if after is None:
        return None
    return Piece(
        before, after, [key for key, _ in rows if key <= after], more=len(rows) == limit and after == rows[-1][0]
    )


_INBOUND = _Along("inbound", INBOUND_PAGE, TEXTS_AT_ONCE)
_OUTBOX = _Along("outbox", OUTBOX_PAGE, TEXTS_AT_ONCE)
_LEDGER = _Along("ledger", LEDGER_PAGE, ENTRIES_AT_ONCE)


def find_inbound(connection: Connection, kept: Retention, now_ms: int) -> Piece | None:
    return _due(connection, _INBOUND, kept.texts_days, now_ms)


def do_inbound(connection: Connection, piece: Piece, now_ms: int) -> int:
    """Those that still wait in the inbox are left to `do_inbox`."""
    if not walk.move(connection, "inbound", piece.before, piece.after, now_ms):
        return 0
    return _blank_inbound(connection, piece.keys, "inbox <> 'open'", now_ms)


def find_inbox(connection: Connection, kept: Retention, now_ms: int) -> Piece | None:
    """Open ones past their time, and those answered after their texts' time was over."""
    if not kept.texts_days:
        return None
    passed = walk.place(connection, "inbound").position
    keys = [int(key) for (key,) in sql.run(connection, INBOX_ANSWERED, (passed, TEXTS_AT_ONCE))]
    more = len(keys) == TEXTS_AT_ONCE
    if kept.inbox_days:
        horizon_ms = now_ms - max(kept.inbox_days, kept.texts_days) * DAY_MS
        rows = [(int(key), int(at_ms)) for key, at_ms in sql.run(connection, INBOX_OPEN, (TEXTS_AT_ONCE,))]
        last = walk.aged(rows, horizon_ms, now_ms)
        if last is not None:
            keys += [key for key, _ in rows if key <= last]
            more = more or last == rows[-1][0]
    return Piece(0, 0, sorted(keys), more) if keys else None


def do_inbox(connection: Connection, piece: Piece, now_ms: int) -> int:
    return _blank_inbound(connection, piece.keys, "inbox <> ''", now_ms)


def _blank_inbound(connection: Connection, keys: Sequence[int], where: str, now_ms: int) -> int:
    """They leave the inbox, too: there is nothing to read. The id that was guessed for a text without one is made of
    the number and the words, and goes with them."""
    mine, listed = sql.among(connection, "id", keys)
    if sql.is_postgresql(connection):  # in one order, as everybody takes them
        sql.run(connection, f"SELECT id FROM inbound WHERE {mine} ORDER BY id FOR UPDATE", (listed,))
    done = sql.run(
        connection,
        f"UPDATE inbound SET text = '', inbox = '', erased_ms = ? WHERE {mine} AND {where} AND erased_ms IS NULL",
        (now_ms, listed),
    )
    sql.run(
        connection,
        f"UPDATE inbound SET {NOBODYS_INBOUND} WHERE {mine} AND erased_ms IS NOT NULL AND number <> ''"
        f" AND NOT EXISTS (SELECT 1 FROM contact c WHERE c.id = inbound.contact_id AND {MEMBER})",
        (listed,),
    )
    return done.rowcount


NOBODYS_INBOUND = (
    "number = '', contact_id = NULL,"
    " external_id = CASE WHEN substr(external_id, 1, 1) = '~' THEN '~' || CAST(id AS text) ELSE external_id END"
)
"""What makes a text nobody's."""


def find_outbox(connection: Connection, kept: Retention, now_ms: int) -> Piece | None:
    return _due(connection, _OUTBOX, kept.texts_days, now_ms)


def do_outbox(connection: Connection, piece: Piece, now_ms: int) -> int:
    """A reply that nobody ever took up, since its channel is gone, ends here. A broadcast's message that waits in a
    paused one stays as it is."""
    if not walk.move(connection, "outbox", piece.before, piece.after, now_ms):
        return 0
    mine, listed = sql.among(connection, "id", piece.keys)
    if sql.is_postgresql(connection):
        sql.run(connection, f"SELECT id FROM outbox WHERE {mine} ORDER BY id FOR UPDATE", (listed,))
    sql.run(
        connection,
        "UPDATE outbox SET status = CASE WHEN status = 'sending' AND error = '' THEN 'unknown' ELSE 'expired' END,"
        f" due_ms = NULL, final_ms = ? WHERE {mine} AND broadcast_id = 0 AND due_ms IS NOT NULL",
        (now_ms, listed),
    )
    done = sql.run(
        connection,
        f"UPDATE outbox SET text = NULL, erased_ms = ? WHERE {mine} AND broadcast_id = 0 AND text IS NOT NULL",
        (now_ms, listed),
    )
    sql.run(
        connection,
        f"UPDATE outbox SET number = NULL, contact_id = NULL, erased_ms = COALESCE(erased_ms, ?) WHERE {mine}"
        " AND due_ms IS NULL AND (number IS NOT NULL OR contact_id IS NOT NULL)"
        f" AND NOT EXISTS (SELECT 1 FROM contact c WHERE c.id = outbox.contact_id AND {MEMBER})",
        (now_ms, listed),
    )
    theirs, listed = sql.among(connection, "outbox_id", piece.keys)
    sql.run(connection, f"DELETE FROM outbox_part WHERE {theirs}", (listed,))
    sql.run(connection, f"DELETE FROM poll WHERE {theirs}", (listed,))
    return done.rowcount


def find_ledger(connection: Connection, kept: Retention, now_ms: int) -> Piece | None:
    return _due(connection, _LEDGER, kept.ledger_days_after, now_ms)


WORDS_GO = "UPDATE ledger SET evidence = NULL, salt = NULL WHERE subject = ? AND id <= ? AND evidence IS NOT NULL"


def do_ledger(connection: Connection, piece: Piece, now_ms: int) -> int:
    """The words up to each end of a membership go. What a person said who came back since is later than that."""
    if not walk.move(connection, "ledger", piece.before, piece.after, now_ms):
        return 0
    rows = sql.run(
        connection,
        "SELECT subject, max(id) FROM ledger WHERE id > ? AND id <= ? AND action IN (?, ?)"
        " GROUP BY subject ORDER BY subject",
        (piece.before, piece.after, *ENDS),
    ).all()
    return sum(sql.run(connection, WORDS_GO, (subject, int(last))).rowcount for subject, last in rows)


def find_talks(connection: Connection, _kept: Retention, now_ms: int) -> Piece | None:
    """Once a day all open questions are gone through, those past their time are dropped."""
    found = walk.place(connection, "talks")
    if found.position == 0 and 0 <= now_ms - found.at_ms < PASS_MS:
        return None
    rows = sql.run(connection, TALKS_PAGE, (found.position, TALKS_AT_ONCE)).all()
    more = len(rows) == TALKS_AT_ONCE
    keys = sorted({int(row.contact_id) for row in rows if row.expires_ms <= now_ms - TALK_GRACE_MS})
    return Piece(found.position, int(rows[-1].contact_id) if more else 0, keys, more)


def do_talks(connection: Connection, piece: Piece, now_ms: int) -> int:
    if not walk.move(connection, "talks", piece.before, piece.after, now_ms) or not piece.keys:
        return 0
    where, listed = sql.among(connection, "contact_id", piece.keys)
    return sql.run(
        connection,
        f"DELETE FROM conversation WHERE {where} AND expires_ms <= ?",
        (listed, now_ms - TALK_GRACE_MS),
    ).rowcount


STEPS: Sequence[Step] = (
    Step("texts that came", find_inbound, do_inbound),
    Step("texts in the inbox", find_inbox, do_inbox),
    Step("texts that left", find_outbox, do_outbox),
    Step("words in the ledger", find_ledger, do_ledger),
    Step("open questions", find_talks, do_talks),
)
