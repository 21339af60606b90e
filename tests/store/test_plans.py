"""Every statement of the hot path finds its rows by an index, on both databases, and on PostgreSQL in few parts.

The statements are those that the product sends, heard where they leave it. Each is planned by the database as it is
then, with 200,000 messages in it, and on PostgreSQL twice: for these parameters, and for any.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event

from smsbot.clock import DAY_MS, to_ms
from smsbot.compose import blueprint, seed_topics
from smsbot.settings import Retention, Settings
from smsbot.status import Status
from smsbot.store import (
    channel_trace,
    directory,
    health,
    inbox,
    months,
    outbox,
    people,
    polls,
    quiet,
    ration,
    reports,
    retention,
    settling,
    sql,
    wire,
)  # fmt: skip
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.fanout import write_piece
from smsbot.store.outbox import Lane, Report, Result
from smsbot.store.withdrawals import channels_in_use, withdraw
from smsbot.testing.bulletins import announce
from smsbot.testing.databases import Postgres
from smsbot.testing.population import populate
from tests.inbound.pipeline import Clock, pipeline_over

PEOPLE, MESSAGES, TEXTS = 100_000, 200_000, 60_000
BEGINNINGS = [to_ms(datetime(2015, month, 1, tzinfo=UTC)) for month in (1, 2, 3, 4, 5, 6)]
NOW = BEGINNINGS[-1] + 10 * DAY_MS
LARGE = "contact|subscription|outbox|inbound|ledger|suppression"
"""No statement of the hot path may read one of these whole."""
CHANNEL = "main"


class Told:
    """What was sent to the database, and how it is planned: statement → the database's words."""

    def __init__(self) -> None:
        self.on = False
        self.plans: dict[str, str] = {}

    def note(self, statement: str, explain: Callable[[], list[str]]) -> None:
        word = statement.lstrip().partition(" ")[0].upper()
        of_the_catalogue = re.search(r"pg_(?!notify)", statement)
        if self.on and word in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH") and not of_the_catalogue:
            self.on = False
            self.plans[statement] = "\n".join(explain())
            self.on = True


