import json
from hashlib import sha256

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from smsbot.store import audit
from smsbot.store.audit import Entry, Fault, Head
from smsbot.store.database import Store
from smsbot.store.tables import Ledger, Meta, table

LEDGER = table(Ledger)
META = table(Meta)
KEY = bytes(range(32))
NINO = audit.subject(KEY, "+995555000001")
GIA = audit.subject(KEY, "+995555000002")

ENTRIES = [
    Entry(1_000, NINO, "join", keyword="JOIN", rule="exact", wording="subscribe.menu@1", evidence="join"),
    Entry(2_000, NINO, "subscribe", "topic:budget", channel="main", evidence="1 ბიუჯეტი"),
    Entry(3_000, GIA, "subscribe", "topic:roads", "paper", actor="N. Beridze", evidence="scan 7"),
    Entry(4_000, NINO, "stop", source="gateway", actor="twilio"),
    Entry(5_000, GIA, "stop", keyword="სტოპ", rule="fold", evidence="სტოპ"),
]


def filled(store: Store) -> list[int]:
    store.write(lambda c: audit.append(c, ENTRIES[:2]))
    store.write(lambda c: audit.append(c, ENTRIES[2:]))
    return store.read(lambda c: list(c.execute(select(LEDGER.c.id).order_by(LEDGER.c.id)).scalars()))


def unguarded(store: Store, *changes: object) -> None:
    """What an owner of the database can do: put the triggers out of the way, then change what stands there."""

    def job(connection: Connection) -> None:
        if not store.sqlite:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for trigger in ("ledger_keeps_entries", "ledger_keeps_words") if store.sqlite else ():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        for change in changes:
            connection.execute(change)  # type: ignore[call-overload]

    store.write(job)


def fault(store: Store, noted: str | None = None) -> Fault | None:
    return store.read(lambda c: audit.verify(c, noted=noted))


def test_an_empty_ledger_holds_and_its_head_is_the_genesis(store: Store) -> None:
    assert fault(store) is None
    assert store.read(audit.head) == Head(0, audit.GENESIS)


def test_entries_come_back_as_they_were_written_oldest_first(store: Store) -> None:
    filled(store)
    assert store.read(lambda c: audit.of(c, NINO)) == [ENTRIES[0], ENTRIES[1], ENTRIES[3]]
    assert store.read(lambda c: audit.of(c, audit.subject(KEY, "+1"))) == []


def test_a_whole_ledger_holds(store: Store) -> None:
    filled(store)
    assert fault(store) is None


def test_the_hash_is_the_one_that_the_documentation_promises(store: Store) -> None:
    filled(store)
    row = store.read(lambda c: c.execute(select(LEDGER).order_by(LEDGER.c.id).limit(1)).one())
    digest = sha256((row.salt + "join").encode()).hexdigest()
    array = [audit.GENESIS, 1000, NINO, "join", "all", "sms", "", "", "JOIN", "exact", "subscribe.menu@1", digest]
    assert row.digest == digest
    assert row.hash == sha256(json.dumps(array, separators=(",", ":")).encode()).hexdigest()


def test_equal_words_have_different_digests(store: Store) -> None:
    store.write(lambda c: audit.append(c, [Entry(1, NINO, "join", evidence="x"), Entry(2, GIA, "join", evidence="x")]))
    assert len(set(store.read(lambda c: c.execute(select(LEDGER.c.digest)).scalars().all()))) == 2


@pytest.mark.parametrize(
    "column, value",
    [
        ("at_ms", 2_001),
        ("subject", GIA),
        ("action", "join"),
        ("scope", "topic:roads"),
        ("source", "paper"),
        ("channel", "main2"),
        ("actor", "x"),
        ("keyword", "x"),
        ("rule", "x"),
        ("wording", "x"),
        ("digest", "0" * 64),
        ("prev", "0" * 64),
        ("hash", "0" * 64),
        ("evidence", "1 ბიუჯეტი."),
        ("evidence", None),
        ("salt", "0" * 32),
        ("salt", None),
    ],
)
def test_a_change_of_any_column_is_found_at_its_entry(store: Store, column: str, value: object) -> None:
    ids = filled(store)
    unguarded(store, update(LEDGER).where(LEDGER.c.id == ids[1]).values({column: value}))
    found = fault(store)
    assert found is not None
    assert (found.id, found.position) == (ids[1], 2)


@pytest.mark.parametrize("gone, position", [([0], 1), ([1, 2], 2), ([3], 4)])
def test_deleted_entries_are_found_at_the_one_that_followed(store: Store, gone: list[int], position: int) -> None:
    ids = filled(store)
    unguarded(store, LEDGER.delete().where(LEDGER.c.id.in_([ids[n] for n in gone])))
    found = fault(store)
    assert found is not None
    assert (found.id, found.position) == (ids[gone[-1] + 1], position)


@pytest.mark.parametrize("gone", [1, 2, 5])
def test_deleted_last_entries_are_found(store: Store, gone: int) -> None:
    ids = filled(store)
    unguarded(store, LEDGER.delete().where(LEDGER.c.id.in_(ids[-gone:])))
    found = fault(store)
    assert found is not None
    assert (found.id, found.position) == (None, 6 - gone)
    assert f"last {gone} " in found.reason


