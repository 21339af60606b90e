"""Messages by months: parts are made ahead, begun in time, and nothing is lost, refused or taken twice at the turn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from smsbot.clock import DAY_MS, MINUTE_MS, to_ms
from smsbot.gateways.smsoffice import LONGEST_REFERENCE
from smsbot.settings import Retention
from smsbot.store import bulk, months, sql, turns, walk
from smsbot.store.database import Store
from smsbot.store.months import SPACE, Part
from smsbot.store.reports import PREFIX
from smsbot.store.tables import Inbound, table
from smsbot.testing.databases import Postgres

KEPT = Retention()
INBOUND = table(Inbound)


def on(year: int, month: int, day: int = 1) -> int:
    return to_ms(datetime(year, month, day, tzinfo=UTC))


@pytest.fixture
def store(postgres_server: Postgres) -> Iterator[Store]:
    url = postgres_server.fresh()
    opened = Store(url)
    opened.start()
    yield opened
    opened.close()
    postgres_server.recycle(url)


def upkeep(store: Store, now_ms: int) -> bool:
    """Passes of a custodian; gives whether there was anything to do."""
    did = False
    more = True
    while more:
        piece = store.read(lambda c: months.find(c, KEPT, now_ms))
        if piece is not None:
            store.write(lambda c, piece=piece: months.do(c, piece, now_ms))
            did = True
        more = piece is not None and piece.more
    return did


def insert_text(connection: Connection, external_id: str, at_ms: int = 0) -> int:
    """As a turn does it; 0 for a repeat within its part."""
    columns = ("channel", "external_id", "number", "recipient", "text", "at_ms", "intent", "rule", "inbox", "tag")
    row = ("main", external_id, "+995555000001", "", "hello", at_ms, "", "", "", "")
    made = bulk.insert(connection, INBOUND, columns, [row], conflict="DO NOTHING", returning=("id",))
    return int(made[0][0]) if made else 0


def came(store: Store, external_id: str) -> int:
    return store.write(lambda c: insert_text(c, external_id))


def taken(connection: Connection, *external_ids: str) -> set[str]:
    found, _ = turns.seen(connection, [("main", each) for each in external_ids])
    return {external_id for channel, external_id in found if channel}


def seen(store: Store, *external_ids: str) -> set[str]:
    def look(connection: Connection) -> set[str]:
        months.look_anew(connection)
        return taken(connection, *external_ids)

    return store.read(look)


def left(store: Store, *, due_ms: int | None = None) -> int:
    return store.write(
        lambda c: int(
            sql.run(
                c,
                "INSERT INTO outbox (channel, broadcast_id, number, text, parts, status, error, created_ms, due_ms,"
                " attempts, forget) VALUES ('main', 0, '+995555000001', 'hi', 1, 'queued', '', 0, ?, 0, false)"
                " RETURNING id",
                (due_ms,),
            ).scalar_one()
        )
    )


def floor(store: Store, name: str) -> int:
    return store.read(lambda c: walk.place(c, f"recent {name}")).position


@pytest.mark.parametrize(
    ("now_ms", "month", "after"),
    [(on(2015, 11), 201511, 201512), (on(2015, 12, 31), 201512, 201601), (on(2016, 1) - 1, 201512, 201601)],
)
def test_a_month_is_that_of_utc_and_december_is_followed_by_january(now_ms: int, month: int, after: int) -> None:
    assert months.month(now_ms) == month
    assert months.following(month) == after


def test_before_anything_is_done_messages_go_into_the_first_part(store: Store) -> None:
    assert came(store, "a") == 1
    assert store.read(lambda c: months.parts(c, "inbound")) == [Part("inbound_first", 0, 200001 * SPACE)]
    assert store.read(lambda c: months.recent(c, "inbound")) == ""


def test_a_month_is_made_when_it_has_begun_and_the_keys_say_it(store: Store) -> None:
    assert left(store) == 1
    assert upkeep(store, on(2015, 11, 17))
    for name in months.TABLES:
        names = [part.name for part in store.read(lambda c, name=name: months.parts(c, name))]
        assert names == [f"{name}_first", f"{name}_2015_11"]
    assert came(store, "a") == 201511 * SPACE + 1
    assert left(store) == 201511 * SPACE + 1
    upkeep(store, on(2015, 11, 22))
    assert not upkeep(store, on(2015, 11, 30)), "there is nothing more to do in this month"
    assert upkeep(store, on(2015, 12))
    assert came(store, "b") == 201512 * SPACE + 1
    assert left(store) < 2**53, "programs in JavaScript read every id"
    assert len(f"{PREFIX}{left(store)}") <= LONGEST_REFERENCE, "our ids outside fit where a gateway allows the least"


def test_the_year_turns_as_any_month_does(store: Store) -> None:
    upkeep(store, on(2015, 12, 31))
    assert came(store, "december") == 201512 * SPACE + 1
    assert upkeep(store, on(2016, 1))
    assert came(store, "january") == 201601 * SPACE + 1
    assert seen(store, "december", "january") == {"december", "january"}
    (_, december, january) = store.read(lambda c: months.parts(c, "inbound"))
    assert (december.low, december.high) == (201512 * SPACE, january.low)
    assert not upkeep(store, on(2015, 12, 30)), "a clock that is set back takes nothing back"
    assert came(store, "again") == 201601 * SPACE + 2


def test_a_pass_that_comes_months_too_late_refuses_nothing(store: Store) -> None:
    upkeep(store, on(2015, 3))
    upkeep(store, on(2015, 4))
    assert came(store, "april") == 201504 * SPACE + 1
    assert came(store, "august") == 201504 * SPACE + 2
    assert upkeep(store, on(2015, 9))
    assert came(store, "september") == 201509 * SPACE + 1
    assert seen(store, "april", "august", "september") == {"april", "august", "september"}


def test_a_clock_that_is_years_ahead_takes_no_months(store: Store) -> None:
    upkeep(store, on(2199, 1))
    assert came(store, "a") < (months.month(on(2199, 1)) - 1) * SPACE


def test_two_passes_at_once_give_no_id_twice(store: Store) -> None:
    first = on(2015, 11)
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda n: (upkeep(store, first), came(store, str(n)))[1], range(40)))
    assert len(set(ids)) == 40


def test_every_part_has_the_keys_and_indexes_that_the_others_have(store: Store) -> None:
    upkeep(store, on(2015, 11))

    def indexes(connection: Connection, part: str) -> list[str]:
        rows = sql.run(
            connection,
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = CAST(? AS regclass) AND indisvalid",
            (part,),
        )
        told = [str(text).partition(" USING ") for (text,) in rows]
        return sorted(f"{'unique ' if ' UNIQUE ' in made else ''}{what}" for made, _, what in told)

    for name in months.TABLES:
        first, *later = [part.name for part in store.read(lambda c, name=name: months.parts(c, name))]
        wanted = store.read(lambda c, first=first: indexes(c, first))
        for part in later:
            assert store.read(lambda c, part=part: indexes(c, part)) == wanted, part


def test_a_repeat_is_known_from_one_month_to_the_next(store: Store) -> None:
    upkeep(store, on(2015, 11))
    assert came(store, "a")
    assert came(store, "a") == 0
    upkeep(store, on(2015, 12))
    assert seen(store, "a", "b") == {"a"}


def test_repeats_are_looked_for_in_the_newest_part_and_two_before(store: Store) -> None:
    for month in (6, 7, 8, 9):
        upkeep(store, on(2015, month))
        came(store, str(month))
    assert floor(store, "inbound") == 201507 * SPACE
    assert seen(store, "6", "7", "8", "9") == {"7", "8", "9"}


def test_a_month_in_which_nothing_came_does_not_count(store: Store) -> None:
    for month in (1, 2, 7):
        upkeep(store, on(2015, month))
        came(store, str(month))
    upkeep(store, on(2015, 8))
    assert floor(store, "inbound") == 201502 * SPACE
    assert seen(store, "1", "2", "7") == {"2", "7"}


def test_a_part_in_which_a_message_waits_stays_recent_until_its_report_must_have_come(store: Store) -> None:
    upkeep(store, on(2015, 5))
    upkeep(store, on(2015, 5, 6))
    key = left(store, due_ms=1)
    for month in (6, 7, 8):
        upkeep(store, on(2015, month))
        left(store)
    assert floor(store, "outbox") == 201505 * SPACE
    store.write(lambda c: sql.run(c, "UPDATE outbox SET due_ms = NULL WHERE id = ?", (key,)))
    upkeep(store, on(2015, 8, 2))
    assert floor(store, "outbox") == 201505 * SPACE
    assert upkeep(store, on(2015, 8, 8))
    assert floor(store, "outbox") == 201508 * SPACE


def test_the_jump_waits_for_whoever_has_looked_and_not_written_yet(store: Store) -> None:
    """Else a process that looked before the turn, and one that wrote before it, could both take one text."""
    upkeep(store, on(2015, 11))
    with store.writes.begin() as slow:
        assert not taken(slow, "a")
        upkeep(store, on(2015, 12))
        assert came(store, "meanwhile") == 201511 * SPACE + 1, "texts go on meanwhile, in the month before"
        assert insert_text(slow, "a") == 201511 * SPACE + 2
    assert upkeep(store, on(2015, 12) + 10 * MINUTE_MS)
    assert came(store, "b") == 201512 * SPACE + 1
    assert seen(store, "a") == {"a"}


def test_the_jump_of_the_outbox_waits_for_nobody(store: Store) -> None:
    upkeep(store, on(2015, 11))
    with store.writes.begin() as slow:
        sql.run(slow, "SELECT count(*) FROM outbox")
        sql.run(slow, "SELECT count(*) FROM inbound")
        upkeep(store, on(2015, 12))
        assert left(store) == 201512 * SPACE + 1


def test_a_text_that_several_processes_take_at_the_turn_of_a_month_is_taken_once(store: Store) -> None:
    upkeep(store, on(2015, 1))

    def take(external_id: str) -> int:
        def job(connection: Connection) -> int:
            months.look_anew(connection)
            if taken(connection, external_id):
                return 0
            return insert_text(connection, external_id)

        return store.write(job)

    with ThreadPoolExecutor(6) as pool:
        for month in range(2, 12):
            takes = [pool.submit(take, f"{month}-{n // 3}") for n in range(90)]
            turned = pool.submit(upkeep, store, on(2015, month))
            takes += [pool.submit(take, f"{month}-{n // 3}") for n in range(90)]
            assert sum(bool(each.result()) for each in takes) == 30
            turned.result()
            upkeep(store, on(2015, month) + DAY_MS)
    twice = "SELECT external_id FROM inbound GROUP BY external_id HAVING count(*) > 1"
    assert store.read(lambda c: sql.run(c, twice).all()) == []
    assert store.read(lambda c: months.parts(c, "inbound"))[-1].name == "inbound_2015_11"


def test_messages_of_the_month_before_are_recent_for_four_days_and_each_part_is_asked_by_itself(store: Store) -> None:
    def told() -> list[str]:
        def look(connection: Connection) -> list[str]:
            months.look_anew(connection)
            return months.spans(connection, "outbox", "o.")

        return store.read(look)

    assert told() == [""]
    upkeep(store, on(2015, 10))
    assert told() == [f" AND o.id < {201510 * SPACE}", f" AND o.id >= {201510 * SPACE}"]
    upkeep(store, on(2015, 10, 4))
    assert len(told()) == 2
    upkeep(store, on(2015, 10, 6))
    assert told() == [f" AND o.id >= {201510 * SPACE}"]
    upkeep(store, on(2015, 11))
    november = f" AND o.id >= {201511 * SPACE}"
    assert told() == [f" AND o.id >= {201510 * SPACE} AND o.id < {201511 * SPACE}", november]
    upkeep(store, on(2015, 11, 6))
    assert told() == [november]


def test_what_was_taken_for_settled_and_waits_after_all_is_looked_for_again(store: Store) -> None:
    """A transaction that began before the turn may come to its end long after it."""
    upkeep(store, on(2015, 10))
    with store.writes.begin() as slow:
        sql.run(
            slow,
            "INSERT INTO outbox (channel, broadcast_id, parts, status, error, created_ms, due_ms, attempts, forget)"
            " VALUES ('main', 0, 1, 'queued', '', 0, 1, 0, false)",
        )
        upkeep(store, on(2015, 11))
        upkeep(store, on(2015, 11, 6))
        assert floor(store, "outbox") == 201511 * SPACE
    upkeep(store, on(2015, 11, 6))
    assert floor(store, "outbox") == 201510 * SPACE


def test_a_database_whose_sequence_is_ahead_of_its_parts_is_mended_at_the_start(store: Store) -> None:
    """As a dump leaves it that was taken while a month began."""
    upkeep(store, on(2015, 11))
    for name in months.TABLES:
        store.write(lambda c, name=name: sql.run(c, f"DROP TABLE {name}_2015_11"))
    again = Store(store.url)
    again.start()
    assert came(again, "a") == 201511 * SPACE + 1
    assert left(again) == 201511 * SPACE + 1
    again.close()


def test_a_pass_that_is_cut_short_leaves_no_sequence_without_a_part(store: Store) -> None:
    class Cut(Exception):
        pass

    def broken(connection: Connection) -> None:
        months.do(connection, months.Piece(0, 0), on(2015, 11))
        raise Cut

    for _ in range(3):
        with pytest.raises(Cut):
            store.write(broken)
        assert came(store, f"{_}")
        assert left(store)
    upkeep(store, on(2015, 11))
    with pytest.raises(Cut):
        store.write(broken)
    assert came(store, "later") == 201511 * SPACE + 1


def test_sqlite_has_no_months(tmp_path: object) -> None:
    lite = Store(f"sqlite:///{tmp_path}/smsbot.db")
    lite.upgrade()
    assert lite.read(lambda c: months.find(c, KEPT, on(2015, 11))) is None
    assert lite.read(lambda c: months.parts(c, "outbox")) == []
    assert lite.read(lambda c: months.recent(c, "outbox")) == ""
    lite.close()