def listen(store: Store, told: Told, patch: pytest.MonkeyPatch) -> None:
    """Have *told* hear every statement of *store*: those that SQLAlchemy runs, and those that go below it."""
    planned = searched if store.sqlite else costed

    def before(
        connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        told.note(statement, lambda: planned(store.url, statement, parameters[0] if many else parameters))

    for engine in {store.writes, store.reads}:
        event.listen(engine, "before_cursor_execute", before)

    def overhear(name: str) -> None:
        real = getattr(wire, name)

        def heard(connection: Connection, statement: str, parameters: Any = ()) -> Any:
            parameters = list(parameters)
            first = parameters[0] if name == "send_many" and parameters else parameters
            text = statement if store.sqlite else statement.replace("?", "%s")
            told.note(text, lambda: planned(store.url, text, first))
            return real(connection, statement, parameters)

        patch.setattr(wire, name, heard)

    for name in ("fetch", "send", "send_many", "insert"):
        overhear(name)


def costed(url: str, query: str, parameters: Any) -> list[str]:
    """PostgreSQL's plans, for these parameters and for any."""
    numbers: dict[str, int] = {}  # a placeholder's name, or its place
    generic = re.sub(
        r"%(?:\((\w+)\))?s",
        lambda mark: f"${numbers.setdefault(mark[1] or str(len(numbers)), len(numbers) + 1)}",
        query,
    )
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as beside:
        lines = [str(line) for (line,) in beside.execute(f"EXPLAIN {query}".encode(), parameters)]
        if beside.info.server_version >= 160_000:
            lines += [str(line) for (line,) in beside.execute(f"EXPLAIN (GENERIC_PLAN) {generic}".encode())]
    return lines


def searched(url: str, statement: str, parameters: Any) -> list[str]:
    """SQLite's plan."""
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as beside:
        return [str(row[3]) for row in beside.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def fill(connection: Connection) -> None:
    """Subscribers, and messages of six months, one in four a reply; on PostgreSQL each month in its part."""
    directory.seed(connection, seed_topics(Settings()), ())
    populate(connection, PEOPLE, channel=CHANNEL, joined_ms=BEGINNINGS[0])
    sql.run(
        connection,
        "INSERT INTO ledger (at_ms, subject, action, scope, source, channel, actor, keyword, rule, wording, digest,"
        " prev, hash) SELECT 1, 's' || n, 'join', 'all', 'sms', '', '', '', '', '', '', '', 'h'"
        f" FROM ({series(connection)}) AS made",
        (PEOPLE,),
    )
    sql.run(
        connection,
        "INSERT INTO suppression (subject, at_ms, source)"
        f" SELECT 'p' || n, 1, 'sms' FROM ({series(connection)}) AS made",
        (PEOPLE,),
    )


def fill_month(connection: Connection, at_ms: int) -> None:
    no = "false" if sql.is_postgresql(connection) else "0"
    who = f"1 + n - n / {PEOPLE} * {PEOPLE}"
    reply = "n - n / 4 * 4 = 0"
    sql.run(
        connection,
        "INSERT INTO outbox (channel, broadcast_id, contact_id, number, text, text_id, parts, status, error,"
        f" created_ms, attempts, external_id, handed_ms, final_ms, forget) SELECT '{CHANNEL}',"
        f" CASE WHEN {reply} THEN 0 ELSE 1000 + {at_ms} / 1000 + n / {PEOPLE} END, {who},"
        f" CASE WHEN {reply} THEN '+995' || (555000000 + {who}) END, CASE WHEN {reply} THEN 'hello' END,"
        f" CASE WHEN {reply} THEN NULL ELSE 1 END, 1, 'delivered', '', {at_ms}, 0, '{at_ms}-' || n, {at_ms}, {at_ms},"
        f" {no} FROM ({series(connection)}) AS made",
        (MESSAGES // 6,),
    )
    sql.run(
        connection,
        "INSERT INTO inbound (channel, external_id, number, contact_id, recipient, text, at_ms, intent, rule, inbox,"
        f" tag) SELECT '{CHANNEL}', '{at_ms}-' || n, '+995' || (555000000 + {who}), {who}, '', 'hello', {at_ms}, '',"
        f" '', CASE WHEN n - n / 500 * 500 = 0 THEN 'open' ELSE '' END, '' FROM ({series(connection)}) AS made",
        (TEXTS // 6,),
    )


def series(connection: Connection) -> str:
    if sql.is_postgresql(connection):
        return "SELECT n FROM generate_series(1, CAST(? AS bigint)) AS numbers(n)"
    return "WITH RECURSIVE some(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < ?) SELECT n FROM some"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Told]]:
    told = Told()
    server: Postgres | None = None
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("plans")
        url = f"sqlite:///{folder}/smsbot.db"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.fresh()
    store = Store(url)
    patch = pytest.MonkeyPatch()
    listen(store, told, patch)
    store.upgrade()
    store.start()
    store.write(fill)
    for at_ms in BEGINNINGS:
        for pause_ms in (0, 0, 6 * DAY_MS):  # the part is made, begun, and the one before has been done with
            store.write(lambda c, now_ms=at_ms + pause_ms: _begin(c, now_ms))
        store.write(lambda c, at_ms=at_ms: fill_month(c, at_ms))
    store.write(lambda c: sql.run(c, "ANALYZE"))
    yield store, told
    patch.undo()
    store.close()
    if server is not None:
        server.drop(url)


def _begin(connection: Connection, now_ms: int) -> None:
    if sql.is_postgresql(connection):
        months.do(connection, months.Piece(0, 0), now_ms)


@pytest.fixture
def listening(town: tuple[Store, Told]) -> Iterator[tuple[Store, Told]]:
    store, told = town
    told.plans.clear()
    told.on = True
    yield store, told
    told.on = False


def judge(told: Told, *, oldest: int = 6, mind: tuple[str, ...] = ()) -> None:
    """No plan reads a large table whole, nor looks into a part of outbox that began before the month *oldest*. *mind*:
    tables that at least one statement must have asked."""
    assert told.plans
    for statement, plan in told.plans.items():
        scanned = re.findall(r"Seq Scan on (\w+)\b(?! .*cost=0\.00\.\.0\.\d\d )", plan) + [  # but for empty ones
            table for table, how in re.findall(r"^SCAN (\w+)(.*)$", plan, re.MULTILINE) if "ix_outbox_due" not in how
        ]
        whole = [each for each in scanned if re.fullmatch(rf"({LARGE})(_first|_2015_\d\d)?", each)]
        assert not whole, f"{statement}\n{plan}"
        early = set(re.findall(r"outbox_(?:first|2015_\d\d)\b", plan))
        early = set() if oldest == 0 else early
        early -= {f"outbox_2015_{month:02}" for month in range(oldest, 7)}
        assert not early, f"{statement}\n{plan}"
    asked = " ".join(told.plans)
    for table in mind:
        assert re.search(rf"\b{table}\b", asked), f"nobody asked {table}: the test tests nothing"


async def test_turns(listening: tuple[Store, Told]) -> None:
    store, told = listening
    pipeline = pipeline_over(store, blueprint(Settings()).engine, Clock(NOW))
    for n, text in enumerate(
        ("TOPICS", "HELP", "1 3", "JOIN BUDGET", "STATUS", "LEAVE 1", "RU", "something else", "STOP")
    ):
        await pipeline.text(text, f"+995555{n + 1001:06d}")
        await pipeline.text(text, f"+995577{n + 1:06d}")
    judge(told, mind=("contact", "subscription", "conversation", "inbound", "outbox", "suppression", "ledger"))
    old = {part for plan in told.plans.values() for part in re.findall(r"inbound_(?:first|2015_\d\d)\b", plan)}
    assert old <= {"inbound_2015_04", "inbound_2015_05", "inbound_2015_06"}


def queue(connection: Connection, count: int = 50) -> None:
    for n in range(count):
        outbox.queue_personal(
            connection,
            channel=CHANNEL,
            contact_id=n + 1,
            number=f"+995555{n + 1:06d}",
            text="hello",
            parts=1,
            now_ms=NOW,
        )


def test_a_reply_is_claimed_looked_at_again_settled_and_reported(listening: tuple[Store, Told]) -> None:
    store, told = listening
    store.write(queue)
    held = store.write(lambda c: outbox.claim(c, CHANNEL, outbox.REPLIES, NOW, 50))
    assert len(held) == 50
    store.write(lambda c: outbox.recheck(c, CHANNEL, held, NOW))
    store.write(lambda c: outbox.release(c, [held[0].id], NOW, "later"))
    results = [Result(each.id, 0, Status.SENT, external_id=f"E{each.id}", handed_ms=NOW, ask=True) for each in held]
    store.write(lambda c: settling.settle(c, CHANNEL, results, NOW))
    by_theirs = [Report(CHANNEL, Status.DELIVERED, external_id=f"E{each.id}") for each in held[:25]]
    by_ours = [Report(CHANNEL, Status.DELIVERED, message_id=f"out-{each.id}") for each in held[25:]]
    assert store.write(lambda c: outbox.merge_reports(c, [*by_theirs, *by_ours], NOW)).merged == 50
    store.write(lambda c: reports.match_parked(c, NOW))
    store.read(lambda c: outbox.next_due(c, CHANNEL, []))
    store.read(lambda c: polls.due(c, CHANNEL, NOW + DAY_MS, 50))
    judge(told, mind=("outbox", "parked_report", "poll"))


def test_a_broadcast_is_written_claimed_with_consent_and_withdrawn(listening: tuple[Store, Told]) -> None:
    store, told = listening
    key = store.write(lambda c: announce(c, Audience(topics=("budget",)), NOW, channel=CHANNEL))
    told.plans.clear()  # counting the audience reads all people, once
    for _ in range(2):
        assert store.write(lambda c: write_piece(c, key, (CHANNEL,), NOW, 1_000)).rows
    (lane,) = store.read(lambda c: outbox.lanes(c, [key]))
    assert isinstance(lane, Lane)
    assert lane.topics
    day = ration.Ration(2, NOW - DAY_MS, NOW + DAY_MS)
    held = store.write(lambda c: outbox.claim(c, CHANNEL, lane, NOW, 100, ration=day))
    assert len(held) == 100
    store.write(lambda c: outbox.recheck(c, CHANNEL, held, NOW))
    store.write(lambda c: outbox.suppress(c, [each.contact_id for each in held if each.contact_id], NOW))
    assert store.read(channels_in_use)
    store.write(lambda c: withdraw(c, key, [CHANNEL], status=Status.CANCELLED, now_ms=NOW, limit=100))
    judge(told, mind=("contact", "subscription", "outbox"))


def test_what_staff_look_at(listening: tuple[Store, Told]) -> None:
    """One number's messages are looked for in every part."""
    store, told = listening
    assert store.read(lambda c: inbox.entries(c, limit=50))[0]
    assert store.read(lambda c: people.messages(c, number="+995555000012", limit=20))[0]
    assert store.read(lambda c: people.person(c, "+995555000012", "s12", NOW)) is not None
    since = store.read(lambda c: channel_trace.mark(c, NOW))
    store.read(lambda c: channel_trace.trace(c, CHANNEL, since))
    judge(told, oldest=0, mind=("inbound", "outbox", "contact", "ledger"))
    for statement, plan in told.plans.items():
        if "number = " in statement and not store.sqlite:
            assert not re.search(r"(inbound|outbox)_2015_\d\d_pkey", plan), f"{statement}\n{plan}"


def test_what_is_no_longer_needed_is_found_and_erased(listening: tuple[Store, Told]) -> None:
    store, told = listening
    for step in (*retention.STEPS, quiet.PEOPLE, months.MONTHS):
        piece = store.read(lambda c, step=step: step.find(c, Retention(), NOW))
        if piece is not None:
            store.write(lambda c, step=step, piece=piece: step.do(c, piece, NOW))
    judge(told, oldest=0, mind=("inbound", "outbox", "contact", "ledger"))


def test_the_queues_are_counted(listening: tuple[Store, Told]) -> None:
    store, told = listening
    store.write(queue)
    told.plans.clear()
    store.read(health.queues)
    judge(told, oldest=0, mind=("outbox",))
