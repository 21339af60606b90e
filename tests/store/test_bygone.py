"""Rows of messages go `rows_days` after they were made, and what stays still agrees with itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.clock import DAY_MS, to_ms
from smsbot.settings import Retention
from smsbot.store import broadcasts, bygone, counts, exports, months, people, quiet, retention, sql, walk
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.reconcile import reconcile
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

KEPT = Retention(rows_days=400)
STEPS = (*retention.STEPS, quiet.PEOPLE, *bygone.STEPS, months.MONTHS)
SAID = "+995555000001"


def on(year: int, month: int, day: int = 1) -> int:
    return to_ms(datetime(year, month, day, tzinfo=UTC))


BEGAN = on(2015, 1)
YEARS = [on(2015 + at // 12, at % 12 + 1) for at in range(15)]  # January 2015 to March 2016
LATER = on(2016, 3, 20)


def keep_house(store: Store, now_ms: int, kept: Retention = KEPT) -> None:
    """Rounds of a custodian, until there is nothing more to do."""
    for _ in range(40):
        more = False
        for step in STEPS:
            piece = store.read(lambda c, step=step: step.find(c, kept, now_ms))
            if piece is not None:
                store.write(lambda c, step=step, piece=piece: step.do(c, piece, now_ms))
                more = more or piece.more
        if not more:
            return


def came(connection: Connection, at_ms: int, *, box: str = "") -> int:
    return int(
        sql.run(
            connection,
            "INSERT INTO inbound (channel, external_id, number, contact_id, recipient, text, at_ms, intent, rule,"
            " inbox, tag) VALUES ('main', ?, ?, 1, '', 'hello', ?, 'other', 'none', ?, '') RETURNING id",
            (f"x-{at_ms}", SAID, at_ms, box),
        ).scalar_one()
    )


def left(connection: Connection, at_ms: int, answered: int) -> int:
    return int(
        sql.run(
            connection,
            "INSERT INTO outbox (channel, broadcast_id, contact_id, number, text, parts, status, error, in_reply_to,"
            " created_ms, due_ms, handed_ms, final_ms, attempts, forget)"
            " VALUES ('main', 0, 1, ?, 'an answer', 1, 'delivered', '', ?, ?, NULL, ?, ?, 0, ?) RETURNING id",
            (SAID, answered, at_ms, at_ms, at_ms, False),
        ).scalar_one()
    )


@pytest.fixture
def town(store: Store) -> Store:
    """A member who writes each month from January 2015 on and is answered, and a broadcast of that January to three."""
    broadcast: list[int] = []

    def begin(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 3, joined_ms=BEGAN)

    def bulletin(connection: Connection) -> None:
        broadcast.append(announce(connection, Audience(everyone=True), BEGAN, written_for=("main",)))
        sql.run(
            connection,
            "UPDATE outbox SET status = 'delivered', due_ms = NULL, handed_ms = ?, final_ms = ?",
            (BEGAN, BEGAN),
        )
        counts.tally(connection, {(broadcast[0], "queued", "delivered"): 3}, BEGAN)

    store.write(begin)
    for at_ms in YEARS:
        keep_house(store, at_ms, Retention(rows_days=0))
        if at_ms == BEGAN:
            store.write(bulletin)
        store.write(lambda c, at_ms=at_ms: left(c, at_ms, came(c, at_ms)))
    return store


def left_rows(store: Store, table: str) -> list[int]:
    made = bygone.MADE[table]
    return [int(at) for (at,) in store.read(lambda c: sql.run(c, f"SELECT {made} FROM {table} ORDER BY id").all())]


def agrees(store: Store) -> list[str]:
    """Rules of `smsbot verify` that do not hold, but for those on consents: these people have no ledger."""
    found, _ = store.snapshot(lambda c: reconcile(c, store.key))
    return [finding.rule for finding in found if not finding.rule.startswith(("a person", "a person's standing"))]


def test_rows_go_when_their_time_is_over_and_verify_still_holds(town: Store) -> None:
    assert agrees(town) == []
    keep_house(town, LATER)
    assert left_rows(town, "inbound") == YEARS[2:]
    assert left_rows(town, "outbox") == YEARS[2:]
    assert agrees(town) == []


def test_on_postgresql_a_month_goes_as_a_whole(town: Store) -> None:
    if town.sqlite:
        return
    keep_house(town, LATER)
    for table in months.TABLES:
        names = [part.name for part in town.read(lambda c, table=table: months.parts(c, table))]
        assert names[0] == f"{table}_2015_03"
        assert names[-1] == f"{table}_2016_03"


def test_the_counts_of_a_broadcast_stay_as_they_were(town: Store) -> None:
    keep_house(town, LATER)
    view = town.read(lambda c: broadcasts.recent(c, None, 10))[0][0]
    assert (view.recipients, view.counts["delivered"]) == (3, 3)


def test_a_rule_that_is_broken_is_still_found(town: Store) -> None:
    keep_house(town, LATER)
    town.write(lambda c: sql.run(c, "UPDATE broadcast_count SET gone = 2 WHERE gone = 3"))
    assert "a broadcast has other rows than it says are written" in agrees(town)


def test_who_reads_messages_sees_what_is_left(town: Store) -> None:
    keep_house(town, LATER)
    page, further = town.read(lambda c: people.messages(c, number=SAID, limit=100))
    assert (len(page), further) == (26, None)
    export = exports.Export(exports.Kind.MESSAGES, zone=UTC, key=town.key, now_ms=LATER)
    assert len(town.read(lambda c: list(export.rows(c)))) == 26


@pytest.mark.parametrize(
    ("kept", "days"),
    [
        (Retention(), 400),
        (Retention(rows_days=0), 0),
        (Retention(texts_days=0), 0),
        (Retention(rows_days=30), 365),
        (Retention(rows_days=30, dormant_days=0), 180),
        (Retention(rows_days=30, dormant_days=0, inbox_days=0), 90),
    ],
)
def test_a_row_stays_as_long_as_its_words_or_the_signs_of_a_number_do(kept: Retention, days: int) -> None:
    assert kept.messages_days == days


@pytest.mark.parametrize("kept", [Retention(rows_days=0), Retention(texts_days=0)])
def test_rows_stay_for_ever_where_the_settings_say_so(town: Store, kept: Retention) -> None:
    keep_house(town, LATER, kept)
    assert left_rows(town, "inbound") == YEARS


WAITING: list[tuple[str, str, Any]] = [
    ("outbox", "UPDATE outbox SET status = 'queued', due_ms = 1 WHERE broadcast_id > 0 AND contact_id = 1", 3 + 15),
    ("inbound", "UPDATE inbound SET inbox = 'open' WHERE at_ms = (SELECT min(at_ms) FROM inbound)", 15),
]


@pytest.mark.parametrize(("table", "waits", "rows"), WAITING)
def test_what_waits_keeps_its_rows(town: Store, table: str, waits: str, rows: int) -> None:
    town.write(lambda c: sql.run(c, waits))
    keep_house(town, LATER, Retention(rows_days=400, inbox_days=0))
    assert len(left_rows(town, table)) == rows


def test_nothing_goes_before_its_words_have(town: Store) -> None:
    town.write(lambda c: sql.run(c, "UPDATE walk SET position = 0 WHERE name IN ('inbound', 'outbox')"))
    for step in (*bygone.STEPS, *bygone.STEPS):
        piece = town.read(lambda c, step=step: step.find(c, KEPT, LATER))
        if piece is not None:  # the part of what was there before months, in which nothing is
            town.write(lambda c, step=step, piece=piece: step.do(c, piece, LATER))
    assert left_rows(town, "inbound") == YEARS


def test_the_last_id_is_never_given_again(town: Store) -> None:
    before = town.read(lambda c: int(sql.run(c, "SELECT max(id) FROM inbound").scalar_one()))
    keep_house(town, LATER + 900 * DAY_MS)
    keep_house(town, LATER + 901 * DAY_MS)
    after = town.write(lambda c: came(c, LATER + 901 * DAY_MS))
    assert after > before
    assert town.read(lambda c: walk.place(c, "inbound")).position <= after


def test_a_month_that_somebody_reads_goes_later(town: Store) -> None:
    if town.sqlite:
        return
    keep_house(town, on(2015, 12))  # the part of what was there before months goes
    with town.reads.connect() as reader:
        sql.run(reader, "SELECT count(*) FROM outbox")
        for step in bygone.STEPS:
            piece = town.read(lambda c, step=step: step.find(c, KEPT, LATER))
            assert town.write(lambda c, step=step, piece=piece: step.do(c, piece, LATER)) == (
                0 if step is bygone.STEPS[0] else 1
            )
    keep_house(town, LATER)
    assert left_rows(town, "outbox") == YEARS[2:]
    assert agrees(town) == []