def test_two_entries_that_changed_places_are_found(store: Store) -> None:
    ids = filled(store)
    first, second = ids[1], ids[2]
    moves = ((first, 99), (second, first), (99, second))
    unguarded(store, *(update(LEDGER).where(LEDGER.c.id == old).values(id=new) for old, new in moves))
    found = fault(store)
    assert found is not None
    assert found.id == first


def test_an_entry_added_behind_the_head_is_found(store: Store) -> None:
    filled(store)
    before = store.read(lambda c: c.execute(select(META.c.value).where(META.c.key == audit.HEAD)).scalar_one())
    store.write(lambda c: audit.append(c, [Entry(6_000, GIA, "join")]))
    store.write(lambda c: c.execute(update(META).where(META.c.key == audit.HEAD).values(value=before)))
    found = fault(store)
    assert found is not None
    assert found.position == 6


def test_a_lost_head_is_found_and_keeps_nobody_from_stopping(store: Store) -> None:
    filled(store)
    store.write(lambda c: c.execute(META.delete().where(META.c.key == audit.HEAD)))
    assert fault(store) is not None
    store.write(lambda c: audit.append(c, [Entry(6_000, GIA, "stop")]))
    found = fault(store)
    assert found is not None
    assert found.position == 6


def test_a_ledger_written_anew_does_not_hold_the_head_noted_earlier(store: Store) -> None:
    filled(store)
    noted = store.read(audit.head).hash
    assert fault(store, noted) is None
    store.write(lambda c: audit.append(c, [Entry(6_000, GIA, "join")]))
    assert fault(store, noted) is None
    unguarded(store, LEDGER.delete())
    store.write(lambda c: c.execute(META.delete().where(META.c.key == audit.HEAD)))
    store.write(lambda c: audit.append(c, ENTRIES[:4]))
    assert fault(store) is None
    assert fault(store, noted) is not None


def test_erased_words_leave_the_chain_whole_and_others_words_in_place(store: Store) -> None:
    filled(store)
    assert store.write(lambda c: audit.erase_evidence(c, NINO)) == 2
    assert fault(store) is None
    assert [entry.evidence for entry in store.read(lambda c: audit.of(c, NINO))] == [None, None, None]
    assert [entry.evidence for entry in store.read(lambda c: audit.of(c, GIA))] == ["scan 7", "სტოპ"]
    salts = store.read(lambda c: c.execute(select(LEDGER.c.salt).where(LEDGER.c.subject == NINO)).scalars().all())
    assert set(salts) == {None}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger",
        "UPDATE ledger SET action = 'start'",
        "UPDATE ledger SET hash = 'x'",
        "UPDATE ledger SET evidence = 'I never said that'",
        "UPDATE ledger SET evidence = NULL, salt = 'x'",
    ],
)
def test_the_database_itself_refuses_to_change_an_entry(store: Store, statement: str) -> None:
    filled(store)
    with pytest.raises(DBAPIError, match="append-only"):
        store.write(lambda c: c.exec_driver_sql(statement))
    assert fault(store) is None


def test_a_transaction_rolled_back_leaves_no_trace(store: Store) -> None:
    filled(store)
    before = store.read(audit.head)

    def fails(connection: Connection) -> None:
        audit.append(connection, ENTRIES)
        raise KeyError

    with pytest.raises(KeyError):
        store.write(fails)
    store.write(lambda c: audit.append(c, ENTRIES[:1]))
    assert store.read(audit.head).count == before.count + 1
    assert fault(store) is None


async def test_concurrent_writers_make_one_chain(store: Store) -> None:
    import asyncio

    def job(connection: Connection) -> None:
        audit.append(connection, ENTRIES)

    await asyncio.gather(*(store.run(job) for _ in range(40)))
    assert fault(store) is None
    assert store.read(audit.head).count == 200


def test_more_entries_than_one_page_are_all_checked_and_told(store: Store) -> None:
    count = audit.PAGE + 1
    store.write(lambda c: audit.append(c, [Entry(n, NINO, "join") for n in range(count)]))
    told: list[int] = []
    assert store.read(lambda c: audit.verify(c, told.append)) is None
    assert told == [audit.PAGE, count]
    last = store.read(lambda c: c.execute(select(LEDGER.c.id).order_by(LEDGER.c.id.desc()).limit(1)).scalar_one())
    unguarded(store, update(LEDGER).where(LEDGER.c.id == last).values(rule="x"))
    found = fault(store)
    assert found is not None
    assert found.id == last


def test_an_entry_slipped_in_before_the_first_is_found(store: Store) -> None:
    filled(store)
    row = dict.fromkeys(audit.COLUMNS, "x") | {"at_ms": 1, "id": -5, "evidence": None, "salt": None}
    store.write(lambda c: c.execute(insert(LEDGER).values(**row)))
    found = fault(store)
    assert found is not None
    assert found.id == -5


def test_the_subject_depends_on_number_and_key() -> None:
    assert NINO != GIA
    assert audit.subject(b"another key", "+995555000001") != NINO
    assert len(NINO) == 64
