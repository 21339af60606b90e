"""What came and left by a channel since a mark, on both databases."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection

from smsbot.process import identity
from smsbot.status import Status
from smsbot.store import leases, outbox, sql, withdrawals
from smsbot.store.channel_trace import Fate, Trace, fate, mark, trace, working
from smsbot.store.database import Store
from smsbot.store.outbox import Report, Result

NOW = 1_800_000_000_000
NUMBER = "+995555000001"


def text(connection: Connection, channel: str, external_id: str) -> int:
    row = sql.run(
        connection,
        "INSERT INTO inbound (channel, external_id, number, recipient, text, at_ms, intent, rule, inbox, tag)"
        " VALUES (?, ?, ?, '', 'HELP', ?, '', '', '', '') RETURNING id",
        (channel, external_id, NUMBER, NOW),
    )
    return int(row.scalar_one())


def message(connection: Connection, channel: str, in_reply_to: int | None = None) -> int:
    return withdrawals.queue_personal(
        connection, channel=channel, contact_id=None, number=NUMBER, text="…", parts=1, now_ms=NOW,
        in_reply_to=in_reply_to,
    )  # fmt: skip


def test_only_what_came_after_the_mark_and_by_the_channel_counts(store: Store) -> None:
    def before(connection: Connection) -> None:
        message(connection, "main", text(connection, "main", "a"))

    def after(connection: Connection) -> None:
        text(connection, "other", "c")
        message(connection, "spare", text(connection, "main", "b"))
        message(connection, "main")

    store.write(before)
    since = store.read(lambda c: mark(c, NOW))
    assert store.read(lambda c: trace(c, "main", since)) == Trace(0, (), 0)
    store.write(after)
    assert store.read(lambda c: trace(c, "main", since)) == Trace(1, (Fate("spare", Status.QUEUED),), 0)
    assert store.read(lambda c: trace(c, "other", since)) == Trace(1, (), 0)


def test_reports_count_those_that_found_their_message_and_those_that_came_before_it(store: Store) -> None:
    taken, refused = store.write(lambda c: (message(c, "main"), message(c, "main")))
    store.write(lambda c: sql.run(c, "UPDATE outbox SET status = 'sending'", ()))
    results = [
        Result(taken, 0, Status.SENT, external_id="x1", handed_ms=NOW),
        Result(refused, 0, Status.FAILED, error="no", final_ms=NOW + 9),
    ]
    store.write(lambda c: outbox.settle(c, "main", results, NOW))
    since = store.read(lambda c: mark(c, NOW))
    assert store.read(lambda c: trace(c, "main", since)).reports == 0, "a refusal is no report"
    told = [Report("main", Status.DELIVERED, external_id="x1"), Report("main", Status.DELIVERED, external_id="x2")]
    store.write(lambda c: outbox.merge_reports(c, told, now_ms=NOW + 9))
    assert store.read(lambda c: trace(c, "main", since)).reports == 2
    assert store.read(lambda c: fate(c, taken)) == Fate("main", Status.DELIVERED)
    assert store.read(lambda c: fate(c, refused)) == Fate("main", Status.FAILED, "no")
    later = store.read(lambda c: mark(c, NOW + 10))
    assert store.read(lambda c: trace(c, "main", later)).reports == 0


def test_a_process_works_while_it_holds_a_lease_and_lives(store: Store) -> None:
    def take(connection: Connection, owner: str, term_ms: int) -> None:
        sql.run(connection, "DELETE FROM lease", ())
        leases.acquire(connection, "channel:main", owner, now_ms=NOW, term_ms=term_ms)

    assert not store.read(lambda c: working(c, NOW))
    store.write(lambda c: take(c, identity(), 1_000))
    assert store.read(lambda c: working(c, NOW))
    assert not store.read(lambda c: working(c, NOW + 1_000)), "the lease is over"
    machine = identity().partition("/")[0]
    gone = asyncio.run(_ended())
    store.write(lambda c: take(c, f"{machine}/{gone}/x", 1_000))
    assert not store.read(lambda c: working(c, NOW)), "its process has ended"


async def _ended() -> int:
    """The id of a process that has ended and was waited for."""
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    return process.pid
